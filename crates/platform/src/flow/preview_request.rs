//! Rows side by side, as they are and as they would leave: for the provider's eyes, before it decides.

use engine::{Preview, digest::RowDigest};
use policy::About;
use serde_json::json;
use vocab::{Action, Actor, GrantedItem, RequestId, ResourceId, RowRule};

use super::{
    edit_resource::about as about_resource,
    fit_terms::{entry, stricter, trial_table},
    move_request::{about, show_request},
    open_data::source_spec,
};
use crate::{App, Change, Error, Event};

/// Rows a preview shows.
const ROWS: u64 = 20;

/// What a request would release, on live rows: before and after masks, under the asked row rule and one more. Without
/// items those that were asked, each under the stricter of wish and catalogue.
///
/// The rows are the provider's own, so there is no agreement; the ledger keeps that somebody looked and commits to
/// what was shown.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`] for everybody but the provider's officers and approvers;
/// [`Error::Faults`] for terms that do not fit; the source's errors.
pub async fn preview_request(
    app: &App,
    actor: &Actor,
    id: RequestId,
    items: Option<Vec<GrantedItem>>,
    rows: Option<RowRule>,
) -> Result<Preview, Error> {
    let request = show_request(app, actor, id).await?;
    let asked = &request.application;
    let rows = RowRule::and([asked.rows.clone(), rows.unwrap_or_default()]);
    let items = items.map_or_else(|| Wished::Asked(asked.items.clone()), Wished::Chosen);
    look(
        app,
        actor,
        request.resource,
        &about(&request),
        id.to_string(),
        items,
        &rows,
    )
    .await
}

/// The first rows of one's own resource, without and with its default masks.
///
/// # Errors
/// As [`preview_request`].
pub async fn preview_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<Preview, Error> {
    let resource = super::show_resource::own_resource(app, actor, id).await?;
    let rows = resource.content.row_scope.clone();
    look(
        app,
        actor,
        id,
        &about_resource(&resource),
        id.to_string(),
        Wished::Default,
        &rows,
    )
    .await
}

enum Wished {
    Asked(Vec<GrantedItem>),
    Chosen(Vec<GrantedItem>),
    Default,
}

async fn look(
    app: &App,
    actor: &Actor,
    resource: ResourceId,
    about: &About,
    subject: String,
    wished: Wished,
    rows: &RowRule,
) -> Result<Preview, Error> {
    let permit = policy::decide(&app.rules, actor, Action::PreviewData, about)?;
    let tx = app.read().await?;
    let version = entry(&tx, resource).await?;
    let source = source_spec(app, &tx, &version.content).await?;
    drop(tx);
    let content = &version.content;
    let items: Vec<GrantedItem> = match wished {
        Wished::Chosen(items) => items,
        Wished::Asked(items) => items
            .into_iter()
            .map(|it| GrantedItem {
                mask: stricter(content, &it),
                item: it.item,
            })
            .collect(),
        Wished::Default => content
            .items
            .iter()
            .map(|it| GrantedItem {
                item: it.name.clone(),
                mask: it.mask.clone(),
            })
            .collect(),
    };
    known(content, &items, rows)?;
    let table = trial_table(app, &version, source, &items, rows)?;
    let name = table.name.clone();
    let opened = app.engine.open_for_owner(vec![table]).await.map_err(unfit)?;
    let preview = opened.preview(&name, ROWS).await.map_err(unfit)?;
    let change = Change::begin(app, permit).await?;
    let body = json!({ "resource": resource, "items": items, "rows": rows.to_string(), "shown": preview.after.num_rows(),
        "digest": shown(app, resource, &preview)? });
    change
        .commit(&Event::new(Action::PreviewData, "data-previewed", subject, &body))
        .await?;
    Ok(preview)
}

/// Commits to the rows that were shown, as they are and as they would leave.
fn shown(app: &App, resource: ResourceId, preview: &Preview) -> Result<String, Error> {
    let mut digests = Vec::new();
    for batch in [&preview.before, &preview.after] {
        let mut digest = RowDigest::new(&batch.schema());
        digest.update(batch).map_err(Error::internal)?;
        digests.push(digest.to_hex());
    }
    let key = app.vault.derive("preview", &resource.to_string());
    Ok(ledger::receipt::commitment(&key, &digests.join(" ")))
}

fn known(content: &catalog::Content, items: &[GrantedItem], rows: &RowRule) -> Result<(), Error> {
    let names = items
        .iter()
        .map(|it| ("items", it.item.as_str()))
        .chain(rows.items().into_iter().map(|it| ("rows", it)));
    let unknown = names.filter(|(_, name)| content.item(name).is_none());
    let faults: Vec<_> = unknown
        .map(|(field, name)| {
            crate::error::Fault::new(field, "unknown-item", format!("the resource has no item `{name}`")).about(name)
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Faults(faults))
    }
}

/// What the engine says about a rule or mask is a fault of the form.
fn unfit(error: engine::Error) -> Error {
    match error {
        engine::Error::Question(why) => super::fit_terms::unfit_terms(why),
        other => other.into(),
    }
}
