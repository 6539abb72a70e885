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
    let container = keur::evidence::bundle::Container::open(&desk.path("b.zip")).unwrap();
    for name in ["manifest.json", "manifest.json.sig"] {
        std::fs::write(desk.path(name), container.bytes(name).unwrap().unwrap()).unwrap();
    }
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

#[test]
fn a_timestamp_is_over_the_manifest_or_it_is_refused() {
    let simulator = Simulator::new(None);
    let desk = Desk::new();
    desk.keur(&["run", &scripts(&["09"])[0], "--target", &simulator.url]).with(0);
    let recipient = desk.keur(&["evidence", "keygen", "--seal", "seal"]).with(0).stdout;
    desk.keur(&["evidence", "pack", &desk.run(), "-o", "b.zip", "--seal-for", recipient.trim()]).with(0);
    let container = keur::evidence::bundle::Container::open(&desk.path("b.zip")).unwrap();
    let manifest = container.bytes("manifest.json").unwrap().unwrap();
    let hash = keur::record::BodyHash::of(&manifest).to_string();
    let hash: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&hash[at * 2..at * 2 + 2], 16).unwrap()).collect();
    // What matters of a token here is its imprint; who made it is for other programs to say.
    std::fs::write(desk.path("good.tsr"), [b"token ", &hash[..], b" end"].concat()).unwrap();
    std::fs::write(desk.path("bad.tsr"), b"token").unwrap();
    desk.keur(&["evidence", "stamp", "b.zip", "--timestamp-token", "bad.tsr", "-o", "c.zip"]).with(7);
    assert!(!desk.path("c.zip").exists());
    desk.keur(&["evidence", "stamp", "b.zip", "--timestamp-token", "good.tsr", "-o", "c.zip"]).with(0);
    let told = desk.keur(&["evidence", "verify", "c.zip", "--identity", "seal"]).with(0).stdout;
    assert!(told.contains("timestamp: a token over the manifest"), "{told}");
    desk.keur(&["evidence", "stamp", "c.zip", "--timestamp-token", "good.tsr", "-o", "d.zip"]).with(7);
}
