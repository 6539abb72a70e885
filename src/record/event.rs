//! What happens in a run, as it is written down. Every report is a fold of these; nothing else is kept.
//!
//! An event is one line of JSON. Fields may be added; readers ignore what they do not know.

use serde::{Deserialize, Serialize};

use crate::exchange::Peer;

/// Verdict of one assert (or operation).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Holds.
    Pass,
    /// Does not hold.
    Fail,
    /// Does not hold, and the script calls that a warning.
    Warning,
    /// Could not be decided because something broke (no answer, not FHIR); counts as failing.
    Error,
    /// Left out after a failed `stopTestOnFail`, or outside the chosen release.
    Skip,
    /// keur did not evaluate it (unknown rule, missing profile, missing input).
    NotEvaluated,
}

/// One line of the log. Nearly all are the two that are boxed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first: who ran what, with which settings.
    RunStarted(RunStarted),
    /// A token was come by; it is not in here.
    TokenObtained(TokenObtained),
    /// A server answered over TLS; who it was.
    ServerSeen(ServerSeen),
    /// A script begins.
    ScriptStarted(ScriptStarted),
    /// A test (or setup, or teardown) begins.
    TestStarted(TestStarted),
    /// A request was made and answered or not.
    Exchanged(Box<Exchanged>),
    /// An operation or assert has its verdict.
    ActionFinished(Box<ActionFinished>),
    /// A script is over.
    ScriptFinished {
        /// Number of the script, as in its start.
        script: u32,
    },
    /// The last: the run is over, or was broken off.
    RunFinished {
        /// When, RFC 3339.
        at: String,
        /// True when the user broke it off.
        interrupted: bool,
    },
}

impl From<Exchanged> for Event {
    fn from(exchanged: Exchanged) -> Event {
        Event::Exchanged(Box::new(exchanged))
    }
}

impl From<ActionFinished> for Event {
    fn from(action: ActionFinished) -> Event {
        Event::ActionFinished(Box::new(action))
    }
}

/// Facts of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Format of the log: 1.
    pub format: u32,
    /// keur's version.
    pub keur: String,
    /// When, RFC 3339.
    pub at: String,
    /// Base URL of the target.
    pub target: String,
    /// True when the target is the built-in simulator.
    pub simulated: bool,
    /// FHIR version of the exchange unless a script says otherwise.
    pub fhir_version: String,
    /// Definitions used.
    pub definitions: Vec<DefinitionUse>,
    /// How many scripts were selected.
    pub scripts: u32,
}

/// A package (or embedded facts) that verdicts rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionUse {
    /// Package name.
    pub package: String,
    /// Package version.
    pub version: String,
    /// Hash, lower-case hexadecimal.
    pub sha256: String,
    /// `embedded`, `path`, `cache` or `registry`.
    pub origin: String,
    /// Who asked for it: a file of the script set, the command line, a package that needs it; empty for
    /// what was there anyway.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chosen_by: String,
}

/// How a token was come by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenObtained {
    /// Name of the person in the scripts.
    pub person: String,
    /// `medmij`, `authorization-code`, `client-credentials` or `jwt-bearer`.
    pub flow: String,
    /// `stored`, `login`, `refreshed`, `refreshed-after-refusal` or `login-again`.
    pub how: String,
    /// When, RFC 3339.
    pub at: String,
}

/// The certificate of a server that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeen {
    /// Scheme, host and port.
    pub origin: String,
    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub sha256: String,
    /// Whose it is.
    pub subject: String,
    /// Who vouches for it.
    pub issuer: String,
    /// Its last moment, RFC 3339.
    pub not_after: String,
}

impl From<Peer> for ServerSeen {
    fn from(peer: Peer) -> Self {
        let Peer { origin, sha256, subject, issuer, not_after } = peer;
        ServerSeen { origin, sha256, subject, issuer, not_after }
    }
}

impl From<ServerSeen> for Peer {
    fn from(seen: ServerSeen) -> Self {
        let ServerSeen { origin, sha256, subject, issuer, not_after } = seen;
        Peer { origin, sha256, subject, issuer, not_after }
    }
}

/// A script begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptStarted {
    /// Its number in the run, from 0.
    pub script: u32,
    /// Path as people know it.
    pub path: String,
    /// Hash of its bytes.
    pub sha256: String,
    /// Title or name.
    pub title: String,
    /// FHIR version of the exchange.
    pub fhir_version: String,
}

/// A test begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestStarted {
    /// Number of its script.
    pub script: u32,
    /// Its number in the script, setup and teardown counted, from 0.
    pub test: u32,
    /// Its id; `setup` and `teardown` for those.
    pub id: String,
    /// Name or description.
    pub title: String,
}

/// An exchange, bodies by their hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchanged {
    /// Its number in the run, from 1: `answer #7`.
    pub exchange: u32,
    /// Number of its script.
    pub script: u32,
    /// Number of its test.
    pub test: u32,
    /// The request; secrets in headers are masked, a hash keeps them comparable.
    pub request: RecordedMessage,
    /// `GET`, …
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// The answer.
    pub response: Option<RecordedMessage>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Why there is none: kind and detail.
    pub error: Option<(String, String)>,
    /// When it went out, RFC 3339.
    pub at: String,
    /// Until the last byte, in microseconds.
    pub micros: u64,
    /// Number of the same request before it, whose token was refused: this one has a new token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<u32>,
}

/// Head and body of a message.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct RecordedMessage {
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// SHA-256 of the body, lower-case hexadecimal; None for an empty one.
    pub body: Option<String>,
    /// Bytes of the body.
    pub size: u64,
}

/// What kind of action it was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// A request.
    Operation,
    /// A check.
    Assert,
}

/// An action with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionFinished {
    /// Number of its script.
    pub script: u32,
    /// Number of its test.
    pub test: u32,
    /// Its number in the test, from 0.
    pub action: u32,
    /// Operation or assert.
    pub kind: ActionKind,
    /// The verdict.
    pub verdict: Verdict,
    /// Rule code, `KEUR2001`; empty for a pass without findings.
    pub code: String,
    /// What the script calls it.
    pub title: String,
    /// What was found, in one line; empty for a plain pass.
    pub message: String,
    /// What should have been there.
    pub expected: Option<String>,
    /// What was there.
    pub found: Option<String>,
    /// Where the action stands.
    pub source: ScriptPlace,
    /// The exchange it looked at.
    pub exchange: Option<u32>,
    /// Where in the answer (or request) the fault is.
    pub target: Option<TargetPlace>,
    /// What an expression misses there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub miss: Option<Miss>,
    /// Codes looked up in a terminology.
    pub codes: CodeCount,
    /// More than one fault (validation): each with its own place.
    pub issues: Vec<Issue>,
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct ScriptPlace {
    /// File, when it is not the script itself (an included group).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// Bytes to mark: start and end.
    pub span: (u32, u32),
}

/// A place in a body.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct TargetPlace {
    /// True when it is in the request rather than in the answer.
    pub request: bool,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// FHIRPath of the element.
    pub path: String,
    /// Bytes to mark: start and end.
    pub span: (u32, u32),
}

/// What an expression misses in the content: what a remedy is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "what")]
pub enum Miss {
    /// What is to be found from the place on: `coding.code`.
    Element(String),
    /// What is to hold of the place: `system = 'http://loinc.org'`.
    Criteria(String),
    /// What is to hold of the place, or of one like it.
    OneWith(String),
    /// Nothing: the place is one too many.
    Surplus,
    /// Another number of elements.
    Count,
    /// Another value.
    Value,
}

impl Miss {
    /// The part of the expression that it is about.
    pub fn what_mut(&mut self) -> Option<&mut String> {
        match self {
            Miss::Element(what) | Miss::Criteria(what) | Miss::OneWith(what) => Some(what),
            Miss::Surplus | Miss::Count | Miss::Value => None,
        }
    }
}

/// How many codes could be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CodeCount {
    /// Decided.
    pub checked: u64,
    /// Not decidable offline.
    pub not_checkable: u64,
}

/// One of several faults of one assert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// `fatal`, `error`, `warning`, `information`.
    pub severity: String,
    /// Rule code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub target: TargetPlace,
    /// Canonical of the definition whose rule it is; empty for rules of the format.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// For an issue about slices: what did not fit, element by element.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceMiss>,
    /// What a terminology server said of the codes it is about: a replay asks nobody and takes this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<CodeAnswer>,
}

/// What a terminology server said of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeAnswer {
    /// Canonical of the value set.
    pub value_set: String,
    /// The code system.
    pub system: String,
    /// The code.
    pub code: String,
    /// True when the code is in the value set.
    pub member: bool,
}

/// Why an element is not in a slice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceMiss {
    /// Path of the element.
    pub path: String,
    /// Name of the slice that it is not in.
    pub slice: String,
    /// The first discriminator that fails: `value: code.coding.code`.
    pub discriminator: String,
    /// What the slice asks for there.
    pub expected: String,
    /// What the element has there.
    pub found: String,
}
