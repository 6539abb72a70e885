//! The report of a run as data. Its JSON form is a contract (`schema/run-report-1.json`): fields may be
//! added, those that are there stay. A place that is not there is line 0, a name that is not there is empty.

use serde::{Serialize, Serializer};

use crate::record::{ActionKind, CodeCount, DefinitionUse, Miss, ServerSeen, SliceMiss, TokenObtained, Verdict};

use super::baseline::KnownReport;
use super::cause::Cause;
use super::requirement::RequirementsReport;
use super::verdict::{Conclusion, verdict_code};

/// Name of the JSON form.
pub const SCHEMA: &str = "urn:keur:run-report:1";

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Verdict of the whole.
    pub verdict: Conclusion,
    /// Version of keur that ran it.
    pub keur: String,
    /// Base URL of the target.
    pub target: String,
    /// True when the target was the built-in simulator.
    pub simulated: bool,
    /// FHIR version of the exchange unless a script says otherwise.
    pub fhir_version: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it ended; empty when the record stops before the end.
    pub finished: String,
    /// True when it was broken off.
    pub interrupted: bool,
    /// What was evaluated, with what.
    pub receipt: Receipt,
    /// What lies behind the verdicts that are not a pass.
    pub causes: Vec<Cause>,
    /// Failures that were known beforehand, entry by entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownReport>,
    /// Tables of requirements that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementsReport>,
    /// How tokens were come by; the tokens themselves are nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenObtained>,
    /// Servers that answered over TLS, by their certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerSeen>,
    /// Requests and answers.
    pub exchanges: Vec<ExchangeReport>,
    /// The scripts in the order of the run.
    pub scripts: Vec<ScriptReport>,
}

/// What was evaluated, with what: nothing is green by omission.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Receipt {
    /// Scripts by verdict.
    pub scripts: ScriptCounts,
    /// Asserts by verdict.
    pub asserts: Counts,
    /// Operations by verdict.
    pub operations: Counts,
    /// Requests, and how many of them were answered over HTTP.
    pub exchanges: ExchangeCounts,
    /// Codes looked up in a terminology.
    pub codes: CodeCount,
    /// Packages and embedded facts that verdicts rest on.
    pub definitions: Vec<DefinitionUse>,
}

/// Scripts by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScriptCounts {
    /// All that were selected.
    pub total: u32,
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
    /// Incomplete, those that never began among them.
    pub incomplete: u32,
}

/// Requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExchangeCounts {
    /// All.
    pub total: u64,
    /// Those with an HTTP answer.
    pub answered: u64,
}

/// Actions by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub total: u64,
    /// Pass, fail and warning.
    pub evaluated: u64,
    /// Holds.
    pub pass: u64,
    /// Does not hold.
    pub fail: u64,
    /// Does not hold, and the script calls that a warning.
    pub warning: u64,
    /// Could not be decided because something broke.
    pub error: u64,
    /// Left out on purpose.
    pub skip: u64,
    /// keur could not evaluate it.
    pub not_evaluated: u64,
    /// Of those that fail: known beforehand, and accepted.
    #[serde(skip_serializing_if = "is_none_of_them")]
    pub known: u64,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        let (count, evaluated) = match verdict {
            Verdict::Pass => (&mut self.pass, 1),
            Verdict::Fail => (&mut self.fail, 1),
            Verdict::Warning => (&mut self.warning, 1),
            Verdict::Error => (&mut self.error, 0),
            Verdict::Skip => (&mut self.skip, 0),
            Verdict::NotEvaluated => (&mut self.not_evaluated, 0),
        };
        *count += 1;
        self.total += 1;
        self.evaluated += evaluated;
    }

    /// Counts those of a part too.
    pub fn add_all(&mut self, part: &Counts) {
        self.total += part.total;
        self.evaluated += part.evaluated;
        self.pass += part.pass;
        self.fail += part.fail;
        self.warning += part.warning;
        self.error += part.error;
        self.skip += part.skip;
        self.not_evaluated += part.not_evaluated;
        self.known += part.known;
    }

    /// Counts an action with its verdict, and whether it is a known failure.
    pub fn add_action(&mut self, action: &ActionReport) {
        self.add(action.verdict);
        self.known += u64::from(action.known.is_some());
    }
}

/// A script.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScriptReport {
    /// Path as people know it.
    pub path: String,
    /// Hash of its bytes.
    pub sha256: String,
    /// Title or name.
    pub title: String,
    /// FHIR version of the exchange.
    pub fhir_version: String,
    /// Verdict of the script.
    pub verdict: Conclusion,
    /// Its tests, setup and teardown among them.
    pub tests: Vec<TestReport>,
}

/// A test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestReport {
    /// Its id; `setup` and `teardown` for those.
    pub id: String,
    /// Name or description.
    pub title: String,
    /// Verdict of the test.
    pub verdict: Conclusion,
    /// Time spent waiting for answers, in microseconds.
    pub micros: u64,
    /// Its actions in order.
    pub actions: Vec<ActionReport>,
}

/// An operation or assert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActionReport {
    /// Operation or assert.
    pub kind: ActionKind,
    /// The verdict.
    #[serde(serialize_with = "write_verdict")]
    pub verdict: Verdict,
    /// Rule code; empty for a pass without findings.
    pub code: String,
    /// What the script calls it.
    pub title: String,
    /// What was found, in one line.
    pub message: String,
    /// What should have been there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Where it stands in the script.
    pub source: SourceReport,
    /// Number of the exchange it looked at, as text; empty for none.
    #[serde(serialize_with = "write_number")]
    pub exchange: Option<u32>,
    /// Where in the answer the fault is.
    pub target: TargetReport,
    /// What an expression misses there.
    #[serde(skip)]
    pub miss: Option<Miss>,
    /// Codes looked up.
    #[serde(skip_serializing_if = "no_codes")]
    pub codes: CodeCount,
    /// Each of several faults.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<IssueReport>,
    /// The entry in `known` by which this failure is accepted, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<u32>,
}

/// A place in a script.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SourceReport {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// The file, when it is not the script itself (an included group).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Bytes to mark.
    #[serde(skip)]
    pub span: (u32, u32),
}

/// A place in an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TargetReport {
    /// Line, from 1; 0 when there is no place.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// FHIRPath of the element.
    pub path: String,
    /// True when it is in the request instead.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub request: bool,
    /// Bytes to mark.
    #[serde(skip)]
    pub span: (u32, u32),
}

/// One of several faults of an assert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IssueReport {
    /// `fatal`, `error`, `warning`, `information`.
    pub severity: String,
    /// Rule code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub target: TargetReport,
    /// Canonical of the definition whose rule it is; empty for rules of the format.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// For an issue about slices: what did not fit, element by element.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceMiss>,
}

/// A request and what came of it. Secrets were masked when it was recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExchangeReport {
    /// Its number in the run, from 1, as text: what `exchange` of an action says.
    #[serde(serialize_with = "write_id")]
    pub id: u32,
    /// `GET`, …
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// HTTP status; none without an answer.
    pub status: Option<u16>,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<TransportReport>,
    /// When it went out, RFC 3339.
    pub at: String,
    /// Until the last byte, in microseconds.
    pub micros: u64,
    /// Hash of the request's body; none for an empty one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_sha256: Option<String>,
    /// Hash of the answer's body; none for an empty one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_sha256: Option<String>,
    /// Bytes of the answer's body.
    pub response_size: u64,
    /// Bytes of the request's body.
    #[serde(skip)]
    pub request_size: u64,
    /// Header fields of the request, as recorded.
    #[serde(skip)]
    pub request_headers: Vec<(String, String)>,
    /// Header fields of the answer, as recorded.
    #[serde(skip)]
    pub response_headers: Vec<(String, String)>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransportReport {
    /// `connect`, `tls`, `timeout`, …
    pub kind: String,
    /// What the transport said.
    pub detail: String,
}

/// Where an action stands in a report: numbers of script, test and action, each from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ActionPlace {
    /// In `scripts`.
    pub script: u32,
    /// In its `tests`.
    pub test: u32,
    /// In its `actions`.
    pub action: u32,
}

impl RunReport {
    /// The action that stands there.
    pub fn action(&self, place: ActionPlace) -> Option<(&ScriptReport, &TestReport, &ActionReport)> {
        let script = self.scripts.get(place.script as usize)?;
        let test = script.tests.get(place.test as usize)?;
        Some((script, test, test.actions.get(place.action as usize)?))
    }

    /// The exchange with this number.
    pub fn exchange(&self, id: u32) -> Option<&ExchangeReport> {
        // Numbers are given out in order; a record that leaves some out is still searched.
        let guess = self.exchanges.get(id.checked_sub(1)? as usize).filter(|e| e.id == id);
        guess.or_else(|| self.exchanges.iter().find(|e| e.id == id))
    }

    /// Every action with its place.
    pub fn actions(&self) -> impl Iterator<Item = (ActionPlace, &ActionReport)> {
        self.scripts.iter().enumerate().flat_map(|(script, s)| {
            s.tests.iter().enumerate().flat_map(move |(test, t)| {
                t.actions.iter().enumerate().map(move |(action, a)| {
                    (ActionPlace { script: script as u32, test: test as u32, action: action as u32 }, a)
                })
            })
        })
    }
}

fn write_verdict<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict_code(*verdict))
}

fn write_number<S: Serializer>(number: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => serializer.collect_str(number),
        None => serializer.serialize_str(""),
    }
}

fn write_id<S: Serializer>(id: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn is_none_of_them(count: &u64) -> bool {
    *count == 0
}

fn no_codes(codes: &CodeCount) -> bool {
    *codes == CodeCount::default()
}
