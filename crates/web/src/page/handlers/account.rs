//! Signing in and out, the reader's password and tokens.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Path, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use platform::{
    App, flow,
    staff::Token,
    vocab::{OrgId, Role, Timestamp},
};

use super::frame::{Asks, Guest, Page, Reader, correctable, done, errors, go, id};
use crate::{
    api::session::{clear_cookie, set_cookie},
    page::{
        Choice, Errors, Fields,
        account::{OrganisationPage, PasswordPage, SignInForm, SignInPage, TokenForm, TokenRow, TokensPage},
        answer, answer_with,
    },
    problem::Problem,
};

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sign-in", get(show_sign_in).post(sign_in))
        .route("/sign-out", axum::routing::post(sign_out))
        .route("/password", get(show_password).post(change_password))
        .route("/organisation", get(show_organisations).post(act_for))
        .route("/tokens", get(show_tokens).post(make_token))
        .route("/tokens/{id}/revoke", axum::routing::post(revoke))
}

/// Where somebody goes after signing in: a path of this site, nothing else.
fn local(next: &str) -> &str {
    let good =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']) && next != "/sign-in";
    if good { next } else { "/" }
}

async fn show_sign_in(guest: Guest, Asks(asked): Asks) -> Page {
    let form = SignInForm::from_fields(&asked);
    if guest.known.is_some() {
        return Ok(go(local(&form.next)));
    }
    Ok(answer(&SignInPage {
        ui: guest.ui("").await,
        form,
        errors: Errors::default(),
    }))
}

async fn sign_in(guest: Guest, ConnectInfo(from): ConnectInfo<SocketAddr>, fields: Fields) -> Page {
    let form = SignInForm::from_fields(&fields);
    match flow::sign_in(&guest.app, &form.login, &fields.raw("password"), &from.ip().to_string()).await {
        Ok(signed_in) => with_cookie(go(local(&form.next)), &set_cookie(signed_in.secret.expose())),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.status >= 500 {
                return Err(problem);
            }
            let ui = guest.ui("").await;
            let errors = errors(&ui, &problem, |_| "login".to_owned());
            Ok(answer_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &SignInPage { ui, form, errors },
            ))
        }
    }
}

async fn sign_out(State(app): State<Arc<App>>, guest: Guest) -> Page {
    if let Some(known) = &guest.known {
        flow::sign_out(&app, known).await?;
    }
    with_cookie(done("/", "signed-out"), &clear_cookie())
}

fn with_cookie(mut response: Response, cookie: &str) -> Page {
    let value = HeaderValue::from_str(cookie).map_err(|_| Problem::unreadable("the cookie cannot be written"))?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}

async fn show_password(reader: Reader) -> Page {
    let must = reader.known.must_change_password;
    Ok(answer(&PasswordPage {
        ui: reader.ui("").await,
        must,
        errors: Errors::default(),
    }))
}

async fn change_password(reader: Reader, ConnectInfo(from): ConnectInfo<SocketAddr>, fields: Fields) -> Page {
    let [old, new, again] = ["old", "new", "again"].map(|it| fields.raw(it));
    let ip = from.ip().to_string();
    let outcome = if new == again {
        flow::change_own_password(&reader.app, &reader.known, &old, &new, &ip).await
    } else {
        Err(platform::Error::fault(
            "again",
            "password-differs",
            "the two passwords differ",
        ))
    };
    let problem = match outcome {
        Ok(signed_in) => return with_cookie(done("/", "password-changed"), &set_cookie(signed_in.secret.expose())),
        Err(error) => Problem::from(error),
    };
    if problem.status >= 500 {
        return Err(problem);
    }
    let ui = reader.ui("").await;
    let place = if problem.code == "weak-password" { "new" } else { "old" };
    let errors = errors(&ui, &problem, |it| if it.is_empty() { place } else { it }.to_owned());
    let must = reader.known.must_change_password;
    Ok(answer_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &PasswordPage { ui, must, errors },
    ))
}

async fn show_organisations(reader: Reader) -> Page {
    let org = reader.actor().org.to_string();
    Ok(answer(&organisation_page(&reader, org, Errors::default()).await?))
}

async fn organisation_page(reader: &Reader, org: String, errors: Errors) -> Result<OrganisationPage, Problem> {
    let ui = reader.ui("").await;
    let posts = flow::list_own_posts(&reader.app, reader.actor()).await?;
    let choice = |(id, name, roles): &(OrgId, flow::Named, Vec<Role>)| Choice {
        hint: ui.ws(roles),
        ..Choice::new(id.to_string(), ui.named(name))
    };
    Ok(OrganisationPage {
        orgs: posts.iter().map(choice).collect(),
        org,
        errors,
        ui,
    })
}

async fn act_for(reader: Reader, fields: Fields) -> Page {
    let chosen = fields.one("org");
    let outcome = match chosen.parse() {
        Ok(org) => flow::switch_org(&reader.app, &reader.known, org).await,
        Err(_) => Err(platform::Error::fault("org", "missing", "choose an organisation")),
    };
    let problem = match outcome {
        Ok(()) => return Ok(done("/", "changed")),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("").await;
    let wrong = errors(&ui, &problem, |_| "org".to_owned());
    Ok(answer_with(
        problem.status(),
        &organisation_page(&reader, chosen, wrong).await?,
    ))
}

async fn show_tokens(reader: Reader) -> Page {
    let form = TokenForm {
        days: "90".to_owned(),
        ..TokenForm::default()
    };
    Ok(answer(&tokens_page(&reader, form, None, Errors::default()).await?))
}

async fn tokens_page(
    reader: &Reader,
    form: TokenForm,
    fresh: Option<String>,
    errors: Errors,
) -> Result<TokensPage, Problem> {
    let now = reader.app.now();
    let rows = flow::list_tokens(&reader.app, reader.actor()).await?;
    let rows = rows.iter().map(|it| token_row(it, now)).collect();
    Ok(TokensPage {
        ui: reader.ui("").await,
        base: "/tokens".to_owned(),
        whose: String::new(),
        rows,
        fresh,
        form,
        errors,
    })
}

pub(super) fn token_row(it: &Token, now: Timestamp) -> TokenRow {
    TokenRow {
        id: it.id.to_string(),
        name: format!("{} …{}", it.name, it.hint),
        made: it.created_at,
        expires: it.expires_at,
        used: it.last_used_at,
        dead: !it.is_alive(now),
    }
}

/// The page that shows the new token is the answer itself: its secret is told once and stands in no address.
async fn make_token(reader: Reader, fields: Fields) -> Page {
    let form = TokenForm::from_fields(&fields);
    let outcome = match form.days.parse::<u32>() {
        Ok(days) => {
            let expires_at = flow::token_end(&reader.app, days);
            let wish = flow::TokenWish {
                name: form.name.clone(),
                roles: Vec::new(),
                expires_at,
            };
            flow::issue_token(&reader.app, &reader.known, wish).await
        }
        Err(_) => Err(platform::Error::fault("days", "not-a-number", "days is a whole number")),
    };
    let problem = match outcome {
        Ok((_, secret)) => {
            let fresh = Some(secret.expose().to_owned());
            return Ok(answer(
                &tokens_page(&reader, TokenForm::default(), fresh, Errors::default()).await?,
            ));
        }
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("").await;
    let errors = errors(&ui, &problem, |it| if it.is_empty() { "name" } else { it }.to_owned());
    Ok(answer_with(
        problem.status(),
        &tokens_page(&reader, form, None, errors).await?,
    ))
}

async fn revoke(reader: Reader, Path(text): Path<String>) -> Page {
    flow::revoke_token(&reader.app, reader.actor(), id(&text)?).await?;
    Ok(done("/tokens", "token-revoked"))
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(local("/resources/res_1?a=b"), "/resources/res_1?a=b");
        for bad in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "javascript:1",
        ] {
            assert_eq!(local(bad), "/", "{bad}");
        }
    }
}
