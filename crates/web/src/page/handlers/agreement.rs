//! Agreements: the list, the page of one, and what its provider and its consumer do with it.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use chrono::TimeDelta;
use platform::{
    App, Error,
    flow::{self, AgreementWish},
    sharing::{Agreement, dispute::over_agreement, store::AgreementFilter},
    vocab::{Action, AgreementId, AgreementState as State, Role, SharingMode},
};

use super::{
    correction::dispute as over,
    frame::{Asks, Page, Reader, correctable, done, errors, id},
    request::decide,
    story,
};
use crate::{
    page::{
        Errors, Fields, Link, Pager, Ui,
        agreement::{
            AgreementPage, AgreementRow, AgreementView, AgreementsPage, ChangeForm, DisposalForm, DisposalView,
            UsageDay, Ways,
        },
        answer, answer_with,
        request::DecisionItem,
    },
    problem::Problem,
};

/// Agreements on a page.
const SHOWN: u64 = 30;
/// Days of use that are shown.
const DAYS: i64 = 14;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/agreements", get(list))
        .route("/agreements/{id}", get(show))
        .route("/agreements/{id}/change", post(change))
        .route("/agreements/{id}/suspend", post(suspend))
        .route("/agreements/{id}/resume", post(resume))
        .route("/agreements/{id}/revoke", post(revoke))
        .route("/agreements/{id}/dispute", post(dispute))
        .route("/agreements/{id}/provide", post(provide))
        .route("/agreements/{id}/disposal", post(dispose))
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let (app, actor) = (&reader.app, reader.actor());
    let sees_all = actor.is(Role::Authority) || actor.is(Role::SecurityAdmin);
    let (tab, filter) = match asked.one("tab").as_str() {
        "give" => (
            "give",
            AgreementFilter {
                provider: Some(actor.org),
                ..Default::default()
            },
        ),
        "" if sees_all => ("", AgreementFilter::default()),
        _ => (
            "use",
            AgreementFilter {
                consumer: Some(actor.org),
                ..Default::default()
            },
        ),
    };
    let offset = asked.one("after").parse().unwrap_or_default();
    let found = flow::list_agreements(app, actor, filter, offset, SHOWN).await?;
    let ui = reader.ui("agreements").await;
    let pager = Pager {
        next: found.next.map(|it| format!("/agreements?tab={tab}&after={it}")),
        ..Pager::default()
    };
    Ok(answer(&AgreementsPage {
        tab: tab.to_owned(),
        rows: rows(&reader, &ui, &found.all).await?,
        pager,
        ui,
    }))
}

async fn rows(reader: &Reader, ui: &Ui, all: &[Agreement]) -> Result<Vec<AgreementRow>, Problem> {
    let (app, actor) = (&reader.app, reader.actor());
    let titles = story::titles(ui, app, all.iter().map(|it| it.resource)).await?;
    let orgs: Vec<_> = all.iter().flat_map(|it| [it.provider, it.consumer]).collect();
    let orgs = story::orgs(ui, app, &orgs).await?;
    let mut rows = Vec::new();
    for it in all {
        let other = if it.provider == actor.org {
            it.consumer
        } else {
            it.provider
        };
        rows.push(AgreementRow {
            id: it.id.to_string(),
            title: titles.get(&it.resource).cloned().unwrap_or_default(),
            other: orgs.get(&other).cloned().unwrap_or_default(),
            purpose: it.terms().purpose,
            state: story::state(ui, it.state),
            until: it.terms().valid_until,
            used_today: used_today(&usage(reader, it.id, 0).await?, app),
            quota: it.terms().quota_per_day,
        });
    }
    Ok(rows)
}

/// Uses by day, from so many days ago on.
async fn usage(reader: &Reader, id: AgreementId, days: i64) -> Result<BTreeMap<String, u64>, Problem> {
    let from = (reader.app.today() - TimeDelta::days(days)).to_string();
    Ok(flow::agreement_usage(&reader.app, reader.actor(), id, &from)
        .await?
        .into_iter()
        .collect())
}

fn used_today(usage: &BTreeMap<String, u64>, app: &App) -> u64 {
    usage.get(&app.today().to_string()).copied().unwrap_or_default()
}

async fn show(reader: Reader, Path(text): Path<String>) -> Page {
    let it = flow::show_agreement(&reader.app, reader.actor(), id(&text)?).await?;
    let form = form_of(&it);
    Ok(answer(&agreement_page(&reader, it, form, Errors::default()).await?))
}

/// The terms as the form of a change shows them.
fn form_of(it: &Agreement) -> ChangeForm {
    let terms = it.terms();
    let masks = terms.items.iter().map(|it| (it.item.clone(), it.mask.to_string()));
    ChangeForm {
        items: terms.items.iter().map(|it| it.item.clone()).collect(),
        masks: masks.collect(),
        own: Vec::new(),
        modes: terms.modes.iter().map(|it| it.code().to_owned()).collect(),
        rows: story::rule_text(&terms.rows),
        quota: terms.quota_per_day.map(|it| it.to_string()).unwrap_or_default(),
        until: story::last_day(terms.valid_until).to_string(),
        reason: String::new(),
    }
}

async fn agreement_page(
    reader: &Reader,
    it: Agreement,
    mut form: ChangeForm,
    errors: Errors,
) -> Result<AgreementPage, Problem> {
    let (app, actor) = (&reader.app, reader.actor());
    let ui = reader.ui("agreements").await;
    let usage = usage(reader, it.id, DAYS).await?;
    let calendar = story::calendar(app).await?;
    let may = |action: Action| ui.may(action.code());
    let (uses, gives) = (actor.org == it.consumer, actor.org == it.provider);
    let table = table(reader, &it).await?;
    let lives = matches!(it.state, State::Active | State::Suspended);
    let serves = it.state == State::Active && it.terms().modes.contains(&SharingMode::Interface);
    let can_change = gives && actor.is(Role::Approver) && may(Action::ManageAgreement) && lives;
    let disputes = over::over(reader, &it.id.to_string()).await?;
    let (choices, modes) = choices(reader, can_change, &it, &mut form).await?;
    Ok(AgreementPage {
        choices,
        modes,
        can_dispute: uses && may(Action::RaiseDispute) && over_agreement(&it).is_ok() && disputes.is_empty(),
        disputes,
        ways: (!table.is_empty()).then(|| ways(&it, &table)),
        usage: usage
            .iter()
            .rev()
            .filter_map(|(day, n)| {
                Some(UsageDay {
                    day: day.parse().ok()?,
                    releases: *n,
                })
            })
            .collect(),
        deliveries: deliveries(reader, &it).await?,
        happenings: story::story(reader, &ui, &it.id.to_string()).await?,
        disposal: disposal(&ui, app, &it).await?,
        can_use: uses && serves && may(Action::UseData),
        can_deliver: uses && it.state == State::Active && may(Action::ManageDelivery),
        can_correct: uses && may(Action::RequestCorrection),
        can_change,
        can_manage: can_change || lives && actor.is(Role::SecurityAdmin),
        can_provide: gives && may(Action::ProvideData) && it.state == State::Active && it.provided_at.is_none(),
        clocks: it
            .timers
            .iter()
            .filter(|it| it.is_open())
            .map(|it| story::clock(&ui, it, &calendar))
            .collect(),
        suspended: it.state == State::Suspended,
        can_dispose: uses && it.owes_disposal() && may(Action::ProveDisposal),
        it: view(app, &ui, &it, table, used_today(&usage, app)).await?,
        form,
        errors,
        ui,
    })
}

/// What was asked for, within which the terms may change: items beside the law, and modes. An item that is not granted is
/// offered under the stricter of wish and catalogue. Nothing for readers who may not change it.
async fn choices(
    reader: &Reader,
    can_change: bool,
    it: &Agreement,
    form: &mut ChangeForm,
) -> Result<(Vec<DecisionItem>, Vec<SharingMode>), Problem> {
    if !can_change {
        return Ok(Default::default());
    }
    let request = flow::show_request(&reader.app, reader.actor(), it.request).await?;
    let content = story::entry(&reader.app, it.resource).await?;
    for wished in &request.application.items {
        if !form.masks.iter().any(|(name, _)| *name == wished.item) {
            let mask = content
                .as_ref()
                .map_or_else(|| wished.mask.clone(), |it| flow::stricter(it, wished));
            form.masks.push((wished.item.clone(), mask.to_string()));
        }
    }
    Ok((
        decide::all_beside(&request, content.as_ref()),
        request.application.modes,
    ))
}

async fn view(app: &App, ui: &Ui, it: &Agreement, table: String, used_today: u64) -> Result<AgreementView, Problem> {
    let content = story::entry(app, it.resource).await?;
    let terms = it.terms();
    let ended = it.state != State::Active && it.state != State::Closed;
    let stopped = it
        .steps
        .iter()
        .rev()
        .find(|step| ended && matches!(step.event.as_str(), "suspend" | "revoke"));
    Ok(AgreementView {
        id: it.id.to_string(),
        no: it.no.clone(),
        version: terms.version,
        resource: story::resource(ui, it.resource, content.as_ref()),
        request: Link::new(ui.t("agreement-request"), format!("/requests/{}", it.request)),
        provider: story::org(ui, app, it.provider).await?,
        consumer: story::org(ui, app, it.consumer).await?,
        state: story::state(ui, it.state),
        purpose: terms.purpose,
        scenario: it.scenario.clone(),
        items: story::asked(&terms.items, content.as_ref()),
        rows: story::rule_text(&terms.rows),
        modes: terms.modes.clone(),
        quota: terms.quota_per_day,
        from: terms.valid_from,
        until: terms.valid_until,
        table,
        used_today,
        why: stopped.map(|it| it.reason.clone()).unwrap_or_default(),
    })
}

/// The name of its table in SQL, for those who may use it; else nothing.
async fn table(reader: &Reader, it: &Agreement) -> Result<String, Problem> {
    if reader.actor().org != it.consumer {
        return Ok(String::new());
    }
    let named = flow::named_agreements(&reader.app, reader.actor()).await?;
    Ok(named
        .into_iter()
        .find(|(id, _)| *id == it.id)
        .map(|(_, name)| name)
        .unwrap_or_default())
}

/// How machines reach it. Node and token are variables: neither belongs on a page.
fn ways(it: &Agreement, table: &str) -> Ways {
    let names: Vec<String> = it
        .terms()
        .items
        .iter()
        .take(4)
        .map(|it| format!("\"{}\"", it.item.replace('"', "\"\"")))
        .collect();
    let sql = format!("SELECT {}\nFROM \"{table}\"\nLIMIT 20", names.join(", "));
    Ways {
        rest: format!(
            "curl -H \"Authorization: Bearer $JUTONG_TOKEN\" \\\n  \"$JUTONG_URL/api/v1/data/{}?format=csv&limit=100\"",
            it.id
        ),
        flight: format!(
            "import os\nimport adbc_driver_flightsql.dbapi as flight\n\nconnection = flight.connect(os.environ[\"JUTONG_FLIGHT\"], \
             db_kwargs={{\n    \"adbc.flight.sql.authorization_header\": \"Bearer \" + os.environ[\"JUTONG_TOKEN\"],\n}})\n\
             cursor = connection.cursor()\ncursor.execute('SELECT * FROM \"{table}\"')\nrows = cursor.fetch_arrow_table()"
        ),
        sql,
    }
}

async fn disposal(ui: &Ui, app: &App, it: &Agreement) -> Result<Option<DisposalView>, Problem> {
    let Some(it) = &it.disposal else { return Ok(None) };
    let who = story::person(ui, app, it.by).await?;
    Ok(Some(DisposalView {
        at: it.at,
        who,
        method: it.how.clone(),
        note: it.statement.clone(),
    }))
}

/// The deliveries under it that the reader may know of.
async fn deliveries(reader: &Reader, it: &Agreement) -> Result<Vec<Link>, Problem> {
    match flow::list_deliveries(&reader.app, reader.actor(), Some(it.id), None, 50).await {
        Ok(all) => Ok(all
            .iter()
            .map(|it| Link::new(it.delivery.name.clone(), format!("/deliveries/{}", it.delivery.id)))
            .collect()),
        Err(Error::Denied(_) | Error::NotFound(_)) => Ok(Vec::new()),
        Err(other) => Err(other.into()),
    }
}

/// A deed on the page of an agreement; what it refuses stands above the same page.
async fn deed(
    reader: &Reader,
    id: AgreementId,
    outcome: Result<Agreement, Error>,
    form: Option<ChangeForm>,
    word: &str,
) -> Page {
    let problem = match outcome {
        Ok(_) => return Ok(done(&format!("/agreements/{id}"), word)),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("agreements").await;
    again(reader, id, form, errors(&ui, &problem, |it| story::field(it, "reason"))).await
}

async fn again(reader: &Reader, id: AgreementId, form: Option<ChangeForm>, wrong: Errors) -> Page {
    let it = flow::show_agreement(&reader.app, reader.actor(), id).await?;
    let form = form.unwrap_or_else(|| form_of(&it));
    let page = agreement_page(reader, it, form, wrong).await?;
    Ok(answer_with(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn change(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let form = ChangeForm::from_fields(&fields);
    let ui = reader.ui("agreements").await;
    let mut wrong = Errors::default();
    let wish = wish(&ui, &form, &mut wrong);
    if !wrong.none() {
        return again(&reader, id, Some(form), wrong).await;
    }
    let outcome = flow::change_agreement(&reader.app, reader.actor(), id, wish, form.reason.clone()).await;
    deed(&reader, id, outcome, Some(form), "changed").await
}

fn wish(ui: &Ui, form: &ChangeForm, wrong: &mut Errors) -> AgreementWish {
    let items = decide::masked(ui, &form.items, |name| form.mask_of(name), wrong);
    if form.items.is_empty() {
        wrong.add("items", ui.t("error-choose-items"));
    }
    let modes = form.modes.iter().filter_map(|it| it.parse::<SharingMode>().ok());
    AgreementWish {
        items: Some(items),
        modes: Some(modes.collect()),
        rows: Some(story::typed_rule(ui, &form.rows, wrong)),
        quota_per_day: Some(story::typed_number(ui, &form.quota, "quota", wrong)),
        until: story::typed_day(ui, &form.until, "until", wrong).and_then(|it| story::midnight(it, 1)),
    }
}

async fn suspend(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let outcome = flow::suspend_agreement(&reader.app, reader.actor(), id, fields.one("reason")).await;
    deed(&reader, id, outcome, None, "suspended").await
}

async fn resume(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let outcome = flow::resume_agreement(&reader.app, reader.actor(), id, fields.one("reason")).await;
    deed(&reader, id, outcome, None, "resumed").await
}

async fn revoke(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let outcome = flow::revoke_agreement(&reader.app, reader.actor(), id, fields.one("reason")).await;
    deed(&reader, id, outcome, None, "revoked").await
}

async fn dispute(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    match over::raise(&reader, &text, fields.one("reason")).await {
        Ok(place) => Ok(done(&place, "disputed")),
        Err(error) => deed(&reader, id, Err(error), None, "disputed").await,
    }
}

async fn provide(reader: Reader, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    let outcome = flow::provide_agreement(&reader.app, reader.actor(), id).await;
    deed(&reader, id, outcome, None, "provided").await
}

async fn dispose(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let form = DisposalForm::from_fields(&fields);
    let today = reader.app.today();
    let outcome = flow::prove_disposal(&reader.app, reader.actor(), id, form.method, today, form.note).await;
    deed(&reader, id, outcome, None, "disposed").await
}
