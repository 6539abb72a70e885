//! What a validation finds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::defined::Defined;
use super::mismatch::SliceMismatch;
use crate::diagnostic::{Code, Language, Position, Severity, Span};
use crate::fhir::{NodeId, NodeRef};

/// One thing that is wrong (or worth knowing) at one element.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// How bad.
    pub severity: Severity,
    /// Rule code.
    pub code: Code,
    /// The element.
    pub node: NodeId,
    /// Its path, indices on repeating elements, names as written.
    pub path: String,
    /// Line and column of the element.
    pub position: Position,
    /// Its bytes.
    pub span: Span,
    /// One line, in English.
    pub message: String,
    /// The same in Dutch, where it is more than names and numbers.
    pub dutch: Option<String>,
    /// Canonical of the definition whose rule it is; empty for rules of the format.
    pub profile: Arc<str>,
    /// For an issue about slices: what did not fit, element by element.
    pub slices: Vec<SliceMismatch>,
    /// Where that definition speaks of the element (for one that is missing: of what is missing).
    pub defined: Option<Defined>,
    /// For an issue about an invariant: which.
    pub invariant: Option<Broken>,
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its key; for the context of an extension the extension's url.
    pub key: Arc<str>,
    /// Its FHIRPath.
    pub expression: Arc<str>,
}

/// What an issue has beside its message.
#[derive(Default)]
pub(super) struct Detail {
    pub dutch: Option<String>,
    pub slices: Vec<SliceMismatch>,
    /// The element in the one at hand that the issue is about.
    pub child: Option<Defined>,
    pub invariant: Option<Broken>,
}

/// How many codes could be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeCount {
    /// Found to be in their value set, or not.
    pub checked: u64,
    /// Not decidable with what is loaded, by reason.
    pub not_checkable: BTreeMap<String, u64>,
}

/// A definition that was needed and is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Its canonical.
    pub canonical: String,
    /// The element that asks for it.
    pub node: NodeId,
    /// Why it cannot be had.
    pub reason: String,
}

/// Everything a validation found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Issues in the order of their elements.
    pub issues: Vec<Issue>,
    /// Codes.
    pub codes: CodeCount,
    /// Definitions that were needed and are nowhere: what they ask for was not checked.
    pub unavailable: Vec<Unavailable>,
}

impl Outcome {
    /// True when a rule is broken.
    pub fn is_invalid(&self) -> bool {
        self.issues.iter().any(|i| i.severity <= Severity::Error)
    }

    /// True when nothing is broken but not everything could be looked at.
    pub fn is_incomplete(&self) -> bool {
        !self.is_invalid() && !self.unavailable.is_empty()
    }
}

impl Issue {
    /// Its message in a language; English where there is no other.
    pub fn said(&self, language: Language) -> &str {
        match language {
            Language::En => &self.message,
            Language::Nl => self.dutch.as_deref().unwrap_or(&self.message),
        }
    }

    /// An issue at a node.
    pub fn at(node: NodeRef<'_>, severity: Severity, code: Code, message: String, profile: Arc<str>) -> Issue {
        Issue {
            severity,
            code,
            node: node.id(),
            path: node.path(),
            position: node.position(),
            span: node.span(),
            message,
            profile,
            dutch: None,
            slices: vec![],
            defined: None,
            invariant: None,
        }
    }
}
