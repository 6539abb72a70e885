//! Faults that a played client can make, by name: a table.

use std::sync::Arc;

use crate::definitions::TypeTable;
use crate::exchange::{Bsn, Request};
use crate::simulator::TokenRegistry;

use super::edit;
use crate::engine::awaiting::{bearer, below_authority, segments};

/// A request on its way out.
pub struct Outgoing<'o> {
    /// The request.
    pub request: Request,
    /// How often it is sent.
    pub copies: u32,
    /// Types of the release.
    pub types: Arc<TypeTable>,
    /// Test persons.
    pub persons: &'o TokenRegistry,
}

impl Outgoing<'_> {
    /// The resource type it asks for, if it names one.
    fn resource_type(&self) -> Option<String> {
        let target = below_authority(&self.request.url);
        segments(target.split('?').next().unwrap_or_default()).into_iter().find(|s| self.types.type_named(s).is_some())
    }
}

/// A fault.
pub struct Defect {
    /// How it is called.
    pub name: &'static str,
    /// What the client does wrong.
    pub about: &'static str,
    /// Makes it; false when the request has nothing to do it with.
    apply: fn(&mut Outgoing<'_>) -> bool,
}

impl std::fmt::Debug for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A token that is nobody's.
const NOBODYS_TOKEN: &str = "Bearer 00000000-0000-4000-8000-000000000000";
/// A citizen number from the test range, for when the person's own is not known.
const TEST_BSN: &str = "999990019";

/// Every fault, by what is wrong.
pub const DEFECTS: [Defect; 22] = [
    Defect { name: "no-token", about: "there is no access token", apply: |o| header(o, "Authorization", None) },
    Defect {
        name: "wrong-token",
        about: "the access token is nobody's",
        apply: |o| o.request.headers.get("Authorization").is_some() && header(o, "Authorization", Some(NOBODYS_TOKEN)),
    },
    Defect {
        name: "token-without-scheme",
        about: "the access token stands in the header without `Bearer`",
        apply: |o| {
            let token = o.request.headers.get("Authorization").and_then(bearer);
            token.is_some_and(|token| header(o, "Authorization", Some(token.expose())))
        },
    },
    Defect { name: "bsn-in-url", about: "the URL holds a citizen number", apply: bsn_in_url },
    Defect {
        name: "wrong-parameter",
        about: "a parameter has another value than asked for",
        apply: |o| edit::parameter(&mut o.request, |name, value| is_criterion(name).then(|| Some(other(value)))),
    },
    Defect {
        name: "missing-parameter",
        about: "a parameter that narrows the search is left out",
        apply: |o| edit::parameter(&mut o.request, |name, _| is_criterion(name).then_some(None)),
    },
    Defect {
        name: "missing-include",
        about: "an `_include` or `_revinclude` is left out",
        apply: |o| edit::parameter(&mut o.request, |name, _| (!is_criterion(name)).then_some(None)),
    },
    Defect {
        name: "extra-parameter",
        about: "there is a parameter that nobody supports",
        apply: |o| is_search(o) && append(o, "keur-unknown", "1"),
    },
    Defect {
        name: "wrong-code-system",
        about: "a code is searched in another code system",
        apply: |o| {
            let change = |name: &str, value: &str| {
                let decoded = value.replace("%7C", "|").replace("%7c", "|");
                let (system, code) = decoded.split_once('|')?;
                (is_criterion(name) && !system.is_empty()).then(|| Some(format!("http://example.org/codes%7C{code}")))
            };
            edit::parameter(&mut o.request, change)
        },
    },
    Defect {
        name: "code-without-system",
        about: "a code is searched with an empty code system",
        apply: |o| {
            let change = |name: &str, value: &str| {
                let decoded = value.replace("%7C", "|").replace("%7c", "|");
                let (system, code) = decoded.split_once('|')?;
                (is_criterion(name) && !system.is_empty()).then(|| Some(format!("%7C{code}")))
            };
            edit::parameter(&mut o.request, change)
        },
    },
    Defect {
        name: "missing-accept",
        about: "the Accept header names no FHIR format",
        apply: |o| header(o, "Accept", Some("*/*")),
    },
    Defect {
        name: "wrong-accept",
        about: "the Accept header asks for a page instead of FHIR",
        apply: |o| header(o, "Accept", Some("text/html")),
    },
    Defect {
        name: "wrong-content-type",
        about: "the Content-Type is not that of the body",
        apply: |o| !o.request.body.is_empty() && header(o, "Content-Type", Some("text/plain")),
    },
    Defect { name: "wrong-body", about: "the body holds something else than asked for", apply: edit::body },
    Defect {
        name: "empty-body",
        about: "there is no body",
        apply: |o| !std::mem::take(&mut o.request.body).is_empty(),
    },
    Defect {
        name: "malformed-body",
        about: "the body breaks off halfway",
        apply: |o| {
            let half = o.request.body.len() / 2;
            o.request.body = o.request.body.slice(..half);
            half > 0
        },
    },
    Defect {
        name: "wrong-method",
        about: "the method is another one",
        apply: |o| {
            let other = if o.request.method == "PUT" { "POST" } else { "PUT" };
            o.request.method = other.to_owned();
            true
        },
    },
    Defect { name: "wrong-type", about: "another type of resource is asked for", apply: wrong_type },
    Defect {
        name: "wrong-id",
        about: "another instance is asked for",
        apply: |o| {
            let url = o.request.url.clone();
            let (path, query) = url.split_once('?').map_or((url.as_str(), None), |(path, query)| (path, Some(query)));
            let Some((before, id)) = path.rsplit_once('/') else { return false };
            let is_id = before.rsplit('/').next().is_some_and(|t| o.types.type_named(t).is_some()) && !id.contains('$');
            if is_id {
                let query = query.map_or(String::new(), |query| format!("?{query}"));
                o.request.url = format!("{before}/keur-{}{query}", id.len());
            }
            is_id
        },
    },
    Defect {
        name: "missing-header",
        about: "a header that the script asks for beside the token is left out",
        apply: |o| {
            let kept = ["authorization", "accept", "content-type", "user-agent"];
            let extra = o.request.headers.iter().map(|(name, _)| name.to_owned());
            let found = extra.into_iter().find(|name| !kept.contains(&name.to_ascii_lowercase().as_str()));
            found.is_some_and(|name| header(o, &name, None))
        },
    },
    Defect {
        name: "left-out",
        about: "the request is not sent at all",
        apply: |o| {
            o.copies = 0;
            true
        },
    },
    Defect {
        name: "sent-twice",
        about: "the request is sent twice",
        apply: |o| {
            o.copies = 2;
            true
        },
    },
];

fn header(outgoing: &mut Outgoing<'_>, name: &str, value: Option<&str>) -> bool {
    edit::header(&mut outgoing.request, name, value)
}

/// True for a parameter that narrows a search.
fn is_criterion(name: &str) -> bool {
    !name.starts_with("_include") && !name.starts_with("_revinclude") && !matches!(name, "_format" | "_count" | "_sort")
}

/// A search of a type, or an operation; the base may have a path of its own.
fn is_search(outgoing: &Outgoing<'_>) -> bool {
    let named = below_authority(&outgoing.request.url).split('?').next().map(segments).unwrap_or_default();
    let is_type = |last: &String| last.starts_with('$') || outgoing.types.type_named(last).is_some();
    outgoing.request.method == "GET" && named.last().is_some_and(is_type)
}

fn append(outgoing: &mut Outgoing<'_>, name: &str, value: &str) -> bool {
    let mut all = edit::parameters(&outgoing.request.url);
    all.push((name.to_owned(), value.to_owned()));
    outgoing.request.url = edit::with_parameters(&outgoing.request.url, &all);
    true
}

/// Another value of the same form: another code, a day in another century, another id.
fn other(value: &str) -> String {
    let year = |at: usize| {
        let digits = value.get(at..at + 4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()));
        digits
            .filter(|_| value.get(at + 4..at + 5) == Some("-"))
            .map(|_| format!("{}1901{}", &value[..at], &value[at + 4..]))
    };
    let dated = (0..=2).find_map(|at| value.is_char_boundary(at).then(|| year(at)).flatten());
    dated.unwrap_or_else(|| match value.rsplit_once("%7C").or_else(|| value.rsplit_once('|')) {
        Some((system, _)) => format!("{system}%7Ckeur-other"),
        None => "keur-other".to_owned(),
    })
}

/// The person is named, by id and by number. The id keeps the answer as it is, so that nothing but the
/// number in the URL is wrong.
fn bsn_in_url(outgoing: &mut Outgoing<'_>) -> bool {
    let token = outgoing.request.headers.get("Authorization").and_then(bearer);
    let persons = outgoing.persons.persons();
    let own = token.and_then(|token| persons.iter().find(|(known, _)| *known == token.expose()));
    let person = own.and_then(|(_, people)| people.first());
    let Some(resource_type) = outgoing.resource_type().filter(|_| is_search(outgoing)) else { return false };
    let Some(ty) = outgoing.types.type_named(&resource_type) else { return false };
    let has = |name: &&str| outgoing.types.child(ty, name).is_some();
    let Some(name) = ["subject", "patient"].into_iter().find(|name| has(name)) else { return false };
    let value = match person {
        Some((id, bsn)) => format!("Patient/{id},{}%7C{}", Bsn::SYSTEM, bsn.unwrap_or(TEST_BSN)),
        None => format!("{}%7C{TEST_BSN}", Bsn::SYSTEM),
    };
    append(outgoing, name, &value)
}

fn wrong_type(outgoing: &mut Outgoing<'_>) -> bool {
    let Some(resource_type) = outgoing.resource_type() else { return false };
    let other = if resource_type == "Basic" { "Observation" } else { "Basic" };
    let (from, to) = (format!("/{resource_type}"), format!("/{other}"));
    let path = below_authority(&outgoing.request.url).to_owned();
    let before = outgoing.request.url.len() - path.len();
    let authority = outgoing.request.url.get(..before).unwrap_or_default().to_owned();
    outgoing.request.url = format!("{authority}{}", path.replacen(&from, &to, 1));
    true
}

/// Which requests a fault is made in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The first that it can be made in.
    First,
    /// Every one.
    All,
    /// Every one for this type of resource.
    Type(String),
}

/// A fault that is on.
#[derive(Clone, Debug)]
pub struct ActiveDefect {
    defect: &'static Defect,
    /// Where it is made.
    pub scope: Scope,
}

impl ActiveDefect {
    /// `NAME`, `NAME@all` or `NAME@Type`; None for a name that is not in the table.
    pub fn parse(text: &str) -> Option<ActiveDefect> {
        let (name, scope) = match text.split_once('@') {
            None => (text, Scope::First),
            Some((name, "all")) => (name, Scope::All),
            Some((_, "")) => return None,
            Some((name, of)) => (name, Scope::Type(of.to_owned())),
        };
        let defect = DEFECTS.iter().find(|defect| defect.name == name)?;
        Some(ActiveDefect { defect, scope })
    }

    /// True when it is to be made in this request, after it was made in `before` others.
    pub(super) fn is_for(&self, outgoing: &Outgoing<'_>, before: u32) -> bool {
        match &self.scope {
            Scope::First => before == 0,
            Scope::All => true,
            Scope::Type(wanted) => outgoing.resource_type().as_ref() == Some(wanted),
        }
    }

    /// Makes it; the request stays as it was when there is nothing to make it with.
    pub(super) fn apply(&self, outgoing: &mut Outgoing<'_>) -> bool {
        let before = (outgoing.request.clone(), outgoing.copies);
        let made = (self.defect.apply)(outgoing);
        if !made {
            (outgoing.request, outgoing.copies) = before;
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;
    use crate::fhir::FhirVersion;
    use bytes::Bytes;

    const PERSONS: &str = r#"[{"accessToken":"Bearer t","resourceId":"p-1","bsn":"999911120"}]"#;
    const BUNDLE: &str =
        r#"{"resourceType":"Bundle","type":"batch","entry":[{"fullUrl":"urn:a"},{"fullUrl":"urn:b"}]}"#;

    fn made(defect: &str, method: &str, path: &str, body: &'static str) -> Option<(Request, u32)> {
        let persons = TokenRegistry::parse(PERSONS).unwrap();
        let headers = [("Authorization", "Bearer t"), ("Accept", "application/fhir+json"), ("X-Id", "1")];
        let mut outgoing = Outgoing {
            request: Request {
                method: method.into(),
                url: format!("http://h:1/fhir{path}"),
                headers: headers.into_iter().collect(),
                body: Bytes::from_static(body.as_bytes()),
            },
            copies: 1,
            types: Definitions::embedded(FhirVersion::Stu3).types(),
            persons: &persons,
        };
        let defect = ActiveDefect::parse(defect).unwrap();
        defect.apply(&mut outgoing).then_some((outgoing.request, outgoing.copies))
    }

    #[test]
    fn parameters_go_wrong_as_named() {
        const SEARCH: &str = "/Observation?_include=Observation:subject&code=http://loinc.org%7C1-8&date=ge2026-01-02";
        for (defect, url) in [
            ("wrong-parameter", "?_include=Observation:subject&code=http://loinc.org%7Ckeur-other&date=ge2026-01-02"),
            ("missing-parameter", "?_include=Observation:subject&date=ge2026-01-02"),
            ("missing-include", "?code=http://loinc.org%7C1-8&date=ge2026-01-02"),
            (
                "wrong-code-system",
                "?_include=Observation:subject&code=http://example.org/codes%7C1-8&date=ge2026-01-02",
            ),
            ("code-without-system", "?_include=Observation:subject&code=%7C1-8&date=ge2026-01-02"),
        ] {
            let (request, _) = made(defect, "GET", SEARCH, "").unwrap();
            assert_eq!(request.url, format!("http://h:1/fhir/Observation{url}"), "{defect}");
        }
        assert_eq!(other("ge2026-01-02"), "ge1901-01-02");
        let (request, _) = made("bsn-in-url", "GET", "/Observation", "").unwrap();
        assert!(
            request.url.ends_with("?subject=Patient/p-1,http://fhir.nl/fhir/NamingSystem/bsn%7C999911120"),
            "{}",
            request.url
        );
        let (request, _) = made("wrong-type", "GET", "/Observation/$lastn?a=b", "").unwrap();
        assert_eq!(request.url, "http://h:1/fhir/Basic/$lastn?a=b");
        let (request, _) = made("wrong-id", "GET", "/Binary/1", "").unwrap();
        assert_eq!(request.url, "http://h:1/fhir/Binary/keur-1");
    }

    #[test]
    fn what_is_not_there_cannot_go_wrong() {
        for (defect, path) in [
            ("wrong-parameter", "/Patient"),
            ("missing-include", "/Patient?name=a"),
            ("wrong-code-system", "/Patient?name=a"),
            ("wrong-body", "/Patient"),
            ("empty-body", "/Patient"),
            ("malformed-body", "/Patient"),
            ("wrong-content-type", "/Patient"),
            ("bsn-in-url", "/Patient"),
            ("bsn-in-url", "/Observation/1"),
            ("wrong-type", "/"),
            ("wrong-id", "/Patient"),
        ] {
            assert!(made(defect, "GET", path, "").is_none(), "{defect} {path}");
        }
    }

    #[test]
    fn every_defect_changes_some_request() {
        for defect in &DEFECTS {
            let search = made(defect.name, "GET", "/Observation?code=a%7Cb&_include=x", "");
            let write = made(defect.name, "POST", "/", BUNDLE).or_else(|| made(defect.name, "PUT", "/Task/1", BUNDLE));
            assert!(search.is_some() || write.is_some(), "{}", defect.name);
        }
        let (request, _) = made("wrong-body", "POST", "/", BUNDLE).unwrap();
        let body = std::str::from_utf8(&request.body).unwrap();
        assert!(body.contains("urn:a") && !body.contains("urn:b"), "{body}");
    }

    #[test]
    fn names_are_unique_and_scopes_are_read() {
        let mut names: Vec<&str> = DEFECTS.iter().map(|defect| defect.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(ActiveDefect::parse("no-token@all").unwrap().scope, Scope::All);
        assert_eq!(ActiveDefect::parse("no-token@Patient").unwrap().scope, Scope::Type("Patient".into()));
        assert!(ActiveDefect::parse("no-token@").is_none() && ActiveDefect::parse("nonsense").is_none());
    }
}
