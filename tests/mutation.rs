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
//! `KEUR_MUTATION=1` prints how each defect was caught.

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

use keur::record::ActionFinished;
use libtest_mimic::{Arguments, Failed, Trial};

use plant::Defect;
use stage::{Scene, Stage};
use table::{Row, Table};
use zib::{ZIBS, Zib};

/// The script that holds everything a token gives against the Patient it opens.
const WHOSE_RECORD: &str = "36-whose-record";

/// Plants every defect of a zib, one by one: in the answer to the zib's own script, and where nothing there
/// names it in the same resource as the script about whose record it is gets it.
fn mutate(stage: &Stage, zib: &Zib, whose: &[Scene], table: &Table) -> Result<(), Failed> {
    let scenes = stage.scenes(zib.script)?;
    let mut row = Row::new(zib.name);
    for defect in plant::all(zib, &scenes) {
        let scene = scenes.get(defect.scene).ok_or("no such scene")?;
        let mut red = judged(stage, scene, &defect)?;
        row.planted += 1;
        if !red.named {
            let others = whose.iter().filter_map(|scene| Some((scene, defect.in_answer(&scene.served.1)?)));
            for (scene, defect) in others {
                let more = judged(stage, scene, &defect)?;
                red.named |= more.named;
                red.actions.extend(more.actions);
            }
        }
        if red.named {
            row.caught += 1;
        } else {
            row.survivors.push(defect.to_string());
        }
        show(&defect, &red);
    }
    table.add(row)
}

/// What a defect makes red, and whether that names it.
struct Red {
    actions: Vec<ActionFinished>,
    named: bool,
}

fn judged(stage: &Stage, scene: &Scene, defect: &Defect) -> Result<Red, Failed> {
    let served = defect.planted(&scene.served.1).ok_or_else(|| format!("makes no difference: {defect}"))?;
    let mut actions = stage.judged(scene, &served)?;
    // What names it comes first.
    actions.sort_by_key(|action| !defect.named_by(action));
    let named = actions.first().is_some_and(|action| defect.named_by(action));
    Ok(Red { actions, named })
}

fn show(defect: &Defect, red: &Red) {
    if std::env::var_os("KEUR_MUTATION").is_none() {
        return;
    }
    let fate = match (red.named, red.actions.is_empty()) {
        (true, _) => "caught",
        (false, true) => "SURVIVES",
        (false, false) => "UNNAMED",
    };
    println!("{fate}: {defect}");
    for action in red.actions.iter().take(if red.named { 1 } else { 4 }) {
        let place = action.target.as_ref().map_or("", |target| target.path.as_str());
        println!("    {}: {} ({place})", action.title, action.message);
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if arguments.list {
        let trials = ZIBS.iter().map(|zib| Trial::test(zib.name, || Ok(()))).collect();
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    let whole = Stage::new().and_then(|stage| {
        let whose = stage.scenes(WHOSE_RECORD)?;
        Ok((stage, whose))
    });
    let (stage, whose) = match whole {
        Ok((stage, whose)) => (Arc::new(stage), Arc::new(whose)),
        Err(why) => {
            eprintln!("{}", why.message().unwrap_or_default());
            return ExitCode::FAILURE;
        }
    };
    let table = Arc::new(Table::default());
    let trial = |zib: &'static Zib| {
        let (stage, whose, table) = (stage.clone(), whose.clone(), table.clone());
        Trial::test(zib.name, move || mutate(&stage, zib, &whose, &table))
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
