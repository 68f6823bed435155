//! The home page and what waits for the reader.

use std::sync::Arc;

use axum::{Router, routing::get};
use platform::{
    App,
    catalog::search::{self, Query},
    flow::{self, Figures},
};

use super::{
    frame::{Guest, Page},
    search::{facet, hit},
};
use crate::page::{
    answer,
    catalog::{Figure, HomePage},
};

/// Tasks and resources that the home page shows.
const SHOWN: usize = 5;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new().route("/", get(home))
}

async fn home(guest: Guest) -> Page {
    let ui = guest.ui("").await;
    let newest = Query {
        sort: search::Sort::Newest,
        limit: SHOWN,
        ..Query::default()
    };
    let found = flow::search_catalog(&guest.app, None, newest).await?;
    let orgs = flow::list_orgs(&guest.app).await?;
    let shelves = [search::Facet::Theme, search::Facet::Provider, search::Facet::Sharing];
    let shelves = shelves
        .iter()
        .filter_map(|it| facet(&ui, *it, found.facets.get(it)?, &[], &orgs, 12));
    Ok(answer(&HomePage {
        figures: figures(&flow::count_figures(&guest.app).await?),
        waiting: match guest.actor() {
            Some(actor) => super::words::tasks(&guest.app, actor, &ui)
                .await?
                .into_iter()
                .take(SHOWN)
                .collect(),
            None => Vec::new(),
        },
        newest: found.hits.iter().map(|it| hit(&ui, it, &orgs)).collect(),
        shelves: shelves.collect(),
        ui,
    }))
}

fn figures(it: &Figures) -> Vec<Figure> {
    let figure = |code: &str, value, href: &str| Figure {
        code: code.to_owned(),
        value,
        href: href.to_owned(),
    };
    vec![
        figure("resources", it.resources, "/search"),
        figure("orgs", it.orgs, ""),
        figure("agreements", it.agreements, ""),
    ]
}
