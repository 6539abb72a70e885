//! One validation under way: the document, what was found, and what need not be done twice.

use std::collections::HashSet;
use std::sync::Arc;

use super::issue::{Issue, Outcome, Unavailable};
use super::{Policy, Validator};
use crate::definitions::Typed;
use crate::definitions::profile::{ProfileError, Snapshot};
use crate::diagnostic::{Code, Severity};
use crate::fhir::reference::ReferenceIndex;
use crate::fhir::{NodeId, NodeRef};

/// Where a rule stands: the definition it is part of, for messages.
pub(super) type Origin<'p> = &'p Arc<str>;

/// State of one validation.
pub(super) struct Walk<'v, 'd> {
    pub validator: &'v Validator,
    pub document: &'d Typed,
    pub references: ReferenceIndex,
    outcome: Outcome,
    /// Element and definition that were judged, or are being judged: a circle of references ends here.
    judged: HashSet<(NodeId, Arc<str>)>,
    reported: HashSet<(NodeId, Code, String)>,
    /// While above zero, issues are only counted: a slice is being tried.
    trials: Vec<usize>,
}

impl<'v, 'd> Walk<'v, 'd> {
    pub fn new(validator: &'v Validator, document: &'d Typed) -> Self {
        Walk {
            validator,
            document,
            references: ReferenceIndex::new(document),
            outcome: Outcome::default(),
            judged: HashSet::new(),
            reported: HashSet::new(),
            trials: vec![],
        }
    }

    pub fn policy(&self) -> Policy {
        self.validator.policy
    }

    /// Notes an issue, once for each element, rule and message.
    pub fn report(&mut self, node: NodeRef<'d>, severity: Severity, code: Code, message: String, profile: Origin<'_>) {
        if let Some(errors) = self.trials.last_mut() {
            *errors += usize::from(severity <= Severity::Error);
            return;
        }
        if self.reported.insert((node.id(), code, message.clone())) {
            self.outcome.issues.push(Issue::at(node, severity, code, message, profile.clone()));
        }
    }

    /// Judges without reporting: true when nothing is broken.
    pub fn attempt(&mut self, judge: impl FnOnce(&mut Self)) -> bool {
        let judged = self.judged.clone();
        self.trials.push(0);
        judge(self);
        self.judged = judged;
        self.trials.pop() == Some(0)
    }

    /// True the first time this element is to be judged by this definition.
    pub fn first_time(&mut self, node: NodeRef<'d>, canonical: &Arc<str>) -> bool {
        self.judged.insert((node.id(), canonical.clone()))
    }

    /// The snapshot of a definition that `node` asks for; where it cannot be had, that is noted.
    pub fn snapshot(&mut self, canonical: &str, node: NodeRef<'d>) -> Option<Arc<Snapshot>> {
        match self.validator.profiles.snapshot(canonical) {
            Ok(snapshot) => Some(snapshot),
            Err(error) => {
                self.unavailable(canonical, node, &error);
                None
            }
        }
    }

    fn unavailable(&mut self, canonical: &str, node: NodeRef<'d>, error: &ProfileError) {
        let known = |u: &Unavailable| u.canonical == canonical && u.node == node.id();
        if self.trials.is_empty() && !self.outcome.unavailable.iter().any(known) {
            let reason = error.to_string();
            self.outcome.unavailable.push(Unavailable { canonical: canonical.to_owned(), node: node.id(), reason });
        }
    }

    /// Counts a code that was looked up, or the reason why it could not be.
    pub fn count_code(&mut self, undecided: Option<String>) {
        if !self.trials.is_empty() {
            return;
        }
        match undecided {
            None => self.outcome.codes.checked += 1,
            Some(reason) => *self.outcome.codes.not_checkable.entry(reason).or_default() += 1,
        }
    }

    pub fn finish(mut self) -> Outcome {
        self.outcome.issues.sort_by_key(|i| (i.span.start(), i.node, i.severity));
        self.outcome
    }
}
