//! STU3 and R4 write the same facts differently.

use super::definition;
use crate::definitions::profile::{ElementRules, ExtensionContext, Max};

/// The rules of the only element of a differential that says this.
fn rules(element: &str) -> ElementRules {
    let json = format!(
        "{{'resourceType':'StructureDefinition','url':'http://x/p','type':'Thing','kind':'resource',
          'derivation':'constraint','differential':{{'element':[{{'path':'Thing.x',{element}}}]}}}}"
    );
    let definition = definition(&json.replace('\'', "\""));
    (*definition.elements[0].rules).clone()
}

/// Two ways to write one thing.
const SAME: [(&str, &str); 6] = [
    (
        "'type':[{'code':'Reference','targetProfile':'http://a'},{'code':'Reference','targetProfile':'http://b'}]",
        "'type':[{'code':'Reference','targetProfile':['http://a','http://b']}]",
    ),
    ("'type':[{'code':'Extension','profile':'http://a'}]", "'type':[{'code':'Extension','profile':['http://a']}]"),
    (
        "'binding':{'strength':'required','valueSetReference':{'reference':'http://vs'}}",
        "'binding':{'strength':'required','valueSet':'http://vs'}",
    ),
    (
        "'binding':{'strength':'required','valueSetUri':'http://vs'}",
        "'binding':{'strength':'required','valueSet':'http://vs'}",
    ),
    (
        "'type':[{'code':'string'}]",
        "'type':[{'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type',
           'valueUrl':'string'}],'code':'http://hl7.org/fhirpath/System.String'}]",
    ),
    (
        "'contentReference':'#Thing.part'",
        "'contentReference':'http://hl7.org/fhir/StructureDefinition/Thing#Thing.part'",
    ),
];

#[test]
fn both_releases_are_read_alike() {
    for (stu3, r4) in SAME {
        assert_eq!(rules(stu3), rules(r4), "{stu3}");
        assert_ne!(rules(stu3), ElementRules::default(), "{stu3}");
    }
}

#[test]
fn types_that_allow_more_are_not_joined_with_those_that_allow_less() {
    let any_and_one = rules("'type':[{'code':'Reference'},{'code':'Reference','targetProfile':'http://a'}]");
    assert_eq!(any_and_one.types.len(), 2);
    let two_profiles =
        rules("'type':[{'code':'Quantity','profile':'http://a'},{'code':'Quantity','profile':'http://b'}]");
    assert_eq!(two_profiles.types.len(), 1);
    assert_eq!(two_profiles.types[0].profiles.len(), 2);
}

#[test]
fn values_keep_their_type_and_text() {
    for (json, type_name, shown) in [
        ("'fixedUri':'http://a'", "uri", "http://a"),
        ("'fixedBoolean':true", "boolean", "true"),
        ("'fixedDecimal':1.50", "decimal", "1.50"),
        ("'fixedCoding':{'system':'s','code':'c'}", "Coding", "system: s, code: c"),
        (
            "'fixedCodeableConcept':{'coding':[{'code':'c'},{'code':'d'}]}",
            "CodeableConcept",
            "coding.code: c, coding.code: d",
        ),
    ] {
        let fixed = rules(json).fixed.expect(json);
        assert_eq!((&*fixed.type_name, fixed.to_string().as_str()), (type_name, shown));
        let pattern = rules(&json.replace("fixed", "pattern")).pattern.expect(json);
        assert_eq!(pattern, fixed);
    }
}

#[test]
fn limits_are_numbers_or_faults() {
    assert_eq!(rules("'max':'*'").max, Some(Max::Unbounded));
    assert_eq!(rules("'max':'3'").max, Some(Max::Count(3)));
    assert!(Max::Unbounded.allows(u32::MAX) && Max::Count(1).allows(1) && !Max::Count(1).allows(2));
    let json = r#"{"resourceType":"StructureDefinition","url":"u","snapshot":{"element":[{"path":"a","max":"many"}]}}"#;
    let document = crate::fhir::read(json, crate::fhir::Format::Json).unwrap();
    let fault = crate::definitions::profile::StructureDefinition::read(document.root()).unwrap_err();
    assert_eq!(fault.to_string(), "`max` is `many`, neither a number nor `*`");
    assert_eq!(fault.position.column as usize, json.find("\"many").unwrap() + 1);
}

#[test]
fn contexts_of_extensions() {
    let read = |context: &str| {
        let json = format!(
            "{{'resourceType':'StructureDefinition','url':'u','type':'Extension','differential':{{'element':[]}},{context}}}"
        );
        definition(&json.replace('\'', "\"")).contexts
    };
    let expected = [ExtensionContext { kind: "resource".into(), expression: "Patient".into() }];
    assert_eq!(read("'contextType':'resource','context':['Patient']"), expected);
    assert_eq!(read("'context':[{'type':'resource','expression':'Patient'}]"), expected);
}
