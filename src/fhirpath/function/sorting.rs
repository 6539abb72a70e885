//! `sort`, from the draft of the next release of FHIRPath.

use std::cmp::Ordering;

use super::Invocation;
use crate::fhirpath::evaluator::{Fallible, Flow, Sink, attempt};
use crate::fhirpath::item::Item;
use crate::fhirpath::operator::compare;
use crate::fhirpath::tree::{Node, Operation};

/// By the items themselves or by keys; a minus before a key turns its order around, whatever its type.
/// What has no key comes first either way.
pub(super) fn sort<'a>(call: &Invocation<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
    let keys: Vec<(bool, Option<&'a Node>)> = match call.call.arguments.len() {
        0 => vec![(false, None)],
        count => (0..count).map(|at| direction(call.lambda(at))).collect(),
    };
    let mut rows: Vec<(Vec<Option<Item<'a>>>, Item<'a>)> = vec![];
    for (index, item) in attempt(call.input())?.into_iter().enumerate() {
        let mut row = Vec::with_capacity(keys.len());
        for (_, key) in &keys {
            row.push(match key {
                None => Some(item.clone()),
                Some(key) => attempt(call.evaluator.single(key, call.scope_of(&item, index), "a key of `sort`"))?,
            });
        }
        rows.push((row, item));
    }
    // Inserted one by one: dates of different precision have no total order, and the sorts of the
    // standard library may panic on that.
    let mut sorted: Vec<(Vec<Option<Item<'a>>>, Item<'a>)> = Vec::with_capacity(rows.len());
    let mut failed = None;
    for row in rows {
        let at = sorted.partition_point(|other| {
            order(&other.0, &row.0, &keys, call).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                Ordering::Equal
            }) != Ordering::Greater
        });
        sorted.insert(at, row);
    }
    if let Some(error) = failed {
        return attempt(Err(error));
    }
    sorted.into_iter().try_for_each(|(_, item)| sink(item))
}

fn order<'a>(
    a: &[Option<Item<'a>>],
    b: &[Option<Item<'a>>],
    keys: &[(bool, Option<&Node>)],
    call: &Invocation<'_, 'a>,
) -> Fallible<Ordering> {
    for ((x, y), (descending, _)) in a.iter().zip(b).zip(keys) {
        let order = match (x, y) {
            (Some(x), Some(y)) => compare(x, y, "sort", call.call.span)?.unwrap_or(Ordering::Equal),
            _ if x.is_some() != y.is_some() => return Ok(x.is_some().cmp(&y.is_some())),
            _ => Ordering::Equal,
        };
        if order.is_ne() {
            return Ok(if *descending { order.reverse() } else { order });
        }
    }
    Ok(Ordering::Equal)
}

fn direction(key: Option<&Node>) -> (bool, Option<&Node>) {
    match key.map(|k| &k.operation) {
        Some(Operation::Sign { negative: true, operand }) => (true, Some(operand)),
        _ => (false, key),
    }
}
