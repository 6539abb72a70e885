//! The engine against a server that gives canned answers: given this answer, that action gets this
//! verdict with this message.

#[path = "engine/script.rs"]
mod script;
#[path = "engine/server.rs"]
mod server;
#[path = "engine/side_by_side.rs"]
mod side_by_side;

#[path = "engine/asserts.rs"]
mod asserts;
#[path = "engine/broken.rs"]
mod broken;
#[path = "engine/flow.rs"]
mod flow;
#[path = "engine/operations.rs"]
mod operations;
#[path = "engine/rules.rs"]
mod rules;
