//! The trust lists of the afsprakenstelsel: read, linted, and used to find endpoints.
//!
//! The facets are those of the XML schemas that could be read (ZAL release 3 by example, the others
//! release 2 and 1). Where they are published: `https://stelselnode.medmij.nl/MedMij_….xml?api=2`.

pub(super) mod judge;
pub mod pattern;
mod reader;

use std::cell::RefCell;

pub use reader::{Kind, List, Provider, Service, read};

use super::code;
use super::outcome::Outcome;
use super::session::{Peer, Place, Session};
use super::setup::{ListSource, Setup};

/// The node of the production network: nothing is asked there unless that is insisted on.
const PRODUCTION: [&str; 2] = ["stelselnode.medmij.nl", "register.medmij.nl"];

/// True when a list is of the production network.
pub fn is_production(place: &str) -> bool {
    let host = url::Url::parse(place).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    // `name.` is the same host.
    host.is_some_and(|host| PRODUCTION.contains(&host.trim_end_matches('.')))
}

/// Lists that were read in this run: text and what it holds.
#[derive(Default)]
pub struct Lists {
    read: RefCell<Vec<(String, Result<String, String>)>>,
}

impl Session<'_> {
    async fn text_of(&self, source: &ListSource) -> Result<String, String> {
        if let Some(text) = &source.text {
            return Ok(text.clone());
        }
        let known =
            self.lists.read.borrow().iter().find(|(place, _)| *place == source.place).map(|(_, text)| text.clone());
        if let Some(known) = known {
            return known;
        }
        let text = if source.place.starts_with("http://") || source.place.starts_with("https://") {
            let seen = self.get(Peer::Client, Place::Other, &source.place, &[("Accept", "application/xml")]).await;
            match seen.status() {
                200 => Ok(seen.text()),
                _ => Err(format!("`{}` is not there: {}", source.place, seen.in_words())),
            }
        } else {
            std::fs::read_to_string(&source.place)
                .map_err(|error| format!("`{}` cannot be read: {error}", source.place))
        };
        self.lists.read.borrow_mut().push((source.place.clone(), text.clone()));
        text
    }

    /// A list that was supplied.
    pub async fn list(&self, kind: Kind) -> Result<List, Outcome> {
        let source = self.setup.lists[kind as usize].as_ref();
        let source = source.ok_or_else(|| Outcome::open(code::INPUT, format!("missing: the {}", kind.name())))?;
        self.text_of(source).await.and_then(|text| read(&text)).map_err(Outcome::blocked)
    }

    /// Every list that was supplied, or why it cannot be read.
    pub async fn every_list(&self) -> Vec<(Kind, String, Result<List, String>)> {
        let mut all = vec![];
        for kind in Kind::ALL {
            if let Some(source) = &self.setup.lists[kind as usize] {
                let list = self.text_of(source).await.and_then(|text| read(&text));
                all.push((kind, source.place.clone(), list));
            }
        }
        all
    }

    /// A list as it was published before.
    pub async fn earlier_list(&self, kind: Kind) -> Option<List> {
        let source = self.setup.earlier_lists[kind as usize].as_ref()?;
        self.text_of(source).await.and_then(|text| read(&text)).ok()
    }

    /// True when a host is on the whitelist, as far as that was read.
    pub fn whitelisted(&self, host: &str) -> bool {
        let Some(source) = &self.setup.lists[Kind::Whl as usize] else { return false };
        let known = self.lists.read.borrow();
        let text = source.text.as_ref().or_else(|| {
            known.iter().find(|(place, _)| *place == source.place).and_then(|(_, text)| text.as_ref().ok())
        });
        text.and_then(|text| read(text).ok()).is_some_and(|list| list.hosts().any(|listed| listed == host))
    }
}

/// Endpoints of a provider's service from the ZAL, put where nothing was given.
///
/// # Errors
/// The provider or the service is not on the list; the message names what is.
pub fn fill(zal: &List, provider: &str, service: Option<&str>, setup: &mut Setup) -> Result<(), String> {
    let bare = provider.trim_end_matches("@medmij");
    let providers = zal.providers();
    let found: Vec<&Provider> = providers.iter().filter(|p| p.name.trim_end_matches("@medmij") == bare).collect();
    if found.is_empty() {
        let names: Vec<&str> = providers.iter().map(|p| p.name.as_str()).take(10).collect();
        return Err(format!("there is no provider `{bare}` on the list; there are {}", names.join(", ")));
    }
    // The newest interface version of a provider is the one that is tested.
    let newest = found.iter().max_by_key(|provider| provider.version.clone()).map_or(&[][..], |p| &p.services);
    let ids: Vec<&str> = newest.iter().map(|service| service.id.as_str()).collect();
    let tested = match service {
        Some(id) => newest
            .iter()
            .find(|s| s.id == id)
            .ok_or_else(|| format!("`{bare}` has no service {id}; it has {}", ids.join(", ")))?,
        None => newest.first().ok_or_else(|| format!("`{bare}` has no services"))?,
    };
    setup.provider.get_or_insert_with(|| bare.to_owned());
    setup.authorization_endpoint.get_or_insert_with(|| tested.authorization.clone());
    setup.token_endpoint.get_or_insert_with(|| tested.token.clone());
    if let Some((_, endpoint)) = tested.resources.first() {
        setup.fhir_base.get_or_insert_with(|| endpoint.trim_end_matches('/').to_owned());
    }
    for service in newest {
        if let Some((_, endpoint)) = service.resources.first() {
            setup
                .resource_endpoints
                .entry(service.id.clone())
                .or_insert_with(|| endpoint.trim_end_matches('/').to_owned());
        }
    }
    // Those that were named come first; a token of a newer release is for all of the list.
    for id in std::iter::once(tested.id.as_str()).chain(ids) {
        if !setup.services.iter().any(|known| known == id) {
            setup.services.push(id.to_owned());
        }
    }
    Ok(())
}
