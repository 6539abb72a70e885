//! Built-in infrastructure checks: what no TestScript tests. MedMij authorization, token endpoint,
//! resource server, TLS and trust lists; Notified Pull in both directions; the national API requirements.
//!
//! A check is a row of [`catalogue`]: its id, the level its breach has, how certain its source is, and
//! what it needs; beside it stands the function that judges. What is missing makes a check not evaluated
//! and says what is missing, never passed. Checks write the same events as scripts do: an area is a
//! script, a check is a test. What several checks look at is asked once and kept in the [`Session`].

mod api;
pub mod catalogue;
pub mod code;
pub mod doctor;
mod fhir_types;
mod http;
pub mod list;
mod login;
mod medmij;
mod notified_pull;
mod outcome;
pub mod probe;
mod run;
mod session;
mod setup;
mod tls;

pub use api::declaration;
pub use catalogue::{Area, Certainty, Check, Level, Need};
pub use login::LoginMethod;
pub use outcome::{Finding, Outcome};
pub use run::{Chosen, run, target};
pub use session::Session;
pub use setup::{Answer, Identity, ListSource, Party, Person, Release, Role, Setup, dva};
