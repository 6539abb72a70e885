//! Scripts that include groups of actions.

use super::{load, problems};
use crate::testscript::model::{Action, Check, Direction, Interaction, Operator};

/// A script of our own, in JSON, that includes a group with these parameters.
pub(super) fn including(with: &str) -> String {
    format!(
        r#"{{"resourceType": "TestScript", "variable": [{{"name": "T", "defaultValue": "${{CURRENTDATE}}"}}],
            "test": [{{"id": "a", "action": [
              {{"operation": {{"type": "search", "resource": "Patient"}}}},
              {{"include": {{"group": "../shared/g.json", "with": {{{with}}}}}}}]}}]}}"#
    )
}

pub(super) const GROUP: &str = r#"{"description": "d", "parameters": {"TYPE": "resource type", "COUNT": "how many"},
  "action": [{"assert": {"expression": "Bundle.entry.resource.ofType(${param:TYPE}).count() = ${param:COUNT}"}},
             {"include": {"group": "deeper/h.json", "with": {"OP": "in"}}}]}"#;

pub(super) const DEEPER: &str = r#"{"parameters": {"OP": "operator"}, "action": [
  {"assert": {"responseCode": "200", "operator": "${param:OP}", "value": "${T}"}}]}"#;

#[test]
fn included_actions_take_the_place_of_the_include_and_are_placed_in_their_group() {
    let script = including(r#""TYPE": "Patient", "COUNT": 12"#);
    let files = [("set/x/s.json", script.as_str()), ("set/shared/g.json", GROUP), ("set/shared/deeper/h.json", DEEPER)];
    assert_eq!(problems(&files), Vec::<String>::new());
    let loaded = load(&files);
    let script = loaded.runnable().expect("nothing is wrong");
    let [Action::Operation(operation), Action::Assert(first), Action::Assert(second)] = &script.tests[0].actions[..]
    else {
        panic!("{:?}", script.tests[0].actions)
    };
    assert_eq!(operation.interaction, Interaction::Search);
    assert!(operation.encode_request_url);
    let Check::Expression(expression) = &first.check else { panic!("{:?}", first.check) };
    assert_eq!(expression.text, "Bundle.entry.resource.ofType(Patient).count() = 12");
    assert_eq!(&*first.place.source.name, "set/shared/g.json");
    assert_eq!(first.place.position.line, 2);
    let span = first.check_place.span;
    assert_eq!(&GROUP[span.range()], "Bundle.entry.resource.ofType(${param:TYPE}).count() = ${param:COUNT}");
    assert_eq!(&*second.place.source.name, "set/shared/deeper/h.json");
    assert_eq!((second.operator, second.direction), (Some(Operator::In), Direction::Response));

    let changed = DEEPER.replace("200", "201");
    let files = [files[0], files[1], ("set/shared/deeper/h.json", changed.as_str())];
    let other = load(&files).script.expect("still a script");
    assert_ne!(other.sha256, script.sha256, "a group is part of the script's identity");
}

#[test]
fn parameters_that_do_not_match_are_named() {
    let wrong = |with: &str, group: &str| problems(&[("set/x/s.json", &including(with)), ("set/shared/g.json", group)]);
    let group = r#"{"parameters": {"TYPE": "t"}, "action": [{"assert": {"resource": "${param:TYPE}"}}]}"#;
    let found = wrong(r#""TYP": "Patient""#, group);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].ends_with("group `set/shared/g.json` needs parameter `TYPE`, which is not given"), "{found:?}");
    assert!(found[1].ends_with("group `set/shared/g.json` has no parameter `TYP` (expected `TYPE`)"), "{found:?}");
    let group = r#"{"parameters": {"TYPE": "t"}, "action": [{"assert": {"resource": "${param:TYPES}"}}]}"#;
    assert_eq!(
        wrong(r#""TYPE": "Patient""#, group),
        ["E1052 [${param:TYPES}] the group uses parameter `TYPES`, which it does not name (expected `TYPE`)"]
    );
    let group = r#"{"parametres": {}, "action": [{"assert": {"resource": "P"}}]}"#;
    let found = wrong("", group);
    assert!(
        found.iter().any(|l| l.contains("`group` has no element `parametres` (expected `parameters`)")),
        "{found:?}"
    );
}

#[test]
fn groups_that_cannot_be_had_or_never_end_are_errors() {
    let script = including(r#""A": "x""#);
    let cyclic = r#"{"parameters": {"A": "a"}, "action": [{"include": {"group": "g.json", "with": {"A": "y"}}}]}"#;
    let found = problems(&[("set/x/s.json", &script), ("set/shared/g.json", cyclic)]);
    assert_eq!(found, ["E1051 [g.json] group `set/shared/g.json` includes itself"]);
    let found = problems(&[("set/x/s.json", &script)]);
    assert_eq!(found, ["E1050 [../shared/g.json] `set/shared/g.json` does not exist"]);
    let found = problems(&[
        ("set/x/s.json", &script),
        ("set/shared/g.json", "{\"parameters\": {\"A\": \"a\"}, \"action\": [${param:A}]}"),
    ]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("E1050 [${param:A}] group `set/shared/g.json` cannot be parsed: "), "{found:?}");
    // Every file includes the next twice: 2^20 inclusions if nobody stopped it.
    let doubling: Vec<(String, String)> = (0..20)
        .map(|n| {
            let next = format!("{{\"include\": {{\"group\": \"{}.json\"}}}}", n + 1);
            (format!("set/shared/{n}.json"), format!("{{\"action\": [{next}, {next}]}}"))
        })
        .collect();
    let script = including("").replace("../shared/g.json", "../shared/0.json");
    let mut files = vec![("set/x/s.json", script.as_str())];
    files.extend(doubling.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let found = problems(&files);
    assert!(found.iter().any(|l| l.contains("includes more than 10000 groups")), "{}", found.len());
}
