//! The dry run: would somebody be allowed to do something, and why not? The rules are asked first, and where they grant it
//! the machines of the rooms, with the thing as it is. Nothing is done.

mod obstacle;

use policy::{About, AgreementFacts, Explanation, Use, UseExplanation};
use sharing::Agreement;
use vocab::{Action, Actor, ActorId, OrgId, Purpose, SharingMode};

use self::obstacle::{Found, Obstacle, Thing, Trial};
use super::{
    fit_terms::row_items,
    list_deliveries::show_delivery,
    manage_agreement::show_agreement,
    move_request::show_request,
    open_data::{division_of, granted, hidden, source_spec},
    raise_dispute::show_dispute,
};
use crate::{App, Error};

/// What is asked of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// Who would act.
    pub who: ActorId,
    /// What it would do.
    pub action: Action,
    /// With what: an identifier's text (`res_…`, `req_…`, `agr_…`, `cor_…`, `dsp_…`, `dlv_…`, `src_…`, `org_…`, `act_…`);
    /// without one, the platform itself.
    pub subject: Option<String>,
    /// For [`Action::UseData`]: for what; the agreement's own purpose when nothing is said.
    pub purpose: Option<Purpose>,
    /// For [`Action::UseData`]: how; an interface when nothing is said.
    pub mode: Option<SharingMode>,
    /// For [`Action::ManageAgreement`]: which deed.
    pub deed: Option<policy::Deed>,
}

/// Would X be allowed Y on Z, and why (not)? Names the exact rule, or what else is in the way. About things that the tester
/// may know of only.
///
/// # Errors
/// [`Error::Denied`] for somebody who may not test; [`Error::NotFound`]; [`Error::Faults`] for a subject that is no
/// identifier.
pub async fn explain_policy(app: &App, actor: &Actor, run: &DryRun) -> Result<UseExplanation, Error> {
    policy::decide(&app.rules, actor, Action::TestPolicy, &About::Platform)?;
    let person = match staff::store::person(&app.read().await?, run.who).await {
        Err(staff::Error::NotFound(_)) => return Err(Error::NotFound("person")),
        other => other?,
    };
    let who = person.actor(person.org);
    let off = person.disabled.then(|| Found::new(Obstacle::PersonDisabled, "", ""));
    if run.action == Action::UseData
        && let Some(Ok(id)) = run.subject.as_deref().map(str::parse)
    {
        let it = show_agreement(app, actor, id).await?;
        let found = explain_use(app, &who, run, &it).await?;
        let in_way = match off {
            None if found.answer.allowed => unusable(app, &it, found.row_rule.as_ref()).await?,
            off => off,
        };
        return Ok(laid_over(found, in_way));
    }
    let (about, thing) = subject(app, actor, &who, run).await?;
    let answer = policy::explain(&app.rules, &who, run.action, &about);
    let clocks = sharing::store::clocks(&app.read().await?).await?;
    let trial = Trial {
        who: &who,
        action: run.action,
        deed: run.deed,
        now: app.now(),
        clocks: &clocks,
    };
    let in_way = off.or_else(|| trial.obstacle(&thing));
    Ok(laid_over(plain(answer), in_way))
}

const fn plain(answer: Explanation) -> UseExplanation {
    UseExplanation {
        answer,
        row_rule: None,
        residuals: Vec::new(),
    }
}

/// What the rules grant and something else keeps from happening is not allowed.
fn laid_over(found: UseExplanation, in_way: Option<Found>) -> UseExplanation {
    match in_way {
        Some(it) if found.answer.allowed => plain(it.in_way_of(found.answer)),
        _ => found,
    }
}

async fn explain_use(app: &App, who: &Actor, run: &DryRun, it: &Agreement) -> Result<UseExplanation, Error> {
    let tx = app.read().await?;
    let items = match catalog::store::published(&tx, it.resource).await {
        Ok(version) => row_items(&version.content),
        Err(catalog::Error::NotFound { .. }) => policy::RowItems::default(),
        Err(other) => return Err(other.into()),
    };
    let usage = Use {
        purpose: run.purpose.unwrap_or(it.terms().purpose),
        mode: run.mode.unwrap_or(SharingMode::Interface),
        now: app.now(),
        used_today: sharing::store::used(&tx, it.id, &app.today().to_string()).await?,
        division: division_of(&tx, it.consumer).await?,
    };
    let rules = &app.rules;
    Ok(policy::explain_use(rules, who, it.terms(), it.state, &usage, &items))
}

/// Can the agreement's table be made at all: published, mounted, with every item it names?
async fn unusable(app: &App, it: &Agreement, rows: Option<&vocab::RowRule>) -> Result<Option<Found>, Error> {
    let tx = app.read().await?;
    let content = match catalog::store::published(&tx, it.resource).await {
        Ok(version) => version.content,
        Err(catalog::Error::NotFound { .. }) => return Ok(Some(Found::new(Obstacle::NotPublished, "", ""))),
        Err(other) => return Err(other.into()),
    };
    let source = source_spec(app, &tx, &content).await;
    if matches!(source, Err(Error::NotFound(_))) {
        return Ok(Some(Found::new(Obstacle::NotMounted, "", "")));
    }
    source?;
    let terms = it.terms().items.iter().map(|it| (it.item.as_str(), &it.mask));
    let fits = granted(&content, terms).and_then(|items| match rows {
        Some(rows) => hidden(&content, rows, &items).map(drop),
        None => Ok(()),
    });
    match fits {
        Ok(()) => Ok(None),
        Err(Error::State(why)) => Ok(Some(Found::new(Obstacle::Unfit, "", &why))),
        Err(other) => Err(other),
    }
}

/// The subject in the policy's words, and as it is.
async fn subject(app: &App, actor: &Actor, who: &Actor, run: &DryRun) -> Result<(About, Thing), Error> {
    let Some(text) = run.subject.as_deref().filter(|it| !it.is_empty()) else {
        return Ok((About::Platform, Thing::Plain));
    };
    let bad = || {
        Error::fault(
            "subject",
            "unknown-subject",
            format!("`{}` is no identifier", text.chars().take(80).collect::<String>()),
        )
    };
    Ok(match text.split('_').next() {
        Some("res") => of_resource(app, actor, who, run.action, text.parse().map_err(|_| bad())?).await?,
        Some("req") => {
            let it = show_request(app, actor, text.parse().map_err(|_| bad())?).await?;
            let about = over(run.action, it.applicant.org, it.provider, who);
            let about = about.unwrap_or_else(|| super::move_request::about(&it));
            (about, Thing::Request(Box::new(it)))
        }
        Some("agr") => {
            let it = show_agreement(app, actor, text.parse().map_err(|_| bad())?).await?;
            let about = over(run.action, it.consumer, it.provider, who).unwrap_or_else(|| About::Agreement {
                facts: AgreementFacts::of(it.terms(), it.state),
                deed: run.deed,
            });
            (about, Thing::Agreement(Box::new(it)))
        }
        Some("cor") => {
            let it = super::show_correction(app, actor, text.parse().map_err(|_| bad())?).await?;
            let about = over(run.action, it.asker.org, it.provider, who);
            let about = about.unwrap_or_else(|| super::correct_data::about(&it));
            (about, Thing::Correction(Box::new(it)))
        }
        Some("dsp") => {
            let it = show_dispute(app, actor, text.parse().map_err(|_| bad())?).await?;
            (super::raise_dispute::about(&it), Thing::Dispute(Box::new(it)))
        }
        Some("dlv") => {
            let it = show_delivery(app, actor, text.parse().map_err(|_| bad())?)
                .await?
                .delivery;
            let about = About::Delivery {
                id: Some(it.id),
                owner: it.consumer,
            };
            (about, Thing::Delivery(it.state))
        }
        _ => (plain_subject(app, actor, text, bad).await?, Thing::Plain),
    })
}

/// A dispute that would be raised over a thing; nothing for every other action.
fn over(action: Action, raiser: OrgId, other: OrgId, who: &Actor) -> Option<About> {
    (action == Action::RaiseDispute).then_some(About::Dispute {
        id: None,
        raiser,
        other,
        submitted_by: Some(who.id),
    })
}

/// A subject that is always as it is.
async fn plain_subject(app: &App, actor: &Actor, text: &str, bad: impl Fn() -> Error) -> Result<About, Error> {
    Ok(match text.split('_').next() {
        Some("src") => {
            let it = super::own_source(app, actor, text.parse().map_err(|_| bad())?).await?;
            About::Source {
                id: Some(it.id),
                owner: it.org,
            }
        }
        Some("org") => About::Org(text.parse().map_err(|_| bad())?),
        Some("act") => {
            let id: ActorId = text.parse().map_err(|_| bad())?;
            let found = staff::store::person(&app.read().await?, id)
                .await
                .map_err(|_| Error::NotFound("person"))?;
            About::Person { id, org: found.org }
        }
        _ => return Err(bad()),
    })
}

/// A resource; for asking and correcting, the request or correction that would be made for it.
async fn of_resource(
    app: &App,
    actor: &Actor,
    who: &Actor,
    action: Action,
    id: vocab::ResourceId,
) -> Result<(About, Thing), Error> {
    let (consumer, submitted_by) = (who.org, Some(who.id));
    if matches!(
        action,
        Action::RequestData | Action::CheckRequest | Action::DecideRequest
    ) {
        let content = super::show_resource(app, id).await?.content;
        let about = About::Request {
            id: None,
            consumer,
            provider: content.provider,
            class: content.sharing.class,
            submitted_by: None,
        };
        return Ok((about, Thing::Resource(Box::new(content), None)));
    }
    if matches!(action, Action::RequestCorrection | Action::AnswerCorrection) {
        let content = super::show_resource(app, id).await?.content;
        let about = About::Correction {
            id: None,
            consumer,
            provider: content.provider,
            submitted_by,
        };
        return Ok((about, Thing::Resource(Box::new(content), None)));
    }
    if let Ok(it) = super::own_resource(app, actor, id).await {
        let about = super::edit_resource::about(&it);
        return Ok((about, Thing::Resource(Box::new(it.content.clone()), Some(Box::new(it)))));
    }
    let it = super::show_resource(app, id).await?;
    let about = About::Resource {
        id: Some(id),
        owner: it.content.provider,
        class: it.content.sharing.class,
        state: "published".to_owned(),
        submitted_by: None,
    };
    Ok((about, Thing::Resource(Box::new(it.content), None)))
}
