//! Official material: where it is, and what becomes of a test on it where it is not.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

/// Its folder: `KEUR_ASSETS`, or `target/assets`.
pub fn root() -> PathBuf {
    let root = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    // Some tests run in a folder of their own.
    std::fs::canonicalize(&root).unwrap_or(root)
}

/// A test that is given the folder. Where something it needs is not there it is ignored, which is said;
/// with `KEUR_REQUIRE_ASSETS=1` it fails.
pub fn trial(
    name: impl Into<String>,
    needs: &[&str],
    test: impl FnOnce(&Path) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let (name, root) = (name.into(), root());
    let Some(missing) = needs.iter().map(|needed| root.join(needed)).find(|path| !path.exists()) else {
        return Trial::test(name, move || test(&root));
    };
    let message = format!("{name}: `{}` is not there; set KEUR_ASSETS", missing.display());
    let required = std::env::var_os("KEUR_REQUIRE_ASSETS").is_some_and(|value| value == "1");
    if !required {
        eprintln!("{message}");
    }
    Trial::test(name, move || Err(message.into())).with_ignored_flag(!required)
}
