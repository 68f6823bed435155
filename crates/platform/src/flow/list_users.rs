//! The users of a resource, and how the reader's department stands to it.

use sharing::{Agreement, Request, RequestState};
use vocab::{Actor, AgreementState, ResourceId};

use crate::{App, Error};

/// The agreements in force on a resource: who uses it is no secret among departments.
///
/// # Errors
/// When the database fails.
pub async fn list_users(app: &App, resource: ResourceId) -> Result<Vec<Agreement>, Error> {
    let filter = sharing::store::AgreementFilter {
        resource: Some(resource),
        state: Some(AgreementState::Active),
        ..Default::default()
    };
    Ok(sharing::store::agreements(&app.read().await?, filter, 0, 200).await?)
}

/// The open request of the actor's department for a resource, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn open_request(app: &App, actor: &Actor, resource: ResourceId) -> Result<Option<Request>, Error> {
    let filter = sharing::store::RequestFilter {
        consumer: Some(actor.org),
        resource: Some(resource),
        ..Default::default()
    };
    let all = sharing::store::requests(&app.read().await?, filter, 0, 50).await?;
    let closed = [RequestState::Granted, RequestState::Refused, RequestState::Withdrawn];
    Ok(all.into_iter().find(|it| !closed.contains(&it.state)))
}
