//! What a terminology server said in a run, and the same again in a replay: its answers decide verdicts, so
//! they are in the record.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::definitions::terminology::{Answer, Authority, Question};
use crate::record::{BodyHash, CodeAnswer, CodeAsked, Event};

/// What an answer depends on.
type Key = [String; 5];

fn key(question: &Question<'_>) -> Key {
    let content = question.definition.map(|text| BodyHash::of(text.as_bytes()).to_string()).unwrap_or_default();
    let Question { release, value_set, system, code, .. } = question;
    [release.number().to_owned(), (*value_set).to_owned(), content, (*system).to_owned(), (*code).to_owned()]
}

/// An authority that is asked each question once and remembers what it said.
pub struct Remembered {
    authority: Arc<dyn Authority>,
    said: Mutex<HashMap<Key, Answer>>,
}

impl Remembered {
    /// Nothing was asked yet.
    pub fn new(authority: Arc<dyn Authority>) -> Remembered {
        Remembered { authority, said: Mutex::default() }
    }

    /// Everything that was asked, sorted.
    pub fn all(&self) -> Vec<CodeAsked> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<CodeAsked> = said.iter().map(|(key, answer)| asked(key, answer)).collect();
        all.sort_unstable();
        all
    }
}

fn asked(key: &Key, answer: &Answer) -> CodeAsked {
    let [release, value_set, content, system, code] = key.clone();
    let (answer, reason) = match answer {
        Answer::Member => (CodeAnswer::Member, String::new()),
        Answer::NotMember => (CodeAnswer::NotMember, String::new()),
        Answer::Unknown(reason) => (CodeAnswer::Unknown, reason.clone()),
    };
    CodeAsked { release, value_set, content, system, code, answer, reason }
}

impl Authority for Remembered {
    fn ask(&self, question: &Question<'_>) -> Answer {
        let key = key(question);
        let known = self.said.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let answer = self.authority.ask(question);
            // Of two that asked at once the first has it: a run is of one mind.
            self.said.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(answer).clone()
        })
    }
}

/// The answers of a record; nobody else is asked.
pub struct Recorded(HashMap<Key, Answer>);

impl Recorded {
    /// None where nobody was asked.
    pub fn of(events: &[Event]) -> Option<Arc<dyn Authority>> {
        let answers: HashMap<Key, Answer> = events
            .iter()
            .filter_map(|event| match event {
                Event::CodeAsked(asked) => Some(recorded(asked)),
                _ => None,
            })
            .collect();
        (!answers.is_empty()).then(|| Arc::new(Recorded(answers)) as Arc<dyn Authority>)
    }
}

fn recorded(asked: &CodeAsked) -> (Key, Answer) {
    let CodeAsked { release, value_set, content, system, code, answer, reason } = asked.clone();
    let answer = match answer {
        CodeAnswer::Member => Answer::Member,
        CodeAnswer::NotMember => Answer::NotMember,
        CodeAnswer::Unknown => Answer::Unknown(reason),
    };
    ([release, value_set, content, system, code], answer)
}

impl Authority for Recorded {
    fn ask(&self, question: &Question<'_>) -> Answer {
        let known = self.0.get(&key(question)).cloned();
        known.unwrap_or_else(|| Answer::Unknown("the record has no answer about this code".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::FhirVersion;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Counting(AtomicU32);

    impl Authority for Counting {
        fn ask(&self, question: &Question<'_>) -> Answer {
            self.0.fetch_add(1, Ordering::Relaxed);
            match question.code {
                "in" => Answer::Member,
                "out" => Answer::NotMember,
                _ => Answer::Unknown("it is closed".into()),
            }
        }
    }

    #[test]
    fn what_was_said_once_is_said_again_by_the_record_and_nothing_else_is() {
        let question = |code| Question {
            release: FhirVersion::Stu3,
            value_set: "http://example.org/vs",
            system: "http://example.org/cs",
            code,
            whole: false,
            definition: None,
        };
        let server = Arc::new(Counting(AtomicU32::new(0)));
        let remembered = Remembered::new(server.clone());
        let answers: Vec<Answer> =
            ["in", "out", "else", "in"].into_iter().map(|code| remembered.ask(&question(code))).collect();
        assert_eq!(server.0.load(Ordering::Relaxed), 3);
        let events: Vec<Event> = remembered.all().into_iter().map(Event::CodeAsked).collect();
        let recorded = Recorded::of(&events).unwrap();
        let again: Vec<Answer> =
            ["in", "out", "else", "in"].into_iter().map(|code| recorded.ask(&question(code))).collect();
        assert_eq!(again, answers);
        assert!(matches!(recorded.ask(&question("new")), Answer::Unknown(_)));
        let other = Question { definition: Some("{}"), ..question("in") };
        assert!(matches!(recorded.ask(&other), Answer::Unknown(_)), "another content is another value set");
        assert!(Recorded::of(&[]).is_none());
    }
}
