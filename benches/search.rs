//! Searching: `Observation?code=` over 10,000 resources of the simulator, through HTTP, all of it on one core.
//! `cargo bench --bench search`.
//!
//! The client is a few lines over a socket that stays open, on the thread of the server: what it costs is in
//! the figure, but it is little beside an answer of five entries.

use std::error::Error;
use std::time::Instant;

use keur::definitions::Definitions;
use keur::fhir::FhirVersion;
use keur::simulator::{Fixture, RunningSimulator, Settings, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const RESOURCES: usize = 10_000;
/// Each code is that of five resources.
const CODES: usize = RESOURCES / 5;
const REQUESTS: usize = 20_000;

const SEARCHES: [(&str, &str); 3] = [
    ("by code", "/Observation?code=http://loinc.org%7C77-1"),
    ("by code and date, ten a page", "/Observation?code=http://loinc.org%7C77-1&date=ge2024-01-01&_count=10"),
    ("a code that nothing has", "/Observation?code=http://loinc.org%7C99999-1"),
];

fn observation(number: usize) -> Fixture {
    let (code, day, person) = (number % CODES, number % 28 + 1, number % 100);
    let text = format!(
        r#"{{"resourceType": "Observation", "id": "o{number}", "status": "final",
  "category": [{{"coding": [{{"system": "http://snomed.info/sct", "code": "275711006", "display": "Chemistry"}}]}}],
  "code": {{"coding": [{{"system": "http://loinc.org", "code": "{code}-1", "display": "Test {code}"}}]}},
  "subject": {{"reference": "Patient/p{person}", "display": "T. Proef"}}, "effectiveDateTime": "2024-03-{day:02}T08:30:00+01:00",
  "valueQuantity": {{"value": {number}.5, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}}}}"#
    );
    Fixture { name: format!("o{number}.json").into(), text: text.into() }
}

/// A connection that stays open.
struct Client {
    socket: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    async fn connect(simulator: &RunningSimulator, path: &str) -> Result<Client, Box<dyn Error>> {
        let socket = TcpStream::connect(simulator.address).await?;
        socket.set_nodelay(true)?;
        let host = simulator.address;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/fhir+json\r\n\r\n");
        Ok(Client { socket, request: request.into_bytes(), answer: vec![0; 1 << 20] })
    }

    /// Asks once; the length of the body of a good answer.
    async fn ask(&mut self) -> Result<usize, Box<dyn Error>> {
        self.socket.write_all(&self.request).await?;
        let mut read = 0;
        loop {
            let more = self.socket.read(&mut self.answer[read..]).await?;
            if more == 0 {
                return Err("the connection was closed".into());
            }
            read += more;
            let Some(head) = self.answer[..read].windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(&self.answer[..head])?.to_ascii_lowercase();
            let body = text.lines().find_map(|line| line.strip_prefix("content-length:")).ok_or("no length")?;
            let body: usize = body.trim().parse()?;
            if !text.starts_with("http/1.1 200") {
                return Err(text.into());
            }
            if read >= head + 4 + body {
                return Ok(body);
            }
        }
    }
}

async fn measure() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let definitions = Definitions::embedded(FhirVersion::Stu3);
    let settings = Settings { fixtures: (0..RESOURCES).map(observation).collect(), ..Settings::new(definitions) };
    let simulator = Simulator::start(settings).await?;
    println!("{} resources are loaded in {} ms", simulator.resources, started.elapsed().as_millis());
    for (name, path) in SEARCHES {
        let mut client = Client::connect(&simulator, path).await?;
        // The index is made with the first search.
        let bytes = client.ask().await?;
        let started = Instant::now();
        for _ in 0..REQUESTS {
            client.ask().await?;
        }
        let a_second = REQUESTS as f64 / started.elapsed().as_secs_f64();
        println!("{a_second:.0} requests a second, answers of {bytes} bytes: {name}");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --benches` only wants to know that it is there.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure())
}
