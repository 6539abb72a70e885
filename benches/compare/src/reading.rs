//! Reading JSON and XML. Peers keep no place of anything; keur's tree knows the span of every element.

use keur::fhir::{self, Format};
use quick_xml::events::Event;

use super::bounds::Bounds;
use super::clock::median;
use super::input;
use super::table::Results;

/// JSON to a value, XML to events.
pub fn measure(results: &mut Results, bounds: &mut Bounds) {
    let json = input::bundle();
    let tree = median(|| fhir::read(json.clone(), Format::Json));
    let rate = json.len() as f64 / tree.as_secs_f64() / 1e6;
    let remark = format!("{} bytes; keur reads {rate:.0} MB/s, with spans", json.len());
    let value = median(|| serde_json::from_str::<serde_json::Value>(&json));
    let times = results.row("JSON to a tree", "`serde_json::Value`", (tree, value), remark);
    bounds.least("JSON to a tree with spans, beside `serde_json::Value`", Some(times), 0.7, "times as fast");
    let bytes = json.as_bytes();
    let simd = median(|| simd_json::to_owned_value(&mut bytes.to_vec()));
    results.row("JSON to a tree", "`simd_json::OwnedValue`", (tree, simd), "without spans");

    let xml = input::xml_bundle();
    let tree = median(|| fhir::read(xml.clone(), Format::Xml));
    let rate = xml.len() as f64 / tree.as_secs_f64() / 1e6;
    let events = median(|| {
        let mut reader = quick_xml::Reader::from_str(&xml);
        let mut count = 0;
        while let Ok(event) = reader.read_event() {
            if matches!(event, Event::Eof) {
                break;
            }
            count += 1;
        }
        count
    });
    let remark = format!("{} bytes; keur reads {rate:.0} MB/s; bare events, no tree: a floor", xml.len());
    results.row("XML to a tree", "`quick_xml` events", (tree, events), remark);
}
