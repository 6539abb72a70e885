//! Pages of a searchset: followed to the end, compared with the whole.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Seen, Session};

use super::bundle;

/// Pages that are followed at most.
const PAGES: usize = 200;

/// A search with at least two matches, and what it found.
async fn several(session: &Session<'_>) -> Result<(String, Value), Outcome> {
    let searches = session.searches().await?;
    let plain = searches.iter().filter(|search| !search.query.contains('$') && !search.query.contains("_include"));
    let found = plain.filter_map(|search| Some((search, search.bundle.as_ref()?)));
    let most = found
        .filter(|(_, bundle)| bundle::link(bundle, "next").is_none())
        .max_by_key(|(_, bundle)| bundle::matches(bundle));
    match most {
        Some((search, bundle)) if bundle::matches(bundle) > 1 => Ok((search.query.clone(), bundle.clone())),
        _ => Err(Outcome::open(code::UNSEEN, "no search found more than one, so there is nothing to page")),
    }
}

/// The first page, where there is a next one.
async fn first_page(session: &Session<'_>, query: &str) -> Result<(Seen, Option<Value>), Outcome> {
    let token = session.token().await?;
    let separator = if query.contains('?') { '&' } else { '?' };
    let seen = session.ask(Peer::Client, Some(&token), &format!("{query}{separator}_count=1"), &[]).await;
    let bundle = seen.json().filter(bundle::is_searchset);
    Ok((seen, bundle))
}

pub async fn judge(session: &Session<'_>) -> Judged {
    let (query, whole) = several(session).await?;
    let (seen, bundle) = first_page(session, &query).await?;
    let mut outcome = seen.shows();
    let Some(mut page) = bundle else {
        return Ok(seen
            .finding(Level::Warn, code::REFUSED, "a search with `_count=1` is not answered with a searchset")
            .into());
    };
    let token = session.token().await?;
    let Some(mut next) = bundle::link(&page, "next").map(str::to_owned) else {
        let finding = seen.finding(Level::Warn, code::CONTENT, "`_count=1` gives no pages: there is no next link");
        outcome.push(finding.expected("a link with relation `next`"));
        return Ok(outcome);
    };
    let home = Url::parse(&seen.exchange.request.url).ok();
    let total = page.get("total").cloned();
    let mut all: Vec<String> = vec![];
    let mut known = BTreeSet::new();
    let mut unprotected = false;
    loop {
        all.extend(
            bundle::entries(&page)
                .iter()
                .filter(|e| bundle::mode(e) != Some("include"))
                .filter_map(|e| bundle::key(e.get("resource")?)),
        );
        let host = Url::parse(&next).ok();
        let elsewhere = host.as_ref().and_then(Url::host_str) != home.as_ref().and_then(Url::host_str);
        if elsewhere && !host.as_ref().and_then(Url::host_str).is_some_and(|host| session.whitelisted(host)) {
            let finding =
                seen.finding(Level::Hard, code::CONTENT, format!("a next link leads to another host: `{next}`"));
            outcome.push(finding.expected("the same host, or one on the whitelist"));
            return Ok(outcome);
        }
        if !known.insert(next.clone()) || known.len() > PAGES {
            outcome.push(seen.finding(
                Level::Hard,
                code::CONTENT,
                format!("the pages do not end: `{next}` comes again"),
            ));
            return Ok(outcome);
        }
        if !unprotected {
            unprotected = true;
            let open = session.fhir(Peer::Client, None, &next, &[]).await;
            if open.is_success() {
                let finding = open.finding(Level::Hard, code::LEAK, "a next link gives data without a token");
                outcome.push(finding.expected("status 401"));
            }
        }
        let seen = session.fhir(Peer::Client, Some(&token), &next, &[]).await;
        let Some(bundle) = seen.json().filter(bundle::is_searchset).filter(|_| seen.status() == 200) else {
            let finding = seen.finding(Level::Hard, code::CONTENT, "a next link does not lead to a searchset");
            outcome.push(finding.expected("status 200 and a Bundle of type searchset"));
            return Ok(outcome);
        };
        page = bundle;
        if page.get("total") != total.as_ref() && page.get("total").is_some() {
            outcome.push(seen.finding(Level::Warn, code::CONTENT, "`total` differs from page to page"));
        }
        match bundle::link(&page, "next") {
            Some(link) => next = link.to_owned(),
            None => break,
        }
    }
    all.extend(
        bundle::entries(&page)
            .iter()
            .filter(|e| bundle::mode(e) != Some("include"))
            .filter_map(|e| bundle::key(e.get("resource")?)),
    );
    let distinct: BTreeSet<&String> = all.iter().collect();
    let expected: BTreeSet<String> = bundle::entries(&whole)
        .iter()
        .filter(|e| bundle::mode(e) != Some("include"))
        .filter_map(|e| bundle::key(e.get("resource")?))
        .collect();
    if distinct.len() != all.len() {
        outcome
            .push(seen.finding(Level::Hard, code::CONTENT, "a resource is on two pages").expected("each on one page"));
    }
    if let Some(missing) = expected.iter().find(|key| !distinct.contains(key)) {
        outcome.push(seen.finding(Level::Hard, code::CONTENT, format!("{missing} is on no page").as_str()));
    }
    Ok(outcome)
}

pub async fn of_other(session: &Session<'_>) -> Judged {
    let (query, _) = several(session).await?;
    let (seen, bundle) = first_page(session, &query).await?;
    let next = bundle.as_ref().and_then(|bundle| bundle::link(bundle, "next").map(str::to_owned));
    let Some(next) = next else { return Err(Outcome::blocked("there are no pages (MM-RES-30)")) };
    let own: BTreeSet<String> =
        session.searches().await?.iter().filter_map(|s| s.bundle.as_ref()).flat_map(bundle::keys).collect();
    let other = session.second_token().await?;
    let stolen = session.fhir(Peer::Client, Some(&other), &next, &[]).await;
    let mut outcome = seen.shows();
    let shown =
        stolen.json().into_iter().flat_map(|page| bundle::keys(&page)).find(|key| own.contains(key) && !shared(key));
    if let (true, Some(key)) = (stolen.is_success(), shown) {
        let finding = stolen.finding(Level::Hard, code::LEAK, format!("the page of one person shows {key} to another"));
        outcome.push(finding.expected("status 401, 403, 404 or 410, or nothing of the first person"));
    } else if stolen.is_success() {
        let finding = stolen.finding(
            Level::Warn,
            code::ACCEPTED,
            "the page of one person is taken from another, who sees none of its data",
        );
        outcome.push(finding.expected("status 401, 403, 404 or 410"));
    }
    Ok(outcome)
}

/// Resources that are of nobody in particular.
pub fn shared(key: &str) -> bool {
    const OF_NOBODY: [&str; 8] = [
        "Practitioner/",
        "PractitionerRole/",
        "Organization/",
        "Location/",
        "Medication/",
        "HealthcareService/",
        "Endpoint/",
        "Device/",
    ];
    OF_NOBODY.iter().any(|kind| key.starts_with(kind))
}
