//! What definitions state of types and elements, by name: a table links it.

/// The kind of a type (StructureDefinition.kind, with backbone elements apart).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeClass {
    /// Only [`TypeId::UNKNOWN`].
    Unknown,
    /// Has a value: `code`, `dateTime`, `xhtml`.
    Primitive,
    /// `Coding`, `Reference`, also abstract ones such as `Element`.
    Complex,
    /// Elements defined inside a resource or type: `Observation.component`.
    Backbone,
    /// `Observation`, also abstract ones such as `DomainResource`.
    Resource,
}

/// Strength of a binding, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BindingStrength {
    /// The code shall come from the value set.
    Required,
    /// The code shall come from it if it has one that fits.
    Extensible,
    /// The value set is a recommendation.
    Preferred,
    /// The value set shows what is meant.
    Example,
}

impl BindingStrength {
    /// Every strength with its code.
    pub const ALL: [(BindingStrength, &'static str); 4] = [
        (BindingStrength::Required, "required"),
        (BindingStrength::Extensible, "extensible"),
        (BindingStrength::Preferred, "preferred"),
        (BindingStrength::Example, "example"),
    ];

    /// The code of <http://hl7.org/fhir/binding-strength>.
    pub fn code(self) -> &'static str {
        BindingStrength::ALL[self as usize].1
    }

    /// Reads the code.
    pub fn from_code(code: &str) -> Option<BindingStrength> {
        BindingStrength::ALL.iter().find(|(_, c)| *c == code).map(|(s, _)| *s)
    }
}

/// A binding to a value set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// How binding it is.
    pub strength: BindingStrength,
    /// Canonical of the value set, as the definition gives it (STU3 may carry a version after `|`).
    pub value_set: Box<str>,
    /// Canonical of the value set nothing may fall outside of, whatever the strength.
    pub max_value_set: Option<Box<str>>,
}

/// One type an element may have, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TypeFacts {
    /// Type code: `Reference`, `code`; `*` for any.
    pub code: Box<str>,
    /// Canonicals of the profiles the value shall conform to.
    pub profiles: Vec<Box<str>>,
    /// For references: canonicals of what may be referred to.
    pub targets: Vec<Box<str>>,
}

/// Facts of one element as a definition states them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ElementFacts {
    /// Full path, a choice with its `[x]`: `Observation.value[x]`.
    pub path: Box<str>,
    /// Lowest number of occurrences.
    pub min: u32,
    /// Highest number of occurrences; None is `*`.
    pub max: Option<u32>,
    /// Types; empty for elements that define their own children or refer to others.
    pub types: Vec<TypeFacts>,
    /// Path of the element whose children this one shares: `Bundle.link`.
    pub content_reference: Option<Box<str>>,
    /// Binding, if it has one.
    pub binding: Option<Binding>,
    /// The invariants that hold for it, beside those of its type.
    pub invariants: Vec<InvariantFacts>,
}

/// An invariant by its key; what it says is not a fact but somebody's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvariantFacts {
    /// Key, unique in the release: `obs-7`.
    pub key: Box<str>,
    /// True for a recommendation: breaking it is a warning.
    pub is_warning: bool,
}

/// Facts of one base type or resource: its StructureDefinition, reduced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StructureFacts {
    /// `Observation`, `Coding`, `code`.
    pub name: Box<str>,
    /// The type it derives from, by name.
    pub base: Option<Box<str>>,
    /// Its kind.
    pub class: TypeClass,
    /// True for `Element`, `Resource`, `DomainResource` and their like.
    pub is_abstract: bool,
    /// The invariants of the type as a whole, inherited ones included.
    pub invariants: Vec<InvariantFacts>,
    /// All elements below the type itself, inherited ones included, in the order of the snapshot.
    pub elements: Vec<ElementFacts>,
}
