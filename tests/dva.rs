//! The simulated DVA, and logging in to it: what a client of MedMij does, and that no secret gets out.
//!
//! Called with `hook` before other arguments the test itself is a login hook: it fills in the forms of the
//! DVA and writes the final redirect.

#[path = "dva/command.rs"]
mod command;
#[path = "dva/faults.rs"]
mod faults;
#[path = "dva/forms.rs"]
mod forms;
#[path = "dva/leaks.rs"]
mod leaks;
#[path = "dva/real.rs"]
mod real;
#[path = "dva/server.rs"]
mod server;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

type Test = fn() -> Result<(), Failed>;

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    if std::env::args().nth(1).as_deref() == Some("hook") {
        return forms::hook();
    }
    let mut trials: Vec<Trial> = vec![];
    for (room, tests) in [("command", command::TESTS), ("leaks", leaks::TESTS)] {
        trials.extend(tests.iter().map(|(name, test)| Trial::test(format!("{room}::{name}"), *test)));
    }
    trials.extend(faults::trials());
    trials.extend(real::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs a future on a runtime of its own.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}
