//! A DVA in this process, and clients with its certificates.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keur::definitions::Definitions;
use keur::exchange::{Client, ClientSettings, Exchange, Headers, Identity, Request};
use keur::fhir::FhirVersion;
use keur::simulator::dva::config::KeyPair;
use keur::simulator::dva::{ActiveFault, DvaConfig, DvaSettings, Release, RunningDva, start};
use keur::simulator::{Fixture, Settings, TokenRegistry};

/// A DVA with our own test persons.
pub async fn dva(release: Release, lifetime: u64, faults: &[&str]) -> RunningDva {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bgz-3.0");
    let tokens = std::fs::read_to_string(root.join("tokens.json")).expect("tokens of the test persons");
    let mut fixtures = Fixture::read(&root).expect("fixtures");
    fixtures.retain(|fixture| !fixture.name.ends_with("tokens.json"));
    let simulator = Settings {
        fixtures,
        registry: TokenRegistry::parse(&tokens).expect("a registry"),
        require_token: true,
        ..Settings::new(Definitions::embedded(FhirVersion::Stu3))
    };
    let defects = faults.iter().map(|id| ActiveFault::named(id).unwrap_or_else(|| panic!("no fault {id}"))).collect();
    let token_lifetime = Duration::from_secs(lifetime);
    let settings = DvaSettings { simulator, release, token_lifetime, pull_profile: None, defects };
    start(settings).await.expect("a DVA")
}

/// A client with this certificate, or none.
pub fn client(config: &DvaConfig, pair: Option<&KeyPair>) -> Arc<Client> {
    Arc::new(Client::new(ClientSettings {
        extra_roots: vec![config.ca_pem.clone().into_bytes()],
        identity: pair.map(|pair| Identity::new(&pair.cert_pem, &pair.key_pem)),
        timeout: Duration::from_secs(20),
        ..ClientSettings::default()
    }))
}

/// A request.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let headers: Headers = headers.iter().copied().collect();
    Request { method: method.into(), url: url.into(), headers, body: body.to_owned().into() }
}

/// Sends a form.
pub async fn post(client: &Client, url: &str, pairs: &[(&str, &str)]) -> Exchange {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    client.send(request("POST", url, &[("Content-Type", "application/x-www-form-urlencoded")], &body)).await
}

/// The body of an answer as text; what went wrong where there is none.
pub fn body(exchange: &Exchange) -> String {
    match &exchange.result {
        Ok(response) => String::from_utf8_lossy(&response.body).into_owned(),
        Err(error) => format!("{error:?}"),
    }
}

/// A header field of an answer.
pub fn header(exchange: &Exchange, name: &str) -> Option<String> {
    exchange.result.as_ref().ok()?.headers.get(name).map(str::to_owned)
}

/// The status of an answer, 0 for none.
pub fn status(exchange: &Exchange) -> u16 {
    exchange.result.as_ref().map_or(0, |response| response.status)
}
