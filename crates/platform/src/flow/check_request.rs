//! The authority checks the conformity of a request: in order, or one whole list of what is missing.

use serde_json::json;
use sharing::{Request, request::Event as Step};
use vocab::{Action, Actor, RequestId, SharingClass};

use super::{
    fit_terms::{entry, fit_application, try_terms},
    move_request::{Decided, move_request, show_request},
};
use crate::{App, Error};

/// Finds a request in order. Unconditional data is granted with it; conditional data goes to the provider.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`] (also for the applicant), [`Error::Sharing`] when it does not wait for a check;
/// [`Error::Faults`] when the catalogue changed so that an unconditional grant no longer fits.
pub async fn accept_request(app: &App, actor: &Actor, id: RequestId, opinion: String) -> Result<Decided, Error> {
    let mut request = show_request(app, actor, id).await?;
    if request.class == SharingClass::Unconditional {
        let version = entry(&app.read().await?, request.resource).await?;
        let (application, class) = fit_application(&version.content, request.application)?;
        try_terms(app, &version, &application.items, &application.rows).await?;
        (request.application, request.class) = (application, class);
    }
    let told = json!({ "class": request.class, "opinion": opinion });
    let kind = if request.class == SharingClass::Unconditional {
        "request-granted-at-once"
    } else {
        "request-accepted"
    };
    let step = Step::Accept { by: actor.id, opinion };
    move_request(app, actor, request, Action::CheckRequest, step, kind, told).await
}

/// Asks the applicant to supplement a request: once, and for everything.
///
/// # Errors
/// As [`accept_request`]; [`Error::Sharing`] when it was asked before; [`Error::Faults`] when nothing is named.
pub async fn ask_supplement(app: &App, actor: &Actor, id: RequestId, missing: Vec<String>) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let told = json!({ "missing": missing });
    let step = Step::AskSupplement { by: actor.id, missing };
    Ok(move_request(
        app,
        actor,
        request,
        Action::CheckRequest,
        step,
        "supplement-asked",
        told,
    )
    .await?
    .request)
}
