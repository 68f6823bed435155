//! Resources: the department's list, drafts, review, the page of one resource and its versions.

pub(super) mod convert;
mod fill;
mod law;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use platform::{
    App, Error,
    catalog::{self, Attribute, Category, Content, Resource, Version, store},
    flow,
    vocab::{Actor, ResourceId, Role, SharingClass, SourceId},
};

use super::{
    frame::{Asks, Guest, Page, Reader, correctable, done, errors, id},
    story,
};
use crate::{
    page::{
        Choice, Errors, Fields, Link, Pager, Ui, answer, answer_with,
        catalog::{
            Access, Check, ItemForm, ResourceForm, ResourceFormPage, ResourcePage, ResourcesPage, ReviewForm,
            ReviewPage, TouchedRow, UserRow, VersionPage, VersionRow, WaysBack,
        },
    },
    problem::Problem,
};

/// Resources on a page.
const SHOWN: u64 = 30;
/// 部门信息资源, nothing finer said.
const DEPARTMENT: &str = "300000";

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/resources", get(list).post(create))
        .route("/resources/new", get(new))
        .route("/resources/{id}", get(show).post(change))
        .route("/resources/{id}/edit", get(edit))
        .route("/resources/{id}/submit", post(submit))
        .route("/resources/{id}/take-back", post(take_back))
        .route("/resources/{id}/discard", post(discard))
        .route("/resources/{id}/delete", post(delete))
        .route("/resources/{id}/reopen", post(reopen))
        .route("/resources/{id}/withdraw", post(withdraw))
        .merge(law::router())
        .route("/resources/{id}/review", get(review).post(verdict))
        .route("/resources/{id}/versions/{n}", get(version))
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let after = asked.one("after").parse().ok();
    Ok(answer(&list_page(&reader, after).await?))
}

async fn list_page(reader: &Reader, after: Option<ResourceId>) -> Result<ResourcesPage, Problem> {
    let page = store::Page { after, limit: SHOWN };
    let found = flow::list_resources(&reader.app, reader.actor(), store::Filter::default(), page).await?;
    let orgs = flow::list_orgs(&reader.app).await?;
    let ui = reader.ui("ours").await;
    let pager = Pager {
        next: found.next.map(|it| format!("/resources?after={it}")),
        ..Pager::default()
    };
    let rows = found.all.iter().map(|it| convert::row(&ui, it, &orgs)).collect();
    Ok(ResourcesPage {
        rows,
        pager,
        changed_on: String::new(),
        changed_what: String::new(),
        errors: Errors::default(),
        ui,
    })
}

/// Where a draft comes from: nothing, or a table of a source.
struct Origin {
    source: Option<SourceId>,
    table: String,
}

impl Origin {
    fn of(fields: &Fields) -> Result<Self, Problem> {
        let source = fields.one("source");
        let source = if source.is_empty() { None } else { Some(id(&source)?) };
        Ok(Self {
            source,
            table: fields.one("table"),
        })
    }

    /// The entry as it is proposed, and how many rows were read for it.
    async fn propose(&self, app: &App, actor: &Actor) -> Result<(Content, u64), Problem> {
        let category: Category = DEPARTMENT.parse().map_err(Problem::unreadable)?;
        let Some(source) = self.source else {
            return Ok((flow::blank_entry(app, actor, category).await?, 0));
        };
        let draft = flow::propose_resource(app, actor, source, &self.table, category).await?;
        Ok((draft.content, draft.rows_read))
    }
}

async fn new(reader: Reader, Asks(asked): Asks) -> Page {
    let origin = Origin::of(&asked)?;
    let (content, rows_read) = origin.propose(&reader.app, reader.actor()).await?;
    let (mut form, mut items) = fill::form_of(&content);
    if items.is_empty() {
        items = fill::empty_items(form.source.is_empty());
    }
    form.table = origin.table;
    let drawn_from = drawn_from(&reader, &content).await?;
    show_form(
        &reader,
        None,
        (form, items),
        fill::left_out(&content),
        Errors::default(),
        (drawn_from, rows_read),
    )
    .await
}

/// `人口库 · resident`, for the department itself.
async fn drawn_from(reader: &Reader, content: &Content) -> Result<String, Problem> {
    Ok(source_link(&reader.app, reader.actor(), content)
        .await?
        .map_or_else(String::new, |it| it.text))
}

async fn source_link(app: &App, actor: &Actor, content: &Content) -> Result<Option<Link>, Problem> {
    let Some(mount) = content.mount.as_ref().filter(|_| content.provider == actor.org) else {
        return Ok(None);
    };
    let source = match flow::own_source(app, actor, mount.source).await {
        Ok(source) => source,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    Ok(Some(Link::new(
        format!("{} · {}", source.name, mount.table),
        format!("/sources/{}", source.id),
    )))
}

async fn show_form(
    reader: &Reader,
    id: Option<ResourceId>,
    (form, items): (ResourceForm, Vec<ItemForm>),
    left_out: Vec<Choice>,
    errors: Errors,
    (drawn_from, rows_read): (String, u64),
) -> Page {
    let ui = reader.ui("ours").await;
    let status = if errors.none() { 200 } else { 422 };
    let page = ResourceFormPage {
        id: id.map(|it| it.to_string()),
        drawn_from,
        rows_read,
        categories: convert::categories(&ui),
        formats: convert::formats(&ui),
        themes: convert::themes(&ui),
        left_out,
        form,
        items,
        errors,
        ui,
    };
    let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    Ok(answer_with(status, &page))
}

/// Shows what was typed again, with what is wrong.
async fn again(reader: &Reader, id: Option<ResourceId>, fields: &Fields, base: &Content, problem: Problem) -> Page {
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("ours").await;
    let errors = convert::findings(&ui, &errors(&ui, &problem, str::to_owned));
    let items = fill::with_guesses(ItemForm::from_fields(fields), base);
    let drawn_from = drawn_from(reader, base).await?;
    let mut form = ResourceForm::from_fields(fields);
    form.national_code = base.national_code.clone().unwrap_or_default();
    show_form(reader, id, (form, items), fill::left_out(base), errors, (drawn_from, 0)).await
}

async fn create(reader: Reader, fields: Fields) -> Page {
    let origin = Origin::of(&fields)?;
    let (base, _) = origin.propose(&reader.app, reader.actor()).await?;
    let content = match fill::applied(&fields, &base) {
        Ok(content) => content,
        Err(problem) => return again(&reader, None, &fields, &base, problem).await,
    };
    let kept = flow::keep_proposed(&reader.app, reader.actor(), content, &base).await?;
    after_saving(&reader, &kept, &fields, false).await
}

async fn edit(reader: Reader, Path(text): Path<String>) -> Page {
    let it = flow::own_resource(&reader.app, reader.actor(), id(&text)?).await?;
    show_entry(&reader, &it, Errors::default()).await
}

/// The form of an entry as it is kept.
async fn show_entry(reader: &Reader, it: &Resource, errors: Errors) -> Page {
    let (mut form, items) = fill::form_of(&it.content);
    form.revision = it.revision.to_string();
    if it.state == catalog::State::Published {
        form.note.clear(); // of the version in force; the next one has its own
    }
    let drawn_from = drawn_from(reader, &it.content).await?;
    let left_out = fill::left_out(&it.content);
    show_form(reader, Some(it.id), (form, items), left_out, errors, (drawn_from, 0)).await
}

async fn change(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let it = flow::own_resource(&reader.app, reader.actor(), id(&text)?).await?;
    let revision = fields.one("revision").parse().unwrap_or(it.revision);
    let saved = match fill::applied(&fields, &it.content) {
        Ok(content) => flow::edit_resource(&reader.app, reader.actor(), it.id, revision, content)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(saved) => {
            // A declaration that stood was for other data when it has fallen: it is made anew, not repeated.
            let stood = it.content.secrecy != catalog::Secrecy::Undeclared;
            after_saving(&reader, &saved, &fields, stood).await
        }
        Err(problem) => again(&reader, Some(it.id), &fields, &it.content, problem).await,
    }
}

/// What the pressed button wants beside saving: nothing, a guess undone, or the entry submitted.
async fn after_saving(reader: &Reader, kept: &Resource, fields: &Fields, stood: bool) -> Page {
    let (app, actor) = (&reader.app, reader.actor());
    let back = format!("/resources/{}/edit", kept.id);
    if fields.one("not_secret") == "yes" && !stood && kept.content.secrecy == catalog::Secrecy::Undeclared {
        flow::declare_not_secret(app, actor, kept.id).await?;
    }
    if let Some((item, what)) = undone(fields) {
        flow::undo_guess(app, actor, kept.id, &item, what).await?;
        return Ok(done(&back, "guess-undone"));
    }
    if fields.one("do") != "submit" {
        return Ok(done(&back, "saved"));
    }
    match flow::submit_resource(app, actor, kept.id).await {
        Ok(_) => Ok(done(&format!("/resources/{}", kept.id), "submitted")),
        Err(error) => {
            let it = flow::own_resource(app, actor, kept.id).await?;
            let problem = Problem::from(error);
            if !correctable(&problem) {
                return Err(problem);
            }
            let ui = reader.ui("ours").await;
            let errors = convert::findings(&ui, &errors(&ui, &problem, str::to_owned));
            show_entry(reader, &it, errors).await
        }
    }
}

/// Which guess the pressed button takes back: `3.mask` is the mask of the fourth item.
fn undone(fields: &Fields) -> Option<(String, Attribute)> {
    let pressed = fields.one("undo");
    let (at, what) = pressed.split_once('.')?;
    let item = ItemForm::from_fields(fields).into_iter().nth(at.parse().ok()?)?;
    let what = Attribute::ALL.iter().copied().find(|it| it.code() == what)?;
    (!item.leave_out).then_some((item.name, what))
}

async fn show(guest: Guest, Path(text): Path<String>) -> Page {
    let page = resource_page(&guest, id(&text)?, Errors::default()).await?;
    Ok(answer(&page))
}

/// What the reader may see of a resource: what is in force, and beside it the draft of their own department.
async fn seen(guest: &Guest, id: ResourceId) -> Result<(Option<Resource>, Option<Version>), Problem> {
    let own = match guest.actor() {
        Some(actor) => there(flow::own_resource(&guest.app, actor, id).await)?,
        None => None,
    };
    let published = there(flow::show_resource(&guest.app, id).await)?;
    if own.is_none() && published.is_none() {
        return Err(Problem::not_found("resource"));
    }
    Ok((own, published))
}

fn there<T>(found: Result<T, Error>) -> Result<Option<T>, Problem> {
    match found {
        Ok(it) => Ok(Some(it)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

async fn resource_page(guest: &Guest, id: ResourceId, errors: Errors) -> Result<ResourcePage, Problem> {
    let app = &guest.app;
    let ui = guest.ui("catalog").await;
    let (own, published) = seen(guest, id).await?;
    let content = published
        .as_ref()
        .map(|it| &it.content)
        .or(own.as_ref().map(|it| &it.content));
    let content = content.ok_or_else(|| Problem::not_found("resource"))?;
    let state = own.as_ref().map(|it| it.state);
    let mut it = convert::view(&ui, id, content, state.unwrap_or(catalog::State::Published));
    it.version = published.as_ref().map_or(0, |it| it.number);
    it.published = published.as_ref().map(|it| platform_day(it.at));
    it.not_secret = declared(app, &ui, content).await?;
    it.provider = provider(app, &ui, content).await?;
    if let Some(actor) = guest.actor() {
        it.source = source_link(app, actor, content).await?;
        // Whoever does not keep sources reads the name, and finds no door that is closed.
        it.source = it.source.map(|it| match ui.may("manage-source") {
            true => it,
            false => Link::new(it.text, String::new()),
        });
    }
    let mine = guest.actor().is_some_and(|actor| actor.org == content.provider);
    let can_edit =
        mine && ui.may("edit-resource") && state.is_some_and(|it| it.is_editable() || it == catalog::State::Published);
    let (clocks, owes_update) = law::clocks(app, &ui, own.as_ref()).await?;
    Ok(ResourcePage {
        users: users(&ui, app, id).await?,
        versions: versions(&ui, app, id).await?,
        access: access(guest, &ui, id, content).await?,
        can_edit,
        can_submit: mine && ui.may("edit-resource") && state.is_some_and(catalog::State::is_editable),
        can_review: ui.may("review-resource") && state.is_some_and(catalog::State::is_waiting),
        can_withdraw: ui.may("withdraw-resource") && state.is_some_and(|it| it.to(catalog::State::Withdrawn).is_ok()),
        ways_back: own
            .as_ref()
            .filter(|_| mine && ui.may("edit-resource"))
            .map_or_else(WaysBack::default, ways_back),
        can_record: published.is_some() && (mine && ui.may("edit-resource") || ui.may("review-resource")),
        clocks,
        owes_update,
        changed_on: String::new(),
        changed_what: String::new(),
        errors,
        it,
        ui,
    })
}

fn ways_back(it: &Resource) -> WaysBack {
    WaysBack {
        take_back: it.state.is_waiting(),
        discard: it.state == catalog::State::Changed,
        delete: it.state == catalog::State::Draft && it.published_version.is_none(),
        reopen: it.state == catalog::State::Withdrawn,
    }
}

fn platform_day(at: platform::vocab::Timestamp) -> chrono::NaiveDate {
    crate::locale::beijing(at).date_naive()
}

async fn declared(app: &App, ui: &Ui, content: &Content) -> Result<String, Problem> {
    let catalog::Secrecy::NotSecret { declared_by, at } = &content.secrecy else {
        return Ok(String::new());
    };
    let names = story::people(ui, app, &[*declared_by]).await?;
    let name = names.get(declared_by).cloned().unwrap_or_default();
    Ok([name, ui.moment(at)]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join(" · "))
}

/// Who provides it: in Chinese as the entry says, in English as the organisation is called now, where it has such a name.
async fn provider(app: &App, ui: &Ui, content: &Content) -> Result<String, Problem> {
    let names = flow::name_orgs(app, &[content.provider]).await?;
    let english = names.get(&content.provider).map_or("", |it| it.en.as_str());
    Ok(ui.name(&content.provider_name, english).to_owned())
}

async fn users(ui: &Ui, app: &App, id: ResourceId) -> Result<Vec<UserRow>, Problem> {
    let agreements = flow::list_users(app, id).await?;
    let ids: Vec<_> = agreements.iter().map(|it| it.consumer).collect();
    let names = story::orgs(ui, app, &ids).await?;
    let row = |it: &platform::sharing::Agreement| UserRow {
        org: names.get(&it.consumer).cloned().unwrap_or_default(),
        purpose: it.terms().purpose,
        since: platform_day(it.created_at),
    };
    Ok(agreements.iter().map(row).collect())
}

async fn versions(ui: &Ui, app: &App, id: ResourceId) -> Result<Vec<VersionRow>, Problem> {
    let all = there(flow::list_versions(app, id).await)?.unwrap_or_default();
    let people: Vec<_> = all.iter().map(|it| it.by).collect();
    let names = story::people(ui, app, &people).await?;
    Ok(all
        .iter()
        .map(|it| version_row(it, names.get(&it.by).cloned().unwrap_or_default()))
        .collect())
}

fn version_row(it: &Version, who: String) -> VersionRow {
    let diff = if it.number > 1 {
        format!("/resources/{}/versions/{}", it.resource, it.number)
    } else {
        String::new()
    };
    VersionRow {
        number: it.number,
        at: it.at,
        who,
        note: it.content.change_note.clone(),
        diff,
    }
}

async fn access(guest: &Guest, ui: &Ui, id: ResourceId, content: &Content) -> Result<Access, Problem> {
    let by_class = match content.sharing.class {
        SharingClass::Withheld => Access::Withheld,
        SharingClass::Conditional => Access::Ask,
        SharingClass::Unconditional => Access::AskAtOnce,
    };
    let Some(actor) = guest.actor() else {
        return Ok(by_class);
    };
    if actor.org == content.provider {
        return Ok(Access::Own);
    }
    if let Some(it) = flow::list_users(&guest.app, id)
        .await?
        .iter()
        .find(|it| it.consumer == actor.org)
    {
        return Ok(Access::Have(format!("/agreements/{}", it.id)));
    }
    if let Some(it) = flow::open_request(&guest.app, actor, id).await? {
        return Ok(Access::Asked(format!("/requests/{}", it.id)));
    }
    let asks = ui.may("request-data") || by_class == Access::Withheld;
    Ok(if asks { by_class } else { Access::NotByRole })
}

/// A deed on the page of a resource; what it refuses stands above the same page.
async fn deed(guest: Guest, id: ResourceId, outcome: Result<Resource, Error>, word: &str) -> Page {
    let problem = match outcome {
        Ok(_) => return Ok(done(&format!("/resources/{id}"), word)),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = guest.ui("catalog").await;
    let errors = convert::findings(&ui, &errors(&ui, &problem, str::to_owned));
    Ok(answer_with(problem.status(), &resource_page(&guest, id, errors).await?))
}

async fn submit(reader: Reader, guest: Guest, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    let outcome = flow::submit_resource(&reader.app, reader.actor(), id).await;
    deed(guest, id, outcome, "submitted").await
}

async fn take_back(reader: Reader, guest: Guest, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    let outcome = flow::take_back_resource(&reader.app, reader.actor(), id).await;
    deed(guest, id, outcome, "taken-back").await
}

async fn discard(reader: Reader, guest: Guest, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    let outcome = flow::discard_change(&reader.app, reader.actor(), id).await;
    deed(guest, id, outcome, "discarded").await
}

async fn reopen(reader: Reader, guest: Guest, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    let outcome = flow::reopen_resource(&reader.app, reader.actor(), id).await;
    deed(guest, id, outcome, "reopened").await
}

async fn delete(reader: Reader, guest: Guest, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    match flow::delete_resource(&reader.app, reader.actor(), id).await {
        Ok(()) => Ok(done("/resources", "removed")),
        Err(error) => deed(guest, id, Err(error), "").await,
    }
}

async fn withdraw(reader: Reader, guest: Guest, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let outcome = flow::withdraw_resource(&reader.app, reader.actor(), id, &fields.one("reason")).await;
    deed(guest, id, outcome, "withdrawn").await
}

async fn review(reader: Reader, Path(text): Path<String>) -> Page {
    let page = review_page(&reader, id(&text)?, ReviewForm::default(), Errors::default()).await?;
    Ok(answer(&page))
}

async fn review_page(reader: &Reader, id: ResourceId, form: ReviewForm, errors: Errors) -> Result<ReviewPage, Problem> {
    if !reader.actor().is(Role::Authority) {
        return Err(Problem::not_found("this page"));
    }
    let app = &reader.app;
    let ui = reader.ui("tasks").await;
    let resource = flow::own_resource(app, reader.actor(), id).await?;
    let before = there(flow::show_resource(app, id).await)?;
    let diff = before
        .map(|it| convert::diff(&ui, &catalog::diff(&it.content, &resource.content)))
        .unwrap_or_default();
    let mut it = convert::view(&ui, id, &resource.content, resource.state);
    it.not_secret = declared(app, &ui, &resource.content).await?;
    it.provider = provider(app, &ui, &resource.content).await?;
    Ok(ReviewPage {
        note: resource.content.change_note.clone(),
        touched: touched(reader, id).await?,
        checks: checks(&ui, &resource.content),
        diff,
        clock: law::review_clock(app, &ui, id).await?,
        form,
        errors,
        it,
        ui,
    })
}

/// Whom the version would take something from.
async fn touched(reader: &Reader, id: ResourceId) -> Result<Vec<TouchedRow>, Problem> {
    let all = flow::touched_agreements(&reader.app, reader.actor(), id).await?;
    let consumers: Vec<_> = all.iter().map(|it| it.agreement.consumer).collect();
    let names = story::orgs(&reader.ui("catalog").await, &reader.app, &consumers).await?;
    let row = |it: &flow::TouchedAgreement| TouchedRow {
        agreement: Link::new(
            names.get(&it.agreement.consumer).cloned().unwrap_or_default(),
            format!("/agreements/{}", it.agreement.id),
        ),
        purpose: it.agreement.terms().purpose,
        items: it.items.join(", "),
    };
    Ok(all.iter().map(row).collect())
}

fn checks(ui: &Ui, content: &Content) -> Vec<Check> {
    let found = catalog::check(content);
    let mut checks: Vec<Check> = found
        .iter()
        .map(|it| Check {
            good: !catalog::blocks(it),
            text: convert::finding(ui, it),
            basis: String::new(),
        })
        .collect();
    if !found.iter().any(catalog::blocks) {
        checks.insert(
            0,
            Check {
                good: true,
                text: ui.t("check-complete"),
                basis: String::new(),
            },
        );
    }
    checks
}

async fn verdict(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let form = ReviewForm::from_fields(&fields);
    let (app, actor) = (&reader.app, reader.actor());
    let (outcome, word) = match form.verdict.as_str() {
        "publish" => (flow::publish_resource(app, actor, id).await, "published"),
        "return" => (
            flow::send_back_resource(app, actor, id, super::words::lines(&form.opinion)).await,
            "returned",
        ),
        _ => (Err(chosen_nothing()), ""),
    };
    let problem = match outcome {
        Ok(_) => return Ok(done("/tasks", word)),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("tasks").await;
    let errors = errors(&ui, &problem, |field| {
        if field == "verdict" { "verdict" } else { "opinion" }.to_owned()
    });
    Ok(answer_with(
        problem.status(),
        &review_page(&reader, id, form, errors).await?,
    ))
}

fn chosen_nothing() -> Error {
    Error::fault("verdict", "choose-verdict", "choose publish or send back")
}

async fn version(guest: Guest, Path((text, n)): Path<(String, u32)>) -> Page {
    let id: ResourceId = id(&text)?;
    let all = flow::list_versions(&guest.app, id).await?;
    let newer = all
        .iter()
        .find(|it| it.number == n && n > 1)
        .ok_or_else(|| Problem::not_found("version"))?;
    let change = flow::compare_versions(&guest.app, id, n - 1, n).await?;
    let ui = guest.ui("catalog").await;
    let names = story::people(&ui, &guest.app, &[newer.by]).await?;
    Ok(answer(&VersionPage {
        resource: Link::new(ui.title(&newer.content), format!("/resources/{id}")),
        from: n - 1,
        to: n,
        made: version_row(newer, names.get(&newer.by).cloned().unwrap_or_default()),
        rows: convert::diff(&ui, &change),
        ui,
    }))
}
