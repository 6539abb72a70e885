//! NP-S: the party that notifies and then serves; we are the receiver.

use super::checks;
use crate::check::notified_pull::sender as judge;

#[rustfmt::skip]
checks! {
    "NP-S-01" Hard C "Twiin TA notified pull, Twiin-07" [Sender] "a token is asked before the notification" / "er wordt een token gevraagd voor de notificatie" => token_first;
    "NP-S-02" Hard C "RFC 7523 section 3; lifetime not read" [Sender] "the client assertion has the prescribed claims" / "de client assertion heeft de voorgeschreven claims" => assertion_claims;
    "NP-S-03" Hard C "RFC 7518 section 3; separate key: implementations" [Sender] "the assertion is signed asymmetrically" / "de assertion is asymmetrisch ondertekend" => assertion_algorithm;
    "NP-S-04" Hard C "Twiin-01; FHIR create" [Sender] "the notification is one Task, posted as FHIR" / "de notificatie is één Task, als FHIR gepost" => one_task;
    "NP-S-05" Hard C "Twiin TA notified pull, notification Task" [Sender] "the Task has its mandatory elements" / "de Task heeft zijn verplichte elementen" => task_elements;
    "NP-S-06" Hard C "Twiin TA notified pull; sources disagree on the system" [Sender] "the code is pull-notification" / "de code is pull-notification" => task_code;
    "NP-S-07" Hard C "Twiin TA notified pull, input" [Sender] "inputs are relative queries and references that are allowed" / "inputs zijn relatieve zoekvragen en referenties die mogen" => inputs;
    "NP-S-08" Hard C "Nuts BgZ referral" [Sender] "the notification holds no citizen service number" / "de notificatie bevat geen BSN" => no_bsn;
    "NP-S-09" Warn R "fault tolerance" [Sender] "a failed notification is tried again with the same identifier" / "een mislukte notificatie wordt met dezelfde identifier herhaald" => retry;
    "NP-S-10" Warn R "fault tolerance" [Sender] "a refused token leads to a new one, not to a loop" / "een geweigerd token leidt tot een nieuw, niet tot een lus" => retry_token;
    "NP-S-11" Hard C "Twiin TA notified pull: update" [Sender] "an update is a new notification in the same group" / "een wijziging is een nieuwe notificatie in dezelfde groep" => update;
    "NP-S-12" Hard C "Twiin TA notified pull: cancel" [Sender] "a cancellation is a conditional update of the Task" / "een annulering is een conditionele update van de Task" => cancel;
    "NP-S-13" Hard C "RFC 7523 section 2.1; authorization base" [Sender] "a token for the pull is given" / "voor de pull wordt een token gegeven" => pull_token;
    "NP-S-14" Hard C "Twiin TA notified pull: authorization base" [Sender] "no data without the authorization base" / "geen gegevens zonder authorization base" => wrong_base;
    "NP-S-15" Hard C "RFC 7523 section 3; replay: RFC 7523 section 3 (jti may)" [Sender] "broken assertions are refused" / "kapotte assertions worden geweigerd" => broken_assertions;
    "NP-S-16" Hard C "Twiin TA notified pull: pull" [Sender] "every query of the notification is answered" / "elke zoekvraag van de notificatie wordt beantwoord" => queries_answer;
    "NP-S-17" Hard C "Twiin TA notified pull: only listed resources" [Sender] "a query that is not in the notification gives no data" / "een zoekvraag die niet in de notificatie staat geeft geen gegevens" => unlisted_query;
    "NP-S-18" Hard C "Twiin TA notified pull: only listed resources" [Sender] "another citizen service number gives no data" / "een ander BSN geeft geen gegevens" => other_patient;
    "NP-S-19" Hard C "Nuts BgZ referral: employee login" [Sender] "a token without a user gives no BgZ" / "een token zonder gebruiker geeft geen BgZ" => without_user;
    "NP-S-20" Hard C "Task.restriction.period" [Sender] "after cancellation there is no data" / "na annulering zijn er geen gegevens" => after_cancel;
    "NP-S-21" Hard C "token lifetime" [Sender, LongRun] "an expired token is refused" / "een verlopen token wordt geweigerd" => expired_token;
    "NP-S-22" Warn C "Nictiz BgZ-MSZ test scripts" [Sender] "Provenance comes with _revinclude" / "Provenance komt mee met _revinclude" => provenance;
    "NP-S-23" Hard C "Nuts BgZ referral: workflow Task" [Sender] "the workflow Task can be read, and only its status changed" / "de workflow-Task is te lezen, en alleen de status te wijzigen" => workflow_task;
    "NP-S-24" Hard C "mutual TLS" [Sender, BackTls] "no client certificate, or one of another authority, is refused" / "geen clientcertificaat, of een van een andere uitgever, wordt geweigerd" => mutual_tls;
    "NP-S-25" Hard R "pull is reading only" [Sender, Writes] "writing to what is served is refused" / "schrijven op wat geserveerd wordt wordt geweigerd" => writes;
    "NP-S-26" Manual R "NEN 7513" [] "the supplier shows that the reads are logged" / "de leverancier toont dat de inzage gelogd is" => by_hand;
}
