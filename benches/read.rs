//! Reading: JSON and XML text to element tree, and typing it. `cargo bench --bench read`.
//!
mod generated;

use divan::counter::BytesCount;
use keur::definitions::{Definitions, Typed};
use keur::fhir::{self, FhirVersion, Format, json, xml};

use generated::{searchset, typed};

fn main() {
    divan::main();
}

#[divan::bench]
fn json_to_tree(bencher: divan::Bencher) {
    let text: std::sync::Arc<str> = searchset(70).into();
    bencher.counter(BytesCount::of_str(&*text)).bench(|| fhir::read(text.clone(), Format::Json));
}

#[divan::bench]
fn json_to_serde_value(bencher: divan::Bencher) {
    let text = searchset(70);
    bencher.counter(BytesCount::of_str(&*text)).bench(|| serde_json::from_str::<serde_json::Value>(&text));
}

#[divan::bench]
fn xml_to_tree(bencher: divan::Bencher) {
    let doc = typed(&searchset(70));
    let text: std::sync::Arc<str> = xml::write(doc.root(), &doc).into();
    bencher.counter(BytesCount::of_str(&*text)).bench(|| fhir::read(text.clone(), Format::Xml));
}

#[divan::bench]
fn typing(bencher: divan::Bencher) {
    let text = searchset(70);
    let types = Definitions::embedded(FhirVersion::Stu3).types();
    bencher
        .with_inputs(|| fhir::read(text.as_str(), Format::Json).expect("generated"))
        .bench_values(|doc| Typed::new(doc, types.clone()));
}

#[divan::bench]
fn tree_to_json(bencher: divan::Bencher) {
    let doc = typed(&searchset(70));
    bencher.bench(|| json::write(doc.root(), &doc, json::Layout::Compact));
}
