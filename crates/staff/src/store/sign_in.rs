//! The database's part of signing in.

use db::{Arg, Row, Tx};
use vocab::{ActorId, SessionId, Timestamp};

use super::{limits, people, sessions};
use crate::{
    Attempt, Checked, Error, Login, Outcome, PasswordHash, Refused, Session, SignedIn,
    secret::{self, Secret},
    session::idle_end,
    sign_in::Failures,
};

/// Begins a sign-in with whatever was typed as a name. Says nothing about whether someone has it.
///
/// # Errors
/// [`Error::Db`].
pub async fn attempt(tx: &Tx, typed: &str) -> Result<Attempt, Error> {
    // What is no sign-in name is counted under the text as typed.
    let login = typed
        .parse::<Login>()
        .map_or_else(|_| typed.trim().to_owned(), String::from);
    let row = tx
        .opt(
            "select p.id, p.login, w.hash from staff_person p join staff_password w on w.person = p.id where p.login = $1",
            [(&login).into()],
        )
        .await?;
    Ok(Attempt {
        login_key: secret::hash(&login),
        known: row.map(|it| known(&it)).transpose()?,
    })
}

/// Until when this name is locked, if it is: asked before a password is checked at all, so that a locked name costs nothing.
/// A name nobody has locks like any other, so that the answer tells nothing.
///
/// # Errors
/// [`Error::Db`].
pub async fn locked(tx: &Tx, attempt: &Attempt, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let row = tx
        .opt(
            "select locked_until from staff_failure where login_key = $1",
            [(&attempt.login_key).into()],
        )
        .await?;
    let until = row.map(|it| it.opt_time("locked_until")).transpose()?.flatten();
    Ok(until.filter(|it| *it > now))
}

/// Opens the lock of whatever was typed as a name; was it locked, or counted at all?
///
/// # Errors
/// [`Error::Db`].
pub async fn unlock_login(tx: &Tx, typed: &str) -> Result<bool, Error> {
    let attempt = attempt(tx, typed).await?;
    let gone = tx
        .run(
            "delete from staff_failure where login_key = $1",
            [(&attempt.login_key).into()],
        )
        .await?;
    super::bump(tx).await?;
    Ok(gone > 0)
}

/// Begins a check of a signed-in person's own password, before it is changed.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn attempt_of(tx: &Tx, id: ActorId) -> Result<Attempt, Error> {
    let person = people::person(tx, id).await?;
    attempt(tx, person.login.as_str()).await
}

/// Ends a sign-in: a session begins, or the failure is counted. Commit in both cases. `ip_hint` is what people see
/// in the list of their sessions; cut to 64 characters.
///
/// # Errors
/// [`Error::Db`], [`Error::Seal`].
pub async fn admit(tx: &Tx, checked: Checked, now: Timestamp, ip_hint: &str) -> Result<Outcome, Error> {
    let limits = limits(tx).await?;
    let Checked { attempt, right, again } = checked;
    let failures = failures(tx, &attempt.login_key, now).await?;
    if let Some(until) = failures.locked(now) {
        return Ok(Outcome::Refused(Refused::Locked { until }));
    }
    let stored = match &attempt.known {
        Some((id, _, hash)) if right => present(tx, *id, hash).await?,
        _ => None,
    };
    let Some(stored) = stored else {
        let after = failures.one_more(&limits, now);
        note(tx, &attempt.login_key, after).await?;
        return Ok(match after.locked_until {
            Some(until) => Outcome::LockBegan {
                login: attempt.login_key,
                until,
            },
            None => Outcome::Refused(Refused::Credentials),
        });
    };
    if stored.disabled {
        return Ok(Outcome::Refused(Refused::Disabled));
    }
    tx.run(
        "delete from staff_failure where login_key = $1",
        [(&attempt.login_key).into()],
    )
    .await?;

    if let Some(hash) = again {
        renew(tx, stored.person, &hash).await?;
    }
    people::seen(tx, stored.person, now).await?;
    let person = people::person(tx, stored.person).await?;
    let ends_at = now + limits.session_total;
    let session = Session {
        id: SessionId::new(),
        person: person.id,
        org: person.org,
        began_at: now,
        seen_at: now,
        idle_ends_at: idle_end(now, limits.session_idle, ends_at),
        ends_at,
        ip_hint: ip_hint.chars().take(64).collect(),
    };
    let secret = Secret::new()?;
    sessions::insert(tx, &session, &secret).await?;
    let must_change_password = stored.must_change || stored.set_at + limits.password_max_age <= now;
    Ok(Outcome::SignedIn(Box::new(SignedIn {
        person,
        session,
        secret,
        must_change_password,
    })))
}

/// Keeps the same password under today's parameters: when it was set, and by whom, stays.
async fn renew(tx: &Tx, person: ActorId, hash: &PasswordHash) -> Result<(), Error> {
    tx.run(
        "update staff_password set hash = $1 where person = $2",
        [hash.as_str().into(), Arg::text(person)],
    )
    .await?;
    Ok(())
}

fn known(row: &Row) -> Result<(ActorId, Login, PasswordHash), db::Error> {
    Ok((
        row.parse("id")?,
        row.parse("login")?,
        PasswordHash::stored(row.text("hash")?),
    ))
}

struct Stored {
    person: ActorId,
    disabled: bool,
    must_change: bool,
    set_at: Timestamp,
}

/// The password as it is now, unless it was changed while it was being checked.
async fn present(tx: &Tx, id: ActorId, checked: &PasswordHash) -> Result<Option<Stored>, Error> {
    let row = tx
        .opt(
            "select p.disabled, w.hash, w.set_at, w.must_change
               from staff_person p join staff_password w on w.person = p.id where p.id = $1",
            [Arg::text(id)],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    if row.text("hash")? != checked.as_str() {
        return Ok(None);
    }
    Ok(Some(Stored {
        person: id,
        disabled: row.bool("disabled")?,
        must_change: row.bool("must_change")?,
        set_at: row.time("set_at")?,
    }))
}

/// Reads the counter and holds it, so that guesses at the same time are counted one after the other, the first ones too.
async fn failures(tx: &Tx, login_key: &str, now: Timestamp) -> Result<Failures, Error> {
    tx.run(
        "insert into staff_failure (login_key, failures, last_at) values ($1, 0, $2) on conflict (login_key) do nothing",
        [login_key.into(), now.into()],
    )
    .await?;
    let lock = if tx.is_sqlite() { "" } else { " for update" };
    let sql = format!("select failures, last_at, locked_until from staff_failure where login_key = $1{lock}");
    let row = tx.one(&sql, [login_key.into()]).await?;
    Ok(Failures {
        count: row.count("failures")?,
        last_at: Some(row.time("last_at")?),
        locked_until: row.opt_time("locked_until")?,
    })
}

async fn note(tx: &Tx, login_key: &str, failures: Failures) -> Result<(), Error> {
    tx.run(
        "insert into staff_failure (login_key, failures, last_at, locked_until) values ($1, $2, $3, $4)
         on conflict (login_key) do update
            set failures = excluded.failures, last_at = excluded.last_at, locked_until = excluded.locked_until",
        [
            login_key.into(),
            failures.count.into(),
            failures.last_at.into(),
            failures.locked_until.into(),
        ],
    )
    .await?;
    Ok(())
}
