//! Questions to data under agreements: structured, by key, or in SQL. Every answer is a [`Release`].

use std::sync::Arc;

use engine::{Page, Prepared, RecordBatch, Select};
use vocab::{Actor, AgreementId, Purpose, SharingMode};

use super::{
    list_tables::named_agreements,
    open_data::{Door, Ready, open_data, open_named},
};
use crate::{
    App, Error,
    release::{Left, Receipted, Release, write_batch, write_whole},
};

/// A structured question to one agreement's table.
#[derive(Debug, Clone)]
pub struct Question {
    /// Under which agreement.
    pub agreement: AgreementId,
    /// For what; the agreement's own purpose when nothing is said.
    pub purpose: Option<Purpose>,
    /// What.
    pub select: Select,
}

/// Answers a structured question as a stream, of any length.
///
/// # Errors
/// Those of [`open_data`]; [`Error::Engine`] for a question that does not fit; [`Error::OverQuota`].
pub async fn query_data(app: &App, actor: &Actor, door: Door, question: &Question) -> Result<Release, Error> {
    let ready = open(app, actor, question).await?;
    let rows = ready.opened.select(only_name(&ready)?, &question.select).await?;
    Release::begin(app, ready.opening(app, door, &asked(question)), rows).await
}

/// Answers a structured question page by page, each with its receipt.
///
/// # Errors
/// As [`query_data`].
pub async fn query_page(app: &App, actor: &Actor, door: Door, question: &Question) -> Result<(Page, Receipted), Error> {
    let ready = open(app, actor, question).await?;
    let page = ready.opened.page(only_name(&ready)?, &question.select).await?;
    let receipted = write_batch(app, ready.opening(app, door, &asked(question)), &page.rows).await?;
    Ok((page, receipted))
}

/// Answers read-only SQL over the tables of a caller's agreements. `agreements` narrows them; none means all usable ones.
/// Only tables that the question names are opened, and only their agreements get a receipt.
///
/// # Errors
/// As [`query_data`].
pub async fn query_sql(
    app: &App,
    actor: &Actor,
    door: Door,
    agreements: &[AgreementId],
    sql: &str,
    parameters: Option<&RecordBatch>,
) -> Result<Release, Error> {
    let ready = open_for_sql(app, actor, agreements, sql).await?;
    let rows = match parameters {
        Some(parameters) => ready.opened.sql_with(sql, parameters).await?,
        None => ready.opened.sql(sql).await?,
    };
    if ready.names.is_empty() {
        // No rows leave without an agreement, not even those that are nobody's.
        let needed = "the question names none of your tables";
        return Err(engine::Error::Question(needed.to_owned()).into());
    }
    Release::begin(app, ready.opening(app, door, sql), rows).await
}

/// What an SQL question would answer, and its parameters; `given` are those that are known already. No row is read, so
/// there is no receipt.
///
/// # Errors
/// As [`query_sql`].
pub async fn prepare_sql(
    app: &App,
    actor: &Actor,
    agreements: &[AgreementId],
    sql: &str,
    given: Option<&RecordBatch>,
) -> Result<Prepared, Error> {
    let ready = open_for_sql(app, actor, agreements, sql).await?;
    Ok(ready.opened.prepare(sql, given).await?)
}

async fn open_for_sql(app: &App, actor: &Actor, agreements: &[AgreementId], sql: &str) -> Result<Arc<Ready>, Error> {
    let words = engine::tables_of(sql)?;
    let named = named_agreements(app, actor).await?;
    let wanted: Vec<_> = named
        .into_iter()
        .filter(|(id, name)| (agreements.is_empty() || agreements.contains(id)) && words.contains(name))
        .map(|(id, name)| (id, Some(name)))
        .collect();
    open_named(app, actor, &wanted, None, SharingMode::Interface).await
}

/// The record of a key, as JSON bytes; `None` when there is no such row (or the row rule hides it: the two look the same).
/// `key` has the values of the key's items in their order, or the one value of `item`. Several rows are a fault of the
/// question.
///
/// # Errors
/// As [`query_data`].
pub async fn lookup_record(
    app: &App,
    actor: &Actor,
    agreement: AgreementId,
    item: Option<&str>,
    key: &[String],
) -> Result<(Option<bytes::Bytes>, Receipted), Error> {
    let ready = open_data(app, actor, &[agreement], None, SharingMode::Interface).await?;
    let name = only_name(&ready)?;
    let items = match item {
        Some(it) => vec![it],
        None => ready.opened.key(name)?,
    };
    let found = ready.opened.lookup_json(name, &paired(&items, key)?).await?;
    let asked = format!("lookup {} {}", items.join(" "), key.join("\u{1f}"));
    let opening = ready.opening(app, Door::Rest, &asked);
    let left = Left {
        rows: u64::from(found.is_some()),
        bytes: Some(found.as_ref().map_or(0, |it| it.len() as u64)),
        algorithm: "sha256",
        digest: sha256_hex(found.as_deref().unwrap_or_default()),
    };
    let receipted = write_whole(app, opening, &left).await?;
    Ok((found, receipted))
}

/// Items and values side by side.
fn paired<'a>(items: &[&'a str], values: &'a [String]) -> Result<Vec<(&'a str, &'a str)>, Error> {
    if items.is_empty() {
        let detail = "the table has no key: name the item to look up";
        return Err(Error::fault("item", "key-needed", detail));
    }
    if items.len() != values.len() {
        let detail = format!(
            "the key is ({}): give one value for each, the others as `and`",
            items.join(", ")
        );
        return Err(Error::fault("and", "key-needed", detail));
    }
    Ok(items.iter().copied().zip(values.iter().map(String::as_str)).collect())
}

pub(super) async fn open(app: &App, actor: &Actor, question: &Question) -> Result<Arc<Ready>, Error> {
    open_data(
        app,
        actor,
        &[question.agreement],
        question.purpose,
        SharingMode::Interface,
    )
    .await
}

pub(super) fn only_name(ready: &Ready) -> Result<&str, Error> {
    ready
        .names
        .first()
        .map(|(_, name)| name.as_str())
        .ok_or(Error::NotFound("agreement"))
}

pub(super) fn asked(question: &Question) -> String {
    serde_json::to_string(&question.select).unwrap_or_default()
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let mut hasher = seal::Hasher::new(seal::Suite::International);
    hasher.update(bytes);
    hasher.finish_hex()
}
