//! Entries as inserts of many rows in few statements.

use db::{Arg, Step};

use crate::{Logged, Prepared, store::searchable};

/// Rows of one multi-row insert, the most first; eight columns each stay below the limits of both databases (32,766 and
/// 65,535 values).
const ROWS: [usize; 8] = [1024, 256, 64, 16, 4, 3, 2, 1];

/// Entries from the number `first` on, and the statements that write them.
pub(crate) fn written(first: u64, entries: &[&Prepared]) -> (Vec<Logged>, Vec<Step>) {
    let all: Vec<Logged> = (first..)
        .zip(entries)
        .map(|(index, entry)| Logged::new(index, entry.data(index)))
        .collect();
    let mut steps = Vec::new();
    let mut rows = entries.iter().zip(&all);
    let columns = "ledger_entry (idx, at, kind, actor, subject, data, leaf, answers)";
    for (size, sql) in inserts(entries.len(), columns, 8) {
        let some = rows.by_ref().take(size);
        let args = some.flat_map(|(entry, logged)| {
            [
                logged.index.into(),
                entry.at.into(),
                Arg::text(searchable(&entry.kind)),
                Arg::opt(entry.actor),
                Arg::text(searchable(&entry.subject)),
                Arg::text(&logged.data),
                Arg::text(hex::encode(logged.leaf)),
                entry.answers.into(),
            ]
        });
        steps.push(Step::new(sql, args.collect()));
    }
    let mentions: Vec<(&String, u64)> = entries
        .iter()
        .zip(&all)
        .flat_map(|(entry, logged)| entry.mentions.iter().map(|it| (it, logged.index)))
        .collect();
    let mut rows = mentions.iter();
    for (size, sql) in inserts(mentions.len(), "ledger_mention (word, idx)", 2) {
        let some = rows.by_ref().take(size);
        let args = some.flat_map(|(word, index)| [Arg::text(word), (*index).into()]);
        steps.push(Step::new(sql, args.collect()));
    }
    (all, steps)
}

/// The statements that insert so many rows, each with its number of rows. Few texts, so that databases and drivers know
/// them again instead of reading a new one for every number.
fn inserts(mut rows: usize, into: &str, columns: usize) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for size in ROWS {
        if rows >= size {
            let sql = format!("insert into {into} values {}", tuples(size, columns));
            all.extend(std::iter::repeat_n((size, sql), rows / size));
            rows %= size;
        }
    }
    all
}

/// `($1,$2),($3,$4)`: `rows` groups of `columns` arguments.
fn tuples(rows: usize, columns: usize) -> String {
    let mut sql = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 1..=columns {
            let comma = if column == 1 { "" } else { "," };
            sql.push_str(&format!("{comma}${}", row * columns + column));
        }
        sql.push(')');
    }
    sql
}
