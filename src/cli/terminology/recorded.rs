//! What a server said in a run, for a replay: nobody is asked again, so that the same bytes give the same
//! verdict.

use std::collections::HashMap;
use std::sync::Arc;

use crate::definitions::terminology::{Answer, Authority, Question};
use crate::record::{CodeAnswer, Event};

/// Answers by value set, system and code.
struct Recorded(HashMap<(String, String, String), bool>);

impl Authority for Recorded {
    fn ask(&self, question: &Question<'_>) -> Answer {
        let key = (question.value_set.to_owned(), question.system.to_owned(), question.code.to_owned());
        match self.0.get(&key) {
            Some(true) => Answer::Member,
            Some(false) => Answer::NotMember,
            None => Answer::Unknown("the record has no answer of the terminology server".to_owned()),
        }
    }
}

/// The answers in the events of a run; None where no server was asked.
pub fn recorded(events: &[Event]) -> Option<Arc<dyn Authority>> {
    let issues = events.iter().flat_map(|event| match event {
        Event::ActionFinished(action) => action.issues.as_slice(),
        _ => &[],
    });
    let known = |answer: &CodeAnswer| {
        let CodeAnswer { value_set, system, code, member } = answer.clone();
        ((value_set, system, code), member)
    };
    let answers: HashMap<_, _> = issues.flat_map(|issue| &issue.asked).map(known).collect();
    (!answers.is_empty()).then(|| Arc::new(Recorded(answers)) as Arc<dyn Authority>)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::FhirVersion;

    #[test]
    fn a_replay_hears_what_the_run_heard_and_no_more() {
        let asked = r#"[{"value_set": "http://vs", "system": "http://s", "code": "1", "member": true},
            {"value_set": "http://vs", "system": "http://s", "code": "2", "member": false}]"#;
        let event = |asked: &str| -> Event {
            let issue = format!(
                r#"{{"severity": "information", "code": "KEUR4038", "message": "", "asked": {asked},
                    "target": {{"request": false, "line": 1, "column": 1, "path": "", "span": [0, 0]}}}}"#
            );
            let action = format!(
                r#"{{"event": "action_finished", "script": 0, "test": 0, "action": 0, "kind": "assert",
                    "verdict": "pass", "code": "", "title": "", "message": "", "expected": null, "found": null,
                    "source": {{"line": 1, "column": 1, "span": [0, 0]}}, "exchange": null, "target": null,
                    "codes": {{"checked": 0, "not_checkable": 0}}, "issues": [{issue}]}}"#
            );
            serde_json::from_str(&action).unwrap()
        };
        assert!(recorded(&[]).is_none() && recorded(&[event("[]")]).is_none(), "nobody was asked");
        let authority = recorded(&[event(asked)]).unwrap();
        let ask = |value_set: &str, code: &str| {
            let release = FhirVersion::Stu3;
            let (system, whole, definition) = ("http://s", false, None);
            authority.ask(&Question { release, value_set, system, code, whole, definition })
        };
        assert_eq!((ask("http://vs", "1"), ask("http://vs", "2")), (Answer::Member, Answer::NotMember));
        for (value_set, code) in [("http://vs", "3"), ("http://other", "1")] {
            assert!(matches!(ask(value_set, code), Answer::Unknown(_)), "{value_set} {code}");
        }
    }
}
