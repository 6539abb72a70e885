//! Fetching a package from a registry that speaks NPM's protocol
//! (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>). Only `keur package add NAME@VERSION`
//! does so: no other verb reaches for a package.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use serde_json::Value;
use url::Url;

use crate::definitions::package::{Version, VersionRange};
use crate::exchange::{Client, ClientSettings, Headers, Request, Response};

/// The registry that FHIR tools share.
pub const DEFAULT: &str = "https://packages.fhir.org";

/// Redirects that are followed, of a tarball to where it is kept.
const REDIRECTS: usize = 5;

/// Algorithms of `dist.integrity` (<https://www.w3.org/TR/SRI/#hash-functions>).
const INTEGRITY: [(&str, &Algorithm); 3] = [("sha256", &SHA256), ("sha384", &SHA384), ("sha512", &SHA512)];

/// A package as it was fetched.
pub struct Fetched {
    /// The version that the range came to.
    pub version: String,
    /// The tarball.
    pub tarball: Vec<u8>,
}

/// Fetches the highest version of a package in a range.
pub fn fetch(registry: &str, name: &str, range: &str) -> Result<Fetched, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(fetch_with(&Client::new(ClientSettings::default()), registry, name, range))
}

async fn fetch_with(client: &Client, registry: &str, name: &str, range: &str) -> Result<Fetched, String> {
    let address = format!("{}/{name}", registry.trim_end_matches('/'));
    let listing = get(client, &address).await?;
    let listing: Value =
        serde_json::from_slice(&listing.body).map_err(|error| format!("`{address}` answered no JSON: {error}"))?;
    let versions = listing.get("versions").and_then(Value::as_object);
    let versions = versions.ok_or_else(|| format!("`{address}` lists no `versions`"))?;
    let wanted = VersionRange::new(range);
    let allowed = versions.keys().filter(|v| *v == range || wanted.allows(v));
    let version = allowed.max_by_key(|v| Version::parse(v)).ok_or_else(|| {
        let known: Vec<&str> = versions.keys().map(String::as_str).collect();
        format!("`{name}` has no version {range} in {registry}; it has {}", known.join(", "))
    })?;
    let listed = versions.get(version).and_then(|v| v.pointer("/dist/tarball")).and_then(Value::as_str);
    // Registries may leave the place out; then it is the version below the name.
    let place = listed.map_or_else(|| format!("{address}/{version}"), str::to_owned);
    let tarball = get(client, &place).await?;
    if let Some(stated) = versions.get(version).and_then(|v| v.get("dist")) {
        check(stated, &tarball.body).map_err(|why| format!("`{place}`: {why}"))?;
    }
    Ok(Fetched { version: version.clone(), tarball: tarball.body.to_vec() })
}

/// Compares a tarball with what the registry's listing says of it: `integrity` (subresource integrity, the
/// last of several is the strongest), else `shasum` (SHA-1). A listing may say nothing.
fn check(dist: &Value, tarball: &[u8]) -> Result<(), String> {
    let text = |key: &str| dist.get(key).and_then(Value::as_str);
    let (stated, found) = match (text("integrity").and_then(|all| all.split_whitespace().last()), text("shasum")) {
        (Some(integrity), _) => {
            let Some((algorithm, stated)) = integrity.split_once('-') else { return Ok(()) };
            let Some((_, algorithm)) = INTEGRITY.iter().find(|(name, _)| *name == algorithm) else { return Ok(()) };
            (stated.to_owned(), BASE64_STANDARD.encode(digest(algorithm, tarball)))
        }
        (None, Some(shasum)) => {
            let found = digest(&SHA1_FOR_LEGACY_USE_ONLY, tarball);
            (shasum.to_ascii_lowercase(), found.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
        }
        (None, None) => return Ok(()),
    };
    if stated == found { Ok(()) } else { Err(format!("its checksum is {found}, the registry says {stated}")) }
}

async fn get(client: &Client, address: &str) -> Result<Response, String> {
    let mut address = address.to_owned();
    for _ in 0..=REDIRECTS {
        let request = Request {
            method: "GET".to_owned(),
            url: address.clone(),
            headers: Headers::new(),
            body: Default::default(),
        };
        let response = client.send(request).await.result.map_err(|e| format!("`{address}`: {}", e.detail))?;
        match (response.status, response.headers.get("Location")) {
            (200, _) => return Ok(response),
            (300..=399, Some(location)) => {
                let next = Url::parse(&address).and_then(|u| u.join(location));
                address = next.map_err(|e| format!("`{address}` points to `{location}`: {e}"))?.into();
            }
            (status, _) => return Err(format!("`{address}` answered {status}")),
        }
    }
    Err(format!("`{address}` points on and on"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A registry on loopback with one package of two versions; a tarball is reached by a redirect.
    fn registry() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let root = base.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = vec![];
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                    head.push(byte[0]);
                }
                let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, location, body) = match path.as_str() {
                    "/a.b" => {
                        let of = |v: &str| format!("\"{v}\": {{\"dist\": {{\"tarball\": \"{root}/kept/{v}\"}}}}");
                        // printf two | sha1sum
                        let two =
                            of("1.2.0").replace("}}", ", \"shasum\": \"ad782ecdac770fc6eb9a62e44f90873fb97fb26b\"}}");
                        let bad = of("0.9.0").replace("}}", ", \"integrity\": \"sha512-AAAA\"}}");
                        (200, "", format!("{{\"versions\": {{{}, {two}, {bad}}}}}", of("1.0.0")))
                    }
                    "/kept/0.9.0" => (200, "", "other".to_owned()),
                    "/kept/1.0.0" => (200, "", "one".to_owned()),
                    "/kept/1.2.0" => (302, "/elsewhere", String::new()),
                    "/elsewhere" => (200, "", "two".to_owned()),
                    _ => (404, "", String::new()),
                };
                let location = if location.is_empty() { String::new() } else { format!("Location: {location}\r\n") };
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} x\r\n{location}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        base
    }

    #[test]
    fn a_package_is_fetched_in_the_version_asked_for_or_the_highest_of_a_range() {
        let registry = registry();
        for (range, version, body) in [("1.0.0", "1.0.0", "one"), ("1.x", "1.2.0", "two")] {
            let fetched = fetch(&registry, "a.b", range).unwrap();
            assert_eq!((&*fetched.version, &*fetched.tarball), (version, body.as_bytes()), "{range}");
        }
        let refused = |name: &str, range: &str| fetch(&registry, name, range).err().unwrap_or_default();
        assert!(refused("a.b", "2.0.0").contains("has no version 2.0.0"), "{}", refused("a.b", "2.0.0"));
        assert!(refused("a.b", "2.0.0").ends_with("it has 0.9.0, 1.0.0, 1.2.0"));
        assert!(refused("a.b", "0.9.0").contains("the registry says AAAA"), "{}", refused("a.b", "0.9.0"));
        assert!(refused("c.d", "1.0.0").ends_with("answered 404"));
    }
}
