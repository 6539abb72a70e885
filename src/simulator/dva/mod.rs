//! A whole DVA: authorization endpoint with login and consent, token endpoint, resource server, lists,
//! Notified Pull, and a test authority for TLS; with a fault to switch on for every assertion.
//!
//! It stands in for a supplier so that every check of the login, the tokens and the transport can be seen
//! to pass, and to fail. All parties are fictitious and on `.localhost`. The FHIR server in it is the
//! simulator's; what is asked of tokens and TLS comes before and after it. Which rules are kept is a
//! value ([`policy`]); a defect is a change of that value, so no room knows of defects.

mod answer;
mod authorize;
pub mod config;
mod defect;
mod form;
mod grant;
mod hello;
mod list;
mod listen;
mod page;
mod party;
mod pki;
mod policy;
mod pull;
mod resource;
mod server;
mod start;
mod tls;
mod token;

pub use config::DvaConfig;
pub use defect::{ActiveFault, FAULTS, Fault};
pub use policy::{PullProfile, Release};
pub use start::{DvaError, DvaSettings, RunningDva, start};
