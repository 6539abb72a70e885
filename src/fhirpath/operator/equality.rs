//! `=`, `~`, membership and what counts as a duplicate (<http://hl7.org/fhirpath/N1/#equality>).
//!
//! Numbers compare by value, dates by what is known of them, quantities after conversion, everything
//! else primitive as text: `code = 123` and `date = '2020-01-01'` hold, as in the engines that run the
//! official scripts.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use crate::fhirpath::item::{Collection, Element, Item};
use crate::fhirpath::value::{Quantity, TemporalKind, Value, decimals_equivalent};

/// Equality of two items; None where it is not known (dates of different precision).
fn equal(a: &Item<'_>, b: &Item<'_>) -> Option<bool> {
    match (a, b) {
        (Item::Element(x), Item::Element(y)) => return equal_elements(*x, *y),
        // Comparing with a text, by far the most frequent case, needs no conversion.
        (Item::Element(x), Item::Value(Value::String(text))) | (Item::Value(Value::String(text)), Item::Element(x)) => {
            return Some(x.node().value() == Some(text));
        }
        _ => {}
    }
    match (a.value(), b.value()) {
        (Some(x), Some(y)) => equal_values(&x, &y, a, b),
        _ => match (a.quantity(true), b.quantity(true)) {
            (Some(x), Some(y)) => x.equals(&y),
            _ => Some(false),
        },
    }
}

fn equal_values(x: &Value<'_>, y: &Value<'_>, a: &Item<'_>, b: &Item<'_>) -> Option<bool> {
    match (x, y) {
        (Value::Temporal(x), Value::Temporal(y)) => {
            if (x.kind() == TemporalKind::Time) != (y.kind() == TemporalKind::Time) {
                return Some(false);
            }
            x.compare(y).map(Ordering::is_eq)
        }
        (Value::Quantity(x), Value::Quantity(y)) => x.equals(y),
        (Value::Quantity(q), number) | (number, Value::Quantity(q)) => match number.as_decimal() {
            Some(number) => q.equals(&Quantity::of_number(number)),
            None => Some(false),
        },
        _ => match (x.as_decimal(), y.as_decimal()) {
            (Some(x), Some(y)) => Some(x == y),
            _ => Some(a.text() == b.text()),
        },
    }
}

fn equal_elements(x: Element<'_>, y: Element<'_>) -> Option<bool> {
    if x.is(y) {
        return Some(true);
    }
    match (x.value(), y.value()) {
        (Some(v), Some(w)) => return equal_values(&v, &w, &Item::Element(x), &Item::Element(y)),
        (None, None) => {}
        _ => return Some(false),
    }
    // "Recursively, all children are equal", in order.
    let (mut left, mut right) = (x.children(), y.children());
    let mut known = true;
    loop {
        match (left.next(), right.next()) {
            (None, None) => return known.then_some(true),
            (Some(l), Some(r)) if l.step_name() == r.step_name() => match equal_elements(l, r) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => known = false,
            },
            _ => return Some(false),
        }
    }
}

/// Equality of collections that have items: as many, and equal one by one.
pub(super) fn collections(a: &Collection<'_>, b: &Collection<'_>) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    let mut known = true;
    for (x, y) in a.iter().zip(b.iter()) {
        match equal(x, y) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = false,
        }
    }
    known.then_some(true)
}

/// Equivalence of two items: never unknown, case and extra spaces of texts do not count, numbers are
/// rounded to the less precise one.
fn equivalent(a: &Item<'_>, b: &Item<'_>) -> bool {
    if let (Item::Element(x), Item::Element(y)) = (a, b) {
        return equivalent_elements(*x, *y);
    }
    match (a.value(), b.value()) {
        (Some(x), Some(y)) => equivalent_values(&x, &y),
        _ => a.quantity(true).zip(b.quantity(true)).is_some_and(|(x, y)| x.is_equivalent(&y)),
    }
}

fn equivalent_values(x: &Value<'_>, y: &Value<'_>) -> bool {
    match (x, y) {
        (Value::Temporal(x), Value::Temporal(y)) => x.compare(y) == Some(Ordering::Equal),
        (Value::Quantity(x), Value::Quantity(y)) => x.is_equivalent(y),
        (Value::Quantity(q), n) | (n, Value::Quantity(q)) => {
            n.as_decimal().is_some_and(|n| q.is_equivalent(&Quantity::of_number(n)))
        }
        _ => match (x.as_decimal(), y.as_decimal()) {
            (Some(x), Some(y)) => decimals_equivalent(x, y),
            _ => folded(&x.to_text()) == folded(&y.to_text()),
        },
    }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn equivalent_elements(x: Element<'_>, y: Element<'_>) -> bool {
    if x.is(y) {
        return true;
    }
    match (x.value(), y.value()) {
        (Some(v), Some(w)) => return equivalent_values(&v, &w),
        (None, None) => {}
        _ => return false,
    }
    let left: Vec<_> = x.children().collect();
    let right: Vec<_> = y.children().collect();
    pair_off(&left, &right, |l, r| l.step_name() == r.step_name() && equivalent_elements(*l, *r))
}

/// Equivalence of collections, in any order; two empty ones are equivalent.
pub(super) fn equivalent_collections(a: &Collection<'_>, b: &Collection<'_>) -> bool {
    pair_off(a.items(), b.items(), equivalent)
}

/// Whether every item of one list has a partner of its own in the other.
fn pair_off<T>(left: &[T], right: &[T], matches: impl Fn(&T, &T) -> bool) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut free: Vec<&T> = right.iter().collect();
    left.iter().all(|l| match free.iter().position(|r| matches(l, r)) {
        Some(at) => {
            free.swap_remove(at);
            true
        }
        None => false,
    })
}

/// True when an equal item is in the collection.
pub(in crate::fhirpath) fn is_member(item: &Item<'_>, items: &Collection<'_>) -> bool {
    items.iter().any(|other| equal(item, other) == Some(true))
}

/// `in`: whether every item of `items` is in `all`; empty when there is none to ask about.
pub(super) fn all_in(items: &Collection<'_>, all: &Collection<'_>) -> Option<bool> {
    if items.is_empty() { None } else { Some(items.iter().all(|item| is_member(item, all))) }
}

/// Items already met: finds duplicates. What is compared in numbers (texts, numbers, booleans) is hashed.
#[derive(Default)]
pub(in crate::fhirpath) struct Seen<'a> {
    keys: HashSet<Cow<'a, str>>,
    items: Vec<Item<'a>>,
}

impl<'a> Seen<'a> {
    /// False when an equal item was inserted before.
    pub(in crate::fhirpath) fn insert(&mut self, item: &Item<'a>) -> bool {
        let known = |items: &[Item<'a>]| items.iter().any(|other| equal(item, other) == Some(true));
        let key = match item.value() {
            // Equal numbers have one normal form.
            Some(Value::Decimal(number)) => Some(number.normalize().to_string().into()),
            Some(value @ (Value::String(_) | Value::Integer(_) | Value::Boolean(_))) => Some(value.into_text()),
            _ => None,
        };
        match key {
            Some(key) => !known(&self.items) && self.keys.insert(key),
            None => {
                let text = item.text().filter(|_| !self.keys.is_empty());
                if text.is_some_and(|t| self.keys.contains(&*t)) || known(&self.items) {
                    return false;
                }
                self.items.push(item.clone());
                true
            }
        }
    }
}
