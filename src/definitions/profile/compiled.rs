//! The form the validator walks: the tree of a snapshot with slices, names and references looked up.
//!
//! A [`Profile`] stands on its own. Where its elements end at a type, their type rules say which profile goes
//! on; [`super::Profiles::profile`] gives that one, made when it is first needed.

use std::collections::HashMap;
use std::sync::Arc;

use super::discriminator::{self, SliceTest};
use super::model::{ElementRules, SlicingRules, StructureDefinition, TypeRule};
use super::registry::Profiles;
use super::snapshot::{Snapshot, SnapshotProblem};
use super::tree::ElementNode;

/// An element of one [`Profile`]: an index, meaningless without its profile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ElementIndex(u32);

impl ElementIndex {
    /// The root: the resource or value as a whole.
    pub const ROOT: ElementIndex = ElementIndex(0);

    /// Position in the profile; usable as an index into tables of one's own.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A StructureDefinition ready to be checked against: a profile, an extension, or a base type.
#[derive(Debug)]
pub struct Profile {
    /// Url, version, name, type.
    pub definition: Arc<StructureDefinition>,
    /// What of the definition could not be used; what concerns it can only be not evaluated.
    pub problems: Vec<SnapshotProblem>,
    elements: Vec<ProfileElement>,
}

/// One element or slice of a [`Profile`].
#[derive(Debug)]
pub struct ProfileElement {
    /// Name without `[x]`.
    pub name: Arc<str>,
    /// True for `value[x]` and its like.
    pub is_choice: bool,
    /// Name of the slice, where it is one.
    pub slice_name: Option<Arc<str>>,
    /// Everything said of it: cardinality, types, binding, values, invariants.
    pub rules: Arc<ElementRules>,
    /// The element it is in. For a slice that of the sliced element.
    pub parent: Option<ElementIndex>,
    /// The elements in it, in order, each once (slices are in [`ProfileElement::slices`] of theirs). Empty:
    /// its types say what is in it.
    pub children: Vec<ElementIndex>,
    /// How it is divided, if it is.
    pub slices: Option<SliceSet>,
    /// The element whose children it shares, where its definition refers to another of this profile.
    pub content: Option<ElementIndex>,
}

/// The slices of one element.
#[derive(Debug)]
pub struct SliceSet {
    /// What is allowed beside them.
    pub rules: SlicingRules,
    /// True when they must come in their order.
    pub ordered: bool,
    /// The discriminators as written, for messages: `value:code.coding.code`. Empty: nothing tells the slices
    /// apart, so none can be decided.
    pub discriminators: Vec<Arc<str>>,
    /// The slices in order.
    pub slices: Vec<Slice>,
}

/// One slice and what decides that something is in it.
#[derive(Debug)]
pub struct Slice {
    /// Its name.
    pub name: Arc<str>,
    /// Its rules and children.
    pub element: ElementIndex,
    /// One test for each discriminator, in their order; all must hold.
    pub tests: Vec<SliceTest>,
}

/// A child found under the name an instance writes.
#[derive(Clone, Copy, Debug)]
pub struct Child<'p> {
    /// The element.
    pub element: ElementIndex,
    /// For a choice, which of its types the name says.
    pub type_rule: Option<&'p TypeRule>,
}

impl Profile {
    /// Compiles a snapshot.
    pub(super) fn compile(profiles: &Profiles, snapshot: &Snapshot) -> Profile {
        let mut compiler = Compiler { profiles, elements: vec![] };
        compiler.add(&snapshot.root, None);
        compiler.refer();
        Profile {
            definition: snapshot.definition.clone(),
            problems: snapshot.problems.clone(),
            elements: compiler.elements,
        }
    }

    /// One element. An index of another profile gives the root or a wrong element, never a panic.
    pub fn element(&self, at: ElementIndex) -> &ProfileElement {
        // A snapshot has a root, so there is a first element.
        self.elements.get(at.index()).unwrap_or(&self.elements[0])
    }

    /// The whole.
    pub fn root(&self) -> &ProfileElement {
        self.element(ElementIndex::ROOT)
    }

    /// Every element with its index, parents first.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = (ElementIndex, &ProfileElement)> {
        self.elements.iter().enumerate().map(|(at, e)| (ElementIndex(at as u32), e))
    }

    /// Where the children of an element are: itself, or what its definition refers to.
    pub fn content(&self, at: ElementIndex) -> ElementIndex {
        self.element(at).content.unwrap_or(at)
    }

    /// The child of an element that an instance writes under this name: `code`, `valueQuantity`.
    pub fn child(&self, of: ElementIndex, written: &str) -> Option<Child<'_>> {
        let children = &self.element(self.content(of)).children;
        children.iter().find_map(|at| {
            let child = self.element(*at);
            if !child.is_choice {
                return (*child.name == *written).then_some(Child { element: *at, type_rule: None });
            }
            let suffix = written.strip_prefix(&*child.name)?;
            let rule = child.rules.types.iter().find(|t| names(suffix, &t.code))?;
            Some(Child { element: *at, type_rule: Some(rule) })
        })
    }

    /// Path of an element as people write it: `Observation.component.value[x]`.
    pub fn path(&self, at: ElementIndex) -> String {
        self.label(at, false)
    }

    /// Its id, slices included: `Observation.component:SystolicBP.value[x]`
    /// (<http://hl7.org/fhir/STU3/elementdefinition.html#id>).
    pub fn id(&self, at: ElementIndex) -> String {
        self.label(at, true)
    }

    fn label(&self, at: ElementIndex, with_slices: bool) -> String {
        label(&self.elements, at, with_slices)
    }
}

fn label(elements: &[ProfileElement], at: ElementIndex, with_slices: bool) -> String {
    let Some(element) = elements.get(at.index()) else { return String::new() };
    let mut label = match element.parent {
        Some(parent) => label(elements, parent, with_slices) + ".",
        None => String::new(),
    };
    label.push_str(&element.name);
    if element.is_choice {
        label.push_str("[x]");
    }
    if let Some(slice) = element.slice_name.as_ref().filter(|_| with_slices) {
        label.push(':');
        label.push_str(slice);
    }
    label
}

/// True when a choice's name ends in the name of this type: `Quantity`, `DateTime` for `dateTime`.
fn names(suffix: &str, code: &str) -> bool {
    let (mut a, mut b) = (suffix.chars(), code.chars());
    match (a.next(), b.next()) {
        (Some(first), Some(_)) if code == "*" => first.is_ascii_uppercase(),
        (Some(first), Some(of_code)) => first == of_code.to_ascii_uppercase() && a.as_str() == b.as_str(),
        _ => false,
    }
}

struct Compiler<'p> {
    profiles: &'p Profiles,
    elements: Vec<ProfileElement>,
}

impl Compiler<'_> {
    /// Links elements that refer to the content of another: of this tree or, inside a resource that was
    /// walked into, of that resource's type, which comes in as a tree beside it.
    fn refer(&mut self) {
        let refers = |e: &ProfileElement| e.content.is_none() && e.children.is_empty();
        let mut known: HashMap<Arc<str>, Option<ElementIndex>> = HashMap::new();
        let mut next = 0;
        while let Some(at) = (next..self.elements.len())
            .find(|i| self.elements.get(*i).is_some_and(|e| refers(e) && e.rules.content_reference.is_some()))
        {
            next = at + 1;
            let Some(reference) = self.elements.get(at).and_then(|e| e.rules.content_reference.clone()) else {
                continue;
            };
            let target = match known.get(&reference) {
                Some(target) => *target,
                None => {
                    let target = self.in_tree(&reference).or_else(|| self.of_type(&reference));
                    known.insert(reference, target);
                    target
                }
            };
            if let Some(element) = self.elements.get_mut(at) {
                element.content = target;
            }
        }
    }

    fn in_tree(&self, path: &str) -> Option<ElementIndex> {
        let name = path.rsplit('.').next()?;
        let indices = (0..self.elements.len()).map(|at| ElementIndex(at as u32));
        // The element itself stands before its slices.
        indices
            .zip(&self.elements)
            .find(|(at, e)| *e.name == *name && label(&self.elements, *at, true) == path)
            .map(|f| f.0)
    }

    fn of_type(&mut self, path: &str) -> Option<ElementIndex> {
        let mut names = path.split('.');
        let of_type = self.profiles.snapshot(&Profiles::type_canonical(names.next()?)).ok()?;
        let target = names.try_fold(of_type.root.clone(), |node, name| node.child(name).cloned())?;
        Some(self.add(&target, None))
    }

    fn add(&mut self, node: &ElementNode, parent: Option<ElementIndex>) -> ElementIndex {
        let at = ElementIndex(self.elements.len() as u32);
        let (name, is_choice) = match node.name.strip_suffix("[x]") {
            Some(stem) => (stem.into(), true),
            None => (node.name.clone(), false),
        };
        self.elements.push(ProfileElement {
            name,
            is_choice,
            slice_name: node.slice_name.clone(),
            rules: node.rules.clone(),
            parent,
            children: Vec::with_capacity(node.children.len()),
            slices: None,
            content: None,
        });
        for child in &node.children {
            let child = self.add(child, Some(at));
            self.elements[at.index()].children.push(child);
        }
        let slices: Vec<Slice> = node.slices.iter().map(|s| self.slice(node, s, parent)).collect();
        if !slices.is_empty() || node.rules.slicing.is_some() {
            let slicing = node.rules.slicing.as_deref();
            self.elements[at.index()].slices = Some(SliceSet {
                rules: slicing.map_or(SlicingRules::Open, |s| s.rules),
                ordered: slicing.is_some_and(|s| s.ordered),
                discriminators: slicing
                    .map(|s| s.discriminators.iter().map(discriminator::text).collect())
                    .unwrap_or_default(),
                slices,
            });
        }
        at
    }

    fn slice(&mut self, sliced: &ElementNode, node: &ElementNode, parent: Option<ElementIndex>) -> Slice {
        let slicing = sliced.rules.slicing.as_deref();
        let discriminators = slicing.map(|s| &*s.discriminators).unwrap_or_default();
        let tests = discriminators.iter().map(|d| discriminator::test(self.profiles, node, d)).collect();
        let name = node.slice_name.clone().unwrap_or_else(|| node.name.clone());
        Slice { name, element: self.add(node, parent), tests }
    }
}
