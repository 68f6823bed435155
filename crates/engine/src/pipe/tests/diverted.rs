//! Rules that mean in the source's SQL what they mean here: whatever somebody has made in a schema of the source, and at the
//! edges where both judge by different words.

use super::*;
use crate::Select;

/// Operators and functions that fit better than those of the catalogue, or come before them on the path.
const DIVERTED: &str = "
CREATE FUNCTION yes(varchar, varchar) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION yes(varchar, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION yes(name, name) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION yes(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION to_char(date, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE OPERATOR <> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = yes);
CREATE OPERATOR ~~ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = yes);
CREATE OPERATOR ~~ (LEFTARG = name, RIGHTARG = name, FUNCTION = yes);
CREATE OPERATOR ~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = yes);
CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = text, FUNCTION = yes);
CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = yes);
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = yes)";

/// A database of its own with such things in it: they would divert every other test that runs in the same one.
async fn diverted(spec: &SourceSpec) -> SourceSpec {
    execute(spec, "DROP DATABASE IF EXISTS pipe_diverted WITH (FORCE)").await;
    execute(spec, "CREATE DATABASE pipe_diverted TEMPLATE template0").await;
    let inside = spec.clone().with("database", "pipe_diverted");
    execute(
        &inside,
        "CREATE TABLE people (id int PRIMARY KEY, area varchar(6), kind text, nick name, born date);
         INSERT INTO people VALUES (1, '330106', 'a', 'n1', '1990-05-01'), (2, '330199', 'b', 'n2', '1980-06-02'), \
           (3, '110000', 'a', 'n3', '1970-07-03');
         CREATE INDEX ON people (area)",
    )
    .await;
    execute(&inside, DIVERTED).await;
    execute(
        spec,
        "ALTER DATABASE pipe_diverted SET search_path = public, pg_catalog",
    )
    .await;
    inside
}

#[tokio::test]
async fn nobody_else_says_what_a_rule_means() {
    let Some(spec) = server("pipe_diverted").await else {
        return;
    };
    let inside = diverted(&spec).await;
    let engine = Engine::new(Limits::default());
    let mut table = open_wide(&engine, &inside, "public.people", "t").await.unwrap();
    table.items.iter_mut().find(|it| it.name == "born").unwrap().mask = Mask::YearOfBirth;
    for (no, (rule, expected)) in [
        ("area = '330106'", "1 1990"),
        ("NOT area <> '330106'", "1 1990"),
        ("area LIKE '33%'", "1 1990,2 1980"),
        ("area IN ('330106', '110000')", "1 1990,3 1970"),
        ("kind = 'a'", "1 1990,3 1970"),
        ("NOT kind LIKE 'a%'", "2 1980"),
        ("nick = 'n2'", "2 1980"),
        ("nick LIKE 'n1%' OR nick > 'n2'", "1 1990,3 1970"),
    ]
    .into_iter()
    .enumerate()
    {
        table.rows = rule.parse().unwrap();
        let mut way = Way::of(table.clone(), &format!("pipe_diverted.copy_{no}")).await;
        way.sink.target = spec.clone();
        way.go("run_1").await;
        let sql = format!("SELECT string_agg(id || ' ' || born, ',' ORDER BY id) FROM pipe_diverted.copy_{no}");
        assert_eq!(asked(&spec, &sql).await, expected, "{rule}");

        let question = Select {
            limit: Some(10),
            ..Select::default()
        };
        let rows = expected.split(',').count() as u64;
        assert_eq!(way.opened.count("t", &question).await.unwrap(), rows, "{rule}");
        let selected = way.opened.select("t", &question).await.unwrap();
        assert_eq!(selected.collect_all().await.unwrap().1.rows, rows, "{rule}");
        for id in ["1", "2", "3"] {
            let found = way.opened.lookup_json("t", &[("id", id)]).await.unwrap();
            let expected = expected.split(',').any(|it| it.starts_with(id));
            assert_eq!(found.is_some(), expected, "{rule}: {id}");
        }
        let by_area = way.opened.lookup("t", &[("area", "330106")], 10).await.unwrap();
        assert_eq!(by_area.num_rows(), usize::from(expected.starts_with('1')), "{rule}");
    }
    execute(&spec, "DROP DATABASE pipe_diverted WITH (FORCE)").await;
}

/// Values that PostgreSQL and the house tell apart by different words.
const EDGES: &str = "
CREATE TYPE s.pair AS (a int, b text);
CREATE TABLE s.edges (id int PRIMARY KEY, n name, pair s.pair, met timestamp, seen timestamptz);
INSERT INTO s.edges VALUES
 (1, repeat('a', 63), ROW(NULL, NULL), '294276-12-31 23:59:59', '294276-12-31 23:59:59+00'),
 (2, 'a', ROW(1, NULL), '294247-01-10 04:00:54.775807', '294247-01-10 04:00:54.775807+00'),
 (3, 'b', NULL, '294247-01-10 04:00:54.775808', '294247-01-10 04:00:54.775808+00'),
 (4, NULL, ROW(NULL, 'x'), '2000-01-01', '2000-01-01 00:00+00'),
 (5, '', NULL, NULL, 'infinity')";

#[tokio::test]
async fn edges_are_judged_as_by_the_house() {
    let Some(spec) = server("pipe_edges").await else { return };
    execute(&spec, &EDGES.replace("s.", "pipe_edges.")).await;
    let engine = Engine::new(Limits::default());
    let wide = open_wide(&engine, &spec, "pipe_edges.edges", "t").await.unwrap();
    let long = "a".repeat(70);
    for (no, (rule, expected)) in [
        (format!("n = '{long}'"), ""),
        (format!("n <> '{long}'"), "1,2,3,5"),
        ("pair IS NULL".to_owned(), "3,5"),
        ("NOT pair IS NULL".to_owned(), "1,2,4"),
        ("met > '1999-01-01'".to_owned(), "2,4"),
        ("NOT met <= '1999-01-01'".to_owned(), "2,4"),
        ("met IS NULL".to_owned(), "1,3,5"),
        ("NOT met IS NULL".to_owned(), "2,4"),
        ("seen > '1999-01-01 00:00:00Z'".to_owned(), "2,4"),
        ("seen IS NULL".to_owned(), "1,3,5"),
        ("NOT seen IS NULL".to_owned(), "2,4"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut table = wide.clone();
        table.rows = rule.parse().unwrap();
        let named: Vec<String> = table.rows.items().iter().map(ToString::to_string).collect();
        table.items.retain(|it| it.name == "id");
        table.hidden = wide
            .items
            .iter()
            .filter(|it| named.contains(&it.name))
            .cloned()
            .collect();
        let way = Way::of(table, &format!("pipe_edges.copy_{no}")).await;
        way.go("run_1").await;
        let sql = format!("SELECT coalesce(string_agg(id::text, ',' ORDER BY id), '') FROM pipe_edges.copy_{no}");
        assert_eq!(asked(&spec, &sql).await, expected, "{rule}");
        assert_eq!(way.delivered().await, way.columnar().await, "{rule}");
    }
}
