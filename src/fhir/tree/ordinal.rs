//! Which of several siblings with one name a node is.
//!
//! Counting siblings for one path is cheap; a Bundle of ten thousand entries with an issue in each makes it
//! quadratic. So the first question counts for all nodes, and the rest are look-ups.

use super::{Document, NONE, NameId, Node};

/// Position among siblings of one name, for every node of a document.
pub(super) struct Ordinals(Vec<u32>);

/// Set where there are several siblings of the name; the bits below it hold the position.
const SEVERAL: u32 = 1 << 31;

impl Ordinals {
    pub fn of(document: &Document) -> Ordinals {
        let mut ordinals = vec![0; document.nodes.len()];
        let mut counts = vec![0; document.names.list.len()];
        for parent in &document.nodes {
            let children = || siblings(&document.nodes, parent.first_child);
            for (id, name) in children() {
                ordinals[id] = counts[name.index()];
                counts[name.index()] += 1;
            }
            for (id, _) in children().filter(|(_, name)| counts[name.index()] > 1) {
                ordinals[id] |= SEVERAL;
            }
            children().for_each(|(_, name)| counts[name.index()] = 0);
        }
        Ordinals(ordinals)
    }

    /// Position of a node among its siblings of the same name, from 0.
    pub fn index(&self, node: usize) -> usize {
        self.0.get(node).map_or(0, |ordinal| (ordinal & !SEVERAL) as usize)
    }

    /// True when a sibling has the same name.
    pub fn is_one_of_several(&self, node: usize) -> bool {
        self.0.get(node).is_some_and(|ordinal| ordinal & SEVERAL != 0)
    }
}

fn siblings(nodes: &[Node], first: u32) -> impl Iterator<Item = (usize, NameId)> {
    let next = move |at: &u32| nodes.get(*at as usize).map(|node| node.next_sibling).filter(|next| *next != NONE);
    let ids = std::iter::successors((first != NONE).then_some(first), next);
    ids.filter_map(|id| Some((id as usize, nodes.get(id as usize)?.name)))
}
