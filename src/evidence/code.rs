//! The codes of evidence, KEUR6000 to KEUR6099.

use crate::diagnostic::{Code, Diagnostic, Severity};

crate::diagnostic::rules! {
    /// A record or bundle cannot be used.
    RECORD = 6000,
    "a record cannot be used", "een opname is niet bruikbaar",
    "A record is the folder of a run (`.keur/runs/…`) or a bundle made of it, complete and as it was written.",
    "Een opname is de map van een run (`.keur/runs/…`) of een daarvan gemaakte bundel, compleet en zoals zij geschreven is.",
    "give the folder of a run, its id, or a bundle", "geef de map van een run, zijn id, of een bundel";

    /// A replay comes to something else than the run did.
    DIFFERS = 6001,
    "the replay differs from the record", "de replay verschilt van de opname",
    "The same scripts and packages over the same bytes give the same verdicts. Where they do not, the record was altered or it was made by another version of keur.",
    "Dezelfde scripts en packages over dezelfde bytes geven dezelfde oordelen. Waar dat niet zo is, is de opname gewijzigd of door een andere versie van keur gemaakt.",
    "replay with the version of keur that made the record; if it differs still, the record is not evidence",
    "speel af met de versie van keur die de opname maakte; verschilt het nog steeds, dan is de opname geen bewijs";

    /// What verdicts rest on is not what it was.
    DEFINITIONS = 6002,
    "a package is not the one of the run", "een package is niet dat van de run",
    "Verdicts rest on packages. A replay with others is a what-if and has to be asked for.",
    "Oordelen rusten op packages. Een replay met andere is een wat-als en moet gevraagd worden.",
    "give the package of the run with `--package`; to see what another one gives, name it there",
    "geef het package van de run met `--package`; om te zien wat een ander geeft, noem het daar";

    /// A bundle is not what was packed.
    ALTERED = 6003,
    "the bundle is not what was packed", "de bundel is niet wat is ingepakt",
    "A bundle has one form: every entry is named with its hash in the manifest, in that order, and nothing else is in the file. Any change to it shows.",
    "Een bundel heeft één vorm: elk onderdeel staat met zijn hash in het manifest, in die volgorde, en verder zit er niets in het bestand. Elke wijziging is te zien.",
    "ask for the bundle again; if it was changed on purpose, it is not evidence",
    "vraag de bundel opnieuw op; is zij met opzet gewijzigd, dan is zij geen bewijs";

    /// The signature does not hold, or is not there.
    SIGNATURE = 6004,
    "the signature does not hold", "de handtekening klopt niet",
    "The signature is over the manifest, which holds the hash of everything else. It holds when the manifest is as it was signed, by the key that is expected.",
    "De handtekening is over het manifest, dat de hash van al het andere bevat. Zij klopt als het manifest is zoals het getekend is, met de verwachte sleutel.",
    "compare the fingerprint of the key with the signer, over another channel than the bundle came",
    "vergelijk de vingerafdruk van de sleutel met de ondertekenaar, langs een ander kanaal dan de bundel kwam";

    /// A key cannot be used.
    KEY = 6005,
    "a key cannot be used", "een sleutel is niet bruikbaar",
    "Bundles are signed with an Ed25519 key in the form of OpenSSH (`keur evidence keygen`) or with an X.509 key and certificate in PEM.",
    "Bundels worden getekend met een Ed25519-sleutel in de vorm van OpenSSH (`keur evidence keygen`) of met een X.509-sleutel en -certificaat in PEM.",
    "give a key without passphrase that only you can read", "geef een sleutel zonder wachtwoordzin die alleen u kunt lezen";

    /// A bundle cannot be written.
    WRITE = 6006,
    "the bundle cannot be written", "de bundel kan niet worden geschreven",
    "A bundle is written whole under another name and then given its own.",
    "Een bundel wordt geheel onder een andere naam geschreven en krijgt dan de eigen naam.",
    "give a path in a folder that is writable", "geef een pad in een map waarin geschreven mag worden";

    /// Masking persons changes a verdict.
    MASKED = 6007,
    "with persons masked this verdict cannot be given", "met gemaskeerde personen is dit oordeel niet te geven",
    "The bundle holds masked bodies. An assert that looks at what was masked comes to another verdict there, so it is not evaluated without the sealed originals.",
    "De bundel bevat gemaskeerde berichten. Een assert die kijkt naar wat gemaskeerd is komt daar tot een ander oordeel, dus zonder de verzegelde originelen is hij niet beoordeeld.",
    "pack with `--seal-for RECIPIENT`, so that the auditor can replay the originals",
    "pak in met `--seal-for ONTVANGER`, zodat de auditor de originelen kan afspelen";

    /// Something looks like a real person.
    REAL_PERSON = 6008,
    "this looks like a real person", "dit lijkt een echt persoon",
    "A citizen service number outside the range of test numbers was given or received. Conformance is tested with fictitious persons only.",
    "Een burgerservicenummer buiten de reeks van testnummers is gegeven of ontvangen. Conformiteit wordt alleen met fictieve personen getest.",
    "test an environment with test persons only", "test een omgeving met alleen testpersonen";

    /// A replay was not given the sealed originals.
    SEALED = 6009,
    "the originals cannot be opened", "de originelen zijn niet te openen",
    "The originals in a bundle are encrypted to the recipients it was sealed for.",
    "De originelen in een bundel zijn versleuteld voor de ontvangers waarvoor zij verzegeld is.",
    "give the identity of a recipient with `--identity FILE`", "geef de identiteit van een ontvanger met `--identity BESTAND`";

    /// Runs cannot be compared.
    COMPARE = 6010,
    "the runs cannot be compared", "de runs zijn niet te vergelijken",
    "A run is given as its folder, its id, a bundle, or its JSON report.",
    "Een run wordt gegeven als zijn map, zijn id, een bundel, of zijn JSON-rapport.",
    "give two runs", "geef twee runs";

    /// The key of pseudonyms cannot be used.
    MASK_KEY = 6011,
    "the key for masking cannot be used", "de sleutel voor maskeren is niet bruikbaar",
    "Persons in reports and bundles get pseudonyms that depend on a secret key: under one key they stay the same, under another nobody can connect them.",
    "Personen in rapporten en bundels krijgen pseudoniemen die van een geheime sleutel afhangen: onder één sleutel blijven ze gelijk, onder een andere kan niemand ze verbinden.",
    "give `--mask-key env:VARIABLE` or `--mask-key @FILE`; without one keur makes a key in `.keur/mask.key`",
    "geef `--mask-key env:VARIABELE` of `--mask-key @BESTAND`; zonder maakt keur een sleutel in `.keur/mask.key`";
}

/// Something that stops keur.
pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Error, code, message)
}

/// Something to know.
pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Warning, code, message)
}
