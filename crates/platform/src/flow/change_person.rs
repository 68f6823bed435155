//! A person's names, posts and state change.

use policy::{About, Permit};
use serde::Serialize;
use serde_json::json;
use staff::{Person, Post, Secret};
use vocab::{Action, Actor, ActorId, OrgId};

use super::register_person::{FirstPassword, named, placed, prepare};
use crate::{App, Change, Error, Event};

/// Changes a person's names and the organisation the person belongs to. The sign-in name stays for ever.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`].
pub async fn change_person(
    app: &App,
    actor: &Actor,
    id: ActorId,
    name_zh: &str,
    name_en: &str,
    org: OrgId,
) -> Result<Person, Error> {
    let (permit, _) = permitted(app, actor, id).await?;
    let mut faults = named(name_zh);
    faults.extend(placed(&catalog::store::tree(&app.read().await?).await?, org, &[]));
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    let change = Change::begin(app, permit).await?;
    staff::store::rename(change.db(), id, name_zh.trim(), name_en.trim(), org).await?;
    finish(app, change, id, "person-changed", &json!({ "org": org })).await
}

/// Replaces a person's posts. Nobody changes their own.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] for organisations that do not exist; [`Error::Staff`] when
/// two administrations would meet in one person; [`Error::State`] for oneself.
pub async fn set_posts(app: &App, actor: &Actor, id: ActorId, posts: &[Post]) -> Result<Person, Error> {
    let (permit, person) = permitted(app, actor, id).await?;
    not_oneself(actor, id)?;
    let faults = placed(&catalog::store::tree(&app.read().await?).await?, person.org, posts);
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    let change = Change::begin(app, permit).await?;
    staff::store::set_posts(change.db(), id, posts).await?;
    finish(
        app,
        change,
        id,
        "person-posts-set",
        &json!({ "org": person.org, "posts": posts }),
    )
    .await
}

/// Switches a person off: sessions end, tokens are taken back. Nobody switches themselves off.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::State`] for oneself.
pub async fn disable_person(app: &App, actor: &Actor, id: ActorId) -> Result<Person, Error> {
    let (permit, person) = permitted(app, actor, id).await?;
    not_oneself(actor, id)?;
    let change = Change::begin(app, permit).await?;
    staff::store::disable(change.db(), id, change.now()).await?;
    finish(app, change, id, "person-disabled", &json!({ "org": person.org })).await
}

/// Switches a person on again; tokens stay revoked.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn enable_person(app: &App, actor: &Actor, id: ActorId) -> Result<Person, Error> {
    let (permit, person) = permitted(app, actor, id).await?;
    let change = Change::begin(app, permit).await?;
    staff::store::enable(change.db(), id).await?;
    finish(app, change, id, "person-enabled", &json!({ "org": person.org })).await
}

/// Opens a lock that failed sign-ins closed.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn unlock_person(app: &App, actor: &Actor, id: ActorId) -> Result<Person, Error> {
    let (permit, person) = permitted(app, actor, id).await?;
    let change = Change::begin(app, permit).await?;
    staff::store::unlock(change.db(), id).await?;
    finish(app, change, id, "person-unlocked", &json!({ "org": person.org })).await
}

/// Gives a person a random password, told once; every session of the person ends, every token is taken back, and it must
/// be changed at once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn reset_password(app: &App, actor: &Actor, id: ActorId) -> Result<(Person, Secret), Error> {
    let (permit, person) = permitted(app, actor, id).await?;
    let ready = prepare(app, &person.login, FirstPassword::Generated).await?;
    let (Some(hash), Some(secret)) = (ready.hash, ready.secret) else {
        return Err(Error::State("no password could be made".to_owned()));
    };
    let change = Change::begin(app, permit).await?;
    staff::store::set_password(change.db(), id, &hash, true, change.now()).await?;
    let tokens = staff::store::revoke_tokens(change.db(), id, change.now()).await?;
    let told = json!({ "org": person.org, "tokens_revoked": tokens });
    let person = finish(app, change, id, "password-reset", &told).await?;
    Ok((person, secret))
}

/// A permit to manage this person.
pub(crate) async fn permitted(app: &App, actor: &Actor, id: ActorId) -> Result<(Permit, Person), Error> {
    let found = staff::store::person(&app.read().await?, id).await;
    let (org, person) = match found {
        Ok(person) => (person.org, Some(person)),
        Err(staff::Error::NotFound(_)) => (actor.org, None),
        Err(other) => return Err(other.into()),
    };
    // Who may not manage people does not learn from the answer who exists.
    let permit = policy::decide(&app.rules, actor, Action::ManagePeople, &About::Person { id, org })?;
    Ok((permit, person.ok_or(Error::NotFound("person"))?))
}

fn not_oneself(actor: &Actor, id: ActorId) -> Result<(), Error> {
    if actor.id == id {
        return Err(Error::State(
            "nobody changes their own posts or switches themselves off".to_owned(),
        ));
    }
    Ok(())
}

/// Reads the person as it is now, commits, and forgets who was remembered.
async fn finish(
    app: &App,
    change: Change,
    id: ActorId,
    kind: &'static str,
    body: &impl Serialize,
) -> Result<Person, Error> {
    let person = staff::store::person(change.db(), id).await?;
    change.commit(&Event::new(Action::ManagePeople, kind, id, body)).await?;
    app.known.forget_all();
    app.open.forget_all();
    Ok(person)
}
