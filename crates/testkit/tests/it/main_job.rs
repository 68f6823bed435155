//! The main job on real input: two departments' tables, from a source to rows in the other's hands, and the proof of it.
//!
//! Real villages and divisions of China where they lie beside the project, invented ones otherwise; plus rows that hurt:
//! codes that begin with zeros, characters beyond the basic plane, NULL and the empty text.

use std::{collections::BTreeMap, fmt::Write as _, time::Instant};

use arrow::array::{Array, RecordBatch, StringArray};
use arrow_flight::sql::{CommandGetTables, client::FlightSqlServiceClient};
use futures::{SinkExt, TryStreamExt};
use mysql_async::prelude::Queryable;
use testkit::{
    Failure, TestApp,
    platform::{
        exchange::{Reconciliation, Refresh, RunState},
        flow::{self, Evidence, NewDelivery},
        ledger::{self, Filter, Outcome, Page, Receipt, Trust},
        vocab::{AgreementId, Mask, SinkSpec, SourceKind, SourceSpec},
    },
    servers::{Database, postgres, real, skipped},
    story::{Deal, Shelf},
};

/// A row as text; NULL is `None`.
type Row = Vec<Option<String>>;

const VILLAGES: [&str; 7] = [
    "serial",
    "code",
    "name",
    "street_code",
    "province_code",
    "city_code",
    "area_code",
];
const DIVISIONS: [&str; 4] = ["code", "name", "level", "parent"];
/// The rule of rows of the villages' agreement.
const RULE: &str = "NOT province_code = '11'";

struct Input {
    villages: Vec<Row>,
    divisions: Vec<Row>,
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Villages: every `step`-th of the real ones, or invented ones.
fn villages(step: usize) -> Result<Vec<Row>, Failure> {
    let mut rows: Vec<Row> = Vec::new();
    match real("villages.csv.gz") {
        Some(path) => {
            let file = flate2::read::GzDecoder::new(std::fs::File::open(path)?);
            for (no, row) in csv::Reader::from_reader(file).into_records().enumerate().step_by(step) {
                let row = row?;
                rows.push(
                    std::iter::once(Some(format!("{no:07}")))
                        .chain(row.iter().map(some))
                        .collect(),
                );
            }
        }
        None => {
            for no in 0..20_000 {
                let (province, name) = (
                    11 + no % 23,
                    if no % 7 == 0 {
                        "𡌶坪村委会"
                    } else {
                        "东村委会"
                    },
                );
                let street = format!("{province}0101{:03}", no % 1000);
                let row = [
                    format!("{no:07}"),
                    format!("{province}0101{no:06}"),
                    name.to_owned(),
                    street,
                    province.to_string(),
                    format!("{province}01"),
                    format!("{province}0101"),
                ];
                rows.push(row.into_iter().map(Some).collect());
            }
        }
    }
    for (serial, code, name) in [
        ("9000001", "000000000001", some("𠮷田𡌶村")),
        ("9000002", "000000000002", None),
        ("9000003", "000000000003", some("")),
    ] {
        rows.push(vec![
            some(serial),
            some(code),
            name,
            some("000000000"),
            some("00"),
            some("0000"),
            some("000000"),
        ]);
    }
    Ok(rows)
}

fn divisions() -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    match real("divisions.csv") {
        Some(path) => {
            for row in csv::Reader::from_path(path)?.into_records() {
                let row = row?;
                rows.push(row.iter().map(|it| some(it).filter(|it| !it.is_empty())).collect());
            }
        }
        None => {
            for province in 11..34 {
                rows.push(vec![
                    Some(format!("{province}0000000000")),
                    Some(format!("第{province}省")),
                    some("1"),
                    None,
                ]);
                rows.push(vec![
                    Some(format!("{province}0100000000")),
                    Some(format!("㐂{province}市")),
                    some("2"),
                    Some(format!("{province}0000000000")),
                ]);
            }
        }
    }
    rows.push(vec![some("000000000000"), some("𠮷地"), some("2"), None]);
    Ok(rows)
}

/// What `keep-ends(1,1)` makes of a name, written a second time.
fn masked(name: &str) -> String {
    let all: Vec<char> = name.chars().collect();
    let shown = |at: usize| all.len() > 2 && (at == 0 || at + 1 == all.len());
    all.iter()
        .enumerate()
        .map(|(at, it)| if shown(at) { *it } else { '*' })
        .collect()
}

impl Input {
    fn read(step: usize) -> Result<Self, Failure> {
        Ok(Self {
            villages: villages(step)?,
            divisions: divisions()?,
        })
    }

    /// The rows the agreement lets out, as they leave.
    fn expected(&self) -> Vec<Row> {
        let leaves = self.villages.iter().filter(|it| it[4].as_deref() != Some("11"));
        leaves
            .map(|row| {
                let mut row = row.clone();
                row[2] = row[2].as_deref().map(masked);
                row
            })
            .collect()
    }

    /// How many villages a city has: code, name, count.
    fn by_city(&self) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in self.villages.iter().filter(|it| it[4].as_deref() != Some("11")) {
            *counts
                .entry(format!("{}00000000", row[5].as_deref().unwrap()))
                .or_default() += 1;
        }
        let names: BTreeMap<_, _> = self
            .divisions
            .iter()
            .map(|it| (it[0].clone().unwrap(), it[1].clone().unwrap()))
            .collect();
        counts
            .iter()
            .filter_map(|(code, count)| Some(format!("{code},{},{count}", names.get(code)?)))
            .collect()
    }
}

/// Rows in one line each, sorted; `null` is how NULL is written.
fn lines<'a>(rows: impl IntoIterator<Item = &'a Row>, null: &str) -> Vec<String> {
    let line = |row: &Row| {
        row.iter()
            .map(|it| it.as_deref().unwrap_or(null))
            .collect::<Vec<_>>()
            .join("\u{1f}")
    };
    let mut lines: Vec<_> = rows.into_iter().map(line).collect();
    lines.sort_unstable();
    lines
}

/// Equal, or the first difference and not a million rows.
fn same(what: &str, left: &[String], right: &[String]) {
    if let Some((left, right)) = left.iter().zip(right).find(|(left, right)| left != right) {
        panic!("{what}: {left:?} is not {right:?}");
    }
    assert_eq!(left.len(), right.len(), "{what}");
}

/// A bureau's database with one table.
struct Bureau {
    spec: SourceSpec,
    /// Dropped last.
    _database: Option<Database>,
}

fn create(table: &str, columns: &[&str], text: &str) -> String {
    let columns = columns
        .iter()
        .map(|it| format!("{it} {text}{}", if *it == "code" { " primary key" } else { "" }));
    format!("create table {table} ({})", columns.collect::<Vec<_>>().join(", "))
}

fn in_file(app: &TestApp, table: &str, columns: &[&str], rows: &[Row]) -> Result<Bureau, Failure> {
    let path = app.files.join(format!("{table}.db"));
    let mut link = rusqlite::Connection::open(&path)?;
    link.execute_batch(&create(table, columns, "text"))?;
    let tx = link.transaction()?;
    {
        let places = vec!["?"; columns.len()].join(",");
        let mut insert = tx.prepare(&format!("insert into {table} values ({places})"))?;
        for row in rows {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
    }
    tx.commit()?;
    let spec = SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string());
    Ok(Bureau { spec, _database: None })
}

/// Copies the villages into PostgreSQL.
async fn in_postgres(app: &TestApp, rows: &[Row]) -> Result<Bureau, Failure> {
    let Some(database) = Database::postgres().await? else {
        return in_file(app, "villages", &VILLAGES, rows);
    };
    database.run(&create("villages", &VILLAGES, "text")).await?;
    let client = postgres(&database.url).await?;
    let sink = client.copy_in("copy villages from stdin").await?;
    futures::pin_mut!(sink);
    for part in rows.chunks(5_000) {
        let mut text = String::new();
        for row in part {
            // No value has a tab, a line break or a backslash.
            let row: Vec<_> = row.iter().map(|it| it.as_deref().unwrap_or("\\N")).collect();
            writeln!(text, "{}", row.join("\t"))?;
        }
        sink.send(bytes::Bytes::from(text)).await?;
    }
    assert_eq!(sink.finish().await?, rows.len() as u64);
    Ok(Bureau {
        spec: database.spec.clone(),
        _database: Some(database),
    })
}

/// Inserts the divisions into MariaDB, in batches.
async fn in_mysql(app: &TestApp, rows: &[Row]) -> Result<Bureau, Failure> {
    let Some(database) = Database::mysql().await? else {
        return in_file(app, "divisions", &DIVISIONS, rows);
    };
    database.run(&create("divisions", &DIVISIONS, "varchar(200)")).await?;
    let mut link = mysql_async::Conn::from_url(&database.url).await?;
    link.query_drop("set names utf8mb4").await?;
    for part in rows.chunks(1_000) {
        let places = vec!["(?,?,?,?)"; part.len()].join(",");
        let values: Vec<mysql_async::Value> = part.iter().flatten().map(|it| it.clone().into()).collect();
        link.exec_drop(format!("insert into divisions values {places}"), values)
            .await?;
    }
    link.disconnect().await?;
    Ok(Bureau {
        spec: database.spec.clone(),
        _database: Some(database),
    })
}

/// What was agreed.
struct Agreed {
    villages: AgreementId,
    divisions: AgreementId,
}

async fn agreed(app: &TestApp, villages: &Bureau, divisions: &Bureau) -> Result<Agreed, Failure> {
    let shelf = |spec: &SourceSpec, table, name| Shelf {
        provider: "police",
        spec: spec.clone(),
        table,
        name,
        key: &["code"],
    };
    let of_villages = app.shelve(shelf(&villages.spec, "villages", "villages")).await?;
    let of_divisions = app.shelve(shelf(&divisions.spec, "divisions", "divisions")).await?;
    let masks = [("name", Mask::KeepEnds { head: 1, tail: 1 })];
    Ok(Agreed {
        villages: app
            .agree(
                of_villages,
                &Deal {
                    masks: &masks,
                    rows: RULE,
                    ..Deal::default()
                },
            )
            .await?,
        divisions: app.agree(of_divisions, &Deal::default()).await?,
    })
}

/// The whole stream as CSV; pages by keyset as JSON.
async fn over_rest(app: &TestApp, agreed: &Agreed, input: &Input) -> Result<(), Failure> {
    let began = Instant::now();
    let expected = input.expected();
    let line = format!("GET /api/v1/data/{}", agreed.villages);
    let whole = app
        .talk_with("civil.officer", &line, "", &[("accept", "text/csv")])
        .await?
        .ok()?;
    let mut reader = csv::Reader::from_reader(whole.bytes.as_slice());
    assert_eq!(reader.headers()?.iter().collect::<Vec<_>>(), VILLAGES);
    let got = reader
        .records()
        .map(|it| Ok(it?.iter().map(some).collect()))
        .collect::<Result<Vec<Row>, Failure>>()?;
    same("the whole stream", &lines(&got, ""), &lines(&expected, ""));
    println!(
        "REST: {} rows as CSV, each as expected, {:?}",
        got.len(),
        began.elapsed()
    );

    let area = expected[expected.len() / 2][6].clone().unwrap();
    let mut pages = Vec::new();
    let mut next = Some(format!("?filter=area_code:eq:{area}&sort=code&limit=50&count=true"));
    let mut count = None;
    while let Some(query) = next {
        let page = app.talk("civil.officer", &format!("{line}{query}"), "").await?.ok()?;
        count = count.or_else(|| page.header("jutong-count").parse::<usize>().ok());
        for row in page.json()?.as_array().ok_or("no array")? {
            pages.push(
                VILLAGES
                    .iter()
                    .map(|it| row[*it].as_str().map(str::to_owned))
                    .collect::<Row>(),
            );
        }
        let link = page.header("link");
        next = link
            .split_once('<')
            .and_then(|(_, it)| it.split_once('>'))
            .map(|(it, _)| it.to_owned());
    }
    let mut of_area: Vec<_> = expected
        .iter()
        .filter(|it| it[6].as_deref() == Some(&area))
        .cloned()
        .collect();
    of_area.sort_by(|left, right| left[1].cmp(&right[1]));
    assert_eq!(pages, of_area, "pages of one county, in order");
    assert_eq!(count, Some(of_area.len()));

    let leading = app
        .talk("civil.officer", &format!("{line}/records/000000000001"), "")
        .await?
        .ok()?;
    assert_eq!(leading.at("/name")?, "𠮷**村");
    assert_eq!(leading.at("/area_code")?, "000000");
    Ok(())
}

async fn over_sql(app: &TestApp, agreed: &Agreed, input: &Input) -> Result<(), Failure> {
    let villages = app.table_of("civil.officer", agreed.villages).await?;
    let divisions = app.table_of("civil.officer", agreed.divisions).await?;
    let sql = format!(
        "select d.code, d.name, count(*) as n from {villages} v join {divisions} d on d.code = v.city_code || '00000000' \
         group by d.code, d.name order by d.code"
    );
    let question = serde_json::json!({ "sql": sql }).to_string();
    let answer = app
        .talk_with(
            "civil.officer",
            "POST /api/v1/sql",
            &question,
            &[("accept", "text/csv")],
        )
        .await?
        .ok()?;
    let got: Vec<String> = answer.text.lines().skip(1).map(|it| it.trim().to_owned()).collect();
    same("the joined question", &got, &input.by_city());
    println!("SQL: {} cities counted across both databases", got.len());
    Ok(())
}

async fn over_flight(app: &TestApp, agreed: &Agreed, input: &Input) -> Result<(), Failure> {
    let channel = tonic::transport::Channel::from_shared(format!("http://{}", app.flight))?
        .connect()
        .await?;
    let mut client = FlightSqlServiceClient::new(channel);
    let member = app.people.get("civil.officer").ok_or("nobody")?;
    client.handshake("civil.officer", &member.token).await?;
    let info = client
        .get_tables(CommandGetTables {
            include_schema: true,
            ..CommandGetTables::default()
        })
        .await?;
    let tables = fetched(&mut client, info).await?;
    let names: Vec<String> = tables.iter().flat_map(|it| texts(it, "table_name")).flatten().collect();
    let villages = app.table_of("civil.officer", agreed.villages).await?;
    assert!(names.contains(&villages) && names.len() == 2, "{names:?}");

    let mut statement = client
        .prepare(
            format!("select code, name, serial from {villages} where code = $1"),
            None,
        )
        .await?;
    let wanted = input.expected();
    for row in [&wanted[0], &wanted[wanted.len() - 3], &wanted[wanted.len() - 2]] {
        let code: arrow::array::ArrayRef = std::sync::Arc::new(StringArray::from(vec![row[1].clone()]));
        statement.set_parameters(RecordBatch::try_from_iter([("$1", code)])?)?;
        let info = statement.execute().await?;
        let answer = fetched(&mut client, info).await?;
        let got: Vec<Row> = answer
            .iter()
            .flat_map(|it| {
                let (code, name, serial) = (texts(it, "code"), texts(it, "name"), texts(it, "serial"));
                code.into_iter()
                    .zip(name)
                    .zip(serial)
                    .map(|((code, name), serial)| vec![code, name, serial])
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(got, vec![vec![row[1].clone(), row[2].clone(), row[0].clone()]]);
    }
    statement.close().await?;
    println!(
        "Flight SQL: {} tables, a prepared statement asked three times",
        names.len()
    );
    Ok(())
}

async fn fetched(
    client: &mut FlightSqlServiceClient<tonic::transport::Channel>,
    info: arrow_flight::FlightInfo,
) -> Result<Vec<RecordBatch>, Failure> {
    let ticket = info
        .endpoint
        .into_iter()
        .next()
        .and_then(|it| it.ticket)
        .ok_or("no ticket")?;
    Ok(client.do_get(ticket).await?.try_collect().await?)
}

/// A column as texts, whatever text type it has.
fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = arrow::compute::cast(batch.column_by_name(name).unwrap(), &arrow::datatypes::DataType::Utf8).unwrap();
    let column = column.as_any().downcast_ref::<StringArray>().unwrap();
    (0..column.len())
        .map(|at| (!column.is_null(at)).then(|| column.value(at).to_owned()))
        .collect()
}

/// One delivery into a table of the consumer's own.
async fn deliver(
    app: &TestApp,
    agreement: AgreementId,
    target: SourceSpec,
    table: &str,
) -> Result<Reconciliation, Failure> {
    let began = Instant::now();
    let officer = app.actor("civil.officer")?;
    let kind = target.kind;
    let sink = SinkSpec {
        target,
        table: table.to_owned(),
    };
    let new = NewDelivery {
        agreement,
        name: format!("送达 {table}"),
        sink,
        refresh: Refresh::Full,
        replace: false,
        error_limit: 0,
    };
    let delivery = flow::create_delivery(&app.app, &officer, new).await?;
    let run = flow::start_run(&app.app, &officer, delivery.id).await?;
    app.work().await?;
    let (_, run) = flow::show_run(&app.app, &officer, run.id).await?;
    assert_eq!(run.state, RunState::Done, "{:?}", run.report);
    let report = run.report.ok_or("no report")?;
    let it = report.reconciliation.ok_or("no reconciliation")?;
    assert!(it.equal, "{it:?}");
    assert_eq!((it.source.rows, &it.source.digest), (it.target.rows, &it.target.digest));
    println!(
        "delivery into {kind}: {} rows, digest {} on both sides, {:?}",
        it.target.rows,
        it.target.digest,
        began.elapsed()
    );
    Ok(it)
}

async fn deliveries(app: &TestApp, agreed: &Agreed, input: &Input) -> Result<Vec<Reconciliation>, Failure> {
    let mut all = Vec::new();
    let targets = [Database::mysql().await?, Database::postgres().await?];
    for (target, table, agreement, columns, expected) in [
        (
            &targets[0],
            "villages_copy",
            agreed.villages,
            VILLAGES.as_slice(),
            lines(&input.expected(), "␀"),
        ),
        (
            &targets[1],
            "divisions_copy",
            agreed.divisions,
            DIVISIONS.as_slice(),
            lines(&input.divisions, "␀"),
        ),
    ] {
        if let Some(target) = target {
            all.push(deliver(app, agreement, target.spec.clone(), table).await?);
            let stands = target
                .rows(&format!("select {} from {table}", columns.join(", ")))
                .await?;
            same(table, &lines(&stands, "␀"), &expected);
        } else {
            let path = app.files.join(format!("{table}.db"));
            let target = SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string());
            all.push(deliver(app, agreement, target, table).await?);
        }
    }
    Ok(all)
}

/// The receipts under an agreement, oldest first.
async fn receipts(app: &TestApp, agreement: AgreementId) -> Result<Vec<Receipt>, Failure> {
    let filter = Filter {
        subject: Some(agreement.to_string()),
        kind: Some("release".to_owned()),
        ..Filter::default()
    };
    let page = Page {
        before: None,
        limit: 500,
    };
    let found = flow::list_entries(&app.app, &app.actor("auditor")?, filter, page).await?;
    Ok(found.all.iter().rev().flat_map(Receipt::all_of).collect())
}

/// Receipts say what left; the log is published, the evidence proves it offline, an altered one does not.
async fn proof(app: &TestApp, agreed: &Agreed, expected: usize, delivered: &Reconciliation) -> Result<(), Failure> {
    let auditor = app.actor("auditor")?;
    let all = receipts(app, agreed.villages).await?;
    assert!(all.iter().all(|it| it.outcome == Outcome::Complete), "{all:?}");
    let of = |door: &str| {
        all.iter()
            .filter(|it| it.door == door)
            .max_by_key(|it| it.rows)
            .cloned()
    };
    let (stream, delivery) = (of("rest").ok_or("no receipt")?, of("delivery").ok_or("no receipt")?);
    assert_eq!((stream.rows, delivery.rows), (expected as u64, expected as u64));
    assert_eq!(stream.digest, delivery.digest, "the same rows, whatever the door");
    assert_eq!(delivery.digest, delivered.source.digest);
    assert!(of("sql").is_some() && of("flight").is_some());

    let checkpoint = flow::publish_log_now(&app.app, &auditor)
        .await?
        .ok_or("no checkpoint")?;
    let bundle = flow::make_bundle(&app.app, &auditor, &Evidence::Agreement(agreed.villages)).await?;
    let keys = flow::log_keys(&app.app)
        .iter()
        .filter_map(|it| it.parse().ok())
        .collect::<Vec<_>>();
    let trust = Trust {
        keys,
        ..Trust::default()
    };
    let verified = ledger::verify(&bundle, &trust)?;
    println!(
        "proof: {} receipts; a bundle of {} entries verified under a checkpoint of {} by {:?}",
        all.len(),
        verified.entries.len(),
        checkpoint.size,
        verified.suites
    );
    assert!(flow::verify_bundle(&app.app, bundle.clone()).await?.is_ok());
    let text = String::from_utf8(bundle)?;
    let digits = format!("\\\"rows\\\":{expected}");
    let forged = text.replace(&digits, &format!("\\\"rows\\\":{}", expected - 1));
    let forged = if forged == text {
        text.replacen(&stream.digest, &"0".repeat(stream.digest.len()), 1)
    } else {
        forged
    };
    assert_ne!(forged, text);
    let fault = ledger::verify(forged.as_bytes(), &trust)
        .err()
        .ok_or("a forged bundle was believed")?;
    println!("forged: {fault}");
    outside(app, &all)
}

/// A verifier from outside, when `JUTONG_TEST_AICS_TLOG` says where it is, judges log and receipts.
fn outside(app: &TestApp, receipts: &[Receipt]) -> Result<(), Failure> {
    let Some(program) = std::env::var_os("JUTONG_TEST_AICS_TLOG") else {
        skipped("JUTONG_TEST_AICS_TLOG", "no verifier from outside looked at this log");
        return Ok(());
    };
    let desk = tempfile::tempdir()?;
    let key = flow::log_keys(&app.app).into_iter().next().ok_or("no key")?;
    std::fs::write(desk.path().join("vkey"), format!("{key}\n"))?;
    let accepts = |arguments: &[&str]| -> Result<bool, Failure> {
        let mut command = std::process::Command::new(&program);
        command
            .current_dir(desk.path())
            .args(arguments)
            .args(["--vkey-file", "vkey", "--tiles"])
            .arg(app.app.log_dir());
        Ok(command.output()?.status.success())
    };
    assert!(accepts(&["verify-checkpoint"])?);
    let runtime = tokio::runtime::Handle::current();
    let auditor = app.actor("auditor")?;
    for receipt in receipts {
        let filter = Filter {
            text: Some(format!("\"{}\"", receipt.release)),
            kind: Some("release".to_owned()),
            ..Filter::default()
        };
        let page = Page {
            before: None,
            limit: 10,
        };
        let found =
            tokio::task::block_in_place(|| runtime.block_on(flow::list_entries(&app.app, &auditor, filter, page)))?;
        let entry = found
            .all
            .iter()
            .find(|it| Receipt::all_of(it).contains(receipt))
            .ok_or("no entry")?;
        std::fs::write(desk.path().join("leaf"), &entry.data)?;
        std::fs::write(
            desk.path().join("leaf-forged"),
            entry.data.replacen("\"rows\":", "\"rows\":1", 1),
        )?;
        let index = entry.index.to_string();
        assert!(accepts(&["verify-inclusion", "--leaf", "leaf", "--index", &index])?);
        assert!(!accepts(&[
            "verify-inclusion",
            "--leaf",
            "leaf-forged",
            "--index",
            &index
        ])?);
    }
    println!(
        "outside: {} receipts accepted by {}, each forgery refused",
        receipts.len(),
        program.to_string_lossy()
    );
    Ok(())
}

async fn whole_job(app: &TestApp, step: usize) -> Result<(), Failure> {
    let began = Instant::now();
    let input = Input::read(step)?;
    let villages = in_postgres(app, &input.villages).await?;
    let divisions = in_mysql(app, &input.divisions).await?;
    println!(
        "{} villages in {}, {} divisions in {}",
        input.villages.len(),
        villages.spec.kind,
        input.divisions.len(),
        divisions.spec.kind
    );
    let agreed = agreed(app, &villages, &divisions).await?;
    over_rest(app, &agreed, &input).await?;
    over_sql(app, &agreed, &input).await?;
    over_flight(app, &agreed, &input).await?;
    let delivered = deliveries(app, &agreed, &input).await?;
    proof(app, &agreed, input.expected().len(), &delivered[0]).await?;
    println!("the main job: {:?}", began.elapsed());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job() -> Result<(), Failure> {
    for (app, step) in TestApp::each().await?.iter().zip([1, 31]) {
        whole_job(app, step).await?;
    }
    Ok(())
}
