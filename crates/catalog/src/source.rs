//! Sources: the databases and files that an organisation has connected.

use serde::{Deserialize, Serialize};
use vocab::{OrgId, SourceId, SourceSpec, Timestamp, class::NotInList};

/// A connected source. Its secret is sealed by the corridor before it comes here and is opaque.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// Identifier.
    pub id: SourceId,
    /// Optimistic concurrency: the revision that was read; a write makes the next.
    pub revision: u64,
    /// Whose it is.
    pub org: OrgId,
    /// What its people call it, unique in the organisation.
    pub name: String,
    /// How to reach it. Its `secret` is always `None` here.
    pub spec: SourceSpec,
    /// The sealed secret, opaque text.
    pub sealed_secret: Option<String>,
    /// Can it be used?
    pub state: SourceState,
    /// Connected at.
    pub created_at: Timestamp,
    /// What the last connection test said.
    pub last_test: Option<TestResult>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("id", &self.id)
            .field("revision", &self.revision)
            .field("org", &self.org)
            .field("name", &self.name)
            .field("spec", &self.spec)
            .field("sealed_secret", &self.sealed_secret.as_ref().map(|_| "…"))
            .field("state", &self.state)
            .field("last_test", &self.last_test)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// A source that was never tested. A secret inside `spec` is dropped: it belongs into `sealed_secret`.
    #[must_use]
    pub fn new(
        org: OrgId,
        name: impl Into<String>,
        mut spec: SourceSpec,
        sealed_secret: Option<String>,
        now: Timestamp,
    ) -> Self {
        spec.secret = None;
        Self {
            id: SourceId::new(),
            revision: 1,
            org,
            name: name.into(),
            spec,
            sealed_secret,
            state: SourceState::Untested,
            created_at: now,
            last_test: None,
        }
    }

    /// Keeps the outcome of a connection test.
    pub fn tested(&mut self, result: TestResult) {
        self.state = if result.fault.is_none() {
            SourceState::Working
        } else {
            SourceState::Failing
        };
        self.last_test = Some(result);
    }
}

/// Can a source be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceState {
    /// Connected, never tested.
    Untested,
    /// The last test went well.
    Working,
    /// The last test failed.
    Failing,
}

impl SourceState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Untested, Self::Working, Self::Failing];

    /// The machine code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Untested => "untested",
            Self::Working => "working",
            Self::Failing => "failing",
        }
    }
}

impl std::fmt::Display for SourceState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for SourceState {
    type Err = NotInList;
    fn from_str(text: &str) -> Result<Self, NotInList> {
        Self::ALL
            .iter()
            .copied()
            .find(|it| it.code() == text)
            .ok_or_else(|| NotInList {
                text: text.chars().take(80).collect(),
                list: "source state",
                allowed: "untested, working, failing".to_owned(),
            })
    }
}

/// What a connection test said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// Tested at.
    pub at: Timestamp,
    /// Tables, sheets or files seen.
    pub tables: u64,
    /// Milliseconds it took.
    pub took_ms: u64,
    /// What the server calls itself, as it says.
    pub server: String,
    /// Why it failed, safe to show; `None` when it went well.
    pub fault: Option<String>,
}
