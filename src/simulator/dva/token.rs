//! The token endpoint (core.tknint.200-208): codes and refresh tokens become access tokens.
//!
//! A request goes through a table of rules, as at the authorization endpoint; the client proves who it
//! is by its certificate (RFC 8705 section 2).

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::answer::{json, token_error};
use super::form::Parameters;
use super::grant::{Code, Grant, Grants, base64_url};
use super::party::{self, PROVIDERS, SERVICES, SHARING};
use super::policy::Rule;
use super::server::{Dva, Peer};
use crate::exchange::{Request, Response};

/// A request for a token as its rules see it.
struct Asked<'r> {
    parameters: &'r Parameters,
    /// Host name in the client's certificate.
    certificate: Option<&'r str>,
}

type Check = fn(&Asked<'_>) -> bool;

/// What holds for every grant: the rule, whether it holds, and the error where it does not.
const CHECKS: [(Rule, Check, &str); 3] = [
    (Rule::TokenClientGiven, |a| a.parameters.get("client_id").is_some(), "invalid_request"),
    (
        Rule::CertificateOfClient,
        |a| a.parameters.get("client_id").is_none_or(|c| a.certificate == Some(c)),
        "invalid_client",
    ),
    (
        Rule::GrantKnown,
        |a| matches!(a.parameters.get("grant_type"), None | Some("authorization_code" | "refresh_token")),
        "unsupported_grant_type",
    ),
];

/// What holds for a code that is known.
type CodeCheck = fn(&Code, &Asked<'_>) -> bool;

const CODE_CHECKS: [(Rule, CodeCheck); 6] = [
    (Rule::CodeOnce, |code, _| !code.used),
    (Rule::CodeBurnt, |code, _| !code.offered),
    (Rule::CodeFresh, |code, _| Instant::now() < code.until),
    (Rule::CodeRedirectGiven, |_, a| a.parameters.get("redirect_uri").is_some()),
    (Rule::CodeRedirectSame, |code, a| a.parameters.get("redirect_uri").is_none_or(|uri| uri == code.redirect_uri)),
    (Rule::CodeClientSame, |code, a| a.parameters.get("client_id").is_none_or(|client| client == code.grant.client)),
];

impl Dva {
    /// `POST /oauth/token`.
    pub(super) fn token(&self, request: &Request, peer: &Peer) -> (Response, Option<Duration>) {
        let delay =
            (self.policy.issuing.delay > 0).then(|| Duration::from_secs(self.policy.issuing.delay).min(self.slow));
        (self.token_answer(request, peer), delay)
    }

    fn token_answer(&self, request: &Request, peer: &Peer) -> Response {
        let mut grants = self.grants();
        if request.method != "POST" {
            if !self.policy.keeps(Rule::TokenByPost) {
                return self.issued(&mut grants, self.anybodys(peer), None);
            }
            let mut response = json(405, &serde_json::json!({ "error": "invalid_request" }));
            response.headers.push("Allow", "POST");
            return response;
        }
        let parameters = Parameters::of_form(request);
        let asked = Asked { parameters: &parameters, certificate: peer.host.as_deref() };
        for (rule, holds, error) in &CHECKS {
            if self.policy.keeps(*rule) && !holds(&asked) {
                return token_error(error, "the request breaks a rule of the token endpoint");
            }
        }
        match asked.parameters.get("grant_type") {
            None => token_error("invalid_request", "there is no grant_type"),
            Some("authorization_code") => self.of_code(&mut grants, &asked, peer),
            Some("refresh_token") if self.policy.release.refreshes() => self.of_refresh(&mut grants, &asked),
            Some("refresh_token") => token_error("unsupported_grant_type", "this release has no refresh tokens"),
            // Only when the rule on grants is not kept.
            Some(_) => self.issued(&mut grants, self.anybodys(peer), None),
        }
    }

    fn of_code(&self, grants: &mut Grants, asked: &Asked<'_>, peer: &Peer) -> Response {
        let Some(code) = asked.parameters.get("code") else {
            return token_error("invalid_request", "there is no code");
        };
        let Some(code) = grants.codes.get_mut(code) else {
            return match self.policy.keeps(Rule::CodeKnown) {
                true => token_error("invalid_grant", "the code is not known"),
                false => self.issued(grants, self.anybodys(peer), None),
            };
        };
        let broken = CODE_CHECKS.iter().find(|(rule, holds)| self.policy.keeps(*rule) && !holds(code, asked));
        if let Some((rule, _)) = broken {
            // A code is gone once it was offered, whatever came of it (core.tknint.204).
            code.offered = true;
            let error = if *rule == Rule::CodeRedirectGiven { "invalid_request" } else { "invalid_grant" };
            return token_error(error, "the code does not go with this request");
        }
        let proven = code.challenge.as_deref().is_none_or(|challenge| {
            let verifier = asked.parameters.get("code_verifier").unwrap_or_default();
            base64_url(&Sha256::digest(verifier.as_bytes())) == challenge
        });
        code.used = true;
        if !proven {
            return token_error("invalid_grant", "the code_verifier does not go with the code");
        }
        let grant = code.grant.clone();
        let refresh = self.policy.release.refreshes() && (grant.lasting || self.policy.issuing.refresh_always);
        let refresh = refresh.then(|| grants.refresh_token(grant.clone()));
        self.issued(grants, grant, refresh)
    }

    fn of_refresh(&self, grants: &mut Grants, asked: &Asked<'_>) -> Response {
        let Some(token) = asked.parameters.get("refresh_token") else {
            return token_error("invalid_request", "there is no refresh_token");
        };
        let same = |grant: &Grant| asked.parameters.get("client_id").is_none_or(|client| client == grant.client);
        let grant = match grants.refresh.get_mut(token) {
            Some((grant, unused))
                if (*unused || !self.policy.keeps(Rule::RefreshOnce))
                    && (same(grant) || !self.policy.keeps(Rule::RefreshClientSame)) =>
            {
                *unused = false;
                grant.clone()
            }
            _ => return token_error("invalid_grant", "the refresh token cannot be used"),
        };
        let refresh = match self.policy.issuing.refresh_stays {
            true => None,
            false => Some(grants.refresh_token(grant.clone())),
        };
        self.issued(grants, grant, refresh)
    }

    /// A token for the first person, for rules that are not kept.
    fn anybodys(&self, peer: &Peer) -> Grant {
        let services = SERVICES.iter().filter(|s| s.id != SHARING).map(|s| s.id.to_owned()).collect();
        Grant {
            client: peer.host.clone().unwrap_or_else(|| party::host::CLIENT.to_owned()),
            provider: PROVIDERS[0].to_owned(),
            services,
            person: 0,
            scope: PROVIDERS[0].to_owned(),
            lasting: false,
        }
    }

    fn issued(&self, grants: &mut Grants, grant: Grant, refresh: Option<String>) -> Response {
        let bsn = self.people.get(grant.person).map(|person| person.bsn.clone()).unwrap_or_default();
        // Before 2.2 the scope is the one asked for, from then on the services.
        let scope = match self.policy.release.scope_has_services() {
            true => grant.scope.clone(),
            false => grant.services.join(" "),
        };
        let token = grants.token(grant, self.token_lifetime, &bsn, &self.policy.issuing);
        let announced = self.policy.issuing.announced.unwrap_or(self.token_lifetime);
        let mut body = serde_json::json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": announced,
            "scope": scope,
        });
        if let (Some(refresh), Some(members)) = (refresh, body.as_object_mut()) {
            members.insert("refresh_token".into(), refresh.into());
        }
        json(200, &body)
    }
}
