//! The elements of a differential or snapshot as a tree.
//!
//! A node has its children and, apart from them, its slices: `Observation.component` has `code`, `value[x]`
//! … as children and `component:SystolicBP` as a slice, which has children of its own. Nodes are shared: a
//! profile's tree is its base's with new nodes only from the root to what it changes, and everything that
//! walks into a CodeableConcept gets the same children.

use std::sync::Arc;

use super::model::{ElementDefinition, ElementRules};

/// An element or slice with all that is defined below it. No children means that none are stated here:
/// the type (or its profile) has them.
#[derive(Clone, Debug)]
pub struct ElementNode {
    /// Last part of the path: `component`, `value[x]`; the root's is the type.
    pub name: Arc<str>,
    /// Name of the slice, where this is one; `a/b` is a slice of slice `a`.
    pub slice_name: Option<Arc<str>>,
    /// What is said of it.
    pub rules: Arc<ElementRules>,
    /// The elements in it, in order.
    pub children: Vec<Arc<ElementNode>>,
    /// The slices it is divided into, in order.
    pub slices: Vec<Arc<ElementNode>>,
}

/// What goes wrong in a list of elements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    /// It is empty.
    #[error("it has no elements")]
    Empty,
    /// It has more than one root.
    #[error("`{0}` is not below the first element")]
    SecondRoot(Arc<str>),
    /// It nests deeper than any structure does.
    #[error("`{0}` is nested too deep")]
    TooDeep(Arc<str>),
}

/// Deepest path; everything that walks a tree does so by recursion. Official ones have 12 levels.
const DEEPEST: usize = 100;

impl ElementNode {
    /// The tree of a list of elements. Elements that the list leaves out between two others come in without
    /// rules, and so does the element of a slice that stands without it.
    pub fn from_list(elements: &[ElementDefinition]) -> Result<Arc<ElementNode>, ListFault> {
        let mut open: Vec<Open> = vec![];
        for element in elements {
            let path: &str = &element.path;
            let slashes = element.slice_name.iter().flat_map(|n| n.bytes()).filter(|b| *b == b'/').count();
            if slashes + path.bytes().filter(|b| *b == b'.').count() > DEEPEST {
                return Err(ListFault::TooDeep(element.path.clone()));
            }
            while open.len() > 1 && !open.last().is_some_and(|top| contains(path, top.path)) {
                close(&mut open);
            }
            let Some(top) = open.last() else {
                // A differential may leave its root out.
                let root_end = path.find('.').unwrap_or(path.len());
                open.push(Open::new(path, root_end, root_end));
                if root_end == path.len() {
                    open[0].node.rules = element.rules.clone();
                } else {
                    open_below(&mut open, path, element);
                }
                continue;
            };
            if !contains(path, top.path) {
                return Err(ListFault::SecondRoot(element.path.clone()));
            }
            open_below(&mut open, path, element);
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.pop().map(|root| Arc::new(root.node)).ok_or(ListFault::Empty)
    }

    /// The child with this name.
    pub fn child(&self, name: &str) -> Option<&Arc<ElementNode>> {
        self.children.iter().find(|c| &*c.name == name)
    }

    /// The slice with this name, or the slice of a slice.
    pub fn slice(&self, name: &str) -> Option<&Arc<ElementNode>> {
        self.slices.iter().find_map(|s| if s.slice_name.as_deref() == Some(name) { Some(s) } else { s.slice(name) })
    }

    /// Visits the node and all below it in the order of a snapshot: the element, what is in it, its slices.
    /// `visit` gets path and id (<http://hl7.org/fhir/STU3/elementdefinition.html#id>).
    pub fn walk<'n>(&'n self, visit: &mut impl FnMut(&str, &str, &'n ElementNode)) {
        let (mut path, mut id) = (String::new(), String::new());
        self.walk_from(&mut path, &mut id, visit);
    }

    fn walk_from<'n>(
        &'n self,
        path: &mut String,
        id: &mut String,
        visit: &mut impl FnMut(&str, &str, &'n ElementNode),
    ) {
        let (path_end, id_end) = (path.len(), id.len());
        for text in [&mut *path, &mut *id] {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(&self.name);
        }
        if let Some(slice) = &self.slice_name {
            id.push(':');
            id.push_str(slice);
        }
        visit(path, id, self);
        for child in &self.children {
            child.walk_from(path, id, visit);
        }
        path.truncate(path_end);
        id.truncate(id_end);
        for slice in &self.slices {
            slice.walk_from(path, id, visit);
        }
    }
}

/// True when `path` is below `above`.
fn contains(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

/// A node that may still get children.
struct Open<'l> {
    path: &'l str,
    node: ElementNode,
}

impl<'l> Open<'l> {
    /// The element whose path is the first `end` bytes of `path`; its name are the last `name` of these.
    fn new(path: &'l str, end: usize, name: usize) -> Open<'l> {
        let path = &path[..end];
        let node = ElementNode {
            name: path[end - name..].into(),
            slice_name: None,
            rules: Arc::default(),
            children: vec![],
            slices: vec![],
        };
        Open { path, node }
    }
}

/// Opens the element of `path` below the innermost open one, and those between them.
fn open_below<'l>(open: &mut Vec<Open<'l>>, path: &'l str, element: &ElementDefinition) {
    let mut from = open.last().map_or(0, |top| top.path.len() + 1);
    loop {
        let end = path[from..].find('.').map_or(path.len(), |at| from + at);
        open.push(Open::new(path, end, end - from));
        if end == path.len() {
            break;
        }
        from = end + 1;
    }
    if let Some(top) = open.last_mut() {
        top.node.rules = element.rules.clone();
        top.node.slice_name = element.slice_name.clone();
    }
}

/// Hangs the innermost open node under its parent: among the slices of its element if it is a slice.
fn close(open: &mut Vec<Open<'_>>) {
    let (Some(closed), Some(parent)) = (open.pop(), open.last_mut()) else { return };
    let node = closed.node;
    let children = &mut parent.node.children;
    let Some(slice_name) = node.slice_name.clone() else {
        return children.push(Arc::new(node));
    };
    let main = match children.iter().rposition(|c| c.name == node.name) {
        Some(at) => at,
        None => {
            let main = ElementNode {
                name: node.name.clone(),
                slice_name: None,
                rules: Arc::default(),
                children: vec![],
                slices: vec![],
            };
            children.push(Arc::new(main));
            children.len() - 1
        }
    };
    // Nothing else holds these nodes yet.
    if let Some(main) = children.get_mut(main).and_then(Arc::get_mut) {
        add_slice(main, &slice_name, node);
    }
}

fn add_slice(to: &mut ElementNode, name: &str, slice: ElementNode) {
    // `a/b` is a slice of `a`, `a/b/c` of `a/b`.
    let within = |s: &Arc<ElementNode>| {
        s.slice_name.as_deref().is_some_and(|outer| name.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/')))
    };
    match to.slices.iter().rposition(within).and_then(|at| to.slices.get_mut(at)).and_then(Arc::get_mut) {
        Some(outer) => add_slice(outer, name, slice),
        None => to.slices.push(Arc::new(slice)),
    }
}
