//! Snapshot generation: the differential laid over the base, element by element
//! (<http://hl7.org/fhir/STU3/profiling.html#snapshot>).
//!
//! Both are trees, so order and gaps in the differential do not matter: each of its nodes is laid over the
//! node of the base it means. Where the base stops (at a data type, a reference to other content, a profiled
//! type) and the differential goes on, the children come from there. What is not touched is shared.

use std::sync::Arc;

use super::choice::{self, Aligned, SliceDiff};
use super::merge;
use super::model::{Derivation, ElementRules, Max, StructureDefinition};
use super::registry::{ProfileError, Profiles};
use super::snapshot::{Snapshot, SnapshotProblem};
use super::tree::{ElementNode, ListFault};

/// Makes the snapshot of a definition; `chain` are those that wait for it.
pub(super) fn snapshot(
    profiles: &Profiles,
    definition: Arc<StructureDefinition>,
    chain: &mut Vec<Arc<str>>,
) -> Result<Snapshot, ProfileError> {
    let unreadable =
        |e: ListFault| ProfileError::Unreadable { canonical: definition.url.clone(), reason: e.to_string() };
    // A type brings its snapshot. A profile that brings nothing else is laid over its base like a
    // differential: so its choices and slices come in one form, however they were published.
    let is_type = definition.is_snapshot && definition.derivation == Derivation::Specialization;
    let Some(base) = definition.base.as_ref().filter(|_| !is_type) else {
        return Snapshot::as_written(definition.clone()).map_err(unreadable);
    };
    let base = profiles.snapshot_within(base, chain).map_err(|reason| ProfileError::Base {
        canonical: definition.url.clone(),
        base: base.clone(),
        reason: Box::new(reason),
    })?;
    if definition.elements.is_empty() {
        // Nothing is changed.
        return Ok(Snapshot { definition, root: base.root.clone(), problems: base.problems.clone() });
    }
    let differential = ElementNode::from_list(&definition.elements).map_err(unreadable)?;
    let mut generator = Generator { profiles, chain, path: vec![], problems: base.problems.clone() };
    let mut root = generator.lay(&base.root, &differential, &differential.rules);
    let problems = generator.problems;
    if root.name != differential.name {
        // A new type is named by its own differential.
        Arc::make_mut(&mut root).name = differential.name.clone();
    }
    Ok(Snapshot { definition, root, problems })
}

struct Generator<'p> {
    profiles: &'p Profiles,
    chain: &'p mut Vec<Arc<str>>,
    /// Names from the root to where we are, for messages.
    path: Vec<String>,
    problems: Vec<SnapshotProblem>,
}

impl Generator<'_> {
    fn place(&self) -> String {
        let is_slice_of =
            |slice: &String, part: &String| slice.strip_prefix(&**part).is_some_and(|s| s.starts_with(':'));
        let mut place = String::new();
        for (at, part) in self.path.iter().enumerate() {
            // A slice's name says of what.
            if self.path.get(at + 1).is_some_and(|next| is_slice_of(next, part)) {
                continue;
            }
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(part);
        }
        place
    }

    /// Lays a node of the differential over the node of the base it means. `stated` is what it says.
    fn lay(&mut self, base: &Arc<ElementNode>, diff: &ElementNode, stated: &ElementRules) -> Arc<ElementNode> {
        let label = match &diff.slice_name {
            Some(slice) => format!("{}:{slice}", base.name),
            None => base.name.to_string(),
        };
        self.path.push(label);
        let mut node = ElementNode::clone(base);
        node.rules = self.rules(base, stated);
        if !diff.children.is_empty() {
            match choice::only_type(base) {
                // All that is said of a choice is said of the one type it has left.
                Some(only) => {
                    let only = self.lay(only, diff, stated);
                    node.slices = vec![only];
                }
                None => {
                    if node.children.is_empty() {
                        self.open(&mut node);
                    }
                    self.lay_children(&mut node, &diff.children);
                }
            }
        }
        if !diff.slices.is_empty()
            && node.children.is_empty()
            && let Some(target) = node.rules.content_reference.clone().and_then(|r| self.content(&r))
        {
            // What is divided is looked into.
            node.children.clone_from(&target.children);
        }
        let slices: Vec<SliceDiff<'_>> = diff.slices.iter().map(|s| SliceDiff::named(s)).collect();
        // A slice of a slice begins as that slice is now, any other as the element was in the base.
        let template = match diff.slice_name.is_some() && !slices.is_empty() {
            true => Arc::new(node.clone()),
            false => base.clone(),
        };
        self.lay_slices(&template, &mut node, stated, &slices);
        self.path.pop();
        Arc::new(node)
    }

    /// The rules of a node: the base's, or those of the profile its type is given, and then what is stated.
    fn rules(&mut self, base: &ElementNode, stated: &ElementRules) -> Arc<ElementRules> {
        if let [only] = &*stated.types
            && let [canonical] = &*only.profiles
            && &*only.code != "Reference"
        {
            let is_extension = &*only.code == "Extension";
            if let Some(profile) = self.wanted(canonical) {
                let template = merge::from_type_profile(&profile.root.rules, &base.rules, is_extension);
                return merge::derive(&Arc::new(template), stated);
            }
        }
        merge::derive(&base.rules, stated)
    }

    /// The snapshot of a profile that is walked into; a missing one is noted.
    fn wanted(&mut self, canonical: &Arc<str>) -> Option<Arc<Snapshot>> {
        match self.profiles.snapshot_within(canonical, self.chain) {
            Ok(snapshot) => Some(snapshot),
            Err(_) => {
                let problem = SnapshotProblem::MissingProfile { path: self.place(), canonical: canonical.clone() };
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
                None
            }
        }
    }

    /// Gives a node that ends at its type the children of that type.
    fn open(&mut self, node: &mut ElementNode) {
        if let Some(reference) = node.rules.content_reference.clone() {
            if let Some(target) = self.content(&reference) {
                let mut rules = ElementRules::clone(&node.rules);
                rules.content_reference = None;
                rules.types.clone_from(&target.rules.types);
                node.rules = Arc::new(rules);
                node.children.clone_from(&target.children);
            }
            return;
        }
        let rules = node.rules.clone();
        if let [only] = &*rules.types
            && let [canonical] = &*only.profiles
            && let Some(profile) = self.wanted(canonical)
        {
            node.children.clone_from(&profile.root.children);
            return;
        }
        // What several types have in common are the children of every element.
        let code = rules.single_type().unwrap_or("Element");
        if let Some(of_type) = self.wanted(&Profiles::type_canonical(code).into()) {
            node.children.clone_from(&of_type.root.children);
        }
    }

    /// The element a contentReference names: `Questionnaire.item` in the snapshot of `Questionnaire`.
    fn content(&mut self, reference: &str) -> Option<Arc<ElementNode>> {
        let mut names = reference.split('.');
        let of_type = self.wanted(&Profiles::type_canonical(names.next()?).into())?;
        names.try_fold(of_type.root.clone(), |node, name| node.child(name).cloned())
    }

    fn lay_children(&mut self, node: &mut ElementNode, children: &[Arc<ElementNode>]) {
        let (aligned, unknown) = choice::align(&node.children, children);
        for name in unknown {
            self.problems.push(SnapshotProblem::UnknownElement { path: format!("{}.{name}", self.place()) });
        }
        for Aligned { at, main, slices } in aligned {
            let Some(base) = node.children.get(at).cloned() else { continue };
            let mut laid = match main {
                Some(diff) => self.lay(&base, diff, &diff.rules),
                None => base.clone(),
            };
            if !slices.is_empty() {
                self.path.push(base.name.to_string());
                let silent = ElementRules::default();
                let stated = main.map_or(&silent, |m| &m.rules);
                self.lay_slices(&base, Arc::make_mut(&mut laid), stated, &slices);
                self.path.pop();
            }
            if let Some(place) = node.children.get_mut(at) {
                *place = laid;
            }
        }
    }

    /// Lays slices over those the base has, and adds the others, each of which begins as the element itself.
    fn lay_slices(
        &mut self,
        base: &Arc<ElementNode>,
        node: &mut ElementNode,
        stated: &ElementRules,
        slices: &[SliceDiff<'_>],
    ) {
        if slices.is_empty() {
            return;
        }
        let is_choice = base.name.ends_with("[x]");
        for slice in slices {
            let known = node.slices.iter().position(|s| s.slice_name.as_deref() == Some(&*slice.name));
            match known.and_then(|at| node.slices.get(at).cloned().map(|s| (at, s))) {
                Some((at, known)) => {
                    let laid = self.lay(&known, slice.node, &slice.node.rules);
                    if let Some(place) = node.slices.get_mut(at) {
                        *place = laid;
                    }
                }
                None => {
                    let template = Arc::new(slice_template(base, slice));
                    let mut stated = slice.stated();
                    if stated.min.is_none() {
                        // Not required unless it says so itself, whatever its type's profile says of its root.
                        stated.to_mut().min = Some(0);
                    }
                    node.slices.push(self.lay(&template, slice.node, &stated));
                }
            }
        }
        if is_choice {
            choice::close(base, node, stated, slices);
        } else if node.rules.slicing.is_none() {
            match choice::implied_slicing(&base.name) {
                Some(slicing) => Arc::make_mut(&mut node.rules).slicing = Some(slicing),
                None => self.problems.push(SnapshotProblem::Undivided { path: self.place() }),
            }
        }
        // Where slices were there before, what they require is required of the element.
        let required: u32 = node.slices.iter().map(|s| s.rules.min()).fold(0, u32::saturating_add);
        if !is_choice && !base.slices.is_empty() && stated.min.is_none() && node.rules.min() < required {
            Arc::make_mut(&mut node.rules).min = Some(required);
        }
    }
}

/// What a new slice begins as: the element without its own slices, not required unless it says so.
fn slice_template(base: &ElementNode, slice: &SliceDiff<'_>) -> ElementNode {
    let mut rules = ElementRules::clone(&base.rules);
    rules.slicing = None;
    rules.min = Some(0);
    rules.max = Some(rules.max.unwrap_or(Max::Unbounded));
    ElementNode {
        name: base.name.clone(),
        slice_name: Some(Arc::from(&*slice.name)),
        rules: Arc::new(rules),
        children: base.children.clone(),
        slices: vec![],
    }
}
