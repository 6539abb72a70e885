//! Faults of the Bundle around the resources.

use super::resources;
use crate::definitions::Typed;
use crate::fhir::{Builder, Document, NodeRef};
use crate::simulator::edit::{Edit, rebuild};

/// Changes the nodes of the Bundle itself, not of what is in its entries, for which `pick` gives an edit.
fn envelope(tree: &Typed, mut pick: impl FnMut(NodeRef<'_>) -> Option<Edit>) -> Document {
    let is_bundle = tree.root().resource_type() == Some("Bundle");
    rebuild(tree, &mut |node| {
        let own = is_bundle && node.resource().is_some_and(|r| r == tree.root());
        if own { pick(node).unwrap_or(Edit::Keep) } else { Edit::Keep }
    })
}

fn parent_is(node: NodeRef<'_>, name: &str) -> bool {
    node.parent().is_some_and(|p| p.name() == name)
}

fn is_link(node: NodeRef<'_>, relation: &str) -> bool {
    node.name() == "link" && node.child_value("relation") == Some(relation)
}

fn self_url(tree: &Typed, change: impl Fn(&str) -> String) -> Document {
    envelope(tree, |n| {
        let of_self = n.name() == "url" && n.parent().is_some_and(|p| is_link(p, "self"));
        of_self.then(|| Edit::Value(change(n.value().unwrap_or_default())))
    })
}

pub(super) fn no_self_link(tree: &Typed) -> Document {
    envelope(tree, |n| is_link(n, "self").then_some(Edit::Drop))
}

pub(super) fn self_link_without_parameters(tree: &Typed) -> Document {
    self_url(tree, |url| url.split('?').next().unwrap_or_default().to_owned())
}

pub(super) fn bsn_in_self_link(tree: &Typed) -> Document {
    self_url(tree, |url| {
        let join = if url.contains('?') { '&' } else { '?' };
        format!("{url}{join}patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn%7C999911120")
    })
}

pub(super) fn wrong_total(tree: &Typed) -> Document {
    let more = |n: NodeRef<'_>| n.value().and_then(|v| v.parse::<u64>().ok()).map_or(1, |t| t.saturating_add(1));
    envelope(tree, |n| (n.name() == "total").then(|| Edit::Value(more(n).to_string())))
}

pub(super) fn no_total(tree: &Typed) -> Document {
    envelope(tree, |n| (n.name() == "total").then_some(Edit::Drop))
}

pub(super) fn type_wrong(tree: &Typed) -> Document {
    envelope(tree, |n| (n.name() == "type" && parent_is(n, "Bundle")).then(|| Edit::Value("collection".into())))
}

fn full_urls(tree: &Typed, change: impl Fn(&str) -> Edit) -> Document {
    envelope(tree, |n| (n.name() == "fullUrl").then(|| change(n.value().unwrap_or_default())))
}

pub(super) fn missing_full_url(tree: &Typed) -> Document {
    full_urls(tree, |_| Edit::Drop)
}

pub(super) fn full_url_mismatch(tree: &Typed) -> Document {
    full_urls(tree, |url| Edit::Value(format!("{url}-other")))
}

pub(super) fn full_url_relative(tree: &Typed) -> Document {
    full_urls(tree, |url| {
        let slashes: Vec<usize> = url.rmatch_indices('/').map(|(at, _)| at).collect();
        Edit::Value(slashes.get(1).map_or(url, |at| &url[at + 1..]).to_owned())
    })
}

pub(super) fn search_mode_missing(tree: &Typed) -> Document {
    envelope(tree, |n| (n.name() == "search" && parent_is(n, "entry")).then_some(Edit::Drop))
}

fn mode(entry: NodeRef<'_>) -> Option<&str> {
    entry.child("search").and_then(|s| s.child_value("mode"))
}

pub(super) fn include_missing(tree: &Typed) -> Document {
    envelope(tree, |n| (n.name() == "entry" && mode(n) == Some("include")).then_some(Edit::Drop))
}

fn renamed_mode(tree: &Typed, from: &str, to: &str) -> Document {
    envelope(tree, |n| {
        (n.name() == "mode" && parent_is(n, "search") && n.value() == Some(from)).then(|| Edit::Value(to.into()))
    })
}

pub(super) fn include_marked_match(tree: &Typed) -> Document {
    renamed_mode(tree, "include", "match")
}

pub(super) fn match_marked_include(tree: &Typed) -> Document {
    renamed_mode(tree, "match", "include")
}

fn first_entry(tree: &Typed, edit: Edit) -> Document {
    let first = tree.root().child("entry");
    envelope(tree, |n| (Some(n) == first).then(|| edit.clone()))
}

pub(super) fn duplicate_entry(tree: &Typed) -> Document {
    first_entry(tree, Edit::Twice)
}

pub(super) fn first_entry_missing(tree: &Typed) -> Document {
    first_entry(tree, Edit::Drop)
}

pub(super) fn no_entries(tree: &Typed) -> Document {
    envelope(tree, |n| (n.name() == "entry").then_some(Edit::Drop))
}

pub(super) fn outcome_as_entry(tree: &Typed) -> Document {
    envelope(tree, |n| (n == tree.root()).then_some(Edit::Append(outcome_entry)))
}

fn outcome_entry(builder: &mut Builder) {
    builder.open("entry").open_resource("resource", "OperationOutcome").open("issue");
    builder.text("severity", "fatal").text("code", "exception").text("diagnostics", "the register did not answer");
    builder.close().array_item().close();
    builder.open("search").text("mode", "match").close().close().array_item();
}

pub(super) fn next_link_broken(tree: &Typed) -> Document {
    envelope(tree, |n| match n == tree.root() {
        true => Some(Edit::Append(next_link)),
        false => is_link(n, "next").then_some(Edit::Drop),
    })
}

fn next_link(builder: &mut Builder) {
    builder.open("link").text("relation", "next").text("url", "http://127.0.0.1:9/gone?page=2").close().array_item();
}

pub(super) fn wrong_resource_type(tree: &Typed) -> Document {
    let first = resources(tree).first().copied();
    rebuild(tree, &mut |n| if Some(n) == first { Edit::Type("Basic") } else { Edit::Keep })
}
