//! NP-R: the party that is notified and then pulls; we are the sender.

use super::checks;
use crate::check::notified_pull::receiver as judge;

#[rustfmt::skip]
checks! {
    "NP-R-01" Hard C "RFC 7523 section 2.2" [Receiver] "a token for the notification is given" / "voor de notificatie wordt een token gegeven" => token;
    "NP-R-02" Hard C "RFC 7523 section 3; replay: RFC 7523 section 3 (jti may)" [Receiver] "broken assertions are refused" / "kapotte assertions worden geweigerd" => broken_assertions;
    "NP-R-03" Hard C "Twiin-01; status: FHIR create" [Receiver] "a notification is accepted" / "een notificatie wordt geaccepteerd" => notification;
    "NP-R-04" Hard C "Twiin-01 is protected by OAuth 2" [Receiver] "a notification without a valid token is refused" / "een notificatie zonder geldig token wordt geweigerd" => without_token;
    "NP-R-05" Hard C "Twiin TA notified pull, notification Task; status: FHIR" [Receiver] "an invalid notification is refused" / "een ongeldige notificatie wordt geweigerd" => invalid_task;
    "NP-R-06" Warn R "idempotence" [Receiver] "the same notification twice does no harm" / "twee keer dezelfde notificatie kan geen kwaad" => twice;
    "NP-R-07" Hard C "only notifications are taken" [Receiver] "the notification endpoint shows and removes nothing" / "het notificatie-endpoint toont en verwijdert niets" => only_post;
    "NP-R-08" Hard C "Twiin TA notified pull: authorization base" [Receiver] "the receiver hands over the authorization base" / "de ontvanger overhandigt de authorization base" => base;
    "NP-R-09" Hard C "data minimisation" [Receiver] "only what was notified is pulled" / "alleen wat genotificeerd is wordt opgehaald" => minimal;
    "NP-R-10" Manual R "agreed process" [] "the pull comes after a user's action, or as agreed" / "de pull komt na een handeling van de gebruiker, of zoals afgesproken" => by_hand;
    "NP-R-11" Warn C "FHIR RESTful API" [Receiver] "the requests of the pull are tidy" / "de verzoeken van de pull zijn netjes" => tidy;
    "NP-R-12" Warn R "FHIR search, paging" [Receiver] "pages and references are followed" / "pagina's en referenties worden gevolgd" => paging;
    "NP-R-13" Warn R "fault tolerance" [Receiver] "faults of the sender do not lead to endless retries" / "fouten van de verzender leiden niet tot eindeloos herhalen" => faults;
    "NP-R-14" Warn C "token lifetime" [Receiver] "an expired token leads to a new one" / "een verlopen token leidt tot een nieuw" => expired;
    "NP-R-15" Hard C "mutual TLS" [Receiver, BackTls] "a server certificate of another host or authority is refused" / "een servercertificaat van een andere host of uitgever wordt geweigerd" => server_certificate;
    "NP-R-16" Hard C "Twiin TA notified pull: cancel" [Receiver] "a cancellation is accepted, and nothing is pulled after it" / "een annulering wordt geaccepteerd, en daarna wordt niets opgehaald" => cancel;
    "NP-R-17" Hard C "Nuts BgZ referral: workflow Task" [Receiver] "the workflow Task is read and then updated in order" / "de workflow-Task wordt gelezen en dan in volgorde bijgewerkt" => workflow;
    "NP-R-18" Manual C "VIPP 5 module 3" [] "the data is in the record without retyping" / "de gegevens staan in het dossier zonder overtypen" => by_hand;
    "NP-R-19" Manual R "patient safety" [] "data of another patient is refused or flagged" / "gegevens van een andere patiënt worden geweigerd of gemeld" => by_hand;
    "NP-R-20" Hard R "server-side request forgery" [Receiver] "an input that points to another host is not fetched" / "een input die naar een andere host wijst wordt niet opgehaald" => other_host;
}
