//! Placeholders in the bodies of fixtures: filled in as text, before the body is parsed.

use std::borrow::Cow;

use crate::fhir::Format;

use super::scope::{Scope, Unresolved};
use super::template::Template;

/// The text with its placeholders filled in. A value is written so that it stays the text it is: in
/// XML `&` and `<` become references, in JSON quotes and backslashes are escaped.
pub fn substitute(text: &str, format: Format, scope: &dyn Scope) -> Result<String, Unresolved> {
    if !text.contains("${") {
        return Ok(text.to_owned());
    }
    let template = Template::parse(text);
    let filled = match format {
        Format::Xml => template.resolve_with(scope, escape_xml)?,
        Format::Json | Format::Yaml => template.resolve_with(scope, escape_json)?,
    };
    Ok(filled.into_owned())
}

fn escape_xml(value: &str) -> Cow<'_, str> {
    replace(value, |c| match c {
        '&' => Some("&amp;".into()),
        '<' => Some("&lt;".into()),
        '>' => Some("&gt;".into()),
        '"' => Some("&quot;".into()),
        // A parser would make a space of these in an attribute.
        '\n' | '\r' | '\t' => Some(format!("&#{};", u32::from(c))),
        _ => None,
    })
}

fn escape_json(value: &str) -> Cow<'_, str> {
    replace(value, |c| match c {
        '"' => Some("\\\"".into()),
        '\\' => Some("\\\\".into()),
        c if c < ' ' => Some(format!("\\u{:04x}", u32::from(c))),
        _ => None,
    })
}

fn replace(value: &str, with: impl Fn(char) -> Option<String>) -> Cow<'_, str> {
    if value.chars().all(|c| with(c).is_none()) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match with(c) {
            Some(text) => out.push_str(&text),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testscript::scope::{Circumstances, Variables};

    #[test]
    fn a_value_stays_the_same_text_in_every_format() {
        let now = "2026-03-31T12:00:00+02:00[+02:00]".parse().expect("a date");
        let circumstances = Circumstances::fixed(now, 1);
        let mut scope = Variables::new(&circumstances);
        let value = "a \"b\" <c> & \\ d\n\u{1f600}'";
        scope.set("v", value);
        for (format, text) in [
            (Format::Xml, r#"<Patient xmlns="http://hl7.org/fhir"><id value="${v}"/></Patient>"#),
            (Format::Json, r#"{"resourceType":"Patient","id":"${v}"}"#),
        ] {
            let filled = substitute(text, format, &scope).expect("all is given");
            let document = crate::fhir::read(filled, format).expect("still well-formed");
            assert_eq!(document.root().child_value("id"), Some(value), "{format:?}");
        }
        assert_eq!(substitute("no ${w} ${v}", Format::Xml, &scope).expect_err("w is missing").missing.len(), 1);
        assert_eq!(substitute("as it is <&\"", Format::Xml, &scope).as_deref(), Ok("as it is <&\""));
    }
}
