//! The renderers that others read: each says what the record says, twice the same.

use keur::definitions::{Definitions, Typed};
use keur::diagnostic::{Language, Registry, Severity};
use keur::fhir::{self, FhirVersion, Format};
use keur::report::renderer::{self, TestReportRelease};
use keur::report::{RunReport, fold};
use keur::validation::{Policy, Validator};

use super::sample::{self, Sample};
use super::{CASES, RULES};

fn page(sample: &Sample, report: &RunReport) -> String {
    String::from_utf8(renderer::html(report, &Registry::new(&[RULES]), sample, Language::En)).unwrap()
}

fn json(bytes: Vec<u8>) -> serde_json::Value {
    serde_json::from_slice(&bytes).unwrap()
}

type Render = fn(&Sample, &RunReport) -> Vec<u8>;

/// Every renderer.
const ALL: [(&str, Render); 10] = [
    ("html", |sample, report| page(sample, report).into_bytes()),
    ("json", |_, report| renderer::json(report, &Registry::new(&[RULES]), Language::En).unwrap()),
    ("junit", |sample, report| renderer::junit(report, &Registry::new(&[RULES]), sample, Language::En).unwrap()),
    ("har", |sample, report| renderer::har(report, sample).unwrap()),
    ("sarif", |_, report| renderer::sarif(report, &Registry::new(&[RULES]), Language::En).into_bytes()),
    ("github", |_, report| renderer::github(report).into_bytes()),
    ("gitlab", |_, report| renderer::gitlab(report).unwrap()),
    ("testreport", |_, report| renderer::testreport(report, TestReportRelease::R4).unwrap()),
    ("testreport-r5", |_, report| renderer::testreport(report, TestReportRelease::R5).unwrap()),
    ("terminal", |sample, _| super::terminal(sample, Language::Nl, false).into_bytes()),
];

#[test]
fn the_same_record_gives_the_same_bytes() {
    for (case, make) in CASES {
        let (one, other) = (make(), make());
        for (name, render) in ALL {
            assert_eq!(render(&one, &fold(&one.events)), render(&other, &fold(&other.events)), "{name} of {case}");
        }
    }
}

#[test]
fn no_report_shows_a_secret_or_a_bsn() {
    for (case, make) in CASES {
        let sample = make();
        for (name, render) in ALL {
            let text = String::from_utf8(render(&sample, &fold(&sample.events))).unwrap();
            for secret in ["999911120", "sha256:1a2b3c4d"] {
                assert!(!text.contains(secret), "{secret} in {name} of {case}");
            }
        }
    }
}

#[test]
fn any_part_of_a_record_can_be_written_in_every_way() {
    for (case, make) in CASES {
        let sample = make();
        for end in 0..=sample.events.len() {
            let report = fold(&sample.events[..end]);
            for (name, render) in ALL {
                assert!(!render(&sample, &report).is_empty() || name == "github", "{name} of {case} to {end}");
            }
        }
    }
}

#[test]
fn testreports_are_valid_r4() {
    let definitions = Definitions::embedded(FhirVersion::R4);
    let (types, profiles, terminology) = (definitions.types(), definitions.profiles(), definitions.terminology());
    let validator = Validator::new(types, profiles, terminology, Policy::default());
    for (case, make) in CASES {
        let sample = make();
        for end in [1, sample.events.len() / 2, sample.events.len()] {
            let report = fold(&sample.events[..end]);
            let bytes = renderer::testreport(&report, TestReportRelease::R4).unwrap();
            let document = fhir::read(String::from_utf8(bytes).unwrap(), Format::Json).unwrap();
            let outcome = validator.validate(&Typed::new(document, validator.types()), &[]);
            let errors = outcome.issues.iter().filter(|issue| issue.severity <= Severity::Error);
            let errors: Vec<String> = errors.map(|issue| format!("{}: {}", issue.path, issue.message)).collect();
            assert_eq!(errors, Vec::<String>::new(), "{case} to {end}");
            assert!(outcome.unavailable.is_empty(), "{case}");
        }
    }
}

#[test]
fn a_testreport_never_passes_what_was_not_evaluated() {
    let report = fold(&sample::mixed().events);
    for (release, script) in [
        (TestReportRelease::R4, "/entry/2/resource/testScript/display"),
        (TestReportRelease::R5, "/entry/2/resource/testScript"),
    ] {
        let bundle = json(renderer::testreport(&report, release).unwrap());
        assert_eq!((&bundle["resourceType"], &bundle["type"]), (&"Bundle".into(), &"collection".into()));
        assert_eq!(bundle["entry"].as_array().unwrap().len(), 3);
        let first = &bundle["entry"][0]["resource"];
        assert_eq!((&first["result"], &first["status"]), (&"fail".into(), &"completed".into()));
        let actions = first["test"][0]["action"].as_array().unwrap();
        let results = actions.iter().filter_map(|a| a["assert"]["result"].as_str());
        assert_eq!(results.collect::<Vec<_>>(), ["pass", "pass", "fail", "warning", "skip"]);
        assert!(actions[5]["assert"]["message"].as_str().unwrap().starts_with("not-evaluated KEUR2190"));
        assert_eq!(bundle["entry"][2]["resource"]["result"], "pass");
        assert!(bundle.pointer(script).unwrap().is_string());
    }
    let cut = json(renderer::testreport(&fold(&sample::interrupted().events), TestReportRelease::R4).unwrap());
    let resource = &cut["entry"][0]["resource"];
    assert_eq!((&resource["result"], &resource["status"]), (&"pending".into(), &"stopped".into()));
}

#[test]
fn sarif_has_both_ends_and_every_issue() {
    let sarif =
        json(renderer::sarif(&fold(&sample::validated().events), &Registry::new(&[RULES]), Language::En).into());
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<&str> = results.iter().filter_map(|result| result["ruleId"].as_str()).collect();
    assert_eq!(rules, ["KEUR2011", "KEUR4040", "KEUR4040"]);
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "bgz/19-blood-pressure.yaml");
    assert_eq!(place["region"]["startLine"], 11);
    let element = &results[1]["relatedLocations"][0]["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(element, "Bundle.entry[0].resource.status");
    let open = json(renderer::sarif(&fold(&sample::mixed().events), &Registry::new(&[RULES]), Language::En).into());
    let kinds = open["runs"][0]["results"].as_array().unwrap().iter().filter(|result| result["kind"] == "open");
    assert_eq!(kinds.count(), 2);
}

#[test]
fn annotations_are_one_a_cause_and_stay_on_one_line() {
    let expired = renderer::github(&fold(&sample::expired().events));
    assert_eq!(expired.lines().count(), 1, "{expired}");
    assert!(expired.starts_with("::error file=bgz/01.xml,line=5,col="), "{expired}");
    let quality = json(renderer::gitlab(&fold(&sample::mixed().events)).unwrap());
    let severities: Vec<&str> = quality.as_array().unwrap().iter().filter_map(|q| q["severity"].as_str()).collect();
    assert_eq!(severities, ["major", "minor", "minor"]);
    assert_eq!(quality[0]["location"]["path"], "bgz/15-laboratory-json.yaml");
}

#[test]
fn a_har_has_every_exchange() {
    for (case, make) in CASES {
        let sample = make();
        let report = fold(&sample.events);
        let har = json(renderer::har(&report, &sample).unwrap());
        let entries = har["log"]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), report.exchanges.len(), "{case}");
        for entry in entries {
            let headers = entry["request"]["headers"].as_array().unwrap();
            assert!(headers.iter().any(|h| h["name"] == "Authorization" && h["value"] == "Bearer …"), "{case}");
        }
    }
    let sample = sample::unreachable();
    let har = json(renderer::har(&fold(&sample.events), &sample).unwrap());
    assert_eq!(har["log"]["entries"][0]["response"]["status"], 0);
}

#[test]
fn a_page_asks_nothing_of_the_network_and_runs_no_script_of_others() {
    for (case, make) in CASES {
        let sample = make();
        let text = page(&sample, &fold(&sample.events));
        assert_eq!(text.matches("<script").count(), 1, "{case}");
        for forbidden in ["src=\"http", "src=http", "@import", "url(", "<iframe", "<img src=x"] {
            assert!(!text.contains(forbidden), "{forbidden} in {case}");
        }
        assert!(text.contains("default-src 'none'"));
    }
    let sample = sample::validated();
    let text = page(&sample, &fold(&sample.events));
    assert!(text.contains("&lt;script&gt;alert(1)"), "the answer is shown as it is");
    assert!(text.contains("Blood pressure &lt;b&gt;"));
}

#[test]
fn a_page_shows_both_ends_the_mark_and_the_table_of_slices() {
    let sample = sample::validated();
    let text = page(&sample, &fold(&sample.events));
    for wanted in [
        "bgz/19-blood-pressure.yaml",
        "<mark>&quot;nonsense&quot;</mark>",
        "<mark id=m1>&quot;nonsense&quot;</mark>",
        "href=\"#m1\"",
        "value: code.coding.code",
        "8480-6",
        "<span lang=en>What fails</span><span lang=nl>Wat fout gaat</span>",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
}

#[test]
fn every_link_on_a_page_goes_somewhere() {
    for (case, make) in CASES {
        let sample = make();
        let text = page(&sample, &fold(&sample.events));
        for link in
            text.match_indices("href=").filter_map(|(at, _)| text[at + 5..].trim_start_matches('"').strip_prefix('#'))
        {
            let id = link.split(['>', '"', ' ']).next().unwrap();
            let there = [format!("id={id} "), format!("id={id}>"), format!("id=\"{id}\"")];
            assert!(there.iter().any(|there| text.contains(there.as_str())), "#{id} of {case}");
        }
    }
}

#[test]
fn a_big_answer_is_there_once_and_cut_around_its_mark() {
    let sample = sample::big(40_000);
    let text = page(&sample, &fold(&sample.events));
    assert!(text.len() < 400_000, "{} bytes", text.len());
    assert!(text.contains("<mark id=m1>&quot;n39990&quot;</mark>"));
    assert!(text.contains("lines left out") && text.contains("the same bytes as in"));
}
