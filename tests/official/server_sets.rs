//! Sets whose system under test is a server: our own, loaded as the set says, asked as the set asks.
//!
//! A server that was written to is replaced by a fresh one before the next set, as a party resets its
//! system between tests.

use std::path::{Path, PathBuf};

use keur::testscript::{Action, Interaction, Side};
use libtest_mimic::Failed;

use crate::known::Register;
use crate::material::{Goal, Material, Set};
use crate::outcome::{Counts, Report};
use crate::party::{Server, Serving, run};
use crate::table::Table;

/// What a party brings about itself before a set, beyond loading the fixtures.
struct Preparation {
    /// Part of the set's path.
    set: &'static str,
    /// Resource types that the kind of server that the set is for does not have.
    without: &'static [&'static str],
    /// Folders of fixtures below `_reference`, where no script loads them or one would undo the preparation.
    fixtures: &'static [&'static str],
    /// The system is reset for every script.
    each: bool,
    /// The set whose scripts of the same name have, in their setup, what the party is to do itself.
    twin: Option<&'static str>,
}

const PREPARATIONS: [Preparation; 4] = [
    // For servers that are not asked for a DocumentManifest, but may be sent one.
    Preparation {
        set: "/XIS-Server-NoManifest/medmij-pdfa-xis-2",
        without: &["DocumentManifest"],
        fixtures: &[],
        each: false,
        twin: None,
    },
    // Every scenario needs the one Task that it is about to be open.
    Preparation {
        set: "STU3/Questionnaires-2-0/MedMij/Cert/XIS-Server/",
        without: &[],
        fixtures: &["resources/resources-generic", "resources/resources-questionnaires"],
        each: true,
        twin: Some("XIS-Server-Nictiz-intern"),
    },
    Preparation {
        set: "STU3/Questionnaires-2-0/",
        without: &[],
        fixtures: &["resources/resources-generic", "resources/resources-questionnaires"],
        each: true,
        twin: Some("XIS-Server-Nictiz-intern"),
    },
    Preparation { set: "STU3/Images-2-0/", without: &[], fixtures: &["."], each: false, twin: None },
];

/// What an operator types in: part of the path, variable, value with `{base}` for the server, `{elsewhere}` for another one
/// and `{… of …}` for what the registry of tokens says of a person.
const INPUTS: [(&str, &str, &str); 6] = [
    // The fixtures' document stands on the internet, and here nothing is dialled there: the party's own
    // stands with the party and needs a token, that of Nictiz stands elsewhere and needs none.
    ("/XIS-Server/medmij-pdfa-xis-2-5-serve-1-pdfa", "pdfa-url", "{base}/Binary/pdfa-binary4"),
    ("/XIS-Server-NoManifest/medmij-pdfa-xis-2-5-serve-1-pdfa", "pdfa-url", "{base}/Binary/pdfa-binary4"),
    ("/XIS-Server-Nictiz-intern/medmij-pdfa-xis-2-5-serve-1-pdfa", "pdfa-url", "{elsewhere}/document.pdf"),
    ("BgZ-MSZ-2-0/Test/Prevalidation/", "BSN", "{bsn of bgz-msz-patC}"),
    ("BgZ-MSZ-2-0/Test/Prevalidation/", "auth-token", "{accessToken of bgz-msz-patC}"),
    // The scripts of one scenario do not declare a variable that their fixture has.
    ("medmij-questionnaires-xis-1-4_3-4", "task-fullurl", "{base}/Task/a-task"),
];

/// Plays every server set of a goal; what does not end as it should is the error.
pub fn play(material: &Material, goal: &Goal, register: &Register, table: &Table) -> Result<(), Failed> {
    let mut wrong = vec![];
    let standard = goal.standard();
    let sets = goal.sets(Side::Server);
    let open = !sets.iter().any(asks_with_token);
    let mut play = Play { material, goal, open, server: None, loaded: None };
    for set in &sets {
        for scripts in portions(set, material) {
            let report = play.run(&scripts)?;
            table.add(&standard, "server", &Counts::of(&report));
            wrong.extend(register.settle(material, &report));
        }
    }
    if sets.is_empty() {
        play.fresh(&Portion::of(&goal.folder, material))?;
    }
    if let Some(loaded) = &play.loaded {
        table.add(&standard, "load", &Counts::of(loaded));
        wrong.extend(register.settle(material, loaded));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{} asserts not as they should be:\n{}", wrong.len(), wrong.join("\n")).into()),
    }
}

/// Sets between care providers send no tokens: there the person is in the search.
fn asks_with_token(set: &Set) -> bool {
    let actions = set.scripts.iter().flat_map(|script| script.actions());
    actions.into_iter().any(|action| match action {
        Action::Operation(operation) => operation.headers.iter().any(|(name, _)| name == "Authorization"),
        Action::Assert(_) => false,
    })
}

/// Scripts that run against the server as it is: a folder, or one script.
struct Portion {
    path: PathBuf,
    variables: Vec<(&'static str, &'static str)>,
    preparation: Option<&'static Preparation>,
    /// Fixtures that the setup of the twin puts in place.
    put: Vec<PathBuf>,
}

impl Portion {
    fn of(path: &Path, material: &Material) -> Portion {
        let name = format!("{}/", material.relative(&path.to_string_lossy()));
        let preparation = PREPARATIONS.iter().find(|p| name.contains(p.set));
        let inputs = INPUTS.iter().filter(|(part, ..)| name.contains(part));
        Portion {
            path: path.to_owned(),
            variables: inputs.map(|(_, n, v)| (*n, *v)).collect(),
            preparation,
            put: vec![],
        }
    }
}

/// A whole folder at once where that makes no difference, else script by script.
fn portions(set: &Set, material: &Material) -> Vec<Portion> {
    let whole = Portion::of(&set.folder, material);
    let each = whole.preparation.is_some_and(|p| p.each);
    let single: Vec<Portion> = set.scripts.iter().map(|script| Portion::of(&script.path, material)).collect();
    let same = |script: &Portion| {
        let of = |portion: &Portion| portion.preparation.map(|p| p.set);
        script.variables == whole.variables && of(script) == of(&whole)
    };
    if !each && single.iter().all(same) {
        return vec![whole];
    }
    let twins = whole.preparation.and_then(|p| p.twin).map(|twin| set.folder.with_file_name(twin));
    let twins = twins.filter(|folder| *folder != set.folder).map(|folder| {
        let reader = keur::testscript::ScriptReader::new(&keur::testscript::source::FileSystem);
        move |script: &Path| reader.load(&folder.join(script.file_name().unwrap_or_default()), &folder).script
    });
    let with_put = single.into_iter().map(|mut portion| {
        if let Some(twin) = twins.as_ref().and_then(|of| of(&portion.path)) {
            let put = twin.setup.iter().filter_map(|action| match action {
                Action::Operation(o) if o.interaction == Interaction::Update => o.source_id.clone(),
                _ => None,
            });
            let put: Vec<String> = put.collect();
            portion.put = twin.fixtures.iter().filter(|f| put.contains(&f.id)).map(|f| f.path.clone()).collect();
        }
        portion
    });
    with_put.collect()
}

struct Play<'p> {
    material: &'p Material,
    goal: &'p Goal,
    /// Nobody needs a token.
    open: bool,
    /// The server, what it is without, and whether it is as it was after loading.
    server: Option<(Server, &'static [&'static str], bool)>,
    /// What the first run of the scripts that load it came to.
    loaded: Option<Report>,
}

impl Play<'_> {
    fn run(&mut self, portion: &Portion) -> Result<Report, Failed> {
        let without = portion.preparation.map_or(&[][..], |p| p.without);
        let usable = portion.put.is_empty() && matches!(&self.server, Some((_, of, true)) if *of == without);
        if !usable {
            self.fresh(portion)?;
        }
        let Some((server, _, clean)) = &mut self.server else { return Err("there is no server".into()) };
        let fill = |value: &str| -> Result<String, Failed> {
            match value.trim_matches(['{', '}']).split_once(" of ") {
                Some((what, person)) => self.material.of_person(person, what),
                None => Ok(value.replace("{base}", &server.url).replace("{elsewhere}", crate::party::elsewhere())),
            }
        };
        let filled = portion.variables.iter().map(|(name, value)| Ok((*name, fill(value)?)));
        let filled = filled.collect::<Result<Vec<_>, Failed>>()?;
        let report = run(self.material, &portion.path, &server.url, &filled)?;
        *clean = !report.wrote() && portion.put.is_empty();
        Ok(report)
    }

    /// A new server with everything in it.
    fn fresh(&mut self, portion: &Portion) -> Result<(), Failed> {
        let (without, folders) = portion.preparation.map_or((&[][..], &[][..]), |p| (p.without, p.fixtures));
        let reference = self.goal.folder.join("_reference");
        let mut fixtures: Vec<PathBuf> = folders.iter().map(|folder| reference.join(folder)).collect();
        fixtures.extend(portion.put.iter().cloned());
        let tokens = (!self.open).then(|| self.material.tokens());
        let server = Server::start(self.goal, &Serving { tokens, fixtures: &fixtures, without })?;
        if let Some(loader) = self.goal.loader().filter(|_| portion.put.is_empty()) {
            let report = run(self.material, &loader, &server.url, &[])?;
            let counts = Counts::of(&report);
            if counts.pass != counts.asserts && without.is_empty() {
                return Err(format!("{} cannot be loaded again: {counts:?}", self.goal.name).into());
            }
            if without.is_empty() {
                self.loaded.get_or_insert(report);
            }
        }
        self.server = Some((server, without, true));
        Ok(())
    }
}
