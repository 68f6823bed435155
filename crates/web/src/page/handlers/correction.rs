//! Corrections (校核): the list, asking for one, the answer; and the disputes that come of them.

pub(super) mod dispute;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use platform::{
    App, Error,
    flow::{self, CorrectionWish},
    sharing::{Agreement, Correction, CorrectionState as State, correction::Finding, store::AgreementFilter},
    vocab::{Action, AgreementId, Calendar, CorrectionId},
};

use super::{
    frame::{Asks, Page, Reader, correctable, done, errors, id},
    story,
};
use crate::{
    page::{
        Choice, Errors, Fields, Link, Pager, Ui, answer, answer_with,
        correction::{AnswerForm, CorrectionForm, CorrectionFormPage, CorrectionPage, CorrectionRow, CorrectionsPage},
    },
    problem::Problem,
};

/// Corrections on a page.
const SHOWN: u64 = 50;
/// Characters of a doubt in a list.
const SHORT: usize = 60;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/corrections", get(list).post(create))
        .route("/corrections/new", get(new))
        .route("/corrections/{id}", get(show))
        .route("/corrections/{id}/answer", post(reply))
        .route("/corrections/{id}/close", post(close))
        .route("/corrections/{id}/dispute", post(disagree))
        .route("/corrections/{id}/withdraw", post(withdraw))
        .route("/disputes/{id}", get(dispute::show).post(dispute::act))
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let (app, actor) = (&reader.app, reader.actor());
    let tab = if asked.one("tab") == "to-us" { "to-us" } else { "ours" };
    let offset = asked.one("after").parse().unwrap_or_default();
    let found = flow::list_corrections(app, actor, offset, SHOWN).await?;
    let ui = reader.ui("corrections").await;
    let calendar = story::calendar(app).await?;
    let mut rows = Vec::new();
    for it in found
        .all
        .iter()
        .filter(|it| (it.asker.org == actor.org) == (tab == "ours"))
    {
        rows.push(row(app, &ui, it, &calendar).await?);
    }
    let pager = Pager {
        next: found.next.map(|it| format!("/corrections?tab={tab}&after={it}")),
        ..Pager::default()
    };
    Ok(answer(&CorrectionsPage {
        tab: tab.to_owned(),
        rows,
        pager,
        ui,
    }))
}

async fn row(app: &App, ui: &Ui, it: &Correction, calendar: &Calendar) -> Result<CorrectionRow, Problem> {
    Ok(CorrectionRow {
        id: it.id.to_string(),
        title: story::entry(app, it.resource)
            .await?
            .map_or_else(|| it.no.clone(), |it| ui.title(&it)),
        doubt: short(&it.problem),
        asker: story::org(ui, app, it.asker.org).await?,
        state: story::state(ui, it.state),
        clock: story::running(ui, &it.timers, calendar),
    })
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(SHORT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

async fn new(reader: Reader, Asks(asked): Asks) -> Page {
    show_form(&reader, CorrectionForm::from_fields(&asked), Errors::default()).await
}

/// The agreements that the reader's department uses, or used.
async fn used(reader: &Reader) -> Result<Vec<Agreement>, Problem> {
    let filter = AgreementFilter {
        consumer: Some(reader.actor().org),
        ..Default::default()
    };
    Ok(flow::list_agreements(&reader.app, reader.actor(), filter, 0, 200)
        .await?
        .all)
}

async fn show_form(reader: &Reader, form: CorrectionForm, errors: Errors) -> Page {
    let all = used(reader).await?;
    let ui = reader.ui("corrections").await;
    let titles = story::titles(&ui, &reader.app, all.iter().map(|it| it.resource)).await?;
    let choice = |it: &Agreement| {
        let title = titles.get(&it.resource).map_or("", String::as_str);
        Choice::new(it.id.to_string(), format!("{title} · {}", it.no))
    };
    let chosen = all.iter().find(|it| it.id.to_string() == form.agreement);
    let items = chosen.map(|it| {
        it.terms()
            .items
            .iter()
            .map(|it| Choice::new(&it.item, &it.item))
            .collect()
    });
    let status = if errors.none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let agreements = all.iter().map(choice).collect();
    Ok(answer_with(
        status,
        &CorrectionFormPage {
            agreements,
            items: items.unwrap_or_default(),
            form,
            errors,
            ui,
        },
    ))
}

async fn create(reader: Reader, fields: Fields) -> Page {
    let form = CorrectionForm::from_fields(&fields);
    let agreement: AgreementId = id(&form.agreement)?;
    let found = used(&reader).await?.into_iter().find(|it| it.id == agreement);
    let found = found.ok_or_else(|| Problem::not_found("agreement"))?;
    let ui = reader.ui("corrections").await;
    let wrong = missing(&ui, &form);
    if !wrong.none() {
        return show_form(&reader, form, wrong).await;
    }
    match flow::ask_correction(&reader.app, reader.actor(), found.resource, wish(&form)).await {
        Ok(it) => Ok(done(&format!("/corrections/{}", it.id), "sent")),
        Err(error) => {
            let problem = Problem::from(error);
            if !correctable(&problem) {
                return Err(problem);
            }
            let wrong = errors(&ui, &problem, |it| story::field(it, "doubt"));
            show_form(&reader, form, wrong).await
        }
    }
}

fn missing(ui: &Ui, form: &CorrectionForm) -> Errors {
    let mut errors = Errors::default();
    for (field, value, label) in [
        ("key", &form.key, "correction-key"),
        ("doubt", &form.doubt, "correction-doubt"),
    ] {
        if value.is_empty() {
            errors.add(field, ui.a("error-required", ui.t(label)));
        }
    }
    errors
}

fn wish(form: &CorrectionForm) -> CorrectionWish {
    CorrectionWish {
        item: Some(form.item.clone()).filter(|it| !it.is_empty()),
        which: form.key.clone(),
        problem: form.doubt.clone(),
        evidence: form.evidence.clone(),
    }
}

async fn show(reader: Reader, Path(text): Path<String>) -> Page {
    Ok(answer(
        &correction_page(&reader, id(&text)?, AnswerForm::default(), Errors::default()).await?,
    ))
}

async fn correction_page(
    reader: &Reader,
    id: CorrectionId,
    form: AnswerForm,
    errors: Errors,
) -> Result<CorrectionPage, Problem> {
    let (app, actor) = (&reader.app, reader.actor());
    let it = flow::show_correction(app, actor, id).await?;
    let ui = reader.ui("corrections").await;
    let calendar = story::calendar(app).await?;
    let content = story::entry(app, it.resource).await?;
    let asks = actor.org == it.asker.org && ui.may(Action::RequestCorrection.code());
    let answers = actor.org == it.provider && ui.may(Action::AnswerCorrection.code());
    Ok(CorrectionPage {
        resource: story::resource(&ui, it.resource, content.as_ref()),
        sent: sent(&it),
        answer: it
            .answer
            .as_ref()
            .map(|it| format!("{} · {}", ui.w(&it.finding), it.text))
            .unwrap_or_default(),
        happenings: story::story(reader, &ui, &id.to_string()).await?,
        dispute: dispute(reader, &it).await?,
        can_answer: answers && it.state == State::Asked,
        can_close: asks && it.state == State::Answered,
        can_withdraw: asks && matches!(it.state, State::Asked | State::Answered),
        it: row(app, &ui, &it, &calendar).await?,
        form,
        errors,
        ui,
    })
}

fn sent(it: &Correction) -> CorrectionForm {
    CorrectionForm {
        agreement: String::new(),
        item: it.item.clone().unwrap_or_default(),
        key: it.which.clone(),
        doubt: it.problem.clone(),
        evidence: it.evidence.clone(),
    }
}

/// The dispute that came of a correction.
async fn dispute(reader: &Reader, it: &Correction) -> Result<Option<Link>, Problem> {
    if it.state != State::Disputed {
        return Ok(None);
    }
    Ok(dispute::over(reader, &it.id.to_string()).await?.into_iter().next())
}

/// A deed on the page of a correction; what it refuses stands above the same page.
async fn deed<T>(reader: &Reader, id: CorrectionId, outcome: Result<T, Error>, form: AnswerForm, word: &str) -> Page {
    let problem = match outcome {
        Ok(_) => return Ok(done(&format!("/corrections/{id}"), word)),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("corrections").await;
    let wrong = errors(&ui, &problem, |it| if it == "verdict" { it } else { "text" }.to_owned());
    Ok(answer_with(
        problem.status(),
        &correction_page(reader, id, form, wrong).await?,
    ))
}

async fn reply(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let form = AnswerForm::from_fields(&fields);
    let outcome = match form.verdict.parse::<Finding>() {
        Ok(finding) => flow::answer_correction(&reader.app, reader.actor(), id, finding, form.text.clone()).await,
        Err(error) => Err(Error::fault("verdict", "missing", error.to_string())),
    };
    deed(&reader, id, outcome, form, "answered").await
}

async fn close(reader: Reader, Path(text): Path<String>) -> Page {
    let id = id(&text)?;
    let outcome = flow::close_correction(&reader.app, reader.actor(), id).await;
    deed(&reader, id, outcome, AnswerForm::default(), "closed").await
}

async fn disagree(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let outcome = flow::dispute_correction(&reader.app, reader.actor(), id, fields.one("reason")).await;
    deed(&reader, id, outcome, AnswerForm::default(), "disputed").await
}

async fn withdraw(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id = id(&text)?;
    let outcome = flow::withdraw_correction(&reader.app, reader.actor(), id, fields.one("reason")).await;
    deed(&reader, id, outcome, AnswerForm::default(), "withdrawn").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_doubt_is_cut_between_characters() {
        assert_eq!(short("甲"), "甲");
        assert_eq!(short(&"甲".repeat(61)).chars().count(), SHORT + 1);
    }
}
