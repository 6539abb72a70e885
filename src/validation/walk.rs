//! One validation under way: the document, what was found, and what need not be done twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::issue::{Detail, Issue, Outcome, Unavailable};
use super::{Policy, Validator};
use crate::definitions::Typed;
use crate::definitions::profile::{ProfileError, Snapshot};
use crate::diagnostic::{Code, Severity};
use crate::fhir::reference::ReferenceIndex;
use crate::fhir::{NodeId, NodeRef};

/// Where a rule stands: the definition it is part of, for messages.
pub(super) type Origin<'p> = &'p Arc<str>;

/// Most targets of references that are tried inside each other: a Bundle may hold thousands that form a chain.
const DEEPEST: usize = 24;

/// State of one validation.
pub(super) struct Walk<'v, 'd> {
    pub validator: &'v Validator,
    pub document: &'d Typed,
    pub references: ReferenceIndex,
    outcome: Outcome,
    /// Element and definition that were judged, or are being judged: a circle of references ends here.
    judged: HashSet<(NodeId, usize)>,
    /// What is known of elements that were tried by a definition; true while it is being tried.
    tried: HashMap<(NodeId, usize), bool>,
    reported: HashSet<(NodeId, Code, String)>,
    /// What is said of extensions at HL7's address that HL7 does not define.
    pub unknown_extensions: HashMap<&'d str, String>,
    /// Code systems that were reported as unknown: once is enough.
    pub unknown_systems: HashSet<&'d str>,
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
            tried: HashMap::new(),
            reported: HashSet::new(),
            unknown_extensions: HashMap::new(),
            unknown_systems: HashSet::new(),
            trials: vec![],
        }
    }

    pub fn policy(&self) -> Policy {
        self.validator.policy
    }

    /// True while an element is tried by a definition: nothing is reported.
    pub fn is_trying(&self) -> bool {
        !self.trials.is_empty()
    }

    /// Notes an issue, once for each element, rule and message.
    pub fn report(&mut self, node: NodeRef<'d>, severity: Severity, code: Code, message: String, profile: Origin<'_>) {
        self.report_with(node, severity, code, message, Detail::default(), profile);
    }

    /// Notes an issue, with what goes with it.
    pub fn report_with(
        &mut self,
        node: NodeRef<'d>,
        severity: Severity,
        code: Code,
        message: String,
        detail: Detail,
        profile: Origin<'_>,
    ) {
        if let Some(errors) = self.trials.last_mut() {
            *errors += usize::from(severity <= Severity::Error);
            return;
        }
        if self.reported.insert((node.id(), code, message.clone())) {
            let issue = Issue::at(node, severity, code, message, profile.clone());
            let Detail { dutch, slices, child, invariant } = detail;
            // Found in full when all is judged: few issues are worth the way to them.
            self.outcome.issues.push(Issue { dutch, slices, defined: child, invariant, ..issue });
        }
    }

    /// Judges an element by a definition without reporting: true when no rule is broken, or when that is
    /// being found out already (two resources that refer to each other).
    pub fn conforms(&mut self, node: NodeRef<'d>, canonical: &str) -> bool {
        let Ok(snapshot) = self.validator.profiles.snapshot(canonical) else { return false };
        if !self.is_type(self.document.type_name(node.id()), &snapshot.definition.type_name) {
            return false;
        }
        let key = (node.id(), address(&snapshot));
        if let Some(known) = self.tried.get(&key) {
            return *known;
        }
        if self.trials.len() >= DEEPEST {
            let reason = format!("more than {DEEPEST} resources refer to each other in a row");
            self.note_unavailable(canonical, node, reason);
            return true;
        }
        self.tried.insert(key, true);
        let judged = std::mem::take(&mut self.judged);
        self.trials.push(0);
        self.by_snapshot(node, &snapshot);
        self.judged = judged;
        let conforms = self.trials.pop() == Some(0);
        self.tried.insert(key, conforms);
        conforms
    }

    /// True the first time this element is to be judged by this definition.
    pub fn first_time(&mut self, node: NodeRef<'d>, snapshot: &Arc<Snapshot>) -> bool {
        self.judged.insert((node.id(), address(snapshot)))
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
        self.not_checked(canonical, node, error.to_string());
    }

    /// Notes that something a definition asks for was not checked.
    pub fn not_checked(&mut self, canonical: &str, node: NodeRef<'d>, reason: String) {
        if self.trials.is_empty() {
            self.note_unavailable(canonical, node, reason);
        }
    }

    fn note_unavailable(&mut self, canonical: &str, node: NodeRef<'d>, reason: String) {
        let known = |u: &Unavailable| u.canonical == canonical && u.node == node.id() && u.reason == reason;
        if !self.outcome.unavailable.iter().any(known) {
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

    /// True when an element was judged by the definition with this address.
    pub fn was_judged(&self, node: NodeRef<'d>, definition: usize) -> bool {
        self.judged.contains(&(node.id(), definition))
    }

    pub fn finish(mut self) -> Outcome {
        let mut issues = std::mem::take(&mut self.outcome.issues);
        // What is looked up from here on is not reported.
        self.trials.push(0);
        for issue in &mut issues {
            let node = self.document.node(issue.node);
            issue.defined = self.defined(node, &issue.profile, issue.defined.take());
        }
        self.outcome.issues = issues;
        self.outcome.issues.sort_by_key(|i| (i.span.start(), i.node, i.severity));
        self.outcome
    }
}

/// Tells snapshots apart; they live as long as the validator.
pub(super) fn address(snapshot: &Arc<Snapshot>) -> usize {
    Arc::as_ptr(snapshot) as usize
}
