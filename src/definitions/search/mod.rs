//! Search parameters: which elements a parameter looks at, of which types, and what links a resource to a
//! patient.
//!
//! What the official packages say in FHIRPath is kept as [`SearchPath`]s, which need no engine: almost all
//! of them are paths with a type or one condition. A parameter that cannot be said that way (or whose
//! definition gives no expression at all) is kept as known and unsupported, so that a server can refuse it
//! instead of ignoring it.

mod definition;
pub(super) mod facts;
mod path;

use std::collections::HashMap;

pub use path::{Found, PathStep, PathTest, SearchPath};

/// The types of <http://hl7.org/fhir/STU3/search.html#ptypes>.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SearchType {
    /// A number.
    Number,
    /// A date, moment, period or timing.
    Date,
    /// Text.
    String,
    /// A code with or without system, an identifier, a boolean.
    Token,
    /// A reference.
    Reference,
    /// Several parameters on one element.
    Composite,
    /// A quantity.
    Quantity,
    /// A URI.
    Uri,
    /// Whatever its definition says.
    Special,
}

impl SearchType {
    /// Every type with its code.
    pub const ALL: [(SearchType, &'static str); 9] = [
        (SearchType::Number, "number"),
        (SearchType::Date, "date"),
        (SearchType::String, "string"),
        (SearchType::Token, "token"),
        (SearchType::Reference, "reference"),
        (SearchType::Composite, "composite"),
        (SearchType::Quantity, "quantity"),
        (SearchType::Uri, "uri"),
        (SearchType::Special, "special"),
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        SearchType::ALL[self as usize].1
    }

    /// Reads the code.
    pub fn from_code(code: &str) -> Option<SearchType> {
        SearchType::ALL.iter().find(|(_, c)| *c == code).map(|(t, _)| *t)
    }
}

/// A search parameter on one resource type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchParameter {
    /// The name in the query: `code`, `value-quantity`.
    pub code: Box<str>,
    /// Its type.
    pub ty: SearchType,
    /// Where its values are; of a composite, the elements its parts are in. Empty when unsupported.
    pub paths: Vec<SearchPath>,
    /// Resource types a reference may point at; empty when it is not said.
    pub targets: Vec<Box<str>>,
    /// The parts of a composite, in order.
    pub components: Vec<SearchComponent>,
    /// False when a list of alternatives (`a,b`) is not allowed.
    pub multiple_or: bool,
}

impl SearchParameter {
    /// True when it can be evaluated: its paths are known.
    pub fn is_supported(&self) -> bool {
        !self.paths.is_empty() && (self.ty != SearchType::Composite || !self.components.is_empty())
    }
}

/// A part of a composite.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchComponent {
    /// Code of the parameter that says how the part is compared.
    pub code: Box<str>,
    /// Where its values are, from the element of the composite.
    pub paths: Vec<SearchPath>,
}

/// What one resource type can be searched by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Searched {
    /// The type it derives from, whose parameters it has too.
    base: Option<Box<str>>,
    /// Sorted by code.
    parameters: Vec<SearchParameter>,
    /// Compartment (`Patient`) and the parameters that put a resource in it.
    compartments: Vec<(Box<str>, Vec<Box<str>>)>,
}

impl Searched {
    /// Where the parameter with this code is, or would be.
    fn position(&self, code: &str) -> Result<usize, usize> {
        self.parameters.binary_search_by(|p| (*p.code).cmp(code))
    }
}

/// The search parameters of one release, and those that were added to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SearchParameters {
    by_type: HashMap<Box<str>, Searched>,
}

impl SearchParameters {
    /// The parameter `code` of a resource type, its own or one of a type it derives from (`_id`).
    pub fn lookup(&self, resource_type: &str, code: &str) -> Option<&SearchParameter> {
        self.lineage(resource_type).find_map(|s| s.parameters.get(s.position(code).ok()?))
    }

    /// Every parameter of a resource type, its own first.
    pub fn of_type(&self, resource_type: &str) -> impl Iterator<Item = &SearchParameter> {
        self.lineage(resource_type).flat_map(|s| s.parameters.iter())
    }

    /// The parameters of a resource type that put it in a compartment: for an Observation in `Patient`,
    /// `subject` and `performer`. Empty when it is never in one.
    /// (<http://hl7.org/fhir/STU3/compartmentdefinition.html>; the patient itself is in its own compartment.)
    pub fn compartment(&self, compartment: &str, resource_type: &str) -> impl Iterator<Item = &SearchParameter> {
        let searched = self.by_type.get(resource_type);
        let codes = searched.and_then(|s| s.compartments.iter().find(|(c, _)| &**c == compartment));
        let codes = codes.map(|(_, codes)| codes.as_slice()).unwrap_or_default();
        codes.iter().filter_map(move |code| self.lookup(resource_type, code))
    }

    /// The type and what it derives from. A type that is not known has the parameters of `Resource`.
    fn lineage(&self, resource_type: &str) -> impl Iterator<Item = &Searched> {
        let first = self.by_type.get(resource_type).or_else(|| self.by_type.get("Resource"));
        let base = |s: &&Searched| match s.base.as_deref() {
            Some(base) => self.by_type.get(base),
            None => None,
        };
        // A base that is its own base would never end; no real chain is this long.
        std::iter::successors(first, base).take(8)
    }

    /// Adds a parameter to a type; it replaces one with the same code.
    pub fn insert(&mut self, resource_type: &str, parameter: SearchParameter) {
        let searched = self.by_type.entry(resource_type.into()).or_insert_with(|| Searched {
            base: (resource_type != "Resource").then(|| "Resource".into()),
            ..Default::default()
        });
        match searched.position(&parameter.code) {
            Ok(at) => searched.parameters[at] = parameter,
            Err(at) => searched.parameters.insert(at, parameter),
        }
    }

    /// Number of parameters, counted a type.
    pub fn len(&self) -> usize {
        self.by_type.values().map(|s| s.parameters.len()).sum()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
