//! The proxy: changes nothing, keeps parties apart, judges both sides, takes no memory.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use super::message::{self, Message};
use super::{Running, ask, is_long, json, keur, memory, run};

/// A server that answers every request with a fixed answer and hands out what it got.
fn upstream(answer: Vec<u8>) -> (String, std::sync::mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (send, got) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (send, answer) = (send.clone(), answer.clone());
            std::thread::spawn(move || {
                let mut text: Vec<u8> = vec![];
                let mut byte = [0; 1];
                while stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    text.push(byte[0]);
                    let Some(head) = text.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let head_text = String::from_utf8_lossy(&text[..head]).to_ascii_lowercase();
                    let length = head_text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                    if text.len() == head + 4 + length.unwrap_or(0usize) {
                        let _ = send.send(std::mem::take(&mut text));
                        let _ = stream.write_all(&answer);
                    }
                }
            });
        }
    });
    (address, got)
}

#[test]
fn what_passes_the_proxy_is_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    // Bytes that are no text, said to be gzip: nobody may unpack them.
    let body: Vec<u8> = (0..20_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let mut answer = format!(
        "HTTP/1.1 207 Odd\r\nX-MiXed: One\r\nX-MiXed: Two\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    let (server, got) = upstream(answer.clone());
    let target = format!("http://{server}/base/fhir");
    let arguments = ["proxy", "--upstream", &target, "--listen", "127.0.0.1:0", "--party", "a", "--party", "b=env:B"];
    let proxy = Running::start(keur(folder.path(), &arguments).env("B", "secret-b"));
    // One connection carries them all.
    let mut stream = TcpStream::connect(&proxy.1).unwrap();
    for (asked, below, header) in [
        ("/a/Patient?_id=%7C1&b=a+b", "/Patient?_id=%7C1&b=a+b", "X-OwN: vaLue"),
        ("/a?x", "?x", "Accept-Encoding: gzip, br"),
        ("/Obs/%2F/1", "/Obs/%2F/1", "Authorization: Bearer secret-b"),
    ] {
        for sent in ["", "{\"a\":  1}\n"] {
            let head = format!("{header}\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: {}\r\n", sent.len());
            let request = format!("POST {asked} HTTP/1.1\r\nHost: {}\r\nKeep-Alive: 5\r\n{head}\r\n{sent}", proxy.1);
            stream.write_all(request.as_bytes()).unwrap();
            let received = String::from_utf8(got.recv_timeout(Duration::from_secs(20)).unwrap()).unwrap();
            let direct = format!("POST /base/fhir{below} HTTP/1.1\r\nHost: {server}\r\n{head}\r\n{sent}");
            let lines = |text: &str| {
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                let mut fields: Vec<String> = head.split("\r\n").skip(1).map(str::to_owned).collect();
                // Fields of one name keep their order; that of different names says nothing (RFC 9110, 5.3).
                fields.sort_by_key(|field| field.split(':').next().unwrap_or_default().to_ascii_lowercase());
                (head.split("\r\n").next().unwrap_or_default().to_owned(), fields, body.to_owned())
            };
            assert_eq!(lines(&received), lines(&direct));
            let mut came = vec![0; answer.len()];
            stream.read_exact(&mut came[..12]).unwrap();
            assert_eq!(&came[..12], b"HTTP/1.1 207");
            let mut text = came[..12].to_vec();
            while !text.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                text.push(byte[0]);
            }
            let head = String::from_utf8(text).unwrap();
            for field in ["X-MiXed: One\r\n", "X-MiXed: Two\r\n", "Content-Encoding: gzip\r\n"] {
                assert!(head.contains(field), "{head}");
            }
            assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
            let mut whole = vec![0; body.len()];
            stream.read_exact(&mut whole).unwrap();
            assert!(whole == body, "the body is another one");
        }
    }
}

#[test]
fn what_is_recorded_of_one_party_is_not_with_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (server, got) = upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec());
    let target = format!("http://{server}");
    let arguments = ["proxy", "--upstream", &target, "--listen", "127.0.0.1:0", "--party", "a", "--party", "b=env:B"];
    let mut proxy = Running::start(keur(folder.path(), &arguments).env("B", "secret-b"));
    ask(&proxy.1, "GET", "/a/only-a", None);
    ask(&proxy.1, "GET", "/only-b", Some("secret-b"));
    ask(&proxy.1, "GET", "/of-nobody", None);
    assert_eq!(got.iter().take(3).count(), 3);
    let stopped = Command::new("kill").args(["-INT", &proxy.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    proxy.0.wait().unwrap();
    let runs = std::fs::read_dir(folder.path().join(".keur/runs")).unwrap();
    let mut logs: BTreeMap<char, String> = BTreeMap::new();
    for run in runs.map(|run| run.unwrap().path()) {
        let name = run.file_name().unwrap().to_string_lossy().chars().last().unwrap();
        logs.insert(name, std::fs::read_to_string(run.join("events.jsonl")).unwrap());
    }
    assert_eq!(logs.keys().collect::<String>(), "ab");
    assert!(logs[&'a'].contains("/only-a") && !logs[&'a'].contains("only-b"));
    assert!(logs[&'b'].contains("/only-b") && !logs[&'b'].contains("only-a"));
    assert!(logs.values().all(|log| !log.contains("of-nobody") && !log.contains("secret-b")));
}

#[test]
fn both_sides_are_judged_on_what_passes_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&mut keur(
        folder.path(),
        &[
            "serve",
            "--fixtures",
            "fixtures/bgz-3.0",
            "--tokens",
            "fixtures/bgz-3.0/tokens.json",
            "--listen",
            "127.0.0.1:0",
        ],
    ));
    let target = format!("http://{}", server.1);
    let scripts = ["retrieving", "serving"].map(|role| format!("testscripts/bgz-3.0/{role}/12-alert.yaml"));
    let arguments = ["proxy", "--upstream", &target, "--listen", "127.0.0.1:0", "--report", "json=r.json"];
    let mut proxy = Running::start(keur(folder.path(), &arguments).args([
        "--scripts",
        &scripts[0],
        "--scripts",
        &scripts[1],
        "--tokens",
        "fixtures/bgz-3.0/tokens.json",
    ]));
    let base = format!("http://{}", proxy.1);
    let played = run(&mut keur(folder.path(), &["play", &scripts[0], "--target", &base]));
    assert_eq!(played.0, 0, "{}", String::from_utf8_lossy(&played.1.stderr));
    assert_eq!(proxy.0.wait().unwrap().code(), Some(3), "the client did not ask for everything");
    let report = json(&folder.path().join("r.json"));
    let scripts = report["scripts"].as_array().unwrap();
    assert_eq!(scripts[0]["verdict"], "passed", "the client");
    let tests = scripts[1]["tests"].as_array().unwrap();
    let verdict = |id: &str| tests.iter().find(|test| test["id"] == id).map(|test| test["verdict"].clone());
    assert_eq!(verdict("keurmeester-json"), Some("passed".into()));
    assert_eq!(verdict("keurmeester-xml"), Some("incomplete".into()), "nobody asked for XML");
}

#[test]
fn a_slow_reader_slows_the_server_down_and_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let proxy = Running::start(&mut keur(folder.path(), &["proxy", "--upstream", &target, "--listen", "127.0.0.1:0"]));
    let written = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = written.clone();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n");
        let block = vec![1; 1 << 16];
        while stream.write_all(&block).is_ok() {
            count.fetch_add(block.len(), std::sync::atomic::Ordering::SeqCst);
        }
    });
    let mut stream = TcpStream::connect(&proxy.1).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut head = [0; 100];
    stream.read_exact(&mut head).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let (resident, _) = memory(proxy.0.id());
    assert!(written.load(std::sync::atomic::Ordering::SeqCst) < 64 << 20, "the server was not slowed down");
    assert!(0 < resident && resident < 100_000, "{resident} kB");
}

/// An answer for every number: plain, packed, in chunks, large, empty.
fn answer(number: usize) -> Vec<u8> {
    let text = format!("{{\"resourceType\":\"Bundle\",\"id\":\"{number}\"}}").repeat(1 + number % 40);
    let own = format!("X-Number: {number}\r\nX-Twice: a\r\nX-Twice: b\r\nETag: W/\"{number}\"\r\n");
    let with = |status: &str, fields: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\n{own}{fields}Content-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    match number % 5 {
        0 => with("200 OK", "Content-Type: application/fhir+json\r\nKeep-Alive: timeout=5\r\n", text.as_bytes()),
        1 => {
            let mut packer = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
            packer.write_all(text.as_bytes()).unwrap();
            with("200 Fine", "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n", &packer.finish().unwrap())
        }
        2 => {
            let head = format!("HTTP/1.1 201 Created\r\n{own}Transfer-Encoding: chunked\r\n\r\n");
            let chunks: String = text.as_bytes().chunks(97).map(message::chunk).collect();
            format!("{head}{chunks}0\r\n\r\n").into_bytes()
        }
        3 => with("422 Unprocessable", "", &vec![(number % 251) as u8; 100_000 + number]),
        _ => with("404 Not Found", "Content-Type: text/plain\r\n", b""),
    }
}

/// A request for every number: methods, queries as they are written, bodies plain, in chunks and large.
fn request(number: usize, base: &str, host: &str) -> Vec<u8> {
    let method = ["GET", "POST", "PUT", "DELETE", "PATCH"][number % 5];
    let query = ["", "?_id=%7C1&b=a+b", "?a=b%20c&&d", "?code=http://x|y"][number % 4];
    let own = format!("X-CaSe: {number}\r\nX-Twice: 1\r\nX-Twice: 2\r\nAccept-Encoding: gzip\r\n");
    let head = format!("{method} {base}/Obs/%2F/{number}{query} HTTP/1.1\r\nHost: {host}\r\n{own}");
    let text = format!("{{\"n\":  {number}}}\n");
    match (method, number % 7) {
        ("GET" | "DELETE", _) => format!("{head}\r\n").into_bytes(),
        (_, 3) => {
            let chunks: String = text.repeat(50).as_bytes().chunks(31).map(message::chunk).collect();
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n").into_bytes()
        }
        (_, 5) => {
            let body = text.repeat(8_000);
            format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        }
        _ => format!("{head}Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes(),
    }
}

/// A server that answers by the number in the path and hands out what it got.
fn echoing() -> (String, std::sync::mpsc::Receiver<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (send, got) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), send) = (stream, send.clone()) else { return };
            std::thread::spawn(move || {
                let mut reader = std::io::BufReader::new(stream);
                while let Some(asked) = message::read(&mut reader, true) {
                    let path = asked.start.split([' ', '?']).nth(1).unwrap_or_default();
                    let number = path.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0);
                    if send.send(asked).is_err() || reader.get_mut().write_all(&answer(number)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, got)
}

#[test]
fn a_thousand_exchanges_through_the_proxy_are_those_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, got) = echoing();
    let target = format!("http://{server}/base/fhir");
    let proxy = Running::start(&mut keur(folder.path(), &["proxy", "--upstream", &target, "--listen", "127.0.0.1:0"]));
    let all = |address: &str, base: &str| -> Vec<(Message, Message)> {
        // One connection carries them all.
        let mut stream = std::io::BufReader::new(TcpStream::connect(address).unwrap());
        let one = |number| {
            stream.get_mut().write_all(&request(number, base, address)).unwrap();
            let came = message::read(&mut stream, false).expect("an answer");
            (got.recv_timeout(Duration::from_secs(20)).expect("the server was asked"), came)
        };
        (0..1_000).map(one).collect()
    };
    let (direct, through) = (all(&server, "/base/fhir"), all(&proxy.1, ""));
    for (number, (direct, through)) in direct.iter().zip(&through).enumerate() {
        assert!(direct.0 == through.0, "request {number}: {:?} and {:?}", direct.0.shown(), through.0.shown());
        assert!(direct.1 == through.1, "answer {number}: {:?} and {:?}", direct.1.shown(), through.1.shown());
    }
    assert_eq!(direct.len(), 1_000);
    assert!(direct.iter().any(|(asked, _)| asked.body.len() > 50_000));
}

#[test]
fn latency() {
    if !is_long() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, _got) = echoing();
    let target = format!("http://{server}");
    let proxy = Running::start(&mut keur(folder.path(), &["proxy", "--upstream", &target, "--listen", "127.0.0.1:0"]));
    let median = |address: &str| {
        let mut stream = std::io::BufReader::new(TcpStream::connect(address).unwrap());
        stream.get_ref().set_nodelay(true).unwrap();
        let mut took: Vec<Duration> = (0..1_000)
            .map(|_| {
                let clock = Instant::now();
                stream.get_mut().write_all(&request(0, "", address)).unwrap();
                message::read(&mut stream, false).expect("an answer");
                clock.elapsed()
            })
            .collect();
        took.sort();
        took[500]
    };
    let (direct, through) = (median(&server), median(&proxy.1));
    let added = through.saturating_sub(direct);
    println!("median of 1,000: direct {direct:?}, through the proxy {through:?}, added {added:?}");
    assert!(added <= Duration::from_millis(2), "{added:?}");
}
