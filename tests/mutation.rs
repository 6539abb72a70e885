//! Mutation: one defect in what is served, and an assert that names it.
//!
//! For every zib of the BgZ our persons' own data are served once by the simulator. Then, for each operator
//! of the table ([`operator`]) and each place it fits, each element the zib cannot do without, each date that
//! cannot be in the future and each contradiction ([`zib`]), the same answer is judged with that one defect in
//! it. A defect is caught when an assert fails that names it: the element in its message, or a finding of the
//! validator at that element, in the resource that has the defect. A table is printed; at least 95 % of all
//! that was planted is caught, and every survivor is in `tests/mutation/survivors.txt` with why.
//!
//! The defects are in the answers in JSON; the tests in XML run the same asserts on the same trees.
//! `KEUR_MUTATION=all` prints how each defect was caught.

#[path = "mutation/operator.rs"]
mod operator;
#[path = "mutation/plant.rs"]
mod plant;
#[path = "mutation/site.rs"]
mod site;
#[path = "mutation/stage.rs"]
mod stage;
#[path = "mutation/table.rs"]
mod table;
#[path = "mutation/zib.rs"]
mod zib;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use plant::Defect;
use stage::Stage;
use table::{Row, Table};
use zib::{ZIBS, Zib};

/// Plants every defect of a zib, one by one.
fn mutate(stage: &Stage, zib: &Zib, table: &Table) -> Result<(), Failed> {
    let scenes = stage.scenes(zib.script)?;
    let defects = plant::all(zib, &scenes);
    let mut row = Row::new(zib.name);
    for defect in &defects {
        let scene = scenes.get(defect.scene).ok_or("no such scene")?;
        let Some(served) = defect.planted(&scene.served.1) else { continue };
        let red = stage.judged(scene, &served)?;
        row.planted += 1;
        match red.iter().find(|action| defect.named_by(action)) {
            Some(action) => {
                row.caught += 1;
                show(defect, "caught", &[action]);
            }
            None => {
                show(defect, if red.is_empty() { "SURVIVES" } else { "UNNAMED" }, &red.iter().collect::<Vec<_>>());
                row.survivors.push(defect.to_string());
            }
        }
    }
    table.add(row)
}

fn show(defect: &Defect, fate: &str, actions: &[&keur::record::ActionFinished]) {
    if std::env::var_os("KEUR_MUTATION").is_none() {
        return;
    }
    println!("{fate}: {defect}");
    for action in actions.iter().take(4) {
        println!("    {}: {} {:?}", action.title, action.message, action.target.as_ref().map(|t| &t.path));
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if arguments.list {
        let trials = ZIBS.iter().map(|zib| Trial::test(zib.name, || Ok(()))).collect();
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    let stage = match Stage::new() {
        Ok(stage) => Arc::new(stage),
        Err(why) => {
            eprintln!("{}", why.message().unwrap_or_default());
            return ExitCode::FAILURE;
        }
    };
    let table = Arc::new(Table::default());
    let trial = |zib: &'static Zib| {
        let (stage, table) = (stage.clone(), table.clone());
        Trial::test(zib.name, move || mutate(&stage, zib, &table))
    };
    let all = arguments.filter.is_none() && arguments.skip.is_empty();
    let conclusion = libtest_mimic::run(&arguments, ZIBS.iter().map(trial).collect());
    println!("{table}");
    match (conclusion.has_failed(), table.verdict(all)) {
        (false, Ok(())) => ExitCode::SUCCESS,
        (_, Err(why)) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
        (true, Ok(())) => ExitCode::FAILURE,
    }
}
