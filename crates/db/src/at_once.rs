//! Statements that go to the database together and last together.

use sea_orm::{
    Value,
    sqlx::{self, AssertSqlSafe, Executor, SqlitePool, sqlite::SqliteArguments},
};

use crate::{Arg, Db, Error};

/// One statement and its arguments, `$1, $2, …`. `$` followed by a digit stands in it for an argument only.
#[derive(Debug, Clone)]
pub struct Step {
    pub(crate) sql: String,
    pub(crate) args: Vec<Arg>,
}

impl Step {
    /// A statement.
    #[must_use]
    pub const fn new(sql: String, args: Vec<Arg>) -> Self {
        Self { sql, args }
    }
}

impl Db {
    /// Runs statements as one transaction, all or none, where none needs to know what another found. On SQLite they are one
    /// trip to the thread that writes, commit included; one by one, each is a trip. Goes on when the caller does not wait.
    ///
    /// # Errors
    /// [`Error::Unique`] and [`Error::Rule`] name a broken rule; [`Error::Db`] for the rest. Nothing was written then.
    pub async fn at_once(&self, steps: Vec<Step>) -> Result<(), Error> {
        let Some(writer) = self.sqlite_writer() else {
            let tx = self.write().await?;
            for step in steps {
                tx.run_step(step).await?;
            }
            return tx.commit().await;
        };
        let (sql, args) = joined(steps);
        let pool = writer.clone();
        // A caller who leaves must not leave an open transaction behind.
        let told = tokio::spawn(async move { whole(&pool, sql, args).await }).await;
        told.unwrap_or_else(|it| Err(sqlx::Error::Io(std::io::Error::other(it))))
            .map_err(|it| Error::from(sea_orm::DbErr::Exec(sea_orm::RuntimeErr::SqlxError(it.into()))))
    }
}

async fn whole(pool: &SqlitePool, sql: String, args: Vec<Value>) -> Result<(), sqlx::Error> {
    let mut bound = SqliteArguments::default();
    for it in args {
        bind(&mut bound, it)?;
    }
    let mut writer = pool.acquire().await?;
    let query = sqlx::query_with(AssertSqlSafe(sql), bound);
    match writer.execute(query).await {
        Ok(_) => Ok(()),
        Err(error) => {
            // SQLite itself has ended the transaction after some errors: then there is none to take back.
            let _ended = writer.execute("ROLLBACK").await;
            Err(error)
        }
    }
}

fn bind(to: &mut SqliteArguments, value: Value) -> Result<(), sqlx::Error> {
    use sqlx::Arguments as _;
    match value {
        Value::String(it) => to.add(it),
        Value::BigInt(it) => to.add(it),
        Value::Int(it) => to.add(it),
        Value::Bool(it) => to.add(it),
        other => Err(format!("no argument is made of {other:?}").into()),
    }
    .map_err(sqlx::Error::Encode)
}

/// One text with the arguments of all: their numbers go on from statement to statement.
fn joined(steps: Vec<Step>) -> (String, Vec<Value>) {
    let mut sql = String::from("BEGIN IMMEDIATE;");
    let mut args: Vec<Value> = Vec::new();
    for step in steps {
        moved(&step.sql, args.len(), &mut sql);
        sql.push(';');
        args.extend(step.args.into_iter().map(|it| it.0));
    }
    sql.push_str("COMMIT");
    (sql, args)
}

/// Writes a statement with `by` added to the number of each argument.
fn moved(sql: &str, by: usize, out: &mut String) {
    if by == 0 {
        out.push_str(sql);
        return;
    }
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        let (before, after) = (rest.get(..=at).unwrap_or(rest), rest.get(at + 1..).unwrap_or_default());
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        rest = after.get(digits..).unwrap_or_default();
        match after.get(..digits).and_then(|it| it.parse::<usize>().ok()) {
            Some(number) => out.push_str(&(number + by).to_string()),
            None => out.push_str(after.get(..digits).unwrap_or_default()),
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Step, joined};
    use crate::{Error, testing};

    fn step(sql: &str, args: Vec<crate::Arg>) -> Step {
        Step::new(sql.to_owned(), args)
    }

    fn mention(id: &str) -> Step {
        step(
            "insert into ledger_mention (word, idx) values ($2, $1)",
            vec![7_i64.into(), id.into()],
        )
    }

    #[test]
    fn arguments_are_numbered_on() {
        let steps = vec![
            step("a $1 $2", vec![1_i64.into(), 2_i64.into()]),
            step("b $12,$1 $ $x", vec![3_i64.into()]),
        ];
        let (sql, args) = joined(steps);
        assert_eq!(sql, "BEGIN IMMEDIATE;a $1 $2;b $14,$3 $ $x;COMMIT");
        assert_eq!(args.len(), 3);
    }

    async fn words(db: &crate::Db) -> Vec<String> {
        let tx = db.read().await.unwrap();
        let rows = tx
            .all("select word from ledger_mention order by word", [])
            .await
            .unwrap();
        rows.iter().map(|it| it.text("word").unwrap()).collect()
    }

    #[tokio::test]
    async fn all_last_or_none() {
        for fresh in testing::each().await.unwrap() {
            let db = &fresh.db;
            db.at_once(vec![mention("a"), mention("b")]).await.unwrap();
            assert_eq!(words(db).await, ["a", "b"]);
            let twice = db.at_once(vec![mention("c"), mention("a"), mention("d")]).await;
            assert!(matches!(twice, Err(Error::Unique(_))), "{twice:?}");
            let wrong = db
                .at_once(vec![mention("c"), step("select nothing from nowhere", vec![])])
                .await;
            assert!(matches!(wrong, Err(Error::Db(_))), "{wrong:?}");
            // The writer is free again and nothing of the failed ones is there.
            db.at_once(vec![mention("e")]).await.unwrap();
            assert_eq!(words(db).await, ["a", "b", "e"]);
        }
    }

    #[tokio::test]
    async fn a_caller_who_leaves_leaves_no_open_transaction() {
        let fresh = testing::sqlite().await.unwrap();
        for no in 0..50 {
            let steps = (0..20).map(|it| mention(&format!("{no}-{it}"))).collect();
            let call = fresh.db.at_once(steps);
            let _left = tokio::time::timeout(std::time::Duration::from_micros(no * 20), call).await;
        }
        fresh.db.at_once(vec![mention("last")]).await.unwrap();
        // Each of them whole or absent.
        assert_eq!(words(&fresh.db).await.len() % 20, 1);
    }
}
