//! The doors themselves: health, metrics, the description, headers, formats, pages of rows, records, callers who leave.

use std::time::Duration;

use arrow::array::RecordBatch;
use expect_test::expect_file;
use futures::StreamExt;
use serde_json::Value;
use testkit::{
    Failure, TestApp,
    platform::{
        flow,
        ledger::{Filter, Outcome, Page, Receipt},
        vocab::{AgreementId, SourceKind, SourceSpec},
    },
    servers::Database,
    story::{Deal, Shelf},
};

use crate::people::{self, PEOPLE};

#[tokio::test]
async fn health_metrics_and_headers() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let health = app.talk("", "GET /healthz", "").await?.ok()?;
        assert_eq!(health.text, "ok\n");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
        ] {
            assert_eq!(health.header(name), value, "{name}");
        }
        let policy = health.header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        app.talk("civil.officer", "GET /api/v1/me", "").await?.ok()?;
        let metrics = app.talk("", "GET /metrics", "").await?.ok()?;
        assert!(metrics.text.contains("jutong_http_requests_total"), "{}", metrics.text);
        assert!(metrics.text.contains("route=\"/api/v1/me\""), "{}", metrics.text);
        assert!(metrics.text.ends_with("# EOF\n"));
        // what a client makes up is no label of its own
        app.talk("", "BREW /healthz", "").await?;
        app.talk(
            "",
            "POST /api/v1/session",
            r#"{"login":"civil.officer","password":"wrong"}"#,
        )
        .await?;
        app.talk("civil.officer", "DELETE /api/v1/calendar/2026-01-01", "")
            .await?;
        let metrics = app.talk("", "GET /metrics", "").await?.ok()?.text;
        assert!(
            metrics.contains("method=\"other\"") && !metrics.contains("BREW"),
            "{metrics}"
        );
        for counter in ["sign_in_failures", "denials"] {
            let line = format!("jutong_{counter}_total ");
            let value = metrics.lines().find_map(|it| it.strip_prefix(&line));
            assert!(value.is_some_and(|it| it != "0"), "{counter}: {value:?}");
        }
        for counter in ["releases", "released_rows", "uncounted_releases", "delivery_runs"] {
            assert!(metrics.contains(&format!("jutong_{counter}_total ")), "{counter}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_description_is_the_committed_one() -> Result<(), Failure> {
    let described: Value = serde_json::from_str(&web::openapi())?;
    assert!(described["openapi"].as_str().is_some_and(|it| it.starts_with("3.1")));
    let text = web::openapi();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once("\"$ref\": \"#/") {
        let (reference, later) = after.split_once('"').ok_or("an open reference")?;
        assert!(
            described.pointer(&format!("/{reference}")).is_some(),
            "{reference} is not there"
        );
        rest = later;
    }
    for (path, methods) in described["paths"].as_object().ok_or("no paths")? {
        for (method, it) in methods.as_object().ok_or("no methods")? {
            assert!(
                it["responses"].as_object().is_some_and(|it| !it.is_empty()),
                "{method} {path}"
            );
            assert!(
                it["summary"].as_str().is_some_and(|it| !it.is_empty()),
                "{method} {path} has no summary"
            );
        }
    }
    let operations = described["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .into_iter()
                .flatten()
                .map(move |(method, it)| (path, method, it))
        });
    let mut names = std::collections::BTreeSet::new();
    let mut open = Vec::new();
    for (path, method, it) in operations {
        assert!(
            names.insert(it["operationId"].to_string()),
            "{method} {path}: two of one name"
        );
        for (status, answer) in it["responses"].as_object().into_iter().flatten() {
            let media: Vec<&String> = answer["content"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|it| it.0)
                .collect();
            if status.starts_with(['4', '5']) {
                assert_eq!(media, ["application/problem+json"], "{method} {path} {status}");
            }
        }
        if it["security"].as_array().is_some_and(Vec::is_empty) {
            open.push((method.to_uppercase(), path.clone()));
        }
    }
    let schemes = &described["components"]["securitySchemes"];
    assert_eq!(
        (&schemes["bearer"]["scheme"], &schemes["session"]["in"]),
        (&"bearer".into(), &"cookie".into())
    );
    assert_eq!(
        described["security"].as_array().map(Vec::len),
        Some(2),
        "either of them"
    );
    let rows = &described["paths"]["/api/v1/data/{agreement}"]["get"]["responses"]["200"];
    for header in ["Jutong-Count", "Link"] {
        assert!(rows["headers"][header].is_object(), "{header}");
    }
    for media in ["application/json", "text/csv", "application/vnd.apache.parquet"] {
        assert!(rows["content"][media].is_object(), "{media} of {rows}");
    }
    let app = TestApp::start().await?;
    // what is said to be open is, and the rest is not
    for (method, path) in [
        ("GET", "/api/v1/catalog"),
        ("GET", "/api/v1/ledger/keys"),
        ("POST", "/api/v1/session"),
    ] {
        assert!(open.contains(&(method.to_owned(), path.to_owned())), "{method} {path}");
    }
    for path in described["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|it| it.0)
        .filter(|it| !it.contains('{'))
    {
        if described["paths"][path]["get"].is_object() {
            let status = app.talk("", &format!("GET {path}"), "").await?.status;
            let is_open = open.contains(&("GET".to_owned(), path.clone()));
            assert_eq!(status != 401, is_open, "GET {path} answers {status} to nobody");
        }
    }
    let served = app.talk("", "GET /openapi.json", "").await?.ok()?;
    assert_eq!(served.json()?, described);
    expect_file!["../../../../docs/openapi.json"].assert_eq(&format!("{}\n", text.trim_end()));
    Ok(())
}

#[tokio::test]
async fn what_an_address_does_not_take_is_told_in_the_askers_way() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let answer = app.talk("civil.officer", "PUT /api/v1/me", "{}").await?;
    assert_eq!(
        (answer.status.as_u16(), answer.at("/code")?.as_str()),
        (405, "method-not-allowed")
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let answer = app.talk("civil.officer", "GET /api/v1/nothing", "").await?;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (404, "application/problem+json")
    );
    for (lang, words) in [
        ("zh", "这个地址不支持这样的操作"),
        ("en", "This address does not take that kind of request"),
    ] {
        let page = app.talk("", &format!("POST /search?lang={lang}"), "{}").await?;
        assert_eq!(page.status, 405);
        assert!(
            page.header("content-type").starts_with("text/html") && page.text.contains(words),
            "{}",
            page.text
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_page_speaks_the_readers_language() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let resource = people::shelved(&app).await?;
    let officer = app.actor("police.officer")?;
    let now = flow::own_resource(&app.app, &officer, resource).await?;
    let mut content = now.content.clone();
    "人口登记信息".clone_into(&mut content.name);
    "Population register".clone_into(&mut content.name_en);
    "Who lives here.".clone_into(&mut content.summary_en);
    flow::edit_resource(&app.app, &officer, resource, now.revision, content).await?;
    flow::submit_resource(&app.app, &officer, resource).await?;
    names_are_in_the_readers_language(&app).await?;
    flow::publish_resource(&app.app, &app.actor("operator")?, resource).await?;
    for (path, zh, en) in [
        (format!("/resources/{resource}"), "人口登记信息", "Population register"),
        ("/search".to_owned(), "测试用资源", "Who lives here."),
    ] {
        let page = |lang: &str| {
            let sign = if path.contains('?') { '&' } else { '?' };
            format!("GET {path}{sign}lang={lang}")
        };
        let (chinese, english) = (
            app.talk("", &page("zh"), "").await?,
            app.talk("", &page("en"), "").await?,
        );
        // The page of a resource tells both names among its fields; its heading is in one language.
        let said = |page: &str| {
            let heading = page.split("<h1").nth(1).and_then(|it| it.split("</h1>").next());
            heading.filter(|_| path != "/search").unwrap_or(page).to_owned()
        };
        let (chinese, english) = (said(&chinese.text), said(&english.text));
        assert!(chinese.contains(zh) && !chinese.contains(en), "{path}: {chinese}");
        assert!(english.contains(en) && !english.contains(zh), "{path}: {english}");
    }
    let english = app.talk("", "GET /search?lang=en&q=population", "").await?.text;
    assert!(
        english.contains("Yunzhou") || english.contains("police"),
        "the provider's English name: {english}"
    );
    Ok(())
}

/// What waits, what was told and who is who, while the entry of the police waits for its review.
async fn names_are_in_the_readers_language(app: &TestApp) -> Result<(), Failure> {
    let tree = flow::list_orgs(&app.app).await?;
    let mut police = tree.get(app.orgs["police"]).ok_or("no police")?.clone();
    "公安局".clone_into(&mut police.short_name);
    flow::change_org(&app.app, &app.actor("sysadmin")?, police).await?;
    for (who, path, zh, en) in [
        ("operator", "/notices", "人口登记信息", "Population register"),
        ("operator", "/notices", "公安局", "police submitted"),
        ("operator", "/tasks", "人口登记信息", "Population register"),
        ("operator", "/tasks", "公安局", "police"),
        ("sysadmin", "/admin/organisations", "云州市公安局", "police"),
        ("sysadmin", "/admin/people", "云州市公安局", "police"),
    ] {
        for (lang, said) in [("zh", zh), ("en", en)] {
            let page = app.talk(who, &format!("GET {path}?lang={lang}"), "").await?.ok()?;
            let main = page.text.split("<main").nth(1).unwrap_or_default();
            assert!(main.contains(said), "{path} in {lang} says {said}: {main}");
            assert_eq!(main.contains(zh), lang == "zh", "{path} in {lang}: {main}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn other_sites_write_nothing() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let body = r#"{"login":"civil.officer","password":"wrong"}"#;
        for headers in [
            [("origin", "http://evil.example")],
            [("sec-fetch-site", "cross-site")],
            [("origin", "null")],
        ] {
            let answer = app.talk_with("", "POST /api/v1/session", body, &headers).await?;
            assert_eq!(
                (answer.status.as_u16(), answer.at("/code")?.as_str()),
                (403, "other-site"),
                "{headers:?}"
            );
        }
        let body = format!(r#"{{"login":"civil.officer","password":"{}"}}"#, testkit::PASSWORD);
        let own = app
            .talk_with("", "POST /api/v1/session", &body, &[("sec-fetch-site", "same-origin")])
            .await?
            .ok()?;
        let cookie = own.header("set-cookie").to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite"), "{cookie}");
        let secret = cookie.split(';').next().unwrap_or_default();
        app.talk_with("", "GET /api/v1/me", "", &[("cookie", secret)])
            .await?
            .ok()?;
        app.talk_with("", "DELETE /api/v1/session", "", &[("cookie", secret)])
            .await?
            .ok()?;
        let after = app.talk_with("", "GET /api/v1/me", "", &[("cookie", secret)]).await?;
        assert_eq!(after.status, 401, "a session that ended opens nothing");
    }
    Ok(())
}

/// The cookie of somebody who signed in at the door.
pub async fn session(app: &TestApp, login: &str) -> Result<String, Failure> {
    let body = format!(r#"{{"login":"{login}","password":"{}"}}"#, testkit::PASSWORD);
    let own = app
        .talk_with("", "POST /api/v1/session", &body, &[("sec-fetch-site", "same-origin")])
        .await?
        .ok()?;
    let cookie = own.header("set-cookie").split(';').next().unwrap_or_default();
    Ok(cookie.to_owned())
}

/// An agreement on the people without masks.
pub async fn open(app: &TestApp, spec: SourceSpec, name: &str) -> Result<AgreementId, Failure> {
    let resource = app
        .shelve(Shelf {
            provider: "police",
            spec,
            table: "people",
            name,
            key: &["person_no"],
        })
        .await?;
    app.agree(resource, &Deal::default()).await
}

fn expected() -> Vec<Vec<String>> {
    PEOPLE
        .iter()
        .map(|(no, name, phone, _, _)| {
            vec![
                (*no).to_owned(),
                name.unwrap_or_default().to_owned(),
                (*phone).to_owned(),
            ]
        })
        .collect()
}

fn of_batches(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in batches {
        let column = |at: usize| {
            let it = arrow::compute::cast(batch.column(at), &arrow::datatypes::DataType::Utf8).unwrap();
            it.as_any().downcast_ref::<arrow::array::StringArray>().unwrap().clone()
        };
        let columns = [column(0), column(1), column(2)];
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|it| it.value(row).to_owned()).collect());
        }
    }
    rows
}

#[tokio::test]
async fn rows_come_in_every_format() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let agreement = open(&app, people::in_file(&app.files, "people.db")?, "people").await?;
        let line = format!("GET /api/v1/data/{agreement}?select=person_no,name,phone&sort=person_no");
        let wanted = expected();
        for accept in [
            "application/json",
            "application/x-ndjson",
            "text/csv",
            "application/vnd.apache.parquet",
            "application/vnd.apache.arrow.stream",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ] {
            let answer = app
                .talk_with("civil.officer", &line, "", &[("accept", accept)])
                .await?
                .ok()?;
            assert!(
                answer.header("content-type").starts_with(accept),
                "{accept}: {}",
                answer.header("content-type")
            );
            let rows = read(accept, &answer.bytes)?;
            assert_eq!(rows, wanted, "{accept}");
        }
        for format in ["json", "ndjson", "csv", "parquet", "arrow", "xlsx"] {
            app.talk("civil.officer", &format!("{line}&format={format}"), "")
                .await?
                .ok()?;
        }
    }
    Ok(())
}

fn read(accept: &str, bytes: &[u8]) -> Result<Vec<Vec<String>>, Failure> {
    let of_json = |row: &Value| -> Vec<String> {
        ["person_no", "name", "phone"]
            .iter()
            .map(|it| row[*it].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    Ok(match accept {
        "application/json" => serde_json::from_slice::<Vec<Value>>(bytes)?
            .iter()
            .map(of_json)
            .collect(),
        "application/x-ndjson" => {
            let lines = bytes.split(|it| *it == b'\n').filter(|it| !it.is_empty());
            lines
                .map(|it| Ok(of_json(&serde_json::from_slice(it)?)))
                .collect::<Result<_, Failure>>()?
        }
        "text/csv" => {
            let mut reader = csv::Reader::from_reader(bytes);
            reader
                .records()
                .map(|it| Ok(it?.iter().map(str::to_owned).collect()))
                .collect::<Result<_, Failure>>()?
        }
        "application/vnd.apache.parquet" => {
            let bytes = bytes::Bytes::copy_from_slice(bytes);
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()?;
            of_batches(&reader.collect::<Result<Vec<_>, _>>()?)
        }
        "application/vnd.apache.arrow.stream" => {
            let reader = arrow::ipc::reader::StreamReader::try_new(bytes, None)?;
            of_batches(&reader.collect::<Result<Vec<_>, _>>()?)
        }
        _ => {
            use calamine::Reader as _;
            let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(std::io::Cursor::new(bytes.to_vec()))?;
            let sheet = book.worksheet_range_at(0).ok_or("no sheet")??;
            sheet
                .rows()
                .skip(1)
                .map(|row| row.iter().map(ToString::to_string).collect())
                .collect()
        }
    })
}

/// A table of `rows` numbered rows.
pub fn numbered(app: &TestApp, rows: usize) -> Result<SourceSpec, Failure> {
    let path = app.files.join("numbered.db");
    let link = rusqlite::Connection::open(&path)?;
    link.execute_batch(&format!(
        "create table people (person_no text primary key, city text, filler text);
         with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {rows})
         insert into people select printf('%08d', i), printf('%02d', i % 7), hex(zeroblob(40)) from n"
    ))?;
    Ok(SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string()))
}

#[tokio::test]
async fn pages_by_key_are_the_whole_stream() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let agreement = open(&app, numbered(&app, 2_345)?, "numbered").await?;
        let line = format!("GET /api/v1/data/{agreement}");
        for sort in ["person_no", "-person_no", "city,-person_no", "-city"] {
            let whole = app
                .talk("civil.officer", &format!("{line}?sort={sort}"), "")
                .await?
                .ok()?;
            let mut whole: Vec<Value> = serde_json::from_str(&whole.text)?;
            let mut pages: Vec<Value> = Vec::new();
            let mut next = Some(format!("?sort={sort}&limit=400"));
            while let Some(query) = next {
                let page = app.talk("civil.officer", &format!("{line}{query}"), "").await?.ok()?;
                let rows: Vec<Value> = serde_json::from_str(&page.text)?;
                assert!(rows.len() <= 400 && !rows.is_empty());
                pages.extend(rows);
                let link = page.header("link");
                next = link
                    .split_once('<')
                    .and_then(|(_, it)| it.split_once('>'))
                    .map(|(it, _)| it.to_owned());
            }
            assert_eq!((pages.len(), whole.len()), (2_345, 2_345), "{sort}");
            if sort == "-city" {
                // Within a city the stream has no order of its own; pages add the key.
                for rows in [&mut pages, &mut whole] {
                    rows.sort_by_key(|it| it["person_no"].as_str().map(str::to_owned));
                }
            }
            assert!(pages == whole, "{sort}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_record_by_its_key_from_every_database() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let mut specs = vec![("people", people::in_file(&app.files, "people.db")?)];
        let servers = [
            ("people_pg", Database::postgres().await?),
            ("people_my", Database::mysql().await?),
        ];
        for (name, server) in &servers {
            if let Some(server) = server {
                specs.push((name, people::in_server(server).await?));
            }
        }
        for (name, spec) in specs {
            let kind = spec.kind;
            let agreement = open(&app, spec, name).await?;
            let line = format!("GET /api/v1/data/{agreement}/records");
            for row in expected() {
                let found = app
                    .talk("civil.officer", &format!("{line}/{}", row[0]), "")
                    .await?
                    .ok()?;
                assert_eq!(found.at("/person_no")?, row[0], "{kind}");
                assert_eq!(found.json()?["name"].as_str().unwrap_or_default(), row[1], "{kind}");
            }
            let by_phone = app
                .talk("civil.officer", &format!("{line}/13800000004?item=phone"), "")
                .await?
                .ok()?;
            assert_eq!(by_phone.at("/name")?, "欧阳娜娜", "{kind}");
            for nobody in ["1", "00001", "0001%20", "%27%20or%201=1--"] {
                let answer = app.talk("civil.officer", &format!("{line}/{nobody}"), "").await?;
                assert_eq!(answer.status, 404, "{kind} {nobody}: {}", answer.text);
            }
            println!("records from {kind}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_record_by_a_key_of_two_items() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let path = app.files.join("stocks.db");
    let statements =
        "create table stocks (depot text not null, item text not null, qty integer, primary key (depot, item));
                      insert into stocks values ('A/1', '01', 5), ('A/1', '02', 6), ('B', '01', 7)";
    rusqlite::Connection::open(&path)?.execute_batch(statements)?;
    let resource = app
        .shelve(Shelf {
            provider: "police",
            spec: SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string()),
            table: "stocks",
            name: "stocks",
            key: &["depot", "item"],
        })
        .await?;
    let agreement = app.agree(resource, &Deal::default()).await?;
    let line = format!("GET /api/v1/data/{agreement}/records");
    for (key, qty) in [("A%2F1?and=01", "5"), ("A%2F1?and=02", "6"), ("B?and=01", "7")] {
        let found = app.talk("civil.officer", &format!("{line}/{key}"), "").await?.ok()?;
        assert_eq!(found.at("/qty")?, qty, "{key}");
    }
    assert_eq!(
        app.talk("civil.officer", &format!("{line}/B?and=02"), "").await?.status,
        404
    );
    for wrong in ["B", "B?and=01&and=02", "B?item=depot&and=01"] {
        let refused = app.talk("civil.officer", &format!("{line}/{wrong}"), "").await?;
        assert_eq!(refused.status, 422, "{wrong}: {}", refused.text);
        assert_eq!(refused.at("/faults/0/code")?, "key-needed", "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn a_count_beside_rows_costs_one_use() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let resource = people::shelved(&app).await?;
    let deal = Deal {
        quota: 2,
        ..Deal::default()
    };
    let agreement = app.agree(resource, &deal).await?;
    for query in ["limit=2&count=true", "count=true"] {
        let answer = app
            .talk("civil.officer", &format!("GET /api/v1/data/{agreement}?{query}"), "")
            .await?
            .ok()?;
        assert_eq!(
            (answer.header("jutong-count"), answer.header("vary").contains("accept")),
            ("5", true)
        );
    }
    let third = app
        .talk("civil.officer", &format!("GET /api/v1/data/{agreement}?limit=0"), "")
        .await?;
    assert!(!third.status.is_success(), "two uses are two: {}", third.text);
    Ok(())
}

#[tokio::test]
async fn formats_are_refused_and_empty_pages_are_empty() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let resource = people::shelved(&app).await?;
    let agreement = app.agree(resource, &Deal::default()).await?;
    let line = format!("GET /api/v1/data/{agreement}?limit=0");
    let none = app.talk("civil.officer", &line, "").await?.ok()?;
    assert_eq!((none.text.as_str(), none.header("link")), ("[]\n", ""));
    let refused = app
        .talk_with("civil.officer", &line, "", &[("accept", "application/json;q=0")])
        .await?;
    assert_eq!(refused.status, 406);
    let other = app
        .talk_with(
            "civil.officer",
            &line,
            "",
            &[("accept", "application/json;q=0, */*;q=0.1")],
        )
        .await?;
    assert!(
        !other.header("content-type").starts_with("application/json"),
        "{}",
        other.header("content-type")
    );
    Ok(())
}

#[tokio::test]
async fn a_name_in_sql_stays_with_its_agreement() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let first = app.agree(resource, &Deal::default()).await?;
        let second = app.agree(resource, &Deal::default()).await?;
        let name = async |id: AgreementId| app.table_of("civil.officer", id).await;
        assert_eq!(
            (name(first).await?, name(second).await?),
            ("people".to_owned(), "people_2".to_owned())
        );
        // A word in a text or a comment is no table: one receipt, of the one agreement that was read.
        let receipts = async |id: AgreementId| -> Result<usize, Failure> {
            let filter = Filter {
                subject: Some(id.to_string()),
                ..Filter::default()
            };
            let page = Page {
                before: None,
                limit: 50,
            };
            let found = flow::list_entries(&app.app, &app.actor("auditor")?, filter, page)
                .await?
                .all;
            Ok(found.iter().flat_map(Receipt::all_of).count())
        };
        let before = (receipts(first).await?, receipts(second).await?);
        let body = serde_json::json!({ "sql": "select person_no, 'people' as people from people_2 -- people" });
        app.talk("civil.officer", "POST /api/v1/sql", &body.to_string())
            .await?
            .ok()?;
        let after = (receipts(first).await?, receipts(second).await?);
        assert_eq!(after, (before.0, before.1 + 1));
        // The older one ends: the name of the other stays, and the old name reads nothing.
        let approver = app.actor("police.approver")?;
        flow::revoke_agreement(&app.app, &approver, first, "到期".to_owned()).await?;
        assert_eq!(name(second).await?, "people_2");
        let old = r#"{"sql":"select * from people"}"#;
        let refused = app.talk("civil.officer", "POST /api/v1/sql", old).await?;
        assert_eq!(refused.status, 422, "{}", refused.text);
        let third = app.agree(resource, &Deal::default()).await?;
        assert_eq!(name(third).await?, "people_3");
    }
    Ok(())
}

#[tokio::test]
async fn a_caller_who_leaves_leaves_a_receipt() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        leaves(&app).await?;
    }
    Ok(())
}

async fn leaves(app: &TestApp) -> Result<(), Failure> {
    let agreement = open(app, numbered(app, 400_000)?, "numbered").await?;
    let member = app.people.get("civil.officer").ok_or("nobody")?;
    let url = format!("{}/api/v1/data/{agreement}", app.base);
    let answer = testkit::talk::client()?
        .get(url)
        .bearer_auth(&member.token)
        .header("accept", "text/csv")
        .send()
        .await?;
    assert!(answer.status().is_success());
    let mut body = answer.bytes_stream();
    let first = body.next().await.ok_or("no rows")??;
    assert!(!first.is_empty());
    drop(body);
    let filter = || Filter {
        subject: Some(agreement.to_string()),
        ..Filter::default()
    };
    for _ in 0..100 {
        let page = Page {
            before: None,
            limit: 50,
        };
        let found = flow::list_entries(&app.app, &app.actor("auditor")?, filter(), page)
            .await?
            .all;
        if let Some(receipt) = found.iter().flat_map(Receipt::all_of).next() {
            assert_eq!(receipt.outcome, Outcome::Cancelled);
            assert!(receipt.rows > 0 && receipt.rows < 400_000, "{}", receipt.rows);
            assert!(found.iter().any(|it| it.entry.kind == "release-opened"));
            println!("cancelled after {} of 400000 rows", receipt.rows);
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("no receipt of the cancelled release within ten seconds".into())
}
