//! The `keur` command.

fn main() -> std::process::ExitCode {
    keur::cli::main(std::env::args_os()).into()
}
