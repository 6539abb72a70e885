//! Why the simulator does not do what was asked: an HTTP status, an issue code and a sentence that says
//! what to change. Becomes an OperationOutcome.

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// A code of <http://hl7.org/fhir/issue-type>, valid in every release.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub diagnostics: String,
    /// Header fields the status calls for.
    pub headers: Vec<(&'static str, String)>,
}

/// The kinds of refusal: status and issue code belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The request breaks a rule of HTTP or FHIR.
    Invalid,
    /// A value cannot be read.
    Value,
    /// A legal request for something the simulator does not do.
    NotSupported,
    /// A resource type that this server does not have.
    NoType,
    /// No (known) token.
    Login,
    /// A token that does not give access to this.
    Forbidden,
    /// Nothing there.
    NotFound,
    /// It was there.
    Deleted,
    /// Not with this method.
    Method,
    /// No format that is asked for can be given.
    NotAcceptable,
    /// A version or other condition does not hold.
    Conflict,
    /// Several resources where one was expected.
    MultipleMatches,
    /// Too large.
    TooLarge,
    /// A body in a format that cannot be read.
    MediaType,
    /// A body that is not the resource it should be.
    Unprocessable,
}

const STATUS: [(Reason, u16, &str); 15] = [
    (Reason::Invalid, 400, "invalid"),
    (Reason::Value, 400, "value"),
    (Reason::NotSupported, 400, "not-supported"),
    (Reason::NoType, 404, "not-supported"),
    (Reason::Login, 401, "login"),
    (Reason::Forbidden, 403, "forbidden"),
    (Reason::NotFound, 404, "not-found"),
    (Reason::Deleted, 410, "not-found"),
    (Reason::Method, 405, "not-supported"),
    (Reason::NotAcceptable, 406, "not-supported"),
    (Reason::Conflict, 412, "conflict"),
    (Reason::MultipleMatches, 412, "duplicate"),
    (Reason::TooLarge, 413, "too-long"),
    (Reason::MediaType, 415, "not-supported"),
    (Reason::Unprocessable, 422, "structure"),
];

impl Refusal {
    /// A refusal with its explanation: one or more sentences without a final full stop.
    pub fn new(reason: Reason, diagnostics: impl Into<String>) -> Refusal {
        let (_, status, code) = STATUS[reason as usize];
        Refusal { status, code, diagnostics: diagnostics.into(), headers: vec![] }
    }

    /// Adds a header field.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Refusal {
        self.headers.push((name, value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_reasons() {
        for (at, (reason, ..)) in STATUS.iter().enumerate() {
            assert_eq!(*reason as usize, at);
        }
    }
}
