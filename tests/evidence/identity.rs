//! Who answered is in the record: the certificate of a server, in reports and in the manifest.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;

use crate::tools::{Desk, script};

/// A server over TLS with a certificate of its own; its URL, its certificate in PEM and the hash of that.
fn secured() -> (String, String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "Fictitious server");
    let certificate = parameters.self_signed(&key).unwrap();
    let der = certificate.der().clone();
    let sha256: String =
        ring::digest::digest(&ring::digest::SHA256, &der).as_ref().iter().map(|b| format!("{b:02x}")).collect();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![der], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = config.clone();
            std::thread::spawn(move || {
                let connection = rustls::ServerConnection::new(config).unwrap();
                let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|length| length > 0) {
                    if line == "\r\n" {
                        let body = r#"{"resourceType":"Bundle","type":"searchset"}"#;
                        let head = format!(
                            "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n",
                            body.len()
                        );
                        let _ = stream.get_mut().write_all((head + body).as_bytes());
                    }
                    line.clear();
                }
            });
        }
    });
    (format!("https://localhost:{port}"), certificate.pem(), sha256)
}

#[test]
fn the_certificate_of_the_server_is_in_reports_and_manifest() {
    let (url, pem, sha256) = secured();
    let desk = Desk::new();
    std::fs::write(desk.path("ca.pem"), pem).unwrap();
    std::fs::write(desk.path("s.yaml"), script(&[("?_count=1", &["Bundle.type = 'searchset'"])])).unwrap();
    let run = [
        "run",
        "s.yaml",
        "--target",
        &url,
        "--token",
        "ONE=abcdefgh",
        "--report",
        "json=r.json",
        "--report",
        "html=r.html",
    ];
    let ran = desk.command(&run).env("SSL_CERT_FILE", desk.path("ca.pem")).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let report: Value = serde_json::from_str(&desk.text("r.json")).unwrap();
    let servers = report["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 1, "{servers:?}");
    assert_eq!((&servers[0]["sha256"], &servers[0]["origin"]), (&Value::from(&*sha256), &Value::from(&*url)));
    assert!(servers[0]["subject"].as_str().unwrap().contains("Fictitious server"));
    let page = desk.text("r.html");
    assert!(page.contains(&sha256) && page.contains("given beforehand, no login"));
    assert!(!page.contains("abcdefgh"));
    desk.keur(&["replay", &desk.run()]).with(0);
    desk.keur(&["evidence", "pack", &desk.run(), "-o", "b.zip"]).with(0);
    desk.keur(&["evidence", "verify", "b.zip"]).with(0);
    let bundle = keur::evidence::bundle::open(&desk.path("b.zip"), &Default::default());
    let manifest = bundle.unwrap_or_else(|_| panic!("it opens")).manifest;
    assert_eq!(manifest.target.certificates, [sha256]);
}

#[test]
fn what_was_known_beforehand_is_judged_with_later_too() {
    let url =
        crate::tools::server(|_, _| (200, String::new(), r#"{"resourceType":"Bundle","type":"history"}"#.to_owned()));
    let desk = Desk::new();
    std::fs::write(desk.path("s.yaml"), script(&[("?_count=1", &["Bundle.type = 'searchset'"])])).unwrap();
    let known = "[[known]]\npath = \"s.yaml\"\nreason = \"fixed in the next release\"\nreference = \"ISSUE-1\"\nexpires = \"2999-01-01\"\n";
    std::fs::write(desk.path("keur.toml"), known).unwrap();
    let table = "id: t\ntitle: {en: Ours, nl: Ons}\nsource: s\nnote: {en: a, nl: b}\nrequirements:\n  - {id: R1, text: {en: a, nl: b}, source: s, checks: [{path: s.yaml}]}\n";
    std::fs::write(desk.path("t.yaml"), table).unwrap();
    let run = ["run", "s.yaml", "--target", &url, "--token", "ONE=abcdefgh", "--requirements", "t.yaml"];
    let reported = |arguments: &[&str], code: i32| -> Value {
        desk.keur(&[arguments, &["--report", "json=r.json"]].concat()).with(code);
        serde_json::from_str(&desk.text("r.json")).unwrap()
    };
    let first = reported(&run, 0);
    assert_eq!(first["requirements"][0]["rows"][0]["verdict"], "accepted");
    let run = desk.run();
    // What becomes of the files says nothing about the run.
    for name in ["keur.toml", "t.yaml", "s.yaml"] {
        std::fs::remove_file(desk.path(name)).unwrap();
    }
    assert_eq!(reported(&["report", &run], 0), first);
    assert_eq!(reported(&["replay", &run], 0), first);
    desk.keur(&["report", &run, "--current"]).with(1);
    desk.keur(&["replay", &run, "--current"]).with(1);
    desk.keur(&["evidence", "pack", &run, "-o", "b.zip"]).with(0);
    desk.keur(&["evidence", "verify", "b.zip"]).with(0);
    assert_eq!(reported(&["replay", "b.zip"], 0)["verdict"], "passed");
}
