//! Who stands behind a session or a token.

use serde::{Deserialize, Serialize};
use vocab::{Actor, Timestamp, Via};

/// A recognised actor, and how long that may be remembered.
///
/// Whoever keeps this for a few seconds compares [`crate::store::revision`] with `revision`: while they are equal
/// nothing was taken away from anybody, and until `expires_at` the answer stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Who, with the roles that hold now.
    pub actor: Actor,
    /// By what.
    pub via: Via,
    /// When this session (if nobody touches it) or token ends.
    pub expires_at: Timestamp,
    /// The staff revision at which this was true.
    pub revision: u64,
    /// The person may do nothing but change the password.
    pub must_change_password: bool,
    /// The use was not noted for a while: call `touch_session` or `touch_token` in a write transaction.
    pub touch_due: bool,
}
