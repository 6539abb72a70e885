//! stub
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::Session;
pub async fn base(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn broken_assertions(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn cancel(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn expired(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn faults(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn invalid_task(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn minimal(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn notification(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn only_post(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn other_host(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn paging(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn server_certificate(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn tidy(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn token(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn twice(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn without_token(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn workflow(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
