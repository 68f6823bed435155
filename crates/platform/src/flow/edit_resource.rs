//! A department works on its catalogue entry.

use catalog::{Attribute, Content, Resource, Secrecy};
use policy::About;
use serde_json::json;
use vocab::{Action, Actor, ResourceId};

use super::{
    draft_resource::own_mount,
    show_resource::own_resource,
    time_catalog::{begin_review, stop_clocks, stop_review},
};
use crate::{App, Change, Error, Event, event::digest_of};

/// What a resource is for the policy.
pub(crate) fn about(it: &Resource) -> About {
    About::Resource {
        id: Some(it.id),
        owner: it.content.provider,
        class: it.content.sharing.class,
        state: it.state.code().to_owned(),
        // Entries that were submitted before submitters were kept: whoever wrote it did.
        submitted_by: Some(it.submitted_by.unwrap_or(it.created_by)),
    }
}

/// Replaces the entry; `revision` is the one that was read. A published resource stays in force beside the change.
///
/// The declaration that the data is no secret is kept as it was while it is the same data: it is made by
/// [`declare_not_secret`] alone. Evidence, national code and provider are kept too, whatever is sent.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] for a source of another department; [`Error::Catalog`] when
/// somebody else was faster, or while it is under review.
pub async fn edit_resource(
    app: &App,
    actor: &Actor,
    id: ResourceId,
    revision: u64,
    content: Content,
) -> Result<Resource, Error> {
    change(app, actor, id, Some(revision), Deed::WRITE, |it, app| {
        let mut content = content;
        content.secrecy = it.content.secrecy.clone();
        content.keep_evidence(Some(&it.content));
        it.edit(content, app.now())
    })
    .await
}

/// Takes one guess of the draft back.
///
/// # Errors
/// As [`edit_resource`]; [`Error::Catalog`] when there is no such guess.
pub async fn undo_guess(
    app: &App,
    actor: &Actor,
    id: ResourceId,
    item: &str,
    what: Attribute,
) -> Result<Resource, Error> {
    change(app, actor, id, None, Deed::UNDO, |it, app| {
        let mut content = it.content.clone();
        content.undo(item, what)?;
        it.edit(content, app.now())
    })
    .await
}

/// Declares that the data is no state secret and no work secret (Order 809 Art. 3). Without it nothing is submitted.
///
/// # Errors
/// As [`edit_resource`].
pub async fn declare_not_secret(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, Error> {
    change(app, actor, id, None, Deed::DECLARE, |it, app| {
        let secrecy = Secrecy::NotSecret {
            declared_by: actor.id,
            at: app.now(),
        };
        it.edit(
            Content {
                secrecy,
                ..it.content.clone()
            },
            app.now(),
        )
    })
    .await
}

/// Submits the entry for review; the authority is told, and its clock begins (T2).
///
/// # Errors
/// As [`edit_resource`]; [`Error::Catalog`] with everything that blocks.
pub async fn submit_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, Error> {
    let submit = |it: &mut Resource, app: &App| it.submit(actor.id, app.now());
    let (change, resource) = changed(app, actor, id, None, Deed::SUBMIT, submit).await?;
    begin_review(&change, &resource).await?;
    kept(change, resource, Deed::SUBMIT).await
}

/// Opens a withdrawn resource to be written anew.
///
/// # Errors
/// As [`edit_resource`].
pub async fn reopen_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, Error> {
    change(app, actor, id, None, Deed::REOPEN, |it, app| it.reopen(app.now())).await
}

/// Takes a submission back before it is reviewed.
///
/// # Errors
/// As [`edit_resource`]; [`Error::Catalog`] when it is not under review.
pub async fn take_back_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, Error> {
    let take_back = |it: &mut Resource, app: &App| it.take_back(app.now());
    let (change, resource) = changed(app, actor, id, None, Deed::TAKE_BACK, take_back).await?;
    stop_review(&change, &resource).await?;
    kept(change, resource, Deed::TAKE_BACK).await
}

/// Gives up the change beside a published version, whose entry is in force again.
///
/// # Errors
/// As [`edit_resource`]; [`Error::Catalog`] when there is no change.
pub async fn discard_change(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, Error> {
    let published = super::show_resource::show_resource(app, id).await?;
    change(app, actor, id, None, Deed::DISCARD, |it, app| {
        it.discard_change(published.content, app.now())
    })
    .await
}

/// Forgets a draft that was never published.
///
/// # Errors
/// As [`edit_resource`]; [`Error::Catalog`] when it is under review or was published once.
pub async fn delete_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<(), Error> {
    let resource = own_resource(app, actor, id).await?;
    let permit = policy::decide(&app.rules, actor, Action::EditResource, &about(&resource))?;
    let change = Change::begin(app, permit).await?;
    stop_clocks(&change, &resource).await?;
    catalog::store::delete_resource(change.db(), &resource).await?;
    let body = json!({ "name": resource.content.name });
    change
        .commit(&Event::new(Action::EditResource, "resource-deleted", id, &body))
        .await?;
    Ok(())
}

/// A deed on an entry: what the ledger calls it, and whether it puts the entry's mount to use.
#[derive(Clone, Copy)]
struct Deed {
    kind: &'static str,
    mounts: bool,
}

impl Deed {
    const WRITE: Self = Self::new("resource-edited", true);
    const UNDO: Self = Self::new("guess-undone", true);
    const DECLARE: Self = Self::new("declared-not-secret", true);
    const SUBMIT: Self = Self::new("resource-submitted", true);
    const REOPEN: Self = Self::new("resource-reopened", false);
    const TAKE_BACK: Self = Self::new("submission-taken-back", false);
    const DISCARD: Self = Self::new("change-discarded", false);

    const fn new(kind: &'static str, mounts: bool) -> Self {
        Self { kind, mounts }
    }
}

async fn change(
    app: &App,
    actor: &Actor,
    id: ResourceId,
    revision: Option<u64>,
    kind: Deed,
    deed: impl FnOnce(&mut Resource, &App) -> Result<(), catalog::Error>,
) -> Result<Resource, Error> {
    let (change, resource) = changed(app, actor, id, revision, kind, deed).await?;
    kept(change, resource, kind).await
}

async fn changed(
    app: &App,
    actor: &Actor,
    id: ResourceId,
    revision: Option<u64>,
    kind: Deed,
    deed: impl FnOnce(&mut Resource, &App) -> Result<(), catalog::Error>,
) -> Result<(Change, Resource), Error> {
    let mut resource = own_resource(app, actor, id).await?;
    if let Some(revision) = revision {
        resource.revision = revision;
    }
    let permit = policy::decide(&app.rules, actor, Action::EditResource, &about(&resource))?;
    deed(&mut resource, app)?;
    let change = Change::begin(app, permit).await?;
    if kind.mounts {
        own_mount(change.db(), &resource.content).await?;
    }
    catalog::store::update_resource(change.db(), &mut resource).await?;
    Ok((change, resource))
}

async fn kept(change: Change, resource: Resource, deed: Deed) -> Result<Resource, Error> {
    let content = digest_of(&resource.content);
    let body = json!({ "state": resource.state, "revision": resource.revision, "content_sha256": content });
    change
        .commit(&Event::new(Action::EditResource, deed.kind, resource.id, &body))
        .await?;
    Ok(resource)
}
