//! Functions and values beyond what the official suite covers.

use super::{check, sample::sample};
use crate::fhirpath::{Collection, Context, Element, Expression, Item, Services};

#[test]
fn walking_stops_at_the_first_that_decides() {
    // An error further on is not met.
    check(&[
        ("Bundle.entry.exists(fullUrl.exists() or (1 | 2).toInteger() = 1)", "[true]"),
        ("Bundle.entry.take(2).fullUrl.count()", "[2]"),
        ("Bundle.entry.take(2).first().fullUrl", "[https://x.example/Patient/p1]"),
        ("Bundle.entry.take(3).take(1).count()", "[1]"),
        ("Bundle.entry.first().resource.given.last()", "[Bo]"),
        ("Bundle.entry.skip(3).fullUrl", "[https://x.example/none]"),
        ("Bundle.entry[9]", "[]"),
        ("Bundle.entry[-1]", "[]"),
    ]);
}

#[test]
fn variables_know_the_resource_and_its_container() {
    let sample = sample();
    let ask = |text: &str, id: &str| {
        let at = sample.root().descendants_and_self().find(|n| n.child_value("id") == Some(id)).map(|n| n.id());
        let expression = Expression::parse(text).ok()?;
        let context = Context::new(&sample).at(at?);
        let result = expression.evaluate(&context).ok()?;
        Some(result.iter().filter_map(|i| i.text().map(|t| t.into_owned())).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(ask("%resource.id", "c1").as_deref(), Some("c1"));
    assert_eq!(ask("%rootResource.id", "c1").as_deref(), Some("o1"));
    assert_eq!(ask("managing.select(%context.id)", "c1").as_deref(), Some("c1"));
    assert_eq!(ask("%rootResource.id", "o1").as_deref(), Some("o1"));
    check(&[
        ("%ucum", "[http://unitsofmeasure.org]"),
        ("%`vs-x`", "[http://hl7.org/fhir/ValueSet/x]"),
        ("%`ext-y`", "[http://hl7.org/fhir/StructureDefinition/y]"),
        ("%unheard", "Value: the variable `%unheard` is not defined"),
    ]);
}

struct Around(crate::definitions::Typed, std::sync::Mutex<Vec<String>>);

impl Services for Around {
    fn resolve<'s>(&'s self, reference: &str, _from: Element<'_>) -> Option<Element<'s>> {
        (reference == "Patient/elsewhere").then(|| Element::new(&self.0, self.0.root().id()))
    }

    fn is_member(&self, item: &Item<'_>, value_set: &str) -> Option<bool> {
        (value_set == "v").then(|| item.text().as_deref() == Some("searchset"))
    }

    fn trace(&self, name: &str, items: &Collection<'_>) {
        if let Ok(mut seen) = self.1.lock() {
            seen.push(format!("{name} {}", items.len()));
        }
    }
}

#[test]
fn services_are_asked_for_what_the_document_does_not_say() {
    let (sample, around) = (sample(), Around(sample(), Default::default()));
    let table = [
        ("('Patient/elsewhere').resolve().type", "searchset"),
        // Names and types of the other document are looked up there.
        ("('Patient/elsewhere').resolve().entry.where(resource is Patient).resource.id", "p1"),
        ("Bundle.type.memberOf('v')", "true"),
        ("Bundle.link.trace('links', url).count()", "2"),
    ];
    for (text, expected) in table {
        let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let context = Context::new(&sample).with_services(&around);
        let result = expression.evaluate(&context).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(result.first().and_then(|i| i.text()).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(*around.1.lock().unwrap_or_else(|e| e.into_inner()), ["links 1", "links 1"]);
}

#[test]
fn the_clock_can_be_set() {
    let sample = sample();
    let now: jiff::Zoned = "2026-11-21T10:30:00+01:00[+01:00]".parse().unwrap_or_else(|e| panic!("{e}"));
    let context = Context::new(&sample).with_now(now);
    for (text, expected) in
        [("now()", "2026-11-21T10:30:00.000+01:00"), ("today()", "2026-11-21"), ("timeOfDay()", "10:30:00.000")]
    {
        let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let result = expression.evaluate(&context).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(result.first().and_then(|i| i.text()).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn partial_dates_compare_as_far_as_they_are_known() {
    check(&[
        ("@2020 < @2021-05", "[true]"),
        ("@2020 < @2020-05", "[]"),
        ("@2020-05 = @2020-05", "[true]"),
        ("@2020-05 = @2020-06-01", "[false]"),
        ("@2020-05-01T10:00:00Z = @2020-05-01T12:00:00+02:00", "[true]"),
        ("@2020-05-01T10:00:00 = @2020-05-01T10:00:00Z", "[]"),
        ("@2020-05-01T10:00:00 < @2020-05-03T10:00:00Z", "[true]"),
        ("@T10:30 = @2020", "[false]"),
        ("@T10:30 < @2020", "Type: `<` cannot compare `time` with `date`"),
        ("@2020-01-31 + 1 month", "[2020-02-29]"),
        ("@2020 + 12 months", "[2021]"),
        ("@T23:30 + 1 hour", "[00:30]"),
        ("@2020-05-01 - 1 'a'", "Value: `1 'a'` is not a duration of the calendar"),
        ("@9999-12-31 + 1 day", "[]"),
    ]);
}

#[test]
fn quantities_compare_after_conversion() {
    check(&[
        ("1 'kg' = 1000 'g'", "[true]"),
        ("1 'mmol/L' < 1 'mol/L'", "[true]"),
        ("1 'mm[Hg]' = 2 'mm[Hg]'", "[false]"),
        ("1 'mm[Hg]' = 1 'kPa'", "[]"),
        ("1 'kg' = 1 'm'", "[false]"),
        ("1 'kg' < 1 'm'", "[]"),
        ("1 year = 1 'a'", "[]"),
        ("1 week = 7 days", "[true]"),
        ("3 'mg' + 1 'g'", "[1003 'mg']"),
        ("1 'mg' + 1 'm'", "Type: `+` does not take `Quantity` and `Quantity`"),
        ("(5 'mg').value", "[5]"),
        ("'70.5 \\'kg\\''.toQuantity() = 70500 'g'", "[true]"),
    ]);
}

#[test]
fn numbers_keep_their_digits_and_do_not_overflow() {
    check(&[
        ("1.50.toString()", "[1.50]"),
        ("9223372036854775807 + 1", "[]"),
        ("99999999999999999999", "syntax: `99999999999999999999` has more digits than can be calculated with"),
        (
            "79228162514264337593543950335.0",
            "syntax: `79228162514264337593543950335.0` has more digits than can be calculated with",
        ),
        ("7922816251426433759354395033.0 * 100.0", "[]"),
        ("(2).power(100)", "[]"),
        ("(-9223372036854775807 - 1).abs()", "[]"),
        ("(-9223372036854775807 - 1) div -1", "[]"),
        ("5 mod 0", "[]"),
        ("1.5.round(40)", "[1.5]"),
    ]);
}

#[test]
fn duplicates_are_what_is_equal() {
    check(&[
        ("(1 | 1.0 | '1' | true | 'true' | 2).count()", "[3]"),
        ("(@2020 | '2020' | @2020 | @2020-01).count()", "[2]"),
        ("('2020' | @2020).count()", "[1]"),
        ("(1 'm' | 100 'cm' | 1 's').count()", "[2]"),
        ("Bundle.entry.resource.descendants().where($this is code).distinct().count()", "[7]"),
        ("(Bundle.entry | Bundle.entry[0]).count()", "[4]"),
        ("(1 | 2 | 3).intersect(2.0 | 4)", "[2]"),
    ]);
}

#[test]
fn narrative_is_checked() {
    check(&[
        ("Bundle.entry[0].resource.text.div.htmlChecks()", "[true]"),
        (
            "'<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>'.toString()",
            "[<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>]",
        ),
        ("Bundle.type.htmlchecks()", "[false]"),
        ("Bundle.nothing.htmlChecks()", "[]"),
    ]);
}

#[test]
fn doubling_without_end_is_an_error() {
    let (text, items) = (
        "Value: a text of more than 64000000 bytes is too large",
        "Value: a collection of more than 4000000 items is too large",
    );
    check(&[
        ("Bundle.descendants().aggregate($total & $total, 'a').length()", text),
        ("Bundle.descendants().aggregate($total + $total, 'a').length()", text),
        ("Bundle.descendants().aggregate($total.replace('', $total), 'a').length()", text),
        ("Bundle.descendants().aggregate($total.replaceMatches('.', $total), 'aa').length()", text),
        ("Bundle.descendants().aggregate($total.replaceMatches('^.', $total), 'aa').length()", text),
        ("Bundle.descendants().aggregate($total.combine($total), 1).count()", items),
        ("(1).repeat($this + 1)", "Value: `repeat` finds something new after 10000 rounds"),
    ]);
}

#[test]
fn expressions_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Expression>();
}
