//! What a script expects of a request, with openings for what nobody can know beforehand.

use std::borrow::Cow;
use std::sync::Arc;

use crate::exchange::AccessToken;
use crate::testscript::{Assert, Check, Circumstances, Direction, Interaction, Operation, Scope, Template, Test};

use super::arrival::{bearer, below_authority, segments};
use super::demanded::{asserts_on, demanded};
use crate::engine::state::{ScriptState, Source};
use crate::engine::{address, operation};

/// Marks an opening in a text; no URL holds it.
const OPENING: char = '\u{1}';

/// A text with openings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands around the openings: one more than there are of those.
    literals: Vec<String>,
    /// The variables that the openings stand for.
    variables: Vec<String>,
}

impl Pattern {
    fn of(text: &str) -> Pattern {
        let mut parts = text.split(OPENING);
        let mut pattern = Pattern { literals: vec![parts.next().unwrap_or_default().to_owned()], variables: vec![] };
        while let Some(variable) = parts.next() {
            pattern.variables.push(variable.to_owned());
            pattern.literals.push(parts.next().unwrap_or_default().to_owned());
        }
        pattern
    }

    /// True when nothing is open.
    pub fn is_closed(&self) -> bool {
        self.variables.iter().all(String::is_empty)
    }

    /// True when the text is this one, with something in the place of each opening.
    pub fn fits(&self, text: &str) -> bool {
        let [first, rest @ ..] = self.literals.as_slice() else { return false };
        let Some(mut text) = text.strip_prefix(first.as_str()) else { return false };
        let Some((last, middle)) = rest.split_last() else { return text.is_empty() };
        for literal in middle {
            match text.find(literal.as_str()) {
                Some(at) => text = &text[at + literal.len()..],
                None => return false,
            }
        }
        text.len() > last.len() && text.ends_with(last.as_str())
    }

    /// The variable and its value, where one opening is all there is.
    pub fn caught<'t>(&self, text: &'t str) -> Option<(&str, &'t str)> {
        let ([before, after], [variable]) = (self.literals.as_slice(), self.variables.as_slice()) else { return None };
        let value = text.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
        (!variable.is_empty() && !value.is_empty()).then_some((variable, value))
    }

    /// For people: openings as `…`.
    pub fn shown(&self) -> String {
        self.literals.join("…")
    }
}

/// The request that an operation describes.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// `GET`, …
    pub method: String,
    /// Below the base.
    pub segments: Vec<Pattern>,
    /// Parameters, decoded.
    pub query: Vec<(String, Pattern)>,
    /// The bearer token, where the script names one.
    pub token: Option<AccessToken>,
    /// Type of the resource in the body, where the script tells.
    pub body: Option<String>,
    /// What the test demands of the body: expressions that have to be true. They tell tests apart that
    /// expect the same otherwise.
    pub demands: Vec<Arc<str>>,
}

/// Variables without a value become openings.
struct Lenient<'s>(&'s ScriptState<'s>);

impl Scope for Lenient<'_> {
    fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.variable(name).or_else(|| Some(Cow::Owned(format!("{OPENING}{name}{OPENING}"))))
    }

    fn circumstances(&self) -> &Circumstances {
        self.0.circumstances()
    }
}

impl Expectation {
    /// What the operation expects, by what is known now.
    pub fn of(of: &Operation, test: &Test, state: &ScriptState<'_>) -> Expectation {
        let text = |template: &Template| {
            let resolved = template.resolve(&Lenient(state)).map(Cow::into_owned);
            state.aliased(Cow::Owned(resolved.unwrap_or_else(|_| format!("{OPENING}{OPENING}")))).into_owned()
        };
        let url = match operation::address(of, state) {
            Ok(url) => url,
            Err(_) => match &of.url {
                Some(url) => text(url),
                None => {
                    let (resource, params) = (of.resource.as_ref().map(text), of.params.as_ref().map(text));
                    address::join("", resource.as_deref(), params.as_deref(), true)
                }
            },
        };
        let target = below_authority(&url);
        let (path, _) = target.split_once('?').unwrap_or((target, ""));
        let header = of.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Authorization"));
        let token = header.map(|(_, value)| text(value)).filter(|value| !value.contains(OPENING));
        let method = of.method.as_ref().map(|m| m.to_ascii_uppercase());
        let mut query: Vec<(String, Pattern)> =
            address::query(target).into_iter().map(|(name, value)| (name, Pattern::of(&value))).collect();
        // Which value it has is for the assert to judge.
        let named: Vec<String> = query.iter().map(|(name, _)| name.clone()).collect();
        let anything = || Pattern::of(&format!("{OPENING}{OPENING}"));
        let demanded = demanded(of, test, state).into_iter().filter(|demanded| !named.contains(&demanded.name));
        query.extend(demanded.map(|demanded| (demanded.name, anything())));
        Expectation {
            method: method.unwrap_or_else(|| operation::method(&of.interaction).to_owned()),
            segments: segments(path).iter().map(|part| Pattern::of(part)).collect(),
            query,
            token: token.as_deref().and_then(bearer),
            body: body(of, state),
            demands: demands(of, test, state),
        }
    }

    /// True for what no FHIR server takes: a notification, posted to the abstract type.
    pub fn is_notification(&self) -> bool {
        self.method == "POST" && self.segments.first().is_some_and(|s| s.is_closed() && s.fits(ABSTRACT))
    }

    /// True when nothing is left to find out.
    pub fn is_closed(&self) -> bool {
        self.segments.iter().chain(self.query.iter().map(|(_, value)| value)).all(Pattern::is_closed)
    }

    /// For people: `GET Patient?_include=…`.
    pub fn shown(&self) -> String {
        let path: Vec<String> = self.segments.iter().map(Pattern::shown).collect();
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", value.shown())).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, path.join("/"), query.join("&"))
    }
}

/// The type that no resource has: scripts write a notification endpoint this way.
pub const ABSTRACT: &str = "Resource";

/// The expressions on the request between this operation and the next.
fn demands(of: &Operation, test: &Test, state: &ScriptState<'_>) -> Vec<Arc<str>> {
    let demand = |assert: &Assert| {
        let plain = assert.direction == Direction::Request && assert.operator.is_none() && !assert.warning_only;
        plain && assert.source_id.is_none()
    };
    let expressions = asserts_on(of, test).filter(|assert| demand(assert)).filter_map(|assert| match &assert.check {
        Check::Expression(template) => state.text(template).ok(),
        _ => None,
    });
    expressions.map(Arc::from).collect()
}

fn body(of: &Operation, state: &ScriptState<'_>) -> Option<String> {
    let known = of.source_id.as_ref().and_then(|id| {
        let content = match state.source(id).ok()? {
            Source::Exchange(kept, direction) => kept.content(direction).clone().ok()?,
            Source::Document(document, name) => document.content(&name, &state.planned.types).clone().ok()?,
            Source::Missing(_) => return None,
        };
        content.root().resource_type().map(str::to_owned)
    });
    let bundle = matches!(of.interaction, Interaction::Batch | Interaction::Transaction);
    known.or_else(|| bundle.then(|| "Bundle".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_fit_something_and_catch_it() {
        for (pattern, text, fits, caught) in [
            ("abc", "abc", true, None),
            ("abc", "abcd", false, None),
            ("", "", true, None),
            ("\u{1}id\u{1}", "17", true, Some(("id", "17"))),
            ("\u{1}id\u{1}", "", false, None),
            ("T-\u{1}id\u{1}-x", "T-17-x", true, Some(("id", "17"))),
            ("T-\u{1}id\u{1}-x", "T--x", false, None),
            ("T-\u{1}id\u{1}-x", "T-17", false, Some(("id", "")).filter(|_| false)),
            ("\u{1}a\u{1}/\u{1}b\u{1}", "1/2", true, None),
            ("\u{1}a\u{1}/\u{1}b\u{1}", "12", false, None),
            ("\u{1}\u{1}", "any", true, None),
        ] {
            let pattern = Pattern::of(pattern);
            assert_eq!(pattern.fits(text), fits, "{pattern:?} {text}");
            assert_eq!(pattern.caught(text), caught, "{pattern:?} {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(pattern in "[ab\u{1}é]{0,12}", text in "[abé]{0,12}") {
            let pattern = Pattern::of(&pattern);
            pattern.fits(&text);
            pattern.caught(&text);
        }
    }
}
