//! What several areas turn into rows and words of a page.

use std::sync::Arc;

use axum::{Router, routing::get};
use platform::{
    App, Error,
    flow::{self, Deed, Waiting},
    sharing::TaskKind,
    vocab::Actor,
};

use super::frame::{Page, Reader};
use crate::{
    locale::Lang,
    page::{
        Clock, Ui, answer,
        task::{TaskGroup, TaskRow, TasksPage},
    },
};

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new().route("/tasks", get(show_tasks))
}

async fn show_tasks(reader: Reader) -> Page {
    let ui = reader.ui("tasks").await;
    let rows = tasks(&reader.app, reader.actor(), &ui).await?;
    Ok(answer(&TasksPage {
        groups: grouped(rows),
        ui,
    }))
}

/// What waits for somebody, as rows.
pub(crate) async fn tasks(app: &App, actor: &Actor, ui: &Ui) -> Result<Vec<TaskRow>, Error> {
    Ok(flow::list_tasks(app, actor)
        .await?
        .iter()
        .map(|it| task(ui, it))
        .collect())
}

fn task(ui: &Ui, it: &Waiting) -> TaskRow {
    let deed = match it.deed {
        Deed::Sharing(kind) => ui.w(&kind).to_owned(),
        Deed::Review => ui.t("review-title"),
    };
    let title = [it.no.clone(), ui.named(&it.title)]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>();
    TaskRow {
        href: task_href(it),
        title: title.join(" · "),
        deed,
        from: ui.named(&it.other),
        since: it.since,
        escalated: it.clock.as_ref().is_some_and(|it| it.escalated),
        clock: it.clock.as_ref().map(|clock| Clock {
            name: ui.w(&clock.clock).to_owned(),
            due: clock.last_day,
            left: it.left,
            stopped: clock.due.is_none(),
            explained: lines(match ui.lang {
                Lang::Zh => &clock.explain_zh,
                Lang::En => &clock.explain_en,
            }),
            basis: String::new(),
        }),
    }
}

/// Sentences that stand one a line.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

fn task_href(it: &Waiting) -> String {
    let id = &it.subject;
    match it.deed {
        Deed::Review => format!("/resources/{id}/review"),
        Deed::Sharing(TaskKind::DecideRequest) => format!("/requests/{id}/decide"),
        Deed::Sharing(TaskKind::FinishDraft | TaskKind::Supplement) => format!("/requests/{id}/edit"),
        Deed::Sharing(TaskKind::AnswerExtension) if !id.starts_with("req_") => format!("/catalog-updates/{id}"),
        Deed::Sharing(TaskKind::CheckRequest | TaskKind::AnswerExtension) => format!("/requests/{id}"),
        Deed::Sharing(TaskKind::ProvideData | TaskKind::ProveDisposal) => format!("/agreements/{id}"),
        Deed::Sharing(TaskKind::AnswerCorrection | TaskKind::ConfirmCorrection) => format!("/corrections/{id}"),
        Deed::Sharing(TaskKind::Negotiate | TaskKind::Mediate) => format!("/disputes/{id}"),
        Deed::Sharing(TaskKind::UpdateCatalog) if id.starts_with("res_") => format!("/resources/{id}/edit"),
        Deed::Sharing(TaskKind::UpdateCatalog) => format!("/catalog-updates/{id}"),
        Deed::Sharing(TaskKind::Oversee) => overseen_href(id),
    }
}

/// Where the authority sees what somebody is late with.
fn overseen_href(id: &str) -> String {
    match id.split('_').next().unwrap_or_default() {
        "req" => format!("/requests/{id}"),
        "agr" => format!("/agreements/{id}"),
        "cor" => format!("/corrections/{id}"),
        "res" | "org" => format!("/catalog-updates/{id}"),
        _ => "/tasks".to_owned(),
    }
}

/// Overdue, due within two working days, later, and without a clock that runs.
fn grouped(rows: Vec<TaskRow>) -> Vec<TaskGroup> {
    let mut groups = ["overdue", "soon", "later", "none"].map(|code| TaskGroup {
        code: code.to_owned(),
        rows: Vec::new(),
    });
    let [overdue, soon, later, none] = &mut groups;
    for row in rows {
        let place = match &row.clock {
            None => &mut *none,
            Some(clock) if clock.stopped => &mut *none,
            Some(clock) if clock.left < 0 => &mut *overdue,
            Some(clock) if clock.left <= 2 => &mut *soon,
            Some(_) => &mut *later,
        };
        place.rows.push(row);
    }
    groups.into_iter().filter(|it| !it.rows.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use platform::vocab::Timestamp;

    use super::*;

    #[test]
    fn tasks_stand_by_urgency() {
        let row = |left: Option<i64>| TaskRow {
            href: String::new(),
            title: String::new(),
            deed: String::new(),
            from: String::new(),
            since: Timestamp::UNIX_EPOCH,
            clock: left.map(|left| Clock {
                left,
                ..Clock::default()
            }),
            escalated: false,
        };
        let groups = grouped(vec![row(None), row(Some(-1)), row(Some(2)), row(Some(-3))]);
        let shape: Vec<(&str, usize)> = groups.iter().map(|it| (it.code.as_str(), it.rows.len())).collect();
        assert_eq!(shape, [("overdue", 2), ("soon", 1), ("none", 1)]);
    }
}
