//! 校核 (T8): a department says that shared data is wrong, the provider answers, and where they do not agree a dispute
//! begins (Order 809 Art. 26-27).

use policy::About;
use serde_json::{Value, json};
use sharing::{
    Correction, Dispute, Matter,
    correction::{self, Event as Step, Finding, NewCorrection},
    store::Series,
};
use vocab::{Action, Actor, CorrectionId, OrgId, ResourceId, Role};

use super::{
    fit_terms::{entry, party, refused, there},
    raise_dispute::{begin_dispute, commit_dispute},
    tell_notices::tell,
};
use crate::{App, Change, Error, Event};

/// What is said to be wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorrectionWish {
    /// Which item, where one.
    pub item: Option<String>,
    /// Which rows, in words.
    pub which: String,
    /// What is wrong.
    pub problem: String,
    /// On what it rests.
    pub evidence: String,
}

pub(super) fn about(it: &Correction) -> About {
    About::Correction {
        id: Some(it.id),
        consumer: it.asker.org,
        provider: it.provider,
        submitted_by: Some(it.asker.actor),
    }
}

/// Asks the provider to verify its data; the clock T8 begins. The ledger keeps that it was asked, not what of whom.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] for an unknown item or when nothing is said.
pub async fn ask_correction(
    app: &App,
    actor: &Actor,
    resource: ResourceId,
    wish: CorrectionWish,
) -> Result<Correction, Error> {
    let tx = app.read().await?;
    let content = entry(&tx, resource).await?.content;
    let provider = super::show_resource::found(catalog::store::org(&tx, content.provider).await)?;
    drop(tx);
    let subject = About::Correction {
        id: None,
        consumer: actor.org,
        provider: provider.id,
        submitted_by: Some(actor.id),
    };
    let permit = policy::decide(&app.rules, actor, Action::RequestCorrection, &subject)?;
    if let Some(item) = &wish.item
        && content.item(item).is_none()
    {
        return Err(Error::fault(
            "item",
            "unknown-item",
            format!("the resource has no item `{item}`"),
        ));
    }
    let change = Change::begin(app, permit).await?;
    let new = NewCorrection {
        no: sharing::store::next_number(change.db(), Series::Correction, change.now()).await?,
        asker: party(actor),
        provider: provider.id,
        division: Some(provider.division).filter(|it| !it.is_empty()),
        resource,
        item: wish.item,
        which: wish.which,
        problem: wish.problem,
        evidence: wish.evidence,
    };
    let clocks = sharing::store::clocks(change.db()).await?;
    let (it, commands) = correction::ask(new, change.now(), &clocks).map_err(refused)?;
    sharing::store::insert_correction(change.db(), &it).await?;
    tell(change.db(), &Matter::from(&it), &commands, change.now()).await?;
    let body = json!({ "no": it.no, "resource": it.resource, "item": it.item, "asker": it.asker.org, "provider": it.provider });
    change
        .commit(&Event::new(Action::RequestCorrection, "correction-asked", it.id, &body))
        .await?;
    Ok(it)
}

/// A correction request that the actor may know of: its parties and the authority.
///
/// # Errors
/// [`Error::NotFound`] for everybody else.
pub async fn show_correction(app: &App, actor: &Actor, id: CorrectionId) -> Result<Correction, Error> {
    let it = there(sharing::store::correction(&app.read().await?, id).await, "correction")?;
    if involved(actor, it.asker.org, it.provider) {
        Ok(it)
    } else {
        Err(Error::NotFound("correction"))
    }
}

/// The provider answers; reasons are duty also where nothing was wrong.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Faults`] without words, [`Error::Sharing`] when it was answered.
pub async fn answer_correction(
    app: &App,
    actor: &Actor,
    id: CorrectionId,
    finding: Finding,
    text: String,
) -> Result<Correction, Error> {
    let step = Step::Answer {
        by: actor.id,
        finding,
        text,
    };
    let told = json!({ "finding": finding });
    let (change, it) = moved(app, actor, id, Action::AnswerCorrection, step).await?;
    done(change, Action::AnswerCorrection, "correction-answered", it, told).await
}

/// The asker is content.
///
/// # Errors
/// As [`answer_correction`].
pub async fn close_correction(app: &App, actor: &Actor, id: CorrectionId) -> Result<Correction, Error> {
    let (change, it) = moved(app, actor, id, Action::RequestCorrection, Step::Confirm).await?;
    done(change, Action::RequestCorrection, "correction-closed", it, json!({})).await
}

/// The asker takes it back.
///
/// # Errors
/// As [`answer_correction`].
pub async fn withdraw_correction(
    app: &App,
    actor: &Actor,
    id: CorrectionId,
    reason: String,
) -> Result<Correction, Error> {
    let (change, it) = moved(app, actor, id, Action::RequestCorrection, Step::Withdraw { reason }).await?;
    done(change, Action::RequestCorrection, "correction-withdrawn", it, json!({})).await
}

/// The asker does not agree with the answer: a dispute begins in the same change, which takes both permits.
///
/// # Errors
/// As [`answer_correction`].
pub async fn dispute_correction(
    app: &App,
    actor: &Actor,
    id: CorrectionId,
    reason: String,
) -> Result<(Correction, Dispute), Error> {
    let it = show_correction(app, actor, id).await?;
    policy::decide(&app.rules, actor, Action::RequestCorrection, &about(&it))?;
    let (change, dispute) =
        begin_dispute(app, actor, [it.asker.org, it.provider], id.to_string(), reason.clone()).await?;
    let (mut it, commands) = correction::apply(it, Step::Disagree { reason }, change.now()).map_err(refused)?;
    sharing::store::save_correction(change.db(), &mut it, change.now()).await?;
    tell(change.db(), &Matter::from(&it), &commands, change.now()).await?;
    let told = json!({ "dispute": dispute.id, "no": dispute.no, "span": dispute.span });
    let entry = ledger::Entry {
        at: change.now(),
        kind: "correction-disputed".to_owned(),
        actor: Some(actor.id),
        subject: it.id.to_string(),
        body: body(&it, told),
    };
    ledger::append(change.db(), &entry).await?;
    commit_dispute(change, &dispute).await?;
    Ok((it, dispute))
}

async fn moved(
    app: &App,
    actor: &Actor,
    id: CorrectionId,
    action: Action,
    step: Step,
) -> Result<(Change, Correction), Error> {
    let it = show_correction(app, actor, id).await?;
    let permit = policy::decide(&app.rules, actor, action, &about(&it))?;
    let change = Change::begin(app, permit).await?;
    let (mut it, commands) = correction::apply(it, step, change.now()).map_err(refused)?;
    sharing::store::save_correction(change.db(), &mut it, change.now()).await?;
    tell(change.db(), &Matter::from(&it), &commands, change.now()).await?;
    Ok((change, it))
}

async fn done(
    change: Change,
    action: Action,
    kind: &'static str,
    it: Correction,
    told: Value,
) -> Result<Correction, Error> {
    let body = body(&it, told);
    change.commit(&Event::new(action, kind, it.id, &body)).await?;
    Ok(it)
}

fn body(it: &Correction, told: Value) -> Value {
    json!({ "no": it.no, "consumer": it.asker.org, "provider": it.provider, "state": it.state, "told": told })
}

pub(super) fn involved(actor: &Actor, one: OrgId, other: OrgId) -> bool {
    actor.org == one || actor.org == other || actor.is(Role::Authority)
}
