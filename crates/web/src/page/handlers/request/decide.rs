//! The provider decides with the rows before its eyes: as they are and as they would leave, side by side.

use axum::extract::Path;
use platform::{
    Error,
    engine::Preview,
    flow::{self, GrantWish},
    sharing::{RefusalKind, Request},
    vocab::{GrantedItem, Mask, RequestId, RowRule, SharingMode},
};

use super::{
    super::{
        data::sheet,
        frame::{Page, Reader, correctable, done, errors, id},
        story,
    },
    answer_clock, facts, view,
};
use crate::{
    page::{
        Errors, Fields, Sheet, Ui, answer, answer_with,
        catalog::{Check, ItemRow},
        data::Column,
        request::{DecisionForm, DecisionItem, DecisionPage},
    },
    problem::Problem,
};

pub(super) async fn show(reader: Reader, Path(text): Path<String>) -> Page {
    let it = flow::show_request(&reader.app, reader.actor(), id(&text)?).await?;
    let content = story::entry(&reader.app, it.resource).await?;
    let form = proposed(&it, content.as_ref());
    Ok(answer(&decision_page(&reader, it.id, form, Errors::default()).await?))
}

pub(super) async fn decide(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let form = DecisionForm::from_fields(&fields);
    if fields.one("do") != "decide" {
        let page = decision_page(&reader, id, form, Errors::default()).await?;
        return Ok(if reader.part {
            answer(&page.as_preview())
        } else {
            answer(&page)
        });
    }
    let ui = reader.ui("tasks").await;
    let mut wrong = Errors::default();
    let outcome = verdict(&reader, &ui, id, &form, &mut wrong).await;
    let status = match outcome {
        Some(Ok(_)) => return Ok(done(&format!("/requests/{id}"), "decided")),
        Some(Err(error)) => {
            let problem = Problem::from(error);
            if !correctable(&problem) {
                return Err(problem);
            }
            wrong = errors(&ui, &problem, |it| story::field(it, "verdict"));
            problem.status()
        }
        None => axum::http::StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(answer_with(status, &decision_page(&reader, id, form, wrong).await?))
}

/// The decision as it was typed; nothing where the form cannot be read.
async fn verdict(
    reader: &Reader,
    ui: &Ui,
    id: RequestId,
    form: &DecisionForm,
    wrong: &mut Errors,
) -> Option<Result<Request, Error>> {
    let (app, actor) = (&reader.app, reader.actor());
    match form.verdict.as_str() {
        "grant" => {
            let wish = wish(ui, form, wrong)?;
            Some(
                flow::grant_request(app, actor, id, wish, form.reason.clone())
                    .await
                    .map(|it| it.request),
            )
        }
        "refuse" => {
            let Ok(kind) = form.kind.parse::<RefusalKind>() else {
                wrong.add("kind", ui.a("error-choose", ui.t("decide-kind")));
                return None;
            };
            let law = Some(form.law.clone()).filter(|it| !it.is_empty());
            Some(flow::refuse_request(app, actor, id, kind, form.reason.clone(), law).await)
        }
        _ => {
            wrong.add("verdict", ui.t("error-choose-decision"));
            None
        }
    }
}

/// What is granted; nothing where the form cannot be read.
fn wish(ui: &Ui, form: &DecisionForm, wrong: &mut Errors) -> Option<GrantWish> {
    let items = items(ui, form, wrong);
    if form.items.is_empty() {
        wrong.add("items", ui.t("error-choose-items"));
    }
    let rows = story::typed_rule(ui, &form.rows, wrong);
    let quota_per_day = story::typed_number(ui, &form.quota, "quota", wrong);
    let until = story::typed_day(ui, &form.until, "until", wrong).and_then(|it| story::midnight(it, 1));
    let modes = form
        .modes
        .iter()
        .filter_map(|it| it.parse::<SharingMode>().ok())
        .collect();
    wrong.none().then(|| GrantWish {
        items: Some(items.into_iter().map(|it| (it.item, Some(it.mask))).collect()),
        rows,
        modes: Some(modes),
        quota_per_day,
        from: None,
        until,
    })
}

fn items(ui: &Ui, form: &DecisionForm, wrong: &mut Errors) -> Vec<GrantedItem> {
    masked(ui, &form.items, |name| form.mask_of(name), wrong)
}

/// The chosen items with their masks as typed.
pub(crate) fn masked(
    ui: &Ui,
    names: &[String],
    mask_of: impl Fn(&str) -> String,
    wrong: &mut Errors,
) -> Vec<GrantedItem> {
    let mut all = Vec::new();
    for name in names {
        match mask_of(name).parse::<Mask>() {
            Ok(mask) => all.push(GrantedItem {
                item: name.clone(),
                mask,
            }),
            Err(error) => wrong.add(format!("mask.{name}"), ui.a("error-mask", error.0)),
        }
    }
    all
}

/// The form at first sight: everything as asked, under the stricter of wish and catalogue.
fn proposed(it: &Request, content: Option<&platform::catalog::Content>) -> DecisionForm {
    let asked = &it.application;
    let mask = |it: &GrantedItem| content.map_or_else(|| it.mask.clone(), |content| flow::stricter(content, it));
    DecisionForm {
        items: asked.items.iter().map(|it| it.item.clone()).collect(),
        masks: asked
            .items
            .iter()
            .map(|it| (it.item.clone(), mask(it).to_string()))
            .collect(),
        modes: asked.modes.iter().map(|it| it.code().to_owned()).collect(),
        quota: asked.quota_per_day.map(|it| it.to_string()).unwrap_or_default(),
        until: story::last_day(asked.until).to_string(),
        ..DecisionForm::default()
    }
}

async fn decision_page(
    reader: &Reader,
    id: RequestId,
    form: DecisionForm,
    mut wrong: Errors,
) -> Result<DecisionPage, Problem> {
    let (app, ui) = (&reader.app, reader.ui("tasks").await);
    let it = flow::show_request(app, reader.actor(), id).await?;
    let content = story::entry(app, it.resource).await?;
    let calendar = story::calendar(app).await?;
    let (before, after) = looked(reader, &ui, id, &form, &mut wrong).await?;
    let mut checks = facts(&ui, &it, content.as_ref());
    checks.push(Check {
        good: true,
        text: ui.t("check-accepted"),
        basis: String::new(),
    });
    Ok(DecisionPage {
        items: all_beside(&it, content.as_ref()),
        clock: answer_clock(&ui, &it, &calendar),
        checks,
        it: view(app, &ui, &it, content.as_ref()).await?,
        before,
        after,
        form,
        errors: wrong,
        ui,
    })
}

/// The items of the request, each beside the catalogue.
pub(crate) fn all_beside(it: &Request, content: Option<&platform::catalog::Content>) -> Vec<DecisionItem> {
    let rows: Vec<ItemRow> = content
        .iter()
        .flat_map(|it| &it.items)
        .map(super::convert::item)
        .collect();
    let asked = it.application.items.iter();
    asked
        .map(|it| beside(it, rows.iter().find(|row| row.name == it.item)))
        .collect()
}

/// An item of the request beside the catalogue.
fn beside(it: &GrantedItem, row: Option<&ItemRow>) -> DecisionItem {
    DecisionItem {
        name: it.item.clone(),
        class: row.map_or(platform::vocab::SharingClass::Conditional, |it| it.class),
        condition: row.map(|it| it.condition.clone()).unwrap_or_default(),
        sensitivity: row.map_or(platform::vocab::Sensitivity::None, |it| it.sensitivity),
        default_mask: row.map_or_else(|| "clear".to_owned(), |it| it.mask.clone()),
        asked_mask: it.mask.to_string(),
    }
}

/// Live rows before and after; what does not fit is told beside the form. A resource without a source has none.
async fn looked(
    reader: &Reader,
    ui: &Ui,
    id: RequestId,
    form: &DecisionForm,
    wrong: &mut Errors,
) -> Result<(Sheet, Sheet), Problem> {
    let mut unread = Errors::default();
    let items = items(ui, form, &mut unread);
    let rows: RowRule = story::typed_rule(ui, &form.rows, &mut unread);
    if wrong.none() {
        wrong.0.extend(unread.0.clone());
    }
    if !unread.none() || items.is_empty() {
        return Ok(Default::default());
    }
    let masks: Vec<Column> = items.iter().map(column).collect();
    match flow::preview_request(&reader.app, reader.actor(), id, Some(items), Some(rows)).await {
        Ok(preview) => sheets(&preview, &masks),
        Err(Error::NotFound(_)) => Ok(Default::default()),
        Err(error) => {
            let problem = Problem::from(error);
            if !correctable(&problem) {
                return Err(problem);
            }
            if wrong.none() {
                *wrong = errors(ui, &problem, |it| story::field(it, "rows"));
            }
            Ok(Default::default())
        }
    }
}

fn column(it: &GrantedItem) -> Column {
    Column {
        name: it.item.clone(),
        data_type: String::new(),
        mask: it.mask.to_string(),
    }
}

fn sheets(it: &Preview, masks: &[Column]) -> Result<(Sheet, Sheet), Problem> {
    let one = |batch, masks: &[Column]| sheet(std::slice::from_ref(batch), masks, usize::MAX);
    Ok((one(&it.before, &[])?, one(&it.after, masks)?))
}
