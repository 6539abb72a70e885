//! A search as a whole: every parameter read and accounted for, then carried out.

use std::sync::Arc;

use super::filter::Filter;
use super::include::{Include, follow};
use super::index::{Slots, intersect};
use super::query::Pair;
use super::sort::{self, SortKey};
use crate::simulator::access::Access;
use crate::simulator::refusal::{Reason, Refusal};
use crate::simulator::store::Store;
use crate::simulator::stored::Stored;

/// A search that can be carried out.
#[derive(Default)]
pub(crate) struct Plan<'s> {
    filters: Vec<Filter<'s>>,
    includes: Vec<Include<'s>>,
    sort: Vec<SortKey<'s>>,
    /// Matches on a page; None leaves it to the server.
    pub count: Option<usize>,
    /// Where in the list of matches this page starts, and for whom the link to it was made.
    pub page: Option<(usize, String)>,
    /// `_summary=count`: no entries.
    pub count_only: bool,
    /// The pairs that were applied, as written: they make up the self link.
    pub applied: Vec<String>,
}

/// What a client wants done with parameters that are not supported
/// (<http://hl7.org/fhir/R4/http.html#prefer>).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Handling {
    /// Refuse the request. What the simulator does when nothing is said: it never leaves out a parameter
    /// behind the client's back.
    #[default]
    Strict,
    /// Leave them out, of the self link too.
    Lenient,
}

/// The parameter our next links carry; its value is `offset-person`.
pub(crate) const PAGE: &str = "_page";

/// Parameters that say how the answer is written; `format` has dealt with them.
const PRESENTATION: [&str; 2] = ["_format", "_pretty"];

impl<'s> Plan<'s> {
    /// Reads a query. With [`Handling::Lenient`] what cannot be applied is left out.
    pub fn parse(
        store: &'s Store,
        resource_type: &str,
        pairs: &[Pair],
        handling: Handling,
    ) -> Result<Plan<'s>, Refusal> {
        let mut plan = Plan::default();
        for pair in pairs {
            match plan.add(store, resource_type, pair) {
                Ok(()) if pair.name == PAGE => {}
                Ok(()) => plan.applied.push(pair.raw.clone()),
                Err(refusal) if handling == Handling::Lenient && refusal.code == "not-supported" => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(plan)
    }

    fn add(&mut self, store: &'s Store, resource_type: &str, pair: &Pair) -> Result<(), Refusal> {
        let (name, value) = (pair.name.as_str(), pair.value.as_str());
        let bad = |expected: &str| {
            Refusal::new(Reason::Value, format!("`{value}` is not a value for `{name}`: expected {expected}"))
        };
        if let Some(include) = Include::parse(store, name, value) {
            self.includes.push(include?);
            return Ok(());
        }
        match name {
            "_sort" => self.sort = sort::parse(&store.parameters, resource_type, value)?,
            "_count" => self.count = Some(value.parse().map_err(|_| bad("a number"))?),
            "_summary" => match value {
                "count" => self.count_only = true,
                "false" => {}
                _ => return Err(Refusal::new(Reason::NotSupported, "`_summary` is supported as `count` or `false`")),
            },
            PAGE => {
                let (offset, person) = value.split_once('-').ok_or_else(|| bad("what a `next` link says"))?;
                let offset = offset.parse().map_err(|_| bad("what a `next` link says"))?;
                self.page = Some((offset, person.to_owned()));
            }
            name if PRESENTATION.contains(&name) => {}
            _ => {
                self.filters.push(Filter::parse(&store.parameters, resource_type, name, value, &store.base)?);
            }
        }
        Ok(())
    }

    /// The resources that match, in order.
    pub fn matches(&self, store: &Store, resource_type: &str, access: &Access) -> Slots {
        let visible = |t: &str| access.view(store).map(|view| view.of(t).to_vec());
        let mut slots: Option<Slots> = visible(resource_type);
        for filter in &self.filters {
            if slots.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
            let found = filter.find(store, resource_type, &visible);
            slots = Some(match slots {
                Some(so_far) => intersect(&so_far, &found),
                None => found,
            });
        }
        let mut slots =
            slots.unwrap_or_else(|| store.shelf(resource_type).map(|shelf| shelf.taken()).unwrap_or_default());
        sort::sort(store, resource_type, &self.sort, &mut slots);
        slots
    }

    /// What comes along with the matches of a page.
    pub fn included(&self, store: &Store, matches: &[Arc<Stored>], access: &Access) -> Vec<Arc<Stored>> {
        if self.includes.is_empty() {
            return vec![];
        }
        follow(store, &self.includes, matches, &|resource| access.sees(store, resource))
    }
}
