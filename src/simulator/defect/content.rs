//! Faults of the resources in an answer.

use std::collections::HashSet;

use super::resources;
use crate::definitions::Typed;
use crate::fhir::{Builder, Document, NodeId, NodeRef};
use crate::simulator::edit::{Edit, rebuild};

/// Changes nodes inside resources; the Bundle around them stays.
fn inside(tree: &Typed, mut pick: impl FnMut(NodeRef<'_>) -> Option<Edit>) -> Document {
    let is_bundle = tree.root().resource_type() == Some("Bundle");
    rebuild(tree, &mut |node| {
        let own = is_bundle && node.resource().is_some_and(|r| r == tree.root());
        if own { Edit::Keep } else { pick(node).unwrap_or(Edit::Keep) }
    })
}

/// The first node of each resource that is wanted.
fn firsts(tree: &Typed, wanted: impl Fn(NodeRef<'_>) -> bool) -> HashSet<NodeId> {
    let first = |r: &NodeRef<'_>| r.descendants_and_self().find(|n| wanted(*n)).map(|n| n.id());
    resources(tree).iter().filter_map(first).collect()
}

fn is_a(tree: &Typed, node: NodeRef<'_>, types: &[&str]) -> bool {
    types.contains(&tree.type_name(node.id()))
}

/// Changes children of the first element of a type in each resource.
fn in_first(tree: &Typed, ty: &str, has: &str, change: impl Fn(NodeRef<'_>) -> Option<Edit>) -> Document {
    let chosen = firsts(tree, |n| is_a(tree, n, &[ty]) && n.child(has).is_some());
    inside(tree, |n| n.parent().filter(|p| chosen.contains(&p.id())).and_then(|_| change(n)))
}

fn without(tree: &Typed, ty: &str, has: &str, names: &[&str]) -> Document {
    in_first(tree, ty, has, |n| names.contains(&n.name()).then_some(Edit::Drop))
}

pub(super) fn coding_without_system(tree: &Typed) -> Document {
    without(tree, "Coding", "system", &["system"])
}

pub(super) fn coding_without_code(tree: &Typed) -> Document {
    without(tree, "Coding", "code", &["code"])
}

pub(super) fn value_set_as_system(tree: &Typed) -> Document {
    const VALUE_SET: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.60.40.2.12.5.1";
    in_first(tree, "Coding", "system", |n| (n.name() == "system").then(|| Edit::Value(VALUE_SET.into())))
}

pub(super) fn concept_without_words(tree: &Typed) -> Document {
    let has_words = |n: NodeRef<'_>| n.child("text").is_some() || n.children().any(|c| c.child("display").is_some());
    let chosen = firsts(tree, |n| is_a(tree, n, &["CodeableConcept"]) && has_words(n));
    let of_chosen = |n: Option<NodeRef<'_>>| n.is_some_and(|n| chosen.contains(&n.id()));
    inside(tree, |n| {
        let text = n.name() == "text" && of_chosen(n.parent());
        let display = n.name() == "display" && of_chosen(n.parent().and_then(|p| p.parent()));
        (text || display).then_some(Edit::Drop)
    })
}

pub(super) fn identifier_without_value(tree: &Typed) -> Document {
    without(tree, "Identifier", "value", &["value"])
}

pub(super) fn identifier_without_system(tree: &Typed) -> Document {
    without(tree, "Identifier", "value", &["system", "type"])
}

fn is_resource(tree: &Typed, node: NodeRef<'_>) -> bool {
    resources(tree).contains(&node)
}

pub(super) fn bsn_in_identifier(tree: &Typed) -> Document {
    let table = tree.table();
    let can = |n: NodeRef<'_>| table.child(tree.node_type(n.id()).ty, "identifier").is_some();
    let chosen: HashSet<NodeId> = resources(tree).into_iter().filter(|n| can(*n)).map(|n| n.id()).collect();
    inside(tree, |n| chosen.contains(&n.id()).then_some(Edit::Append(bsn)))
}

fn bsn(builder: &mut Builder) {
    builder.open("identifier").text("system", "http://fhir.nl/fhir/NamingSystem/bsn").text("value", "999911120");
    builder.close().array_item();
}

pub(super) fn reference_without_display(tree: &Typed) -> Document {
    inside(tree, |n| {
        let of_reference = n.parent().is_some_and(|p| is_a(tree, p, &["Reference"]));
        (n.name() == "display" && of_reference).then_some(Edit::Drop)
    })
}

pub(super) fn reference_broken(tree: &Typed) -> Document {
    in_first(tree, "Reference", "reference", |n| {
        let value = n.value().unwrap_or_default();
        let broken = value.rsplit_once('/').map_or("gone".to_owned(), |(before, _)| format!("{before}/does-not-exist"));
        (n.name() == "reference").then_some(Edit::Value(broken))
    })
}

pub(super) fn other_subject(tree: &Typed) -> Document {
    inside(tree, |n| {
        let to_patient = n.name() == "reference" && n.value().is_some_and(|v| v.contains("Patient/"));
        to_patient.then(|| Edit::Value("Patient/somebody-else".into()))
    })
}

/// Elements of the resources themselves, by name.
fn own(tree: &Typed, name: &str, edit: impl Fn() -> Edit) -> Document {
    inside(tree, |n| (n.name() == name && n.parent().is_some_and(|p| is_resource(tree, p))).then(&edit))
}

pub(super) fn id_missing(tree: &Typed) -> Document {
    own(tree, "id", || Edit::Drop)
}

pub(super) fn status_wrong(tree: &Typed) -> Document {
    own(tree, "status", || Edit::Value("nonsense".into()))
}

pub(super) fn status_missing(tree: &Typed) -> Document {
    own(tree, "status", || Edit::Drop)
}

pub(super) fn code_missing(tree: &Typed) -> Document {
    own(tree, "code", || Edit::Drop)
}

fn profiles(tree: &Typed, edit: impl Fn() -> Edit) -> Document {
    inside(tree, |n| (n.name() == "profile" && n.parent().is_some_and(|p| p.name() == "meta")).then(&edit))
}

pub(super) fn missing_profile(tree: &Typed) -> Document {
    profiles(tree, || Edit::Drop)
}

pub(super) fn unknown_profile(tree: &Typed) -> Document {
    profiles(tree, || Edit::Value("http://example.org/StructureDefinition/does-not-exist".into()))
}

fn first_date(tree: &Typed, change: impl Fn(&str) -> String) -> Document {
    let in_meta = |n: NodeRef<'_>| n.parent().is_some_and(|p| p.name() == "meta");
    let chosen =
        firsts(tree, |n| is_a(tree, n, &["date", "dateTime", "instant"]) && n.value().is_some() && !in_meta(n));
    inside(tree, |n| chosen.contains(&n.id()).then(|| Edit::Value(change(n.value().unwrap_or_default()))))
}

pub(super) fn date_in_future(tree: &Typed) -> Document {
    first_date(tree, |date| format!("2999{}", date.get(4..).unwrap_or_default()))
}

pub(super) fn date_malformed(tree: &Typed) -> Document {
    first_date(tree, |_| "31-12-2023".into())
}

pub(super) fn quantity_without_unit(tree: &Typed) -> Document {
    const QUANTITIES: [&str; 6] = ["Quantity", "Age", "Duration", "Distance", "Count", "Money"];
    inside(tree, |n| {
        let of_quantity = n.parent().is_some_and(|p| is_a(tree, p, &QUANTITIES) || p.name() == "valueQuantity");
        (of_quantity && matches!(n.name(), "unit" | "system" | "code")).then_some(Edit::Drop)
    })
}

pub(super) fn unknown_element(tree: &Typed) -> Document {
    inside(tree, |n| is_resource(tree, n).then_some(Edit::Append(unknown)))
}

fn unknown(builder: &mut Builder) {
    builder.text("keurDefect", "an element nobody defined");
}
