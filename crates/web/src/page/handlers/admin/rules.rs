//! Limits, calendar, and the dry run of the policy.

use std::sync::Arc;

use axum::{Router, routing::get};
use chrono::{Datelike, NaiveDate};
use platform::{
    App,
    catalog::OrgTree,
    flow::{self, DryRun},
    policy::UseExplanation,
    sharing::{ClockId, ClockRule},
    staff::store::Filter,
    vocab::{
        Action, Role,
        calendar::{Calendar, CalendarDay, DayKind},
    },
};

use super::{
    super::frame::{Asks, Page, Reader, correctable, done, errors},
    admin_ui, faulty,
};
use crate::{
    locale::Lang,
    page::{
        Choice, Errors, Fields, Ui,
        admin::{
            CalendarPage, ClocksPage, DayForm, LimitForm, LimitRow, MatrixRow, PolicyForm, PolicyPage, SpecialDay,
            Verdict,
        },
        answer, answer_with, why,
    },
    problem::{Fault, Problem},
};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/admin/clocks", get(show_clocks).post(set_clock))
        .route("/admin/calendar", get(show_calendar).post(set_day))
        .route("/admin/calendar/remove", axum::routing::post(remove_day))
        .route("/admin/policy", get(show_policy))
}

async fn show_clocks(reader: Reader) -> Page {
    let ui = admin_ui(&reader, "manage-clocks").await?;
    Ok(answer(
        &clocks_page(&reader, ui, LimitForm::default(), Errors::default()).await?,
    ))
}

async fn clocks_page(reader: &Reader, ui: Ui, form: LimitForm, errors: Errors) -> Result<ClocksPage, Problem> {
    let rules = flow::list_clocks(&reader.app).await?;
    let region = reader.app.config().division.as_deref();
    Ok(ClocksPage {
        rows: limits(&ui, &rules, region),
        form,
        errors,
        ui,
    })
}

/// National limits, each with this node's own beside it.
fn limits(ui: &Ui, rules: &[ClockRule], region: Option<&str>) -> Vec<LimitRow> {
    let basis = |it: &ClockRule| match ui.lang {
        Lang::Zh => it.basis_zh.clone(),
        Lang::En => it.basis_en.clone(),
    };
    let row = |it: &ClockRule| {
        let same =
            |other: &&ClockRule| other.clock == it.clock && other.region.is_some() && other.region.as_deref() == region;
        let local = rules.iter().find(same);
        LimitRow {
            code: it.clock.code().to_owned(),
            name: ui.w(&it.clock).to_owned(),
            basis: basis(it),
            days: it.value.unwrap_or(0),
            extension: it.extension,
            local_days: local.and_then(|it| it.value),
            local_basis: local.map(basis).unwrap_or_default(),
        }
    };
    rules.iter().filter(|it| it.region.is_none()).map(row).collect()
}

async fn set_clock(reader: Reader, fields: Fields) -> Page {
    let form = LimitForm::from_fields(&fields);
    let problem = match put_clock(&reader, &form).await {
        Ok(()) => return Ok(done("/admin/clocks", "saved")),
        Err(problem) if correctable(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    let ui = admin_ui(&reader, "manage-clocks").await?;
    let errors = errors(&ui, &problem, |it| {
        if it.starts_with("basis") { "basis" } else { "days" }.to_owned()
    });
    Ok(answer_with(
        problem.status(),
        &clocks_page(&reader, ui, form, errors).await?,
    ))
}

async fn put_clock(reader: &Reader, form: &LimitForm) -> Result<(), Problem> {
    let wrong = |code: &str, detail: &str| faulty(vec![Fault::new("days", code, detail)]);
    let (app, actor) = (&reader.app, reader.actor());
    let region = app
        .config()
        .division
        .clone()
        .ok_or_else(|| wrong("no-division", "this node has no division of its own"))?;
    let clock: ClockId = form.code.parse().map_err(Problem::unreadable)?;
    if form.days.is_empty() {
        return Ok(flow::drop_clock(app, actor, clock, &region).await?);
    }
    let days: u32 = form
        .days
        .parse()
        .map_err(|_| wrong("not-a-number", "days is a whole number"))?;
    let rules = flow::list_clocks(app).await?;
    let national = rules.into_iter().find(|it| it.clock == clock && it.region.is_none());
    let national = national.ok_or_else(|| Problem::not_found("limit"))?;
    let rule = ClockRule {
        region: Some(region),
        value: Some(days),
        basis_zh: form.basis.clone(),
        basis_en: form.basis.clone(),
        ..national
    };
    flow::put_clock(app, actor, rule).await?;
    Ok(())
}

async fn show_calendar(reader: Reader, Asks(asked): Asks) -> Page {
    let ui = admin_ui(&reader, "manage-clocks").await?;
    let year = asked.one("year").parse().unwrap_or_else(|_| reader.app.today().year());
    let form = DayForm {
        kind: "holiday".to_owned(),
        ..DayForm::default()
    };
    Ok(answer(
        &calendar_page(&reader, ui, year, form, Errors::default()).await?,
    ))
}

async fn calendar_page(
    reader: &Reader,
    ui: Ui,
    year: i32,
    form: DayForm,
    errors: Errors,
) -> Result<CalendarPage, Problem> {
    let year = year.clamp(1949, 2200);
    let days = flow::list_days(&reader.app, Some(year)).await?;
    let calendar = Calendar::new(days.clone());
    let special = |it: &CalendarDay| SpecialDay {
        day: it.date,
        kind: if it.kind == DayKind::MakeUp {
            "workday"
        } else {
            "holiday"
        }
        .to_owned(),
        name: match ui.lang {
            Lang::En if !it.name_en.is_empty() => it.name_en.clone(),
            _ => it.name_zh.clone(),
        },
        basis: it.basis.clone(),
    };
    Ok(CalendarPage {
        year,
        working_days: working_days(&calendar, year),
        days: days.iter().map(special).collect(),
        form,
        errors,
        ui,
    })
}

fn working_days(calendar: &Calendar, year: i32) -> u32 {
    let ends = NaiveDate::from_ymd_opt(year - 1, 12, 31).zip(NaiveDate::from_ymd_opt(year, 12, 31));
    ends.and_then(|(from, to)| u32::try_from(calendar.working_days(from, to)).ok())
        .unwrap_or(0)
}

fn day_of(form: &DayForm) -> Result<CalendarDay, Problem> {
    let wrong = |field: &str, code: &str, detail: String| faulty(vec![Fault::new(field, code, detail)]);
    let date = form
        .day
        .parse::<NaiveDate>()
        .map_err(|error| wrong("day", "not-a-date", error.to_string()))?;
    if form.name.is_empty() {
        return Err(wrong("name", "missing", "a day needs a name".to_owned()));
    }
    let kind = if form.kind == "workday" {
        DayKind::MakeUp
    } else {
        DayKind::Holiday
    };
    Ok(CalendarDay {
        date,
        kind,
        name_zh: form.name.clone(),
        name_en: String::new(),
        basis: form.basis.clone(),
    })
}

async fn set_day(reader: Reader, fields: Fields) -> Page {
    let form = DayForm::from_fields(&fields);
    let saved = match day_of(&form) {
        Ok(day) => flow::put_day(&reader.app, reader.actor(), day)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let problem = match saved {
        Ok(day) => return Ok(done(&format!("/admin/calendar?year={}", day.date.year()), "saved")),
        Err(problem) if correctable(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    let ui = admin_ui(&reader, "manage-clocks").await?;
    let errors = errors(&ui, &problem, |it| if it.is_empty() { "day" } else { it }.to_owned());
    let year = reader.app.today().year();
    Ok(answer_with(
        problem.status(),
        &calendar_page(&reader, ui, year, form, errors).await?,
    ))
}

async fn remove_day(reader: Reader, fields: Fields) -> Page {
    let day: NaiveDate = fields.one("day").parse().map_err(Problem::unreadable)?;
    flow::drop_day(&reader.app, reader.actor(), day).await?;
    Ok(done(&format!("/admin/calendar?year={}", day.year()), "removed"))
}

async fn show_policy(reader: Reader, Asks(asked): Asks) -> Page {
    let ui = admin_ui(&reader, "test-policy").await?;
    let form = PolicyForm::from_fields(&asked);
    let people = flow::list_people(&reader.app, reader.actor(), Filter::default(), 500)
        .await?
        .all;
    let who = people.iter().find(|it| it.login.as_str() == form.who);
    let (verdict, errors) = match (who, form.action.parse::<Action>()) {
        (Some(person), Ok(action)) => tried(&reader, &ui, &form, person.id, action).await?,
        _ => (None, Errors::default()),
    };
    let matrix = flow::role_matrix(&reader.app);
    let row = |action: &Action| MatrixRow {
        action: ui.w(action).to_owned(),
        cells: Role::ALL
            .iter()
            .map(|it| matrix.get(action).is_some_and(|roles| roles.contains(it)))
            .collect(),
    };
    Ok(answer(&PolicyPage {
        people: people
            .iter()
            .map(|it| {
                Choice::new(
                    it.login.to_string(),
                    format!("{} ({})", ui.name(&it.name_zh, &it.name_en), it.login),
                )
            })
            .collect(),
        matrix: Action::ALL.iter().map(row).collect(),
        roles: Role::ALL.to_vec(),
        form,
        verdict,
        errors,
        ui,
    }))
}

async fn tried(
    reader: &Reader,
    ui: &Ui,
    form: &PolicyForm,
    who: platform::vocab::ActorId,
    action: Action,
) -> Result<(Option<Verdict>, Errors), Problem> {
    let subject = (!form.about.is_empty()).then(|| form.about.clone());
    let run = DryRun {
        who,
        action,
        subject,
        purpose: form.purpose.parse().ok(),
        mode: None,
        deed: None,
    };
    match flow::explain_policy(&reader.app, reader.actor(), &run).await {
        Ok(it) => {
            let tree = flow::list_orgs(&reader.app).await?;
            Ok((Some(verdict(ui, &it, &tree)), Errors::default()))
        }
        Err(error) => {
            let problem = Problem::from(error);
            if problem.status != 404 && !correctable(&problem) {
                return Err(problem);
            }
            Ok((None, errors(ui, &problem, |_| "about".to_owned())))
        }
    }
}

fn verdict(ui: &Ui, it: &UseExplanation, tree: &OrgTree) -> Verdict {
    let answer = &it.answer;
    let said = |rule: &platform::policy::Rule| match ui.lang {
        Lang::Zh => rule.zh.clone(),
        Lang::En => rule.en.clone(),
    };
    let deciding = if answer.rules.is_empty() {
        &answer.candidates
    } else {
        &answer.rules
    };
    let ids: Vec<&str> = deciding.iter().map(|it| it.id.as_str()).collect();
    let org = |id| tree.get(id).map_or_else(|| id.to_string(), |it| ui.org(it));
    let mut reasons = vec![why::policy(ui, answer, org)];
    reasons.extend(it.row_rule.as_ref().map(ToString::to_string));
    Verdict {
        allowed: answer.allowed,
        rule: ids.join(", "),
        rule_text: deciding.iter().map(said).collect::<Vec<_>>().join("\n"),
        reasons,
    }
}
