//! `keur completions SHELL`: a script that completes verbs and flags in a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Command;
use super::console::Console;
use super::exit::Exit;

/// Flags of `completions`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Carries it out.
pub fn completions(arguments: &Arguments, console: &Console) -> Exit {
    console.ended(script(arguments.shell), Exit::Passed)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = vec![];
    clap_complete::generate(shell, &mut Command::command(), "keur", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_gets_every_verb() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            let command = Command::command();
            for verb in command.get_subcommands().map(clap::Command::get_name) {
                assert!(script.contains(verb), "{shell}: {verb}");
            }
        }
    }
}
