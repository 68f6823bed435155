//! 目录更新时限 (T1): a department's time to update its catalogue after law or duties have changed, and more of it with the
//! authority's consent.

use chrono::NaiveDate;
use policy::About;
use serde_json::{Value, json};
use sharing::{CatalogClock, Cause, ClockId, Command, Matter, Refused, clock};
use vocab::{Action, Actor, ActorId, IdError, OrgId, ResourceId, Role, SharingClass};

use super::{edit_resource, fit_terms::refused, show_resource::found, tell_notices::tell};
use crate::{App, Change, Error, Event};

/// For what law or duties have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// One entry.
    Resource(ResourceId),
    /// Everything a department has in the catalogue, or should have.
    Org(OrgId),
}

impl std::fmt::Display for Changed {
    /// The text of the identifier: `res_…` or `org_…`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Resource(id) => write!(f, "{id}"),
            Self::Org(id) => write!(f, "{id}"),
        }
    }
}

impl std::str::FromStr for Changed {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self::Resource)
            .or_else(|_| text.parse().map(Self::Org))
    }
}

/// Records that law or duties have changed on a day, because of something: the department's time to update its catalogue
/// runs from that day. Its officer records it, or the authority.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] without a reason or for a day to come; [`Error::State`] where
/// no limit is set; [`Error::Sharing`] while such a limit runs already.
pub async fn record_law_change(
    app: &App,
    actor: &Actor,
    what: Changed,
    on: NaiveDate,
    reason: String,
) -> Result<CatalogClock, Error> {
    let tx = app.read().await?;
    let (subject, resource, owner, about) = match what {
        Changed::Resource(id) => {
            let it = found(catalog::store::resource(&tx, id).await)?;
            (id.to_string(), Some(id), it.content.provider, edit_resource::about(&it))
        }
        Changed::Org(owner) => (owner.to_string(), None, owner, entry(owner, None, None)),
    };
    let org = found(catalog::store::org(&tx, owner).await)?;
    drop(tx);
    let action = if actor.is(Role::Authority) && actor.org != owner {
        Action::ReviewResource
    } else {
        Action::EditResource
    };
    let permit = policy::decide(&app.rules, actor, action, &about)?;
    if on > app.today() {
        return Err(Error::fault("on", "day-to-come", "this day has not come yet"));
    }
    let change = Change::begin(app, permit).await?;
    let clocks = sharing::store::clocks(change.db()).await?;
    let cause = Cause {
        on,
        reason,
        by: actor.id,
    };
    let division = Some(org.division.as_str()).filter(|it| !it.is_empty());
    let begun = clock::begin_update(subject.clone(), resource, owner, division, cause, change.now(), &clocks);
    let Some((it, commands)) = begun.map_err(refused)? else {
        return Err(Error::State("the limit T1 has no number, so nothing runs".to_owned()));
    };
    sharing::store::insert_catalog_clock(change.db(), &it).await?;
    tell(change.db(), &Matter::from(&it), &commands, change.now()).await?;
    let told = json!({ "reason": it.cause.as_ref().map(|it| &it.reason) });
    let body = json!({ "on": on, "provider": owner, "last_day": it.timer.deadline.last_day, "told": told });
    change
        .commit(&Event::new(action, "law-changed", subject, &body))
        .await?;
    Ok(it)
}

/// What an update is about, as the policy sees it; a whole catalogue is an entry that is not there yet.
fn entry(owner: OrgId, id: Option<ResourceId>, submitted_by: Option<ActorId>) -> About {
    About::Resource {
        id,
        owner,
        class: SharingClass::Conditional,
        state: catalog::State::Draft.code().to_owned(),
        submitted_by,
    }
}

/// The update that is owed because law or duties have changed (T1), for the department and the authority.
///
/// # Errors
/// [`Error::NotFound`] where none is owed, and for everybody else.
pub async fn show_update(app: &App, actor: &Actor, what: Changed) -> Result<CatalogClock, Error> {
    let running = sharing::store::running_clocks_of(&app.read().await?, &what.to_string()).await?;
    running
        .into_iter()
        .find(|it| it.timer.clock() == ClockId::T1 && (actor.org == it.provider || actor.is(Role::Authority)))
        .ok_or(Error::NotFound("update"))
}

/// The department's officer asks the authority for more time to update the catalogue (T1): `days` working days, no more
/// than the rule gives. Until it answers the old end stands; what was declined may be asked anew.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] for too many days and without a reason; [`Error::Sharing`] while
/// another wish is open, and after an extension.
pub async fn extend_update(
    app: &App,
    actor: &Actor,
    what: Changed,
    days: u32,
    reason: String,
) -> Result<CatalogClock, Error> {
    let it = show_update(app, actor, what).await?;
    let action = Action::EditResource;
    let permit = policy::decide(&app.rules, actor, action, &entry(it.provider, it.resource, None))?;
    let change = Change::begin(app, permit).await?;
    let told = json!({ "days": days, "reason": reason });
    let moved = it.ask_extension(actor.id, days, reason, change.now());
    move_update(change, action, "extension-asked", told, moved).await
}

/// The authority consents to more time for an update, and its end moves; or it declines and says why. For the policy the
/// wish is a submission, which nobody reviews who made it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Faults`] when it declines without a reason; [`Error::Sharing`] where
/// nothing was asked.
pub async fn answer_update(
    app: &App,
    actor: &Actor,
    what: Changed,
    consent: bool,
    reason: String,
) -> Result<CatalogClock, Error> {
    let it = show_update(app, actor, what).await?;
    let asked_by = it.extension.as_ref().map(|it| it.asked_by);
    let action = Action::ReviewResource;
    let permit = policy::decide(&app.rules, actor, action, &entry(it.provider, it.resource, asked_by))?;
    let change = Change::begin(app, permit).await?;
    let clocks = sharing::store::clocks(change.db()).await?;
    let told = json!({ "consent": consent, "reason": reason });
    let answer = clock::Answer {
        at: change.now(),
        by: actor.id,
        consent,
        reason,
    };
    let moved = it.answer_extension(answer, &clocks);
    move_update(change, action, "extension-answered", told, moved).await
}

/// The end of a step of an update: the store, the notices, then the ledger and all of it lasts.
async fn move_update(
    change: Change,
    action: Action,
    kind: &'static str,
    told: Value,
    moved: Result<(CatalogClock, Vec<Command>), Refused>,
) -> Result<CatalogClock, Error> {
    let (mut it, commands) = moved.map_err(refused)?;
    sharing::store::save_catalog_clock(change.db(), &mut it, change.now()).await?;
    tell(change.db(), &Matter::from(&it), &commands, change.now()).await?;
    let body = json!({ "provider": it.provider, "last_day": it.timer.deadline.last_day, "told": told });
    change.commit(&Event::new(action, kind, &it.subject, &body)).await?;
    Ok(it)
}
