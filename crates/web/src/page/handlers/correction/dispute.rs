//! Disputes: the ladder of one, and the next step on it.

use axum::extract::Path;
use platform::{
    flow::{self, DisputeDeed},
    sharing::{Dispute, DisputeState as State},
    vocab::DisputeId,
};

use super::super::{
    frame::{Page, Reader, correctable, done, errors, id},
    story,
};
use crate::{
    page::{
        Choice, Errors, Fields, Happening, Link, Ui, answer, answer_with,
        correction::{DisputeForm, DisputePage},
    },
    problem::Problem,
};

pub(super) async fn show(reader: Reader, Path(text): Path<String>) -> Page {
    Ok(answer(
        &dispute_page(&reader, id(&text)?, DisputeForm::default(), Errors::default()).await?,
    ))
}

async fn dispute_page(
    reader: &Reader,
    id: DisputeId,
    form: DisputeForm,
    errors: Errors,
) -> Result<DisputePage, Problem> {
    let app = &reader.app;
    let it = flow::show_dispute(app, reader.actor(), id).await?;
    let ui = reader.ui("tasks").await;
    let people: Vec<_> = it.rungs.iter().map(|it| it.by).collect();
    let names = story::people(&ui, app, &people).await?;
    let rung = |it: &platform::sharing::dispute::Rung| Happening {
        at: it.at,
        who: names.get(&it.by).cloned().unwrap_or_default(),
        text: ui.w(&it.to).to_owned(),
        note: it.text.clone(),
        entry: None,
    };
    Ok(DisputePage {
        id: it.id.to_string(),
        no: it.no.clone(),
        state: story::state(&ui, it.state),
        raiser: story::org(&ui, app, it.raiser.org).await?,
        other: story::org(&ui, app, it.other).await?,
        subject: subject(&ui, &it.subject),
        claim: it.claim.clone(),
        proposal: match &it.proposal {
            Some(proposal) => format!("{} · {}", story::org(&ui, app, proposal.by.org).await?, proposal.text),
            None => String::new(),
        },
        clock: story::running(&ui, &it.timers, &story::calendar(app).await?),
        happenings: it.rungs.iter().rev().map(rung).collect(),
        deeds: deeds(&ui, reader, &it)
            .into_iter()
            .map(|code| Choice::new(code, ui.tk("dispute-", deed_word(&it, code))))
            .collect(),
        form,
        errors,
        ui,
    })
}

/// What a dispute is about, as a link.
fn subject(ui: &Ui, id: &str) -> Link {
    let (text, area) = match id.split('_').next() {
        Some("cor") => ("correction-title", "corrections"),
        Some("agr") => ("nav-agreements", "agreements"),
        _ => ("nav-requests", "requests"),
    };
    Link::new(ui.t(text), format!("/{area}/{id}"))
}

/// What the reader may do on this rung: the same permits that the deeds take.
fn deeds(ui: &Ui, reader: &Reader, it: &Dispute) -> Vec<&'static str> {
    let org = reader.actor().org;
    let party = org == it.raiser.org || org == it.other;
    let first = it.state == State::Negotiating;
    let may = |deed| ui.may(flow::dispute_action(it, deed).code());
    let acts = may(DisputeDeed::Settle) && (party || !first);
    let proposed = it.proposal.as_ref().map(|it| it.by.org);
    let all = [
        ("settle", acts && (!first || proposed.is_some_and(|by| by != org))),
        ("propose", acts && first),
        ("climb", acts && it.state.next(it.span).is_some()),
        ("withdraw", org == it.raiser.org && may(DisputeDeed::Withdraw)),
    ];
    let open = !it.state.is_over();
    all.into_iter()
        .filter(|(_, may)| open && *may)
        .map(|(code, _)| code)
        .collect()
}

/// The word of a deed: on the first rung one agrees to the other department's proposal.
fn deed_word(it: &Dispute, code: &str) -> String {
    match code {
        "settle" if it.state == State::Negotiating => "agree".to_owned(),
        other => other.to_owned(),
    }
}

pub(super) async fn act(reader: Reader, Path(text): Path<String>, fields: Fields) -> Page {
    let id: DisputeId = id(&text)?;
    let form = DisputeForm::from_fields(&fields);
    let deed = match form.deed.as_str() {
        "propose" => Some(DisputeDeed::Propose),
        "climb" => Some(DisputeDeed::Climb),
        "settle" => Some(DisputeDeed::Settle),
        "withdraw" => Some(DisputeDeed::Withdraw),
        _ => None,
    };
    let outcome = match deed {
        Some(deed) => flow::move_dispute(&reader.app, reader.actor(), id, deed, form.text.clone()).await,
        None => Err(platform::Error::fault("deed", "missing", "choose an outcome")),
    };
    let problem = match outcome {
        Ok(_) => return Ok(done(&format!("/disputes/{id}"), "moved")),
        Err(error) => Problem::from(error),
    };
    if !correctable(&problem) {
        return Err(problem);
    }
    let ui = reader.ui("tasks").await;
    let wrong = errors(&ui, &problem, |it| if it == "deed" { it } else { "text" }.to_owned());
    Ok(answer_with(
        problem.status(),
        &dispute_page(&reader, id, form, wrong).await?,
    ))
}

/// `POST /requests/{id}/dispute` and `POST /agreements/{id}/dispute`.
pub(crate) async fn raise(reader: &Reader, subject: &str, claim: String) -> Result<String, platform::Error> {
    let it = flow::raise_dispute(&reader.app, reader.actor(), subject, claim).await?;
    Ok(format!("/disputes/{}", it.id))
}

/// The disputes over a thing, as links, newest first.
pub(crate) async fn over(reader: &Reader, subject: &str) -> Result<Vec<Link>, Problem> {
    let all = flow::disputes_over(&reader.app, reader.actor(), subject).await?;
    Ok(all
        .into_iter()
        .map(|it| Link::new(it.no, format!("/disputes/{}", it.id)))
        .collect())
}
