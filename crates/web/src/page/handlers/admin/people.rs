//! People and their roles.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use platform::{
    App, Error,
    flow::{self, FirstPassword},
    staff::{NewPerson, Person, Post, State, store::Filter},
    vocab::{ActorId, OrgId, Role},
};

use super::{
    super::{
        account::token_row,
        frame::{Asks, Page, Reader, correctable, done, errors, id},
    },
    admin_ui, faulty,
};
use crate::{
    page::{
        Choice, Errors, Fields, Ui,
        account::{TokenForm, TokensPage},
        admin::{PeoplePage, PersonForm, PersonRow},
        answer, answer_with,
    },
    problem::{Fault, Problem},
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/people", get(list).post(create))
        .route("/admin/people/{id}", post(change))
        .route("/admin/people/{id}/lock", post(lock))
        .route("/admin/people/{id}/tokens", get(tokens).post(make_token))
        .route("/admin/people/{id}/tokens/{token}/revoke", post(revoke_token))
        .route("/admin/people/{id}/unlock", post(unlock))
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let ui = admin_ui(&reader, "manage-people").await?;
    let (mut editing, mut form) = (None, PersonForm::default());
    if let Ok(id) = asked.one("edit").parse::<ActorId>() {
        let person = flow::show_person(&reader.app, reader.actor(), id).await?;
        form = form_of(&person);
        editing = Some(id);
    }
    Ok(answer(
        &people_page(&reader, ui, editing, form, Errors::default()).await?,
    ))
}

async fn people_page(
    reader: &Reader,
    ui: Ui,
    editing: Option<ActorId>,
    form: PersonForm,
    errors: Errors,
) -> Result<PeoplePage, Problem> {
    let people = flow::list_people(&reader.app, reader.actor(), Filter::default(), 500)
        .await?
        .all;
    let tree = flow::list_orgs(&reader.app).await?;
    let name = |id: OrgId| tree.get(id).map_or_else(String::new, |it| ui.org(it));
    let rows = people
        .iter()
        .map(|it| row(&ui, it, name(it.org), reader.app.now()))
        .collect();
    let known = match editing {
        Some(id) => Some(flow::show_person(&reader.app, reader.actor(), id).await?),
        None => None,
    };
    let elsewhere = known.iter().flat_map(elsewhere).map(|it| {
        let text = format!("{} · {}", name(it.org), ui.w(&it.role));
        Choice::new(post_text(&it), text)
    });
    let elsewhere = elsewhere.collect();
    let orgs = tree
        .lines()
        .into_iter()
        .map(|(_, it)| Choice::new(it.id.to_string(), ui.name(&it.name, &it.name_en)))
        .collect();
    Ok(PeoplePage {
        rows,
        editing: editing.map(|it| it.to_string()),
        program: known.is_some_and(|it| is_program(&it)),
        orgs,
        elsewhere,
        form,
        errors,
        ui,
    })
}

fn row(ui: &Ui, it: &Person, org: String, now: platform::vocab::Timestamp) -> PersonRow {
    let state = match it.state(now) {
        State::Active => "active",
        State::Locked { .. } => "locked",
        State::Disabled => "disabled",
    };
    PersonRow {
        id: it.id.to_string(),
        login: it.login.to_string(),
        name: ui.name(&it.name_zh, &it.name_en).to_owned(),
        org,
        roles: it.roles_in(it.org),
        state: ui.state("person", state),
        locked: state != "active",
        seen: it.last_seen_at,
    }
}

fn form_of(it: &Person) -> PersonForm {
    PersonForm {
        login: it.login.to_string(),
        name: it.name_zh.clone(),
        org: it.org.to_string(),
        roles: it.roles_in(it.org).iter().map(|it| it.code().to_owned()).collect(),
        elsewhere: elsewhere(it).map(|it| post_text(&it)).collect(),
        more_org: String::new(),
        more_roles: Vec::new(),
    }
}

/// The posts outside the organisation that somebody belongs to.
fn elsewhere(it: &Person) -> impl Iterator<Item = Post> {
    it.posts.iter().copied().filter(|post| post.org != it.org)
}

/// A post as one value of a form.
fn post_text(it: &Post) -> String {
    format!("{}={}", it.org, it.role)
}

/// A program: nothing but services.
fn is_program(it: &Person) -> bool {
    !it.posts.is_empty() && it.posts.iter().all(|it| it.role == Role::Service)
}

/// Organisation and posts of the form: the roles there, those elsewhere that stay, and those in one more organisation.
fn posts(form: &PersonForm) -> Result<(OrgId, Vec<Post>), Problem> {
    let fault = |field: &str, detail: String| faulty(vec![Fault::new(field, "unknown-word", detail)]);
    let org: OrgId = form
        .org
        .parse()
        .map_err(|error: <OrgId as std::str::FromStr>::Err| fault("org", error.to_string()))?;
    let pair = |field: &str, org: &str, role: &str| {
        let org = org.parse::<OrgId>().map_err(|error| fault(field, error.to_string()))?;
        let role = role.parse::<Role>().map_err(|error| fault(field, error.to_string()))?;
        Ok::<_, Problem>(Post { org, role })
    };
    let mut posts = Vec::new();
    for role in &form.roles {
        posts.push(pair("roles", &form.org, role)?);
    }
    for text in &form.elsewhere {
        let (org, role) = text.split_once('=').unwrap_or((text.as_str(), ""));
        posts.push(pair("elsewhere", org, role)?);
    }
    if form.more_org.is_empty() && !form.more_roles.is_empty() {
        return Err(fault("more-org", "choose the organisation of these roles".to_owned()));
    }
    for role in &form.more_roles {
        posts.push(pair("more-org", &form.more_org, role)?);
    }
    posts.sort_unstable();
    posts.dedup();
    Ok((org, posts))
}

async fn create(reader: Reader, fields: Fields) -> Page {
    let form = PersonForm::from_fields(&fields);
    let outcome = register(&reader, &form, fields.raw("password")).await;
    finish(&reader, None, form, outcome).await
}

async fn register(reader: &Reader, form: &PersonForm, password: String) -> Result<(), Problem> {
    let login = form
        .login
        .parse()
        .map_err(|error: platform::staff::BadLogin| faulty(vec![Fault::new("login", "login", error.to_string())]))?;
    let (org, posts) = posts(form)?;
    let service = posts.iter().all(|it| it.role == Role::Service);
    let first = if password.is_empty() && service {
        FirstPassword::None
    } else {
        FirstPassword::Chosen(password)
    };
    let new = NewPerson {
        login,
        name_zh: form.name.clone(),
        name_en: String::new(),
        org,
        posts,
    };
    flow::register_person(&reader.app, reader.actor(), new, first).await?;
    Ok(())
}

async fn change(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id: ActorId = id(&text)?;
    let form = PersonForm::from_fields(&fields);
    let outcome = update(&reader, id, &form).await;
    finish(&reader, Some(id), form, outcome).await
}

/// Name and organisation, then the roles where they differ: each is a deed of its own in the ledger.
async fn update(reader: &Reader, id: ActorId, form: &PersonForm) -> Result<(), Problem> {
    let (org, posts) = posts(form)?;
    let known = flow::show_person(&reader.app, reader.actor(), id).await?;
    if known.name_zh != form.name || known.org != org {
        flow::change_person(&reader.app, reader.actor(), id, &form.name, &known.name_en, org).await?;
    }
    if posts != known.posts {
        flow::set_posts(&reader.app, reader.actor(), id, &posts).await?;
    }
    Ok(())
}

async fn finish(reader: &Reader, editing: Option<ActorId>, form: PersonForm, outcome: Result<(), Problem>) -> Page {
    let problem = match outcome {
        Ok(()) => return Ok(done("/admin/people", "saved")),
        Err(problem) if correctable(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    let ui = admin_ui(reader, "manage-people").await?;
    let place = match problem.code {
        "weak-password" => "password",
        "separation-of-duties" | "role-not-held" => "roles",
        _ => "login",
    };
    let errors = errors(&ui, &problem, |it| match it {
        "" => place.to_owned(),
        "name_zh" => "name".to_owned(),
        it if it.starts_with("posts") => "roles".to_owned(),
        it => it.to_owned(),
    });
    Ok(answer_with(
        problem.status(),
        &people_page(reader, ui, editing, form, errors).await?,
    ))
}

async fn tokens(reader: Reader, Path(text): Path<String>) -> Page {
    let form = TokenForm {
        days: "90".to_owned(),
        ..TokenForm::default()
    };
    Ok(answer(
        &tokens_page(&reader, id(&text)?, form, None, Errors::default()).await?,
    ))
}

/// The tokens of a program, for the administrator who issues them.
async fn tokens_page(
    reader: &Reader,
    id: ActorId,
    form: TokenForm,
    fresh: Option<String>,
    errors: Errors,
) -> Result<TokensPage, Problem> {
    let ui = admin_ui(reader, "manage-people").await?;
    let (app, actor) = (&reader.app, reader.actor());
    let person = flow::show_person(app, actor, id).await?;
    let rows = flow::list_tokens_of(app, actor, id).await?;
    Ok(TokensPage {
        base: format!("/admin/people/{id}/tokens"),
        whose: format!("{} · {}", person.name_zh, person.login),
        rows: rows.iter().map(|it| token_row(it, app.now())).collect(),
        fresh,
        form,
        errors,
        ui,
    })
}

/// The page that shows the new token is the answer itself: its secret is told once and stands in no address.
async fn make_token(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id: ActorId = id(&text)?;
    let form = TokenForm::from_fields(&fields);
    let outcome = match form.days.parse::<u32>() {
        Ok(days) => {
            let wish = flow::TokenWish {
                name: form.name.clone(),
                roles: Vec::new(),
                expires_at: flow::token_end(&reader.app, days),
            };
            flow::issue_service_token(&reader.app, reader.actor(), id, wish).await
        }
        Err(_) => Err(Error::fault("days", "not-a-number", "days is a whole number")),
    };
    let problem = match outcome {
        Ok((_, secret)) => {
            let fresh = Some(secret.expose().to_owned());
            let page = tokens_page(&reader, id, TokenForm::default(), fresh, Errors::default()).await?;
            return Ok(answer(&page));
        }
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("").await;
    let wrong = errors(&ui, &problem, |it| if it.is_empty() { "name" } else { it }.to_owned());
    let page = tokens_page(&reader, id, form, None, wrong).await?;
    Ok(answer_with(problem.status(), &page))
}

async fn revoke_token(reader: Reader, Path((person, token)): Path<(String, String)>) -> Page {
    flow::revoke_token_of(&reader.app, reader.actor(), id(&person)?, id(&token)?).await?;
    Ok(done(&format!("/admin/people/{person}/tokens"), "token-revoked"))
}

async fn lock(reader: Reader, Path(text): Path<String>) -> Page {
    flow::disable_person(&reader.app, reader.actor(), id(&text)?).await?;
    Ok(done("/admin/people", "changed"))
}

/// Opens whatever is closed: the lock of failed sign-ins, or the switch of an administrator.
async fn unlock(reader: Reader, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    let person = flow::show_person(&reader.app, reader.actor(), id).await?;
    let opened: Result<Person, Error> = match person.state(reader.app.now()) {
        State::Disabled => flow::enable_person(&reader.app, reader.actor(), id).await,
        State::Active | State::Locked { .. } => flow::unlock_person(&reader.app, reader.actor(), id).await,
    };
    opened?;
    Ok(done("/admin/people", "unlocked"))
}
