//! StructureDefinition and ElementDefinition, as far as they constrain instances
//! (<http://hl7.org/fhir/STU3/structuredefinition.html>, <http://hl7.org/fhir/STU3/elementdefinition.html>).
//!
//! Texts are shared (`Arc<str>`): most of what a profile says is its base's. What is only documentation
//! (definitions, mappings, examples, defaults) is left out; the element's short name stays, for messages.

use std::fmt;
use std::sync::Arc;

use crate::definitions::types::BindingStrength;
use crate::fhir::{Document, Kind, NodeRef};

/// A StructureDefinition as it was written.
#[derive(Clone, Debug, Default)]
pub struct StructureDefinition {
    /// Canonical, without version.
    pub url: Arc<str>,
    /// Business version, if it has one.
    pub version: Option<Arc<str>>,
    /// Name for computers.
    pub name: Arc<str>,
    /// Title for people, if it has one.
    pub title: Option<Arc<str>>,
    /// The type it defines or constrains: `Observation`, `Extension`; a logical model's may be a url.
    pub type_name: Arc<str>,
    /// Canonical of what it derives from.
    pub base: Option<Arc<str>>,
    /// How it derives from it.
    pub derivation: Derivation,
    /// `resource`, `complex-type`, `primitive-type`, `logical`.
    pub kind: Arc<str>,
    /// No instance can have just this type.
    pub is_abstract: bool,
    /// Where an extension may be used; empty for what is no extension.
    pub contexts: Vec<ExtensionContext>,
    /// FHIRPath expressions that must hold where the extension is used.
    pub context_invariants: Vec<Arc<str>>,
    /// True when `elements` is a snapshot, false when it is a differential.
    pub is_snapshot: bool,
    /// The elements in the order written: the differential of a constraint that has one, else the snapshot.
    pub elements: Vec<ElementDefinition>,
}

/// StructureDefinition.derivation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Derivation {
    /// A new type.
    Specialization,
    /// A profile on a type.
    #[default]
    Constraint,
}

/// Where an extension may be used: STU3's `contextType` and `context`, R4's `context.type` and `.expression`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExtensionContext {
    /// `resource`, `datatype`, `extension` (STU3); `fhirpath`, `element`, `extension` (R4).
    pub kind: Arc<str>,
    /// Element path, canonical or expression.
    pub expression: Arc<str>,
}

/// One entry of a differential or snapshot.
#[derive(Clone, Debug)]
pub struct ElementDefinition {
    /// Id, if it has one; nothing is decided by it.
    pub id: Option<Arc<str>>,
    /// Path as written; a choice may stand under one of its names (`Observation.valueQuantity`).
    pub path: Arc<str>,
    /// Name of the slice it defines or constrains.
    pub slice_name: Option<Arc<str>>,
    /// What it says.
    pub rules: Arc<ElementRules>,
}

/// What an ElementDefinition says, apart from the place it says it of. In a differential what is not
/// stated is None or empty; in a snapshot `min` and `max` are always there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElementRules {
    /// Short name for people.
    pub short: Option<Arc<str>>,
    /// Lowest number of occurrences.
    pub min: Option<u32>,
    /// Highest number of occurrences.
    pub max: Option<Max>,
    /// Types it may have. Empty where the element defines its children itself without naming a type, and
    /// where [`ElementRules::content_reference`] says whose children it has.
    pub types: Vec<TypeRule>,
    /// Id of the element whose definition this one shares, without `#` and what stands before it.
    pub content_reference: Option<Arc<str>>,
    /// The value it must have exactly.
    pub fixed: Option<Value>,
    /// What its value must contain.
    pub pattern: Option<Value>,
    /// Lowest value.
    pub min_value: Option<Value>,
    /// Highest value.
    pub max_value: Option<Value>,
    /// Longest text, in characters.
    pub max_length: Option<u32>,
    /// Value set.
    pub binding: Option<Arc<ElementBinding>>,
    /// How it is divided into slices.
    pub slicing: Option<Arc<Slicing>>,
    /// Invariants, in the order they were added along the derivation.
    pub constraints: Vec<Arc<Constraint>>,
    /// Keys of invariants that involve this element.
    pub conditions: Vec<Arc<str>>,
    /// Changes the meaning of what it is in.
    pub is_modifier: Option<bool>,
    /// Must be supported by implementations.
    pub must_support: Option<bool>,
}

impl ElementRules {
    /// Lowest number of occurrences; 0 where none is stated.
    pub fn min(&self) -> u32 {
        self.min.unwrap_or(0)
    }

    /// Highest number of occurrences; unbounded where none is stated.
    pub fn max(&self) -> Max {
        self.max.unwrap_or(Max::Unbounded)
    }

    /// The single type code, where there is exactly one.
    pub fn single_type(&self) -> Option<&str> {
        let code = &self.types.first()?.code;
        self.types.iter().all(|t| t.code == *code).then_some(&**code)
    }
}

/// Highest number of occurrences.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Max {
    /// A number.
    Count(u32),
    /// `*`.
    Unbounded,
}

impl Max {
    /// Reads `*` or a number.
    pub fn parse(text: &str) -> Option<Max> {
        match text {
            "*" => Some(Max::Unbounded),
            number => number.parse().ok().map(Max::Count),
        }
    }

    /// True when this many occurrences are allowed.
    pub fn allows(self, count: u32) -> bool {
        Max::Count(count) <= self
    }
}

impl fmt::Display for Max {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Max::Count(n) => write!(f, "{n}"),
            Max::Unbounded => f.write_str("*"),
        }
    }
}

/// One type an element may have. STU3 writes one entry for each target, R4 one with all: both become one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TypeRule {
    /// Type code: `Reference`, `code`; `*` for any.
    pub code: Arc<str>,
    /// Canonicals of profiles, to one of which the value must conform.
    pub profiles: Vec<Arc<str>>,
    /// For references: canonicals, to one of which the target must conform. Empty: any.
    pub targets: Vec<Arc<str>>,
    /// For references: where the target may be. Empty: anywhere.
    pub aggregation: Vec<Aggregation>,
    /// For references: whether it must name a version.
    pub versioning: Option<Versioning>,
}

/// Where the target of a reference may be (<http://hl7.org/fhir/STU3/valueset-resource-aggregation-mode.html>).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aggregation {
    /// In the resource itself.
    Contained,
    /// Elsewhere.
    Referenced,
    /// In the same Bundle.
    Bundled,
}

impl Aggregation {
    /// Every mode with its code.
    pub const ALL: [(Aggregation, &'static str); 3] = [
        (Aggregation::Contained, "contained"),
        (Aggregation::Referenced, "referenced"),
        (Aggregation::Bundled, "bundled"),
    ];
}

/// Whether a reference must name a version
/// (<http://hl7.org/fhir/STU3/valueset-reference-version-rules.html>).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Versioning {
    /// Either way.
    Either,
    /// It must not.
    Independent,
    /// It must.
    Specific,
}

impl Versioning {
    /// Every rule with its code.
    pub const ALL: [(Versioning, &'static str); 3] =
        [(Versioning::Either, "either"), (Versioning::Independent, "independent"), (Versioning::Specific, "specific")];
}

/// A value in a definition: fixed, pattern, bound.
#[derive(Clone)]
pub struct Value {
    /// Its type: `CodeableConcept` of `patternCodeableConcept`.
    pub type_name: Arc<str>,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Primitive(Arc<str>, Kind),
    /// The value is the first child of the document's root.
    Complex(Arc<Document>),
}

impl Value {
    /// A primitive; `kind` as JSON writes it.
    pub fn primitive(type_name: &str, kind: Kind, text: &str) -> Value {
        Value { type_name: type_name.into(), content: Content::Primitive(text.into(), kind) }
    }

    /// The value at a node of any document, copied.
    pub fn from_node(type_name: &str, node: NodeRef<'_>) -> Value {
        if let (Some(text), None) = (node.value(), node.children().next()) {
            return Value::primitive(type_name, node.kind(), text);
        }
        let mut builder = crate::fhir::Builder::resource(type_name, node.document().format());
        builder.graft("value", node);
        Value { type_name: type_name.into(), content: Content::Complex(Arc::new(builder.finish())) }
    }

    /// The text of a primitive without children of its own.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Primitive(text, _) => Some(text),
            Content::Complex(_) => None,
        }
    }

    /// How JSON writes a primitive; [`Kind::Complex`] for everything else.
    pub fn kind(&self) -> Kind {
        match &self.content {
            Content::Primitive(_, kind) => *kind,
            Content::Complex(_) => Kind::Complex,
        }
    }

    /// The value as a tree, where it is not a plain primitive (see [`Value::text`]).
    pub fn node(&self) -> Option<NodeRef<'_>> {
        match &self.content {
            Content::Primitive(..) => None,
            Content::Complex(document) => document.root().children().next(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.type_name == other.type_name
            && match (&self.content, &other.content) {
                (Content::Primitive(a, _), Content::Primitive(b, _)) => a == b,
                (Content::Complex(a), Content::Complex(b)) => a == b,
                _ => false,
            }
    }
}

/// As a message shows it: the text, or every primitive with its path (`coding.system: …, coding.code: …`).
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn leaves(node: NodeRef<'_>, prefix: &str, first: &mut bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if let Some(value) = node.value() {
                let separator = if std::mem::take(first) { "" } else { ", " };
                write!(f, "{separator}{prefix}: {value}")?;
            }
            for child in node.children() {
                let path =
                    if prefix.is_empty() { child.name().to_owned() } else { format!("{prefix}.{}", child.name()) };
                leaves(child, &path, first, f)?;
            }
            Ok(())
        }
        match (self.text(), self.node()) {
            (Some(text), _) => f.write_str(text),
            (None, Some(node)) => leaves(node, "", &mut true, f),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.type_name)
    }
}

/// ElementDefinition.binding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ElementBinding {
    /// How binding it is.
    pub strength: BindingStrength,
    /// Canonical of the value set as written, perhaps with a version after `|`; None where only words
    /// describe it.
    pub value_set: Option<Arc<str>>,
    /// Canonical of the value set nothing may fall outside of, whatever the strength
    /// (extension `elementdefinition-maxValueSet`).
    pub max_value_set: Option<Arc<str>>,
    /// Canonicals of ConceptMaps from the codes of this element to those of the business
    /// (extension `11179-permitted-value-conceptmap`).
    pub permitted_concept_maps: Vec<Arc<str>>,
    /// Canonicals of the value sets of the business (extension `11179-permitted-value-valueset`).
    pub permitted_value_sets: Vec<Arc<str>>,
}

/// ElementDefinition.slicing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slicing {
    /// What tells the slices apart; all of them together.
    pub discriminators: Vec<Discriminator>,
    /// True when the slices must come in their order.
    pub ordered: bool,
    /// What is allowed beside the slices.
    pub rules: SlicingRules,
}

/// One discriminator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Discriminator {
    /// What is compared.
    pub kind: DiscriminatorKind,
    /// Where, from the sliced element: `$this`, `code.coding.code`, `resolve()`.
    pub path: Arc<str>,
}

/// What a discriminator compares (<http://hl7.org/fhir/STU3/profiling.html#discriminator>).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiscriminatorKind {
    /// The value.
    Value,
    /// Whether there is one.
    Exists,
    /// The value against a pattern; the same as `value` since R5, and in effect before.
    Pattern,
    /// The type.
    Type,
    /// Conformance to a profile.
    Profile,
}

impl DiscriminatorKind {
    /// Every kind with its code.
    pub const ALL: [(DiscriminatorKind, &'static str); 5] = [
        (DiscriminatorKind::Value, "value"),
        (DiscriminatorKind::Exists, "exists"),
        (DiscriminatorKind::Pattern, "pattern"),
        (DiscriminatorKind::Type, "type"),
        (DiscriminatorKind::Profile, "profile"),
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        DiscriminatorKind::ALL[self as usize].1
    }
}

/// What is allowed beside the slices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlicingRules {
    /// Nothing.
    Closed,
    /// Anything.
    Open,
    /// Anything, after the slices.
    OpenAtEnd,
}

impl SlicingRules {
    /// Every rule with its code.
    pub const ALL: [(SlicingRules, &'static str); 3] =
        [(SlicingRules::Closed, "closed"), (SlicingRules::Open, "open"), (SlicingRules::OpenAtEnd, "openAtEnd")];

    /// The code.
    pub fn code(self) -> &'static str {
        SlicingRules::ALL[self as usize].1
    }
}

/// An invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Constraint {
    /// Key, unique in the structure: `obs-7`.
    pub key: Arc<str>,
    /// How bad it is when it does not hold.
    pub severity: ConstraintSeverity,
    /// What it means, for people.
    pub human: Arc<str>,
    /// FHIRPath; None where the definition has XPath only, which nobody evaluates.
    pub expression: Option<Arc<str>>,
}

/// ElementDefinition.constraint.severity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConstraintSeverity {
    /// The instance is invalid.
    Error,
    /// The instance may be valid.
    Warning,
}
