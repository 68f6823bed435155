//! One pass over what matches: total, best page, and facet counts.
//!
//! A document that fails exactly one chosen facet is counted for that facet alone, so a page can show what the other
//! choices of the facet would give.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use tantivy::{
    DocAddress, DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
};

use super::{
    Audience, Facet, Query, Sort,
    table::{Line, Table},
};

/// What one pass gives.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub total: u64,
    /// Best first.
    pub best: Vec<(Score, DocAddress)>,
    pub facets: [BTreeMap<String, u64>; 6],
}

impl Found {
    /// Was nothing found, whatever is chosen?
    pub fn is_nothing(&self) -> bool {
        self.total == 0 && self.facets.iter().all(BTreeMap::is_empty)
    }
}

pub(super) struct Gather<'a> {
    pub query: &'a Query,
    /// Is there anything to rank by?
    pub ranked: bool,
    /// Results to keep: skipped and wanted together.
    pub keep: usize,
    /// One for each segment.
    pub tables: Vec<Arc<Table>>,
}

/// Greater is better: by rank or name or nothing, then the shorter name (ranked alone), then the newer.
type Key = (u64, u64, u64);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kept {
    key: Key,
    /// Earlier documents first among equals.
    address: Reverse<(SegmentOrdinal, DocId)>,
    score: u32,
}

pub(super) struct SegmentGather {
    segment: SegmentOrdinal,
    sort: Sort,
    ranked: bool,
    keep: usize,
    table: Arc<Table>,
    /// Ordinals of the chosen values by facet; `None` where nothing is chosen.
    chosen: [Option<Vec<u32>>; 6],
    narrowed: bool,
    audience: Seen,
    counts: [Vec<u64>; 6],
    total: u64,
    best: BinaryHeap<Reverse<Kept>>,
}

enum Seen {
    Published,
    /// Published, or of the provider with this ordinal (`None`: it has no document here).
    Own(Option<u32>),
    All,
}

impl Seen {
    const fn sees(&self, line: &Line) -> bool {
        match self {
            Self::All => true,
            Self::Own(Some(own)) => line.visible || *own == line.facets[0],
            Self::Published | Self::Own(None) => line.visible,
        }
    }
}

impl Collector for Gather<'_> {
    type Fruit = Found;
    type Child = SegmentGather;

    fn for_segment(&self, segment: SegmentOrdinal, _reader: &SegmentReader) -> tantivy::Result<SegmentGather> {
        let table = usize::try_from(segment)
            .ok()
            .and_then(|it| self.tables.get(it))
            .map(Arc::clone);
        let table =
            table.ok_or_else(|| tantivy::TantivyError::InternalError("a segment without its table".to_owned()))?;
        let mut place = 0;
        let chosen = Facet::ALL.map(|facet| {
            let values = self.query.facets.get(&facet).filter(|it| !it.is_empty());
            let ordinals = values.map(|it| it.iter().filter_map(|value| table.ordinal(place, value)).collect());
            place += 1;
            ordinals
        });
        let audience = match &self.query.audience {
            Audience::Everyone => Seen::Published,
            Audience::Authority => Seen::All,
            Audience::Provider(org) => Seen::Own(table.ordinal(0, &org.to_string())),
        };
        Ok(SegmentGather {
            segment,
            sort: self.query.sort,
            ranked: self.ranked,
            keep: self.keep,
            narrowed: chosen.iter().any(Option::is_some),
            counts: table.values.each_ref().map(|it| vec![0; it.len()]),
            table,
            chosen,
            audience,
            total: 0,
            best: BinaryHeap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.ranked
    }

    fn merge_fruits(&self, parts: Vec<(Found, Vec<Kept>)>) -> tantivy::Result<Found> {
        let mut all = Found::default();
        let mut best: Vec<Kept> = Vec::new();
        for (part, kept) in parts {
            all.total += part.total;
            best.extend(kept);
            for (sum, counts) in all.facets.iter_mut().zip(part.facets) {
                for (value, count) in counts {
                    *sum.entry(value).or_default() += count;
                }
            }
        }
        best.sort_unstable_by(|one, two| two.cmp(one));
        best.truncate(self.keep);
        all.best = best
            .into_iter()
            .map(|it| {
                (
                    f32::from_bits(it.score),
                    DocAddress::new(it.address.0.0, it.address.0.1),
                )
            })
            .collect();
        Ok(all)
    }
}

impl SegmentGather {
    /// The one chosen facet that a document fails, if there is one; `Err` when it fails more.
    fn failed(&self, line: &Line) -> Result<Option<usize>, ()> {
        let mut failed = None;
        for (place, (chosen, ordinal)) in self.chosen.iter().zip(line.facets).enumerate() {
            if chosen.as_ref().is_some_and(|it| !it.contains(&ordinal)) && failed.replace(place).is_some() {
                return Err(());
            }
        }
        Ok(failed)
    }

    fn key(&self, line: &Line, score: Score) -> Key {
        match self.sort {
            // scores are small positive constants: whole thousandths compare as numbers
            Sort::Relevance if self.ranked => (rank_of(score), u64::from(u32::MAX - line.name_length), line.at),
            Sort::Relevance | Sort::Newest => (line.at, 0, 0),
            Sort::Name => (u64::MAX - line.name_key, 0, line.at),
        }
    }

    fn keep(&mut self, doc: DocId, line: &Line, score: Score) {
        if self.keep == 0 {
            return;
        }
        let kept = Kept {
            key: self.key(line, score),
            address: Reverse((self.segment, doc)),
            score: score.to_bits(),
        };
        if self.best.len() < self.keep {
            self.best.push(Reverse(kept));
        } else if let Some(mut worst) = self.best.peek_mut()
            && worst.0 < kept
        {
            *worst = Reverse(kept);
        }
    }
}

fn add(counts: &mut [u64], ordinal: u32) {
    if let Some(count) = usize::try_from(ordinal).ok().and_then(|it| counts.get_mut(it)) {
        *count += 1;
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn rank_of(score: Score) -> u64 {
    (score.max(0.0) * 1000.0) as u64
}

impl SegmentCollector for SegmentGather {
    type Fruit = (Found, Vec<Kept>);

    fn collect(&mut self, doc: DocId, score: Score) {
        let Some(line) = usize::try_from(doc)
            .ok()
            .and_then(|it| self.table.lines.get(it))
            .copied()
        else {
            return;
        };
        if !self.audience.sees(&line) {
            return;
        }
        if self.narrowed {
            match self.failed(&line) {
                Ok(None) => {}
                Ok(Some(place)) => {
                    if let (Some(counts), Some(ordinal)) = (self.counts.get_mut(place), line.facets.get(place)) {
                        add(counts, *ordinal);
                    }
                    return;
                }
                Err(()) => return,
            }
        }
        for (counts, ordinal) in self.counts.iter_mut().zip(line.facets) {
            add(counts, ordinal);
        }
        self.total += 1;
        self.keep(doc, &line, score);
    }

    fn harvest(self) -> Self::Fruit {
        let mut found = Found {
            total: self.total,
            ..Found::default()
        };
        for ((sum, counts), values) in found.facets.iter_mut().zip(&self.counts).zip(&self.table.values) {
            sum.extend(
                values
                    .iter()
                    .zip(counts)
                    .filter(|(_, count)| **count > 0)
                    .map(|(value, count)| (value.clone(), *count)),
            );
        }
        (found, self.best.into_iter().map(|it| it.0).collect())
    }
}
