//! What the board answers.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::rights::Pass;
use super::{Shared, page, start, view};
use crate::connectathon::finding::FindingState;
use crate::connectathon::progress::News;
use crate::connectathon::schedule::Asked;
use crate::diagnostic::Language;

type Body = UnsyncBoxBody<Bytes, Infallible>;
type Answer = hyper::Response<Body>;

/// Only what this server gives may be loaded or run; nobody may put the board in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

fn answered(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    with(status, kind, Full::new(body.into()).boxed_unsync())
}

fn with(status: StatusCode, kind: &'static str, body: Body) -> Answer {
    let mut answer = hyper::Response::new(body);
    *answer.status_mut() = status;
    for (name, value) in [
        ("content-type", kind),
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}

fn json(value: &serde_json::Value) -> Answer {
    answered(StatusCode::OK, JSON, value.to_string())
}

fn refused(status: StatusCode, why: &str) -> Answer {
    answered(status, JSON, json!({"error": why}).to_string())
}

/// Answers a request.
pub async fn answer(request: hyper::Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Infallible> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let pass = Pass::of(header, &shared.settings);
    let query = request.uri().query().unwrap_or_default();
    let path: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
    let missing = || refused(StatusCode::NOT_FOUND, "there is no such thing here");
    Ok(match (request.method(), path.as_slice()) {
        (&Method::GET, [""]) => answered(StatusCode::OK, HTML, page::PAGE),
        (&Method::GET, ["board.css"]) => answered(StatusCode::OK, "text/css; charset=utf-8", page::STYLE),
        (&Method::GET, ["board.js"]) => answered(StatusCode::OK, "text/javascript; charset=utf-8", page::SCRIPT),
        (&Method::GET, ["state.json"]) => json(&view::whole(&shared, &pass)),
        (&Method::GET, ["findings.json"]) => {
            let findings = view::findings(&shared, &pass);
            json(&json!({"findings": findings, "history": shared.stage.findings.history()}))
        }
        (&Method::GET, ["findings.csv"]) => {
            answered(StatusCode::OK, "text/csv; charset=utf-8", csv(&view::findings(&shared, &pass)))
        }
        (&Method::GET, ["events"]) => events(shared),
        (&Method::GET, ["cell", place]) => {
            let place = place.strip_suffix(".json").and_then(|place| place.parse().ok());
            place.and_then(|place| view::outcome(&shared, place, &pass)).map_or_else(missing, |outcome| json(&outcome))
        }
        (&Method::GET, ["cell", place, "report"]) => report(place, query, &shared, &pass).await,
        (&Method::POST, ["cell", place, "retest"]) => {
            let place: Option<usize> = place.parse().ok();
            match place.and_then(|place| Some((place, shared.stage.tournament.key(place)?))) {
                None => missing(),
                Some((_, key)) if !pass.may_retest(&key) => {
                    refused(StatusCode::FORBIDDEN, "only its own parties and the organiser may run a cell again")
                }
                Some((place, _)) => again(&shared, &[place]),
            }
        }
        (&Method::POST, ["cell", place, "done"]) => {
            let place: Option<usize> = place.parse().ok();
            match place.and_then(|place| Some((place, shared.stage.tournament.key(place)?))) {
                None => missing(),
                Some((_, key)) if !pass.speaks_for(&key.client) => {
                    refused(StatusCode::FORBIDDEN, "only its client and the organiser may")
                }
                Some((place, _)) if shared.stage.gate.as_ref().is_some_and(|gate| gate.done(place)) => {
                    json(&json!({"done": place}))
                }
                Some(_) => refused(StatusCode::CONFLICT, "nobody is there"),
            }
        }
        (&Method::GET, ["start.json"]) => json(&start::pages(&shared, &pass)),
        (&Method::POST, ["findings", id, what]) => finding(id, what, &shared, &pass),
        (&Method::GET | &Method::POST, _) => missing(),
        _ => refused(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST"),
    })
}

fn again(shared: &Shared, places: &[usize]) -> Answer {
    let (themselves, played): (Vec<usize>, Vec<usize>) =
        places.iter().partition(|place| shared.stage.tournament.comes_itself(**place));
    if played.is_empty() && !themselves.is_empty() {
        return refused(StatusCode::CONFLICT, "the client comes itself: it asks again, and the cell begins anew");
    }
    match played.iter().all(|place| shared.stage.again.send(Asked::Again(*place)).is_ok()) {
        true => json(&json!({"asked": played.len()})),
        false => refused(StatusCode::CONFLICT, "the matrix is over: start it with `--stay` to run cells again"),
    }
}

/// A party speaks of a finding.
fn finding(id: &str, what: &str, shared: &Shared, pass: &Pass) -> Answer {
    let stage = &shared.stage;
    let all = stage.findings.of(&stage.progress.outcomes());
    let Some(finding) = all.into_iter().find(|finding| finding.id == id) else {
        return refused(StatusCode::NOT_FOUND, "there is no such finding");
    };
    let touched = || -> Vec<usize> {
        let places = 0..stage.tournament.cells.len();
        places.filter(|place| stage.tournament.key(*place).is_some_and(|key| finding.cells.contains(&key))).collect()
    };
    let own = pass.speaks_for(&finding.owner);
    let state = match what {
        "claim" => FindingState::Claimed,
        "fixed" => FindingState::Fixed,
        "retest" if own || finding.cells.iter().any(|key| pass.may_retest(key)) => return again(shared, &touched()),
        "retest" => return refused(StatusCode::FORBIDDEN, "only the parties it concerns and the organiser may"),
        _ => return refused(StatusCode::NOT_FOUND, "a finding can be claimed, fixed or retested"),
    };
    if !own {
        return refused(StatusCode::FORBIDDEN, "only its owner and the organiser may");
    }
    stage.findings.say(id, state);
    stage.progress.findings();
    if let (FindingState::Fixed, Some(fixed)) = (state, &shared.settings.fixed) {
        // Nobody may be listening.
        let _ = fixed.send(finding.owner.clone());
    }
    json(&json!({"id": id, "state": state}))
}

/// The report of the run of a cell: both ends of a failure, with the bodies.
async fn report(place: &str, query: &str, shared: &Shared, pass: &Pass) -> Answer {
    let place: Option<usize> = place.parse().ok();
    let outcome = place.and_then(|place| shared.stage.progress.cells().get(place)?.outcome.clone());
    let Some(outcome) = outcome else { return refused(StatusCode::NOT_FOUND, "the cell has not run") };
    if !pass.sees(&outcome.key, &shared.settings) {
        return refused(StatusCode::FORBIDDEN, "bodies are for the parties of the cell");
    }
    let language = if query.split('&').any(|pair| pair == "lang=nl") { Language::Nl } else { Language::En };
    let (folder, render) = (shared.stage.tournament.folder.join(&outcome.run), shared.settings.render.clone());
    let page = tokio::task::spawn_blocking(move || render(&folder, language)).await.ok().flatten();
    match page {
        Some(page) => answered(StatusCode::OK, HTML, page),
        None => refused(StatusCode::NOT_FOUND, "the record of the run is gone"),
    }
}

/// News as it happens. The browser sends no token with it, so it tells what a visitor may see.
fn events(shared: Arc<Shared>) -> Answer {
    let listener = shared.stage.progress.listen();
    let news = stream::unfold((listener, shared), |(mut listener, shared)| async move {
        let text = match listener.recv().await {
            Ok(News::Begun(place) | News::Over(place)) => {
                format!("event: cell\ndata: {}\n\n", view::cell(&shared, place))
            }
            Ok(News::Feed(item)) => {
                let item = view::shown(item, &shared, &Pass::Visitor);
                format!("event: feed\ndata: {}\n\n", serde_json::to_string(&item).unwrap_or_default())
            }
            Ok(News::Findings) => "event: findings\ndata: {}\n\n".to_owned(),
            // Who is too slow is told so, and asks for the whole again.
            Err(RecvError::Lagged(_)) => "event: lagged\ndata: {}\n\n".to_owned(),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), (listener, shared)))
    });
    with(StatusCode::OK, "text/event-stream", StreamBody::new(news).boxed_unsync())
}

/// One line a finding; what a spreadsheet would take for a formula is quoted.
fn csv(findings: &[crate::connectathon::finding::Finding]) -> String {
    let field = |text: &str| {
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    let mut out = String::from("id,owner,side,state,code,title,message,path,script,line,cells,since,changed,run\n");
    for f in findings {
        let side = serde_json::to_value(f.side).ok();
        let state = serde_json::to_value(f.state).ok();
        let text =
            |value: &Option<serde_json::Value>| value.as_ref().and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let fields = [
            &f.id,
            &f.owner,
            &text(&side),
            &text(&state),
            &f.code,
            &f.title,
            &f.message,
            &f.path,
            &f.script,
            &f.line.to_string(),
            &f.cells.len().to_string(),
            &f.since,
            &f.changed,
            &f.run,
        ];
        out.push_str(&fields.map(|text| field(text)).join(","));
        out.push('\n');
    }
    out
}
