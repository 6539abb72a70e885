//! How near a request is to the one that is expected: rules 3, 5 and 6 of the room.

use crate::exchange::AccessToken;

use super::arrival::Arrival;
use super::expectation::Expectation;

/// Whose token a request brings, seen from an expectation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bearer {
    /// As expected, or nothing was expected.
    Expected,
    /// None, or one that is nobody's.
    Nobody,
    /// Another person's.
    Other,
}

/// How near a request is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nearness {
    /// It is the one.
    pub exact: bool,
    /// It may be meant for this.
    pub plausible: bool,
    /// Everything the test demands of the body holds too.
    pub fulfilled: bool,
    /// Rule 6.
    pub points: u32,
}

/// Points of a part that is as expected.
const TOKEN: u32 = 8;
const TOKEN_OF_NOBODY: u32 = 3;
const TYPE: u32 = 6;
const PARAMETERS: u32 = 6;
const PATH: u32 = 4;
const METHOD: u32 = 3;
const BODY: u32 = 2;
const DEMANDS: u32 = 4;

/// Compares. `is_known` tells whether a token is some person's, `holds` whether the body is as demanded.
pub fn nearness(
    expected: &Expectation,
    came: &Arrival,
    is_known: &dyn Fn(&AccessToken) -> bool,
    holds: &dyn Fn(&str) -> bool,
) -> Nearness {
    let bearer = match (&expected.token, &came.token) {
        (None, _) => Bearer::Expected,
        (Some(wanted), Some(found)) if wanted == found => Bearer::Expected,
        (Some(_), Some(found)) if is_known(found) => Bearer::Other,
        (Some(_), _) => Bearer::Nobody,
    };
    let method = expected.method == came.method;
    let first = (expected.segments.first(), came.segments.first());
    let same_type = match first {
        (Some(wanted), Some(found)) => wanted.fits(found),
        (None, None) => true,
        _ => false,
    };
    let form = expected.segments.len() == came.segments.len();
    let rest = expected.segments.iter().zip(&came.segments).skip(1).all(|(wanted, found)| wanted.fits(found));
    let path = form && rest;
    let body = expected.body.is_none() || expected.body == came.body;
    let parameters = agreement(expected, came);
    let all_but_token = method && same_type && path && body && parameters.is_full();
    let exact = all_but_token && bearer == Bearer::Expected;
    let plausible = match bearer {
        Bearer::Other => all_but_token,
        // The type itself may be what is wrong.
        Bearer::Expected if !same_type => method && path && parameters.is_full(),
        Bearer::Expected | Bearer::Nobody => same_type && (form || !method),
    };
    let token = match bearer {
        Bearer::Expected => TOKEN,
        Bearer::Nobody => TOKEN_OF_NOBODY,
        Bearer::Other => 0,
    };
    let has = |part: bool, points: u32| if part { points } else { 0 };
    let points = token
        + has(same_type, TYPE)
        + has(path, PATH)
        + has(method, METHOD)
        + has(body, BODY)
        + parameters.of(PARAMETERS);
    let all = expected.demands.len() as u32;
    let held = if plausible && all > 0 { expected.demands.iter().filter(|d| holds(d)).count() as u32 } else { all };
    let fulfilled = held == all;
    let points = points + (DEMANDS * held).checked_div(all).unwrap_or(DEMANDS);
    Nearness { exact, plausible, fulfilled, points }
}

/// How many parameters agree, in halves, of how many.
struct Agreement {
    halves: usize,
    all: usize,
}

impl Agreement {
    fn is_full(&self) -> bool {
        self.halves == self.all
    }

    fn of(&self, points: u32) -> u32 {
        match self.all {
            0 => points,
            all => (points as usize * self.halves / all) as u32,
        }
    }
}

fn agreement(expected: &Expectation, came: &Arrival) -> Agreement {
    let mut left: Vec<&(String, String)> = came.query.iter().collect();
    let mut halves = 0;
    let mut open = vec![];
    for (name, value) in &expected.query {
        match left.iter().position(|(n, v)| n == name && (value.fits(v) || is_same_list(&value.shown(), v))) {
            Some(at) => {
                left.remove(at);
                halves += 4;
            }
            None => open.push(name),
        }
    }
    for name in open {
        if let Some(at) = left.iter().position(|(n, _)| n == name) {
            left.remove(at);
            halves += 2;
        }
    }
    Agreement { halves, all: 2 * (expected.query.len() + came.query.len()) }
}

/// The same values of an OR list in another order.
fn is_same_list(expected: &str, came: &str) -> bool {
    if !expected.contains(',') || expected.len() != came.len() {
        return false;
    }
    let sorted = |list: &str| {
        let mut values: Vec<String> = list.split(',').map(str::to_owned).collect();
        values.sort_unstable();
        values
    };
    sorted(expected) == sorted(came)
}

/// What differs, for people; tokens are not shown.
pub fn differences(expected: &Expectation, came: &Arrival) -> Vec<String> {
    let mut all = vec![];
    match (&expected.token, &came.token) {
        (Some(_), None) => all.push("there is no bearer token".to_owned()),
        (Some(wanted), Some(found)) if wanted != found => all.push("the bearer token is another one".to_owned()),
        _ => {}
    }
    if expected.method != came.method {
        all.push(format!("the method is {} instead of {}", came.method, expected.method));
    }
    let path: Vec<String> = expected.segments.iter().map(|s| s.shown()).collect();
    let fits = expected.segments.len() == came.segments.len()
        && expected.segments.iter().zip(&came.segments).all(|(wanted, found)| wanted.fits(found));
    if !fits {
        all.push(format!("the path is `{}` instead of `{}`", came.segments.join("/"), path.join("/")));
    }
    let mut left: Vec<&(String, String)> = came.query.iter().collect();
    let mut missing = vec![];
    for (name, value) in &expected.query {
        match left.iter().position(|(n, v)| n == name && (value.fits(v) || is_same_list(&value.shown(), v))) {
            Some(at) => drop(left.remove(at)),
            None => missing.push((name, value)),
        }
    }
    for (name, value) in missing {
        match left.iter().position(|(n, _)| n == name) {
            Some(at) => {
                let (_, found) = left.remove(at);
                all.push(format!("parameter `{name}` is `{found}` instead of `{}`", value.shown()));
            }
            None => all.push(format!("there is no parameter `{name}={}`", value.shown())),
        }
    }
    all.extend(left.iter().map(|(name, value)| format!("parameter `{name}={value}` is not expected")));
    if expected.body.is_some() && expected.body != came.body {
        let name = |body: &Option<String>| body.clone().unwrap_or_else(|| "nothing that can be read".to_owned());
        all.push(format!("the body is {} instead of {}", name(&came.body), name(&expected.body)));
    }
    all
}
