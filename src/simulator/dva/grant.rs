//! What was promised to whom: sessions of people logging in, codes, access and refresh tokens.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};

use super::policy::Issuing;

/// A login under way.
#[derive(Clone)]
pub(super) struct Session {
    pub client: String,
    pub redirect_uri: String,
    pub state: Option<String>,
    pub provider: String,
    /// As asked.
    pub scope: String,
    /// Services asked for; empty for all.
    pub services: Vec<String>,
    /// PKCE, where the client uses it (RFC 7636).
    pub challenge: Option<String>,
    /// Set once the person has logged in: their place among the people.
    pub person: Option<usize>,
}

/// What a code or token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub client: String,
    pub provider: String,
    pub services: Vec<String>,
    pub person: usize,
    /// As asked at the authorization endpoint.
    pub scope: String,
    /// The consent lasts.
    pub lasting: bool,
}

/// A code that is out.
pub(super) struct Code {
    pub grant: Grant,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub until: Instant,
    /// It was offered in vain.
    pub offered: bool,
    /// It became a token.
    pub used: bool,
}

/// An access token that is out.
pub(super) struct Access {
    pub grant: Grant,
    pub until: Instant,
}

/// Everything that is out.
#[derive(Default)]
pub(super) struct Grants {
    pub sessions: HashMap<String, Session>,
    pub codes: HashMap<String, Code>,
    pub access: HashMap<String, Access>,
    /// Refresh tokens; false once used.
    pub refresh: HashMap<String, (Grant, bool)>,
}

/// More logins than this under way are the oldest's loss; a scan must not fill memory.
const MOST: usize = 10_000;

/// 256 bits nobody can guess, as 43 characters that need no encoding.
pub(super) fn secret() -> String {
    let mut bytes = [0; 32];
    // Without chance in the machine there is no secret either; an empty one is refused everywhere.
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => base64_url(&bytes),
        Err(_) => String::new(),
    }
}

/// Base64 as URLs and JWTs have it (RFC 4648 section 5, without padding).
pub(super) fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

impl Grants {
    /// Remembers a login under way.
    pub fn begin(&mut self, session: Session) -> String {
        if self.sessions.len() >= MOST {
            self.sessions.clear();
        }
        let id = secret();
        self.sessions.insert(id.clone(), session);
        id
    }

    /// Gives out a code.
    pub fn code(&mut self, session: &Session, grant: Grant, life: u64, issuing: &Issuing) -> String {
        let mut code = if issuing.same_code { "code".repeat(11) } else { secret() };
        code.truncate(issuing.code_length);
        let until = Instant::now() + Duration::from_secs(life);
        let (redirect_uri, challenge) = (session.redirect_uri.clone(), session.challenge.clone());
        self.codes.insert(code.clone(), Code { grant, redirect_uri, challenge, until, offered: false, used: false });
        code
    }

    /// Gives out an access token; `bsn` is for those who put it into tokens.
    pub fn token(&mut self, grant: Grant, life: u64, bsn: &str, issuing: &Issuing) -> String {
        let token = match (issuing.bsn_inside, issuing.same_token) {
            (true, _) => {
                let part = |value: serde_json::Value| base64_url(value.to_string().as_bytes());
                let header = part(serde_json::json!({ "alg": "RS256", "typ": "JWT" }));
                let claims = part(serde_json::json!({ "jti": secret(), "sub": bsn }));
                format!("{header}.{claims}.{}", secret())
            }
            (false, true) => format!("token-of-{}-{}", grant.person, "0".repeat(32)),
            _ => secret(),
        };
        let until = Instant::now() + Duration::from_secs(life);
        self.access.insert(token.clone(), Access { grant, until });
        token
    }

    /// Gives out a refresh token.
    pub fn refresh_token(&mut self, grant: Grant) -> String {
        let token = secret();
        self.refresh.insert(token.clone(), (grant, true));
        token
    }
}
