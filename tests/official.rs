//! The official TestScripts played with ourselves on both sides, with their own fixtures: those for servers
//! against our own server, those for clients by our own player against `run --await`.
//!
//! Needs official material (`KEUR_ASSETS`). A trial is a goal of a standard (`STU3/BgZ-3-0/MedMij/Cert`):
//! what it comes to is compared with the register of contradictions in the material itself, and added to a
//! table that is printed at the end. Nothing may end in an error, nothing may stay unevaluated but what
//! needs a package that nobody has, and every fail must be in the register. Our own suites for any person are
//! played on the same fixtures, and what these send is sent to our own scripts for clients.

mod assets;
#[path = "official/client_sets.rs"]
mod client_sets;
#[path = "official/known.rs"]
mod known;
#[path = "official/material.rs"]
mod material;
#[path = "official/outcome.rs"]
mod outcome;
#[path = "official/own_suites.rs"]
mod own_suites;
#[path = "official/packages.rs"]
mod packages;
#[path = "official/party.rs"]
mod party;
#[path = "official/payloads.rs"]
mod payloads;
#[path = "official/server_sets.rs"]
mod server_sets;
#[path = "official/table.rs"]
mod table;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use known::Register;
use material::Material;
use table::Table;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let own = Trial::test("packages_are_chosen_per_set", packages::chosen_per_set);
    let material = match Material::find() {
        Ok(material) => Arc::new(material),
        Err(why) => {
            let trial = assets::trial("official_material_is_there", &material::NEEDED, |_| Err(why.into()));
            return libtest_mimic::run(&arguments, vec![own, trial]).exit_code();
        }
    };
    let register = match Register::read() {
        Ok(register) => Arc::new(register),
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let table = Arc::new(Table::default());
    let mut trials = vec![own];
    for goal in material.goals() {
        if client_sets::has_any(&goal) {
            let (material, register, table, goal) = (material.clone(), register.clone(), table.clone(), goal.clone());
            let name = format!("clients {}", goal.name);
            trials.push(Trial::test(name, move || client_sets::play(&material, &goal, &register, &table)));
        }
        let (material, register, table) = (material.clone(), register.clone(), table.clone());
        let name = format!("servers {}", goal.name);
        trials.push(Trial::test(name, move || server_sets::play(&material, &goal, &register, &table)));
    }
    // A table of its own: the register of the official scripts is measured by theirs.
    let owns = Arc::new(Table::default());
    for own in &own_suites::OWN {
        let (material, register, table) = (material.clone(), register.clone(), owns.clone());
        let name = format!("own {} on {}", own.suite, own.goal);
        trials.push(Trial::test(name, move || own_suites::play(&material, own, &register, &table)));
    }
    for (number, sent) in payloads::SENT.iter().enumerate() {
        let (material, table) = (material.clone(), owns.clone());
        let name = format!("sent {number} to {}", sent.suite);
        trials.push(Trial::test(name, move || payloads::play(&material, sent, &table)));
    }
    let all = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        println!("{table}\n{owns}");
    }
    let failed = conclusion.has_failed();
    if all && !failed {
        // A register too large says that a fault was called a contradiction.
        if let Err(why) = register.within(&table) {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}
