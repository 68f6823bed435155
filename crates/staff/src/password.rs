//! Passwords: what is a good one, and the only form in which one is kept.

use std::fmt;

use crate::{Error, Limits, Login, Secret, secret};

#[cfg(test)]
mod tests;

/// What everybody tries first; whole passwords, or what is left of one without its digits and signs.
const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "qwerty",
    "qwertyuiop",
    "asdfgh",
    "asdfghjkl",
    "zxcvbnm",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "root",
    "guest",
    "test",
    "iloveyou",
    "woaini",
    "wangluo",
    "mima",
    "abc",
    "abcd",
    "abcdef",
    "aaaa",
    "jutong",
    "monkey",
    "dragon",
    "sunshine",
    "princess",
    "football",
    "qazwsx",
    "qazwsxedc",
    "changeme",
    "default",
    "system",
    "manager",
    "huawei",
    "zhongguo",
    "beijing",
];

/// One reason why a password is too weak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Too few characters.
    #[error("fewer than {min} characters")]
    TooShort {
        /// The fewest allowed.
        min: usize,
    },
    /// Too many characters.
    #[error("more than {max} characters")]
    TooLong {
        /// The most allowed.
        max: usize,
    },
    /// Too few kinds of characters.
    #[error("fewer than {min} of the kinds lower case, upper case, digit and other")]
    TooFewKinds {
        /// The fewest allowed.
        min: usize,
    },
    /// It holds the sign-in name.
    #[error("it holds the sign-in name")]
    HoldsLogin,
    /// It is what everybody tries first, or one character over and over.
    #[error("it is too common")]
    Common,
    /// It is the one in use.
    #[error("it is the present password")]
    Unchanged,
}

impl Weakness {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too-short",
            Self::TooLong { .. } => "too-long",
            Self::TooFewKinds { .. } => "too-few-kinds",
            Self::HoldsLogin => "holds-login",
            Self::Common => "common",
            Self::Unchanged => "unchanged",
        }
    }

    /// The number it speaks of, if any.
    #[must_use]
    pub const fn number(&self) -> Option<usize> {
        match self {
            Self::TooShort { min } | Self::TooFewKinds { min } => Some(*min),
            Self::TooLong { max } => Some(*max),
            Self::HoldsLogin | Self::Common | Self::Unchanged => None,
        }
    }
}

/// An Argon2id hash of a password that was good enough. Prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Checks a new password and hashes it. Slow on purpose: call it off the async threads.
    ///
    /// # Errors
    /// [`Error::Weak`] with every reason at once; [`Error::Seal`] when hashing fails.
    pub fn new(password: &str, login: &Login, limits: &Limits) -> Result<Self, Error> {
        let reasons = weaknesses(password, login, limits);
        if !reasons.is_empty() {
            return Err(Error::Weak(reasons));
        }
        secret::hash_password(password).map(Self)
    }

    /// The same for a change: the new one must differ from the present one. Slow on purpose, twice.
    ///
    /// # Errors
    /// As [`PasswordHash::new`].
    pub fn changed(password: &str, present: &Self, login: &Login, limits: &Limits) -> Result<Self, Error> {
        let new = Self::new(password, login, limits)?;
        if secret::verify_password(password, &present.0) {
            return Err(Error::Weak(vec![Weakness::Unchanged]));
        }
        Ok(new)
    }

    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The same password hashed anew where this hash is of weaker parameters than today's. Slow on purpose.
    pub(crate) fn renewed(&self, password: &str) -> Option<Self> {
        let outdated = secret::is_outdated(&self.0);
        outdated
            .then(|| secret::hash_password(password).ok().map(Self))
            .flatten()
    }

    pub(crate) fn fits(&self, password: &str) -> bool {
        secret::verify_password(password, &self.0)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What generated passwords are made of: 64 signs, so that six random bits choose one without bias. No `l`, `I`, `O`,
/// `0`, `1`, which people mistake for each other.
const SIGNS: &[u8; 64] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_+=.:@";
/// 120 bits.
const GENERATED_CHARS: usize = 20;

/// A random password of 120 bits that is good enough for this login; handed out once.
///
/// # Errors
/// [`Error::Seal`] without random bytes; [`Error::Weak`] when the limits cannot be met by 64 characters.
pub fn generate_password(login: &Login, limits: &Limits) -> Result<Secret, Error> {
    let mut reasons = Vec::new();
    for _ in 0..16 {
        let length = GENERATED_CHARS
            .max(limits.password_min_chars)
            .min(limits.password_max_chars);
        let text: String = secret::random()?
            .iter()
            .take(length)
            .filter_map(|it| SIGNS.get(usize::from(it & 63)).map(|it| char::from(*it)))
            .collect();
        reasons = weaknesses(&text, login, limits);
        if reasons.is_empty() {
            return Ok(Secret::of(&text));
        }
    }
    Err(Error::Weak(reasons))
}

/// Everything that is wrong with a password. Source: GB/T 22239-2019 8.1.4.1 a), numbers from the limits.
pub(crate) fn weaknesses(password: &str, login: &Login, limits: &Limits) -> Vec<Weakness> {
    let length = password.chars().count();
    let folded = password.to_lowercase();
    let mut found = Vec::new();
    if length < limits.password_min_chars {
        found.push(Weakness::TooShort {
            min: limits.password_min_chars,
        });
    }
    if length > limits.password_max_chars {
        found.push(Weakness::TooLong {
            max: limits.password_max_chars,
        });
    }
    if kinds(password) < limits.password_min_kinds {
        found.push(Weakness::TooFewKinds {
            min: limits.password_min_kinds,
        });
    }
    if folded.contains(login.as_str()) {
        found.push(Weakness::HoldsLogin);
    }
    if is_common(&folded) {
        found.push(Weakness::Common);
    }
    found
}

fn kinds(password: &str) -> usize {
    let shows = |test: fn(char) -> bool| usize::from(password.chars().any(test));
    shows(char::is_lowercase)
        + shows(char::is_uppercase)
        + shows(char::is_numeric)
        + shows(|it| !it.is_lowercase() && !it.is_uppercase() && !it.is_numeric())
}

fn is_common(folded: &str) -> bool {
    let letters = folded.trim_matches(|it: char| !it.is_alphabetic());
    let different = {
        let mut all: Vec<char> = folded.chars().collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    COMMON.contains(&folded) || COMMON.contains(&letters) || different < 4
}
