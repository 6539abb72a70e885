//! KEUR2200 to KEUR2299: waiting for a client and playing one.

crate::diagnostic::rules! {
    /// The request never came.
    NEVER_CAME = 2200,
    "the request never came", "het verzoek is nooit gekomen",
    "The test waits for a request of the system under test. None came that could be meant for it.",
    "De test wacht op een verzoek van het te toetsen systeem. Er kwam er geen dat ervoor bedoeld kan zijn.",
    "let the client send the request; `arrived but matched nothing` shows what came instead",
    "laat de client het verzoek sturen; `kwam binnen zonder bij een test te passen` toont wat er wel kwam";

    /// Another request than expected.
    NOT_AS_EXPECTED = 2201,
    "the request is nearly the one expected", "het verzoek lijkt op wat verwacht werd",
    "No request was exactly the one that the test expects; the nearest one was judged by its asserts. What differs is named; whether that is wrong is for the asserts to say.",
    "Geen verzoek was precies wat de test verwacht; het meest gelijkende is met de asserts beoordeeld. Wat verschilt is genoemd; of dat fout is zeggen de asserts.",
    "compare the request with what the information standard asks for",
    "vergelijk het verzoek met wat de informatiestandaard vraagt";

    /// There is no server under test.
    NO_SERVER = 2202,
    "the server under test was not given", "de te toetsen server is niet opgegeven",
    "In this step keur asks something of the system under test, which is also a server.",
    "In deze stap vraagt keur iets aan het te toetsen systeem, dat ook een server is.",
    "give its base URL with `--target`", "geef de basis-URL met `--target`";

    /// Came, and matched nothing.
    MATCHED_NOTHING = 2203,
    "a request matched no test", "een verzoek paste bij geen test",
    "The request was answered, but no test that was open expects it.",
    "Het verzoek is beantwoord, maar geen open test verwacht het.",
    "compare it with the nearest test; extra requests do no harm",
    "vergelijk het met de test die er het meest op lijkt; extra verzoeken zijn niet erg";

    /// Material of a script set that cannot be used.
    MATERIAL = 2204,
    "the test data of the script set cannot be loaded", "de testgegevens van de scripts zijn niet te laden",
    "A client is tested against the simulator, which serves the fixtures that the script set loads.",
    "Een client wordt getoetst tegen de simulator, die de gegevens serveert die de scripts laden.",
    "give a folder with `--fixtures`", "geef een map met `--fixtures`";

    /// Nothing to send.
    NO_BODY = 2210,
    "there is nothing to send for this request", "er is niets om met dit verzoek te sturen",
    "The script leaves the content of the request to the client under test, and no other script of the set has an example of it.",
    "Het script laat de inhoud van het verzoek over aan de te toetsen client, en geen ander script van de set heeft er een voorbeeld van.",
    "play the scripts together with those that have the example", "speel de scripts samen met die welke het voorbeeld hebben";

    /// A defect that changes nothing.
    DEFECT_UNUSED = 2211,
    "the defect applies to none of the requests", "de fout past bij geen van de verzoeken",
    "A defect changes something that must be there: a parameter, a body, a token.",
    "Een fout verandert iets wat er moet zijn: een parameter, een inhoud, een token.",
    "choose another defect; `--defect list` names them", "kies een andere fout; `--defect list` noemt ze";
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn codes_are_in_range_and_in_order() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(RULES.iter().all(|rule| (2200..2300).contains(&rule.code.0)));
    }
}
