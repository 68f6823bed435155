//! This room's database access: plain functions on the caller's transaction.

mod limits;
mod people;
mod sessions;
mod sign_in;
mod tokens;

#[cfg(test)]
mod tests;

use db::{Arg, Tx};
use vocab::{ActorId, Timestamp};

use crate::Error;

pub use limits::{limits, limits_listed, set_limit};
pub use people::{
    Filter, disable, enable, holders, insert, people, person, person_by_login, rename, set_password, set_posts, unlock,
};
pub use sessions::{actor_by_session, end_session, end_sessions, rotate_session, sessions, switch_org, touch_session};
pub use sign_in::{admit, attempt, attempt_of, locked, unlock_login};
pub use tokens::{actor_by_token, issue_token, revoke_token, revoke_tokens, token, tokens, touch_token};

/// The staff revision: it grows whenever something is taken from or changed for a person, session or token.
///
/// # Errors
/// [`Error::Db`].
pub async fn revision(tx: &Tx) -> Result<u64, Error> {
    Ok(tx.one("select value from staff_revision", []).await?.count("value")?)
}

/// Forgets sessions that have ended and failures that no longer count; how many rows.
///
/// # Errors
/// [`Error::Db`].
pub async fn sweep(tx: &Tx, now: Timestamp) -> Result<u64, Error> {
    let sessions = tx
        .run(
            "delete from staff_session where idle_ends_at <= $1 or ends_at <= $1",
            [now.into()],
        )
        .await?;
    let old = now - limits(tx).await?.lock;
    let failures = tx
        .run(
            "delete from staff_failure where last_at <= $1 and (locked_until is null or locked_until <= $2)",
            [old.into(), now.into()],
        )
        .await?;
    Ok(sessions + failures)
}

/// Something changed that others may remember.
async fn bump(tx: &Tx) -> Result<(), Error> {
    tx.run("update staff_revision set value = value + 1", []).await?;
    Ok(())
}

/// Runs a statement on one person and says so when there is none.
async fn on_person<const N: usize>(tx: &Tx, sql: &str, args: [Arg; N]) -> Result<(), Error> {
    match tx.run(sql, args).await? {
        0 => Err(Error::NotFound("person")),
        _ => bump(tx).await,
    }
}

async fn must_exist(tx: &Tx, id: ActorId) -> Result<(), Error> {
    let found = tx
        .opt("select id from staff_person where id = $1", [Arg::text(id)])
        .await?;
    found.map(drop).ok_or(Error::NotFound("person"))
}
