//! What can be said of an expression from the types alone, before any document is there.
//!
//! The lenient semantics let many a mistake pass in silence: an element that does not exist is just
//! empty, `is(coding)` is just false. The analysis infers what types each part can have and reports
//! what can never do what it seems to do. Where it cannot infer (`descendants()`, `resolve()`), it says
//! nothing.

use super::Expression;
use super::function::{Function, Run};
use super::tree::{Argument, BinaryOperator, Call, Node, Operation, Slot, Variable};
use super::value::SystemType;
use crate::definitions::{TypeClass, TypeId, TypeTable};
use crate::fhir::Span;

/// Something in an expression that is legal and probably wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What sort of thing.
    pub kind: FindingKind,
    /// What is wrong, without a full stop.
    pub message: String,
    /// Which part of the expression.
    pub span: Span,
    /// What to do about it, where that can be said.
    pub remedy: Option<String>,
}

/// The sorts of findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FindingKind {
    /// None of the types it can be has an element of this name: always empty.
    UnknownElement,
    /// A type that the release does not have: `is` is always false, `as` an error.
    UnknownType,
    /// A type that it can never have.
    ImpossibleType,
    /// Something other than a boolean where a truth value is wanted: true whatever its value.
    AlwaysTrue,
}

/// What is known of the type of a part.
#[derive(Clone, Debug)]
enum Kind {
    /// Nothing.
    Any,
    /// Elements of these types, or of types that derive from an abstract one among them.
    Elements(Vec<TypeId>),
    /// Values of this type.
    System(SystemType),
}

/// Functions that give (some of) their input.
const KEEPERS: [&str; 12] =
    ["where", "single", "first", "last", "tail", "skip", "take", "intersect", "exclude", "distinct", "trace", "sort"];

/// Functions that give a System type of their own; those of truth are known from the table of functions.
const GIVERS: [(&str, SystemType); 22] = [
    ("count", SystemType::Integer),
    ("length", SystemType::Integer),
    ("indexOf", SystemType::Integer),
    ("lastIndexOf", SystemType::Integer),
    ("toInteger", SystemType::Integer),
    ("toDecimal", SystemType::Decimal),
    ("toString", SystemType::String),
    ("substring", SystemType::String),
    ("upper", SystemType::String),
    ("lower", SystemType::String),
    ("replace", SystemType::String),
    ("replaceMatches", SystemType::String),
    ("toChars", SystemType::String),
    ("trim", SystemType::String),
    ("split", SystemType::String),
    ("join", SystemType::String),
    ("toDate", SystemType::Date),
    ("today", SystemType::Date),
    ("toDateTime", SystemType::DateTime),
    ("now", SystemType::DateTime),
    ("toTime", SystemType::Time),
    ("toQuantity", SystemType::Quantity),
];

/// Functions whose first argument is a criterion.
const CRITERIA: [&str; 4] = ["where", "exists", "all", "iif"];

/// Looks for mistakes in an expression that starts at an element of type `start`.
pub(super) fn check(expression: &Expression, table: &TypeTable, start: Option<TypeId>) -> Vec<Finding> {
    let mut analysis = Analysis { expression, table, start: start.map_or(Kind::Any, one), findings: vec![] };
    let this = analysis.start.clone();
    analysis.infer(&expression.root, &this);
    analysis.findings
}

struct Analysis<'x> {
    expression: &'x Expression,
    table: &'x TypeTable,
    start: Kind,
    findings: Vec<Finding>,
}

fn one(ty: TypeId) -> Kind {
    Kind::Elements(vec![ty])
}

impl Analysis<'_> {
    fn report(&mut self, kind: FindingKind, span: Span, message: String, remedy: Option<String>) {
        self.findings.push(Finding { kind, message, span, remedy });
    }

    fn infer(&mut self, node: &Node, this: &Kind) -> Kind {
        match &node.operation {
            Operation::Empty | Operation::Total => Kind::Any,
            Operation::Literal(value) => Kind::System(value.system_type()),
            Operation::This => this.clone(),
            Operation::Index => Kind::System(SystemType::Integer),
            Operation::Variable(variable) => match variable {
                Variable::Context => self.start.clone(),
                Variable::Constant(_) => Kind::System(SystemType::String),
                Variable::Resource | Variable::RootResource | Variable::Named(_) => Kind::Any,
            },
            Operation::Step { root_type: Some(slot), .. } => self.root(*slot, this, node.span),
            Operation::Step { receiver, name, .. } => {
                let from = receiver.as_ref().map_or_else(|| this.clone(), |r| self.infer(r, this));
                let start = receiver.as_ref().map_or(node.span.start(), |r| r.span.end());
                self.step(&from, *name, Span::new(start, node.span.end()))
            }
            Operation::Call(call) => self.call(call, this),
            Operation::At(pair) => {
                self.infer(&pair[1], this);
                self.infer(&pair[0], this)
            }
            Operation::Sign { operand, .. } => self.infer(operand, this),
            Operation::Is(operand, slot) => {
                let from = self.infer(operand, this);
                self.narrow(&from, *slot, node.span);
                Kind::System(SystemType::Boolean)
            }
            Operation::As(operand, slot) => {
                let from = self.infer(operand, this);
                self.narrow(&from, *slot, node.span)
            }
            Operation::Binary(operator, operands) => self.binary(*operator, operands, this),
        }
    }

    fn binary(&mut self, operator: BinaryOperator, [left, right]: &[Node; 2], this: &Kind) -> Kind {
        use BinaryOperator as Op;
        let kinds = [self.infer(left, this), self.infer(right, this)];
        match operator {
            Op::And | Op::Or | Op::Xor | Op::Implies => {
                self.criterion(&kinds[0], left.span);
                self.criterion(&kinds[1], right.span);
                Kind::System(SystemType::Boolean)
            }
            Op::Union => match kinds {
                [Kind::Elements(mut a), Kind::Elements(b)] => {
                    a.extend(b);
                    Kind::Elements(a)
                }
                [Kind::System(a), Kind::System(b)] if a == b => Kind::System(a),
                _ => Kind::Any,
            },
            Op::Concatenate => Kind::System(SystemType::String),
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Div | Op::Mod => Kind::Any,
            _ => Kind::System(SystemType::Boolean),
        }
    }

    /// A value that is no boolean is true where a criterion is wanted, whatever it is.
    fn criterion(&mut self, kind: &Kind, span: Span) {
        if let Kind::System(ty) = kind
            && *ty != SystemType::Boolean
        {
            let message = format!("a {} is true whatever its value", ty.name());
            self.report(FindingKind::AlwaysTrue, span, message, Some("compare it with something".into()));
        }
    }

    fn root(&mut self, slot: Slot, this: &Kind, span: Span) -> Kind {
        let name = self.expression.types[usize::from(slot)].name.to_string();
        let Some(ty) = self.known(slot, span) else { return Kind::Any };
        let Kind::Elements(types) = this else { return one(ty) };
        let met: Vec<TypeId> = types.iter().filter(|t| self.table.is_a(**t, ty)).copied().collect();
        if !met.is_empty() {
            return Kind::Elements(met);
        }
        if !types.iter().any(|t| self.table.is_a(ty, *t)) {
            let message = format!("it starts with `{name}` but is asked of {}: always empty", self.names(types));
            self.report(FindingKind::ImpossibleType, span, message, None);
        }
        one(ty)
    }

    /// The FHIR type a slot stands for, reported when there is none.
    fn known(&mut self, slot: Slot, span: Span) -> Option<TypeId> {
        let specifier = &self.expression.types[usize::from(slot)];
        let system = SystemType::named(&specifier.name).is_some() && specifier.namespace.as_deref() != Some("FHIR");
        let fhir = self.table.type_named(&specifier.name).filter(|_| specifier.namespace.as_deref() != Some("System"));
        if fhir.is_none() && !system {
            let mut alike = self.table.types().filter(|(_, t)| t.name.eq_ignore_ascii_case(&specifier.name));
            let remedy = alike.next().map(|(_, t)| format!("did you mean `{}`?", t.name));
            let message = format!("there is no type `{specifier}` in {}", self.table.version());
            self.report(FindingKind::UnknownType, span, message, remedy);
        }
        fhir
    }

    /// What is left of `from` after a test for a type.
    fn narrow(&mut self, from: &Kind, slot: Slot, span: Span) -> Kind {
        let Some(ty) = self.known(slot, span) else { return Kind::Any };
        if let Kind::Elements(types) = from
            && !types.iter().any(|t| self.table.is_a(*t, ty) || self.table.is_a(ty, *t))
        {
            let wanted = self.table.get(ty).name.to_string();
            let message = format!("{} can never be a `{wanted}`", self.names(types));
            self.report(FindingKind::ImpossibleType, span, message, None);
        }
        one(ty)
    }

    fn step(&mut self, from: &Kind, name: Slot, span: Span) -> Kind {
        let name = self.expression.names[usize::from(name)].to_string();
        let types = match from {
            Kind::Any => return Kind::Any,
            Kind::System(SystemType::Quantity | SystemType::TypeInfo) => return Kind::Any,
            Kind::System(ty) => {
                let message = format!("a {} has no element `{name}`: always empty", ty.name());
                self.report(FindingKind::UnknownElement, span, message, meant(&name));
                return Kind::Any;
            }
            Kind::Elements(types) => types,
        };
        let open = |t: &TypeId| *t == TypeId::UNKNOWN;
        if types.is_empty() || types.iter().any(open) {
            return Kind::Any;
        }
        let mut found: Vec<TypeId> = vec![];
        for ty in types.iter().flat_map(|t| self.concrete(*t)) {
            if name == "value" && self.table.get(ty).class == TypeClass::Primitive {
                return Kind::Any;
            }
            for (_, element) in self.table.elements_of(ty).filter(|(_, e)| *e.name == *name) {
                found.extend(element.types.iter().map(|(t, _)| *t));
            }
        }
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            let message = format!("{} has no element `{name}`: always empty", self.names(types));
            let choice = types.iter().flat_map(|t| self.concrete(*t)).find_map(|t| self.table.child(t, &name));
            let remedy = match choice {
                Some((element, _)) => {
                    Some(format!("write `{}`, without the type", self.table.element_at(element).name))
                }
                None => meant(&name),
            };
            self.report(FindingKind::UnknownElement, span, message, remedy);
            return Kind::Any;
        }
        Kind::Elements(found)
    }

    /// The type itself or, where it is abstract, all that derive from it.
    fn concrete(&self, ty: TypeId) -> Vec<TypeId> {
        if !self.table.get(ty).is_abstract {
            return vec![ty];
        }
        self.table.types().map(|(t, _)| t).filter(|t| self.table.is_a(*t, ty)).collect()
    }

    fn names(&self, types: &[TypeId]) -> String {
        match types {
            [ty] => format!("`{}`", self.table.get(*ty).name),
            [a, b] => format!("`{}` or `{}`", self.table.get(*a).name, self.table.get(*b).name),
            _ => format!("each of the {} types it can be", types.len()),
        }
    }

    fn call(&mut self, call: &Call, this: &Kind) -> Kind {
        let input = call.receiver.as_ref().map_or_else(|| this.clone(), |r| self.infer(r, this));
        let name = call.function.name;
        let mut projected = Kind::Any;
        let mut narrowed = Kind::Any;
        for (at, argument) in call.arguments.iter().enumerate() {
            match argument {
                Argument::Type(slot) => narrowed = self.narrow(&input, *slot, call.span),
                Argument::Pattern(_) => {}
                Argument::Expression(node) => {
                    // Only lambdas see the input as `$this`; `iif` sees it where it has a receiver.
                    let inner = if call.function.is_lambda(at) { &input } else { this };
                    // What `repeat` and `aggregate` make comes back to them as input.
                    let inner = if matches!(name, "repeat" | "aggregate") { &Kind::Any } else { inner };
                    let kind = self.infer(node, inner);
                    if at == 0 {
                        if CRITERIA.contains(&name) {
                            self.criterion(&kind, node.span);
                        }
                        projected = kind;
                    }
                }
            }
        }
        let giver = GIVERS.iter().find(|(n, _)| *n == name);
        match (call.function.run, giver) {
            (Run::Truth(_), _) => Kind::System(SystemType::Boolean),
            (_, Some((_, ty))) => Kind::System(*ty),
            _ if KEEPERS.contains(&name) => input,
            _ => match name {
                "select" => projected,
                "as" | "ofType" => narrowed,
                "extension" => self.table.type_named("Extension").map_or(Kind::Any, one),
                _ => Kind::Any,
            },
        }
    }
}

/// A function written without its parentheses.
fn meant(name: &str) -> Option<String> {
    Function::named(name).map(|f| format!("did you mean `{}()`?", f.name))
}
