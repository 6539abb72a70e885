//! A request as a command line that someone can run, without its secrets.

use std::fmt::Write as _;

use super::redaction;

/// A `curl` line. Secrets and BSNs are masked, so it has to be completed by hand where they were;
/// `body` names the file that holds the body, if there is one.
pub fn line<'h>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    body: Option<&str>,
) -> String {
    let mut line = String::from("curl");
    match (method, body) {
        ("GET", None) => {}
        ("HEAD", None) => line.push_str(" --head"),
        _ => {
            line.push_str(" -X ");
            line.push_str(&quote(method));
        }
    }
    for (name, value) in headers {
        if is_implied(name) {
            continue;
        }
        let _ = write!(line, " -H {}", quote(&format!("{name}: {}", redaction::shown_header(name, value))));
    }
    if let Some(file) = body {
        let _ = write!(line, " --data-binary {}", quote(&format!("@{file}")));
    }
    let _ = write!(line, " {}", quote(&redaction::shown_url(url)));
    line
}

/// What curl fills in by itself, or what says nothing.
fn is_implied(name: &str) -> bool {
    ["user-agent", "host", "content-length"].iter().any(|n| n.eq_ignore_ascii_case(name))
}

/// A word as a POSIX shell takes it literally (XCU 2.2.2): in single quotes, which themselves are
/// written `'\''`. Line breaks cannot be in a header or URL and become spaces.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let word = word.replace(['\n', '\r', '\0'], " ");
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_what_is_needed_and_no_secret() {
        let headers = [("Accept", "application/fhir+json"), ("Authorization", "Bearer s3cret"), ("User-Agent", "keur")];
        assert_eq!(
            line("GET", "https://dva.example/fhir/Patient?_include=a&b=it's", headers, None),
            r"curl -H 'Accept: application/fhir+json' -H 'Authorization: Bearer …' 'https://dva.example/fhir/Patient?_include=a&b=it'\''s'"
        );
        assert_eq!(
            line("PUT", "https://dva.example/Task/1", [("Content-Type", "application/fhir+xml")], Some("body file")),
            "curl -X PUT -H 'Content-Type: application/fhir+xml' --data-binary '@body file' https://dva.example/Task/1"
        );
    }

    #[test]
    fn a_shell_reads_back_every_quoted_word() {
        for word in ["", "plain", "a b", "it's", "$HOME `id` \"x\"", "a;b&c|d>e", "$(reboot)", "*?[", "!history", "#c"]
        {
            let output = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", quote(word))).output();
            assert_eq!(output.expect("sh").stdout, word.as_bytes(), "{word}");
        }
    }
}
