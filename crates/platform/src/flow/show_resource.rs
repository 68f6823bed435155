//! Looking at catalogue entries: what everybody sees, and what only the department and the authority see.

use catalog::{Difference, Resource, Version, diff, store::Listing};
use vocab::{Actor, ResourceId, Role};

use crate::{App, Error};

/// The version in force, as everybody sees it.
///
/// # Errors
/// [`Error::NotFound`] when it is not published.
pub async fn show_resource(app: &App, id: ResourceId) -> Result<Version, Error> {
    found(catalog::store::published(&app.read().await?, id).await)
}

/// An entry with its draft, for its department and for the authority.
///
/// # Errors
/// [`Error::NotFound`] for everybody else.
pub async fn own_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, Error> {
    let resource = found(catalog::store::resource(&app.read().await?, id).await)?;
    if resource.content.provider == actor.org || actor.is(Role::Authority) {
        Ok(resource)
    } else {
        Err(Error::NotFound("resource"))
    }
}

/// The published versions of a resource, newest first.
///
/// # Errors
/// [`Error::NotFound`] when it was never published.
pub async fn list_versions(app: &App, id: ResourceId) -> Result<Vec<Version>, Error> {
    let versions = catalog::store::versions(&app.read().await?, id).await?;
    if versions.is_empty() {
        Err(Error::NotFound("resource"))
    } else {
        Ok(versions)
    }
}

/// What changed between two published versions.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn compare_versions(app: &App, id: ResourceId, before: u32, after: u32) -> Result<Difference, Error> {
    let tx = app.read().await?;
    let before = found(catalog::store::version(&tx, id, before).await)?;
    let after = found(catalog::store::version(&tx, id, after).await)?;
    Ok(diff(&before.content, &after.content))
}

/// Entries of the actor's department in any state, or all that wait for review where the actor is the authority.
///
/// # Errors
/// When the database fails.
pub async fn list_resources(
    app: &App,
    actor: &Actor,
    filter: catalog::store::Filter,
    page: catalog::store::Page,
) -> Result<Listing<Resource>, Error> {
    let mut filter = filter;
    if !actor.is(Role::Authority) {
        filter.providers = vec![actor.org];
    }
    Ok(catalog::store::list(&app.read().await?, &filter, page).await?)
}

/// Not there, as the corridor says it.
pub(crate) fn found<T>(it: Result<T, catalog::Error>) -> Result<T, Error> {
    match it {
        Ok(it) => Ok(it),
        Err(catalog::Error::NotFound { kind, .. }) => Err(Error::NotFound(kind)),
        Err(other) => Err(other.into()),
    }
}
