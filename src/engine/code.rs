//! The codes of the engine's verdicts, KEUR2000 to KEUR2199: what each means and what to do.
//!
//! 2000–2099 the system under test does not do what the script asks; 2100–2149 it could not be decided
//! because something broke; 2150–2179 keur did not evaluate it; 2180–2199 notes and planning.

crate::diagnostic::rules! {
    /// The HTTP status is not the one asked for.
    RESPONSE_CODE = 2001,
    "the HTTP status is not the one expected", "de HTTP-status is niet de verwachte",
    "The script names the statuses an answer may have. What an OperationOutcome in the answer says is shown beside it.",
    "Het script noemt de statussen die een antwoord mag hebben. Wat een OperationOutcome in het antwoord zegt staat erbij.",
    "look at the request as it was sent (curl line) and at what the answer says",
    "bekijk het verzoek zoals het verstuurd is (curl-regel) en wat het antwoord zegt";

    /// The answer holds another type of resource.
    RESOURCE = 2003,
    "the content is another type of resource", "de inhoud is een ander type resource",
    "A search is answered with a Bundle, a read with the resource itself, a refusal with an OperationOutcome.",
    "Een zoekvraag wordt beantwoord met een Bundle, een read met de resource zelf, een weigering met een OperationOutcome.",
    "answer with the resource type that the interaction asks for",
    "antwoord met het type resource dat bij de interactie hoort";

    /// A FHIRPath expression is not true.
    EXPRESSION = 2004,
    "the content does not satisfy the expression", "de inhoud voldoet niet aan de expressie",
    "A TestScript states what must be in the content as a FHIRPath expression that has to be true. The element that decided is marked where one can be named.",
    "Een TestScript zegt wat er in de inhoud moet staan met een FHIRPath-expressie die waar moet zijn. Het element dat de doorslag gaf is gemarkeerd als er een aan te wijzen is.",
    "compare the marked element with what the assert describes",
    "vergelijk het gemarkeerde element met wat de assert beschrijft";

    /// The value of a FHIRPath expression does not compare.
    EXPRESSION_VALUE = 2005,
    "the value is not the one expected", "de waarde is niet de verwachte",
    "The expression selects a value that is compared with the one in the script.",
    "De expressie kiest een waarde die vergeleken wordt met die in het script.",
    "put the expected value in the element that the expression selects",
    "zet de verwachte waarde in het element dat de expressie kiest";

    /// A header is not as expected.
    HEADER_FIELD = 2006,
    "a header is not the one expected", "een header is niet de verwachte",
    "Names of headers compare without case, values as they are.",
    "Namen van headers worden vergeleken zonder op hoofdletters te letten, waarden zoals ze zijn.",
    "send the header with the expected value", "stuur de header met de verwachte waarde";

    /// The Content-Type is not as expected.
    CONTENT_TYPE = 2007,
    "the content type is not the one expected", "het content-type is niet het verwachte",
    "`json` and `xml` mean the FHIR media types, older names of them included.",
    "`json` en `xml` staan voor de FHIR-mediatypen, oudere namen daarvan inbegrepen.",
    "send `Content-Type: application/fhir+json` or `application/fhir+xml`, as the request asked",
    "stuur `Content-Type: application/fhir+json` of `application/fhir+xml`, zoals het verzoek vroeg";

    /// The URL holds, or lacks, something.
    REQUEST_URL = 2008,
    "the request URL is not as expected", "de URL van het verzoek is niet zoals verwacht",
    "The URL is looked at as sent and decoded. In MedMij the access token says who the patient is, so the URL shall not.",
    "De URL wordt bekeken zoals verstuurd en gedecodeerd. Bij MedMij zegt het access-token om welke patiënt het gaat, dus de URL doet dat niet.",
    "change the parameters of the request", "pas de parameters van het verzoek aan";

    /// Another HTTP method.
    REQUEST_METHOD = 2009,
    "the HTTP method is not the one expected", "de HTTP-methode is niet de verwachte",
    "Every FHIR interaction has its HTTP method.", "Elke FHIR-interactie heeft haar HTTP-methode.",
    "use the method of the interaction", "gebruik de methode van de interactie";

    /// A query parameter is not as expected.
    QUERY_PARAMETER = 2010,
    "a query parameter is not the one expected", "een queryparameter is niet de verwachte",
    "The values of the parameter are taken from the request URL, decoded.",
    "De waarden van de parameter komen uit de URL van het verzoek, gedecodeerd.",
    "send the parameter with one of the expected values", "stuur de parameter met een van de verwachte waarden";

    /// The content does not conform to the profile.
    PROFILE = 2011,
    "the content does not conform to its profile", "de inhoud voldoet niet aan het profiel",
    "Every resource in the content is validated against the profile of the assert and against those it claims itself.",
    "Elke resource in de inhoud wordt gevalideerd tegen het profiel van de assert en tegen de profielen die hij zelf noemt.",
    "correct the marked elements", "verbeter de gemarkeerde elementen";

    /// The self link does not repeat the request.
    SELF_LINK = 2012,
    "the self link does not repeat the search", "de self-link herhaalt de zoekvraag niet",
    "A searchset says in its self link which parameters the server used (FHIR search, section Server Conformance). What is missing there was not applied, or was not said to be.",
    "Een searchset zegt in de self-link welke parameters de server gebruikt heeft (FHIR search, Server Conformance). Wat er ontbreekt is niet toegepast, of dat is niet gezegd.",
    "put every parameter that was applied in `Bundle.link` with relation `self`",
    "zet elke toegepaste parameter in `Bundle.link` met relation `self`";

    /// The content lacks what the fixture has.
    MINIMUM = 2013,
    "the content lacks something it must at least have", "de inhoud mist iets wat er minimaal in moet staan",
    "Every element of the fixture must occur in the content at the same place with the same value.",
    "Elk element van het voorbeeld moet op dezelfde plaats met dezelfde waarde in de inhoud voorkomen.",
    "add the missing element", "voeg het ontbrekende element toe";

    /// The Bundle lacks links.
    NAVIGATION_LINKS = 2014,
    "the Bundle lacks navigation links", "de Bundle mist navigatielinks",
    "The assert asks for links with relation first, last and next.",
    "De assert vraagt om links met relation first, last en next.",
    "add the links that the message names", "voeg de links toe die de melding noemt";

    /// The answer has no single Task.
    TASK = 2015,
    "the answer holds no single Task", "het antwoord bevat geen enkelvoudige Task",
    "The rule makes a new Task from the one that was answered: the resource itself, or the only Task in a Bundle.",
    "De regel maakt een nieuwe Task van de Task in het antwoord: de resource zelf, of de enige Task in een Bundle.",
    "answer with the Task, or with a Bundle that holds exactly one",
    "antwoord met de Task, of met een Bundle met precies één Task";

    /// The target's URL cannot be asked.
    UNSENDABLE = 2100,
    "the request cannot be sent", "het verzoek kan niet verstuurd worden",
    "The URL is not an absolute `http:` or `https:` URL, or a header holds characters that HTTP does not allow.",
    "De URL is geen absolute `http:`- of `https:`-URL, of een header bevat tekens die HTTP niet toestaat.",
    "correct the URL of the target or the value of the variable", "verbeter de URL van het doel of de waarde van de variabele";

    /// Offline, and not the target's host.
    REFUSED = 2101,
    "the host may not be dialled", "met deze host mag geen verbinding gemaakt worden",
    "With `--offline` only the hosts of the target are dialled.",
    "Met `--offline` wordt alleen met de hosts van het doel verbinding gemaakt.",
    "leave `--offline` out, or let the target refer to its own host",
    "laat `--offline` weg, of laat het doel naar zijn eigen host verwijzen";

    /// Nobody listens.
    CONNECT = 2102,
    "no connection could be made", "er kon geen verbinding gemaakt worden",
    "The name did not resolve, or nothing listens at that address.",
    "De naam is niet te vinden, of op dat adres luistert niets.",
    "check `--target`, the network and whether the server runs", "controleer `--target`, het netwerk en of de server draait";

    /// TLS was not agreed on.
    TLS = 2103,
    "no secure connection could be made", "er kon geen beveiligde verbinding gemaakt worden",
    "The certificate is not trusted, not valid for this name or expired, or the two sides have no TLS version in common.",
    "Het certificaat is niet vertrouwd, niet geldig voor deze naam of verlopen, of beide kanten hebben geen TLS-versie gemeen.",
    "correct the certificate chain of the server, or trust its authority", "verbeter de certificaatketen van de server, of vertrouw zijn uitgever";

    /// No answer in time.
    TIMEOUT = 2104,
    "there was no answer in time", "er kwam niet op tijd antwoord",
    "The whole answer has to be there within the time limit.", "Het hele antwoord moet binnen de tijdslimiet binnen zijn.",
    "find out what the server waits for, or raise `--timeout`", "zoek uit waar de server op wacht, of verhoog `--timeout`";

    /// The answer broke off.
    BROKEN = 2105,
    "the answer broke off", "het antwoord brak af",
    "The connection closed before the answer was complete, the answer was larger than the limit, or it was not HTTP.",
    "De verbinding sloot voordat het antwoord compleet was, het antwoord was groter dan de limiet, of het was geen HTTP.",
    "look in the log of the server, and at proxies in between", "kijk in het log van de server, en naar proxy's ertussen";

    /// There is no body.
    NO_CONTENT = 2106,
    "there is no content", "er is geen inhoud",
    "The assert looks at content, and the body is empty.", "De assert kijkt naar de inhoud, en de body is leeg.",
    "answer with a resource", "antwoord met een resource";

    /// The body is broken JSON or XML.
    MALFORMED = 2107,
    "the content is not well-formed", "de inhoud is niet welgevormd",
    "The body cannot be read as JSON or XML. The marked place is where reading stopped.",
    "De body is niet als JSON of XML te lezen. De gemarkeerde plaats is waar het lezen ophield.",
    "answer with complete, well-formed JSON or XML", "antwoord met complete, welgevormde JSON of XML";

    /// The body is not FHIR.
    NOT_FHIR = 2108,
    "the content is not FHIR", "de inhoud is geen FHIR",
    "The body is something else than a FHIR resource, an HTML page for instance.",
    "De body is iets anders dan een FHIR-resource, bijvoorbeeld een HTML-pagina.",
    "answer with FHIR, also for errors (OperationOutcome); check the path of `--target`",
    "antwoord met FHIR, ook bij fouten (OperationOutcome); controleer het pad van `--target`";

    /// Nothing was asked before.
    NO_EXCHANGE = 2109,
    "there is no answer to look at", "er is geen antwoord om naar te kijken",
    "The assert looks at an answer that no operation before it received.",
    "De assert kijkt naar een antwoord dat geen operatie ervoor ontvangen heeft.",
    "look at the operation before it", "kijk naar de operatie ervoor";

    /// A variable that comes from an answer has no value.
    NO_VALUE = 2110,
    "a variable finds no value in the answer", "een variabele vindt geen waarde in het antwoord",
    "The script takes the value from an answer, and what it looks for is not there.",
    "Het script haalt de waarde uit een antwoord, en wat het zoekt staat er niet in.",
    "answer with what the variable is taken from", "antwoord met datgene waar de variabele uit komt";

    /// An expression broke on this content.
    EVALUATION = 2111,
    "the expression cannot be evaluated on this content", "de expressie kan op deze inhoud niet geëvalueerd worden",
    "FHIRPath stops where an operation gets what it cannot work with, several items where it takes one for instance.",
    "FHIRPath stopt waar een bewerking iets krijgt waar zij niet mee overweg kan, bijvoorbeeld meer items waar er één mag zijn.",
    "compare the content with what the expression expects", "vergelijk de inhoud met wat de expressie verwacht";

    /// The body of a request cannot be made.
    REQUEST_BODY = 2112,
    "the body of the request cannot be made", "de body van het verzoek kan niet gemaakt worden",
    "The fixture is not a FHIR resource in the format it claims, so it cannot be sent in another.",
    "Het voorbeeld is geen FHIR-resource in het formaat dat het zegt te zijn, en kan dus niet in een ander verstuurd worden.",
    "correct the fixture", "verbeter het voorbeeldbestand";

    /// A variable the user must give.
    INPUT = 2150,
    "a variable has no value", "een variabele heeft geen waarde",
    "The script expects a value from whoever runs it.", "Het script verwacht een waarde van wie het uitvoert.",
    "give it with `--var NAME=VALUE`, a token with `--token NAME=env:VARIABLE`",
    "geef die met `--var NAAM=WAARDE`, een token met `--token NAAM=env:VARIABELE`";

    /// A rule keur does not know.
    UNKNOWN_RULE = 2151,
    "the rule is not known", "de regel is niet bekend",
    "Rules are programs beside the scripts; keur does not run them, it knows the published ones by their hash.",
    "Regels zijn programma's naast de scripts; keur voert ze niet uit, maar kent de gepubliceerde aan hun hash.",
    "report the rule to the makers of keur, and judge this point by hand",
    "meld de regel bij de makers van keur, en beoordeel dit punt met de hand";

    /// Profiles are not validated.
    NO_VALIDATION = 2152,
    "the profile was not validated", "het profiel is niet gevalideerd",
    "Validation needs the profile and everything it refers to.",
    "Valideren kan alleen met het profiel en alles waarnaar het verwijst.",
    "give the package that holds the profile with `--package`", "geef het package met het profiel met `--package`";

    /// The system under test is the client.
    CLIENT_SIDE = 2153,
    "the system under test has to send the request", "het te toetsen systeem moet het verzoek sturen",
    "In this script the system under test is (also) the client; nothing is sent on its behalf.",
    "In dit script is het te toetsen systeem (ook) de client; namens dat systeem wordt niets verstuurd.",
    "leave the script out of this run", "laat het script weg uit deze run";

    /// An assert keur cannot check.
    UNKNOWN_ASSERT = 2154,
    "the assert is of an unknown kind", "de assert is van een onbekende soort",
    "The assert asks for something that keur does not check.", "De assert vraagt iets wat keur niet toetst.",
    "judge this point by hand", "beoordeel dit punt met de hand";

    /// For a person to judge.
    MANUAL = 2155,
    "a person has to judge this", "een mens moet dit beoordelen",
    "The operator `manualEval` leaves the verdict to a person.", "De operator `manualEval` laat het oordeel aan een mens.",
    "judge this point by hand", "beoordeel dit punt met de hand";

    /// An expression asks what nobody here can answer.
    UNANSWERABLE = 2156,
    "the expression asks for what is not here", "de expressie vraagt iets wat hier niet is",
    "The outcome depends on something that is not available, a terminology for instance.",
    "De uitkomst hangt af van iets wat niet beschikbaar is, een terminologie bijvoorbeeld.",
    "judge this point by hand", "beoordeel dit punt met de hand";

    /// Not FHIRPath.
    SYNTAX = 2157,
    "the expression is not FHIRPath", "de expressie is geen FHIRPath",
    "The script holds an expression that cannot be read.", "Het script bevat een expressie die niet te lezen is.",
    "correct the script", "verbeter het script";

    /// A fixture that is not there.
    FIXTURE = 2158,
    "the fixture is not available", "het voorbeeld is niet beschikbaar",
    "The script names a fixture that is not declared or whose file cannot be read.",
    "Het script noemt een voorbeeld dat niet gedeclareerd is of waarvan het bestand niet te lezen is.",
    "correct the script or put the file in its place", "verbeter het script of zet het bestand op zijn plaats";

    /// An operation keur cannot do.
    UNKNOWN_OPERATION = 2159,
    "the operation is of an unknown kind", "de operatie is van een onbekende soort",
    "The operation asks for something that keur does not do, or does not say at what.",
    "De operatie vraagt iets wat keur niet doet, of zegt niet waarmee.",
    "correct the script, or do this step by hand", "verbeter het script, of doe deze stap met de hand";

    /// A variable from a path.
    VARIABLE_PATH = 2160,
    "the variable is taken by XPath or JSONPath", "de variabele wordt met XPath of JSONPath bepaald",
    "keur evaluates FHIRPath (`expression`) and headers.", "keur evalueert FHIRPath (`expression`) en headers.",
    "use `expression` in the script", "gebruik `expression` in het script";

    /// A replay has no answer to give.
    NOT_RECORDED = 2161,
    "the record has no answer to this request", "de opname heeft geen antwoord op dit verzoek",
    "A replay answers from what was recorded and sends nothing. A script that asks for more than the run did cannot be judged by it.",
    "Een replay antwoordt uit wat is opgenomen en verstuurt niets. Een script dat meer vraagt dan de run deed, is er niet mee te beoordelen.",
    "run the script against the server to have an answer", "draai het script tegen de server om een antwoord te krijgen";

    /// A rule ran without its file.
    RULE_BY_NAME = 2180,
    "the rule was recognised by its name", "de regel is aan zijn naam herkend",
    "The file of the rule is not there; the published rule of that name was applied.",
    "Het bestand van de regel is er niet; de gepubliceerde regel met die naam is toegepast.",
    "put the rule file in its place to be sure it is the same rule",
    "zet het bestand van de regel op zijn plaats om zeker te zijn dat het dezelfde regel is";

    /// Left out after a failure.
    SKIPPED = 2181,
    "left out after a failure that stops the test", "overgeslagen na een fout die de test stopt",
    "An assert with `stopTestOnFail` failed; what follows in the test would judge the wrong thing.",
    "Een assert met `stopTestOnFail` faalde; wat volgt in de test zou het verkeerde beoordelen.",
    "solve that failure first", "los eerst die fout op";

    /// The target is not a URL.
    TARGET = 2190,
    "the target is not a base URL", "het doel is geen basis-URL",
    "The target is the base URL of a FHIR endpoint: `https://dva.example/fhir`.",
    "Het doel is de basis-URL van een FHIR-endpoint: `https://dva.example/fhir`.",
    "give a whole URL with `--target`", "geef een hele URL met `--target`";

    /// Nothing to run.
    NOTHING_TO_RUN = 2191,
    "no test is selected", "er is geen test gekozen",
    "None of the scripts holds a test.", "Geen van de scripts bevat een test.",
    "check the paths and filters", "controleer de paden en filters";

    /// A token that no script uses.
    UNUSED_INPUT = 2192,
    "a given value is not used", "een opgegeven waarde wordt niet gebruikt",
    "No script of this run has a variable of that name.", "Geen script van deze run heeft een variabele met die naam.",
    "check the name", "controleer de naam";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_range_in_order_and_told_in_two_languages() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for rule in RULES {
            assert!((2000..2200).contains(&rule.code.0), "{}", rule.code);
            for words in [rule.title, rule.explanation, rule.remedy] {
                assert!(!words.en.is_empty() && !words.nl.is_empty() && words.en != words.nl, "{}", rule.code);
            }
            assert!(!rule.title.en.ends_with('.') && !rule.remedy.en.ends_with('.'), "{}", rule.code);
        }
    }
}
