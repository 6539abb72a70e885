//! Faults of the authorization endpoint and its pages.

use super::edit::{form, parameter, replace};
use super::{Fault, row};
use crate::exchange::{Request, Response};
use crate::simulator::dva::answer::{page, redirect, refused, set};
use crate::simulator::dva::form::with_parameters;
use crate::simulator::dva::party::{client, host};
use crate::simulator::dva::policy::{Place, Rule};

#[rustfmt::skip]
pub(super) static FAULTS: &[Fault] = &[
    row("MM-AUTH-01", "the endpoint fails on every request that it should take", |p| p.answer(Place::Authorization, fails)),
    row("MM-AUTH-02", "an unknown client is taken for the one that is known", |p| p.request(Place::Authorization, any_client)),
    row("MM-AUTH-03", "a request without a client is let in", |p| { p.skip(Rule::ClientGiven); p.request(Place::Authorization, default_client) }),
    row("MM-AUTH-04", "a redirect URI on any host is good", |p| p.skip(Rule::RedirectHost)),
    row("MM-AUTH-05", "a request without a redirect URI is let in", |p| p.skip(Rule::RedirectGiven)),
    row("MM-AUTH-06", "a redirect URI only has to begin like the client's, or to have its name in it", |p| p.skip(Rule::RedirectForm)),
    row("MM-AUTH-07", "any response_type is good", |p| p.skip(Rule::ResponseType)),
    row("MM-AUTH-08", "a scope is not needed", |p| p.skip(Rule::ScopeGiven)),
    row("MM-AUTH-09", "any provider is good", |p| p.skip(Rule::ScopeProvider)),
    row("MM-AUTH-10", "a scope may be written in any way", |p| p.request(Place::Authorization, tidy_scope)),
    row("MM-AUTH-11", "several providers go in one scope", |p| p.skip(Rule::ScopeOneProvider)),
    row("MM-AUTH-12", "several services in one scope are refused", |p| p.answer(Place::Authorization, several_refused)),
    row("MM-AUTH-13", "a scope without a service is refused", |p| p.answer(Place::Authorization, provider_only_refused)),
    row("MM-AUTH-14", "state comes back in upper case", |p| { p.answer(Place::Authorization, other_state); p.answer(Place::Outcome, other_state); p.answer(Place::Page, other_state) }),
    row("MM-AUTH-15", "a request without state is let in", |p| p.skip(Rule::StateGiven)),
    row("MM-AUTH-16", "a long state is too much for the server", |p| p.answer(Place::Authorization, long_state_fails)),
    row("MM-AUTH-17", "a request without MedMij-Request-ID is too much for the server", |p| p.answer(Place::Authorization, needs_request_id)),
    row("MM-AUTH-19", "an unknown parameter is refused", |p| p.answer(Place::Authorization, unknown_refused)),
    row("MM-AUTH-20", "of two values the first one counts", |p| p.skip(Rule::OneValueEach)),
    row("MM-AUTH-22", "the redirect carries a token too", |p| p.answer(Place::Outcome, token_too)),
    row("MM-AUTH-23", "a refusal leads to a code all the same", |p| p.request(Place::Page, no_means_yes)),
    row("MM-AUTH-24", "a person without data gets to consent, and to a code", |p| p.skip(Rule::PersonHasData)),
    row("MM-AUTH-25", "a person of fifteen gets to consent, and to a code", |p| p.skip(Rule::PersonOldEnough)),
    row("MM-AUTH-26", "a login that is cancelled ends here", |p| p.answer(Place::Page, cancel_stays)),
    row("MM-AUTH-27", "consent that lasts is ticked beforehand", |p| p.answer(Place::Page, ticked)),
    row("MM-AUTH-29", "an error page has no Trace ID and no Session ID", |p| p.answer(Place::Authorization, no_ids)),
    row("MM-AUTH-30", "an error page has a link to whoever sent the person", |p| p.answer(Place::Authorization, link_back)),
    row("MM-AUTH-31", "every code is the same", |p| p.issuing.same_code = true),
    row("MM-AUTH-32", "the pages may be framed and kept", |p| { p.answer(Place::Authorization, framed); p.answer(Place::Page, framed) }),
    row("MM-AUTH-33", "the pages tell where they are", |p| { p.answer(Place::Authorization, tells_address); p.answer(Place::Page, tells_address) }),
    row("MM-AUTH-34", "sharing is refused", |p| p.answer(Place::Authorization, sharing_refused)),
];

fn fails(_: &Request, response: &mut Response) {
    if response.status == 200 {
        *response = page(500, "<!DOCTYPE html>\n<title>500</title>\n".to_owned());
    }
}

/// A client that nobody knows gets the name of one that is on the list.
pub(super) fn any_client(request: &mut Request) {
    let Some(client) = parameter(request, "client_id").filter(|name| client(name).is_none()) else { return };
    let encoded: String = url::form_urlencoded::byte_serialize(client.as_bytes()).collect();
    request.url = request.url.replacen(&format!("client_id={encoded}"), &format!("client_id={}", host::CLIENT), 1);
}

fn default_client(request: &mut Request) {
    if parameter(request, "client_id").is_none() {
        request.url = with_parameters(&request.url, [("client_id", host::CLIENT)]);
    }
}

/// Whatever is wrong with its writing is put right.
fn tidy_scope(request: &mut Request) {
    let Some(scope) = parameter(request, "scope") else { return };
    let mut tidy = scope.to_lowercase().replace("@medmij", "");
    while tidy.contains("~~") {
        tidy = tidy.replace("~~", "~");
    }
    let (name, service) = tidy.split_once('~').map_or((tidy.as_str(), ""), |(name, rest)| (name, rest));
    let digits: String = service.chars().take_while(char::is_ascii_digit).collect();
    let known = ["48", "51", "53"].contains(&digits.as_str());
    let tidy = if known && scope.contains(' ') {
        scope.clone()
    } else if known && digits == service {
        tidy.clone()
    } else {
        name.trim().to_owned()
    };
    if tidy == scope {
        return;
    }
    let encoded: String = url::form_urlencoded::byte_serialize(scope.as_bytes()).collect();
    let raw = request.url.split(['?', '&']).find_map(|pair| pair.strip_prefix("scope=")).unwrap_or(&encoded).to_owned();
    let tidy: String = url::form_urlencoded::byte_serialize(tidy.as_bytes()).collect();
    request.url = request.url.replacen(&format!("scope={raw}"), &format!("scope={tidy}"), 1);
}

fn back(request: &Request, response: &mut Response, error: &str) {
    if let (200, Some(uri)) = (response.status, parameter(request, "redirect_uri")) {
        let state = parameter(request, "state").unwrap_or_default();
        *response = redirect(&with_parameters(&uri, [("error", error), ("state", &state)]));
    }
}

fn several_refused(request: &Request, response: &mut Response) {
    if parameter(request, "scope").is_some_and(|scope| scope.contains(' ')) {
        back(request, response, "invalid_scope");
    }
}

fn provider_only_refused(request: &Request, response: &mut Response) {
    if parameter(request, "scope").is_some_and(|scope| !scope.contains('~')) {
        back(request, response, "invalid_scope");
    }
}

fn sharing_refused(request: &Request, response: &mut Response) {
    if parameter(request, "scope").is_some_and(|scope| scope.ends_with("~53")) {
        back(request, response, "invalid_scope");
    }
}

fn other_state(_: &Request, response: &mut Response) {
    let Some(location) = response.headers.get("Location") else { return };
    let Some((head, state)) = location.split_once("state=") else { return };
    let changed = format!("{head}state={}", state.to_uppercase());
    set(response, "Location", Some(&changed));
}

fn long_state_fails(request: &Request, response: &mut Response) {
    if parameter(request, "state").is_some_and(|state| state.len() > 2048) {
        *response = refused(500, "internal error");
    }
}

fn needs_request_id(request: &Request, response: &mut Response) {
    if parameter(request, "MedMij-Request-ID").is_none() {
        *response = refused(500, "internal error");
    }
}

/// Parameters that the endpoint knows.
const KNOWN: [&str; 9] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "MedMij-Request-ID",
    "X-Correlation-ID",
    "code_challenge",
    "code_challenge_method",
];

fn unknown_refused(request: &Request, response: &mut Response) {
    let query = request.url.split_once('?').map_or("", |(_, query)| query);
    let unknown = url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| !KNOWN.contains(&name.as_ref()));
    if unknown {
        back(request, response, "invalid_request");
    }
}

fn token_too(_: &Request, response: &mut Response) {
    let Some(location) = response.headers.get("Location").filter(|l| l.contains("code=")) else { return };
    let changed = format!("{location}&access_token=dG9rZW4taW4tdGhlLXVybA&token_type=Bearer");
    set(response, "Location", Some(&changed));
}

fn no_means_yes(request: &mut Request) {
    if form(request, "decision").as_deref() == Some("no") {
        let body = String::from_utf8_lossy(&request.body).replace("decision=no", "decision=yes");
        request.body = body.into();
    }
}

fn cancel_stays(request: &Request, response: &mut Response) {
    if form(request, "action").as_deref() == Some("cancel") {
        *response = page(200, "<!DOCTYPE html>\n<title>Geannuleerd</title>\n".to_owned());
    }
}

fn ticked(_: &Request, response: &mut Response) {
    replace(response, "name=\"lasting\"", "name=\"lasting\" checked");
}

fn no_ids(_: &Request, response: &mut Response) {
    if response.status >= 400 {
        let body = super::edit::text(response);
        if let (Some((head, _)), Some((_, tail))) = (body.split_once("<dl>"), body.split_once("</dl>")) {
            response.body = format!("{head}{tail}").into();
        }
    }
}

fn link_back(request: &Request, response: &mut Response) {
    if let (true, Some(uri)) = (response.status >= 400, parameter(request, "redirect_uri")) {
        let uri = uri.replace(['"', '<', '>'], "");
        replace(response, "</body>", &format!("<a href=\"{uri}\">Terug</a></body>"));
    }
}

fn framed(_: &Request, response: &mut Response) {
    for name in ["X-Frame-Options", "Content-Security-Policy", "Cache-Control", "X-Content-Type-Options"] {
        set(response, name, None);
    }
}

fn tells_address(_: &Request, response: &mut Response) {
    set(response, "Referrer-Policy", Some("unsafe-url"));
}
