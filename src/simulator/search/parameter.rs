//! The search parameters a server knows: where each looks and how it compares.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::path::Path;
use crate::definitions::{TypeTable, Typed};
use crate::fhir::NodeRef;

/// How values are compared: <http://hl7.org/fhir/STU3/search.html#ptypes>.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// Decimal numbers with the precision they are written in.
    Number,
    /// Intervals of time.
    Date,
    /// Text, without case and diacritics, from its start.
    Text,
    /// A code or identifier, with its system.
    Token,
    /// Another resource.
    Reference,
    /// A number with a unit.
    Quantity,
    /// A URI, exactly.
    Uri,
}

impl Comparison {
    /// Every comparison with its code. `composite` and `special` have none: they are refused.
    pub const ALL: [(Comparison, &'static str); 7] = [
        (Comparison::Number, "number"),
        (Comparison::Date, "date"),
        (Comparison::Text, "string"),
        (Comparison::Token, "token"),
        (Comparison::Reference, "reference"),
        (Comparison::Quantity, "quantity"),
        (Comparison::Uri, "uri"),
    ];

    /// The code of <http://hl7.org/fhir/search-param-type>.
    pub fn code(self) -> &'static str {
        Comparison::ALL[self as usize].1
    }

    /// Reads the code.
    pub fn from_code(code: &str) -> Option<Comparison> {
        Comparison::ALL.iter().find(|(_, c)| *c == code).map(|(k, _)| *k)
    }
}

/// What a SearchParameter resource says, reduced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterFacts {
    /// The name in a query.
    pub code: String,
    /// SearchParameter.type, as its code.
    pub comparison: String,
    /// The types it is for; may be abstract (`Resource`).
    pub base: Vec<String>,
    /// SearchParameter.expression; empty where there is none.
    pub expression: String,
    /// For references: the types that may be referred to; empty for any.
    pub targets: Vec<String>,
}

impl ParameterFacts {
    /// Takes the facts from a SearchParameter resource of any release; None for anything else.
    pub fn from_resource(node: NodeRef<'_>) -> Option<ParameterFacts> {
        if node.resource_type() != Some("SearchParameter") {
            return None;
        }
        let all = |name: &str| node.children_named(name).filter_map(|n| n.value()).map(str::to_owned).collect();
        Some(ParameterFacts {
            code: node.child_value("code")?.to_owned(),
            comparison: node.child_value("type")?.to_owned(),
            base: all("base"),
            expression: node.child_value("expression").unwrap_or_default().to_owned(),
            targets: all("target"),
        })
    }
}

/// A parameter of one resource type, ready for use.
#[derive(Debug)]
pub struct Parameter {
    /// The name in a query.
    pub code: Box<str>,
    /// How it compares.
    pub comparison: Comparison,
    /// The types a reference may lead to; empty for any.
    pub targets: Vec<Box<str>>,
    path: Path,
}

impl Parameter {
    pub(super) fn select<'d>(&self, tree: &'d Typed) -> Vec<super::path::Found<'d>> {
        self.path.select(tree)
    }

    /// True when it may lead to a resource of this type.
    pub fn leads_to(&self, resource_type: &str) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|t| &**t == resource_type)
    }
}

/// Why a name is no parameter of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// No definition has it.
    Unknown,
    /// Its definition is beyond this server; says what it asks.
    Beyond(String),
}

/// All parameters of a release, by resource type.
#[derive(Default)]
pub struct Parameters {
    by_type: HashMap<Box<str>, BTreeMap<Box<str>, Result<Arc<Parameter>, Unsupported>>>,
}

impl Parameters {
    /// Compiles the facts for every resource type of the release. Of several definitions of one name for
    /// one type the first that can be used wins, so packages come before base facts.
    pub fn new(facts: &[ParameterFacts], types: &TypeTable) -> Parameters {
        let mut by_type: HashMap<Box<str>, BTreeMap<_, Result<_, _>>> = HashMap::new();
        let own = super::own_parameters::facts(types);
        let concrete: Vec<&str> = crate::simulator::stored::resource_types(types).collect();
        for facts in facts.iter().chain(&own) {
            for resource_type in concrete.iter().filter(|t| applies(facts, t, types)) {
                let of_type = by_type.entry((**resource_type).into()).or_default();
                if !matches!(of_type.get(&*facts.code), Some(Ok(_)))
                    && let Some(parameter) = compile(facts, resource_type, types)
                {
                    of_type.insert(facts.code.as_str().into(), parameter);
                }
            }
        }
        Parameters { by_type }
    }

    /// The parameter of this name.
    pub fn get(&self, resource_type: &str, code: &str) -> Result<&Arc<Parameter>, Unsupported> {
        match self.by_type.get(resource_type).and_then(|of_type| of_type.get(code)) {
            Some(Ok(parameter)) => Ok(parameter),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(Unsupported::Unknown),
        }
    }

    /// True when there are parameters for a resource type of this name.
    pub fn knows_type(&self, name: &str) -> bool {
        self.by_type.contains_key(name)
    }

    /// The parameters that can be used on a type, in the order of their names.
    pub fn of(&self, resource_type: &str) -> impl Iterator<Item = &Parameter> {
        self.by_type.get(resource_type).into_iter().flat_map(|m| m.values()).filter_map(|p| p.as_deref().ok())
    }
}

fn applies(facts: &ParameterFacts, resource_type: &str, types: &TypeTable) -> bool {
    let Some(ty) = types.type_named(resource_type) else { return false };
    types.ancestry(ty).any(|t| facts.base.iter().any(|b| **b == *types.get(t).name))
}

fn compile(
    facts: &ParameterFacts,
    resource_type: &str,
    types: &TypeTable,
) -> Option<Result<Arc<Parameter>, Unsupported>> {
    let Some(comparison) = Comparison::from_code(&facts.comparison) else {
        return Some(Err(Unsupported::Beyond(format!("parameters of type `{}`", facts.comparison))));
    };
    if facts.expression.is_empty() {
        return Some(Err(Unsupported::Beyond("a parameter without expression".into())));
    }
    match Path::compile(&facts.expression, resource_type, types) {
        Ok(path) => path.map(|path| {
            let targets = facts.targets.iter().map(|t| t.as_str().into()).collect();
            Ok(Arc::new(Parameter { code: facts.code.as_str().into(), comparison, targets, path }))
        }),
        Err(part) => Some(Err(Unsupported::Beyond(format!("the expression `{part}`")))),
    }
}
