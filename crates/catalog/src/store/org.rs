//! Organisations in the database.

use db::{Arg, Row, Tx};
use vocab::OrgId;

use super::{missing, stale, taken};
use crate::{Error, OrgTree, Organisation};

const RULES: &[(&str, &str, &str)] = &[(
    "organisation_code_key",
    "organisation.code",
    "the code of the organisation",
)];

/// Adds an organisation.
///
/// # Errors
/// [`Error::Taken`] when its code is; [`Error::Db`].
pub async fn insert_org(tx: &Tx, it: &Organisation) -> Result<(), Error> {
    tx.run(
        "insert into organisation (id, revision, code, name, name_en, short_name, parent, level, division, kind, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            Arg::text(it.id),
            it.revision.into(),
            (&it.code).into(),
            (&it.name).into(),
            (&it.name_en).into(),
            (&it.short_name).into(),
            Arg::opt(it.parent),
            Arg::text(it.level),
            (&it.division).into(),
            Arg::text(it.kind),
            it.created_at.into(),
        ],
    )
    .await
    .map_err(|error| taken(error, RULES))?;
    Ok(())
}

/// Writes a changed organisation.
///
/// # Errors
/// [`Error::Stale`], [`Error::Taken`], [`Error::Loop`] when it would stand below itself; [`Error::Db`].
pub async fn update_org(tx: &Tx, it: &mut Organisation) -> Result<(), Error> {
    if let Some(parent) = it.parent
        && !tree(tx).await?.may_stand_below(it.id, parent)
    {
        return Err(Error::Loop);
    }
    let touched = tx
        .run(
            "update organisation set revision = revision + 1, code = $3, name = $4, name_en = $5, short_name = $6, parent = $7,
                    level = $8, division = $9, kind = $10
              where id = $1 and revision = $2",
            [
                Arg::text(it.id),
                it.revision.into(),
                (&it.code).into(),
                (&it.name).into(),
                (&it.name_en).into(),
                (&it.short_name).into(),
                Arg::opt(it.parent),
                Arg::text(it.level),
                (&it.division).into(),
                Arg::text(it.kind),
            ],
        )
        .await
        .map_err(|error| taken(error, RULES))?;
    if touched == 0 {
        org(tx, it.id).await?;
        return Err(stale("organisation", it.id));
    }
    it.revision += 1;
    Ok(())
}

/// An organisation.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn org(tx: &Tx, id: OrgId) -> Result<Organisation, Error> {
    let row = tx
        .opt("select * from organisation where id = $1", [Arg::text(id)])
        .await?;
    read(&row.ok_or_else(|| missing("organisation", id))?)
}

/// An organisation by its 统一社会信用代码.
///
/// # Errors
/// [`Error::Db`].
pub async fn org_by_code(tx: &Tx, code: &str) -> Result<Option<Organisation>, Error> {
    tx.opt("select * from organisation where code = $1", [code.into()])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Every organisation, by division and code.
///
/// # Errors
/// [`Error::Db`].
pub async fn orgs(tx: &Tx) -> Result<Vec<Organisation>, Error> {
    tx.all("select * from organisation order by division, code", [])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Every organisation, as a tree.
///
/// # Errors
/// [`Error::Db`].
pub async fn tree(tx: &Tx) -> Result<OrgTree, Error> {
    Ok(OrgTree::new(orgs(tx).await?))
}

fn read(row: &Row) -> Result<Organisation, Error> {
    Ok(Organisation {
        id: row.parse("id")?,
        revision: row.count("revision")?,
        code: row.text("code")?,
        name: row.text("name")?,
        name_en: row.text("name_en")?,
        short_name: row.text("short_name")?,
        parent: row.opt_parse("parent")?,
        level: row.parse("level")?,
        division: row.text("division")?,
        kind: row.parse("kind")?,
        created_at: row.time("created_at")?,
    })
}
