//! A department connects a database or a file.

use catalog::{Source, TestResult};
use engine::Tested;
use policy::About;
use serde_json::json;
use vocab::{Action, Actor, SourceId, SourceSpec};

use super::guard_files::guard_source;
use crate::{App, Change, Error, Event};

/// A department connects a source. It is tested first; what cannot be reached is not kept.
///
/// The secret is sealed for this source and for no other place.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Faults`] for a file outside the allowed folders or another department's; [`Error::Engine`] with the cause when the
/// source does not answer.
pub async fn connect_source(app: &App, actor: &Actor, name: &str, spec: SourceSpec) -> Result<Source, Error> {
    let permit = policy::decide(
        &app.rules,
        actor,
        Action::ManageSource,
        &About::Source {
            id: None,
            owner: actor.org,
        },
    )?;
    allowed(app, actor, &spec).await?;
    if name.trim().is_empty() {
        return Err(Error::fault("name", "missing", "a source needs a name"));
    }
    let tested = app.engine.test(&spec).await?;
    let secret = spec.secret.clone();
    let mut source = Source::new(actor.org, name.trim(), spec, None, app.now());
    if let Some(secret) = secret {
        source.sealed_secret = Some(app.vault.seal(&place(source.id), secret.as_bytes())?);
    }
    source.tested(result(app, &Ok(tested)));
    let change = Change::begin(app, permit).await?;
    catalog::store::insert_source(change.db(), &source).await?;
    let body = json!({ "name": source.name, "kind": source.spec.kind, "org": source.org });
    change
        .commit(&Event::new(Action::ManageSource, "source-connected", source.id, &body))
        .await?;
    Ok(source)
}

/// Tries a source without keeping it.
///
/// # Errors
/// As [`connect_source`].
pub async fn try_source(app: &App, actor: &Actor, spec: &SourceSpec) -> Result<Tested, Error> {
    policy::decide(
        &app.rules,
        actor,
        Action::ManageSource,
        &About::Source {
            id: None,
            owner: actor.org,
        },
    )?;
    allowed(app, actor, spec).await?;
    Ok(app.engine.test(spec).await?)
}

/// Tries other options for a connected source without keeping them; without a secret the stored one is used.
///
/// # Errors
/// As [`connect_source`]; [`Error::NotFound`].
pub async fn try_change(app: &App, actor: &Actor, id: SourceId, mut spec: SourceSpec) -> Result<Tested, Error> {
    let source = own_source(app, actor, id).await?;
    policy::decide(
        &app.rules,
        actor,
        Action::ManageSource,
        &About::Source {
            id: Some(id),
            owner: source.org,
        },
    )?;
    allowed(app, actor, &spec).await?;
    if spec.secret.is_none() {
        spec.secret = unsealed(app, &source)?.secret;
    }
    Ok(app.engine.test(&spec).await?)
}

/// Tests a connected source again and keeps the result.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; a source that does not answer is no error here: the result says so.
pub async fn test_source(app: &App, actor: &Actor, id: SourceId) -> Result<Source, Error> {
    let mut source = own_source(app, actor, id).await?;
    let about = About::Source {
        id: Some(id),
        owner: source.org,
    };
    let permit = policy::decide(&app.rules, actor, Action::ManageSource, &about)?;
    let spec = unsealed(app, &source)?;
    app.engine.forget(&spec);
    let tested = app.engine.test(&spec).await;
    source.tested(result(app, &tested));
    let change = Change::begin(app, permit).await?;
    catalog::store::update_source(change.db(), &mut source).await?;
    let body = json!({ "state": source.state });
    change
        .commit(&Event::new(Action::ManageSource, "source-tested", id, &body))
        .await?;
    Ok(source)
}

/// Changes name, options or secret of a source (`None` keeps the secret). It is tested first.
///
/// # Errors
/// As [`connect_source`].
pub async fn change_source(
    app: &App,
    actor: &Actor,
    id: SourceId,
    name: &str,
    mut spec: SourceSpec,
) -> Result<Source, Error> {
    let mut source = own_source(app, actor, id).await?;
    let about = About::Source {
        id: Some(id),
        owner: source.org,
    };
    let permit = policy::decide(&app.rules, actor, Action::ManageSource, &about)?;
    allowed(app, actor, &spec).await?;
    let old = unsealed(app, &source)?;
    if spec.secret.is_none() {
        spec.secret = old.secret.clone();
    }
    let tested = app.engine.test(&spec).await?;
    source.sealed_secret = match &spec.secret {
        Some(secret) => Some(app.vault.seal(&place(id), secret.as_bytes())?),
        None => None,
    };
    source.spec = SourceSpec { secret: None, ..spec };
    name.trim().clone_into(&mut source.name);
    source.tested(result(app, &Ok(tested)));
    let change = Change::begin(app, permit).await?;
    catalog::store::update_source(change.db(), &mut source).await?;
    let body = json!({ "name": source.name, "kind": source.spec.kind });
    change
        .commit(&Event::new(Action::ManageSource, "source-changed", id, &body))
        .await?;
    app.engine.forget(&old);
    app.open.forget_all();
    Ok(source)
}

/// Disconnects a source on which nothing is mounted.
///
/// # Errors
/// [`Error::Catalog`] while a resource is mounted on it.
pub async fn remove_source(app: &App, actor: &Actor, id: SourceId) -> Result<(), Error> {
    let source = own_source(app, actor, id).await?;
    let about = About::Source {
        id: Some(id),
        owner: source.org,
    };
    let permit = policy::decide(&app.rules, actor, Action::ManageSource, &about)?;
    let change = Change::begin(app, permit).await?;
    catalog::store::delete_source(change.db(), id).await?;
    change
        .commit(&Event::new(
            Action::ManageSource,
            "source-removed",
            id,
            &json!({ "name": source.name }),
        ))
        .await?;
    Ok(())
}

/// The sources of the actor's department.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list_sources(app: &App, actor: &Actor) -> Result<Vec<Source>, Error> {
    policy::decide(
        &app.rules,
        actor,
        Action::ProfileSource,
        &About::Source {
            id: None,
            owner: actor.org,
        },
    )?;
    Ok(catalog::store::sources(&app.read().await?, Some(actor.org)).await?)
}

/// A source of the actor's department; others do not exist for it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn own_source(app: &App, actor: &Actor, id: SourceId) -> Result<Source, Error> {
    match catalog::store::source(&app.read().await?, id).await {
        Ok(it) if it.org == actor.org => Ok(it),
        Ok(_) | Err(catalog::Error::NotFound { .. }) => Err(Error::NotFound("source")),
        Err(other) => Err(other.into()),
    }
}

/// How to reach a source, secret unsealed.
pub(crate) fn unsealed(app: &App, source: &Source) -> Result<SourceSpec, Error> {
    let mut spec = source.spec.clone();
    if let Some(sealed) = &source.sealed_secret {
        let secret = app.vault.unseal(&place(source.id), sealed)?;
        spec.secret = Some(String::from_utf8_lossy(secret.expose()).into_owned());
    }
    Ok(spec)
}

fn place(id: SourceId) -> String {
    format!("source:{id}")
}

fn result(app: &App, tested: &Result<Tested, engine::Error>) -> TestResult {
    match tested {
        Ok(it) => TestResult {
            at: app.now(),
            tables: it.tables,
            took_ms: it.latency_ms,
            server: it.version.clone(),
            fault: None,
        },
        Err(error) => TestResult {
            at: app.now(),
            tables: 0,
            took_ms: 0,
            server: String::new(),
            fault: Some(error.cause().map_or("other", engine::Cause::code).to_owned()),
        },
    }
}

/// May the department read the file of this source?
async fn allowed(app: &App, actor: &Actor, spec: &SourceSpec) -> Result<(), Error> {
    match guard_source(app, &app.read().await?, actor.org, spec).await? {
        Some(fault) => Err(Error::Faults(vec![fault])),
        None => Ok(()),
    }
}
