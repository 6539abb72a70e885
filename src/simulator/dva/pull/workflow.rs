//! The workflow Task of a referral on Nuts: kept by the sender, read and moved on by the receiver. What the
//! receiver may do with the data ends where the Task ends.

use serde_json::Value;

use super::assertion::admitted;
use super::task;
use crate::exchange::{Request, Response};
use crate::fhir::Format;
use crate::simulator::dva::policy::Rule;
use crate::simulator::dva::server::Dva;
use crate::simulator::reply::outcome;

/// Where it is served.
pub(super) const PATH: &str = "/np/fhir/Task/";

/// What the receiver may make of it.
const STEPS: [(&str, &str); 4] =
    [("requested", "received"), ("received", "accepted"), ("received", "rejected"), ("accepted", "completed")];
/// Where the credentials are revoked.
const ENDS: [&str; 2] = ["rejected", "completed"];

fn fhir(status: u16, body: String) -> Response {
    let fields = [("Content-Type", "application/fhir+json; charset=utf-8"), ("Cache-Control", "no-store")];
    Response { status, headers: fields.into_iter().collect(), body: body.into() }
}

fn refused(status: u16, code: &str, why: &str) -> Response {
    fhir(status, outcome(Format::Json, "error", code, why))
}

/// Reads or moves on a workflow Task; a token without a user will do.
pub(super) fn served(dva: &Dva, target: &str, request: &Request) -> Response {
    let Some(token) = admitted(dva, request) else {
        let mut response = refused(401, "login", "a valid access token is needed");
        response.headers.push("WWW-Authenticate", "Bearer realm=\"keur\", error=\"invalid_token\"");
        return response;
    };
    let id = target.trim_start_matches(PATH);
    let mut state = dva.pull.state();
    let own = |sent: &&mut super::Sent| sent.workflow.0 == id && token.pull.as_ref() == Some(&sent.identifier);
    let Some(sent) = state.sent.iter_mut().find(own) else {
        return refused(403, "forbidden", "this token is not for this Task");
    };
    let known = task::workflow(dva, sent);
    match request.method.as_str() {
        "GET" => fhir(200, known.to_string()),
        "PUT" => {
            let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let status = asked.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
            if dva.policy.keeps(Rule::WorkflowOrder) {
                let mut expected = known;
                expected["status"] = status.clone().into();
                if asked != expected {
                    return refused(422, "business-rule", "only the status of the Task can be changed");
                }
                if !STEPS.contains(&(sent.workflow.1.as_str(), status.as_str())) {
                    return refused(422, "business-rule", "the Task cannot get this status now");
                }
            }
            sent.cancelled |= ENDS.contains(&status.as_str());
            sent.workflow.1 = status;
            fhir(200, task::workflow(dva, sent).to_string())
        }
        _ => {
            let mut response = refused(405, "not-supported", "the Task is read and updated");
            response.headers.push("Allow", "GET, PUT");
            response
        }
    }
}
