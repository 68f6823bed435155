//! Every kind of source: exact types, causes of errors, selects that agree on every path, lookups, cancellation.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use engine::{Cause, Engine, Filter, FilterOp, Limits, Opened, Select, Sort, arrow::array::RecordBatch};
use mysql_async::prelude::Queryable;
use vocab::{
    AgreementId, DataType, GovernedItem, GovernedTable, Mask, ResourceId, RowRule, SourceKind, SourceSpec, Value,
    rule::Compare,
};

const ROWS: usize = 300;

fn text_of(batches: &[RecordBatch]) -> Vec<String> {
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|it| {
                let options = engine::arrow::util::display::FormatOptions::default().with_null("∅");
                engine::arrow::util::display::ArrayFormatter::try_new(it.as_ref(), &options).map(|it| {
                    (0..batch.num_rows())
                        .map(|row| it.value(row).to_string())
                        .collect::<Vec<_>>()
                })
            })
            .map(Result::unwrap)
            .collect();
        for row in 0..batch.num_rows() {
            lines.push(columns.iter().map(|it| it[row].clone()).collect::<Vec<_>>().join("|"));
        }
    }
    lines
}

fn postgres_url() -> Option<tokio_postgres::Config> {
    let url = std::env::var("JUTONG_TEST_POSTGRES").ok();
    if url.is_none() {
        println!("SKIPPED: JUTONG_TEST_POSTGRES is not set");
    }
    url.map(|it| it.parse().unwrap())
}

fn mysql_url() -> Option<mysql_async::Opts> {
    let url = std::env::var("JUTONG_TEST_MYSQL").ok();
    if url.is_none() {
        println!("SKIPPED: JUTONG_TEST_MYSQL is not set");
    }
    url.map(|it| mysql_async::Opts::from_url(&it).unwrap())
}

fn postgres_spec(config: &tokio_postgres::Config) -> SourceSpec {
    let mut spec = SourceSpec::new(SourceKind::Postgres)
        .with("host", "127.0.0.1")
        .with("port", config.get_ports().first().copied().unwrap_or(5432).to_string())
        .with("database", config.get_dbname().unwrap_or("postgres"))
        .with("user", config.get_user().unwrap_or("postgres"));
    spec.secret = config.get_password().map(|it| String::from_utf8_lossy(it).into_owned());
    spec
}

fn mysql_spec(opts: &mysql_async::Opts) -> SourceSpec {
    let mut spec = SourceSpec::new(SourceKind::Mysql)
        .with("host", opts.ip_or_hostname())
        .with("port", opts.tcp_port().to_string())
        .with("database", opts.db_name().unwrap())
        .with("user", opts.user().unwrap());
    spec.secret = opts.pass().map(str::to_owned);
    spec
}

/// One row as SQL values that every database reads the same.
fn row(at: usize) -> String {
    let text = |it: String| format!("'{it}'");
    let null = |every: usize, it: String| {
        if at.is_multiple_of(every) {
            "NULL".to_owned()
        } else {
            it
        }
    };
    [
        at.to_string(),
        text(format!("{:06}", at * 37 % 997)),
        null(
            5,
            text(["Alpha", "alpha", "张三", "𠮷野", "", " x", "Ωmega", "zeta"][at % 8].to_owned()),
        ),
        null(7, (at as i64 * 13 % 101 - 50).to_string()),
        null(6, format!("{}.{:02}", at * 71 % 1000, at % 100)),
        null(9, text(format!("20{:02}-0{}-1{}", at % 30, at % 9 + 1, at % 9))),
        text(["open", "shut"][usize::from(at.is_multiple_of(4))].to_owned()),
    ]
    .join(", ")
}

fn ddl(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (id bigint NOT NULL PRIMARY KEY, code varchar(12), label varchar(40), n int, \
         amount decimal(12,2), day date, state varchar(8))"
    )
}

fn inserts(name: &str) -> String {
    let rows: Vec<_> = (0..ROWS).map(|at| format!("({})", row(at))).collect();
    format!("INSERT INTO {name} VALUES {}", rows.join(", "))
}

fn governed(source: SourceSpec, table: &str) -> GovernedTable {
    let decimal = DataType::Decimal {
        precision: 12,
        scale: 2,
    };
    let item = |name: &str, data_type, mask| GovernedItem {
        name: name.to_owned(),
        column: name.to_owned(),
        data_type,
        mask,
        key: name == "id",
    };
    GovernedTable {
        agreement: AgreementId::new(),
        resource: ResourceId::new(),
        name: "t".to_owned(),
        source,
        table: table.to_owned(),
        items: vec![
            item("id", DataType::Integer, Mask::Clear),
            item("code", DataType::Text, Mask::Clear),
            item("label", DataType::Text, Mask::Clear),
            item("n", DataType::Integer, Mask::Clear),
            item("amount", decimal, Mask::Clear),
            item("day", DataType::Date, Mask::Clear),
        ],
        hidden: vec![item("state", DataType::Text, Mask::Clear)],
        rows: RowRule::Compare {
            item: "state".into(),
            op: Compare::Eq,
            value: Value::Text("open".into()),
        },
        pseudonym_key: vec![1; 32],
    }
}

async fn sqlite(folder: &std::path::Path) -> Opened {
    let path = folder.join("s.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(&ddl("s")).unwrap();
    db.execute_batch(&inserts("s")).unwrap();
    let spec = SourceSpec::new(SourceKind::Sqlite).with("path", path.to_string_lossy());
    Engine::new(Limits::default())
        .open(vec![governed(spec, "s")])
        .await
        .unwrap()
}

/// Tests run side by side in one database: each names a table of its own.
async fn postgres(table: &str) -> Option<Opened> {
    let config = postgres_url()?;
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
        .batch_execute(&format!(
            "DROP TABLE IF EXISTS {table}; {}; {}",
            ddl(table),
            inserts(table)
        ))
        .await
        .unwrap();
    Some(
        Engine::new(Limits::default())
            .open(vec![governed(postgres_spec(&config), table)])
            .await
            .unwrap(),
    )
}

async fn mysql(table: &str) -> Option<Opened> {
    let opts = mysql_url()?;
    let mut conn = mysql_async::Conn::new(opts.clone()).await.unwrap();
    conn.query_drop("SET NAMES utf8mb4").await.unwrap();
    conn.query_drop(format!("DROP TABLE IF EXISTS {table}")).await.unwrap();
    conn.query_drop(format!("{} CHARACTER SET utf8mb4", ddl(table)))
        .await
        .unwrap();
    conn.query_drop(inserts(table)).await.unwrap();
    conn.disconnect().await.unwrap();
    Some(
        Engine::new(Limits::default())
            .open(vec![governed(mysql_spec(&opts), table)])
            .await
            .unwrap(),
    )
}

/// A seeded stream of selects.
struct Selects(u64);

impl Selects {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn filter(&mut self) -> Filter {
        let (item, values): (&str, &[&str]) = [
            ("id", ["7", "100", "250", "-1"].as_slice()),
            ("code", &["000037", "0", "0005", "999"]),
            (
                "label",
                &["Alpha", "alpha", "张三", "", "ALPHA", "zeta", " x", "Alpha "],
            ),
            ("n", &["0", "-20", "13", "50"]),
            ("amount", &["0", "71.01", "500.5", "12.345"]),
            ("day", &["2001-02-11", "2015-06-01", "2029-01-01"]),
        ][self.below(6)];
        use FilterOp::{Eq, Ge, Gt, In, IsNull, Le, Lt, Ne, NotNull, StartsWith};
        let op = [Eq, Ne, Lt, Le, Gt, Ge, In, StartsWith, IsNull, NotNull][self.below(10)];
        let op = if op == StartsWith && !matches!(item, "code" | "label") {
            Ge
        } else {
            op
        };
        let mut one = || values[self.below(values.len())].to_owned();
        let values = match op {
            IsNull | NotNull => Vec::new(),
            In => vec![one(), one()],
            _ => vec![one()],
        };
        Filter {
            item: item.to_owned(),
            op,
            values,
        }
    }

    fn select(&mut self) -> Select {
        let filters = (0..self.below(3)).map(|_| self.filter()).collect();
        let mut sort = Vec::new();
        if self.below(3) > 0 {
            let item = ["code", "label", "n", "amount", "day"][self.below(5)];
            sort.push(Sort {
                item: item.to_owned(),
                descending: self.below(2) == 0,
            });
        }
        sort.push(Sort {
            item: "id".to_owned(),
            descending: self.below(4) == 0,
        });
        Select {
            filters,
            sort,
            limit: Some(self.below(40) as u64 + 1),
            ..Select::default()
        }
    }
}

async fn both_paths_agree(name: &str, opened: &Opened, reference: &Opened) {
    let mut selects = Selects(11);
    let mut rows = 0;
    for number in 0..150 {
        let select = selects.select();
        let (native, _) = opened.select("t", &select).await.unwrap().collect_all().await.unwrap();
        let (columnar, _) = opened
            .select_columnar("t", &select)
            .await
            .unwrap()
            .collect_all()
            .await
            .unwrap();
        let (other, _) = reference
            .select_columnar("t", &select)
            .await
            .unwrap()
            .collect_all()
            .await
            .unwrap();
        assert_eq!(text_of(&native), text_of(&columnar), "{name} {number}: {select:?}");
        assert_eq!(
            text_of(&columnar),
            text_of(&other),
            "{name} {number}, across sources: {select:?}"
        );
        let count = opened.count("t", &select).await.unwrap();
        assert!(count >= text_of(&native).len() as u64);
        rows += text_of(&native).len();
        // All pages together are the whole answer.
        if number % 25 == 0 {
            let all = Select {
                limit: None,
                ..select.clone()
            };
            let (whole, _) = opened
                .select_columnar("t", &all)
                .await
                .unwrap()
                .collect_all()
                .await
                .unwrap();
            let mut paged = Vec::new();
            let mut page = Select {
                limit: Some(17),
                ..select.clone()
            };
            loop {
                let it = opened.page("t", &page).await.unwrap();
                paged.extend(text_of(&[it.rows]));
                match it.next {
                    Some(next) => page.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(paged, text_of(&whole), "{name} {number}: {page:?}");
        }
    }
    for key in ["1", "2", "4", "299", "-5"] {
        let looked = opened.lookup("t", &[("id", key)], 10).await.unwrap();
        let filter = Filter {
            item: "id".into(),
            op: FilterOp::Eq,
            values: vec![key.to_owned()],
        };
        let select = Select {
            filters: vec![filter],
            ..Select::default()
        };
        let (found, _) = opened
            .select_columnar("t", &select)
            .await
            .unwrap()
            .collect_all()
            .await
            .unwrap();
        assert_eq!(text_of(&[looked]), text_of(&found), "{name}: lookup of {key}");
    }
    println!("{name}: 150 selects on both paths, {rows} rows, 0 differences");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn selects_agree_on_every_path() {
    let folder = tempfile::tempdir().unwrap();
    let reference = sqlite(folder.path()).await;
    both_paths_agree("SQLite", &reference, &reference).await;
    if let Some(opened) = postgres("eng_selects").await {
        both_paths_agree("PostgreSQL", &opened, &reference).await;
    }
    if let Some(opened) = mysql("eng_selects").await {
        both_paths_agree("MySQL", &opened, &reference).await;
    }
}

async fn everything(engine: &Engine, spec: &SourceSpec, table: &str) -> (Vec<String>, engine::Summary) {
    let info = engine.table(spec, table).await.unwrap();
    let items = info
        .columns
        .iter()
        .map(|it| GovernedItem {
            name: it.name.clone(),
            column: it.name.clone(),
            data_type: it.data_type,
            mask: Mask::Clear,
            key: it.key,
        })
        .collect();
    let table = GovernedTable {
        agreement: AgreementId::new(),
        resource: ResourceId::new(),
        name: "t".into(),
        source: spec.clone(),
        table: table.to_owned(),
        items,
        hidden: Vec::new(),
        rows: RowRule::All,
        pseudonym_key: Vec::new(),
    };
    let opened = engine.open(vec![table]).await.unwrap();
    let (batches, summary) = opened.read("t").await.unwrap().collect_all().await.unwrap();
    (text_of(&batches), summary)
}

#[tokio::test]
async fn postgres_types_are_exact() {
    let Some(config) = postgres_url() else { return };
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
        .batch_execute(
            "SET timezone = 'Asia/Shanghai'; DROP TABLE IF EXISTS eng_edge;
             CREATE TABLE eng_edge (i smallint, b bigint, n numeric(14,2), u numeric, f real, d double precision, t boolean,
               c char(6), v varchar(20), day date, at timestamp(6), zoned timestamptz, j jsonb, x bytea, id uuid, span interval);
             INSERT INTO eng_edge VALUES
               (-1, 9223372036854775807, -0.05, 12345678901234567890.1234567890, 1.5, 0.1, true, 'ab', '0071𠮷', '0001-01-01',
                '2026-11-22 23:59:59.999999', '2026-11-22 08:00:00+08', '{\"b\":1,  \"a\":[]}', '\\x00ff',
                '00000000-0000-0000-0000-000000000001', '1 day'),
               (NULL, NULL, 'NaN', 'NaN', 'NaN', 'Infinity', NULL, NULL, '', 'infinity', '-infinity', 'infinity', NULL, '', NULL, NULL)",
        )
        .await
        .unwrap();
    let (lines, summary) = everything(&Engine::new(Limits::default()), &postgres_spec(&config), "eng_edge").await;
    assert_eq!(
        lines,
        [
            "-1|9223372036854775807|-0.05|12345678901234567890.1234567890|1.5|0.1|true|ab    |0071𠮷|0001-01-01|\
             2026-11-22T23:59:59.999999|2026-11-22T00:00:00Z|{\"a\": [], \"b\": 1}|00ff|00000000-0000-0000-0000-000000000001|P1D",
            "∅|∅|∅|NaN|NaN|inf|∅|∅||∅|∅|∅|∅||∅|∅",
        ]
    );
    assert_eq!(
        summary.nulled, 4,
        "NaN in a decimal and three infinite times are counted"
    );
    assert!(summary.complete);
}

#[tokio::test]
async fn mysql_types_are_exact() {
    let Some(opts) = mysql_url() else { return };
    let mut conn = mysql_async::Conn::new(opts.clone()).await.unwrap();
    conn.query_drop("SET NAMES utf8mb4").await.unwrap();
    conn.query_drop("SET sql_mode = ''").await.unwrap();
    conn.query_drop("SET time_zone = '+08:00'").await.unwrap();
    conn.query_drop("DROP TABLE IF EXISTS eng_edge").await.unwrap();
    conn.query_drop(
        "CREATE TABLE eng_edge (i tinyint(1), b bigint, u bigint unsigned, n decimal(20,4), d double, v varchar(20), day date,
           at datetime(6), zoned timestamp(6) NULL, j json, x varbinary(10), e enum('a','b'), y year, f float, g point) CHARACTER SET utf8mb4",
    )
    .await
    .unwrap();
    conn.query_drop(
        "INSERT INTO eng_edge VALUES
         (1, -9223372036854775808, 18446744073709551615, -1234567890123456.0001, 0.1, '0071𠮷', '2026-11-22',
          '2026-11-22 23:59:59.999999', '2026-11-22 08:00:00', '{\"a\": 1}', X'00FF', 'b', 2026, 123456.789, POINT(1, 2.5)),
         (NULL, NULL, NULL, NULL, NULL, '', '0000-00-00', '0000-00-00 00:00:00', NULL, NULL, '', NULL, NULL, NULL, NULL)",
    )
    .await
    .unwrap();
    conn.disconnect().await.unwrap();
    let (lines, summary) = everything(&Engine::new(Limits::default()), &mysql_spec(&opts), "eng_edge").await;
    assert_eq!(
        lines,
        [
            "1|-9223372036854775808|18446744073709551615|-1234567890123456.0001|0.1|0071𠮷|2026-11-22|\
             2026-11-22T23:59:59.999999|2026-11-22T00:00:00Z|{\"a\": 1}|00ff|b|2026|123456.7890625|POINT(1 2.5)",
            "∅|∅|∅|∅|∅||∅|∅|∅|∅||∅|∅|∅|∅",
        ]
    );
    assert_eq!(summary.nulled, 2, "zero dates are counted");
}

#[tokio::test]
async fn causes_are_named() {
    let engine = Engine::new(Limits::default());
    let cause = async |spec: SourceSpec| engine.test(&spec).await.unwrap_err().cause().unwrap();
    let nobody = |kind| {
        SourceSpec::new(kind)
            .with("host", "127.0.0.1")
            .with("port", "1")
            .with("database", "x")
            .with("user", "x")
    };
    assert_eq!(cause(nobody(SourceKind::Postgres)).await, Cause::Refused);
    assert_eq!(cause(nobody(SourceKind::Mysql)).await, Cause::Refused);
    assert_eq!(
        cause(nobody(SourceKind::Postgres).with("host", "no-such-host.invalid")).await,
        Cause::Dns
    );
    assert_eq!(
        cause(nobody(SourceKind::Mysql).with("host", "no-such-host.invalid")).await,
        Cause::Dns
    );
    assert_eq!(
        cause(nobody(SourceKind::Postgres).with("port", "many")).await,
        Cause::Options
    );
    if let Some(config) = postgres_url() {
        let spec = postgres_spec(&config);
        assert!(engine.test(&spec).await.unwrap().version.starts_with("PostgreSQL"));
        assert_eq!(
            cause(spec.clone().with("database", "no_such_database")).await,
            Cause::DatabaseMissing
        );
        let error = engine.table(&spec, "no_such_table").await.unwrap_err();
        assert_eq!(error.cause(), Some(Cause::TableMissing));
    }
    if let Some(opts) = mysql_url() {
        let spec = mysql_spec(&opts);
        assert!(!engine.test(&spec).await.unwrap().version.is_empty());
        assert_eq!(
            cause(spec.clone().with("database", "no_such_database")).await,
            Cause::DatabaseMissing
        );
        assert_eq!(cause(spec.clone().with("user", "nobody_here")).await, Cause::Auth);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_answer_stops_the_server() {
    let Some(config) = postgres_url() else { return };
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
        .batch_execute(
            "CREATE OR REPLACE VIEW eng_slow AS SELECT a.i::bigint AS i, CASE WHEN a.i > 20000 THEN pg_sleep(0.05)::text END AS s
             FROM generate_series(1, 100000) a(i)",
        )
        .await
        .unwrap();
    let spec = postgres_spec(&config);
    let item = |name: &str, data_type| GovernedItem {
        name: name.into(),
        column: name.into(),
        data_type,
        mask: Mask::Clear,
        key: false,
    };
    let table = GovernedTable {
        items: vec![item("i", DataType::Integer), item("s", DataType::Text)],
        hidden: Vec::new(),
        rows: RowRule::All,
        ..governed(spec, "eng_slow")
    };
    let opened = Engine::new(Limits::default()).open(vec![table]).await.unwrap();
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%eng_slow%' AND state = 'active'";
    let mut rows = opened.read("t").await.unwrap();
    futures::StreamExt::next(&mut rows).await.unwrap().unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(client.query_one(running, &[]).await.unwrap().get::<_, i64>(0), 1);
    drop(rows);
    for _ in 0..50 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if client.query_one(running, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            return;
        }
    }
    panic!("the query still runs five seconds after its answer was dropped");
}

#[tokio::test]
async fn limits_hold() {
    let folder = tempfile::tempdir().unwrap();
    let opened = sqlite(folder.path()).await;
    let few = opened.clone().with_limits(Limits {
        rows: 10,
        ..Limits::default()
    });
    let error = few
        .sql("SELECT * FROM t")
        .await
        .unwrap()
        .collect_all()
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "row limit of 10 reached");
    let small = opened.clone().with_limits(Limits {
        memory_bytes: 100_000,
        ..Limits::default()
    });
    let sql = "SELECT a.label, b.label, count(*) FROM t a CROSS JOIN t b CROSS JOIN t c GROUP BY 1, 2, a.id, b.id";
    let error = match small.sql(sql).await {
        Ok(rows) => rows.collect_all().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.to_string(), "memory limit of 100000 bytes reached");
    let short = opened.with_limits(Limits {
        seconds: 1,
        memory_bytes: 8 << 30,
        ..Limits::default()
    });
    // Far more pairs than any machine looks at in the time allowed, so that the limit is what ends it.
    let sql = "SELECT count(*) FROM t a CROSS JOIN t b CROSS JOIN t c CROSS JOIN t d \
               WHERE regexp_like(a.label || b.label || c.code || d.label, 'z+y+9+')";
    let error = match short.sql(sql).await {
        Ok(rows) => rows.collect_all().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.to_string(), "time limit of 1 s reached");
}

async fn client(config: &tokio_postgres::Config) -> tokio_postgres::Client {
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A table with a key, an indexed item that is not unique, and one without an index.
async fn keyed(name: &str, more: &str) -> Option<(tokio_postgres::Client, Engine, GovernedTable)> {
    let config = postgres_url()?;
    let client = client(&config).await;
    let sql = format!(
        "DROP TABLE IF EXISTS {name} CASCADE; {}; CREATE INDEX ON {name} (n); {}; {more}",
        ddl(name),
        inserts(name)
    );
    client.batch_execute(&sql).await.unwrap();
    let table = governed(postgres_spec(&config), name);
    Some((client, Engine::new(Limits::default()), table))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_answer_one_row_or_say_why_not() {
    let Some((_client, engine, table)) = keyed("eng_keyed", "").await else {
        return;
    };
    let opened = engine.open(vec![table]).await.unwrap();
    assert_eq!(opened.key("t").unwrap(), ["id"]);
    let found = opened.lookup_json("t", &[("id", "10")]).await.unwrap().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
    assert_eq!((&found["id"], &found["code"]), (&10.into(), &"000370".into()));
    // The row rule hides every fourth row; there is no other sign of it.
    assert!(opened.lookup_json("t", &[("id", "12")]).await.unwrap().is_none());
    assert!(opened.lookup_json("t", &[("id", "999")]).await.unwrap().is_none());
    // By an item without an index, the same through the slower way.
    let by_code = opened.lookup_json("t", &[("code", "000370")]).await.unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&by_code).unwrap(), found);
    for item in ["n", "label"] {
        let several = if item == "n" { "-37" } else { "alpha" };
        let refused = opened.lookup_json("t", &[(item, several)]).await.unwrap_err();
        assert!(refused.to_string().contains("more than one row"), "{item}: {refused}");
    }
    let refused = opened.lookup_json("t", &[("code", "a\0b")]).await.unwrap_err();
    assert!(
        matches!(&refused, engine::Error::Question(it) if it.contains("NUL")),
        "{refused}"
    );
}

type Asked = Vec<(&'static str, String)>;

async fn look(opened: &Opened, keys: &Asked) -> Result<Option<Vec<u8>>, String> {
    let keys: Vec<_> = keys.iter().map(|(item, value)| (*item, value.as_str())).collect();
    let found = opened.lookup_json("t", &keys).await;
    found.map(|it| it.map(Into::into)).map_err(|it| it.to_string())
}

/// The same with nobody, by another way: how many rows, and the first as text.
async fn look_alone(opened: &Opened, keys: &Asked) -> Result<Vec<String>, String> {
    let keys: Vec<_> = keys.iter().map(|(item, value)| (*item, value.as_str())).collect();
    let found = opened.lookup("t", &keys, 2).await;
    found.map(|it| text_of(&[it])).map_err(|it| it.to_string())
}

/// Everybody gets what they get alone, whoever asks with them: rows, no row, a hidden row, several, a value that fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_fetched_together_are_each_ones_own() {
    let Some((client, engine, table)) = keyed("eng_together", "").await else {
        return;
    };
    let opened = engine.open(vec![table]).await.unwrap();
    let mut asked: Vec<Asked> = Vec::new();
    for no in 0..320_i64 {
        asked.push(vec![("id", no.to_string())]);
        asked.push(vec![("id", no.to_string()), ("n", (no * 13 % 101 - 50).to_string())]);
        asked.push(vec![("id", no.to_string()), ("code", format!("{:06}", no * 37 % 997))]);
    }
    let odd = ["9223372036854775808", "-1", "", "1 OR true", "九", "1e3", " 7"];
    asked.extend(odd.map(|it| vec![("id", it.to_owned())]));
    asked.extend(["-37", "37"].map(|it| vec![("n", it.to_owned())]));
    let mut alone = Vec::new();
    for it in &asked {
        alone.push((look(&opened, it).await, look_alone(&opened, it).await));
    }
    for (asked, (json, rows)) in asked.iter().zip(&alone) {
        match (json, rows) {
            (Ok(None), Ok(rows)) => assert!(rows.is_empty(), "{asked:?}"),
            (Ok(Some(json)), Ok(rows)) => {
                let json: serde_json::Value = serde_json::from_slice(json).unwrap();
                let code = json["code"].as_str().unwrap();
                assert!(rows.len() == 1 && rows[0].contains(code), "{asked:?}: {rows:?}");
            }
            (Err(_), Ok(rows)) => assert_eq!(rows.len(), 2, "{asked:?}"),
            (json, rows) => assert!(json.is_err() && rows.is_err(), "{asked:?}: {json:?} {rows:?}"),
        }
    }
    assert!(alone.iter().filter(|(it, _)| matches!(it, Ok(Some(_)))).count() > 400);
    let together = async || futures::future::join_all(asked.iter().map(|it| look(&opened, it))).await;
    for _ in 0..3 {
        for ((asked, (alone, _)), together) in asked.iter().zip(&alone).zip(together().await) {
            assert_eq!(&together, alone, "{asked:?}");
        }
    }
    // Who is asked for beside others, and goes meanwhile, holds nobody up.
    let gone = asked.iter().take(50);
    let gone = gone.map(|it| tokio::time::timeout(std::time::Duration::ZERO, look(&opened, it)));
    futures::future::join_all(gone).await;
    assert_eq!(look(&opened, &asked[3]).await, alone[3].0);
    // A table that changes meanwhile fails everybody's statement; everybody asks again.
    let change = "ALTER TABLE eng_together ALTER COLUMN n TYPE bigint";
    client.batch_execute(change).await.unwrap();
    assert!(together().await.iter().eq(alone.iter().map(|(it, _)| it)));
}

/// A column that is there no more is nothing that a name of the statement could stand for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_of_a_common_statement_stands_for_a_lost_column() {
    for lost in ["id", "state", "code"] {
        for name in ["no", "v1", "it", "asked"] {
            let Some((client, engine, mut table)) = keyed("eng_lost", "").await else {
                return;
            };
            let rename = format!("ALTER TABLE eng_lost RENAME COLUMN {lost} TO {name}");
            client.batch_execute(&rename).await.unwrap();
            for it in table.items.iter_mut().chain(&mut table.hidden) {
                if it.column == lost {
                    it.column = name.to_owned();
                }
            }
            let opened = engine.open(vec![table]).await.unwrap();
            let asked: Vec<Asked> = (0..60).map(|no| vec![("id", (900 + no).to_string())]).collect();
            let together = async || futures::future::join_all(asked.iter().map(|it| look(&opened, it))).await;
            assert!(together().await.iter().all(|it| *it == Ok(None)), "{lost} {name}");
            let away = format!("ALTER TABLE eng_lost RENAME COLUMN {name} TO elsewhere");
            client.batch_execute(&away).await.unwrap();
            let after = together().await;
            assert!(
                after.iter().all(|it| !matches!(it, Ok(Some(_)))),
                "{lost} {name}: {after:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_lookups_do_not_stand_in_the_way_of_fast_ones() {
    let slow = "CREATE OR REPLACE FUNCTION eng_wait(t text) RETURNS text LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(0.05); RETURN t; END $$; \
                CREATE VIEW eng_blocked_view AS SELECT id, eng_wait(code) AS code, label, n, amount, day, state FROM eng_blocked";
    let Some((_client, engine, table)) = keyed("eng_blocked", slow).await else {
        return;
    };
    let waiting = GovernedTable {
        name: "w".to_owned(),
        table: "eng_blocked_view".to_owned(),
        ..table.clone()
    };
    let opened = engine.open(vec![table, waiting]).await.unwrap();
    // Ten seconds each, four at the same time, as much as there ever were connections for lookups.
    let slow: Vec<_> = (0..4)
        .map(|_| {
            let opened = opened.clone();
            tokio::spawn(async move { opened.lookup_json("w", &[("code", "000370")]).await })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let begin = std::time::Instant::now();
    assert!(opened.lookup_json("t", &[("id", "10")]).await.unwrap().is_some());
    assert!(begin.elapsed().as_secs() < 3, "a lookup waited {:?}", begin.elapsed());
    slow.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_go_on_when_a_column_changes_its_type() {
    let Some((client, engine, table)) = keyed("eng_altered", "").await else {
        return;
    };
    let opened = engine.open(vec![table]).await.unwrap();
    let look = async || opened.lookup_json("t", &[("id", "10")]).await.unwrap().unwrap();
    let before = look().await;
    // Every lane has its statement.
    for _ in 0..8 {
        assert_eq!(look().await, before);
    }
    for change in [
        "ALTER TABLE eng_altered ALTER COLUMN n TYPE bigint",
        "ALTER TABLE eng_altered ALTER COLUMN id TYPE varchar(20)",
        "ALTER TABLE eng_altered ALTER COLUMN id TYPE integer USING id::integer",
        "ALTER TABLE eng_altered ALTER COLUMN label TYPE text",
    ] {
        client.batch_execute(change).await.unwrap();
        for _ in 0..4 {
            assert_eq!(look().await, before, "after {change}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collations_that_take_texts_for_equal_do_not() {
    let collation = "DROP COLLATION IF EXISTS eng_ci CASCADE; \
                     CREATE COLLATION eng_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
                     ALTER TABLE eng_ci_t ALTER COLUMN label TYPE varchar(40) COLLATE eng_ci; \
                     CREATE INDEX ON eng_ci_t (label)";
    let Some((_client, engine, table)) = keyed("eng_ci_t", collation).await else {
        return;
    };
    let opened = engine.open(vec![table]).await.unwrap();
    let rows = opened.lookup("t", &[("label", "alpha")], 500).await.unwrap();
    let upper = opened.lookup("t", &[("label", "ALPHA")], 500).await.unwrap();
    assert!(
        rows.num_rows() > 0 && upper.num_rows() == 0,
        "{} {}",
        rows.num_rows(),
        upper.num_rows()
    );
    let texts = text_of(&[rows]);
    assert!(texts.iter().all(|it| it.contains("|alpha|")), "{texts:?}");
    let filter = |op, value: &str| Select {
        filters: vec![Filter {
            item: "label".to_owned(),
            op,
            values: vec![value.to_owned()],
        }],
        limit: Some(500),
        ..Select::default()
    };
    let starts = opened.select("t", &filter(FilterOp::StartsWith, "al")).await.unwrap();
    let (starts, _) = starts.collect_all().await.unwrap();
    assert_eq!(text_of(&starts), texts);
    assert_eq!(
        opened.count("t", &filter(FilterOp::Eq, "alpha")).await.unwrap() as usize,
        {
            let found = opened.select("t", &filter(FilterOp::Eq, "alpha")).await.unwrap();
            let (found, _) = found.collect_all().await.unwrap();
            text_of(&found).len()
        }
    );
}

/// Names that a consumer was not granted: the table, a hidden column, the user and the database.
fn tells_nothing(error: &engine::Error) {
    let text = error.to_string();
    for word in ["eng_veiled", "`state`", "shut", "nobody_here", "postgres", "denied"] {
        assert!(!text.contains(word), "an error tells `{word}`: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_sources_are_for_their_owners() {
    let Some((client, engine, table)) = keyed("eng_veiled", "").await else {
        return;
    };
    let opened = engine.open(vec![table.clone()]).await.unwrap();
    opened.lookup_json("t", &[("id", "10")]).await.unwrap().unwrap();
    client
        .batch_execute("ALTER TABLE eng_veiled RENAME COLUMN state TO was_state")
        .await
        .unwrap();
    let limited = Select {
        limit: Some(5),
        ..Select::default()
    };
    let mut told = Vec::new();
    told.extend(opened.lookup_json("t", &[("id", "10")]).await.err());
    told.extend(opened.page("t", &Select::default()).await.err());
    told.extend(opened.count("t", &Select::default()).await.err());
    told.extend(opened.preview("t", 5).await.err());
    for rows in [
        opened.select("t", &limited).await,
        opened.read("t").await,
        opened.sql("SELECT * FROM t").await,
    ] {
        told.extend(match rows {
            Ok(rows) => rows.collect_all().await.err(),
            Err(error) => Some(error),
        });
    }
    assert_eq!(told.len(), 7, "{told:?}");
    told.iter().for_each(tells_nothing);
    engine.forget(&table.source);
    tells_nothing(&engine.open(vec![table.clone()]).await.unwrap_err());
    let stranger = GovernedTable {
        source: table.source.clone().with("user", "nobody_here"),
        ..table.clone()
    };
    tells_nothing(&engine.open(vec![stranger]).await.unwrap_err());
    let rule = RowRule::Compare {
        item: "state".into(),
        op: Compare::Eq,
        value: Value::Int(1),
    };
    let unfit = GovernedTable {
        rows: RowRule::Not { of: Box::new(rule) },
        hidden: Vec::new(),
        ..table.clone()
    };
    tells_nothing(&engine.open(vec![unfit]).await.unwrap_err());
    // The owner is told what it is.
    let error = engine.open_for_owner(vec![table]).await.unwrap_err();
    assert!(error.to_string().contains("no column `state`"), "{error}");
}

#[tokio::test]
async fn what_a_source_counts_is_what_the_house_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec![("SQLite", sqlite(folder.path()).await)];
    all.extend(postgres("eng_counts").await.map(|it| ("PostgreSQL", it)));
    all.extend(mysql("eng_counts").await.map(|it| ("MySQL", it)));
    for (name, opened) in all {
        let mut selects = Selects(23);
        for _ in 0..60 {
            let question = Select {
                limit: None,
                sort: Vec::new(),
                ..selects.select()
            };
            let counted = opened.count("t", &question).await.unwrap();
            let rows = opened.select_columnar("t", &question).await.unwrap();
            let (_, summary) = rows.collect_all().await.unwrap();
            assert_eq!(counted, summary.rows, "{name}: {question:?}");
        }
    }
}
