//! The configuration that `keur serve --dva` gives (`urn:keur:dva:1`), and that a supplier may write by
//! hand: what is left out is missing.

use crate::exchange::AccessToken;
use crate::simulator::dva::config::{DvaConfig, KeyPair, OtherProvider, PersonConfig, SCHEMA, SecondClient};

use super::{Identity, ListSource, Party, Person, PullSetup, Release, Role, Setup};
use crate::check::login::LoginMethod;

/// True when a text is such a configuration rather than a `keur.toml`.
pub fn is_one(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains(SCHEMA)
}

/// Puts what the configuration holds into a setup; what was supplied already stays.
///
/// # Errors
/// The text is not such a configuration; the message says why.
pub fn read(text: &str, setup: &mut Setup) -> Result<(), String> {
    let file: DvaConfig = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if file.schema != SCHEMA {
        return Err(format!("its `schema` is `{}`, `{SCHEMA}` is expected", file.schema));
    }
    let fill = |place: &mut Option<String>, value: &str| {
        if place.is_none() && !value.is_empty() {
            *place = Some(value.to_owned());
        }
    };
    if let Some(release) = Release::parse(&file.release) {
        setup.release = release;
    }
    if !file.fhir_version.is_empty() {
        setup.fhir_version = file.fhir_version;
    }
    fill(&mut setup.fhir_base, &file.fhir_base);
    fill(&mut setup.authorization_endpoint, &file.authorization_endpoint);
    fill(&mut setup.token_endpoint, &file.token_endpoint);
    fill(&mut setup.client_id, &file.client_id);
    fill(&mut setup.redirect_uri, &file.redirect_uri);
    fill(&mut setup.provider, &file.provider);
    fill(&mut setup.sandbox, &file.sandbox_base);
    fill(&mut setup.withdrawal_page, &file.withdrawal_page);
    fill(&mut setup.share_service, &file.share_service);
    if setup.services.is_empty() {
        setup.services = file.services;
    }
    for (id, url) in file.resource_endpoints {
        setup.resource_endpoints.entry(id).or_insert(url);
    }
    if !file.other_provider.name.is_empty() {
        let OtherProvider { name, resource_endpoint: url } = file.other_provider;
        setup.other_provider.get_or_insert(Party { name, url, services: vec![] });
    }
    if !file.second_client.client_id.is_empty() {
        let SecondClient { client_id: name, redirect_uri: url, services } = file.second_client;
        setup.second_client.get_or_insert(Party { name, url, services });
    }
    for (places, lists) in [(&mut setup.lists, file.lists), (&mut setup.earlier_lists, file.earlier_lists)] {
        for (place, source) in places.iter_mut().zip([lists.zal, lists.ocl, lists.whl, lists.gnl]) {
            if place.is_none() && !source.is_empty() {
                *place = Some(ListSource { place: source, text: None });
            }
        }
    }
    for (host, address) in file.resolve {
        setup.resolve.entry(host).or_insert(address);
    }
    if !file.ca_pem.is_empty() && !setup.roots.contains(&file.ca_pem) {
        setup.roots.push(file.ca_pem);
    }
    let pair = |place: &mut Option<Identity>, pair: KeyPair| {
        if place.is_none() && !pair.cert_pem.is_empty() {
            *place = Some(Identity { certificate: pair.cert_pem, key: AccessToken::new(pair.key_pem) });
        }
    };
    pair(&mut setup.client, file.certificates.client);
    pair(&mut setup.second, file.certificates.second_client);
    pair(&mut setup.unlisted, file.certificates.not_whitelisted);
    pair(&mut setup.unknown, file.certificates.unknown_ca);
    pair(&mut setup.expired, file.certificates.expired);
    if setup.persons.is_empty() {
        setup.persons = file.persons.into_iter().map(person).collect();
    }
    if matches!(setup.login, LoginMethod::None) && setup.persons.iter().any(|p| !p.password.expose().is_empty()) {
        setup.login = LoginMethod::Form;
    }
    let pull = file.notified_pull;
    if setup.pull.is_none() && !pull.token_endpoint.is_empty() {
        setup.pull = Some(PullSetup {
            profile: if pull.profile.is_empty() { "np-twiin".to_owned() } else { pull.profile },
            token_endpoint: pull.token_endpoint,
            notification_endpoint: pull.notification_endpoint,
            fhir_base: pull.fhir_base,
            jwks: pull.jwks,
            control: pull.control,
            own_id: pull.own_id,
            partner_id: pull.partner_id,
            partner_key: (!pull.partner_key_pem.is_empty()).then(|| AccessToken::new(pull.partner_key_pem)),
            partner_kid: pull.partner_kid,
        });
    }
    Ok(())
}

fn person(entry: PersonConfig) -> Person {
    let known = |text: String| Some(text).filter(|text| !text.is_empty());
    Person {
        user: entry.user,
        password: AccessToken::new(entry.password),
        role: Role::parse(&entry.role).unwrap_or_default(),
        patient: known(entry.patient),
        family_name: known(entry.family_name),
        bsn: known(entry.bsn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_stays_and_the_rest_is_filled() {
        let text = r#"{"schema": "urn:keur:dva:1", "release": "2.0", "fhir_base": "https://a", "provider": "p",
            "services": ["48"], "persons": [{"user": "u", "password": "w", "role": "no-data"}]}"#;
        let mut setup = Setup { fhir_base: Some("https://b".into()), ..Setup::default() };
        read(text, &mut setup).unwrap();
        assert_eq!(setup.fhir_base.as_deref(), Some("https://b"));
        assert_eq!((setup.release, setup.provider.as_deref()), (Release::R2_0, Some("p")));
        assert!(matches!(setup.login, LoginMethod::Form) && setup.person(Role::NoData).is_some());
        assert!(!format!("{:?}", setup.persons).contains("\"w\""), "passwords do not print");
    }

    #[test]
    fn another_document_is_refused() {
        for text in ["", "[]", "{}", r#"{"schema": "urn:keur:dva:2"}"#] {
            assert!(read(text, &mut Setup::default()).is_err(), "{text}");
        }
        assert!(is_one(r#" {"schema": "urn:keur:dva:1"}"#) && !is_one("target = \"x\""));
    }
}
