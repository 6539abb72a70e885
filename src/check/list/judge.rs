//! Judges of MM-LST.

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::authorization;
use crate::check::outcome::{Finding, Judged, Outcome};
use crate::check::session::Session;

use super::pattern::{is_back_uri, is_front_uri, is_hostname, is_provider_name, is_time_stamp, number};
use super::reader::{Element, Kind, List};

fn wrong(level: Level, message: impl Into<String>) -> Finding {
    Finding::new(level, code::LIST, message)
}

/// Every list that can be read.
async fn readable(session: &Session<'_>) -> Result<Vec<(Kind, List)>, Outcome> {
    let all = session.every_list().await;
    let lists: Vec<(Kind, List)> = all.into_iter().filter_map(|(kind, _, list)| Some((kind, list.ok()?))).collect();
    if lists.is_empty() { Err(Outcome::blocked("no list can be read (MM-LST-01)")) } else { Ok(lists) }
}

pub async fn root(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for (kind, place, list) in session.every_list().await {
        let list = match list {
            Ok(list) => list,
            Err(why) => {
                outcome.push(wrong(Level::Hard, format!("the {} cannot be read: {why}", kind.name())).found(place));
                continue;
            }
        };
        let (root, namespace) = kind.root();
        if list.root.name != root {
            outcome.push(
                wrong(Level::Hard, format!("the root of the {} is `{}`", kind.name(), list.root.name)).expected(root),
            );
        }
        let start = format!("xmlns://afsprakenstelsel.medmij.nl/{namespace}/release");
        let release = list.namespace.strip_prefix(&start).and_then(|rest| rest.strip_suffix('/'));
        // No list has come to a tenth release.
        if release.is_none_or(|release| release.len() != 1 || number(release).is_none()) {
            let finding = wrong(Level::Hard, format!("the namespace of the {} is `{}`", kind.name(), list.namespace));
            outcome.push(finding.expected(format!("{start}N/")));
        }
        if list.prefixed {
            outcome.push(
                wrong(Level::Warn, format!("the elements of the {} have a prefix", kind.name()))
                    .expected("the default namespace"),
            );
        }
    }
    Ok(outcome)
}

pub async fn head(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for (kind, list) in readable(session).await? {
        let stamp = list.root.value("Tijdstempel");
        if !is_time_stamp(stamp) {
            let finding = wrong(Level::Hard, format!("the Tijdstempel of the {} is `{stamp}`", kind.name()));
            outcome.push(finding.expected("a date and time with its zone"));
        }
        let given = list.root.value("Volgnummer");
        let Some(current) = number(given) else {
            let finding = wrong(Level::Hard, format!("the Volgnummer of the {} is `{given}`", kind.name()));
            outcome.push(finding.expected("a positive whole number"));
            continue;
        };
        let before = session.earlier_list(kind).await.and_then(|list| number(list.root.value("Volgnummer")));
        if let Some(before) = before.filter(|before| current <= *before) {
            let finding =
                wrong(Level::Hard, format!("the Volgnummer of the {} went from {before} to {current}", kind.name()));
            outcome.push(finding.expected(format!("{} or more", before + 1)));
        }
    }
    Ok(outcome)
}

/// Element, pattern, level of a breach.
type Rule = (&'static str, fn(&str) -> bool, Level);

const PATTERNS: [Rule; 7] = [
    ("Hostname", is_hostname, Level::Hard),
    ("AuthorizationEndpointuri", is_front_uri, Level::Hard),
    ("TokenEndpointuri", is_back_uri, Level::Hard),
    ("ResourceEndpointuri", is_back_uri, Level::Hard),
    ("SubscriptionEndpointuri", is_back_uri, Level::Hard),
    ("Zorgaanbiedernaam", is_provider_name, Level::Warn),
    ("OAuthclientOrganisatienaam", |name| (3..=50).contains(&name.chars().count()), Level::Hard),
];

pub async fn patterns(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for (kind, list) in readable(session).await? {
        for (name, holds, level) in PATTERNS {
            for element in list.root.all(name).into_iter().filter(|element| !holds(&element.text)) {
                let message = format!("line {} of the {}: `{}` is no {name}", element.line, kind.name(), element.text);
                outcome.push(wrong(level, message));
            }
        }
        if kind == Kind::Whl {
            for node in list
                .root
                .all("MedMijNode")
                .into_iter()
                .filter(|node| node.children.is_empty() && !is_hostname(&node.text))
            {
                outcome
                    .push(wrong(Level::Hard, format!("line {} of the WHL: `{}` is no Hostname", node.line, node.text)));
            }
        }
    }
    Ok(outcome)
}

/// What is there twice, with the line of the second.
fn twice<'e>(values: impl Iterator<Item = (&'e str, u32)>) -> Vec<(&'e str, u32)> {
    let mut seen = vec![];
    let mut doubled = vec![];
    for (value, line) in values {
        if seen.contains(&value) {
            doubled.push((value, line));
        }
        seen.push(value);
    }
    doubled
}

pub async fn uniqueness(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for (kind, list) in readable(session).await? {
        let mut doubled = vec![];
        // Which element holds the keys, by the element they are unique within.
        let mut within =
            |holder: &Element, item: &str, key: &str| {
                let items = holder.children.iter().filter(|child| child.name == item);
                let keys: Vec<(String, u32)> =
                    items.map(|item| (item.child(key).unwrap_or(item).text.clone(), item.line)).collect();
                let found = twice(keys.iter().map(|(key, line)| (key.as_str(), *line)));
                doubled.extend(found.into_iter().map(|(value, line)| {
                    format!("line {line} of the {}: {key} `{value}` is there before", kind.name())
                }));
            };
        for (holder, item, key) in [
            ("Zorgaanbieders", "Zorgaanbieder", "Zorgaanbiedernaam"),
            ("Interfaceversies", "Interfaceversie", "InterfaceversieId"),
            ("Gegevensdiensten", "Gegevensdienst", "GegevensdienstId"),
            ("Systeemrollen", "Systeemrol", "Systeemrolcode"),
            ("MedMijNodes", "MedMijNode", "Hostname"),
            ("OAuthclients", "OAuthclient", "Hostname"),
        ] {
            list.root.all(holder).into_iter().for_each(|holder| within(holder, item, key));
        }
        outcome.findings.extend(doubled.into_iter().map(|message| wrong(Level::Hard, message)));
    }
    Ok(outcome)
}

fn host(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

pub async fn whitelisted(session: &Session<'_>) -> Judged {
    let (zal, whl) = (session.list(Kind::Zal).await?, session.list(Kind::Whl).await?);
    let mut outcome = Outcome::holds();
    let mut said: Vec<String> = vec![];
    for provider in zal.providers() {
        for service in &provider.services {
            let endpoints = std::iter::once(&service.token).chain(service.resources.iter().map(|(_, url)| url));
            for host in endpoints.map(|url| host(url)) {
                if !whl.hosts().any(|listed| listed == host) && !said.contains(&host) {
                    let message =
                        format!("`{host}` of {} (service {}) is not on the whitelist", provider.name, service.id);
                    outcome.push(wrong(Level::Hard, message).expected("every host of the backchannel"));
                    said.push(host);
                }
            }
        }
    }
    Ok(outcome)
}

pub async fn front_whitelisted(session: &Session<'_>) -> Judged {
    let (zal, whl) = (session.list(Kind::Zal).await?, session.list(Kind::Whl).await?);
    let mut hosts: Vec<String> = zal
        .providers()
        .iter()
        .flat_map(|provider| &provider.services)
        .map(|service| host(&service.authorization))
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    let listed = hosts.iter().filter(|host| whl.hosts().any(|listed| listed == **host)).count();
    Ok(Outcome::note(format!("{listed} of {} authorization hosts are on the whitelist; none need be", hosts.len())))
}

pub async fn named(session: &Session<'_>) -> Judged {
    let (zal, gnl) = (session.list(Kind::Zal).await?, session.list(Kind::Gnl).await?);
    let names: Vec<&str> = gnl.root.all("GegevensdienstId").into_iter().map(|id| id.text.as_str()).collect();
    let mut missing: Vec<String> = vec![];
    for service in zal.providers().into_iter().flat_map(|provider| provider.services) {
        if !names.contains(&service.id.as_str()) && !missing.contains(&service.id) {
            missing.push(service.id);
        }
    }
    if missing.is_empty() {
        return Ok(Outcome::holds());
    }
    Ok(wrong(Level::Warn, format!("services without a name in the GNL: {}", missing.join(", "))).into())
}

pub async fn unlisted_client(session: &Session<'_>) -> Judged {
    authorization::unknown_client(session).await
}

pub async fn unlisted_peer(session: &Session<'_>) -> Judged {
    crate::check::tls::judge::not_whitelisted(session).await
}
