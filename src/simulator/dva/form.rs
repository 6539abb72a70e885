//! Parameters of requests, in the query or in a form (`application/x-www-form-urlencoded`).

use crate::exchange::Request;
use crate::simulator::call::is_form;

/// Parameters in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Of the query.
    pub fn of_query(request: &Request) -> Parameters {
        Parameters(parsed(query(&request.url)))
    }

    /// Of the form in the body, and of the query: the framework's example has them there.
    pub fn of_form(request: &Request) -> Parameters {
        let mut pairs = parsed(query(&request.url));
        if is_form(request) {
            pairs.extend(parsed(&String::from_utf8_lossy(&request.body)));
        }
        Parameters(pairs)
    }

    /// The first value; an empty one counts as not given (RFC 6749 section 3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// True when a value is like this.
    pub fn any(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(_, value)| holds(value))
    }

    /// A name that is there twice.
    pub fn repeated(&self) -> Option<&str> {
        let twice = |at: &usize| self.0.iter().take(*at).any(|(n, _)| Some(n) == self.0.get(*at).map(|(n, _)| n));
        let at = (0..self.0.len()).find(twice)?;
        self.0.get(at).map(|(n, _)| n.as_str())
    }
}

fn query(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once('?').map_or("", |(_, query)| query)
}

fn parsed(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The path of a URL.
pub(super) fn path(url: &str) -> &str {
    let rest =
        url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| rest.get(at..).unwrap_or("/")));
    rest.split(['?', '#']).next().unwrap_or_default()
}

/// A URL with parameters added to its query.
pub(super) fn with_parameters<'p>(url: &str, parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{}", query.finish())
}
