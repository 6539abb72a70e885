//! Operations.

use crate::diagnostic::{NoteKind, Severity, nearest};
use crate::fhir::NodeRef;
use crate::testscript::dialect;
use crate::testscript::model::{Interaction, Operation};
use crate::testscript::problem::{self, problem};
use crate::testscript::template::Template;

use super::reading::Reading;
use super::references::Kind;
use super::sheet::Sheet;

impl Reading<'_> {
    /// An operation; None when nothing says what is to be done.
    pub(super) fn operation(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Option<Operation> {
        let method = self.method(sheet, node);
        let interaction = match self.interaction(sheet, node) {
            Some(interaction) => interaction,
            None => match method {
                Some(method) => Interaction::Http(method),
                None => {
                    self.lacks(sheet, node, "`type` or `method`");
                    return None;
                }
            },
        };
        Some(Operation {
            interaction,
            resource: self.template(sheet, node, "resource").filter(|t| !t.text.is_empty()),
            label: Reading::text(node, "label"),
            description: Reading::text(node, "description"),
            accept: self.template(sheet, node, "accept"),
            content_type: self.template(sheet, node, "contentType"),
            destination: self.party(sheet, node, "destination"),
            origin: self.party(sheet, node, "origin"),
            encode_request_url: Reading::flag(node, "encodeRequestUrl").unwrap_or(true),
            params: self.template(sheet, node, "params").filter(|t| !t.text.is_empty()),
            method: method.map(str::to_owned),
            headers: self.headers(sheet, node),
            request_id: self.kept(node, "requestId"),
            response_id: self.kept(node, "responseId"),
            source_id: self.reference(sheet, node, "sourceId", Kind::Source),
            target_id: self.reference(sheet, node, "targetId", Kind::Source),
            url: self.template(sheet, node, "url").filter(|t| !t.text.is_empty()),
            place: sheet.place(node.span()),
        })
    }

    fn method(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Option<&'static str> {
        let child = Reading::filled(node, "method")?;
        let text = child.value()?;
        let method = dialect::method(text);
        if method.is_none() {
            let message = format!("`method` takes an HTTP method, not `{text}`");
            self.note(sheet, Severity::Error, problem::BAD_VALUE, child, message);
        }
        method
    }

    fn interaction(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Option<Interaction> {
        let kind = node.child("type")?;
        // `type: search` in scripts of our own.
        let code = if kind.value().is_some() { kind } else { Reading::filled(kind, "code")? };
        let text = code.value()?;
        let system = kind.child_value("system");
        if let Some(interaction) = dialect::interaction(system, text) {
            return Some(interaction);
        }
        let message = match system {
            Some(system) => format!("keur does not know operation `{text}` of `{system}`"),
            None => format!("keur does not know operation `{text}`"),
        };
        let place = sheet.place(code.value_span());
        let mut diagnostic = problem(Severity::Warning, problem::UNKNOWN_OPERATION, message, &place);
        if let Some(near) = nearest(text, dialect::interaction_codes()) {
            diagnostic = diagnostic.note(NoteKind::Expected, format!("`{near}`"));
        }
        self.problems.push(diagnostic);
        Some(Interaction::Other(text.to_owned()))
    }

    fn headers(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Vec<(String, Template)> {
        let mut headers = vec![];
        for header in node.children_named("requestHeader") {
            let field = Reading::filled(header, "field").and_then(NodeRef::value);
            let value = self.template(sheet, header, "value");
            for (part, absent) in [("`field`", field.is_none()), ("`value`", value.is_none())] {
                if absent {
                    self.lacks(sheet, header, part);
                }
            }
            if let (Some(field), Some(value)) = (field, value) {
                headers.push((field.to_owned(), value));
            }
        }
        headers
    }
}
