//! ConformanceLab (Interoplab), the platform the official scripts are written for.

use super::{Extension, Meaning, OperationCode};
use crate::testscript::model::Interaction;

pub(super) static EXTENSIONS: &[Extension] = &[
    Extension {
        url: "http://fhir.interoplab.eu/fhir/StructureDefinition/Interoplab-CL-ext-SUT",
        on: &["origin", "destination"],
        meaning: Meaning::UnderTest,
    },
    Extension {
        url: "http://fhir.interoplab.eu/fhir/StructureDefinition/Interoplab-CL-ext-assert-query-parameter",
        on: &["assert"],
        meaning: Meaning::QueryParameter,
    },
];

pub(super) static OPERATIONS: &[OperationCode] =
    &[("http://fhir.interoplab.eu/fhir/CodeSystem/Interoplab-CL-operation-codes", "purge", Interaction::Purge)];
