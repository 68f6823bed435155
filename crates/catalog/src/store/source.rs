//! Sources in the database.

use db::{Arg, Row, Tx};
use vocab::{OrgId, SourceId};

use super::{in_use, missing, stale, taken};
use crate::{Error, Source, TestResult};

const RULES: &[(&str, &str, &str)] = &[("source_name_key", "source.name", "the name of the source")];

/// Adds a source.
///
/// # Errors
/// [`Error::Taken`] when the organisation has one of that name; [`Error::Db`].
pub async fn insert_source(tx: &Tx, it: &Source) -> Result<(), Error> {
    tx.run(
        "insert into source (id, revision, org, name, spec, sealed_secret, state, created_at, last_test)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            Arg::text(it.id),
            it.revision.into(),
            Arg::text(it.org),
            (&it.name).into(),
            Arg::json(&it.spec),
            it.sealed_secret.clone().into(),
            Arg::text(it.state),
            it.created_at.into(),
            it.last_test.as_ref().map_or_else(|| None::<String>.into(), Arg::json),
        ],
    )
    .await
    .map_err(|error| taken(error, RULES))?;
    Ok(())
}

/// Writes a changed source; its organisation stays.
///
/// # Errors
/// [`Error::Stale`], [`Error::Taken`], [`Error::NotFound`], [`Error::Db`].
pub async fn update_source(tx: &Tx, it: &mut Source) -> Result<(), Error> {
    let touched = tx
        .run(
            "update source set revision = revision + 1, name = $3, spec = $4, sealed_secret = $5, state = $6, last_test = $7
              where id = $1 and revision = $2",
            [
                Arg::text(it.id),
                it.revision.into(),
                (&it.name).into(),
                Arg::json(&it.spec),
                it.sealed_secret.clone().into(),
                Arg::text(it.state),
                it.last_test.as_ref().map_or_else(|| None::<String>.into(), Arg::json),
            ],
        )
        .await
        .map_err(|error| taken(error, RULES))?;
    if touched == 0 {
        source(tx, it.id).await?;
        return Err(stale("source", it.id));
    }
    it.revision += 1;
    Ok(())
}

/// Forgets a source.
///
/// # Errors
/// [`Error::InUse`] while a resource is mounted on it; [`Error::NotFound`], [`Error::Db`].
pub async fn delete_source(tx: &Tx, id: SourceId) -> Result<(), Error> {
    let mounted = tx
        .one(
            "select count(*) as many from resource where source = $1",
            [Arg::text(id)],
        )
        .await?
        .count("many")?;
    if mounted > 0 {
        return Err(Error::InUse("the source"));
    }
    let gone = tx
        .run("delete from source where id = $1", [Arg::text(id)])
        .await
        .map_err(|error| in_use(error, "the source"))?;
    if gone == 0 { Err(missing("source", id)) } else { Ok(()) }
}

/// A source.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn source(tx: &Tx, id: SourceId) -> Result<Source, Error> {
    let row = tx.opt("select * from source where id = $1", [Arg::text(id)]).await?;
    read(&row.ok_or_else(|| missing("source", id))?)
}

/// The sources of an organisation, or of all, by name.
///
/// # Errors
/// [`Error::Db`].
pub async fn sources(tx: &Tx, org: Option<OrgId>) -> Result<Vec<Source>, Error> {
    let rows = match org {
        Some(org) => {
            tx.all(
                "select * from source where org = $1 order by name, id",
                [Arg::text(org)],
            )
            .await?
        }
        None => tx.all("select * from source order by org, name, id", []).await?,
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Source, Error> {
    let last_test = match row.opt_text("last_test")? {
        Some(_) => Some(row.json::<TestResult>("last_test")?),
        None => None,
    };
    Ok(Source {
        id: row.parse("id")?,
        revision: row.count("revision")?,
        org: row.parse("org")?,
        name: row.text("name")?,
        spec: row.json("spec")?,
        sealed_secret: row.opt_text("sealed_secret")?,
        state: row.parse("state")?,
        created_at: row.time("created_at")?,
        last_test,
    })
}
