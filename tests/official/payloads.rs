//! What official fixtures send, sent to our own scripts for clients: what these ask of what is sent holds there.
//!
//! A script waits as it does for the client of a party, and a small client posts the fixture with the token of the
//! script's own person.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use keur::fhir::Format;
use keur::testscript::{Circumstances, Variables, placeholders};
use libtest_mimic::Failed;

use crate::client_sets::Waiting;
use crate::material::Material;
use crate::outcome::Counts;
use crate::table::Table;

/// A script of ours, and what is sent to it: a Bundle for each of its tests.
pub struct Sent {
    pub suite: &'static str,
    script: &'static str,
    /// Below `output/`.
    bundles: &'static [&'static str],
}

pub const SENT: [Sent; 5] = [
    Sent {
        suite: "images-2.0",
        script: "01-one-image",
        bundles: &[
            "STU3/Images-2-0/MedMij/Cert/_reference/transaction-bundles/images-scenario-1-1-Bundle-one-image.json",
        ],
    },
    Sent {
        suite: "images-2.0",
        script: "01-one-image",
        bundles: &[
            "STU3/Images-2-0/MedMij/Cert/_reference/transaction-bundles/images-scenario-1-2-Bundle-collection-images.json",
        ],
    },
    Sent {
        suite: "selfmeasurements-share-2.0",
        script: "01-blood-pressure",
        bundles: &[
            "STU3/SelfMeasurements-2-0/MedMij/Cert/_reference/resources-serve-receive/medmij-selfmeasurements-serve-receive-scenario-2-2-bundle.json",
        ],
    },
    Sent {
        suite: "selfmeasurements-share-2.0",
        script: "01-blood-pressure",
        bundles: &[
            "STU3/SelfMeasurements-2-0/MedMij/Cert/_reference/resources-serve-receive/medmij-selfmeasurements-serve-receive-scenario-2-3-bundle.json",
        ],
    },
    Sent {
        suite: "pdfa-3.0",
        script: "06-send-documents",
        bundles: &[
            "STU3/PDFA-3-0/MedMij/Cert/_reference/resources/medmij-pdfa-Bundle-kwalificatie1.json",
            "STU3/PDFA-3-0/MedMij/Cert/_reference/resources/medmij-pdfa-Bundle-kwalificatie2.json",
        ],
    },
];

/// Sends the Bundles; every assert of the script holds.
pub fn play(material: &Material, sent: &Sent, table: &Table) -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("testscripts").join(sent.suite).join("retrieving").join(format!("{}.yaml", sent.script));
    let persons = root.join("fixtures").join(sent.suite);
    let more = ["--fixtures".to_owned(), persons.display().to_string()];
    let tokens = ["--tokens".to_owned(), persons.join("tokens.json").display().to_string()];
    let text = std::fs::read_to_string(&script)?;
    let token =
        text.split("defaultValue: ").find(|part| part.starts_with("Bearer ")).and_then(|part| part.lines().next());
    let token = token.ok_or("the script has no token")?;
    let waiting = Waiting::start(material, std::slice::from_ref(&script), "127.0.0.1:0", &[more, tokens].concat())?;
    for bundle in sent.bundles {
        let body = filled(&std::fs::read_to_string(material.scripts.join("output").join(bundle))?)?;
        let answer = post(&waiting.url, token, &body)?;
        if !answer.starts_with("HTTP/1.1 20") {
            return Err(format!("{bundle}: {}", answer.lines().next().unwrap_or_default()).into());
        }
    }
    let counts = Counts::of(&waiting.report()?);
    table.add(sent.suite, "sent", &counts);
    match counts.asserts > 0 && counts.pass + counts.warning == counts.asserts {
        true => Ok(()),
        false => Err(format!("{counts:?}").into()),
    }
}

/// A fixture as it is today.
fn filled(text: &str) -> Result<String, Failed> {
    let circumstances = Circumstances::live();
    let mut variables = Variables::new(&circumstances);
    variables.set("T", circumstances.now().date().to_string());
    let filled = placeholders::substitute(text, Format::Json, &variables);
    Ok(filled.map_err(|unresolved| format!("{unresolved:?}"))?.to_string())
}

/// The answer to a Bundle posted to the base address, as it came.
fn post(url: &str, token: &str, body: &str) -> Result<String, Failed> {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host)?;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: {token}\r\n\
         Accept: application/fhir+json\r\nContent-Type: application/fhir+json\r\n\
         MedMij-Request-ID: 0b0e0e4e-7d5c-4f0a-9a55-6b2f3f1c7a01\r\n\
         X-Correlation-ID: 0b0e0e4e-7d5c-4f0a-9a55-6b2f3f1c7a02\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
