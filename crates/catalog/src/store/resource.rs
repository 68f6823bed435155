//! Resources and their versions in the database.

use db::{Arg, Row, Tx};
use vocab::{OrgId, ResourceId, SharingClass, SourceId};

use super::{missing, stale, taken};
use crate::{Error, Resource, State};

const RULES: &[(&str, &str, &str)] = &[
    (
        "resource_national_code_key",
        "resource.national_code",
        "the national code of the resource",
    ),
    (
        "resource_local_code_key",
        "resource.local_code",
        "the local code of the resource",
    ),
];

/// Which resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Provided by any of these; empty is all.
    pub providers: Vec<OrgId>,
    /// In any of these states; empty is all.
    pub states: Vec<State>,
    /// Of this class.
    pub class: Option<SharingClass>,
    /// Of this theme.
    pub theme: Option<String>,
    /// Mounted on this source.
    pub source: Option<SourceId>,
}

/// Which part of a list: keyset paging, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Those after (older than) this one; `None` for the first part.
    pub after: Option<ResourceId>,
    /// At most so many, 1 to 1000.
    pub limit: u64,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, limit: 50 }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The things.
    pub all: Vec<T>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<ResourceId>,
}

/// How many resources stand in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub state: State,
    /// How many.
    pub count: u64,
}

/// Adds a resource.
///
/// # Errors
/// [`Error::Taken`] when one of its codes is; [`Error::Db`], also when provider or source do not exist.
pub async fn insert_resource(tx: &Tx, it: &Resource) -> Result<(), Error> {
    let mut args = columns(it);
    args.extend([Arg::text(it.created_by), it.created_at.into()]);
    tx.run_with(
        "insert into resource (id, revision, state, provider, source, national_code, local_code, name, sharing_class, theme,
                published_version, published_at, updated_at, sent_back, content, submitted_by, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        args,
    )
    .await
    .map_err(|error| taken(error, RULES))?;
    Ok(())
}

/// Writes a changed resource.
///
/// # Errors
/// [`Error::Stale`], [`Error::Taken`], [`Error::NotFound`], [`Error::Db`].
pub async fn update_resource(tx: &Tx, it: &mut Resource) -> Result<(), Error> {
    let touched = tx
        .run_with(
            "update resource set revision = revision + 1, state = $3, provider = $4, source = $5, national_code = $6, local_code = $7,
                    name = $8, sharing_class = $9, theme = $10, published_version = $11, published_at = $12, updated_at = $13,
                    sent_back = $14, content = $15, submitted_by = $16
              where id = $1 and revision = $2",
            columns(it),
        )
        .await
        .map_err(|error| taken(error, RULES))?;
    if touched == 0 {
        resource(tx, it.id).await?;
        return Err(stale("resource", it.id));
    }
    it.revision += 1;
    Ok(())
}

fn columns(it: &Resource) -> Vec<Arg> {
    vec![
        Arg::text(it.id),
        it.revision.into(),
        Arg::text(it.state),
        Arg::text(it.content.provider),
        Arg::opt(it.content.mount.as_ref().map(|it| it.source)),
        it.content.national_code.clone().into(),
        it.content.local_code.clone().into(),
        (&it.content.name).into(),
        Arg::text(it.content.sharing.class),
        it.content.theme.clone().into(),
        it.published_version.map(i64::from).into(),
        it.published_at.into(),
        it.updated_at.into(),
        it.sent_back.as_ref().map_or_else(|| None::<String>.into(), Arg::json),
        Arg::json(&it.content),
        Arg::opt(it.submitted_by),
    ]
}

/// Forgets a draft that was never published.
///
/// # Errors
/// [`Error::InUse`] when it was published once or is under review; [`Error::Stale`], [`Error::NotFound`], [`Error::Db`].
pub async fn delete_resource(tx: &Tx, it: &Resource) -> Result<(), Error> {
    if it.state != State::Draft || it.published_version.is_some() {
        return Err(Error::InUse("the resource"));
    }
    let gone = tx
        .run(
            "delete from resource where id = $1 and revision = $2",
            [Arg::text(it.id), it.revision.into()],
        )
        .await?;
    if gone == 0 {
        resource(tx, it.id).await?;
        return Err(stale("resource", it.id));
    }
    Ok(())
}

/// A resource with its newest entry.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Db`].
pub async fn resource(tx: &Tx, id: ResourceId) -> Result<Resource, Error> {
    let row = tx.opt("select * from resource where id = $1", [Arg::text(id)]).await?;
    read(&row.ok_or_else(|| missing("resource", id))?)
}

/// A resource by its national or local code.
///
/// # Errors
/// [`Error::Db`].
pub async fn resource_by_code(tx: &Tx, code: &str) -> Result<Option<Resource>, Error> {
    let row = tx
        .opt(
            "select * from resource where national_code = $1 or local_code = $1 order by id",
            [code.into()],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// Resources mounted on a source.
///
/// # Errors
/// [`Error::Db`].
pub async fn resources_of_source(tx: &Tx, source: SourceId) -> Result<Vec<Resource>, Error> {
    tx.all(
        "select * from resource where source = $1 order by id",
        [Arg::text(source)],
    )
    .await?
    .iter()
    .map(read)
    .collect()
}

/// A part of the list of resources, newest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn list(tx: &Tx, filter: &Filter, page: Page) -> Result<Listing<Resource>, Error> {
    let (mut rule, mut args) = filter.sql();
    if let Some(after) = page.after {
        args.push(Arg::text(after));
        rule += &format!(" and id < ${}", args.len());
    }
    let limit = page.limit.clamp(1, 1000);
    args.push((limit + 1).into());
    let rows = tx
        .all_with(
            &format!(
                "select * from resource where {rule} order by id desc limit ${}",
                args.len()
            ),
            args,
        )
        .await?;
    let more = rows.len() as u64 > limit;
    let all: Vec<Resource> = rows
        .iter()
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(read)
        .collect::<Result<_, _>>()?;
    let next = if more { all.last().map(|it| it.id) } else { None };
    Ok(Listing { all, next })
}

/// How many resources.
///
/// # Errors
/// [`Error::Db`].
pub async fn count(tx: &Tx, filter: &Filter) -> Result<u64, Error> {
    let (rule, args) = filter.sql();
    let rows = tx
        .all_with(&format!("select count(*) as many from resource where {rule}"), args)
        .await?;
    Ok(rows.first().map(|row| row.count("many")).transpose()?.unwrap_or(0))
}

/// How many resources per state; states without any are left out.
///
/// # Errors
/// [`Error::Db`].
pub async fn counts_by_state(tx: &Tx, filter: &Filter) -> Result<Vec<StateCount>, Error> {
    let (rule, args) = filter.sql();
    let sql = format!("select state, count(*) as many from resource where {rule} group by state");
    let mut counts = Vec::new();
    for row in tx.all_with(&sql, args).await? {
        counts.push(StateCount {
            state: row.parse("state")?,
            count: row.count("many")?,
        });
    }
    counts.sort_by_key(|it| it.state);
    Ok(counts)
}

impl Filter {
    fn sql(&self) -> (String, Vec<Arg>) {
        let mut rule = "1 = 1".to_owned();
        let mut args = Vec::new();
        let mut any_of = |column: &str, values: Vec<Arg>| {
            if !values.is_empty() {
                let places: Vec<String> = values
                    .iter()
                    .enumerate()
                    .map(|(at, _)| format!("${}", args.len() + at + 1))
                    .collect();
                rule += &format!(" and {column} in ({})", places.join(", "));
                args.extend(values);
            }
        };
        any_of("provider", self.providers.iter().map(Arg::text).collect());
        any_of("state", self.states.iter().map(Arg::text).collect());
        any_of("sharing_class", self.class.iter().map(Arg::text).collect());
        any_of("theme", self.theme.iter().map(Arg::text).collect());
        any_of("source", self.source.iter().map(Arg::text).collect());
        (rule, args)
    }
}

fn read(row: &Row) -> Result<Resource, Error> {
    let sent_back = match row.opt_text("sent_back")? {
        Some(_) => Some(row.json("sent_back")?),
        None => None,
    };
    Ok(Resource {
        id: row.parse("id")?,
        revision: row.count("revision")?,
        state: row.parse("state")?,
        published_version: row.opt_int("published_version")?.and_then(|it| u32::try_from(it).ok()),
        published_at: row.opt_time("published_at")?,
        created_by: row.parse("created_by")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        submitted_by: row.opt_parse("submitted_by")?,
        sent_back,
        content: row.json("content")?,
    })
}
