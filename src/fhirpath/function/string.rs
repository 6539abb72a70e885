//! String functions (<http://hl7.org/fhirpath/N1/#string-manipulation>).
//!
//! They take any primitive in its string form; a complex element is an error. Where the input has
//! several items, some answer as the engines do that run the official scripts: `startsWith`, `endsWith`
//! and `replaceMatches` look at the first, `contains` gives nothing, `matches` is false. Elsewhere
//! several are an error.

use std::borrow::Cow;

use super::Invocation;
use crate::fhirpath::error::ErrorKind;
use crate::fhirpath::evaluator::{Fallible, Flow, MAX_TEXT, Sink, admit_text, attempt};
use crate::fhirpath::item::Item;
use crate::fhirpath::value::Value;

/// The text of an item; None for a primitive without value.
pub(super) fn text_of<'a>(call: &Invocation<'_, 'a>, item: Item<'a>) -> Fallible<Option<Cow<'a, str>>> {
    match item {
        Item::Element(element) if element.is_primitive() => Ok(element.node().value().map(Cow::Borrowed)),
        Item::Value(value) if !matches!(value, Value::Type(_)) => Ok(Some(value.into_text())),
        other => Err(call.wrong_type(&other, "a string")),
    }
}

/// The text of the one item of the input.
pub(super) fn input_text<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Cow<'a, str>>> {
    match call.single()? {
        Some(item) => text_of(call, item),
        None => Ok(None),
    }
}

fn text_item<'a>(text: impl Into<Cow<'a, str>>) -> Item<'a> {
    Item::Value(Value::text(text))
}

fn integer_item<'a>(number: usize) -> Item<'a> {
    Item::Value(Value::Integer(number as i64))
}

/// Input and argument where both are there.
fn both<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<(Cow<'a, str>, Cow<'a, str>)>> {
    Ok(input_text(call)?.zip(call.text_argument(0)?))
}

/// A position in characters.
fn position<'a>(text: &str, at: Option<usize>) -> Item<'a> {
    match at {
        Some(at) => integer_item(text[..at].chars().count()),
        None => Item::Value(Value::Integer(-1)),
    }
}

pub(super) fn index_of<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(both(call)?.map(|(text, part)| position(&text, text.find(&*part))))
}

pub(super) fn last_index_of<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(both(call)?.map(|(text, part)| position(&text, text.rfind(&*part))))
}

/// Empty when the start lies outside the text.
pub(super) fn substring<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let (text, start) = (input_text(call)?, call.integer_argument(0)?);
    let length = call.integer_argument(1)?;
    if call.has_argument(1) && length.is_none() {
        return Ok(None);
    }
    let (Some(text), Some(Ok(start))) = (text, start.map(usize::try_from)) else { return Ok(None) };
    let length = length.map_or(usize::MAX, |l| usize::try_from(l).unwrap_or(0));
    let Some((from, _)) = text.char_indices().nth(start) else { return Ok(None) };
    let rest = &text[from..];
    let to = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
    Ok(Some(text_item(rest[..to].to_owned())))
}

/// Asks about the first item of the input.
fn first_text(call: &Invocation<'_, '_>, ask: impl FnOnce(&str, &str) -> bool) -> Fallible<Option<bool>> {
    let Some(item) = call.first_of()?.0 else { return Ok(None) };
    Ok(text_of(call, item)?.zip(call.text_argument(0)?).map(|(text, part)| ask(&text, &part)))
}

pub(super) fn starts_with(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    first_text(call, |text, part| text.starts_with(part))
}

pub(super) fn ends_with(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    first_text(call, |text, part| text.ends_with(part))
}

pub(super) fn contains(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    match call.first_of()? {
        (Some(item), 1) => {
            Ok(text_of(call, item)?.zip(call.text_argument(0)?).map(|(text, part)| text.contains(&*part)))
        }
        _ => Ok(None),
    }
}

/// `matches` and `matchesFull`: their patterns differ.
pub(super) fn matches(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    match call.first_of()? {
        (None, _) => Ok(None),
        (Some(item), 1) => match text_of(call, item)? {
            Some(text) => call.with_pattern(0, |pattern| pattern.is_match(&text)),
            None => Ok(None),
        },
        _ => Ok(Some(false)),
    }
}

pub(super) fn upper<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(input_text(call)?.map(|text| text_item(text.to_uppercase())))
}

pub(super) fn lower<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(input_text(call)?.map(|text| text_item(text.to_lowercase())))
}

pub(super) fn replace<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let (found, substitution) = (both(call)?, call.text_argument(1)?);
    let (Some((text, part)), Some(substitution)) = (found, substitution) else { return Ok(None) };
    let added = text.matches(&*part).count().saturating_mul(substitution.len());
    admit_text(text.len().saturating_add(added), call.call.span)?;
    Ok(Some(text_item(text.replace(&*part, &substitution))))
}

pub(super) fn replace_matches<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let Some(item) = call.first_of()?.0 else { return Ok(None) };
    let (Some(text), Some(substitution)) = (text_of(call, item)?, call.text_argument(1)?) else { return Ok(None) };
    match call.with_pattern(0, |pattern| pattern.replace_all(&text, &substitution, MAX_TEXT))? {
        Some(Some(replaced)) => Ok(Some(text_item(replaced))),
        Some(None) => admit_text(usize::MAX, call.call.span).map(|()| None),
        None => Ok(None),
    }
}

pub(super) fn length<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(input_text(call)?.map(|text| integer_item(text.chars().count())))
}

pub(super) fn to_chars<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let text = attempt(input_text(call))?.unwrap_or_default();
    text.chars().try_for_each(|c| sink(text_item(c.to_string())))
}

pub(super) fn trim<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    Ok(input_text(call)?.map(|text| text_item(text.trim().to_owned())))
}

pub(super) fn split<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let Some((text, separator)) = attempt(both(call))? else { return Flow::Continue(()) };
    if separator.is_empty() {
        return attempt(Err(call.error(ErrorKind::Value, "takes a separator that is not empty")));
    }
    text.split(&*separator).try_for_each(|part| sink(text_item(part.to_owned())))
}

/// The texts of all items; an empty input has nothing to join.
pub(super) fn join<'a>(call: &Invocation<'_, 'a>) -> Fallible<Option<Item<'a>>> {
    let separator = call.text_argument(0)?.unwrap_or_default();
    let mut joined: Option<String> = None;
    call.try_each(|item| {
        if let Some(text) = attempt(text_of(call, item))? {
            match &mut joined {
                Some(joined) => {
                    attempt(admit_text(joined.len() + separator.len() + text.len(), call.call.span))?;
                    joined.push_str(&separator);
                    joined.push_str(&text);
                }
                None => joined = Some(text.into_owned()),
            }
        }
        Flow::Continue(())
    })?;
    Ok(joined.map(text_item))
}
