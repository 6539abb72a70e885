//! Who may see and do what on the board.

use sha2::{Digest, Sha256};

use super::Settings;
use crate::connectathon::outcome::Key;

/// What somebody's token gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pass {
    /// No token, or one that is nobody's.
    Visitor,
    /// The token of a party.
    Party(String),
    /// The token of the board.
    Organiser,
}

impl Pass {
    /// By an Authorization header.
    pub fn of(header: Option<&str>, settings: &Settings) -> Pass {
        let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")).map(str::trim) else {
            return Pass::Visitor;
        };
        // Hashes take as long to compare whatever is alike.
        let same = |known: &str| Sha256::digest(known.as_bytes()) == Sha256::digest(token.as_bytes());
        if settings.token.as_ref().is_some_and(|known| same(known.expose())) {
            return Pass::Organiser;
        }
        let party = settings.parties.iter().find(|(_, known)| same(known.expose()));
        party.map_or(Pass::Visitor, |(name, _)| Pass::Party(name.clone()))
    }

    /// May speak for a party.
    pub fn speaks_for(&self, party: &str) -> bool {
        match self {
            Pass::Visitor => false,
            Pass::Party(name) => name == party,
            Pass::Organiser => true,
        }
    }

    /// May ask for a cell to be run again.
    pub fn may_retest(&self, key: &Key) -> bool {
        self.speaks_for(&key.server) || self.speaks_for(&key.client)
    }

    /// May see what was found, and the bodies: everyone where parties have no tokens.
    pub fn sees(&self, key: &Key, settings: &Settings) -> bool {
        settings.parties.is_empty() || self.may_retest(key)
    }
}
