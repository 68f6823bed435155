//! Somebody changes the own password.

use ledger::Entry;
use staff::{Known, Outcome, SignedIn, Via};

use super::sign_in::{admitted, lock, sign_in};
use crate::{App, Error};

/// Changes the own password, which must be shown once more. Every session ends and a new one begins.
///
/// Wrong guesses are counted like wrong sign-ins, so that a session left open is no way to try passwords.
///
/// # Errors
/// [`Error::State`] with a token instead of a session; [`Error::SignIn`] when the present password is wrong or locked;
/// [`Error::Staff`] with every weakness of the new one.
pub async fn change_own_password(
    app: &App,
    known: &Known,
    old: &str,
    new: &str,
    ip_hint: &str,
) -> Result<SignedIn, Error> {
    if !matches!(known.via, Via::Session(_)) {
        return Err(Error::State(
            "a password is changed in a session, not with a token".to_owned(),
        ));
    }
    let tx = app.read().await?;
    let attempt = staff::store::attempt_of(&tx, known.actor.id).await?;
    let limits = staff::store::limits(&tx).await?;
    if let Some(until) = staff::store::locked(&tx, &attempt, app.now()).await? {
        return Err(staff::Refused::Locked { until }.into());
    }
    drop(tx);
    let (old, wished) = (old.to_owned(), new.to_owned());
    let work = move || {
        let checked = attempt.check(&old);
        let hash = checked.change(&wished, &limits);
        (checked, hash)
    };
    let (checked, hash) = app.hash(work).await?;

    let now = app.now();
    let tx = app.db.write().await?;
    let outcome = staff::store::admit(&tx, checked, now, ip_hint).await?;
    let (kind, hash) = match &outcome {
        Outcome::SignedIn(_) => ("password-changed", Some(hash?)),
        Outcome::Refused(_) => ("password-change-refused", None),
        Outcome::LockBegan { .. } => ("sign-in-locked", None),
    };
    if let Some((owner, hash)) = &hash {
        staff::store::set_password(&tx, *owner, hash, false, now).await?;
    }
    let id = known.actor.id;
    let body = lock(&outcome);
    ledger::append(
        &tx,
        &Entry {
            at: now,
            kind: kind.to_owned(),
            actor: Some(id),
            subject: id.to_string(),
            body,
        },
    )
    .await?;
    tx.commit().await?;
    app.known.forget_all();
    match outcome {
        Outcome::SignedIn(_) => sign_in(app, &known.actor.login, new, ip_hint).await,
        other => admitted(other),
    }
}
