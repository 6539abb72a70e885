//! What can be wrong before a run, with the command line, settings and files: KEUR0001 to KEUR0099.

use crate::diagnostic::{Code, Diagnostic, Severity, rules};

rules! {
    /// The command line cannot be understood.
    USAGE = 1,
    "the command line is not understood", "de opdrachtregel wordt niet begrepen",
    "A flag, a value or a verb is not one that keur knows.",
    "Een vlag, waarde of werkwoord is er geen die keur kent.",
    "see `keur help`", "zie `keur help`";

    /// A path that was given cannot be used.
    PATH = 2,
    "a path cannot be read", "een pad kan niet worden gelezen",
    "Every path on the command line must exist and be readable before anything starts.",
    "Elk pad op de opdrachtregel moet bestaan en leesbaar zijn voordat er iets begint.",
    "check the spelling of the path and who may read it", "controleer de spelling van het pad en wie het mag lezen";

    /// There is no target.
    NO_TARGET = 4,
    "there is no server to test", "er is geen server om te testen",
    "Built-in suites bring their own fixtures and can be run against the built-in simulator. Other scripts need the base URL of a server.",
    "Ingebouwde suites hebben eigen fixtures en kunnen tegen de ingebouwde simulator draaien. Andere scripts hebben de basis-URL van een server nodig.",
    "give the base URL with `--target URL`, or start a simulator with `keur serve --fixtures FOLDER`",
    "geef de basis-URL met `--target URL`, of start een simulator met `keur serve --fixtures MAP`";

    /// The target is not a base URL.
    TARGET = 5,
    "the target is not a base URL", "het doel is geen basis-URL",
    "A base URL is absolute, `http` or `https`, and has no query or fragment; requests are put behind it.",
    "Een basis-URL is absoluut, `http` of `https`, zonder query of fragment; verzoeken komen erachter.",
    "give a URL such as `https://host/fhir`", "geef een URL zoals `https://host/fhir`";

    /// A script needs a token that was not given.
    TOKEN_MISSING = 6,
    "a token is missing", "een token ontbreekt",
    "Scripts take the access token of a test person from a variable `patient-token-NAME`; one without a value in the script must be given.",
    "Scripts nemen het access-token van een testpersoon uit een variabele `patient-token-NAAM`; zonder waarde in het script moet het worden opgegeven.",
    "give it with `--token NAME=env:VARIABLE` or `--token NAME=@FILE`; NAME `default` stands for all",
    "geef het met `--token NAAM=env:VARIABELE` of `--token NAAM=@BESTAND`; NAAM `default` staat voor alle";

    /// A token cannot be had.
    TOKEN = 7,
    "a token cannot be read", "een token kan niet worden gelezen",
    "A token is read from the environment or a file before anything is sent.",
    "Een token wordt uit de omgeving of een bestand gelezen voordat er iets wordt verstuurd.",
    "set the environment variable, or correct the path of the file",
    "zet de omgevingsvariabele, of verbeter het pad van het bestand";

    /// A token was typed in.
    TOKEN_LITERAL = 8,
    "a token stands on the command line", "een token staat op de opdrachtregel",
    "Command lines end up in shell histories and process lists. keur masks the token in everything it writes.",
    "Opdrachtregels komen in shellgeschiedenis en proceslijsten terecht. keur maskeert het token in alles wat het schrijft.",
    "use `--token NAME=env:VARIABLE` or `--token NAME=@FILE` for tokens that are not public test tokens",
    "gebruik `--token NAAM=env:VARIABELE` of `--token NAAM=@BESTAND` voor tokens die geen openbare testtokens zijn";

    /// A report cannot be written there.
    REPORT = 10,
    "a report cannot be written", "een rapport kan niet worden geschreven",
    "Where reports go is checked before the run starts, so that an hour of testing does not end in a missing folder.",
    "Waar rapporten komen wordt vóór de run gecontroleerd, zodat een uur testen niet eindigt in een ontbrekende map.",
    "make the folder, or give another path", "maak de map aan, of geef een ander pad";

    /// keur.toml cannot be used.
    SETTINGS = 11,
    "the settings file cannot be used", "het instellingenbestand is niet bruikbaar",
    "`keur.toml` in the current folder, or the file given with `--config`, is TOML with the names of the long flags as keys.",
    "`keur.toml` in de huidige map, of het bestand van `--config`, is TOML met de namen van de lange vlaggen als sleutels.",
    "repair the file", "herstel het bestand";

    /// A key of keur.toml that keur does not know.
    SETTING_UNKNOWN = 12,
    "a setting is unknown", "een instelling is onbekend",
    "A key that keur does not know does nothing; most likely it is misspelt.",
    "Een sleutel die keur niet kent doet niets; waarschijnlijk is hij verkeerd gespeld.",
    "correct the key or take it out; `--show-settings` shows what is in force",
    "verbeter of verwijder de sleutel; `--show-settings` toont wat geldt";

    /// A value of a setting that cannot be used.
    SETTING_VALUE = 13,
    "a setting has a value that it cannot have", "een instelling heeft een onmogelijke waarde",
    "The value is checked wherever it comes from: flag, environment, file.",
    "De waarde wordt gecontroleerd waar zij ook vandaan komt: vlag, omgeving, bestand.",
    "give one of the values named", "geef een van de genoemde waarden";

    /// A package cannot be loaded.
    PACKAGE = 14,
    "a package cannot be loaded", "een package kan niet worden geladen",
    "A FHIR package is a .tgz or a folder with package.json, or NAME@VERSION in the package cache.",
    "Een FHIR-package is een .tgz of een map met package.json, of NAAM@VERSIE in de packagecache.",
    "give the path of a package, or put it in `~/.fhir/packages`", "geef het pad van een package, of zet het in `~/.fhir/packages`";

    /// The simulator does not start.
    SIMULATOR = 15,
    "the simulator does not start", "de simulator start niet",
    "It reads its fixtures and tokens first and then listens.",
    "Hij leest eerst zijn fixtures en tokens en luistert dan.",
    "correct what is named, or give another `--listen` address", "verbeter wat genoemd is, of geef een ander adres met `--listen`";

    /// A document is not FHIR.
    DOCUMENT = 16,
    "a document cannot be read as FHIR", "een document is niet als FHIR te lezen",
    "FHIR documents are XML or JSON, well-formed, with a resource as their root.",
    "FHIR-documenten zijn welgevormde XML of JSON met een resource als wortel.",
    "repair the document at the place marked", "herstel het document op de aangegeven plaats";

    /// An expression has no result.
    EXPRESSION = 17,
    "a FHIRPath expression cannot be evaluated", "een FHIRPath-expressie is niet te evalueren",
    "It does not parse, or what it asks cannot be done with what is there.",
    "Zij is niet te ontleden, of wat zij vraagt kan niet met wat er is.",
    "correct the expression at the place marked", "verbeter de expressie op de aangegeven plaats";

    /// A code that keur does not have.
    CODE = 18,
    "a rule code is unknown", "een regelcode is onbekend",
    "Codes are `KEUR` and four digits, as reports show them.",
    "Codes zijn `KEUR` en vier cijfers, zoals rapporten ze tonen.",
    "`keur explain` without a code lists them all", "`keur explain` zonder code noemt ze allemaal";

    /// The record of a run cannot be written.
    RECORD = 19,
    "the record of the run cannot be written", "de opname van de run kan niet worden geschreven",
    "What is not recorded cannot be reported, so the run ends. The record is in `.keur/runs` of the current folder.",
    "Wat niet is vastgelegd kan niet worden gerapporteerd, dus de run stopt. De opname staat in `.keur/runs` van de huidige map.",
    "make the folder writable, or run in another one", "maak de map schrijfbaar, of draai in een andere map";

    /// A defect that the simulator does not have.
    DEFECT = 20,
    "a defect is unknown", "een defect is onbekend",
    "Defects are faults of the built-in simulator that can be switched on, to see that scripts find them.",
    "Defecten zijn fouten van de ingebouwde simulator die aangezet kunnen worden, om te zien dat scripts ze vinden.",
    "`keur serve --defect list` names them all", "`keur serve --defect list` noemt ze allemaal";

    /// A list of tokens cannot be used.
    TOKENS = 21,
    "a list of tokens cannot be used", "een lijst met tokens is niet bruikbaar",
    "The list is JSON: objects with `accessToken`, `resourceId` (the id of the Patient) and `bsn`, as in the official `QualificationTokens.json`.",
    "De lijst is JSON: objecten met `accessToken`, `resourceId` (het id van de Patient) en `bsn`, zoals in het officiële `QualificationTokens.json`.",
    "repair the file", "herstel het bestand";

    /// A data service without a suite.
    SERVICE = 30,
    "there is no suite for a data service", "er is geen suite voor een gegevensdienst",
    "A data service is known by its number in the MedMij catalogue (48 is the BgZ); a suite names it in `suite.toml`.",
    "Een gegevensdienst is bekend onder zijn nummer in de MedMij-catalogus (48 is de BgZ); een suite noemt het in `suite.toml`.",
    "`keur list --own` shows every suite with its data service", "`keur list --own` toont elke suite met haar gegevensdienst";

    /// A suite that is to be made is there already, or cannot be made.
    NEW = 31,
    "a suite cannot be made", "een suite kan niet worden gemaakt",
    "A new suite has a name and folders of its own; keur writes over nothing.",
    "Een nieuwe suite heeft een eigen naam en eigen mappen; keur overschrijft niets.",
    "give another name, or run keur in another folder", "geef een andere naam, of start keur in een andere map";
}

/// Something that stops keur.
pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Error, code, message)
}

/// Something to know before going on.
pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Warning, code, message)
}
