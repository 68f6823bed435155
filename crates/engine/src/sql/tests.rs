#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::prelude::SessionContext;
use vocab::DataType;

use super::check;
use crate::shape;

fn judged(sql: &str) -> Result<(), String> {
    check::statement(&SessionContext::new().state(), sql)
        .map(|_| ())
        .map_err(|it| it.to_string())
}

#[test]
fn queries_are_answered() {
    for sql in [
        "SELECT 1",
        "SELECT a, count(*) FROM t GROUP BY a HAVING count(*) > 1 ORDER BY 2 LIMIT 3",
        "WITH c AS (SELECT 1 AS x) SELECT * FROM c JOIN t ON c.x = t.a",
        "SELECT * FROM t UNION ALL SELECT * FROM u EXCEPT SELECT * FROM v",
        "SELECT substr(a, 1, 3), CAST(b AS DATE), upper(c) FROM t WHERE a = $1 AND b LIKE 'x%'",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t",
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(x, y)",
        "SELECT * FROM t WHERE a IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v)",
        "EXPLAIN SELECT * FROM t",
        "SELECT lpad(a, 10, '0') FROM t",
    ] {
        assert_eq!(judged(sql), Ok(()), "{sql}");
    }
}

#[test]
fn everything_else_is_refused() {
    for sql in [
        "",
        "SELECT 1; SELECT 2",
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "DROP TABLE t",
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE VIEW v AS SELECT 1",
        "COPY t TO '/tmp/x'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "SHOW ALL",
        "SELECT * INTO x FROM t",
        "SELECT * FROM t FOR UPDATE",
        "WITH RECURSIVE c AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM c) SELECT * FROM c",
        "SELECT * FROM generate_series(1, 1000000000)",
        "SELECT * FROM range(1, 10)",
        "SELECT * FROM unnest(ARRAY[1,2])",
        "SELECT range(0, 1000000000)",
        "SELECT repeat('x', 1000000000)",
        "SELECT lpad('x', 1000000000, 'y')",
        "SELECT rpad(a, b, 'y') FROM t",
        "SELECT (SELECT repeat(a, 99999) FROM t)",
        "SELECT * FROM t WHERE a IN (SELECT uuid() FROM t)",
        "SELECT ARRAY[a, a] FROM t",
        "SELECT [a, a] FROM t",
        "SELECT (a, a) FROM t",
        "SELECT {'x': a} FROM t",
        "SELECT random()",
        "SELECT version()",
        "EXPLAIN ANALYZE SELECT * FROM t",
        "EXPLAIN COPY t TO '/tmp/x'",
        "PREPARE p AS SELECT 1",
        "BEGIN",
    ] {
        assert!(judged(sql).is_err(), "{sql}");
    }
    assert!(judged(&format!("SELECT {}1", "(".repeat(100_000))).is_err());
}

#[test]
fn masks_are_pure_functions_of_the_value() {
    let schema = Arc::new(Schema::new(vec![shape::field("value", DataType::Text)]));
    for good in [
        "substr(value, 1, 6)",
        "CASE WHEN length(value) > 3 THEN left(value, 3) ELSE '***' END",
        "value || '*'",
        "NULL",
        "'fixed'",
    ] {
        assert!(check::mask_expression(good, &schema).is_ok(), "{good}");
    }
    for bad in [
        "",
        "value, value",
        "other",
        "t.value",
        "(SELECT 1)",
        "value; DROP TABLE t",
        "random()",
        "now()",
        "count(value)",
        "row_number() OVER ()",
        "repeat(value, 1000)",
        "$1",
        "value IN (SELECT 1)",
    ] {
        assert!(check::mask_expression(bad, &schema).is_err(), "{bad}");
    }
}

/// What a question over one table of 100 rows of 1000 bytes answers, with 16 MiB of memory.
async fn asked(sql: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let rows = vec![format!("('{}')", "a".repeat(1000)); 100].join(", ");
    let statements = format!("CREATE TABLE t (x text); INSERT INTO t VALUES {rows};");
    let spec = crate::testing::sqlite(&folder.path().join("t.db"), &statements).unwrap();
    let engine = crate::Engine::new(crate::Limits {
        memory_bytes: 16 << 20,
        ..crate::Limits::default()
    });
    let table = crate::testing::open_wide(&engine, &spec, "t", "t").await.unwrap();
    let opened = engine.open(vec![table]).await.unwrap();
    let rows = opened.sql(sql).await.map_err(|it| it.to_string())?;
    let (batches, _) = rows.collect_all().await.map_err(|it| it.to_string())?;
    Ok(batches
        .iter()
        .map(arrow::array::RecordBatch::get_array_memory_size)
        .sum())
}

#[tokio::test]
async fn texts_grow_within_the_memory_of_the_question() {
    let doubled = |step: &str, times: usize| {
        let mut sql = "WITH c0 AS (SELECT x FROM t)".to_owned();
        for at in 1..=times {
            sql += &format!(", c{at} AS (SELECT {} AS x FROM c{})", step, at - 1);
        }
        format!("{sql} SELECT max(length(x)) FROM c{times}")
    };
    let filled = "b".repeat(20_000);
    let bombs = [
        doubled("x || x", 40),
        doubled("concat(x, x)", 40),
        doubled("concat_ws('-', x, x)", 40),
        doubled("overlay(x PLACING x FROM 1 FOR 0)", 40),
        doubled("replace(x, 'a', 'aa')", 40),
        doubled("regexp_replace(x, '(a+)', '\\1\\1', 'g')", 40),
        doubled("x || x", 40).replace("SELECT x FROM t", "SELECT 'abc' AS x"),
        format!("SELECT replace(replace('a', 'a', '{filled}'), 'b', '{filled}')"),
        format!("SELECT regexp_replace(replace('a', 'a', '{filled}'), 'b', '{filled}', 'g') FROM t"),
        format!(
            "SELECT {} FROM t",
            (0..40)
                .map(|at| format!("length(replace(x, 'a', '{}')) AS c{at}", "b".repeat(100)))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    ];
    for sql in &bombs[..9] {
        let outcome = asked(sql).await;
        let limited = matches!(&outcome, Err(it) if it.contains("memory limit"));
        assert!(limited, "{outcome:?}: {}", &sql[..sql.len().min(200)]);
    }
    // A million bytes a column are taken one after another and given back.
    assert!(asked(&bombs[9]).await.is_ok(), "{:?}", asked(&bombs[9]).await);
    for good in [
        "SELECT x || '-' || x FROM t",
        "SELECT replace(x, 'a', 'bb') FROM t",
        "SELECT replace(x, '', 'bb') FROM t",
        "SELECT regexp_replace(x, 'a+', '-', 'g') FROM t",
        "SELECT concat(x, 1, NULL), concat_ws(',', x, x), overlay(x PLACING 'b' FROM 2 FOR 3) FROM t",
        "SELECT 1 || 'a', NULL || x FROM t",
    ] {
        assert!(asked(good).await.is_ok(), "{good}: {:?}", asked(good).await);
    }
}

#[tokio::test]
async fn joined_texts_are_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let spec = crate::testing::sqlite(
        &folder.path().join("t.db"),
        "CREATE TABLE t (x text, n integer); INSERT INTO t VALUES ('a', 7), (NULL, 8);",
    )
    .unwrap();
    let engine = crate::Engine::new(crate::Limits::default());
    let table = crate::testing::open_wide(&engine, &spec, "t", "t").await.unwrap();
    let opened = engine.open(vec![table]).await.unwrap();
    let rows = opened
        .sql("SELECT x || '-' || n, 'k' || 'l' FROM t ORDER BY n")
        .await
        .unwrap();
    assert_eq!(rows.schema().field(1).name(), "Utf8(\"k\") || Utf8(\"l\")");
    let (batches, _) = rows.collect_all().await.unwrap();
    let text = arrow::util::pretty::pretty_format_batches(&batches)
        .unwrap()
        .to_string();
    assert!(text.contains("a-7") && text.contains("kl"), "{text}");
    assert_eq!(batches[0].column(0).null_count(), 1);
    let refused = opened.sql("SELECT n || n FROM t").await.unwrap_err();
    assert!(matches!(refused, crate::Error::Question(_)), "{refused}");
}

#[tokio::test]
async fn a_plan_that_doubles_with_each_line_is_refused() {
    let mut sql = "WITH c0 AS (SELECT x FROM t)".to_owned();
    for at in 1..=30 {
        sql += &format!(", c{at} AS (SELECT a.x FROM c{0} a JOIN c{0} b ON a.x = b.x)", at - 1);
    }
    let refused = asked(&format!("{sql} SELECT count(*) FROM c30")).await.unwrap_err();
    assert!(refused.contains("tables in all its steps"), "{refused}");
    let few = sql.split(", c2 AS").next().unwrap();
    assert!(asked(&format!("{few} SELECT count(*) FROM c1")).await.is_ok());
    let nested = format!("SELECT * FROM ({sql} SELECT count(*) FROM c30) q");
    assert!(asked(&nested).await.unwrap_err().contains("tables in all its steps"));
}
