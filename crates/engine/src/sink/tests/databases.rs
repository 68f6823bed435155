use super::*;

/// The targets at hand: SQLite always; PostgreSQL and MySQL where the tests are told of a server, and loudly not else.
pub fn targets(table: &str, folder: &std::path::Path) -> Vec<SinkSpec> {
    let path = folder.join("ziel.db");
    let mut all = vec![SourceSpec::new(SourceKind::Sqlite).with("path", path.to_string_lossy())];
    for (kind, name) in [
        (SourceKind::Postgres, "JUTONG_TEST_POSTGRES"),
        (SourceKind::Mysql, "JUTONG_TEST_MYSQL"),
    ] {
        match std::env::var(name) {
            Ok(url) if !url.is_empty() => all.push(from_url(kind, &url)),
            _ => eprintln!("SKIPPED: {name} is not set, {kind} is not tested"),
        }
    }
    let unique = format!("{table}_{}", std::process::id());
    all.into_iter()
        .map(|target| SinkSpec {
            target,
            table: unique.clone(),
        })
        .collect()
}

fn from_url(kind: SourceKind, url: &str) -> SourceSpec {
    let rest = url.split_once("://").unwrap().1;
    let (login, rest) = rest.split_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let (host, port) = address.split_once(':').unwrap();
    let (user, secret) = login.split_once(':').unwrap_or((login, ""));
    let mut spec = SourceSpec::new(kind)
        .with("host", host)
        .with("port", port)
        .with("database", database)
        .with("user", user);
    spec.secret = (!secret.is_empty()).then(|| secret.to_owned());
    spec
}

/// Runs statements on a target, beside the sink.
pub async fn execute(spec: &SourceSpec, sql: &str) {
    use mysql_async::prelude::Queryable;
    match spec.kind {
        SourceKind::Postgres => {
            let client = crate::source::postgres::Postgres::open(spec)
                .unwrap()
                .writer()
                .await
                .unwrap();
            client
                .batch_execute("SET default_transaction_read_only = off")
                .await
                .unwrap();
            client.batch_execute(sql).await.unwrap();
        }
        SourceKind::Mysql => {
            let opts = mysql_async::OptsBuilder::default()
                .ip_or_hostname(spec.option("host").unwrap().to_owned())
                .tcp_port(spec.option("port").unwrap().parse().unwrap())
                .db_name(spec.option("database"))
                .user(spec.option("user"))
                .pass(spec.secret.clone());
            let mut conn = mysql_async::Conn::new(opts).await.unwrap();
            for statement in sql.split(';').filter(|it| !it.trim().is_empty()) {
                conn.query_drop(statement.replace('"', "`")).await.unwrap();
            }
            conn.disconnect().await.unwrap();
        }
        _ => rusqlite::Connection::open(spec.option("path").unwrap())
            .unwrap()
            .execute_batch(sql)
            .unwrap(),
    }
}

async fn clean(spec: &SinkSpec, run: &str) {
    let table = &spec.table;
    execute(
        &spec.target,
        &format!(
            "DROP TABLE IF EXISTS \"{table}\"; DROP TABLE IF EXISTS \"{table}__new\"; \
             DELETE FROM jutong_checkpoint WHERE target = '{table}'; DELETE FROM jutong_delivered WHERE target = '{table}'; \
             DELETE FROM jutong_quarantine WHERE run = '{run}'"
        ),
    )
    .await;
}

#[tokio::test]
async fn a_copy_is_exact_and_resumes() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("居民", folder.path()) {
        let kind = spec.target.kind;
        let totals = deliver(&spec, "run_1").await;
        assert_eq!((totals.source, totals.loaded), (expected(100), expected(100)), "{kind}");
        assert_eq!(read_back(&spec, &shape()).await.unwrap(), expected(100), "{kind}");
        deliver_stream(&spec, "run_2").await;
        assert_eq!(
            read_back(&spec, &shape()).await.unwrap(),
            expected(100),
            "{kind}: given up, the old rows stay"
        );
        clean(&spec, "run_1").await;
    }
}

/// While source and target are read for hours, the connection that writes says nothing.
#[tokio::test]
async fn a_session_may_wait() {
    use mysql_async::prelude::Queryable;
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("等待", folder.path()) {
        match spec.target.kind {
            SourceKind::Mysql => {
                let mut conn = mysql_link::connect(&spec.target).await.unwrap();
                let seconds: Option<u64> = conn.query_first("SELECT @@wait_timeout").await.unwrap();
                assert!(seconds >= Some(86_400), "{seconds:?}");
            }
            SourceKind::Postgres => {
                let source = crate::source::postgres::Postgres::open(&spec.target).unwrap();
                let client = source.dedicated().await.unwrap();
                if client.batch_execute("SET idle_session_timeout = '1h'").await.is_err() {
                    continue; // a server of before 14 ends no session for that
                }
                client.batch_execute(postgres::WRITING).await.unwrap();
                let row = client.query_one("SHOW idle_session_timeout", &[]).await.unwrap();
                assert_eq!(row.get::<_, String>(0), "0");
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_old_table_stands_until_the_swap() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("旧表", folder.path()) {
        let kind = spec.target.kind;
        deliver(&spec, "run_1").await;
        let mut next = Sink::open(&spec, shape(), "run_2", Options::default()).await.unwrap();
        next.load_chunk(0, stream(vec![batch(0, 50)]), at(), quiet)
            .await
            .unwrap();
        assert_eq!(next.finish().await.unwrap(), KeyState::Made, "{kind}");
        assert_eq!(read_back(&spec, &shape()).await.unwrap().rows, 100, "{kind}");
        next.swap(at()).await.unwrap();
        drop(next);
        assert_eq!(read_back(&spec, &shape()).await.unwrap(), expected(50), "{kind}");
        clean(&spec, "run_2").await;
    }
}

#[tokio::test]
async fn readers_never_see_half_a_table() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("半表", folder.path()) {
        let kind = spec.target.kind;
        deliver(&spec, "run_1").await;
        let reader = tokio::spawn({
            let spec = spec.clone();
            async move {
                let mut seen = Vec::new();
                for _ in 0..40 {
                    match read_back(&spec, &shape()).await {
                        Ok(it) => seen.push(it.rows),
                        Err(error) => assert_ne!(spec.target.kind, SourceKind::Sqlite, "{error}"),
                    }
                }
                seen
            }
        });
        for (no, rows) in [(2, 30), (3, 100), (4, 30)] {
            let mut next = Sink::open(&spec, shape(), &format!("run_{no}"), Options::default())
                .await
                .unwrap();
            next.load_chunk(0, stream(vec![batch(0, rows)]), at(), quiet)
                .await
                .unwrap();
            next.finish().await.unwrap();
            next.swap(at()).await.unwrap();
            drop(next);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let seen = reader.await.unwrap();
        assert!(
            !seen.is_empty() && seen.iter().all(|it| *it == 100 || *it == 30),
            "{kind}: {seen:?}"
        );
        clean(&spec, "run_1").await;
    }
}

#[tokio::test]
async fn a_strangers_table_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("别人", folder.path()) {
        let kind = spec.target.kind;
        let table = &spec.table;
        execute(
            &spec.target,
            &format!("CREATE TABLE \"{table}\" (id integer, \"代码\" integer)"),
        )
        .await;
        let refused = Sink::open(&spec, shape(), "run_1", Options::default()).await;
        let Err(Error::Occupied { differences, .. }) = refused else {
            panic!("{kind}: {refused:?}")
        };
        assert!(
            differences.contains("+id") && differences.contains("-姓名"),
            "{kind}: {differences}"
        );
        let replace = Options {
            replace: true,
            ..Options::default()
        };
        let mut sink = Sink::open(&spec, shape(), "run_1", replace).await.unwrap();
        sink.load_chunk(0, stream(vec![batch(0, 5)]), at(), quiet)
            .await
            .unwrap();
        sink.finish().await.unwrap();
        sink.swap(at()).await.unwrap();
        drop(sink);
        assert_eq!(read_back(&spec, &shape()).await.unwrap(), expected(5), "{kind}");
        clean(&spec, "run_1").await;
    }
}

#[tokio::test]
async fn bad_rows_are_kept_aside_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let shape = Shape::new(
        &[("k", DataType::Text), ("f", DataType::Double), ("j", DataType::Json)],
        &["k"],
    );
    for spec in targets("坏行", folder.path()) {
        let kind = spec.target.kind;
        let mut builder = Builder::new(&shape);
        for no in 0..200 {
            let text = match no {
                17 => "nul\0nul".to_owned(),
                90 => "键".repeat(300),
                _ => format!("{no:05}"),
            };
            builder.columns[0].text(&text).unwrap();
            builder.columns[1]
                .double(if no == 33 { f64::NAN } else { -0.0 })
                .unwrap();
            builder.columns[2]
                .text(if no == 111 { "{broken" } else { "{\"b\":1, \"a\":1e400}" })
                .unwrap();
            builder.row();
        }
        let rows = builder.batch().unwrap();
        let bad = match kind {
            SourceKind::Postgres => 2, // U+0000, broken document
            SourceKind::Mysql => 2,    // long key, NaN
            _ => 1,                    // NaN
        };
        let few = Options {
            error_limit: 0,
            ..Options::default()
        };
        let mut sink = Sink::open(&spec, shape.clone(), "run_b", few).await.unwrap();
        let failed = sink.load_chunk(0, stream(vec![rows.clone()]), at(), quiet).await;
        assert!(
            matches!(failed, Err(Error::TooManyBad(it)) if it == bad),
            "{kind}: {failed:?}"
        );
        drop(sink);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let mut sink = Sink::open(&spec, shape.clone(), "run_b", Options::default())
            .await
            .unwrap();
        sink.load_chunk(0, stream(vec![rows.slice(0, 100), rows.slice(100, 100)]), at(), quiet)
            .await
            .unwrap();
        let totals = sink.totals();
        assert_eq!(
            (totals.source.rows, totals.loaded.rows, totals.quarantined),
            (200, 200 - bad, bad),
            "{kind}"
        );
        sink.finish().await.unwrap();
        assert_eq!(sink.verify().await.unwrap(), totals.loaded, "{kind}");
        sink.swap(at()).await.unwrap();
        drop(sink);
        clean(&spec, "run_b").await;
    }
}

#[tokio::test]
async fn a_key_that_repeats_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("重复", folder.path()) {
        let kind = spec.target.kind;
        let mut sink = Sink::open(&spec, shape(), "run_1", Options::default()).await.unwrap();
        sink.load_chunk(0, stream(vec![batch(0, 5), batch(4, 1)]), at(), quiet)
            .await
            .unwrap();
        assert_eq!(sink.finish().await.unwrap(), KeyState::NotUnique, "{kind}");
        assert_eq!(sink.verify().await.unwrap(), sink.totals().loaded, "{kind}");
        sink.swap(at()).await.unwrap();
        drop(sink);
        clean(&spec, "run_1").await;
    }
}

#[tokio::test]
async fn two_runs_do_not_write_one_table() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("争", folder.path()).into_iter().skip(1) {
        let first = Sink::open(&spec, shape(), "run_1", Options::default()).await.unwrap();
        let second = Sink::open(&spec, shape(), "run_2", Options::default()).await;
        assert!(matches!(second, Err(Error::Busy(_))), "{second:?}");
        first.abort().await.unwrap();
        clean(&spec, "run_1").await;
    }
}

#[tokio::test]
async fn a_table_of_the_same_columns_is_not_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let shape = Shape::new(&[("k", DataType::Text)], &[]);
    for spec in targets("同列", folder.path()) {
        let kind = spec.target.kind;
        let table = &spec.table;
        execute(&spec.target, &format!("CREATE TABLE \"{table}\" (k varchar(20))")).await;
        let refused = Sink::open(&spec, shape.clone(), "run_1", Options::default()).await;
        assert!(matches!(refused, Err(Error::Occupied { .. })), "{kind}: {refused:?}");
        clean(&spec, "run_1").await;
    }
}

#[tokio::test]
async fn what_hangs_on_a_table_stays_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(spec) = targets("权限", folder.path())
        .into_iter()
        .find(|it| it.target.kind == SourceKind::Postgres)
    else {
        return;
    };
    let table = &spec.table;
    let roles = ["owner", "reader", "picker"].map(|it| format!("jutong_{it}_{}", std::process::id()));
    let [owner, reader, picker] = &roles;
    for role in &roles {
        execute(&spec.target, &format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role}")).await;
    }
    execute(
        &spec.target,
        &format!("GRANT CREATE, USAGE ON SCHEMA public TO {owner}"),
    )
    .await;
    deliver(&spec, "run_1").await;
    execute(
        &spec.target,
        &format!(
            "COMMENT ON TABLE \"{table}\" IS '居民''s'; ALTER TABLE \"{table}\" OWNER TO {owner};
             GRANT SELECT ON \"{table}\" TO {reader} WITH GRANT OPTION; GRANT SELECT (\"代码\") ON \"{table}\" TO {picker}"
        ),
    )
    .await;
    deliver(&spec, "run_2").await;
    let client = crate::source::postgres::Postgres::open(&spec.target)
        .unwrap()
        .dedicated()
        .await
        .unwrap();
    let sql = format!(
        "SELECT pg_get_userbyid(relowner)::text, obj_description(oid, 'pg_class'), \
                has_table_privilege('{reader}', oid, 'SELECT WITH GRANT OPTION'), \
                has_column_privilege('{picker}', oid, '代码', 'SELECT'), has_column_privilege('{picker}', oid, '姓名', 'SELECT') \
           FROM pg_class WHERE oid = to_regclass('\"{table}\"')"
    );
    let row = client.query_one(&sql, &[]).await.unwrap();
    let kept: (String, String, bool, bool, bool) = (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
    assert_eq!(kept, (owner.clone(), "居民's".to_owned(), true, true, false));
    clean(&spec, "run_2").await;
    execute(&spec.target, &format!("REVOKE ALL ON SCHEMA public FROM {owner}")).await;
    for role in &roles {
        execute(&spec.target, &format!("DROP ROLE {role}")).await;
    }
}

/// PostgreSQL begins a scan of a large table where another scan is at that moment, and may share it among processes; a
/// copy that broke off must meet the same rows in the same order again.
#[tokio::test]
async fn a_large_table_is_read_in_the_same_order_again() {
    let folder = tempfile::tempdir().unwrap();
    let all = targets("大表", folder.path());
    let Some(source) = all.iter().find(|it| it.target.kind == SourceKind::Postgres) else {
        return;
    };
    let table = source.table.clone();
    execute(
        &source.target,
        &format!(
            "CREATE TABLE \"{table}\" AS SELECT lpad(i::text, 8, '0') AS k, repeat(md5(i::text), 30) AS filler \
             FROM generate_series(1, 60000) i; ANALYZE \"{table}\""
        ),
    )
    .await;
    let engine = crate::Engine::new(crate::Limits::none());
    let governed = crate::testing::open_wide(&engine, &source.target, &table, "large")
        .await
        .unwrap();
    let opened = engine.open(vec![governed]).await.unwrap();
    let described = opened.tables().remove(0);
    let shape = Shape::of(&described.schema, &[]).unwrap();
    let target = &all[0];
    let mut sink = Sink::open(target, shape.clone(), "run_1", Options::default())
        .await
        .unwrap();
    let first = opened.read("large").await.unwrap().take(8);
    let broken = first.chain(futures::stream::iter([Err(crate::Error::Cancelled)]));
    sink.load_stream(broken, 5000, at, quiet).await.unwrap_err();
    let stands = sink.done().len();
    assert!(stands >= 5, "{stands} chunks stand");
    drop(sink);
    let mut sink = Sink::open(target, shape, "run_1", Options::default()).await.unwrap();
    assert_eq!(sink.done().len(), stands);
    let rows = opened.read("large").await.unwrap();
    let totals = sink.load_stream(rows, 5000, at, quiet).await.unwrap();
    assert_eq!((totals.source.rows, totals.chunks), (60_000, 12));
    execute(&source.target, &format!("DROP TABLE \"{table}\"")).await;
}
