//! What a bundle is: one file, the same every time, that others can check.

use keur::evidence::bundle::{Trust, open};

use crate::tools::{Desk, Simulator, scripts};

#[test]
fn a_run_is_packed_verified_and_replayed_by_somebody_else() {
    let simulator = Simulator::new(Some("quantity-without-unit"));
    let vendor = Desk::new();
    let chosen = scripts(&["01", "09", "20"]);
    let mut arguments = vec!["run", "--target", simulator.url.as_str()];
    arguments.extend(chosen.iter().map(String::as_str));
    vendor.keur(&arguments).with(1);
    let run = vendor.run();
    vendor.keur(&["evidence", "keygen", "key"]).with(0);
    vendor.keur(&["evidence", "keygen", "key"]).with(2);
    let auditor = Desk::new();
    let recipient = auditor.keur(&["evidence", "keygen", "--seal", "seal"]).with(0).stdout;
    let pack = ["evidence", "pack", run.as_str(), "--key", "key", "--operator", "E. Tester", "-o"];
    vendor.keur(&[&pack[..], &["one.zip"]].concat()).with(0);
    vendor.keur(&[&pack[..], &["two.zip"]].concat()).with(0);
    assert!(vendor.bytes("one.zip") == vendor.bytes("two.zip"), "a bundle is the same every time");
    vendor.keur(&[&pack[..], &["sealed.zip", "--seal-for", recipient.trim()]].concat()).with(0);
    drop(simulator);
    // Another machine, months later: nothing but the bundle and the key.
    for name in ["one.zip", "sealed.zip", "key.pub"] {
        std::fs::copy(vendor.path(name), auditor.path(name)).unwrap();
    }
    let told = auditor.keur(&["evidence", "verify", "one.zip", "--signer", "key.pub"]).with(0).stdout;
    assert!(told.contains("the key expected") && told.contains("operator: E. Tester"), "{told}");
    assert!(told.contains("verdict: failed"), "{told}");
    let told = auditor.keur(&["evidence", "verify", "sealed.zip", "--identity", "seal"]).with(0).stdout;
    assert!(told.contains("originals: opened"), "{told}");
    let exact = auditor.keur(&["replay", "sealed.zip", "--identity", "seal", "--report", "json=o.json"]);
    exact.with(1);
    vendor.keur(&["replay", &run, "--report", "json=o.json"]).with(1);
    assert!(auditor.bytes("o.json") == vendor.bytes("o.json"), "the originals come to the report of the run");
    auditor.keur(&["replay", "one.zip"]).with(1);
    auditor.keur(&["evidence", "verify", "one.zip", "--identity", "seal"]).with(2);
}

#[test]
fn an_assert_that_masking_changes_is_named_and_not_evaluated() {
    let simulator = Simulator::new(None);
    let desk = Desk::new();
    desk.keur(&["run", &scripts(&["01"])[0], "--target", &simulator.url]).with(0);
    let said = desk.keur(&["evidence", "pack", &desk.run(), "-o", "b.zip"]).with(0);
    let title = "The name is the one on record, own name first";
    assert!(said.stderr.contains("KEUR6007") && said.stderr.contains(title), "{}", said.stderr);
    let bundle = open(&desk.path("b.zip"), &Trust::default()).unwrap_or_else(|_| panic!("it opens"));
    let changed = &bundle.manifest.masking.changed;
    assert_eq!(changed.iter().map(|c| c.title.as_str()).collect::<Vec<_>>(), [title]);
    assert_eq!(bundle.manifest.run.verdict, "incomplete");
    assert_eq!(
        bundle.manifest.masking.originals.len(),
        bundle.record.events().iter().filter(|e| matches!(e, keur::record::Event::Exchanged(_))).count()
    );
    desk.keur(&["replay", "b.zip"]).with(3);
}

/// OpenSSH checks the signature as well, where it is there.
#[test]
fn the_signature_is_one_of_openssh() {
    let simulator = Simulator::new(None);
    let desk = Desk::new();
    desk.keur(&["run", &scripts(&["09"])[0], "--target", &simulator.url]).with(0);
    desk.keur(&["evidence", "keygen", "key"]).with(0);
    desk.keur(&["evidence", "pack", &desk.run(), "-o", "b.zip", "--key", "key"]).with(0);
    extract(&desk, &["manifest.json", "manifest.json.sig"]);
    std::fs::write(desk.path("allowed"), format!("auditor {}", desk.text("key.pub"))).unwrap();
    let manifest = std::fs::File::open(desk.path("manifest.json")).unwrap();
    let ssh = std::process::Command::new("ssh-keygen")
        .current_dir(desk.folder.path())
        .args(["-Y", "verify", "-f", "allowed", "-I", "auditor", "-n", "keur-evidence", "-s", "manifest.json.sig"])
        .stdin(manifest)
        .output();
    match ssh {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => eprintln!("not looked at by OpenSSH: {error}"),
    }
}

/// OpenSSL is the authority, where it is there.
#[test]
fn a_timestamp_is_over_the_manifest_or_it_is_refused() {
    let simulator = Simulator::new(None);
    let desk = Desk::new();
    desk.keur(&["run", &scripts(&["09"])[0], "--target", &simulator.url]).with(0);
    let recipient = desk.keur(&["evidence", "keygen", "--seal", "seal"]).with(0).stdout;
    desk.keur(&["evidence", "pack", &desk.run(), "-o", "b.zip", "--seal-for", recipient.trim()]).with(0);
    let stamp =
        |token: &str, to: &str| desk.keur(&["evidence", "stamp", "b.zip", "--timestamp-token", token, "-o", to]);
    std::fs::write(desk.path("bad.tsr"), b"token").unwrap();
    stamp("bad.tsr", "c.zip").with(7);
    assert!(!desk.path("c.zip").exists());
    desk.keur(&["evidence", "verify", "b.zip", "--timestamp-trust", "key.pub"]).with(2);
    extract(&desk, &["manifest.json"]);
    let (Ok(good), Ok(other)) = (token(&desk, "manifest.json"), token(&desk, "bad.tsr")) else {
        eprintln!("not stamped: there is no OpenSSL");
        return;
    };
    std::fs::write(desk.path("good.tsr"), good).unwrap();
    std::fs::write(desk.path("other.tsr"), other).unwrap();
    let refused = stamp("other.tsr", "c.zip").with(7).stderr;
    assert!(refused.contains("not over the manifest"), "{refused}");
    stamp("good.tsr", "c.zip").with(0);
    let told = desk.keur(&["evidence", "verify", "c.zip", "--identity", "seal"]).with(0).stdout;
    assert!(told.contains("timestamp: 20") && told.contains("CN=Fictitious-time"), "{told}");
    let told = desk.keur(&["evidence", "verify", "c.zip", "--timestamp-trust", "tsa.pem"]).with(0).stdout;
    assert!(told.contains("an authority expected"), "{told}");
    desk.keur(&["evidence", "verify", "b.zip", "--timestamp-trust", "tsa.pem"]).with(7);
    desk.keur(&["evidence", "stamp", "c.zip", "--timestamp-token", "good.tsr", "-o", "d.zip"]).with(7);
}

/// Entries of `b.zip` as files.
fn extract(desk: &Desk, names: &[&str]) {
    let container = keur::evidence::bundle::Container::open(&desk.path("b.zip")).unwrap();
    for name in names {
        std::fs::write(desk.path(name), container.bytes(name).unwrap().unwrap()).unwrap();
    }
}

fn openssl(desk: &Desk, arguments: &str) -> Result<(), String> {
    let run = std::process::Command::new("openssl").current_dir(desk.folder.path()).args(arguments.split(' ')).output();
    let output = run.map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// A token of a fictitious authority over a file.
fn token(desk: &Desk, file: &str) -> Result<Vec<u8>, String> {
    let settings = "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\n[req]\ndistinguished_name=n\n[n]\n[x]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=digitalSignature\n";
    std::fs::write(desk.path("tsa.cnf"), settings).unwrap();
    std::fs::write(desk.path("serial"), "01").unwrap();
    if !desk.path("tsa.pem").exists() {
        openssl(desk, "ecparam -name prime256v1 -genkey -noout -out tsa.key")?;
        let subject =
            "req -x509 -new -key tsa.key -out tsa.pem -days 30 -config tsa.cnf -extensions x -subj /CN=Fictitious-time";
        openssl(desk, subject)?;
    }
    openssl(desk, &format!("ts -query -data {file} -sha256 -cert -out q.tsq"))?;
    openssl(desk, "ts -reply -config tsa.cnf -queryfile q.tsq -out r.tsr")?;
    Ok(desk.bytes("r.tsr"))
}

/// Key, chain and authority of a fictitious organisation, as files.
fn certified(desk: &Desk, name: &str) {
    let mut root = rcgen::CertificateParams::new([]).unwrap();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    root.distinguished_name.push(rcgen::DnType::CommonName, format!("Authority of {name}"));
    let root_key = rcgen::KeyPair::generate().unwrap();
    let authority = root.self_signed(&root_key).unwrap();
    let mut signer = rcgen::CertificateParams::new([]).unwrap();
    signer.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = signer.signed_by(&key, &rcgen::Issuer::new(root, root_key)).unwrap();
    std::fs::write(desk.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    std::fs::write(desk.path(&format!("{name}.pem")), certificate.pem()).unwrap();
    std::fs::write(desk.path(&format!("{name}.ca")), authority.pem()).unwrap();
}

#[test]
fn a_certificate_signs_and_openssl_agrees() {
    let url =
        crate::tools::server(|_, _| (200, String::new(), r#"{"resourceType":"Bundle","type":"searchset"}"#.into()));
    let desk = Desk::new();
    std::fs::write(desk.path("s.yaml"), crate::tools::script(&[("?_count=1", &["Bundle.type = 'searchset'"])]))
        .unwrap();
    desk.keur(&["run", "s.yaml", "--target", &url, "--token", "ONE=abcdefgh"]).with(0);
    certified(&desk, "vendor");
    certified(&desk, "other");
    let pack = ["evidence", "pack", &desk.run(), "-o", "b.zip", "--key", "vendor.key", "--certificate"];
    desk.keur(&[&pack[..], &["other.pem"]].concat()).with(2);
    desk.keur(&[&pack[..], &["vendor.pem"]].concat()).with(0);
    let told = desk.keur(&["evidence", "verify", "b.zip", "--trust", "vendor.ca"]).with(0).stdout;
    assert!(told.contains("signed: CN=vendor") && told.contains("the key expected"), "{told}");
    let refused = desk.keur(&["evidence", "verify", "b.zip", "--trust", "other.ca"]).with(7).stderr;
    assert!(refused.contains("KEUR6004") && refused.contains("not trusted"), "{refused}");
    extract(&desk, &["manifest.json", "manifest.json.p7s"]);
    let check = "cms -verify -cades -binary -inform DER -in manifest.json.p7s -content manifest.json -CAfile vendor.ca -purpose any -out checked";
    match openssl(&desk, check) {
        Ok(()) => assert!(desk.bytes("checked") == desk.bytes("manifest.json")),
        Err(error) if error.contains("os error") => eprintln!("not looked at by OpenSSL: {error}"),
        Err(error) => panic!("{error}"),
    }
}
