//! Who asks, and for whom: opaque Bearer tokens, each standing for one or more test persons.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::Deserialize;

use super::refusal::{Reason, Refusal};
use super::search::{System, Token};
use super::store::Store;
use super::stored::{Key, PATIENT, Stored};
use super::view::View;

/// The system of the Dutch citizen service number: <http://fhir.nl/fhir/NamingSystem/bsn>.
const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

/// Ids of Patients, each with its citizen number where that is known.
pub type Persons<'r> = Vec<(&'r str, Option<&'r str>)>;

/// A test person in a registry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    #[serde(default)]
    access_token: Option<String>,
    resource_id: String,
    #[serde(default)]
    bsn: Option<String>,
    #[serde(default)]
    family_name: Option<String>,
}

/// Tokens and citizen numbers of test persons, in the form of Nictiz' `QualificationTokens.json`: a list
/// of objects with `accessToken` (`Bearer …`), `resourceId` (the id of the Patient) and `bsn`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRegistry {
    people: Vec<Person>,
    by_token: HashMap<String, Vec<Key>>,
}

impl TokenRegistry {
    /// Reads a registry. The error says what is wrong and where.
    pub fn parse(json: &str) -> Result<TokenRegistry, String> {
        let people: Vec<Person> = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let mut registry = TokenRegistry::default();
        for person in people {
            if let Some(token) = &person.access_token {
                registry.grant(bearer(token).unwrap_or(token), &person.resource_id);
            }
            registry.people.push(person);
        }
        Ok(registry)
    }

    /// Makes a token (without `Bearer`) stand for a Patient, besides those it stands for already.
    pub fn grant(&mut self, token: &str, patient: &str) {
        let patients = self.by_token.entry(token.to_owned()).or_default();
        let key = Key::new(PATIENT, patient);
        if !patients.contains(&key) {
            patients.push(key);
            patients.sort();
        }
    }

    /// Takes in the people of another registry, after those it has.
    pub fn join(&mut self, other: TokenRegistry) {
        for (token, patients) in other.by_token {
            patients.iter().for_each(|patient| self.grant(&token, &patient.id));
        }
        self.people.extend(other.people);
    }

    /// The people in it: id of the Patient, family name, citizen service number; empty where not given.
    pub(super) fn people(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.people.iter().map(|p| {
            (p.resource_id.as_str(), p.family_name.as_deref().unwrap_or_default(), p.bsn.as_deref().unwrap_or_default())
        })
    }

    /// Makes a token stand for whom another one stands for: what a party was given instead.
    pub fn alias(&mut self, known: &str, token: &str) {
        for patient in self.by_token.get(known).cloned().unwrap_or_default() {
            self.grant(token, &patient.id);
        }
    }

    /// True when a token (without `Bearer`) stands for somebody.
    pub fn knows(&self, token: &str) -> bool {
        self.by_token.contains_key(token)
    }

    /// The tokens with the ids of the Patients they stand for, and the citizen numbers of those, in the
    /// order of the tokens.
    pub fn persons(&self) -> Vec<(&str, Persons<'_>)> {
        let bsn = |id: &str| self.people.iter().find(|p| p.resource_id == id).and_then(|p| p.bsn.as_deref());
        let mut persons: Vec<_> = self.by_token.iter().map(|(token, keys)| (token.as_str(), keys)).collect();
        persons.sort_unstable_by_key(|(token, _)| *token);
        persons
            .into_iter()
            .map(|(token, keys)| (token, keys.iter().map(|key| (&*key.id, bsn(&key.id))).collect()))
            .collect()
    }

    /// How many different tokens there are.
    pub fn tokens(&self) -> usize {
        self.by_token.len()
    }

    /// The access of the first person, for the defect that asks for no token.
    pub(super) fn anybody(&self) -> Access {
        self.people.first().map_or(Access::All, |p| Access::of(vec![Key::new(PATIENT, &*p.resource_id)]))
    }

    /// Identifiers by which people are searched for although their Patient resources do not have them.
    pub(super) fn identifiers(&self) -> HashMap<Key, Vec<Token>> {
        let mut identifiers: HashMap<Key, Vec<Token>> = HashMap::new();
        for person in &self.people {
            if let Some(bsn) = &person.bsn {
                let token = Token { system: System::Named(BSN.into()), code: bsn.as_str().into() };
                identifiers.entry(Key::new(PATIENT, &*person.resource_id)).or_default().push(token);
            }
        }
        identifiers
    }

    /// What a request may see, by its Authorization header.
    pub(super) fn admit(&self, authorization: Option<&str>) -> Result<Access, Refusal> {
        let refuse = |diagnostics: &str, error: &str| {
            let challenge = format!("Bearer realm=\"keur\"{error}");
            Err(Refusal::new(Reason::Login, diagnostics).header("WWW-Authenticate", challenge))
        };
        let Some(authorization) = authorization else {
            return refuse("this server needs an access token: send `Authorization: Bearer …`", "");
        };
        let Some(token) = bearer(authorization) else {
            return refuse("the Authorization header is not of the form `Bearer …`", ", error=\"invalid_request\"");
        };
        match self.by_token.get(token) {
            Some(patients) => Ok(Access::of(patients.clone())),
            None => refuse("the access token is not known here", ", error=\"invalid_token\""),
        }
    }
}

/// The token of an Authorization header.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}

/// What a request may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everything: no token is asked for.
    All,
    /// What belongs to these Patients, and what belongs to nobody.
    Patients {
        /// Sorted.
        keys: Vec<Key>,
    },
}

impl Access {
    fn of(keys: Vec<Key>) -> Access {
        Access::Patients { keys }
    }

    /// The limits, if there are any.
    pub fn view(&self, store: &Store) -> Option<Arc<View>> {
        match self {
            Access::All => None,
            Access::Patients { keys } => Some(store.view(keys)),
        }
    }

    /// True when this resource is within them.
    pub fn sees(&self, store: &Store, resource: &Stored) -> bool {
        let Some(view) = self.view(store) else { return true };
        let slot = store.shelf(&resource.key.resource_type).and_then(|shelf| shelf.slot(&resource.key.id));
        slot.is_some_and(|slot| view.of(&resource.key.resource_type).binary_search(&slot).is_ok())
    }

    /// True when a resource may be taken away: it is about one of these Patients, or about none.
    pub fn may_delete(&self, resource: &Stored) -> bool {
        let Access::Patients { keys } = self else { return true };
        resource.patients.is_empty() || resource.patients.iter().any(|p| keys.contains(p))
    }

    /// Whom a next link was made for: following it with another person's token finds nothing.
    pub fn mark(&self) -> String {
        match self {
            Access::All => "0".into(),
            Access::Patients { keys } => {
                let mut hasher = DefaultHasher::new();
                keys.hash(&mut hasher);
                format!("{:x}", hasher.finish() | 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = r#"[
        {"accessToken": "Bearer one", "resourceId": "a", "familyName": "A", "bsn": "123456782"},
        {"accessToken": "Bearer one", "resourceId": "b", "qualificationScript": "x"},
        {"accessToken": "Bearer two", "resourceId": "c", "bsn": "999911120", "txOutcomeAck": "true"}]"#;

    #[test]
    fn a_token_may_stand_for_several_people() {
        let registry = TokenRegistry::parse(REGISTRY).unwrap();
        assert_eq!(registry.tokens(), 2);
        let access = registry.admit(Some("Bearer one")).unwrap();
        assert_eq!(access, Access::of(vec![Key::new("Patient", "a"), Key::new("Patient", "b")]));
        assert_ne!(access.mark(), registry.admit(Some("bearer two")).unwrap().mark());
        assert_eq!(registry.identifiers().len(), 2);
    }

    #[test]
    fn what_is_no_known_token_is_refused_with_a_challenge() {
        let registry = TokenRegistry::parse(REGISTRY).unwrap();
        for (header, challenge) in [
            (None, "Bearer realm=\"keur\""),
            (Some("Bearer three"), "Bearer realm=\"keur\", error=\"invalid_token\""),
            (Some("one"), "Bearer realm=\"keur\", error=\"invalid_request\""),
            (Some("Basic one"), "Bearer realm=\"keur\", error=\"invalid_request\""),
            (Some("Bearer "), "Bearer realm=\"keur\", error=\"invalid_request\""),
        ] {
            let refusal = registry.admit(header).unwrap_err();
            assert_eq!((refusal.status, refusal.headers[0].1.as_str()), (401, challenge), "{header:?}");
        }
    }

    #[test]
    fn a_registry_that_is_none_says_where() {
        let error = TokenRegistry::parse("[{}]").unwrap_err();
        assert!(error.contains("resourceId") && error.contains("line 1"), "{error}");
    }
}
