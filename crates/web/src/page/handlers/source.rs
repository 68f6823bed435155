//! Sources of the reader's department: connecting, testing, tables, profiles.

mod profile;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use platform::{
    App, Error,
    catalog::{Source, store},
    engine::Tested,
    flow,
    vocab::{SourceId, SourceKind, SourceSpec, profile::TableInfo},
};

use super::frame::{Asks, Page, Reader, correctable, done, errors, id, told};
use crate::{
    page::{
        Errors, Fields, Link, Tone, Ui, answer, answer_with,
        source::{SourceForm, SourceFormPage, SourcePage, SourceRow, SourcesPage, TableRow, TestView},
        why,
    },
    problem::Problem,
};

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sources", get(list).post(create))
        .route("/sources/new", get(new))
        .route("/sources/{id}", get(show).post(change))
        .route("/sources/{id}/edit", get(edit))
        .route("/sources/{id}/test", post(test))
        .route("/sources/{id}/remove", post(remove))
        .route("/sources/{id}/profile", get(profile::show).post(profile::start))
        .layer(Extension(Arc::new(profile::Profiles::default())))
}

/// A source of the reader's department, for somebody who may look into sources.
async fn own(reader: &Reader, text: &str) -> Result<Source, Problem> {
    let wanted: SourceId = id(text)?;
    let all = flow::list_sources(&reader.app, reader.actor()).await?;
    all.into_iter()
        .find(|it| it.id == wanted)
        .ok_or_else(|| Problem::not_found("source"))
}

/// The resources of the department by the source and table on which they are mounted.
async fn mounted(ui: &Ui, reader: &Reader) -> Result<BTreeMap<(SourceId, String), Link>, Problem> {
    let filter = store::Filter {
        providers: vec![reader.actor().org],
        ..store::Filter::default()
    };
    let page = store::Page {
        after: None,
        limit: 1000,
    };
    let found = flow::list_resources(&reader.app, reader.actor(), filter, page).await?;
    let link = |it: platform::catalog::Resource| {
        let title = ui.title(&it.content);
        let mount = it.content.mount?;
        Some((
            (mount.source, mount.table),
            Link::new(title, format!("/resources/{}", it.id)),
        ))
    };
    Ok(found.all.into_iter().filter_map(link).collect())
}

async fn list(reader: Reader) -> Page {
    let sources = flow::list_sources(&reader.app, reader.actor()).await?;
    let ui = reader.ui("sources").await;
    let mounted = mounted(&ui, &reader).await?;
    let rows = sources
        .iter()
        .map(|it| row(&ui, it, mounted.keys().filter(|(source, _)| *source == it.id).count()));
    Ok(answer(&SourcesPage {
        rows: rows.collect(),
        ui,
    }))
}

fn row(ui: &Ui, it: &Source, resources: usize) -> SourceRow {
    let state = match it.state.code() {
        "working" => "good",
        "failing" => "bad",
        _ => "unknown",
    };
    SourceRow {
        id: it.id.to_string(),
        name: it.name.clone(),
        kind: it.spec.kind,
        place: place(&it.spec),
        state: ui.state("source", state),
        tested: it.last_test.as_ref().map(|it| it.at),
        resources: resources as u64,
    }
}

/// Where a source is, without secrets.
fn place(spec: &SourceSpec) -> String {
    let option = |name: &str| spec.option(name).unwrap_or_default();
    match spec.kind {
        SourceKind::Postgres | SourceKind::Mysql => {
            let port = if option("port").is_empty() {
                String::new()
            } else {
                format!(":{}", option("port"))
            };
            format!("{}{port}/{}", option("host"), option("database"))
        }
        _ => option("path").to_owned(),
    }
}

async fn new(reader: Reader, Asks(asked): Asks) -> Page {
    let mut form = SourceForm::from_fields(&asked);
    if matches!(form.kind.as_str(), "postgres" | "mysql") && form.sslmode.is_empty() {
        form.sslmode = "prefer".to_owned();
    }
    show_form(&reader, None, form, false, None, Errors::default()).await
}

async fn edit(reader: Reader, Path(text): Path<String>) -> Page {
    let source = own(&reader, &text).await?;
    let form = form_of(&source);
    show_form(
        &reader,
        Some(source.id),
        form,
        source.sealed_secret.is_some(),
        None,
        Errors::default(),
    )
    .await
}

async fn show_form(
    reader: &Reader,
    id: Option<SourceId>,
    form: SourceForm,
    has_secret: bool,
    test: Option<TestView>,
    errors: Errors,
) -> Page {
    let ui = reader.ui("sources").await;
    let failed = !errors.none() || test.as_ref().is_some_and(|it| !it.good);
    let page = SourceFormPage {
        id: id.map(|it| it.to_string()),
        kind: form.kind.parse().ok(),
        kinds: ui.choices(SourceKind::ALL),
        form,
        has_secret,
        test,
        errors,
        ui,
    };
    Ok(answer_with(
        if failed {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        },
        &page,
    ))
}

fn form_of(it: &Source) -> SourceForm {
    let option = |name: &str| it.spec.option(name).unwrap_or_default().to_owned();
    SourceForm {
        name: it.name.clone(),
        kind: it.spec.kind.code().to_owned(),
        host: option("host"),
        port: option("port"),
        database: option("database"),
        user: option("user"),
        sslmode: option("sslmode"),
        path: option("path"),
        delimiter: option("delimiter"),
        encoding: option("encoding"),
        sheet: option("sheet"),
    }
}

/// How to reach the source, as the form says. Options that are not of the kind, or empty, are left out.
fn spec_of(form: &SourceForm, fields: &Fields) -> Result<SourceSpec, Problem> {
    let kind: SourceKind = form.kind.parse().map_err(Problem::unreadable)?;
    let server = [
        ("host", &form.host),
        ("port", &form.port),
        ("database", &form.database),
        ("user", &form.user),
    ];
    let options: Vec<(&str, &String)> = match kind {
        SourceKind::Postgres | SourceKind::Mysql => server.into_iter().chain([("sslmode", &form.sslmode)]).collect(),
        SourceKind::Csv => vec![
            ("path", &form.path),
            ("delimiter", &form.delimiter),
            ("encoding", &form.encoding),
        ],
        SourceKind::Xlsx => vec![("path", &form.path), ("sheet", &form.sheet)],
        _ => vec![("path", &form.path)],
    };
    let mut spec = SourceSpec::new(kind);
    for (name, value) in options.into_iter().filter(|(_, value)| !value.is_empty()) {
        spec = spec.with(name, value.clone());
    }
    let secret = fields.raw("secret");
    let server = matches!(kind, SourceKind::Postgres | SourceKind::Mysql);
    spec.secret = (server && !secret.is_empty()).then_some(secret);
    Ok(spec)
}

async fn create(reader: Reader, fields: Fields) -> Page {
    let form = SourceForm::from_fields(&fields);
    let spec = spec_of(&form, &fields)?;
    if fields.one("do") == "test" {
        let tested = flow::try_source(&reader.app, reader.actor(), &spec).await;
        return tried(&reader, None, form, false, tested).await;
    }
    match flow::connect_source(&reader.app, reader.actor(), &form.name, spec).await {
        Ok(source) => Ok(done(&format!("/sources/{}", source.id), "saved")),
        Err(error) => refused(&reader, None, form, false, error).await,
    }
}

async fn change(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let source = own(&reader, &text).await?;
    let form = SourceForm::from_fields(&fields);
    let spec = spec_of(&form, &fields)?;
    let has_secret = source.sealed_secret.is_some();
    if fields.one("do") == "test" {
        let tested = flow::try_change(&reader.app, reader.actor(), source.id, spec).await;
        return tried(&reader, Some(source.id), form, has_secret, tested).await;
    }
    match flow::change_source(&reader.app, reader.actor(), source.id, &form.name, spec).await {
        Ok(source) => Ok(done(&format!("/sources/{}", source.id), "saved")),
        Err(error) => refused(&reader, Some(source.id), form, has_secret, error).await,
    }
}

async fn tried(
    reader: &Reader,
    id: Option<SourceId>,
    form: SourceForm,
    has_secret: bool,
    tested: Result<Tested, Error>,
) -> Page {
    match tested {
        Ok(tested) => {
            let ui = reader.ui("sources").await;
            show_form(
                reader,
                id,
                form,
                has_secret,
                Some(found(&ui, &tested)),
                Errors::default(),
            )
            .await
        }
        Err(error) => refused(reader, id, form, has_secret, error).await,
    }
}

fn found(ui: &Ui, it: &Tested) -> TestView {
    TestView {
        good: true,
        text: ui.ab("test-found", &it.version, it.tables.to_string()),
        took_ms: it.latency_ms,
    }
}

/// What a failing source says, or what is wrong with the form.
async fn refused(reader: &Reader, id: Option<SourceId>, form: SourceForm, has_secret: bool, error: Error) -> Page {
    let ui = reader.ui("sources").await;
    if let Error::Engine(engine) = &error
        && let Some(cause) = engine.cause()
    {
        let test = TestView {
            good: false,
            text: ui.tk("cause-", cause.code()),
            took_ms: 0,
        };
        return show_form(reader, id, form, has_secret, Some(test), Errors::default()).await;
    }
    let problem = Problem::from(error);
    if !correctable(&problem) {
        return Err(problem);
    }
    let errors = errors(&ui, &problem, |it| if it.is_empty() { "name" } else { it }.to_owned());
    show_form(reader, id, form, has_secret, None, errors).await
}

async fn show(reader: Reader, Path(text): Path<String>) -> Page {
    let source = own(&reader, &text).await?;
    let ui = reader.ui("sources").await;
    let mounted = mounted(&ui, &reader).await?;
    let (tables, test) = match flow::list_source_tables(&reader.app, reader.actor(), source.id).await {
        Ok(tables) => (tables, None),
        Err(error) => (Vec::new(), Some(failing(&ui, error)?)),
    };
    let link = |it: &TableInfo| mounted.get(&(source.id, it.name.clone())).cloned();
    let tables: Vec<TableRow> = tables.iter().map(|it| table(it, link(it))).collect();
    let resources = mounted.keys().filter(|(it, _)| *it == source.id).count();
    Ok(answer(&SourcePage {
        it: row(&ui, &source, resources),
        test,
        tables,
        ui,
    }))
}

/// A source that does not answer is shown with its cause; everything else is a refusal.
fn failing(ui: &Ui, error: Error) -> Result<TestView, Problem> {
    match &error {
        Error::Engine(engine) if engine.cause().is_some() => {
            let code = engine.cause().map_or("other", platform::engine::Cause::code);
            Ok(TestView {
                good: false,
                text: ui.tk("cause-", code),
                took_ms: 0,
            })
        }
        _ => Err(error.into()),
    }
}

fn table(it: &TableInfo, resource: Option<Link>) -> TableRow {
    TableRow {
        name: it.name.clone(),
        comment: it.comment.clone().unwrap_or_default(),
        rows: it.rows_estimate,
        columns: it.columns.len(),
        resource,
    }
}

async fn test(reader: Reader, Path(text): Path<String>) -> Page {
    let tested = flow::test_source(&reader.app, reader.actor(), id(&text)?).await?;
    let to = format!("/sources/{}", tested.id);
    let good = tested.last_test.is_none_or(|it| it.fault.is_none());
    Ok(if good {
        done(&to, "tested")
    } else {
        told(&to, Tone::Bad, "tested-bad")
    })
}

async fn remove(reader: Reader, Path(text): Path<String>) -> Page {
    flow::remove_source(&reader.app, reader.actor(), id(&text)?).await?;
    Ok(done("/sources", "removed"))
}

/// What went wrong with a source's table, in the reader's words.
fn told_of(ui: &Ui, error: Error) -> String {
    if let Error::Engine(engine) = &error
        && let Some(cause) = engine.cause()
    {
        return ui.tk("cause-", cause.code());
    }
    let problem = Problem::from(error);
    why::problem(ui, &problem)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_form_is_a_spec_of_its_kind() {
        let pairs = [
            ("kind", "postgres"),
            ("host", "db"),
            ("port", "5432"),
            ("path", "/etc/passwd"),
            ("secret", " s p "),
        ];
        let fields = Fields(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
        let spec = spec_of(&SourceForm::from_fields(&fields), &fields).unwrap();
        assert_eq!(spec.option("path"), None);
        assert_eq!(spec.secret.as_deref(), Some(" s p "));
        assert_eq!(place(&spec), "db:5432/");
        let fields = Fields(vec![
            ("kind".to_owned(), "csv".to_owned()),
            ("path".to_owned(), "/a.csv".to_owned()),
        ]);
        assert_eq!(
            place(&spec_of(&SourceForm::from_fields(&fields), &fields).unwrap()),
            "/a.csv"
        );
        assert!(spec_of(&SourceForm::default(), &Fields::default()).is_err());
    }
}
