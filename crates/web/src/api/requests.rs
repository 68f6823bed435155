//! Sharing requests: ask, check, supplement, decide.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::{
    App,
    engine::{RecordBatch, encode},
    flow::{self, Decided, GrantWish},
    sharing::{Application, RefusalKind, Request, RequestState, Warrant, store::RequestFilter},
    vocab::{ResourceId, Timestamp},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{
    ClockView, ConsentBody, ExtensionBody, ItemWish, Part, Reader, ReasonBody, Which, codes, granted, id, json,
    rule_text, with_masks,
};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(show, change))
        .routes(routes!(submit))
        .routes(routes!(supplement))
        .routes(routes!(withdraw))
        .routes(routes!(accept))
        .routes(routes!(ask_supplement))
        .routes(routes!(grant))
        .routes(routes!(refuse))
        .routes(routes!(extend, answer_extension))
        .routes(routes!(preview))
}

type Answer = Result<Json<RequestView>, Problem>;

/// What is asked, and why.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationBody {
    /// `law` or `duty`.
    basis: String,
    /// Which law and article, which duty.
    basis_text: String,
    scenario: String,
    /// service, supervision, governance, statistics, credit, emergency or verification.
    purpose: String,
    /// The items; a mask is what the applicant can live with.
    items: Vec<ItemWish>,
    /// Row rule, `division_code LIKE '3301%'`; every row when absent.
    rows: Option<String>,
    /// interface, batch, file.
    modes: Vec<String>,
    /// First day or instant; now when absent.
    from: Option<String>,
    /// Last day, or the instant before which use ends.
    until: String,
    /// Releases a day; no limit when absent.
    quota_per_day: Option<u64>,
}

impl ApplicationBody {
    fn read(&self, now: Timestamp) -> Result<Application, Problem> {
        let mut it = Reader::default();
        let (basis, purpose) = (it.read("basis", &self.basis), it.read("purpose", &self.purpose));
        let (items, rows) = (granted(&mut it, &self.items), it.rows(self.rows.as_deref()));
        let modes = it.all("modes", &self.modes);
        let from = self
            .from
            .as_deref()
            .map_or(Some(now), |text| it.instant("from", text, false));
        let until = it.instant("until", &self.until, true);
        let read = || {
            Some(Application {
                basis: basis?,
                basis_text: self.basis_text.clone(),
                scenario: self.scenario.clone(),
                purpose: purpose?,
                items: items?,
                rows: rows?,
                modes: modes?,
                from: from?,
                until: until?,
                quota_per_day: self.quota_per_day,
            })
        };
        it.done(read())
    }

    fn of(it: &Application) -> Self {
        Self {
            basis: it.basis.to_string(),
            basis_text: it.basis_text.clone(),
            scenario: it.scenario.clone(),
            purpose: it.purpose.to_string(),
            items: it.items.iter().map(ItemWish::from).collect(),
            rows: rule_text(&it.rows),
            modes: codes(&it.modes),
            from: Some(it.from.to_rfc3339()),
            until: it.until.to_rfc3339(),
            quota_per_day: it.quota_per_day,
        }
    }
}

/// 对真实性、合法性、必要性负责.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WarrantBody {
    truthful: bool,
    lawful: bool,
    necessary: bool,
}

impl From<WarrantBody> for Warrant {
    fn from(it: WarrantBody) -> Self {
        Self {
            truthful: it.truthful,
            lawful: it.lawful,
            necessary: it.necessary,
        }
    }
}

/// A new request; with its warrant it is submitted at once, without one it is a draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRequest {
    /// `res_…`
    resource: String,
    application: ApplicationBody,
    warrant: Option<WarrantBody>,
}

/// A request.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestView {
    id: String,
    /// `GX-2026-000123`.
    no: String,
    state: String,
    /// unconditional or conditional: decided at once after the check, or by the provider.
    class: String,
    resource: String,
    resource_version: u32,
    consumer: String,
    applicant: String,
    provider: String,
    application: ApplicationBody,
    /// What was said on the way.
    #[schema(value_type = Vec<Object>)]
    opinions: Value,
    #[schema(value_type = Object)]
    supplement: Value,
    /// The last wish for more time, with its answer.
    #[schema(value_type = Object)]
    extension: Value,
    #[schema(value_type = Object)]
    decision: Value,
    clocks: Vec<ClockView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    submitted_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// The agreement it became, `agr_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<String>,
}

fn view(app: &App, it: &Request, agreement: Option<String>) -> RequestView {
    RequestView {
        id: it.id.to_string(),
        no: it.no.clone(),
        state: it.state.to_string(),
        class: it.class.to_string(),
        resource: it.resource.to_string(),
        resource_version: it.resource_version,
        consumer: it.applicant.org.to_string(),
        applicant: it.applicant.actor.to_string(),
        provider: it.provider.to_string(),
        application: ApplicationBody::of(&it.application),
        opinions: json(&it.opinions),
        supplement: json(&it.supplement),
        extension: json(&it.extension),
        decision: json(&it.decision),
        clocks: it.timers.iter().map(|timer| ClockView::of(timer, app.now())).collect(),
        created_at: it.created_at,
        submitted_at: it.submitted_at,
        ended_at: it.ended_at,
        agreement,
    }
}

fn decided(app: &App, it: &Decided) -> RequestView {
    view(app, &it.request, it.agreement.as_ref().map(|it| it.id.to_string()))
}

/// Requests of my organisation, asked or answered; all for the authority.
#[utoipa::path(get, path = "/requests", tag = "requests", params(Which),
    responses((status = 200, body = Part<RequestView>), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(which): Query<Which>,
) -> Result<Json<Part<RequestView>>, Problem> {
    let mut it = Reader::default();
    let state: Option<Option<RequestState>> = it.maybe("state", which.state.as_deref());
    let resource: Option<Option<ResourceId>> = it.maybe("resource", which.resource.as_deref());
    let filter = RequestFilter {
        consumer: which.is_side("consumer").then_some(actor.org),
        provider: which.is_side("provider").then_some(actor.org),
        state: state.flatten(),
        resource: resource.flatten(),
        party: None,
    };
    let filter = it.done(Some(filter))?;
    let listed = flow::list_requests(&app, &actor, filter, which.offset()?, which.limit()).await?;
    Ok(Json(Part::of(listed, |it| view(&app, it, None))))
}

/// Ask for data.
#[utoipa::path(post, path = "/requests", tag = "requests", request_body = NewRequest,
    responses((status = 201, body = RequestView), (status = "4XX", body = Problem)))]
async fn ask(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(new): Body<NewRequest>,
) -> Result<(StatusCode, Json<RequestView>), Problem> {
    let resource = id(&new.resource, "resource")?;
    let asked = new.application.read(app.now())?;
    let request = match new.warrant {
        Some(warrant) => flow::request_data(&app, &actor, resource, asked, warrant.into()).await?,
        None => flow::draft_request(&app, &actor, resource, asked).await?,
    };
    Ok((StatusCode::CREATED, Json(view(&app, &request, None))))
}

/// A request of my organisation or to it.
#[utoipa::path(get, path = "/requests/{id}", tag = "requests", params(("id" = String, Path)),
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn show(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    let request = flow::show_request(&app, &actor, id(&which, "request")?).await?;
    let agreement = flow::agreement_of(&app, &actor, request.id).await?;
    Ok(Json(view(&app, &request, agreement.map(|it| it.id.to_string()))))
}

/// Change a draft.
#[utoipa::path(put, path = "/requests/{id}", tag = "requests", params(("id" = String, Path)), request_body = ApplicationBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn change(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(asked): Body<ApplicationBody>,
) -> Answer {
    let request = flow::change_request(&app, &actor, id(&which, "request")?, asked.read(app.now())?).await?;
    Ok(Json(view(&app, &request, None)))
}

/// Submit a draft with the applicant's warrant.
#[utoipa::path(post, path = "/requests/{id}/submit", tag = "requests", params(("id" = String, Path)), request_body = WarrantBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn submit(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(warrant): Body<WarrantBody>,
) -> Answer {
    let request = flow::submit_request(&app, &actor, id(&which, "request")?, warrant.into()).await?;
    Ok(Json(view(&app, &request, None)))
}

/// The whole application anew, with a note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupplementBody {
    application: ApplicationBody,
    #[serde(default)]
    note: String,
}

/// Answer a supplement.
#[utoipa::path(post, path = "/requests/{id}/supplement", tag = "requests", params(("id" = String, Path)), request_body = SupplementBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn supplement(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<SupplementBody>,
) -> Answer {
    let asked = it.application.read(app.now())?;
    let request = flow::supplement_request(&app, &actor, id(&which, "request")?, asked, it.note).await?;
    Ok(Json(view(&app, &request, None)))
}

/// Take a request back.
#[utoipa::path(post, path = "/requests/{id}/withdraw", tag = "requests", params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn withdraw(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonBody>,
) -> Answer {
    let request = flow::withdraw_request(&app, &actor, id(&which, "request")?, it.reason).await?;
    Ok(Json(view(&app, &request, None)))
}

/// What a checker says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpinionBody {
    #[serde(default)]
    opinion: String,
}

/// Conformity check: in order. Unconditional data is granted with it.
#[utoipa::path(post, path = "/requests/{id}/accept", tag = "requests", params(("id" = String, Path)), request_body = OpinionBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn accept(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<OpinionBody>,
) -> Answer {
    let done = flow::accept_request(&app, &actor, id(&which, "request")?, it.opinion).await?;
    Ok(Json(decided(&app, &done)))
}

/// Everything that is missing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MissingBody {
    missing: Vec<String>,
}

/// Conformity check: ask for a supplement, once and for everything.
#[utoipa::path(post, path = "/requests/{id}/ask-supplement", tag = "requests", params(("id" = String, Path)), request_body = MissingBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn ask_supplement(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<MissingBody>,
) -> Answer {
    let request = flow::ask_supplement(&app, &actor, id(&which, "request")?, it.missing).await?;
    Ok(Json(view(&app, &request, None)))
}

/// Terms, never wider than asked. What is left out is as it was asked, under the catalogue's default masks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantBody {
    /// The items; a mask that is named is the provider's explicit decision.
    items: Option<Vec<ItemWish>>,
    /// Rows, in addition to the asked rule.
    rows: Option<String>,
    modes: Option<Vec<String>>,
    quota_per_day: Option<u64>,
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    opinion: String,
}

impl GrantBody {
    fn read(&self) -> Result<GrantWish, Problem> {
        let mut it = Reader::default();
        let items = self
            .items
            .as_ref()
            .map(|items| with_masks(&mut it, items))
            .transpose_read();
        let rows = it.rows(self.rows.as_deref());
        let modes = self.modes.as_ref().map(|modes| it.all("modes", modes)).transpose_read();
        let from = self
            .from
            .as_deref()
            .map(|text| it.instant("from", text, false))
            .transpose_read();
        let until = self
            .until
            .as_deref()
            .map(|text| it.instant("until", text, true))
            .transpose_read();
        let quota_per_day = self.quota_per_day;
        let read = || {
            Some(GrantWish {
                items: items?,
                rows: rows?,
                modes: modes?,
                quota_per_day,
                from: from?,
                until: until?,
            })
        };
        it.done(read())
    }
}

/// Absent stays absent, unreadable is `None`.
pub(crate) trait TransposeRead<T> {
    /// `None` → `Some(None)`, `Some(None)` → `None`.
    #[allow(clippy::option_option, reason = "absent and unreadable are two things")]
    fn transpose_read(self) -> Option<Option<T>>;
}

impl<T> TransposeRead<T> for Option<Option<T>> {
    fn transpose_read(self) -> Self {
        self.map_or(Some(None), |it| it.map(Some))
    }
}

/// Grant: the agreement is made and opens the data at once.
#[utoipa::path(post, path = "/requests/{id}/grant", tag = "requests", params(("id" = String, Path)), request_body = GrantBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn grant(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<GrantBody>,
) -> Answer {
    let wish = it.read()?;
    let done = flow::grant_request(&app, &actor, id(&which, "request")?, wish, it.opinion).await?;
    Ok(Json(decided(&app, &done)))
}

/// Why not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusalBody {
    /// withheld, no-basis, not-necessary, not-held or other.
    kind: String,
    reasons: String,
    /// The law, regulation or State Council decision; must be there for `withheld`.
    law: Option<String>,
}

/// Refuse, with reasons.
#[utoipa::path(post, path = "/requests/{id}/refuse", tag = "requests", params(("id" = String, Path)), request_body = RefusalBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn refuse(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<RefusalBody>,
) -> Answer {
    let mut reader = Reader::default();
    let kind: Option<RefusalKind> = reader.read("kind", &it.kind);
    let kind = reader.done(kind)?;
    let request = flow::refuse_request(&app, &actor, id(&which, "request")?, kind, it.reasons, it.law).await?;
    Ok(Json(view(&app, &request, None)))
}

/// Ask the authority for more time to decide (T4).
#[utoipa::path(post, path = "/requests/{id}/extension", tag = "requests", params(("id" = String, Path)), request_body = ExtensionBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn extend(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ExtensionBody>,
) -> Answer {
    let request = flow::extend_request(&app, &actor, id(&which, "request")?, it.days, it.reason).await?;
    Ok(Json(view(&app, &request, None)))
}

/// The authority's answer to the wish for more time.
#[utoipa::path(put, path = "/requests/{id}/extension", tag = "requests", params(("id" = String, Path)), request_body = ConsentBody,
    responses((status = 200, body = RequestView), (status = "4XX", body = Problem)))]
async fn answer_extension(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ConsentBody>,
) -> Answer {
    let request = flow::answer_extension(&app, &actor, id(&which, "request")?, it.consent, it.reason).await?;
    Ok(Json(view(&app, &request, None)))
}

/// Terms to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// Those that were asked, under the stricter of wish and catalogue, when absent.
    items: Option<Vec<ItemWish>>,
    /// Rows, in addition to the asked rule.
    rows: Option<String>,
}

/// The same live rows as they are and as they would leave.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// The columns, in order.
    columns: Vec<String>,
    #[schema(value_type = Vec<Object>)]
    before: Value,
    #[schema(value_type = Vec<Object>)]
    after: Value,
}

/// Both sides of a preview.
pub(crate) fn side_by_side(it: &platform::engine::Preview) -> Result<PreviewView, Problem> {
    let columns = it
        .after
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    Ok(PreviewView {
        columns,
        before: rows(&it.before)?,
        after: rows(&it.after)?,
    })
}

fn rows(batch: &RecordBatch) -> Result<Value, Problem> {
    let failed = |it: &dyn std::fmt::Display| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", it);
    let shape = platform::engine::shape::Shape::of(&batch.schema(), &[]).map_err(|it| failed(&it))?;
    let mut out = Vec::new();
    let mut encoder =
        encode::Encoder::new(shape, encode::Format::Json, encode::Options::default()).map_err(|it| failed(&it))?;
    encoder.begin(&mut out).map_err(|it| failed(&it))?;
    encoder.rows(batch, &mut out).map_err(|it| failed(&it))?;
    encoder.end(&mut out).map_err(|it| failed(&it))?;
    serde_json::from_slice(&out).map_err(|it| failed(&it))
}

/// Look at masks and row rule on live rows before deciding; for the provider's people.
#[utoipa::path(post, path = "/requests/{id}/preview", tag = "requests", params(("id" = String, Path)), request_body = PreviewBody,
    responses((status = 200, body = PreviewView), (status = "4XX", body = Problem)))]
async fn preview(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<PreviewBody>,
) -> Result<Json<PreviewView>, Problem> {
    let mut reader = Reader::default();
    let items = it
        .items
        .as_ref()
        .map(|items| granted(&mut reader, items))
        .transpose_read();
    let rows = reader.maybe("rows", it.rows.as_deref());
    let (items, rows) = reader.done(items.zip(rows))?;
    let seen = flow::preview_request(&app, &actor, id(&which, "request")?, items, rows).await?;
    Ok(Json(side_by_side(&seen)?))
}
