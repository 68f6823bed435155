//! Signing in and out, and who one is.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json,
    extract::{ConnectInfo, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use platform::{App, flow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::Body,
    problem::Problem,
    who::{COOKIE, Recognised},
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(sign_in, sign_out))
        .routes(routes!(me))
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    login: String,
    password: String,
}

/// Who one is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    id: String,
    login: String,
    name: String,
    org: String,
    roles: Vec<String>,
    must_change_password: bool,
}

/// Sign in; the session's secret comes as a cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = Credentials,
    responses((status = 204, description = "Signed in"), (status = "4XX", body = Problem)))]
async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(it): Body<Credentials>,
) -> Result<impl IntoResponse, Problem> {
    let signed_in = flow::sign_in(&app, &it.login, &it.password, &from.ip().to_string()).await?;
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, set_cookie(signed_in.secret.expose()))],
    ))
}

/// Sign out: the session ends on the server.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204, description = "Signed out"), (status = "4XX", body = Problem)))]
async fn sign_out(State(app): State<Arc<App>>, Recognised(known): Recognised) -> Result<impl IntoResponse, Problem> {
    flow::sign_out(&app, &known).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie())]))
}

/// Who am I?
#[utoipa::path(get, path = "/me", tag = "session", responses((status = 200, body = Me), (status = "4XX", body = Problem)))]
async fn me(Recognised(known): Recognised) -> Json<Me> {
    let actor = known.actor;
    Json(Me {
        id: actor.id.to_string(),
        login: actor.login,
        name: actor.name,
        org: actor.org.to_string(),
        roles: actor.roles.iter().map(ToString::to_string).collect(),
        must_change_password: known.must_change_password,
    })
}

/// `Set-Cookie` of a session.
pub(crate) fn set_cookie(secret: &str) -> String {
    format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax")
}

/// `Set-Cookie` that ends it.
pub(crate) fn clear_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}
