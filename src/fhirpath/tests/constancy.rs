//! What is said to be constant is, and nothing else.

use super::sample::table;
use crate::fhir::Span;
use crate::fhirpath::Expression;

/// Constant parts with `+` before those that always hold and `-` before those that never do.
fn constants(text: &str, open: &str) -> Vec<String> {
    let table = table();
    let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let findings = expression.check(&table, None);
    let open: Vec<Span> = match open {
        "" => vec![],
        open => text.match_indices(open).map(|(at, part)| Span::new(at, at + part.len())).collect(),
    };
    let found = expression.constants(&findings, &open);
    found.iter().map(|c| format!("{}{}", if c.holds { '+' } else { '-' }, &text[c.span.range()])).collect()
}

#[test]
fn parts_that_always_come_out_the_same_are_found() {
    let table = [
        ("true", "+true"),
        ("'x'", "+'x'"),
        ("Patient.given.count()", "+Patient.given.count()"),
        ("{} = {}", "-{} = {}"),
        ("{}", "-{}"),
        ("{}.empty()", "+{}.empty()"),
        (
            "Patient.given.exists() or Patient.given.exists().not()",
            "+Patient.given.exists() or Patient.given.exists().not()",
        ),
        ("Patient.given.exists() or Patient.given.empty()", "+Patient.given.exists() or Patient.given.empty()"),
        ("Patient.given.empty() and Patient.given.exists()", "-Patient.given.empty() and Patient.given.exists()"),
        (
            "Patient.active = true implies Patient.active = true or true",
            "+Patient.active = true implies Patient.active = true or true",
        ),
        ("Patient.given.exists() and true", "+true"),
        ("Patient.givn.all($this = 'x')", "+Patient.givn.all($this = 'x')"),
        ("Patient.givn.exists()", "-Patient.givn.exists()"),
        ("Patient.givn.where($this = 'x').count() = 0", "+"),
        ("Patient.given.all(true)", "+Patient.given.all(true)"),
        ("Patient.given.where(false).exists()", "-Patient.given.where(false).exists()"),
        ("Patient.given.count() >= 0", "+Patient.given.count() >= 0"),
        ("0 > Patient.given.count()", "-0 > Patient.given.count()"),
        ("Patient.given.count() > -1", "+Patient.given.count() > -1"),
        ("Patient.given.exists().exists()", "+Patient.given.exists().exists()"),
        ("Patient.given.exists().empty()", "-Patient.given.exists().empty()"),
        ("Bundle.entry.resource.where($this is Foo).exists()", "-Bundle.entry.resource.where($this is Foo).exists()"),
        ("Bundle.entry.resource.ofType(Foo).all(id.exists())", "+Bundle.entry.resource.ofType(Foo).all(id.exists())"),
        ("Patient.given.contains('')", ""),
        ("Patient.given.contains('').empty()", ""),
        ("'a' = 'b'", "-'a' = 'b'"),
        ("iif(true, true, Patient.active)", "+iif(true, true, Patient.active)"),
    ];
    for (text, wanted) in table {
        let wanted: Vec<&str> = match wanted {
            // An integer compared with a count of nothing is not counted: nothing is said.
            "" | "+" => vec![],
            wanted => vec![wanted],
        };
        assert_eq!(constants(text, ""), wanted, "{text}");
    }
}

#[test]
fn nothing_is_said_of_what_can_go_either_way() {
    for text in [
        "Patient.given.exists()",
        "Patient.given.exists() or Patient.active.empty()",
        "Patient.given.all($this = 'x')",
        "Bundle.entry.resource.ofType(Observation).all(value.exists() or code.exists())",
        "Patient.given.count() > 0",
        "Patient.given.count() = 0",
        "Patient.given",
        "Patient.active",
        "Patient.active.not()",
        "Patient.active = Patient.active",
        "Patient.given = 'x' or Patient.given != 'x'",
        "iif(Patient.given.exists(), true, Patient.active)",
        "(Patient.given | Patient.active).exists()",
        "Patient.given.first().exists() and Patient.active",
        "Patient.given.select($this).empty()",
        "Patient.given.where($this = 'x') = 'x' implies Patient.active",
        "1.combine(2).count() = 2",
    ] {
        assert_eq!(constants(text, ""), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_not_known_yet_is_not_constant() {
    for (text, open) in [
        ("'xxxx' = 'abc'", "xxxx"),
        ("Patient.given.count() >= 1", "1"),
        ("Patient.given.where($this = 'xxxx').exists() or Patient.given.where($this = 'xxxx').empty()", "xxxx"),
        ("'xxxx'", "xxxx"),
    ] {
        assert_eq!(constants(text, open), Vec::<String>::new(), "{text}");
    }
    // The same stretches, known, are.
    assert_eq!(constants("'xxxx' = 'abc'", "").len(), 1);
}
