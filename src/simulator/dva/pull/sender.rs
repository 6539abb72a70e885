//! The sender: tells the partner that there is something to fetch.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::task::{self, OFFERED, query};
use super::{Partner, Sent, assertion, outgoing};
use crate::exchange::Client;
use crate::simulator::dva::grant::secret;
use crate::simulator::dva::server::Dva;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

fn urn() -> String {
    format!("urn:uuid:{}", uuid::Uuid::new_v4())
}

/// Whom queries name: nobody on Nuts.
fn bsn_for<'b>(dva: &Dva, bsn: &'b str) -> Option<&'b str> {
    (!dva.policy.nuts()).then_some(bsn)
}

/// Sends a notification; `update_of` is the identifier of one that went before in its group.
pub(super) async fn notify(
    dva: &Dva,
    partner: &Partner,
    user: Option<&str>,
    update_of: Option<&str>,
) -> Result<Value, String> {
    let habits = &dva.policy.habits;
    let before = {
        let state = dva.pull.state();
        update_of.map(|id| state.sent.iter().find(|sent| sent.identifier == id).cloned().ok_or("no such notification"))
    };
    let before = before.transpose()?;
    let person = match (&before, user) {
        (Some(before), _) => Some(before.person),
        (None, None) => dva.people.iter().position(|p| p.patient.is_some() && !p.too_young),
        (None, Some(user)) => dva.people.iter().position(|p| p.user == user && p.patient.is_some()),
    };
    let person = person.ok_or("there is nobody to notify about")?;
    let bsn = dva.people.get(person).map(|p| p.bsn.clone()).unwrap_or_default();
    let group = before.map(|before| before.group).filter(|_| habits.same_group);
    let mut sent = Sent {
        identifier: urn(),
        group: group.unwrap_or_else(urn),
        base: secret(),
        person,
        queries: OFFERED.iter().map(|(_, _, offered)| query(offered, bsn_for(dva, &bsn))).collect(),
        bsn,
        cancelled: false,
        workflow: (uuid::Uuid::new_v4().to_string(), "requested".to_owned()),
        until: Instant::now() + Duration::from_secs(14 * 24 * 3600),
    };
    dva.pull.state().sent.push(sent.clone());
    let client = dva.pull.client(habits, partner);
    let mut statuses = vec![];
    for attempt in 0..habits.tries {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
            if !habits.same_identifier {
                sent.identifier = urn();
                dva.pull.state().sent.push(sent.clone());
            }
        }
        let mut body = task::task(dva, &sent, "requested");
        (habits.task)(&mut body);
        let status = posted(dva, &client, partner, "POST", &partner.notification_endpoint, &body).await;
        statuses.push(status);
        if (200..300).contains(&status) {
            break;
        }
    }
    Ok(json!({
        "identifier": sent.identifier, "group": sent.group, "authorization_base": sent.base, "bsn": sent.bsn,
        "queries": sent.queries, "fhir_base": dva.pull.fhir_base, "statuses": statuses,
    }))
}

/// Takes a notification back: a conditional update with status `cancelled`.
pub(super) async fn cancel(dva: &Dva, partner: &Partner, identifier: &str) -> Result<Value, String> {
    let habits = &dva.policy.habits;
    let sent = {
        let mut state = dva.pull.state();
        let sent = state.sent.iter_mut().find(|sent| sent.identifier == identifier).ok_or("no such notification")?;
        sent.cancelled = true;
        sent.clone()
    };
    let client = dva.pull.client(habits, partner);
    let body = task::task(dva, &sent, "cancelled");
    let (method, url) = match habits.conditional {
        true => {
            let value = format!("{}|{identifier}", task::URN);
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            ("PUT", format!("{}?identifier={value}", partner.notification_endpoint))
        }
        false => ("POST", partner.notification_endpoint.clone()),
    };
    let status = posted(dva, &client, partner, method, &url, &body).await;
    Ok(json!({ "identifier": identifier, "statuses": [status] }))
}

/// Sends a Task with a token; 0 where there was no answer.
async fn posted(dva: &Dva, client: &Client, partner: &Partner, method: &str, url: &str, task: &Value) -> u16 {
    let habits = &dva.policy.habits;
    let token = match habits.token_first {
        true => assertion::obtain(dva, client, partner, None, false, habits).await.map(|token| token.value),
        false => Ok("geen".to_owned()),
    };
    let Ok(token) = token else { return 0 };
    let authorization = format!("Bearer {token}");
    let headers = [
        ("Content-Type", habits.content_type),
        ("Accept", "application/fhir+json"),
        ("Authorization", authorization.as_str()),
    ];
    let exchange = client.send(outgoing(method, url, &headers, task.to_string())).await;
    exchange.result.map_or(0, |response| response.status)
}
