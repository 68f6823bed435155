//! Searching the catalogue.

use std::{sync::Arc, time::Instant};

use axum::{Router, extract::OriginalUri, http::Uri, routing::get};
use platform::{
    App,
    catalog::{
        OrgTree,
        search::{self, Facet, FacetCount, MarkField, Query},
    },
    flow,
    vocab::{Openness, ResourceFormat, SharingClass, UpdateCycle},
};

use super::frame::{Asks, Guest, Page, without};
use crate::page::{
    Fields, Pager, Ui, Word, answer,
    catalog::{self, FacetOption, Hit, Marked, SearchForm, SearchPage, Suggestion, Suggestions},
};

/// Resources on a page.
const SHOWN: usize = 20;
/// Pages that can be reached.
const PAGES: usize = 500;
/// Values of a facet that are shown.
const VALUES: usize = 15;
/// Characters of a summary in a list.
const SUMMARY: usize = 140;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/search", get(show))
        .route("/search/suggest", get(suggest))
}

async fn show(guest: Guest, Asks(asked): Asks, OriginalUri(uri): OriginalUri) -> Page {
    let ui = guest.ui("catalog").await;
    let begun = Instant::now();
    let page = asked.one("page").parse::<usize>().unwrap_or(1).clamp(1, PAGES);
    let query = question(&asked, page);
    let orgs = flow::list_orgs(&guest.app).await?;
    let found = flow::search_catalog(&guest.app, guest.actor(), query).await?;
    let facets = Facet::ALL.iter().filter_map(|it| {
        let picked = asked.all(name(*it));
        facet(&ui, *it, found.facets.get(it)?, &picked, &orgs, VALUES)
    });
    let facets: Vec<catalog::Facet> = facets.collect();
    let tries = if found.total == 0 {
        tries(&asked.one("q"))
    } else {
        Vec::new()
    };
    let shown = SearchPage {
        form: SearchForm::from_fields(&asked),
        facets,
        hits: found.hits.iter().map(|it| hit(&ui, it, &orgs)).collect(),
        pager: pager(&uri, page, found.hits.len(), found.total),
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        tries,
        complete: flow::search_is_whole(&guest.app),
        ui,
    };
    Ok(if guest.part {
        answer(&shown.as_results())
    } else {
        answer(&shown)
    })
}

async fn suggest(guest: Guest, Asks(asked): Asks) -> Page {
    let ui = guest.ui("catalog").await;
    let q = asked.one("q");
    let rows = if q.is_empty() {
        Vec::new()
    } else {
        let query = Query {
            limit: 6,
            ..Query::text(q.clone())
        };
        let orgs = flow::list_orgs(&guest.app).await?;
        let found = flow::search_catalog(&guest.app, guest.actor(), query).await?;
        let rows = found.hits.iter().map(|it| Suggestion {
            title: marked(title(&ui, it)),
            org: org_name(&ui, it, &orgs),
            href: format!("/resources/{}", it.doc.id),
        });
        rows.collect()
    };
    Ok(answer(&Suggestions { ui, q, rows }))
}

/// The query parameter of a facet.
const fn name(facet: Facet) -> &'static str {
    match facet {
        Facet::Provider => "org",
        Facet::Sharing => "class",
        Facet::Theme => "theme",
        Facet::Format => "format",
        Facet::UpdateCycle => "cycle",
        Facet::Openness => "openness",
    }
}

fn question(asked: &Fields, page: usize) -> Query {
    let sort = match asked.one("sort").as_str() {
        "newest" => search::Sort::Newest,
        "title" => search::Sort::Name,
        _ => search::Sort::Relevance,
    };
    let mut query = Query {
        sort,
        offset: (page - 1) * SHOWN,
        limit: SHOWN,
        ..Query::text(asked.one("q"))
    };
    for facet in Facet::ALL {
        for value in asked.all(name(facet)).into_iter().filter(|it| !it.is_empty()) {
            query = query.only(facet, value);
        }
    }
    query
}

/// A facet with its values in the reader's words; nothing where there is nothing to choose.
pub(super) fn facet(
    ui: &Ui,
    facet: Facet,
    counts: &[FacetCount],
    picked: &[String],
    orgs: &OrgTree,
    most: usize,
) -> Option<catalog::Facet> {
    let option = |it: &FacetCount| FacetOption {
        value: it.value.clone(),
        text: value_text(ui, facet, &it.value, orgs),
        count: it.count,
        picked: picked.contains(&it.value),
    };
    let kept = counts
        .iter()
        .enumerate()
        .filter(|(at, it)| *at < most || picked.contains(&it.value));
    let options: Vec<FacetOption> = kept.map(|(_, it)| option(it)).collect();
    let title = match facet {
        Facet::Provider => ui.t("res-provider"),
        Facet::Sharing => ui.t("res-class"),
        Facet::Theme => ui.t("res-theme"),
        Facet::Format => ui.t("res-format"),
        Facet::UpdateCycle => ui.t("res-cycle"),
        Facet::Openness => ui.t("res-open"),
    };
    (!options.is_empty()).then(|| catalog::Facet {
        name: name(facet).to_owned(),
        title,
        options,
    })
}

fn value_text(ui: &Ui, facet: Facet, value: &str, orgs: &OrgTree) -> String {
    fn word<W: Word + std::str::FromStr>(ui: &Ui, value: &str) -> String {
        value
            .parse::<W>()
            .map_or_else(|_| value.to_owned(), |it| ui.w(&it).to_owned())
    }
    match facet {
        Facet::Provider => {
            let org = value.parse().ok().and_then(|id| orgs.get(id));
            org.map_or_else(|| value.to_owned(), |it| ui.org(it))
        }
        Facet::Sharing => word::<SharingClass>(ui, value),
        Facet::Theme => value.to_owned(),
        Facet::Format => word::<ResourceFormat>(ui, value),
        Facet::UpdateCycle => word::<UpdateCycle>(ui, value),
        Facet::Openness => word::<Openness>(ui, value),
    }
}

/// A found resource in a list.
pub(super) fn hit(ui: &Ui, it: &search::Hit, orgs: &OrgTree) -> Hit {
    let found = it
        .marks
        .iter()
        .filter(|mark| mark.field == MarkField::Item)
        .filter_map(|mark| it.doc.items.get(mark.at));
    Hit {
        id: it.doc.id.to_string(),
        title: marked(title(ui, it)),
        summary: shortened(summary(ui, it)),
        org: org_name(ui, it, orgs),
        class: it.doc.sharing,
        cycle: it.doc.update_cycle,
        items: it.doc.items.len(),
        found_items: found.take(6).cloned().collect(),
        changed: Some(it.doc.at),
        state: None,
    }
}

fn org_name(ui: &Ui, it: &search::Hit, orgs: &OrgTree) -> String {
    orgs.get(it.doc.provider)
        .map_or_else(|| it.doc.provider_name.clone(), |org| ui.org(org))
}

/// The name in the page's language, with the matches in it.
fn title<'a>(ui: &Ui, it: &'a search::Hit) -> Vec<(bool, &'a str)> {
    if ui.name("", &it.doc.name_en).is_empty() {
        it.name()
    } else {
        it.name_en()
    }
}

/// The summary in the page's language; matches are marked in the Chinese one.
fn summary(ui: &Ui, it: &search::Hit) -> Marked {
    match ui.name("", &it.doc.summary_en) {
        "" => marked(it.summary()),
        english => Marked::plain(english),
    }
}

fn marked(pieces: Vec<(bool, &str)>) -> Marked {
    Marked(pieces.into_iter().map(|(hit, text)| (text.to_owned(), hit)).collect())
}

/// The beginning of a long text.
pub(super) fn shortened(text: Marked) -> Marked {
    let mut left = SUMMARY;
    let mut out = Vec::new();
    for (piece, hit) in text.0 {
        let many = piece.chars().count();
        if many > left {
            out.push((format!("{}…", piece.chars().take(left).collect::<String>()), hit));
            break;
        }
        left -= many;
        out.push((piece, hit));
    }
    Marked(out)
}

/// Words to try instead: what was typed in parts.
fn tries(q: &str) -> Vec<String> {
    let mut tries: Vec<String> = q.split_whitespace().filter(|it| *it != q).map(str::to_owned).collect();
    let chars: Vec<char> = q.chars().filter(|it| !it.is_whitespace()).collect();
    if tries.is_empty() && chars.len() >= 4 && chars.iter().all(|it| !it.is_ascii()) {
        let half = chars.len() / 2;
        tries = chars.chunks(half.max(2)).map(|it| it.iter().collect()).collect();
    }
    tries.truncate(4);
    tries
}

fn pager(uri: &Uri, page: usize, shown: usize, total: u64) -> Pager {
    let before = (page - 1) * SHOWN;
    let rest = without(uri, &["page", "lang"]);
    let sign = if rest.contains('?') { '&' } else { '?' };
    let address = |page: usize| format!("{rest}{sign}page={page}");
    let (from, to) = (before as u64 + 1, (before + shown) as u64);
    Pager {
        total: Some(total),
        from: if shown == 0 { 0 } else { from },
        to,
        prev: (page > 1).then(|| address(page - 1)),
        next: (to < total && page < PAGES).then(|| address(page + 1)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    }

    #[test]
    fn an_address_becomes_a_question() {
        let query = question(
            &fields(&[
                ("q", "区划"),
                ("class", "conditional"),
                ("class", ""),
                ("sort", "title"),
            ]),
            3,
        );
        assert_eq!(query.text, "区划");
        assert_eq!(query.offset, 40);
        assert_eq!(query.sort, search::Sort::Name);
        assert_eq!(query.facets[&Facet::Sharing], ["conditional"]);
        assert_eq!(query.facets.len(), 1);
    }

    #[test]
    fn pages_keep_the_question() {
        let uri: Uri = "/search?q=a&class=b&page=2".parse().unwrap();
        let it = pager(&uri, 2, 20, 45);
        assert_eq!((it.from, it.to), (21, 40));
        assert_eq!(it.next.as_deref(), Some("/search?q=a&class=b&page=3"));
        assert_eq!(it.prev.as_deref(), Some("/search?q=a&class=b&page=1"));
        assert_eq!(pager(&uri, 3, 5, 45).next, None);
        assert_eq!(pager(&uri, 1, 0, 0).from, 0);
    }

    #[test]
    fn long_summaries_are_cut() {
        let long = Marked(vec![
            ("一".repeat(100), false),
            ("二".repeat(100), true),
            ("三".to_owned(), false),
        ]);
        let cut = shortened(long);
        assert_eq!(cut.0.len(), 2);
        assert_eq!(cut.0[1].0.chars().count(), 41);
    }

    #[test]
    fn parts_are_proposed() {
        assert_eq!(tries("不动产 登记"), ["不动产", "登记"]);
        assert_eq!(tries("人口登记"), ["人口", "登记"]);
        assert!(tries("abc").is_empty());
    }
}
