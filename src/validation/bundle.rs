//! Bundles: what invariants do not say.

use super::walk::Walk;
use crate::fhir::NodeRef;

impl<'d> Walk<'_, 'd> {
    /// Judges what belongs to a Bundle as a whole.
    pub fn bundle(&mut self, _node: NodeRef<'d>) {}
}
