//! Publishing, and published versions in the database.

use db::{Arg, Row, Tx};
use vocab::{ActorId, ResourceId, Timestamp};

use super::{
    missing,
    resource::{resource, resource_by_code, update_resource},
};
use crate::{
    Error, Resource, State, Version,
    code::{self, LocalPattern},
    version as life,
};

/// Publishes a reviewed resource: gives it a national code when it has none, at its first publication a local one where the
/// region has a pattern, keeps its next version, writes both.
///
/// # Errors
/// [`Error::Unfit`], [`Error::Findings`], [`Error::Stale`], [`Error::Db`].
pub async fn publish(
    tx: &Tx,
    it: &mut Resource,
    local: Option<&LocalPattern>,
    by: ActorId,
    now: Timestamp,
) -> Result<Version, Error> {
    let mut next = it.clone();
    if next.content.national_code.is_none() && next.state.is_waiting() {
        next.content.national_code = Some(free_national(tx, &next).await?);
    }
    if let Some(pattern) = local.filter(|_| next.content.local_code.is_none() && next.published_version.is_none()) {
        next.content.local_code = Some(free_local(tx, &next, pattern).await?);
    }
    let version = life::publish(&mut next, by, now)?;
    update_resource(tx, &mut next).await?;
    tx.run(
        "insert into resource_version (resource, number, by_actor, at, content) values ($1, $2, $3, $4, $5)",
        [
            Arg::text(version.resource),
            u64::from(version.number).into(),
            Arg::text(version.by),
            version.at.into(),
            Arg::json(&version.content),
        ],
    )
    .await?;
    *it = next;
    Ok(version)
}

/// The next national code that nobody has: the series goes on past codes that came into the catalogue otherwise.
async fn free_national(tx: &Tx, it: &Resource) -> Result<String, Error> {
    loop {
        let code = code::next_national(tx, &it.content.category).await?;
        if is_free(tx, it.id, &code).await? {
            return Ok(code);
        }
    }
}

async fn free_local(tx: &Tx, it: &Resource, pattern: &LocalPattern) -> Result<String, Error> {
    let division = super::org(tx, it.content.provider).await?.division;
    loop {
        let code = code::next_local(tx, pattern, &it.content, &division).await?;
        if is_free(tx, it.id, &code).await? {
            return Ok(code);
        }
    }
}

async fn is_free(tx: &Tx, id: ResourceId, code: &str) -> Result<bool, Error> {
    Ok(resource_by_code(tx, code).await?.is_none_or(|it| it.id == id))
}

/// The version in force of a resource that everyone sees.
///
/// # Errors
/// [`Error::NotFound`] when it is not published (any more); [`Error::Db`].
pub async fn published(tx: &Tx, id: ResourceId) -> Result<Version, Error> {
    let it = resource(tx, id).await?;
    match it.published_version.filter(|_| it.state.is_visible()) {
        Some(number) => version(tx, id, number).await,
        None => Err(missing("published resource", id)),
    }
}

/// A version.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn version(tx: &Tx, id: ResourceId, number: u32) -> Result<Version, Error> {
    let row = tx
        .opt(
            "select * from resource_version where resource = $1 and number = $2",
            [Arg::text(id), u64::from(number).into()],
        )
        .await?;
    read_version(&row.ok_or_else(|| missing("version", format!("{id} {number}")))?)
}

/// Every version of a resource, newest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn versions(tx: &Tx, id: ResourceId) -> Result<Vec<Version>, Error> {
    let rows = tx
        .all(
            "select * from resource_version where resource = $1 order by number desc",
            [Arg::text(id)],
        )
        .await?;
    rows.iter().map(read_version).collect()
}

/// The versions in force of all visible resources, in order of birth after `after`: how the search index is rebuilt.
///
/// # Errors
/// [`Error::Db`].
pub async fn visible_after(tx: &Tx, after: Option<ResourceId>, limit: u64) -> Result<Vec<Version>, Error> {
    let states: Vec<String> = State::ALL
        .iter()
        .filter(|it| it.is_visible())
        .map(|it| format!("'{it}'"))
        .collect();
    let sql = format!(
        "select v.* from resource r join resource_version v on v.resource = r.id and v.number = r.published_version
          where r.state in ({}) and r.id > $1 order by r.id limit $2",
        states.join(", ")
    );
    let after = after.map_or_else(String::new, |it| it.to_string());
    tx.all(&sql, [after.into(), limit.into()])
        .await?
        .iter()
        .map(read_version)
        .collect()
}

fn read_version(row: &Row) -> Result<Version, Error> {
    Ok(Version {
        resource: row.parse("resource")?,
        number: u32::try_from(row.count("number")?).unwrap_or(u32::MAX),
        by: row.parse("by_actor")?,
        at: row.time("at")?,
        content: row.json("content")?,
    })
}
