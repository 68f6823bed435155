//! The life of an agreement after it was made: changed, suspended, resumed, revoked; provided; disposed of.

use chrono::NaiveDate;
use policy::{About, AgreementFacts, Deed};
use serde_json::{Value, json};
use sharing::{
    Agreement, Grant, Matter,
    agreement::{self, Event as Step},
};
use vocab::{Action, Actor, AgreementId, GrantedItem, Role, RowRule, SharingMode, Timestamp};

use super::{
    fit_terms::{GrantWish, entry, fit_grant, refused, there, try_terms},
    tell_notices::tell,
};
use crate::{App, Change, Error, Event};

/// What a provider changes in an agreement. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgreementWish {
    /// The items with their masks, which are the provider's explicit decision.
    pub items: Option<Vec<GrantedItem>>,
    /// The rows, within the rule that was asked for.
    pub rows: Option<RowRule>,
    /// How.
    pub modes: Option<Vec<SharingMode>>,
    /// Releases a day; `Some(None)` takes the limit away where none was asked for.
    pub quota_per_day: Option<Option<u64>>,
    /// Use until this instant.
    pub until: Option<Timestamp>,
}

fn about(it: &Agreement, deed: Option<Deed>) -> About {
    About::Agreement {
        facts: AgreementFacts::of(it.terms(), it.state),
        deed,
    }
}

/// May this actor know of the agreement? Its parties, the authority and the security administrator may, who can stop it.
pub(crate) fn sees(actor: &Actor, it: &Agreement) -> bool {
    [it.consumer, it.provider].contains(&actor.org) || actor.is(Role::Authority) || actor.is(Role::SecurityAdmin)
}

/// An agreement that the actor may know of.
///
/// # Errors
/// [`Error::NotFound`] for everybody else.
pub async fn show_agreement(app: &App, actor: &Actor, id: AgreementId) -> Result<Agreement, Error> {
    let found = there(sharing::store::agreement(&app.read().await?, id).await, "agreement")?;
    if sees(actor, &found) {
        Ok(found)
    } else {
        Err(Error::NotFound("agreement"))
    }
}

/// Changes the terms, within what was asked: they become the next version, the former stay readable.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] without a reason or with terms that do not fit.
pub async fn change_agreement(
    app: &App,
    actor: &Actor,
    id: AgreementId,
    wish: AgreementWish,
    reason: String,
) -> Result<Agreement, Error> {
    let it = show_agreement(app, actor, id).await?;
    policy::decide(
        &app.rules,
        actor,
        Action::ManageAgreement,
        &about(&it, Some(Deed::Change)),
    )?;
    let tx = app.read().await?;
    let asked = there(sharing::store::request(&tx, it.request).await, "request")?.application;
    let version = entry(&tx, it.resource).await?;
    drop(tx);
    let was = it.terms().clone();
    let items = wish.items.unwrap_or(was.items);
    let fitted = GrantWish {
        items: Some(items.into_iter().map(|it| (it.item, Some(it.mask))).collect()),
        rows: wish.rows.unwrap_or(was.rows),
        modes: Some(wish.modes.unwrap_or(was.modes)),
        quota_per_day: None,
        from: Some(was.valid_from),
        until: Some(wish.until.unwrap_or(was.valid_until)),
    };
    let (grant, loosened) = fit_grant(&version.content, &asked, fitted)?;
    let quota_per_day = wish.quota_per_day.unwrap_or(was.quota_per_day);
    let grant = Grant { quota_per_day, ..grant }.within(&asked).map_err(refused)?;
    try_terms(app, &version, &grant.items, &grant.rows).await?;
    let told = json!({ "reason": reason, "weaker_masks": loosened });
    let step = Step::Change {
        by: actor.id,
        grant: Box::new(grant),
        reason,
    };
    manage(app, actor, it, Deed::Change, step, "agreement-changed", told).await
}

/// Stops use for a while. A security administrator may too.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] without a reason; [`Error::Sharing`] in another state.
pub async fn suspend_agreement(app: &App, actor: &Actor, id: AgreementId, reason: String) -> Result<Agreement, Error> {
    let it = show_agreement(app, actor, id).await?;
    let told = json!({ "reason": reason });
    let step = Step::Suspend { by: actor.id, reason };
    manage(app, actor, it, Deed::Suspend, step, "agreement-suspended", told).await
}

/// Lets use go on.
///
/// # Errors
/// As [`suspend_agreement`].
pub async fn resume_agreement(app: &App, actor: &Actor, id: AgreementId, reason: String) -> Result<Agreement, Error> {
    let it = show_agreement(app, actor, id).await?;
    let told = json!({ "reason": reason });
    let step = Step::Resume { by: actor.id, reason };
    manage(app, actor, it, Deed::Resume, step, "agreement-resumed", told).await
}

/// Ends use for good; the consumer must dispose of what it obtained. A security administrator may too.
///
/// # Errors
/// As [`suspend_agreement`].
pub async fn revoke_agreement(app: &App, actor: &Actor, id: AgreementId, reason: String) -> Result<Agreement, Error> {
    let it = show_agreement(app, actor, id).await?;
    let told = json!({ "reason": reason });
    let step = Step::Revoke { by: actor.id, reason };
    manage(app, actor, it, Deed::Revoke, step, "agreement-revoked", told).await
}

/// Notes that the data was provided (T7), for data the platform does not serve by itself: the provider's officer or
/// approver does.
///
/// # Errors
/// As [`suspend_agreement`].
pub async fn provide_agreement(app: &App, actor: &Actor, id: AgreementId) -> Result<Agreement, Error> {
    let it = show_agreement(app, actor, id).await?;
    let permit = policy::decide(&app.rules, actor, Action::ProvideData, &about(&it, None))?;
    let change = Change::begin(app, permit).await?;
    step_in(
        app,
        change,
        Action::ProvideData,
        it,
        Step::Provided,
        "data-provided",
        Value::Null,
    )
    .await
}

/// The consumer proves that the obtained data was disposed of; the agreement is closed with it.
///
/// # Errors
/// As [`suspend_agreement`]; [`Error::Faults`] for a proof that says nothing or lies in the future.
pub async fn prove_disposal(
    app: &App,
    actor: &Actor,
    id: AgreementId,
    how: String,
    on: NaiveDate,
    statement: String,
) -> Result<Agreement, Error> {
    let it = show_agreement(app, actor, id).await?;
    let told = json!({ "how": how, "on": on, "statement": statement });
    let permit = policy::decide(&app.rules, actor, Action::ProveDisposal, &about(&it, None))?;
    let step = Step::ProveDisposal {
        by: actor.id,
        how,
        on,
        statement,
    };
    step_in(
        app,
        Change::begin(app, permit).await?,
        Action::ProveDisposal,
        it,
        step,
        "disposal-proved",
        told,
    )
    .await
}

async fn manage(
    app: &App,
    actor: &Actor,
    it: Agreement,
    deed: Deed,
    step: Step,
    kind: &'static str,
    told: Value,
) -> Result<Agreement, Error> {
    let permit = policy::decide(&app.rules, actor, Action::ManageAgreement, &about(&it, Some(deed)))?;
    step_in(
        app,
        Change::begin(app, permit).await?,
        Action::ManageAgreement,
        it,
        step,
        kind,
        told,
    )
    .await
}

async fn step_in(
    app: &App,
    change: Change,
    action: Action,
    it: Agreement,
    step: Step,
    kind: &'static str,
    told: Value,
) -> Result<Agreement, Error> {
    let version = it.terms().version;
    let clocks = sharing::store::clocks(change.db()).await?;
    let (mut it, commands) = agreement::apply(it, step, change.now(), &clocks).map_err(refused)?;
    sharing::store::save_agreement(change.db(), &mut it, change.now()).await?;
    tell(change.db(), &Matter::from(&it), &commands, change.now()).await?;
    let terms = (it.terms().version != version).then(|| it.terms());
    let body = json!({
        "no": it.no,
        "consumer": it.consumer,
        "provider": it.provider,
        "state": it.state,
        "version": it.terms().version,
        "terms": terms,
        "told": told,
    });
    change.commit(&Event::new(action, kind, it.id, &body)).await?;
    app.open.forget_all();
    Ok(it)
}
