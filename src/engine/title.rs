//! What people call an action: what the script calls it, else what it does.

use crate::exchange::redaction;
use crate::testscript::{Assert, Check, Operation, TestScript};

use super::compare;
use super::expression::shortened;

/// Of an operation: its description, or method and URL once they are known.
pub fn operation_title(operation: &Operation) -> String {
    if let Some(title) = given(operation.label.as_deref(), operation.description.as_deref()) {
        return title;
    }
    let text = |t: &Option<crate::testscript::Template>| t.as_ref().map_or(String::new(), |t| t.text.clone());
    let verb = super::operation::method(&operation.interaction);
    let place = match &operation.url {
        Some(url) => url.text.clone(),
        None => format!("{}{}", text(&operation.resource), text(&operation.params)),
    };
    shortened(format!("{verb} {place}").trim())
}

/// Of an assert: its description, or what it checks.
pub fn assert_title(assert: &Assert) -> String {
    if let Some(title) = given(assert.label.as_deref(), assert.description.as_deref()) {
        return title;
    }
    let value = assert.value.as_ref().map_or("", |v| v.text.as_str());
    let compared = |what: String, wanted: &str| match assert.operator {
        Some(operator) => format!("{what}: {}", compare::expectation(operator, wanted)),
        None if wanted.is_empty() => what,
        None => format!("{what}: {wanted}"),
    };
    shortened(&match &assert.check {
        Check::ResponseCode(codes) => compared("status".into(), &codes.text),
        Check::Response(name) => compared("status".into(), name),
        Check::Resource(resource) => compared("resource".into(), &resource.text),
        Check::Expression(expression) => compared(expression.text.clone(), value),
        Check::HeaderField(name) => compared(format!("header {name}"), &redaction::shown_header(name, value)),
        Check::ContentType(content_type) => compared("content type".into(), &content_type.text),
        Check::RequestUrl(text) => compared("request URL".into(), &text.text),
        Check::RequestMethod(method) => compared("request method".into(), method),
        Check::QueryParameter(name) => compared(format!("parameter {name}"), value),
        Check::ValidateProfile(id) => format!("conforms to {id}"),
        Check::MinimumId(id) => format!("holds at least {id}"),
        Check::NavigationLinks(_) => "navigation links".into(),
        Check::Rule(call) => format!("rule {}", call.rule_id),
        Check::Unknown(what) => what.clone(),
    })
}

/// Of a script: its title or name, else its file.
pub fn script_title(script: &TestScript) -> String {
    let named = [&script.title, &script.name].into_iter().flatten().find(|t| !t.trim().is_empty());
    let file = || script.path.file_stem().map(|s| s.to_string_lossy().into_owned());
    named.map(|t| shortened(t)).or_else(file).unwrap_or_default()
}

fn given(label: Option<&str>, description: Option<&str>) -> Option<String> {
    let said = |text: Option<&str>| text.map(shortened).filter(|t| !t.is_empty());
    match (said(label), said(description)) {
        (Some(label), Some(description)) if label != description => Some(format!("{label}: {description}")),
        (label, description) => description.or(label),
    }
}
