//! Somebody signs in with name and password.

use ledger::Entry;
use serde_json::{Value, json};
use staff::{Outcome, Refused, SignedIn};

use crate::{App, Error};

/// Somebody signs in. `ip_hint` is shown in the list of their sessions.
///
/// A name that is locked is told so before any password is hashed. The slow hash runs off the async threads, a few at a
/// time; failures are counted even though nobody gets in. The ledger keeps who signed in and when a lock began, not every
/// wrong password: a stranger cannot make it grow.
///
/// # Errors
/// [`Error::SignIn`]: wrong name or password, locked, or disabled; [`Error::Busy`].
pub async fn sign_in(app: &App, login: &str, password: &str, ip_hint: &str) -> Result<SignedIn, Error> {
    let tx = app.read().await?;
    let attempt = staff::store::attempt(&tx, login).await?;
    if let Some(until) = staff::store::locked(&tx, &attempt, app.now()).await? {
        return Err(Refused::Locked { until }.into());
    }
    drop(tx);
    let password = password.to_owned();
    let checked = app.hash(move || attempt.check(&password)).await?;

    let now = app.now();
    let tx = app.db.write().await?;
    let outcome = staff::store::admit(&tx, checked, now, ip_hint).await?;
    let entry = match &outcome {
        Outcome::SignedIn(it) => {
            let id = it.person.id;
            Some(("signed-in", Some(id), id.to_string(), Value::Null))
        }
        Outcome::LockBegan { .. } => Some(("sign-in-locked", None, "sign-in".to_owned(), lock(&outcome))),
        Outcome::Refused(_) => None,
    };
    if let Some((kind, actor, subject, body)) = entry {
        let kind = kind.to_owned();
        let entry = Entry {
            at: now,
            kind,
            actor,
            subject,
            body,
        };
        ledger::append(&tx, &entry).await?;
    }
    tx.commit().await?;
    admitted(outcome)
}

/// What the ledger keeps of a lock that began: the digest of what was typed as a name, and until when.
pub(crate) fn lock(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::LockBegan { login, until } => json!({ "login": login, "until": vocab::time::to_text(*until) }),
        Outcome::SignedIn(_) | Outcome::Refused(_) => Value::Null,
    }
}

/// Who is in, or why nobody is.
pub(crate) fn admitted(outcome: Outcome) -> Result<SignedIn, Error> {
    match outcome {
        Outcome::SignedIn(it) => Ok(*it),
        Outcome::Refused(reason) => Err(reason.into()),
        Outcome::LockBegan { until, .. } => Err(Refused::Locked { until }.into()),
    }
}

/// Opens the lock of a sign-in name from the node's own machine: for the day when the only administrator is locked out.
/// Whoever can run it owns the node's files, so there is nobody to ask for a permit; the ledger names nobody.
///
/// # Errors
/// [`Error::NotFound`] when nothing is counted for this name.
pub async fn unlock_login(app: &App, login: &str) -> Result<(), Error> {
    let tx = app.db.write().await?;
    if !staff::store::unlock_login(&tx, login).await? {
        return Err(Error::NotFound("lock"));
    }
    let entry = Entry {
        at: app.now(),
        kind: "sign-in-unlocked-locally".to_owned(),
        actor: None,
        subject: "sign-in".to_owned(),
        body: json!({ "login": login }),
    };
    ledger::append(&tx, &entry).await?;
    tx.commit().await?;
    app.known.forget_all();
    Ok(())
}
