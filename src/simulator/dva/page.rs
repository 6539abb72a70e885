//! The pages a person sees: login, consent, and why it goes no further. Plain forms, no script.

use super::form::Parameters;

const STYLE: &str =
    "body{font:1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}label{display:block;margin:.5rem 0}";

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn whole(title: &str, content: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><h1>{title}</h1>\n{content}</body></html>\n"
    )
}

/// Who are you. `failed`: name and password did not go together.
pub(super) fn login(session: &str, provider: &str, failed: bool) -> String {
    let complaint = if failed { "<p role=\"alert\">Naam of wachtwoord klopt niet.</p>\n" } else { "" };
    let content = format!(
        "<p>Log in om gegevens van {} op te halen. Dit is een testomgeving met verzonnen personen.</p>\n{complaint}\
         <form method=\"post\" action=\"/oauth/login\">\n\
         <input type=\"hidden\" name=\"session\" value=\"{}\">\n\
         <label>Naam <input name=\"username\" autocomplete=\"username\"></label>\n\
         <label>Wachtwoord <input type=\"password\" name=\"password\" autocomplete=\"current-password\"></label>\n\
         <button name=\"action\" value=\"login\">Inloggen</button>\n\
         <button name=\"action\" value=\"cancel\">Annuleren</button>\n</form>\n",
        escaped(provider),
        escaped(session)
    );
    whole("Inloggen", &content)
}

/// Do you agree.
pub(super) struct Consent<'p> {
    pub session: &'p str,
    pub provider: &'p str,
    pub organisation: &'p str,
    pub services: &'p [&'p str],
    /// The person gives instead of takes.
    pub sharing: bool,
    /// Consent that lasts can be given.
    pub lasting: bool,
}

/// The page that asks for consent. Nothing is ticked beforehand.
pub(super) fn consent(asked: &Consent<'_>) -> String {
    let services: String = asked.services.iter().map(|s| format!("<li>{}</li>\n", escaped(s))).collect();
    let (provider, organisation) = (escaped(asked.provider), escaped(asked.organisation));
    let statement = match asked.sharing {
        true => format!("Bevestigt u dat {organisation} gegevens aan {provider} mag geven?"),
        false => format!("Mag {provider} uw gegevens aan {organisation} geven?"),
    };
    let lasting = match asked.lasting {
        true => "<label><input type=\"checkbox\" name=\"lasting\" value=\"yes\"> Voor onbepaalde tijd</label>\n",
        false => "",
    };
    let content = format!(
        "<p>{statement}</p>\n<ul>\n{services}</ul>\n<form method=\"post\" action=\"/oauth/consent\">\n\
         <input type=\"hidden\" name=\"session\" value=\"{}\">\n{lasting}\
         <button name=\"decision\" value=\"yes\">Ja</button>\n\
         <button name=\"decision\" value=\"no\">Nee</button>\n</form>\n",
        escaped(asked.session)
    );
    whole(if asked.sharing { "Bevestiging" } else { "Toestemming" }, &content)
}

/// Take consent back. `failed`: name and password did not go together.
pub(super) fn withdrawal(failed: bool) -> String {
    let complaint = if failed { "<p role=\"alert\">Naam of wachtwoord klopt niet.</p>\n" } else { "" };
    let content = format!(
        "<p>Hier trekt u toestemming voor onbepaalde tijd in.</p>\n{complaint}\
         <form method=\"post\" action=\"/oauth/withdraw\">\n\
         <label>Naam <input name=\"username\" autocomplete=\"username\"></label>\n\
         <label>Wachtwoord <input type=\"password\" name=\"password\" autocomplete=\"current-password\"></label>\n\
         <button name=\"action\" value=\"withdraw\">Intrekken</button>\n</form>\n"
    );
    whole("Toestemming intrekken", &content)
}

/// It was taken back.
pub(super) fn withdrawn() -> String {
    whole("Toestemming ingetrokken", "<p>Uw toestemming is ingetrokken.</p>\n")
}

/// Why it goes no further, with what a help desk asks for. No way back is offered: whoever sent the
/// person here is not known well enough.
pub(super) fn error(why: &str, parameters: &Parameters) -> String {
    let id = |name: &str| escaped(parameters.get(name).unwrap_or("onbekend"));
    let content = format!(
        "<p>Het verzoek kan niet worden uitgevoerd: {}.</p>\n\
         <dl><dt>Trace ID</dt><dd>{}</dd><dt>Session ID</dt><dd>{}</dd></dl>\n\
         <p>Keur Test DVA, telefoon 088 000 00 00</p>\n",
        escaped(why),
        id("MedMij-Request-ID"),
        id("X-Correlation-ID")
    );
    whole("Er ging iets mis", &content)
}
