//! What people are told: the list, and marking as read.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use platform::{
    App,
    flow::{self, Named, ShownNotice},
    sharing::{ClockId, Notice},
    vocab::NoticeId,
};

use super::frame::{Asks, Page, Reader, done, id};
use crate::{
    locale::{self, FluentValue, Lang},
    page::{
        Pager, answer,
        notice::{NoticeRow, NoticesPage},
    },
};

/// Notices on a page.
const SHOWN: u64 = 30;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/notices", get(list))
        .route("/notices/read", post(read_all))
        .route("/notices/{id}/read", post(read))
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let before: Option<NoticeId> = asked.one("before").parse().ok();
    let found = flow::list_notices(&reader.app, reader.actor(), false, before, SHOWN).await?;
    let ui = reader.ui("notices").await;
    let row = |it: &ShownNotice| NoticeRow {
        id: it.told.id.to_string(),
        text: sentence(ui.lang, it),
        href: href(it),
        at: it.told.at,
        unread: it.told.read.is_none(),
    };
    Ok(answer(&NoticesPage {
        rows: found.all.iter().map(row).collect(),
        unread: found.unread,
        pager: Pager {
            next: found.next.map(|it| format!("/notices?before={it}")),
            ..Pager::default()
        },
        ui,
    }))
}

async fn read(reader: Reader, Path(text): Path<String>) -> Page {
    flow::read_notice(&reader.app, reader.actor(), id(&text)?).await?;
    Ok(done("/notices", "notice-read"))
}

async fn read_all(reader: Reader) -> Page {
    flow::read_all_notices(&reader.app, reader.actor()).await?;
    Ok(done("/notices", "notice-read"))
}

/// The sentence of a notice: its words are in the locale under `notice-CODE`.
pub(crate) fn sentence(lang: Lang, it: &ShownNotice) -> String {
    let told = &it.told;
    let clock = told.kind.clock().map_or("", |it| match lang {
        Lang::Zh => it.zh(),
        Lang::En => it.en(),
    });
    let day = told.last_day.map(|it| it.to_string()).unwrap_or_default();
    let name = |it: &Named| lang.name(&it.zh, &it.en).to_owned();
    let words = [
        ("title", FluentValue::from(name(&it.title))),
        ("no", FluentValue::from(told.no.as_str())),
        ("other", FluentValue::from(name(&it.other))),
        ("clock", FluentValue::from(clock)),
        ("day", FluentValue::from(day)),
    ];
    let key = format!("notice-{}", told.kind.code());
    locale::t(lang, &key, &words).trim().to_owned()
}

/// Where what a notice is about can be seen.
fn href(it: &ShownNotice) -> String {
    let subject = &it.told.subject;
    let of_review = matches!(
        it.told.kind,
        Notice::ResourceSubmitted | Notice::DueSoon { clock: ClockId::T2 } | Notice::Overdue { clock: ClockId::T2 }
    );
    let of_extension = matches!(
        it.told.kind,
        Notice::UpdateExtensionAsked | Notice::UpdateExtensionConsented | Notice::UpdateExtensionDeclined
    );
    match subject.split('_').next().unwrap_or_default() {
        "req" => format!("/requests/{subject}"),
        "agr" => format!("/agreements/{subject}"),
        "cor" => format!("/corrections/{subject}"),
        "dsp" => format!("/disputes/{subject}"),
        "res" | "org" if of_extension => format!("/catalog-updates/{subject}"),
        "res" if of_review => format!("/resources/{subject}/review"),
        "res" => format!("/resources/{subject}"),
        _ => "/resources".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_notice_has_its_words_in_both_languages() {
        for kind in Notice::ALL {
            for lang in Lang::ALL {
                let key = format!("notice-{}", kind.code());
                assert!(locale::find(lang, &key, &[]).is_some(), "{key} has no words");
            }
        }
    }
}
