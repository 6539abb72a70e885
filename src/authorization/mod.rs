//! Who may see what: access tokens for the test persons of a run, wherever they come from.
//!
//! Official scripts carry a fixed bearer token a test person in variables called `patient-token-NAME`;
//! a supplier's endpoint wants its own. [`Tokens`] binds tokens given by the user (environment, file,
//! literal) or obtained by a login to those variables. Tokens never print.

pub mod assertion;
mod client_credentials;
mod private_file;
mod token;

pub use client_credentials::{ClientCredentials, LoginError, obtain};
pub use private_file::private_file;
pub use token::{DEFAULT, PATIENT_TOKEN, TokenArgument, TokenError, TokenSource, Tokens};
