//! A department has agreed data brought into its own table or file.

mod refresh;

use std::path::Path;

use db::Tx;
use engine::{Tested, Why, shape::Shape, sink};
use exchange::{Delivery, DeliveryState, Refresh, Taken};
use policy::About;
use serde_json::json;
use vocab::{Action, Actor, AgreementId, DeliveryId, OrgId, SharingMode, SinkSpec, SourceKind};

use super::{
    guard_files::guard_target,
    list_deliveries::own_delivery,
    open_data::{open_data, visible},
    run_delivery::path::{path_to, preflight_on, taken},
};
use crate::{App, Change, Error, Event, error::Fault};
use refresh::refresh_faults;

/// What somebody says about a new delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Under which agreement of the own department.
    pub agreement: AgreementId,
    /// A name that the department has not used yet.
    pub name: String,
    /// Where to; the secret is inside.
    pub sink: SinkSpec,
    /// What its runs bring.
    pub refresh: Refresh,
    /// May a table or file that no delivery made be replaced?
    pub replace: bool,
    /// Rows that may be put into quarantine before a run fails.
    pub error_limit: u64,
}

/// What a target was found to be, before a row moves.
#[derive(Debug, Clone)]
pub struct SinkReport {
    /// What each item becomes there: exact, mapped, quarantined when.
    pub preflight: sink::Preflight,
    /// The server; none for a file.
    pub server: Option<Tested>,
    /// Which path the rows would take now, and why.
    pub path: Taken,
}

/// Defines a delivery. Its secret is sealed for this delivery and for no other place.
///
/// # Errors
/// [`Error::NotFound`] for an agreement that is not the own department's; [`Error::Denied`]; [`Error::Faults`] with
/// everything that does not fit: a mode that was not agreed, a path outside the allowed folders, a target in use, changes
/// where rows cannot be told apart.
pub async fn create_delivery(app: &App, actor: &Actor, new: NewDelivery) -> Result<Delivery, Error> {
    let about = About::Delivery {
        id: None,
        owner: actor.org,
    };
    let permit = policy::decide(&app.rules, actor, Action::ManageDelivery, &about)?;
    let tx = app.read().await?;
    let agreement = visible(&tx, actor, new.agreement).await?;
    let mut faults = sink_faults(app, &tx, actor.org, &new.sink, None).await?;
    if new.name.trim().is_empty() {
        faults.push(Fault::new("name", "missing", "a delivery needs a name"));
    }
    let mode = mode_of(new.sink.target.kind);
    if !agreement.terms().modes.contains(&mode) {
        faults.push(Fault::new(
            "agreement",
            "mode-not-agreed",
            format!("the agreement does not allow `{mode}`"),
        ));
    }
    faults.extend(refresh_faults(&tx, &agreement, &new.sink, new.refresh).await?);
    drop(tx);
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    let id = DeliveryId::new();
    let mut sink = new.sink;
    let sealed_secret = match sink.target.secret.take() {
        Some(secret) => Some(app.vault.seal(&place(id), secret.as_bytes())?),
        None => None,
    };
    let change = Change::begin(app, permit).await?;
    // Once more where it is written: another may have taken the target meanwhile.
    let taken = guard_target(app, change.db(), actor.org, &sink, None).await?;
    if !taken.is_empty() {
        return Err(Error::Faults(taken));
    }
    let delivery = Delivery {
        id,
        agreement: new.agreement,
        consumer: actor.org,
        name: new.name.trim().to_owned(),
        sink,
        sealed_secret,
        refresh: new.refresh,
        replace: new.replace,
        error_limit: new.error_limit,
        state: DeliveryState::Active,
        created_by: actor.id,
        created_at: change.now(),
    };
    exchange::store::insert_delivery(change.db(), &delivery).await?;
    let body = json!({ "agreement": delivery.agreement, "name": delivery.name, "kind": delivery.sink.target.kind,
        "refresh": delivery.refresh, "provider": agreement.provider, "consumer": agreement.consumer });
    change
        .commit(&Event::new(Action::ManageDelivery, "delivery-defined", id, &body))
        .await?;
    Ok(delivery)
}

/// Tries a target without keeping it: connects, and tells what each item becomes there. No row is read.
///
/// # Errors
/// As [`create_delivery`]; [`Error::Engine`] with the cause when source or target do not answer.
pub async fn test_sink(
    app: &App,
    actor: &Actor,
    agreement: AgreementId,
    sink: &SinkSpec,
    refresh: Refresh,
) -> Result<SinkReport, Error> {
    try_sink(app, actor, agreement, sink, refresh, None).await
}

async fn try_sink(
    app: &App,
    actor: &Actor,
    agreement: AgreementId,
    sink: &SinkSpec,
    refresh: Refresh,
    own: Option<DeliveryId>,
) -> Result<SinkReport, Error> {
    let about = About::Delivery {
        id: None,
        owner: actor.org,
    };
    policy::decide(&app.rules, actor, Action::ManageDelivery, &about)?;
    let tx = app.read().await?;
    let mut faults = sink_faults(app, &tx, actor.org, sink, own).await?;
    if refresh == Refresh::Changes {
        let agreed = visible(&tx, actor, agreement).await?;
        faults.extend(refresh_faults(&tx, &agreed, sink, refresh).await?);
    }
    drop(tx);
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    let ready = open_data(app, actor, &[agreement], None, mode_of(sink.target.kind)).await?;
    let table = ready
        .opened
        .tables()
        .into_iter()
        .next()
        .ok_or(Error::NotFound("agreement"))?;
    let shape = Shape::of(&table.schema, &table.key).map_err(|it| Error::State(it.to_string()))?;
    let there = Path::new(sink.target.option("path").unwrap_or_default()).exists();
    let server = match sink.target.kind {
        SourceKind::Postgres | SourceKind::Mysql => Some(app.engine.test(&sink.target).await?),
        SourceKind::Sqlite if there => Some(app.engine.test(&sink.target).await?),
        _ => None,
    };
    let path = match refresh {
        Refresh::Full => path_to(&ready.opened, &table.name, sink).await?,
        Refresh::Changes => Err(Why::Changes),
    };
    Ok(SinkReport {
        preflight: preflight_on(&path, sink, &shape),
        path: taken(&path),
        server,
    })
}

/// The same for a delivery that is defined, with its sealed secret.
///
/// # Errors
/// [`Error::NotFound`], otherwise as [`test_sink`].
pub async fn test_delivery(app: &App, actor: &Actor, id: DeliveryId) -> Result<SinkReport, Error> {
    let delivery = own_delivery(app, actor, id).await?;
    let sink = unsealed_sink(app, &delivery)?;
    try_sink(app, actor, delivery.agreement, &sink, delivery.refresh, Some(id)).await
}

/// How rows are supplied to a kind of target: databases in batches, files as files.
#[must_use]
pub const fn mode_of(kind: SourceKind) -> SharingMode {
    match kind {
        SourceKind::Postgres | SourceKind::Mysql | SourceKind::Sqlite => SharingMode::Batch,
        SourceKind::Csv | SourceKind::Xlsx | SourceKind::JsonLines | SourceKind::Parquet => SharingMode::File,
    }
}

/// Where a delivery writes, secret unsealed.
pub(crate) fn unsealed_sink(app: &App, delivery: &Delivery) -> Result<SinkSpec, Error> {
    let mut sink = delivery.sink.clone();
    if let Some(sealed) = &delivery.sealed_secret {
        let secret = app.vault.unseal(&place(delivery.id), sealed)?;
        sink.target.secret = Some(String::from_utf8_lossy(secret.expose()).into_owned());
    }
    Ok(sink)
}

/// Everything that is wrong with a target: by itself, and beside the files and targets of others. `own` is the delivery
/// itself, where it is defined already.
pub(crate) async fn sink_faults(
    app: &App,
    tx: &Tx,
    org: OrgId,
    sink: &SinkSpec,
    own: Option<DeliveryId>,
) -> Result<Vec<Fault>, Error> {
    let needed: &[&str] = match sink.target.kind {
        SourceKind::Postgres | SourceKind::Mysql => &["host", "database", "user"],
        _ => &["path"],
    };
    let empty = |name: &&&str| sink.target.option(name).is_none_or(|it| it.trim().is_empty());
    let missing = |name: &str| Fault::new(name, "missing", format!("`{name}` must be filled in"));
    let mut faults: Vec<Fault> = needed.iter().filter(empty).map(|it| missing(it)).collect();
    if mode_of(sink.target.kind) == SharingMode::Batch && sink.table.trim().is_empty() {
        faults.push(missing("table"));
    }
    if sink.target.option("port").is_some_and(|it| it.parse::<u16>().is_err()) {
        faults.push(Fault::new(
            "port",
            "not-a-number",
            "a port is a whole number below 65536",
        ));
    }
    if faults.is_empty() {
        faults = guard_target(app, tx, org, sink, own).await?;
    }
    Ok(faults)
}

fn place(id: DeliveryId) -> String {
    format!("delivery:{id}")
}
