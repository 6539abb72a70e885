//! What the fact format promises.

use proptest::prelude::*;

use super::*;

fn written(structures: &[StructureFacts]) -> Vec<(String, String)> {
    let known = |name: &str| structures.iter().find(|s| &*s.name == name);
    structures.iter().map(|s| (s.name.to_string(), write(s, &known))).collect()
}

fn read_back(files: &[(String, String)]) -> Result<Vec<StructureFacts>, FactsError> {
    read(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

const ELEMENT: &str = "structure Element\nkind complex-type\nabstract\n\nid 0..1 string\nextension 0..* Extension\n";

#[test]
fn a_file_says_what_a_type_adds_and_reads_back_whole() {
    let thing = "structure Thing\nkind complex-type\nbase Element\n\n\
        code 1..1 code required=http://x/vs|1.0\n\
        value[x] 0..1 Quantity[SimpleQuantity,http://x/y],Reference(Patient,\"http://x/a b\")\n\
        part 0..* Element\npart.name 1..1 string preferred=names\npart.part 0..* =part\nnone 0..0 -\n";
    let structures = read([("Element", ELEMENT), ("Thing", thing)]).unwrap();
    let paths: Vec<&str> = structures[1].elements.iter().map(|e| &*e.path).collect();
    assert_eq!(
        paths,
        [
            "Thing.id",
            "Thing.extension",
            "Thing.code",
            "Thing.value[x]",
            "Thing.part",
            "Thing.part.id",
            "Thing.part.extension",
            "Thing.part.name",
            "Thing.part.part",
            "Thing.none"
        ]
    );
    let value = &structures[1].elements[3];
    assert_eq!(&*value.types[0].profiles[0], "http://hl7.org/fhir/StructureDefinition/SimpleQuantity");
    assert_eq!(&*value.types[0].profiles[1], "http://x/y");
    assert_eq!(&*value.types[1].targets[1], "http://x/a b");
    let part = &structures[1].elements[8];
    assert_eq!(part.content_reference.as_deref(), Some("Thing.part"));
    let bound: Vec<&str> =
        structures[1].elements.iter().filter_map(|e| e.binding.as_ref()).map(|b| &*b.value_set).collect();
    assert_eq!(bound, ["http://x/vs|1.0", "http://hl7.org/fhir/ValueSet/names"]);
    let again = written(&structures);
    assert_eq!((again[0].1.as_str(), again[1].1.as_str()), (ELEMENT, thing));
}

#[test]
fn a_type_that_changes_what_it_takes_over_is_written_whole() {
    let mut structures =
        read([("Element", ELEMENT), ("x", "structure x\nkind primitive-type\nbase Element\n\n")]).unwrap();
    structures[1].elements[1].max = Some(0);
    let files = written(&structures);
    assert_eq!(
        files[1].1,
        "structure x\nkind primitive-type\nbase Element\ncomplete\n\nid 0..1 string\nextension 0..0 Extension\n"
    );
    assert_eq!(read_back(&files).unwrap(), structures);
}

#[test]
fn what_is_wrong_is_said_with_file_and_line() {
    for (text, message) in [
        ("", "f line 1: it does not begin with `structure NAME`"),
        ("structure A\ncolour red", "f line 2: unknown keyword `colour`"),
        ("structure A\nkind thing", "f line 2: unknown kind `thing`"),
        ("structure A B", "f line 1: unexpected ` B`"),
        ("structure A\n\nx", "f line 3: the cardinality is missing"),
        ("structure A\n\nx 1 code", "f line 3: `1` is not a cardinality"),
        ("structure A\n\nx 0..n code", "f line 3: `0..n` is not a cardinality"),
        ("structure A\n\nx 0..1", "f line 3: expected a name, found ``"),
        ("structure A\n\nx 0..1 code(", "f line 3: expected a name, found ``"),
        ("structure A\n\nx 0..1 code(A", "f line 3: expected `,` or `)`, found ``"),
        ("structure A\n\nx 0..1 code strong=x", "f line 3: unknown property `strong`"),
        ("structure A\n\nx 0..1 code required", "f line 3: `required` has no `=`"),
        ("structure A\n\nx 0..1 \"code", "f line 3: the quoted name does not end"),
        (
            "structure A\nbase B\n\n",
            "f line 1: a type it takes elements over from is missing (or derives from this one)",
        ),
        (
            "structure A\nbase A\n\n",
            "f line 1: a type it takes elements over from is missing (or derives from this one)",
        ),
    ] {
        assert_eq!(read([("f", text)]).unwrap_err().to_string(), message, "{text}");
    }
}

fn canonical() -> impl Strategy<Value = Box<str>> {
    prop_oneof![
        "[A-Z][a-z]{1,6}".prop_map(|n| format!("{CORE}{n}")),
        "[a-z-]{1,6}".prop_map(|n| format!("{CORE_VALUE_SETS}{n}")),
        "urn:[a-z0-9.|, ()=\"-]{0,8}",
        "[A-Z][a-z]{0,4}/[a-z ]{1,4}",
    ]
    .prop_map(Into::into)
}

fn facts() -> impl Strategy<Value = TypeFacts> {
    let list = || prop::collection::vec(canonical(), 0..3);
    ("[A-Za-z*]{1,8}", list(), list()).prop_map(|(code, profiles, targets)| TypeFacts {
        code: code.into(),
        profiles,
        targets,
    })
}

prop_compose! {
    fn element()(
        name in "[a-z]{1,3}(\\[x\\])?", depth in 0usize..3, min in 0u32..9, max in proptest::option::of(0u32..9),
        types in prop::collection::vec(facts(), 0..3), reference in any::<bool>(),
        binding in proptest::option::of((0usize..4, canonical())),
    ) -> (usize, bool, ElementFacts) {
        let binding = binding.map(|(s, value_set)| Binding { strength: BindingStrength::ALL[s].0, value_set, max_value_set: None });
        (depth, reference, ElementFacts { path: name.into(), min, max, types, binding, ..ElementFacts::default() })
    }
}

proptest! {
    #[test]
    fn any_facts_read_back_as_they_were(parts in prop::collection::vec(element(), 0..12), is_abstract in any::<bool>()) {
        // Any list of elements in which a child comes below what stands before it.
        let mut open: Vec<Box<str>> = vec!["Thing".into()];
        let mut elements = vec![];
        for (i, (depth, reference, mut element)) in parts.into_iter().enumerate() {
            open.truncate(depth + 1);
            element.path = format!("{}.{}{i}", open.last().map_or("Thing", |o| o), element.path).into();
            if reference {
                element.content_reference = Some("Thing.some.where".into());
            }
            open.push(element.path.clone());
            elements.push(element);
        }
        let thing = StructureFacts { name: "Thing".into(), base: Some("Element".into()), class: TypeClass::Resource, is_abstract, invariants: vec![], elements };
        let mut structures = read([("Element", ELEMENT)]).unwrap();
        structures.push(thing);
        let files = written(&structures);
        prop_assert_eq!(read_back(&files).map_err(|e| TestCaseError::fail(format!("{e}\n{}", files[1].1)))?, structures);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(structure |kind |base |x |0\\.\\.1 |=|\"|\\(|\\[|,|-|\n|[a-cé ]){0,40}") {
        let _ = read([("f", text.as_str())]);
    }
}
