//! Agreements.

use std::collections::BTreeMap;

use db::{Arg, Row, Tx};
use vocab::{AgreementId, AgreementState, OrgId, RequestId, ResourceId, Timestamp};

use super::{Query, body, due, ids, one, read, touched};
use crate::{Error, agreement::Agreement};

/// Writes a new agreement.
///
/// # Errors
/// [`Error::AgreedAlready`] when its request has one.
pub async fn insert_agreement(tx: &Tx, it: &Agreement) -> Result<(), Error> {
    let done = tx
        .run(
            "insert into agreement
               (id, no, request, state, consumer, provider, resource, version, provided, next_at, revision, body,
                created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $12)",
            [
                Arg::text(it.id),
                (&it.no).into(),
                Arg::text(it.request),
                Arg::text(it.state),
                Arg::text(it.consumer),
                Arg::text(it.provider),
                Arg::text(it.resource),
                i64::from(it.terms().version).into(),
                it.provided_at.is_some().into(),
                it.next_at().into(),
                body(it),
                it.created_at.into(),
            ],
        )
        .await;
    match done {
        Ok(_) => Ok(()),
        Err(db::Error::Unique(what)) if what.contains("request") => Err(Error::AgreedAlready),
        Err(error) => Err(error.into()),
    }
}

/// Writes a changed agreement; its revision goes up by one.
///
/// # Errors
/// [`Error::Stale`] when it was changed since it was read.
pub async fn save_agreement(tx: &Tx, it: &mut Agreement, now: Timestamp) -> Result<(), Error> {
    let rows = tx
        .run(
            "update agreement set state = $1, version = $2, provided = $3, next_at = $4, body = $5, updated_at = $6,
                    escalated = $9, revision = revision + 1
              where id = $7 and revision = $8",
            [
                Arg::text(it.state),
                i64::from(it.terms().version).into(),
                it.provided_at.is_some().into(),
                it.next_at().into(),
                body(it),
                now.into(),
                Arg::text(it.id),
                it.revision.into(),
                crate::clock::is_escalated(&it.timers).into(),
            ],
        )
        .await?;
    touched(rows, it.id)?;
    it.revision += 1;
    Ok(())
}

pub(super) fn to_agreement(row: &Row) -> Result<Agreement, Error> {
    read(row, |it: &mut Agreement, revision| it.revision = revision)
}

/// An agreement.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn agreement(tx: &Tx, id: AgreementId) -> Result<Agreement, Error> {
    let row = tx
        .opt("select body, revision from agreement where id = $1", [Arg::text(id)])
        .await?;
    to_agreement(&one(row, id)?)
}

/// The agreement of a request, if it has one.
///
/// # Errors
/// [`Error::Db`].
pub async fn agreement_of(tx: &Tx, request: RequestId) -> Result<Option<Agreement>, Error> {
    let row = tx
        .opt(
            "select body, revision from agreement where request = $1",
            [Arg::text(request)],
        )
        .await?;
    row.as_ref().map(to_agreement).transpose()
}

/// Gives an agreement's table its SQL name, if it has none yet.
///
/// # Errors
/// [`Error::Db`]: the name is another's of the same consumer.
pub async fn name_agreement(tx: &Tx, id: AgreementId, name: &str) -> Result<(), Error> {
    let sql = "update agreement set sql_name = $1 where id = $2 and sql_name is null";
    tx.run(sql, [name.into(), Arg::text(id)]).await?;
    Ok(())
}

/// The SQL names that a consumer's agreements have, those that ended too: a name is never another's.
///
/// # Errors
/// [`Error::Db`].
pub async fn agreement_names(tx: &Tx, consumer: OrgId) -> Result<BTreeMap<AgreementId, String>, Error> {
    let sql = "select id, sql_name from agreement where consumer = $1 and sql_name is not null";
    let rows = tx.all(sql, [Arg::text(consumer)]).await?;
    rows.iter()
        .map(|row| Ok((row.parse("id")?, row.text("sql_name")?)))
        .collect()
}

/// Which agreements. Absent means any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgreementFilter {
    /// Used by this organisation.
    pub consumer: Option<OrgId>,
    /// Provided by this organisation.
    pub provider: Option<OrgId>,
    /// Either of both.
    pub party: Option<OrgId>,
    /// On this resource.
    pub resource: Option<ResourceId>,
    /// In this state.
    pub state: Option<AgreementState>,
}

/// Agreements, newest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn agreements(tx: &Tx, filter: AgreementFilter, offset: u64, limit: u64) -> Result<Vec<Agreement>, Error> {
    let mut query = Query::new("select body, revision from agreement");
    query.eq("consumer", filter.consumer);
    query.eq("provider", filter.provider);
    query.either("consumer", "provider", filter.party);
    query.eq("resource", filter.resource);
    query.eq("state", filter.state);
    let rows = query.page(tx, offset, limit).await?;
    rows.iter().map(to_agreement).collect()
}

/// How many agreements are in each state.
///
/// # Errors
/// [`Error::Db`].
pub async fn count_agreements(tx: &Tx) -> Result<Vec<(AgreementState, u64)>, Error> {
    let rows = tx
        .all(
            "select state, count(*) as n from agreement group by state order by state",
            [],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.parse("state")?, row.count("n")?)))
        .collect()
}

/// Agreements for which time has something to do at `now`, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn due_agreements(
    tx: &Tx,
    now: Timestamp,
    after: Option<AgreementId>,
    limit: u64,
) -> Result<Vec<AgreementId>, Error> {
    due(tx, "agreement", now, after, limit).await
}

/// Agreements on which clocks may run, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn timed_agreements(tx: &Tx, after: Option<AgreementId>, limit: u64) -> Result<Vec<AgreementId>, Error> {
    ids(
        tx,
        "agreement",
        "state in ('active', 'suspended', 'disposal-due')",
        after,
        limit,
    )
    .await
}
