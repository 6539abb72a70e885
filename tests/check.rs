//! `keur check` against the simulated DVA: clean, everything that can be seen holds; with a planted fault
//! its check gives the level of the table, and only the checks that `tests/check/spillover.toml` names
//! change with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keur::check::catalogue::{API, MEDMIJ, NOTIFIED_PULL, find};
use keur::check::{Area, Check, Chosen, Level, Outcome, Setup, declaration, dva as configuration};
use keur::definitions::Definitions;
use keur::diagnostic::Language;
use keur::fhir::FhirVersion;
use keur::record::{MemoryRecord, Verdict};
use keur::simulator::dva::{self, ActiveFault, DvaSettings, FAULTS, PullProfile, Release};
use keur::simulator::{Fixture, Settings, TokenRegistry};
use serde::Deserialize;

/// Logins that are made to see whether codes and tokens repeat: enough for faults that repeat always.
const REPEATS: usize = 8;

type Verdicts = BTreeMap<&'static str, Verdict>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures(folder: &Path, into: &mut Vec<Fixture>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            fixtures(&path, into);
        } else if path.extension().is_some_and(|e| e == "json") && !path.ends_with("tokens.json") {
            let text = std::fs::read_to_string(&path).unwrap().into();
            into.push(Fixture { name: path, text });
        }
    }
}

/// The test persons that keur carries, and FHIR, read once.
fn simulator() -> Settings {
    static READ: std::sync::OnceLock<Settings> = std::sync::OnceLock::new();
    let read = || {
        let folder = root().join("fixtures/bgz-3.0");
        let mut served = vec![];
        fixtures(&folder, &mut served);
        let registry = TokenRegistry::parse(&std::fs::read_to_string(folder.join("tokens.json")).unwrap()).unwrap();
        let definitions = Definitions::embedded(FhirVersion::Stu3);
        Settings { fixtures: served, registry, require_token: true, ..Settings::new(definitions) }
    };
    READ.get_or_init(read).clone()
}

/// Checks that only the BgZ referral on Nuts has.
const NUTS: [&str; 4] = ["NP-S-08", "NP-S-19", "NP-S-23", "NP-R-17"];

/// What one run is about.
struct Case<'c> {
    fault: Option<&'c str>,
    areas: &'c [Area],
    only: Vec<String>,
    release: Release,
    lifetime: u64,
    wait: bool,
    profile: PullProfile,
    /// Late answers come this late; norms are shortened likewise.
    slow: Option<Duration>,
}

impl<'c> Case<'c> {
    fn clean(areas: &'c [Area]) -> Case<'c> {
        Case {
            fault: None,
            areas,
            only: vec![],
            release: Release::default(),
            lifetime: 900,
            wait: false,
            profile: PullProfile::Twiin,
            slow: None,
        }
    }

    /// What shows a fault: most show on the newest release, some on an older one or after a while.
    fn of(id: &'c str) -> Case<'c> {
        let areas = match id {
            id if id.starts_with("MM-") => &MEDMIJ[..],
            id if id.starts_with("NP-") => &NOTIFIED_PULL[..],
            _ => &API[..],
        };
        let old = matches!(id, "MM-AUTH-11" | "MM-AUTH-12");
        let wait = matches!(id, "MM-TOK-16" | "MM-RES-06" | "NP-S-21");
        let late = matches!(id, "MM-TOK-06" | "MM-RES-38");
        Case {
            fault: Some(id),
            only: if wait || late { vec![id.to_owned()] } else { vec![] },
            slow: late.then_some(Duration::from_secs(4)),
            release: if old { Release::R2_0 } else { Release::default() },
            lifetime: if wait { 1 } else { 900 },
            wait,
            profile: if NUTS.contains(&id) { PullProfile::Nuts } else { PullProfile::Twiin },
            ..Case::clean(areas)
        }
    }

    fn run(&self) -> Vec<(&'static Check, Outcome)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let running = dva::start(DvaSettings {
                simulator: Settings { slow: self.slow.unwrap_or(Duration::from_secs(65)), ..simulator() },
                release: self.release,
                token_lifetime: Duration::from_secs(self.lifetime),
                pull_profile: Some(self.profile),
                defects: self.fault.map(|id| ActiveFault::named(id).unwrap()).into_iter().collect(),
            });
            let running = running.await.unwrap();
            let mut setup = Setup {
                allow_writes: true,
                wait_expiry: self.wait.then_some(Duration::from_secs(60)),
                repeats: REPEATS,
                ..Setup::default()
            };
            setup.timeout = Duration::from_secs(90);
            if let Some(slow) = self.slow {
                (setup.token_limit, setup.resource_limit) = (slow / 2, slow / 2);
                setup.queries.truncate(2);
            }
            configuration::read(&serde_json::to_string(&running.config).unwrap(), &mut setup).unwrap();
            let chosen = Chosen { areas: self.areas, only: &self.only };
            keur::check::run(&chosen, &setup, &MemoryRecord::new(), Language::En).await.unwrap()
        })
    }
}

fn verdicts(outcomes: &[(&'static Check, Outcome)]) -> Verdicts {
    outcomes.iter().map(|(check, outcome)| (check.id, outcome.verdict())).collect()
}

fn word(verdict: Verdict) -> &'static str {
    keur::report::verdict_code(verdict)
}

/// What a run says that is not a pass.
fn said(outcomes: &[(&'static Check, Outcome)]) -> String {
    let findings = outcomes.iter().flat_map(|(check, outcome)| outcome.findings.iter().map(move |f| (check.id, f)));
    let other = findings.filter(|(_, finding)| finding.verdict != Verdict::Pass);
    other
        .map(|(id, f)| format!("{id} {}: {} ({})\n", word(f.verdict), f.message, f.found.clone().unwrap_or_default()))
        .collect()
}

/// Checks that a clean run does not judge, and why that is right.
const OPEN: [(&str, &str); 4] = [
    ("MM-AUTH-35", "the simulated DVA has no logins on behalf of others"),
    ("API-32", "there are no pages with documentation"),
    ("API-33", "the library of APIs is elsewhere"),
    ("API-34", "generic functions are elsewhere"),
];

#[test]
fn a_clean_dva_passes_everything_that_can_be_seen() {
    let twiin = PullProfile::Twiin;
    for (areas, profile, least) in [
        (&MEDMIJ[..], twiin, 130),
        (&NOTIFIED_PULL[..], twiin, 36),
        (&NOTIFIED_PULL[..], PullProfile::Nuts, 40),
        (&API[..], twiin, 31),
    ] {
        let outcomes = Case { profile, ..Case::clean(areas) }.run();
        let told = said(&outcomes);
        for (check, outcome) in &outcomes {
            let by_hand = check.level == Level::Manual || check.judge.is_none();
            let waits = check.needs.contains(&keur::check::Need::LongRun);
            let expected = match outcome.verdict() {
                Verdict::Pass | Verdict::Skip => true,
                Verdict::NotEvaluated => by_hand || waits || OPEN.iter().any(|(id, _)| *id == check.id),
                _ => false,
            };
            assert!(expected, "{}: {:?}\n{told}", check.id, outcome.verdict());
        }
        let passed = outcomes.iter().filter(|(_, outcome)| outcome.verdict() == Verdict::Pass).count();
        assert!(passed >= least, "{passed} of {}\n{told}", outcomes.len());
    }
}

/// Checks that change with a fault, as they stand in the table.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Group {
    to: String,
    checks: String,
    why: String,
}

/// By fault and check: what it becomes, and why.
type Spillover = BTreeMap<String, BTreeMap<String, (String, String)>>;

fn spillover() -> Spillover {
    let text = std::fs::read_to_string(root().join("tests/check/spillover.toml")).unwrap();
    let groups: BTreeMap<String, Vec<Group>> = toml::from_str(&text).unwrap();
    let spread = |groups: Vec<Group>| {
        let each = |group: Group| {
            let Group { to, checks, why } = group;
            let ids: Vec<String> = checks.split_whitespace().map(str::to_owned).collect();
            ids.into_iter().map(move |id| (id, (to.clone(), why.clone())))
        };
        groups.into_iter().flat_map(each).collect()
    };
    groups.into_iter().map(|(fault, groups)| (fault, spread(groups))).collect()
}

/// What came of a fault.
struct Seen {
    id: &'static str,
    own: Verdict,
    others: Vec<(&'static str, Verdict)>,
    told: String,
}

fn all_faults() -> Vec<Seen> {
    let ids: Vec<&'static str> = FAULTS.iter().flat_map(|area| area.iter()).map(|fault| fault.id).collect();
    let chosen = std::env::var("KEUR_FAULTS").unwrap_or_default();
    let ids: Vec<&'static str> = ids.into_iter().filter(|id| id.starts_with(&chosen)).collect();
    let clean: Arc<Mutex<BTreeMap<(String, &'static str), Verdicts>>> = Arc::default();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                    let case = Case::of(id);
                    let key = (
                        format!("{:?} {:?} {} {:?} {:?}", case.release, case.only, case.wait, case.slow, case.profile),
                        case.areas[0].path,
                    );
                    let known = clean.lock().unwrap().get(&key).cloned();
                    let before = known.unwrap_or_else(|| {
                        let verdicts = verdicts(&Case { fault: None, only: case.only.clone(), ..Case::of(id) }.run());
                        clean.lock().unwrap().insert(key, verdicts.clone());
                        verdicts
                    });
                    let outcomes = case.run();
                    let after = verdicts(&outcomes);
                    let changed = |(id, verdict): (&&'static str, &Verdict)| {
                        (before.get(id) != Some(verdict)).then_some((*id, *verdict))
                    };
                    let others = after.iter().filter_map(changed).filter(|(other, _)| *other != id).collect();
                    let own = after.get(id).copied().unwrap_or(Verdict::Skip);
                    found.lock().unwrap().push(Seen { id, own, others, told: said(&outcomes) });
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|seen| ids.iter().position(|id| *id == seen.id));
    found
}

#[test]
fn every_planted_fault_is_found_by_its_check_and_by_no_other_than_the_table_names() {
    let known = spillover();
    let mut wrong = String::new();
    let mut table = String::new();
    let mut counted = [("MM", 0usize), ("API", 0), ("NP", 0)];
    for seen in all_faults() {
        let check = find(seen.id).unwrap_or_else(|| panic!("there is no check {}", seen.id));
        let spilled: Vec<String> = seen.others.iter().map(|(id, verdict)| format!("{id} {}", word(*verdict))).collect();
        table.push_str(&format!(
            "{:11} {} {:8} {}\n",
            seen.id,
            check.level.letter(),
            word(seen.own),
            spilled.join(", ")
        ));
        let none = BTreeMap::new();
        let named = known.get(seen.id).unwrap_or(&none);
        let aspect = named.get(seen.id);
        let expected = aspect.map_or(word(check.level.verdict()), |(to, _)| to.as_str());
        let note = matches!(check.level, Level::Note | Level::Manual);
        if word(seen.own) != expected && !note {
            wrong.push_str(&format!("{}: {} where {expected} was expected\n{}", seen.id, word(seen.own), seen.told));
        } else if !note && expected != "pass" {
            counted.iter_mut().filter(|(start, _)| seen.id.starts_with(start)).for_each(|(_, count)| *count += 1);
        }
        for (id, verdict) in &seen.others {
            if named.get(*id).is_none_or(|(to, _)| to != word(*verdict)) {
                wrong.push_str(&format!(
                    "{}: {id} became {} too, which the table does not name\n",
                    seen.id,
                    word(*verdict)
                ));
            }
        }
        for id in named.keys().filter(|id| *id != seen.id && !seen.others.iter().any(|(other, _)| other == id)) {
            wrong.push_str(&format!("{}: the table names {id}, which did not change\n", seen.id));
        }
    }
    println!("{table}{counted:?}");
    assert!(wrong.is_empty(), "{wrong}");
    if std::env::var_os("KEUR_FAULTS").is_none() {
        let [(_, medmij), (_, api), (_, pull)] = counted;
        assert!(medmij >= 110 && api >= 25 && pull >= 36, "{counted:?}");
    }
}

#[test]
fn the_table_of_what_spills_over_says_why() {
    for (fault, spills) in spillover() {
        assert!(ActiveFault::named(&fault).is_some(), "there is no fault {fault}");
        for (id, (_, why)) in spills {
            assert!(find(&id).is_some() && why.len() > 10, "{fault} {id}: {why}");
        }
    }
}

#[test]
fn a_declaration_follows_its_schema() {
    let schema = std::fs::read_to_string(root().join("tests/check/declaration.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let outcomes = Case::clean(&API).run();
    let declared = serde_json::to_value(declaration::of(&outcomes)).unwrap();
    let errors: Vec<String> = validator.iter_errors(&declared).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let of = |kind: &str| {
        declared["requirements"].as_object().unwrap().values().filter(|s| s["conformityType"] == kind).count()
    };
    assert!(of("CONFORMANT") >= 20 && of("NOT_EVALUATED") > 100 && of("NOT_CONFORMANT") == 0, "{declared:#}");
    for broken in [
        serde_json::json!({"requirementsVersion": "1.2.0"}),
        serde_json::json!({"requirementsVersion": "1.2.0", "requirements": {"DR001": {"conformityType": "YES", "remarks": ""}}}),
        serde_json::json!({"requirementsVersion": "1.2.0", "requirements": {"DR001": {"conformityType": "CONFORMANT", "remarks": "x".repeat(1001)}}}),
        serde_json::json!({"requirementsVersion": "1.2.0", "requirements": {"XX1": {"conformityType": "CONFORMANT", "remarks": ""}}}),
    ] {
        assert!(!validator.is_valid(&broken), "{broken}");
    }
}

/// Runs a few checks of a clean DVA, supplied as `change` has it.
fn supplied(areas: &[Area], only: &[&str], change: impl FnOnce(&mut Setup)) -> Vec<(&'static Check, Outcome)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = DvaSettings {
            simulator: simulator(),
            release: Release::default(),
            token_lifetime: Duration::from_secs(900),
            pull_profile: None,
            defects: vec![],
        };
        let running = dva::start(settings).await.unwrap();
        let mut setup = Setup { repeats: REPEATS, ..Setup::default() };
        configuration::read(&serde_json::to_string(&running.config).unwrap(), &mut setup).unwrap();
        change(&mut setup);
        let only: Vec<String> = only.iter().map(|id| (*id).to_owned()).collect();
        let chosen = Chosen { areas, only: &only };
        keur::check::run(&chosen, &setup, &MemoryRecord::new(), Language::En).await.unwrap()
    })
}

#[test]
fn documentation_behind_a_login_page_is_found() {
    for (behind, expected) in [(false, Verdict::Pass), (true, Verdict::Warning)] {
        let outcomes = supplied(&API, &["API-32"], |setup| {
            let page = setup.withdrawal_page.clone().filter(|_| behind);
            let open = format!("{}/.well-known/keur-dva", setup.fhir_base.clone().unwrap_or_default());
            setup.evidence_urls.push(page.unwrap_or(open));
        });
        assert_eq!(outcomes[0].1.verdict(), expected, "{}", said(&outcomes));
    }
}

#[test]
fn what_people_say_counts_only_where_nothing_could_be_seen() {
    let says = |holds: bool| keur::check::Answer { holds, remark: String::new(), by: String::new() };
    let outcomes = supplied(&MEDMIJ, &["MM-AUTH-01", "MM-AUTH-28", "MM-AUTH-35"], |setup| {
        setup.answers.extend([
            ("MM-AUTH-01".to_owned(), says(false)),
            ("MM-AUTH-28".to_owned(), says(true)),
            ("MM-AUTH-35".to_owned(), says(false)),
        ]);
    });
    let verdicts = verdicts(&outcomes);
    assert_eq!(verdicts["MM-AUTH-01"], Verdict::Pass, "a valid request is accepted, whatever people say");
    assert_eq!((verdicts["MM-AUTH-28"], verdicts["MM-AUTH-35"]), (Verdict::Pass, Verdict::Fail));
}

#[test]
fn a_party_that_cannot_be_told_what_to_do_is_judged_as_far_as_it_shows() {
    let outcomes = supplied(&NOTIFIED_PULL, &[], |setup| {
        let pull = setup.pull.as_mut().unwrap();
        pull.control.clear();
    });
    let verdicts = verdicts(&outcomes);
    for id in ["NP-S-15", "NP-S-24", "NP-R-01", "NP-R-02", "NP-R-03", "NP-R-04", "NP-R-05", "NP-R-07"] {
        assert_eq!(verdicts[id], Verdict::Pass, "{id}\n{}", said(&outcomes));
    }
    for id in ["NP-S-01", "NP-S-14", "NP-S-17", "NP-R-08", "NP-R-13", "NP-R-20"] {
        let (_, outcome) = outcomes.iter().find(|(check, _)| check.id == id).unwrap();
        let says = outcome.findings.iter().any(|finding| finding.message.contains("control"));
        assert!(outcome.verdict() == Verdict::NotEvaluated && says, "{id}: {outcome:?}");
    }
}

#[test]
fn what_lasts_longer_than_may_be_waited_is_left_open() {
    let outcomes = supplied(&MEDMIJ, &["MM-TOK-16"], |setup| setup.wait_expiry = Some(Duration::from_secs(5)));
    assert_eq!(outcomes[0].1.verdict(), Verdict::NotEvaluated, "{}", said(&outcomes));
}

/// Nothing that was secret in a run is in its record.
#[test]
fn a_record_holds_no_secret() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = DvaSettings {
            simulator: simulator(),
            release: Release::default(),
            token_lifetime: Duration::from_secs(900),
            pull_profile: None,
            defects: vec![],
        };
        let running = dva::start(settings).await.unwrap();
        let mut setup = Setup { repeats: REPEATS, ..Setup::default() };
        configuration::read(&serde_json::to_string(&running.config).unwrap(), &mut setup).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let directory = keur::record::RunDirectory::new(folder.path(), "run");
        let chosen =
            Chosen { areas: &MEDMIJ, only: &["MM-AUTH".to_owned(), "MM-TOK".to_owned(), "MM-RES-0".to_owned()] };
        let outcomes = keur::check::run(&chosen, &setup, &directory, Language::En).await.unwrap();
        assert!(outcomes.len() > 60);
        let passwords: Vec<&str> = running.config.persons.iter().map(|person| person.password.as_str()).collect();
        let mut masked = 0;
        let mut files = vec![directory.path().join("events.jsonl")];
        files.extend(std::fs::read_dir(directory.path().join("bodies")).unwrap().map(|entry| entry.unwrap().path()));
        for file in files {
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            for secret in &passwords {
                assert!(!text.contains(secret), "a password stands in {}", file.display());
            }
            // What stands in place of a secret begins with `…`.
            for before in ["\"access_token\":\"", "\"refresh_token\":\"", "/cb?code=", "&code=", "Bearer "] {
                for (at, _) in text.match_indices(before) {
                    let after = &text[at + before.len()..];
                    let told = after.starts_with("realm") || after.starts_with("error") || after.starts_with('\\');
                    assert!(after.starts_with('…') || told, "{before} in {}", file.display());
                    masked += usize::from(after.starts_with('…'));
                }
            }
        }
        assert!(masked > 50, "{masked}");
    });
}
