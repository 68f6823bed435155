//! API tokens: one's own, and those of programs for the system administrator.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use platform::{
    App,
    flow::{self, TokenWish},
    staff::{Secret, Token},
    vocab::{Role, TokenId, time::to_text},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::people::actor_id;
use crate::{
    body::Body,
    problem::Problem,
    who::{Recognised, Who},
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_tokens, issue_token))
        .routes(routes!(revoke_token))
        .routes(routes!(list_tokens_of, issue_service_token))
        .routes(routes!(revoke_token_of))
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    id: String,
    /// The last four characters of the secret.
    hint: String,
    name: String,
    org: String,
    roles: Vec<String>,
    created_at: String,
    expires_at: String,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
    /// Does it open anything now?
    alive: bool,
}

/// A wish for a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for.
    name: String,
    /// Some of my roles; all when absent.
    #[serde(default)]
    roles: Vec<String>,
    /// Days until it ends.
    #[schema(minimum = 1)]
    days: u32,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Issued {
    token: TokenView,
    /// For `Authorization: Bearer …`; told this once.
    secret: String,
}

/// My tokens, the newest first.
#[utoipa::path(get, path = "/tokens", tag = "tokens",
    responses((status = 200, body = Vec<TokenView>), (status = "4XX", body = Problem)))]
async fn list_tokens(State(app): State<Arc<App>>, Who(actor): Who) -> Result<Json<Vec<TokenView>>, Problem> {
    let all = flow::list_tokens(&app, &actor).await?;
    Ok(Json(all.into_iter().map(|it| view(&app, it)).collect()))
}

/// Issue a token for the organisation I act for; in a session only.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = Issued), (status = "4XX", body = Problem)))]
async fn issue_token(
    State(app): State<Arc<App>>,
    Who(_actor): Who,
    Recognised(known): Recognised,
    Body(it): Body<NewToken>,
) -> Result<impl IntoResponse, Problem> {
    let made = flow::issue_token(&app, &known, wish(&app, it)?).await?;
    Ok((StatusCode::CREATED, Json(issued(&app, made))))
}

/// Take one of my tokens back.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path, description = "tok_…")),
    responses((status = 204, description = "Revoked"), (status = "4XX", body = Problem)))]
async fn revoke_token(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    flow::revoke_token(&app, &actor, token_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens of a person or program.
#[utoipa::path(get, path = "/people/{id}/tokens", tag = "tokens", params(("id" = String, Path)),
    responses((status = 200, body = Vec<TokenView>), (status = "4XX", body = Problem)))]
async fn list_tokens_of(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<Vec<TokenView>>, Problem> {
    let all = flow::list_tokens_of(&app, &actor, actor_id(&id)?).await?;
    Ok(Json(all.into_iter().map(|it| view(&app, it)).collect()))
}

/// Issue a token for a program.
#[utoipa::path(post, path = "/people/{id}/tokens", tag = "tokens", params(("id" = String, Path)), request_body = NewToken,
    responses((status = 201, body = Issued), (status = "4XX", body = Problem)))]
async fn issue_service_token(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(id): Path<String>,
    Body(it): Body<NewToken>,
) -> Result<impl IntoResponse, Problem> {
    let made = flow::issue_service_token(&app, &actor, actor_id(&id)?, wish(&app, it)?).await?;
    Ok((StatusCode::CREATED, Json(issued(&app, made))))
}

/// Take somebody's token back.
#[utoipa::path(delete, path = "/people/{id}/tokens/{token}", tag = "tokens",
    params(("id" = String, Path), ("token" = String, Path)),
    responses((status = 204, description = "Revoked"), (status = "4XX", body = Problem)))]
async fn revoke_token_of(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path((id, token)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    flow::revoke_token_of(&app, &actor, actor_id(&id)?, token_id(&token)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn wish(app: &App, it: NewToken) -> Result<TokenWish, Problem> {
    let roles = it
        .roles
        .iter()
        .map(|it| it.parse::<Role>())
        .collect::<Result<_, _>>()
        .map_err(Problem::unreadable)?;
    Ok(TokenWish {
        name: it.name,
        roles,
        expires_at: flow::token_end(app, it.days),
    })
}

fn issued(app: &App, (token, secret): (Token, Secret)) -> Issued {
    Issued {
        token: view(app, token),
        secret: secret.expose().to_owned(),
    }
}

fn view(app: &App, it: Token) -> TokenView {
    TokenView {
        alive: it.is_alive(app.now()),
        id: it.id.to_string(),
        hint: it.hint,
        name: it.name,
        org: it.org.to_string(),
        roles: it.roles.iter().map(ToString::to_string).collect(),
        created_at: to_text(it.created_at),
        expires_at: to_text(it.expires_at),
        last_used_at: it.last_used_at.map(to_text),
        revoked_at: it.revoked_at.map(to_text),
    }
}

fn token_id(text: &str) -> Result<TokenId, Problem> {
    text.parse().map_err(|_| Problem::not_found("token"))
}
