//! `keur matrix init`: something to start from.

use std::path::PathBuf;

use crate::connectathon::code;
use crate::diagnostic::{NoteKind, Words};

use super::super::console::Console;
use super::super::destination;
use super::super::exit::Exit;

/// Flags of `matrix init`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The file to write; `-` is standard output
    #[arg(value_name = "FILE", default_value = "vipptathon.toml")]
    file: PathBuf,
    /// Write a CI file that shares the work instead: github, gitlab or kubernetes
    #[arg(long, value_name = "CI")]
    ci: Option<Ci>,
}

/// Systems that run parts of a matrix side by side.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Ci {
    /// GitHub Actions: a matrix strategy.
    Github,
    /// GitLab CI: `parallel`.
    Gitlab,
    /// An Indexed Job.
    Kubernetes,
}

const MATRIX: &str = include_str!("template/vipptathon.toml");
const CI: [(Ci, &str); 3] = [
    (Ci::Github, include_str!("template/github.yaml")),
    (Ci::Gitlab, include_str!("template/gitlab.yaml")),
    (Ci::Kubernetes, include_str!("template/kubernetes.yaml")),
];
const WRITTEN: Words =
    Words::new("written: `{}`; play it with `keur matrix {}`", "geschreven: `{}`; speel het met `keur matrix {}`");

/// Carries it out. What is there is not written over.
pub fn init(arguments: &Arguments, console: &Console) -> Exit {
    let ci = arguments.ci.and_then(|wanted| CI.iter().find(|(ci, _)| *ci == wanted));
    let text = ci.map_or(MATRIX, |(_, text)| text);
    // A file for a CI goes where that wants it: it is shown.
    if ci.is_some() || arguments.file.as_os_str() == "-" {
        return console.ended(text, Exit::Passed);
    }
    let shown = arguments.file.display().to_string();
    if arguments.file.exists() {
        let problem = code::error(code::FILE, format!("`{shown}` is there already"));
        console.tell(problem.note(NoteKind::Remedy, "give another name: `keur matrix init FILE`"));
        return Exit::Usage;
    }
    match destination::write(&arguments.file, text.as_bytes()) {
        Ok(()) => {
            console.error(&format!("{}\n", WRITTEN.get(console.language).replace("{}", &shown)));
            Exit::Passed
        }
        Err(problem) => {
            console.tell(*problem);
            Exit::Usage
        }
    }
}
