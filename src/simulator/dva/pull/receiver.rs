//! The receiver: is told that there is something, and fetches it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::assertion::{Token, admitted, obtain};
use super::task::{Content, based_on, content, fault, identifier};
use super::{Partner, Received, outgoing};
use crate::exchange::{Client, Request, Response};
use crate::fhir::Format;
use crate::simulator::dva::answer::set;
use crate::simulator::dva::form::Parameters;
use crate::simulator::dva::policy::Rule;
use crate::simulator::dva::server::Dva;
use crate::simulator::reply::outcome;

/// More than this is not fetched for one notification.
const MOST: usize = 200;

fn refused(status: u16, code: &str, why: &str) -> Response {
    fhir(status, outcome(Format::Json, "error", code, why))
}

fn fhir(status: u16, body: String) -> Response {
    let fields = [("Content-Type", "application/fhir+json; charset=utf-8"), ("Cache-Control", "no-store")];
    Response { status, headers: fields.into_iter().collect(), body: body.into() }
}

/// Anything on the notification endpoint.
pub(super) fn notified(dva: &Arc<Dva>, request: &Request) -> Response {
    if admitted(dva, request).is_none() && dva.policy.keeps(Rule::NotificationToken) {
        let mut response = refused(401, "login", "a valid access token is needed");
        response.headers.push("WWW-Authenticate", "Bearer realm=\"keur\", error=\"invalid_token\"");
        return response;
    }
    match request.method.as_str() {
        "POST" => created(dva, request),
        "PUT" => cancelled(dva, request),
        "GET" | "HEAD" | "DELETE" if !dva.policy.keeps(Rule::OnlyNotified) => {
            fhir(200, json!({"resourceType": "Bundle", "type": "searchset", "total": 0}).to_string())
        }
        _ => {
            let mut response = refused(405, "not-supported", "notifications are posted");
            response.headers.push("Allow", "POST, PUT");
            response
        }
    }
}

fn read(request: &Request) -> Result<Value, Response> {
    let task: Value =
        serde_json::from_slice(&request.body).map_err(|_| refused(400, "structure", "the body is not JSON"))?;
    match task.get("resourceType").is_some_and(|kind| kind == "Task") {
        true => Ok(task),
        false => Err(refused(422, "invalid", "the resource is not a Task")),
    }
}

fn created(dva: &Arc<Dva>, request: &Request) -> Response {
    let task = match read(request) {
        Ok(task) => task,
        Err(_) if !dva.policy.keeps(Rule::TaskWhole) => json!({ "resourceType": "Task" }),
        Err(response) => return response,
    };
    if let Some(why) = fault(dva, &task).filter(|_| dva.policy.keeps(Rule::TaskWhole)) {
        return refused(422, "business-rule", &format!("the Task is not a notification: {why}"));
    }
    let id = identifier(&task).unwrap_or_default();
    let known = dva.pull.state().received.contains_key(&id);
    let answer = |status| {
        let mut response = fhir(status, task.to_string());
        let local = id.rsplit(':').next().unwrap_or_default();
        set(&mut response, "Location", Some(&format!("/np/receiver/Task/{local}")));
        response
    };
    if known && dva.policy.keeps(Rule::NotifiedOnce) {
        return answer(200);
    }
    let partner = {
        let mut state = dva.pull.state();
        state.received.insert(id.clone(), Received { task: task.clone(), ..Received::default() });
        state.partner.clone()
    };
    if let Some(partner) = partner {
        let dva = dva.clone();
        let id = id.clone();
        tokio::spawn(async move { fetch(&dva, &partner, &id).await });
    }
    answer(201)
}

/// A conditional update: only to cancel.
fn cancelled(dva: &Arc<Dva>, request: &Request) -> Response {
    let task = match read(request) {
        Ok(task) => task,
        Err(response) => return response,
    };
    let parameters = Parameters::of_query(request);
    let asked = parameters.get("identifier").map(|value| value.rsplit('|').next().unwrap_or_default().to_owned());
    let Some(id) = asked.or_else(|| identifier(&task)) else {
        return refused(412, "conflict", "the identifier is not given");
    };
    let mut state = dva.pull.state();
    let partner = state.partner.clone();
    let Some(received) = state.received.get_mut(&id) else {
        return refused(404, "not-found", "there is no such notification");
    };
    if task.get("status").is_none_or(|status| status != "cancelled") {
        return refused(422, "business-rule", "a notification can only be cancelled");
    }
    received.cancelled = true;
    drop(state);
    if let Some(partner) = partner.filter(|_| !dva.policy.habits.heeds_cancel) {
        let dva = dva.clone();
        tokio::spawn(async move { fetch(&dva, &partner, &id).await });
    }
    fhir(200, task.to_string())
}

/// What became of a notification.
pub(super) fn state(dva: &Dva, id: &str) -> Result<Value, String> {
    let state = dva.pull.state();
    let received = state.received.get(id).ok_or("no such notification")?;
    let pulled: Vec<Value> =
        received.pulled.iter().map(|(url, status)| json!({ "url": url, "status": status })).collect();
    Ok(json!({
        "cancelled": received.cancelled, "done": received.done, "pulled": pulled, "problems": received.problems,
    }))
}

/// One round of fetching.
struct Fetching<'f> {
    dva: &'f Dva,
    partner: &'f Partner,
    client: Client,
    base: Option<String>,
    token: Option<Token>,
    /// Asked for with a user logged in.
    user: bool,
    id: &'f str,
}

/// Fetches what a notification announces.
async fn fetch(dva: &Dva, partner: &Partner, id: &str) {
    let habits = &dva.policy.habits;
    let Some(task) = dva.pull.state().received.get(id).map(|received| received.task.clone()) else { return };
    let Content { base, mut inputs } = content(&task);
    let base = if habits.own_base { base } else { Some("iets-anders".to_owned()) };
    let client = dva.pull.client(habits, partner);
    let mut fetching = Fetching { dva, partner, client, base, token: None, user: true, id };
    let workflow = based_on(&task).filter(|_| dva.policy.nuts());
    if let Some(workflow) = workflow {
        inputs = fetching.accept(workflow).await;
    }
    let mut inputs: VecDeque<String> = inputs.into();
    inputs.extend(habits.more.map(str::to_owned));
    let mut known: Vec<String> = vec![];
    let mut count = 0;
    while let Some(input) = inputs.pop_front() {
        let cancelled = dva.pull.state().received.get(id).is_none_or(|received| received.cancelled);
        if (cancelled && habits.heeds_cancel) || count >= MOST {
            break;
        }
        let Some(mut url) = fetching.at_home(&input) else {
            fetching.problem(format!("`{input}` leads to another host"));
            continue;
        };
        if !habits.tidy {
            url.push_str(if url.contains('?') {
                "&_pretty=true&_summary=false"
            } else {
                "?_pretty=true&_summary=false"
            });
        }
        if known.contains(&url) {
            continue;
        }
        known.push(url.clone());
        count += 1;
        let Some(body) = fetching.get(&url).await else { continue };
        let bundle: Value = serde_json::from_slice(&body.body).unwrap_or_default();
        if habits.pages
            && let Some(next) = link(&bundle, "next")
        {
            inputs.push_front(next);
        }
        // What is referred to and did not come along.
        inputs.extend(referred(&bundle, &partner.fhir_base));
    }
    if let Some(workflow) = workflow {
        fetching.complete(workflow).await;
    }
    if let Some(received) = dva.pull.state().received.get_mut(id) {
        received.done = true;
    }
}

/// Between two tries of the same request.
const PAUSE: Duration = Duration::from_millis(100);

impl Fetching<'_> {
    /// The URL of an input, if it is below the partner's base.
    fn at_home(&self, input: &str) -> Option<String> {
        let base = &self.partner.fhir_base;
        // A query may well have a URL among its values.
        if !input.split('?').next().unwrap_or_default().contains("://") {
            return Some(format!("{base}/{}", input.trim_start_matches('/')));
        }
        let home = input == base || input.starts_with(&format!("{base}/"));
        (home || !self.dva.policy.habits.stays_home).then(|| input.to_owned())
    }

    fn problem(&self, problem: String) {
        if let Some(received) = self.dva.pull.state().received.get_mut(self.id) {
            received.problems.push(problem);
        }
    }

    /// Reads the workflow Task and accepts it; what it offers. That needs no user.
    async fn accept(&mut self, workflow: &str) -> Vec<String> {
        (self.user, self.token) = (false, None);
        let Some(url) = self.at_home(workflow) else { return vec![] };
        let read = self.get(&url).await;
        let task: Value = read.and_then(|answer| serde_json::from_slice(&answer.body).ok()).unwrap_or_default();
        for status in ["received", "accepted"] {
            self.move_on(&url, &task, status).await;
        }
        (self.user, self.token) = (true, None);
        content(&task).inputs
    }

    async fn complete(&mut self, workflow: &str) {
        (self.user, self.token) = (false, None);
        let Some(url) = self.at_home(workflow) else { return };
        let Some(read) = self.get(&url).await else { return };
        let task: Value = serde_json::from_slice(&read.body).unwrap_or_default();
        self.move_on(&url, &task, "completed").await;
    }

    async fn move_on(&self, url: &str, task: &Value, status: &str) {
        if !self.dva.policy.habits.moves_on || !task.is_object() {
            return;
        }
        let mut task = task.clone();
        task["status"] = status.into();
        let authorization = format!("Bearer {}", self.token.as_ref().map_or("", |token| &token.value));
        let fhir = "application/fhir+json";
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", fhir), ("Accept", fhir)];
        let exchange = self.client.send(outgoing("PUT", url, &headers, task.to_string())).await;
        let answered = exchange.result.as_ref().map_or(0, |response| response.status);
        if answered != 200 {
            self.problem(format!("the workflow Task does not become {status}: {answered}"));
        }
    }

    /// Fetches one thing: a new token when the old one will not do, a few tries when the partner fails.
    async fn get(&mut self, url: &str) -> Option<Response> {
        let habits = &self.dva.policy.habits;
        for attempt in 0..habits.tries {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let old = self.token.as_ref().is_none_or(|token| Instant::now() >= token.until && habits.renews);
            if old {
                match obtain(self.dva, &self.client, self.partner, self.base.as_deref(), self.user, habits).await {
                    Ok(token) => self.token = Some(token),
                    Err(why) => {
                        self.problem(why);
                        continue;
                    }
                }
            }
            let authorization = format!("Bearer {}", self.token.as_ref().map_or("", |token| &token.value));
            let mut headers = vec![("Authorization", authorization.as_str())];
            if habits.tidy {
                headers.push(("Accept", "application/fhir+json"));
            }
            let exchange = self.client.send(outgoing("GET", url, &headers, "")).await;
            let status = exchange.result.as_ref().map_or(0, |response| response.status);
            if let Some(received) = self.dva.pull.state().received.get_mut(self.id) {
                received.pulled.push((url.to_owned(), status));
            }
            match exchange.result {
                Ok(response) if response.status == 200 => return Some(response),
                Ok(response) if response.status == 401 && habits.renews => self.token = None,
                Ok(response) if (500..600).contains(&response.status) || response.status == 429 => {}
                Ok(response) => {
                    self.problem(format!("{url} answers {}", response.status));
                    return None;
                }
                Err(error) => {
                    self.problem(format!("{url} does not answer: {}", error.detail));
                }
            }
        }
        None
    }
}

fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle.get("link")?.as_array()?;
    let link = links.iter().find(|link| link.get("relation").is_some_and(|r| r == relation))?;
    link.get("url")?.as_str().map(str::to_owned)
}

/// References of a searchset to what is not in it.
fn referred(bundle: &Value, base: &str) -> Vec<String> {
    let entries = bundle.get("entry").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let present: Vec<&str> = entries.iter().filter_map(|entry| entry.get("fullUrl")?.as_str()).collect();
    let mut found = vec![];
    entries.iter().filter_map(|entry| entry.get("resource")).for_each(|resource| references(resource, &mut found));
    found.retain(|reference| {
        let whole = if reference.contains("://") { reference.clone() } else { format!("{base}/{reference}") };
        // Only what was announced: resources named in full, by the partner itself.
        reference.contains("://") && whole.starts_with(base) && !present.contains(&whole.as_str())
    });
    found
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("reference").and_then(Value::as_str) {
                found.push(reference.to_owned());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
