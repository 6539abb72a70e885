//! The rules the DVA keeps, as a value: a defect is a change to it (see `defect`).

use std::collections::BTreeSet;

use super::pull::Habits;
use super::tls::Faults;
use crate::exchange::{Request, Response};
use crate::simulator::service::Lapses;

/// A release of the afsprakenstelsel, as far as it changes what is asked and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Release {
    /// Several services in one scope; no refresh tokens.
    R1_5,
    /// Refresh tokens for consent that lasts.
    R2_0,
    /// The scope is the provider; services come from the OAuth client list.
    #[default]
    R2_2,
}

impl Release {
    /// Every release with its number.
    pub const ALL: [(&'static str, Release); 3] =
        [("1.5", Release::R1_5), ("2.0", Release::R2_0), ("2.2", Release::R2_2)];

    /// Reads `1.5`, `2.0` or `2.2` (also `2.2.0`).
    pub fn parse(text: &str) -> Option<Release> {
        let known = |(number, release): &(&str, Release)| {
            let rest = text.strip_prefix(number)?;
            (rest.is_empty() || rest.starts_with('.')).then_some(*release)
        };
        Release::ALL.iter().find_map(known)
    }

    /// `2.2`.
    pub fn number(self) -> &'static str {
        Release::ALL.iter().find(|(_, release)| *release == self).map_or("", |(number, _)| number)
    }

    /// The scope names services (`name~48`).
    pub fn scope_has_services(self) -> bool {
        self < Release::R2_2
    }

    /// There are refresh tokens.
    pub fn refreshes(self) -> bool {
        self > Release::R1_5
    }
}

/// The authorization model of Notified Pull that this party plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PullProfile {
    /// Twiin TA Notified Pull.
    #[default]
    Twiin,
    /// The BgZ referral on Nuts: no citizen service number in what is sent, queries in a workflow Task.
    Nuts,
}

impl PullProfile {
    /// Every profile with its name.
    pub const ALL: [(&'static str, PullProfile); 2] =
        [("np-twiin", PullProfile::Twiin), ("np-nuts", PullProfile::Nuts)];

    /// The profile of a name.
    pub fn parse(text: &str) -> Option<PullProfile> {
        PullProfile::ALL.iter().find(|(name, _)| *name == text).map(|(_, profile)| *profile)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        PullProfile::ALL.iter().find(|(_, profile)| *profile == self).map_or("", |(name, _)| name)
    }
}

/// A rule that a gate asks for. Each is one row in a gate's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    // Authorization endpoint.
    OneValueEach,
    ClientGiven,
    ClientKnown,
    RedirectGiven,
    RedirectHost,
    RedirectForm,
    ResponseType,
    ScopeGiven,
    ScopeProvider,
    ScopeForm,
    ScopeOneProvider,
    StateGiven,
    StateLength,
    // Between login and consent.
    PersonHasData,
    PersonOldEnough,
    // Token endpoint.
    TokenByPost,
    GrantKnown,
    CodeKnown,
    CodeOnce,
    CodeBurnt,
    CodeFresh,
    CodeRedirectGiven,
    CodeRedirectSame,
    TokenClientGiven,
    CodeClientSame,
    CertificateOfClient,
    RefreshOnce,
    RefreshClientSame,
    ServicesOfClient,
    ConsentWithdrawn,
    // Resource server.
    TokenGiven,
    TokenByBearer,
    TokenInHeader,
    TokenKnown,
    TokenWhole,
    TokenFresh,
    TokenService,
    TokenProvider,
    ReadOnly,
    NoCitizenNumber,
    // Notified Pull.
    AssertionSigned,
    AssertionKey,
    AssertionIssuer,
    AssertionAudience,
    AssertionFresh,
    AssertionPast,
    AssertionOnce,
    BaseGiven,
    PullTokenFresh,
    NotificationToken,
    TaskWhole,
    NotifiedOnce,
    OnlyNotified,
    NotCancelled,
    PullReads,
    PullListed,
    PullPerson,
    PullUser,
    WorkflowOrder,
    // Every backchannel endpoint.
    CertificateGiven,
    OnWhitelist,
}

/// Where an answer comes from, for edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Answers to authorization requests: redirects and error pages.
    Authorization,
    /// Login and consent pages.
    Page,
    /// The redirect that ends a login.
    Outcome,
    /// Token endpoint.
    Token,
    /// Resource server.
    Resource,
    /// The same, once the body is in its content coding.
    Wire,
    /// The sandbox that takes writes.
    Sandbox,
    /// Token endpoint of Notified Pull.
    PullToken,
    /// Notification endpoint.
    Notification,
    /// FHIR base that is pulled from.
    Pull,
}

/// What tokens and codes are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Issuing {
    /// Seconds an access token says it is valid, if that is not how long it is.
    pub announced: Option<u64>,
    /// Every code is the same.
    pub same_code: bool,
    /// Codes are this many characters long.
    pub code_length: usize,
    /// Every access token is the same for a person.
    pub same_token: bool,
    /// Tokens are readable and hold the citizen service number.
    pub bsn_inside: bool,
    /// A refresh stays as it is.
    pub refresh_stays: bool,
    /// A refresh token comes without consent that lasts.
    pub refresh_always: bool,
    /// How late the answer is, in seconds.
    pub delay: u64,
}

impl Default for Issuing {
    fn default() -> Self {
        Issuing {
            announced: None,
            same_code: false,
            code_length: 43,
            same_token: false,
            bsn_inside: false,
            refresh_stays: false,
            refresh_always: false,
            delay: 0,
        }
    }
}

/// A request is taken for another.
pub(super) type RequestEdit = fn(&mut Request);
/// An answer is another.
pub(super) type ResponseEdit = fn(&Request, &mut Response);
/// A list says something else.
pub(super) type ListEdit = fn(&mut String);
/// Something is left undone for some requests.
pub(super) type LapseEdit = fn(&Request, &mut Lapses);

/// Everything a DVA can get wrong, right.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub release: Release,
    /// Rules that are not kept.
    pub skipped: BTreeSet<Rule>,
    pub issuing: Issuing,
    pub requests: Vec<(Place, RequestEdit)>,
    pub responses: Vec<(Place, ResponseEdit)>,
    pub lapses: Vec<LapseEdit>,
    /// Changes of a list: its name and the edit.
    pub lists: Vec<(&'static str, ListEdit)>,
    pub tls: Faults,
    /// Defects of the FHIR server, by name.
    pub fhir: Vec<&'static str>,
    /// Answers of the resource server that come late, in seconds.
    pub resource_delay: u64,
    /// More requests at once than this are refused.
    pub resource_limit: Option<usize>,
    /// Content codings that are known.
    pub codings: Vec<&'static str>,
    /// The model of Notified Pull.
    pub pull: PullProfile,
    /// What this party does in Notified Pull.
    pub habits: Habits,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            release: Release::default(),
            skipped: BTreeSet::new(),
            issuing: Issuing::default(),
            requests: vec![],
            responses: vec![],
            lapses: vec![],
            lists: vec![],
            tls: Faults::default(),
            fhir: vec![],
            resource_delay: 0,
            resource_limit: None,
            codings: vec!["gzip", "deflate"],
            pull: PullProfile::default(),
            habits: Habits::default(),
        }
    }
}

impl Policy {
    /// Keeps a rule no more.
    pub fn skip(&mut self, rule: Rule) {
        self.skipped.insert(rule);
    }

    /// Takes requests at a place for others.
    pub fn request(&mut self, place: Place, edit: RequestEdit) {
        self.requests.push((place, edit));
    }

    /// Gives other answers at a place.
    pub fn answer(&mut self, place: Place, edit: ResponseEdit) {
        self.responses.push((place, edit));
    }

    /// Plays the BgZ referral on Nuts.
    pub fn nuts(&self) -> bool {
        self.pull == PullProfile::Nuts
    }

    /// True when a rule is kept.
    pub fn keeps(&self, rule: Rule) -> bool {
        !self.skipped.contains(&rule)
    }

    /// Applies the edits of requests at a place.
    pub fn edit_request(&self, place: Place, request: &mut Request) {
        self.requests.iter().filter(|(at, _)| *at == place).for_each(|(_, edit)| edit(request));
    }

    /// Applies the edits of answers at a place.
    pub fn edit_response(&self, place: Place, request: &Request, response: &mut Response) {
        self.responses.iter().filter(|(at, _)| *at == place).for_each(|(_, edit)| edit(request, response));
    }

    /// What is left undone for a request.
    pub fn lapses(&self, request: &Request) -> Lapses {
        let mut lapses = Lapses::default();
        self.lapses.iter().for_each(|edit| edit(request, &mut lapses));
        lapses
    }
}
