//! What is under way between departments, as each of them may see it.

use sharing::{
    Agreement, Correction, Dispute, Request,
    store::{AgreementFilter, RequestFilter},
};
use vocab::{Actor, AgreementId, OrgId, Role};

use super::move_request::sees;
use crate::{App, Error};

/// A part of a list, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// The things.
    pub all: Vec<T>,
    /// How many to skip for the next part; `None` at the end.
    pub next: Option<u64>,
}

impl<T> Listed<T> {
    /// One more than wanted was read: is there a next part?
    fn of(mut all: Vec<T>, offset: u64, limit: u64) -> Self {
        let more = all.len() as u64 > limit;
        all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Self {
            all,
            next: more.then_some(offset + limit),
        }
    }
}

/// Requests of the actor's organisation on either side; every one for the authority. Drafts of others never.
///
/// # Errors
/// When the database fails.
pub async fn list_requests(
    app: &App,
    actor: &Actor,
    filter: RequestFilter,
    offset: u64,
    limit: u64,
) -> Result<Listed<Request>, Error> {
    let limit = limit.clamp(1, 200);
    let filter = RequestFilter {
        party: ours(actor, filter.party),
        ..filter
    };
    let found = sharing::store::requests(&app.read().await?, filter, offset, limit + 1).await?;
    let mut listed = Listed::of(found, offset, limit);
    listed.all.retain(|it| sees(actor, it));
    Ok(listed)
}

/// Agreements of the actor's organisation on either side; every one for the authority and the security administrator.
///
/// # Errors
/// When the database fails.
pub async fn list_agreements(
    app: &App,
    actor: &Actor,
    filter: AgreementFilter,
    offset: u64,
    limit: u64,
) -> Result<Listed<Agreement>, Error> {
    let limit = limit.clamp(1, 200);
    let party = if actor.is(Role::SecurityAdmin) {
        filter.party
    } else {
        ours(actor, filter.party)
    };
    let filter = AgreementFilter { party, ..filter };
    let found = sharing::store::agreements(&app.read().await?, filter, offset, limit + 1).await?;
    Ok(Listed::of(found, offset, limit))
}

/// Correction requests of the actor's organisation on either side; every one for the authority.
///
/// # Errors
/// When the database fails.
pub async fn list_corrections(app: &App, actor: &Actor, offset: u64, limit: u64) -> Result<Listed<Correction>, Error> {
    let limit = limit.clamp(1, 200);
    let found = sharing::store::corrections(&app.read().await?, ours(actor, None), offset, limit + 1).await?;
    Ok(Listed::of(found, offset, limit))
}

/// Disputes of the actor's organisation on either side; every one for the authority.
///
/// # Errors
/// When the database fails.
pub async fn list_disputes(app: &App, actor: &Actor, offset: u64, limit: u64) -> Result<Listed<Dispute>, Error> {
    let limit = limit.clamp(1, 200);
    let found = sharing::store::disputes(&app.read().await?, ours(actor, None), offset, limit + 1).await?;
    Ok(Listed::of(found, offset, limit))
}

/// The agreement of a request, for those who may see it.
///
/// # Errors
/// When the database fails.
pub async fn agreement_of(app: &App, actor: &Actor, request: vocab::RequestId) -> Result<Option<Agreement>, Error> {
    let found = sharing::store::agreement_of(&app.read().await?, request).await?;
    Ok(found.filter(|it| super::manage_agreement::sees(actor, it)))
}

/// How often an agreement was used on each day from `from` (`2026-11-22`) on.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn agreement_usage(
    app: &App,
    actor: &Actor,
    id: AgreementId,
    from: &str,
) -> Result<Vec<(String, u64)>, Error> {
    let it = super::show_agreement(app, actor, id).await?;
    Ok(sharing::store::usage_by_day(&app.read().await?, it.id, from).await?)
}

fn ours(actor: &Actor, wanted: Option<OrgId>) -> Option<OrgId> {
    if actor.is(Role::Authority) {
        wanted
    } else {
        Some(actor.org)
    }
}
