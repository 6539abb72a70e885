//! What the analysis finds, and that it keeps quiet otherwise.

use super::sample::table;
use crate::fhirpath::{Expression, FindingKind};

fn findings(text: &str, start: &str) -> Vec<(FindingKind, String, Option<String>)> {
    let table = table();
    let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let found = expression.check(&table, table.type_named(start));
    found.into_iter().map(|f| (f.kind, text[f.span.range()].to_owned(), f.remedy)).collect()
}

#[test]
fn mistakes_are_found_where_they_stand() {
    use FindingKind::{AlwaysTrue, ImpossibleType, UnknownElement, UnknownType};
    let table = [
        ("Patient.givn", "Patient", UnknownElement, ".givn", None),
        ("Bundle.entry.resource.foo", "Bundle", UnknownElement, ".foo", None),
        (
            "Observation.valueQuantity.unit",
            "Observation",
            UnknownElement,
            ".valueQuantity",
            Some("write `value`, without the type"),
        ),
        ("given.exists().not or true", "Patient", UnknownElement, ".not", Some("did you mean `not()`?")),
        ("descendants().where($this.is(coding))", "Patient", UnknownType, "is(coding)", Some("did you mean `Coding`?")),
        ("Bundle.entry.resource.where($this is Foo)", "Bundle", UnknownType, "$this is Foo", None),
        ("value is Patient", "Observation", ImpossibleType, "value is Patient", None),
        ("Observation.id", "Patient", ImpossibleType, "Observation", None),
        ("given.where('x')", "Patient", AlwaysTrue, "'x'", Some("compare it with something")),
        ("given.count() and active", "Patient", AlwaysTrue, "given.count()", Some("compare it with something")),
    ];
    for (text, start, kind, part, remedy) in table {
        assert_eq!(findings(text, start), [(kind, part.to_owned(), remedy.map(str::to_owned))], "{text}");
    }
}

#[test]
fn nothing_is_said_of_what_is_right_or_cannot_be_known() {
    let table = [
        ("Bundle.entry.resource.where($this is Observation).value.unit", "Bundle"),
        ("Bundle.entry.resource.code.coding.where(system = 'x' and code = 123).display", "Bundle"),
        ("descendants().foo", "Patient"),
        ("managing.resolve().foo", "Patient"),
        ("extension('u').value.system", "Patient"),
        ("Patient.active", "Bundle"),
        ("(value as Quantity).unit", "Observation"),
        ("id.value", "Patient"),
        ("%resource.foo", "Patient"),
        ("iif(active, 1, 'a')", "Patient"),
    ];
    for (text, start) in table {
        if text == "Patient.active" {
            assert_eq!(findings(text, start).len(), 1, "{text}");
        } else {
            assert_eq!(findings(text, start), [], "{text}");
        }
    }
}
