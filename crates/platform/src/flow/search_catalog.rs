//! Searching the shelf.

use catalog::search::{Audience, Hits, Query};
use vocab::{Actor, Role};

use crate::{App, Error};

/// Searches the catalogue. Everybody finds what is published. With another audience than everyone, a department finds
/// its own drafts too, the authority everybody's.
///
/// # Errors
/// When the index cannot be read.
pub async fn search_catalog(app: &App, actor: Option<&Actor>, query: Query) -> Result<Hits, Error> {
    let audience = match actor {
        Some(actor) if actor.is(Role::Authority) => Audience::Authority,
        Some(actor) => Audience::Provider(actor.org),
        None => Audience::Everyone,
    };
    // The shelf shows what is in force, drafts only when they are asked for.
    let audience = if query.audience == Audience::Everyone {
        Audience::Everyone
    } else {
        audience
    };
    let index = app.index.clone();
    let found = tokio::task::spawn_blocking(move || index.search(&Query { audience, ..query })).await;
    Ok(found.map_err(Error::internal)?.map_err(catalog::Error::from)?)
}

/// Is everything found that is there? Not in the first minutes of a node whose index is being made from a large catalogue.
#[must_use]
pub fn search_is_whole(app: &App) -> bool {
    app.shelf.is_whole()
}
