//! 争议 (Order 809 Art. 27): over a refused request, a suspended or revoked agreement, or the answer to a correction. The
//! two departments negotiate, and settle only where both agree; above the first rung the authority acts.

use policy::About;
use serde_json::json;
use sharing::{
    Dispute, Matter, NewDispute, Span,
    dispute::{self, Event as Rung, over_agreement, over_request},
    store::Series,
};
use vocab::{Action, Actor, DisputeId, OrgId};

use super::{
    correct_data::involved,
    fit_terms::{party, refused, there},
    manage_agreement::show_agreement,
    move_request::show_request,
    tell_notices::tell,
};
use crate::{App, Change, Error, Event};

/// What is to be done with a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeDeed {
    /// Propose a settlement to the other department, on the first rung.
    Propose,
    /// Agree to what the other department proposed; above the first rung: record the settlement.
    Settle,
    /// No agreement on this rung: up to the next.
    Climb,
    /// Taken back by the department that raised it.
    Withdraw,
}

/// What a dispute is for the policy.
pub(super) fn about(it: &Dispute) -> About {
    About::Dispute {
        id: Some(it.id),
        raiser: it.raiser.org,
        other: it.other,
        submitted_by: Some(it.raiser.actor),
    }
}

/// The permit that a deed takes on the rung where the dispute stands. Who acts is read from it by pages as well.
#[must_use]
pub fn dispute_action(it: &Dispute, deed: DisputeDeed) -> Action {
    match deed {
        DisputeDeed::Withdraw => Action::RaiseDispute,
        DisputeDeed::Propose => Action::AnswerDispute,
        DisputeDeed::Settle | DisputeDeed::Climb => it.state.acts().unwrap_or(Action::AnswerDispute),
    }
}

/// Raises a dispute over a refused request (`req_…`) or a suspended or revoked agreement (`agr_…`); the clock of
/// negotiation begins. A correction is disputed by [`super::dispute_correction`].
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] without a claim or for a subject of another kind;
/// [`Error::Sharing`] when nothing was refused, or a dispute over it is open.
pub async fn raise_dispute(app: &App, actor: &Actor, subject: &str, claim: String) -> Result<Dispute, Error> {
    let (consumer, provider) = match subject.split('_').next() {
        Some("req") => {
            let id = subject.parse().map_err(|_| Error::NotFound("request"))?;
            let it = show_request(app, actor, id).await?;
            over_request(&it).map_err(refused)?;
            (it.applicant.org, it.provider)
        }
        Some("agr") => {
            let id = subject.parse().map_err(|_| Error::NotFound("agreement"))?;
            let it = show_agreement(app, actor, id).await?;
            over_agreement(&it).map_err(refused)?;
            (it.consumer, it.provider)
        }
        _ => {
            return Err(Error::fault(
                "subject",
                "unknown-subject",
                "a dispute is over a refused request (req_…) or a suspended or revoked agreement (agr_…)",
            ));
        }
    };
    let (change, dispute) = begin_dispute(app, actor, [consumer, provider], subject.to_owned(), claim).await?;
    commit_dispute(change, &dispute).await?;
    Ok(dispute)
}

/// Permit, change and the new dispute of one department against another, not yet committed.
pub(super) async fn begin_dispute(
    app: &App,
    actor: &Actor,
    [raiser, other]: [OrgId; 2],
    subject: String,
    claim: String,
) -> Result<(Change, Dispute), Error> {
    let new = About::Dispute {
        id: None,
        raiser,
        other,
        submitted_by: Some(actor.id),
    };
    let permit = policy::decide(&app.rules, actor, Action::RaiseDispute, &new)?;
    let change = Change::begin(app, permit).await?;
    let tree = catalog::store::tree(change.db()).await?;
    let place = |org: OrgId| tree.get(org).map(|it| (it.level, it.division.clone()));
    let span = if place(raiser) == place(other) {
        Span::SameLevel
    } else {
        Span::Across
    };
    let new = NewDispute {
        no: sharing::store::next_number(change.db(), Series::Dispute, change.now()).await?,
        raiser: party(actor),
        other,
        division: place(other).map(|it| it.1).filter(|it| !it.is_empty()),
        subject,
        span,
        claim,
    };
    let clocks = sharing::store::clocks(change.db()).await?;
    let (dispute, commands) = dispute::raise(new, change.now(), &clocks).map_err(refused)?;
    sharing::store::insert_dispute(change.db(), &dispute).await?;
    tell(change.db(), &Matter::from(&dispute), &commands, change.now()).await?;
    Ok((change, dispute))
}

/// The entry of a new dispute. It names what the dispute is over, so that it stands in that thing's story too.
pub(super) async fn commit_dispute(change: Change, it: &Dispute) -> Result<(), Error> {
    let body = json!({
        "no": it.no, "raiser": it.raiser.org, "other": it.other, "state": it.state, "subject": it.subject,
        "span": it.span,
    });
    let event = Event::new(Action::RaiseDispute, "dispute-raised", it.id, &body);
    change.commit(&event).await.map(drop)
}

/// A dispute that the actor may know of.
///
/// # Errors
/// [`Error::NotFound`] for everybody else.
pub async fn show_dispute(app: &App, actor: &Actor, id: DisputeId) -> Result<Dispute, Error> {
    let it = there(sharing::store::dispute(&app.read().await?, id).await, "dispute")?;
    if involved(actor, it.raiser.org, it.other) {
        Ok(it)
    } else {
        Err(Error::NotFound("dispute"))
    }
}

/// The disputes over a request, agreement or correction, newest first, as far as the actor may know of them.
///
/// # Errors
/// When the database fails.
pub async fn disputes_over(app: &App, actor: &Actor, subject: &str) -> Result<Vec<Dispute>, Error> {
    let mut all = sharing::store::disputes_over(&app.read().await?, subject).await?;
    all.retain(|it| involved(actor, it.raiser.org, it.other));
    Ok(all)
}

/// Takes a dispute one step on, with words. The parties negotiate on the first rung; above it the authority acts.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] without words; [`Error::Sharing`] after its end, or where a
/// department would settle alone.
pub async fn move_dispute(
    app: &App,
    actor: &Actor,
    id: DisputeId,
    deed: DisputeDeed,
    text: String,
) -> Result<Dispute, Error> {
    let it = show_dispute(app, actor, id).await?;
    let action = dispute_action(&it, deed);
    let permit = policy::decide(&app.rules, actor, action, &about(&it))?;
    let by = actor.id;
    let (rung, kind) = match deed {
        DisputeDeed::Propose => (Rung::Propose { by: party(actor), text }, "dispute-settlement-proposed"),
        DisputeDeed::Settle => (Rung::Settle { by: party(actor), text }, "dispute-settled"),
        DisputeDeed::Climb => (Rung::Climb { by, text }, "dispute-climbed"),
        DisputeDeed::Withdraw => (Rung::Withdraw { by, text }, "dispute-withdrawn"),
    };
    let change = Change::begin(app, permit).await?;
    let clocks = sharing::store::clocks(change.db()).await?;
    let (mut it, commands) = dispute::apply(it, rung, change.now(), &clocks).map_err(refused)?;
    sharing::store::save_dispute(change.db(), &mut it, change.now()).await?;
    tell(change.db(), &Matter::from(&it), &commands, change.now()).await?;
    let body = json!({
        "no": it.no, "raiser": it.raiser.org, "other": it.other, "state": it.state, "subject": it.subject,
    });
    change.commit(&Event::new(action, kind, it.id, &body)).await?;
    Ok(it)
}
