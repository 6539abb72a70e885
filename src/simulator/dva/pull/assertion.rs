//! The token endpoint of Notified Pull, and the tokens this party asks its partner for: signed JWTs say
//! who asks (RFC 7523 section 2.2) and what for (section 2.1).

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Allowed, Habits, PARTNER_KID, Partner, outgoing};
use crate::authorization::assertion::{Unverified, claims};
use crate::exchange::{Client, Request};
use crate::simulator::dva::answer::{json, token_error};
use crate::simulator::dva::form::Parameters;
use crate::simulator::dva::grant::{base64_url, secret};
use crate::simulator::dva::policy::Rule;
use crate::simulator::dva::server::Dva;

/// The grant of RFC 7523 section 2.1.
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The kind of client assertion of section 2.2.
pub(super) const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Purposes of Nuts: what the receiver serves, and what the sender serves.
const NOTIFY_PURPOSE: &str = "bgz-receiver";
const PULL_PURPOSE: &str = "bgz-sender";

/// How far clocks may differ, and how old an assertion may be, in seconds.
const SKEW: i64 = 60;
const OLDEST: i64 = 600;

/// How long tokens for Notified Pull are valid at most.
const LIFETIME: u64 = 300;

/// An assertion as its rules see it.
struct Shown<'s> {
    token: &'s Unverified<'s>,
    now: i64,
    audience: &'s str,
    key: &'s Value,
    partner: &'s str,
    seen: bool,
}

type Check = fn(&Shown<'_>) -> bool;

const CHECKS: [(Rule, Check); 7] = [
    (Rule::AssertionSigned, |s| s.token.is_signed_by(s.key)),
    (Rule::AssertionKey, |s| s.token.header.get("kid").and_then(Value::as_str) == Some(PARTNER_KID)),
    (Rule::AssertionIssuer, |s| s.token.text("iss") == Some(s.partner) && s.token.text("sub") == Some(s.partner)),
    (Rule::AssertionAudience, |s| s.token.is_for(s.audience)),
    (Rule::AssertionFresh, |s| s.token.second("exp").is_some_and(|exp| exp > s.now)),
    (Rule::AssertionPast, |s| s.token.second("iat").is_none_or(|iat| iat <= s.now + SKEW && iat >= s.now - OLDEST)),
    (Rule::AssertionOnce, |s| s.token.text("jti").is_some() && !s.seen),
];

/// `POST /np/token`.
pub(super) fn token(dva: &Dva, request: &Request) -> crate::exchange::Response {
    let form = Parameters::of_form(request);
    if form.get("grant_type") != Some(GRANT) {
        return token_error("unsupported_grant_type", "the JWT bearer grant is taken here");
    }
    let nuts = dva.policy.nuts();
    let shown = [("client_assertion", form.get("client_assertion")), ("assertion", form.get("assertion"))];
    // On Nuts the one assertion says both who asks and what for.
    let proof = if nuts { "assertion" } else { "client_assertion" };
    if form.get(proof).is_none() {
        return token_error("invalid_client", &format!("there is no {proof}"));
    }
    if !nuts && form.get("client_assertion_type") != Some(CLIENT_ASSERTION) {
        return token_error("invalid_client", "the client_assertion_type is not that of JWT bearer");
    }
    let mut wish = Wish { base: form.get("authorization_base").map(str::to_owned), pull: !nuts, user: true };
    let mut state = dva.pull.state();
    for (name, token) in shown {
        let error = if name == "assertion" { "invalid_grant" } else { "invalid_client" };
        let Some(token) = token else { continue };
        let Some(parsed) = Unverified::parse(token) else { return token_error(error, "the assertion is not a JWT") };
        let id = format!("{name} {}", parsed.text("jti").unwrap_or_default());
        let shown = Shown {
            now: jiff::Timestamp::now().as_second(),
            audience: &dva.pull.token_endpoint,
            key: &dva.pull.partner_key,
            partner: dva.pull.parties.1,
            seen: state.seen.contains(&id),
            token: &parsed,
        };
        if CHECKS.iter().any(|(rule, holds)| dva.policy.keeps(*rule) && !holds(&shown)) {
            return token_error(error, "the assertion is not good");
        }
        if nuts && name == "assertion" {
            wish = Wish::claimed(shown.token);
        }
        state.seen.insert(id);
    }
    let sent = state.sent.iter().find(|sent| Some(&sent.base) == wish.base.as_ref());
    let pull = match (&wish.base, sent) {
        (None, _) if nuts && !wish.pull => None,
        (None, _) if dva.policy.keeps(Rule::BaseGiven) => None,
        (_, Some(sent)) => Some(sent.identifier.clone()),
        (_, None) if dva.policy.keeps(Rule::BaseGiven) => {
            return token_error("invalid_grant", "the authorization_base is not known");
        }
        (_, None) => state.sent.last().map(|sent| sent.identifier.clone()),
    };
    let token = secret();
    let lifetime = LIFETIME.min(dva.token_lifetime);
    let until = Instant::now() + Duration::from_secs(lifetime);
    state.tokens.insert(token.clone(), Allowed { pull, user: wish.user, until });
    json(200, &serde_json::json!({ "access_token": token, "token_type": "Bearer", "expires_in": lifetime }))
}

/// What a token is asked for.
struct Wish {
    base: Option<String>,
    /// To pull with; to notify with otherwise.
    pull: bool,
    /// A user is logged in.
    user: bool,
}

impl Wish {
    /// As the claims of Nuts RFC003 have it.
    fn claimed(token: &Unverified<'_>) -> Wish {
        let base = token.claims.get("vcs").and_then(|vcs| vcs.get(0)).and_then(Value::as_str).map(str::to_owned);
        let pull = token.text("purposeOfUse") == Some(PULL_PURPOSE);
        Wish { base, pull, user: token.claims.get("usi").is_some_and(|usi| !usi.is_null()) }
    }
}

/// What a request may do, by its token.
pub(super) fn admitted(dva: &Dva, request: &Request) -> Option<Allowed> {
    let header = request.headers.get("Authorization").unwrap_or_default();
    let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")).map(|(_, t)| t);
    let state = dva.pull.state();
    let allowed = state.tokens.get(token?.trim())?;
    let fresh = Instant::now() < allowed.until || !dva.policy.keeps(Rule::PullTokenFresh);
    fresh.then(|| allowed.clone())
}

/// A token of the partner: itself and how long it is valid.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub value: String,
    pub until: Instant,
}

/// Asks the partner for a token; `base` for a pull, `user` with somebody logged in.
pub(super) async fn obtain(
    dva: &Dva,
    client: &Client,
    partner: &Partner,
    base: Option<&str>,
    user: bool,
    habits: &Habits,
) -> Result<Token, String> {
    let form = asked(dva, partner, base, user, habits)?;
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")];
    let exchange = client.send(outgoing("POST", &partner.token_endpoint, &headers, form)).await;
    let response = exchange.result.map_err(|error| format!("the token endpoint does not answer: {}", error.detail))?;
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let value = body.get("access_token").and_then(Value::as_str).filter(|_| response.status == 200);
    let value = value.ok_or_else(|| format!("the token endpoint answers {}", response.status))?;
    let lifetime = body.get("expires_in").and_then(Value::as_u64).unwrap_or(LIFETIME);
    Ok(Token { value: value.to_owned(), until: Instant::now() + Duration::from_secs(lifetime) })
}

/// The form of a request for a token.
fn asked(dva: &Dva, partner: &Partner, base: Option<&str>, user: bool, habits: &Habits) -> Result<String, String> {
    let nuts = dva.policy.nuts();
    let assertion = || {
        let mut claims = claims(dva.pull.parties.0, &partner.token_endpoint, 120);
        if nuts {
            let purpose = if base.is_some() { PULL_PURPOSE } else { NOTIFY_PURPOSE };
            claims.insert("purposeOfUse".to_owned(), purpose.into());
            claims.insert("vcs".to_owned(), base.into_iter().collect());
            if user && base.is_some() {
                claims.insert("usi".to_owned(), "keur-medewerker".into());
            }
        }
        if !habits.jti {
            claims.remove("jti");
        }
        match habits.signed {
            true => dva.pull.key.sign(&claims).map_err(|error| error.to_string()),
            false => {
                let part = |value: Value| base64_url(value.to_string().as_bytes());
                let header = part(serde_json::json!({ "typ": "JWT", "alg": "none" }));
                Ok(format!("{header}.{}.", part(Value::Object(claims))))
            }
        }
    };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", GRANT).append_pair("assertion", &assertion()?);
    if !nuts {
        form.append_pair("client_assertion_type", CLIENT_ASSERTION).append_pair("client_assertion", &assertion()?);
        form.extend_pairs(base.map(|base| ("authorization_base", base)));
    }
    Ok(form.finish())
}
