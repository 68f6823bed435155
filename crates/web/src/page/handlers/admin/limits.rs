//! Limits on passwords, sessions and tokens.

use std::sync::Arc;

use axum::{Router, routing::get};
use platform::{
    App, flow,
    staff::{Limit, LimitName, Stricter},
};

use super::{
    super::frame::{Page, Reader, correctable, done, errors},
    admin_ui, faulty,
};
use crate::{
    page::{
        Errors, Fields, Ui,
        admin::{StaffLimitForm, StaffLimitRow, StaffLimitsPage},
        answer, answer_with,
    },
    problem::{Fault, Problem},
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/admin/limits", get(show).post(set))
}

async fn show(reader: Reader) -> Page {
    let ui = admin_ui(&reader, "manage-clocks").await?;
    Ok(answer(
        &page(&reader, ui, StaffLimitForm::default(), Errors::default()).await?,
    ))
}

async fn page(reader: &Reader, ui: Ui, form: StaffLimitForm, errors: Errors) -> Result<StaffLimitsPage, Problem> {
    let row = |it: &Limit| StaffLimitRow {
        code: it.name.to_string(),
        value: it.value,
        national: it.national,
        lower: it.stricter == Stricter::Lower,
        basis: it.legal_basis.clone(),
    };
    Ok(StaffLimitsPage {
        rows: flow::list_limits(&reader.app).await?.iter().map(row).collect(),
        form,
        errors,
        ui,
    })
}

async fn set(reader: Reader, fields: Fields) -> Page {
    let form = StaffLimitForm::from_fields(&fields);
    let problem = match put(&reader, &form).await {
        Ok(()) => return Ok(done("/admin/limits", "saved")),
        Err(problem) if correctable(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    let ui = admin_ui(&reader, "manage-clocks").await?;
    let wrong = errors(&ui, &problem, |it| if it.is_empty() { "value" } else { it }.to_owned());
    Ok(answer_with(problem.status(), &page(&reader, ui, form, wrong).await?))
}

async fn put(reader: &Reader, form: &StaffLimitForm) -> Result<(), Problem> {
    let fault = |field: &str, code: &str, detail: String| faulty(vec![Fault::new(field, code, detail)]);
    let name: LimitName = form
        .name
        .parse()
        .map_err(|_| fault("name", "missing", "choose a limit".to_owned()))?;
    let value: u64 = form
        .value
        .parse()
        .map_err(|_| fault("value", "not-a-number", "the value is a whole number".to_owned()))?;
    flow::put_limit(&reader.app, reader.actor(), name, value, &form.basis).await?;
    Ok(())
}
