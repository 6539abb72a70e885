//! Records of runs as the engine would write them, made by hand.

use std::collections::HashMap;
use std::sync::Arc;

use keur::record::*;
use keur::report::Material;

/// A record in the making, with the texts it refers to.
#[derive(Default)]
pub struct Sample {
    pub events: Vec<Event>,
    scripts: Vec<(String, String)>,
    bodies: HashMap<String, Vec<u8>>,
    test: u32,
    action: u32,
    exchange: u32,
}

impl Material for Sample {
    fn body(&self, sha256: &str) -> Option<Vec<u8>> {
        self.bodies.get(sha256).cloned()
    }

    fn script(&self, path: &str) -> Option<Arc<str>> {
        self.scripts.iter().find(|(known, _)| known == path).map(|(_, text)| text.as_str().into())
    }
}

/// What an action came to; the fields that matter to a case.
pub struct Came {
    pub verdict: Verdict,
    pub code: &'static str,
    pub title: &'static str,
    pub message: &'static str,
    pub expected: Option<&'static str>,
    pub found: Option<&'static str>,
    /// Text of the answer that is marked, with its path.
    pub target: Option<(&'static str, &'static str)>,
}

impl Came {
    pub fn to(verdict: Verdict, code: &'static str, message: &'static str) -> Came {
        Came { verdict, code, title: "", message, expected: None, found: None, target: None }
    }

    pub fn pass() -> Came {
        Came::to(Verdict::Pass, "", "")
    }

    pub fn titled(self, title: &'static str) -> Came {
        Came { title, ..self }
    }

    pub fn between(self, expected: &'static str, found: &'static str) -> Came {
        Came { expected: Some(expected), found: Some(found), ..self }
    }

    pub fn at(self, path: &'static str, marked: &'static str) -> Came {
        Came { target: Some((path, marked)), ..self }
    }
}

impl Sample {
    /// A run of `scripts` scripts against a target.
    pub fn run(target: &str, simulated: bool, scripts: u32) -> Sample {
        let definition = DefinitionUse {
            package: "keur.stu3.facts".into(),
            version: "3.0.2".into(),
            sha256: "0123456789abcdef0123456789abcdef".into(),
            origin: "embedded".into(),
            chosen_by: String::new(),
        };
        let start = RunStarted {
            format: 1,
            keur: "0.1.0".into(),
            at: "2026-01-02T03:04:05Z".into(),
            target: target.into(),
            simulated,
            fhir_version: "3.0".into(),
            definitions: vec![definition],
            scripts,
        };
        Sample { events: vec![Event::RunStarted(start)], ..Sample::default() }
    }

    pub fn begin(&mut self, path: &str, title: &str, text: &str) -> &mut Sample {
        let start = ScriptStarted {
            script: self.scripts.len() as u32,
            path: path.into(),
            sha256: format!("{:064x}", path.len()),
            title: title.into(),
            fhir_version: "3.0".into(),
        };
        self.events.push(Event::ScriptStarted(start));
        self.scripts.push((path.into(), text.into()));
        self.test = u32::MAX;
        self
    }

    pub fn end(&mut self) -> &mut Sample {
        let script = self.number();
        self.events.push(Event::ScriptFinished { script });
        self
    }

    pub fn finish(&mut self, interrupted: bool) {
        self.events.push(Event::RunFinished { at: "2026-01-02T03:04:07Z".into(), interrupted });
    }

    fn number(&self) -> u32 {
        self.scripts.len() as u32 - 1
    }

    pub fn test(&mut self, id: &str, title: &str) -> &mut Sample {
        self.test = self.test.wrapping_add(1);
        self.action = 0;
        let start = TestStarted { script: self.number(), test: self.test, id: id.into(), title: title.into() };
        self.events.push(Event::TestStarted(start));
        self
    }

    /// A request that was answered.
    pub fn answered(&mut self, url: &str, status: u16, body: &str) -> &mut Sample {
        let known = self.bodies.iter().find(|(_, known)| known.as_slice() == body.as_bytes());
        let hash = known.map_or_else(|| format!("{:064x}", self.bodies.len() + 1), |(hash, _)| hash.clone());
        self.bodies.insert(hash.clone(), body.into());
        let response = RecordedMessage { headers: vec![], body: Some(hash), size: body.len() as u64 };
        self.exchanged(url, Ok((status, response)))
    }

    /// A request that was not answered.
    pub fn unanswered(&mut self, url: &str, kind: &str, detail: &str) -> &mut Sample {
        self.exchanged(url, Err((kind.into(), detail.into())))
    }

    fn exchanged(&mut self, url: &str, came: Result<(u16, RecordedMessage), (String, String)>) -> &mut Sample {
        self.exchange += 1;
        let headers = [("Accept", "application/fhir+json"), ("Authorization", "Bearer …sha256:1a2b3c4d")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let (answer, error) = match came {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        let (status, response) = answer.unzip();
        self.events.push(Event::from(Exchanged {
            exchange: self.exchange,
            script: self.number(),
            test: self.test,
            request: RecordedMessage { headers, body: None, size: 0 },
            method: "GET".into(),
            url: url.into(),
            response,
            status,
            error,
            at: "2026-01-02T03:04:06Z".into(),
            micros: 10_000 * u64::from(self.exchange),
            renews: None,
        }));
        self
    }

    /// An operation, on the line that holds `marked`.
    pub fn operation(&mut self, marked: &str, came: Came) -> &mut Sample {
        self.act(ActionKind::Operation, marked, came)
    }

    /// An assert, on the line that holds `marked`.
    pub fn assert(&mut self, marked: &str, came: Came) -> &mut Sample {
        self.act(ActionKind::Assert, marked, came)
    }

    fn act(&mut self, kind: ActionKind, marked: &str, came: Came) -> &mut Sample {
        let (line, column, span) = place(&self.scripts[self.number() as usize].1, marked);
        let body = self.events.iter().rev().find_map(|event| match event {
            Event::Exchanged(exchanged) => exchanged.response.as_ref().and_then(|r| r.body.as_ref()),
            _ => None,
        });
        let body = body.map(|hash| String::from_utf8_lossy(&self.bodies[hash]).into_owned()).unwrap_or_default();
        let target = came.target.map(|(path, marked)| {
            let (line, column, span) = place(&body, marked);
            TargetPlace { request: false, line, column, path: path.into(), span }
        });
        let action = ActionFinished {
            script: self.number(),
            test: self.test,
            action: self.action,
            kind,
            verdict: came.verdict,
            code: came.code.into(),
            title: came.title.into(),
            message: came.message.into(),
            expected: came.expected.map(Into::into),
            found: came.found.map(Into::into),
            source: ScriptPlace { path: None, line, column, span },
            exchange: (self.exchange > 0).then_some(self.exchange),
            target,
            miss: None,
            codes: CodeCount { checked: u64::from(kind == ActionKind::Assert), not_checkable: 0 },
            issues: vec![],
        };
        self.action += 1;
        self.events.push(Event::from(action));
        self
    }
}

fn place(text: &str, marked: &str) -> (u32, u32, (u32, u32)) {
    let start = text.find(marked).unwrap_or_else(|| panic!("`{marked}` is not in\n{text}"));
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[..start].matches('\n').count() as u32 + 1;
    (line, (start - line_start) as u32 + 1, (start as u32, (start + marked.len()) as u32))
}

const LABORATORY: &str = r#"resourceType: TestScript
title: Laboratory results
test:
  - id: latest
    action:
      - operation: {type: search, resource: Observation, params: /$lastn?category=laboratory}
      - assert: {responseCode: 200}
      - assert: {resource: Bundle}
      - assert: {expression: "Bundle.entry.resource.referenceRange.low.all(code.exists())"}
      - assert: {expression: "Bundle.link.where(relation='self').exists()", warningOnly: true}
      - assert: {validateProfileId: bundle}
"#;

const PATIENT: &str = r#"<TestScript xmlns="http://hl7.org/fhir">
  <title value="Patient"/>
  <test id="read">
    <action><operation><resource value="Patient"/></operation></action>
    <action><assert><responseCode value="200"/></assert></action>
    <action><assert><resource value="Bundle"/></assert></action>
  </test>
</TestScript>
"#;

const OBSERVATIONS: &str = r#"{
  "resourceType": "Bundle",
  "entry": [{
    "resource": {
      "resourceType": "Observation",
      "subject": { "identifier": { "system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999911120" } },
      "referenceRange": [{ "low": { "value": 3.5 } }]
    }
  }]
}
"#;

const BASE: &str = "https://dva.example/48/fhir";

/// One assert fails, one warns, one is not evaluated, in two scripts of which the other passes.
pub fn mixed() -> Sample {
    let url = format!("{BASE}/Observation/$lastn?category=laboratory");
    let mut run = Sample::run(BASE, false, 3);
    for format in ["json", "xml"] {
        run.begin(&format!("bgz/15-laboratory-{format}.yaml"), "Laboratory results", LABORATORY)
            .test("latest", "Latest results")
            .answered(&url, 200, OBSERVATIONS)
            .operation("operation", Came::pass())
            .assert("responseCode", Came::pass())
            .assert("resource: Bundle", Came::pass())
            .assert(
                "expression: \"Bundle.entry.resource.referenceRange",
                Came::to(Verdict::Fail, "KEUR2104", "`Observation.referenceRange` has no unit")
                    .titled("Reference ranges have UCUM units")
                    .between("`true`", "`false`")
                    .at("Bundle.entry[0].resource.referenceRange[0].low", "{ \"value\": 3.5 }"),
            )
            .assert(
                "expression: \"Bundle.link",
                Came::to(Verdict::Warning, "KEUR2104", "the expression is false").titled("There is a self link"),
            )
            .assert(
                "validateProfileId",
                Came::to(Verdict::NotEvaluated, "KEUR2190", "keur does not validate against profiles yet"),
            )
            .end();
    }
    run.begin("bgz/01-patient.xml", "Patient", PATIENT)
        .test("read", "Patient can be read")
        .answered(&format!("{BASE}/Patient"), 200, OBSERVATIONS)
        .operation("operation", Came::pass())
        .assert("responseCode", Came::pass())
        .assert("<resource value=\"Bundle\"/>", Came::pass())
        .end();
    run.finish(false);
    run
}

/// The token expired: everything fails, by one cause.
pub fn expired() -> Sample {
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"diagnostics":"token expired"}]}"#;
    let mut run = Sample::run(BASE, false, 4);
    for number in 1..=4 {
        run.begin(&format!("bgz/{number:02}.xml"), &format!("Script {number}"), PATIENT);
        for id in ["1", "2"] {
            run.test(id, "")
                .answered(&format!("{BASE}/Type{number}?_count={id}"), 401, outcome)
                .operation("operation", Came::pass())
                .assert(
                    "responseCode",
                    Came::to(Verdict::Fail, "KEUR2101", "the status is 401 instead of 200").between("200", "401"),
                )
                .assert(
                    "<resource value=\"Bundle\"/>",
                    Came::to(Verdict::Fail, "KEUR2102", "the answer is an OperationOutcome")
                        .between("Bundle", "OperationOutcome"),
                )
                .assert("</test>", Came::to(Verdict::Skip, "", ""));
        }
        run.end();
    }
    run.finish(false);
    run
}

/// Nobody listens there.
pub fn unreachable() -> Sample {
    let mut run = Sample::run("http://127.0.0.1:1", false, 2);
    for number in 1..=2 {
        run.begin(&format!("bgz/{number:02}.xml"), &format!("Script {number}"), PATIENT)
            .test("1", "")
            .unanswered("http://127.0.0.1:1/Patient", "connect", "connection refused")
            .operation("operation", Came::to(Verdict::Error, "KEUR2001", "no answer: connection refused"))
            .assert("responseCode", Came::to(Verdict::Error, "KEUR2002", "there is no answer to look at"))
            .end();
    }
    run.finish(false);
    run
}

/// Everything holds.
pub fn passed() -> Sample {
    let mut run = Sample::run("http://127.0.0.1:41231", true, 1);
    run.begin("bgz/01-patient.xml", "Patient", PATIENT)
        .test("read", "Patient can be read")
        .answered("http://127.0.0.1:41231/Patient", 200, OBSERVATIONS)
        .operation("operation", Came::pass())
        .assert("responseCode", Came::pass())
        .assert("<resource value=\"Bundle\"/>", Came::pass())
        .end();
    run.finish(false);
    run
}

/// A validation that found several things, slices among them, in an answer that would like to be a script.
pub fn validated() -> Sample {
    let url = format!("{BASE}/Observation?code=85354-9");
    let hostile = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>";
    let body = format!(
        r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"Observation","status":"nonsense","text":{{"div":"{hostile}"}},"component":[{{"code":{{"text":"systolic"}}}}]}}}}]}}"#
    );
    let mut run = Sample::run(BASE, false, 1);
    run.begin("bgz/19-blood-pressure.yaml", "Blood pressure <b>", LABORATORY)
        .test("latest", "Latest results")
        .answered(&url, 200, &body)
        .operation("operation", Came::pass())
        .assert(
            "validateProfileId",
            Came::to(Verdict::Fail, "KEUR2011", "`component` fits no slice (and 1 more)")
                .titled("The Bundle conforms")
                .between("conforms", "2 errors"),
        );
    let issue = |message: &str, path: &str, marked: &str| {
        let (line, column, span) = place(&body, marked);
        let target = TargetPlace { request: false, line, column, path: path.into(), span };
        let (severity, code, profile) = ("error".into(), "KEUR4040".into(), "http://nictiz.nl/x".into());
        Issue { severity, code, message: message.into(), target, profile, slices: vec![], asked: vec![] }
    };
    let slices = vec![SliceMiss {
        path: "Bundle.entry[0].resource.component[0]".into(),
        slice: "systolic".into(),
        discriminator: "value: code.coding.code".into(),
        expected: "8480-6".into(),
        found: "nothing".into(),
    }];
    if let Some(Event::ActionFinished(action)) = run.events.last_mut() {
        action.issues = vec![
            issue("`nonsense` is no status", "Bundle.entry[0].resource.status", "\"nonsense\""),
            Issue {
                slices,
                ..issue("`component` fits no slice", "Bundle.entry[0].resource.component[0]", r#"{"code":{"text"#)
            },
        ];
    }
    run.end().finish(false);
    run
}

/// An answer of many entries, of which one near the end is wrong.
pub fn big(entries: usize) -> Sample {
    let mut body = String::from(r#"{"resourceType":"Bundle","entry":["#);
    for number in 0..entries {
        let comma = if number == 0 { "" } else { "," };
        body.push_str(&format!(r#"{comma}{{"resource":{{"resourceType":"Basic","id":"n{number}"}}}}"#));
    }
    body.push_str("]}");
    let marked: &'static str = Box::leak(format!("\"n{}\"", entries - 10).into_boxed_str());
    let mut run = Sample::run(BASE, false, 1);
    run.begin("bgz/01-patient.xml", "Patient", PATIENT).test("read", "Patient can be read");
    // The same bytes twice.
    for _ in 0..2 {
        run.answered(&format!("{BASE}/Basic"), 200, &body).operation("operation", Came::pass()).assert(
            "responseCode",
            Came::to(Verdict::Fail, "KEUR2104", "the id is wrong").at("Bundle.entry.resource.id", marked),
        );
    }
    run.end().finish(false);
    run
}

/// Broken off in the first of three scripts.
pub fn interrupted() -> Sample {
    let mut run = Sample::run("http://127.0.0.1:41231", true, 3);
    run.begin("bgz/01-patient.xml", "Patient", PATIENT)
        .test("read", "Patient can be read")
        .answered("http://127.0.0.1:41231/Patient", 200, OBSERVATIONS)
        .operation("operation", Came::pass());
    run.finish(true);
    run
}
