//! Requests.

use db::{Arg, Row, Tx};
use vocab::{OrgId, RequestId, ResourceId, Timestamp};

use super::{Query, body, due, ids, one, read, touched};
use crate::{
    Error, clock,
    request::{Request, RequestState},
};

/// Writes a new request.
///
/// # Errors
/// [`Error::Db`].
pub async fn insert_request(tx: &Tx, it: &Request) -> Result<(), Error> {
    tx.run(
        "insert into sharing_request
           (id, no, state, consumer, provider, resource, applicant, next_at, revision, body, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $10)",
        [
            Arg::text(it.id),
            (&it.no).into(),
            Arg::text(it.state),
            Arg::text(it.applicant.org),
            Arg::text(it.provider),
            Arg::text(it.resource),
            Arg::text(it.applicant.actor),
            clock::next_at(&it.timers).into(),
            body(it),
            it.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes a changed request; its revision goes up by one.
///
/// # Errors
/// [`Error::Stale`] when it was changed since it was read.
pub async fn save_request(tx: &Tx, it: &mut Request, now: Timestamp) -> Result<(), Error> {
    let rows = tx
        .run(
            "update sharing_request set state = $1, next_at = $2, body = $3, updated_at = $4, escalated = $7,
                    revision = revision + 1
              where id = $5 and revision = $6",
            [
                Arg::text(it.state),
                clock::next_at(&it.timers).into(),
                body(it),
                now.into(),
                Arg::text(it.id),
                it.revision.into(),
                clock::is_escalated(&it.timers).into(),
            ],
        )
        .await?;
    touched(rows, it.id)?;
    it.revision += 1;
    Ok(())
}

pub(super) fn to_request(row: &Row) -> Result<Request, Error> {
    read(row, |it: &mut Request, revision| it.revision = revision)
}

/// A request.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn request(tx: &Tx, id: RequestId) -> Result<Request, Error> {
    let row = tx
        .opt(
            "select body, revision from sharing_request where id = $1",
            [Arg::text(id)],
        )
        .await?;
    to_request(&one(row, id)?)
}

/// A request by its human number.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn request_by_no(tx: &Tx, no: &str) -> Result<Request, Error> {
    let row = tx
        .opt("select body, revision from sharing_request where no = $1", [no.into()])
        .await?;
    to_request(&one(row, no)?)
}

/// Which requests: as one of the parties, for a resource, in a state. Absent means any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Asked by this organisation.
    pub consumer: Option<OrgId>,
    /// Asked of this organisation.
    pub provider: Option<OrgId>,
    /// Either of both.
    pub party: Option<OrgId>,
    /// For this resource.
    pub resource: Option<ResourceId>,
    /// In this state.
    pub state: Option<RequestState>,
}

/// Requests, newest first, at most `limit`, after `offset`. Drafts of others than `party`/`consumer` are left out by
/// nobody here: pass the organisation of the one who looks.
///
/// # Errors
/// [`Error::Db`].
pub async fn requests(tx: &Tx, filter: RequestFilter, offset: u64, limit: u64) -> Result<Vec<Request>, Error> {
    let mut query = Query::new("select body, revision from sharing_request");
    query.eq("consumer", filter.consumer);
    query.eq("provider", filter.provider);
    query.either("consumer", "provider", filter.party);
    query.eq("resource", filter.resource);
    query.eq("state", filter.state);
    let rows = query.page(tx, offset, limit).await?;
    rows.iter().map(to_request).collect()
}

/// How many requests are in each state.
///
/// # Errors
/// [`Error::Db`].
pub async fn count_requests(tx: &Tx) -> Result<Vec<(RequestState, u64)>, Error> {
    let rows = tx
        .all(
            "select state, count(*) as n from sharing_request group by state order by state",
            [],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.parse("state")?, row.count("n")?)))
        .collect()
}

/// Requests for which time has something to do at `now`, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn due_requests(
    tx: &Tx,
    now: Timestamp,
    after: Option<RequestId>,
    limit: u64,
) -> Result<Vec<RequestId>, Error> {
    due(tx, "sharing_request", now, after, limit).await
}

/// Requests on which clocks may run, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn timed_requests(tx: &Tx, after: Option<RequestId>, limit: u64) -> Result<Vec<RequestId>, Error> {
    ids(
        tx,
        "sharing_request",
        "state in ('submitted', 'supplement-asked', 'supplemented', 'accepted')",
        after,
        limit,
    )
    .await
}
