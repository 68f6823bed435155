//! What a caller finds on the shelf: one catalogue, one schema, its governed tables.

use arrow::array::RecordBatch;
use arrow_flight::{
    error::FlightError,
    sql::{CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes, CommandGetTables},
};
use platform::flow::UsableTable;

/// The one catalogue.
pub(crate) const CATALOG: &str = "jutong";
/// Its one schema.
pub(crate) const SCHEMA: &str = "public";
const KIND: &str = "TABLE";

pub(crate) fn catalogs(query: CommandGetCatalogs) -> Result<RecordBatch, FlightError> {
    let mut rows = query.into_builder();
    rows.append(CATALOG);
    rows.build()
}

pub(crate) fn schemas(query: CommandGetDbSchemas) -> Result<RecordBatch, FlightError> {
    let mut rows = query.into_builder();
    rows.append(CATALOG, SCHEMA);
    rows.build()
}

pub(crate) fn kinds(query: CommandGetTableTypes) -> Result<RecordBatch, FlightError> {
    let mut rows = query.into_builder();
    rows.append(KIND);
    rows.build()
}

pub(crate) fn tables(query: CommandGetTables, all: &[UsableTable]) -> Result<RecordBatch, FlightError> {
    let mut rows = query.into_builder();
    for it in all {
        rows.append(CATALOG, SCHEMA, &it.table.name, KIND, &it.table.schema)?;
    }
    rows.build()
}
