//! The facts that the binary carries beside the packages they were taken from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keur::definitions::package::{Manifest, Package};
use keur::definitions::profile::{ElementDefinition, ElementRules, Slicing};
use keur::definitions::terminology::CodeRef;
use keur::definitions::{
    Definitions, Loaded, StructureFacts, TypeTable, Used, distill, embedded_packages, embedded_structures,
};
use keur::fhir::FhirVersion;
use libtest_mimic::Failed;

pub fn equal_to_package(version: FhirVersion, path: PathBuf) -> Result<(), Failed> {
    let package = Package::open(&path)?;
    assert!(package.unreadable().is_empty());
    let official = distill::structures(&package)?;
    let embedded = embedded_structures(version)?;
    let names = |s: &[StructureFacts]| s.iter().map(|s| s.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&official), names(&embedded));
    for (a, b) in official.iter().zip(&embedded) {
        assert_eq!(a, b, "{}", a.name);
    }
    let given = Definitions::with_packages(version, vec![Loaded::from_path(&path)?])?;
    let (ours, theirs) = (Definitions::embedded(version).types(), given.types());
    assert_eq!(dump(&ours), dump(&theirs));
    assert_eq!(given.used()[0].sha256, package.sha256());
    let core = |used: &Used| used.package.ends_with(".core");
    assert_eq!(
        given.used().into_iter().filter(core).count(),
        1,
        "a core package given by path takes the place of the embedded one"
    );
    assert!(
        Definitions::embedded(version).search_parameters() == given.search_parameters(),
        "search parameters differ"
    );
    Ok(())
}

/// The packages whose facts the binary carries, by the files they were taken from.
pub const CARRIED: [&str; 22] = [
    "hl7.fhir.r3.core-3.0.2",
    "hl7.fhir.r3.expansions-3.0.2",
    "hl7.fhir.r4.core-4.0.1",
    "hl7.fhir.r4.expansions",
    "nictiz.fhir.nl.r4.immunization-2.0.0",
    "nictiz.fhir.nl.r4.medicationprocess9-2.0.0-beta.5",
    "nictiz.fhir.nl.r4.medicationprocess9-2.0.0-rc.7",
    "nictiz.fhir.nl.r4.nl-core-0.8.0-beta.1",
    "nictiz.fhir.nl.r4.nl-core-0.10.0-beta.1",
    "nictiz.fhir.nl.r4.nl-core-0.11.0-beta.1",
    "nictiz.fhir.nl.r4.patientcorrections-1.0.6",
    "nictiz.fhir.nl.r4.zib2020-0.8.0-beta.1",
    "nictiz.fhir.nl.r4.zib2020-0.10.0-beta.1",
    "nictiz.fhir.nl.r4.zib2020-0.11.0-beta.1",
    "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha",
    "nictiz.fhir.nl.stu3.eafspraak-1.0.6",
    "nictiz.fhir.nl.stu3.eoverdracht-1.0.0-rc.23",
    "nictiz.fhir.nl.stu3.geboortezorg-1.3.3",
    "nictiz.fhir.nl.stu3.images-1.0.3",
    "nictiz.fhir.nl.stu3.questionnaires-2.0.8",
    "nictiz.fhir.nl.stu3.zib2017-1.3.19",
    "nictiz.fhir.nl.stu3.zib2017-2.2.18",
];

/// Of these the STU3 ones that are used where nobody asks for others, in the order in which they count.
const USUAL: [&str; 9] = [
    "hl7.fhir.r3.expansions-3.0.2",
    "nictiz.fhir.nl.stu3.zib2017-2.2.18",
    "nictiz.fhir.nl.stu3.eafspraak-1.0.6",
    "nictiz.fhir.nl.stu3.eoverdracht-1.0.0-rc.23",
    "nictiz.fhir.nl.stu3.geboortezorg-1.3.3",
    "nictiz.fhir.nl.stu3.images-1.0.3",
    "nictiz.fhir.nl.stu3.questionnaires-2.0.8",
    "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha",
    "hl7.fhir.r3.core-3.0.2",
];

pub fn distilled(path: PathBuf) -> Result<(), Failed> {
    let package = Package::open(&path)?;
    let folder = format!("profiles/{}", package.label());
    let files = distill::fact_files(&package)?;
    for (name, text) in &files {
        let path = format!("{folder}/{name}");
        let file = keur::embedded::file(&path).ok_or_else(|| format!("`{path}` is not embedded"))?;
        assert!(file.text() == Some(text), "{path}: run `keur package distill` again");
    }
    assert_eq!(keur::embedded::below(&folder).len(), files.len(), "{folder} has files of its own");
    Ok(())
}

pub fn every_one_compared() -> Result<(), Failed> {
    // The branch of bgz calls itself by the number of the release; expansions of R4 have no number in their name.
    let file = |m: Manifest| match &*m.name {
        "nictiz.fhir.nl.stu3.bgz" => "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha".to_owned(),
        "hl7.fhir.r4.expansions" => m.name,
        _ => format!("{}-{}", m.name, m.version),
    };
    let embedded: Vec<String> = embedded_packages().into_iter().map(file).collect();
    assert_eq!(embedded, CARRIED);
    let usual = Definitions::embedded(FhirVersion::Stu3).used().into_iter().skip(1).map(|u| u.package);
    let expected = USUAL.iter().filter(|file| !file.contains(".core-"));
    for (used, expected) in usual.zip(expected) {
        assert!(expected.starts_with(&used), "{used} where {expected} was expected");
    }
    Ok(())
}

/// The STU3 packages whose facts are used where nobody asks for others, as packages.
fn official(folder: &Path) -> Result<Definitions, Failed> {
    let open = |file: &&str| Loaded::from_path(&folder.join(format!("{file}.tgz")));
    Ok(Definitions::with_packages(FhirVersion::Stu3, USUAL.iter().map(open).collect::<Result<_, _>>()?)?)
}

pub fn same_snapshots(folder: PathBuf) -> Result<(), Failed> {
    let (given, embedded) = (official(&folder)?.profiles(), Definitions::embedded(FhirVersion::Stu3).profiles());
    let (mut compared, mut elements, mut differences) = (0, 0, vec![]);
    for url in embedded.urls() {
        let (ours, theirs) = (embedded.snapshot(&url), given.snapshot(&url));
        let (ours, theirs) = match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (ours, theirs) => {
                differences.push(format!("{url}: {:?} against {:?}", ours.err(), theirs.err()));
                continue;
            }
        };
        compared += 1;
        let (ours, theirs) = (ours.elements(), theirs.elements());
        elements += theirs.len();
        // The `value` of a primitive is no element of the facts: it is the primitive.
        let value = |e: &ElementDefinition| {
            e.path.ends_with(".value") && e.rules.types.iter().all(|t| t.code.is_empty()) && e.rules.fixed.is_none()
        };
        let id = |e: &ElementDefinition| e.id.clone().unwrap_or_default();
        let ours: BTreeMap<_, _> = ours.iter().map(|e| (id(e), e)).collect();
        let theirs: BTreeMap<_, _> = theirs.iter().filter(|e| !value(e)).map(|e| (id(e), e)).collect();
        let extra =
            ours.keys().filter(|id| !theirs.contains_key(*id)).map(|id| format!("{url} {id}: only in the facts"));
        let lacking =
            theirs.keys().filter(|id| !ours.contains_key(*id)).map(|id| format!("{url} {id}: only in the package"));
        differences.extend(extra.chain(lacking));
        for (id, theirs) in &theirs {
            let Some(ours) = ours.get(id) else { continue };
            // Extensions are told apart by their url, whether a base type says so or not.
            let slicing = |e: &ElementDefinition| {
                let by_url = |s: &Slicing| s.discriminators.iter().all(|d| &*d.path == "url");
                e.rules.slicing.clone().filter(|s| !(e.path.ends_with("xtension") && by_url(s)))
            };
            let (a, b) = (&ours.rules, &theirs.rules);
            let keys = |r: &ElementRules| {
                let keys = r.constraints.iter().map(|c| c.key.clone()).filter(|k| !matches!(&**k, "ele-1" | "ext-1"));
                keys.collect::<std::collections::BTreeSet<_>>()
            };
            // A binding to words alone binds nothing.
            let bound = |r: &ElementRules| r.binding.clone().filter(|b| b.value_set.is_some());
            for (what, same) in [
                ("min", a.min == b.min || !id.contains('.')),
                ("max", a.max == b.max || !id.contains('.')),
                ("types", a.types == b.types),
                ("fixed", a.fixed == b.fixed),
                ("pattern", a.pattern == b.pattern),
                ("min value", a.min_value == b.min_value),
                ("max value", a.max_value == b.max_value),
                ("binding", bound(a) == bound(b)),
                ("slicing", slicing(ours) == slicing(theirs)),
                ("invariants", keys(a) == keys(b)),
            ] {
                if !same {
                    differences.push(format!(
                        "{url} {id}: {what}: {:?} against {:?}",
                        a.constraints.len(),
                        b.constraints.len()
                    ));
                }
            }
        }
    }
    println!("{compared} snapshots, {elements} elements, {} differences", differences.len());
    for difference in differences.iter().take(40) {
        println!("  {difference}");
    }
    match differences.is_empty() {
        true => Ok(()),
        false => Err(format!("{} differences", differences.len()).into()),
    }
}

/// Codes of several systems, in every value set of the packages.
pub fn same_terminology(folder: PathBuf) -> Result<(), Failed> {
    // Long expansions are left out of the facts: the package with all of them is compared by what it lists.
    let without = USUAL.iter().filter(|file| !file.contains(".expansions"));
    let open = |file: &&str| Loaded::from_path(&folder.join(format!("{file}.tgz")));
    let given = Definitions::with_packages(FhirVersion::Stu3, without.map(open).collect::<Result<_, _>>()?)?;
    let (given, embedded) = (given.terminology(), Definitions::embedded(FhirVersion::Stu3).terminology());
    let codes = [
        (Some("http://snomed.info/sct"), "55561003"),
        (Some("http://loinc.org"), "8480-6"),
        (Some("http://hl7.org/fhir/v3/NullFlavor"), "UNK"),
        (Some("http://hl7.org/fhir/v3/NullFlavor"), "nonsense"),
        (Some("http://hl7.org/fhir/v3/AddressUse"), "HP"),
        (None, "final"),
        (None, "nonsense"),
        (None, "mm[Hg]"),
        (Some("urn:nothing"), "1"),
    ];
    let mut compared = 0;
    for file in USUAL.iter().filter(|file| !file.contains("expansions")) {
        let package = Package::open(&folder.join(format!("{file}.tgz")))?;
        for url in package.of_type("ValueSet").filter_map(|r| r.outline.url.as_deref()) {
            for (system, code) in codes {
                let code = CodeRef { system, code };
                assert_eq!(embedded.membership(url, code), given.membership(url, code), "{url} {code:?}");
                compared += 1;
            }
        }
        for url in package.of_type("CodeSystem").filter_map(|r| r.outline.url.as_deref()) {
            let (ours, theirs) = (embedded.code_system(url), given.code_system(url));
            let (Some(ours), Some(theirs)) = (ours, theirs) else { return Err(format!("{url} is not there").into()) };
            assert_eq!((ours.len(), ours.content), (theirs.len(), theirs.content), "{url}");
        }
    }
    println!("{compared} memberships");
    Ok(())
}

/// Everything a type table holds, as text.
fn dump(table: &TypeTable) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for (id, ty) in table.types() {
        let base = ty.base.map(|b| &*table.get(b).name);
        let _ = writeln!(out, "{} {:?} {base:?} {}", ty.name, ty.class, ty.is_abstract);
        for (_, element) in table.elements_of(id) {
            let _ = writeln!(out, "  {element:?}");
        }
    }
    out
}
