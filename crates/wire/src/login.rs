//! Who calls: the handshake and the bearer of every call.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use platform::{
    App,
    flow::{Proof, know_actor, sign_in},
    vocab::Actor,
};
use tonic::{Request, Status, metadata::MetadataMap};

/// The secret a caller may use as bearer from now on: its token, or that of the session it has just begun.
pub(crate) async fn handshake<T>(app: &App, request: &Request<T>) -> Result<String, Status> {
    let from = request.remote_addr().map_or_else(String::new, |it| it.ip().to_string());
    let basic = authorization(request.metadata(), "Basic ")?;
    let text = STANDARD.decode(basic).ok().and_then(|it| String::from_utf8(it).ok());
    let text = text.ok_or_else(|| Status::unauthenticated("the credentials are not base64 of user:password"))?;
    let (user, password) = text
        .split_once(':')
        .ok_or_else(|| Status::unauthenticated("no password was sent"))?;
    if is_token(password) {
        known(app, password).await?;
        return Ok(password.to_owned());
    }
    let signed_in = sign_in(app, user, password, &from).await.map_err(|it| status(&it))?;
    if signed_in.must_change_password {
        return Err(Status::permission_denied("change your password first, in the console"));
    }
    Ok(signed_in.secret.expose().to_owned())
}

/// The actor behind the bearer of a call.
pub(crate) async fn caller<T>(app: &App, request: &Request<T>) -> Result<Actor, Status> {
    known(app, authorization(request.metadata(), "Bearer ")?).await
}

fn is_token(secret: &str) -> bool {
    platform::seal::token::is_shaped(secret)
}

async fn known(app: &App, secret: &str) -> Result<Actor, Status> {
    let by_token = know_actor(app, Proof::Token(secret)).await.map_err(|it| status(&it))?;
    let known = match by_token {
        Some(it) => Some(it),
        None => know_actor(app, Proof::Session(secret))
            .await
            .map_err(|it| status(&it))?,
    };
    match known {
        Some(it) if it.must_change_password => Err(Status::permission_denied("change your password first")),
        Some(it) => Ok(it.actor),
        None => Err(Status::unauthenticated("this token or session opens nothing")),
    }
}

fn authorization<'a>(metadata: &'a MetadataMap, kind: &str) -> Result<&'a str, Status> {
    metadata
        .get("authorization")
        .and_then(|it| it.to_str().ok())
        .and_then(|it| it.strip_prefix(kind))
        .map(str::trim)
        .ok_or_else(|| Status::unauthenticated("sign in by handshake, or send `authorization: Bearer …`"))
}

/// A refusal or failure, as gRPC says it. Exhaustive where the street may hear the reason.
pub(crate) fn status(error: &platform::Error) -> Status {
    use platform::{Error as E, engine::Error as Q};
    match error {
        E::Denied(it) => Status::permission_denied(it.sentence()),
        E::SignIn(it) => Status::unauthenticated(it.to_string()),
        E::Withheld { .. } => Status::permission_denied(error.to_string()),
        E::NotFound(it) => Status::not_found(format!("{it} does not exist")),
        E::Engine(Q::Question(it)) => Status::invalid_argument(it),
        E::Engine(it @ Q::Source { .. }) => Status::unavailable(it.to_string()),
        E::Engine(it @ Q::Limit(_)) => Status::resource_exhausted(it.to_string()),
        E::Engine(Q::Cancelled) => Status::cancelled("cancelled"),
        E::OverQuota => Status::resource_exhausted(error.to_string()),
        E::Busy | E::NoReceipt => Status::unavailable(error.to_string()),
        E::State(it) => Status::failed_precondition(it),
        other => {
            tracing::error!(error = other as &dyn std::error::Error, "a Flight call failed");
            Status::internal("the platform failed, not you; the reason is in its log")
        }
    }
}
