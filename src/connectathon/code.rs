//! The codes of connectathons, KEUR7000 to KEUR7099.

use crate::diagnostic::{Code, Diagnostic, Severity};

crate::diagnostic::rules! {
    /// A matrix file cannot be used.
    FILE = 7000,
    "the matrix file cannot be used", "het matrixbestand is niet bruikbaar",
    "A matrix file names the servers, the clients and the scenarios, each with a name of its own, in TOML.",
    "Een matrixbestand noemt de servers, de clients en de scenario's, elk met een eigen naam, in TOML.",
    "start from the file that `keur matrix init` writes", "begin met het bestand dat `keur matrix init` schrijft";

    /// A scenario judges nobody.
    SCENARIO = 7001,
    "a scenario cannot be used", "een scenario is niet bruikbaar",
    "A scenario has scripts that judge the client and scripts that judge the server, on the same exchanges.",
    "Een scenario heeft scripts die de client beoordelen en scripts die de server beoordelen, op dezelfde uitwisselingen.",
    "give both sides a script, and name only tests that are in it", "geef beide kanten een script, en noem alleen tests die erin staan";

    /// The journal of a matrix cannot be used.
    JOURNAL = 7002,
    "the journal of the matrix cannot be used", "het journaal van de matrix is niet bruikbaar",
    "Finished cells are written to a journal, a line each, so that a stopped matrix goes on where it was.",
    "Afgeronde cellen komen in een journaal, een regel elk, zodat een gestopte matrix verder gaat waar zij was.",
    "give a folder that can be written, or another one to begin anew", "geef een map waarin geschreven mag worden, of een andere om opnieuw te beginnen";

    /// A party cannot be reached.
    PARTY = 7003,
    "a party cannot be used", "een partij is niet bruikbaar",
    "Every party has a name that no other has; a server has a base URL, a client a token of its own.",
    "Elke partij heeft een naam die geen andere heeft; een server heeft een basis-URL, een client een eigen token.",
    "look at the party in the matrix file", "kijk naar de partij in het matrixbestand";

    /// The board or the proxy cannot listen.
    LISTEN = 7004,
    "the address cannot be listened on", "op het adres kan niet geluisterd worden",
    "The board and the proxy each need an address of this machine that is free.",
    "Het bord en de proxy hebben elk een vrij adres van deze machine nodig.",
    "give another address, or port 0 for a free one", "geef een ander adres, of poort 0 voor een vrije";

    /// Reports do not belong together.
    MERGE = 7005,
    "reports of matrices cannot be merged", "rapporten van matrices kunnen niet samengevoegd worden",
    "Parts of one matrix, each written with `--report json=PATH`, are merged to one report; in any order it comes to the same.",
    "Delen van één matrix, elk geschreven met `--report json=PATH`, worden samengevoegd tot één rapport; in elke volgorde is dat hetzelfde.",
    "give the JSON reports of the parts", "geef de JSON-rapporten van de delen";
}

/// Something that stops keur.
pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Error, code, message)
}
