//! The limits of this room: rows, each with its legal basis; a region may only be stricter.

use chrono::Duration;
use serde::{Deserialize, Serialize};

/// The names of the limits. Kept as a closed list so that a missing row is found when the rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitName {
    /// Failed sign-ins in a row before the name is locked.
    LockAfterFailures,
    /// How long a lock lasts, minutes; failures older than this are forgotten.
    LockMinutes,
    /// A session ends after this many minutes without a request.
    SessionIdleMinutes,
    /// A session ends after this many minutes whatever happens.
    SessionTotalMinutes,
    /// The longest life of an API token, days.
    TokenMaxDays,
    /// The fewest characters of a password.
    PasswordMinChars,
    /// The most characters of a password.
    PasswordMaxChars,
    /// How many of the four kinds (lower, upper, digit, other) a password must show.
    PasswordMinKinds,
    /// A password must be changed after this many days.
    PasswordMaxAgeDays,
}

impl LimitName {
    /// Every limit.
    pub const ALL: &'static [Self] = &[
        Self::LockAfterFailures,
        Self::LockMinutes,
        Self::SessionIdleMinutes,
        Self::SessionTotalMinutes,
        Self::TokenMaxDays,
        Self::PasswordMinChars,
        Self::PasswordMaxChars,
        Self::PasswordMinKinds,
        Self::PasswordMaxAgeDays,
    ];

    /// The stored name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LockAfterFailures => "lock-after-failures",
            Self::LockMinutes => "lock-minutes",
            Self::SessionIdleMinutes => "session-idle-minutes",
            Self::SessionTotalMinutes => "session-total-minutes",
            Self::TokenMaxDays => "token-max-days",
            Self::PasswordMinChars => "password-min-chars",
            Self::PasswordMaxChars => "password-max-chars",
            Self::PasswordMinKinds => "password-min-kinds",
            Self::PasswordMaxAgeDays => "password-max-age-days",
        }
    }
}

impl std::str::FromStr for LimitName {
    type Err = vocab::class::NotInList;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|it| it.code() == text.trim());
        found.ok_or_else(|| vocab::class::NotInList {
            text: text.trim().chars().take(80).collect(),
            list: "limit",
            allowed: Self::ALL.iter().map(|it| it.code()).collect::<Vec<_>>().join(", "),
        })
    }
}

impl std::fmt::Display for LimitName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// In which direction a limit becomes stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stricter {
    /// A smaller number is stricter.
    Lower,
    /// A larger number is stricter.
    Higher,
}

/// One limit as it stands, for people to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Which.
    pub name: LimitName,
    /// What holds here.
    pub value: u64,
    /// The national value it may not be looser than.
    pub national: u64,
    /// What is counted: `minutes`, `days`, `chars`, …
    pub unit: String,
    /// Which way is stricter.
    pub stricter: Stricter,
    /// The rule it comes from.
    pub legal_basis: String,
}

/// All limits, ready to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Failed sign-ins before a lock.
    pub lock_after_failures: u64,
    /// How long a lock lasts.
    pub lock: Duration,
    /// The longest pause within a session.
    pub session_idle: Duration,
    /// The longest session.
    pub session_total: Duration,
    /// The longest life of a token, days.
    pub token_max_days: u64,
    /// The fewest characters of a password.
    pub password_min_chars: usize,
    /// The most characters of a password.
    pub password_max_chars: usize,
    /// The fewest kinds of characters of a password.
    pub password_min_kinds: usize,
    /// The greatest age of a password.
    pub password_max_age: Duration,
}

impl Limits {
    /// Reads every limit through `of`.
    pub(crate) fn read<E>(mut of: impl FnMut(LimitName) -> Result<u64, E>) -> Result<Self, E> {
        Ok(Self {
            lock_after_failures: of(LimitName::LockAfterFailures)?,
            lock: minutes(of(LimitName::LockMinutes)?),
            session_idle: minutes(of(LimitName::SessionIdleMinutes)?),
            session_total: minutes(of(LimitName::SessionTotalMinutes)?),
            token_max_days: of(LimitName::TokenMaxDays)?,
            password_min_chars: number(of(LimitName::PasswordMinChars)?),
            password_max_chars: number(of(LimitName::PasswordMaxChars)?),
            password_min_kinds: number(of(LimitName::PasswordMinKinds)?),
            password_max_age: days(of(LimitName::PasswordMaxAgeDays)?),
        })
    }
}

/// A hundred years: what a duration is cut to, so that adding it to an instant cannot overflow.
const LONGEST_DAYS: u64 = 36_525;

fn number(it: u64) -> usize {
    usize::try_from(it).unwrap_or(usize::MAX)
}

fn minutes(it: u64) -> Duration {
    Duration::minutes(i64::try_from(it.min(LONGEST_DAYS * 24 * 60)).unwrap_or(0))
}

pub(crate) fn days(it: u64) -> Duration {
    Duration::days(i64::try_from(it.min(LONGEST_DAYS)).unwrap_or(0))
}
