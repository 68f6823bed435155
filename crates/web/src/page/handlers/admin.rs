//! Administration: organisations, people, limits, calendar, and the dry run of the policy.

mod limits;
mod people;
mod rules;

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::Path, routing::get};
use platform::{
    App,
    catalog::{OrgTree, Organisation},
    flow, staff,
    vocab::{Level, OrgId, OrgKind},
};

use super::frame::{Asks, Page, Reader, correctable, done, errors, id};
use crate::{
    page::{
        Choice, Errors, Fields, Ui,
        admin::{OrgForm, OrgRow, OrgsPage},
        answer, answer_with,
    },
    problem::{Fault, Problem},
};

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/organisations", get(list).post(create))
        .route("/admin/organisations/{id}", axum::routing::post(change))
        .merge(people::router())
        .merge(limits::router())
        .merge(rules::router())
}

/// Refuses the page of an administration to everybody else. What is shown there is looked up afterwards.
async fn admin_ui(reader: &Reader, action: &str) -> Result<Ui, Problem> {
    let ui = reader.ui("admin").await;
    if ui.may(action) {
        Ok(ui)
    } else {
        Err(Problem::not_found("this page"))
    }
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let ui = admin_ui(&reader, "manage-orgs").await?;
    let tree = flow::list_orgs(&reader.app).await?;
    let editing = asked.one("edit").parse().ok().and_then(|it| tree.get(it));
    let (editing, form) = editing.map_or_else(|| (None, OrgForm::default()), |it| (Some(it.id), form_of(it)));
    Ok(answer(
        &orgs_page(&reader, ui, &tree, editing, form, Errors::default()).await?,
    ))
}

async fn orgs_page(
    reader: &Reader,
    ui: Ui,
    tree: &OrgTree,
    editing: Option<OrgId>,
    form: OrgForm,
    errors: Errors,
) -> Result<OrgsPage, Problem> {
    let mut people: BTreeMap<OrgId, u64> = BTreeMap::new();
    for it in flow::list_people(&reader.app, reader.actor(), staff::store::Filter::default(), 500)
        .await?
        .all
    {
        *people.entry(it.org).or_default() += 1;
    }
    let resources = published(reader).await?;
    let mut rows = Vec::new();
    let mut parents = Vec::new();
    for (depth, it) in tree.lines() {
        let depth = u8::try_from(depth.min(6)).unwrap_or(6);
        let name = ui.name(&it.name, &it.name_en);
        let count = |counts: &BTreeMap<OrgId, u64>| counts.get(&it.id).copied().unwrap_or(0);
        rows.push(OrgRow {
            id: it.id.to_string(),
            name: name.to_owned(),
            code: it.code.clone(),
            level: ui.w(&it.level).to_owned(),
            division: it.division.clone(),
            depth,
            resources: count(&resources),
            people: count(&people),
        });
        if editing.is_none_or(|id| tree.may_stand_below(id, it.id)) {
            parents.push(Choice::new(
                it.id.to_string(),
                format!("{}{name}", "　".repeat(depth.into())),
            ));
        }
    }
    let levels = ui.choices(Level::ALL);
    Ok(OrgsPage {
        rows,
        editing: editing.map(|it| it.to_string()),
        levels,
        kinds: ui.choices(OrgKind::ALL),
        parents,
        form,
        errors,
        ui,
    })
}

/// Published resources by provider, from the search index: it is what everybody finds.
async fn published(reader: &Reader) -> Result<BTreeMap<OrgId, u64>, Problem> {
    use platform::catalog::search::{Facet, Query};
    let found = flow::search_catalog(
        &reader.app,
        None,
        Query {
            limit: 1,
            ..Query::default()
        },
    )
    .await?;
    let counts = found.facets.get(&Facet::Provider).into_iter().flatten();
    Ok(counts
        .filter_map(|it| Some((it.value.parse().ok()?, it.count)))
        .collect())
}

fn form_of(it: &Organisation) -> OrgForm {
    OrgForm {
        name: it.name.clone(),
        name_en: it.name_en.clone(),
        short_name: it.short_name.clone(),
        kind: it.kind.code().to_owned(),
        code: it.code.clone(),
        level: it.level.code().to_owned(),
        division: it.division.clone(),
        parent: it.parent.map(|it| it.to_string()).unwrap_or_default(),
    }
}

/// The organisation as the form has it; what the form does not say stays as it was.
fn applied(form: &OrgForm, base: Organisation) -> Result<Organisation, Problem> {
    let mut faults = Vec::new();
    let mut wrong = |field: &str, code: &str, detail: String| {
        faults.push(Fault::new(field, code, detail));
    };
    let kind = form
        .kind
        .parse::<OrgKind>()
        .map_err(|error| wrong("kind", "unknown-word", error.to_string()));
    let level = form
        .level
        .parse::<Level>()
        .map_err(|error| wrong("level", "unknown-word", error.to_string()));
    let parent = match form.parent.as_str() {
        "" => Ok(None),
        text => text
            .parse::<OrgId>()
            .map(Some)
            .map_err(|error| wrong("parent", "unknown-word", error.to_string())),
    };
    match (level, parent, kind) {
        (Ok(level), Ok(parent), Ok(kind)) => Ok(Organisation {
            name: form.name.clone(),
            name_en: form.name_en.clone(),
            short_name: form.short_name.clone(),
            kind,
            code: form.code.clone(),
            division: form.division.clone(),
            level,
            parent,
            ..base
        }),
        _ => Err(faulty(faults)),
    }
}

fn faulty(faults: Vec<Fault>) -> Problem {
    let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    Problem::new(status, "faults", "some fields must be corrected").with_faults(faults)
}

async fn create(reader: Reader, fields: Fields) -> Page {
    let form = OrgForm::from_fields(&fields);
    let blank = Organisation {
        id: OrgId::new(),
        revision: 0,
        code: String::new(),
        name: String::new(),
        name_en: String::new(),
        short_name: String::new(),
        parent: None,
        level: Level::City,
        division: String::new(),
        kind: OrgKind::Department,
        created_at: reader.app.now(),
    };
    let saved = match applied(&form, blank) {
        Ok(org) => flow::register_org(&reader.app, reader.actor(), org)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    finish(&reader, None, form, saved).await
}

async fn change(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id: OrgId = id(&text)?;
    let tree = flow::list_orgs(&reader.app).await?;
    let base = tree
        .get(id)
        .cloned()
        .ok_or_else(|| Problem::not_found("organisation"))?;
    let form = OrgForm::from_fields(&fields);
    let saved = match applied(&form, base) {
        Ok(org) => flow::change_org(&reader.app, reader.actor(), org)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    finish(&reader, Some(id), form, saved).await
}

async fn finish(reader: &Reader, editing: Option<OrgId>, form: OrgForm, saved: Result<Organisation, Problem>) -> Page {
    let problem = match saved {
        Ok(_) => return Ok(done("/admin/organisations", "saved")),
        Err(problem) if correctable(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    let ui = admin_ui(reader, "manage-orgs").await?;
    let tree = flow::list_orgs(&reader.app).await?;
    let errors = errors(&ui, &problem, |it| if it.is_empty() { "name" } else { it }.to_owned());
    Ok(answer_with(
        problem.status(),
        &orgs_page(reader, ui, &tree, editing, form, errors).await?,
    ))
}
