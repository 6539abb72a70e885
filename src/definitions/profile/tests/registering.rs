//! Finding definitions, and what cannot be had.

use std::sync::Arc;

use super::{CORE, Listed, base, definition, lines, profile, profiles};
use crate::definitions::profile::{Max, ProfileError, Profiles, StructureDefinition};

fn versioned(version: &str, max: &str) -> StructureDefinition {
    let mut definition = profile("http://x/p", "Thing", &format!("{{'path':'Thing.name','max':'{max}'}}"));
    definition.version = Some(version.into());
    definition
}

fn name_max(profiles: &Profiles, canonical: &str) -> Max {
    profiles.snapshot(canonical).unwrap().root.child("name").unwrap().rules.max()
}

#[test]
fn versions_stand_side_by_side() {
    let profiles = profiles(vec![versioned("2", "0"), versioned("1", "1")]);
    assert_eq!(name_max(&profiles, "http://x/p"), Max::Count(0));
    assert_eq!(name_max(&profiles, "http://x/p|1"), Max::Count(1));
    let same = (profiles.snapshot("http://x/p").unwrap(), profiles.snapshot("http://x/p|2").unwrap());
    assert!(Arc::ptr_eq(&same.0, &same.1), "one definition is generated once, whatever it is called");
    assert_eq!(
        profiles.snapshot("http://x/p|3").err().map(|e| e.to_string()).as_deref(),
        Some("`http://x/p|3` is in the packages only as version 2")
    );
}

#[test]
fn registries_share_the_base_below_them() {
    let below = Arc::new(Profiles::new(vec![Arc::new(Listed(base()))]));
    let one = Profiles::over(below.clone(), vec![Arc::new(Listed(vec![versioned("1", "0")]))]);
    let two = Profiles::over(below, vec![Arc::new(Listed(vec![versioned("2", "1")]))]);
    assert_eq!((name_max(&one, "http://x/p"), name_max(&two, "http://x/p")), (Max::Count(0), Max::Count(1)));
    let thing = format!("{CORE}Thing");
    assert!(Arc::ptr_eq(&one.profile(&thing).unwrap(), &two.profile(&thing).unwrap()));
    assert_eq!(one.urls().len(), base().len() + 1);
}

#[test]
fn what_is_missing_is_named() {
    let profiles = profiles(vec![
        profile("http://x/p", "http://x/q", "{'path':'Thing'}"),
        profile("http://x/q", "http://x/gone", "{'path':'Thing'}"),
    ]);
    let error = profiles.profile("http://x/p").unwrap_err();
    assert_eq!(error.culprit(), "http://x/gone");
    assert_eq!(
        error.to_string(),
        "`http://x/p` derives from `http://x/q`: `http://x/q` derives from `http://x/gone`: `http://x/gone` is in none of the packages"
    );
}

#[test]
fn circles_end() {
    let all = vec![
        profile("http://x/a", "http://x/b", "{'path':'Thing'}"),
        profile("http://x/b", "http://x/a", "{'path':'Thing'}"),
        profile("http://x/c", "http://x/c", "{'path':'Thing'}"),
        // Walks into an extension that walks into itself.
        profile(
            "http://x/e",
            "Extension",
            "{'path':'Extension.extension','sliceName':'e','type':[{'code':'Extension','profile':['http://x/e']}]},
             {'path':'Extension.extension.url','min':1}",
        ),
    ];
    let profiles = profiles(all);
    for url in ["http://x/a", "http://x/b", "http://x/c"] {
        assert!(matches!(profiles.snapshot(url), Err(ProfileError::Base { .. })), "{url}");
    }
    let snapshot = profiles.snapshot("http://x/e").unwrap();
    assert_eq!(snapshot.problems.len(), 1, "{:?}", snapshot.problems);
    assert_eq!(lines(&snapshot, "Extension.extension:e.url"), ["Extension.extension:e.url 1..1 uri"]);
}

#[test]
fn what_nests_or_derives_without_end_is_refused() {
    let deep = format!("Thing{}", ".part".repeat(5000));
    let long = (0..5000).map(|i| profile(&format!("http://x/{i}"), &format!("http://x/{}", i + 1), "{'path':'Thing'}"));
    let mut all: Vec<StructureDefinition> = long.collect();
    all.push(profile("http://x/deep", "Thing", &format!("{{'path':'{deep}'}}")));
    let profiles = profiles(all);
    assert!(matches!(profiles.snapshot("http://x/deep"), Err(ProfileError::Unreadable { .. })));
    assert!(profiles.snapshot("http://x/0").is_err());
}

#[test]
fn a_definition_without_snapshot_that_is_no_constraint_gives_its_own_elements() {
    let logical = definition(
        r#"{"resourceType":"StructureDefinition","url":"http://x/m","name":"m","type":"http://x/m","kind":"logical",
            "derivation":"specialization","differential":{"element":[{"path":"m","min":0,"max":"*"},{"path":"m.a","min":0,"max":"1"}]}}"#,
    );
    let snapshot = profiles(vec![logical]).snapshot("http://x/m").unwrap();
    assert_eq!(lines(&snapshot, "m"), ["m 0..*", "m.a 0..1"]);
}
