//! People and their posts, for the system administrator; and what everybody does with the own account.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json,
    extract::{ConnectInfo, Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use platform::{
    App, Error, Fault,
    flow::{self, FirstPassword},
    staff::{self, NewPerson, Person},
    vocab::{ActorId, OrgId, Role, SessionId, time::to_text},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::session::set_cookie;
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::{Recognised, Who},
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_people, register_person))
        .routes(routes!(show_person, change_person))
        .routes(routes!(set_posts))
        .routes(routes!(disable_person))
        .routes(routes!(enable_person))
        .routes(routes!(unlock_person))
        .routes(routes!(reset_password))
        .routes(routes!(change_own_password))
        .routes(routes!(switch_org))
        .routes(routes!(list_own_sessions, end_other_sessions))
        .routes(routes!(end_session))
}

/// A role in an organisation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostView {
    /// `org_…`.
    org: String,
    /// data-officer, approver, authority, system-admin, security-admin, auditor, leader, service.
    role: String,
}

/// A person or program.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonView {
    id: String,
    login: String,
    name_zh: String,
    name_en: String,
    org: String,
    posts: Vec<PostView>,
    /// active, locked or disabled.
    state: &'static str,
    /// When a lock opens by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<String>,
    must_change_password: bool,
    created_at: String,
    /// Signed in or used a session or token last; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<String>,
}

/// A part of the list of people.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeopleView {
    items: Vec<PersonView>,
    /// `after` of the next part.
    next: Option<String>,
}

/// Somebody new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPersonBody {
    /// 2 to 64 of a-z, 0-9, `.`, `_`, `-`, `@`.
    login: String,
    name_zh: String,
    #[serde(default)]
    name_en: String,
    org: String,
    #[serde(default)]
    posts: Vec<PostView>,
    /// The first password; a random one is made and answered once when absent.
    password: Option<String>,
    /// `true` for a program that uses tokens and never signs in.
    #[serde(default)]
    without_password: bool,
}

/// Somebody who was registered, or got a new password.
#[derive(Serialize, ToSchema)]
pub(crate) struct WithPassword {
    person: PersonView,
    /// The generated password; told this once. It must be changed at the first sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// Names and organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonBody {
    name_zh: String,
    #[serde(default)]
    name_en: String,
    org: String,
}

/// Every post of a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostsBody {
    posts: Vec<PostView>,
}

/// The own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    old: String,
    new: String,
}

/// The organisation to act for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActForBody {
    org: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    id: String,
    org: String,
    began_at: String,
    seen_at: String,
    ends_at: String,
    from: String,
    /// The one this request came with.
    current: bool,
}

/// Which people.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeopleQuery {
    /// Those who belong to, or hold a role in, this organisation.
    org: Option<String>,
    /// Part of a name or sign-in name.
    text: Option<String>,
    /// `next` of the part before.
    after: Option<String>,
    /// At most so many, 1 to 500.
    limit: Option<u64>,
}

/// People I may see, in the order of their sign-in names.
#[utoipa::path(get, path = "/people", tag = "people", params(PeopleQuery),
    responses((status = 200, body = PeopleView), (status = "4XX", body = Problem)))]
async fn list_people(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(query): Query<PeopleQuery>,
) -> Result<Json<PeopleView>, Problem> {
    let filter = staff::store::Filter {
        org: query.org.as_deref().map(org_id).transpose()?,
        text: query.text.filter(|it| !it.trim().is_empty()),
        after: query
            .after
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(Problem::unreadable)?,
    };
    let people = flow::list_people(&app, &actor, filter, query.limit.unwrap_or(50)).await?;
    let items = people.all.iter().map(|it| person(&app, it)).collect();
    Ok(Json(PeopleView {
        items,
        next: people.next.map(String::from),
    }))
}

/// Register a person or program.
#[utoipa::path(post, path = "/people", tag = "people", request_body = NewPersonBody,
    responses((status = 201, body = WithPassword), (status = "4XX", body = Problem)))]
async fn register_person(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<NewPersonBody>,
) -> Result<impl IntoResponse, Problem> {
    let first = match it.password {
        _ if it.without_password => FirstPassword::None,
        Some(text) => FirstPassword::Chosen(text),
        None => FirstPassword::Generated,
    };
    let login = it
        .login
        .parse()
        .map_err(|error: staff::BadLogin| field("login", "login", &error))?;
    let new = NewPerson {
        login,
        name_zh: it.name_zh,
        name_en: it.name_en,
        org: org_id(&it.org)?,
        posts: posts(&it.posts)?,
    };
    let done = flow::register_person(&app, &actor, new, first).await?;
    let password = done.password.map(|it| it.expose().to_owned());
    Ok((
        StatusCode::CREATED,
        Json(WithPassword {
            person: person(&app, &done.person),
            password,
        }),
    ))
}

/// A person.
#[utoipa::path(get, path = "/people/{id}", tag = "people", params(("id" = String, Path, description = "act_…")),
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn show_person(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(person(
        &app,
        &flow::show_person(&app, &actor, actor_id(&id)?).await?,
    )))
}

/// Change a person's names and organisation.
#[utoipa::path(put, path = "/people/{id}", tag = "people", params(("id" = String, Path)), request_body = PersonBody,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn change_person(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
    Body(it): Body<PersonBody>,
) -> Result<Json<PersonView>, Problem> {
    let org = org_id(&it.org)?;
    let changed = flow::change_person(&app, &actor, actor_id(&id)?, &it.name_zh, &it.name_en, org).await?;
    Ok(Json(person(&app, &changed)))
}

/// Replace a person's posts.
#[utoipa::path(put, path = "/people/{id}/posts", tag = "people", params(("id" = String, Path)), request_body = PostsBody,
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn set_posts(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
    Body(it): Body<PostsBody>,
) -> Result<Json<PersonView>, Problem> {
    let changed = flow::set_posts(&app, &actor, actor_id(&id)?, &posts(&it.posts)?).await?;
    Ok(Json(person(&app, &changed)))
}

/// Switch a person off: sessions end, tokens are taken back.
#[utoipa::path(post, path = "/people/{id}/disable", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn disable_person(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(person(
        &app,
        &flow::disable_person(&app, &actor, actor_id(&id)?).await?,
    )))
}

/// Switch a person on again; tokens stay revoked.
#[utoipa::path(post, path = "/people/{id}/enable", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn enable_person(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(person(
        &app,
        &flow::enable_person(&app, &actor, actor_id(&id)?).await?,
    )))
}

/// Open a lock that failed sign-ins closed.
#[utoipa::path(post, path = "/people/{id}/unlock", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn unlock_person(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(person(
        &app,
        &flow::unlock_person(&app, &actor, actor_id(&id)?).await?,
    )))
}

/// Give a person a random password, told once.
#[utoipa::path(post, path = "/people/{id}/password", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = WithPassword), (status = "4XX", body = Problem)))]
async fn reset_password(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<WithPassword>, Problem> {
    let (changed, secret) = flow::reset_password(&app, &actor, actor_id(&id)?).await?;
    Ok(Json(WithPassword {
        person: person(&app, &changed),
        password: Some(secret.expose().to_owned()),
    }))
}

/// Change the own password; every session ends and the answer brings a new one.
#[utoipa::path(post, path = "/me/password", tag = "people", request_body = PasswordBody,
    responses((status = 204, description = "Changed; a new session's cookie"), (status = "4XX", body = Problem)))]
async fn change_own_password(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Recognised(known): Recognised,
    Body(it): Body<PasswordBody>,
) -> Result<impl IntoResponse, Problem> {
    let signed_in = flow::change_own_password(&app, &known, &it.old, &it.new, &from.ip().to_string()).await?;
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, set_cookie(signed_in.secret.expose()))],
    ))
}

/// Act for another organisation in which I have a role.
#[utoipa::path(post, path = "/me/organisation", tag = "people", request_body = ActForBody,
    responses((status = 204, description = "Done"), (status = "4XX", body = Problem)))]
async fn switch_org(
    State(app): State<Arc<App>>,
    Who(_actor): Who,
    Recognised(known): Recognised,
    Body(it): Body<ActForBody>,
) -> Result<StatusCode, Problem> {
    flow::switch_org(&app, &known, org_id(&it.org)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where I am signed in.
#[utoipa::path(get, path = "/me/sessions", tag = "people",
    responses((status = 200, body = Vec<SessionView>), (status = "4XX", body = Problem)))]
async fn list_own_sessions(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Recognised(known): Recognised,
) -> Result<Json<Vec<SessionView>>, Problem> {
    let all = flow::list_own_sessions(&app, &actor).await?;
    let view = all.into_iter().map(|it| SessionView {
        current: known.via == staff::Via::Session(it.id),
        id: it.id.to_string(),
        org: it.org.to_string(),
        began_at: to_text(it.began_at),
        seen_at: to_text(it.seen_at),
        ends_at: to_text(it.idle_ends_at),
        from: it.ip_hint,
    });
    Ok(Json(view.collect()))
}

/// End every session of mine but this one.
#[utoipa::path(delete, path = "/me/sessions", tag = "people",
    responses((status = 204, description = "Ended"), (status = "4XX", body = Problem)))]
async fn end_other_sessions(
    State(app): State<Arc<App>>,
    Who(_actor): Who,
    Recognised(known): Recognised,
) -> Result<StatusCode, Problem> {
    flow::end_other_sessions(&app, &known).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of my sessions.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "people", params(("id" = String, Path, description = "ses_…")),
    responses((status = 204, description = "Ended"), (status = "4XX", body = Problem)))]
async fn end_session(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: SessionId = id.parse().map_err(|_| Problem::not_found("session"))?;
    flow::end_session(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn person(app: &App, it: &Person) -> PersonView {
    let (state, locked_until) = match it.state(app.now()) {
        staff::State::Active => ("active", None),
        staff::State::Locked { until } => ("locked", Some(to_text(until))),
        staff::State::Disabled => ("disabled", None),
    };
    PersonView {
        id: it.id.to_string(),
        login: it.login.to_string(),
        name_zh: it.name_zh.clone(),
        name_en: it.name_en.clone(),
        org: it.org.to_string(),
        posts: it
            .posts
            .iter()
            .map(|it| PostView {
                org: it.org.to_string(),
                role: it.role.to_string(),
            })
            .collect(),
        state,
        locked_until,
        last_seen_at: it.last_seen_at.map(to_text),
        must_change_password: it.must_change_password,
        created_at: to_text(it.created_at),
    }
}

fn posts(all: &[PostView]) -> Result<Vec<staff::Post>, Problem> {
    let post = |(n, it): (usize, &PostView)| {
        let org = it
            .org
            .parse::<OrgId>()
            .map_err(|error| field(&format!("posts[{n}].org"), "identifier", &error))?;
        let role = it
            .role
            .parse::<Role>()
            .map_err(|error| field(&format!("posts[{n}].role"), "role", &error))?;
        Ok(staff::Post { org, role })
    };
    all.iter().enumerate().map(post).collect()
}

fn org_id(text: &str) -> Result<OrgId, Problem> {
    text.parse::<OrgId>()
        .map_err(|error| field("org", "identifier", &error))
}

pub(crate) fn actor_id(text: &str) -> Result<ActorId, Problem> {
    text.parse().map_err(|_| Problem::not_found("person"))
}

/// One field that cannot be read.
fn field(name: &str, code: &'static str, error: &dyn std::fmt::Display) -> Problem {
    Error::Faults(vec![Fault::new(name, code, error.to_string())]).into()
}
