//! Names of HTTP statuses as asserts give them
//! (<http://hl7.org/fhir/R5/valueset-assert-response-code-types.html>).

/// The names; R4's first, then those that R5 added or renamed.
const STATUSES: [(&str, &str); 45] = [
    ("okay", "200"),
    ("created", "201"),
    ("noContent", "204"),
    ("notModified", "304"),
    ("bad", "400"),
    ("forbidden", "403"),
    ("notFound", "404"),
    ("methodNotAllowed", "405"),
    ("conflict", "409"),
    ("gone", "410"),
    ("preconditionFailed", "412"),
    ("unprocessable", "422"),
    ("continue", "100"),
    ("switchingProtocols", "101"),
    ("accepted", "202"),
    ("nonAuthoritativeInformation", "203"),
    ("resetContent", "205"),
    ("partialContent", "206"),
    ("multipleChoices", "300"),
    ("movedPermanently", "301"),
    ("found", "302"),
    ("seeOther", "303"),
    ("useProxy", "305"),
    ("temporaryRedirect", "307"),
    ("permanentRedirect", "308"),
    ("badRequest", "400"),
    ("unauthorized", "401"),
    ("paymentRequired", "402"),
    ("notAcceptable", "406"),
    ("proxyAuthenticationRequired", "407"),
    ("requestTimeout", "408"),
    ("lengthRequired", "411"),
    ("contentTooLarge", "413"),
    ("uriTooLong", "414"),
    ("unsupportedMediaType", "415"),
    ("rangeNotSatisfiable", "416"),
    ("expectationFailed", "417"),
    ("misdirectedRequest", "421"),
    ("unprocessableContent", "422"),
    ("upgradeRequired", "426"),
    ("internalServerError", "500"),
    ("notImplemented", "501"),
    ("badGateway", "502"),
    ("serviceUnavailable", "503"),
    ("gatewayTimeout", "504"),
];

/// The status of a name.
pub fn status_named(name: &str) -> Option<&'static str> {
    STATUSES.iter().find(|(known, _)| *known == name).map(|(_, status)| *status)
}

/// Every name, for suggestions.
pub(super) fn status_names() -> impl Iterator<Item = &'static str> + Clone {
    STATUSES.iter().map(|(name, _)| *name)
}
