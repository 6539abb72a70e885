//! Names a script declares and names it refers to, compared once all of it is read: a response may be
//! referred to before the operation that keeps it stands in the text.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, NoteKind, Severity, nearest};
use crate::fhir::NodeRef;
use crate::testscript::model::Place;
use crate::testscript::problem::{self, problem};

use super::reading::Reading;
use super::sheet::Sheet;

/// What a script declares, by kind.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) variables: BTreeSet<String>,
    /// Fixtures, kept requests and responses, outputs of rules.
    pub(super) sources: BTreeSet<String>,
    pub(super) profiles: BTreeSet<String>,
    pub(super) rules: BTreeSet<String>,
    /// Numbers of the origins and of the destinations; None where the script declares none.
    pub(super) origins: BTreeSet<u32>,
    pub(super) destinations: BTreeSet<u32>,
}

/// What kind of thing a name refers to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Source,
    Profile,
    Rule,
}

/// A name that is referred to.
pub(super) struct Reference {
    kind: Kind,
    name: String,
    place: Place,
}

impl Reading<'_> {
    /// The name in a child, which refers to something of a kind.
    pub(super) fn reference(
        &mut self,
        sheet: &Sheet<'_>,
        node: NodeRef<'_>,
        child: &str,
        kind: Kind,
    ) -> Option<String> {
        self.reference_of(sheet, Reading::filled(node, child)?, kind)
    }

    /// The name in a node, which refers to something of a kind.
    pub(super) fn reference_of(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, kind: Kind) -> Option<String> {
        let name = node.value()?.to_owned();
        self.references.push(Reference { kind, name: name.clone(), place: sheet.place(node.value_span()) });
        Some(name)
    }

    /// The name in a child, under which something is kept for later.
    pub(super) fn kept(&mut self, node: NodeRef<'_>, child: &str) -> Option<String> {
        let name = Reading::filled(node, child)?.value()?.to_owned();
        self.declared.sources.insert(name.clone());
        Some(name)
    }

    /// The number of a party, which must be declared where any is.
    pub(super) fn party(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, child: &str) -> Option<u32> {
        let found = node.child(child)?;
        let index = found.value()?.parse().ok()?;
        let declared = if child == "origin" { &self.declared.origins } else { &self.declared.destinations };
        if !declared.contains(&index) {
            let message = format!("there is no {child} with index `{index}`");
            self.note(sheet, Severity::Error, problem::UNDECLARED_PARTY, found, message);
        }
        Some(index)
    }

    /// Notes every reference to something that is not there.
    pub(super) fn check_references(&mut self) {
        for Reference { kind, name, place } in std::mem::take(&mut self.references) {
            let (declared, code, what): (_, Code, _) = match kind {
                Kind::Source => (&self.declared.sources, problem::UNDECLARED_SOURCE, "fixture, request or response"),
                Kind::Profile => (&self.declared.profiles, problem::UNDECLARED_PROFILE, "profile"),
                Kind::Rule => (&self.declared.rules, problem::UNDECLARED_RULE, "rule"),
            };
            if declared.contains(&name) {
                continue;
            }
            let near = nearest(&name, declared.iter().map(String::as_str)).map(str::to_owned);
            let message = format!("there is no {what} with id `{name}`");
            let mut diagnostic = problem(Severity::Error, code, message, &place);
            if let Some(near) = near {
                diagnostic = diagnostic.note(NoteKind::Expected, format!("`{near}`"));
            }
            self.problems.push(diagnostic);
        }
    }

    /// Notes that a name was declared before.
    pub(super) fn twice(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, what: &str, name: &str) {
        let message = format!("there is more than one {what} called `{name}`");
        let place = sheet.place(sheet.name_span(node));
        self.problems.push(problem(Severity::Error, problem::REPEATED, message, &place));
    }
}
