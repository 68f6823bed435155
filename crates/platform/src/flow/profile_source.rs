//! A department looks into its own source: tables, and what their columns hold.

use policy::About;
use serde_json::json;
use vocab::{
    Action, Actor, SourceId,
    profile::{TableInfo, TableProfile},
};

use super::connect_source::{own_source, unsealed};
use crate::{App, Change, Error, Event, event::digest_of};

/// The tables of a source.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], the source's errors.
pub async fn list_source_tables(app: &App, actor: &Actor, id: SourceId) -> Result<Vec<TableInfo>, Error> {
    let source = own_source(app, actor, id).await?;
    policy::decide(
        &app.rules,
        actor,
        Action::ProfileSource,
        &About::Source {
            id: Some(id),
            owner: source.org,
        },
    )?;
    Ok(app.engine.tables(&unsealed(app, &source)?).await?)
}

/// Reads up to `sample` rows of a table and says what its columns hold. `progress` hears how many rows were read.
///
/// A profile shows smallest and largest values, so real values leave the source here; they are the department's own, and
/// the ledger keeps that somebody looked and commits to what was shown.
///
/// # Errors
/// As [`list_source_tables`].
pub async fn profile_source(
    app: &App,
    actor: &Actor,
    id: SourceId,
    table: &str,
    sample: u64,
    progress: impl FnMut(u64) + Send,
) -> Result<TableProfile, Error> {
    let source = own_source(app, actor, id).await?;
    let permit = policy::decide(
        &app.rules,
        actor,
        Action::ProfileSource,
        &About::Source {
            id: Some(id),
            owner: source.org,
        },
    )?;
    let profile = app
        .engine
        .profile(&unsealed(app, &source)?, table, Some(sample), progress)
        .await?;
    let key = app.vault.derive("profile", &id.to_string());
    let shown = ledger::receipt::commitment(&key, &digest_of(&profile));
    let change = Change::begin(app, permit).await?;
    let body = json!({ "table": table, "sample": sample, "columns": profile.columns.len(), "digest": shown });
    change
        .commit(&Event::new(Action::ProfileSource, "source-profiled", id, &body))
        .await?;
    Ok(profile)
}
