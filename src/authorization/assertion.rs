//! Signed assertions (JWT, RFC 7519) as RFC 7523 has them: who a client is, and what it was given.
//!
//! Only asymmetric algorithms exist here; a signature that anybody could make proves nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Map, Value, json};

/// An algorithm of RFC 7518 section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA, P-256.
    Es256,
    /// ECDSA, P-384.
    Es384,
    /// RSASSA-PSS, SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5, SHA-256.
    Rs256,
}

impl Algorithm {
    const ALL: [(&'static str, Algorithm); 4] = [
        ("ES256", Algorithm::Es256),
        ("ES384", Algorithm::Es384),
        ("PS256", Algorithm::Ps256),
        ("RS256", Algorithm::Rs256),
    ];

    /// Its name in a JWT.
    pub fn name(self) -> &'static str {
        Algorithm::ALL.iter().find(|(_, algorithm)| *algorithm == self).map_or("", |(name, _)| name)
    }

    /// The algorithm of a name.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// The key cannot be read.
    #[error("the signing key cannot be read: {0} (a PKCS#8 private key in PEM is expected)")]
    Key(String),
    /// The signature could not be made.
    #[error("the assertion cannot be signed")]
    Sign,
}

enum Key {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn signature::RsaEncoding),
}

/// A private key that signs assertions. Does not print.
pub struct SigningKey {
    key: Key,
    algorithm: Algorithm,
    kid: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, {})", self.kid, self.algorithm.name())
    }
}

impl SigningKey {
    /// Reads a PKCS#8 private key in PEM. Without an algorithm the one of its kind is taken: ES256 for
    /// P-256, ES384 for P-384, PS256 for RSA.
    pub fn from_pem(pem: &str, kid: &str, algorithm: Option<Algorithm>) -> Result<SigningKey, AssertionError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|e| AssertionError::Key(e.to_string()))?;
        let der = der.secret_pkcs8_der();
        let chance = SystemRandom::new();
        let kinds = [
            (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        ];
        for (own, kind) in kinds {
            if algorithm.is_none_or(|wanted| wanted == own)
                && let Ok(key) = EcdsaKeyPair::from_pkcs8(kind, der, &chance)
            {
                return Ok(SigningKey { key: Key::Ecdsa(key), algorithm: own, kid: kid.to_owned() });
            }
        }
        let (own, encoding): (_, &'static dyn signature::RsaEncoding) = match algorithm {
            Some(Algorithm::Rs256) => (Algorithm::Rs256, &signature::RSA_PKCS1_SHA256),
            _ => (Algorithm::Ps256, &signature::RSA_PSS_SHA256),
        };
        let key = RsaKeyPair::from_pkcs8(der).map_err(|e| AssertionError::Key(e.to_string()))?;
        Ok(SigningKey { key: Key::Rsa(key, encoding), algorithm: own, kid: kid.to_owned() })
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Map<String, Value>) -> Result<String, AssertionError> {
        let header = json!({ "typ": "JWT", "alg": self.algorithm.name(), "kid": self.kid });
        let part = |value: String| URL_SAFE_NO_PAD.encode(value);
        let signed = format!("{}.{}", part(header.to_string()), part(Value::Object(claims.clone()).to_string()));
        let chance = SystemRandom::new();
        let signature = match &self.key {
            Key::Ecdsa(key) => {
                key.sign(&chance, signed.as_bytes()).map_err(|_| AssertionError::Sign)?.as_ref().to_vec()
            }
            Key::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(*encoding, &chance, signed.as_bytes(), &mut signature).map_err(|_| AssertionError::Sign)?;
                signature
            }
        };
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The public half as a JWK (RFC 7517); None for RSA, whose public half goes by certificate.
    pub fn jwk(&self) -> Option<Value> {
        let Key::Ecdsa(key) = &self.key else { return None };
        let point = key.public_key().as_ref();
        // 0x04, then x and y (SEC 1 section 2.3.3).
        let (x, y) = point.get(1..)?.split_at_checked(point.len() / 2)?;
        let curve = if self.algorithm == Algorithm::Es256 { "P-256" } else { "P-384" };
        Some(json!({
            "kty": "EC", "crv": curve, "use": "sig", "alg": self.algorithm.name(), "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }))
    }

    /// Its key id.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// Claims of a client assertion (RFC 7523 section 3): fresh, short, for one audience.
pub fn claims(issuer: &str, audience: &str, lifetime: u64) -> Map<String, Value> {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": issuer, "sub": issuer, "aud": audience, "iat": now, "exp": now + lifetime as i64,
        "jti": uuid::Uuid::new_v4().to_string(),
    });
    if let Value::Object(claims) = claims { claims } else { Map::new() }
}

/// A JWT taken apart; nothing is proven yet.
pub struct Unverified<'t> {
    /// The header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    /// Takes a JWT apart; None when it is none.
    pub fn parse(token: &'t str) -> Option<Unverified<'t>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Unverified { header: object(header)?, claims: object(claims)?, signed, signature })
    }

    /// A claim that is a text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A claim that is a moment.
    pub fn second(&self, claim: &str) -> Option<i64> {
        self.claims.get(claim)?.as_i64()
    }

    /// The audience, of which there may be several.
    pub fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(many)) => many.iter().any(|one| one == audience),
            _ => false,
        }
    }

    /// True when the signature is ES256 and of this key (JWK).
    pub fn is_signed_by(&self, jwk: &Value) -> bool {
        let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        let (Some(x), Some(y)) = (coordinate("x"), coordinate("y")) else { return false };
        let point = [vec![4], x, y].concat();
        let es256 = self.header.get("alg").and_then(Value::as_str) == Some(Algorithm::Es256.name());
        let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
        es256 && key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
        SigningKey::from_pem(&pem, "k1", None).unwrap()
    }

    #[test]
    fn what_is_signed_is_verified_by_the_public_half_only() {
        let key = key();
        let token = key.sign(&claims("me", "https://a/token", 60)).unwrap();
        let parsed = Unverified::parse(&token).unwrap();
        assert!(parsed.is_signed_by(&key.jwk().unwrap()));
        assert!(!parsed.is_signed_by(&self::key().jwk().unwrap()));
        assert_eq!((parsed.text("iss"), parsed.is_for("https://a/token")), (Some("me"), true));
        assert_eq!(parsed.second("exp").unwrap() - parsed.second("iat").unwrap(), 60);
        // A changed claim, and a header that asks for no signature.
        let mut parts: Vec<&str> = token.split('.').collect();
        let other = URL_SAFE_NO_PAD.encode(r#"{"iss":"you"}"#);
        parts[1] = &other;
        assert!(!Unverified::parse(&parts.join(".")).unwrap().is_signed_by(&key.jwk().unwrap()));
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        parts[0] = &none;
        assert!(!Unverified::parse(&parts.join(".")).unwrap().is_signed_by(&key.jwk().unwrap()));
    }

    #[test]
    fn a_key_that_is_none_is_refused_and_never_printed() {
        assert!(matches!(SigningKey::from_pem("x", "k", None), Err(AssertionError::Key(_))));
        assert_eq!(format!("{:?}", key()), "SigningKey(k1, ES256)");
    }
}
