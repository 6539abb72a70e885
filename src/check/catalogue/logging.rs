//! MM-LOG: logging cannot be seen from outside; a person states what the supplier showed.

use super::checks;

#[rustfmt::skip]
checks! {
    "MM-LOG-01" Manual C "core.logging.100-203" [] "the supplier shows the log lines of five trace ids of this run" / "de leverancier toont de logregels bij vijf trace-id's van deze run" => by_hand;
    "MM-LOG-02" Manual C "core.logging.103" [] "those log lines hold no name and no citizen service number" / "die logregels bevatten geen naam en geen BSN" => by_hand;
}
