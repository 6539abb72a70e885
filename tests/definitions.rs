//! The facts the binary carries say the same as the official packages they were taken from.

#[path = "definitions/verdicts.rs"]
mod verdicts;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use keur::definitions::package::Package;
use keur::definitions::{Definitions, Loaded, TypeTable, distill, embedded_structures};
use keur::fhir::FhirVersion;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut trials = vec![];
    for (version, file) in
        [(FhirVersion::Stu3, "hl7.fhir.r3.core-3.0.2.tgz"), (FhirVersion::R4, "hl7.fhir.r4.core-4.0.1.tgz")]
    {
        let name = format!("embedded_{version}_facts_equal_the_official_core_package");
        trials.push(with_asset(&name, &format!("packages/{file}"), move |path| equal_to_package(version, path)));
    }
    trials.push(Trial::test("every_embedded_package_is_compared", every_one_compared));
    for file in CARRIED {
        let name = format!("what_is_embedded_of_{file}_is_what_it_distills_to");
        trials.push(with_asset(&name, &format!("packages/{file}.tgz"), distilled));
    }
    trials.push(with_asset("facts_and_packages_give_the_same_snapshots", "packages", same_snapshots));
    trials.push(with_asset("facts_and_packages_decide_the_same_codes", "packages", same_terminology));
    for release in FhirVersion::ALL {
        let name = format!("facts_and_packages_give_the_same_verdicts_on_{release}_fixtures");
        trials.push(with_asset(&name, "oracle", move |oracle| verdicts::same(release, &oracle)));
    }
    trials.push(Trial::test("the_base_types_say_what_the_specification_says", spot_table));
    trials.push(Trial::test("search_parameters_find_what_they_name", search_table));
    trials.push(with_asset(
        "parameters_of_a_package_join_those_of_the_base",
        "packages/nictiz.fhir.nl.stu3.zib2017-2.2.18.tgz",
        zib_parameters,
    ));
    trials.push(with_asset("every_package_opens_and_says_what_it_is", "packages", every_package));
    trials.push(with_asset("the_official_packages_resolve_with_their_dependencies", "packages", official_resolution));
    trials.push(Trial::test("a_package_is_the_same_from_a_tarball_and_from_a_folder", tarball_and_folder));
    trials.push(Trial::test("a_package_that_is_not_one_is_refused_with_its_reason", not_a_package));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test on official material: ignored where it is not there, failing when it must be.
fn with_asset(name: &str, asset: &str, test: impl FnOnce(PathBuf) -> Result<(), Failed> + Send + 'static) -> Trial {
    let root = std::env::var_os("KEUR_ASSETS").map_or_else(|| PathBuf::from("target/assets"), PathBuf::from);
    let path = root.join(asset);
    let required = std::env::var_os("KEUR_REQUIRE_ASSETS").is_some_and(|v| v == "1");
    let present = path.exists();
    if !present && !required {
        eprintln!("{name}: `{}` is not there, ignored", path.display());
    }
    let run = move || match present {
        true => test(path),
        false => Err(format!("`{}` is not there", path.display()).into()),
    };
    Trial::test(name, run).with_ignored_flag(!present && !required)
}

fn equal_to_package(version: FhirVersion, path: PathBuf) -> Result<(), Failed> {
    let package = Package::open(&path)?;
    assert!(package.unreadable().is_empty());
    let official = distill::structures(&package)?;
    let embedded = embedded_structures(version)?;
    let names = |s: &[keur::definitions::StructureFacts]| s.iter().map(|s| s.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&official), names(&embedded));
    for (a, b) in official.iter().zip(&embedded) {
        assert_eq!(a, b, "{}", a.name);
    }
    let given = Definitions::with_packages(version, vec![Loaded::from_path(&path)?])?;
    let (ours, theirs) = (Definitions::embedded(version).types(), given.types());
    assert_eq!(dump(&ours), dump(&theirs));
    assert_eq!(given.used()[0].sha256, package.sha256());
    let core = |used: &keur::definitions::Used| used.package.ends_with(".core");
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
const CARRIED: [&str; 22] = [
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

fn distilled(path: PathBuf) -> Result<(), Failed> {
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

fn every_one_compared() -> Result<(), Failed> {
    // The branch of bgz calls itself by the number of the release; expansions of R4 have no number in their name.
    let file = |m: keur::definitions::package::Manifest| match &*m.name {
        "nictiz.fhir.nl.stu3.bgz" => "nictiz.fhir.nl.stu3.bgz-msz-2.0-alpha".to_owned(),
        "hl7.fhir.r4.expansions" => m.name,
        _ => format!("{}-{}", m.name, m.version),
    };
    let embedded: Vec<String> = keur::definitions::embedded_packages().into_iter().map(file).collect();
    assert_eq!(embedded, CARRIED);
    let usual = Definitions::embedded(FhirVersion::Stu3).used().into_iter().skip(1).map(|u| u.package);
    let expected = USUAL.iter().filter(|file| !file.contains(".core-"));
    for (used, expected) in usual.zip(expected) {
        assert!(expected.starts_with(&used), "{used} where {expected} was expected");
    }
    Ok(())
}

/// The STU3 packages whose facts are used where nobody asks for others, as packages.
fn official(folder: &std::path::Path) -> Result<Definitions, Failed> {
    let open = |file: &&str| Loaded::from_path(&folder.join(format!("{file}.tgz")));
    Ok(Definitions::with_packages(FhirVersion::Stu3, USUAL.iter().map(open).collect::<Result<_, _>>()?)?)
}

fn same_snapshots(folder: PathBuf) -> Result<(), Failed> {
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
        let value = |e: &keur::definitions::profile::ElementDefinition| {
            e.path.ends_with(".value") && e.rules.types.iter().all(|t| t.code.is_empty()) && e.rules.fixed.is_none()
        };
        let id = |e: &keur::definitions::profile::ElementDefinition| e.id.clone().unwrap_or_default();
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
            let slicing = |e: &keur::definitions::profile::ElementDefinition| {
                let by_url =
                    |s: &keur::definitions::profile::Slicing| s.discriminators.iter().all(|d| &*d.path == "url");
                e.rules.slicing.clone().filter(|s| !(e.path.ends_with("xtension") && by_url(s)))
            };
            let (a, b) = (&ours.rules, &theirs.rules);
            let keys = |r: &keur::definitions::profile::ElementRules| {
                let keys = r.constraints.iter().map(|c| c.key.clone()).filter(|k| !matches!(&**k, "ele-1" | "ext-1"));
                keys.collect::<std::collections::BTreeSet<_>>()
            };
            // A binding to words alone binds nothing.
            let bound =
                |r: &keur::definitions::profile::ElementRules| r.binding.clone().filter(|b| b.value_set.is_some());
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
fn same_terminology(folder: PathBuf) -> Result<(), Failed> {
    use keur::definitions::terminology::CodeRef;
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

/// Small cases, by hand from the pages of the specification.
fn spot_table() -> Result<(), Failed> {
    use FhirVersion::{R4, Stu3};
    // Version, type, name as written, cardinality, type it then has, its binding.
    let table = [
        (Stu3, "Observation", "status", "1..1", "code", "required=http://hl7.org/fhir/ValueSet/observation-status"),
        (Stu3, "Observation", "valueQuantity", "0..1", "Quantity", ""),
        (Stu3, "Observation", "valueInteger", "", "", ""),
        (R4, "Observation", "valueInteger", "0..1", "integer", ""),
        (Stu3, "Observation", "context", "0..1", "Reference", ""),
        (R4, "Observation", "context", "", "", ""),
        (Stu3, "Observation", "component", "0..*", "Observation.component", ""),
        (Stu3, "Observation.component", "referenceRange", "0..*", "Observation.referenceRange", ""),
        (Stu3, "Observation", "id", "0..1", "id", ""),
        (R4, "Observation", "id", "0..1", "id", ""),
        (Stu3, "Observation.component", "id", "0..1", "string", ""),
        (R4, "Observation.component", "id", "0..1", "string", ""),
        (R4, "Extension", "url", "1..1", "uri", ""),
        (Stu3, "Patient", "deceasedBoolean", "0..1", "boolean", ""),
        (Stu3, "Patient", "deceased", "", "", ""),
        (Stu3, "Bundle.entry", "link", "0..*", "Bundle.link", ""),
        (Stu3, "Bundle.entry", "resource", "0..1", "Resource", ""),
        (Stu3, "Timing.repeat", "boundsPeriod", "0..1", "Period", ""),
        (Stu3, "Extension", "valueMoney", "0..1", "Money", ""),
        (Stu3, "Money", "currency", "", "", ""),
        (R4, "Money", "currency", "0..1", "code", "required=http://hl7.org/fhir/ValueSet/currencies|4.0.1"),
        (Stu3, "code", "value", "", "", ""),
        (Stu3, "code", "extension", "0..*", "Extension", ""),
        (Stu3, "Narrative", "div", "1..1", "xhtml", ""),
        (Stu3, "xhtml", "extension", "0..0", "Extension", ""),
        (Stu3, "ValueSet.compose", "exclude", "0..*", "ValueSet.compose.include", ""),
        (Stu3, "Questionnaire.item", "item", "0..*", "Questionnaire.item", ""),
    ];
    for (version, ty, name, cardinality, child_type, binding) in table {
        let types = Definitions::embedded(version).types();
        let case = format!("{version} {ty}.{name}");
        let ty = types.type_named(ty).ok_or_else(|| format!("{case}: no such type"))?;
        let Some((element, found)) = types.child(ty, name) else {
            assert_eq!(cardinality, "", "{case}");
            continue;
        };
        let element = types.element_at(element);
        let max = element.max.map_or("*".to_owned(), |m| m.to_string());
        assert_eq!(format!("{}..{max}", element.min), cardinality, "{case}");
        assert_eq!(&*types.get(found).name, child_type, "{case}");
        if !binding.is_empty() {
            let bound = element.binding.as_ref().ok_or_else(|| format!("{case}: not bound"))?;
            assert_eq!(format!("{}={}", bound.strength.code(), bound.value_set), binding, "{case}");
        }
    }
    let types = Definitions::embedded(Stu3).types();
    let id = |name: &str| types.type_named(name).ok_or_else(|| format!("no {name}"));
    for (ty, ancestor, expected) in [
        ("Patient", "DomainResource", true),
        ("Bundle", "DomainResource", false),
        ("Bundle", "Resource", true),
        ("Age", "Quantity", true),
        ("Quantity", "Element", true),
        ("positiveInt", "integer", true),
        ("Observation.component", "BackboneElement", true),
        ("Timing.repeat", "Element", true),
    ] {
        assert_eq!(types.is_a(id(ty)?, id(ancestor)?), expected, "{ty} is a {ancestor}");
    }
    Ok(())
}

fn search_table() -> Result<(), Failed> {
    use FhirVersion::{R4, Stu3};
    let table = [
        (Stu3, "Observation", "code", "token", "code"),
        (Stu3, "Observation", "_id", "token", "id"),
        (Stu3, "Observation", "_lastUpdated", "date", "meta.lastUpdated"),
        (Stu3, "Observation", "value-quantity", "quantity", "value:Quantity"),
        (R4, "Observation", "value-quantity", "quantity", "value:Quantity,value:SampledData"),
        (Stu3, "Patient", "email", "token", "telecom[system=email]"),
        (R4, "Patient", "deceased", "token", "deceased?!false"),
        (Stu3, "Bundle", "composition", "reference", "entry[0].resource"),
        (Stu3, "MedicationDispense", "whenhandedover", "date", "whenHandedOver"),
        (R4, "Account", "patient", "reference", "subject->Patient"),
        (Stu3, "Observation", "nonsense", "", ""),
        (Stu3, "Bundle", "_text", "", ""),
    ];
    for (version, ty, code, kind, paths) in table {
        let parameters = Definitions::embedded(version).search_parameters();
        let Some(found) = parameters.lookup(ty, code) else {
            assert_eq!(kind, "", "{version} {ty} {code}");
            continue;
        };
        assert_eq!(found.ty.code(), kind, "{version} {ty} {code}");
        let written: Vec<String> = found.paths.iter().map(ToString::to_string).collect();
        assert_eq!(written.join(","), paths, "{version} {ty} {code}");
    }
    let parameters = Definitions::embedded(Stu3).search_parameters();
    let codes = |ty| parameters.compartment("Patient", ty).map(|p| &*p.code).collect::<Vec<_>>().join(" ");
    assert_eq!(codes("Observation"), "subject performer");
    assert_eq!(codes("AllergyIntolerance"), "patient recorder asserter");
    assert_eq!(codes("Medication"), "");
    let composite = parameters.lookup("Observation", "code-value-quantity").ok_or("no composite")?;
    for component in &composite.components {
        assert!(parameters.lookup("Observation", &component.code).is_some(), "{}", component.code);
    }
    // Every path of a supported parameter starts at an element of its type, in both releases.
    for version in FhirVersion::ALL {
        let types = Definitions::embedded(version).types();
        let parameters = Definitions::embedded(version).search_parameters();
        let mut unsupported = vec![];
        for (id, ty) in types.types().filter(|(_, t)| !t.is_abstract) {
            for parameter in parameters.of_type(&ty.name).filter(|_| ty.class == keur::definitions::TypeClass::Resource)
            {
                if !parameter.is_supported() {
                    unsupported.push(&*parameter.code);
                }
                for path in &parameter.paths {
                    let Some(keur::definitions::search::PathStep::Child(first)) = path.steps.first() else { continue };
                    let known = types.elements_of(id).any(|(_, e)| e.name == *first);
                    assert!(known, "{version} {}.{first} of `{}`", ty.name, parameter.code);
                }
            }
        }
        unsupported.sort();
        unsupported.dedup();
        println!("{version}: {} parameters, unsupported: {}", parameters.len(), unsupported.join(" "));
        assert!(unsupported.len() < 25);
    }
    Ok(())
}

fn zib_parameters(path: PathBuf) -> Result<(), Failed> {
    let definitions = Definitions::with_packages(FhirVersion::Stu3, vec![Loaded::from_path(&path)?])?;
    let parameters = definitions.search_parameters();
    let category = parameters.lookup("MedicationDispense", "category").ok_or("no category")?;
    assert_eq!(category.paths[0].to_string(), "category");
    let period = parameters.lookup("MedicationRequest", "periodofuse").ok_or("no periodofuse")?;
    let url = "http://nictiz.nl/fhir/StructureDefinition/zib-Medication-PeriodOfUse";
    assert_eq!(period.paths[0].to_string(), format!("{{{url}}}"));
    assert!(parameters.lookup("Observation", "code").is_some(), "those of the base are still there");
    assert!(
        Definitions::embedded(FhirVersion::Stu3)
            .search_parameters()
            .lookup("MedicationRequest", "periodofuse")
            .is_none()
    );
    assert!(definitions.unsupported_parameters().is_empty());
    let used = definitions.used();
    assert_eq!((&*used[0].package, &*used[0].version), ("nictiz.fhir.nl.stu3.zib2017", "2.2.18"));
    assert_eq!((&*used[1].package, used[1].origin.code()), ("hl7.fhir.r3.core", "embedded"));
    assert_eq!((used[0].sha256.len(), used[1].sha256.len()), (64, 64));
    Ok(())
}

fn every_package(folder: PathBuf) -> Result<(), Failed> {
    let mut opened = 0;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let package = Package::open(&path)?;
        let manifest = package.manifest();
        assert!(!package.resources().is_empty(), "{}", path.display());
        assert!(package.unreadable().is_empty(), "{}: {:?}", path.display(), package.unreadable());
        assert!(manifest.version.is_empty() || manifest.fhir_version().is_some(), "{}: which release?", path.display());
        for resource in package.resources() {
            let url = resource.outline.url.as_deref();
            assert!(url.is_none_or(|url| package.with_url(url).any(|r| r.file == resource.file)));
        }
        opened += 1;
    }
    println!("{opened} packages");
    assert!(opened >= 20);
    Ok(())
}

const MANIFEST: &str =
    r#"{"name": "a.b", "version": "1.0.0", "fhirVersions": ["3.0.2"], "dependencies": {"c": "1.x"}}"#;
const PARAMETER: &str = r#"{"resourceType": "SearchParameter", "id": "p", "url": "http://p", "code": "p", "type": "token",
    "base": ["Patient"], "expression": "Patient.active"}"#;

fn tarball(folder: &std::path::Path, files: &[(&str, &[u8])]) -> Result<PathBuf, Failed> {
    let path = folder.join("x.tgz");
    let gz = flate2::write::GzEncoder::new(std::fs::File::create(&path)?, flate2::Compression::fast());
    let mut archive = tar::Builder::new(gz);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes)?;
    }
    archive.into_inner()?.finish()?;
    Ok(path)
}

fn tarball_and_folder() -> Result<(), Failed> {
    let temp = tempfile::tempdir()?;
    let broken = b"{\"resourceType\": ".as_slice();
    let files: [(&str, &[u8]); 7] = [
        ("package/package.json", MANIFEST.as_bytes()),
        ("package/SearchParameter-p.json", PARAMETER.as_bytes()),
        ("package/.index.json", b"{}"),
        ("package/xml/SearchParameter-p.xml", b"<a/>"),
        ("package/other/SearchParameter-q.json", PARAMETER.as_bytes()),
        ("package/broken.json", broken),
        ("package/latin1.json", b"{\"a\": \"\xe9\"}"),
    ];
    let from_tarball = Package::open(&tarball(temp.path(), &files)?)?;
    let folder = temp.path().join("unpacked");
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        std::fs::write(path, bytes)?;
    }
    let from_folder = Package::open(&folder)?;
    let flat = Package::open(&folder.join("package"))?;
    for package in [&from_tarball, &from_folder, &flat] {
        assert_eq!(package.label(), "a.b@1.0.0");
        assert_eq!(package.manifest().dependencies, [("c".to_owned(), "1.x".to_owned())]);
        assert_eq!(package.resources().len(), 1, "{:?}", package.resources());
        let resource = package.with_id("SearchParameter", "p").ok_or("not found by id")?;
        assert_eq!(package.with_url("http://p").next().map(|r| &*r.file), Some("SearchParameter-p.json"));
        assert_eq!(package.document(resource)?.root().child_value("expression"), Some("Patient.active"));
        let unreadable: Vec<&str> = package.unreadable().iter().map(|(f, _)| f.as_str()).collect();
        assert_eq!(unreadable, ["broken.json", "latin1.json"]);
    }
    assert_eq!(from_folder.sha256(), flat.sha256());
    assert_ne!(from_folder.sha256(), from_tarball.sha256());
    assert_eq!(from_folder.sha256(), from_tarball.contents_sha256());
    std::fs::write(folder.join("package/SearchParameter-p.json"), PARAMETER.replace("token", "string"))?;
    assert_ne!(Package::open(&folder)?.sha256(), from_folder.sha256());
    Ok(())
}

fn not_a_package() -> Result<(), Failed> {
    let temp = tempfile::tempdir()?;
    let refusal = |path: &std::path::Path| match Package::open(path) {
        Ok(package) => panic!("opened {}", package.label()),
        Err(error) => error.to_string().replace(&temp.path().display().to_string(), ""),
    };
    assert!(refusal(&temp.path().join("nowhere")).starts_with("`/nowhere` cannot be read: "));
    let text = temp.path().join("text.tgz");
    std::fs::write(&text, "no archive")?;
    assert!(refusal(&text).starts_with("`/text.tgz` is not a FHIR package: it is not a gzipped tar archive ("));
    assert!(refusal(temp.path()).starts_with("`` is not a FHIR package: there is no JSON file in it"));
    let path = tarball(temp.path(), &[("package/package.json", b"{}")])?;
    assert_eq!(refusal(&path), "`/x.tgz` is not a FHIR package: package.json has no `name`");
    let path =
        tarball(temp.path(), &[("package/package.json", MANIFEST.as_bytes()), ("package/a.json", &[b' '; 5000])])?;
    let limits = keur::definitions::package::PackageLimits { total: 4000, ..Default::default() };
    let error = Package::open_within(&path, &limits).err().ok_or("not limited")?;
    assert!(error.to_string().ends_with("holds more than 4000 bytes"), "{error}");
    Ok(())
}

/// The official packages ask for each other in ranges that what can be had does not always meet.
fn official_resolution(folder: PathBuf) -> Result<(), Failed> {
    use keur::definitions::package::{Resolver, Shelf, VersionRange, Wanted};
    use keur::definitions::{Origin, embedded_packages};
    let core = embedded_packages().into_iter().filter(|package| package.name.ends_with(".core")).collect();
    let resolver = Resolver::new(vec![(Shelf::read(&folder)?, Origin::Path)], core);
    let tell = |resolver: &Resolver, name: &str, range: &str| -> Result<[String; 3], Failed> {
        let wanted = Wanted { name: name.into(), range: VersionRange::new(range), by: "test".into() };
        let found = resolver.resolve(vec![], vec![wanted])?;
        let packages: Vec<String> =
            found.packages.iter().map(|p| p.package.label().replace("nictiz.fhir.nl.", "")).collect();
        let missing: Vec<String> =
            found.missing.iter().map(|m| format!("{} {}", m.wanted.name, m.wanted.range)).collect();
        let deviations: Vec<String> =
            found.deviations.iter().map(|d| format!("{} wants {}: {}", d.wanted.by, d.wanted.range, d.used)).collect();
        Ok([packages.join(" "), missing.join(" "), deviations.join(" ")].map(|s| s.replace("nictiz.fhir.nl.", "")))
    };
    assert_eq!(
        tell(&resolver, "nictiz.fhir.nl.stu3.bgz", "1.1.1")?,
        ["stu3.bgz@1.1.1 stu3.zib2017@2.2.18 stu3.eafspraak@1.0.6", "", "stu3.eafspraak@1.0.6 wants 2.0.x: 2.2.18"]
    );
    assert_eq!(
        tell(&resolver, "nictiz.fhir.nl.r4.medicationprocess9", "2.0.0-rc.7")?,
        ["r4.medicationprocess9@2.0.0-rc.7 r4.nl-core@0.11.0-beta.1 r4.zib2020@0.11.0-beta.1", "", ""]
    );
    assert_eq!(
        tell(&resolver, "nictiz.fhir.nl.stu3.questionnaires", "2.0.8")?,
        ["stu3.questionnaires@2.0.8", "stu3.zib2017 2.0.x hl7.fhir.uv.sdc 2.0.0", ""]
    );
    let resolver = resolver.taking_nearest(true);
    assert_eq!(
        tell(&resolver, "medmij.fhir.nl.stu3.core", "1.x")?,
        [
            "medmij.fhir.nl.stu3.core@1.2.1 stu3.zib2017@2.2.18",
            "",
            "medmij.fhir.nl.stu3.core@1.2.1 wants 2.3.2: 2.2.18"
        ]
    );
    Ok(())
}
