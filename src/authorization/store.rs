//! Tokens kept between runs, in a file that its owner alone can read.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::login::TokenSet;
use super::private_file::private_file;
use crate::exchange::AccessToken;

/// Name of the form.
const SCHEMA: &str = "urn:keur:tokens:1";

/// Tokens of one login. Does not print.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    access: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    correlation: String,
}

#[derive(Default, Serialize, Deserialize)]
struct File {
    schema: String,
    #[serde(default)]
    logins: BTreeMap<String, Entry>,
}

/// Where tokens are kept. Each login has a key: who, as which client, where.
#[derive(Clone, Debug)]
pub struct TokenStore {
    path: PathBuf,
}

/// The key of a login.
pub fn key(person: &str, client_id: &str, token_endpoint: &str) -> String {
    format!("{person} {client_id} {token_endpoint}")
}

impl TokenStore {
    /// A store at a path; it need not be there.
    pub fn at(path: impl Into<PathBuf>) -> TokenStore {
        TokenStore { path: path.into() }
    }

    /// The store of this user: `KEUR_TOKENS`, else in the folder for the state of programs
    /// (<https://specifications.freedesktop.org/basedir-spec/latest/>).
    pub fn usual(environment: &dyn Fn(&str) -> Option<String>) -> Option<TokenStore> {
        let given = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let state = || given("XDG_STATE_HOME").or_else(|| Some(given("HOME")?.join(".local/state")));
        let windows = || given("LOCALAPPDATA");
        given("KEUR_TOKENS")
            .or_else(|| Some(state().or_else(windows)?.join("keur").join("tokens.json")))
            .map(TokenStore::at)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> io::Result<File> {
        match std::fs::read_to_string(&self.path) {
            // A parse error would quote what is in there.
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| io::Error::other(format!("line {} is not understood", error.line()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(File::default()),
            Err(error) => Err(error),
        }
    }

    fn write(&self, mut file: File) -> io::Result<()> {
        file.schema = SCHEMA.to_owned();
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_vec_pretty(&file).map_err(|_| io::Error::other("the tokens cannot be written"))?;
        private_file(&self.path, &text)
    }

    /// The tokens of a login.
    pub fn get(&self, key: &str) -> io::Result<Option<TokenSet>> {
        Ok(self.read()?.logins.get(key).map(tokens))
    }

    /// Every login with its tokens.
    pub fn all(&self) -> io::Result<Vec<(String, TokenSet)>> {
        Ok(self.read()?.logins.iter().map(|(key, entry)| (key.clone(), tokens(entry))).collect())
    }

    /// Keeps the tokens of a login.
    pub fn keep(&self, key: &str, tokens: &TokenSet) -> io::Result<()> {
        let mut file = self.read()?;
        let entry = Entry {
            access: tokens.access.expose().to_owned(),
            refresh: tokens.refresh.as_ref().map(|token| token.expose().to_owned()),
            until: tokens.until,
            scope: tokens.scope.clone(),
            correlation: tokens.correlation.clone(),
        };
        file.logins.insert(key.to_owned(), entry);
        self.write(file)
    }

    /// Forgets logins; how many there were.
    pub fn forget(&self, which: impl Fn(&str) -> bool) -> io::Result<usize> {
        let mut file = self.read()?;
        let before = file.logins.len();
        file.logins.retain(|key, _| !which(key));
        let gone = before - file.logins.len();
        if gone > 0 {
            self.write(file)?;
        }
        Ok(gone)
    }
}

fn tokens(entry: &Entry) -> TokenSet {
    TokenSet {
        access: AccessToken::new(entry.access.clone()),
        refresh: entry.refresh.clone().map(AccessToken::new),
        until: entry.until,
        scope: entry.scope.clone(),
        correlation: entry.correlation.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> TokenSet {
        TokenSet {
            access: AccessToken::new("s3cret-access"),
            refresh: Some(AccessToken::new("s3cret-refresh")),
            until: Some(1),
            scope: "48".into(),
            correlation: "c".into(),
        }
    }

    #[test]
    fn what_is_kept_is_there_again_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = TokenStore::at(folder.path().join("deep/tokens.json"));
        assert_eq!(store.get("a").unwrap(), None);
        store.keep("a", &some()).unwrap();
        store.keep("b", &some()).unwrap();
        assert_eq!(store.get("a").unwrap(), Some(some()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(store.path()).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(store.forget(|key| key == "a").unwrap(), 1);
        assert_eq!(store.all().unwrap().len(), 1);
        assert!(!format!("{:?}", store.all()).contains("s3cret"));
    }

    #[test]
    fn a_file_that_is_no_store_is_said_without_what_is_in_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"logins\": {\"a\": \"s3cret\"}}").unwrap();
        let said = TokenStore::at(file.path()).get("a").unwrap_err().to_string();
        assert!(said.contains("line 1") && !said.contains("s3cret"), "{said}");
    }
}
