//! The login hook: a command that does what a person does in a browser. It is given the URL to go to, as
//! its last argument, on standard input and in `KEUR_LOGIN_URL`, and writes the URL that it was sent back to
//! on standard output. Who logs in is in `KEUR_LOGIN_PERSON`, `KEUR_LOGIN_USER` and `KEUR_LOGIN_PASSWORD`,
//! what they decide in `KEUR_LOGIN_DECISION`.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::token_endpoint::LoginError;
use crate::exchange::AccessToken;

/// Whom the hook logs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Name in the scripts, without `patient-token-`.
    pub name: String,
    /// Name to log in with: `KEUR_LOGIN_USER` of the hook.
    pub user: String,
    /// Password: `KEUR_LOGIN_PASSWORD` of the hook.
    pub password: Option<AccessToken>,
}

/// What the person does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Decision {
    /// Agrees for this once.
    #[default]
    Consent,
    /// Agrees until further notice.
    Lasting,
    /// Does not agree.
    Refuse,
    /// Walks away at the login page.
    Abort,
    /// Takes back what was agreed before; the URL is of the page for that.
    Withdraw,
}

impl Decision {
    /// As a hook is told.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Consent => "consent",
            Decision::Lasting => "consent-lasting",
            Decision::Refuse => "refuse",
            Decision::Abort => "abort",
            Decision::Withdraw => "withdraw",
        }
    }
}

/// How long a login may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs a hook; None when it says nothing, so that the person did not come back.
///
/// # Errors
/// It does not start, does not end in time or ends with a fault.
pub async fn run(command: &str, url: &str, person: &Person, decision: Decision) -> Result<Option<String>, LoginError> {
    let nobody = |reason: String| LoginError::Nobody { reason };
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    // `"$@"` hands the URL over whatever characters are in it.
    let line = if cfg!(windows) { command.to_owned() } else { format!("{command} \"$@\"") };
    let mut spawned = Command::new(shell);
    spawned.arg(flag).arg(line).arg("login-hook").arg(url);
    spawned.env("KEUR_LOGIN_URL", url).env("KEUR_LOGIN_DECISION", decision.name());
    spawned.env("KEUR_LOGIN_PERSON", &person.name).env("KEUR_LOGIN_USER", &person.user);
    if let Some(password) = &person.password {
        spawned.env("KEUR_LOGIN_PASSWORD", password.expose());
    }
    spawned.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let mut child = spawned.spawn().map_err(|error| nobody(format!("the login hook does not start: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A hook that takes the argument need not read.
        let _ = stdin.write_all(format!("{url}\n").as_bytes()).await;
    }
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = output.map_err(|_| nobody(format!("the login hook was not done within {PATIENCE:?}")))?;
    let output = output.map_err(|error| nobody(format!("the login hook broke off: {error}")))?;
    if !output.status.success() {
        return Err(nobody(format!("the login hook ended with {}", output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    Ok(last.map(str::to_owned))
}

/// Runs a hook of which somebody has to come back.
///
/// # Errors
/// As [`run`]; nobody came back.
pub async fn come_back(command: &str, url: &str, person: &Person) -> Result<String, LoginError> {
    // Consent that lasts is what gives a refresh token; where there is none to give, it is consent.
    let came_back = run(command, url, person, Decision::Lasting).await?;
    came_back.ok_or_else(|| LoginError::Nobody { reason: "the login hook wrote no URL".to_owned() })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hook_gets_the_url_both_ways_and_its_last_line_counts() {
        let person = Person { name: "a".into(), user: "u".into(), password: Some(AccessToken::new("p")) };
        let url = "https://a/b?x='$(id)'&y=1";
        let hook = "f() { read line; [ \"$line\" = \"$1\" ] && echo noise && echo \"$1#$KEUR_LOGIN_USER:$KEUR_LOGIN_PASSWORD\"; }; f";
        assert_eq!(come_back(hook, url, &person).await.unwrap(), format!("{url}#u:p"));
        let told = "echo \"$KEUR_LOGIN_URL#$KEUR_LOGIN_PERSON:$KEUR_LOGIN_DECISION\" #";
        let told = run(told, url, &person, Decision::Refuse).await.unwrap();
        assert_eq!(told, Some(format!("{url}#a:refuse")));
        let failed = come_back("false", url, &person).await.unwrap_err().to_string();
        assert!(failed.contains("ended with") && !failed.contains("x="), "{failed}");
        assert_eq!(run("true", url, &person, Decision::Abort).await.unwrap(), None);
        assert!(come_back("true", url, &person).await.unwrap_err().to_string().contains("no URL"));
    }
}
