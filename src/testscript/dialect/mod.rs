//! What platforms add to TestScript, turned into terms of our own. No vendor's url is known outside
//! this folder.

mod hl7;
mod interoplab;
mod touchstone;

use crate::fhir::NodeRef;

use super::model::Interaction;

pub use touchstone::{NativeRule, PublishedRule};
pub(super) use touchstone::{called, declaration, outputs, parameters};

/// What an extension asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// This party is (or is not) the system under test.
    UnderTest,
    /// A rule is declared: id and path.
    RuleDeclaration,
    /// A rule is called: id, parameters, outputs.
    RuleCall,
    /// A failure ends the test.
    StopTestOnFail,
    /// The value of this query parameter is compared.
    QueryParameter,
}

/// An extension of a dialect: its url, the elements it may stand on, what it asks for.
struct Extension {
    url: &'static str,
    on: &'static [&'static str],
    meaning: Meaning,
}

/// A code of operation.type: its system, the code, what it is to us.
type OperationCode = (&'static str, &'static str, Interaction);

/// What an extension on an element called `on` asks for; None when no dialect knows it there.
pub(super) fn meaning(extension: NodeRef<'_>, on: &str) -> Option<Meaning> {
    let url = extension.child_value("url")?;
    let tables = [touchstone::EXTENSIONS, interoplab::EXTENSIONS];
    let known = tables.iter().flat_map(|t| t.iter()).find(|e| e.url == url && e.on.contains(&on));
    known.map(|e| e.meaning)
}

/// The operation a coding names. Without a system the first that has the code counts.
pub(super) fn interaction(system: Option<&str>, code: &str) -> Option<Interaction> {
    let tables = [hl7::OPERATIONS, interoplab::OPERATIONS];
    let mut codes = tables.iter().flat_map(|t| t.iter());
    codes.find(|(s, c, _)| *c == code && system.is_none_or(|system| system == *s)).map(|(.., i)| i.clone())
}

/// Every code of an operation, for suggestions.
pub(super) fn interaction_codes() -> impl Iterator<Item = &'static str> {
    [hl7::OPERATIONS, interoplab::OPERATIONS].into_iter().flatten().map(|(_, code, _)| *code)
}

/// The HTTP method that is spelt so.
pub(super) fn method(text: &str) -> Option<&'static str> {
    hl7::METHODS.iter().find(|m| m.eq_ignore_ascii_case(text)).copied()
}

/// The value of an extension, whatever its type.
pub(super) fn value(extension: NodeRef<'_>) -> Option<NodeRef<'_>> {
    extension.children().find(|c| c.name().starts_with("value"))
}

/// The extensions inside an extension that have this url.
pub(super) fn inner<'d>(extension: NodeRef<'d>, url: &'static str) -> impl Iterator<Item = NodeRef<'d>> {
    extension.children_named("extension").filter(move |e| e.child_value("url") == Some(url))
}

/// The text of the first inner extension with this url.
pub(super) fn inner_text<'d>(extension: NodeRef<'d>, url: &'static str) -> Option<&'d str> {
    inner(extension, url).next().and_then(value).and_then(NodeRef::value)
}
