//! Rows of a file that could not be read: where and why, never what they held.

/// One row, or part of it, set aside.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// Line in the file (the first is 1); for sheets the row number; for Parquet the row's position.
    pub line: u64,
    /// The column, when one is at fault.
    pub column: Option<String>,
    /// Why, in words without the value.
    pub reason: String,
}

/// What reading a whole file set aside.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Rows that were read.
    pub rows: u64,
    /// Rows set aside.
    pub quarantined: u64,
    /// The first of them, up to [`Report::KEPT`].
    pub bad: Vec<BadRow>,
}

impl Report {
    /// How many bad rows are told one by one.
    pub const KEPT: usize = 1000;

    /// Adds a row.
    pub fn add(&mut self, bad: BadRow) {
        self.quarantined += 1;
        if self.bad.len() < Self::KEPT {
            self.bad.push(bad);
        }
    }
}
