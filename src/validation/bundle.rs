//! Bundles: what invariants do not say.

use std::sync::Arc;

use super::code;
use super::walk::Walk;
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;
use crate::fhir::reference::Reference;

/// Bundle types whose first entry is of one resource type
/// (<http://hl7.org/fhir/STU3/documents.html>, <http://hl7.org/fhir/STU3/messaging.html>).
const FIRST_ENTRY: [(&str, &str); 2] = [("document", "Composition"), ("message", "MessageHeader")];

impl<'d> Walk<'_, 'd> {
    /// Judges what belongs to a Bundle as a whole.
    pub fn bundle(&mut self, node: NodeRef<'d>) {
        let nothing: Arc<str> = "".into();
        let bundle_type = node.child_value("type").unwrap_or_default();
        if let Some((_, wanted)) = FIRST_ENTRY.iter().find(|(t, _)| *t == bundle_type) {
            let first = node.child("entry").and_then(|e| e.child("resource")).and_then(NodeRef::resource_type);
            if first != Some(*wanted) {
                let found = first.unwrap_or("nothing");
                let message = format!("the first entry of a {bundle_type} must be a {wanted}, found {found}");
                self.report(node, Severity::Error, code::BUNDLE, message, &nothing);
            }
        }
        for entry in node.children_named("entry") {
            let (Some(url), Some(resource)) = (entry.child("fullUrl"), entry.child("resource")) else { continue };
            let (Some(text), Some(id)) = (url.value(), resource.child_value("id")) else { continue };
            // <http://hl7.org/fhir/STU3/bundle-definitions.html#Bundle.entry.fullUrl>: consistent with the id.
            if let Reference::Literal { base: Some(_), id: named, .. } = Reference::parse(text)
                && named != id
            {
                let message = format!("`fullUrl` names `{named}`, the resource has the id `{id}`");
                self.report(entry, Severity::Error, code::BUNDLE, message, &nothing);
            }
        }
    }
}
