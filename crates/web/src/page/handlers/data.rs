//! Rows in the browser: one agreement's table page by page, and SQL across all of them.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::StreamExt;
use platform::{
    App, Error,
    engine::{
        After, Filter, FilterOp, RecordBatch, Select, Sort,
        encode::Format,
        shape::{Shape, text},
    },
    flow::{self, Door, Question, UsableTable},
    sharing::Agreement,
    vocab::{
        AgreementId, RowRule, Value,
        rule::{Compare, RuleError},
    },
};

use super::frame::{Asks, Page, Reader, correctable, escaped, id};
use crate::{
    page::{
        Fields, Link, Sheet, Ui, answer, answer_with,
        data::{Column, DataForm, DataPage, SqlForm, SqlPage, SqlTable},
        why,
    },
    problem::Problem,
};

/// Rows on a page when nothing is said, and at most.
const SHOWN: u64 = 50;
const MOST: u64 = 500;
/// Rows of an SQL answer that a page shows.
const ANSWER: usize = 200;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/agreements/{id}/data", get(show))
        .route("/sql", get(show_sql).post(ask))
}

/// The agreements whose tables the reader may ask, by identifier.
async fn usable(reader: &Reader) -> Result<BTreeMap<AgreementId, Agreement>, Problem> {
    let all = flow::usable_agreements(&reader.app, reader.actor()).await?;
    Ok(all.into_iter().map(|it| (it.id, it)).collect())
}

async fn show(reader: Reader, Path(path): Path<String>, Asks(asked): Asks) -> Page {
    let agreement: AgreementId = id(&path)?;
    let found = usable(&reader)
        .await?
        .remove(&agreement)
        .ok_or_else(|| Problem::not_found("agreement"))?;
    let tables = flow::list_tables(&reader.app, reader.actor()).await?;
    let table = tables
        .iter()
        .find(|it| it.agreement == agreement)
        .ok_or_else(|| Problem::not_found("table"))?;
    let mut form = DataForm::from_fields(&asked);
    let limit = form.limit.parse::<u64>().unwrap_or(SHOWN).clamp(1, MOST);
    form.limit = limit.to_string();
    let ui = reader.ui("agreements").await;
    let begun = Instant::now();
    let asked = select(&form, &asked.one("after"), limit);
    let downloads = downloads(&ui, agreement, asked.as_ref().ok());
    let (outcome, error) = match asked {
        Ok(select) => {
            let question = Question {
                agreement,
                purpose: None,
                select,
            };
            match flow::query_page(&reader.app, reader.actor(), Door::Page, &question).await {
                Ok(answer) => (Some(answer), None),
                Err(error) => (None, Some(wrong(&ui, error)?)),
            }
        }
        Err(Unfit::Or) => (None, Some(ui.t("data-filter-or"))),
        Err(Unfit::Rule(it)) => (None, Some(why::rule(&ui, &it))),
    };
    let next = outcome
        .as_ref()
        .and_then(|(page, _)| page.next.as_ref())
        .map(|it| next_address(agreement, &form, it));
    let columns = columns(table, &found);
    let status = if error.is_none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = DataPage {
        agreement: Link::new(found.no.clone(), format!("/agreements/{agreement}")),
        title: title(&ui, &reader, &found).await?,
        sheet: match &outcome {
            Some((page, _)) => sheet(std::slice::from_ref(&page.rows), &columns, usize::MAX)?,
            None => Sheet::default(),
        },
        downloads,
        columns,
        form,
        error,
        next,
        receipt: outcome.as_ref().map(|(_, receipted)| receipted.entries.start),
        took_ms: took(begun),
        ui,
    };
    Ok(if reader.part {
        answer(&page.as_rows())
    } else {
        answer_with(status, &page)
    })
}

fn took(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A question that does not fit is told beside the question; everything else is a refusal.
fn wrong(ui: &Ui, error: Error) -> Result<String, Problem> {
    let problem = Problem::from(error);
    if correctable(&problem) {
        Ok(match problem.faults.first() {
            Some(fault) => why::fault(ui, fault),
            None => why::problem(ui, &problem),
        })
    } else {
        Err(problem)
    }
}

async fn title(ui: &Ui, reader: &Reader, it: &Agreement) -> Result<String, Problem> {
    match flow::show_resource(&reader.app, it.resource).await {
        Ok(version) => Ok(ui.title(&version.content)),
        Err(Error::NotFound(_)) => Ok(it.no.clone()),
        Err(other) => Err(other.into()),
    }
}

fn columns(table: &UsableTable, agreement: &Agreement) -> Vec<Column> {
    let mask = |name: &str| {
        agreement
            .terms()
            .items
            .iter()
            .find(|it| it.item == name)
            .map(|it| it.mask.to_string())
    };
    let column = |it: &platform::engine::arrow::datatypes::Field| Column {
        name: it.name().clone(),
        data_type: type_text(it),
        mask: mask(it.name()).unwrap_or_else(|| "clear".to_owned()),
    };
    table.table.schema.fields().iter().map(|it| column(it)).collect()
}

fn type_text(field: &platform::engine::arrow::datatypes::Field) -> String {
    let schema = platform::engine::arrow::datatypes::Schema::new(vec![field.clone()]);
    let shape = Shape::of(&schema, &[]).ok();
    let known = shape.and_then(|it| it.columns.first().map(|it| it.data_type.to_string()));
    known.unwrap_or_else(|| field.data_type().to_string())
}

/// The rows of the question that is shown, all pages of it, as files; nothing where there is no question, or where an
/// address cannot say it.
fn downloads(ui: &Ui, agreement: AgreementId, asked: Option<&Select>) -> Vec<Link> {
    let Some(query) = asked.and_then(address) else {
        return Vec::new();
    };
    let all = [
        ("csv", Format::Csv),
        ("xlsx", Format::Xlsx),
        ("parquet", Format::Parquet),
        ("json", Format::Json),
    ];
    let link = |(name, format): (&str, Format)| {
        let text = ui.a("data-format", format.extension().to_uppercase());
        Link::new(text, format!("/api/v1/data/{agreement}?format={name}{query}"))
    };
    all.into_iter().map(link).collect()
}

/// Filters and order as the REST door reads them, after another parameter.
fn address(asked: &Select) -> Option<String> {
    let mut out = String::new();
    for it in &asked.filters {
        let op = serde_json::to_value(it.op).ok()?;
        let mut text = format!("{}:{}", it.item, op.as_str()?);
        // The door takes values of a list apart at `|`, and the item ends at the first colon.
        if it.item.contains(':') || (it.op == FilterOp::In && it.values.iter().any(|it| it.contains('|'))) {
            return None;
        }
        if !it.values.is_empty() {
            text.push(':');
            text.push_str(&it.values.join("|"));
        }
        out.push_str(&format!("&filter={}", escaped(&text)));
    }
    for it in &asked.sort {
        let sign = if it.descending { "-" } else { "" };
        if it.item.contains(',') {
            return None;
        }
        out.push_str(&format!("&sort={}", escaped(&format!("{sign}{}", it.item))));
    }
    Some(out)
}

/// Why a filter cannot be asked.
#[derive(Debug, PartialEq, Eq)]
enum Unfit {
    /// It has something beside AND.
    Or,
    /// It is no rule.
    Rule(RuleError),
}

fn select(form: &DataForm, after: &str, limit: u64) -> Result<Select, Unfit> {
    let rule = match form.filter.as_str() {
        "" => RowRule::All,
        text => text.parse().map_err(Unfit::Rule)?,
    };
    let mut filters = Vec::new();
    conditions(&rule, &mut filters)?;
    let sort = match form.sort.strip_prefix('-') {
        Some(item) => vec![Sort {
            item: item.to_owned(),
            descending: true,
        }],
        None if form.sort.is_empty() => Vec::new(),
        None => vec![Sort {
            item: form.sort.clone(),
            descending: false,
        }],
    };
    let after = URL_SAFE_NO_PAD
        .decode(after)
        .ok()
        .and_then(|it| serde_json::from_slice(&it).ok());
    Ok(Select {
        items: Vec::new(),
        filters,
        sort,
        after,
        limit: Some(limit),
    })
}

/// A rule of conditions joined by AND as filters.
fn conditions(rule: &RowRule, filters: &mut Vec<Filter>) -> Result<(), Unfit> {
    let mut add = |item: &str, op, values| {
        filters.push(Filter {
            item: item.to_owned(),
            op,
            values,
        })
    };
    match rule {
        RowRule::All => {}
        RowRule::And { of } => {
            for part in of {
                conditions(part, filters)?;
            }
        }
        RowRule::Compare { item, op, value } => add(item, operator(*op), vec![plain(value)]),
        RowRule::In { item, values } => add(item, FilterOp::In, values.iter().map(plain).collect()),
        RowRule::StartsWith { item, prefix } => add(item, FilterOp::StartsWith, vec![prefix.clone()]),
        RowRule::IsNull { item } => add(item, FilterOp::IsNull, Vec::new()),
        RowRule::Not { of } => match of.as_ref() {
            RowRule::IsNull { item } => add(item, FilterOp::NotNull, Vec::new()),
            RowRule::Compare {
                item,
                op: Compare::Eq,
                value,
            } => add(item, FilterOp::Ne, vec![plain(value)]),
            _ => return Err(Unfit::Or),
        },
        RowRule::Or { .. } | RowRule::Nothing => return Err(Unfit::Or),
    }
    Ok(())
}

const fn operator(op: Compare) -> FilterOp {
    match op {
        Compare::Eq => FilterOp::Eq,
        Compare::Ne => FilterOp::Ne,
        Compare::Lt => FilterOp::Lt,
        Compare::Le => FilterOp::Le,
        Compare::Gt => FilterOp::Gt,
        Compare::Ge => FilterOp::Ge,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(it) => it.to_string(),
        Value::Int(it) => it.to_string(),
        Value::Text(it) => it.clone(),
    }
}

fn next_address(agreement: AgreementId, form: &DataForm, next: &After) -> String {
    let after = URL_SAFE_NO_PAD.encode(serde_json::to_vec(next).unwrap_or_default());
    let (filter, sort) = (escaped(&form.filter), escaped(&form.sort));
    format!(
        "/agreements/{agreement}/data?filter={filter}&sort={sort}&limit={}&after={after}",
        form.limit
    )
}

/// Batches as cells of text, at most so many rows.
pub(super) fn sheet(batches: &[RecordBatch], columns: &[Column], most: usize) -> Result<Sheet, Problem> {
    let mut sheet = Sheet::default();
    for batch in batches {
        let schema = batch.schema();
        sheet.columns = schema.fields().iter().map(|it| it.name().clone()).collect();
        let shape = Shape::of(&schema, &[]).map_err(internal)?;
        let cells = shape.cells(batch).map_err(internal)?;
        for row in 0..batch.num_rows().min(most.saturating_sub(sheet.rows.len())) {
            let texts = cells.iter().map(|it| {
                let mut out = Vec::new();
                text::write(it, row, "Z", &mut out);
                (!it.is_null(row)).then(|| String::from_utf8_lossy(&out).into_owned())
            });
            sheet.rows.push(texts.collect());
        }
    }
    let masked = |name: &String| columns.iter().any(|it| it.name == *name && it.mask != "clear");
    sheet.masked = sheet
        .columns
        .iter()
        .enumerate()
        .filter(|(_, it)| masked(it))
        .map(|(at, _)| at)
        .collect();
    Ok(sheet)
}

fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Problem {
    Error::internal(error).into()
}

async fn show_sql(reader: Reader, Asks(asked): Asks) -> Page {
    let page = sql_page(&reader, SqlForm::from_fields(&asked)).await?;
    Ok(answer(&page))
}

async fn sql_page(reader: &Reader, form: SqlForm) -> Result<SqlPage, Problem> {
    let agreements = usable(reader).await?;
    let ui = reader.ui("sql").await;
    let mut tables = Vec::new();
    for it in flow::list_tables(&reader.app, reader.actor()).await? {
        let Some(agreement) = agreements.get(&it.agreement) else {
            continue;
        };
        tables.push(SqlTable {
            name: it.table.name.clone(),
            title: title(&ui, reader, agreement).await?,
            href: format!("/agreements/{}", agreement.id),
            columns: columns(&it, agreement),
        });
    }
    Ok(SqlPage {
        masked: Vec::new(),
        tables,
        form,
        error: None,
        sheet: None,
        cut: false,
        receipts: Vec::new(),
        took_ms: 0,
        ui,
    })
}

async fn ask(reader: Reader, fields: Fields) -> Page {
    let mut page = sql_page(&reader, SqlForm::from_fields(&fields)).await?;
    let begun = Instant::now();
    page.masked = touched(&page.form.sql, &page.tables);
    match answer_to(&reader, &page.form.sql, &page.masked).await {
        Ok(found) => {
            page.sheet = Some(found.sheet);
            page.cut = found.cut;
            page.receipts = found.receipts;
        }
        Err(error) => page.error = Some(wrong(&page.ui, error)?),
    }
    page.took_ms = took(begun);
    let status = if page.error.is_none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok(if reader.part {
        answer(&page.as_answer())
    } else {
        answer_with(status, &page)
    })
}

/// The masked items that a question names, or takes with `*`: an alias or an expression hides where a column comes from,
/// so they are told beside the answer, and marked in it where they keep their name.
fn touched(sql: &str, tables: &[SqlTable]) -> Vec<Column> {
    let words: Vec<String> = sql
        .split(|it: char| !(it.is_alphanumeric() || it == '_'))
        .map(str::to_lowercase)
        .collect();
    let named = |name: &str| {
        let name = name.to_lowercase();
        words.contains(&name) || sql.to_lowercase().contains(&format!("\"{name}\""))
    };
    let whole = sql.contains('*');
    let mut found: Vec<Column> = Vec::new();
    for table in tables.iter().filter(|it| named(&it.name)) {
        for it in table.columns.iter().filter(|it| it.mask != "clear") {
            if (whole || named(&it.name)) && !found.iter().any(|known| known.name == it.name) {
                found.push(it.clone());
            }
        }
    }
    found
}

/// An answer as the page shows it.
struct Found {
    sheet: Sheet,
    cut: bool,
    receipts: Vec<u64>,
}

/// The first rows of an answer, and whether there are more. What is not shown is not read: the release ends there, and
/// its receipt says so.
async fn answer_to(reader: &Reader, sql: &str, masked: &[Column]) -> Result<Found, Error> {
    let ids: Vec<AgreementId> = flow::list_tables(&reader.app, reader.actor())
        .await?
        .iter()
        .map(|it| it.agreement)
        .collect();
    let release = flow::query_sql(&reader.app, reader.actor(), Door::Page, &ids, sql, None).await?;
    let receipts = release.receipts().entries.clone().collect();
    let empty = RecordBatch::new_empty(release.schema());
    let mut rows = Box::pin(release);
    let (mut batches, mut many) = (vec![empty], 0);
    while many <= ANSWER
        && let Some(batch) = rows.next().await
    {
        let batch = batch?;
        many += batch.num_rows();
        batches.push(batch);
    }
    let sheet = sheet(&batches, masked, ANSWER).map_err(|it| Error::State(it.detail))?;
    Ok(Found {
        sheet,
        cut: many > ANSWER,
        receipts,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn filters(text: &str) -> Result<Vec<Filter>, Unfit> {
        let form = DataForm {
            filter: text.to_owned(),
            ..DataForm::default()
        };
        select(&form, "", 50).map(|it| it.filters)
    }

    #[test]
    fn a_rule_becomes_filters() {
        let found =
            filters("division LIKE '3301%' AND year >= 2020 AND kind IN ('01','02') AND NOT closed IS NULL").unwrap();
        let ops: Vec<FilterOp> = found.iter().map(|it| it.op).collect();
        assert_eq!(
            ops,
            [FilterOp::StartsWith, FilterOp::Ge, FilterOp::In, FilterOp::NotNull]
        );
        assert_eq!(found[2].values, ["01", "02"]);
        assert_eq!(filters("a = 1 OR b = 2"), Err(Unfit::Or));
        assert!(matches!(filters("a ="), Err(Unfit::Rule(_))));
        assert_eq!(filters(""), Ok(Vec::new()));
    }

    #[test]
    fn a_download_is_of_the_question_that_is_shown() {
        let form = DataForm {
            filter: "division LIKE '3301%' AND kind IN ('01','02') AND NOT closed IS NULL AND name = '张 三'"
                .to_owned(),
            sort: "-year".to_owned(),
            ..DataForm::default()
        };
        let asked = select(&form, "", 50).unwrap();
        let address = address(&asked).unwrap();
        let read: Vec<(String, String)> = form_urlencoded::parse(address.as_bytes())
            .filter(|it| !it.0.is_empty())
            .map(|(a, b)| (a.into_owned(), b.into_owned()))
            .collect();
        let pairs: Vec<(&str, &str)> = read.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("filter", "division:starts-with:3301"),
                ("filter", "kind:in:01|02"),
                ("filter", "closed:not-null"),
                ("filter", "name:eq:张 三"),
                ("sort", "-year"),
            ]
        );
        let listed = DataForm {
            filter: "a IN ('x|y')".to_owned(),
            ..DataForm::default()
        };
        assert_eq!(
            super::address(&select(&listed, "", 50).unwrap()),
            None,
            "no other rows instead"
        );
    }

    #[test]
    fn masked_items_of_a_question_are_found() {
        let column = |name: &str, mask: &str| Column {
            name: name.to_owned(),
            data_type: "text".to_owned(),
            mask: mask.to_owned(),
        };
        let table = SqlTable {
            name: "people".to_owned(),
            title: String::new(),
            href: String::new(),
            columns: vec![
                column("id", "pseudonym"),
                column("phone", "keep-ends(3,4)"),
                column("sex", "clear"),
            ],
        };
        let names = |sql: &str| -> Vec<String> {
            let found = touched(sql, std::slice::from_ref(&table));
            found.into_iter().map(|it| it.name).collect()
        };
        assert_eq!(names("select substr(PHONE, 1, 3) as p, sex from people"), ["phone"]);
        assert_eq!(names("select * from people"), ["id", "phone"]);
        assert!(names("select phone from others").is_empty());
    }

    #[test]
    fn the_next_page_keeps_the_question() {
        let form = DataForm {
            filter: "a = 'x y'".to_owned(),
            sort: "-a".to_owned(),
            limit: "20".to_owned(),
        };
        let id = AgreementId::new();
        let behind = After {
            values: vec![Some("1".to_owned()), None],
            skip: 3,
        };
        let next = next_address(id, &form, &behind);
        let uri: axum::http::Uri = next.parse().unwrap();
        let fields = Fields(
            form_urlencoded::parse(uri.query().unwrap().as_bytes())
                .into_owned()
                .collect(),
        );
        let select = select(&DataForm::from_fields(&fields), &fields.one("after"), 20).unwrap();
        assert_eq!(select.after, Some(behind));
        assert_eq!(select.filters[0].values, ["x y"]);
        assert!(select.sort[0].descending);
    }
}
