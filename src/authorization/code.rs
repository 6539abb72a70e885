//! What can be wrong with a login: KEUR5000 to KEUR5099.

use crate::diagnostic::rules;

rules! {
    /// The `[login]` table cannot be used.
    SETTINGS = 5000,
    "the login settings cannot be used", "de instellingen voor het inloggen zijn niet bruikbaar",
    "The table `[login]` of `keur.toml` says where and as which client to log in, `[login.persons.NAME]` whom.",
    "De tabel `[login]` van `keur.toml` zegt waar en als welke client wordt ingelogd, `[login.persons.NAAM]` wie.",
    "correct what is named; `keur auth --help` shows an example", "verbeter wat genoemd is; `keur auth --help` toont een voorbeeld";

    /// There is nothing to log in with.
    NOTHING = 5001,
    "there is no login to do", "er is niets om in te loggen",
    "Without a table `[login]` keur does not know where to log in.",
    "Zonder een tabel `[login]` weet keur niet waar moet worden ingelogd.",
    "put a table `[login]` in `keur.toml`; `keur auth --help` shows an example",
    "zet een tabel `[login]` in `keur.toml`; `keur auth --help` toont een voorbeeld";

    /// No token was obtained.
    NO_TOKEN = 5002,
    "no token was obtained", "er is geen token verkregen",
    "A run with a login begins with a token for everybody it is for; without one nothing is sent to the target.",
    "Een run met een login begint met een token voor iedereen voor wie die is; zonder gaat er niets naar het doel.",
    "log in with `keur auth login`, or give a login hook with `--login-hook`",
    "log in met `keur auth login`, of geef een loginhook met `--login-hook`";

    /// The store of tokens cannot be used.
    STORE = 5003,
    "the store of tokens cannot be used", "de opslag van tokens is niet bruikbaar",
    "Tokens are kept in a file that its owner alone can read: `store` of `[login]`, else `KEUR_TOKENS`, else the folder for the state of programs.",
    "Tokens staan in een bestand dat alleen de eigenaar kan lezen: `store` van `[login]`, anders `KEUR_TOKENS`, anders de map voor de staat van programma's.",
    "make the file readable and writable, or take it away", "maak het bestand lees- en schrijfbaar, of verwijder het";

    /// Nobody came back from the login page.
    REDIRECT = 5004,
    "nobody came back from the login page", "niemand kwam terug van de inlogpagina",
    "At the end of a login the browser is sent to the redirect URI; keur listens there, or is given the URL.",
    "Aan het eind van een login wordt de browser naar de redirect-URI gestuurd; keur luistert daar, of krijgt de URL.",
    "use `--paste-redirect` where the redirect URI is not an address of this machine",
    "gebruik `--paste-redirect` waar de redirect-URI geen adres van deze machine is";
}
