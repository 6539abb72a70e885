//! Where definitions are found and what follows from them is kept.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

use super::compiled::Profile;
use super::generate;
use super::model::StructureDefinition;
use super::snapshot::Snapshot;

/// Where the base definitions have their canonicals.
pub const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Something that has StructureDefinitions: a package, embedded facts, a list in a test.
pub trait DefinitionSource: Send + Sync {
    /// The definition with this url, and this version if one is asked for; None when it is not here.
    /// Called at most a few times for each canonical: what it gives is kept.
    fn definition(&self, url: &str, version: Option<&str>) -> Option<Result<StructureDefinition, ProfileError>>;

    /// The urls of all it has, in any order; for suggestions and for going through everything.
    fn urls(&self) -> Vec<Arc<str>>;
}

/// Why there is no definition, snapshot or profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No package has it.
    #[error("`{canonical}` is in none of the packages")]
    NotFound {
        /// What was asked for.
        canonical: Arc<str>,
    },
    /// It is there, but not in the version asked for.
    #[error("`{canonical}` is in the packages only as version {}", found.as_deref().unwrap_or("(none)"))]
    OtherVersion {
        /// What was asked for, with its version.
        canonical: Arc<str>,
        /// The version there is.
        found: Option<Arc<str>>,
    },
    /// Its text is not a StructureDefinition.
    #[error("`{canonical}` cannot be read: {reason}")]
    Unreadable {
        /// What was asked for.
        canonical: Arc<str>,
        /// What is wrong, with file and place.
        reason: String,
    },
    /// What it derives from cannot be had.
    #[error("`{canonical}` derives from `{base}`: {reason}")]
    Base {
        /// The profile.
        canonical: Arc<str>,
        /// Its base.
        base: Arc<str>,
        /// Why not.
        reason: Box<ProfileError>,
    },
    /// It derives from itself.
    #[error("`{canonical}` derives from itself")]
    Cycle {
        /// A profile of the circle.
        canonical: Arc<str>,
    },
}

impl ProfileError {
    fn is_cycle(&self) -> bool {
        match self {
            ProfileError::Base { reason, .. } => reason.is_cycle(),
            other => matches!(other, ProfileError::Cycle { .. }),
        }
    }

    /// The canonical that is missing or at fault, innermost.
    pub fn culprit(&self) -> &str {
        match self {
            ProfileError::Base { reason, .. } => reason.culprit(),
            ProfileError::NotFound { canonical }
            | ProfileError::OtherVersion { canonical, .. }
            | ProfileError::Unreadable { canonical, .. }
            | ProfileError::Cycle { canonical } => canonical,
        }
    }
}

/// What is known of one definition; what follows from it is made when it is first asked for.
struct Entry {
    definition: Result<Arc<StructureDefinition>, ProfileError>,
    snapshot: OnceLock<Result<Arc<Snapshot>, ProfileError>>,
    profile: OnceLock<Result<Arc<Profile>, ProfileError>>,
}

/// Longest derivation, counted over bases and the profiles that are walked into. Official ones have six.
const LONGEST_CHAIN: usize = 64;

/// All definitions of a run, found by canonical.
///
/// Sources are asked in order and the first that has a canonical wins, so what shall take the place of
/// something else stands before it. A registry can stand over another one (the base definitions, say),
/// which it asks last and shares with every other registry over it: two versions of a package side by side
/// are two registries over one base.
pub struct Profiles {
    sources: Vec<Arc<dyn DefinitionSource>>,
    below: Option<Arc<Profiles>>,
    entries: RwLock<HashMap<Box<str>, Arc<Entry>>>,
}

impl Profiles {
    /// A registry of these sources.
    pub fn new(sources: Vec<Arc<dyn DefinitionSource>>) -> Profiles {
        Profiles { sources, below: None, entries: RwLock::default() }
    }

    /// A registry of these sources and, after them, all that `below` has.
    pub fn over(below: Arc<Profiles>, sources: Vec<Arc<dyn DefinitionSource>>) -> Profiles {
        Profiles { sources, below: Some(below), entries: RwLock::default() }
    }

    /// Every url there is, each once, sorted.
    pub fn urls(&self) -> Vec<Arc<str>> {
        let mut urls = self.below.as_ref().map(|b| b.urls()).unwrap_or_default();
        urls.extend(self.sources.iter().flat_map(|s| s.urls()));
        urls.sort();
        urls.dedup();
        urls
    }

    /// The definition with this canonical, with or without `|version`.
    pub fn definition(&self, canonical: &str) -> Result<Arc<StructureDefinition>, ProfileError> {
        self.entry(canonical).0.definition.clone()
    }

    /// The snapshot of the definition with this canonical.
    pub fn snapshot(&self, canonical: &str) -> Result<Arc<Snapshot>, ProfileError> {
        self.snapshot_within(canonical, &mut vec![])
    }

    /// The definition with this canonical in the form that instances are checked against. Base types are
    /// had by their canonical, too (see [`Profiles::type_canonical`]).
    pub fn profile(&self, canonical: &str) -> Result<Arc<Profile>, ProfileError> {
        let (entry, home) = self.entry(canonical);
        if let Some(made) = entry.profile.get() {
            return made.clone();
        }
        let made = home.snapshot(canonical).map(|s| Arc::new(Profile::compile(home, &s)));
        entry.profile.get_or_init(|| made).clone()
    }

    /// The canonical of a type by its code; a url stays one.
    pub fn type_canonical(code: &str) -> String {
        if code.contains("://") { code.to_owned() } else { format!("{CORE}{code}") }
    }

    /// As [`Profiles::snapshot`], while the snapshots of `chain` are being made.
    pub(super) fn snapshot_within(
        &self,
        canonical: &str,
        chain: &mut Vec<Arc<str>>,
    ) -> Result<Arc<Snapshot>, ProfileError> {
        let (entry, home) = self.entry(canonical);
        if let Some(made) = entry.snapshot.get() {
            return made.clone();
        }
        if chain.len() > LONGEST_CHAIN || chain.iter().any(|c| **c == *canonical) {
            return Err(ProfileError::Cycle { canonical: canonical.into() });
        }
        chain.push(canonical.into());
        // Nothing is locked while it is made: two threads may make the same, the first is kept.
        let made = entry.definition.clone().and_then(|d| generate::snapshot(home, d, chain)).map(Arc::new);
        chain.pop();
        match made {
            // In the middle of a circle the fault may be another's.
            Err(error) if error.is_cycle() && !chain.is_empty() => Err(error),
            made => entry.snapshot.get_or_init(|| made).clone(),
        }
    }

    /// The entry of a canonical, and the registry whose sources have it.
    fn entry(&self, canonical: &str) -> (Arc<Entry>, &Profiles) {
        if let Some(entry) = self.known(canonical) {
            return (entry, self);
        }
        let (url, version) = match canonical.split_once('|') {
            Some((url, version)) => (url, Some(version)),
            None => (canonical, None),
        };
        let found = self.sources.iter().find_map(|s| s.definition(url, version));
        let definition = match (found, &self.below) {
            (Some(found), _) => found.map(Arc::new),
            (None, Some(below)) => return below.entry(canonical),
            (None, None) => Err(self.missing(canonical, url, version)),
        };
        // With and without its version it is the same definition.
        let twin = match (&definition, version) {
            (Ok(d), None) => d.version.as_ref().map(|v| format!("{url}|{v}")),
            (Ok(_), Some(_)) => Some(url.to_owned()),
            (Err(_), _) => None,
        };
        let same = |other: &Arc<Entry>| match (&other.definition, &definition) {
            (Ok(a), Ok(b)) => a.version == b.version,
            _ => false,
        };
        let mut entries = self.entries.write().unwrap_or_else(|e| e.into_inner());
        let entry = match twin.as_ref().and_then(|t| entries.get(&**t)).filter(|e| same(e)) {
            Some(entry) => entry.clone(),
            None => Arc::new(Entry { definition, snapshot: OnceLock::new(), profile: OnceLock::new() }),
        };
        (entries.entry(canonical.into()).or_insert(entry).clone(), self)
    }

    fn known(&self, canonical: &str) -> Option<Arc<Entry>> {
        self.entries.read().unwrap_or_else(|e| e.into_inner()).get(canonical).cloned()
    }

    fn missing(&self, canonical: &str, url: &str, version: Option<&str>) -> ProfileError {
        let other = version.and_then(|_| self.sources.iter().find_map(|s| s.definition(url, None)));
        match other {
            Some(Ok(other)) => ProfileError::OtherVersion { canonical: canonical.into(), found: other.version },
            _ => ProfileError::NotFound { canonical: canonical.into() },
        }
    }
}
