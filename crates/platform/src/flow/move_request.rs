//! One step in the life of a request: permit, machine, store, agreement, ledger, all in one change.

use ledger::Entry;
use policy::About;
use serde_json::{Value, json};
use sharing::{
    Agreement, Clocks, Command, Grant, Matter, Request, agreement,
    request::{self, RequestState},
    store::Series,
};
use vocab::{Action, Actor, ActorId, OrgId, RequestId, Role};

use super::{
    fit_terms::{refused, there},
    tell_notices::tell,
};
use crate::{App, Change, Error, Event};

/// A request after a step, with the agreement where the step made one.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The request.
    pub request: Request,
    /// Its agreement.
    pub agreement: Option<Agreement>,
}

/// What a request is for the policy.
pub(crate) fn about(it: &Request) -> About {
    About::Request {
        id: Some(it.id),
        consumer: it.applicant.org,
        provider: it.provider,
        class: it.class,
        submitted_by: Some(it.submitter()),
    }
}

/// May this actor know of the request? Its parties, the authority, and the security administrator, who can stop what came
/// of it; a draft is its writer's department's alone.
pub(crate) fn sees(actor: &Actor, it: &Request) -> bool {
    let ours = |org: OrgId| actor.org == org;
    let watches = ours(it.provider) || actor.is(Role::Authority) || actor.is(Role::SecurityAdmin);
    ours(it.applicant.org) || it.state != RequestState::Draft && watches
}

/// A request that the actor may know of.
///
/// # Errors
/// [`Error::NotFound`] for everybody else.
pub async fn show_request(app: &App, actor: &Actor, id: RequestId) -> Result<Request, Error> {
    let found = there(sharing::store::request(&app.read().await?, id).await, "request")?;
    if sees(actor, &found) {
        Ok(found)
    } else {
        Err(Error::NotFound("request"))
    }
}

/// Brings an event about. `told` is what the ledger keeps beside state and number.
pub(crate) async fn move_request(
    app: &App,
    actor: &Actor,
    request: Request,
    action: Action,
    event: request::Event,
    kind: &'static str,
    told: Value,
) -> Result<Decided, Error> {
    let permit = policy::decide(&app.rules, actor, action, &about(&request))?;
    let change = Change::begin(app, permit).await?;
    let decided = in_change(&change, actor.id, request, event).await?;
    finish(app, change, action, kind, told, decided).await
}

/// The step itself, within a change.
pub(crate) async fn in_change(
    change: &Change,
    by: ActorId,
    request: Request,
    event: request::Event,
) -> Result<Decided, Error> {
    let clocks = sharing::store::clocks(change.db()).await?;
    let (mut request, commands) = request::apply(request, event, change.now(), &clocks).map_err(refused)?;
    sharing::store::save_request(change.db(), &mut request, change.now()).await?;
    tell(change.db(), &Matter::from(&request), &commands, change.now()).await?;
    let mut made = None;
    for command in commands {
        // Clocks are in the thing itself.
        if let Command::MakeAgreement { grant } = command {
            made = Some(make_agreement(change, by, &request, &grant, &clocks).await?);
        }
    }
    Ok(Decided {
        request,
        agreement: made,
    })
}

/// Ledger and commit.
pub(crate) async fn finish(
    app: &App,
    change: Change,
    action: Action,
    kind: &'static str,
    told: Value,
    decided: Decided,
) -> Result<Decided, Error> {
    let it = &decided.request;
    let body = json!({
        "no": it.no, "state": it.state, "resource": it.resource, "version": it.resource_version,
        "consumer": it.applicant.org, "provider": it.provider, "agreement": decided.agreement.as_ref().map(|it| it.id),
        "told": told,
    });
    change.commit(&Event::new(action, kind, it.id, &body)).await?;
    if decided.agreement.is_some() {
        app.open.forget_all();
    }
    Ok(decided)
}

/// The agreement of a granted request, in the same change, with its own entry in the ledger. What the platform itself
/// serves from a working source is provided at once.
async fn make_agreement(
    change: &Change,
    by: ActorId,
    request: &Request,
    grant: &Grant,
    clocks: &Clocks,
) -> Result<Agreement, Error> {
    let (tx, now) = (change.db(), change.now());
    let no = sharing::store::next_number(tx, Series::Agreement, now).await?;
    // Making it tells nothing of its own: the notice of the grant does.
    let (mut made, _) = Agreement::make(request, grant, no, now, clocks).map_err(refused)?;
    let content = catalog::store::published(tx, request.resource).await?.content;
    if let Some(mount) = &content.mount
        && catalog::store::source(tx, mount.source).await?.state == catalog::SourceState::Working
    {
        let provided = agreement::apply(made, agreement::Event::Provided, now, clocks).map_err(refused)?;
        made = provided.0;
        tell(tx, &Matter::from(&made), &provided.1, now).await?;
    }
    sharing::store::insert_agreement(tx, &made).await?;
    super::list_tables::give_name(tx, &made, &content).await?;
    let body = json!({ "no": made.no, "request": request.id, "terms": made.terms() });
    let entry = Entry {
        at: now,
        kind: "agreement-made".to_owned(),
        actor: Some(by),
        subject: made.id.to_string(),
        body,
    };
    ledger::append(tx, &entry).await?;
    Ok(made)
}
