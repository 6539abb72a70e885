//! `_sort`: <http://hl7.org/fhir/STU3/search.html#sort>.

use std::cmp::Ordering;

use super::index::{Index, Slots};
use super::parameter::Parameters;
use super::value::{System, Target, Value};
use crate::definitions::search::SearchParameter;
use crate::simulator::refusal::Refusal;
use crate::simulator::store::Store;

/// One key of a sort order.
pub(crate) struct SortKey<'p> {
    parameter: &'p SearchParameter,
    descending: bool,
}

/// Reads `date,-code`.
pub(crate) fn parse<'p>(
    parameters: &'p Parameters,
    resource_type: &str,
    value: &str,
) -> Result<Vec<SortKey<'p>>, Refusal> {
    value
        .split(',')
        .map(|key| {
            let (code, descending) = key.strip_prefix('-').map_or((key, false), |code| (code, true));
            Ok(SortKey { parameter: parameters.find(resource_type, code)?, descending })
        })
        .collect()
}

/// Puts resources in order; those without a value come last, equals keep their order.
pub(crate) fn sort(store: &Store, resource_type: &str, keys: &[SortKey<'_>], slots: &mut Slots) {
    for key in keys.iter().rev() {
        let index = store.index(resource_type, key.parameter);
        let mut keyed: Vec<(Option<Rank>, u32)> =
            slots.iter().map(|s| (rank(&index, *s, key.descending), *s)).collect();
        keyed.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) if key.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
        *slots = keyed.into_iter().map(|(_, slot)| slot).collect();
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Time(i64),
    Number(rust_decimal::Decimal),
    Text(String),
}

/// Of several values the one that puts the resource furthest to the front.
fn rank(index: &Index, slot: u32, descending: bool) -> Option<Rank> {
    let ranks = index.of(slot).filter_map(|value| {
        Some(match value {
            Value::Date(interval) => {
                // An open side sorts by the other one.
                let (low, high) = (interval.low, interval.high);
                let bound = if descending { high.or(low) } else { low.or(high) };
                Rank::Time(bound?.sort_key())
            }
            Value::Number(number) | Value::Quantity(number, ..) => Rank::Number(*number),
            Value::Text(folded, _) => Rank::Text(folded.to_string()),
            Value::Uri(uri) => Rank::Text(uri.to_string()),
            Value::Token(token) => match &token.system {
                System::Named(system) => Rank::Text(format!("{system}|{}", token.code)),
                _ => Rank::Text(token.code.to_string()),
            },
            Value::Reference(Target::Here(key)) => Rank::Text(key.to_string()),
            Value::Reference(Target::Away(text)) => Rank::Text(text.to_string()),
        })
    });
    if descending { ranks.max() } else { ranks.min() }
}
