//! Small value sets, each with the codes it must take, refuse and leave open.

use super::*;
use crate::fhir::{Format, read};

struct Given(&'static [(&'static str, &'static str)]);

impl Given {
    fn documents(&self, kind: &str, url: &str) -> Vec<Document> {
        let of_kind = self.0.iter().filter(|(given, text)| *given == url && text.contains(kind));
        of_kind.map(|(_, text)| read(*text, Format::Json).unwrap()).collect()
    }
}

impl TerminologySource for Given {
    fn value_sets(&self, url: &str) -> Vec<Document> {
        self.documents("\"ValueSet\"", url)
    }

    fn code_system(&self, url: &str) -> Option<Document> {
        self.documents("\"CodeSystem\"", url).pop()
    }
}

const SCT: &str = "http://snomed.info/sct";

fn terminology() -> Terminology {
    Terminology::new(Given(&[
        (
            "urn:colours",
            r#"{"resourceType": "CodeSystem", "url": "urn:colours", "content": "complete", "concept": [
            {"code": "red", "concept": [{"code": "pink"}]}, {"code": "blue"}]}"#,
        ),
        (
            "urn:shouted",
            r#"{"resourceType": "CodeSystem", "url": "urn:shouted", "content": "complete",
            "caseSensitive": false, "concept": [{"code": "AAA"}]}"#,
        ),
        (
            "listed",
            r#"{"resourceType": "ValueSet", "url": "listed", "compose": {"include": [
            {"system": "http://snomed.info/sct", "concept": [{"code": "1"}, {"code": "2"}]}]}}"#,
        ),
        (
            "whole",
            r#"{"resourceType": "ValueSet", "url": "whole", "compose": {"include": [{"system": "urn:colours"}]}}"#,
        ),
        (
            "folded",
            r#"{"resourceType": "ValueSet", "url": "folded", "compose": {"include": [{"system": "urn:shouted"}]}}"#,
        ),
        (
            "reds",
            r#"{"resourceType": "ValueSet", "url": "reds", "compose": {"include": [
            {"system": "urn:colours", "filter": [{"property": "concept", "op": "descendent-of", "value": "red"}]}]}}"#,
        ),
        (
            "all-but",
            r#"{"resourceType": "ValueSet", "url": "all-but", "compose": {"include": [{"system": "urn:colours"}],
            "exclude": [{"system": "urn:colours", "concept": [{"code": "blue"}]}]}}"#,
        ),
        (
            "snomed",
            r#"{"resourceType": "ValueSet", "url": "snomed", "compose": {"include": [
            {"system": "http://snomed.info/sct"}, {"system": "urn:colours", "concept": [{"code": "red"}]}]}}"#,
        ),
        (
            "below",
            r#"{"resourceType": "ValueSet", "url": "below", "compose": {"include": [{"system":
            "http://snomed.info/sct", "filter": [{"property": "concept", "op": "is-a", "value": "71388002"}]}]}}"#,
        ),
        (
            "imports",
            r#"{"resourceType": "ValueSet", "url": "imports", "compose": {"include": [
            {"valueSet": ["listed"]}, {"valueSet": ["reds|1.0"]}]}}"#,
        ),
        (
            "circle",
            r#"{"resourceType": "ValueSet", "url": "circle", "compose": {"include": [{"valueSet": ["circle"]}]}}"#,
        ),
        (
            "expanded",
            r#"{"resourceType": "ValueSet", "url": "expanded", "compose": {"include": [
            {"system": "http://snomed.info/sct"}]}}"#,
        ),
        (
            "expanded",
            r#"{"resourceType": "ValueSet", "url": "expanded", "expansion": {"total": 1, "contains": [
            {"system": "http://snomed.info/sct", "code": "7"}]}}"#,
        ),
        (
            "cut",
            r#"{"resourceType": "ValueSet", "url": "cut", "compose": {"include": [{"system":
            "http://snomed.info/sct"}]}, "expansion": {"total": 9, "contains": [
            {"system": "http://snomed.info/sct", "code": "7"}]}}"#,
        ),
    ]))
}

#[test]
fn what_is_in_what() {
    use Membership::{Member, NotMember};
    let undecided = |why: fn(Box<str>) -> Undecided, url: &str| Membership::Undecided(why(url.into()));
    let terminology = terminology();
    for (set, system, code, expected) in [
        ("listed", Some(SCT), "1", Member),
        ("listed", Some(SCT), "3", NotMember),
        ("listed", Some("urn:other"), "1", NotMember),
        ("listed", None, "2", Member),
        ("whole", Some("urn:colours"), "pink", Member),
        ("whole", Some("urn:colours"), "green", NotMember),
        ("whole", None, "Red", NotMember),
        ("folded", None, "aaa", Member),
        ("reds", Some("urn:colours"), "pink", Member),
        ("reds", Some("urn:colours"), "red", NotMember),
        ("all-but", Some("urn:colours"), "red", Member),
        ("all-but", Some("urn:colours"), "blue", NotMember),
        ("snomed", Some("urn:colours"), "red", Member),
        ("snomed", Some("urn:elsewhere"), "red", NotMember),
        ("snomed", Some(SCT), "71388002", undecided(Undecided::CodeSystem, SCT)),
        ("below", Some(SCT), "71388002", undecided(Undecided::Filter, SCT)),
        ("below", Some("urn:colours"), "red", NotMember),
        ("imports", Some(SCT), "2", Member),
        ("imports", Some("urn:colours"), "pink", Member),
        ("imports", Some("urn:colours"), "blue", NotMember),
        ("circle", Some(SCT), "1", undecided(Undecided::Circle, "circle")),
        ("expanded", Some(SCT), "7", Member),
        ("expanded", Some(SCT), "8", NotMember),
        ("cut", Some(SCT), "7", Member),
        ("cut", Some(SCT), "8", undecided(Undecided::CodeSystem, SCT)),
        ("nowhere", Some(SCT), "1", undecided(Undecided::ValueSet, "nowhere")),
    ] {
        assert_eq!(terminology.membership(set, CodeRef { system, code }), expected, "{set}: {system:?} {code}");
    }
}
