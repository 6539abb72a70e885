//! Searching: <http://hl7.org/fhir/STU3/search.html>. A query becomes a [`Plan`] in which every parameter
//! is applied or the whole is refused; the plan is carried out on indexes.

mod filter;
mod include;
mod index;
mod moment;
mod own_parameters;
mod parameter;
mod plan;
mod query;
mod sort;
mod value;

pub(super) use index::{Index, Slots};
pub(super) use plan::{Handling, PAGE, Plan};
pub(super) use query::{Pair, pairs};
pub(super) use value::{System, Target, Token, Value, target};

pub(super) use parameter::{Parameters, select};
