//! The compiled form: what decides slices, and how elements are found.

use super::{profile, profiles, thing};
use crate::definitions::profile::{Decider, ElementIndex, PathStep, Profile, Profiles, SliceTest};

fn shown(decider: &Decider) -> String {
    let list = |all: &[Decider]| all.iter().map(shown).collect::<Vec<_>>().join(" + ");
    match decider {
        Decider::Fixed(value) => format!("= {value}"),
        Decider::Pattern(value) => format!("~ {value}"),
        Decider::Types(codes) => format!("is {}", codes.join("|")),
        Decider::Profiles(canonicals) => format!("conforms {}", canonicals.join("|")),
        Decider::Binding(binding) => format!("in {}", binding.value_set.as_deref().unwrap_or_default()),
        Decider::SystemOf(binding) => format!("system of {}", binding.value_set.as_deref().unwrap_or_default()),
        Decider::Exists(exists) => format!("exists {exists}"),
        Decider::All(all) => list(all),
        Decider::Below(name, all) => format!("{name}({})", list(all)),
        Decider::Unknown(reason) => reason.clone(),
    }
}

fn path(test: &SliceTest) -> String {
    let step = |s: &PathStep| match s {
        PathStep::Child(name) => name.to_string(),
        PathStep::Extension(url) => format!("extension({url})"),
        PathStep::Resolve => "resolve()".to_owned(),
        PathStep::OfType(code) => format!("ofType({code})"),
    };
    test.path.iter().map(step).collect::<Vec<_>>().join(".")
}

/// Sliced element, discriminator, what the slice says; path and decider expected.
const DECIDERS: [(&str, &str, &str, &str, &str); 15] = [
    (
        "part",
        "value code.coding.code",
        "{'path':'Thing.part.code.coding.code','fixedCode':'c'}",
        "code.coding.code",
        "= c",
    ),
    (
        "part",
        "value code.coding.code",
        "{'path':'Thing.part.code','patternCodeableConcept':{'coding':[{'code':'c'}]}}",
        "code",
        "~ coding.code: c",
    ),
    ("part", "pattern code", "{'path':'Thing.part.code','patternCodeableConcept':{'text':'t'}}", "code", "~ text: t"),
    (
        "part",
        "value code.text",
        "{'path':'Thing.part.code','patternCodeableConcept':{'coding':[{'code':'c'}]}}",
        "code.text",
        "slice `s` says nothing at `code.text` that would decide it",
    ),
    (
        "part",
        "value code",
        "{'path':'Thing.part.code.coding.system','fixedUri':'u'},{'path':'Thing.part.code.coding.code','fixedCode':'c'}",
        "code",
        "coding(system(= u) + code(= c))",
    ),
    ("code.coding", "value $this", "BINDING", "", "in http://vs"),
    ("code.coding", "value system", "BINDING", "system", "system of http://vs"),
    ("part", "value id", "{'path':'Thing.part.id','min':1}", "id", "exists true"),
    ("part", "exists id", "{'path':'Thing.part.id','max':'0'}", "id", "exists false"),
    ("part", "exists id", "", "id", "slice `s` says nothing at `id` that would decide it"),
    ("part", "type value", "{'path':'Thing.part.value[x]','type':[{'code':'string'}]}", "value", "is string"),
    ("other", "type resolve()", "TARGET", "resolve()", "is Gadget"),
    ("other", "profile resolve()", "TARGET", "resolve()", "conforms http://hl7.org/fhir/StructureDefinition/Gadget"),
    ("extension", "value url", "EXTENSION", "url", "= http://x/e"),
    ("part", "value code.first()", "", "", "`first()` in the discriminator `code.first()` is not understood"),
];

#[test]
fn slices_are_decided_by_what_they_say() {
    for (sliced, discriminator, says, at, expected) in DECIDERS {
        let (kind, to) = discriminator.split_once(' ').unwrap();
        let own = match says {
            "BINDING" => ",'binding':{'strength':'required','valueSetReference':{'reference':'http://vs'}}",
            "TARGET" => {
                ",'type':[{'code':'Reference','targetProfile':'http://hl7.org/fhir/StructureDefinition/Gadget'}]"
            }
            "EXTENSION" => ",'type':[{'code':'Extension','profile':'http://x/e|1'}]",
            _ => "",
        };
        let below = if own.is_empty() && !says.is_empty() { format!(",{says}") } else { String::new() };
        let elements = format!(
            "{{'path':'Thing.{sliced}','slicing':{{'discriminator':[{{'type':'{kind}','path':'{to}'}}],'rules':'open'}}}},
             {{'path':'Thing.{sliced}','sliceName':'s'{own}}}{below}"
        );
        let profile = compiled(&elements);
        let set = profile.elements().find_map(|(_, e)| e.slices.as_ref().filter(|s| !s.slices.is_empty())).unwrap();
        assert_eq!(*set.discriminators[0], *format!("{kind}:{to}"));
        let test = &set.slices[0].tests[0];
        assert_eq!((path(test).as_str(), shown(&test.decider).as_str()), (at, expected), "{elements}");
    }
}

fn compiled(elements: &str) -> std::sync::Arc<Profile> {
    profiles(vec![profile("http://x/p", "Thing", elements)]).profile("http://x/p").unwrap()
}

#[test]
fn children_are_found_as_instances_write_them() {
    let profile = compiled("");
    let find = |of: ElementIndex, written: &str| {
        profile.child(of, written).map(|c| (profile.path(c.element), c.type_rule.map(|t| t.code.to_string())))
    };
    let root = ElementIndex::ROOT;
    assert_eq!(find(root, "name"), Some(("Thing.name".into(), None)));
    assert_eq!(find(root, "valueQuantity"), Some(("Thing.value[x]".into(), Some("Quantity".into()))));
    assert_eq!(find(root, "valueString"), Some(("Thing.value[x]".into(), Some("string".into()))));
    for unknown in ["value", "value[x]", "valueBoolean", "valuequantity", "nam", ""] {
        assert_eq!(find(root, unknown), None, "{unknown}");
    }
}

#[test]
fn content_elsewhere_is_linked() {
    let profile = compiled("{'path':'Thing.part.id','max':'0'}");
    let part = profile.child(ElementIndex::ROOT, "part").unwrap().element;
    let inner = profile.child(part, "part").unwrap().element;
    assert_eq!(profile.content(inner), part);
    // As deep as the instance goes.
    let deeper = profile.child(profile.child(inner, "part").unwrap().element, "id").unwrap().element;
    assert_eq!(
        (profile.path(deeper), profile.element(deeper).rules.max().to_string()),
        ("Thing.part.id".into(), "0".into())
    );
}

#[test]
fn paths_and_ids() {
    let elements = "{'path':'Thing.part','slicing':{'discriminator':[{'type':'value','path':'code'}],'rules':'open'}},
        {'path':'Thing.part','sliceName':'a'},{'path':'Thing.part.valueString','min':1}";
    let profile = compiled(elements);
    let ids: Vec<String> = profile.elements().map(|(at, _)| profile.id(at)).collect();
    let of_snapshot: Vec<_> =
        thing(elements).elements().iter().filter_map(|e| e.id.as_deref().map(str::to_owned)).collect();
    assert_eq!(ids, of_snapshot);
    let last =
        ids.iter().position(|id| id == "Thing.part:a.value[x]:valueString").expect("the slice of a slice's choice");
    let (at, _) = profile.elements().nth(last).unwrap();
    assert_eq!(profile.path(at), "Thing.part.value[x]");
}

#[test]
fn threads_get_the_same_profile() {
    let profiles = profiles(vec![profile("http://x/p", "Thing", "{'path':'Thing.name','min':1}")]);
    let get = |profiles: &Profiles| profiles.profile("http://x/p").unwrap();
    let all: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| get(&profiles))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(all.iter().all(|p| std::sync::Arc::ptr_eq(p, &all[0])));
}
