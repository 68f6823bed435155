//! The search index is made again from the database.

use crate::{App, Error};

/// Makes the whole index again; how many resources it holds then. Nobody finds less meanwhile.
///
/// # Errors
/// When database or index fail; the index is as it was then.
pub async fn rebuild_index(app: &App) -> Result<u64, Error> {
    app.shelf.rebuild().await
}
