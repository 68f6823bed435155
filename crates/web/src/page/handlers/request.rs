//! Sharing requests: the list, the form, the page of one request and what is done on it.

pub(super) mod decide;
mod fill;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use platform::{
    App, Error,
    catalog::Content,
    flow,
    sharing::{ClockId, Request, RequestState as State, Warrant, store::RequestFilter},
    vocab::{Action, Calendar, RequestId, ResourceId},
};

use super::{
    correction::dispute as over,
    frame::{Asks, Page, Reader, correctable, done, errors, id},
    resource::convert,
    story,
};
use crate::{
    page::{
        Errors, Fields, Link, Pager, Sheet, Ui, answer, answer_with,
        catalog::Check,
        request::{CheckForm, RequestForm, RequestFormPage, RequestPage, RequestRow, RequestView, RequestsPage},
    },
    problem::Problem,
};

/// Requests on a page.
const SHOWN: u64 = 30;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/requests", get(list))
        .route("/resources/{id}/request", get(new).post(create))
        .route("/requests/{id}", get(show).post(change))
        .route("/requests/{id}/edit", get(edit))
        .route("/requests/{id}/submit", post(submit))
        .route("/requests/{id}/withdraw", post(withdraw))
        .route("/requests/{id}/check", post(check))
        .route("/requests/{id}/extend", post(extend))
        .route("/requests/{id}/extension", post(extension))
        .route("/requests/{id}/dispute", post(dispute))
        .route("/requests/{id}/decide", get(decide::show).post(decide::decide))
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let (app, actor) = (&reader.app, reader.actor());
    let tab = tab(&asked.one("tab"), actor.is(platform::vocab::Role::Authority));
    let filter = match tab {
        "ours" => RequestFilter {
            consumer: Some(actor.org),
            ..Default::default()
        },
        "to-us" => RequestFilter {
            provider: Some(actor.org),
            ..Default::default()
        },
        _ => RequestFilter::default(),
    };
    let offset = asked.one("after").parse().unwrap_or_default();
    let found = flow::list_requests(app, actor, filter, offset, SHOWN).await?;
    let ui = reader.ui("requests").await;
    let pager = Pager {
        next: found.next.map(|it| format!("/requests?tab={tab}&after={it}")),
        ..Pager::default()
    };
    Ok(answer(&RequestsPage {
        tab: tab.to_owned(),
        rows: rows(app, &ui, &found.all).await?,
        pager,
        ui,
    }))
}

/// The part of the list: for the authority all of it when nothing is said, else what we asked for.
fn tab(asked: &str, authority: bool) -> &'static str {
    match asked {
        "ours" => "ours",
        "to-us" => "to-us",
        "all" => "all",
        _ if authority => "all",
        _ => "ours",
    }
}

async fn rows(app: &App, ui: &Ui, all: &[Request]) -> Result<Vec<RequestRow>, Problem> {
    let orgs: Vec<_> = all.iter().flat_map(|it| [it.applicant.org, it.provider]).collect();
    let orgs = story::orgs(ui, app, &orgs).await?;
    let titles = story::titles(ui, app, all.iter().map(|it| it.resource)).await?;
    let calendar = story::calendar(app).await?;
    let name = |id| orgs.get(&id).cloned().unwrap_or_default();
    let row = |it: &Request| RequestRow {
        id: it.id.to_string(),
        title: titles.get(&it.resource).cloned().unwrap_or_default(),
        consumer: name(it.applicant.org),
        provider: name(it.provider),
        state: story::state(ui, it.state),
        at: it.submitted_at.unwrap_or(it.created_at),
        clock: story::running(ui, &it.timers, &calendar),
    };
    Ok(all.iter().map(row).collect())
}

async fn new(reader: Reader, Path(text): Path<String>) -> Page {
    let form = RequestForm {
        ground: "law".to_owned(),
        ..RequestForm::default()
    };
    show_form(&reader, None, id(&text)?, (form, Errors::default()), None).await
}

/// The form with what was typed; a request that exists already brings what must be supplemented.
async fn show_form(
    reader: &Reader,
    request: Option<&Request>,
    resource: ResourceId,
    (form, errors): (RequestForm, Errors),
    preview: Option<Sheet>,
) -> Page {
    let content = flow::show_resource(&reader.app, resource).await?.content;
    let ui = reader.ui("requests").await;
    let status = if errors.none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = RequestFormPage {
        id: request.map(|it| it.id.to_string()),
        resource: story::resource(&ui, resource, Some(&content)),
        resource_id: resource.to_string(),
        provider: story::org(&ui, &reader.app, content.provider).await?,
        class: content.sharing.class,
        condition: convert::condition(&content.sharing),
        modes: content.modes.clone(),
        items: content.items.iter().map(convert::item).collect(),
        supplement: request.map(wanted).unwrap_or_default(),
        form,
        errors,
        preview,
        ui,
    };
    Ok(answer_with(status, &page))
}

/// What must be supplemented still.
fn wanted(it: &Request) -> Vec<String> {
    let open = it.supplement.as_ref().filter(|_| it.state == State::SupplementAsked);
    open.map(|it| it.missing.clone()).unwrap_or_default()
}

async fn create(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    sent(&reader, None, id(&text)?, &fields).await
}

async fn edit(reader: Reader, Path(text): Path<String>) -> Page {
    let it = flow::show_request(&reader.app, reader.actor(), id(&text)?).await?;
    let form = fill::form_of(&it.application, it.warrant.is_some());
    show_form(&reader, Some(&it), it.resource, (form, Errors::default()), None).await
}

async fn change(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let it = flow::show_request(&reader.app, reader.actor(), id(&text)?).await?;
    let resource = it.resource;
    sent(&reader, Some(it), resource, &fields).await
}

/// What the pressed button wants: a preview, the draft saved, or the request submitted.
async fn sent(reader: &Reader, request: Option<Request>, resource: ResourceId, fields: &Fields) -> Page {
    let content = flow::show_resource(&reader.app, resource).await?.content;
    let form = RequestForm::from_fields(fields);
    let ui = reader.ui("requests").await;
    let (deed, it) = (fields.one("do"), request.as_ref());
    if deed != "save" && deed != "submit" {
        let sheet = fill::sample(&form, &content);
        return show_form(reader, it, resource, (form, Errors::default()), Some(sheet)).await;
    }
    let mut wrong = Errors::default();
    let asked = fill::application(&ui, &form, &content, reader.app.today(), &mut wrong);
    if deed == "submit" && form.warrant != "yes" {
        wrong.add("warrant", ui.t("error-warrant"));
    }
    let (Some(asked), true) = (asked, wrong.none()) else {
        return show_form(reader, it, resource, (form, wrong), None).await;
    };
    match keep(reader, it, resource, (asked, form.note.clone()), deed == "submit").await {
        Ok(kept) => Ok(done(
            &format!("/requests/{}", kept.id),
            if deed == "submit" { "submitted" } else { "drafted" },
        )),
        Err(error) => {
            let problem = Problem::from(error);
            if !correctable(&problem) {
                return Err(problem);
            }
            let wrong = errors(&ui, &problem, |it| story::field(it, "items"));
            show_form(reader, it, resource, (form, wrong), None).await
        }
    }
}

async fn keep(
    reader: &Reader,
    request: Option<&Request>,
    resource: ResourceId,
    (asked, note): (platform::sharing::Application, String),
    submit: bool,
) -> Result<Request, Error> {
    let (app, actor) = (&reader.app, reader.actor());
    match request {
        None if submit => flow::request_data(app, actor, resource, asked, Warrant::WHOLE).await,
        None => flow::draft_request(app, actor, resource, asked).await,
        Some(it) if it.state == State::SupplementAsked => {
            flow::supplement_request(app, actor, it.id, asked, note).await
        }
        Some(it) => {
            let kept = flow::change_request(app, actor, it.id, asked).await?;
            if submit {
                flow::submit_request(app, actor, it.id, Warrant::WHOLE).await
            } else {
                Ok(kept)
            }
        }
    }
}

async fn show(reader: Reader, Path(text): Path<String>) -> Page {
    let page = request_page(&reader, id(&text)?, CheckForm::default(), Errors::default()).await?;
    Ok(answer(&page))
}

async fn request_page(reader: &Reader, id: RequestId, form: CheckForm, errors: Errors) -> Result<RequestPage, Problem> {
    let (app, actor) = (&reader.app, reader.actor());
    let it = flow::show_request(app, actor, id).await?;
    let ui = reader.ui("requests").await;
    let content = story::entry(app, it.resource).await?;
    let calendar = story::calendar(app).await?;
    let agreement = flow::agreement_of(app, actor, id).await?;
    let may = |action: Action| ui.may(action.code());
    let (ours, theirs) = (actor.org == it.applicant.org, actor.org == it.provider);
    let asks = ours && may(Action::RequestData);
    let decides = theirs && may(Action::DecideRequest) && it.state == State::Accepted;
    let checks = may(Action::CheckRequest) && !it.is_own(actor.id);
    let waiting = matches!(it.state, State::Submitted | State::Supplemented);
    let disputes = over::over(reader, &it.id.to_string()).await?;
    let deciding = it.timers.iter().find(|it| it.clock() == ClockId::T4 && it.is_open());
    Ok(RequestPage {
        clocks: it.timers.iter().map(|it| story::clock(&ui, it, &calendar)).collect(),
        happenings: story::story(reader, &ui, &id.to_string()).await?,
        opinions: fill::opinions(app, &ui, &it).await?,
        supplement: wanted(&it),
        can_dispute: ours && may(Action::RaiseDispute) && it.state == State::Refused && disputes.is_empty(),
        disputes,
        agreement: agreement.map(|it| Link::new(it.no.clone(), format!("/agreements/{}", it.id))),
        checks: facts(&ui, &it, content.as_ref()),
        can_edit: asks && matches!(it.state, State::Draft | State::SupplementAsked),
        can_submit: asks && it.state == State::Draft,
        can_withdraw: asks && it.ended_at.is_none(),
        can_check: checks && waiting,
        can_decide: decides,
        more_time: story::more_time(reader, &ui, deciding, it.extension.as_ref(), (decides, checks)).await?,
        it: view(app, &ui, &it, content.as_ref()).await?,
        form,
        errors,
        ui,
    })
}

/// A request as its pages show it.
async fn view(app: &App, ui: &Ui, it: &Request, content: Option<&Content>) -> Result<RequestView, Problem> {
    let asked = &it.application;
    Ok(RequestView {
        id: it.id.to_string(),
        no: it.no.clone(),
        resource: story::resource(ui, it.resource, content),
        class: it.class,
        consumer: story::org(ui, app, it.applicant.org).await?,
        provider: story::org(ui, app, it.provider).await?,
        applicant: story::person(ui, app, it.applicant.actor).await?,
        state: story::state(ui, it.state),
        basis: format!("{} · {}", ui.w(&asked.basis), asked.basis_text),
        scenario: asked.scenario.clone(),
        purpose: asked.purpose,
        items: story::asked(&asked.items, content),
        rows: story::rule_text(&asked.rows),
        modes: asked.modes.clone(),
        from: crate::locale::beijing(asked.from).date_naive(),
        until: story::last_day(asked.until),
        quota: asked.quota_per_day,
        submitted: it.submitted_at,
    })
}

/// What can be seen without judging: conditions, the warrant, items that need a look.
fn facts(ui: &Ui, it: &Request, content: Option<&Content>) -> Vec<Check> {
    let check = |good, text, basis: &str| Check {
        good,
        text,
        basis: basis.to_owned(),
    };
    let mut all = vec![check(
        it.warrant.is_some_and(Warrant::is_whole),
        ui.t("request-warrant-given"),
        "",
    )];
    let Some(content) = content else { return all };
    let condition = convert::condition(&content.sharing);
    if !condition.is_empty() {
        all.push(check(true, ui.a("check-condition", condition), ""));
    }
    let asked = story::asked(&it.application.items, Some(content));
    let names = |keep: &dyn Fn(&&crate::page::request::AskedItem) -> bool| {
        asked
            .iter()
            .filter(keep)
            .map(|it| it.name.clone())
            .collect::<Vec<_>>()
            .join("、")
    };
    let withheld = names(&|it| it.class == platform::vocab::SharingClass::Withheld);
    if !withheld.is_empty() {
        all.push(check(false, ui.a("check-withheld-items", withheld), ""));
    }
    let clear = names(&|it| it.sensitivity == platform::vocab::Sensitivity::Sensitive && it.mask == "clear");
    all.push(match clear.is_empty() {
        true => check(true, ui.t("check-personal-masked"), ""),
        false => check(false, ui.a("check-clear-personal", clear), ""),
    });
    all
}

/// A deed on the page of a request; what it refuses stands above the same page.
async fn deed<T>(reader: &Reader, id: RequestId, outcome: Result<T, Error>, form: CheckForm, word: &str) -> Page {
    let problem = match outcome {
        Ok(_) => return Ok(done(&format!("/requests/{id}"), word)),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("requests").await;
    let wrong = errors(&ui, &problem, |it| {
        if it == "missing" {
            "points".to_owned()
        } else {
            story::field(it, "verdict")
        }
    });
    Ok(answer_with(
        problem.status(),
        &request_page(reader, id, form, wrong).await?,
    ))
}

async fn submit(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let given = fields.one("warrant") == "yes";
    let warrant = Warrant {
        truthful: given,
        lawful: given,
        necessary: given,
    };
    let outcome = flow::submit_request(&reader.app, reader.actor(), id, warrant).await;
    deed(&reader, id, outcome, CheckForm::default(), "submitted").await
}

async fn withdraw(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let outcome = flow::withdraw_request(&reader.app, reader.actor(), id, fields.one("reason")).await;
    deed(&reader, id, outcome, CheckForm::default(), "withdrawn").await
}

async fn check(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let (app, actor, form) = (&reader.app, reader.actor(), CheckForm::from_fields(&fields));
    let points = super::words::lines(&form.points);
    let outcome = match form.verdict.as_str() {
        "accept" => flow::accept_request(app, actor, id, form.opinion.clone())
            .await
            .map(|it| it.request),
        "supplement" if points.is_empty() => Err(Error::fault("points", "points", "name everything that is missing")),
        "supplement" => flow::ask_supplement(app, actor, id, points).await,
        _ => Err(Error::fault(
            "verdict",
            "choose-check",
            "choose an outcome of the check",
        )),
    };
    deed(&reader, id, outcome, form, "checked").await
}

async fn dispute(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    match over::raise(&reader, &text, fields.one("reason")).await {
        Ok(place) => Ok(done(&place, "disputed")),
        refused => deed(&reader, id, refused, CheckForm::default(), "disputed").await,
    }
}

async fn extend(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let (days, reason) = (story::typed_days(&fields), fields.one("reason"));
    let outcome = flow::extend_request(&reader.app, reader.actor(), id, days, reason).await;
    deed(&reader, id, outcome, CheckForm::default(), "extended").await
}

async fn extension(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let consent = fields.one("consent") == "yes";
    let outcome = flow::answer_extension(&reader.app, reader.actor(), id, consent, fields.one("reason")).await;
    deed(&reader, id, outcome, CheckForm::default(), "answered").await
}

/// The clock of the provider's answer, while it runs.
fn answer_clock(ui: &Ui, it: &Request, calendar: &Calendar) -> Option<crate::page::Clock> {
    it.timers
        .iter()
        .find(|it| it.clock() == ClockId::T4)
        .map(|it| story::clock(ui, it, calendar))
}
