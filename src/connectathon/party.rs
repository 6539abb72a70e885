//! The parties: who answers and who asks, and with which tokens.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::exchange::{AccessToken, Client as HttpClient, Secrets};

use super::gate::slug;
use super::scenario::Plans;

/// A party that answers.
#[derive(Default)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Base URL, without a `/` at its end.
    pub base: String,
    /// A fault it has on purpose: name, and `@Type` where it is in that type only.
    pub defect: Option<String>,
    /// keur simulates it: it knows the tokens of clients that come themselves.
    pub simulated: bool,
    /// Tokens of its own; without any those of the scripts are used.
    pub access: Option<Access>,
}

/// How a server is asked that gives out tokens itself.
pub struct Access {
    /// Sends, with the tokens that a login gives.
    pub http: HttpClient,
    /// The scenarios with its tokens, in their order.
    pub plans: Vec<Plans>,
    /// What no record may hold.
    pub secrets: Secrets,
    /// Its tokens, and what stands for those of a login.
    pub known: HashSet<AccessToken>,
}

/// A party that asks.
#[derive(Default)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// A fault it has on purpose.
    pub defect: Option<String>,
    /// It comes itself; without this keur plays it.
    pub caller: Option<Caller>,
}

/// A client that comes itself.
#[derive(Default)]
pub struct Caller {
    /// What its addresses begin with; nobody else can guess it where the party has a token.
    pub prefix: String,
    /// Test persons with the tokens that this party, and no other, has for them at servers that keur
    /// simulates: name, token.
    pub tokens: Vec<(String, AccessToken)>,
    /// The scenarios with those tokens, in their order.
    pub plans: Vec<Plans>,
}

impl Caller {
    /// What the addresses of a party begin with: its name, and where it has a token something that only who
    /// knows the token can know.
    pub fn prefix(name: &str, token: Option<&AccessToken>) -> String {
        let known = token.map(|token| {
            let digits = Sha256::digest(format!("keur gate {name} {}", token.expose()));
            digits.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        [Some(slug(name)), known].into_iter().flatten().collect::<Vec<_>>().join("-")
    }

    /// The token that a party has for a test person: made of its name, the token of the scripts and a key, so
    /// that it is the same after a restart and nobody else's.
    pub fn token(name: &str, known: &str, key: &str) -> AccessToken {
        let digits = Sha256::digest(format!("keur party {name} {known} {key}"));
        AccessToken::new(digits.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// The tokens as a set.
    pub(super) fn known(&self) -> HashSet<AccessToken> {
        self.tokens.iter().map(|(_, token)| token.clone()).collect()
    }
}

/// A name as it can stand in an address and in the name of a folder.
pub fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
}

/// Clients that are not there at the moment: their laptop is closed.
pub struct Absent(Mutex<HashSet<String>>, watch::Sender<u64>);

impl Default for Absent {
    fn default() -> Self {
        Absent(Mutex::default(), watch::channel(0).0)
    }
}

impl Absent {
    /// A client goes, or comes back.
    pub fn say(&self, client: &str, gone: bool) {
        let mut absent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = if gone { absent.insert(client.to_owned()) } else { absent.remove(client) };
        drop(absent);
        if changed {
            self.1.send_modify(|changes| *changes += 1);
        }
    }

    /// Whether it is gone.
    pub fn has(&self, client: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(client)
    }

    /// Comes back when it goes.
    pub(super) async fn gone(&self, client: &str) {
        let mut changes = self.1.subscribe();
        while !self.has(client) {
            // The sender lives as long as this.
            let _ = changes.changed().await;
        }
    }
}
