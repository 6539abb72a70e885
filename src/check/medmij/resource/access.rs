//! Judges of MM-RES about who may see what.

use super::*;

pub async fn no_authorization(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for path in ["Patient", "Condition"] {
        let seen = session.ask(Peer::Client, None, path, &[]).await;
        outcome.add(challenged(&seen, None, "a request without Authorization"));
    }
    Ok(outcome)
}

pub async fn no_bearer(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let bare = session.ask(Peer::Client, None, "Patient", &[("Authorization", &token)]).await;
    let mut outcome = hidden(&bare, "a token without `Bearer`");
    let basic = format!("Basic {token}");
    let seen = session.ask(Peer::Client, None, "Patient", &[("Authorization", &basic)]).await;
    outcome.add(hidden(&seen, "a token as `Basic`"));
    Ok(outcome)
}

pub async fn made_up_token(session: &Session<'_>) -> Judged {
    let seen = session.ask(Peer::Client, Some(&Uuid::new_v4().to_string()), "Patient", &[]).await;
    Ok(challenged(&seen, Some("invalid_token"), "a made-up token"))
}

pub async fn changed_token(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for changed in changes(&token) {
        session.keep_secret(&changed);
        let seen = session.ask(Peer::Client, Some(&changed), "Patient", &[]).await;
        outcome.add(hidden(&seen, "a changed token"));
    }
    Ok(outcome)
}

/// A token with its last character changed; a JWT with another payload and without a signature too.
pub(super) fn changes(token: &str) -> Vec<String> {
    let mut changed = token.to_owned();
    let other = if changed.pop() == Some('A') { 'B' } else { 'A' };
    changed.push(other);
    let mut all = vec![changed];
    if let [head, payload, signature] = token.split('.').collect::<Vec<_>>()[..] {
        let none = refusal::to_base64url(br#"{"alg":"none","typ":"JWT"}"#);
        all.push(format!("{none}.{payload}."));
        if let Some(Ok(Value::Object(mut claims))) =
            refusal::base64url(payload).map(|bytes| serde_json::from_slice(&bytes))
        {
            claims.insert("sub".to_owned(), Value::from("somebody-else"));
            let claims = refusal::to_base64url(Value::Object(claims).to_string().as_bytes());
            all.push(format!("{head}.{claims}.{signature}"));
        }
    }
    all
}

pub async fn expired_token(session: &Session<'_>) -> Judged {
    let person = session.first_person()?;
    let asked = super::super::asking::Authorization::valid(session);
    let granted =
        session.granted(person, crate::authorization::Decision::Consent, asked).await.map_err(Outcome::blocked)?;
    let lasts = granted.token.expires_in.unwrap_or(900.0).max(0.0);
    // Thirty seconds of grace for clocks, less for tokens that last seconds.
    session.outlast(lasts).await?;
    let seen = session.ask(Peer::Client, Some(&granted.token.access), "Patient", &[]).await;
    Ok(challenged(&seen, Some("invalid_token"), "an expired token"))
}

pub async fn token_in_query(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, None, &format!("Patient?access_token={token}"), &[]).await;
    let mut outcome = hidden(&seen, "a token in the query");
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let mut posted = session.fhir_request("POST", None, &format!("{base}/Patient/_search"), &headers);
    posted.body = format!("access_token={token}").into();
    let seen = session.send(Peer::Client, Place::Resource, posted).await;
    outcome.add(hidden(&seen, "a token in a form"));
    Ok(outcome)
}

/// Keys of what is of one person only.
pub(super) fn personal(searches: &[Search]) -> BTreeSet<String> {
    let bundles = searches.iter().filter_map(|search| search.bundle.as_ref());
    bundles.flat_map(bundle::keys).filter(|key| !paging::shared(key)).collect()
}

pub async fn other_person(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let own = personal(session.searches().await?);
    let other: Vec<String> = personal(session.other_searches().await?).difference(&own).cloned().collect();
    let patient = other.iter().find(|key| key.starts_with("Patient/")).cloned();
    let patient = patient.or_else(|| Some(format!("Patient/{}", session.setup.second_person()?.patient.as_ref()?)));
    let Some(patient) = patient else {
        return Err(Outcome::blocked(
            "nothing is known of the second person: no request of the data service found anything",
        ));
    };
    let id = patient.trim_start_matches("Patient/").to_owned();
    let mut paths = vec![
        patient,
        format!("Patient?_id={id}"),
        format!("Condition?patient={id}"),
        format!("Observation?patient=Patient/{id}"),
    ];
    let mut kinds = BTreeSet::new();
    paths.extend(other.iter().filter(|key| kinds.insert(key.split('/').next())).cloned());
    let mut outcome = Outcome::holds();
    for path in paths {
        let seen = session.ask(Peer::Client, Some(&token), &path, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        let Some(value) = seen.json().filter(|_| seen.is_success()) else { continue };
        let shown = bundle::key(&value)
            .into_iter()
            .chain(bundle::keys(&value))
            .find(|key| other.contains(key) || *key == format!("Patient/{id}"));
        if let Some(key) = shown {
            let finding = seen.finding(Level::Hard, code::LEAK, format!("`{path}` shows {key} of another person"));
            outcome.push(finding.expected("status 404 or 403, or nothing of the other"));
        }
    }
    Ok(outcome)
}

pub async fn one_person(session: &Session<'_>) -> Judged {
    const NAMES: [&str; 4] = ["subject", "patient", "beneficiary", "individual"];
    let mut people: Vec<(String, &Search)> = vec![];
    let bundles = session.bundles().await?;
    let mut outcome = Outcome::holds();
    for (search, bundle) in &bundles {
        let mut found = vec![];
        for resource in bundle::resources(bundle) {
            if bundle::text(resource, "resourceType") == Some("Patient") {
                found.extend(bundle::key(resource));
            }
            let mut references = vec![];
            bundle::references(resource, "", &mut references);
            let of_person = references.into_iter().filter(|(name, _)| NAMES.contains(name));
            found.extend(
                of_person
                    .filter_map(|(_, reference)| bundle::referred(reference))
                    .filter(|key| key.starts_with("Patient/")),
            );
        }
        for key in found {
            if !people.iter().any(|(known, _)| *known == key) {
                people.push((key, search));
            }
        }
    }
    if people.is_empty() {
        return Err(Outcome::open(code::UNSEEN, "no answer says whose it is"));
    }
    if let [(first, _), (other, search), ..] = &people[..] {
        let message = format!("the answers are of {} persons: {first} and {other}", people.len());
        outcome.push(search.seen.finding(Level::Hard, code::LEAK, message).expected("one person"));
    }
    let expected = session.setup.person(Role::Data).filter(|_| session.setup.token.is_none());
    if let (Some(id), [(first, search)]) = (expected.and_then(|person| person.patient.as_ref()), &people[..])
        && *first != format!("Patient/{id}")
    {
        let finding = search.seen.finding(Level::Hard, code::LEAK, format!("the answers are of {first}"));
        outcome.push(finding.expected(format!("Patient/{id}, the person who logged in")));
    }
    Ok(outcome)
}

/// A citizen service number that is not the first person's: the second one's, or one of the test range.
pub(super) fn other_bsn(session: &Session<'_>) -> String {
    let second = session.setup.second_person().and_then(|person| person.bsn.clone());
    second.unwrap_or_else(|| "999911120".to_owned())
}

pub async fn bsn_in_query(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let own = personal(session.searches().await?);
    let bsn = other_bsn(session);
    let seen =
        session.ask(Peer::Client, Some(&token), &format!("Patient?identifier={}%7C{bsn}", Bsn::SYSTEM), &[]).await;
    let mut outcome = seen.shows();
    let Some(value) = seen.json().filter(|_| seen.is_success()) else {
        if seen.status() >= 500 {
            outcome.findings.extend(seen.broken(Level::Warn));
        }
        return Ok(outcome);
    };
    if let Some(key) = bundle::keys(&value).into_iter().find(|key| !own.contains(key) && !paging::shared(key)) {
        let finding =
            seen.finding(Level::Hard, code::LEAK, format!("a citizen service number in the query shows {key}"));
        outcome.push(finding.expected("nothing of another person"));
    }
    if bundle::link(&value, "self").is_some_and(|link| link.contains(&bsn)) {
        outcome.push(seen.finding(Level::Hard, code::BSN, "the self link repeats the citizen service number"));
    }
    Ok(outcome)
}

pub async fn no_bsn(session: &Session<'_>) -> Judged {
    session.bundles().await?;
    let mut outcome = Outcome::holds();
    // What was asked with a number in the query is MM-RES-10.
    let asked_with = |seen: &Seen| seen.exchange.request.url.contains("NamingSystem/bsn");
    for seen in session.seen(Place::Resource).iter().filter(|seen| seen.is_success() && !asked_with(seen)) {
        outcome.exchange.get_or_insert(seen.number);
        let mut text = seen.text();
        let headers =
            seen.answer().map(|answer| answer.headers.iter().map(|(_, value)| value.to_owned()).collect::<Vec<_>>());
        text.push_str(&headers.unwrap_or_default().join("\n"));
        // Codes of SNOMED CT have nine digits too; alone a number says something in an Identifier only.
        let finding = if redaction::mask_bsns(&text) != text {
            Some((Level::Hard, "an answer holds a citizen service number"))
        } else if seen.json().is_some_and(|value| identifies(&value)) {
            Some((Level::Warn, "an identifier has nine digits that pass the eleven-test"))
        } else {
            None
        };
        if let Some((level, message)) = finding
            && !outcome.findings.iter().any(|known| known.verdict == level.verdict())
        {
            outcome.push(seen.finding(level, code::BSN, message).expected("none"));
        }
    }
    Ok(outcome)
}

/// True when an Identifier somewhere has what could be a citizen service number.
pub(super) fn identifies(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let listed = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let number = |one: &Value| bundle::text(one, "value").is_some_and(|text| Bsn::parse(text.trim()).is_ok());
            (name == "identifier" && listed.iter().any(number)) || identifies(value)
        }),
        Value::Array(values) => values.iter().any(identifies),
        _ => false,
    }
}

pub async fn other_service(session: &Session<'_>) -> Judged {
    let Some((service, endpoint)) = session.setup.second_service() else {
        return Err(Outcome::open(code::INPUT, "missing: a second service"));
    };
    if session.setup.release < Release::R2_2 {
        let token = session.token().await?;
        let seen = session.fhir(Peer::Client, Some(&token), &format!("{endpoint}/Patient"), &[]).await;
        return Ok(hidden(&seen, &format!("a token without service {service} at its endpoint")));
    }
    // From 2.2 on consent covers every service of the provider; one for sharing stays apart.
    if session.setup.share_service.is_none() || session.setup.token.is_some() {
        return Err(Outcome::open(code::UNSEEN, "a token of this release covers every service"));
    }
    let token = sharing_token(session).await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[]).await;
    Ok(hidden(&seen, "a token for sharing at the endpoint of another service"))
}

pub async fn other_provider(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let endpoint = session.setup.other_provider.as_ref().map(|party| party.url.clone()).unwrap_or_default();
    let seen = session.fhir(Peer::Client, Some(&token), &format!("{endpoint}/Patient"), &[]).await;
    Ok(hidden(&seen, "a token at the endpoint of another provider"))
}
