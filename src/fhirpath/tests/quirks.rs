//! What the official scripts rely on beyond the specification, or where it leaves room: one test a point.

use super::check;

const OBSERVATION: &str = "Bundle.entry.resource.where($this is Observation).where(id = 'o1')";

fn check_observation(table: &[(&str, &str)]) {
    let full: Vec<(String, &str)> =
        table.iter().map(|(rest, expected)| (format!("{OBSERVATION}.{rest}"), *expected)).collect();
    check(&full.iter().map(|(e, x)| (e.as_str(), *x)).collect::<Vec<_>>());
}

#[test]
fn a_type_that_does_not_exist_is_never_met() {
    check(&[
        ("Bundle.descendants().where($this.is(coding)).exists()", "[false]"),
        ("Bundle.descendants().where($this is Code).exists()", "[false]"),
        ("Bundle.descendants().where($this is code).count()", "[8]"),
        ("Bundle.descendants().where($this.is(Coding)).count()", "[3]"),
        ("Bundle.entry.resource as coding", "Type: there is no type `coding` in STU3"),
        ("Bundle.entry.resource.ofType(coding)", "Type: there is no type `coding` in STU3"),
    ]);
}

#[test]
fn is_works_as_a_bare_call_on_this() {
    check(&[
        ("Bundle.entry.resource.where(is(Patient).not()).count()", "[2]"),
        ("Bundle.entry.resource.where(is(Observation)).id", "[o1 o2]"),
    ]);
}

#[test]
fn primitives_have_fhir_types_that_derive_from_each_other() {
    check_observation(&[
        ("status is code", "[true]"),
        ("status is string", "[true]"),
        ("status.is(uri)", "[false]"),
        ("status is String", "[false]"),
        ("code is Element", "[true]"),
        ("is(DomainResource)", "[true]"),
        ("is(Resource)", "[true]"),
        ("status as string", "[]"),
        ("status as code", "[final]"),
    ]);
    check(&[
        ("Bundle.entry[0].resource.active is boolean", "[true]"),
        ("'a' is String", "[true]"),
        ("'a' is string", "[false]"),
    ]);
}

#[test]
fn is_on_several_items_is_false_as_operator_and_empty_as_function() {
    check(&[
        ("Bundle.entry is BackboneElement", "[false]"),
        ("Bundle.entry.is(BackboneElement)", "[]"),
        ("Bundle.entry[3].resource is Patient", "[]"),
        ("Bundle.entry[3].resource.is(Patient)", "[]"),
    ]);
}

#[test]
fn what_is_not_a_boolean_is_true_also_when_there_are_several() {
    check(&[
        ("Bundle.entry.where(resource.code.coding).count()", "[1]"),
        ("Bundle.link and true", "[true]"),
        ("Bundle.type and true", "[true]"),
        ("(Bundle.id or Bundle.type) and Bundle.total", "[true]"),
        ("Bundle.link.not()", "[false]"),
        ("(0).not()", "[false]"),
        ("iif(Bundle.link, 'yes', 'no')", "[yes]"),
        ("Bundle.entry.resource.where(value as boolean).count()", "[0]"),
        ("Bundle.entry.resource.where(effective.where($this is dateTime)).id", "[o1]"),
    ]);
}

#[test]
fn logic_has_three_values() {
    check(&[
        ("{} and false", "[false]"),
        ("{} and true", "[]"),
        ("{} or true", "[true]"),
        ("{} or false", "[]"),
        ("{} implies true", "[true]"),
        ("false implies {}", "[true]"),
        ("true implies {}", "[]"),
        ("true xor {}", "[]"),
        ("Bundle.foo.exists() implies (Bundle.foo.toInteger() <= 3)", "[true]"),
    ]);
}

#[test]
fn an_empty_criterion_is_false_for_where_and_all() {
    check(&[
        ("Bundle.link.where({})", "[]"),
        ("Bundle.link.all({})", "[false]"),
        ("Bundle.link.all(exists().not or url.exists())", "[true]"),
        ("Bundle.link.all(exists().not or id.exists())", "[false]"),
        ("Bundle.nothing.all(false)", "[true]"),
    ]);
}

#[test]
fn string_functions_on_several_items() {
    check(&[
        ("Bundle.link.url.contains('bsn')", "[]"),
        ("Bundle.link.url.contains('bsn') = false", "[]"),
        ("Bundle.link.url.startsWith('https:')", "[true]"),
        ("Bundle.link.url.endsWith('a=1')", "[true]"),
        ("Bundle.link.url.endsWith('page=2')", "[false]"),
        ("Bundle.link.url.matches('https')", "[false]"),
        ("Bundle.link.url.replaceMatches('(.*/)Patient.*', '$1')", "[https://x.example/]"),
        ("Bundle.link.url.replace('a', 'b')", "Cardinality: `replace` takes one item, and here are several"),
        ("Bundle.link.startsWith('https:')", "Type: `startsWith` takes a string, not `BackboneElement`"),
    ]);
}

#[test]
fn regular_expressions_find_parts_and_cross_lines() {
    check(&[
        ("'urn:oid:2.16'.matches('^urn:oid:[0-2](\\\\.(0|[1-9]\\\\d*))*$')", "[true]"),
        ("'abc'.matches('b')", "[true]"),
        ("'abc'.matchesFull('b')", "[false]"),
        ("Bundle.descendants().where($this.is(string)).where(matches('line.break')).count()", "[1]"),
        ("'a1'.replaceMatches('(a)1', '$1x')", "[ax]"),
        ("'abc'.replaceMatches('', 'x')", "[abc]"),
        (
            "'x'.matches('(?=x)')",
            "syntax: not a regular expression: look-around, including look-ahead and look-behind, is not supported",
        ),
    ]);
}

#[test]
fn a_name_with_a_capital_is_a_type_test_on_the_start() {
    check(&[
        ("Bundle.type", "[searchset]"),
        ("Resource.type", "[searchset]"),
        ("Patient.id", "[]"),
        ("Patient.descendants().where($this.is(Coding)).all(false)", "[true]"),
        ("Patient.id.exists().not()", "[true]"),
        ("entry[0].fullUrl", "[https://x.example/Patient/p1]"),
        ("Bundle.entry.resource.where(Patient.active).id", "[p1]"),
    ]);
}

#[test]
fn as_filters_in_select_and_where() {
    check(&[
        ("Bundle.entry.select(resource as Observation).id", "[o1 o2]"),
        ("Bundle.entry.where(resource as Patient).count()", "[1]"),
        ("(Bundle.entry.resource as Patient).id", "[p1]"),
    ]);
}

#[test]
fn extensions_of_primitives_are_kept() {
    check_observation(&[
        ("status.extension('u:note').value", "[n]"),
        ("where(status = 'final' and status.extension('u:note').exists()).id", "[o1]"),
        ("status.extension.exists()", "[true]"),
    ]);
    check(&[
        ("Bundle.entry.resource.given.count()", "[3]"),
        ("Bundle.entry.resource.given.select($this.hasValue())", "[true false true]"),
        ("Bundle.entry.resource.given.extension('u:why').value", "[masked]"),
        ("Bundle.entry.resource.given[1].exists()", "[true]"),
    ]);
}

#[test]
fn choices_have_no_type_in_their_name() {
    check_observation(&[
        ("value.unit", "[m]"),
        ("valueQuantity", "[]"),
        ("value.is(Quantity)", "[true]"),
        ("value", "[Bundle.entry[1].resource.value]"),
        ("effective", "[2020-05-01T10:00:00+02:00]"),
    ]);
}

#[test]
fn resolve_looks_into_the_bundle_and_into_what_is_contained() {
    check(&[
        ("Bundle.entry[1].resource.subject.resolve().id", "[p1]"),
        ("Bundle.entry[1].resource.subject.reference.resolve().id", "[p1]"),
        ("Bundle.entry[2].resource.subject.resolve().id", "[c2]"),
        ("Bundle.entry[1].resource.contained.managing.resolve().id", "[o1]"),
        ("('urn:uuid:6f1b6c2e-1f5b-4a30-9d0c-2f6f7f0f2a11').resolve().id", "[o1]"),
        ("('Patient/p9').resolve()", "[]"),
        ("('https://other.example/Patient/p1').resolve()", "[]"),
        ("Bundle.entry.resource.subject.resolve().count()", "[2]"),
    ]);
}

#[test]
fn an_absent_total_makes_the_implication_true() {
    check(&[
        ("Bundle.total.exists() implies (Bundle.total.toInteger() <= Bundle.entry.count())", "[true]"),
        ("Bundle.id.toInteger() <= 3", "[]"),
    ]);
}

#[test]
fn equality_is_lenient_about_types_and_strict_about_numbers_of_items() {
    check_observation(&[
        ("code.coding.where(code = 123).system", "[http://snomed.info/sct]"),
        ("value.value = 1.8", "[true]"),
        ("value = 180 'cm'", "[true]"),
        ("code.coding.code = '123'", "[false]"),
        ("subject.where(display = 'Ada').exists()", "[true]"),
    ]);
    check(&[
        ("Bundle.entry[0].resource.birthDate = '1980-02'", "[true]"),
        ("Bundle.entry[0].resource.active = 'true'", "[true]"),
        ("Bundle.nothing = Bundle.nothing", "[]"),
        ("Bundle.nothing = 'x'", "[]"),
        ("Bundle.entry[0] = Bundle.entry[0]", "[true]"),
        ("Bundle.entry[0] = Bundle.entry[1]", "[false]"),
    ]);
}

#[test]
fn has_value_counts_a_complex_element_as_its_own_value() {
    check(&[
        ("Bundle.type.hasValue()", "[true]"),
        ("Bundle.entry[0].hasValue()", "[true]"),
        ("Bundle.entry.hasValue()", "[false]"),
        ("Bundle.nothing.hasValue()", "[false]"),
        ("Bundle.entry.resource.given[1].hasValue()", "[false]"),
    ]);
}

#[test]
fn a_primitive_has_its_value_as_an_element() {
    check(&[
        ("Bundle.entry.resource.where(birthDate.where(value = '1980-02')).id", "[p1]"),
        ("Bundle.type.value", "[searchset]"),
        ("Bundle.entry.resource.given[1].value", "[]"),
    ]);
}

#[test]
fn in_asks_about_all_items() {
    check(&[
        ("Bundle.entry.count() in (3 | 4)", "[true]"),
        ("Bundle.link.relation in ('self' | 'next')", "[true]"),
        ("Bundle.link.relation in ('self')", "[false]"),
        ("{} in ('a')", "[]"),
        ("('a' | 'b') contains 'b'", "[true]"),
    ]);
}

#[test]
fn terminology_and_profiles_are_not_guessed() {
    check(&[
        (
            "Bundle.type.memberOf('http://x.example/vs')",
            "NotEvaluated: `memberOf` cannot be decided: value set `http://x.example/vs` is not at hand",
        ),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "[false]"),
        (
            "conformsTo('http://x.example/profile')",
            "NotEvaluated: `conformsTo` cannot be decided: profile `http://x.example/profile` is not at hand",
        ),
    ]);
}
