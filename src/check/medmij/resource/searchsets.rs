//! Judges of MM-RES about what is in a searchset.

use super::*;

/// Names and values of a query, decoded.
pub(super) fn parameters(url: &str) -> Vec<(String, String)> {
    let query = url.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or_default());
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub async fn self_link(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let mut lacking = vec![];
    for (search, value) in session.bundles().await? {
        outcome.exchange.get_or_insert(search.seen.number);
        let Some(link) = bundle::link(value, "self") else {
            outcome.push(search.seen.finding(
                Level::Hard,
                code::CONTENT,
                format!("`{}` is answered without a self link", search.query),
            ));
            break;
        };
        if numbers(link).any(|number| Bsn::parse(number).is_ok()) && link.contains("bsn") {
            outcome.push(search.seen.finding(Level::Hard, code::BSN, "a self link holds a citizen service number"));
            break;
        }
        let said = parameters(link);
        let asked = parameters(&search.query);
        if let Some((name, _)) = asked.iter().find(|pair| !said.contains(pair)) {
            lacking.push((search, name.clone()));
        }
    }
    if let Some((search, name)) = lacking.first() {
        let message = format!(
            "the self link of {} requests lacks a parameter, first `{name}` of `{}`",
            lacking.len(),
            search.query
        );
        outcome
            .push(search.seen.finding(Level::Warn, code::CONTENT, message).expected("every parameter that was asked"));
    }
    Ok(outcome)
}

pub async fn total(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for (search, value) in session.bundles().await? {
        outcome.exchange.get_or_insert(search.seen.number);
        let (Some(total), None) = (value.get("total").and_then(Value::as_u64), bundle::link(value, "next")) else {
            continue;
        };
        let matches = bundle::matches(value) as u64;
        if total > matches {
            let message = format!("`total` of `{}` is {total}, there are {matches} matches", search.query);
            outcome.push(search.seen.finding(Level::Warn, code::CONTENT, message));
            break;
        }
    }
    Ok(outcome)
}

pub async fn entries(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    'all: for (search, value) in session.bundles().await? {
        outcome.exchange.get_or_insert(search.seen.number);
        for entry in bundle::entries(value) {
            let resource = entry.get("resource").unwrap_or(&Value::Null);
            let key = bundle::key(resource).unwrap_or_else(|| "a resource".to_owned());
            let full = bundle::text(entry, "fullUrl").unwrap_or_default();
            let id = bundle::text(resource, "id").unwrap_or_default();
            let absolute = full.starts_with("http://") || full.starts_with("https://");
            let urn = full.starts_with("urn:uuid:") || full.starts_with("urn:oid:");
            let wrong = match bundle::mode(entry) {
                None => Some(format!("{key} has no search mode")),
                Some(mode) if !["match", "include", "outcome"].contains(&mode) => {
                    Some(format!("{key} has search mode `{mode}`"))
                }
                Some("outcome") => None,
                Some(_) if !absolute && !urn => Some(format!("the fullUrl of {key} is `{full}`")),
                Some(_) if absolute && full.rsplit('/').next() != Some(id) => {
                    Some(format!("the fullUrl of {key} ends in another id"))
                }
                Some(_) => None,
            };
            if let Some(message) = wrong {
                let finding = search.seen.finding(Level::Hard, code::CONTENT, message);
                outcome.push(finding.expected("a search mode, and an absolute or urn fullUrl that ends in the id"));
                break 'all;
            }
        }
    }
    Ok(outcome)
}

/// References that are followed at most.
const FOLLOWED: usize = 80;

pub async fn references(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let base = session.setup.fhir_base.clone().unwrap_or_default();
    let bundles = session.bundles().await?;
    let present: BTreeSet<String> = bundles.iter().flat_map(|(_, value)| bundle::keys(value)).collect();
    let mut wanted: Vec<(String, &Search)> = vec![];
    for (search, value) in &bundles {
        for resource in bundle::resources(value) {
            let mut all = vec![];
            bundle::references(resource, "", &mut all);
            for (_, reference) in all {
                let Some(key) = bundle::referred(reference) else { continue };
                let elsewhere = reference.contains("://") && !reference.starts_with(&base);
                if !elsewhere && !present.contains(&key) && !wanted.iter().any(|(known, _)| *known == key) {
                    wanted.push((key, search));
                }
            }
        }
    }
    let mut outcome = Outcome::holds();
    let mut lost = vec![];
    for (key, search) in wanted.iter().take(FOLLOWED) {
        let seen = session.ask(Peer::Client, Some(&token), key, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.status() != 200 {
            lost.push((key, search, seen));
        }
    }
    if let Some((key, search, seen)) = lost.first() {
        let message = format!(
            "{} of {} references cannot be resolved, first {key} in `{}`",
            lost.len(),
            wanted.len(),
            search.query
        );
        outcome.push(seen.finding(Level::Warn, code::CONTENT, message).expected("included, or status 200"));
    }
    Ok(outcome)
}

/// Codes of an Observation, and when it was.
pub(super) fn dated(resource: &Value) -> Option<(BTreeSet<String>, &str)> {
    let when = bundle::text(resource, "effectiveDateTime")
        .or_else(|| resource.get("effectivePeriod").and_then(|period| bundle::text(period, "start")))?;
    let codings = resource.get("code")?.get("coding")?.as_array()?;
    let codes =
        codings.iter().filter_map(|c| Some(format!("{}|{}", bundle::text(c, "system")?, bundle::text(c, "code")?)));
    Some((codes.collect(), when))
}

pub async fn last_n(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let bundles = session.bundles().await?;
    let by_code = |(search, _): &&(&Search, &Value)| search.query.contains("$lastn?code=");
    let mut outcome = Outcome::holds();
    let mut compared = false;
    for (search, latest) in bundles.iter().filter(by_code) {
        let full = search.query.replace("/$lastn", "");
        let seen = session.ask(Peer::Client, Some(&token), &full, &[]).await;
        let Some(all) = seen.json().filter(bundle::is_searchset) else { continue };
        for resource in bundle::resources(latest).filter(|r| bundle::text(r, "resourceType") == Some("Observation")) {
            let Some((codes, when)) = dated(resource) else { continue };
            compared = true;
            outcome.exchange.get_or_insert(search.seen.number);
            let later =
                bundle::resources(&all).filter_map(dated).find(|(other, at)| !codes.is_disjoint(other) && *at > when);
            let kept = bundle::resources(latest).filter_map(dated);
            if let Some((_, at)) = later
                && !kept.into_iter().any(|(other, kept_at)| !codes.is_disjoint(&other) && kept_at >= at)
            {
                let message = format!("`{}` gives an Observation of {when}, there is one of {at}", search.query);
                outcome.push(search.seen.finding(Level::Warn, code::CONTENT, message).expected("the latest"));
                return Ok(outcome);
            }
        }
    }
    if compared { Ok(outcome) } else { Err(Outcome::open(code::UNSEEN, "no `$lastn` by code found anything")) }
}

pub async fn includes(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let mut compared = false;
    for (search, value) in session.bundles().await? {
        let present = bundle::keys(value);
        for (_, include) in parameters(&search.query).iter().filter(|(name, _)| name == "_include") {
            let mut parts = include.split(':');
            let (kind, name, target) =
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
            let member = member(name);
            for resource in bundle::resources(value).filter(|r| bundle::text(r, "resourceType") == Some(kind)) {
                let mut all = vec![];
                bundle::references(resource, "", &mut all);
                let wanted = all.iter().filter(|(at, _)| {
                    at.eq_ignore_ascii_case(&member) || at.eq_ignore_ascii_case(&format!("{member}Reference"))
                });
                for key in wanted.filter_map(|(_, reference)| bundle::referred(reference)) {
                    if target.is_some_and(|target| !key.starts_with(&format!("{target}/"))) {
                        continue;
                    }
                    compared = true;
                    outcome.exchange.get_or_insert(search.seen.number);
                    if !present.contains(&key) {
                        let message = format!("`{}` does not include {key}", search.query);
                        outcome.push(
                            search
                                .seen
                                .finding(Level::Warn, code::CONTENT, message)
                                .expected(format!("{key} with search mode `include`")),
                        );
                        return Ok(outcome);
                    }
                }
            }
        }
    }
    if compared {
        Ok(outcome)
    } else {
        Err(Outcome::open(code::UNSEEN, "nothing that was found refers to what was to be included"))
    }
}

/// The member that a search parameter looks at: `general-practitioner` to `generalPractitioner`.
pub(super) fn member(parameter: &str) -> String {
    if parameter == "related-target" {
        return "target".to_owned();
    }
    let mut parts = parameter.split('-');
    let mut member = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        member.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        member.push_str(letters.as_str());
    }
    member
}
