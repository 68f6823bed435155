//! A department asks another for data: draft, change, submit, supplement, withdraw.

use policy::About;
use serde_json::{Value, json};
use sharing::{
    Application, ClockId, Request, Warrant,
    request::{Event as Step, NewRequest},
    store::Series,
};
use vocab::{Action, Actor, RequestId, ResourceId, SharingClass, Timestamp};

use super::{
    fit_terms::{entry, fit_application, party, try_terms},
    move_request::{Decided, finish, in_change, move_request, show_request},
};
use crate::{App, Change, Error, Event, event::digest_of};

/// Begins a request for a published resource.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] with everything that does not fit the catalogue.
pub async fn draft_request(
    app: &App,
    actor: &Actor,
    resource: ResourceId,
    asked: Application,
) -> Result<Request, Error> {
    let (change, request) = begin(app, actor, resource, asked).await?;
    let body = told(&request);
    change
        .commit(&Event::new(Action::RequestData, "request-drafted", request.id, &body))
        .await?;
    Ok(request)
}

/// Asks at once: drafts and submits in one change.
///
/// # Errors
/// As [`draft_request`] and [`submit_request`].
pub async fn request_data(
    app: &App,
    actor: &Actor,
    resource: ResourceId,
    asked: Application,
    warrant: Warrant,
) -> Result<Request, Error> {
    let (change, request) = begin(app, actor, resource, asked).await?;
    let body = told(&request);
    let decided = in_change(&change, actor.id, request, Step::Submit { by: actor.id, warrant }).await?;
    Ok(
        finish(app, change, Action::RequestData, "request-submitted", body, decided)
            .await?
            .request,
    )
}

async fn begin(app: &App, actor: &Actor, resource: ResourceId, asked: Application) -> Result<(Change, Request), Error> {
    let tx = app.read().await?;
    let version = entry(&tx, resource).await?;
    let provider = super::show_resource::found(catalog::store::org(&tx, version.content.provider).await)?;
    drop(tx);
    let about = About::Request {
        id: None,
        consumer: actor.org,
        provider: provider.id,
        class: version.content.sharing.class,
        submitted_by: Some(actor.id),
    };
    let permit = policy::decide(&app.rules, actor, Action::RequestData, &about)?;
    let (application, class) = fit_application(&version.content, asked)?;
    try_terms(app, &version, &application.items, &application.rows).await?;
    let change = Change::begin(app, permit).await?;
    let new = NewRequest {
        no: sharing::store::next_number(change.db(), Series::Request, change.now()).await?,
        applicant: party(actor),
        provider: provider.id,
        division: Some(provider.division).filter(|it| !it.is_empty()),
        resource,
        resource_version: version.number,
        class,
        application,
    };
    let request = Request::draft(new, change.now());
    sharing::store::insert_request(change.db(), &request).await?;
    Ok((change, request))
}

fn told(it: &Request) -> Value {
    json!({
        "no": it.no, "resource": it.resource, "class": it.class, "purpose": it.application.purpose,
        "items": it.application.items, "rows": it.application.rows.to_string(), "modes": it.application.modes,
        "from": it.application.from, "until": it.application.until, "quota_per_day": it.application.quota_per_day,
    })
}

/// Changes a draft.
///
/// # Errors
/// As [`draft_request`]; [`Error::Sharing`] when it is no draft any more.
pub async fn change_request(app: &App, actor: &Actor, id: RequestId, asked: Application) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let (request, application) = fitted(app, request, asked).await?;
    let body = json!({ "application_sha256": digest_of(&application) });
    let step = Step::Edit {
        application: Box::new(application),
    };
    Ok(change(app, actor, request, step, "request-changed", body)
        .await?
        .request)
}

/// Submits a draft with the applicant's warrant; the authority's clock begins.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] with everything that is missing.
pub async fn submit_request(app: &App, actor: &Actor, id: RequestId, warrant: Warrant) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let body = told(&request);
    let step = Step::Submit { by: actor.id, warrant };
    Ok(change(app, actor, request, step, "request-submitted", body)
        .await?
        .request)
}

/// Answers a supplement with the whole application anew; clocks that stood still go on.
///
/// # Errors
/// As [`change_request`].
pub async fn supplement_request(
    app: &App,
    actor: &Actor,
    id: RequestId,
    asked: Application,
    note: String,
) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let (request, application) = fitted(app, request, asked).await?;
    let body = told(&Request {
        application: application.clone(),
        ..request.clone()
    });
    let step = Step::Supplement {
        by: actor.id,
        application: Box::new(application),
        note,
    };
    Ok(change(app, actor, request, step, "request-supplemented", body)
        .await?
        .request)
}

/// Takes a request back that is not decided yet.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Sharing`] when it has ended.
pub async fn withdraw_request(app: &App, actor: &Actor, id: RequestId, reason: String) -> Result<Request, Error> {
    let request = show_request(app, actor, id).await?;
    let body = json!({ "reason": reason });
    Ok(change(
        app,
        actor,
        request,
        Step::Withdraw { by: actor.id, reason },
        "request-withdrawn",
        body,
    )
    .await?
    .request)
}

async fn change(
    app: &App,
    actor: &Actor,
    it: Request,
    step: Step,
    kind: &'static str,
    told: Value,
) -> Result<Decided, Error> {
    move_request(app, actor, it, Action::RequestData, step, kind, told).await
}

/// A new application laid beside the entry in force now, whose version and class the request takes over.
async fn fitted(app: &App, mut request: Request, asked: Application) -> Result<(Request, Application), Error> {
    let version = entry(&app.read().await?, request.resource).await?;
    let (application, class) = fit_application(&version.content, asked)?;
    try_terms(app, &version, &application.items, &application.rows).await?;
    request.resource_version = version.number;
    if class != SharingClass::Unconditional {
        no_longer_at_once(&mut request, app.now());
    }
    request.class = class;
    Ok((request, application))
}

/// The clock of unconditional data runs for unconditional data only.
fn no_longer_at_once(request: &mut Request, now: Timestamp) {
    for timer in request
        .timers
        .iter_mut()
        .filter(|it| it.clock() == ClockId::T3 && it.is_open())
    {
        timer.met_at = Some(now);
    }
}
