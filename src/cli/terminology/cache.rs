//! What the server said, kept on disk for the user alone: one small file an answer.
//!
//! A file is named by the hash of everything the answer depends on, the content of the value set among it,
//! so that a new version of either asks again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::authorization::private_file;
use crate::definitions::terminology::Question;

/// Name of the form.
const SCHEMA: &str = "urn:keur:terminology-answer:1";

/// Seconds after which an answer is asked for again: code systems have new editions.
const LIFE: i64 = 30 * 24 * 60 * 60;

/// A folder of answers.
pub struct Cache {
    folder: PathBuf,
}

/// What an answer depends on.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Key {
    server: String,
    release: String,
    value_set: String,
    /// Hash of its content; empty where nobody here has it.
    content: String,
    system: String,
    code: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    schema: String,
    #[serde(flatten)]
    key: Key,
    member: bool,
    /// Seconds since 1970.
    asked: i64,
}

impl Key {
    /// Of a question to a server.
    pub fn of(server: &str, question: &Question<'_>) -> Key {
        Key {
            server: server.to_owned(),
            release: question.release.number().to_owned(),
            value_set: question.value_set.to_owned(),
            content: question.definition.map(|text| hash(text.as_bytes())).unwrap_or_default(),
            system: question.system.to_owned(),
            code: question.code.to_owned(),
        }
    }

    fn hash(&self) -> String {
        // Texts: nothing in it that JSON cannot say.
        hash(&serde_json::to_vec(self).unwrap_or_default())
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of this user: `KEUR_TERMINOLOGY_CACHE`, else one in the folder for caches
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>).
pub fn usual(environment: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let given = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = || given("XDG_CACHE_HOME").or_else(|| Some(given("HOME")?.join(".cache")));
    let folder = || Some(caches().or_else(|| given("LOCALAPPDATA"))?.join("keur").join("terminology"));
    given("KEUR_TERMINOLOGY_CACHE").or_else(folder)
}

impl Cache {
    /// Answers in this folder; it need not be there.
    pub fn at(folder: impl Into<PathBuf>) -> Cache {
        Cache { folder: folder.into() }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(key.hash()).with_extension("json")
    }

    /// Whether the code was said to be a member, not too long ago. A file that is not understood is none.
    pub fn get(&self, key: &Key, now: i64) -> Option<bool> {
        let text = std::fs::read_to_string(self.path(key)).ok()?;
        let kept: Kept = serde_json::from_str(&text).ok()?;
        let fresh = (0..LIFE).contains(&(now.saturating_sub(kept.asked)));
        (kept.schema == SCHEMA && kept.key == *key && fresh).then_some(kept.member)
    }

    /// Keeps an answer. A cache that cannot be written costs a question more, that is all.
    pub fn keep(&self, key: &Key, member: bool, now: i64) {
        let kept = Kept { schema: SCHEMA.to_owned(), key: key.clone(), member, asked: now };
        if let (Ok(()), Ok(text)) = (private_folder(&self.folder), serde_json::to_vec_pretty(&kept)) {
            let _ = private_file(&self.path(key), &text);
        }
    }
}

/// A folder that its owner alone can look into.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::FhirVersion;

    fn question(code: &'static str) -> Question<'static> {
        Question {
            release: FhirVersion::Stu3,
            value_set: "http://a/vs",
            system: "http://s",
            code,
            whole: false,
            definition: Some("{}"),
        }
    }

    #[test]
    fn an_answer_is_kept_for_its_question_alone_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("a/b"));
        let key = Key::of("http://server", &question("1"));
        assert_eq!(cache.get(&key, 1_000), None);
        cache.keep(&key, true, 1_000);
        assert_eq!(cache.get(&key, 1_000), Some(true));
        cache.keep(&key, false, 1_000);
        assert_eq!(cache.get(&key, 1_000 + LIFE - 1), Some(false));
        assert_eq!(cache.get(&key, 1_000 + LIFE), None, "too old");
        assert_eq!(cache.get(&key, 999), None, "a clock that went back proves nothing");
        let others = [
            Key::of("http://other", &question("1")),
            Key::of("http://server", &question("2")),
            Key::of("http://server", &Question { definition: Some("{ }"), ..question("1") }),
            Key::of("http://server", &Question { value_set: "http://a/vs|2", ..question("1") }),
            Key::of("http://server", &Question { release: FhirVersion::R4, ..question("1") }),
        ];
        for other in others {
            assert_eq!(cache.get(&other, 1_000), None, "{other:?}");
        }
        std::fs::write(cache.path(&key), "{}").unwrap();
        assert_eq!(cache.get(&key, 1_000), None, "not understood");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_look_into_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let key = Key::of("http://server", &question("1"));
        cache.keep(&key, true, 1);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache.folder), mode(&cache.path(&key))), (0o700, 0o600));
    }
}
