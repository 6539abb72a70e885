//! From scripts and settings to a plan: what runs against which target, and everything wrong with it,
//! said before the first request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::authorization::{DEFAULT, PATIENT_TOKEN, Tokens};
use crate::definitions::TypeTable;
use crate::diagnostic::{Code, Diagnostic, NoteKind, Severity};
use crate::fhir::{FhirVersion, Format};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Action, Check, Fixture, Side, TestScript, Variable};

use super::awaiting;
use super::code;
use super::expression::Expressions;
use super::finding::Absence;
use super::rule::Binding;

/// What a plan is made with.
#[derive(Clone, Debug, Default)]
pub struct PlanSettings {
    /// Base URL of the target; may have a path.
    pub target: String,
    /// FHIR version of scripts whose folder does not say.
    pub fhir_version: Option<FhirVersion>,
    /// Values the user gives variables; they win over everything in a script.
    pub variables: BTreeMap<String, String>,
    /// Tokens the user gives.
    pub tokens: Tokens,
    /// What keur does with scripts whose system under test is a client.
    pub stance: Stance,
    /// Texts of the scripts with what stands for them: tokens that a party was given instead.
    pub aliases: Vec<(String, String)>,
}

/// Which of the two sides keur takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stance {
    /// It asks; what a client under test would have to send is set aside.
    #[default]
    Asking,
    /// It waits for a client; a server under test is there or not.
    Awaiting {
        /// There is a server under test.
        server: bool,
    },
    /// It is the client under test.
    Playing,
}

impl Stance {
    /// Why a script cannot be run this way.
    fn objection(self, side: Side) -> Option<(Code, &'static str)> {
        match (self, side) {
            (Stance::Asking, Side::Client) => {
                Some((code::CLIENT_SIDE, "the system under test is the client: it has to send the requests itself"))
            }
            (Stance::Asking, Side::Both) => Some((
                code::CLIENT_SIDE,
                "the system under test is client and server: it has to send the requests itself",
            )),
            (Stance::Awaiting { server: false }, Side::Server | Side::Load) => {
                Some((awaiting::code::NO_SERVER, "the system under test is a server, and no `--target` was given"))
            }
            (Stance::Playing, Side::Server | Side::Load) => {
                Some((code::UNKNOWN_OPERATION, "the system under test is not the client: there is nothing to play"))
            }
            _ => None,
        }
    }
}

/// A plan: scripts in the order they run.
pub struct Plan {
    /// Base URL of the target, without a `/` at its end.
    pub target: String,
    /// The scripts.
    pub scripts: Vec<PlannedScript>,
    /// Everything wrong, errors first; empty in a plan that a [`Planner`] made, which knows it. With an error
    /// in it the plan shall not run; the rest leads to verdicts (not-evaluated mostly) where it matters.
    pub problems: Vec<Diagnostic>,
    /// Expressions compiled while planning, for the run.
    pub(super) expressions: Arc<Expressions>,
}

impl Plan {
    /// True when nothing stands in the way of a run.
    pub fn is_runnable(&self) -> bool {
        is_runnable(&self.problems)
    }
}

/// True when none of these stands in the way of a run.
pub fn is_runnable(problems: &[Diagnostic]) -> bool {
    !problems.iter().any(|p| p.severity <= Severity::Error)
}

/// A script with all that it needs at hand.
pub struct PlannedScript {
    /// The script.
    pub script: Arc<TestScript>,
    /// FHIR version of the exchange.
    pub fhir_version: FhirVersion,
    /// Types of that version.
    pub types: Arc<TypeTable>,
    /// Values given by the user, tokens among them, by variable.
    pub given: BTreeMap<String, String>,
    /// Texts with what stands for them.
    pub(super) aliases: Vec<(String, String)>,
    /// Fixtures that the script uses, by id: text as in the file, or why it is not there.
    pub(super) fixtures: HashMap<String, Result<FixtureText, Absence>>,
    /// Declared rules by id.
    pub(super) rules: HashMap<String, Binding>,
    /// Why none of it is run, if it is not.
    pub set_aside: Option<Absence>,
}

/// A fixture before its placeholders are filled in.
pub(super) struct FixtureText {
    pub text: Arc<str>,
    pub format: Format,
}

/// Where types come from: the release's, if it is loaded.
pub type TypesOf<'t> = &'t dyn Fn(FhirVersion) -> Option<Arc<TypeTable>>;

/// Makes a plan. Nothing is sent; fixtures and rule files are read.
pub fn plan(
    scripts: &[Arc<TestScript>],
    files: &dyn ScriptSource,
    types: TypesOf<'_>,
    settings: &PlanSettings,
) -> Plan {
    let mut planner = Planner::new(files, settings);
    let plan = planner.plan(scripts, types);
    Plan { problems: planner.problems(), ..plan }
}

/// Plans a run, all its scripts at once or some at a time, and knows what is wrong over all of them.
pub struct Planner<'p> {
    files: &'p dyn ScriptSource,
    settings: &'p PlanSettings,
    target: String,
    texts: HashMap<std::path::PathBuf, Result<Arc<str>, String>>,
    problems: Vec<Diagnostic>,
    expressions: Arc<Expressions>,
    /// Something is asked or judged.
    acts: bool,
    /// Variables without a value: how many scripts have them, and the first that does.
    missing: BTreeMap<String, (usize, Variable)>,
    declared: BTreeSet<String>,
}

fn problem(severity: Severity, code: Code, message: impl Into<String>) -> Diagnostic {
    let rule = code::RULES.iter().find(|r| r.code == code);
    let diagnostic = Diagnostic::new(severity, code, message);
    match rule {
        Some(rule) => diagnostic.note(NoteKind::Remedy, rule.remedy.en),
        None => diagnostic,
    }
}

impl<'p> Planner<'p> {
    /// Nothing is planned yet.
    pub fn new(files: &'p dyn ScriptSource, settings: &'p PlanSettings) -> Planner<'p> {
        let mut planner = Planner {
            files,
            settings,
            target: String::new(),
            texts: HashMap::new(),
            problems: vec![],
            expressions: Arc::default(),
            acts: false,
            missing: BTreeMap::new(),
            declared: BTreeSet::new(),
        };
        planner.target = planner.checked_target();
        planner
    }

    /// Plans these scripts; what is wrong is known to the planner, not to this plan.
    pub fn plan(&mut self, scripts: &[Arc<TestScript>], types: TypesOf<'_>) -> Plan {
        let planned: Vec<PlannedScript> = scripts.iter().filter_map(|script| self.script(script, types)).collect();
        self.acts |= planned.iter().any(|p| p.script.actions().next().is_some());
        planned.iter().for_each(|planned| self.inputs(planned));
        self.texts.clear();
        let (target, expressions) = (self.target.clone(), self.expressions.clone());
        Plan { target, scripts: planned, problems: vec![], expressions }
    }

    /// Everything wrong with what was planned, errors first.
    pub fn problems(mut self) -> Vec<Diagnostic> {
        self.open_inputs();
        if !self.acts {
            self.problems.push(problem(Severity::Error, code::NOTHING_TO_RUN, "no test is selected"));
        }
        self.problems.sort_by_key(|p| p.severity);
        self.problems
    }

    /// The base URL, checked.
    fn checked_target(&mut self) -> String {
        let target = self.settings.target.trim().trim_end_matches('/');
        let fault = match url::Url::parse(target) {
            Err(e) => Some(e.to_string()),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => Some("it is not an `http:` or `https:` URL".into()),
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                Some("a base URL has no `?` or `#` in it".into())
            }
            Ok(_) => None,
        };
        if let Some(fault) = fault {
            let message = format!("the target `{target}` is not a base URL: {fault}");
            self.problems.push(problem(Severity::Error, code::TARGET, message));
        }
        target.to_owned()
    }

    fn script(&mut self, script: &Arc<TestScript>, types: TypesOf<'_>) -> Option<PlannedScript> {
        let stated = script.properties.fhir_version.or(self.settings.fhir_version);
        let fhir_version = stated.unwrap_or(FhirVersion::Stu3);
        let Some(types) = types(fhir_version) else {
            let message = format!("no definitions of FHIR {fhir_version} for `{}`", script.path.display());
            self.problems.push(problem(Severity::Error, code::NO_VALIDATION, message));
            return None;
        };
        let set_aside =
            self.settings.stance.objection(script.side()).map(|(code, why)| Absence::not_evaluated(code, why));
        let mut given = self.settings.variables.clone();
        for variable in &script.variables {
            if let Some(token) = self.settings.tokens.for_variable(&variable.name) {
                given.entry(variable.name.clone()).or_insert(token);
            }
        }
        let mut planned = PlannedScript {
            script: script.clone(),
            fhir_version,
            types,
            given,
            aliases: self.settings.aliases.clone(),
            fixtures: HashMap::new(),
            rules: HashMap::new(),
            set_aside,
        };
        if planned.set_aside.is_some() {
            return Some(planned);
        }
        self.fixtures(&mut planned);
        self.rules(&mut planned);
        self.expressions(script);
        Some(planned)
    }

    /// Reads the fixtures that are used.
    fn fixtures(&mut self, planned: &mut PlannedScript) {
        let script = planned.script.clone();
        for fixture in script.fixtures.iter().filter(|f| uses(&script, &f.id)) {
            let text = self.text(&fixture.path);
            let read = text.map_err(|why| {
                let message = format!("fixture `{}`: {why}", fixture.id);
                let place = &fixture.place;
                self.problems.push(problem(Severity::Warning, code::FIXTURE, &message).label(
                    &place.source,
                    place.span,
                    "",
                ));
                Absence::not_evaluated(code::FIXTURE, message)
            });
            planned.fixtures.insert(fixture.id.clone(), read.map(|text| fixture_text(fixture, text)));
        }
    }

    fn text(&mut self, path: &std::path::Path) -> Result<Arc<str>, String> {
        if let Some(text) = self.texts.get(path) {
            return text.clone();
        }
        let text = self.files.read(path).map_err(|e| e.to_string());
        self.texts.insert(path.to_owned(), text.clone());
        text
    }

    fn rules(&mut self, planned: &mut PlannedScript) {
        for rule in &planned.script.rules {
            let text = if self.files.is_file(&rule.path) { Some(self.text(&rule.path)) } else { None };
            let text = text.as_ref().map(|t| t.as_deref().map_err(String::as_str));
            let binding = Binding::of(&rule.id, &rule.path, text);
            if let Binding::Unknown(absence) = &binding {
                let place = &rule.place;
                let diagnostic = problem(Severity::Warning, absence.code, &absence.message);
                self.problems.push(diagnostic.label(&place.source, place.span, ""));
            }
            planned.rules.insert(rule.id.clone(), binding);
        }
    }

    /// Compiles expressions that do not wait for a value.
    fn expressions(&mut self, script: &TestScript) {
        for action in script.actions() {
            let Action::Assert(assert) = action else { continue };
            let Check::Expression(template) = &assert.check else { continue };
            if !template.is_literal() {
                continue;
            }
            if let Some(error) = self.expressions.faulty(&template.text) {
                let message = format!("an expression is not FHIRPath: {error}");
                let place = &assert.check_place;
                self.problems.push(problem(Severity::Warning, code::SYNTAX, message).label(
                    &place.source,
                    place.span,
                    "",
                ));
            }
        }
    }

    /// What a script declares, and what of it is open.
    fn inputs(&mut self, planned: &PlannedScript) {
        let script = &planned.script;
        self.declared.extend(script.variables.iter().map(|v| v.name.clone()));
        if planned.set_aside.is_some() {
            return;
        }
        let open = |v: &&Variable| v.default.is_none() && v.origin.is_none() && !planned.given.contains_key(&v.name);
        for variable in script.variables.iter().filter(open) {
            self.missing.entry(variable.name.clone()).or_insert_with(|| (0, variable.clone())).0 += 1;
        }
    }

    /// What the user still has to give, and what was given in vain.
    fn open_inputs(&mut self) {
        for (name, (scripts, variable)) in &self.missing {
            let s = if *scripts == 1 { "" } else { "s" };
            let message = format!("variable `{name}` has no value, and {scripts} script{s} may need it");
            let place = &variable.place;
            let mut diagnostic = problem(Severity::Warning, code::INPUT, message).label(&place.source, place.span, "");
            if let Some(hint) = variable.hint.as_ref().or(variable.description.as_ref()) {
                diagnostic = diagnostic.note(NoteKind::Note, hint.clone());
            }
            self.problems.push(diagnostic);
        }
        let (tokens, declared) = (&self.settings.tokens, &self.declared);
        let known_token = |name: &&String| {
            declared.contains(name.as_str()) || declared.contains(format!("{PATIENT_TOKEN}{name}").as_str())
        };
        let logins = tokens.by_login.iter().filter(|n| **n != DEFAULT);
        let unused_tokens = tokens.by_name.keys().chain(logins).filter(|n| !known_token(n)).map(|n| ("token", n));
        let unused = self.settings.variables.keys().filter(|n| !declared.contains(n.as_str())).map(|n| ("variable", n));
        for (kind, name) in unused_tokens.chain(unused) {
            let message = format!("no script has a variable for the {kind} `{name}`");
            self.problems.push(problem(Severity::Warning, code::UNUSED_INPUT, message));
        }
    }
}

fn fixture_text(fixture: &Fixture, text: Arc<str>) -> FixtureText {
    let format = Format::from_path(&fixture.path).or_else(|| crate::fhir::sniff(&text)).unwrap_or(Format::Xml);
    FixtureText { text, format }
}

/// Whether anything in the script refers to this fixture.
fn uses(script: &TestScript, id: &str) -> bool {
    let is = |name: &Option<String>| name.as_deref() == Some(id);
    let by_variable = script.variables.iter().any(|v| v.origin.as_ref().is_some_and(|o| is(&o.source_id)));
    by_variable
        || script.actions().any(|action| match action {
            Action::Operation(operation) => is(&operation.source_id) || is(&operation.target_id),
            Action::Assert(assert) => {
                is(&assert.source_id) || matches!(&assert.check, Check::MinimumId(fixture) if fixture == id)
            }
        })
}
