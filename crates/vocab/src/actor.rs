//! Who acts.

use serde::{Deserialize, Serialize};

use crate::{
    action::Role,
    id::{ActorId, OrgId, SessionId, TokenId},
};

/// By what an actor was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A person's session.
    Session(SessionId),
    /// A program's token.
    Token(TokenId),
}

/// An authenticated person or program, with the roles it has in its organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Identifier.
    pub id: ActorId,
    /// Sign-in name.
    pub login: String,
    /// Name shown to people.
    pub name: String,
    /// The organisation it acts for.
    pub org: OrgId,
    /// Its roles there.
    pub roles: Vec<Role>,
    /// By what it was recognised; nothing where the platform acts for it, as in a run of a delivery.
    pub via: Option<Via>,
}

impl Actor {
    /// Has it this role?
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
