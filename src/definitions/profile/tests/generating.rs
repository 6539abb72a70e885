//! Snapshot generation, one rule a test.

use proptest::prelude::*;

use super::{CORE, lines, profile, profiles, thing};
use crate::definitions::profile::SnapshotProblem;

#[test]
fn what_is_not_touched_is_the_bases_own() {
    let profiles = profiles(vec![profile("http://x/p", "Thing", "{'path':'Thing.name','min':1}")]);
    let (ours, base) = (profiles.snapshot("http://x/p").unwrap(), profiles.snapshot(&format!("{CORE}Thing")).unwrap());
    assert_eq!(lines(&ours, "Thing.name"), ["Thing.name 1..1 string"]);
    let part = |s: &crate::definitions::profile::Snapshot| s.root.child("part").cloned().unwrap();
    assert!(std::sync::Arc::ptr_eq(&part(&ours), &part(&base)));
}

#[test]
fn a_differential_walks_into_types() {
    let snapshot = thing("{'path':'Thing.code.coding.system','min':1,'fixedUri':'http://s'}");
    assert_eq!(
        lines(&snapshot, "Thing.code"),
        [
            "Thing.code 1..1 CodeableConcept",
            "Thing.code.coding 0..* Coding",
            "Thing.code.coding.id 0..1 string",
            "Thing.code.coding.system 1..1 uri = http://s",
            "Thing.code.coding.code 0..1 code",
            "Thing.code.text 0..1 string",
        ]
    );
}

#[test]
fn content_elsewhere_is_walked_into() {
    let snapshot = thing("{'path':'Thing.part.part.code','max':'1'},{'path':'Thing.part.part.part.id','max':'0'}");
    assert_eq!(
        lines(&snapshot, "Thing.part.part"),
        [
            "Thing.part.part 0..* BackboneElement",
            "Thing.part.part.id 0..1 string",
            "Thing.part.part.code 1..1 CodeableConcept",
            "Thing.part.part.value[x] 0..1 Quantity string",
            "Thing.part.part.part 0..* BackboneElement",
            "Thing.part.part.part.id 0..0 string",
            "Thing.part.part.part.code 1..1 CodeableConcept",
            "Thing.part.part.part.value[x] 0..1 Quantity string",
            "Thing.part.part.part.part 0..*",
        ]
    );
}

#[test]
fn a_choice_named_by_its_type_is_only_that_type() {
    for name in ["", ",'sliceName':'valueQuantity'", ",'sliceName':'amount','type':[{'code':'Quantity'}]"] {
        let snapshot = thing(&format!(
            "{{'path':'Thing.valueQuantity','min':1{name}}},{{'path':'Thing.valueQuantity.code','min':1}}"
        ));
        assert_eq!(
            lines(&snapshot, "Thing.value[x]"),
            [
                "Thing.value[x] 1..1 Quantity by type:$this closed",
                "Thing.value[x]:valueQuantity 1..1 Quantity",
                "Thing.value[x]:valueQuantity.value 0..1 decimal",
                "Thing.value[x]:valueQuantity.code 1..1 code",
            ],
            "{name}"
        );
    }
}

#[test]
fn a_choice_that_is_divided_openly_keeps_its_types() {
    let divided =
        "{'path':'Thing.value[x]','slicing':{'discriminator':[{'type':'type','path':'$this'}],'rules':'open'}}";
    let slice = |more: &str| {
        format!("{divided},{{'path':'Thing.value[x]','sliceName':'q','type':[{{'code':'Quantity'}}]{more}}}")
    };
    assert_eq!(
        lines(&thing(&slice(",'max':'1'")), "Thing.value[x]"),
        [
            "Thing.value[x] 0..1 Quantity string CodeableConcept Reference>Thing by type:$this open",
            "Thing.value[x]:valueQuantity 0..1 Quantity",
        ]
    );
    // One value at most, and it must be a Quantity: there is no room for others.
    assert_eq!(
        lines(&thing(&slice(",'min':1")), "Thing.value[x]"),
        ["Thing.value[x] 1..1 Quantity by type:$this closed", "Thing.value[x]:valueQuantity 1..1 Quantity"]
    );
}

#[test]
fn slices_begin_as_their_element_but_are_not_required() {
    let snapshot = thing(
        "{'path':'Thing.part','min':1,'slicing':{'discriminator':[{'type':'value','path':'code'}],'rules':'closed'}},
         {'path':'Thing.part','sliceName':'a','max':'1'},
         {'path':'Thing.part.code.text','fixedString':'a'},
         {'path':'Thing.part','sliceName':'b','min':1}",
    );
    assert_eq!(
        lines(&snapshot, "Thing.part:"),
        [
            "Thing.part:a 0..1 BackboneElement",
            "Thing.part:a.id 0..1 string",
            "Thing.part:a.code 1..1 CodeableConcept",
            "Thing.part:a.code.coding 0..* Coding",
            "Thing.part:a.code.text 0..1 string = a",
            "Thing.part:a.value[x] 0..1 Quantity string",
            "Thing.part:a.part 0..*",
            "Thing.part:b 1..* BackboneElement",
            "Thing.part:b.id 0..1 string",
            "Thing.part:b.code 1..1 CodeableConcept",
            "Thing.part:b.value[x] 0..1 Quantity string",
            "Thing.part:b.part 0..*",
        ]
    );
}

#[test]
fn slices_within_slices_and_of_slices() {
    let snapshot = thing(
        "{'path':'Thing.part','slicing':{'discriminator':[{'type':'value','path':'code'}],'rules':'open'}},
         {'path':'Thing.part','sliceName':'a'},
         {'path':'Thing.part.code.coding','slicing':{'discriminator':[{'type':'value','path':'system'}],'rules':'open'}},
         {'path':'Thing.part.code.coding','sliceName':'x','max':'1'},
         {'path':'Thing.part','sliceName':'a/small','max':'2'}",
    );
    let a = snapshot.root.child("part").and_then(|p| p.slice("a")).expect("slice a").clone();
    let coding = a.child("code").and_then(|c| c.child("coding")).expect("its codings");
    assert_eq!(coding.slice("x").map(|x| x.rules.max().to_string()).as_deref(), Some("1"));
    let small = a.slice("a/small").expect("a slice of slice a");
    assert!(small.child("code").and_then(|c| c.child("coding")).is_some(), "it begins as slice a");
}

#[test]
fn a_profile_of_a_profile_goes_on_where_that_stopped() {
    let first = profile(
        "http://x/first",
        "Thing",
        "{'path':'Thing.code.coding','min':1,'slicing':{'discriminator':[{'type':'value','path':'system'}],'rules':'open'}},
         {'path':'Thing.code.coding','sliceName':'a'},{'path':'Thing.code.coding.system','fixedUri':'http://a'}",
    );
    let second = profile(
        "http://x/second",
        "http://x/first",
        "{'path':'Thing.code.coding','sliceName':'a','min':1},{'path':'Thing.code.coding','sliceName':'b','max':'1'}",
    );
    let snapshot = profiles(vec![first, second]).snapshot("http://x/second").unwrap();
    assert_eq!(
        lines(&snapshot, "Thing.code.coding"),
        [
            "Thing.code.coding 1..* Coding by value:system open",
            "Thing.code.coding:a 1..* Coding",
            "Thing.code.coding:a.id 0..1 string",
            "Thing.code.coding:a.system 0..1 uri = http://a",
            "Thing.code.coding:a.code 0..1 code",
            "Thing.code.coding:b 0..1 Coding",
        ]
    );
}

#[test]
fn an_extension_brings_what_its_definition_says() {
    let extension = profile(
        "http://x/e",
        "Extension",
        "{'path':'Extension','max':'1','constraint':[{'key':'e-1','severity':'error','human':'h','expression':'true'}]},
         {'path':'Extension.url','fixedUri':'http://x/e'},{'path':'Extension.valueString','min':1}",
    );
    let user = profile(
        "http://x/p",
        "Thing",
        "{'path':'Thing.extension','sliceName':'e','type':[{'code':'Extension','profile':['http://x/e']}]},
         {'path':'Thing.extension.valueString','fixedString':'s'}",
    );
    let snapshot = profiles(vec![extension, user]).snapshot("http://x/p").unwrap();
    assert_eq!(
        lines(&snapshot, "Thing.extension"),
        [
            "Thing.extension 0..* Extension by value:url open",
            "Thing.extension:e 0..1 Extension",
            "Thing.extension:e.id 0..1 string",
            "Thing.extension:e.extension 0..* Extension",
            "Thing.extension:e.url 1..1 uri = http://x/e",
            "Thing.extension:e.value[x] 1..1 string by type:$this closed",
            "Thing.extension:e.value[x]:valueString 1..1 string = s",
        ]
    );
    let e = snapshot.root.child("extension").and_then(|e| e.slice("e")).unwrap();
    assert_eq!(e.rules.constraints.iter().map(|c| &*c.key).collect::<Vec<_>>(), ["e-1"]);
}

#[test]
fn bindings_and_invariants_come_together() {
    let first = profile(
        "http://x/first",
        "Thing",
        "{'path':'Thing.code','binding':{'strength':'extensible','valueSetReference':{'reference':'http://vs'}},
          'constraint':[{'key':'a','severity':'error','human':'one','expression':'1'},{'key':'b','severity':'error','human':'','expression':'1'}]}",
    );
    let second = profile(
        "http://x/second",
        "http://x/first",
        "{'path':'Thing.code','binding':{'strength':'required','valueSetReference':{'extension':[{
            'url':'http://hl7.org/fhir/StructureDefinition/11179-permitted-value-conceptmap',
            'valueReference':{'reference':'http://cm'}}]}},
          'constraint':[{'key':'a','severity':'warning','human':'two','expression':'2'}]}",
    );
    let snapshot = profiles(vec![first, second]).snapshot("http://x/second").unwrap();
    let rules = &snapshot.root.child("code").unwrap().rules;
    let binding = rules.binding.as_ref().unwrap();
    assert_eq!((binding.strength.code(), binding.value_set.as_deref()), ("required", Some("http://vs")));
    assert_eq!(*binding.permitted_concept_maps[0], *"http://cm");
    let keys: Vec<_> = rules.constraints.iter().map(|c| (&*c.key, &*c.human)).collect();
    assert_eq!(keys, [("a", "two"), ("b", "")]);
}

#[test]
fn what_cannot_be_applied_is_said() {
    let problems = |elements: &str| thing(elements).problems.clone();
    assert_eq!(
        problems("{'path':'Thing.nmae','min':1}"),
        [SnapshotProblem::UnknownElement { path: "Thing.nmae".into() }]
    );
    assert_eq!(
        problems("{'path':'Thing.part','sliceName':'a'}"),
        [SnapshotProblem::Undivided { path: "Thing.part".into() }]
    );
    let missing =
        "{'path':'Thing.extension','sliceName':'a','type':[{'code':'Extension','profile':['http://x/gone']}]}";
    assert_eq!(
        problems(missing),
        [SnapshotProblem::MissingProfile { path: "Thing.extension:a".into(), canonical: "http://x/gone".into() }]
    );
}

/// Paths and slice names as nobody writes them.
fn anything() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    let name = prop::sample::select(vec![
        "Thing",
        "code",
        "coding",
        "value[x]",
        "valueQuantity",
        "part",
        "extension",
        "url",
        "x",
        "",
        "[x]",
        "V",
    ]);
    let path = prop::collection::vec(name, 1..5).prop_map(|names| format!("Thing.{}", names.join(".")));
    let slice = prop::option::of(prop::sample::select(vec!["a", "b", "a/b", "a/b/c", "/", "valueQuantity"]));
    prop::collection::vec((path, slice.prop_map(|s| s.map(str::to_owned))), 0..12)
}

proptest! {
    /// No differential makes it panic, and what comes out always has the base's elements in the base's order.
    #[test]
    fn any_differential_gives_a_snapshot(elements in anything()) {
        let json: Vec<String> = elements
            .iter()
            .map(|(path, slice)| match slice {
                Some(slice) => format!("{{'path':'{path}','sliceName':'{slice}','min':1}}"),
                None => format!("{{'path':'{path}','min':1}}"),
            })
            .collect();
        let profiles = profiles(vec![profile("http://x/p", "Thing", &json.join(","))]);
        if let Ok(snapshot) = profiles.snapshot("http://x/p") {
            let names: Vec<&str> = snapshot.root.children.iter().map(|c| &*c.name).collect();
            prop_assert_eq!(names, ["id", "extension", "code", "name", "value[x]", "other", "part"]);
            profiles.profile("http://x/p").expect("what has a snapshot compiles");
        }
    }

    /// Elements that are siblings may come in any order.
    #[test]
    fn order_does_not_matter(shuffled in Just(vec![
        "{'path':'Thing.name','min':1}",
        "{'path':'Thing.code.text','min':1}",
        "{'path':'Thing.part.code.coding','min':1}",
        "{'path':'Thing.valueString','fixedString':'s'}",
    ]).prop_shuffle()) {
        let expected = thing("{'path':'Thing.code.text','min':1},{'path':'Thing.name','min':1},
            {'path':'Thing.valueString','fixedString':'s'},{'path':'Thing.part.code.coding','min':1}");
        prop_assert_eq!(lines(&thing(&shuffled.join(",")), ""), lines(&expected, ""));
    }
}
