//! Stops a run at what looks like a real person.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::{Call, Interrupt, Sending, Transport};
use crate::exchange::{Bsn, Exchange, Peer, Request, TransportError, TransportErrorKind};

use super::number::{Standing, numbers};
use super::pseudonym::TEST_RANGE;
use super::walk::{Kind, walk};

/// Numbers in a text that are BSNs for certain and no test numbers. How many; never which.
pub fn real_persons(text: &[u8]) -> usize {
    let real = |digits: Option<&[u8]>| {
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
        Bsn::parse(digits).is_ok() && !digits.starts_with(TEST_RANGE)
    };
    let mut found: std::collections::BTreeSet<usize> = numbers(text)
        .filter(|number| number.standing == Standing::Certain && real(text.get(number.at.clone())))
        .map(|number| number.at.start)
        .collect();
    walk(text, &mut |kind, range| {
        if kind == Kind::Bsn && real(text.get(range.clone())) {
            found.insert(range.start);
        }
    });
    found.len()
}

/// A transport that looks at every answer before anybody else does.
pub struct Guarded<'t> {
    transport: &'t dyn Transport,
    /// Asked once, with what was found: may the run go on?
    decide: &'t (dyn Fn(&str) -> bool + Sync),
    interrupt: Interrupt,
    agreed: AtomicBool,
    refused: AtomicBool,
}

impl<'t> Guarded<'t> {
    /// Around another transport; a refusal raises the interrupt.
    pub fn new(transport: &'t dyn Transport, interrupt: Interrupt, decide: &'t (dyn Fn(&str) -> bool + Sync)) -> Self {
        Guarded { transport, decide, interrupt, agreed: AtomicBool::new(false), refused: AtomicBool::new(false) }
    }

    /// True when the run may not go on.
    pub fn refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn looked_at(&self, mut exchange: Exchange) -> Exchange {
        exchange.refused = exchange.refused.map(|before| Box::new(self.looked_at(*before)));
        let found = match &exchange.result {
            Ok(response) if !self.agreed.load(Ordering::Relaxed) => real_persons(&response.body),
            _ => 0,
        };
        if found == 0 {
            return exchange;
        }
        let s = if found == 1 { "" } else { "s" };
        let what = format!("an answer holds {found} citizen service number{s} outside the test range");
        if !self.refused() && (self.decide)(&what) {
            self.agreed.store(true, Ordering::Relaxed);
            return exchange;
        }
        self.refused.store(true, Ordering::Relaxed);
        self.interrupt.raise();
        // What is refused is not kept either.
        exchange.result = Err(TransportError { kind: TransportErrorKind::Refused, detail: what });
        exchange
    }
}

impl Transport for Guarded<'_> {
    fn send<'t>(&'t self, request: Request, call: Call<'t>) -> Sending<'t> {
        Box::pin(async move { self.looked_at(self.transport.send(request, call).await) })
    }

    fn peers(&self) -> Vec<Peer> {
        self.transport.peers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_and_codes_are_no_persons() {
        for (text, persons) in [
            (r#"{"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"123456782"}]}"#, 1),
            (r#"{"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"}]}"#, 0),
            (r#"{"url":"Patient?identifier=http://fhir.nl/fhir/NamingSystem/bsn|123456782"}"#, 1),
            (r#"{"system":"http://snomed.info/sct","code":"123456782"}"#, 0),
            (
                "<identifier><system value='urn:oid:2.16.840.1.113883.2.4.6.3'/><value value='123456782'/></identifier>",
                1,
            ),
            ("123456782", 0),
        ] {
            assert_eq!(real_persons(text.as_bytes()), persons, "{text}");
        }
    }
}
