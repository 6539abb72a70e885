//! Asserts: which of the parts says what is to be checked, and how it is compared.

use crate::diagnostic::{NoteKind, Severity, nearest};
use crate::fhir::NodeRef;
use crate::testscript::dialect::{self, Meaning};
use crate::testscript::model::{Assert, Check, Direction, Operator, RuleCall, RuleOutput};
use crate::testscript::problem::{self, problem};
use crate::testscript::status::status_names;
use crate::testscript::template::Template;

use super::head::extensions;
use super::reading::Reading;
use super::references::Kind;
use super::sheet::Sheet;

/// Makes the check of the node that asks for it.
type Make = fn(&mut Reading<'_>, &Sheet<'_>, NodeRef<'_>) -> Check;

/// The elements that say what is checked; one of them is in an assert (FHIR R5, invariant tst-12).
/// `compareToSource…` first: it changes what `expression` means.
static CHECKS: &[(&str, Make)] = &[
    ("compareToSourceId", |r, s, n| r.unsupported(s, n)),
    ("compareToSourceExpression", |r, s, n| r.unsupported(s, n)),
    ("compareToSourcePath", |r, s, n| r.unsupported(s, n)),
    ("responseCode", |r, s, n| Check::ResponseCode(r.template_of(s, n))),
    ("response", |r, s, n| r.response(s, n)),
    ("resource", |r, s, n| Check::Resource(r.template_of(s, n))),
    ("expression", |r, s, n| Check::Expression(r.expression_of(s, n))),
    ("headerField", |_, _, n| Check::HeaderField(n.value().unwrap_or_default().to_owned())),
    ("contentType", |r, s, n| Check::ContentType(r.template_of(s, n))),
    ("requestURL", |r, s, n| Check::RequestUrl(r.template_of(s, n))),
    ("requestMethod", |r, s, n| r.request_method(s, n)),
    ("validateProfileId", |r, s, n| Check::ValidateProfile(r.reference_of(s, n, Kind::Profile).unwrap_or_default())),
    ("minimumId", |r, s, n| Check::MinimumId(r.reference_of(s, n, Kind::Source).unwrap_or_default())),
    ("navigationLinks", |_, _, n| Check::NavigationLinks(n.value() == Some("true"))),
    ("path", |r, s, n| r.unsupported(s, n)),
];

impl Reading<'_> {
    pub(super) fn assertion(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Assert {
        let (check, decisive) = self.check(sheet, node);
        Assert {
            label: Reading::text(node, "label"),
            description: Reading::text(node, "description"),
            direction: self.direction(sheet, node),
            source_id: self.reference(sheet, node, "sourceId", Kind::Source),
            check,
            operator: self.operator(sheet, node),
            value: self.template(sheet, node, "value"),
            stop_test_on_fail: self.stop_test_on_fail(sheet, node),
            warning_only: Reading::flag(node, "warningOnly").unwrap_or(false),
            place: sheet.place(node.span()),
            check_place: sheet.place(decisive.value_span()),
        }
    }

    /// What is checked, and the node that says so.
    fn check<'d>(&mut self, sheet: &Sheet<'_>, node: NodeRef<'d>) -> (Check, NodeRef<'d>) {
        let mut found: Vec<(&str, Check, NodeRef<'d>)> = vec![];
        let compares = node.children().any(|c| c.name().starts_with("compareToSource"));
        for (name, make) in CHECKS {
            let Some(child) = node.child(name) else { continue };
            // `navigationLinks: false` asks for nothing; the parts of a comparison are one check.
            let idle = *name == "navigationLinks" && child.value() == Some("false");
            let part = compares
                && !found.is_empty()
                && (name.starts_with("compare") || matches!(*name, "expression" | "path"));
            if !idle && !part {
                found.push((name, make(self, sheet, child), child));
            }
        }
        for extension in node.children_named("extension") {
            match dialect::meaning(extension, "assert") {
                Some(Meaning::RuleCall) => found.push(("rule", self.rule_call(sheet, extension), extension)),
                Some(Meaning::QueryParameter) => {
                    let name = dialect::value(extension).and_then(NodeRef::value).unwrap_or_default();
                    found.push(("query parameter", Check::QueryParameter(name.to_owned()), extension));
                }
                _ => {}
            }
        }
        if let [(first, ..), (second, ..), ..] = &found[..] {
            let message = format!("`assert` has both `{first}` and `{second}`");
            let place = sheet.place(sheet.name_span(node));
            self.problems.push(problem(Severity::Error, problem::SEVERAL_CHECKS, message, &place));
        }
        // Whatever an unknown extension asks for is not done: the assert cannot be called evaluated.
        let unknown = node.children_named("extension").find(|e| dialect::meaning(*e, "assert").is_none());
        if let Some(extension) = unknown {
            let url = extension.child_value("url").unwrap_or_default();
            return (Check::Unknown(format!("extension `{url}`")), extension);
        }
        match found.into_iter().next() {
            Some((_, check, decisive)) => (check, decisive),
            None => {
                let place = sheet.place(sheet.name_span(node));
                let message = "`assert` checks nothing".to_owned();
                self.problems.push(problem(Severity::Warning, problem::NO_CHECK, message, &place));
                (Check::Unknown("nothing to check".to_owned()), node)
            }
        }
    }

    fn unsupported(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Check {
        let message = format!("keur does not evaluate `{}`", node.name());
        self.note(sheet, Severity::Warning, problem::UNSUPPORTED_CHECK, node, message);
        Check::Unknown(format!("`{}`", node.name()))
    }

    fn response(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Check {
        let name = node.value().unwrap_or_default();
        self.one_of(sheet, node, status_names());
        Check::Response(name.to_owned())
    }

    fn request_method(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Check {
        let text = node.value().unwrap_or_default();
        let method = dialect::method(text);
        if method.is_none() {
            let message = format!("`requestMethod` takes an HTTP method, not `{text}`");
            self.note(sheet, Severity::Error, problem::BAD_VALUE, node, message);
        }
        Check::RequestMethod(method.unwrap_or(text).to_owned())
    }

    fn direction(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Direction {
        let Some(child) = node.child("direction") else { return Direction::default() };
        self.one_of(sheet, child, ["request", "response"].into_iter());
        if child.value() == Some("request") { Direction::Request } else { Direction::Response }
    }

    /// Notes a value that is not one of the codes an element takes.
    fn one_of(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, codes: impl Iterator<Item = &'static str> + Clone) {
        let value = node.value().unwrap_or_default();
        if codes.clone().any(|code| code == value) {
            return;
        }
        let message = format!("`{}` has no code `{value}`", node.name());
        let mut diagnostic = problem(Severity::Error, problem::BAD_VALUE, message, &sheet.place(node.value_span()));
        if let Some(near) = nearest(value, codes) {
            diagnostic = diagnostic.note(NoteKind::Expected, format!("`{near}`"));
        }
        self.problems.push(diagnostic);
    }

    fn operator(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Option<Operator> {
        let child = node.child("operator")?;
        let text = child.value()?;
        let operator = Operator::from_code(text);
        if operator.is_none() {
            let message = format!("there is no operator `{text}`");
            let place = sheet.place(child.value_span());
            let codes = Operator::ALL.iter().map(|(_, code)| *code);
            let expected = match nearest(text, codes.clone()) {
                Some(near) => format!("`{near}`"),
                None => codes.map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
            };
            self.problems.push(
                problem(Severity::Error, problem::UNKNOWN_OPERATOR, message, &place).note(NoteKind::Expected, expected),
            );
        }
        operator
    }

    /// TestScript's own element decides; the older extension only where there is no such element.
    fn stop_test_on_fail(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> bool {
        let core = Reading::flag(node, "stopTestOnFail");
        let extension = extensions(node, "assert", Meaning::StopTestOnFail).next();
        let older = extension.and_then(dialect::value).and_then(NodeRef::value).map(|v| v == "true");
        if let (Some(core), Some(older), Some(extension)) = (core, older, extension)
            && core != older
        {
            let message =
                format!("an extension says `{older}` where `stopTestOnFail` says `{core}`; the element decides");
            self.note(sheet, Severity::Warning, problem::STOP_DISAGREES, extension, message);
        }
        core.or(older).unwrap_or(false)
    }

    fn rule_call(&mut self, sheet: &Sheet<'_>, extension: NodeRef<'_>) -> Check {
        let rule_id = dialect::called(extension).and_then(|id| self.reference_of(sheet, id, Kind::Rule));
        if rule_id.is_none() {
            self.lacks(sheet, extension, "`ruleId`");
        }
        let params: Vec<(String, Template)> = dialect::parameters(extension)
            .map(|(name, value)| {
                let template = value.map_or_else(|| Template::parse(""), |value| self.template_of(sheet, value));
                (name.to_owned(), template)
            })
            .collect();
        let outputs: Vec<RuleOutput> = dialect::outputs(extension)
            .map(|(name, content_type)| RuleOutput {
                name: name.to_owned(),
                content_type: content_type.map(str::to_owned),
            })
            .collect();
        self.declared.sources.extend(outputs.iter().map(|o| o.name.clone()));
        Check::Rule(RuleCall { rule_id: rule_id.unwrap_or_default(), params, outputs })
    }
}
