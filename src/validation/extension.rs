//! Extensions: known, in their place, and as their definition says.

use std::sync::Arc;

use super::code;
use super::invariant::context::{self, BASE};
use super::issue::{Broken, Detail};
use super::walk::Walk;
use crate::definitions::profile::{ExtensionContext, StructureDefinition};
use crate::diagnostic::{Severity, nearest};
use crate::fhir::NodeRef;
use crate::fhirpath::{Collection, Context, Element, Expression, Item};

impl<'d> Walk<'_, 'd> {
    /// Judges what is in an Extension by the definition its url names.
    pub fn extension(&mut self, node: NodeRef<'d>) {
        let Some(url) = node.child_value("url").filter(|u| u.contains(':')) else { return };
        // One that is nowhere has been reported by `extension_place`.
        if self.validator.profiles.definition(url).is_ok() {
            self.by_definition(node, url, node);
        }
    }

    /// Judges whether an Extension may stand where it stands.
    pub fn extension_place(&mut self, node: NodeRef<'d>) {
        let nothing: Arc<str> = "".into();
        let (Some(url), Some(holder)) = (node.child_value("url"), node.parent()) else { return };
        if !url.contains(':') {
            // Inside a complex extension the definition of the outer one says what `url` may be.
            if self.document.type_name(holder.id()) != "Extension" {
                let message = format!("the url of an extension must be absolute, found `{url}`");
                self.report(node, Severity::Error, code::EXTENSION_URL, message, &nothing);
            }
            return;
        }
        let Ok(definition) = self.validator.profiles.definition(url) else {
            let severity = self.policy().unknown_extension;
            let message = format!("the extension `{url}` is in none of the packages");
            self.report(node, severity, code::UNKNOWN_EXTENSION, message, &nothing);
            return self.unknown_in_base(node, url, severity);
        };
        self.modifier(node, &definition);
        self.context_invariants(node, holder, &definition);
        if definition.contexts.is_empty() || definition.contexts.iter().any(|c| self.is_context(holder, c)) {
            return;
        }
        let allowed: Vec<String> = definition.contexts.iter().map(|c| format!("`{}`", c.expression)).collect();
        let message = format!("the extension `{url}` may not stand here, only on {}", allowed.join(", "));
        self.report(holder, Severity::Error, code::EXTENSION_CONTEXT, message, &definition.url);
    }

    /// The extensions at HL7's own address are all in the package of the release: a url there that is none of
    /// them is misspelt, or of another release.
    fn unknown_in_base(&mut self, node: NodeRef<'d>, url: &'d str, severity: Severity) {
        let (Some(name), Some(at)) = (url.strip_prefix(BASE), node.child("url")) else { return };
        let validator = self.validator;
        let release = self.document.table().version();
        let said = self.unknown_extensions.entry(url).or_insert_with(|| {
            let said = format!("FHIR {release} defines no extension `{name}`");
            // `iso21090-ADXP-houseNumber`: names of one family differ in their last part.
            let Some((family, last)) = name.rsplit_once('-') else { return said };
            let urls = validator.profiles.urls();
            let names = urls.iter().filter_map(|url| url.strip_prefix(BASE)?.rsplit_once('-'));
            match nearest(last, names.filter(|(of, _)| *of == family).map(|(_, last)| last)) {
                Some(near) => format!("{said}, `{family}-{near}` is one"),
                None => said,
            }
        });
        let message = said.clone();
        self.report(at, severity, code::NO_SUCH_EXTENSION, message, &"".into());
    }

    /// What must hold of the element that an extension is on.
    fn context_invariants(&mut self, node: NodeRef<'d>, holder: NodeRef<'d>, definition: &StructureDefinition) {
        // Our own words count where there are any, as for other invariants.
        let own = context::of(&definition.url, self.document.table().version());
        let given = definition.context_invariants.iter().map(|text| &**text).filter(|_| own.is_none());
        for text in own.iter().map(|row| row.expression).chain(given) {
            let extension = Collection::from(Item::Element(Element::new(self.document, node.id())));
            let context = Context::new(self.document).at(holder.id()).with_written_names();
            let context = context.with_variable("extension", extension);
            let holds = match Expression::parse(text) {
                Ok(expression) => {
                    expression.evaluate(&context).map(|found| found.to_boolean()).map_err(|e| e.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            match holds {
                Ok(true) => {}
                Ok(false) => {
                    let url = &definition.url;
                    let says = |words: Option<&str>, alone: &str| words.map_or_else(|| alone.to_owned(), str::to_owned);
                    let (en, nl) = (own.map(|row| row.says.en), own.map(|row| row.says.nl));
                    let en = says(en, &format!("`{text}` holds"));
                    let nl = says(nl, &format!("`{text}` geldt"));
                    let message = format!("the extension `{url}` may stand only where {en}");
                    let detail = Detail {
                        dutch: Some(format!("de extensie `{url}` mag alleen staan waar geldt: {nl}")),
                        invariant: Some(Broken { key: url.clone(), expression: text.into() }),
                        ..Detail::default()
                    };
                    self.report_with(node, Severity::Error, code::EXTENSION_CONTEXT, message, detail, url);
                }
                Err(why) => self.not_checked(&definition.url, node, format!("`{text}` was not checked: {why}")),
            }
        }
    }

    /// An extension that changes the meaning stands among the modifier extensions, no other does.
    fn modifier(&mut self, node: NodeRef<'d>, definition: &StructureDefinition) {
        let Ok(snapshot) = self.validator.profiles.snapshot(&definition.url) else { return };
        let modifies = snapshot.root.rules.is_modifier == Some(true);
        let message = match (modifies, node.name()) {
            (true, "extension") => {
                format!("`{}` is a modifier extension, it belongs in `modifierExtension`", definition.url)
            }
            (false, "modifierExtension") => {
                format!("`{}` is not a modifier extension, it belongs in `extension`", definition.url)
            }
            _ => return,
        };
        self.report(node, Severity::Error, code::EXTENSION_MODIFIER, message, &definition.url);
    }

    /// True when an extension with this context may be on `holder`, and when that cannot be told.
    fn is_context(&self, holder: NodeRef<'d>, context: &ExtensionContext) -> bool {
        let expression = context.expression.trim();
        match &*context.kind {
            "extension" => {
                let url = expression.split('#').next().unwrap_or_default();
                self.document.type_name(holder.id()) == "Extension" && holder.child_value("url") == Some(url)
            }
            "fhirpath" => {
                let Some(resource) = holder.resource() else { return true };
                let Ok(expression) = Expression::parse(expression) else { return true };
                let context = Context::new(self.document).at(resource.id()).with_written_names();
                let found = expression
                    .evaluate(&context)
                    .map(|items| items.iter().any(|i| matches!(i, Item::Element(e) if e.node().id() == holder.id())));
                found.unwrap_or(true)
            }
            "resource" | "datatype" | "element" => expression.split(',').any(|path| self.is_at(holder, path.trim())),
            _ => true,
        }
    }

    /// True when an element is what a path of a context means: `Address.line`, `Observation.component`, a
    /// type, or anything.
    fn is_at(&self, node: NodeRef<'d>, path: &str) -> bool {
        let path = path.trim_end_matches("[x]");
        if matches!(path, "*" | "Element") || path.contains("://") {
            return true;
        }
        let (mut rest, mut at) = (path, Some(node));
        while let Some(node) = at {
            if self.is_type(self.document.type_name(node.id()), rest) {
                return true;
            }
            let Some((before, name)) = rest.rsplit_once('.') else { break };
            let name = name.trim_end_matches("[x]");
            let step = self.document.node_type(node.id()).step;
            if name != self.document.name(step) && name != node.name() {
                return false;
            }
            rest = before;
            at = node.parent();
        }
        // A type that this release does not have says nothing.
        let first = path.split('.').next().unwrap_or_default();
        self.document.table().type_named(first).is_none()
    }
}
