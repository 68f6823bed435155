//! Sessions, and who stands behind one.

use db::{Arg, Row, Tx};
use vocab::{Actor, ActorId, OrgId, Role, SessionId, Timestamp};

use super::{bump, limits, people};
use crate::{
    Error, Known, Secret, Session, Via,
    limits::days,
    secret,
    session::{NOTED_EVERY, idle_end},
};

pub(super) async fn insert(tx: &Tx, session: &Session, secret: &Secret) -> Result<(), Error> {
    tx.run(
        "insert into staff_session (id, secret_hash, person, org, began_at, seen_at, idle_ends_at, ends_at, ip_hint)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            Arg::text(session.id),
            secret.hash().into(),
            Arg::text(session.person),
            Arg::text(session.org),
            session.began_at.into(),
            session.seen_at.into(),
            session.idle_ends_at.into(),
            session.ends_at.into(),
            (&session.ip_hint).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Who stands behind a session's secret at `now`, or nobody. Only reads.
///
/// # Errors
/// [`Error::Db`].
pub async fn actor_by_session(tx: &Tx, secret: &str, now: Timestamp) -> Result<Option<Known>, Error> {
    if !secret::is_shaped(secret) {
        return Ok(None);
    }
    let rows = tx
        .all(
            "select s.id, s.person, s.org, s.seen_at, s.idle_ends_at, p.login, p.name_zh, w.set_at, w.must_change, post.role,
                    (select value from staff_revision) as revision,
                    (select value from staff_limit where name = 'password-max-age-days') as max_age
               from staff_session s
               join staff_person p on p.id = s.person
               left join staff_password w on w.person = s.person
               left join staff_post post on post.person = s.person and post.org = s.org
              where s.secret_hash = $1 and s.idle_ends_at > $2 and s.ends_at > $2 and not p.disabled",
            [secret::hash(secret).into(), now.into()],
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let set_at = first.opt_time("set_at")?;
    let too_old = set_at.is_some_and(|it| first.count("max_age").is_ok_and(|age| it + days(age) <= now));
    let via = Via::Session(first.parse("id")?);
    Ok(Some(Known {
        actor: Actor {
            id: first.parse("person")?,
            login: first.text("login")?,
            name: first.text("name_zh")?,
            org: first.parse("org")?,
            roles: roles(&rows)?,
            via: Some(via),
        },
        via,
        expires_at: first.time("idle_ends_at")?,
        revision: first.count("revision")?,
        must_change_password: too_old || set_at.is_some() && first.bool("must_change")?,
        touch_due: first.time("seen_at")? + NOTED_EVERY <= now,
    }))
}

pub(super) fn roles(rows: &[Row]) -> Result<Vec<Role>, db::Error> {
    let mut roles = rows
        .iter()
        .filter_map(|it| it.opt_parse("role").transpose())
        .collect::<Result<Vec<Role>, _>>()?;
    roles.sort_unstable();
    Ok(roles)
}

/// Notes that a session was used: its idle end moves. False when it has ended.
///
/// # Errors
/// [`Error::Db`].
pub async fn touch_session(tx: &Tx, id: SessionId, now: Timestamp) -> Result<bool, Error> {
    let Some(row) = tx
        .opt(
            "select ends_at, person from staff_session where id = $1",
            [Arg::text(id)],
        )
        .await?
    else {
        return Ok(false);
    };
    let idle_ends_at = idle_end(now, limits(tx).await?.session_idle, row.time("ends_at")?);
    let touched = tx
        .run(
            "update staff_session set seen_at = $1, idle_ends_at = $2 where id = $3 and idle_ends_at > $1",
            [now.into(), idle_ends_at.into(), Arg::text(id)],
        )
        .await?;
    if touched == 1 {
        super::people::seen(tx, row.parse("person")?, now).await?;
    }
    Ok(touched == 1)
}

/// Gives a session a new secret; the old one opens nothing from now on.
///
/// # Errors
/// [`Error::NotFound`] when it has ended; [`Error::Seal`], [`Error::Db`].
pub async fn rotate_session(tx: &Tx, id: SessionId, now: Timestamp) -> Result<Secret, Error> {
    let secret = Secret::new()?;
    let touched = tx
        .run(
            "update staff_session set secret_hash = $1 where id = $2 and idle_ends_at > $3",
            [secret.hash().into(), Arg::text(id), now.into()],
        )
        .await?;
    if touched == 0 {
        return Err(Error::NotFound("session"));
    }
    bump(tx).await?;
    Ok(secret)
}

/// Lets a session act for another organisation in which the person has a role.
///
/// # Errors
/// [`Error::NoPost`], [`Error::NotFound`], [`Error::Db`].
pub async fn switch_org(tx: &Tx, id: SessionId, org: OrgId) -> Result<(), Error> {
    let row = tx
        .opt("select person from staff_session where id = $1", [Arg::text(id)])
        .await?
        .ok_or(Error::NotFound("session"))?;
    let person = people::person(tx, row.parse("person")?).await?;
    if person.org != org && person.roles_in(org).is_empty() {
        return Err(Error::NoPost);
    }
    tx.run(
        "update staff_session set org = $1 where id = $2",
        [Arg::text(org), Arg::text(id)],
    )
    .await?;
    bump(tx).await
}

/// A person's living sessions, the newest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn sessions(tx: &Tx, person: ActorId, now: Timestamp) -> Result<Vec<Session>, Error> {
    let rows = tx
        .all(
            "select id, person, org, began_at, seen_at, idle_ends_at, ends_at, ip_hint from staff_session
              where person = $1 and idle_ends_at > $2 and ends_at > $2 order by began_at desc, id desc",
            [Arg::text(person), now.into()],
        )
        .await?;
    rows.iter().map(|row| Ok(read(row)?)).collect()
}

/// Ends one session of a person: signing out, or taking it back.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such session; [`Error::Db`].
pub async fn end_session(tx: &Tx, person: ActorId, id: SessionId) -> Result<(), Error> {
    let args = [Arg::text(id), Arg::text(person)];
    match tx
        .run("delete from staff_session where id = $1 and person = $2", args)
        .await?
    {
        0 => Err(Error::NotFound("session")),
        _ => bump(tx).await,
    }
}

/// Ends every session of a person but `except`; how many.
///
/// # Errors
/// [`Error::Db`].
pub async fn end_sessions(tx: &Tx, person: ActorId, except: Option<SessionId>) -> Result<u64, Error> {
    let except = except.map_or_else(String::new, |it| it.to_string());
    let ended = tx
        .run(
            "delete from staff_session where person = $1 and id <> $2",
            [Arg::text(person), except.into()],
        )
        .await?;
    bump(tx).await?;
    Ok(ended)
}

fn read(row: &Row) -> Result<Session, db::Error> {
    Ok(Session {
        id: row.parse("id")?,
        person: row.parse("person")?,
        org: row.parse("org")?,
        began_at: row.time("began_at")?,
        seen_at: row.time("seen_at")?,
        idle_ends_at: row.time("idle_ends_at")?,
        ends_at: row.time("ends_at")?,
        ip_hint: row.text("ip_hint")?,
    })
}
