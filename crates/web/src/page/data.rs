//! Rows in the browser: one agreement's table, and SQL across all agreements of a caller.

use askama::Template;

use super::{Link, Sheet, Ui, form::form};

/// A column of a governed table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type.
    pub data_type: String,
    /// Mask, text form.
    pub mask: String,
}

form! {
    /// `GET /agreements/{id}/data`.
    DataForm {
        /// Filter, in the language of row rules.
        filter: one "filter",
        /// Columns to order by: `name`, `-day`.
        sort: one "sort",
        /// Rows on a page.
        limit: one "limit",
    }
}

/// `GET /agreements/{id}/data?filter=&sort=&limit=&after=`.
#[derive(Debug, Clone, Template)]
#[template(path = "data.html", blocks = ["rows"])]
pub struct DataPage {
    /// Frame.
    pub ui: Ui,
    /// The agreement.
    pub agreement: Link,
    /// The resource's title.
    pub title: String,
    /// The table's columns.
    pub columns: Vec<Column>,
    /// What was asked.
    pub form: DataForm,
    /// What is wrong with the question.
    pub error: Option<String>,
    /// The rows.
    pub sheet: Sheet,
    /// Address of the next page.
    pub next: Option<String>,
    /// The release's receipt in the ledger.
    pub receipt: Option<u64>,
    /// Downloads of the same question: CSV, Parquet, … with their addresses.
    pub downloads: Vec<Link>,
    /// Milliseconds it took.
    pub took_ms: u64,
}

form! {
    /// `POST /sql`.
    SqlForm {
        /// The question.
        sql: one "sql",
    }
}

/// A table the reader can ask.
#[derive(Debug, Clone)]
pub struct SqlTable {
    /// Name in SQL.
    pub name: String,
    /// The resource's title.
    pub title: String,
    /// The agreement's address.
    pub href: String,
    /// Columns.
    pub columns: Vec<Column>,
}

/// `GET /sql` and `POST /sql`.
#[derive(Debug, Clone, Template)]
#[template(path = "sql.html", blocks = ["answer"])]
pub struct SqlPage {
    /// Frame.
    pub ui: Ui,
    /// Tables.
    pub tables: Vec<SqlTable>,
    /// What was typed.
    pub form: SqlForm,
    /// What is wrong with the question.
    pub error: Option<String>,
    /// The answer.
    pub sheet: Option<Sheet>,
    /// Masked items that the question names.
    pub masked: Vec<Column>,
    /// More rows were there than are shown.
    pub cut: bool,
    /// The receipts in the ledger, one for each agreement.
    pub receipts: Vec<u64>,
    /// Milliseconds it took.
    pub took_ms: u64,
}
