//! Prepared statements: text and bound parameters by handle, for the one who made them.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use arrow::array::RecordBatch;
use parking_lot::Mutex;
use platform::vocab::ActorId;
use tonic::Status;

/// A statement that nobody has used for so long is forgotten.
const KEPT: Duration = Duration::from_secs(30 * 60);
const MOST: usize = 10_000;
/// Statements that one caller may keep open.
pub(crate) const MOST_EACH: usize = 200;

/// One prepared statement.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    /// Its SQL.
    pub sql: String,
    /// One row of parameters, where they were bound.
    pub parameters: Option<RecordBatch>,
    actor: ActorId,
    used: Instant,
}

/// All prepared statements of this process.
#[derive(Default)]
pub(crate) struct Statements(Mutex<HashMap<String, Statement>>);

impl Statements {
    /// Keeps a statement; its handle.
    pub(crate) fn put(&self, actor: ActorId, sql: String) -> Result<String, Status> {
        let handle = platform::seal::token::generate().map_err(|_| Status::internal("no handle could be made"))?;
        let mut all = self.0.lock();
        all.retain(|_, it| it.used.elapsed() < KEPT);
        if all.values().filter(|it| it.actor == actor).count() >= MOST_EACH {
            return Err(Status::resource_exhausted(format!(
                "you have {MOST_EACH} prepared statements open; close some"
            )));
        }
        if all.len() >= MOST {
            return Err(Status::resource_exhausted("too many prepared statements are open"));
        }
        all.insert(
            handle.to_string(),
            Statement {
                sql,
                parameters: None,
                actor,
                used: Instant::now(),
            },
        );
        Ok(handle.to_string())
    }

    /// A statement of this actor.
    pub(crate) fn get(&self, actor: ActorId, handle: &[u8]) -> Result<Statement, Status> {
        self.with(actor, handle, |it| it.clone())
    }

    /// Binds parameters.
    pub(crate) fn bind(&self, actor: ActorId, handle: &[u8], parameters: RecordBatch) -> Result<(), Status> {
        self.with(actor, handle, |it| it.parameters = Some(parameters))
    }

    /// Forgets a statement.
    pub(crate) fn close(&self, actor: ActorId, handle: &[u8]) {
        if self.get(actor, handle).is_ok() {
            self.0.lock().remove(text(handle));
        }
    }

    fn with<T>(&self, actor: ActorId, handle: &[u8], work: impl FnOnce(&mut Statement) -> T) -> Result<T, Status> {
        let mut all = self.0.lock();
        match all.get_mut(text(handle)) {
            Some(it) if it.actor == actor => {
                it.used = Instant::now();
                Ok(work(it))
            }
            _ => Err(Status::not_found("this prepared statement does not exist (any more)")),
        }
    }
}

/// Drivers of JDBC and ODBC write parameters as `?`; the engine's SQL knows `$1`, `$2`, …. Marks inside quotes and
/// comments (which nest, as in PostgreSQL) stay as they are.
pub(crate) fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 8);
    let mut number = 0;
    let mut rest = sql;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '\'' | '"' => quoted(rest, character),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '?' => {
                number += 1;
                out.push_str(&format!("${number}"));
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            it => it.len_utf8(),
        };
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        out.push_str(piece);
        rest = after;
    }
    out
}

/// Bytes of a quoted text from its opening quote on; all of the rest when it is not closed.
fn quoted(text: &str, quote: char) -> usize {
    let body = text.get(1..).unwrap_or_default();
    body.find(quote).map_or(text.len(), |it| it + 2)
}

/// Bytes of a block comment.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match rest.chars().next() {
                Some(it) => at += it.len_utf8(),
                None => return text.len(),
            }
        }
    }
}

fn text(handle: &[u8]) -> &str {
    std::str::from_utf8(handle).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{ActorId, MOST_EACH, Statements, numbered};

    #[test]
    fn marks_become_numbers_outside_quotes_and_comments_only() {
        assert_eq!(
            numbered("select a from t where b = ? and c like '?%' and \"d?\" > ?"),
            "select a from t where b = $1 and c like '?%' and \"d?\" > $2"
        );
        assert_eq!(
            numbered("select 'it''s ?', ? -- ?\n, ?"),
            "select 'it''s ?', $1 -- ?\n, $2"
        );
        assert_eq!(numbered("select $1"), "select $1");
        assert_eq!(
            numbered("select /* ? /* ? */ 号? */ ? -- ?"),
            "select /* ? /* ? */ 号? */ $1 -- ?"
        );
        assert_eq!(numbered("select '𠮷?' || ?, 'open ?"), "select '𠮷?' || $1, 'open ?");
    }

    #[test]
    fn one_caller_does_not_take_every_place() {
        let statements = Statements::default();
        let (one, other) = (ActorId::new(), ActorId::new());
        let mut handles = Vec::new();
        for _ in 0..MOST_EACH {
            handles.push(statements.put(one, "select 1".to_owned()).unwrap());
        }
        assert!(statements.put(one, "select 1".to_owned()).is_err());
        assert!(statements.put(other, "select 1".to_owned()).is_ok());
        statements.close(one, handles[0].as_bytes());
        assert!(statements.put(one, "select 1".to_owned()).is_ok());
        assert!(statements.get(other, handles[1].as_bytes()).is_err());
    }
}
