use super::*;

fn all() -> Vec<&'static Check> {
    MEDMIJ.iter().chain(&NOTIFIED_PULL).chain(&API).flat_map(|area| area.checks).collect()
}

#[test]
fn ids_are_unique_and_in_order() {
    let ids: Vec<&str> = all().iter().map(|check| check.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len());
    assert!(ids.len() >= 187 + 36, "{}", ids.len());
    for area in MEDMIJ.iter().chain(&NOTIFIED_PULL).chain(&API) {
        assert!(area.checks.is_sorted_by_key(|check| check.id), "{}", area.path);
    }
}

#[test]
fn every_row_speaks_both_languages_and_names_its_source() {
    for check in all() {
        for text in [check.title.en, check.title.nl, check.source] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}", check.id);
        }
        assert!(check.judge.is_some() || matches!(check.level, Level::Manual | Level::Note) || check.id == "API-35");
        for need in check.needs {
            assert!(!need.words().en.is_empty(), "{need:?}");
        }
    }
}

/// Uncertain sources do not fail anybody, except where data leaks, a token is given away or basic HTTP,
/// OAuth and TLS standards are broken.
#[test]
fn what_is_unknown_is_a_note() {
    for check in all().iter().filter(|check| check.certainty == Certainty::U) {
        assert!(matches!(check.level, Level::Note | Level::Warn), "{}", check.id);
    }
}
