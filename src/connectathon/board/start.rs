//! Start pages: what a party needs to begin. Addresses and tokens of a party are for that party only.

use serde_json::{Value, json};

use super::Shared;
use super::rights::Pass;
use crate::connectathon::party::{Client, Server};

/// The start pages that this pass gives.
pub fn pages(shared: &Shared, pass: &Pass) -> Value {
    let tournament = &shared.stage.tournament;
    // Where parties have no tokens, everybody in the room is trusted.
    let sees = |name: &str| shared.settings.parties.is_empty() || pass.speaks_for(name);
    let servers = tournament.servers.iter().enumerate().filter(|(_, server)| sees(&server.name));
    let clients = tournament.clients.iter().enumerate().filter(|(_, client)| sees(&client.name));
    let servers = servers.map(|(at, party)| server(shared, at, party));
    let pages: Vec<Value> = servers.chain(clients.map(|(at, party)| client(shared, at, party))).collect();
    json!({ "parties": pages })
}

fn server(shared: &Shared, at: usize, party: &Server) -> Value {
    let names = scenarios(shared, |(server, ..)| server == at);
    let how = match (party.simulated, party.access.is_some()) {
        (true, _) => "simulated",
        (false, true) => "own-tokens",
        (false, false) => "script-tokens",
    };
    json!({ "name": party.name, "side": "server", "how": how, "base": party.base, "scenarios": names })
}

fn client(shared: &Shared, at: usize, party: &Client) -> Value {
    let stage = &shared.stage;
    let Some(caller) = &party.caller else {
        let names = scenarios(shared, |(_, client, _)| client == at);
        return json!({ "name": party.name, "side": "client", "how": "played", "scenarios": names });
    };
    let cells = stage.tournament.cells.iter().enumerate().filter(|(_, cell)| cell.1 == at);
    let addresses: Vec<Value> = cells
        .filter_map(|(place, _)| {
            let key = stage.tournament.key(place)?;
            let base = stage.gate.as_ref()?.base(place)?;
            let (server, ..) = stage.tournament.parts(place)?;
            let tokens = if server.simulated { "party" } else { "server" };
            let (.., scenario) = stage.tournament.parts(place)?;
            Some(json!({
                "requests": scenario.requests, "place": place, "server": key.server, "scenario": key.scenario, "base": base, "tokens": tokens,
            }))
        })
        .collect();
    let tokens = caller.tokens.iter().map(|(person, token)| json!({ "person": person, "token": token.expose() }));
    json!({
        "name": party.name, "side": "client", "how": "live",
        "tokens": tokens.collect::<Vec<_>>(), "addresses": addresses,
    })
}

fn scenarios(shared: &Shared, of: impl Fn((usize, usize, usize)) -> bool) -> Vec<String> {
    let tournament = &shared.stage.tournament;
    let played = |scenario: usize| tournament.cells.iter().any(|cell| cell.2 == scenario && of(*cell));
    let all = tournament.scenarios.iter().enumerate().filter(|(at, _)| played(*at));
    all.map(|(_, scenario)| scenario.name.clone()).collect()
}
