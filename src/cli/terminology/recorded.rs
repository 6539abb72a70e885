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
