//! The codes of what checks find, KEUR5100 to KEUR5199: by kind of finding, for the check itself says
//! what was asked. 5150–5169 it was not evaluated; 5180–5189 notes.

crate::diagnostic::rules! {
    /// What has to be refused was accepted.
    ACCEPTED = 5100,
    "what has to be refused was accepted", "wat geweigerd moet worden werd geaccepteerd",
    "The check sends something that is not allowed (an unknown client, a used code, a foreign certificate) and the party carried on as if it were.",
    "De toets stuurt iets wat niet mag (een onbekende client, een gebruikte code, een vreemd certificaat) en de partij ging door alsof het wel mocht.",
    "refuse the request as the source of the check asks", "weiger het verzoek zoals de bron van de toets vraagt";

    /// What has to be accepted was refused.
    REFUSED = 5101,
    "what has to be accepted was refused", "wat geaccepteerd moet worden werd geweigerd",
    "The check sends a request that is allowed and the party did not carry it out.",
    "De toets stuurt een verzoek dat mag en de partij voerde het niet uit.",
    "look at the exchange: the status and the error say what the party did not like",
    "bekijk de uitwisseling: de status en de fout zeggen wat de partij niet beviel";

    /// Refused, but not in the way that is asked.
    ERROR_FORM = 5102,
    "the refusal has another form than is asked", "de weigering heeft een andere vorm dan gevraagd",
    "Errors have a status and a code that clients act on: RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, FHIR's OperationOutcome.",
    "Fouten hebben een status en een code waar clients op varen: RFC 6749 paragraaf 4.1.2.1 en 5.2, RFC 6750 paragraaf 3.1, de OperationOutcome van FHIR.",
    "answer with the status and the error code that the check expects", "antwoord met de status en de foutcode die de toets verwacht";

    /// Somebody gets data that is not theirs.
    LEAK = 5103,
    "data is shown that must not be", "er worden gegevens getoond die niet getoond mogen worden",
    "The answer holds data of another person, of another service, or for somebody who has no right to it.",
    "Het antwoord bevat gegevens van een ander, van een andere dienst, of voor iemand die er geen recht op heeft.",
    "let the access token alone decide what is shown, on every route", "laat alleen het access-token bepalen wat getoond wordt, op elke route";

    /// A header is missing or wrong.
    HEADER = 5104,
    "a header is missing or not as asked", "een header ontbreekt of is niet zoals gevraagd",
    "Headers tell caches, browsers and clients how to handle an answer.",
    "Headers vertellen caches, browsers en clients hoe ze met een antwoord moeten omgaan.",
    "send the header that the check names", "stuur de header die de toets noemt";

    /// The content is not as asked.
    CONTENT = 5105,
    "the content is not as asked", "de inhoud is niet zoals gevraagd",
    "The answer came, but what is in it breaks the rule.", "Het antwoord kwam, maar wat erin staat breekt de regel.",
    "compare the answer with what the check expects", "vergelijk het antwoord met wat de toets verwacht";

    /// The same value twice, or one that can be guessed.
    GUESSABLE = 5106,
    "a secret repeats or can be guessed", "een geheim herhaalt zich of is te raden",
    "Codes and tokens must be unique and hard to guess: at least 128 bits by length and alphabet.",
    "Codes en tokens moeten uniek zijn en moeilijk te raden: minstens 128 bit naar lengte en alfabet.",
    "draw them from a cryptographic random source, 32 characters or more",
    "trek ze uit een cryptografische toevalsbron, 32 tekens of meer";

    /// Too late.
    TIME = 5107,
    "an answer took too long or lasts too long", "een antwoord duurde te lang of is te lang geldig",
    "MedMij sets maxima: 10 seconds for the token endpoint, 60 seconds for the resource endpoint, 15 minutes for an access token.",
    "MedMij stelt maxima: 10 seconden voor het token-endpoint, 60 seconden voor het resource-endpoint, 15 minuten voor een access-token.",
    "bring the duration within the maximum", "breng de duur binnen het maximum";

    /// A list breaks its schema or another rule.
    LIST = 5108,
    "a trust list breaks a rule", "een stelsellijst overtreedt een regel",
    "ZAL, OCL, WHL and GNL have an XML schema with patterns, unique keys and rising sequence numbers; receivers refuse what does not conform.",
    "ZAL, OCL, WHL en GNL hebben een XML-schema met patronen, unieke sleutels en oplopende volgnummers; ontvangers weigeren wat daar niet aan voldoet.",
    "correct the list and publish it with the next sequence number", "verbeter de lijst en publiceer die met het volgende volgnummer";

    /// TLS is not as asked.
    TLS = 5109,
    "TLS is not as asked", "TLS is niet zoals gevraagd",
    "The afsprakenstelsel follows the NCSC guidelines for TLS: versions 1.2 and 1.3, forward secrecy and authenticated encryption, mutual TLS on the backchannel.",
    "Het afsprakenstelsel volgt de TLS-richtlijnen van het NCSC: versies 1.2 en 1.3, forward secrecy en geauthenticeerde versleuteling, wederzijdse TLS op het backchannel.",
    "change the TLS settings of the server that is named", "pas de TLS-instellingen van de genoemde server aan";

    /// A certificate is not as asked.
    CERTIFICATE = 5110,
    "a certificate is not as asked", "een certificaat is niet zoals gevraagd",
    "The certificate must chain to the agreed authority, hold the host name, be valid and have a strong key.",
    "Het certificaat moet op de afgesproken uitgever uitkomen, de hostnaam bevatten, geldig zijn en een sterke sleutel hebben.",
    "replace the certificate, or send the whole chain", "vervang het certificaat, of stuur de hele keten";

    /// The server broke, or nobody answered.
    BROKEN = 5111,
    "the server broke instead of answering", "de server ging stuk in plaats van te antwoorden",
    "A status of 500 or higher, or no answer at all, to a request that deserves one.",
    "Een status van 500 of hoger, of helemaal geen antwoord, op een verzoek dat er een verdient.",
    "look in the log of the server at the time of the request", "kijk in het log van de server op het tijdstip van het verzoek";

    /// A citizen number where none may be.
    BSN = 5112,
    "a citizen service number stands where none may be", "er staat een BSN waar dat niet mag",
    "In MedMij the token says who the person is: no request and no answer holds the citizen service number.",
    "Bij MedMij zegt het token wie de persoon is: geen verzoek en geen antwoord bevat het burgerservicenummer.",
    "leave the identifier out", "laat de identifier weg";

    /// A client sent what it should not, or not what it should.
    REQUEST = 5113,
    "the request of the party is not as asked", "het verzoek van de partij is niet zoals gevraagd",
    "The party under test was the client here: what it sent breaks the rule.",
    "De geteste partij was hier de client: wat zij stuurde breekt de regel.",
    "compare the request with what the check expects", "vergelijk het verzoek met wat de toets verwacht";

    /// Something the user did not supply.
    INPUT = 5150,
    "something the check needs was not supplied", "iets wat de toets nodig heeft is niet aangeleverd",
    "A check that cannot run is not evaluated; it never counts as passed.",
    "Een toets die niet kan draaien is niet beoordeeld; hij telt nooit als goed.",
    "supply what the message names", "lever aan wat de melding noemt";

    /// Somebody has to look.
    MANUAL = 5151,
    "somebody has to look at this", "hier moet iemand naar kijken",
    "This cannot be seen over the network; a person states it, with `--answers FILE` or at the prompt.",
    "Dit is niet over het netwerk te zien; een mens verklaart het, met `--answers BESTAND` of op de vraag.",
    "answer it in the file of `--answers`, or run with `--ask`", "beantwoord het in het bestand van `--answers`, of draai met `--ask`";

    /// Another check has to hold first.
    BLOCKED = 5152,
    "something else has to work first", "eerst moet iets anders werken",
    "The check stands on an earlier step, a login for instance, that did not succeed.",
    "De toets staat op een eerdere stap, bijvoorbeeld een login, die niet lukte.",
    "solve what the message names and run again", "los op wat de melding noemt en draai opnieuw";

    /// It changes data, or takes long.
    GUARDED = 5153,
    "the check runs only when it is asked for", "de toets draait alleen als erom gevraagd is",
    "Checks that write on the system under test, or wait for minutes, have a flag of their own.",
    "Toetsen die op het geteste systeem schrijven of minuten wachten hebben een eigen vlag.",
    "give the flag that the message names", "geef de vlag die de melding noemt";

    /// It cannot be seen from outside.
    UNSEEN = 5154,
    "this run showed nothing the check can judge", "deze run liet niets zien wat de toets kan beoordelen",
    "The rule concerns a situation that did not come up, or that cannot be seen from outside.",
    "De regel gaat over een situatie die zich niet voordeed, of die van buiten niet te zien is.",
    "have the situation come up, or attach other evidence", "laat de situatie zich voordoen, of voeg ander bewijs toe";

    /// Another release of the afsprakenstelsel.
    RELEASE = 5155,
    "the check belongs to another release", "de toets hoort bij een andere release",
    "Rules of the afsprakenstelsel come and go with releases; `--release` says which one is tested.",
    "Regels van het afsprakenstelsel komen en gaan met releases; `--release` zegt welke getest wordt.",
    "choose the release with `--release`", "kies de release met `--release`";

    /// Good to know.
    NOTE = 5180,
    "a note", "een aantekening",
    "The source does not say, or does not say with certainty, what has to happen; what did happen is written down.",
    "De bron zegt niet, of niet met zekerheid, wat er moet gebeuren; wat er gebeurde is opgeschreven.",
    "nothing to do", "er hoeft niets te gebeuren";
}
