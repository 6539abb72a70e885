//! What the page says: subjects, what was seen (`{}` for what differs), and what to do about it.

use crate::diagnostic::Words;

/// A text with its places filled in, in order.
pub fn filled(words: &str, with: &[&str]) -> String {
    with.iter().fold(words.to_owned(), |text, value| text.replacen("{}", value, 1))
}

/// What an endpoint is called.
pub const PLACES: [Words; 3] = [
    Words::new("authorization endpoint", "authorization-endpoint"),
    Words::new("token endpoint", "token-endpoint"),
    Words::new("resource endpoint", "resource-endpoint"),
];

macro_rules! say {
    ($($name:ident: $en:literal / $nl:literal;)*) => {
        $(pub const $name: Words = Words::new($en, $nl);)*
    };
}

say! {
    ENDPOINTS: "endpoints" / "endpoints";
    NO_ENDPOINTS: "none was supplied" / "niet opgegeven";
    NO_ENDPOINTS_FIX: "give `--target`, or `--zal` with `--provider` and `--service`, or the configuration of the DVA with `--dva`" / "geef `--target`, of `--zal` met `--provider` en `--service`, of de configuratie van de DVA met `--dva`";

    CONNECTION: "connection" / "verbinding";
    ANSWERS: "{}: {} answers" / "{}: {} antwoordt";
    NO_NAME: "{}: nobody knows the name `{}`" / "{}: niemand kent de naam `{}`";
    NO_NAME_FIX: "ask the party for the right host name, have it put in DNS, or give `--resolve HOST=ADDRESS`" / "vraag de partij om de juiste hostnaam, laat die in DNS zetten, of geef `--resolve HOST=ADRES`";
    NO_ANSWER: "{}: {}" / "{}: {}";
    NO_ANSWER_FIX: "ask the party whether its server is up on this port, and whether its firewall lets our address in" / "vraag de partij of de server op deze poort draait, en of de firewall ons adres doorlaat";

    TLS: "TLS" / "TLS";
    PLAIN: "{}: plain HTTP" / "{}: onversleuteld HTTP";
    PLAIN_FIX: "fine for a first try; ask for an `https:` address before real tokens are used" / "goed voor een eerste proef; vraag om een `https:`-adres voordat er echte tokens worden gebruikt";
    AGREED: "{}: {}" / "{}: {}";
    TLS_FIX: "have the server speak TLS 1.2 or 1.3 here; where it wants a client certificate, give ours with `--client-certificate`" / "laat de server hier TLS 1.2 of 1.3 spreken; wil die een clientcertificaat, geef het onze met `--client-certificate`";

    CERTIFICATE: "certificate" / "certificaat";
    DAYS: "{}: `{}`, {} days left" / "{}: `{}`, nog {} dagen";
    CHAIN_FIX: "give the authority with `--ca`, or have the server send its whole chain for this host name" / "geef de uitgever met `--ca`, of laat de server de hele keten voor deze hostnaam sturen";
    DAYS_FIX: "have the certificate renewed before the test day" / "laat het certificaat voor de testdag vernieuwen";

    LIST: "list" / "lijst";
    NO_LISTS: "none was supplied" / "niet opgegeven";
    NO_LISTS_FIX: "give `--zal`, `--ocl`, `--whl` and `--gnl` of the acceptance network to have them checked" / "geef `--zal`, `--ocl`, `--whl` en `--gnl` van het acceptatienetwerk om ze te laten controleren";
    NUMBER: "{}: number {}" / "{}: volgnummer {}";
    OTHER_LIST: "{}: at `{}` is a `{}`" / "{}: op `{}` staat een `{}`";
    OTHER_LIST_FIX: "exchange the addresses: each flag wants its own list" / "verwissel de adressen: elke vlag wil zijn eigen lijst";
    NO_LIST: "{}: {}" / "{}: {}";
    NO_LIST_FIX: "check the address of the list, and whether our certificate is let in there" / "controleer het adres van de lijst, en of ons certificaat daar wordt toegelaten";

    WHITELIST: "whitelist" / "whitelist";
    LISTED: "all {} backchannel hosts of `{}` are on it" / "alle {} backchannel-hosts van `{}` staan erop";
    UNLISTED: "not on it: {}" / "niet erop: {}";
    UNLISTED_FIX: "have the host put on the whitelist of the test network" / "laat de host op de whitelist van het testnetwerk zetten";

    CLIENT: "our client" / "onze client";
    ON_OCL: "`{}` is on the OCL" / "`{}` staat op de OCL";
    OFF_OCL: "`{}` is not on the OCL" / "`{}` staat niet op de OCL";
    OFF_OCL_FIX: "have our client put on the OCL, or correct `--client-id`" / "laat de client op de OCL zetten, of verbeter `--client-id`";

    METADATA: "CapabilityStatement" / "CapabilityStatement";
    NO_METADATA: "`/metadata`: {}" / "`/metadata`: {}";
    NO_METADATA_FIX: "check the base URL: `/metadata` below it has to answer" / "controleer de basis-URL: `/metadata` daaronder moet antwoorden";
    OTHER_VERSION: "FHIR {}, expected is {}" / "FHIR {}, verwacht is {}";
    OTHER_VERSION_FIX: "ask the party for its endpoint of this data service: it is one of another FHIR version" / "vraag de partij om het endpoint van deze gegevensdienst: dit is er een van een andere FHIR-versie";
    ALL_TYPES: "FHIR {}, all {} types of the data service" / "FHIR {}, alle {} typen van de gegevensdienst";
    SOME_TYPES: "FHIR {}, without {}" / "FHIR {}, zonder {}";
    SOME_TYPES_FIX: "ask whether these types are served; if they are, have them put in the CapabilityStatement" / "vraag of deze typen geleverd worden; zo ja, laat ze in het CapabilityStatement zetten";

    CLOCK: "clock" / "klok";
    SKEW: "{} seconds apart" / "{} seconden verschil";
    SKEW_FIX: "set both clocks by NTP: tokens and assertions stand on them" / "zet beide klokken gelijk met NTP: tokens en assertions hangen ervan af";
    NO_CLOCK: "the server does not say what time it is" / "de server zegt niet hoe laat het is";
    NO_CLOCK_FIX: "ask the party whether its clock is set by NTP" / "vraag de partij of de klok met NTP gelijk wordt gezet";

    LOGIN: "login" / "inloggen";
    LOGIN_PAGE: "a login leads to a page ({})" / "inloggen leidt naar een pagina ({})";
    NO_LOGIN: "a login is refused: {}" / "inloggen wordt geweigerd: {}";
    NO_LOGIN_FIX: "compare client id, redirect URI and scope with the party, and look at the page in a browser" / "vergelijk client-id, redirect-URI en scope met de partij, en bekijk de pagina in een browser";

    TOKEN: "token" / "token";
    HAS_TOKEN: "there is one" / "is er";
    UNKNOWN_TOKEN: "none was supplied" / "niet opgegeven";
    UNKNOWN_TOKEN_FIX: "give one with `--token NAME=env:VARIABLE`, or a way to log in with `--login-hook`" / "geef er een met `--token NAAM=env:VARIABELE`, of een manier om in te loggen met `--login-hook`";
    NO_TOKEN: "{}" / "{}";
    NO_TOKEN_FIX: "check user and password of the test person, and that the login hook ends at the redirect URI" / "controleer gebruiker en wachtwoord van de testpersoon, en of de loginhook op de redirect-URI eindigt";

    DATA: "data" / "gegevens";
    HAS_DATA: "the token gives a Patient" / "het token geeft een Patient";
    NO_DATA: "the token gives no Patient" / "het token geeft geen Patient";
    NO_DATA_FIX: "ask whether the test person was loaded and has data for this service" / "vraag of de testpersoon geladen is en gegevens heeft voor deze dienst";
    REFUSED_DATA: "`Patient`: {}" / "`Patient`: {}";
    REFUSED_DATA_FIX: "renew the token, and check that it is for this service and this endpoint" / "vernieuw het token, en controleer of het voor deze dienst en dit endpoint is";
    SLOW: "an answer took {} seconds" / "een antwoord duurde {} seconden";
    SLOW_FIX: "ask the party to warm up its system before the test; a run waits 60 seconds at most" / "vraag de partij het systeem voor de test op te warmen; een run wacht hoogstens 60 seconden";
}
