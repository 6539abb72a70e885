//! Slices: which occurrence belongs to which, and how many of each there are.

use std::sync::Arc;

use super::code;
use super::defined::Defined;
use super::discriminator::Belongs;
use super::element::times;
use super::issue::Detail;
use super::mismatch::SliceMismatch;
use super::walk::{Origin, Walk};
use crate::definitions::profile::{Discriminator, ElementNode, Max, SlicingRules};
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;

impl<'d> Walk<'_, 'd> {
    /// Sorts occurrences into slices, judges each by its slice and counts.
    pub fn slices(&mut self, parent: NodeRef<'d>, rule: &Arc<ElementNode>, nodes: &[NodeRef<'d>], origin: Origin<'_>) {
        let slicing = rule.rules.slicing.clone();
        let discriminators: &[Discriminator] = slicing.as_ref().map_or(&[], |s| &s.discriminators);
        let mut counts = vec![0u32; rule.slices.len()];
        let mut undecided = vec![false; rule.slices.len()];
        let mut last = 0;
        let mut in_none = vec![];
        for node in nodes {
            let mut found = vec![];
            for (i, slice) in rule.slices.iter().enumerate() {
                match self.belongs(*node, slice, discriminators) {
                    Belongs::Yes => found.push(i),
                    Belongs::No => {}
                    Belongs::Undecided => undecided[i] = true,
                }
            }
            if let [_, _, ..] = &found[..] {
                let names: Vec<&str> = found.iter().filter_map(|i| rule.slices[*i].slice_name.as_deref()).collect();
                let message = format!("`{}` fits more than one slice: {}", node.name(), names.join(", "));
                self.report(*node, Severity::Error, code::AMBIGUOUS_SLICE, message, origin);
            }
            match found.first() {
                Some(slice) => {
                    counts[*slice] += 1;
                    if slicing.as_ref().is_some_and(|s| s.ordered) && *slice < last {
                        let message = format!("`{}` stands after a later slice", node.name());
                        self.report(*node, Severity::Error, code::SLICE_ORDER, message, origin);
                    }
                    last = *slice;
                    let slice = rule.slices[*slice].clone();
                    self.element(*node, &slice, origin);
                }
                None => {
                    in_none.push(*node);
                    if slicing.as_ref().is_some_and(|s| s.rules == SlicingRules::Closed) {
                        let names: Vec<&str> = rule.slices.iter().filter_map(|s| s.slice_name.as_deref()).collect();
                        let message = format!("`{}` fits none of the slices {}", node.name(), names.join(", "));
                        let slices = self.mismatches(&[*node], &rule.slices, discriminators);
                        let detail = Detail { slices, ..Detail::default() };
                        self.report_with(*node, Severity::Error, code::CLOSED_SLICING, message, detail, origin);
                    }
                    self.unknown_part(*node, rule, origin);
                    self.element(*node, rule, origin);
                }
            }
        }
        for (i, slice) in rule.slices.iter().enumerate() {
            let table = match counts[i] < slice.rules.min() {
                true => self.mismatches(&in_none, std::slice::from_ref(slice), discriminators),
                false => vec![],
            };
            self.slice_cardinality(parent, slice, (counts[i], undecided[i]), table, origin);
        }
    }

    /// A part of a complex extension is named by a url that only the definition of the whole knows.
    fn unknown_part(&mut self, node: NodeRef<'d>, rule: &ElementNode, origin: Origin<'_>) {
        let of_extension = node.parent().is_some_and(|p| self.document.type_name(p.id()) == "Extension");
        let Some(url) = node.child_value("url").filter(|u| of_extension && !u.contains(':')) else { return };
        let names: Vec<&str> = rule.slices.iter().filter_map(|s| s.slice_name.as_deref()).collect();
        let message = format!("`{url}` is not a part of this extension, it has {}", names.join(", "));
        self.report(node, Severity::Error, code::UNKNOWN_EXTENSION, message, origin);
    }

    fn slice_cardinality(
        &mut self,
        parent: NodeRef<'d>,
        slice: &ElementNode,
        (count, undecided): (u32, bool),
        table: Vec<SliceMismatch>,
        origin: Origin<'_>,
    ) {
        let name = slice.slice_name.as_deref().unwrap_or_default();
        let (min, max) = (slice.rules.min(), slice.rules.max());
        if undecided {
            let message = format!("nothing tells slice `{name}` of `{}` apart, it was not checked", slice.name);
            if min > 0 {
                self.not_checked(origin, parent, message.clone());
            }
            self.report(parent, Severity::Warning, code::UNDECIDED_SLICING, message, origin);
        } else if count < min {
            let message =
                format!("slice `{name}` of `{}` must occur at least {}, found {count}", slice.name, times(min));
            let detail = Detail { slices: table, child: Some(Defined::child(slice)), ..Detail::default() };
            self.report_with(parent, Severity::Error, code::SLICE_MINIMUM, message, detail, origin);
        }
        if let (false, Max::Count(most)) = (max.allows(count), max) {
            let message =
                format!("slice `{name}` of `{}` may occur at most {}, found {count}", slice.name, times(most));
            let detail = Detail { child: Some(Defined::child(slice)), ..Detail::default() };
            self.report_with(parent, Severity::Error, code::SLICE_MAXIMUM, message, detail, origin);
        }
    }
}
