//! A connectathon: many servers and many clients that try each other, and everyone sees how it stands.
//!
//! A cell is a server, a client and a scenario. The client asks the server (a played client in this
//! process, a real one through keur's proxy), and both are judged on the same exchanges: the client's
//! scripts wait for its requests, the server's scripts find their answers among those that the client
//! got. What the client did not ask is not evaluated for the server, never guessed. Each cell is a run of
//! its own, with a folder of evidence; a journal of finished cells lets a stopped matrix go on.
//!
//! Nothing here knows how scripts and packages are found: who starts a matrix brings them along.

mod blame;
pub mod board;
mod cell;
pub mod code;
mod demo;
mod evidence;
pub mod file;
mod finding;
mod gate;
mod journal;
mod outcome;
mod overheard;
mod party;
mod progress;
pub mod proxy;
pub mod replay;
mod scenario;
mod schedule;
mod station;
mod tournament;

pub use cell::Hands;
pub use demo::{DemoParty, cast};
pub use evidence::{Evidence, Judgement, Part, Unanswered};
pub use finding::{Finding, FindingState, Findings};
pub use gate::{Gate, GateSettings};
pub use journal::{Journal, JournalError};
pub use outcome::{CellOutcome, CellVerdict, Failure, Key, MatrixReport, Shard, Side, merge};
pub use overheard::Overheard;
pub use party::{Absent, Access, Caller, Client, Server, plain};
pub use progress::{Feed, FeedItem, News, Progress};
pub use scenario::{Given, Judged, Plans, Scenario, Sides};
pub use schedule::Asked;
pub use station::{Monitor, Station};
pub use tournament::{Limits, Tournament};
