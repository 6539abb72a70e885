//! What an element looks like to a search: the values an index holds.

use rust_decimal::Decimal;

use super::moment::Interval;
use super::own_parameters::{DURATION, DURATION_UNITS};
use crate::definitions::Typed;
use crate::definitions::search::{Found, SearchType};
use crate::fhir::NodeRef;
use crate::simulator::stored::{Key, local};

/// A value as indexed.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A code or identifier.
    Token(Token),
    /// A stretch of time.
    Date(Interval),
    /// Folded text and the text as written.
    Text(Box<str>, Box<str>),
    /// A resource of this server, or a reference as written.
    Reference(Target),
    /// A number.
    Number(Decimal),
    /// A number with system, code and unit.
    Quantity(Decimal, Option<Box<str>>, Option<Box<str>>, Option<Box<str>>),
    /// A URI.
    Uri(Box<str>),
}

/// A code with what is known of its system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub system: System,
    /// May be empty where only the system is given.
    pub code: Box<str>,
}

/// The system of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum System {
    /// Named.
    Named(Box<str>),
    /// The element could have one and has none.
    Absent,
    /// The element's type has no place for one (a `code`): the definition implies it, any will do.
    Implied,
}

/// Where a reference leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To this server.
    Here(Key),
    /// Elsewhere, or nowhere that is known; as written.
    Away(Box<str>),
}

/// The values of one kind at the end of a path.
pub(super) fn values(tree: &Typed, found: Found<'_>, ty: SearchType, base: &str, into: &mut Vec<Value>) {
    match found {
        Found::Boolean(value) => {
            into.push(Value::Token(Token { system: System::Implied, code: value.to_string().into() }));
        }
        Found::Nodes(nodes) => nodes.into_iter().for_each(|node| values_of(tree, node, ty, base, into)),
    }
}

fn values_of(tree: &Typed, node: NodeRef<'_>, ty: SearchType, base: &str, into: &mut Vec<Value>) {
    match ty {
        SearchType::Token => tokens(tree, node, into),
        SearchType::Date => into.extend(interval(tree, node).map(Value::Date)),
        SearchType::String => texts(tree, node, into),
        SearchType::Reference => into.extend(target(node, base).map(Value::Reference)),
        SearchType::Number => into.extend(number(node).map(Value::Number)),
        SearchType::Quantity => into.extend(quantity(node)),
        SearchType::Uri => into.extend(node.value().map(|v| Value::Uri(v.into()))),
        // Refused before anything is indexed.
        SearchType::Composite | SearchType::Special => {}
    }
}

fn tokens(tree: &Typed, node: NodeRef<'_>, into: &mut Vec<Value>) {
    let named = |name: &str| node.child_value(name).map_or(System::Absent, |s| System::Named(s.into()));
    let mut push = |system: System, code: Option<&str>| {
        if code.is_some() || matches!(system, System::Named(_)) {
            into.push(Value::Token(Token { system, code: code.unwrap_or_default().into() }));
        }
    };
    match tree.type_name(node.id()) {
        "CodeableConcept" => node.children_named("coding").for_each(|c| tokens(tree, c, into)),
        "Identifier" => push(named("system"), node.child_value("value")),
        // Its system is a kind of medium, not a namespace: http://hl7.org/fhir/STU3/search.html#token.
        "ContactPoint" => push(System::Implied, node.child_value("value")),
        "Coding" => push(named("system"), node.child_value("code")),
        _ if node.value().is_some() => push(System::Implied, node.value()),
        _ => push(named("system"), node.child_value("code").or(node.child_value("value"))),
    }
}

/// The time an element covers: primitives, Period, Timing.
pub(super) fn interval(tree: &Typed, node: NodeRef<'_>) -> Option<Interval> {
    let of = |name: &str, node: NodeRef<'_>| node.child_value(name).and_then(Interval::parse);
    if let Some(value) = node.value() {
        return Interval::parse(value);
    }
    if tree.type_name(node.id()) == "Timing" {
        let events = node.children_named("event").filter_map(|e| e.value()).filter_map(Interval::parse);
        let bounds = node.child("repeat").and_then(|r| r.child("boundsPeriod"));
        let bounds = bounds.map(|b| Interval::period(of("start", b), of("end", b)));
        return events.chain(bounds).reduce(Interval::join);
    }
    let start = of("start", node);
    let end = of("end", node).or_else(|| start?.lasting(duration(node)?));
    (start.is_some() || end.is_some()).then(|| Interval::period(start, end))
}

/// The seconds a Period takes by its extension; None where it has none or they cannot be told.
fn duration(period: NodeRef<'_>) -> Option<i64> {
    let extension = period.children_named("extension").find(|e| e.child_value("url") == Some(DURATION))?;
    let value = extension.child("valueDuration")?;
    let code = value.child_value("code")?;
    let (_, seconds) = DURATION_UNITS.iter().find(|(unit, _)| *unit == code)?;
    decimal(value.child_value("value")?)?.checked_mul((*seconds).into())?.try_into().ok()
}

/// The parts of a name or address that people search by
/// (<http://hl7.org/fhir/STU3/search.html#string>).
const PARTS: [&str; 12] = [
    "text",
    "family",
    "given",
    "prefix",
    "suffix",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
    "use",
];

fn texts(tree: &Typed, node: NodeRef<'_>, into: &mut Vec<Value>) {
    let mut push = |text: &str| into.push(Value::Text(fold(text).into(), text.into()));
    if let Some(value) = node.value() {
        return push(value);
    }
    match tree.type_name(node.id()) {
        "CodeableConcept" => {
            let displays = node.children_named("coding").filter_map(|c| c.child_value("display"));
            node.child_value("text").into_iter().chain(displays).for_each(push);
        }
        _ => {
            let parts = node.children().filter(|c| c.name() != "use" && PARTS.contains(&c.name()));
            parts.filter_map(|c| c.value()).for_each(push);
        }
    }
}

/// Where a reference (or a canonical) leads.
pub(crate) fn target(node: NodeRef<'_>, base: &str) -> Option<Target> {
    let text = node.value().or_else(|| node.child_value("reference"))?;
    Some(match local(text, base) {
        Some(key) => Target::Here(key),
        None => Target::Away(text.into()),
    })
}

fn number(node: NodeRef<'_>) -> Option<Decimal> {
    node.value().or_else(|| node.child_value("value")).and_then(decimal)
}

fn quantity(node: NodeRef<'_>) -> Option<Value> {
    let own = |name: &str| node.child_value(name).map(Into::into);
    let value = node.child_value("value").and_then(decimal)?;
    Some(Value::Quantity(value, own("system"), own("code"), own("unit")))
}

/// A decimal, also with an exponent.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

/// Lower case without diacritics, for comparing names as people write them.
pub(super) fn fold(text: &str) -> String {
    let plain = |c: char| FOLDS.iter().find(|(from, _)| from.contains(c)).map(|(_, to)| *to);
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            _ if c.is_ascii() => out.push(c),
            Some(to) => out.push_str(to),
            // Combining marks: a letter and its accent written apart.
            None if ('\u{300}'..='\u{36f}').contains(&c) => {}
            None => out.push(c),
        }
    }
    out
}

/// The letters of Latin-1 and Latin Extended-A, which is what Dutch registrations hold.
const FOLDS: [(&str, &str); 25] = [
    ("àáâãäåāăą", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįı", "i"),
    ("ĳ", "ij"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉŋ", "n"),
    ("òóôõöøōŏő", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšſ", "s"),
    ("ß", "ss"),
    ("ţťŧ", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűų", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    ("’‘", "'"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_removes_case_and_diacritics() {
        for (text, folded) in [
            ("Çelik-Noermohamed", "celik-noermohamed"),
            ("DIRENÇ", "direnc"),
            ("Damste\u{301}", "damste"),
            ("ĲSSEL", "ijssel"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }
}
