//! The elements of TestScript (FHIR R5, <http://hl7.org/fhir/R5/testscript.html>) and what our own
//! scripts may add, as a table; and the walk that compares a script with it.

use crate::diagnostic::{Diagnostic, NoteKind, Severity, nearest};
use crate::fhir::NodeRef;
use crate::testscript::dialect;
use crate::testscript::problem::{self, problem};

use super::Problems;
use super::sheet::Sheet;

/// What an element holds.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// `true` or `false`.
    Boolean,
    /// A whole number, not negative.
    Number,
    /// Any text.
    Text,
    /// A data type whose inside is of no concern here.
    Any,
    /// Elements of TestScript's own.
    Parts(&'static [Element]),
    /// Text, or the elements in short-hand languages (`type: search`); in XML always the elements.
    TextOrParts(&'static [Element]),
}

/// An element of TestScript.
pub(super) struct Element {
    name: &'static str,
    content: Content,
    repeats: bool,
    /// Only in scripts of our own, which are not XML.
    house: bool,
}

const fn one(name: &'static str, content: Content) -> Element {
    Element { name, content, repeats: false, house: false }
}

const fn many(name: &'static str, content: Content) -> Element {
    Element { name, content, repeats: true, house: false }
}

const fn house(name: &'static str, content: Content) -> Element {
    Element { name, content, repeats: false, house: true }
}

use Content::{Any, Boolean, Number, Parts, Text, TextOrParts};

/// Allowed on every element; extensions are the dialects' business.
static EVERYWHERE: &[Element] = &[one("id", Text), many("extension", Any), many("modifierExtension", Any)];

/// TestScript itself.
pub(super) static TEST_SCRIPT: &[Element] = &[
    one("meta", Any),
    one("implicitRules", Text),
    one("language", Text),
    one("text", Any),
    many("contained", Any),
    one("url", Text),
    many("identifier", Any),
    one("version", Text),
    one("versionAlgorithmString", Text),
    one("versionAlgorithmCoding", Any),
    one("name", Text),
    one("title", Text),
    one("status", Text),
    one("experimental", Boolean),
    one("date", Text),
    one("publisher", Text),
    many("contact", Any),
    one("description", Text),
    many("useContext", Any),
    many("jurisdiction", Any),
    one("purpose", Text),
    one("copyright", Text),
    one("copyrightLabel", Text),
    many("origin", Parts(PARTY)),
    many("destination", Parts(PARTY)),
    one("metadata", Any),
    many("scope", Any),
    many("fixture", Parts(FIXTURE)),
    // A canonical with an id in R5, a Reference before.
    many("profile", TextOrParts(REFERENCE)),
    many("variable", Parts(VARIABLE)),
    one("setup", Parts(&[many("action", Parts(ACTION))])),
    many("test", Parts(&[one("name", Text), one("description", Text), many("action", Parts(ACTION))])),
    one("teardown", Parts(&[many("action", Parts(ACTION))])),
];

/// A file that scripts include.
pub(super) static GROUP: &[Element] =
    &[one("description", Text), one("parameters", Any), many("action", Parts(ACTION))];

static PARTY: &[Element] = &[one("index", Number), one("profile", Any), one("url", Text), house("underTest", Boolean)];

static FIXTURE: &[Element] =
    &[one("autocreate", Boolean), one("autodelete", Boolean), one("resource", Parts(REFERENCE))];

static REFERENCE: &[Element] =
    &[one("reference", Text), one("type", Text), one("identifier", Any), one("display", Text)];

static VARIABLE: &[Element] = &[
    one("name", Text),
    one("defaultValue", Text),
    one("description", Text),
    one("expression", Text),
    one("headerField", Text),
    one("hint", Text),
    one("path", Text),
    one("sourceId", Text),
];

static ACTION: &[Element] = &[
    one("operation", Parts(OPERATION)),
    one("assert", Parts(ASSERT)),
    house("include", Parts(&[one("group", Text), one("with", Any)])),
];

static OPERATION: &[Element] = &[
    one("type", TextOrParts(CODING)),
    one("resource", Text),
    one("label", Text),
    one("description", Text),
    one("accept", Text),
    one("contentType", Text),
    one("destination", Number),
    one("encodeRequestUrl", Boolean),
    one("method", Text),
    one("origin", Number),
    one("params", Text),
    many("requestHeader", Parts(&[one("field", Text), one("value", Text)])),
    one("requestId", Text),
    one("responseId", Text),
    one("sourceId", Text),
    one("targetId", Text),
    one("url", Text),
];

static CODING: &[Element] =
    &[one("system", Text), one("version", Text), one("code", Text), one("display", Text), one("userSelected", Boolean)];

static ASSERT: &[Element] = &[
    one("label", Text),
    one("description", Text),
    one("direction", Text),
    one("compareToSourceId", Text),
    one("compareToSourceExpression", Text),
    one("compareToSourcePath", Text),
    one("contentType", Text),
    one("defaultManualCompletion", Text),
    one("expression", Text),
    one("headerField", Text),
    one("minimumId", Text),
    one("navigationLinks", Boolean),
    one("operator", Text),
    one("path", Text),
    one("requestMethod", Text),
    one("requestURL", Text),
    one("resource", Text),
    one("response", Text),
    one("responseCode", Text),
    one("sourceId", Text),
    one("stopTestOnFail", Boolean),
    one("validateProfileId", Text),
    one("value", Text),
    one("warningOnly", Boolean),
    many("requirement", Any),
];

/// Compares a node's children, and theirs, with the table; `of` names the node in messages.
pub(super) fn check(
    sheet: &Sheet<'_>,
    node: NodeRef<'_>,
    parts: &'static [Element],
    of: &str,
    problems: &mut Problems,
) {
    let known = |name: &str| parts.iter().chain(EVERYWHERE).find(|e| e.name == name && (sheet.house() || !e.house));
    for child in node.children() {
        let Some(element) = known(child.name()) else {
            problems.push(unknown(sheet, child, parts, of));
            continue;
        };
        if !element.repeats && child.index() == 1 {
            let message = format!("`{of}` has more than one `{}`", child.name());
            problems.push(problem(Severity::Error, problem::REPEATED, message, &sheet.place(child.span())));
        }
        if child.name() == "extension" && dialect::meaning(child, of).is_none() {
            problems.push(unknown_extension(sheet, child, of));
        }
        if child.name() == "modifierExtension" {
            let url = child.child_value("url").unwrap_or_default();
            let message = format!("`{of}` has a modifier extension keur does not know: `{url}`");
            problems.push(problem(Severity::Error, problem::MODIFIER_EXTENSION, message, &sheet.place(child.span())));
        }
        content(sheet, child, element, of, problems);
    }
}

fn content(sheet: &Sheet<'_>, node: NodeRef<'_>, element: &'static Element, of: &str, problems: &mut Problems) {
    let mut wrong = |wanted: &str| {
        let place = sheet.place(node.value_span());
        let message = match node.value() {
            Some(value) => format!("`{}` of `{of}` takes {wanted}, not `{value}`", element.name),
            None => format!("`{}` of `{of}` takes {wanted}", element.name),
        };
        problems.push(problem(Severity::Error, problem::BAD_VALUE, message, &place));
    };
    match (element.content, node.value()) {
        (Any, _) => {}
        (Boolean, Some("true" | "false")) => {}
        (Boolean, _) => wrong("`true` or `false`"),
        (Number, Some(text)) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {}
        (Number, _) => wrong("a whole number"),
        (Text, Some(_)) => {
            for extension in node.children_named("extension") {
                problems.push(unknown_extension(sheet, extension, element.name));
            }
        }
        (Text, None) if node.children().any(|c| !matches!(c.name(), "id" | "extension")) => wrong("a text"),
        // `<value/>`: the reader has noted it as irregular.
        (Text, None) => {}
        (TextOrParts(_), Some(_)) if sheet.house() || element.name == "profile" => {}
        (Parts(_) | TextOrParts(_), Some(_)) => wrong("elements"),
        (Parts(parts) | TextOrParts(parts), None) => check(sheet, node, parts, element.name, problems),
    }
}

fn unknown_extension(sheet: &Sheet<'_>, node: NodeRef<'_>, of: &str) -> Diagnostic {
    let url = node.child_value("url").unwrap_or_default();
    let message = format!("keur does not know extension `{url}` on `{of}`");
    let place = sheet.place(node.child("url").map_or(node.span(), NodeRef::value_span));
    problem(Severity::Warning, problem::UNKNOWN_EXTENSION, message, &place)
}

fn unknown(sheet: &Sheet<'_>, node: NodeRef<'_>, parts: &'static [Element], of: &str) -> Diagnostic {
    let names = parts.iter().filter(|e| sheet.house() || !e.house).map(|e| e.name);
    let near = nearest(node.name(), names);
    let message = format!("`{of}` has no element `{}`", node.name());
    let diagnostic = problem(Severity::Error, problem::UNKNOWN_ELEMENT, message, &sheet.place(sheet.name_span(node)));
    match near {
        Some(name) => diagnostic.note(NoteKind::Expected, format!("`{name}`")),
        None => diagnostic,
    }
}
