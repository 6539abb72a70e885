//! HL7's own codes for operations, from every release that scripts were written for.

use super::OperationCode;
use crate::testscript::model::Interaction;

/// FHIR R5 (<http://hl7.org/fhir/R5/codesystem-restful-interaction.html>).
const RESTFUL: &str = "http://hl7.org/fhir/restful-interaction";
/// Plain HTTP (<http://hl7.org/fhir/R5/codesystem-http-operations.html>).
const HTTP: &str = "http://hl7.org/fhir/http-operations";
/// FHIR R4.
const TESTSCRIPT_R4: &str = "http://terminology.hl7.org/CodeSystem/testscript-operation-codes";
/// FHIR STU3.
const TESTSCRIPT_STU3: &str = "http://hl7.org/fhir/testscript-operation-codes";

/// HTTP methods (<http://hl7.org/fhir/R5/valueset-http-operations.html>).
pub(super) static METHODS: &[&str] = &["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "HEAD"];

/// Codes in the order in which a bare code is looked up.
pub(super) static OPERATIONS: &[OperationCode] = &[
    (RESTFUL, "read", Interaction::Read),
    (RESTFUL, "vread", Interaction::Vread),
    (RESTFUL, "update", Interaction::Update),
    (RESTFUL, "updateCreate", Interaction::UpdateCreate),
    (RESTFUL, "patch", Interaction::Patch),
    (RESTFUL, "delete", Interaction::Delete),
    (RESTFUL, "history", Interaction::History),
    (RESTFUL, "history-instance", Interaction::History),
    (RESTFUL, "history-type", Interaction::History),
    (RESTFUL, "history-system", Interaction::History),
    (RESTFUL, "create", Interaction::Create),
    (RESTFUL, "search", Interaction::Search),
    (RESTFUL, "search-type", Interaction::Search),
    (RESTFUL, "search-system", Interaction::Search),
    (RESTFUL, "capabilities", Interaction::Capabilities),
    (RESTFUL, "transaction", Interaction::Transaction),
    (RESTFUL, "batch", Interaction::Batch),
    (HTTP, "delete", Interaction::Http("DELETE")),
    (HTTP, "get", Interaction::Http("GET")),
    (HTTP, "options", Interaction::Http("OPTIONS")),
    (HTTP, "patch", Interaction::Http("PATCH")),
    (HTTP, "post", Interaction::Http("POST")),
    (HTTP, "put", Interaction::Http("PUT")),
    (HTTP, "head", Interaction::Http("HEAD")),
    (TESTSCRIPT_R4, "read", Interaction::Read),
    (TESTSCRIPT_R4, "vread", Interaction::Vread),
    (TESTSCRIPT_R4, "search", Interaction::Search),
    (TESTSCRIPT_R4, "batch", Interaction::Batch),
    (TESTSCRIPT_R4, "transaction", Interaction::Transaction),
    (TESTSCRIPT_R4, "history", Interaction::History),
    (TESTSCRIPT_R4, "create", Interaction::Create),
    (TESTSCRIPT_R4, "update", Interaction::Update),
    (TESTSCRIPT_R4, "updateCreate", Interaction::UpdateCreate),
    (TESTSCRIPT_R4, "patch", Interaction::Patch),
    (TESTSCRIPT_R4, "delete", Interaction::Delete),
    (TESTSCRIPT_R4, "capabilities", Interaction::Capabilities),
    (TESTSCRIPT_STU3, "read", Interaction::Read),
    (TESTSCRIPT_STU3, "vread", Interaction::Vread),
    (TESTSCRIPT_STU3, "search", Interaction::Search),
    (TESTSCRIPT_STU3, "batch", Interaction::Batch),
    (TESTSCRIPT_STU3, "transaction", Interaction::Transaction),
    (TESTSCRIPT_STU3, "history", Interaction::History),
    (TESTSCRIPT_STU3, "create", Interaction::Create),
    (TESTSCRIPT_STU3, "update", Interaction::Update),
    (TESTSCRIPT_STU3, "updateCreate", Interaction::UpdateCreate),
    (TESTSCRIPT_STU3, "patch", Interaction::Patch),
    (TESTSCRIPT_STU3, "delete", Interaction::Delete),
    (TESTSCRIPT_STU3, "capabilities", Interaction::Capabilities),
];
