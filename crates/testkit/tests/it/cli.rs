//! The command line as people use it: the built binary through the lines that `docs/cli.md` prints, and the demo city.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::{Failure, TestApp};

/// The binary, built as it is now.
fn jutong() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "--package", "app"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        // What cargo told this test of itself would make build scripts run again, and half the graph with them.
        for (name, _) in std::env::vars_os() {
            let of_test = |name: &str| {
                ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"]
                    .iter()
                    .any(|it| name.starts_with(it))
            };
            if name.to_str().is_some_and(of_test) {
                cargo.env_remove(name);
            }
        }
        let built = cargo.status().expect("cargo runs");
        assert!(built.success(), "the binary cannot be built");
        let test = std::env::current_exe().expect("a test has a place");
        let debug = test.ancestors().nth(2).expect("target/debug/deps/it");
        debug.join("jutong")
    })
}

/// A line as a shell takes it apart: blanks separate, quotes hold together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut open, mut begun) = (Vec::new(), String::new(), None, false);
    for it in line.chars() {
        match (open, it) {
            (Some(quote), _) if quote == it => open = None,
            (Some(_), _) => word.push(it),
            (None, '\'' | '"') => {
                open = Some(it);
                begun = true;
            }
            (None, ' ') if begun || !word.is_empty() => {
                words.push(std::mem::take(&mut word));
                begun = false;
            }
            (None, ' ') => {}
            (None, _) => word.push(it),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    words
}

/// The commands of the main job in the page, each with the account that gives it.
fn main_job() -> Vec<(String, String)> {
    let page = include_str!("../../../../docs/cli.md");
    let block = page
        .split("```sh\n")
        .nth(1)
        .expect("the main job")
        .split("```")
        .next()
        .unwrap_or_default();
    let mut who = String::new();
    let mut all = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("# ") {
            Some(comment) => who = comment.split(':').next().unwrap_or_default().to_owned(),
            None => all.push((who.clone(), line.to_owned())),
        }
    }
    all
}

/// Identifiers that were shown, by their beginning: `agr` → `agr_019…`.
#[derive(Default)]
struct Shown(BTreeMap<String, String>);

impl Shown {
    fn remember(&mut self, text: &str) {
        for word in text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == '-')) {
            if let Some((kind, rest)) = word.split_once('_')
                && ["src", "res", "req", "agr", "dlv"].contains(&kind)
                && rest.len() > 20
            {
                self.0.insert(kind.to_owned(), word.to_owned());
            }
        }
    }

    fn put_in(&self, line: &str) -> String {
        self.0.iter().fold(line.to_owned(), |line, (kind, id)| {
            line.replace(&format!("{kind}_…"), id)
        })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn call(folder: &Path, server: &str, token: &str, args: &[String]) -> Result<Output, Failure> {
    Ok(Command::new(jutong())
        .args(args)
        .current_dir(folder)
        .env("JUTONG_SERVER", server)
        .env("JUTONG_TOKEN", token)
        .env("XDG_CONFIG_HOME", folder)
        .stdin(Stdio::null())
        .output()?)
}

fn villages(path: &Path) -> Result<(), Failure> {
    rusqlite::Connection::open(path)?.execute_batch(
        "create table villages (code text primary key, name text not null);
         insert into villages values ('530102001', '华山村'), ('530102002', '𠮷祥村'), ('330102001', '清波村');",
    )?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_of_the_page_runs_as_it_is_printed() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    app.spawn_worker();
    villages(&app.files.join("bureau.db"))?;
    let folder = app.folder().to_owned();
    let mut shown = Shown::default();
    let job = main_job();
    assert!(job.len() > 15, "the page has a main job");
    for (who, line) in job {
        let line = shown
            .put_in(&line)
            .replace("/srv/files", &app.files.display().to_string());
        assert!(!line.contains('…'), "{who}: nothing has shown what stands in {line}");
        let token = app
            .people
            .get(&who)
            .ok_or_else(|| format!("{who} of the page is nobody"))?
            .token
            .clone();
        let (line, into) = line
            .split_once(" > ")
            .map_or((line.as_str(), None), |(line, into)| (line, Some(into)));
        let mut args: Vec<String> = words(line).into_iter().skip(1).collect();
        if into.is_none() {
            args.insert(0, "--json".to_owned());
        }
        let (folder_, base) = (folder.clone(), app.base.clone());
        let out = tokio::task::spawn_blocking(move || call(&folder_, &base, &token, &args)).await??;
        let (told, wrong) = (text(&out.stdout), text(&out.stderr));
        assert_eq!(out.status.code(), Some(0), "{who}: {line}\n{told}\n{wrong}");
        match into {
            Some(file) => std::fs::write(folder.join(file), &out.stdout)?,
            None => {
                let _json: Value = serde_json::from_str(&told).map_err(|it| format!("{line}: {it} in {told}"))?;
                shown.remember(&told);
            }
        }
    }
    let rows: i64 = rusqlite::Connection::open(app.files.join("copy.db"))?.query_row(
        "select count(*) from villages where code like '53%' and name like '%*%'",
        [],
        |it| it.get(0),
    )?;
    assert_eq!(rows, 2, "delivered under the row rule, with the mask");
    assert!(std::fs::metadata(folder.join("rows.parquet"))?.len() > 100);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_and_json_of_everything_else() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let folder = app.folder().to_owned();
    let run = |who: &str, line: &str| -> Result<(Option<i32>, Value), Failure> {
        let token = app.people.get(who).map(|it| it.token.clone()).unwrap_or_default();
        let args: Vec<String> = words(line);
        let out = tokio::task::block_in_place(|| call(&folder, &app.base, &token, &args))?;
        let json = serde_json::from_slice(&out.stdout)
            .map_err(|it| format!("{line}: {it} in {} {}", text(&out.stdout), text(&out.stderr)))?;
        Ok((out.status.code(), json))
    };
    for (who, line, code) in [
        ("civil.officer", "--json session list", 0),
        ("civil.officer", "--json whoami", 0),
        (
            "civil.officer",
            "--json resource show res_019aaaaaaaaa7aaaaaaaaaaaaaaaaaaa",
            7,
        ),
        (
            "civil.officer",
            "--json org add --code 11330100002000004A --name x --level city --division 330100",
            6,
        ),
        ("nobody", "--json whoami", 4),
        ("civil.officer", "--json logout", 0),
    ] {
        let (found, json) = run(who, line)?;
        assert_eq!(found, Some(code), "{who}: {line}: {json}");
    }
    let spec = crate::people::in_file(&app.files, "people.db")?;
    let path = spec.option("path").unwrap_or_default().to_owned();
    let (_, source) = run(
        "police.officer",
        &format!("--json source add people --kind sqlite -o path={path}"),
    )?;
    let id = source["id"].as_str().ok_or("no source")?.to_owned();
    let (_, changed) = run("police.officer", &format!("--json source change {id} --name 人口库"))?;
    assert_eq!(
        (&changed["name"], &changed["options"]["path"]),
        (&Value::from("人口库"), &Value::from(path))
    );
    let who = app.actor("civil.officer")?.id;
    let (_, person) = run("sysadmin", &format!("--json person change {who} --name-en 'Lin Xiao'"))?;
    assert_eq!(
        (&person["name_en"], &person["name_zh"]),
        (&Value::from("Lin Xiao"), &Value::from("civil.officer"))
    );
    Ok(())
}

struct City(Child);

impl Drop for City {
    fn drop(&mut self) {
        // Ended already is as good.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn open(dir: &Path) -> Result<(City, Value), Failure> {
    let told = dir.join("demo.json");
    let before = std::fs::metadata(&told).and_then(|it| it.modified()).ok();
    let args = [
        "--people",
        "300",
        "--enterprises",
        "80",
        "--listen",
        "127.0.0.1:0",
        "--flight-listen",
        "127.0.0.1:0",
    ];
    let log = std::fs::File::create(dir.join("demo.log"))?;
    let mut city = City(
        Command::new(jutong())
            .arg("demo")
            .arg("--dir")
            .arg(dir)
            .args(args)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?,
    );
    let begun = Instant::now();
    loop {
        let now = std::fs::metadata(&told).and_then(|it| it.modified()).ok();
        if now.is_some() && now != before {
            let card: Value = serde_json::from_slice(&std::fs::read(&told)?)?;
            let base = card["base_url"].as_str().ok_or("no base_url")?;
            if reqwest::get(format!("{base}/healthz"))
                .await
                .is_ok_and(|it| it.status().is_success())
            {
                return Ok((city, card));
            }
        }
        let ended = city.0.try_wait()?;
        if ended.is_some() || begun.elapsed() > Duration::from_secs(240) {
            return Err(format!("no city: {ended:?}\n{}", std::fs::read_to_string(dir.join("demo.log"))?).into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Asks the city for something as somebody.
async fn ask(card: &Value, user: &str, path: &str) -> Result<Value, Failure> {
    let base = card["base_url"].as_str().ok_or("no base_url")?;
    let accounts = card["accounts"].as_array().ok_or("no accounts")?;
    let account = accounts.iter().find(|it| it["user"] == user).ok_or("no such account")?;
    let token = account["token"].as_str().ok_or("no token")?;
    let answer = testkit::talk::client()?
        .get(format!("{base}/api/v1{path}"))
        .bearer_auth(token)
        .send()
        .await?;
    let status = answer.status();
    let body = answer.text().await?;
    if status.is_success() {
        Ok(serde_json::from_str(&body)?)
    } else {
        Err(format!("{user} {path}: {status} {body}").into())
    }
}

fn all_of(list: &Value, member: &str) -> Vec<String> {
    let items = list["items"].as_array().or(list.as_array());
    let mut all: Vec<String> = items
        .into_iter()
        .flatten()
        .filter_map(|it| it[member].as_str().map(str::to_owned))
        .collect();
    all.sort();
    all.dedup();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_city_is_found_again_as_it_was_left() -> Result<(), Failure> {
    testkit::talk::client()?;
    let folder = tempfile::tempdir()?;
    let (city, first) = open(folder.path()).await?;
    assert!(
        first["flight_url"]
            .as_str()
            .is_some_and(|it| it.starts_with("grpc://127.0.0.1:"))
    );
    for account in first["accounts"].as_array().ok_or("no accounts")? {
        for member in ["role", "org", "user", "password", "token"] {
            assert!(account[member].is_string(), "{member} of {account}");
        }
    }
    drop(city);
    let (_city, card) = open(folder.path()).await?;
    for member in ["accounts", "ready", "agreement", "resource", "table"] {
        assert_eq!(first[member], card[member], "{member}");
    }
    let ready = |name: &str| card["ready"][name].as_str().unwrap_or_default().to_owned();
    let consumer = ready("consumer");
    for (path, id) in [
        (format!("/agreements/{}", ready("agreement")), "agreement"),
        (format!("/agreements/{}", ready("second_agreement")), "second_agreement"),
        (format!("/catalog/{}", ready("resource")), "resource"),
        (format!("/requests/{}", ready("request")), "request"),
    ] {
        assert_eq!(ask(&card, &consumer, &path).await?["id"], ready(id).as_str(), "{path}");
    }
    let record = ask(
        &card,
        &consumer,
        &format!("/data/{}/records/{}", ready("agreement"), ready("key_value")),
    )
    .await?;
    assert_eq!(record[ready("key_item")], ready("key_value").as_str());
    let tables = ask(&card, &consumer, "/data").await?;
    let names = all_of(&tables, "name");
    assert!(
        names.contains(&ready("table")) && names.contains(&ready("second_table")),
        "{names:?}"
    );

    // A draft is its own department's alone.
    let drafts = ask(&card, "insurance.officer", "/requests?limit=200&state=draft").await?;
    assert_eq!(all_of(&drafts, "state"), ["draft"]);
    let requests = ask(&card, "data.operator", "/requests?limit=200").await?;
    assert_eq!(
        all_of(&requests, "state"),
        [
            "accepted",
            "granted",
            "refused",
            "submitted",
            "supplement-asked",
            "supplemented",
            "withdrawn"
        ]
    );
    assert!(
        ask(&card, "market.approver", "/tasks")
            .await?
            .to_string()
            .contains("true"),
        "one is overdue"
    );
    // The worker ends what has run out, and runs the delivery.
    let begun = Instant::now();
    loop {
        let done = ask(&card, &consumer, "/deliveries")
            .await?
            .to_string()
            .contains("\"done\"");
        let passed = ask(&card, "auditor", "/ledger?kind=agreement-time").await?;
        let expired = passed.to_string().contains("agreement-expired");
        if done && expired {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "done {done}, {passed}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let states = all_of(&ask(&card, "data.operator", "/agreements?limit=200").await?, "state");
    for state in ["active", "closed", "suspended", "disposal-due"] {
        assert!(states.iter().any(|it| it == state), "{state} in {states:?}");
    }
    let corrections = ask(&card, "civil.officer", "/corrections").await?;
    assert_eq!(all_of(&corrections, "state"), ["disputed"]);
    let schools = ask(
        &card,
        "data.operator",
        "/catalog?q=%E5%AD%A6%E6%A0%A1%E5%90%8D%E5%BD%95",
    )
    .await?;
    let id = schools["items"][0]["id"].as_str().ok_or("no schools")?;
    let versions = ask(&card, "data.operator", &format!("/catalog/{id}/versions")).await?;
    assert_eq!(versions.as_array().map(Vec::len), Some(2));
    Ok(())
}
