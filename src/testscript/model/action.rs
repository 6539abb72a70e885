//! What a script does and asks: operations and asserts.

use super::Place;
use crate::testscript::template::Template;

/// One step.
#[derive(Clone, Debug)]
pub enum Action {
    /// A request.
    Operation(Box<Operation>),
    /// A check.
    Assert(Box<Assert>),
}

/// A request to be made, or to be expected when the origin is under test.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What is asked; codes we do not know are kept.
    pub interaction: Interaction,
    /// Resource type, if given and not empty.
    pub resource: Option<Template>,
    /// TestScript.setup.action.operation.label.
    pub label: Option<String>,
    /// TestScript.setup.action.operation.description.
    pub description: Option<String>,
    /// `json`, `xml` or a media type for the Accept header.
    pub accept: Option<Template>,
    /// The same for Content-Type; `none` means deliberately no Content-Type.
    pub content_type: Option<Template>,
    /// Number of the party that answers.
    pub destination: Option<u32>,
    /// Number of the party that asks.
    pub origin: Option<u32>,
    /// Whether params are percent-encoded when sent.
    pub encode_request_url: bool,
    /// What follows the resource type in the URL.
    pub params: Option<Template>,
    /// Explicit method, if any.
    pub method: Option<String>,
    /// Request headers in order.
    pub headers: Vec<(String, Template)>,
    /// Name under which the request is kept.
    pub request_id: Option<String>,
    /// Name under which the response is kept.
    pub response_id: Option<String>,
    /// Fixture, response or rule output that is sent.
    pub source_id: Option<String>,
    /// Fixture that provides the id of the target.
    pub target_id: Option<String>,
    /// Whole URL instead of resource and params.
    pub url: Option<Template>,
    /// Where it stands.
    pub place: Place,
}

/// What an operation does (TestScript.setup.action.operation.type and method).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// GET `[type]/[id]`, or of `url`.
    Read,
    /// GET `[type]/[id]/_history/[vid]`.
    Vread,
    /// GET `[type]?…`, also `[type]/$operation?…`.
    Search,
    /// GET `…/_history`.
    History,
    /// POST `[type]`.
    Create,
    /// PUT `[type]/[id]`.
    Update,
    /// PUT `[type]/[id]`, a new one allowed.
    UpdateCreate,
    /// PATCH `[type]/[id]`.
    Patch,
    /// DELETE `[type]/[id]`.
    Delete,
    /// POST of a Bundle to the base.
    Batch,
    /// POST of a Bundle to the base.
    Transaction,
    /// GET `metadata`.
    Capabilities,
    /// GET of any absolute URL (system http-operations), or another plain method.
    Http(&'static str),
    /// `$purge` of a patient (Interoplab code system).
    Purge,
    /// Anything else, by code: not-evaluated.
    Other(String),
}

/// A check.
#[derive(Clone, Debug)]
pub struct Assert {
    /// TestScript.setup.action.assert.label.
    pub label: Option<String>,
    /// TestScript.setup.action.assert.description.
    pub description: Option<String>,
    /// What is looked at.
    pub direction: Direction,
    /// Request or response kept under this name instead of the last one; also a fixture id.
    pub source_id: Option<String>,
    /// What is checked.
    pub check: Check,
    /// How the found value is compared; None where the check has its own meaning.
    pub operator: Option<Operator>,
    /// What it is compared with, where the check does not hold it itself.
    pub value: Option<Template>,
    /// On failure the rest of the test is skipped.
    pub stop_test_on_fail: bool,
    /// A failure is a warning.
    pub warning_only: bool,
    /// Where it stands.
    pub place: Place,
    /// Where the decisive text stands (the expression, the code), for marking.
    pub check_place: Place,
}

/// What an assert looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Direction {
    /// The last answer.
    #[default]
    Response,
    /// The last request.
    Request,
}

/// Kinds of assert. One engine file each.
#[derive(Clone, Debug)]
pub enum Check {
    /// HTTP status, compared with a code or a comma list.
    ResponseCode(Template),
    /// Named status (`okay`, `created`, …).
    Response(String),
    /// Type of the resource.
    Resource(Template),
    /// FHIRPath: true by itself, or compared with `value`.
    Expression(Template),
    /// A header compared with `value`.
    HeaderField(String),
    /// Content-Type or `json`/`xml`.
    ContentType(Template),
    /// The request URL contains, or does not contain.
    RequestUrl(Template),
    /// HTTP method of the request.
    RequestMethod(String),
    /// A query parameter of the request compared with `value` (Interoplab extension).
    QueryParameter(String),
    /// The profile declared under this id.
    ValidateProfile(String),
    /// Every value of the fixture occurs in the resource.
    MinimumId(String),
    /// The Bundle has first, last and next links.
    NavigationLinks(bool),
    /// A rule with its parameters and outputs (Touchstone extension).
    Rule(RuleCall),
    /// Nothing that keur can check, with what the script asked for: not-evaluated.
    Unknown(String),
}

/// A call of a declared rule.
#[derive(Clone, Debug)]
pub struct RuleCall {
    /// Rule id.
    pub rule_id: String,
    /// Parameters in order.
    pub params: Vec<(String, Template)>,
    /// Names under which outputs are kept as fixtures.
    pub outputs: Vec<RuleOutput>,
}

/// A document a rule makes.
#[derive(Clone, Debug)]
pub struct RuleOutput {
    /// Fixture id it gets.
    pub name: String,
    /// `xml` or `json`.
    pub content_type: Option<String>,
}

/// Comparison operators of TestScript (assert-operator-codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Equals,
    /// Not equal.
    NotEquals,
    /// One of a comma list.
    In,
    /// None of a comma list.
    NotIn,
    /// Greater.
    GreaterThan,
    /// Less.
    LessThan,
    /// There is nothing.
    Empty,
    /// There is something.
    NotEmpty,
    /// Holds as a part.
    Contains,
    /// Does not hold as a part.
    NotContains,
    /// The FHIRPath is evaluated as a boolean.
    Eval,
    /// Boolean by hand: nobody there to decide, not-evaluated.
    ManualEval,
}

impl Operator {
    /// Every operator with its code.
    pub const ALL: [(Operator, &'static str); 12] = [
        (Operator::Equals, "equals"),
        (Operator::NotEquals, "notEquals"),
        (Operator::In, "in"),
        (Operator::NotIn, "notIn"),
        (Operator::GreaterThan, "greaterThan"),
        (Operator::LessThan, "lessThan"),
        (Operator::Empty, "empty"),
        (Operator::NotEmpty, "notEmpty"),
        (Operator::Contains, "contains"),
        (Operator::NotContains, "notContains"),
        (Operator::Eval, "eval"),
        (Operator::ManualEval, "manualEval"),
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        Operator::ALL[self as usize].1
    }

    /// Reads the code.
    pub fn from_code(code: &str) -> Option<Operator> {
        Operator::ALL.iter().find(|(_, c)| *c == code).map(|(o, _)| *o)
    }
}
