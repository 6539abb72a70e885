//! What the DVA keeps, and what it lets go with a fault: rule by rule, without the checks of `keur check`,
//! which are judged by the same faults elsewhere.

use std::sync::Arc;

use keur::exchange::{Client, Exchange};
use keur::simulator::dva::config::KeyPair;
use keur::simulator::dva::{DvaConfig, FAULTS, Release, RunningDva};
use libtest_mimic::{Failed, Trial};

use crate::forms::{Does, login};
use crate::server::{body, client, dva, header, post, request, status};

pub fn trials() -> Vec<Trial> {
    let trial = |name: &'static str, test: fn() -> Result<(), Failed>| Trial::test(format!("faults::{name}"), test);
    vec![
        trial("ids_are_of_checks_and_none_is_there_twice", ids),
        trial("rules_of_the_authorization_endpoint_are_kept_and_let_go", authorization),
        trial("rules_of_the_token_endpoint_are_kept_and_let_go", tokens),
        trial("rules_of_the_resource_server_are_kept_and_let_go", resources),
    ]
}

fn ids() -> Result<(), Failed> {
    let form = regex::Regex::new(r"^(MM-(AUTH|LST|TOK|RES|TLS)|NP-[RS]|API)-\d\d$")?;
    let ids: Vec<&str> = FAULTS.iter().flat_map(|area| area.iter()).map(|fault| fault.id).collect();
    let different: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
    assert!(ids.iter().all(|id| form.is_match(id)));
    let of = |prefix: &str| ids.iter().filter(|id| id.starts_with(prefix)).count();
    assert!(of("MM-") + of("NP-") >= 110 && of("API-") >= 25, "{} and {}", of("MM-") + of("NP-"), of("API-"));
    assert!(FAULTS.iter().flat_map(|area| area.iter()).all(|fault| !fault.about.ends_with('.')));
    Ok(())
}

/// A DVA with the clients that talk to it.
struct Bench {
    dva: RunningDva,
    own: Arc<Client>,
    bare: Arc<Client>,
}

impl Bench {
    async fn new(faults: &[&str], lifetime: u64) -> Bench {
        let dva = dva(Release::R2_2, lifetime, faults).await;
        let own = client(&dva.config, Some(&dva.config.certificates.client));
        let bare = client(&dva.config, None);
        Bench { dva, own, bare }
    }

    fn config(&self) -> &DvaConfig {
        &self.dva.config
    }

    fn with(&self, pair: &KeyPair) -> Arc<Client> {
        client(self.config(), Some(pair))
    }

    /// An authorization request, valid but for these parameters (empty: left out).
    fn url(&self, other: &[(&str, &str)]) -> String {
        let config = self.config();
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", config.client_id.as_str()),
            ("redirect_uri", config.redirect_uri.as_str()),
            ("scope", config.provider.as_str()),
            ("state", "Een-state_die.terugkomt~0123456789"),
        ];
        for (name, value) in other {
            pairs.retain(|(known, _)| known != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{}?{query}", config.authorization_endpoint)
    }

    /// What an authorization request comes to: `page 200`, `page 400`, or `back ERROR`.
    async fn asked(&self, other: &[(&str, &str)]) -> String {
        let exchange = self.bare.send(request("GET", &self.url(other), &[], "")).await;
        match header(&exchange, "Location") {
            Some(location) => format!("back {}", parameter(&location, "error")),
            None => format!("page {}", status(&exchange)),
        }
    }

    /// A code for a person.
    async fn code(&self, user: &str, does: Does) -> String {
        let person = self.config().persons.iter().find(|p| p.user == user).expect("a person");
        let end = login(&self.bare, &self.url(&[]), user, &person.password, does).await;
        parameter(&end.unwrap_or_default(), "code")
    }

    /// What the token endpoint makes of a form, valid for this code but for these parameters.
    async fn token(&self, through: &Client, code: &str, other: &[(&str, &str)]) -> Exchange {
        let config = self.config();
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", config.client_id.as_str()),
            ("redirect_uri", config.redirect_uri.as_str()),
        ];
        for (name, value) in other {
            pairs.retain(|(known, _)| known != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        post(through, &config.token_endpoint, &pairs).await
    }

    async fn access(&self, user: &str) -> String {
        let code = self.code(user, Does::Yes).await;
        member(&self.token(&self.own, &code, &[]).await, "access_token")
    }

    async fn get(&self, through: &Client, path: &str, authorization: &str) -> Exchange {
        let url = format!("{}{path}", self.config().fhir_base);
        let mut headers = vec![("Accept", "application/fhir+json")];
        if !authorization.is_empty() {
            headers.push(("Authorization", authorization));
        }
        through.send(request("GET", &url, &headers, "")).await
    }
}

fn parameter(url: &str, name: &str) -> String {
    let pairs = url::Url::parse(url).map(|url| url.query_pairs().into_owned().collect::<Vec<_>>()).unwrap_or_default();
    pairs.into_iter().find(|(n, _)| n == name).map(|(_, v)| v).unwrap_or_default()
}

fn member(exchange: &Exchange, name: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(&body(exchange)).unwrap_or_default();
    json[name].as_str().unwrap_or_default().to_owned()
}

fn authorization() -> Result<(), Failed> {
    // The request, what it comes to, the fault that lets it through.
    type Row<'r> = (&'r [(&'r str, &'r str)], &'r str, &'r str);
    let rows: [Row<'_>; 14] = [
        (&[], "page 200", ""),
        (&[("foo", "bar"), ("code_challenge", "x")], "page 200", ""),
        (&[("scope", "keurziekenhuis~53")], "page 200", ""),
        (&[("client_id", "niet-bestaand.example")], "page 400", "MM-AUTH-02"),
        (&[("client_id", "")], "page 400", "MM-AUTH-03"),
        (&[("redirect_uri", "https://evil.example/cb")], "page 400", "MM-AUTH-04"),
        (&[("redirect_uri", "")], "page 400", "MM-AUTH-05"),
        (&[("redirect_uri", "https://pgo.keur.localhost.evil.example/")], "page 400", "MM-AUTH-06"),
        (&[("redirect_uri", "https://pgo.keur.localhost@evil.example/")], "page 400", "MM-AUTH-06"),
        (&[("redirect_uri", "http://pgo.keur.localhost/cb")], "page 400", "MM-AUTH-06"),
        (&[("response_type", "token")], "back unsupported_response_type", "MM-AUTH-07"),
        (&[("scope", "bestaatniet")], "back invalid_scope", "MM-AUTH-09"),
        (&[("scope", "Keurziekenhuis@medmij")], "back invalid_scope", "MM-AUTH-10"),
        (&[("state", "")], "back invalid_request", "MM-AUTH-15"),
    ];
    crate::wait(async {
        let good = Bench::new(&[], 900).await;
        for (other, expected, fault) in rows {
            assert_eq!(good.asked(other).await, expected, "{other:?}");
            if !fault.is_empty() {
                assert_eq!(Bench::new(&[fault], 900).await.asked(other).await, "page 200", "{fault} {other:?}");
            }
        }
        for (user, does) in
            [("toetsema", Does::No), ("toetsema", Does::Cancels), ("leeg", Does::Yes), ("jong", Does::Yes)]
        {
            assert_eq!(good.code(user, does).await, "", "{user} gets no code");
        }
        assert_ne!(good.code("toetsema", Does::Yes).await, good.code("toetsema", Does::Yes).await);
        Ok(())
    })
}

fn tokens() -> Result<(), Failed> {
    crate::wait(async {
        let good = Bench::new(&[], 900).await;
        let config = good.config();
        let second = good.with(&config.certificates.second_client);
        let code = good.code("toetsema", Does::Lasting).await;
        let first = good.token(&good.own, &code, &[("foo", "bar")]).await;
        assert_eq!((status(&first), member(&first, "token_type").as_str()), (200, "Bearer"));
        assert_eq!(header(&first, "Cache-Control").as_deref(), Some("no-store"));
        assert_eq!(member(&good.token(&good.own, &code, &[]).await, "error"), "invalid_grant", "a code is for once");

        let refresh = member(&first, "refresh_token");
        let renew =
            [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("code", ""), ("redirect_uri", "")];
        let stolen: Vec<(&str, &str)> =
            renew.iter().copied().chain([("client_id", config.second_client.client_id.as_str())]).collect();
        assert_eq!(
            member(&good.token(&second, "", &stolen).await, "error"),
            "invalid_grant",
            "another's refresh token"
        );
        let renewed = good.token(&good.own, "", &renew).await;
        assert!(status(&renewed) == 200 && member(&renewed, "refresh_token") != refresh);
        assert_eq!(
            member(&good.token(&good.own, "", &renew).await, "error"),
            "invalid_grant",
            "a refresh token is for once"
        );

        for (other, error, fault) in [
            (&[("redirect_uri", "")][..], "invalid_request", "MM-TOK-09"),
            (&[("redirect_uri", "https://pgo.keur.localhost/ander")], "invalid_grant", "MM-TOK-10"),
            (&[("client_id", "")], "invalid_request", "MM-TOK-11"),
            (&[("client_id", "ander-pgo.keur.localhost")], "invalid_client", "MM-TOK-12"),
            (&[("code", "verzonnen")], "invalid_grant", "MM-TOK-14"),
            (&[("grant_type", "password")], "unsupported_grant_type", "MM-TOK-15"),
        ] {
            let code = good.code("toetsema", Does::Yes).await;
            assert_eq!(member(&good.token(&good.own, &code, other).await, "error"), error, "{other:?}");
            let faulty = Bench::new(&[fault], 900).await;
            let code = faulty.code("toetsema", Does::Yes).await;
            assert_eq!(status(&faulty.token(&faulty.own, &code, other).await), 200, "{fault}");
        }
        // Nobody speaks with the token endpoint but with a certificate of the authority, on the whitelist.
        for pair in
            [&config.certificates.unknown_ca, &config.certificates.expired, &config.certificates.not_whitelisted]
        {
            assert_ne!(status(&good.token(&good.with(pair), "x", &[]).await), 200);
        }
        assert!(good.token(&good.bare, "x", &[]).await.result.is_err(), "no certificate, no connection");
        Ok(())
    })
}

fn resources() -> Result<(), Failed> {
    crate::wait(async {
        let good = Bench::new(&[], 900).await;
        let config = good.config();
        let token = format!("Bearer {}", good.access("toetsema").await);
        let answer = good.get(&good.own, "/Patient", &token).await;
        assert_eq!(status(&answer), 200);
        assert!(body(&answer).contains("keur-toetsema-patient") && !body(&answer).contains("keur-keurmeester-patient"));
        for (path, authorization, expected) in [
            ("/Patient", "", 401),
            ("/Patient", "Bearer verzonnen", 401),
            ("/Patient", &token[7..], 401),
            ("/51/DocumentReference", &token, 200),
            ("/ander/Patient", &token, 403),
            ("/Patient/keur-keurmeester-patient", &token, 404),
            ("/Foo", &token, 404),
            ("/metadata", "", 200),
        ] {
            assert_eq!(
                status(&good.get(&good.own, path, authorization).await),
                expected,
                "{path} {}",
                authorization.len()
            );
        }
        let url = format!("{}/Patient?access_token={}", config.fhir_base, &token[7..]);
        assert_eq!(status(&good.own.send(request("GET", &url, &[], "")).await), 401, "a token in the query");
        let url = format!("{}/Patient/keur-toetsema-patient", config.fhir_base);
        let gone = good.own.send(request("DELETE", &url, &[("Authorization", &token)], "")).await;
        assert_eq!(status(&gone), 405);
        for pair in [&config.certificates.not_whitelisted, &config.certificates.unknown_ca] {
            assert_ne!(status(&good.get(&good.with(pair), "/Patient", &token).await), 200);
        }
        assert_eq!(status(&good.get(&good.bare, "/Patient", &token).await), 403, "no certificate");

        // A client that has one service only, and a token that is over.
        let brief = Bench::new(&[], 1).await;
        let token = format!("Bearer {}", brief.access("toetsema").await);
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(status(&brief.get(&brief.own, "/Patient", &token).await), 401, "an expired token");
        for (fault, path, authorization) in [
            ("MM-RES-02", "/Patient", ""),
            ("MM-RES-04", "/Patient", "Bearer verzonnen"),
            ("MM-RES-03", "/Patient", "Basic verzonnen"),
            ("MM-TLS-09", "/metadata", ""),
        ] {
            let faulty = Bench::new(&[fault], 900).await;
            let through = if fault == "MM-TLS-09" { &faulty.bare } else { &faulty.own };
            assert_eq!(status(&faulty.get(through, path, authorization).await), 200, "{fault}");
        }
        Ok(())
    })
}
