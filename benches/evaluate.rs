//! FHIRPath: what one evaluation costs, from a name at the root to a walk over everything.
//! `cargo bench --bench evaluate`.

mod generated;

use divan::black_box;
use keur::fhirpath::{Context, Expression};

use generated::{searchset, typed};

fn main() {
    divan::main();
}

const EXPRESSIONS: [&str; 8] = [
    "Patient.id",
    "Bundle.type",
    "Task.status = 'completed'",
    "Task.input.where(type.where(coding.where(system = 'http://snomed.info/sct' and code = '11171000146100'))).value",
    "Bundle.link.where(relation = 'self' and url.exists()).exists()",
    "Bundle.entry.count() = 2",
    "Bundle.entry.resource.ofType(Observation).where(code.coding.where(code = '14937-7').exists()).count()",
    "Bundle.descendants().where($this.is(Coding)).all(system.exists() and code.exists())",
];

#[divan::bench(args = EXPRESSIONS)]
fn evaluate(bencher: divan::Bencher, text: &str) {
    let (document, expression) = (typed(&searchset(70)), Expression::parse(text).expect("FHIRPath"));
    bencher.bench(|| expression.evaluate(&Context::new(black_box(&document))).map(|found| found.len()));
}
