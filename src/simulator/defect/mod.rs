//! Faults a server can have, to be switched on: a harness that does not turn red on them is no good.
//!
//! Each is one row of [`DEFECTS`] and one function on the finished answer, as a tree or as bytes. The few
//! that cannot be made afterwards (a token that gives too much sight) are lapses of the service.

mod bundle;
mod content;
mod http;

use std::sync::Arc;
use std::time::Duration;

use super::service::Lapses;
use crate::definitions::{TypeTable, Typed};
use crate::exchange::{Request, Response};
use crate::fhir::{Document, Format, NodeRef, json, read, xml};

/// A fault that can be switched on.
#[derive(Debug)]
pub struct Defect {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is wrong with the answers then, in a line.
    pub about: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Makes another tree of a good answer.
    Tree(fn(&Typed) -> Document),
    /// Changes status, header or bytes.
    Answer(fn(&mut Response)),
    /// Leaves something undone.
    Lapse(fn(&mut Lapses)),
    /// Keeps the client waiting.
    Slow,
    /// Closes the connection instead of answering.
    Close,
}

use Kind::{Answer, Close, Lapse, Slow, Tree};

const fn row(name: &'static str, kind: Kind, about: &'static str) -> Defect {
    Defect { name, about, kind }
}

/// Every defect.
#[rustfmt::skip]
pub static DEFECTS: [Defect; 56] = [
    row("no-self-link", Tree(bundle::no_self_link), "the Bundle has no `self` link"),
    row("self-link-without-parameters", Tree(bundle::self_link_without_parameters), "the `self` link has lost its parameters"),
    row("bsn-in-self-link", Tree(bundle::bsn_in_self_link), "the `self` link has a citizen service number"),
    row("wrong-total", Tree(bundle::wrong_total), "`total` is 1 more than there are matches"),
    row("no-total", Tree(bundle::no_total), "the Bundle has no `total`"),
    row("bundle-type-wrong", Tree(bundle::type_wrong), "the Bundle is a `collection`"),
    row("missing-fullurl", Tree(bundle::missing_full_url), "entries have no `fullUrl`"),
    row("fullurl-mismatch", Tree(bundle::full_url_mismatch), "`fullUrl` ends in another id than the resource has"),
    row("fullurl-relative", Tree(bundle::full_url_relative), "`fullUrl` is not absolute"),
    row("search-mode-missing", Tree(bundle::search_mode_missing), "entries do not say whether they match"),
    row("include-missing", Tree(bundle::include_missing), "what was to be included is not there"),
    row("include-marked-match", Tree(bundle::include_marked_match), "included entries are called matches"),
    row("match-marked-include", Tree(bundle::match_marked_include), "matches are called included"),
    row("duplicate-entry", Tree(bundle::duplicate_entry), "the first entry is there twice"),
    row("first-entry-missing", Tree(bundle::first_entry_missing), "the first entry is not there"),
    row("no-entries", Tree(bundle::no_entries), "no entry is there"),
    row("operationoutcome-as-entry", Tree(bundle::outcome_as_entry), "a fatal OperationOutcome is called a match"),
    row("wrong-resource-type", Tree(bundle::wrong_resource_type), "the first resource is a `Basic`"),
    row("next-link-broken", Tree(bundle::next_link_broken), "there is a `next` link to nowhere"),
    row("coding-without-system", Tree(content::coding_without_system), "the first Coding of each resource has no `system`"),
    row("coding-without-code", Tree(content::coding_without_code), "the first Coding of each resource has no `code`"),
    row("valueset-as-system", Tree(content::value_set_as_system), "the first Coding of each resource has a value set's OID as `system`"),
    row("codeableconcept-without-display-and-text", Tree(content::concept_without_words), "the first CodeableConcept of each resource has no words"),
    row("identifier-without-value", Tree(content::identifier_without_value), "the first Identifier of each resource has no `value`"),
    row("identifier-without-system", Tree(content::identifier_without_system), "the first Identifier of each resource has no `system` and no `type`"),
    row("bsn-in-identifier", Tree(content::bsn_in_identifier), "each resource that can have an identifier has a citizen service number"),
    row("reference-without-display", Tree(content::reference_without_display), "References have no `display`"),
    row("reference-broken", Tree(content::reference_broken), "the first Reference of each resource leads to nothing"),
    row("other-subject", Tree(content::other_subject), "References to the Patient are to somebody else"),
    row("id-missing", Tree(content::id_missing), "resources have no `id`"),
    row("missing-meta-profile", Tree(content::missing_profile), "resources do not say which profile they follow"),
    row("unknown-meta-profile", Tree(content::unknown_profile), "resources say they follow a profile that does not exist"),
    row("status-value-wrong", Tree(content::status_wrong), "`status` has a value that does not exist"),
    row("status-missing", Tree(content::status_missing), "resources have no `status`"),
    row("code-missing", Tree(content::code_missing), "resources have no `code`"),
    row("date-in-future", Tree(content::date_in_future), "the first date of each resource is in 2999"),
    row("date-malformed", Tree(content::date_malformed), "the first date of each resource is written the wrong way round"),
    row("quantity-without-unit", Tree(content::quantity_without_unit), "Quantities have no unit, system and code"),
    row("unknown-element", Tree(content::unknown_element), "resources have an element that does not exist"),
    row("status-500", Answer(http::status_500), "the status is 500"),
    row("not-found", Answer(http::not_found), "the status is 404"),
    row("unauthorized", Answer(http::unauthorized), "the status is 401, whatever the token"),
    row("200-for-error", Answer(http::ok_for_error), "errors have status 200"),
    row("redirect", Answer(http::redirect), "the status is 302, to another place"),
    row("html-instead-of-fhir", Answer(http::html), "the answer is a web page"),
    row("truncated-json", Answer(http::truncated), "the second half of the body is missing"),
    row("empty-body", Answer(http::empty), "there is no body"),
    row("invalid-utf8", Answer(http::invalid_utf8), "a byte of the body is not UTF-8"),
    row("wrong-content-type", Answer(http::wrong_content_type), "the Content-Type is `text/plain`"),
    row("no-content-type", Answer(http::no_content_type), "there is no Content-Type"),
    row("slow-answer", Slow, "the answer comes late"),
    row("connection-closed", Close, "the connection is closed without an answer"),
    row("other-patient-leaks", Lapse(|l| l.leak = true), "a token gives sight of other persons"),
    row("accepts-any-token", Lapse(|l| l.any_token = true), "any token, or none, gives sight of the first person"),
    row("ignores-parameter", Lapse(|l| l.ignore_parameter = true), "the first search parameter is not applied, yet said to be"),
    row("lastn-not-latest", Lapse(|l| l.oldest_first = true), "`$lastn` gives the oldest"),
];

impl Defect {
    /// The defect of this name.
    pub fn named(name: &str) -> Option<&'static Defect> {
        DEFECTS.iter().find(|d| d.name == name)
    }
}

/// A defect that is on, everywhere or for one resource type.
#[derive(Clone, Debug)]
pub struct ActiveDefect {
    defect: &'static Defect,
    resource_type: Option<String>,
}

impl ActiveDefect {
    /// Reads `NAME` or `NAME@Type`. The error names what is known.
    pub fn parse(text: &str) -> Result<ActiveDefect, String> {
        let (name, resource_type) = text.split_once('@').map_or((text, None), |(n, t)| (n, Some(t)));
        let defect = Defect::named(name).ok_or_else(|| {
            let names: Vec<&str> = DEFECTS.iter().map(|d| d.name).collect();
            format!("`{name}` is not a defect; there are {}", names.join(", "))
        })?;
        Ok(ActiveDefect { defect, resource_type: resource_type.map(str::to_owned) })
    }

    /// The defect.
    pub fn defect(&self) -> &'static Defect {
        self.defect
    }

    /// True when a request is about the resource type it is on for. `metadata` never has defects: it says
    /// what the server is.
    fn concerns(&self, request: &Request, base_path: &str) -> bool {
        let target = request
            .url
            .split_once("://")
            .map_or(&*request.url, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
        let path = target.split('?').next().unwrap_or_default();
        let below = path.strip_prefix(base_path).unwrap_or(path);
        let first = below.trim_start_matches('/').split('/').next().unwrap_or_default();
        first != "metadata" && self.resource_type.as_deref().is_none_or(|t| t == first)
    }
}

/// The defects that are on.
#[derive(Clone, Debug, Default)]
pub(super) struct Defects {
    active: Vec<ActiveDefect>,
    slow: Duration,
}

/// What happens to one answer besides its making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Delivery {
    /// How long the client waits.
    pub delay: Option<Duration>,
    /// No answer at all.
    pub close: bool,
}

impl Defects {
    pub fn new(active: Vec<ActiveDefect>, slow: Duration) -> Defects {
        Defects { active, slow }
    }

    fn on<'d>(&'d self, request: &'d Request, base_path: &'d str) -> impl Iterator<Item = Kind> + use<'d> {
        self.active.iter().filter(move |d| d.concerns(request, base_path)).map(|d| d.defect.kind)
    }

    /// What the service leaves undone for this request.
    pub fn lapses(&self, request: &Request, base_path: &str) -> Lapses {
        let mut lapses = Lapses::default();
        for kind in self.on(request, base_path) {
            if let Lapse(set) = kind {
                set(&mut lapses);
            }
        }
        lapses
    }

    /// Spoils a finished answer and says how it is delivered.
    pub fn spoil(
        &self,
        request: &Request,
        base_path: &str,
        response: &mut Response,
        types: &Arc<TypeTable>,
    ) -> Delivery {
        let mut delivery = Delivery::default();
        let trees: Vec<_> =
            self.on(request, base_path).filter_map(|k| if let Tree(f) = k { Some(f) } else { None }).collect();
        if !trees.is_empty() && response.status < 300 {
            rewrite(response, &trees, types);
        }
        for kind in self.on(request, base_path) {
            match kind {
                Answer(change) => change(response),
                Slow => delivery.delay = Some(self.slow),
                Close => delivery.close = true,
                Tree(_) | Lapse(_) => {}
            }
        }
        delivery
    }
}

fn rewrite(response: &mut Response, changes: &[fn(&Typed) -> Document], types: &Arc<TypeTable>) {
    let format = response.headers.get("Content-Type").and_then(Format::from_media_type);
    let text = std::str::from_utf8(&response.body).ok();
    let (Some(format), Some(text)) = (format, text) else { return };
    let Ok(document) = read(text, format) else { return };
    let mut tree = Typed::new(document, types.clone());
    for change in changes {
        tree = Typed::new(change(&tree), types.clone());
    }
    response.body = match format {
        Format::Xml => xml::write(tree.root(), &tree).into(),
        _ => json::write(tree.root(), &tree, json::Layout::Compact).into(),
    };
}

/// The resources of an answer: those in the entries of a Bundle, else the answer itself.
fn resources(tree: &Typed) -> Vec<NodeRef<'_>> {
    let root = tree.root();
    match root.resource_type() {
        Some("Bundle") => root.children_named("entry").filter_map(|e| e.child("resource")).collect(),
        _ => vec![root],
    }
}

#[cfg(test)]
mod tests;
