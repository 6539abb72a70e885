//! A bundle of which one thing is other than it was packed does not verify.

use std::io::Cursor;
use std::path::Path;

use keur::evidence::bundle::{Container, Trust, Writer, open};
use keur::evidence::signature::PublicKey;

use crate::tools::{Chance, Desk, Simulator, scripts};

/// A signed bundle with something of every kind in it.
fn bundle(desk: &Desk) -> (Vec<u8>, Trust) {
    let simulator = Simulator::new(None);
    desk.keur(&["run", &scripts(&["09"])[0], "--target", &simulator.url]).with(0);
    let public = desk.keur(&["evidence", "keygen", "key"]).with(0).stdout;
    let recipient = desk.keur(&["evidence", "keygen", "--seal", "seal"]).with(0).stdout;
    std::fs::write(desk.path("screen.png"), b"a picture").unwrap();
    let run = desk.run();
    let pack = ["evidence", "pack", &run, "-o", "b.zip", "--key", "key", "--attach", "screen.png", "--for", "NP-R-18"];
    desk.keur(&[&pack[..], &["--seal-for", recipient.trim()]].concat()).with(0);
    desk.keur(&["evidence", "verify", "b.zip", "--signer", "key.pub", "--identity", "seal"]).with(0);
    let trust = Trust { keys: vec![PublicKey::parse(&public).unwrap()], ..Trust::default() };
    (desk.bytes("b.zip"), trust)
}

type Entries = Vec<(String, Vec<u8>)>;

fn entries(path: &Path) -> Entries {
    let container = Container::open(path).unwrap();
    let read = |name: &str| container.bytes(name).unwrap().unwrap();
    container.entries().iter().map(|entry| (entry.name.clone(), read(&entry.name))).collect()
}

/// The file that a careful forger would write: in the form of a bundle.
fn written(entries: &Entries) -> Vec<u8> {
    let mut writer = Writer::new(Cursor::new(vec![]));
    for (name, bytes) in entries {
        writer.entry(name, bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_one_of_more_than_a_thousand_changes_is_seen() {
    let desk = Desk::new();
    let (good, trust) = bundle(&desk);
    let path = desk.path("bad.zip");
    let seen = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        open(&path, &trust).is_err()
    };
    assert!(!seen(&good), "the bundle itself verifies");
    let all = entries(&desk.path("b.zip"));
    assert_eq!(written(&all), good, "there is one form");
    let mut chance = Chance(2026);
    let mut tried = 0;
    // Changes of the file: anywhere, headers and directory among them.
    for _ in 0..600 {
        let mut bad = good.clone();
        let at = chance.below(bad.len());
        match chance.below(5) {
            0 | 1 => bad[at] ^= 1 << chance.below(8),
            2 => bad.truncate(at),
            3 => bad.insert(at, chance.next() as u8),
            _ => drop(bad.remove(at)),
        }
        assert!(seen(&bad), "a change at byte {at}");
        tried += 1;
    }
    // The last bytes are the directory: each of its fields.
    for at in good.len() - 400..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << chance.below(8);
        assert!(seen(&bad), "a change at byte {at}");
        tried += 1;
    }
    assert!(seen(&[&good[..], b"PK"].concat()));
    // Changes of every entry, with the container made anew around them.
    for at in 0..all.len() {
        for kind in 0..8 {
            let mut bad = all.clone();
            let (name, bytes) = &mut bad[at];
            let what = format!("{kind} {name}");
            match kind {
                0 | 1 if !bytes.is_empty() => {
                    let place = chance.below(bytes.len());
                    bytes[place] ^= 1 << chance.below(8);
                }
                2 if !bytes.is_empty() => bytes.truncate(chance.below(bytes.len())),
                3 => bytes.push(b'\n'),
                4 => drop(bad.remove(at)),
                5 => {
                    let other = (at + 1 + chance.below(all.len() - 1)) % all.len();
                    bad.swap(at, other);
                }
                6 => name.push('x'),
                _ => bad.insert(at, (format!("bodies/{}", "0".repeat(64)), b"{}".to_vec())),
            }
            assert!(seen(&written(&bad)), "{what}");
            tried += 1;
        }
    }
    assert!(tried >= 1000, "{tried}");
}

#[test]
fn what_the_command_says_of_it() {
    let desk = Desk::new();
    let (good, _) = bundle(&desk);
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    std::fs::write(desk.path("bad.zip"), &bad).unwrap();
    let ended = desk.keur(&["evidence", "verify", "bad.zip"]).with(7);
    assert!(ended.stderr.contains("KEUR6003") && ended.stderr.contains("checksum"), "{}", ended.stderr);
    desk.keur(&["replay", "bad.zip"]).with(7);
    desk.keur(&["evidence", "keygen", "other"]).with(0);
    let ended = desk.keur(&["evidence", "verify", "b.zip", "--signer", "other.pub"]).with(7);
    assert!(ended.stderr.contains("not signed by the key that is expected"), "{}", ended.stderr);
    // Everything made anew but the signature: the manifest of another run.
    let mut forged = entries(&desk.path("b.zip"));
    let manifest = forged.iter_mut().find(|(name, _)| name == "manifest.json").unwrap();
    manifest.1 = String::from_utf8(manifest.1.clone()).unwrap().replacen("keur", "kuer", 1).into_bytes();
    std::fs::write(desk.path("forged.zip"), written(&forged)).unwrap();
    let ended = desk.keur(&["evidence", "verify", "forged.zip"]).with(7);
    assert!(ended.stderr.contains("KEUR600"), "{}", ended.stderr);
}

/// A verdict that was improved before packing: hashes and container are right, the replay is not.
#[test]
fn a_bundle_whose_log_says_other_than_its_bodies_is_refused() {
    let simulator = Simulator::new(Some("no-self-link"));
    let desk = Desk::new();
    desk.keur(&["run", &scripts(&["09"])[0], "--target", &simulator.url]).with(1);
    let run = desk.run();
    let log = desk.path(".keur/runs").join(&run).join("events.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("\"verdict\":\"fail\""));
    std::fs::write(&log, text.replace("\"verdict\":\"fail\"", "\"verdict\":\"pass\"")).unwrap();
    let ended = desk.keur(&["replay", &run]).with(7);
    assert!(ended.stderr.contains("KEUR6001"), "{}", ended.stderr);
}
