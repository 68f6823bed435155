//! Tokens for programs.

use policy::About;
use serde_json::json;
use staff::{Known, NewToken, Secret, Token, Via};
use vocab::{Action, Actor, ActorId, Role, Timestamp, TokenId};

use super::change_person::permitted;
use crate::{App, Change, Error, Event};

/// What somebody says of a token they want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWish {
    /// What it is for, in its owner's words.
    pub name: String,
    /// Some of the owner's roles; empty for all.
    pub roles: Vec<Role>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The end of a token's life of so many days from now; a number that no calendar holds ends with the calendar, and is
/// refused as too long.
#[must_use]
pub fn token_end(app: &App, days: u32) -> Timestamp {
    let life = chrono::TimeDelta::days(i64::from(days));
    app.now().checked_add_signed(life).unwrap_or(Timestamp::MAX_UTC)
}

/// Makes a token of one's own for the organisation one acts for; its secret is told once.
///
/// Only in a session: a token that makes tokens would outlive its own revocation.
///
/// # Errors
/// [`Error::State`] with a token; [`Error::Denied`]; [`Error::Staff`] for a role that is not held, a life that is too
/// long or a name that is missing.
pub async fn issue_token(app: &App, known: &Known, wish: TokenWish) -> Result<(Token, Secret), Error> {
    if !matches!(known.via, Via::Session(_)) {
        return Err(Error::State(
            "a token is issued in a session, not with another token".to_owned(),
        ));
    }
    let actor = &known.actor;
    let permit = policy::decide(
        &app.rules,
        actor,
        Action::ManageOwnTokens,
        &About::Person {
            id: actor.id,
            org: actor.org,
        },
    )?;
    let roles = if wish.roles.is_empty() {
        actor.roles.clone()
    } else {
        wish.roles
    };
    let new = NewToken {
        person: actor.id,
        org: actor.org,
        name: wish.name,
        roles,
        expires_at: wish.expires_at,
    };
    let change = Change::begin(app, permit).await?;
    let made = staff::store::issue_token(change.db(), &new, change.now()).await?;
    change
        .commit(&Event::new(
            Action::ManageOwnTokens,
            "token-issued",
            made.0.id,
            &told(&made.0),
        ))
        .await?;
    app.known.forget_all();
    Ok(made)
}

/// Makes a token for a program: a person whose only role in its organisation is [`Role::Service`].
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::State`] for somebody who is no program; [`Error::Staff`].
pub async fn issue_service_token(
    app: &App,
    actor: &Actor,
    id: ActorId,
    wish: TokenWish,
) -> Result<(Token, Secret), Error> {
    let (permit, person) = permitted(app, actor, id).await?;
    if person.posts.is_empty() || person.posts.iter().any(|it| it.role != Role::Service) {
        return Err(Error::State(
            "people issue their tokens themselves; this is for programs alone".to_owned(),
        ));
    }
    let roles = vec![Role::Service];
    let new = NewToken {
        person: id,
        org: person.org,
        name: wish.name,
        roles,
        expires_at: wish.expires_at,
    };
    let change = Change::begin(app, permit).await?;
    let made = staff::store::issue_token(change.db(), &new, change.now()).await?;
    change
        .commit(&Event::new(
            Action::ManagePeople,
            "token-issued",
            made.0.id,
            &told(&made.0),
        ))
        .await?;
    app.known.forget_all();
    Ok(made)
}

/// Takes one of one's own tokens back. Twice is once.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Staff`] when the actor has no such token.
pub async fn revoke_token(app: &App, actor: &Actor, id: TokenId) -> Result<(), Error> {
    let about = About::Person {
        id: actor.id,
        org: actor.org,
    };
    let permit = policy::decide(&app.rules, actor, Action::ManageOwnTokens, &about)?;
    let change = Change::begin(app, permit).await?;
    staff::store::revoke_token(change.db(), actor.id, id, change.now()).await?;
    let body = json!({ "person": actor.id, "org": actor.org });
    change
        .commit(&Event::new(Action::ManageOwnTokens, "token-revoked", id, &body))
        .await?;
    app.known.forget_all();
    Ok(())
}

/// Takes a token of somebody back, as the administrator.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Staff`] when that person has no such token.
pub async fn revoke_token_of(app: &App, actor: &Actor, person: ActorId, id: TokenId) -> Result<(), Error> {
    let (permit, owner) = permitted(app, actor, person).await?;
    let change = Change::begin(app, permit).await?;
    staff::store::revoke_token(change.db(), person, id, change.now()).await?;
    let body = json!({ "person": person, "org": owner.org });
    change
        .commit(&Event::new(Action::ManagePeople, "token-revoked", id, &body))
        .await?;
    app.known.forget_all();
    Ok(())
}

/// The actor's tokens, the newest first, with those that have ended.
///
/// # Errors
/// When the database fails.
pub async fn list_tokens(app: &App, actor: &Actor) -> Result<Vec<Token>, Error> {
    Ok(staff::store::tokens(&app.read().await?, actor.id).await?)
}

/// Somebody's tokens, as the administrator.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn list_tokens_of(app: &App, actor: &Actor, person: ActorId) -> Result<Vec<Token>, Error> {
    permitted(app, actor, person).await?;
    Ok(staff::store::tokens(&app.read().await?, person).await?)
}

fn told(it: &Token) -> serde_json::Value {
    let until = vocab::time::to_text(it.expires_at);
    json!({ "person": it.person, "org": it.org, "roles": it.roles, "expires_at": until })
}
