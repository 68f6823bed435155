//! API tokens: for programs, with some of their owner's roles and always with an end.

use serde::{Deserialize, Serialize};
use vocab::{ActorId, OrgId, Role, Timestamp, TokenId};

use crate::{Error, Limits, limits::days};

#[cfg(test)]
mod tests;

/// A token as its owner sees it in a list. The secret is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Identifier; not a secret.
    pub id: TokenId,
    /// The last four characters of the secret, to tell tokens apart.
    pub hint: String,
    /// Whose.
    pub person: ActorId,
    /// For which organisation its calls act.
    pub org: OrgId,
    /// What its owner calls it.
    pub name: String,
    /// The roles it was given; those its owner has lost since do not count.
    pub roles: Vec<Role>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The last use that was noted.
    pub last_used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Does it open anything at `now`?
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A wish for a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// Whose.
    pub person: ActorId,
    /// For which organisation.
    pub org: OrgId,
    /// What it is for, in its owner's words.
    pub name: String,
    /// A subset of the owner's roles there; not empty.
    pub roles: Vec<Role>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// May this token be made for someone who holds `held` in its organisation?
///
/// # Errors
/// [`Error::EmptyToken`], [`Error::NotHeld`] with the first role that is too much, [`Error::TokenLifetime`].
pub(crate) fn fits(new: &NewToken, held: &[Role], limits: &Limits, now: Timestamp) -> Result<(), Error> {
    if new.roles.is_empty() || new.name.trim().is_empty() {
        return Err(Error::EmptyToken);
    }
    if let Some(role) = new.roles.iter().find(|it| !held.contains(it)) {
        return Err(Error::NotHeld(*role));
    }
    if new.expires_at <= now || new.expires_at > now + days(limits.token_max_days) {
        return Err(Error::TokenLifetime {
            max_days: limits.token_max_days,
        });
    }
    Ok(())
}
