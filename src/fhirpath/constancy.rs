//! What truth an expression can come to, whatever the document: a check that never fails checks nothing,
//! and one that never passes is a mistake.
//!
//! A part stands for the set of things its value can be. The sets are never too small, so that nothing is
//! said of an expression that may go either way.

use super::Expression;
use super::analysis::{Finding, FindingKind as Kind};
use super::function::Run;
use super::tree::{Argument, BinaryOperator as Op, Call, Node, Operation, Variable};
use super::value::Value;
use crate::fhir::Span;

/// A part of an expression that always comes out the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Constant {
    /// True where it always holds; false where it never does.
    pub holds: bool,
    /// Which part: the whole expression, or an operand of its outermost `and`.
    pub span: Span,
}

/// Which of the four things a value can be.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Can(u8);

impl Can {
    const NOTHING: Can = Can(1);
    const FALSE: Can = Can(2);
    const TRUE: Can = Can(4);
    /// Anything else: one item that is no boolean, or several.
    const OTHER: Can = Can(8);
    const ANY: Can = Can(15);
    const SOMETHING: Can = Can(14);
    const BOOLEAN: Can = Can(6);

    fn or(self, other: Can) -> Can {
        Can(self.0 | other.0)
    }

    fn and(self, other: Can) -> Can {
        Can(self.0 & other.0)
    }

    fn may(self, other: Can) -> bool {
        self.0 & other.0 != 0
    }

    fn only(self, other: Can) -> bool {
        self.0 & !other.0 == 0
    }

    /// This, where `condition` holds.
    fn when(self, condition: bool) -> Can {
        if condition { self } else { Can(0) }
    }

    /// It holds as a criterion.
    const HOLDS: Can = Can(12);

    /// As an operand of `and` and its like: what is no boolean is true.
    fn truth(self) -> Can {
        self.and(Can(7)).or(Can::TRUE.when(self.may(Can::OTHER)))
    }

    fn not(self) -> Can {
        let truth = self.truth();
        truth.and(Can::NOTHING).or(Can::TRUE.when(truth.may(Can::FALSE))).or(Can::FALSE.when(truth.may(Can::TRUE)))
    }

    /// What a function that has to do with its input gives: nothing of nothing.
    fn through(self, otherwise: Can) -> Can {
        let nothing = Can::NOTHING.when(self.may(Can::NOTHING));
        nothing.or(otherwise.when(self.may(Can::SOMETHING)))
    }
}

/// Looks for parts that always come out the same. `findings` are what the analysis found; `open` are the
/// stretches of the text that will be something else when it is evaluated.
pub(super) fn constants(expression: &Expression, findings: &[Finding], open: &[Span]) -> Vec<Constant> {
    let sieve = Sieve { text: expression.text(), findings, open };
    let mut found = vec![];
    sieve.operands(&expression.root, &mut found);
    found
}

struct Sieve<'x> {
    text: &'x str,
    findings: &'x [Finding],
    open: &'x [Span],
}

impl Sieve<'_> {
    fn operands(&self, node: &Node, found: &mut Vec<Constant>) {
        // The root of the document is there.
        let can = self.can(node, Can::OTHER);
        if can.only(Can::HOLDS) {
            return found.push(Constant { holds: true, span: node.span });
        }
        match &node.operation {
            Operation::Binary(Op::And, operands) => operands.iter().for_each(|operand| self.operands(operand, found)),
            _ if !can.may(Can::HOLDS) => found.push(Constant { holds: false, span: node.span }),
            _ => {}
        }
        // Operands that exclude each other: neither is at fault alone.
        if found.is_empty() && !can.may(Can::HOLDS) {
            found.push(Constant { holds: false, span: node.span });
        }
    }

    fn is_open(&self, span: Span) -> bool {
        self.open.iter().any(|open| open.start() < span.end() && span.start() < open.end())
    }

    /// Whether the analysis found this of exactly this part.
    fn found(&self, kinds: &[Kind], span: Span) -> bool {
        self.findings.iter().any(|finding| finding.span == span && kinds.contains(&finding.kind))
    }

    /// What a part can be, asked of an item that can be `this`.
    fn can(&self, node: &Node, this: Can) -> Can {
        let never_met = || self.found(&[Kind::UnknownType, Kind::ImpossibleType], node.span);
        match &node.operation {
            Operation::Empty => Can::NOTHING,
            _ if matches!(node.operation, Operation::Literal(_)) && self.is_open(node.span) => Can::ANY,
            Operation::Literal(Value::Boolean(true)) => Can::TRUE,
            Operation::Literal(Value::Boolean(false)) => Can::FALSE,
            Operation::Literal(_) | Operation::Index | Operation::Variable(Variable::Constant(_)) => Can::OTHER,
            Operation::This => this,
            Operation::Total | Operation::Variable(_) => Can::ANY,
            Operation::Step { receiver, root_type, .. } => {
                let start = receiver.as_ref().map_or(node.span.start(), |receiver| receiver.span.end());
                let from = receiver.as_ref().map_or(this, |receiver| self.can(receiver, this));
                let missing = match root_type {
                    Some(_) => never_met(),
                    None => self.found(&[Kind::UnknownElement], Span::new(start, node.span.end())),
                };
                if missing || from.only(Can::NOTHING) { Can::NOTHING } else { Can::ANY }
            }
            Operation::Call(call) => self.call(call, this),
            Operation::At(pair) => match self.can(&pair[0], this) {
                Can::NOTHING => Can::NOTHING,
                _ => Can::ANY,
            },
            Operation::Sign { operand, .. } => self.can(operand, this).through(Can::OTHER),
            Operation::Is(operand, _) => {
                let tested = if never_met() { Can::FALSE } else { Can::BOOLEAN };
                self.can(operand, this).through(tested)
            }
            Operation::As(operand, _) => match self.can(operand, this) {
                Can::NOTHING => Can::NOTHING,
                _ if never_met() => Can::NOTHING,
                other => other.or(Can::ANY),
            },
            Operation::Binary(operator, operands) => self.binary(*operator, operands, this),
        }
    }

    fn binary(&self, operator: Op, operands: &[Node; 2], this: Can) -> Can {
        let [a, b] = [self.can(&operands[0], this), self.can(&operands[1], this)];
        let [nothing_a, nothing_b] = [a, b].map(|can| can.may(Can::NOTHING));
        let nothing = Can::NOTHING.when(nothing_a || nothing_b);
        let [left, right] = operands;
        let compared = |possible: Can| match a.only(Can::NOTHING) || b.only(Can::NOTHING) {
            true => Can::NOTHING,
            false => possible.or(nothing),
        };
        match operator {
            Op::And | Op::Or | Op::Xor | Op::Implies => self.logic(operator, operands, [a.truth(), b.truth()]),
            Op::Equal => compared(self.equal(left, right)),
            Op::NotEqual => compared(self.equal(left, right).not()),
            Op::Equivalent | Op::NotEquivalent => Can::BOOLEAN,
            Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
                compared(self.counted(operator, left, right).map_or(Can::BOOLEAN, truth_of))
            }
            Op::In | Op::Contains => {
                let (item, of) = if operator == Op::In { (a, b) } else { (b, a) };
                item.through(if of.only(Can::NOTHING) { Can::FALSE } else { Can::BOOLEAN })
            }
            Op::Union => {
                let either = a.or(b).and(Can::SOMETHING);
                let several = Can::OTHER.when(a.may(Can::SOMETHING) && b.may(Can::SOMETHING));
                either.or(several).or(Can::NOTHING.when(nothing_a && nothing_b))
            }
            Op::Concatenate => Can::OTHER,
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Div | Op::Mod => {
                compared(Can::OTHER.or(Can::NOTHING))
            }
        }
    }

    fn logic(&self, operator: Op, [left, right]: &[Node; 2], [a, b]: [Can; 2]) -> Can {
        let opposite = self.opposites(left, right) || self.opposites(right, left);
        let same = self.same(left, right);
        let values = [(Can::NOTHING, None), (Can::FALSE, Some(false)), (Can::TRUE, Some(true))];
        let possible = |can: Can| values.into_iter().filter(move |(value, _)| can.may(*value)).map(|(_, truth)| truth);
        let mut can = Can(0);
        for x in possible(a) {
            for y in possible(b).filter(|y| (!same || x == *y) && (!opposite || x == y.map(|y| !y))) {
                can = can.or(table(operator, x, y).map_or(Can::NOTHING, truth_of));
            }
        }
        can
    }

    /// What `=` can be of two things that are there.
    fn equal(&self, left: &Node, right: &Node) -> Can {
        if let Some(truth) = self.counted(Op::Equal, left, right) {
            return truth_of(truth);
        }
        let literal = |node: &Node| matches!(node.operation, Operation::Literal(Value::Boolean(_) | Value::String(_)));
        match literal(left) && literal(right) && !self.is_open(left.span) && !self.is_open(right.span) {
            true => truth_of(self.same(left, right)),
            false => Can::BOOLEAN,
        }
    }

    /// A comparison of `count()` with a number that needs no counting: there are never fewer than none.
    fn counted(&self, operator: Op, left: &Node, right: &Node) -> Option<bool> {
        let is_count = |node: &Node| matches!(&node.operation, Operation::Call(call) if call.function.name == "count");
        let (operator, number) = match (is_count(left), is_count(right)) {
            (true, false) if !self.is_open(right.span) => (operator, integer(right)?),
            (false, true) if !self.is_open(left.span) => (mirrored(operator), integer(left)?),
            _ => return None,
        };
        match operator {
            Op::GreaterOrEqual if number <= 0 => Some(true),
            Op::Greater if number < 0 => Some(true),
            Op::Less if number <= 0 => Some(false),
            Op::LessOrEqual | Op::Equal if number < 0 => Some(false),
            _ => None,
        }
    }

    /// Whether two parts are written alike, and will be when they are evaluated.
    fn same(&self, left: &Node, right: &Node) -> bool {
        if self.is_open(left.span) || self.is_open(right.span) {
            return false;
        }
        let squeezed = |span: Span| self.text.get(span.range()).map(|text| text.split_whitespace().collect::<String>());
        squeezed(left.span) == squeezed(right.span)
    }

    /// `x` and `x.not()`, `x.exists()` and `x.empty()`.
    fn opposites(&self, left: &Node, right: &Node) -> bool {
        let Operation::Call(call) = &right.operation else { return false };
        let Some(receiver) = &call.receiver else { return false };
        if call.function.name == "not" {
            return self.same(left, receiver);
        }
        let Operation::Call(other) = &left.operation else { return false };
        let plain = call.arguments.is_empty() && other.arguments.is_empty();
        let names = (call.function.name, other.function.name) == ("empty", "exists");
        plain && names && other.receiver.as_ref().is_some_and(|other| self.same(other, receiver))
    }

    fn call(&self, call: &Call, this: Can) -> Can {
        let input = call.receiver.as_ref().map_or(this, |receiver| self.can(receiver, this));
        let nothing = input.only(Can::NOTHING);
        let criterion = |at: usize, of: Can| match call.arguments.get(at) {
            Some(Argument::Expression(node)) => Some(self.can(node, of)),
            _ => None,
        };
        let each = || criterion(0, Can::SOMETHING).unwrap_or(Can::ANY);
        let never_met = self.found(&[Kind::UnknownType, Kind::ImpossibleType], call.span);
        match call.function.name {
            "exists" | "empty" => {
                let passes = if call.arguments.is_empty() { Can::TRUE } else { each() };
                let found = Can::TRUE.when(input.may(Can::SOMETHING) && passes.may(Can::HOLDS));
                let none = Can::FALSE.when(input.may(Can::NOTHING) || !passes.only(Can::HOLDS));
                let exists = found.or(none);
                if call.function.name == "empty" { exists.not() } else { exists }
            }
            "all" => {
                let passes = each();
                let holds = Can::TRUE.when(input.may(Can::NOTHING) || passes.may(Can::HOLDS));
                holds.or(Can::FALSE.when(!nothing && !passes.only(Can::HOLDS)))
            }
            "allTrue" | "allFalse" | "subsetOf" | "isDistinct" if nothing => Can::TRUE,
            "anyTrue" | "anyFalse" | "hasValue" if nothing => Can::FALSE,
            "not" => input.not(),
            "count" => Can::OTHER,
            "where" => match each() {
                passes if nothing || !passes.may(Can::HOLDS) => Can::NOTHING,
                passes if passes.only(Can::HOLDS) => input,
                _ => Can::ANY,
            },
            "select" if each().only(Can::NOTHING) => Can::NOTHING,
            "is" if call.arguments.is_empty() || never_met => input.through(Can::FALSE).or(Can::NOTHING),
            "ofType" | "as" if never_met => Can::NOTHING,
            "iif" => {
                let of = |at| criterion(at, this);
                let (test, then) = (of(0).unwrap_or(Can::ANY), of(1).unwrap_or(Can::ANY));
                let otherwise = of(2).unwrap_or(if call.arguments.len() < 3 { Can::NOTHING } else { Can::ANY });
                then.when(test.may(Can::HOLDS)).or(otherwise.when(!test.only(Can::HOLDS)))
            }
            "startsWith" | "endsWith" | "contains" if self.is_empty_text(call) => input.through(Can::TRUE),
            "supersetOf" => Can::BOOLEAN.or(Can::NOTHING),
            "union" | "combine" | "aggregate" | "join" | "now" | "today" | "timeOfDay" => Can::ANY,
            _ if nothing && call.receiver.is_some() => match call.function.run {
                Run::Truth(_) => Can::NOTHING.or(Can::FALSE),
                _ => Can::NOTHING,
            },
            _ => match call.function.run {
                Run::Truth(_) => Can::NOTHING.or(Can::BOOLEAN),
                _ => Can::ANY,
            },
        }
    }

    /// Whether the only argument is the text that is in every text.
    fn is_empty_text(&self, call: &Call) -> bool {
        let empty = |argument: &Argument| match argument {
            Argument::Expression(node) => {
                matches!(&node.operation, Operation::Literal(Value::String(text)) if text.is_empty())
                    && !self.is_open(node.span)
            }
            _ => false,
        };
        call.arguments.first().is_some_and(empty)
    }
}

fn truth_of(truth: bool) -> Can {
    if truth { Can::TRUE } else { Can::FALSE }
}

/// Three-valued logic (<http://hl7.org/fhirpath/N1/#boolean-logic>).
fn table(operator: Op, a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (operator, a, b) {
        (Op::And, Some(false), _) | (Op::And, _, Some(false)) => Some(false),
        (Op::And, Some(a), Some(b)) => Some(a && b),
        (Op::Or, Some(true), _) | (Op::Or, _, Some(true)) => Some(true),
        (Op::Or, Some(a), Some(b)) => Some(a || b),
        (Op::Xor, Some(a), Some(b)) => Some(a != b),
        (Op::Implies, Some(false), _) | (Op::Implies, _, Some(true)) => Some(true),
        (Op::Implies, Some(a), Some(b)) => Some(!a || b),
        _ => None,
    }
}

fn mirrored(operator: Op) -> Op {
    match operator {
        Op::Less => Op::Greater,
        Op::LessOrEqual => Op::GreaterOrEqual,
        Op::Greater => Op::Less,
        Op::GreaterOrEqual => Op::LessOrEqual,
        other => other,
    }
}

fn integer(node: &Node) -> Option<i64> {
    match &node.operation {
        Operation::Literal(Value::Integer(number)) => Some(*number),
        Operation::Sign { negative, operand } => {
            integer(operand).and_then(|n| if *negative { n.checked_neg() } else { Some(n) })
        }
        _ => None,
    }
}
