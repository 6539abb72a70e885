//! Two hundred persons planted wherever they can stand: none of them is seen outside the run folder.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tools::{Answer, Chance, Desk, Ended, script, server};

const COUNT: usize = 200;
const PER_ANSWER: usize = 20;
const TOKEN: &str = "run-token-7f3a91c2d4";
/// Somebody who is asked for by name and in no answer.
const SOUGHT: [&str; 2] = ["Zolderhuizen", "Wubbelina"];
/// Somebody whose name the server says when it breaks off, or sends the client elsewhere.
const REDIRECTED: &str = "Kelderhoven";

struct Person {
    bsn: String,
    family: String,
    given: String,
    token: String,
}

/// Fictitious: numbers that pass the eleven-test, and names that are no words.
fn persons() -> Vec<Person> {
    let mut chance = Chance(7);
    let mut numbers = BTreeSet::new();
    let name = |chance: &mut Chance, length: usize| {
        let letter = |chance: &mut Chance, set: &[u8]| char::from(set[chance.below(set.len())]);
        let mut name = String::new();
        for at in 0..length {
            let set: &[u8] = if at % 2 == 0 { b"bdfgklmnprstvz" } else { b"aeiouy" };
            name.push(letter(chance, set));
        }
        name[..1].to_uppercase() + &name[1..]
    };
    (0..COUNT)
        .map(|at| {
            let bsn = loop {
                let digits = format!("{:09}", 100_000_000 + chance.below(899_999_999));
                if keur::exchange::Bsn::parse(&digits).is_ok() && numbers.insert(digits.clone()) {
                    break digits;
                }
            };
            let family = name(&mut chance, 9 + at % 3);
            let given = name(&mut chance, 7);
            let token = format!("tok{:016x}", chance.next());
            Person { bsn, family, given, token }
        })
        .collect()
}

/// An answer full of them.
fn answer(persons: &[Person], number: usize, first: &str) -> Answer {
    let mut entries = vec![];
    for person in persons {
        let Person { bsn, family, given, token } = person;
        entries.push(format!(
            r#"{{"fullUrl":"http://x/fhir/Patient/p{bsn_id}","resource":{{"resourceType":"Patient","id":"p{bsn_id}","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{given} {upper}<br/>BSN {bsn}\n{family}</div>"}},"identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{bsn}"}}],"name":[{{"text":"{given} {family}","family":"{family}","given":["{given}"]}}],"contact":[{{"name":{{"family":"{family}"}}}}],"generalPractitioner":[{{"reference":"Practitioner/1","display":"{family}, arts"}}]}}}}"#,
            bsn_id = &bsn[..3],
            upper = family.to_uppercase(),
        ));
        entries.push(format!(
            r#"{{"resource":{{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"security","diagnostics":"Bearer {token} of {given} {family} ({bsn}) is refused; try ?access_token={token}&code={token}x&state=1 or {TOKEN}"}}]}}}}"#
        ));
    }
    let one = &persons[number % persons.len()];
    let link = format!(
        "http://x/fhir/Patient?family={}&identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C{}&token={}",
        one.family, one.bsn, one.token
    );
    let body = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","link":[{{"relation":"self","url":"{link}"}}],"entry":[{}]}}"#,
        entries.join(",")
    );
    let headers = format!(
        "Location: {link}\r\nX-Person: {} {} {}\r\nSet-Cookie: session={}; Path=/\r\nX-Token: Bearer {}\r\nWarning: 199 - \"{}\"\r\nX-Echo: {TOKEN}\r\n",
        one.given,
        one.family,
        one.bsn,
        one.token,
        one.token,
        first.replace('"', "'")
    );
    (if number % 4 == 3 { 403 } else { 200 }, headers, body)
}

/// The same in XML.
fn answer_xml(persons: &[Person], number: usize, first: &str) -> Answer {
    let mut entries = String::new();
    for person in persons {
        let Person { bsn, family, given, token } = person;
        entries.push_str(&format!(
            r#"<entry><resource><Patient><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">{given} {family}, {bsn}</div></text><identifier><system value="http://fhir.nl/fhir/NamingSystem/bsn"/><value value="{bsn}"/></identifier><name><text value="{given} {family}"/><family value="{family}"><extension url="http://hl7.org/fhir/StructureDefinition/humanname-own-name"><valueString value="{family}"/></extension></family><given value="{given}"/></name></Patient></resource></entry><entry><resource><OperationOutcome><issue><severity value="error"/><code value="security"/><diagnostics value="Bearer {token} of {given} {family} ({bsn}) &lt;{TOKEN}&gt;"/></issue></OperationOutcome></resource></entry>"#
        ));
    }
    let (status, headers, _) = answer(persons, number, first);
    let link = r#"<link><relation value="self"/><url value="http://x/fhir/Patient"/></link>"#;
    let bundle = format!(r#"<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/>{link}{entries}</Bundle>"#);
    (status, headers, bundle)
}

/// Runs the planted scripts, with every report, and packs; what came of it lies on the desk.
fn planted(key: &str) -> (Desk, Vec<Person>) {
    planted_as(key, answer)
}

fn planted_as(key: &str, answer: fn(&[Person], usize, &str) -> Answer) -> (Desk, Vec<Person>) {
    let all = persons();
    let served: Vec<Person> = persons();
    let url = server(move |number, first| {
        let from = number * PER_ANSWER % COUNT;
        let (status, headers, body) = answer(&served[from..from + PER_ANSWER], number, first);
        match first {
            _ if first.contains("_page=elsewhere") => {
                (302, format!("Location: http://127.0.0.1:9/fhir/Patient?family={REDIRECTED}\r\n"), String::new())
            }
            // A header that is none: the client gives up.
            _ if first.contains("_page=broken") => (status, format!("{headers}\u{1}\r\n"), body),
            // What was asked comes back, in a refusal.
            _ if first.contains("name") || first.contains("family") => {
                let said = format!("`{first}` finds nobody");
                let outcome = format!(
                    r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"not-found","diagnostics":"{said}"}}]}}"#
                );
                (404, headers, outcome)
            }
            _ => (status, headers, body),
        }
    });
    let desk = Desk::new();
    let failing: &[&str] = &[
        "Bundle.entry.resource.ofType(Patient).name.family.first() = 'x'",
        "Bundle.entry.resource.ofType(Patient).identifier.value.first() = 'x'",
        "Bundle.entry.resource.ofType(OperationOutcome).issue.diagnostics.first() = 'x'",
        "Bundle.link.url.first() = 'x'",
        "Bundle.entry.exists()",
    ];
    let number = "?identifier=http://fhir.nl/fhir/NamingSystem/bsn|${bsn}";
    let tests: Vec<(String, &[&str])> =
        (0..COUNT / PER_ANSWER).map(|at| (format!("{number}&_count={at}"), failing)).collect();
    let mut tests: Vec<(&str, &[&str])> = tests.iter().map(|(params, checks)| (params.as_str(), *checks)).collect();
    let by_name = [
        "?family=${family}&given:exact=${given}",
        "?name:contains=${given}%20${family}",
        "?general-practitioner.family=${family}&phonetic=${given}",
        "?_count=1&_page=elsewhere",
        "?_count=1&_page=broken",
    ];
    tests.extend(by_name.map(|params| (params, failing)));
    std::fs::write(desk.path("planted.yaml"), script(&tests)).unwrap();
    std::fs::write(desk.path("token"), TOKEN).unwrap();
    let variables = [("bsn", &*all[0].bsn), ("family", SOUGHT[0]), ("given", SOUGHT[1])];
    let variables = variables.map(|(name, value)| format!("{name}={value}"));
    let mut arguments = vec!["run", "planted.yaml", "--target", &url, "--token", "ONE=@token"];
    arguments.extend(variables.iter().flat_map(|variable| ["--var", variable]));
    let reports: Vec<String> = REPORTS.map(|kind| format!("{kind}=run.{kind}")).into();
    arguments.extend(reports.iter().flat_map(|report| ["--report", report]));
    let keep = |name: &str, ended: Ended| std::fs::write(desk.path(name), ended.stdout + &ended.stderr).unwrap();
    keep("run.out", desk.keur_with(&arguments, key).with(1));
    let run = desk.run();
    // And at a terminal, later, and of the bundle.
    keep("replay.out", desk.keur_with(&["replay", &run], key).with(1));
    let again: Vec<String> = REPORTS.map(|kind| format!("{kind}=later.{kind}")).into();
    let mut later = vec!["report", &run];
    later.extend(again.iter().flat_map(|report| ["--report", report]));
    keep("report.out", desk.keur_with(&later, key).with(1));
    keep("pack.out", desk.keur_with(&["evidence", "pack", &run, "-o", "b.zip"], key).with(0));
    keep("verify.out", desk.keur_with(&["evidence", "verify", "b.zip"], key).with(0));
    let of_bundle: Vec<String> = REPORTS.map(|kind| format!("{kind}=bundle.{kind}")).into();
    let mut bundle = vec!["replay", "b.zip"];
    bundle.extend(of_bundle.iter().flat_map(|report| ["--report", report]));
    keep("bundle.out", desk.keur_with(&bundle, key));
    keep("diff.json", desk.keur_with(&["diff", &run, "b.zip", "--format", "json"], key));
    // Under another key everything is another value.
    keep("diff.out", desk.keur_with(&["diff", &run, "b.zip"], "a third key"));
    (desk, all)
}

/// Every kind of report.
const REPORTS: [&str; 10] =
    ["html", "json", "junit", "terminal", "testreport", "testreport-r5", "sarif", "har", "github", "gitlab"];

/// Everything that comes out of keur.
fn outputs() -> Vec<String> {
    let said = ["run.out", "replay.out", "report.out", "pack.out", "verify.out", "bundle.out", "diff.out", "diff.json"];
    let reports = ["run", "later", "bundle"].iter().flat_map(|of| REPORTS.map(|kind| format!("{of}.{kind}")));
    reports.chain(said.into_iter().chain(["b.zip"]).map(str::to_owned)).collect()
}

#[test]
fn nobody_is_seen_in_any_output() {
    nobody_is_seen(planted("the first key"));
}

#[test]
fn nobody_is_seen_when_the_answers_are_xml() {
    nobody_is_seen(planted_as("the first key", answer_xml));
}

fn nobody_is_seen((desk, persons): (Desk, Vec<Person>)) {
    let mut planted: Vec<&str> = vec![TOKEN, SOUGHT[0], SOUGHT[1], REDIRECTED];
    for person in &persons {
        planted.extend([&*person.bsn, &person.family, &person.given, &person.token]);
    }
    let lower: Vec<String> = planted.iter().map(|text| text.to_lowercase()).collect();
    let found = aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(&lower).unwrap();
    let mut leaks = String::new();
    for name in outputs() {
        let bytes = desk.bytes(&name);
        // What was told may be nothing where everything went to files.
        assert!(!bytes.is_empty() || name.ends_with(".out"), "{name}");
        let seen: Vec<String> = found
            .find_iter(&bytes)
            .map(|m| {
                let around = m.start().saturating_sub(60)..(m.end() + 20).min(bytes.len());
                String::from_utf8_lossy(&bytes[around]).into_owned()
            })
            .collect();
        if !seen.is_empty() {
            leaks.push_str(&format!(
                "{name}: {} planted texts, the first: {:?}\n",
                seen.len(),
                &seen[..seen.len().min(3)]
            ));
        }
    }
    assert!(leaks.is_empty(), "{leaks}");
    // The texts were there to be found, and the run folder has no token in it.
    let bodies = desk.path(".keur/runs").join(desk.run()).join("bodies");
    let received: Vec<u8> =
        std::fs::read_dir(bodies).unwrap().flat_map(|e| std::fs::read(e.unwrap().path()).unwrap()).collect();
    let there: BTreeSet<usize> = found.find_iter(&received).map(|m| m.pattern().as_usize()).collect();
    assert!(there.len() >= 4 * COUNT, "{}", there.len());
    assert!(!there.contains(&0), "the token of the run is in its folder");
    assert!(!folder_contains(&desk.path(".keur/runs"), TOKEN.as_bytes()));
}

fn folder_contains(folder: &Path, text: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| match entry.path() {
        path if path.is_dir() => folder_contains(&path, text),
        path => memchr::memmem::find(&std::fs::read(path).unwrap(), text).is_some(),
    })
}

/// The family names in the bodies of a bundle, in order.
fn pseudonyms(desk: &Desk) -> Vec<String> {
    let bytes = desk.bytes("b.zip");
    let text = String::from_utf8_lossy(&bytes);
    let names = text.split(r#""contact":[{"name":{"family":""#).skip(1);
    names.filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}

#[test]
fn a_pseudonym_is_the_same_under_one_key_and_unlinkable_under_another() {
    let (one, persons) = planted("the first key");
    let (again, _) = planted("the first key");
    let (other, _) = planted("a second key");
    let (first, second, third) = (pseudonyms(&one), pseudonyms(&again), pseudonyms(&other));
    assert_eq!(first.len(), COUNT);
    assert_eq!(first, second);
    assert!(first.iter().zip(&third).all(|(a, b)| a != b));
    let different: BTreeSet<&String> = first.iter().collect();
    assert_eq!(different.len(), COUNT, "two persons are still two");
    assert!(first.iter().zip(&persons).all(|(name, person)| name.len() == person.family.len()));
    // Numbers are test numbers that pass the eleven-test.
    let bytes = one.bytes("b.zip");
    let text = String::from_utf8_lossy(&bytes);
    let numbers: Vec<&str> = text.split(r#"NamingSystem/bsn","value":""#).skip(1).map(|rest| &rest[..9]).collect();
    assert_eq!(numbers.len(), COUNT);
    assert!(numbers.iter().all(|n| n.starts_with("999") && keur::exchange::Bsn::parse(n).is_ok()));
}

#[test]
fn real_persons_end_a_run_that_is_for_test_persons_only() {
    let all = persons();
    let bsn = all[0].bsn.clone();
    let url = server(move |number, first| answer(&all[..1], number, first));
    let desk = Desk::new();
    std::fs::write(desk.path("planted.yaml"), script(&[("?_count=1", &["Bundle.entry.exists()"])])).unwrap();
    std::fs::write(desk.path("token"), TOKEN).unwrap();
    let run = ["run", "planted.yaml", "--target", &url, "--token", "ONE=@token"];
    let ended = desk.keur(&[&run[..], &["--test-persons-only"]].concat()).with(2);
    assert!(ended.stderr.contains("KEUR6008") && !ended.stderr.contains(&bsn), "{}", ended.stderr);
    assert!(!folder_contains(&desk.path(".keur/runs"), bsn.as_bytes()));
    // Where nobody can be asked it is said.
    let ended = desk.keur(&run).with(0);
    assert!(ended.stderr.contains("KEUR6008"), "{}", ended.stderr);
}
