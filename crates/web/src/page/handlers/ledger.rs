//! The ledger: entries, one entry with its proof and evidence bundle, and the check of a bundle.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, Path},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use platform::{
    App,
    flow::{self, Evidence, Inclusion},
    ledger::{self, Filter, Page as Part, Receipt, Recorded},
    vocab::ActorId,
};

use super::{
    frame::{Asks, Page, Reader, escaped, id},
    story,
};
use crate::{
    page::{
        Choice, Pager, Ui, answer,
        ledger::{Answer, EntryPage, EntryRow, LedgerForm, LedgerPage, Proof, Verified, VerifyPage},
        why,
    },
    problem::Problem,
};

/// Entries on a page.
const SHOWN: u64 = 50;
/// The largest bundle that is checked, bytes.
const LARGEST: usize = 64 << 20;
/// Kinds that can be picked.
const KINDS: [&str; 20] = [
    "release",
    "request-submitted",
    "request-accepted",
    "supplement-asked",
    "request-supplemented",
    "request-granted",
    "request-granted-at-once",
    "request-refused",
    "agreement-made",
    "agreement-changed",
    "agreement-suspended",
    "agreement-resumed",
    "agreement-revoked",
    "disposal-proved",
    "resource-published",
    "resource-withdrawn",
    "correction-asked",
    "correction-answered",
    "data-previewed",
    "clock-put",
];

pub(crate) fn router() -> Router<Arc<App>> {
    let verify = Router::new()
        .route("/ledger/verify", get(ask).post(verify))
        .layer(DefaultBodyLimit::max(LARGEST));
    Router::new()
        .route("/ledger", get(list))
        .route("/ledger/{index}", get(show))
        .route("/ledger/{index}/bundle", get(bundle))
        .merge(verify)
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let form = LedgerForm::from_fields(&asked);
    let part = Part {
        before: asked.one("after").parse().ok(),
        limit: SHOWN,
    };
    let filter = filter(&reader, &form).await?;
    let found = flow::list_entries(&reader.app, reader.actor(), filter, part).await?;
    let people: Vec<ActorId> = found.all.iter().filter_map(|it| it.entry.actor).collect();
    let ui = reader.ui("ledger").await;
    let names = story::people(&ui, &reader.app, &people).await?;
    let pager = Pager {
        next: found.next.map(|it| next(&form, it)),
        ..Pager::default()
    };
    Ok(answer(&LedgerPage {
        kinds: KINDS.iter().map(|it| Choice::new(*it, ui.tk("event-", it))).collect(),
        rows: found.all.iter().map(|it| row(it, &names, String::new())).collect(),
        size: found.size,
        checkpoint: found.checkpoint,
        form,
        pager,
        ui,
    }))
}

async fn filter(reader: &Reader, form: &LedgerForm) -> Result<Filter, Problem> {
    let given = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
    let day = |text: &str, days| text.parse().ok().and_then(|it| story::midnight(it, days));
    let mut filter = Filter {
        kind: given(&form.kind),
        subject: given(&form.subject),
        from: day(&form.from, 0),
        to: day(&form.until, 1),
        ..Filter::default()
    };
    if !form.actor.is_empty() {
        let found = flow::find_actor(&reader.app, reader.actor(), &form.actor).await?;
        // Somebody who is not there did nothing.
        filter.actor = Some(found.unwrap_or_else(ActorId::new));
    }
    Ok(filter)
}

fn next(form: &LedgerForm, after: u64) -> String {
    let [kind, subject, actor] = [&form.kind, &form.subject, &form.actor].map(|it| escaped(it));
    format!(
        "/ledger?kind={kind}&subject={subject}&actor={actor}&from={}&until={}&after={after}",
        form.from, form.until
    )
}

fn row(it: &Recorded, names: &BTreeMap<ActorId, String>, hash: String) -> EntryRow {
    let who = it
        .entry
        .actor
        .map(|id| names.get(&id).cloned().unwrap_or_else(|| id.to_string()));
    EntryRow {
        index: it.index,
        at: it.entry.at,
        kind: it.entry.kind.clone(),
        who: who.unwrap_or_default(),
        subject: it.entry.subject.clone(),
        hash,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

async fn show(reader: Reader, Path(index): Path<String>) -> Page {
    let found = flow::show_entry(&reader.app, reader.actor(), id(&index)?).await?;
    let people: Vec<ActorId> = found.recorded.entry.actor.into_iter().collect();
    let ui = reader.ui("ledger").await;
    let names = story::people(&ui, &reader.app, &people).await?;
    Ok(answer(&EntryPage {
        it: row(&found.recorded, &names, hex(&found.leaf)),
        subject_href: match opens(&reader, &ui, &found.recorded.entry.subject).await {
            true => subject_href(&found.recorded.entry.subject),
            false => String::new(),
        },
        body: serde_json::to_string_pretty(&found.recorded.entry.body).unwrap_or_default(),
        proof: found.proof.as_ref().map(proof),
        outcome: found.receipts.first().map_or_else(String::new, |it| outcome(&ui, it)),
        answers: found.receipts.iter().map(told).collect(),
        ui,
    }))
}

/// How a release ended.
fn outcome(ui: &Ui, it: &Receipt) -> String {
    ui.tk("outcome-", it.outcome.code())
}

/// Would the page of what an entry is about open to this reader? Whoever reads an entry need not be a party to its thing.
async fn opens(reader: &Reader, ui: &Ui, subject: &str) -> bool {
    let (app, actor) = (&reader.app, reader.actor());
    match subject.split('_').next() {
        Some("res") => match subject.parse() {
            Ok(id) => flow::show_resource(app, id).await.is_ok() || flow::own_resource(app, actor, id).await.is_ok(),
            Err(_) => false,
        },
        Some("req") => match subject.parse() {
            Ok(id) => flow::show_request(app, actor, id).await.is_ok(),
            Err(_) => false,
        },
        Some("agr") => match subject.parse() {
            Ok(id) => flow::show_agreement(app, actor, id).await.is_ok(),
            Err(_) => false,
        },
        Some("cor") => match subject.parse() {
            Ok(id) => flow::show_correction(app, actor, id).await.is_ok(),
            Err(_) => false,
        },
        Some("dsp") => match subject.parse() {
            Ok(id) => flow::show_dispute(app, actor, id).await.is_ok(),
            Err(_) => false,
        },
        Some("src") if ui.may("manage-source") => match subject.parse() {
            Ok(id) => flow::own_source(app, actor, id).await.is_ok(),
            Err(_) => false,
        },
        Some("dlv") if ui.may("manage-delivery") => match subject.parse() {
            Ok(id) => flow::show_delivery(app, actor, id).await.is_ok(),
            Err(_) => false,
        },
        _ => false,
    }
}

/// The page of what an entry is about; empty when there is none.
fn subject_href(subject: &str) -> String {
    let area = match subject.split('_').next() {
        Some("res") => "resources",
        Some("req") => "requests",
        Some("agr") => "agreements",
        Some("cor") => "corrections",
        Some("dsp") => "disputes",
        Some("src") => "sources",
        Some("dlv") => "deliveries",
        _ => return String::new(),
    };
    format!("/{area}/{subject}")
}

fn told(it: &Receipt) -> Answer {
    Answer {
        release: it.release.to_string(),
        rows: it.rows,
        bytes: it.bytes,
        digest: it.digest.clone(),
        ended: it.ended,
    }
}

fn proof(it: &Inclusion) -> Proof {
    Proof {
        size: it.size,
        root: hex(&it.root),
        path: it.path.iter().map(|it| hex(it)).collect(),
        checkpoint: it.checkpoint.clone(),
    }
}

async fn bundle(reader: Reader, Path(index): Path<String>) -> Page {
    let index: u64 = id(&index)?;
    let bytes = flow::make_bundle(&reader.app, reader.actor(), &Evidence::Entries(vec![index])).await?;
    let mut response: Response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"entry-{index}.json\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

async fn ask(reader: Reader) -> Page {
    let ui = reader.ui("ledger").await;
    Ok(answer(&VerifyPage { result: None, ui }))
}

async fn verify(reader: Reader, form: Multipart) -> Page {
    let bytes = uploaded(form).await?;
    let ui = reader.ui("ledger").await;
    let result = if bytes.is_empty() {
        Verified {
            good: false,
            fault: ui.t("verify-empty"),
            facts: Vec::new(),
        }
    } else {
        match flow::verify_bundle(&reader.app, bytes).await? {
            Ok(found) => Verified {
                good: true,
                fault: String::new(),
                facts: facts(&ui, &found),
            },
            Err(fault) => Verified {
                good: false,
                fault: why::bundle(&ui, &fault),
                facts: Vec::new(),
            },
        }
    };
    Ok(answer(&VerifyPage {
        result: Some(result),
        ui,
    }))
}

/// The first field that holds anything: the file, or the pasted text.
async fn uploaded(mut form: Multipart) -> Result<Vec<u8>, Problem> {
    while let Some(field) = form.next_field().await.map_err(Problem::unreadable)? {
        if !matches!(field.name(), Some("bundle" | "text")) {
            continue;
        }
        let bytes = field.bytes().await.map_err(Problem::unreadable)?;
        if !bytes.trim_ascii().is_empty() {
            return Ok(bytes.to_vec());
        }
    }
    Ok(Vec::new())
}

fn facts(ui: &Ui, it: &ledger::Verified) -> Vec<(String, String)> {
    let suites: Vec<String> = it.suites.iter().map(|it| format!("{it:?}")).collect();
    let witnesses: Vec<&str> = it.witnesses.iter().map(|(name, _)| name.as_str()).collect();
    let mut facts = vec![
        (ui.t("fact-origin"), it.origin.clone()),
        (ui.t("fact-size"), ui.num(it.size)),
        (ui.t("fact-root"), hex(&it.root)),
        (ui.t("fact-suites"), suites.join(" · ")),
        (ui.t("fact-witnesses"), witnesses.join(" · ")),
    ];
    let entry = |it: &Recorded| {
        let kind = ui.tk("event-", &it.entry.kind);
        let mut said = vec![ui.moment(&it.entry.at), kind, it.entry.subject.clone()];
        said.extend(Receipt::all_of(it).first().map(|it| outcome(ui, it)));
        said.join(" · ")
    };
    facts.extend(it.entries.iter().map(|it| (ui.n("fact-entry", it.index), entry(it))));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_its_page() {
        assert_eq!(subject_href("agr_1"), "/agreements/agr_1");
        assert_eq!(subject_href("act_1"), "");
        assert_eq!(hex(&[0, 255]), "00ff");
    }

    #[test]
    fn the_next_part_keeps_the_question() {
        let form = LedgerForm {
            actor: "陈".to_owned(),
            ..LedgerForm::default()
        };
        assert_eq!(
            next(&form, 7),
            "/ledger?kind=&subject=&actor=%E9%99%88&from=&until=&after=7"
        );
    }
}
