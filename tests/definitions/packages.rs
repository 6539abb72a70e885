//! Packages: what is one, what each holds, and how they come together.

use std::path::{Path, PathBuf};

use keur::definitions::package::{Package, PackageLimits, Resolver, Shelf, VersionRange, Wanted};
use keur::definitions::{Definitions, Loaded, Origin, embedded_packages};
use keur::fhir::FhirVersion;
use libtest_mimic::Failed;

pub fn zib_parameters(path: PathBuf) -> Result<(), Failed> {
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

pub fn every_package(folder: PathBuf) -> Result<(), Failed> {
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

fn tarball(folder: &Path, files: &[(&str, &[u8])]) -> Result<PathBuf, Failed> {
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

pub fn tarball_and_folder() -> Result<(), Failed> {
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

pub fn not_a_package() -> Result<(), Failed> {
    let temp = tempfile::tempdir()?;
    let refusal = |path: &Path| match Package::open(path) {
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
    let limits = PackageLimits { total: 4000, ..Default::default() };
    let error = Package::open_within(&path, &limits).err().ok_or("not limited")?;
    assert!(error.to_string().ends_with("holds more than 4000 bytes"), "{error}");
    Ok(())
}

/// The official packages ask for each other in ranges that what can be had does not always meet.
pub fn official_resolution(folder: PathBuf) -> Result<(), Failed> {
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
