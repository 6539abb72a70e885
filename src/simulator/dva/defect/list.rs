//! Faults of the lists, and of what is done with them.

use super::authorization::any_client;
use super::{Fault, row};
use crate::simulator::dva::list::{GNL, WHL, ZAL};
use crate::simulator::dva::party::host;
use crate::simulator::dva::policy::{Place, Rule};

#[rustfmt::skip]
pub(super) static FAULTS: &[Fault] = &[
    row("MM-LST-01", "the provider list has the namespace of another release", |p| p.lists.push((ZAL, |l| *l = l.replace("zorgaanbiederslijst/release3", "zorgaanbiederslijst/release33")))),
    row("MM-LST-02", "the time of the provider list has no zone", |p| p.lists.push((ZAL, |l| *l = l.replacen("Z</Tijdstempel>", "</Tijdstempel>", 1)))),
    row("MM-LST-03", "an authorization endpoint has a port", |p| p.lists.push((ZAL, |l| *l = l.replacen(&format!("{}/", host::FRONT), &format!("{}:8443/", host::FRONT), 1)))),
    row("MM-LST-04", "a service of the provider is there twice", |p| p.lists.push((ZAL, |l| *l = l.replacen("<GegevensdienstId>51<", "<GegevensdienstId>48<", 1)))),
    row("MM-LST-05", "the host of the resource server is not on the whitelist", |p| p.lists.push((WHL, |l| *l = l.replace(host::FHIR, "elders.dva.localhost")))),
    row("MM-LST-07", "a service has no name", |p| p.lists.push((GNL, |l| *l = l.replacen("<GegevensdienstId>51<", "<GegevensdienstId>52<", 1)))),
    row("MM-LST-08", "a client that is not on the list is taken for one that is", |p| p.request(Place::Authorization, any_client)),
    row("MM-LST-09", "a client whose host is not on the whitelist is let in", |p| p.skip(Rule::OnWhitelist)),
];
