//! Keys of the tables on the shelf. A governed table shows its key where it was granted whole; tables do not refer to each
//! other: which department's key another one uses is nobody's to tell here.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{ArrayRef, Int32Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use arrow_flight::{error::FlightError, sql::CommandGetPrimaryKeys};
use platform::flow::UsableTable;

use crate::shelf::{CATALOG, SCHEMA};

fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

/// The answer of GetPrimaryKeys, as the protocol has it.
pub(crate) static PRIMARY: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        Field::new("key_sequence", DataType::Int32, false),
        text("key_name", true),
    ]))
});

/// The answer of GetExportedKeys, GetImportedKeys and GetCrossReference.
pub(crate) static FOREIGN: LazyLock<SchemaRef> = LazyLock::new(|| {
    let side = |it: &str| {
        [
            text(&format!("{it}_catalog_name"), true),
            text(&format!("{it}_db_schema_name"), true),
            text(&format!("{it}_table_name"), false),
            text(&format!("{it}_column_name"), false),
        ]
    };
    let mut fields = side("pk").to_vec();
    fields.extend(side("fk"));
    fields.extend([
        Field::new("key_sequence", DataType::Int32, false),
        text("fk_key_name", true),
        text("pk_key_name", true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]);
    Arc::new(Schema::new(fields))
});

/// The key of a table, column by column; no row where it has none, or is not on the shelf.
pub(crate) fn primary(query: &CommandGetPrimaryKeys, all: &[UsableTable]) -> Result<RecordBatch, FlightError> {
    let here = |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|it| it == own);
    let meant = here(&query.catalog, CATALOG) && here(&query.db_schema, SCHEMA);
    let table = all.iter().find(|it| meant && it.table.name == query.table);
    let key: &[String] = table.map_or(&[], |it| it.table.key.as_slice());
    let same = |it: &str| -> ArrayRef { Arc::new(StringArray::from(vec![it; key.len()])) };
    let numbers: Int32Array = (1..).take(key.len()).collect::<Vec<i32>>().into();
    let no_name = StringArray::new_null(key.len());
    let batch = RecordBatch::try_new(
        Arc::clone(&PRIMARY),
        vec![
            same(CATALOG),
            same(SCHEMA),
            same(&query.table),
            Arc::new(StringArray::from_iter_values(key)),
            Arc::new(numbers),
            Arc::new(no_name),
        ],
    );
    Ok(batch?)
}

/// No key refers to another table.
pub(crate) fn none() -> RecordBatch {
    RecordBatch::new_empty(Arc::clone(&FOREIGN))
}
