//! Just enough HTML to fill in a form: tags and attributes, nothing nested is understood.

use crate::authorization::Decision;

/// A page.
pub struct Page {
    tags: Vec<Tag>,
    title: String,
}

/// A tag with its attributes, names in lower case.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The first form of a page.
pub struct Form<'p> {
    method: &'static str,
    action: String,
    fields: Vec<&'p Tag>,
}

/// Method, where to, and the body.
pub type Filled = (&'static str, String, String);

const REFUSALS: [&str; 9] = ["no", "nee", "deny", "refuse", "weiger", "reject", "decline", "0", "false"];
const CANCELS: [&str; 4] = ["cancel", "annule", "abort", "stop"];
const LASTING: [&str; 5] = ["lasting", "long", "onbepaald", "permanent", "remember"];

impl Page {
    /// Reads what it can.
    pub fn read(html: &str) -> Page {
        let mut tags = vec![];
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            rest = &rest[start + 1..];
            let Some(end) = rest.find('>') else { break };
            if let Some(tag) = tag(&rest[..end]) {
                tags.push(tag);
            }
            rest = &rest[end + 1..];
        }
        let lower = html.to_ascii_lowercase();
        let title = lower.find("<title>").and_then(|start| {
            let start = start + "<title>".len();
            let end = lower[start..].find("</title>")?;
            html.get(start..start + end).map(|title| title.trim().to_owned())
        });
        Page { tags, title: title.unwrap_or_default() }
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its first form.
    pub fn form(&self) -> Option<Form<'_>> {
        let start = self.tags.iter().position(|tag| tag.name == "form")?;
        let head = &self.tags[start];
        let inside = self.tags[start + 1..].iter().take_while(|tag| tag.name != "/form");
        let post = head.get("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        Some(Form {
            method: if post { "POST" } else { "GET" },
            action: head.get("action").unwrap_or_default().to_owned(),
            fields: inside.filter(|tag| matches!(&*tag.name, "input" | "button" | "select")).collect(),
        })
    }

    /// Boxes that are ticked, by name.
    pub fn ticked(&self) -> Vec<&str> {
        let boxes = self.tags.iter().filter(|tag| tag.name == "input" && tag.get("type") == Some("checkbox"));
        boxes.filter(|tag| tag.get("checked").is_some()).filter_map(|tag| tag.get("name")).collect()
    }

    /// Every address the page leads to.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.tags
            .iter()
            .flat_map(|tag| ["href", "action", "src", "content"].into_iter().filter_map(|name| tag.get(name)))
    }
}

impl Form<'_> {
    /// True when it asks for a password.
    pub fn asks_password(&self) -> bool {
        self.fields.iter().any(|field| field.get("type") == Some("password"))
    }

    fn kind(field: &Tag) -> &str {
        field.get("type").unwrap_or(if field.name == "button" { "submit" } else { "text" })
    }

    fn hidden(&self) -> Vec<(String, String)> {
        let hidden = self.fields.iter().filter(|field| Form::kind(field) == "hidden");
        hidden
            .filter_map(|f| Some((f.get("name")?.to_owned(), f.get("value").unwrap_or_default().to_owned())))
            .collect()
    }

    fn button(&self, wanted: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let buttons = self.fields.iter().filter(|field| Form::kind(field) == "submit");
        let mut named =
            buttons.filter_map(|f| Some((f.get("name")?.to_owned(), f.get("value").unwrap_or_default().to_owned())));
        named.find(|(name, value)| wanted(&format!("{name}={value}").to_ascii_lowercase()))
    }

    fn filled(self, pairs: Vec<(String, String)>) -> Option<Filled> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Some((self.method, self.action, body))
    }

    /// Filled in with a name and a password, or left with the button that cancels; None when there is none.
    pub fn login(self, user: &str, password: &str, cancel: bool) -> Option<Filled> {
        let mut pairs = self.hidden();
        let cancels = |text: &str| CANCELS.iter().any(|word| text.contains(word));
        if cancel {
            pairs.push(self.button(cancels)?);
            return self.filled(pairs);
        }
        for field in &self.fields {
            let Some(name) = field.get("name") else { continue };
            match Form::kind(field) {
                "password" => pairs.push((name.to_owned(), password.to_owned())),
                "text" | "email" | "tel" => pairs.push((name.to_owned(), user.to_owned())),
                _ => {}
            }
        }
        pairs.extend(self.button(|text| !cancels(text)));
        self.filled(pairs)
    }

    /// Sent with the button that agrees, or the one that does not.
    pub fn decide(self, decision: Decision) -> Option<Filled> {
        let mut pairs = self.hidden();
        let last = |text: &str| text.rsplit('=').next().unwrap_or_default().to_owned();
        let refuses = |text: &str| REFUSALS.iter().chain(&CANCELS).any(|word| last(text).starts_with(word));
        let refuse = matches!(decision, Decision::Refuse | Decision::Abort);
        if decision == Decision::Lasting {
            let boxes = self.fields.iter().filter(|f| matches!(Form::kind(f), "checkbox" | "radio"));
            let lasting = |text: &str| LASTING.iter().any(|word| text.to_ascii_lowercase().contains(word));
            for field in boxes {
                if let Some(name) = field.get("name").filter(|n| lasting(n) || field.get("value").is_some_and(lasting))
                {
                    pairs.push((name.to_owned(), field.get("value").unwrap_or("on").to_owned()));
                }
            }
        }
        match self.button(|text| refuses(text) == refuse) {
            Some(button) => pairs.push(button),
            None if refuse => return None,
            None => {}
        }
        self.filled(pairs)
    }
}

fn tag(text: &str) -> Option<Tag> {
    let name: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
    if name.is_empty() {
        return None;
    }
    let mut rest = text[name.len()..].trim_start();
    let mut attributes = vec![];
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
        let attribute = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (raw, left) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            value = unescaped(raw);
            rest = left.trim_start();
        } else if attribute.is_empty() {
            rest = rest.get(1..).unwrap_or_default().trim_start();
        }
        if !attribute.is_empty() {
            attributes.push((attribute, value));
        }
    }
    Some(Tag { name: name.to_ascii_lowercase(), attributes })
}

/// The entities that stand in attributes.
pub fn unescaped(text: &str) -> String {
    const ENTITIES: [(&str, &str); 6] =
        [("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = r#"<html><title>Log in</title><form method="post" action="/go?a=1&amp;b=2">
        <input type=hidden name=s value="x&quot;y"><input name='user'><input type="password" name="pw">
        <button name="action" value="login">In</button><button name="action" value="cancel">Out</button></form>"#;
    const CONSENT: &str = r#"<form method=POST action=/c><input type="checkbox" name="lasting" value="yes">
        <button name="decision" value="yes">Ja</button><button name="decision" value="no">Nee</button></form>"#;

    #[test]
    fn a_login_form_is_filled_in() {
        let page = Page::read(LOGIN);
        assert_eq!(page.title(), "Log in");
        let form = page.form().unwrap();
        assert!(form.asks_password());
        let filled = form.login("me", "p&w", false).unwrap();
        assert_eq!(filled, ("POST", "/go?a=1&b=2".into(), "s=x%22y&user=me&pw=p%26w&action=login".into()));
        let cancelled = page.form().unwrap().login("me", "pw", true).unwrap();
        assert_eq!(cancelled.2, "s=x%22y&action=cancel");
    }

    #[test]
    fn consent_is_given_or_not() {
        let page = Page::read(CONSENT);
        for (decision, body) in [
            (Decision::Consent, "decision=yes"),
            (Decision::Lasting, "lasting=yes&decision=yes"),
            (Decision::Refuse, "decision=no"),
        ] {
            assert_eq!(page.form().unwrap().decide(decision).unwrap().2, body);
        }
        assert!(page.ticked().is_empty());
        assert_eq!(Page::read(r#"<input type="checkbox" name=x checked>"#).ticked(), ["x"]);
    }

    proptest::proptest! {
        #[test]
        fn no_page_makes_it_panic(html in "[<>=\"'/ a-zé&;]{0,60}") {
            let page = Page::read(&html);
            let _ = page.form().map(|form| form.decide(Decision::Consent));
        }
    }
}
