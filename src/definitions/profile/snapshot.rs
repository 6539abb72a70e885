//! A snapshot: everything a StructureDefinition says, its own and what it inherits, as one tree.

use std::sync::Arc;

use super::model::{ElementDefinition, StructureDefinition};
use super::tree::{ElementNode, ListFault};

/// A StructureDefinition with its elements in full.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What it is the snapshot of.
    pub definition: Arc<StructureDefinition>,
    /// The element tree, from the type down.
    pub root: Arc<ElementNode>,
    /// What of the differential could not be applied; what cannot be applied is left out, never guessed.
    pub problems: Vec<SnapshotProblem>,
}

/// Something a differential says that cannot be made true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotProblem {
    /// The base has no such element.
    #[error("`{path}` is no element of the base")]
    UnknownElement {
        /// The path in the differential.
        path: String,
    },
    /// A profile of a type that is walked into, or a type, is not there.
    #[error("`{path}` is constrained by `{canonical}`, which is not in the packages")]
    MissingProfile {
        /// Where it is needed.
        path: String,
        /// What is needed.
        canonical: Arc<str>,
    },
    /// Slices of an element that nothing divides.
    #[error("`{path}` has slices but no discriminator")]
    Undivided {
        /// The sliced element.
        path: String,
    },
}

impl Snapshot {
    /// The snapshot of a definition that brings its own.
    pub fn as_written(definition: Arc<StructureDefinition>) -> Result<Snapshot, ListFault> {
        let root = ElementNode::from_list(&definition.elements)?;
        Ok(Snapshot { definition, root, problems: vec![] })
    }

    /// Its elements as a list, in the order of a published snapshot; every choice under its own name
    /// (`value[x]`), with slices for its types.
    pub fn elements(&self) -> Vec<ElementDefinition> {
        let mut list = vec![];
        self.root.walk(&mut |path, id, node| {
            list.push(ElementDefinition {
                id: Some(id.into()),
                path: path.into(),
                slice_name: node.slice_name.clone(),
                rules: node.rules.clone(),
            });
        });
        list
    }
}
