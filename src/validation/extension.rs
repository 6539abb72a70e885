//! Extensions: known, and as their definition says.

use std::sync::Arc;

use super::code;
use super::walk::Walk;
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;

impl<'d> Walk<'_, 'd> {
    /// Judges an Extension by the definition its url names.
    pub fn extension(&mut self, node: NodeRef<'d>) {
        let nothing: Arc<str> = "".into();
        let Some(url) = node.child_value("url") else { return };
        let nested = node.parent().is_some_and(|p| self.document.type_name(p.id()) == "Extension");
        if !url.contains(':') {
            // Inside a complex extension the definition of the outer one says what `url` may be.
            if !nested {
                let message = format!("the url of an extension must be absolute, found `{url}`");
                self.report(node, Severity::Error, code::EXTENSION_URL, message, &nothing);
            }
            return;
        }
        match self.validator.profiles.definition(url) {
            Ok(_) => self.by_definition(node, url, node),
            Err(_) => {
                let severity = self.policy().unknown_extension;
                let message = format!("the extension `{url}` is in none of the packages");
                self.report(node, severity, code::UNKNOWN_EXTENSION, message, &nothing);
            }
        }
    }
}
