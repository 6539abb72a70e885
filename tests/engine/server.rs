//! A loopback HTTP server that gives canned answers and remembers what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Canned {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub delay: Duration,
    /// Closes the connection after this many bytes of the body.
    pub breaks_after: Option<usize>,
}

impl Canned {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Canned {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Canned { status, headers, body: body.into(), delay: Duration::ZERO, breaks_after: None }
    }

    pub fn json(status: u16, body: &str) -> Canned {
        Canned::new(status, "application/fhir+json;charset=UTF-8", body)
    }

    pub fn xml(status: u16, body: &str) -> Canned {
        Canned::new(status, "application/fhir+xml", body)
    }

    pub fn after(mut self, delay: Duration) -> Canned {
        self.delay = delay;
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Canned {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Answer = dyn Fn(&Asked) -> Canned + Send + Sync;

/// Listens until the process ends.
pub struct Server {
    pub base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Canned + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}/48/fhir", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer): (_, Arc<Answer>) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        Server { base, asked }
    }

    /// Gives everybody the same answer.
    pub fn saying(canned: Canned) -> Server {
        Server::start(move |_| canned.clone())
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &Answer) {
    let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
    let mut stream = stream;
    while let Some(asked) = read(&mut reader) {
        log.lock().expect("no panic").push(asked.clone());
        let canned = answer(&asked);
        std::thread::sleep(canned.delay);
        let mut head = format!("HTTP/1.1 {} x\r\nContent-Length: {}\r\n", canned.status, canned.body.len());
        for (name, value) in &canned.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let sent = canned.breaks_after.unwrap_or(canned.body.len());
        let whole = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&canned.body[..sent]));
        if whole.is_err() || canned.breaks_after.is_some() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut lines = vec![];
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut start = lines.first()?.split(' ');
    let (method, target) = (start.next()?.to_owned(), start.next()?.to_owned());
    let split = |line: &String| line.split_once(':').map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned()));
    let headers: Vec<(String, String)> = lines[1..].iter().filter_map(split).collect();
    let length = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.and_then(|(_, v)| v.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, target, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
