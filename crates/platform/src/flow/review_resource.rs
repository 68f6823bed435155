//! The authority reviews a submitted entry, or a published one leaves the catalogue.

use catalog::Resource;
use serde_json::json;
use sharing::Notice;
use vocab::{Action, Actor, ResourceId};

use super::{
    draft_resource::own_mount,
    edit_resource::about,
    time_catalog::{end_review, stop_clocks},
    touch_agreements::{agreements_on, touched_by},
};
use crate::{App, Change, Error, Event, event::digest_of};

/// Publishes a reviewed entry: it gets its national code and its version, and everybody finds it. The ledger names the
/// agreements that the new version takes something from.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] for a source of another department; [`Error::Catalog`] when
/// it is not under review.
pub async fn publish_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, Error> {
    let mut resource = any(app, id).await?;
    let permit = policy::decide(&app.rules, actor, Action::ReviewResource, &about(&resource))?;
    let change = Change::begin(app, permit).await?;
    own_mount(change.db(), &resource.content).await?;
    let touched = touched_by(change.db(), &resource).await?;
    let local = app.config.local_codes.as_ref();
    let version = catalog::store::publish(change.db(), &mut resource, local, actor.id, change.now()).await?;
    end_review(&change, &resource, Notice::ResourcePublished).await?;
    let body = json!({
        "version": version.number,
        "name": resource.content.name,
        "code": resource.content.national_code,
        "touched_agreements": touched.iter().map(|it| it.agreement.id).collect::<Vec<_>>(),
        "class": resource.content.sharing.class,
        "content_sha256": digest_of(&version.content),
    });
    change
        .commit(&Event::new(Action::ReviewResource, "resource-published", id, &body))
        .await?;
    app.open.forget_all();
    app.shelf.follow_soon().await;
    Ok(resource)
}

/// Sends a submitted entry back with reasons; its department is told.
///
/// # Errors
/// As [`publish_resource`]; [`Error::Faults`] without a reason.
pub async fn send_back_resource(
    app: &App,
    actor: &Actor,
    id: ResourceId,
    reasons: Vec<String>,
) -> Result<Resource, Error> {
    if reasons.iter().all(|it| it.trim().is_empty()) {
        return Err(Error::fault("reasons", "missing", "say what must change"));
    }
    let mut resource = any(app, id).await?;
    let permit = policy::decide(&app.rules, actor, Action::ReviewResource, &about(&resource))?;
    resource.send_back(actor.id, reasons.clone(), app.now())?;
    let change = Change::begin(app, permit).await?;
    catalog::store::update_resource(change.db(), &mut resource).await?;
    end_review(&change, &resource, Notice::ResourceSentBack).await?;
    let body = json!({ "reasons": reasons });
    change
        .commit(&Event::new(Action::ReviewResource, "resource-sent-back", id, &body))
        .await?;
    Ok(resource)
}

/// Takes a published entry out of the catalogue. Agreements on it open nothing any more.
///
/// # Errors
/// As [`publish_resource`]; [`Error::Faults`] without a reason.
pub async fn withdraw_resource(app: &App, actor: &Actor, id: ResourceId, reason: &str) -> Result<Resource, Error> {
    if reason.trim().is_empty() {
        return Err(Error::fault("reason", "missing", "say why it is withdrawn"));
    }
    let mut resource = any(app, id).await?;
    let permit = policy::decide(&app.rules, actor, Action::WithdrawResource, &about(&resource))?;
    resource.withdraw(app.now())?;
    let change = Change::begin(app, permit).await?;
    catalog::store::update_resource(change.db(), &mut resource).await?;
    stop_clocks(&change, &resource).await?;
    let ended = agreements_on(change.db(), id).await?;
    let body = json!({
        "reason": reason,
        "touched_agreements": ended.iter().map(|it| it.id).collect::<Vec<_>>(),
    });
    change
        .commit(&Event::new(Action::WithdrawResource, "resource-withdrawn", id, &body))
        .await?;
    app.open.forget_all();
    app.shelf.follow_soon().await;
    Ok(resource)
}

async fn any(app: &App, id: ResourceId) -> Result<Resource, Error> {
    super::show_resource::found(catalog::store::resource(&app.read().await?, id).await)
}
