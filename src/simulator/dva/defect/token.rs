//! Faults of the token endpoint.

use super::edit::{form, json, without};
use super::{Fault, row};
use crate::exchange::{Request, Response};
use crate::simulator::dva::answer::{set, token_error};
use crate::simulator::dva::policy::{Place, Rule};

#[rustfmt::skip]
pub(super) static FAULTS: &[Fault] = &[
    row("MM-TOK-01", "the type of the token is `mac`", |p| p.answer(Place::Token, |_, a| json(a, |m| if m.contains_key("access_token") { m.insert("token_type".into(), "mac".into()); }))),
    row("MM-TOK-03", "answers may be kept", |p| p.answer(Place::Token, |_, a| { without(a, "Cache-Control"); without(a, "Pragma") })),
    row("MM-TOK-04", "the Content-Type is `text/html`", |p| p.answer(Place::Token, |_, a| set(a, "Content-Type", Some("text/html; charset=utf-8")))),
    row("MM-TOK-05", "a token says that it is valid for an hour", |p| p.issuing.announced = Some(3600)),
    row("MM-TOK-06", "answers come after eleven seconds", |p| p.issuing.delay = 11),
    row("MM-TOK-07", "a code can be used again", |p| p.skip(Rule::CodeOnce)),
    row("MM-TOK-08", "a code that was offered in vain can be offered again", |p| p.skip(Rule::CodeBurnt)),
    row("MM-TOK-09", "the redirect URI is not needed", |p| p.skip(Rule::CodeRedirectGiven)),
    row("MM-TOK-10", "the redirect URI is not compared", |p| p.skip(Rule::CodeRedirectSame)),
    row("MM-TOK-11", "the client is not needed", |p| p.skip(Rule::TokenClientGiven)),
    row("MM-TOK-12", "the client is not compared, neither with the code's nor with the certificate's", |p| { p.skip(Rule::CodeClientSame); p.skip(Rule::CertificateOfClient) }),
    row("MM-TOK-13", "the client is not compared with the certificate's", |p| p.skip(Rule::CertificateOfClient)),
    row("MM-TOK-14", "any code is good", |p| p.skip(Rule::CodeKnown)),
    row("MM-TOK-15", "any grant type is good", |p| p.skip(Rule::GrantKnown)),
    row("MM-TOK-16", "a code does not expire", |p| p.skip(Rule::CodeFresh)),
    row("MM-TOK-17", "GET gives a token", |p| p.skip(Rule::TokenByPost)),
    row("MM-TOK-18", "a request without MedMij-Request-ID is too much for the server", |p| p.answer(Place::Token, needs_request_id)),
    row("MM-TOK-20", "an unknown parameter is refused", |p| p.answer(Place::Token, unknown_refused)),
    row("MM-TOK-21", "the scope is another than was asked for", |p| p.answer(Place::Token, |_, a| json(a, |m| if m.contains_key("access_token") { m.insert("scope".into(), "anderziekenhuis~99".into()); }))),
    row("MM-TOK-22", "a client gets services that the list does not have for it", |p| p.skip(Rule::ServicesOfClient)),
    row("MM-TOK-23", "a refresh gives no new refresh token", |p| p.issuing.refresh_stays = true),
    row("MM-TOK-24", "a refresh token can be used again", |p| p.skip(Rule::RefreshOnce)),
    row("MM-TOK-25", "another client can refresh", |p| p.skip(Rule::RefreshClientSame)),
    row("MM-TOK-26", "there is a refresh token without consent that lasts", |p| p.issuing.refresh_always = true),
    row("MM-TOK-27", "a person's token is the same every time", |p| p.issuing.same_token = true),
    row("MM-TOK-28", "the token is readable, and has the citizen service number", |p| p.issuing.bsn_inside = true),
    row("MM-TOK-29", "errors have no `error`", |p| p.answer(Place::Token, other_error)),
    row("MM-TOK-30", "a refresh token outlives the consent", |p| p.skip(Rule::ConsentWithdrawn)),
];

fn needs_request_id(request: &Request, response: &mut Response) {
    if request.headers.get("MedMij-Request-ID").is_none() {
        response.status = 500;
    }
}

const KNOWN: [&str; 6] = ["grant_type", "code", "refresh_token", "client_id", "redirect_uri", "code_verifier"];

fn unknown_refused(request: &Request, response: &mut Response) {
    let body = String::from_utf8_lossy(&request.body);
    let unknown = url::form_urlencoded::parse(body.as_bytes()).any(|(name, _)| !KNOWN.contains(&name.as_ref()));
    if unknown && form(request, "grant_type").is_some() && response.status == 200 {
        *response = token_error("invalid_request", "a parameter is not known");
    }
}

fn other_error(_: &Request, response: &mut Response) {
    if response.status >= 400 {
        json(response, |members| {
            let why = members.remove("error");
            members.insert("message".into(), why.unwrap_or_default());
        });
    }
}
