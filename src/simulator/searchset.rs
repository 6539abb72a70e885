//! Answers to searches: a page of matches, what comes with them, and the links between pages.

use std::collections::HashMap;
use std::sync::Arc;

use super::access::Access;
use super::call::Call;
use super::refusal::{Reason, Refusal};
use super::reply::{Reply, now};
use super::search::{PAGE, Plan, Slots, Value};
use super::service::Lapses;
use super::store::Store;
use super::stored::Stored;
use super::wire::Wire;

/// How many matches a page has at most, whatever `_count` says.
const LARGEST_PAGE: usize = 1000;

/// Where links point to and how much may be left undone on purpose.
pub(super) struct Circumstances<'c> {
    pub access: &'c Access,
    /// The URL before `/Type`.
    pub base: &'c str,
    pub lapses: Lapses,
    /// The server says that it takes no writes.
    pub read_only: bool,
}

/// Carries out `GET [type]?…`.
pub(super) fn search(
    store: &Store,
    resource_type: &str,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Reply, Refusal> {
    let plan = plan(store, resource_type, call, circumstances)?;
    let slots = plan.matches(store, resource_type, circumstances.access);
    Matches { store, resource_type, slots }.page(resource_type, call, &plan, circumstances)
}

/// The type `$lastn` is on.
const OBSERVATION: &str = "Observation";

/// Carries out `GET Observation/$lastn?…`: of the matches, the latest `max` (1) of each kind
/// (<http://hl7.org/fhir/STU3/observation-operations.html#lastn>). What shares a code is of one kind;
/// where there is no code the text tells.
pub(super) fn last_n(store: &Store, call: &Call, circumstances: &Circumstances<'_>) -> Result<Reply, Refusal> {
    let is_max = |name: &str| name == "max";
    let max = match call.pairs.iter().find(|p| is_max(&p.name)) {
        None => 1,
        Some(pair) => pair.value.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(|| {
            Refusal::new(Reason::Value, format!("`{}` is not a value for `max`: expected 1 or more", pair.value))
        })?,
    };
    if call.pairs.iter().any(|p| p.name == "_sort") {
        return Err(Refusal::new(Reason::NotSupported, "`$lastn` has an order of its own: leave out `_sort`"));
    }
    let searched: Vec<_> = call.pairs.iter().filter(|p| !is_max(&p.name)).cloned().collect();
    let mut plan = Plan::parse(store, OBSERVATION, &searched, call.handling)?;
    plan.applied.extend(call.pairs.iter().filter(|p| is_max(&p.name)).map(|p| p.raw.clone()));
    let slots = plan.matches(store, OBSERVATION, circumstances.access);
    let slots = latest(store, slots, max, circumstances.lapses.oldest_first);
    Matches { store, resource_type: OBSERVATION, slots }.page("Observation/$lastn", call, &plan, circumstances)
}

fn latest(store: &Store, slots: Slots, max: usize, oldest_first: bool) -> Slots {
    let index = |code: &str| store.parameters.get(OBSERVATION, code).map(|p| store.index(OBSERVATION, p));
    let (codes, dates) = (index("code"), index("date"));
    let time = |slot: u32| {
        let intervals = dates.iter().flat_map(|d| d.intervals(slot).collect::<Vec<_>>());
        // A Period counts by its end, one that goes on by its start.
        intervals.filter_map(|i| i.high.or(i.low)).map(|b| b.sort_key()).max()
    };
    let mut dated: Vec<(Option<i64>, u32)> = slots.iter().map(|slot| (time(*slot), *slot)).collect();
    // Of two at the same time the first that was stored.
    dated.sort_by(|(a, _), (b, _)| if oldest_first { a.cmp(b) } else { b.cmp(a) });
    let mut kinds: HashMap<String, usize> = HashMap::new();
    let mut counts: Vec<usize> = vec![];
    let mut chosen = vec![];
    for (_, slot) in dated {
        let names = kind_names(store, codes.as_deref(), slot);
        let kind = names.iter().find_map(|n| kinds.get(n).copied()).unwrap_or_else(|| {
            counts.push(0);
            counts.len() - 1
        });
        names.into_iter().for_each(|name| {
            kinds.entry(name).or_insert(kind);
        });
        if let Some(count) = counts.get_mut(kind).filter(|c| **c < max) {
            *count += 1;
            chosen.push(slot);
        }
    }
    chosen
}

/// What an Observation is called: its codes with their systems, else its text, else itself.
fn kind_names(store: &Store, codes: Option<&super::search::Index>, slot: u32) -> Vec<String> {
    let named = |value: &Value| match value {
        Value::Token(token) => Some(format!("{:?}|{}", token.system, token.code)),
        _ => None,
    };
    let names: Vec<String> = codes.into_iter().flat_map(|c| c.of(slot)).filter_map(named).collect();
    if !names.is_empty() {
        return names;
    }
    let resource = store.shelf(OBSERVATION).and_then(|shelf| shelf.at(slot));
    let text = resource.and_then(|r| r.tree.root().child("code")?.child_value("text"));
    vec![text.map_or_else(|| format!("#{slot}"), |text| format!("text {text}"))]
}

fn plan<'s>(
    store: &'s Store,
    resource_type: &str,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Plan<'s>, Refusal> {
    if !circumstances.lapses.ignore_parameter {
        return Plan::parse(store, resource_type, &call.pairs, call.handling);
    }
    // The defect: a parameter is left out and said to have been applied.
    let left_out = call.pairs.iter().position(|p| !p.name.starts_with('_'));
    let kept: Vec<_> =
        call.pairs.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, p)| p.clone()).collect();
    let mut plan = Plan::parse(store, resource_type, &kept, call.handling)?;
    plan.applied = call.pairs.iter().map(|p| p.raw.clone()).collect();
    Ok(plan)
}

/// What a search found, before it is cut into pages.
struct Matches<'s> {
    store: &'s Store,
    resource_type: &'s str,
    slots: Slots,
}

impl Matches<'_> {
    /// The page that is asked for, with what comes along and the links; `path` is what they are below.
    fn page(
        self,
        path: &str,
        call: &Call,
        plan: &Plan<'_>,
        circumstances: &Circumstances<'_>,
    ) -> Result<Reply, Refusal> {
        let Matches { store, resource_type, slots } = self;
        let Circumstances { access, base, .. } = circumstances;
        let mark = access.mark();
        let start = match &plan.page {
            None => 0,
            Some((start, whom)) if *whom == mark && (*start <= slots.len()) => *start,
            Some((start, _)) if circumstances.lapses.any_page => (*start).min(slots.len()),
            Some(_) => {
                return Err(Refusal::new(Reason::NotFound, "this page is not (or no longer) there for this token"));
            }
        };
        let size = plan.count.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
        let shelf = store.shelf(resource_type);
        let on_page = if plan.count_only { 0 } else { size };
        let matches: Vec<Arc<Stored>> =
            slots.iter().skip(start).take(on_page).filter_map(|slot| shelf?.at(*slot).cloned()).collect();
        let included = plan.included(store, &matches, access);
        let link = |extra: Option<String>| {
            let query: Vec<&str> = plan.applied.iter().map(String::as_str).chain(extra.as_deref()).collect();
            match query.is_empty() {
                true => format!("{base}/{path}"),
                false => format!("{base}/{path}?{}", query.join("&")),
            }
        };
        let page_at = |at: usize| Some(format!("{PAGE}={at}-{mark}"));
        let mut links = vec![("self", link(plan.page.as_ref().and_then(|(at, _)| page_at(*at))))];
        let next = start + matches.len();
        if !matches.is_empty() && next < slots.len() {
            links.push(("next", link(page_at(next))));
        }
        let format = call.presentation.format;
        let entries = matches.iter().map(|m| (m, "match")).chain(included.iter().map(|i| (i, "include")));
        let body = Wire::resource(format, "Bundle", |w| {
            w.text("id", &uuid::Uuid::new_v4().to_string());
            w.object("meta", |w| w.text("lastUpdated", &now()));
            w.text("type", "searchset");
            w.bare("total", slots.len());
            w.objects("link", &links, |w, (relation, url)| {
                w.text("relation", relation);
                w.text("url", url);
            });
            w.objects("entry", entries, |w, (resource, mode)| {
                w.text("fullUrl", &format!("{base}/{}", resource.key));
                w.ready("resource", resource.bytes(format));
                w.object("search", |w| w.text("mode", mode));
            });
        });
        Ok(Reply::new(200, body))
    }
}
