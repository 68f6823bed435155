//! A signed-in person's session, kept on the server.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use vocab::{ActorId, OrgId, SessionId, Timestamp};

/// A session as its owner sees it in a list. The secret is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifier; not a secret.
    pub id: SessionId,
    /// Whose.
    pub person: ActorId,
    /// For which organisation the person acts.
    pub org: OrgId,
    /// When the person signed in.
    pub began_at: Timestamp,
    /// The last use that was noted.
    pub seen_at: Timestamp,
    /// When it ends unless it is used before.
    pub idle_ends_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
    /// From where, as the door saw it; for people to recognise, never for decisions.
    pub ip_hint: String,
}

/// How often the use of a session or token is noted; between two notes requests only read.
pub(crate) const NOTED_EVERY: Duration = Duration::minutes(1);

/// The idle end of a session used at `now`: never after its absolute end.
pub(crate) fn idle_end(now: Timestamp, idle: Duration, ends_at: Timestamp) -> Timestamp {
    (now + idle).min(ends_at)
}
