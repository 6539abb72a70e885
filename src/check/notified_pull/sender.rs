//! stub
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::Session;
pub async fn after_cancel(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn assertion_algorithm(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn assertion_claims(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn broken_assertions(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn cancel(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn expired_token(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn inputs(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn mutual_tls(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn no_bsn(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn one_task(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn other_patient(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn provenance(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn pull_token(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn queries(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn retry(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn retry_token(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn task_code(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn task_elements(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn token_first(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn unlisted_query(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn update(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn without_user(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn workflow_task(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn writes(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
pub async fn wrong_base(_: &Session<'_>) -> Judged { Err(Outcome::blocked("later")) }
