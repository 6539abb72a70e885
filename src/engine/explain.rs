//! Why an expression is not true: the element that decided, as far as that is cheap to find.
//!
//! Only a failing assert is taken apart. Each part is evaluated on its own, so an explanation says only
//! what an evaluation said.

use crate::definitions::Typed;
use crate::fhir::NodeId;
use crate::fhirpath::{Context, Element};
use crate::record::{Miss, TargetPlace};

use super::expression::{Expressions, described, shortened};
use super::finding::place_of;
use super::outline::{Outline, outline};
use super::state::ScriptState;

/// What decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// In one line.
    pub message: String,
    /// The element, if one can be named.
    pub place: Option<TargetPlace>,
    /// What the deciding part should have been and what it is, where that says more than true and false.
    pub sides: Option<(String, String)>,
    /// What is missed there.
    pub miss: Option<Miss>,
}

impl Reason {
    fn new(message: String) -> Reason {
        Reason { message, place: None, sides: None, miss: None }
    }

    fn sides(self, expected: impl Into<String>, found: impl Into<String>) -> Reason {
        Reason { sides: Some((expected.into(), found.into())), ..self }
    }

    fn missing(self, miss: Miss) -> Reason {
        Reason { miss: Some(miss), ..self }
    }
}

/// Why `expression` is not true of the resource.
pub fn why_not(expression: &str, content: &Typed, state: &ScriptState<'_>, request: bool) -> Reason {
    let explainer = Explainer { content, expressions: state.expressions, now: state.clock(), request };
    explainer.not_true(expression, content.root().id(), DEEPEST)
}

/// How deep an expression is taken apart.
const DEEPEST: u8 = 12;

/// Functions that hold a text against another, in words.
const STRING_TESTS: [(&str, &str); 4] = [
    ("startsWith", "beginning with"),
    ("endsWith", "ending with"),
    ("contains", "containing"),
    ("matches", "matching"),
];

fn string_test(function: &str) -> Option<&'static str> {
    STRING_TESTS.iter().find(|(name, _)| *name == function).map(|(_, words)| *words)
}

struct Explainer<'e> {
    content: &'e Typed,
    expressions: &'e Expressions,
    now: &'e jiff::Zoned,
    request: bool,
}

/// What a part of an expression gave.
struct Value {
    /// True for one boolean, rather than elements that stand for true by being there.
    boolean: bool,
    /// True for nothing.
    empty: bool,
    elements: Vec<NodeId>,
    described: String,
}

impl Explainer<'_> {
    fn value(&self, expression: &str, at: NodeId) -> Option<Value> {
        let expression = if expression.is_empty() { "$this" } else { expression };
        let compiled = self.expressions.compiled(expression);
        let items = compiled.as_ref().as_ref().ok()?.evaluate(&self.context(at)).ok()?;
        let ours = |node: &crate::fhir::NodeRef<'_>| std::ptr::eq(node.document(), self.content.document());
        Some(Value {
            empty: items.is_empty(),
            boolean: items.len() == 1 && items.first().is_some_and(|i| i.type_name() == "boolean"),
            elements: items.iter().filter_map(|item| item.node()).filter(ours).map(|n| n.id()).collect(),
            described: described(&items),
        })
    }

    fn context(&self, at: NodeId) -> Context<'_> {
        Context::new(self.content).at(at).asked_of(self.content.root().id()).with_now(self.now.clone())
    }

    /// A reason with the element it is about; the root says nothing that the whole answer does not.
    fn at(&self, node: NodeId, message: String) -> Reason {
        let place = (node != self.content.root().id())
            .then(|| place_of(self.content.node(node), self.path(node), self.request));
        Reason { place: place.flatten(), ..Reason::new(message) }
    }

    fn path(&self, node: NodeId) -> String {
        Element::new(self.content, node).path()
    }

    /// Why an expression is not true of the element `at`.
    fn not_true(&self, expression: &str, at: NodeId, depth: u8) -> Reason {
        let Some(deeper) = depth.checked_sub(1) else { return self.plain(expression, at) };
        match outline(expression) {
            Outline::Binary(left, "and", right) => {
                let part = if self.is_true(left, at) { right } else { left };
                self.not_true(part, at, deeper)
            }
            Outline::Binary(_, "implies", right) => self.not_true(right, at, deeper),
            Outline::Binary(left, "or", right) => {
                let (left, right) = (self.not_true(left, at, deeper), self.not_true(right, at, deeper));
                let message = format!("{}, and {}", left.message, right.message);
                // One of them is enough; a value or a number is told by what is expected, and that is of both.
                let miss = left.miss.filter(|miss| !matches!(miss, Miss::Value | Miss::Count));
                Reason { place: left.place.or(right.place), miss, ..Reason::new(shortened(&message)) }
            }
            Outline::Binary(left, "=", "false") => {
                self.too_true(left, at, deeper).unwrap_or_else(|| self.plain(expression, at))
            }
            Outline::Binary(left, "=", "true") => self.not_true(left, at, deeper),
            Outline::Binary(left, operator, right) => {
                self.comparison(left, operator, right, at).unwrap_or_else(|| self.plain(expression, at))
            }
            Outline::Call(receiver, "all", criteria) => {
                self.not_all(receiver, criteria, at, deeper).unwrap_or_else(|| self.plain(expression, at))
            }
            Outline::Call(receiver, "not" | "empty", "") => {
                self.too_true(receiver, at, deeper).unwrap_or_else(|| self.plain(expression, at))
            }
            Outline::Call(receiver, name, argument) if !receiver.is_empty() && string_test(name).is_some() => self
                .comparison(receiver, string_test(name).unwrap_or(name), argument, at)
                .map_or_else(|| self.plain(expression, at), |reason| Reason { miss: None, ..reason }),
            Outline::Call(receiver, "exists", "") => self.absent(receiver, at, deeper),
            Outline::Call(receiver, "exists", criteria) => {
                self.absent(&format!("{receiver}.where({criteria})"), at, deeper)
            }
            _ => self.plain(expression, at),
        }
    }

    fn is_true(&self, expression: &str, at: NodeId) -> bool {
        let compiled = self.expressions.compiled(expression);
        let expression = compiled.as_ref().as_ref();
        expression.is_ok_and(|e| e.test(&self.context(at)).unwrap_or(false))
    }

    /// The first item for which the criteria are not true.
    fn not_all(&self, receiver: &str, criteria: &str, at: NodeId, depth: u8) -> Option<Reason> {
        let items = self.value(receiver, at)?.elements;
        let item = *items.iter().find(|item| !self.is_true(criteria, **item))?;
        let inner = self.not_true(criteria, item, depth);
        let path = self.path(item);
        let also = items.iter().filter(|i| !self.is_true(criteria, **i)).count() - 1;
        let also = if also == 0 { String::new() } else { format!(" (and {also} more)") };
        let reason = self.at(item, format!("`{path}`{also}: {}", inner.message));
        Some(Reason { message: reason.message, place: inner.place.or(reason.place), ..inner })
    }

    /// Why an expression that should be false or empty is not.
    fn too_true(&self, expression: &str, at: NodeId, depth: u8) -> Option<Reason> {
        let depth = depth.checked_sub(1)?;
        match outline(expression) {
            Outline::Call(receiver, "exists", "") => return self.too_true(receiver, at, depth),
            Outline::Call(receiver, "not" | "empty", "") => return Some(self.not_true(receiver, at, depth)),
            Outline::Binary(left, "or", right) => {
                let part = if self.is_true(left, at) { left } else { right };
                return self.too_true(part, at, depth);
            }
            _ => {}
        }
        let value = self.value(expression, at)?;
        let expression = shortened(expression);
        match value.elements.as_slice() {
            [] => Some(Reason::new(format!("`{expression}` is {}", value.described))),
            [node, more @ ..] if !value.boolean => {
                let more = if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
                let text = self.content.node(*node).value().map_or(String::new(), |v| format!(" = `{}`", shortened(v)));
                let there = format!("`{}`{text}{more}", self.path(*node));
                let reason = self.at(*node, format!("there is {there}, which should not be there"));
                Some(reason.sides("nothing", there).missing(Miss::Surplus))
            }
            [node, ..] => Some(self.at(*node, format!("`{}` is {}", self.path(*node), value.described))),
        }
    }

    /// Why there is nothing: the longest beginning of the path that does find something is named.
    fn absent(&self, expression: &str, at: NodeId, depth: u8) -> Reason {
        let missing = format!("there is no `{}`", shortened(expression));
        let mut rest = expression;
        let mut wanted = "";
        for _ in 0..DEEPEST {
            let Some((before, last)) = split_last_step(rest) else { break };
            (rest, wanted) = (before, last);
            let Some(found) = self.value(rest, at) else { break };
            let [first, ..] = found.elements.as_slice() else { continue };
            if *first == self.content.root().id() || *first == at {
                break;
            }
            let (all, path) = (shortened(rest), self.path(*first));
            let (message, miss) = match (found.elements.len(), outline(wanted)) {
                (1, Outline::Call("", "where", criteria)) => {
                    let lacking = self.not_true(criteria, *first, depth).miss.filter(|m| matches!(m, Miss::Element(_)));
                    let criteria = shortened(criteria);
                    (format!("`{path}` does not satisfy `{criteria}`"), lacking.unwrap_or(Miss::Criteria(criteria)))
                }
                (n, Outline::Call("", "where", criteria)) => {
                    let criteria = shortened(criteria);
                    (format!("none of the {n} `{all}` satisfies `{criteria}`"), Miss::OneWith(criteria))
                }
                (1, _) => (format!("`{path}` has no `{}`", shortened(wanted)), Miss::Element(after(expression, rest))),
                (n, _) => {
                    let message = format!("none of the {n} `{all}` has `{}`", shortened(wanted));
                    (message, Miss::OneWith(format!("{}.exists()", after(expression, rest))))
                }
            };
            return self.at(*first, message).sides(format!("`{}`", shortened(expression)), "nothing").missing(miss);
        }
        let missing = if wanted.is_empty() || at == self.content.root().id() {
            missing
        } else {
            format!("{missing} in `{}`", self.path(at))
        };
        let wanted = shortened(expression);
        self.at(at, missing).sides(format!("`{wanted}`"), "nothing").missing(Miss::Element(wanted))
    }

    /// `count()` is 3, not 2.
    fn comparison(&self, left: &str, operator: &str, right: &str, at: NodeId) -> Option<Reason> {
        let value = self.value(left, at)?;
        let other = self.value(right, at)?;
        let is_path = left.chars().all(|c| c.is_alphanumeric() || c == '.');
        let miss = match differing(left) {
            Miss::Count if operator == "=" => Some(Miss::Count),
            Miss::Value if operator == "=" && !value.elements.is_empty() => Some(Miss::Value),
            // The element that decided is then the one that this is asked of.
            _ if value.elements.is_empty() && other.elements.is_empty() => {
                let wanted = shortened(&format!("{left} {operator} {right}"));
                let lacks = operator == "=" && is_path && value.empty && !other.empty;
                Some(if lacks { Miss::Element(wanted) } else { Miss::Criteria(wanted) })
            }
            _ => None,
        };
        let is_literal = right.starts_with(|c: char| c.is_ascii_digit() || c == '\'');
        let right = if is_literal { String::new() } else { format!(" (`{}`)", shortened(right)) };
        let operator = if operator == "=" { String::new() } else { format!("{operator} ") };
        let (left, expected) = (shortened(left), format!("{operator}{}", other.described));
        let message = format!("`{left}` is {}, not {expected}{right}", value.described);
        let reason = match value.elements.first().or(other.elements.first()) {
            Some(node) => self.at(*node, message),
            None => Reason::new(message),
        };
        Some(Reason { miss, ..reason.sides(expected, value.described) })
    }

    fn plain(&self, expression: &str, at: NodeId) -> Reason {
        let message = match self.value(expression, at) {
            Some(value) => format!("`{}` is {}", shortened(expression), value.described),
            None => format!("`{}` is not true", shortened(expression)),
        };
        self.at(at, message)
    }
}

/// What is missed where an expression should have another value.
pub fn differing(expression: &str) -> Miss {
    if expression.trim_end().ends_with("count()") { Miss::Count } else { Miss::Value }
}

/// What is left of an expression after its beginning.
fn after(expression: &str, beginning: &str) -> String {
    let rest = expression.strip_prefix(beginning).unwrap_or(expression);
    shortened(rest.trim_start().trim_start_matches('.'))
}

/// `a.b.where(c)` is `a.b` and `where(c)`; None when it is one step or something else.
fn split_last_step(expression: &str) -> Option<(&str, &str)> {
    let expression = expression.trim();
    if let Outline::Call(receiver, ..) = outline(expression) {
        let step = expression.get(receiver.len()..)?.trim_start().strip_prefix('.')?;
        return (!receiver.is_empty()).then_some((receiver, step.trim()));
    }
    let (before, last) = expression.rsplit_once('.')?;
    let is_path = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "._[]$".contains(c));
    let splits =
        last.chars().all(char::is_alphanumeric) && (is_path(before) || matches!(outline(before), Outline::Call(..)));
    splits.then_some((before.trim(), last))
}
