//! Who may see what: access tokens for the test persons of a run, wherever they come from.
//!
//! Official scripts carry a fixed bearer token a test person in variables called `patient-token-NAME`;
//! a supplier's endpoint wants its own. [`Tokens`] binds tokens given by the user (environment, file,
//! literal) to those variables; where a login gives them, a mark stands in the variable and [`LiveTokens`]
//! has the token when a request goes out. Tokens never print.

pub mod assertion;
pub mod code;
mod hook;
mod live;
mod login;
mod private_file;
mod store;
mod token;
mod token_endpoint;

pub use hook::{Decision, Person, come_back, run as run_hook};
pub use live::{How, LiveTokens, Login, TokenUse};
pub use login::{Flow, LoginSettings, Started, TokenSet, leads_back};
pub use private_file::private_file;
pub use store::{TokenStore, key as store_key};
pub use token::{DEFAULT, PATIENT_TOKEN, TokenArgument, TokenError, TokenSource, Tokens};
pub use token_endpoint::LoginError;
