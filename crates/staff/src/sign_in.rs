//! Signing in: who is tried, what is decided. The database's part is in the store.

use serde::{Deserialize, Serialize};
use vocab::{ActorId, Timestamp};

use crate::{Limits, Login, PasswordHash, Person, Secret, Session, secret};

/// A sign-in that has begun: what must be known to check a password. Made by [`crate::store::attempt`].
#[derive(Debug, Clone)]
pub struct Attempt {
    pub(crate) login_key: String,
    pub(crate) known: Option<(ActorId, Login, PasswordHash)>,
}

impl Attempt {
    /// Checks the password. Slow on purpose, and equally slow for a name nobody has: call it off the async threads.
    #[must_use]
    pub fn check(self, password: &str) -> Checked {
        let right = match &self.known {
            Some((_, _, hash)) => hash.fits(password),
            None => secret::verify_nobody(password),
        };
        let known = self.known.as_ref().filter(|_| right);
        let again = known.and_then(|(_, _, hash)| hash.renewed(password));
        Checked {
            attempt: self,
            right,
            again,
        }
    }

    /// Whose password it would be. For a change of password by the person itself, never for an answer to a stranger.
    #[must_use]
    pub fn person(&self) -> Option<ActorId> {
        self.known.as_ref().map(|(id, _, _)| *id)
    }
}

/// A sign-in whose password was checked. Only [`Attempt::check`] makes it.
#[derive(Debug, Clone)]
pub struct Checked {
    pub(crate) attempt: Attempt,
    pub(crate) right: bool,
    /// The same password under today's parameters, where the stored hash is of weaker ones.
    pub(crate) again: Option<PasswordHash>,
}

impl Checked {
    /// Hashes the new password of someone who has just shown the present one. Slow on purpose.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] when the present password was wrong; [`crate::Error::Weak`] with every reason;
    /// [`crate::Error::Seal`].
    pub fn change(&self, new: &str, limits: &Limits) -> Result<(ActorId, PasswordHash), crate::Error> {
        match &self.attempt.known {
            Some((id, login, present)) if self.right => Ok((*id, PasswordHash::changed(new, present, login, limits)?)),
            _ => Err(crate::Error::NotFound("password")),
        }
    }
}

/// A person who has just signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// The session that began.
    pub session: Session,
    /// Its secret, for the cookie; not kept here.
    pub secret: Secret,
    /// The password is too old or was set by someone else: nothing else can be done before it is changed.
    pub must_change_password: bool,
}

/// Why nobody was signed in. Unknown name and wrong password are one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Refused {
    /// The name, the password or both are wrong.
    #[error("the sign-in name or the password is wrong")]
    Credentials,
    /// Too many failures with this name, whether someone has it or not.
    #[error("too many failed sign-ins: locked until {until}")]
    Locked {
        /// When the lock opens by itself.
        until: Timestamp,
    },
    /// The password is right, but the person is switched off.
    #[error("this person is disabled")]
    Disabled,
}

/// What came of a sign-in. Commit the transaction in both cases.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The person is in.
    SignedIn(Box<SignedIn>),
    /// Not so.
    Refused(Refused),
    /// Not so, and with this failure a lock began.
    LockBegan {
        /// The digest of what was typed as a name; the name itself may be nobody's, or a password typed into the wrong field.
        login: String,
        /// When the lock opens by itself.
        until: Timestamp,
    },
}

/// The failures counted for one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Failures {
    pub count: u64,
    pub last_at: Option<Timestamp>,
    pub locked_until: Option<Timestamp>,
}

impl Failures {
    /// Until when the login is locked, if it is.
    pub fn locked(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|it| *it > now)
    }

    /// One more failure at `now`. Failures before a pause as long as a lock are forgotten.
    pub fn one_more(self, limits: &Limits, now: Timestamp) -> Self {
        let fresh = self.locked_until.is_none() && self.last_at.is_some_and(|it| it + limits.lock > now);
        let count = if fresh { self.count + 1 } else { 1 };
        let locked_until = (count >= limits.lock_after_failures).then(|| now + limits.lock);
        Self {
            count,
            last_at: Some(now),
            locked_until,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use chrono::Duration;
    use expect_test::expect;

    use super::*;

    #[test]
    fn enough_failures_lock_and_the_lock_opens_by_itself() {
        let limits = Limits::read(|it| {
            Ok::<u64, ()>(if it == crate::LimitName::LockAfterFailures {
                3
            } else {
                15
            })
        })
        .unwrap();
        let start = vocab::time::parse("2026-03-09T09:00:00Z").unwrap();
        let mut failures = Failures::default();
        let mut story = String::new();
        for minute in [0, 1, 2, 10, 17, 18, 40, 41] {
            let now = start + Duration::minutes(minute);
            match failures.locked(now) {
                Some(until) => story += &format!("{minute}: locked for {} more minutes\n", (until - now).num_minutes()),
                None => {
                    failures = failures.one_more(&limits, now);
                    story += &format!("{minute}: failure {}\n", failures.count);
                }
            }
        }
        expect![[r#"
            0: failure 1
            1: failure 2
            2: failure 3
            10: locked for 7 more minutes
            17: failure 1
            18: failure 2
            40: failure 1
            41: failure 2
        "#]]
        .assert_eq(&story);
    }
}
