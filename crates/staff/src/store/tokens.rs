//! API tokens, and who stands behind one.

use db::{Arg, Row, Tx};
use vocab::{Actor, ActorId, Role, Timestamp, TokenId};

use super::{bump, limits, people, sessions::roles};
use crate::{Error, Known, NewToken, Secret, Token, Via, secret, session::NOTED_EVERY, token::fits};

/// Makes a token. Its secret is in the answer and nowhere else.
///
/// # Errors
/// [`Error::EmptyToken`], [`Error::NotHeld`], [`Error::TokenLifetime`]; [`Error::NotFound`] when the person is not there
/// or is switched off; [`Error::Seal`], [`Error::Db`].
pub async fn issue_token(tx: &Tx, new: &NewToken, now: Timestamp) -> Result<(Token, Secret), Error> {
    let owner = people::person(tx, new.person).await?;
    if owner.disabled {
        return Err(Error::NotFound("person"));
    }
    fits(new, &owner.roles_in(new.org), &limits(tx).await?, now)?;
    let secret = Secret::new()?;
    let mut roles = new.roles.clone();
    roles.sort_unstable();
    roles.dedup();
    let token = Token {
        id: TokenId::new(),
        hint: secret.hint(),
        person: new.person,
        org: new.org,
        name: new.name.trim().to_owned(),
        roles,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    tx.run(
        "insert into staff_token (id, secret_hash, hint, person, org, name, roles, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            Arg::text(token.id),
            secret.hash().into(),
            (&token.hint).into(),
            Arg::text(token.person),
            Arg::text(token.org),
            (&token.name).into(),
            Arg::json(&token.roles),
            token.created_at.into(),
            token.expires_at.into(),
        ],
    )
    .await?;
    Ok((token, secret))
}

/// Who stands behind a token's secret at `now`, or nobody. The roles are those of the token that its owner still has;
/// with none left it opens nothing. Only reads.
///
/// # Errors
/// [`Error::Db`].
pub async fn actor_by_token(tx: &Tx, secret: &str, now: Timestamp) -> Result<Option<Known>, Error> {
    if !secret::is_shaped(secret) {
        return Ok(None);
    }
    let rows = tx
        .all(
            "select t.id, t.person, t.org, t.roles, t.expires_at, t.last_used_at, p.login, p.name_zh, post.role,
                    (select value from staff_revision) as revision
               from staff_token t
               join staff_person p on p.id = t.person
               join staff_post post on post.person = t.person and post.org = t.org
              where t.secret_hash = $1 and t.expires_at > $2 and t.revoked_at is null and not p.disabled",
            [secret::hash(secret).into(), now.into()],
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let given: Vec<Role> = first.json("roles")?;
    let mut held = roles(&rows)?;
    held.retain(|it| given.contains(it));
    if held.is_empty() {
        return Ok(None);
    }
    let via = Via::Token(first.parse("id")?);
    Ok(Some(Known {
        actor: Actor {
            id: first.parse("person")?,
            login: first.text("login")?,
            name: first.text("name_zh")?,
            org: first.parse("org")?,
            roles: held,
            via: Some(via),
        },
        via,
        expires_at: first.time("expires_at")?,
        revision: first.count("revision")?,
        must_change_password: false,
        touch_due: first.opt_time("last_used_at")?.is_none_or(|it| it + NOTED_EVERY <= now),
    }))
}

/// Notes that a token was used.
///
/// # Errors
/// [`Error::Db`].
pub async fn touch_token(tx: &Tx, id: TokenId, now: Timestamp) -> Result<(), Error> {
    tx.run(
        "update staff_token set last_used_at = $1 where id = $2",
        [now.into(), Arg::text(id)],
    )
    .await?;
    let owner = "update staff_person set last_seen_at = $1 where id = (select person from staff_token where id = $2)";
    tx.run(owner, [now.into(), Arg::text(id)]).await?;
    Ok(())
}

/// One token.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn token(tx: &Tx, id: TokenId) -> Result<Token, Error> {
    let row = tx
        .opt(&format!("{SELECT} where id = $1"), [Arg::text(id)])
        .await?
        .ok_or(Error::NotFound("token"))?;
    Ok(read(&row)?)
}

/// A person's tokens, the newest first, with those that have ended.
///
/// # Errors
/// [`Error::Db`].
pub async fn tokens(tx: &Tx, person: ActorId) -> Result<Vec<Token>, Error> {
    let sql = format!("{SELECT} where person = $1 order by created_at desc, id desc");
    tx.all(&sql, [Arg::text(person)])
        .await?
        .iter()
        .map(|row| Ok(read(row)?))
        .collect()
}

/// Takes a token back. Twice is once.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such token; [`Error::Db`].
pub async fn revoke_token(tx: &Tx, person: ActorId, id: TokenId, now: Timestamp) -> Result<(), Error> {
    let sql = "update staff_token set revoked_at = coalesce(revoked_at, $1) where id = $2 and person = $3";
    match tx.run(sql, [now.into(), Arg::text(id), Arg::text(person)]).await? {
        0 => Err(Error::NotFound("token")),
        _ => bump(tx).await,
    }
}

/// Takes every token of a person back; how many still opened something.
///
/// # Errors
/// [`Error::Db`].
pub async fn revoke_tokens(tx: &Tx, person: ActorId, now: Timestamp) -> Result<u64, Error> {
    let alive = "update staff_token set revoked_at = $1 where person = $2 and revoked_at is null and expires_at > $1";
    let many = tx.run(alive, [now.into(), Arg::text(person)]).await?;
    bump(tx).await?;
    Ok(many)
}

const SELECT: &str =
    "select id, hint, person, org, name, roles, created_at, expires_at, last_used_at, revoked_at from staff_token";

fn read(row: &Row) -> Result<Token, db::Error> {
    Ok(Token {
        id: row.parse("id")?,
        hint: row.text("hint")?,
        person: row.parse("person")?,
        org: row.parse("org")?,
        name: row.text("name")?,
        roles: row.json("roles")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        last_used_at: row.opt_time("last_used_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}
