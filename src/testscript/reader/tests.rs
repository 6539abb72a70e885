mod faults;
mod including;

use super::*;
use crate::testscript::model::{Action, Assert, Check, Interaction, Side};
use crate::testscript::source::Carried;

/// A script in XML around these elements.
fn xml(inside: &str) -> String {
    format!("<TestScript xmlns=\"http://hl7.org/fhir\">{inside}</TestScript>")
}

/// A test with this one assert.
fn with_assert(inside: &str) -> String {
    xml(&format!("<test><action><assert>{inside}</assert></action></test>"))
}

fn load(files: &[(&str, &str)]) -> Loaded {
    let carried = Carried::new(files.iter().copied());
    ScriptReader::new(&carried).load(Path::new(files[0].0), Path::new(""))
}

/// Code, marked text and message of every problem, one a line.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let shown = |p: &Diagnostic| {
        let marked = p.labels.first().and_then(|l| l.source.text.get(l.span.range())).unwrap_or_default();
        let more: Vec<String> =
            p.notes.iter().filter(|(k, _)| *k == crate::diagnostic::NoteKind::Expected).map(|n| n.1.clone()).collect();
        let letter = if forbids_running(p) { 'E' } else { 'W' };
        let mut line = format!("{letter}{} [{marked}] {}", p.code.0, p.message);
        for note in more {
            line.push_str(&format!(" (expected {note})"));
        }
        line
    };
    load(files).problems.iter().map(shown).collect()
}

fn only_assert(script: &TestScript) -> &Assert {
    match script.actions().collect::<Vec<_>>()[..] {
        [Action::Assert(assert)] => assert,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_script_is_refused_with_the_reason() {
    for (name, text, wanted) in [
        (
            "s.xml",
            "<Patient xmlns=\"http://hl7.org/fhir\"><id value='a'/></Patient>",
            "E1002 [Patient] the root is `Patient`, not `TestScript`",
        ),
        ("s.json", "{\"test\": []", "E1001 [] expected"),
        ("s.json", "{\"id\": \"a\"}", "E1002 [{\"id\": \"a\"}] the root is no resource, not `TestScript`"),
        ("s.xml", "", "E1001 [] not well-formed XML"),
    ] {
        let loaded = load(&[(name, text)]);
        assert!(loaded.script.is_none() && loaded.runnable().is_none());
        let found = problems(&[(name, text)]);
        assert!(found[0].starts_with(wanted), "{found:?}");
    }
    let carried = Carried::default();
    let absent = ScriptReader::new(&carried).load(Path::new("a/b.xml"), Path::new("a"));
    assert_eq!(absent.problems[0].message, "`a/b.xml` does not exist");
}

#[test]
fn a_whole_script_is_read_from_xml() {
    const RULE: &str = "http://touchstone.aegis.net/touchstone/fhir/testing/StructureDefinition";
    const SUT: &str = "http://fhir.interoplab.eu/fhir/StructureDefinition/Interoplab-CL-ext-SUT";
    let party = |name: &str, sut: bool| {
        format!("<{name}><extension url='{SUT}'><valueBoolean value='{sut}'/></extension><index value='1'/></{name}>")
    };
    let text = xml(&format!(
        "<id value='i'/>
        <extension url='{RULE}/testscript-rule'>
          <extension url='ruleId'><valueId value='modifyTask'/></extension>
          <extension url='path'><valueString value='../rules/rewrite-response-taskStatus.groovy'/></extension>
        </extension>
        <title value='t'/>{}{}
        <fixture id='f'><autocreate value='false'/><resource><reference value='../r/f.xml'/></resource></fixture>
        <profile id='p' value='http://p'/>
        <profile id='q'><reference value='http://q'/></profile>
        <variable><name value='T'/><defaultValue value='${{CURRENTDATE}}'/></variable>
        <variable><name value='id'/><expression value='Task.id'/><sourceId value='kept'/></variable>
        <setup><action><operation>
          <type><system value='http://fhir.interoplab.eu/fhir/CodeSystem/Interoplab-CL-operation-codes'/><code value='purge'/></type>
          <resource value=''/><params value='x/$purge'/><contentType value='none'/>
        </operation></action></setup>
        <test id='one'><name value='n'/>
          <action><operation>
            <type><system value='http://hl7.org/fhir/restful-interaction'/><code value='read'/></type>
            <destination value='1'/><origin value='1'/><encodeRequestUrl value='true'/>
            <requestHeader><field value='Authorization'/><value value='Bearer x'/></requestHeader>
            <responseId value='kept'/>
          </operation></action>
          <action><assert>
            <extension url='{RULE}/testscript-assert-rule'>
              <extension url='ruleId'><valueId value='modifyTask'/></extension>
              <extension url='param'>
                <extension url='name'><valueString value='newStatus'/></extension>
                <extension url='value'><valueString value='done ${{T}}'/></extension>
              </extension>
              <extension url='output'>
                <extension url='name'><valueString value='out'/></extension>
                <extension url='contentType'><valueString value='xml'/></extension>
              </extension>
            </extension>
            <warningOnly value='true'/>
          </assert></action>
        </test>
        <test><action><operation><type><code value='update'/></type><sourceId value='out'/></operation></action></test>
        <teardown><action><operation><method value='delete'/></operation></action></teardown>",
        party("origin", false),
        party("destination", true)
    ));
    let files = [("set/role/s.xml", text.as_str()), ("set/r/f.xml", "<Task xmlns=\"http://hl7.org/fhir\"/>")];
    assert_eq!(problems(&files), Vec::<String>::new());
    let loaded = load(&files);
    let script = loaded.runnable().expect("nothing is wrong");
    assert_eq!(script.side(), Side::Server);
    assert_eq!(script.fixtures[0].path, Path::new("set/r/f.xml"));
    let profiles: Vec<_> = script.profiles.iter().map(|p| (p.id.as_str(), p.canonical.as_str())).collect();
    assert_eq!(profiles, [("p", "http://p"), ("q", "http://q")]);
    assert_eq!(script.tests.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["one", "2"]);
    assert_eq!(script.sha256.len(), 64);
    let operations: Vec<_> = script
        .actions()
        .filter_map(|a| match a {
            Action::Operation(o) => Some((o.interaction.clone(), o.resource.is_some(), o.headers.len())),
            Action::Assert(_) => None,
        })
        .collect();
    let delete = Interaction::Http("DELETE");
    assert_eq!(
        operations,
        [
            (Interaction::Purge, false, 0),
            (Interaction::Read, false, 1),
            (Interaction::Update, false, 0),
            (delete, false, 0)
        ]
    );
    let Action::Assert(assert) = &script.tests[0].actions[1] else { panic!("an assert") };
    let Check::Rule(call) = &assert.check else { panic!("{:?}", assert.check) };
    assert_eq!(
        (call.rule_id.as_str(), call.params[0].1.text.as_str(), call.outputs[0].name.as_str()),
        ("modifyTask", "done ${T}", "out")
    );
    assert!(assert.warning_only && !assert.stop_test_on_fail);
}

#[test]
fn the_element_decides_about_the_end_of_a_test_and_the_extension_only_without_it() {
    let extension = |value: bool| {
        format!(
            "<extension url='http://touchstone.aegis.net/touchstone/fhir/testing/StructureDefinition/\
             testscript-assert-stopTestOnFail'><valueBoolean value='{value}'/></extension><resource value='P'/>"
        )
    };
    for (older, core, stops, warned) in [
        (true, Some(false), false, true),
        (true, Some(true), true, false),
        (true, None, true, false),
        (false, None, false, false),
    ] {
        let core = core.map(|c| format!("<stopTestOnFail value='{c}'/>")).unwrap_or_default();
        let text = with_assert(&format!("{}{core}", extension(older)));
        let loaded = load(&[("s.xml", &text)]);
        assert_eq!(only_assert(loaded.runnable().expect("it can run")).stop_test_on_fail, stops, "{text}");
        assert_eq!(loaded.problems.iter().any(|p| p.code == problem::STOP_DISAGREES), warned, "{text}");
    }
}

#[test]
fn an_unknown_extension_makes_an_assert_one_that_is_not_evaluated() {
    let text = with_assert("<extension url='http://x'><valueBoolean value='true'/></extension><resource value='P'/>");
    let loaded = load(&[("s.xml", &text)]);
    let assert = only_assert(loaded.runnable().expect("it can run"));
    assert!(matches!(&assert.check, Check::Unknown(what) if what == "extension `http://x`"), "{:?}", assert.check);
}

#[test]
fn rules_of_other_files_are_unknown_and_undeclared_ones_an_error() {
    let rule = |inner: &str| {
        format!(
            "<extension url='http://touchstone.aegis.net/touchstone/fhir/testing/StructureDefinition/{inner}'>\
             <extension url='ruleId'><valueId value='r'/></extension>"
        )
    };
    let declared = xml(&format!(
        "{}<extension url='path'><valueString value='rules/own.groovy'/></extension></extension>",
        rule("testscript-rule")
    ));
    let found = problems(&[("s.xml", &declared)]);
    assert!(
        found[0].ends_with("keur does not know rule `r` (`own.groovy`); asserts that call it are not evaluated"),
        "{found:?}"
    );
    let called = with_assert(&format!("{}</extension>", rule("testscript-assert-rule")));
    assert_eq!(problems(&[("s.xml", &called)]), ["E1023 [r] there is no rule with id `r`"]);
}

#[test]
fn a_fixture_that_needs_an_undeclared_variable_is_a_warning() {
    let text = xml("<fixture id='f'><resource><reference value='f.xml'/></resource></fixture>");
    let files =
        [("s.xml", text.as_str()), ("f.xml", "<Task xmlns=\"http://hl7.org/fhir\"><id value=\"${a}\"/>${UUID}</Task>")];
    assert_eq!(problems(&files), ["W1020 [f.xml] fixture `f` uses variable `a`, which the script does not declare"]);
}

#[test]
fn short_hands_are_not_for_xml() {
    let text = xml("<test><action><operation><type value='search'/></operation></action></test>");
    assert_eq!(problems(&[("s.xml", &text)]), ["E1012 [search] `type` of `operation` takes elements, not `search`"]);
    let text = xml("<test><action><include><group value='g.json'/></include></action></test>");
    let found = problems(&[("s.xml", &text)]);
    assert!(found.iter().any(|l| l.contains("`action` has no element `include`")), "{found:?}");
}

#[test]
fn problems_come_in_the_order_of_the_text() {
    let text = xml("<test><action><assert><operator value='x'/><expression value='${b}'/></assert></action></test>\
         <variable><name value='v'/><sourceId value='none'/><expression value='${a}'/></variable>");
    let found = problems(&[("s.xml", &text)]);
    let codes: Vec<&str> = found.iter().map(|l| &l[..5]).collect();
    assert_eq!(codes, ["E1031", "E1020", "E1021", "E1020"], "{found:?}");
}

mod whatever_comes {
    use super::including::{DEEPER, GROUP, including};
    use super::*;
    use proptest::prelude::*;

    const SCRIPT: &str = "<TestScript xmlns=\"http://hl7.org/fhir\"><variable><name value='a'/><expression value='b'/>\
        </variable><test id='x'><action><operation><type><code value='search'/></type><params value='?${a}=${UUID}'/>\
        </operation></action><action><assert><expression value='a = &apos;${b}&apos;'/></assert></action></test></TestScript>";

    proptest! {
        #[test]
        fn a_broken_script_is_problems_and_never_a_panic(cut in 0..SCRIPT.len(), length in 0..20usize, put in ".{0,4}") {
            let end = (cut + length).min(SCRIPT.len());
            let text = format!("{}{put}{}", &SCRIPT[..cut], &SCRIPT[end..]);
            let loaded = load(&[("s.xml", &text)]);
            prop_assert!(loaded.script.is_some() || !loaded.problems.is_empty());
            for label in loaded.problems.iter().flat_map(|p| &p.labels) {
                prop_assert!(label.source.text.get(label.span.range()).is_some(), "{label:?}");
            }
        }

        #[test]
        fn a_broken_group_is_problems_and_never_a_panic(cut in 0..GROUP.len(), length in 0..20usize, value in ".{0,6}") {
            let end = (cut + length).min(GROUP.len());
            let group = format!("{}{}", &GROUP[..cut], &GROUP[end..]);
            let value = serde_json::to_string(&value).expect("a string");
            let script = including(&format!("\"TYPE\": {value}, \"COUNT\": 1"));
            let files = [("set/x/s.json", script.as_str()), ("set/shared/g.json", &group), ("set/shared/deeper/h.json", DEEPER)];
            for label in load(&files).problems.iter().flat_map(|p| &p.labels) {
                prop_assert!(label.source.text.get(label.span.range()).is_some(), "{label:?}");
            }
        }

        #[test]
        fn any_text_is_a_template_whose_parts_cover_it(text in "[$}{a-zDT,0-9é -]{0,40}") {
            let template = crate::testscript::Template::parse(&text);
            let covered: String = template.parts.iter().map(|part| match part {
                crate::testscript::Part::Literal(span) | crate::testscript::Part::Placeholder(_, span) => &text[span.range()],
            }).collect();
            prop_assert_eq!(covered, text);
        }
    }
}
