//! The provider decides: grants under terms that are never wider than asked, refuses with reasons, or asks for time.

use serde_json::json;
use sharing::{RefusalKind, Request, request::Event as Step};
use vocab::{Action, Actor, RequestId, RowRule};

use super::{
    fit_terms::{GrantWish, entry, fit_grant, try_terms},
    move_request::{Decided, move_request, show_request},
};
use crate::{App, Error};

/// Grants a request; its agreement is made in the same change and opens the data at once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] with everything that is wider than asked, unknown or
/// withheld; [`Error::Sharing`] when it does not wait for a decision.
pub async fn grant_request(
    app: &App,
    actor: &Actor,
    id: RequestId,
    wish: GrantWish,
    opinion: String,
) -> Result<Decided, Error> {
    let request = show_request(app, actor, id).await?;
    policy::decide(
        &app.rules,
        actor,
        Action::DecideRequest,
        &super::move_request::about(&request),
    )?;
    let version = entry(&app.read().await?, request.resource).await?;
    let (grant, loosened) = fit_grant(&version.content, &request.application, wish)?;
    let rows = RowRule::and([request.application.rows.clone(), grant.rows.clone()]);
    try_terms(app, &version, &grant.items, &rows).await?;
    let told = json!({ "opinion": opinion, "weaker_masks": loosened });
    let step = Step::Grant {
        by: actor.id,
        grant: Box::new(grant),
        opinion,
    };
    move_request(
        app,
        actor,
        request,
        Action::DecideRequest,
        step,
        "request-granted",
        told,
    )
    .await
}

/// Refuses a request. Reasons are duty; 不予共享 names the law, regulation or State Council decision.
///
/// # Errors
/// As [`grant_request`]; [`Error::Faults`] without reasons or law.
pub async fn refuse_request(
    app: &App,
    actor: &Actor,
    id: RequestId,
    kind: RefusalKind,
    reasons: String,
    law: Option<String>,
) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let told = json!({ "kind": kind, "reasons": reasons, "law": law });
    let step = Step::Refuse {
        by: actor.id,
        kind,
        reasons,
        law,
    };
    Ok(move_request(
        app,
        actor,
        request,
        Action::DecideRequest,
        step,
        "request-refused",
        told,
    )
    .await?
    .request)
}

/// Asks the authority for more time to decide (T4): `days` working days, no more than the rule gives. Until it answers the
/// old end stands; what was declined may be asked anew.
///
/// # Errors
/// As [`grant_request`]; [`Error::Faults`] for too many days and without a reason; [`Error::Sharing`] while another wish is
/// open, and after an extension.
pub async fn extend_request(
    app: &App,
    actor: &Actor,
    id: RequestId,
    days: u32,
    reason: String,
) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let told = json!({ "days": days, "reason": reason });
    let step = Step::AskExtension {
        by: actor.id,
        days,
        reason,
    };
    Ok(move_request(
        app,
        actor,
        request,
        Action::DecideRequest,
        step,
        "extension-asked",
        told,
    )
    .await?
    .request)
}

/// The authority consents to more time, and the end moves; or it declines and says why.
///
/// # Errors
/// As [`grant_request`]; [`Error::Faults`] when it declines without a reason; [`Error::Sharing`] where nothing was asked, and
/// for whoever asked.
pub async fn answer_extension(
    app: &App,
    actor: &Actor,
    id: RequestId,
    consent: bool,
    reason: String,
) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let told = json!({ "consent": consent, "reason": reason });
    let step = Step::AnswerExtension {
        by: actor.id,
        consent,
        reason,
    };
    Ok(move_request(
        app,
        actor,
        request,
        Action::CheckRequest,
        step,
        "extension-answered",
        told,
    )
    .await?
    .request)
}
