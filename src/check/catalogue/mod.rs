//! The table of checks: one row each, in the order they run. Levels and certainties follow the sources;
//! nothing uncertain is a hard fail unless data leaks or a token is given away.

mod api;
mod authorization;
mod lists;
mod logging;
mod receiver;
mod resource;
mod sender;
mod tls;
mod token;

use std::future::Future;
use std::pin::Pin;

use crate::diagnostic::Words;
use crate::record::Verdict;

use super::outcome::Judged;
use super::session::Session;
use super::setup::Release;

/// What a breach counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Fails.
    Hard,
    /// Warns.
    Warn,
    /// Is written down.
    Note,
    /// Somebody has to look.
    Manual,
}

impl Level {
    /// The letter in tables.
    pub fn letter(self) -> &'static str {
        match self {
            Level::Hard => "H",
            Level::Warn => "W",
            Level::Note => "N",
            Level::Manual => "M",
        }
    }

    /// The verdict of a breach.
    pub fn verdict(self) -> Verdict {
        match self {
            Level::Hard | Level::Manual => Verdict::Fail,
            Level::Warn => Verdict::Warning,
            Level::Note => Verdict::Pass,
        }
    }
}

/// How certain the rule behind a check is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Certainty {
    /// Read in a normative or primary source.
    C,
    /// Seen in implementations only.
    I,
    /// From general standards (OAuth, FHIR, TLS), not from the text of this afsprakenstelsel.
    R,
    /// The source does not say, or could not be read.
    U,
}

impl Certainty {
    /// What the mark means, for people.
    pub fn words(self) -> Words {
        match self {
            Certainty::C => Words::new("read in the source", "gelezen in de bron"),
            Certainty::I => Words::new("seen in implementations only", "alleen gezien in implementaties"),
            Certainty::R => Words::new("from general standards", "uit algemene standaarden"),
            Certainty::U => Words::new("the source does not say", "de bron zegt het niet"),
        }
    }
}

/// What a check cannot do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Where people log in.
    AuthorizationEndpoint,
    /// Where codes become tokens.
    TokenEndpoint,
    /// Where FHIR is served.
    FhirBase,
    /// Client id and redirect URI of our own.
    Client,
    /// A way to log in, or a token.
    Token,
    /// A way to log in.
    Login,
    /// A second person with data.
    SecondPerson,
    /// A person about whom there is nothing.
    PersonWithoutData,
    /// A person younger than sixteen.
    PersonUnder16,
    /// Our client certificate.
    ClientCertificate,
    /// A client certificate whose host is not on the whitelist.
    SecondCertificate,
    /// An expired client certificate.
    ExpiredCertificate,
    /// Another client that is on the OCL.
    SecondClient,
    /// A service that the login does not cover, with its own endpoint.
    SecondService,
    /// An endpoint of another provider at the same DVA.
    OtherProvider,
    /// A service to share data with (Delen).
    ShareService,
    /// A service that is not on the OCL for our client.
    UnlistedService,
    /// A login on behalf of somebody else.
    OnBehalfOf,
    /// At least one list.
    Lists,
    /// The provider list.
    Zal,
    /// The whitelist.
    Whl,
    /// The list of service names.
    Gnl,
    /// An endpoint with TLS.
    Tls,
    /// A front channel with TLS.
    FrontTls,
    /// A backchannel with TLS.
    BackTls,
    /// A notified-pull party that notifies.
    Sender,
    /// A notified-pull party that is notified.
    Receiver,
    /// Where a person withdraws consent.
    WithdrawalPage,
    /// `--allow-writes`.
    Writes,
    /// `--wait-expiry`.
    LongRun,
    /// A registered key for JWT client authentication.
    JwtClient,
    /// Pages to look at (`--evidence-url`).
    EvidenceUrls,
}

impl Need {
    /// What to supply, in words.
    pub fn words(self) -> Words {
        NEEDS.iter().find(|(need, _)| *need == self).map_or(Words::new("", ""), |(_, words)| *words)
    }
}

#[rustfmt::skip]
const NEEDS: [(Need, Words); 32] = [
    (Need::AuthorizationEndpoint, Words::new("the authorization endpoint (`--zal` with `--provider` and `--service`, or `--authorization-endpoint`)", "het authorization-endpoint (`--zal` met `--provider` en `--service`, of `--authorization-endpoint`)")),
    (Need::TokenEndpoint, Words::new("the token endpoint (`--zal` with `--provider` and `--service`, or `--token-endpoint`)", "het token-endpoint (`--zal` met `--provider` en `--service`, of `--token-endpoint`)")),
    (Need::FhirBase, Words::new("the resource endpoint (`--target`)", "het resource-endpoint (`--target`)")),
    (Need::Client, Words::new("our own client (`--client-id` and `--redirect-uri`)", "de eigen client (`--client-id` en `--redirect-uri`)")),
    (Need::Token, Words::new("an access token (`--token`) or a way to log in (`--login-hook`, or a person with user and password)", "een access-token (`--token`) of een manier om in te loggen (`--login-hook`, of een persoon met gebruiker en wachtwoord)")),
    (Need::Login, Words::new("a way to log in (`--login-hook`, or a person with user and password in the configuration)", "een manier om in te loggen (`--login-hook`, of een persoon met gebruiker en wachtwoord in de configuratie)")),
    (Need::SecondPerson, Words::new("a second test person with data (`--person`, or in the configuration)", "een tweede testpersoon met gegevens (`--person`, of in de configuratie)")),
    (Need::PersonWithoutData, Words::new("a test person without data (`--person NAME=no-data`)", "een testpersoon zonder gegevens (`--person NAAM=no-data`)")),
    (Need::PersonUnder16, Words::new("a test person younger than 16 (`--person NAME=too-young`)", "een testpersoon jonger dan 16 (`--person NAAM=too-young`)")),
    (Need::ClientCertificate, Words::new("a client certificate (`--client-certificate`)", "een clientcertificaat (`--client-certificate`)")),
    (Need::SecondCertificate, Words::new("a second client certificate whose host is not on the whitelist", "een tweede clientcertificaat waarvan de host niet op de whitelist staat")),
    (Need::ExpiredCertificate, Words::new("an expired client certificate", "een verlopen clientcertificaat")),
    (Need::SecondClient, Words::new("a second client id that is on the OCL", "een tweede client-id dat op de OCL staat")),
    (Need::SecondService, Words::new("a second service with its own resource endpoint", "een tweede gegevensdienst met een eigen resource-endpoint")),
    (Need::OtherProvider, Words::new("a second provider at the same DVA", "een tweede aanbieder bij dezelfde DVA")),
    (Need::ShareService, Words::new("a service for sharing (Delen)", "een gegevensdienst voor Delen")),
    (Need::UnlistedService, Words::new("a service that the OCL does not grant to our client", "een gegevensdienst die de OCL onze client niet toekent")),
    (Need::OnBehalfOf, Words::new("a login on behalf of somebody else, which keur cannot do; somebody can answer it with `--answers`", "een login namens iemand anders, die keur niet kan doen; iemand kan het beantwoorden met `--answers`")),
    (Need::Lists, Words::new("a list (`--zal`, `--ocl`, `--whl` or `--gnl`)", "een lijst (`--zal`, `--ocl`, `--whl` of `--gnl`)")),
    (Need::Zal, Words::new("the provider list (`--zal`)", "de zorgaanbiederslijst (`--zal`)")),
    (Need::Whl, Words::new("the whitelist (`--whl`)", "de whitelist (`--whl`)")),
    (Need::Gnl, Words::new("the list of service names (`--gnl`)", "de gegevensdienstnamenlijst (`--gnl`)")),
    (Need::Tls, Words::new("an endpoint with `https:`", "een endpoint met `https:`")),
    (Need::FrontTls, Words::new("an authorization endpoint with `https:`", "een authorization-endpoint met `https:`")),
    (Need::BackTls, Words::new("a token or resource endpoint with `https:`", "een token- of resource-endpoint met `https:`")),
    (Need::Sender, Words::new("a sending party (`token_endpoint` and `fhir_base` of `notified_pull` in the configuration)", "een verzendende partij (`token_endpoint` en `fhir_base` van `notified_pull` in de configuratie)")),
    (Need::Receiver, Words::new("a receiving party (`token_endpoint` and `notification_endpoint` of `notified_pull` in the configuration)", "een ontvangende partij (`token_endpoint` en `notification_endpoint` van `notified_pull` in de configuratie)")),
    (Need::WithdrawalPage, Words::new("the page where a person withdraws consent (`--withdrawal-page`)", "de pagina waar een persoon de toestemming intrekt (`--withdrawal-page`)")),
    (Need::Writes, Words::new("leave to write on the system under test (`--allow-writes`)", "toestemming om op het geteste systeem te schrijven (`--allow-writes`)")),
    (Need::LongRun, Words::new("time to wait until tokens expire (`--wait-expiry`, or `--wait-expiry=20m`)", "tijd om te wachten tot tokens verlopen (`--wait-expiry`)")),
    (Need::JwtClient, Words::new("a client with a registered signing key", "een client met een geregistreerde ondertekeningssleutel")),
    (Need::EvidenceUrls, Words::new("addresses of documentation (`--evidence-url`)", "adressen van documentatie (`--evidence-url`)")),
];

/// The future of a check.
pub type Judging<'s> = Pin<Box<dyn Future<Output = Judged> + 's>>;

/// A row of the table.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its id, as people quote it.
    pub id: &'static str,
    /// The worst a breach counts for.
    pub level: Level,
    /// How certain its source is.
    pub certainty: Certainty,
    /// The source.
    pub source: &'static str,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// First release it belongs to, and the first it no longer does.
    pub releases: (Option<Release>, Option<Release>),
    /// What is required, in one line.
    pub title: Words,
    /// Who judges; None where only a person can.
    pub judge: Option<for<'s> fn(&'s Session) -> Judging<'s>>,
}

/// Checks that belong together: a script in reports.
#[derive(Clone, Copy)]
pub struct Area {
    /// Path in reports.
    pub path: &'static str,
    /// Its name.
    pub title: Words,
    /// Its checks.
    pub checks: &'static [Check],
}

/// Rows: `ID LEVEL CERTAINTY "source" [needs] "title" / "titel" => judge;`, `by hand` for no judge, and
/// `from RELEASE` or `before RELEASE` behind the needs.
macro_rules! checks {
    (@release) => { (None, None) };
    (@release from $from:ident) => { (Some($crate::check::Release::$from), None) };
    (@release before $before:ident) => { (None, Some($crate::check::Release::$before)) };
    (@release from $from:ident before $before:ident) => {
        (Some($crate::check::Release::$from), Some($crate::check::Release::$before))
    };
    ($($id:literal $level:ident $certainty:ident $source:literal [$($need:ident),*]
        $((from $from:ident))? $((before $before:ident))? $en:literal / $nl:literal => $judge:tt;)*) => {
        /// The rows.
        pub(super) static CHECKS: &[$crate::check::Check] = &[$($crate::check::Check {
            id: $id,
            level: $crate::check::Level::$level,
            certainty: $crate::check::Certainty::$certainty,
            source: $source,
            needs: &[$($crate::check::Need::$need),*],
            releases: $crate::check::catalogue::checks!(@release $(from $from)? $(before $before)?),
            title: $crate::diagnostic::Words::new($en, $nl),
            judge: $crate::check::catalogue::checks!(@call $judge),
        }),*];
    };
    (@call by_hand) => { None };
    (@call $judge:ident) => { Some(|session| Box::pin(judge::$judge(session))) };
}
pub(crate) use checks;

/// The areas of `keur check medmij`, in the order they run.
pub static MEDMIJ: [Area; 6] = [
    Area { path: "medmij/lists", title: Words::new("trust lists", "stelsellijsten"), checks: lists::CHECKS },
    Area { path: "medmij/tls", title: Words::new("TLS and certificates", "TLS en certificaten"), checks: tls::CHECKS },
    Area {
        path: "medmij/authorization",
        title: Words::new("authorization endpoint", "authorization-endpoint"),
        checks: authorization::CHECKS,
    },
    Area { path: "medmij/token", title: Words::new("token endpoint", "token-endpoint"), checks: token::CHECKS },
    Area {
        path: "medmij/resource",
        title: Words::new("resource endpoint", "resource-endpoint"),
        checks: resource::CHECKS,
    },
    Area { path: "medmij/logging", title: Words::new("logging", "logging"), checks: logging::CHECKS },
];

/// The areas of `keur check notified-pull`.
pub static NOTIFIED_PULL: [Area; 2] = [
    Area {
        path: "notified-pull/sender",
        title: Words::new("notified pull: the party that sends", "notified pull: de verzendende partij"),
        checks: sender::CHECKS,
    },
    Area {
        path: "notified-pull/receiver",
        title: Words::new("notified pull: the party that receives", "notified pull: de ontvangende partij"),
        checks: receiver::CHECKS,
    },
];

/// The area of `keur check api`.
pub static API: [Area; 1] = [Area {
    path: "api/requirements",
    title: Words::new(
        "API Requirements for Dutch Healthcare 1.2.0, seen from outside",
        "API Requirements for Dutch Healthcare 1.2.0, van buiten gezien",
    ),
    checks: api::CHECKS,
}];

/// The row of an id, whatever the area.
pub fn find(id: &str) -> Option<&'static Check> {
    let areas = MEDMIJ.iter().chain(&NOTIFIED_PULL).chain(&API);
    areas.flat_map(|area| area.checks).find(|check| check.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests;
