//! What the collector reads of every document, in memory: 48 bytes each, read once per segment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tantivy::{DocId, Searcher, SegmentReader, columnar::Column, index::SegmentId};

use super::{Facet, schema};

/// Ordinal of a document that has no value.
pub(super) const NONE: u32 = u32::MAX;

/// One document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Its values' ordinals by facet.
    pub facets: [u32; 6],
    pub visible: bool,
    pub name_length: u32,
    pub at: u64,
    pub name_key: u64,
}

/// One segment.
#[derive(Debug)]
pub(super) struct Table {
    pub lines: Vec<Line>,
    /// The values of each facet, by ordinal, sorted.
    pub values: [Vec<String>; 6],
}

impl Table {
    fn read(reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let number = |name: &str| -> tantivy::Result<Column<u64>> { fast.u64(name) };
        let (visible, at) = (number(schema::VISIBLE)?, number(schema::AT)?);
        let (name_length, name_key) = (number(schema::NAME_LENGTH)?, number(schema::NAME_KEY)?);
        let of = |column: &Column<u64>, doc: DocId| column.first(doc).unwrap_or(0);
        let mut lines: Vec<Line> = (0..reader.max_doc())
            .map(|doc| Line {
                facets: [NONE; 6],
                visible: of(&visible, doc) == 1,
                name_length: u32::try_from(of(&name_length, doc)).unwrap_or(u32::MAX),
                at: of(&at, doc),
                name_key: of(&name_key, doc),
            })
            .collect();
        let mut values: [Vec<String>; 6] = Default::default();
        for (place, (facet, values)) in Facet::ALL.iter().zip(&mut values).enumerate() {
            let Some(column) = fast.str(facet.code())? else {
                continue;
            };
            for ordinal in 0..column.num_terms() as u64 {
                let mut value = String::new();
                column.ord_to_str(ordinal, &mut value)?;
                values.push(value);
            }
            for (doc, line) in (0..).zip(&mut lines) {
                if let (Some(ordinal), Some(cell)) = (column.ords().first(doc), line.facets.get_mut(place)) {
                    *cell = u32::try_from(ordinal).unwrap_or(NONE);
                }
            }
        }
        Ok(Self { lines, values })
    }

    /// The ordinal of a facet's value, when some document has it.
    pub fn ordinal(&self, facet: usize, value: &str) -> Option<u32> {
        let place = self
            .values
            .get(facet)?
            .binary_search_by(|it| it.as_str().cmp(value))
            .ok()?;
        u32::try_from(place).ok()
    }
}

/// The tables of the segments that are searched now.
#[derive(Debug, Default)]
pub(super) struct Tables(Mutex<HashMap<SegmentId, Arc<Table>>>);

impl Tables {
    /// One for each segment, in order; those of segments that are gone are forgotten.
    pub fn of(&self, searcher: &Searcher) -> tantivy::Result<Vec<Arc<Table>>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let segments = searcher.segment_readers();
        known.retain(|id, _| segments.iter().any(|it| it.segment_id() == *id));
        let mut tables = Vec::with_capacity(segments.len());
        for segment in segments {
            let table = match known.get(&segment.segment_id()) {
                Some(table) => Arc::clone(table),
                None => {
                    let table = Arc::new(Table::read(segment)?);
                    known.insert(segment.segment_id(), Arc::clone(&table));
                    table
                }
            };
            tables.push(table);
        }
        Ok(tables)
    }
}
