//! Comparing what was found with what the script wants, by the operators of TestScript
//! (<http://hl7.org/fhir/R5/valueset-assert-operator-codes.html>).

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::testscript::Operator;

/// Decides one operator: the values found (none, one or several), the value wanted.
type Decide = fn(&[String], &str) -> bool;

/// Every operator that compares, how it reads between `expected` and the value, and what it decides.
const TABLE: [(Operator, &str, Decide); 10] = [
    (Operator::Equals, "", |found, wanted| matches!(found, [one] if one == wanted)),
    (Operator::NotEquals, "anything but", |found, wanted| !matches!(found, [one] if one == wanted)),
    (Operator::In, "one of", |found, wanted| matches!(found, [one] if list(wanted).any(|w| w == one))),
    (Operator::NotIn, "none of", |found, wanted| !found.iter().any(|f| list(wanted).any(|w| w == f))),
    (Operator::GreaterThan, "more than", |found, wanted| ordered(found, wanted, Ordering::Greater)),
    (Operator::LessThan, "less than", |found, wanted| ordered(found, wanted, Ordering::Less)),
    (Operator::Empty, "nothing", |found, _| found.iter().all(String::is_empty)),
    (Operator::NotEmpty, "something", |found, _| found.iter().any(|f| !f.is_empty())),
    (Operator::Contains, "a text that holds", |found, wanted| found.iter().any(|f| f.contains(wanted))),
    (Operator::NotContains, "no text that holds", |found, wanted| !found.iter().any(|f| f.contains(wanted))),
];

/// Whether `found` compares with `wanted` as the operator says; None for operators that do not compare
/// (`eval`, `manualEval`).
pub fn holds(operator: Operator, found: &[String], wanted: &str) -> Option<bool> {
    TABLE.iter().find(|(o, ..)| *o == operator).map(|(.., decide)| decide(found, wanted))
}

/// What the operator expects, in words: `one of 200, 201`.
pub fn expectation(operator: Operator, wanted: &str) -> String {
    let phrase = TABLE.iter().find(|(o, ..)| *o == operator).map_or("", |(_, phrase, _)| phrase);
    match (phrase, operator) {
        ("", _) => wanted.to_owned(),
        (_, Operator::Empty | Operator::NotEmpty) => phrase.to_owned(),
        _ => format!("{phrase} {}", list(wanted).collect::<Vec<_>>().join(", ")),
    }
}

/// True when the operator needs a value to compare with.
pub fn takes_value(operator: Operator) -> bool {
    !matches!(operator, Operator::Empty | Operator::NotEmpty | Operator::Eval | Operator::ManualEval)
}

/// The values of a comma list, without the white space around them.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// Numbers by their value, dates and other texts by their characters, which for dates of one precision
/// is their order in time.
fn ordered(found: &[String], wanted: &str, order: Ordering) -> bool {
    let [found] = found else { return false };
    match (number(found), number(wanted)) {
        (Some(found), Some(wanted)) => found.cmp(&wanted) == order,
        (None, None) => found.as_str().cmp(wanted) == order,
        _ => false,
    }
}

fn number(text: &str) -> Option<Decimal> {
    text.trim().parse().or_else(|_| Decimal::from_scientific(text.trim())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operator::*;

    #[test]
    fn operators_decide_as_the_standard_says() {
        let table: [(Operator, &[&str], &str, bool); 32] = [
            (Equals, &["200"], "200", true),
            (Equals, &["201"], "200", false),
            (Equals, &[], "200", false),
            (Equals, &["200", "200"], "200", false),
            (NotEquals, &["404"], "200", true),
            (NotEquals, &["200"], "200", false),
            (NotEquals, &[], "200", true),
            (In, &["201"], "200,201", true),
            (In, &["201"], "200, 201", true),
            (In, &["20"], "200,201", false),
            (In, &[], "200,201", false),
            (In, &["200"], "200", true),
            (NotIn, &["500"], "200,201", true),
            (NotIn, &["200"], "200,201", false),
            (NotIn, &[], "200", true),
            (GreaterThan, &["10"], "9", true),
            (GreaterThan, &["9"], "10", false),
            (GreaterThan, &["9"], "9", false),
            (GreaterThan, &["2026-02-01"], "2026-01-31", true),
            (GreaterThan, &["ten"], "9", false),
            (GreaterThan, &[], "9", false),
            (LessThan, &["1.50"], "1.6", true),
            (LessThan, &["1e3"], "999", false),
            (Empty, &[], "", true),
            (Empty, &["x"], "", false),
            (NotEmpty, &["x"], "", true),
            (NotEmpty, &[""], "", false),
            (Contains, &["a,b"], "b", true),
            (Contains, &["a", "xb"], "b", true),
            (Contains, &[], "b", false),
            (NotContains, &["a"], "b", true),
            (NotContains, &["ab"], "b", false),
        ];
        for (operator, found, wanted, expected) in table {
            let found: Vec<String> = found.iter().map(|f| (*f).to_owned()).collect();
            assert_eq!(holds(operator, &found, wanted), Some(expected), "{found:?} {} {wanted}", operator.code());
        }
    }

    #[test]
    fn every_operator_compares_or_is_not_a_comparison() {
        for (operator, code) in Operator::ALL {
            assert_eq!(holds(operator, &[], "").is_none(), matches!(operator, Eval | ManualEval), "{code}");
        }
        assert_eq!(expectation(In, "200,201"), "one of 200, 201");
        assert_eq!(expectation(Equals, "a,b"), "a,b");
        assert_eq!(expectation(NotEmpty, ""), "something");
    }
}
