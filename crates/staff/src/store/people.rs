//! People and their posts.

use db::{Arg, Row, Tx};
use vocab::{ActorId, OrgId, Role, Timestamp};

use super::{bump, must_exist, on_person};
use crate::{Error, Login, NewPerson, PasswordHash, Person, Post, secret, separate};

/// Which people to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those who belong to, or hold a role in, this organisation.
    pub org: Option<OrgId>,
    /// Part of the sign-in name or of a name.
    pub text: Option<String>,
    /// Those after this sign-in name: the last one of the page before.
    pub after: Option<Login>,
}

/// Takes someone in. Without a password the person cannot sign in, but tokens can be issued.
///
/// A password set here was chosen by someone else, so it must be changed at the first sign-in unless `keep_password`.
///
/// # Errors
/// [`Error::LoginTaken`], [`Error::Separation`], [`Error::Db`].
pub async fn insert(
    tx: &Tx,
    new: &NewPerson,
    password: Option<&PasswordHash>,
    keep_password: bool,
    now: Timestamp,
) -> Result<Person, Error> {
    separate(&new.posts)?;
    let id = ActorId::new();
    let args = [
        Arg::text(id),
        new.login.as_str().into(),
        secret::hash(new.login.as_str()).into(),
        (&new.name_zh).into(),
        (&new.name_en).into(),
        Arg::text(new.org),
        now.into(),
    ];
    let sql = "insert into staff_person (id, login, login_key, name_zh, name_en, org, created_at)
               values ($1, $2, $3, $4, $5, $6, $7)";
    match tx.run(sql, args).await {
        Ok(_) => {}
        Err(db::Error::Unique(_)) => return Err(Error::LoginTaken(new.login.clone())),
        Err(error) => return Err(error.into()),
    }
    insert_posts(tx, id, &new.posts).await?;
    if let Some(hash) = password {
        put_password(tx, id, hash, !keep_password, now).await?;
    }
    person(tx, id).await
}

/// One person.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn person(tx: &Tx, id: ActorId) -> Result<Person, Error> {
    one(tx, "where id = $1", Arg::text(id)).await
}

/// One person by sign-in name.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn person_by_login(tx: &Tx, login: &Login) -> Result<Person, Error> {
    one(tx, "where login = $1", login.as_str().into()).await
}

/// People in the order of their sign-in names, at most `limit`.
///
/// # Errors
/// [`Error::Db`].
pub async fn people(tx: &Tx, filter: &Filter, limit: u64) -> Result<Vec<Person>, Error> {
    let mut sql = String::from("where true");
    let mut args = Vec::new();
    if let Some(org) = filter.org {
        args.push(Arg::text(org));
        sql += " and (org = $1 or id in (select person from staff_post where org = $1))";
    }
    if let Some(text) = &filter.text {
        args.push(Arg::from(format!("%{}%", escaped(&text.to_lowercase()))));
        let n = args.len();
        sql += &format!(
            " and (login like ${n} escape '!' or lower(name_zh) like ${n} escape '!' or lower(name_en) like ${n} escape '!')"
        );
    }
    if let Some(after) = &filter.after {
        args.push(after.as_str().into());
        sql += &format!(" and login > ${}", args.len());
    }
    args.push(limit.into());
    sql += &format!(" order by login limit ${}", args.len());
    load(tx, &sql, args).await
}

/// Who holds a role in an organisation and is not switched off.
///
/// # Errors
/// [`Error::Db`].
pub async fn holders(tx: &Tx, org: OrgId, role: Role) -> Result<Vec<Person>, Error> {
    let sql = "where not disabled and id in (select person from staff_post where org = $1 and role = $2)";
    load(tx, sql, vec![Arg::text(org), role.code().into()]).await
}

/// Changes the names and the organisation a person belongs to.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn rename(tx: &Tx, id: ActorId, name_zh: &str, name_en: &str, org: OrgId) -> Result<(), Error> {
    let sql = "update staff_person set name_zh = $1, name_en = $2, org = $3 where id = $4";
    on_person(tx, sql, [name_zh.into(), name_en.into(), Arg::text(org), Arg::text(id)]).await
}

/// Replaces a person's posts.
///
/// # Errors
/// [`Error::Separation`] (also when another transaction gave the second post), [`Error::NotFound`], [`Error::Db`].
pub async fn set_posts(tx: &Tx, id: ActorId, posts: &[Post]) -> Result<(), Error> {
    separate(posts)?;
    must_exist(tx, id).await?;
    tx.run("delete from staff_post where person = $1", [Arg::text(id)])
        .await?;
    insert_posts(tx, id, posts).await?;
    bump(tx).await
}

/// Sets a password. `must_change`: it was chosen by someone else. Every session of the person ends, and with the
/// old password its failures are forgotten.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn set_password(
    tx: &Tx,
    id: ActorId,
    hash: &PasswordHash,
    must_change: bool,
    now: Timestamp,
) -> Result<(), Error> {
    must_exist(tx, id).await?;
    put_password(tx, id, hash, must_change, now).await?;
    tx.run("delete from staff_session where person = $1", [Arg::text(id)])
        .await?;
    unlock(tx, id).await
}

/// Switches a person off: sessions end, tokens are taken back, nobody signs in.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn disable(tx: &Tx, id: ActorId, now: Timestamp) -> Result<(), Error> {
    on_person(
        tx,
        "update staff_person set disabled = true where id = $1",
        [Arg::text(id)],
    )
    .await?;
    tx.run("delete from staff_session where person = $1", [Arg::text(id)])
        .await?;
    tx.run(
        "update staff_token set revoked_at = $1 where person = $2 and revoked_at is null",
        [now.into(), Arg::text(id)],
    )
    .await?;
    Ok(())
}

/// Switches a person on again; tokens stay revoked.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn enable(tx: &Tx, id: ActorId) -> Result<(), Error> {
    on_person(
        tx,
        "update staff_person set disabled = false where id = $1",
        [Arg::text(id)],
    )
    .await
}

/// Opens a lock and forgets the failures.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn unlock(tx: &Tx, id: ActorId) -> Result<(), Error> {
    must_exist(tx, id).await?;
    tx.run(
        "delete from staff_failure where login_key = (select login_key from staff_person where id = $1)",
        [Arg::text(id)],
    )
    .await?;
    bump(tx).await
}

async fn insert_posts(tx: &Tx, id: ActorId, posts: &[Post]) -> Result<(), Error> {
    for post in posts {
        // The same post twice is one post; the only other unique rule is the separation of administrations.
        let sql =
            "insert into staff_post (person, org, role) values ($1, $2, $3) on conflict (person, org, role) do nothing";
        match tx
            .run(sql, [Arg::text(id), Arg::text(post.org), post.role.code().into()])
            .await
        {
            Ok(_) => {}
            Err(db::Error::Unique(_)) => return Err(Error::Separation),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn put_password(
    tx: &Tx,
    id: ActorId,
    hash: &PasswordHash,
    must_change: bool,
    now: Timestamp,
) -> Result<(), Error> {
    tx.run(
        "insert into staff_password (person, hash, set_at, must_change) values ($1, $2, $3, $4)
         on conflict (person) do update set hash = excluded.hash, set_at = excluded.set_at, must_change = excluded.must_change",
        [Arg::text(id), hash.as_str().into(), now.into(), must_change.into()],
    )
    .await?;
    Ok(())
}

async fn one(tx: &Tx, which: &str, arg: Arg) -> Result<Person, Error> {
    load(tx, which, vec![arg]).await?.pop().ok_or(Error::NotFound("person"))
}

/// Loads people with their posts in one question; `which` begins with `where`.
async fn load(tx: &Tx, which: &str, args: Vec<Arg>) -> Result<Vec<Person>, Error> {
    let sql = format!(
        "select p.id, p.login, p.name_zh, p.name_en, p.org, p.disabled, p.created_at, p.last_seen_at, f.locked_until,
                coalesce(w.must_change, false) as must_change, post.org as post_org, post.role as post_role
           from (select * from staff_person {which}) p
           left join staff_failure f on f.login_key = p.login_key
           left join staff_password w on w.person = p.id
           left join staff_post post on post.person = p.id
          order by p.login"
    );
    let mut all: Vec<Person> = Vec::new();
    for row in tx.all_with(&sql, args).await? {
        let next = read(&row)?;
        match all.last_mut() {
            Some(last) if last.id == next.id => last.posts.extend(next.posts),
            _ => all.push(next),
        }
    }
    for it in &mut all {
        it.posts.sort_unstable();
    }
    Ok(all)
}

fn read(row: &Row) -> Result<Person, db::Error> {
    let org: Option<OrgId> = row.opt_parse("post_org")?;
    let role: Option<Role> = row.opt_parse("post_role")?;
    Ok(Person {
        id: row.parse("id")?,
        login: row.parse("login")?,
        name_zh: row.text("name_zh")?,
        name_en: row.text("name_en")?,
        org: row.parse("org")?,
        posts: org
            .zip(role)
            .map(|(org, role)| Post { org, role })
            .into_iter()
            .collect(),
        disabled: row.bool("disabled")?,
        locked_until: row.opt_time("locked_until")?,
        must_change_password: row.bool("must_change")?,
        created_at: row.time("created_at")?,
        last_seen_at: row.opt_time("last_seen_at")?,
    })
}

/// Notes that a person is here.
pub(super) async fn seen(tx: &Tx, id: ActorId, now: Timestamp) -> Result<(), Error> {
    let sql = "update staff_person set last_seen_at = $1 where id = $2";
    tx.run(sql, [now.into(), Arg::text(id)]).await?;
    Ok(())
}

/// Text for `like … escape '!'`.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}
