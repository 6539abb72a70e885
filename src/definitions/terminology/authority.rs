//! Whom to ask where what is loaded does not decide: a terminology server, as seen from below.
//!
//! The definitions know nothing of networks. Whoever has a server at hand implements [`Authority`]; the
//! validator asks it about codes that would otherwise be not checkable, and only about those.

use super::Terminology;
use crate::fhir::json::{self, Layout};
use crate::fhir::shape::AsRead;
use crate::fhir::{Builder, FhirVersion, Format, Kind, NodeRef, Shape};

/// Is this code in that value set? What is loaded cannot tell.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The release whose value set is meant.
    pub release: FhirVersion,
    /// Canonical of the value set, perhaps with a version after `|`.
    pub value_set: &'q str,
    /// The code system.
    pub system: &'q str,
    /// The code.
    pub code: &'q str,
    /// True when the value set is nothing but whole code systems, this one among them: every code of it is in
    /// the value set.
    pub whole: bool,
    /// The value set itself, for an authority that does not know it: a ValueSet in JSON.
    pub definition: Option<&'q str>,
}

/// What an authority says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The code is in the value set.
    Member,
    /// It is not.
    NotMember,
    /// It cannot say: why.
    Unknown(String),
}

/// Somebody who knows code systems that are not at hand. Asked from several threads.
pub trait Authority: Send + Sync {
    /// Answers; an authority that cannot be reached says so, and never guesses.
    fn ask(&self, question: &Question<'_>) -> Answer;
}

impl Terminology {
    /// What a value set takes in and leaves out, as a ValueSet in JSON; None when no package defines it.
    pub fn definition(&self, canonical: &str) -> Option<String> {
        let url = canonical.split('|').next().unwrap_or_default();
        let documents = self.source.value_sets(url);
        let compose = documents.iter().find_map(|document| document.root().child("compose"))?;
        let mut value_set = Builder::resource("ValueSet", Format::Json);
        value_set.text("url", url).text("status", "active").graft("compose", compose);
        Some(json::write(value_set.finish().root(), &Written, Layout::Compact))
    }

    /// True when a value set takes in all of a code system and has no conditions beside that.
    pub fn is_whole(&self, value_set: &str, system: &str) -> bool {
        self.value_set(value_set).is_some_and(|set| set.takes_whole(system))
    }
}

/// ValueSet.compose as JSON writes it, wherever it was read from.
struct Written;

/// Elements of it that repeat.
const REPEATING: [&str; 6] = ["include", "exclude", "concept", "designation", "filter", "valueSet"];

impl Shape for Written {
    fn repeats(&self, node: NodeRef<'_>) -> bool {
        REPEATING.contains(&node.name())
    }

    fn kind(&self, node: NodeRef<'_>) -> Kind {
        AsRead.kind(node)
    }

    fn rank(&self, node: NodeRef<'_>) -> usize {
        AsRead.rank(node)
    }
}
