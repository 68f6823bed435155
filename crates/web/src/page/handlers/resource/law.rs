//! The limits that run on the catalogue, the record that law or duties have changed, and the update that is owed then.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use chrono::NaiveDate;
use platform::{
    App, Error,
    catalog::Resource,
    flow::{self, Changed},
    sharing::{CatalogClock, ClockId},
    vocab::ResourceId,
};

use super::{
    super::{
        frame::{Guest, Page, Reader, correctable, done, errors, id},
        story,
    },
    resource_page,
};
use crate::{
    page::{Clock, Errors, Fields, Link, Ui, answer, answer_with, update::UpdatePage},
    problem::Problem,
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/resources/law-change", post(record_ours))
        .route("/resources/{id}/law-change", post(record))
        .route("/catalog-updates/{subject}", get(show_update))
        .route("/catalog-updates/{subject}/extend", post(extend_update))
        .route("/catalog-updates/{subject}/extension", post(answer_update))
}

/// The limits on an entry, for those who see its draft, and whether its update is owed.
pub(super) async fn clocks(app: &App, ui: &Ui, own: Option<&Resource>) -> Result<(Vec<Clock>, bool), Problem> {
    let Some(resource) = own else {
        return Ok((Vec::new(), false));
    };
    let running = flow::list_catalog_clocks(app, resource.id).await?;
    let calendar = story::calendar(app).await?;
    let clocks = running.iter().map(|it| story::clock(ui, &it.timer, &calendar));
    let owes_update = running.iter().any(|it| it.timer.clock() == ClockId::T1);
    Ok((clocks.collect(), owes_update))
}

/// The limit of a review (T2).
pub(super) async fn review_clock(app: &App, ui: &Ui, id: ResourceId) -> Result<Option<Clock>, Problem> {
    let running = flow::list_catalog_clocks(app, id).await?;
    let review = |it: &&CatalogClock| it.timer.clock() == ClockId::T2;
    let calendar = story::calendar(app).await?;
    Ok(running
        .iter()
        .find(review)
        .map(|it| story::clock(ui, &it.timer, &calendar)))
}

fn day(ui: &Ui, fields: &Fields, wrong: &mut Errors) -> Option<NaiveDate> {
    let text = fields.date("on");
    let day = story::typed_day(ui, &text, "on", wrong);
    if text.is_empty() {
        wrong.add("on", ui.t("error-not-a-date"));
    }
    day
}

async fn record(reader: Reader, guest: Guest, Path(text): Path<String>, fields: Fields) -> Page {
    let id: ResourceId = id(&text)?;
    let ui = guest.ui("catalog").await;
    let mut wrong = Errors::default();
    let reason = fields.one("reason");
    if let Some(on) = day(&ui, &fields, &mut wrong) {
        let what = Changed::Resource(id);
        match flow::record_law_change(&reader.app, reader.actor(), what, on, reason.clone()).await {
            Ok(_) => return Ok(done(&format!("/resources/{id}"), "law-changed")),
            Err(error) => wrong = mended(&ui, error)?,
        }
    }
    let mut page = resource_page(&guest, id, wrong).await?;
    page.changed_on = fields.date("on");
    page.changed_what = reason;
    Ok(answer_with(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn record_ours(reader: Reader, fields: Fields) -> Page {
    let ui = reader.ui("ours").await;
    let mut wrong = Errors::default();
    let (what, reason) = (Changed::Org(reader.actor().org), fields.one("reason"));
    if let Some(on) = day(&ui, &fields, &mut wrong) {
        match flow::record_law_change(&reader.app, reader.actor(), what, on, reason.clone()).await {
            Ok(_) => return Ok(done("/resources", "law-changed")),
            Err(error) => wrong = mended(&ui, error)?,
        }
    }
    let mut page = super::list_page(&reader, None).await?;
    page.changed_on = fields.date("on");
    page.changed_what = reason;
    page.errors = wrong;
    Ok(answer_with(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// What can be put right in the form, as its errors.
fn mended(ui: &Ui, error: Error) -> Result<Errors, Problem> {
    let problem = Problem::from(error);
    if !correctable(&problem) {
        return Err(problem);
    }
    Ok(errors(ui, &problem, |it| {
        if it == "reason" { "reason" } else { "on" }.to_owned()
    }))
}

async fn show_update(reader: Reader, Path(text): Path<String>) -> Page {
    Ok(answer(&update_page(&reader, id(&text)?, Errors::default()).await?))
}

async fn update_page(reader: &Reader, what: Changed, errors: Errors) -> Result<UpdatePage, Problem> {
    let (app, actor) = (&reader.app, reader.actor());
    let it = flow::show_update(app, actor, what).await?;
    let ui = reader.ui("tasks").await;
    let cause = it.cause.as_ref();
    let asks = actor.org == it.provider && ui.may("edit-resource");
    let rights = (asks, ui.may("review-resource"));
    Ok(UpdatePage {
        what: match it.resource {
            Some(id) => story::resource(&ui, id, story::entry(app, id).await?.as_ref()),
            None => Link::new(ui.t("update-all"), "/resources"),
        },
        provider: story::org(&ui, app, it.provider).await?,
        on: cause.map(|it| it.on),
        reason: cause.map(|it| it.reason.clone()).unwrap_or_default(),
        clock: story::clock(&ui, &it.timer, &story::calendar(app).await?),
        more_time: story::more_time(reader, &ui, Some(&it.timer), it.extension.as_ref(), rights).await?,
        happenings: story::story(reader, &ui, &it.subject).await?,
        subject: it.subject,
        errors,
        ui,
    })
}

/// A deed on the page of an update; what it refuses stands above the same page.
async fn update_deed(reader: &Reader, what: Changed, outcome: Result<CatalogClock, Error>, word: &str) -> Page {
    let problem = match outcome {
        Ok(_) => return Ok(done(&format!("/catalog-updates/{what}"), word)),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("tasks").await;
    let wrong = errors(&ui, &problem, |it| story::field(it, "reason"));
    Ok(answer_with(problem.status(), &update_page(reader, what, wrong).await?))
}

async fn extend_update(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let what = id(&text)?;
    let (days, reason) = (story::typed_days(&fields), fields.one("reason"));
    let outcome = flow::extend_update(&reader.app, reader.actor(), what, days, reason).await;
    update_deed(&reader, what, outcome, "extended").await
}

async fn answer_update(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let what = id(&text)?;
    let consent = fields.one("consent") == "yes";
    let outcome = flow::answer_update(&reader.app, reader.actor(), what, consent, fields.one("reason")).await;
    update_deed(&reader, what, outcome, "answered").await
}
