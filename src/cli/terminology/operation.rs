//! `$validate-code` on the wire: Parameters in, Parameters out
//! (<http://hl7.org/fhir/STU3/valueset-operations.html#validate-code>,
//! <http://hl7.org/fhir/R4/codesystem-operation-validate-code.html>).

use serde_json::{Value, json};

use crate::definitions::terminology::Question;
use crate::exchange::{Headers, Request, Response, mark};
use crate::fhir::FhirVersion;

/// The media type of both releases.
const FHIR_JSON: &str = "application/fhir+json";

/// The parameter for the version of the value set, in releases that have one.
const VERSION: [(FhirVersion, &str); 1] = [(FhirVersion::R4, "valueSetVersion")];

/// Parameters by which servers say that `false` means only that they lack the code system.
const LACKING: [&str; 2] = ["x-caused-by-unknown-system", "x-unknown-system"];

/// Longest text of the server that a reason quotes.
const QUOTED: usize = 120;

/// Ways to put a question, each for a server that could not answer the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The value set by its canonical.
    Canonical,
    /// The value set itself, for a server that does not know it.
    Definition,
    /// The code system, where every code of it is in the value set.
    CodeSystem,
}

impl Way {
    /// In the order in which they are tried.
    pub const ALL: [Way; 3] = [Way::Canonical, Way::Definition, Way::CodeSystem];

    /// True when a question can be put this way.
    pub fn fits(self, question: &Question<'_>) -> bool {
        match self {
            Way::Canonical => true,
            Way::Definition => question.definition.is_some(),
            Way::CodeSystem => question.whole,
        }
    }
}

/// What an answer says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// The code is in, or is not.
    Result(bool),
    /// The server does not know what it was asked about: its words.
    Unknown(String),
    /// The server is not in order, or lets nobody in: what it did.
    Broken(String),
}

/// The request that puts a question. `token` names the one it carries.
pub fn request(base: &str, way: Way, question: &Question<'_>, token: Option<&str>) -> Request {
    let parameter = |name: &str, kind: &str, value: &str| json!({"name": name, kind: value});
    let (url, version) = question.value_set.split_once('|').map_or((question.value_set, None), |(u, v)| (u, Some(v)));
    let mut parameters = vec![];
    match way {
        Way::Canonical => {
            parameters.push(parameter("url", "valueUri", url));
            let name = VERSION.iter().find(|(release, _)| *release == question.release).map(|(_, name)| *name);
            parameters.extend(name.zip(version).map(|(name, version)| parameter(name, "valueString", version)));
            parameters.push(parameter("system", "valueUri", question.system));
        }
        Way::Definition => {
            let definition: Value = question.definition.and_then(|d| serde_json::from_str(d).ok()).unwrap_or_default();
            parameters.push(json!({"name": "valueSet", "resource": definition}));
            parameters.push(parameter("system", "valueUri", question.system));
        }
        Way::CodeSystem => parameters.push(parameter("url", "valueUri", question.system)),
    }
    parameters.push(parameter("code", "valueCode", question.code));
    let mut headers = Headers::new();
    headers.push("Accept", FHIR_JSON);
    headers.push("Content-Type", FHIR_JSON);
    if let Some(name) = token {
        headers.push("Authorization", format!("Bearer {}", mark(name)));
    }
    let resource = if way == Way::CodeSystem { "CodeSystem" } else { "ValueSet" };
    let body = json!({"resourceType": "Parameters", "parameter": parameters});
    Request {
        method: "POST".to_owned(),
        url: format!("{base}/{resource}/$validate-code"),
        headers,
        body: body.to_string().into_bytes().into(),
    }
}

/// What an answer says; nothing in it is taken for a yes but `result` being true.
pub fn read(response: &Response) -> Said {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let body = body.filter(|body| body["resourceType"].is_string());
    match (response.status, body) {
        (200, Some(body)) if body["resourceType"] == "Parameters" => parameters(&body),
        (200, Some(body)) => Said::Broken(format!("it answered with a {}", quoted(&body["resourceType"]))),
        (200, None) => Said::Broken("its answer is not FHIR JSON".to_owned()),
        // What it does not have, or cannot make of the question.
        (400 | 404 | 410 | 412 | 422, Some(body)) if body["resourceType"] == "OperationOutcome" => {
            Said::Unknown(words(&body))
        }
        (404, _) => Said::Unknown("it answered 404".to_owned()),
        (status, _) => Said::Broken(format!("it answered {status}")),
    }
}

fn parameters(body: &Value) -> Said {
    let all: &[Value] = body["parameter"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |name: &str| all.iter().find(|parameter| parameter["name"] == name);
    let lacking = LACKING.iter().find_map(|name| named(name));
    let system = |parameter: &Value| {
        let values = ["valueCanonical", "valueUri", "valueString"];
        quoted(values.iter().map(|name| &parameter[*name]).find(|value| value.is_string()).unwrap_or(&Value::Null))
    };
    match named("result").and_then(|result| result["valueBoolean"].as_bool()) {
        Some(true) => Said::Result(true),
        Some(false) if lacking.is_some() || named("issues").is_some_and(is_not_found) => {
            Said::Unknown(lacking.map_or("it lacks what the question is about".to_owned(), |parameter| {
                format!("it lacks the code system {}", system(parameter))
            }))
        }
        Some(false) => Said::Result(false),
        None => Said::Broken("its answer has no `result`".to_owned()),
    }
}

/// True where an issue is about a value set or code system that the server does not have
/// (<http://hl7.org/fhir/tools/CodeSystem/tx-issue-type>).
fn is_not_found(issues: &Value) -> bool {
    let all = issues["resource"]["issue"].as_array().map(Vec::as_slice).unwrap_or_default();
    let codings = all.iter().flat_map(|issue| issue["details"]["coding"].as_array().into_iter().flatten());
    codings.into_iter().any(|coding| coding["code"] == "not-found")
}

/// The words of an OperationOutcome.
fn words(outcome: &Value) -> String {
    let issue = &outcome["issue"][0];
    let said = [&issue["details"]["text"], &issue["diagnostics"], &issue["code"]];
    format!("it said `{}`", quoted(said.into_iter().find(|text| text.is_string()).unwrap_or(&Value::Null)))
}

/// A text of the server, on one line and not too long.
fn quoted(text: &Value) -> String {
    let plain: String =
        text.as_str().unwrap_or("nothing").chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTED).collect();
    plain.trim().to_owned()
}
