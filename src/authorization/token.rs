//! Tokens given on the command line, and the variables of a script they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::str::FromStr;

use crate::exchange::{AccessToken, mark};

/// Prefix of the script variables that hold the token of a test person.
pub const PATIENT_TOKEN: &str = "patient-token-";
/// The name that stands for every test person without a token of its own.
pub const DEFAULT: &str = "default";

/// `NAME=VALUE` of `--token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenArgument {
    /// The variable without `patient-token-`, or `default`.
    pub name: String,
    /// Where the token is.
    pub source: TokenSource,
}

/// Where a token is to be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `env:VAR`.
    Environment(String),
    /// `@FILE`: the file's content, white space around it left out.
    File(PathBuf),
    /// The token itself: for public test tokens only, it ends up in shell histories.
    Literal(AccessToken),
}

/// Why a token cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not `NAME=…`.
    #[error("`--token` takes `NAME=env:VARIABLE`, `NAME=@FILE` or `NAME=VALUE`; there is no `=` in what was given")]
    Form,
    /// Nothing before or after the `=`.
    #[error("`--token {0}=…` has no {1}")]
    Missing(String, &'static str),
    /// The environment variable is not set.
    #[error("`--token {name}=env:{variable}`: the environment variable `{variable}` is not set")]
    Environment {
        /// Name of the token.
        name: String,
        /// Name of the variable.
        variable: String,
    },
    /// The file cannot be read.
    #[error("`--token {name}=@{}`: {reason}", .path.display())]
    File {
        /// Name of the token.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// There is nothing in the variable or file.
    #[error("the token `{0}` is empty")]
    Empty(String),
}

impl FromStr for TokenArgument {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (name, value) = text.split_once('=').ok_or(TokenError::Form)?;
        let name = name.trim().strip_prefix(PATIENT_TOKEN).unwrap_or(name.trim());
        if name.is_empty() {
            return Err(TokenError::Missing(name.to_owned(), "name before the `=`"));
        }
        let source = match (value.strip_prefix("env:"), value.strip_prefix('@')) {
            (Some(variable), _) => TokenSource::Environment(variable.to_owned()),
            (_, Some(path)) => TokenSource::File(path.into()),
            _ => TokenSource::Literal(AccessToken::new(value)),
        };
        let empty = match &source {
            TokenSource::Environment(variable) => variable.is_empty(),
            TokenSource::File(path) => path.as_os_str().is_empty(),
            TokenSource::Literal(token) => token.expose().is_empty(),
        };
        if empty {
            return Err(TokenError::Missing(name.to_owned(), "value after the `=`"));
        }
        Ok(TokenArgument { name: name.to_owned(), source })
    }
}

impl TokenArgument {
    /// Fetches the token from where it is.
    pub fn read(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<AccessToken, TokenError> {
        let token = match &self.source {
            TokenSource::Literal(token) => token.clone(),
            TokenSource::Environment(variable) => AccessToken::new(
                environment(variable)
                    .ok_or_else(|| TokenError::Environment { name: self.name.clone(), variable: variable.clone() })?,
            ),
            TokenSource::File(path) => AccessToken::new(std::fs::read_to_string(path).map_err(|e| {
                TokenError::File { name: self.name.clone(), path: path.clone(), reason: e.to_string() }
            })?),
        };
        if token.expose().is_empty() { Err(TokenError::Empty(self.name.clone())) } else { Ok(token) }
    }
}

/// The tokens of a run, by test person: those that were given, and those that a login gives.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// By variable, with or without `patient-token-` before it.
    pub by_name: BTreeMap<String, AccessToken>,
    /// For every `patient-token-…` that is not named.
    pub default: Option<AccessToken>,
    /// Names for which a login gives the token when it is needed.
    pub by_login: BTreeSet<String>,
}

impl Tokens {
    /// Reads every argument; all that fail are reported together.
    pub fn read(
        arguments: &[TokenArgument],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Tokens, Vec<TokenError>> {
        let mut tokens = Tokens::default();
        let mut errors = vec![];
        for argument in arguments {
            match argument.read(environment) {
                Ok(token) => tokens.set(&argument.name, token),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(tokens) } else { Err(errors) }
    }

    /// Sets the token of a test person, or of all others (`default`).
    pub fn set(&mut self, name: &str, token: AccessToken) {
        if name == DEFAULT {
            self.default = Some(token);
        } else {
            self.by_name.insert(name.to_owned(), token);
        }
    }

    /// What a script variable shall hold: a token by the variable's own name, or by what follows
    /// `patient-token-`, else the default one if the variable is a patient token; the mark of a token
    /// that a login gives.
    pub fn for_variable(&self, variable: &str) -> Option<String> {
        let person = variable.strip_prefix(PATIENT_TOKEN);
        let given = self.by_name.get(variable).or_else(|| self.by_name.get(person?));
        if let Some(token) = given {
            return Some(token.header());
        }
        let person = person?;
        let login = |name: &str| self.by_login.contains(name).then(|| format!("Bearer {}", mark(name)));
        login(person).or_else(|| self.default.as_ref().map(AccessToken::header)).or_else(|| login(DEFAULT))
    }

    /// Names of test persons with a token of their own, to tell the user about those no script uses.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(|n| &**n)
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty() && self.default.is_none() && self.by_login.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "DVA_TOKEN").then(|| "Bearer from-env".to_owned())
    }

    #[test]
    fn the_three_forms() {
        let argument: TokenArgument = "patient-token-KEURMEESTER=env:DVA_TOKEN".parse().unwrap();
        assert_eq!(argument.name, "KEURMEESTER");
        assert_eq!(argument.read(&environment).unwrap().expose(), "from-env");

        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from-file\n").unwrap();
        let argument: TokenArgument = format!("default=@{}", file.path().display()).parse().unwrap();
        assert_eq!(argument.read(&environment).unwrap().expose(), "from-file");

        let argument: TokenArgument = "a=b=c".parse().unwrap();
        assert_eq!(argument.read(&environment).unwrap().expose(), "b=c");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [("abc", "no `=`"), ("=x", "no name"), ("a=", "no value"), ("a=env:", "no value")] {
            let error = text.parse::<TokenArgument>().unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
        let missing: TokenArgument = "a=env:NOT_SET".parse().unwrap();
        assert!(missing.read(&environment).unwrap_err().to_string().contains("`NOT_SET` is not set"));
        let absent: TokenArgument = "a=@/does/not/exist".parse().unwrap();
        assert!(absent.read(&environment).unwrap_err().to_string().contains("/does/not/exist"));
    }

    #[test]
    fn a_variable_finds_its_token() {
        let mut tokens = Tokens::default();
        tokens.set("KEURMEESTER", AccessToken::new("one"));
        tokens.set("auth-token", AccessToken::new("two"));
        tokens.set(DEFAULT, AccessToken::new("any"));
        tokens.by_login.insert("TOETSEMA".to_owned());
        let found = |variable| tokens.for_variable(variable);
        assert_eq!(found("patient-token-KEURMEESTER").as_deref(), Some("Bearer one"));
        assert_eq!(found("patient-token-LEDIG").as_deref(), Some("Bearer any"));
        assert_eq!(found("patient-token-TOETSEMA"), Some(format!("Bearer {}", mark("TOETSEMA"))));
        assert_eq!(found("auth-token").as_deref(), Some("Bearer two"));
        assert_eq!(found("task-id"), None, "the default is for patient tokens only");
    }
}
