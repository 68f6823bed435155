//! Who is calling: a bearer token (programs) or the session cookie (people).

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    App,
    flow::{Proof, know_actor},
    staff::Known,
    vocab::Actor,
};

use crate::problem::Problem;

/// The session cookie. `__Host-` needs TLS, so the plain name serves plain HTTP on loopback and behind a proxy.
pub const COOKIE: &str = "jt-session";

/// The caller of an API. A handler that names it cannot be reached by nobody.
#[derive(Debug, Clone)]
pub struct Who(pub Actor);

/// The caller with how they were recognised; also for somebody who must change the password first.
#[derive(Debug, Clone)]
pub struct Recognised(pub Known);

/// A page's visitor, signed in or not.
#[derive(Debug, Clone)]
pub struct Visitor(pub Option<Known>);

/// A page's visitor who is signed in; others are sent to the sign-in page and come back afterwards.
#[derive(Debug, Clone)]
pub struct Member(pub Known);

/// A cookie's value.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'))
        .filter_map(|it| it.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

async fn recognise(parts: &Parts, app: &App) -> Result<Option<Known>, Problem> {
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let proof = match bearer {
        Some(text) => match text.strip_prefix("Bearer ") {
            Some(secret) => Proof::Token(secret.trim()),
            None => return Ok(None),
        },
        None => match cookie(&parts.headers, COOKIE) {
            Some(secret) => Proof::Session(secret),
            None => return Ok(None),
        },
    };
    Ok(know_actor(app, proof).await?)
}

fn stranger() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "sign-in",
        "sign in, or send a valid token as `Authorization: Bearer …`",
    )
}

impl FromRequestParts<Arc<App>> for Recognised {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        recognise(parts, app).await?.map(Self).ok_or_else(stranger)
    }
}

impl FromRequestParts<Arc<App>> for Who {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Recognised(known) = Recognised::from_request_parts(parts, app).await?;
        if known.must_change_password {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "change-password",
                "change your password first",
            ));
        }
        Ok(Self(known.actor))
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(recognise(parts, app).await.ok().flatten()))
    }
}

impl FromRequestParts<Arc<App>> for Member {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        match recognise(parts, app).await {
            Ok(Some(known)) if known.must_change_password && parts.uri.path() != "/password" => {
                Err(Redirect::to("/password").into_response())
            }
            Ok(Some(known)) => Ok(Self(known)),
            Ok(None) => Err(Redirect::to(&format!("/sign-in?next={}", encoded(&parts.uri))).into_response()),
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// Path and query as one query value.
fn encoded(uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |it| it.as_str());
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
