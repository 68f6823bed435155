//! Rows together with how many there are: one question, one use of the quota, one receipt.

use engine::Page;
use vocab::Actor;

use super::{
    open_data::Door,
    query_data::{Question, asked, only_name, open},
};
use crate::{
    App, Error,
    release::{Receipted, Release, write_batch},
};

/// A page, and how many rows meet the question's conditions when `counted`.
///
/// # Errors
/// As [`super::query_page`].
pub async fn count_and_page(
    app: &App,
    actor: &Actor,
    door: Door,
    question: &Question,
    counted: bool,
) -> Result<(Option<u64>, Page, Receipted), Error> {
    let ready = open(app, actor, question).await?;
    let name = only_name(&ready)?;
    let count = count(&ready.opened, name, question, counted).await?;
    let page = ready.opened.page(name, &question.select).await?;
    let opening = ready.opening(app, door, &told(question, counted));
    let receipted = write_batch(app, opening, &page.rows).await?;
    Ok((count, page, receipted))
}

/// A stream of any length, and how many rows it has when `counted`.
///
/// # Errors
/// As [`super::query_data`].
pub async fn count_and_stream(
    app: &App,
    actor: &Actor,
    door: Door,
    question: &Question,
    counted: bool,
) -> Result<(Option<u64>, Release), Error> {
    let ready = open(app, actor, question).await?;
    let name = only_name(&ready)?;
    let count = count(&ready.opened, name, question, counted).await?;
    let rows = ready.opened.select(name, &question.select).await?;
    let opening = ready.opening(app, door, &told(question, counted));
    Ok((count, Release::begin(app, opening, rows).await?))
}

async fn count(opened: &engine::Opened, name: &str, question: &Question, counted: bool) -> Result<Option<u64>, Error> {
    Ok(match counted {
        true => Some(opened.count(name, &question.select).await?),
        false => None,
    })
}

/// What the receipt's digest of the question is made of.
fn told(question: &Question, counted: bool) -> String {
    let asked = asked(question);
    if counted { format!("count and {asked}") } else { asked }
}
