//! One criterion of a search: read once, then asked of the indexes.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::index::{Index, Slots, intersect, unite};
use super::moment::{Interval, Prefix};
use super::parameter::{Parameters, leads_to};
use super::query::{split_escaped, unescape};
use super::value::{System, Target, Token, Value, decimal, fold};
use crate::definitions::search::{SearchParameter, SearchType};
use crate::simulator::refusal::{Reason, Refusal};
use crate::simulator::store::Store;
use crate::simulator::stored::{Key, is_id, local};

/// A criterion on resources of one type.
pub(crate) struct Filter<'p> {
    parameter: &'p SearchParameter,
    test: Test<'p>,
}

enum Test<'p> {
    /// Any of these values.
    Any(Vec<Wanted>),
    /// None of these values.
    Not(Vec<Wanted>),
    /// Has no value at all (or has one).
    Missing(bool),
    /// Refers to a resource, of one of these types, that meets the criterion.
    Chain(Vec<(Arc<str>, Filter<'p>)>),
}

/// A value to compare with.
enum Wanted {
    Token {
        system: Option<System>,
        code: Box<str>,
    },
    Date(Prefix, Interval),
    Text(How, Box<str>),
    Reference(Target),
    /// An id without a type: any type the parameter leads to.
    Id(Box<str>),
    Number(Prefix, Range),
    Quantity(Prefix, Range, Option<Box<str>>, Option<Box<str>>),
    Uri(How, Box<str>),
}

/// A number and the range it stands for by the precision it is written in.
#[derive(Clone, Copy)]
struct Range {
    low: Decimal,
    number: Decimal,
    high: Decimal,
}

/// How text is compared.
#[derive(Clone, Copy, PartialEq)]
enum How {
    Start,
    Exact,
    Contains,
    Below,
}

/// Modifiers by the comparison they go with. `missing` goes with all; a resource type with references.
const MODIFIERS: [(SearchType, &str); 4] = [
    (SearchType::Token, "not"),
    (SearchType::String, "exact"),
    (SearchType::String, "contains"),
    (SearchType::Uri, "below"),
];

/// How many references a chain may follow: every step is a search of its own.
const CHAIN_DEPTH: usize = 4;

impl<'p> Filter<'p> {
    /// Reads `name=value` as a criterion on `resource_type`.
    pub fn parse(
        parameters: &'p Parameters,
        resource_type: &str,
        name: &str,
        value: &str,
        base: &str,
    ) -> Result<Filter<'p>, Refusal> {
        Filter::parse_within(parameters, resource_type, name, value, base, CHAIN_DEPTH)
    }

    fn parse_within(
        parameters: &'p Parameters,
        resource_type: &str,
        name: &str,
        value: &str,
        base: &str,
        depth: usize,
    ) -> Result<Filter<'p>, Refusal> {
        let (head, chain) = name.split_once('.').map_or((name, None), |(head, rest)| (head, Some(rest)));
        let (code, modifier) = head.split_once(':').map_or((head, None), |(code, m)| (code, Some(m)));
        let parameter = parameters.find(resource_type, code)?;
        if let Some(rest) = chain {
            let Some(depth) = depth.checked_sub(1) else {
                return Err(Refusal::new(Reason::NotSupported, format!("`{name}` chains too deep")));
            };
            let of_target = |t: &str| Filter::parse_within(parameters, t, rest, value, base, depth);
            return chained(parameter, modifier, name, of_target);
        }
        let any = |how: &dyn Fn(&str) -> Result<Wanted, Refusal>| {
            split_escaped(value, ',').iter().map(|v| how(v)).collect::<Result<Vec<Wanted>, Refusal>>()
        };
        let comparison = parameter.ty;
        let test = match modifier {
            Some("missing") => match value {
                "true" => Test::Missing(true),
                "false" => Test::Missing(false),
                _ => return Err(unreadable(name, value, "`true` or `false`")),
            },
            None => Test::Any(any(&|v| wanted(parameter, None, name, v, base))?),
            Some(m) if comparison == SearchType::Reference && leads_to(parameter, m) && parameters.has_type(m) => {
                Test::Any(any(&|v| wanted(parameter, Some(m), name, v, base))?)
            }
            Some(m) if !MODIFIERS.contains(&(comparison, m)) => {
                let known: Vec<&str> = MODIFIERS.iter().filter(|(c, _)| *c == comparison).map(|(_, m)| *m).collect();
                let known = known.into_iter().chain(["missing"]).map(|m| format!("`:{m}`")).collect::<Vec<_>>();
                let message = format!(
                    "the modifier `:{m}` is not supported for `{code}` ({} parameter), only {}",
                    comparison.code(),
                    known.join(", ")
                );
                return Err(Refusal::new(Reason::NotSupported, message));
            }
            Some("not") => Test::Not(any(&|v| wanted(parameter, None, name, v, base))?),
            Some(m) => Test::Any(any(&|v| wanted(parameter, Some(m), name, v, base))?),
        };
        Ok(Filter { parameter, test })
    }

    /// The slots of the resources of `resource_type` that meet it. `visible` limits what chains go through.
    pub fn find(&self, store: &Store, resource_type: &str, visible: &dyn Fn(&str) -> Option<Slots>) -> Slots {
        let index = store.index(resource_type, self.parameter);
        match &self.test {
            Test::Any(wanted) => unite(wanted.iter().map(|w| self.matching(&index, w))),
            Test::Not(wanted) => without(store, resource_type, &unite(wanted.iter().map(|w| self.matching(&index, w)))),
            Test::Missing(false) => index.matching(|_| true),
            Test::Missing(true) => without(store, resource_type, &index.matching(|_| true)),
            Test::Chain(targets) => unite(targets.iter().map(|(target_type, filter)| {
                let mut met = filter.find(store, target_type, visible);
                if let Some(visible) = visible(target_type) {
                    met = intersect(&met, &visible);
                }
                let shelf = store.shelf(target_type);
                let keys = met.into_iter().filter_map(|slot| Some(&shelf?.at(slot)?.key));
                unite(keys.map(|key| index.referring_to(key)))
            })),
        }
    }

    fn matching(&self, index: &Index, wanted: &Wanted) -> Slots {
        match wanted {
            Wanted::Token { code, .. } if !code.is_empty() => index.with_code(code, |v| wanted.accepts(v)),
            Wanted::Reference(Target::Here(key)) => index.referring_to(key),
            _ => index.matching(|v| wanted.accepts(v) && self.may_lead_to(v)),
        }
    }

    /// An id without a type does not find resources of types the parameter is not about.
    fn may_lead_to(&self, value: &Value) -> bool {
        match value {
            Value::Reference(Target::Here(key)) => leads_to(self.parameter, &key.resource_type),
            _ => true,
        }
    }
}

fn without(store: &Store, resource_type: &str, slots: &[u32]) -> Slots {
    let all = store.shelf(resource_type).map(|s| s.taken()).unwrap_or_default();
    all.into_iter().filter(|slot| slots.binary_search(slot).is_err()).collect()
}

fn chained<'p>(
    parameter: &'p SearchParameter,
    modifier: Option<&str>,
    name: &str,
    of_target: impl Fn(&str) -> Result<Filter<'p>, Refusal>,
) -> Result<Filter<'p>, Refusal> {
    if parameter.ty != SearchType::Reference {
        let message = format!("`{name}` cannot be chained: `{}` is not a reference", parameter.code);
        return Err(Refusal::new(Reason::NotSupported, message));
    }
    let types: Vec<&str> = match modifier {
        Some(resource_type) if leads_to(parameter, resource_type) => vec![resource_type],
        Some(resource_type) => {
            let message = format!("`{}` does not lead to `{resource_type}`", parameter.code);
            return Err(Refusal::new(Reason::Value, message));
        }
        None => parameter.targets.iter().map(|t| &**t).collect(),
    };
    let mut refused = None;
    let mut chains = vec![];
    for target in types {
        match of_target(target) {
            Ok(filter) => chains.push((target.into(), filter)),
            Err(refusal) => refused = Some(refusal),
        }
    }
    match (chains.is_empty(), refused) {
        (false, _) => Ok(Filter { parameter, test: Test::Chain(chains) }),
        (true, Some(refusal)) => Err(refusal),
        (true, None) => {
            let message = format!("say what `{}` refers to: `{}:Patient.…`", parameter.code, parameter.code);
            Err(Refusal::new(Reason::NotSupported, message))
        }
    }
}

fn unreadable(name: &str, value: &str, expected: &str) -> Refusal {
    Refusal::new(Reason::Value, format!("`{value}` is not a value for `{name}`: expected {expected}"))
}

fn wanted(
    parameter: &SearchParameter,
    modifier: Option<&str>,
    name: &str,
    value: &str,
    base: &str,
) -> Result<Wanted, Refusal> {
    // Spaces around the values of a list are nobody's meaning; inside text they may be.
    let value = if parameter.ty == SearchType::String { value } else { value.trim() };
    if value.is_empty() {
        return Err(unreadable(name, value, "something after the `=`"));
    }
    let how = match modifier {
        Some("exact") => How::Exact,
        Some("contains") => How::Contains,
        Some("below") => How::Below,
        _ if parameter.ty == SearchType::Uri => How::Exact,
        _ => How::Start,
    };
    Ok(match parameter.ty {
        SearchType::Token => token(name, value)?,
        SearchType::Date => {
            let read = Prefix::split(value).and_then(|(p, v)| Some((p, Interval::parse(v)?)));
            let (prefix, interval) = read.ok_or_else(|| {
                unreadable(name, value, "a date such as `2024-05-01`, with `eq` `ne` `gt` `lt` `ge` `le` `sa` or `eb`")
            })?;
            Wanted::Date(prefix, interval)
        }
        SearchType::String if how == How::Exact => Wanted::Text(how, unescape(value).into()),
        SearchType::String => Wanted::Text(how, fold(&unescape(value)).into()),
        SearchType::Uri => Wanted::Uri(how, unescape(value).into()),
        SearchType::Reference => reference(modifier, &unescape(value), base),
        SearchType::Number => {
            let (prefix, range) = range(value).ok_or_else(|| unreadable(name, value, "a number"))?;
            Wanted::Number(prefix, range)
        }
        SearchType::Composite | SearchType::Special => {
            return Err(Refusal::new(Reason::NotSupported, format!("`{name}` cannot be evaluated here")));
        }
        SearchType::Quantity => {
            let parts = split_escaped(value, '|');
            let (prefix, range) =
                parts.first().and_then(|n| range(n)).ok_or_else(|| unreadable(name, value, "`number|system|code`"))?;
            let part = |at: usize| parts.get(at).filter(|p| !p.is_empty()).map(|p| unescape(p).into());
            Wanted::Quantity(prefix, range, part(1), part(2))
        }
    })
}

fn token(name: &str, value: &str) -> Result<Wanted, Refusal> {
    let parts: Vec<String> = split_escaped(value, '|').iter().map(|p| unescape(p)).collect();
    let (system, code) = match parts.as_slice() {
        [code] => (None, code.as_str()),
        [system, code] if system.is_empty() => (Some(System::Absent), code.as_str()),
        [system, code] => (Some(System::Named(system.as_str().into())), code.as_str()),
        _ => return Err(unreadable(name, value, "`code`, `system|code`, `|code` or `system|`")),
    };
    if code.is_empty() && !matches!(system, Some(System::Named(_))) {
        return Err(unreadable(name, value, "`code`, `system|code`, `|code` or `system|`"));
    }
    Ok(Wanted::Token { system, code: code.into() })
}

fn reference(resource_type: Option<&str>, value: &str, base: &str) -> Wanted {
    match (local(value, base), resource_type) {
        (Some(key), _) => Wanted::Reference(Target::Here(key)),
        (None, Some(resource_type)) if is_id(value) => Wanted::Reference(Target::Here(Key::new(resource_type, value))),
        (None, _) if is_id(value) => Wanted::Id(value.into()),
        _ => Wanted::Reference(Target::Away(value.into())),
    }
}

/// The range a number stands for: half a unit of its last digit to either side
/// (<http://hl7.org/fhir/STU3/search.html#number>).
fn range(value: &str) -> Option<(Prefix, Range)> {
    let (prefix, text) = Prefix::split(value)?;
    let number = decimal(text)?;
    let half = Decimal::try_new(5, number.scale() + 1).ok()?;
    Some((prefix, Range { low: number.checked_sub(half)?, number, high: number.checked_add(half)? }))
}

impl Range {
    fn meets(self, prefix: Prefix, found: Decimal) -> bool {
        let within = self.low <= found && found < self.high;
        match prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt | Prefix::Sa => found > self.number,
            Prefix::Lt | Prefix::Eb => found < self.number,
            Prefix::Ge => found >= self.number,
            Prefix::Le => found <= self.number,
        }
    }
}

impl Wanted {
    fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (Wanted::Token { system, code }, Value::Token(found)) => accepts_token(system.as_ref(), code, found),
            (Wanted::Date(prefix, wanted), Value::Date(found)) => wanted.meets(*prefix, *found),
            (Wanted::Text(How::Exact, wanted), Value::Text(_, found)) => wanted == found,
            (Wanted::Text(How::Contains, wanted), Value::Text(found, _)) => found.contains(&**wanted),
            (Wanted::Text(_, wanted), Value::Text(found, _)) => found.starts_with(&**wanted),
            (Wanted::Reference(wanted), Value::Reference(found)) => wanted == found,
            (Wanted::Id(id), Value::Reference(Target::Here(key))) => *key.id == **id,
            (Wanted::Number(prefix, range), Value::Number(found)) => range.meets(*prefix, *found),
            (Wanted::Quantity(prefix, range, system, code), Value::Quantity(found, its, own, unit)) => {
                range.meets(*prefix, *found)
                    && (system.is_none() || system == its)
                    && (code.is_none() || code == own || (system.is_none() && code == unit))
            }
            (Wanted::Uri(How::Below, wanted), Value::Uri(found)) => {
                found.strip_prefix(&**wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            (Wanted::Uri(_, wanted), Value::Uri(found)) => wanted == found,
            _ => false,
        }
    }
}

fn accepts_token(system: Option<&System>, code: &str, found: &Token) -> bool {
    let of_system = match (system, &found.system) {
        (None, _) => true,
        (Some(System::Absent), found) => !matches!(found, System::Named(_)),
        (Some(_), System::Implied) => true,
        (Some(wanted), found) => wanted == found,
    };
    of_system && (code.is_empty() || code == &*found.code)
}
