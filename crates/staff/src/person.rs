//! A person or program that can sign in, and its posts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use vocab::{Actor, ActorId, OrgId, Role, Timestamp};

use crate::Error;

#[cfg(test)]
mod tests;

/// The shortest and the longest sign-in name.
const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 2..=64;

/// A sign-in name: `zhang.wei`.
///
/// Invariant: 2 to 64 of `a-z`, `0-9`, `.`, `_`, `-`, `@`, with a letter or digit first; upper case is folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

/// A text is no sign-in name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLogin {
    /// Too short or too long.
    #[error("a sign-in name has 2 to 64 characters, not {0}")]
    Length(usize),
    /// A character that is not allowed, or not in the first place.
    #[error("a sign-in name holds a-z, 0-9, `.`, `_`, `-` and `@`, and begins with a letter or digit; not `{0}`")]
    Char(char),
}

impl Login {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Login {
    type Err = BadLogin;
    fn from_str(text: &str) -> Result<Self, BadLogin> {
        let folded = text.trim().to_ascii_lowercase();
        let length = folded.chars().count();
        if !LOGIN_CHARS.contains(&length) {
            return Err(BadLogin::Length(length));
        }
        let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
        for (place, it) in folded.chars().enumerate() {
            if !(plain(it) || place > 0 && matches!(it, '.' | '_' | '-' | '@')) {
                return Err(BadLogin::Char(it));
            }
        }
        Ok(Self(folded))
    }
}

impl TryFrom<String> for Login {
    type Error = BadLogin;
    fn try_from(text: String) -> Result<Self, BadLogin> {
        text.parse()
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0
    }
}

/// A role held in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Post {
    /// Where.
    pub org: OrgId,
    /// In which capacity.
    pub role: Role,
}

/// Whether someone can sign in at a given moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Yes.
    Active,
    /// Not before `until`: too many failed sign-ins.
    Locked {
        /// When the lock opens by itself.
        until: Timestamp,
    },
    /// No: switched off by an administrator, with every session and token.
    Disabled,
}

/// A person, or a program with the role [`Role::Service`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Identifier.
    pub id: ActorId,
    /// Sign-in name.
    pub login: Login,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in Latin letters.
    pub name_en: String,
    /// The organisation the person belongs to and acts for after signing in.
    pub org: OrgId,
    /// Every role, per organisation; sorted.
    pub posts: Vec<Post>,
    /// Switched off?
    pub disabled: bool,
    /// Until when sign-in is locked; may lie in the past.
    pub locked_until: Option<Timestamp>,
    /// Must the password be changed at the next sign-in? False for those without one.
    pub must_change_password: bool,
    /// Since when the person is known here.
    pub created_at: Timestamp,
    /// When the person signed in or used a session or token last, to some minutes; `None` for never.
    #[serde(default)]
    pub last_seen_at: Option<Timestamp>,
}

impl Person {
    /// Whether the person can sign in at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match self.locked_until {
            _ if self.disabled => State::Disabled,
            Some(until) if until > now => State::Locked { until },
            _ => State::Active,
        }
    }

    /// The roles held in one organisation, sorted.
    #[must_use]
    pub fn roles_in(&self, org: OrgId) -> Vec<Role> {
        self.posts.iter().filter(|it| it.org == org).map(|it| it.role).collect()
    }

    /// The person as it acts for one organisation.
    #[must_use]
    pub fn actor(&self, org: OrgId) -> Actor {
        Actor {
            id: self.id,
            login: self.login.to_string(),
            name: self.name_zh.clone(),
            org,
            roles: self.roles_in(org),
            via: None,
        }
    }
}

/// What is said about a person who begins here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPerson {
    /// Sign-in name.
    pub login: Login,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in Latin letters.
    pub name_en: String,
    /// The organisation the person belongs to.
    pub org: OrgId,
    /// Roles, per organisation.
    pub posts: Vec<Post>,
}

/// Are the three administrations kept apart in one person's posts?
///
/// Source: GB/T 22239-2019 level 3 (8.1.5.1-8.1.5.3: system, audit and security management each by its own
/// administrator).
///
/// # Errors
/// [`Error::Separation`] when two of the posts are administrations.
pub fn separate(posts: &[Post]) -> Result<(), Error> {
    let mut administrations: Vec<Post> = posts
        .iter()
        .copied()
        .filter(|it| matches!(it.role, Role::SystemAdmin | Role::SecurityAdmin | Role::Auditor))
        .collect();
    administrations.sort_unstable();
    administrations.dedup();
    if administrations.len() > 1 {
        Err(Error::Separation)
    } else {
        Ok(())
    }
}
