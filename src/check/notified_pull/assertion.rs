//! Assertions that we sign (RFC 7523), good ones and seven kinds of broken ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::authorization::assertion::{SigningKey, claims};
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};

/// The grant of section 2.1.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The kind of client assertion of section 2.2.
const CLIENT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long our assertions are good, in seconds.
const LIFETIME: u64 = 120;

/// What a token is asked for: to notify without a base, to pull with one.
#[derive(Clone, Copy)]
pub struct Wish<'w> {
    /// The authorization base of a notification.
    pub base: Option<&'w str>,
    /// On Nuts: somebody is logged in with us.
    pub user: bool,
}

/// Purposes of Nuts: what a receiver serves, and what a sender serves.
const PURPOSES: [&str; 2] = ["bgz-receiver", "bgz-sender"];

/// Our key, and what goes into an assertion.
struct Signer {
    key: SigningKey,
    issuer: String,
    audience: String,
    /// Claims beside those of RFC 7523.
    more: Vec<(&'static str, Value)>,
}

impl Signer {
    fn of(session: &Session<'_>, wish: Wish<'_>) -> Result<Signer, Outcome> {
        let pull = session.party()?;
        let missing = || Outcome::open(code::INPUT, "missing: our signing key (`notified_pull.partner_key_pem`)");
        let pem = pull.partner_key.as_ref().ok_or_else(missing)?;
        let key = SigningKey::from_pem(pem.expose(), &pull.partner_kid, None)
            .map_err(|error| Outcome::blocked(error.to_string()))?;
        let mut more = vec![];
        if session.nuts() {
            let pulls = wish.base.is_some();
            more.extend([("purposeOfUse", json!(PURPOSES[usize::from(pulls)])), ("vcs", json!(wish.base.as_slice()))]);
            more.extend((pulls && wish.user).then(|| ("usi", json!("keur-toetser"))));
        }
        Ok(Signer { key, issuer: pull.partner_id.clone(), audience: pull.token_endpoint.clone(), more })
    }

    fn claims(&self) -> Map<String, Value> {
        let mut claims = claims(&self.issuer, &self.audience, LIFETIME);
        claims.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        claims
    }

    fn sign(&self, claims: &Map<String, Value>) -> String {
        self.key.sign(claims).unwrap_or_default()
    }

    fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims.insert(name.to_owned(), value);
        self.sign(&claims)
    }
}

/// Asks the party for a token with these assertions.
async fn asked(
    session: &Session<'_>,
    client: &str,
    grant: &str,
    base: Option<&str>,
    peer: Peer,
) -> Result<Seen, Outcome> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", GRANT);
    base.inspect(|base| session.keep_secret(base));
    if session.nuts() {
        // One assertion says both who asks and what for; the base is among its claims.
        form.append_pair("assertion", client);
    } else {
        form.append_pair("assertion", grant);
        form.append_pair("client_assertion_type", CLIENT).append_pair("client_assertion", client);
        form.extend_pairs(base.map(|base| ("authorization_base", base)));
    }
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")];
    let endpoint = session.party()?.token_endpoint.clone();
    // A place of its own: the tokens of Notified Pull are not those of MedMij.
    Ok(session.send(peer, Place::Other, request("POST", &endpoint, &headers, form.finish())).await)
}

/// Asks with good assertions.
pub async fn ask(session: &Session<'_>, base: Option<&str>, peer: Peer) -> Result<Seen, Outcome> {
    ask_for(session, Wish { base, user: true }, peer).await
}

/// Asks with good assertions, with a user or without one.
pub async fn ask_for(session: &Session<'_>, wish: Wish<'_>, peer: Peer) -> Result<Seen, Outcome> {
    let signer = Signer::of(session, wish)?;
    let (client, grant) = (signer.sign(&signer.claims()), signer.sign(&signer.claims()));
    asked(session, &client, &grant, wish.base, peer).await
}

/// The access token of an answer.
pub fn token(seen: &Seen) -> Option<String> {
    Some(seen.json()?.get("access_token")?.as_str()?.to_owned()).filter(|token| !token.is_empty())
}

/// Broken client assertions: what is wrong with each, and what a party that takes it is guilty of.
fn broken(signer: &Signer) -> Vec<(&'static str, String, Level)> {
    let now = jiff::Timestamp::now().as_second();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let own = Value::Object(signer.claims());
    let good = signer.sign(&signer.claims());
    let cut = good.rsplit_once('.').map_or(String::new(), |(signed, signature)| {
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        if let Some(first) = bytes.first_mut() {
            *first ^= 0x55;
        }
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
    });
    let mut expired = signer.claims();
    expired.insert("iat".to_owned(), json!(now - 900));
    expired.insert("exp".to_owned(), json!(now - 600));
    let mut future = signer.claims();
    future.insert("iat".to_owned(), json!(now + 3600));
    future.insert("exp".to_owned(), json!(now + 3720));
    let mut stranger = signer.claims();
    stranger.insert("iss".to_owned(), json!("urn:oid:2.16.528.1.1007.3.3.99999999"));
    stranger.insert("sub".to_owned(), json!("urn:oid:2.16.528.1.1007.3.3.99999999"));
    vec![
        ("an expired assertion", signer.sign(&expired), Level::Hard),
        ("an assertion issued in the future", signer.sign(&future), Level::Hard),
        ("an assertion for another audience", signer.with("aud", json!("https://elders.example/token")), Level::Hard),
        ("an assertion of an unknown issuer", signer.sign(&stranger), Level::Hard),
        ("an assertion with a broken signature", cut, Level::Hard),
        (
            "an assertion with `alg` none",
            format!("{}.{}.", part(&json!({"typ": "JWT", "alg": "none"})), part(&own)),
            Level::Hard,
        ),
    ]
}

/// Finding for a token that was given where none should be.
fn given(seen: &Seen, what: &str, level: Level) -> Outcome {
    let mut outcome = seen.shows();
    if token(seen).is_some() {
        outcome.push(
            seen.finding(level, code::ACCEPTED, format!("{what} gave a token")).expected("status 400 or 401, no token"),
        );
    } else if seen.status() >= 500 {
        outcome.findings.extend(seen.broken(Level::Warn));
    }
    outcome
}

/// Every broken assertion, and a good one twice.
pub async fn mutations(session: &Session<'_>, base: Option<&str>) -> Judged {
    let signer = Signer::of(session, Wish { base, user: true })?;
    let mut outcome = Outcome::holds();
    for (what, client, level) in broken(&signer) {
        let grant = signer.sign(&signer.claims());
        outcome.add(given(&asked(session, &client, &grant, base, Peer::Client).await?, what, level));
    }
    outcome.add(replayed(session, base).await?);
    Ok(outcome)
}

/// The same assertions twice.
async fn replayed(session: &Session<'_>, base: Option<&str>) -> Judged {
    let signer = Signer::of(session, Wish { base, user: true })?;
    let (client, grant) = (signer.sign(&signer.claims()), signer.sign(&signer.claims()));
    let first = asked(session, &client, &grant, base, Peer::Client).await?;
    if token(&first).is_none() {
        return Ok(Outcome::holds());
    }
    let again = asked(session, &client, &grant, base, Peer::Client).await?;
    Ok(given(&again, "an assertion that was used before", Level::Warn))
}

/// API-26: signatures that anybody could make.
pub async fn forged(session: &Session<'_>) -> Judged {
    let signer = Signer::of(session, Wish { base: None, user: false })?;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut outcome = Outcome::holds();
    let symmetric = || {
        // HS256, keyed with what is public.
        let signed =
            format!("{}.{}", part(&json!({"typ": "JWT", "alg": "HS256"})), part(&Value::Object(signer.claims())));
        let public = signer.key.jwk().unwrap_or_default().to_string();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, signed.as_bytes())))
    };
    let chosen = ["an assertion with a broken signature", "an assertion with `alg` none"];
    let mut all: Vec<(&str, String)> = broken(&signer)
        .into_iter()
        .filter(|(what, ..)| chosen.contains(what))
        .map(|(what, client, _)| (what, client))
        .collect();
    all.push(("an assertion signed with HS256", symmetric()));
    for (what, client) in all {
        let grant = signer.sign(&signer.claims());
        outcome.add(given(&asked(session, &client, &grant, None, Peer::Client).await?, what, Level::Hard));
    }
    Ok(outcome)
}

/// API-27: a good assertion is taken, one for others, an old one and a used one are not.
pub async fn judged(session: &Session<'_>) -> Judged {
    let good = ask(session, None, Peer::Client).await?;
    let mut outcome = good.shows();
    if token(&good).is_none() {
        outcome.push(
            good.finding(Level::Hard, code::REFUSED, "a good assertion is refused").expected("status 200 with a token"),
        );
        return Ok(outcome);
    }
    let signer = Signer::of(session, Wish { base: None, user: false })?;
    let chosen = ["an expired assertion", "an assertion for another audience"];
    for (what, client, level) in broken(&signer).into_iter().filter(|(what, ..)| chosen.contains(what)) {
        let grant = signer.sign(&signer.claims());
        outcome.add(given(&asked(session, &client, &grant, None, Peer::Client).await?, what, level));
    }
    let mut replay = replayed(session, None).await?;
    replay.findings.iter_mut().for_each(|finding| finding.verdict = Level::Hard.verdict());
    outcome.add(replay);
    Ok(outcome)
}
