//! A terminology server as an authority: each question once, and none to a server that does not answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::definitions::terminology::{Answer, Authority, Question};

use super::cache::{Cache, Key};
use super::line::Line;
use super::operation::{self, Said, Way};

/// Failures in a row after which the server is left alone for the rest of the run.
const PATIENCE: u32 = 3;

/// A server and what it has said.
pub struct Server {
    base: String,
    /// Name of the token its requests carry.
    token: Option<&'static str>,
    line: Line,
    cache: Option<Cache>,
    known: Mutex<HashMap<Key, Answer>>,
    outage: Mutex<Outage>,
}

#[derive(Default)]
struct Outage {
    in_a_row: u32,
    reason: String,
}

impl Server {
    /// A server at a base URL; nothing is asked yet.
    pub fn new(base: String, token: Option<&'static str>, line: Line, cache: Option<Cache>) -> Server {
        Server { base, token, line, cache, known: Mutex::default(), outage: Mutex::default() }
    }

    /// Asks the server, in one way after the other as long as it does not know what is meant.
    fn inquire(&self, question: &Question<'_>) -> Said {
        let mut said = Said::Unknown(String::new());
        for way in Way::ALL.into_iter().filter(|way| way.fits(question)) {
            let sent = self.line.send(operation::request(&self.base, way, question, self.token));
            let next = match &sent {
                Ok(response) => operation::read(response),
                Err(why) => Said::Broken(why.clone()),
            };
            // That it knows nothing of the value set says more than what it makes of the last attempt.
            if !(matches!(next, Said::Unknown(_)) && way != Way::Canonical) {
                said = next;
            }
            if !matches!(said, Said::Unknown(_)) {
                break;
            }
        }
        said
    }

    fn settle(&self, key: Key, said: Said) -> Answer {
        let mut outage = lock(&self.outage);
        let answer = match said {
            Said::Broken(why) => {
                outage.in_a_row += 1;
                outage.reason = format!("no answer from the terminology server: {why}");
                // Not remembered: the next question may fare better.
                return Answer::Unknown(outage.reason.clone());
            }
            Said::Unknown(why) => Answer::Unknown(format!("the terminology server cannot say: {why}")),
            Said::Result(true) => Answer::Member,
            Said::Result(false) => Answer::NotMember,
        };
        outage.in_a_row = 0;
        drop(outage);
        let member = match &answer {
            Answer::Member => Some(true),
            Answer::NotMember => Some(false),
            Answer::Unknown(_) => None,
        };
        if let (Some(cache), Some(member)) = (&self.cache, member) {
            cache.keep(&key, member, now());
        }
        lock(&self.known).insert(key, answer.clone());
        answer
    }
}

impl Authority for Server {
    fn ask(&self, question: &Question<'_>) -> Answer {
        let key = Key::of(&self.base, question);
        if let Some(known) = lock(&self.known).get(&key) {
            return known.clone();
        }
        if let Some(member) = self.cache.as_ref().and_then(|cache| cache.get(&key, now())) {
            let answer = if member { Answer::Member } else { Answer::NotMember };
            lock(&self.known).insert(key, answer.clone());
            return answer;
        }
        let outage = lock(&self.outage);
        if outage.in_a_row >= PATIENCE {
            return Answer::Unknown(outage.reason.clone());
        }
        drop(outage);
        self.settle(key, self.inquire(question))
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
