//! The facts the binary carries say the same as the official packages they were taken from.

mod assets;
#[path = "definitions/base.rs"]
mod base;
#[path = "definitions/carried.rs"]
mod carried;
#[path = "definitions/packages.rs"]
mod packages;
#[path = "definitions/verdicts.rs"]
mod verdicts;

use std::path::PathBuf;
use std::process::ExitCode;

use keur::fhir::FhirVersion;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut trials = vec![];
    for (version, file) in
        [(FhirVersion::Stu3, "hl7.fhir.r3.core-3.0.2.tgz"), (FhirVersion::R4, "hl7.fhir.r4.core-4.0.1.tgz")]
    {
        let name = format!("embedded_{version}_facts_equal_the_official_core_package");
        trials
            .push(with_asset(&name, &format!("packages/{file}"), move |path| carried::equal_to_package(version, path)));
    }
    trials.push(Trial::test("every_embedded_package_is_compared", carried::every_one_compared));
    for file in carried::CARRIED {
        let name = format!("what_is_embedded_of_{file}_is_what_it_distills_to");
        trials.push(with_asset(&name, &format!("packages/{file}.tgz"), carried::distilled));
    }
    trials.push(with_asset("facts_and_packages_give_the_same_snapshots", "packages", carried::same_snapshots));
    trials.push(with_asset("facts_and_packages_decide_the_same_codes", "packages", carried::same_terminology));
    for release in FhirVersion::ALL {
        let name = format!("facts_and_packages_give_the_same_verdicts_on_{release}_fixtures");
        trials.push(with_asset(&name, "oracle", move |oracle| verdicts::same(release, &oracle)));
    }
    trials.push(Trial::test("the_base_types_say_what_the_specification_says", base::spot_table));
    trials.push(Trial::test("search_parameters_find_what_they_name", base::search_table));
    trials.push(with_asset(
        "parameters_of_a_package_join_those_of_the_base",
        "packages/nictiz.fhir.nl.stu3.zib2017-2.2.18.tgz",
        packages::zib_parameters,
    ));
    trials.push(with_asset("every_package_opens_and_says_what_it_is", "packages", packages::every_package));
    trials.push(with_asset(
        "the_official_packages_resolve_with_their_dependencies",
        "packages",
        packages::official_resolution,
    ));
    trials.push(Trial::test("a_package_is_the_same_from_a_tarball_and_from_a_folder", packages::tarball_and_folder));
    trials.push(Trial::test("a_package_that_is_not_one_is_refused_with_its_reason", packages::not_a_package));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test on one piece of the official material.
fn with_asset(name: &str, asset: &str, test: impl FnOnce(PathBuf) -> Result<(), Failed> + Send + 'static) -> Trial {
    let of = asset.to_owned();
    assets::trial(name, &[asset], move |assets| test(assets.join(of)))
}
