//! Planning a run: which chunks, each small enough to be one transaction of the target.
//!
//! Where the key is a number whose smallest and largest value are known, or points between keys are known, chunks are
//! key ranges: they can be read again alone. Otherwise the source is one stream that is cut as it comes; chunks are then
//! known by their ordinal, and a resumed run compares the ones that stand by digest.

use serde::{Deserialize, Serialize};
use vocab::{RowRule, Value, rule::Compare};

/// Rows of a chunk, when nothing else is said: a second of work, little to lose.
pub const CHUNK_ROWS: u64 = 50_000;
/// Pages of a pass-through chunk: 32 MiB of pages of 8 KiB, a few tenths of a second of work; small enough that several
/// lanes end together.
pub const CHUNK_PAGES: u64 = 4096;
/// Rows of a part of changes: their keys and digests, and those that differ, are held in memory; tens of megabytes.
pub const PART_ROWS: u64 = 200_000;
/// More chunks than this are not worth their checkpoints.
const MOST_CHUNKS: u64 = 1000;

/// How the source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum Way {
    /// Chunk by chunk, each by its bounds.
    Ranges,
    /// As one stream, cut after so many rows.
    Stream {
        /// Rows of a chunk.
        chunk_rows: u64,
    },
    /// As the source's own tuples, chunk by chunk in several lanes, all of them at one moment of the source.
    PassThrough,
}

/// Pages of a table, from one up to but without another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// The first, counted from 0.
    pub from: u64,
    /// The one after the last; `None` for all that follow, those that a growing table gets meanwhile too.
    pub until: Option<u64>,
}

/// One chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its number, from 0; its name in the checkpoint.
    pub no: u64,
    /// Its rows, on top of the agreement's own rule. The bounds of all chunks cover every row once, NULL keys too.
    pub bounds: RowRule,
    /// Only rows of these pages of the source's table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Pages>,
    /// About how many rows.
    pub estimate: Option<u64>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How the source is read.
    pub way: Way,
    /// The chunks; one with [`RowRule::All`] for a stream.
    pub chunks: Vec<Chunk>,
    /// About how many rows in all.
    pub rows_estimate: Option<u64>,
}

/// What is known about a source's rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The source's estimate of its rows.
    pub rows_estimate: Option<u64>,
    /// The item to cut by: an unmasked item of the key, with an index in the source.
    pub item: Option<String>,
    /// Smallest and largest value of an integer item.
    pub range: Option<(i64, i64)>,
    /// Values between which rows are about equally many, ascending (for keys that are no integers).
    pub points: Vec<Value>,
}

impl Plan {
    /// A plan with chunks of about `chunk_rows` rows.
    #[must_use]
    pub fn new(facts: &Facts, chunk_rows: u64) -> Self {
        let chunk_rows = chunk_rows.max(1);
        let wanted = facts
            .rows_estimate
            .map_or(1, |rows| rows.div_ceil(chunk_rows))
            .clamp(1, MOST_CHUNKS);
        let points = match (&facts.item, facts.range) {
            (Some(_), _) if !facts.points.is_empty() => thinned(&facts.points, wanted),
            (Some(_), Some((least, most))) => between(least, most, wanted).into_iter().map(Value::Int).collect(),
            _ => Vec::new(),
        };
        match &facts.item {
            Some(item) if !points.is_empty() => Self {
                way: Way::Ranges,
                chunks: ranges(item, &points, facts.rows_estimate),
                rows_estimate: facts.rows_estimate,
            },
            _ => Self {
                way: Way::Stream { chunk_rows },
                chunks: vec![Chunk {
                    no: 0,
                    bounds: RowRule::All,
                    pages: None,
                    estimate: facts.rows_estimate,
                }],
                rows_estimate: facts.rows_estimate,
            },
        }
    }

    /// A plan of a pass-through by pages: of `pages` pages that the table has now, about `chunk_pages` in a chunk.
    #[must_use]
    pub fn by_pages(pages: u64, chunk_pages: u64, rows_estimate: Option<u64>) -> Self {
        let each = chunk_pages.max(pages.div_ceil(MOST_CHUNKS)).max(1);
        let total = pages.div_ceil(each).max(1);
        let chunk = |no: u64| Chunk {
            no,
            bounds: RowRule::All,
            pages: Some(Pages {
                from: no * each,
                until: (no + 1 < total).then_some((no + 1) * each),
            }),
            estimate: rows_estimate.map(|it| it / total),
        };
        Self {
            way: Way::PassThrough,
            chunks: (0..total).map(chunk).collect(),
            rows_estimate,
        }
    }

    /// A plan of a pass-through where pages say nothing (a view, an old server): ranges of keys, or the whole as one chunk.
    #[must_use]
    pub fn by_keys(facts: &Facts, chunk_rows: u64) -> Self {
        Self {
            way: Way::PassThrough,
            ..Self::new(facts, chunk_rows)
        }
    }
}

/// `parts - 1` numbers that cut `least..=most` into about equal parts.
fn between(least: i64, most: i64, parts: u64) -> Vec<i64> {
    let (low, width) = (i128::from(least), i128::from(most) - i128::from(least) + 1);
    let parts = i128::from(parts);
    let mut points: Vec<i64> = (1..parts)
        .filter_map(|it| i64::try_from(low + width * it / parts).ok())
        .filter(|it| *it > least)
        .collect();
    points.dedup();
    points
}

/// At most `parts - 1` of the points, evenly.
fn thinned(points: &[Value], parts: u64) -> Vec<Value> {
    let most = usize::try_from(parts.saturating_sub(1))
        .unwrap_or(usize::MAX)
        .min(points.len());
    (1..=most)
        .filter_map(|it| points.get(it * points.len() / (most + 1)).cloned())
        .collect()
}

/// Ranges between points: open at both ends, so that rows beyond what was known come too; NULL belongs to the first.
fn ranges(item: &str, points: &[Value], rows: Option<u64>) -> Vec<Chunk> {
    let compare = |op, value: &Value| RowRule::Compare {
        item: item.to_owned(),
        op,
        value: value.clone(),
    };
    let total = points.len() + 1;
    let chunk = |no: usize| {
        let from = no
            .checked_sub(1)
            .and_then(|it| points.get(it))
            .map(|it| compare(Compare::Ge, it));
        let until = points.get(no).map(|it| compare(Compare::Lt, it));
        let bounds = match (from, until) {
            (None, None) => RowRule::All,
            (None, Some(until)) => RowRule::Or {
                of: vec![until, RowRule::IsNull { item: item.to_owned() }],
            },
            (Some(from), None) => from,
            (Some(from), Some(until)) => RowRule::And { of: vec![from, until] },
        };
        Chunk {
            no: no as u64,
            bounds,
            pages: None,
            estimate: rows.map(|it| it / total as u64),
        }
    };
    (0..total).map(chunk).collect()
}
