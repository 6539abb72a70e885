//! TestScripts put together in the test, and runs of them.

use std::collections::BTreeMap;

use std::sync::Arc;
use std::time::Duration;

use keur::definitions::Definitions;
use keur::diagnostic::{Position, Source, Span};
use keur::engine::{Plan, PlanSettings, RunOutcome, RunSettings, Tokens, plan, run};
use keur::exchange::{Client, ClientSettings};
use keur::fhir::FhirVersion;
use keur::record::{ActionFinished, Event, MemoryRecord, Record, Verdict};
use keur::testscript::source::Carried;
use keur::testscript::{
    Action, Assert, Check, Direction, Fixture, Interaction, Operation, Operator, Party, Place, ProfileDeclaration,
    Properties, RuleCall, RuleDeclaration, Template, Test, TestScript, Variable, VariableSource, VariableTake,
};

pub fn t(text: &str) -> Template {
    Template::parse(text)
}

pub fn place(line: u32) -> Place {
    let source = Source { name: "test.xml".into(), text: "".into() };
    Place { source, span: Span::default(), position: Position { line, column: 5 } }
}

/// A script that tests a server, without any test yet.
pub fn server_script() -> TestScript {
    TestScript {
        path: "test.xml".into(),
        sha256: "0".repeat(64),
        id: None,
        url: None,
        name: Some("test".into()),
        title: None,
        description: None,
        properties: Arc::new(Properties { fhir_version: Some(FhirVersion::Stu3), ..Default::default() }),
        origins: vec![Party { index: 1, under_test: false }],
        destinations: vec![Party { index: 1, under_test: true }],
        fixtures: vec![],
        profiles: vec![],
        variables: vec![],
        rules: vec![],
        setup: vec![],
        tests: vec![],
        teardown: vec![],
    }
}

pub fn test(id: &str, actions: Vec<Action>) -> Test {
    Test { id: id.into(), name: None, description: None, actions, place: place(1) }
}

/// A script with one test.
pub fn script(actions: Vec<Action>) -> TestScript {
    TestScript { tests: vec![test("1", actions)], ..server_script() }
}

pub fn operation(interaction: Interaction) -> Operation {
    Operation {
        interaction,
        resource: None,
        label: None,
        description: None,
        accept: Some(t("json")),
        content_type: None,
        destination: Some(1),
        origin: Some(1),
        encode_request_url: true,
        params: None,
        method: None,
        headers: vec![],
        request_id: None,
        response_id: None,
        source_id: None,
        target_id: None,
        url: None,
        place: place(2),
    }
}

pub fn search(resource: &str, params: &str) -> Operation {
    let params = (!params.is_empty()).then(|| t(params));
    Operation { resource: Some(t(resource)), params, ..operation(Interaction::Search) }
}

pub fn op(operation: Operation) -> Action {
    Action::Operation(Box::new(operation))
}

pub fn assert(check: Check) -> Assert {
    Assert {
        label: None,
        description: None,
        direction: Direction::Response,
        source_id: None,
        check,
        operator: None,
        value: None,
        stop_test_on_fail: false,
        warning_only: false,
        place: place(3),
        check_place: place(4),
    }
}

pub fn with(check: Check, operator: Operator, value: &str) -> Assert {
    let value = (!value.is_empty()).then(|| t(value));
    Assert { operator: Some(operator), value, ..assert(check) }
}

pub fn of_request(assert: Assert) -> Assert {
    Assert { direction: Direction::Request, ..assert }
}

pub fn a(assert: Assert) -> Action {
    Action::Assert(Box::new(assert))
}

pub fn status(codes: &str) -> Assert {
    with(Check::ResponseCode(t(codes)), Operator::In, "")
}

pub fn expression(text: &str) -> Assert {
    assert(Check::Expression(t(text)))
}

pub fn variable(name: &str, default: Option<&str>) -> Variable {
    Variable {
        name: name.into(),
        default: default.map(t),
        origin: None,
        hint: None,
        description: None,
        place: place(1),
    }
}

pub fn taken(name: &str, source_id: &str, take: VariableTake) -> Variable {
    let source_id = (!source_id.is_empty()).then(|| source_id.to_owned());
    Variable { origin: Some(VariableSource { source_id, take }), ..variable(name, None) }
}

pub fn fixture(id: &str, path: &str) -> Fixture {
    Fixture { id: id.into(), path: path.into(), place: place(1) }
}

pub fn rule(id: &str, path: &str) -> RuleDeclaration {
    RuleDeclaration { id: id.into(), path: path.into(), place: place(1) }
}

pub fn call(id: &str, params: &[(&str, &str)]) -> Assert {
    let params = params.iter().map(|(n, v)| ((*n).to_owned(), t(v))).collect();
    assert(Check::Rule(RuleCall { rule_id: id.into(), params, outputs: vec![] }))
}

pub fn profile(id: &str, canonical: &str) -> ProfileDeclaration {
    ProfileDeclaration { id: id.into(), canonical: canonical.into(), place: place(1) }
}

/// How a run in a test is made.
#[derive(Default)]
pub struct Setting {
    pub files: Vec<(&'static str, &'static str)>,
    pub variables: BTreeMap<String, String>,
    pub tokens: Tokens,
    pub timeout: Option<Duration>,
}

pub fn planned(base: &str, script: TestScript, setting: &Setting) -> Plan {
    let settings = PlanSettings {
        target: base.to_owned(),
        fhir_version: None,
        variables: setting.variables.clone(),
        tokens: setting.tokens.clone(),
        ..PlanSettings::default()
    };
    let files = Carried::new(setting.files.iter().copied());
    let types = |version| Some(Definitions::embedded(version).types());
    plan(&[Arc::new(script)], &files, &types, &settings)
}

/// What a run wrote down.
pub struct Ran {
    pub record: Record,
    pub outcome: RunOutcome,
}

impl Ran {
    pub fn actions(&self) -> Vec<&ActionFinished> {
        fn action(event: &Event) -> Option<&ActionFinished> {
            if let Event::ActionFinished(action) = event { Some(action) } else { None }
        }
        self.record.events().iter().filter_map(action).collect()
    }

    pub fn verdicts(&self) -> Vec<Verdict> {
        self.actions().iter().map(|a| a.verdict).collect()
    }

    /// The last action.
    pub fn last(&self) -> &ActionFinished {
        self.actions().last().expect("an action")
    }

    pub fn log(&self) -> String {
        let lines: Vec<String> = self.record.events().iter().map(|e| serde_json::to_string(e).expect("JSON")).collect();
        lines.join("\n")
    }
}

pub fn ran_with(base: &str, script: TestScript, setting: &Setting, settings: &RunSettings<'_>) -> Ran {
    let plan = planned(base, script, setting);
    assert!(plan.is_runnable(), "{:?}", plan.problems);
    let timeout = setting.timeout.unwrap_or(Duration::from_secs(10));
    let client = Client::new(ClientSettings { timeout, ..Default::default() });
    let sink = MemoryRecord::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let outcome = runtime.block_on(run(&plan, &client, &sink, settings)).expect("a memory record takes everything");
    Ran { record: sink.into_record(), outcome }
}

pub fn ran(base: &str, script: TestScript) -> Ran {
    ran_with(base, script, &Setting::default(), &RunSettings::default())
}
