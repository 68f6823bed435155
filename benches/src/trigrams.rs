//! The peer of the bench `search`: SQLite's FTS5 with its trigram tokenizer over the same texts, inside this process.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::{Result, catalog::Entry};

/// The index in its file.
#[derive(Debug)]
pub struct Trigrams(Connection);

impl Trigrams {
    /// Indexes `many` entries.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn make(file: &Path, many: usize) -> Result<Self> {
        let mut link = Connection::open(file)?;
        link.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = off;
             create virtual table shelf using fts5(name, name_en, summary, summary_en, keywords, code, tokenize = 'trigram')",
        )?;
        let tx = link.transaction()?;
        {
            let mut insert = tx.prepare("insert into shelf values (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for it in (0..many).map(Entry::new) {
                let words = it.keywords.join(" ");
                insert.execute(params![it.name, it.name_en, it.summary, it.summary_en, words, it.code])?;
            }
        }
        tx.execute("insert into shelf (shelf) values ('optimize')", [])?;
        tx.commit()?;
        Ok(Self(link))
    }

    /// Names and summaries of the twenty best entries that hold a text of three or more characters.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn search(&self, text: &str) -> Result<Vec<(String, String)>> {
        let phrase = format!("\"{}\"", text.replace('"', "\"\""));
        self.rows(
            "select name, summary from shelf where shelf match ?1 order by rank limit 20",
            &phrase,
        )
    }

    /// The same for shorter texts, which the index does not hold: every row is read. Unranked.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn scan(&self, text: &str) -> Result<Vec<(String, String)>> {
        let pattern = format!("%{text}%");
        self.rows(
            "select name, summary from shelf where name like ?1 or summary like ?1 or keywords like ?1
              order by length(name) limit 20",
            &pattern,
        )
    }

    /// SQLite's version.
    #[must_use]
    pub fn version() -> &'static str {
        rusqlite::version()
    }

    fn rows(&self, sql: &str, argument: &str) -> Result<Vec<(String, String)>> {
        let mut ask = self.0.prepare_cached(sql)?;
        let rows = ask.query_map([argument], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let it = Trigrams::make(&folder.path().join("peer.db"), 300).unwrap();
        let found = it.search("区不动产").unwrap();
        assert!(!found.is_empty() && found.iter().all(|it| it.0.contains("区不动产")));
        assert!(it.search("没有这样").unwrap().is_empty());
        assert!(it.search("\" or name : \"").unwrap().is_empty());
        assert!(it.scan("人口").unwrap().len() == 20);
    }
}
