//! Killed at random moments: what was told as done is done, is in the ledger and can be proved; nothing happens twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use futures::StreamExt;
use testkit::{
    Failure, TestApp, config,
    platform::{
        App, Work,
        engine::{Filter as Condition, FilterOp, Select},
        exchange::{Refresh, Run, RunState},
        flow::{self, Claim, Door, Evidence, NewDelivery, Proof, Question},
        ledger::{self, Filter, Page, Receipt, Recorded, Trust},
        vocab::{
            AgreementId, Purpose, ReleaseId, RequestId, ResourceId, SharingMode, SinkSpec, SourceKind, SourceSpec,
        },
    },
    servers::Database,
    story::{Deal, Shelf},
};

/// Rows of the table that is delivered.
const ROWS: usize = 120_000;

/// What the parent tells the child, in the environment.
const TOLD: [&str; 5] = [
    "JUTONG_TEST_FOLDER",
    "JUTONG_TEST_URL",
    "JUTONG_TEST_TOKEN",
    "JUTONG_TEST_AGREEMENT",
    "JUTONG_TEST_RESOURCE",
];

fn question(agreement: AgreementId, key: &str) -> Question {
    let condition = Condition {
        item: "person_no".to_owned(),
        op: FilterOp::Eq,
        values: vec![key.to_owned()],
    };
    let select = Select {
        filters: vec![condition],
        limit: Some(1),
        ..Select::default()
    };
    Question {
        agreement,
        purpose: None,
        select,
    }
}

/// The words of a question that its receipt commits to.
fn asked(key: &str, agreement: AgreementId) -> Result<String, Failure> {
    Ok(serde_json::to_string(&question(agreement, key).select)?)
}

/// The node that [`killed_at_any_moment`] kills; alone it does nothing. It tells every deed once it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_until_it_is_killed() -> Result<(), Failure> {
    let told: Vec<String> = TOLD.iter().filter_map(|it| std::env::var(it).ok()).collect();
    let [folder, url, token, agreement, resource] = told.as_slice() else {
        return Ok(());
    };
    let app = App::open(config(Path::new(folder), url)).await?;
    let actor = flow::know_actor(&app, Proof::Token(token))
        .await?
        .ok_or("the token opens nothing")?
        .actor;
    let (agreement, resource): (AgreementId, ResourceId) = (agreement.parse()?, resource.parse()?);
    let work = Work {
        name: format!("child {}", std::process::id()),
        idle: Duration::from_millis(20),
    };
    tokio::spawn(work.run(app.clone(), std::future::pending()));
    println!("\nready");
    let me = std::process::id();
    let writes = async {
        for _ in 0..1_000_000 {
            let application = application(&app, resource).await?;
            let request = flow::draft_request(&app, &actor, resource, application).await?;
            println!("\nrequest {}", request.id);
        }
        Ok::<_, Failure>(())
    };
    let releases = async {
        for no in 0..1_000_000 {
            let key = format!("{me}-{no}");
            let (_, receipted) = flow::query_page(&app, &actor, Door::Rest, &question(agreement, &key)).await?;
            println!("\nrelease {key} {} {}", receipted.entries.start, receipted.release);
            // Now and then a large answer, which is open when the node is killed.
            if no % 50 == 0 {
                let whole = Question {
                    agreement,
                    purpose: None,
                    select: Select::default(),
                };
                let mut release = flow::query_data(&app, &actor, Door::Rest, &whole).await?;
                while let Some(batch) = release.next().await {
                    batch?;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        Ok::<_, Failure>(())
    };
    let publishes = async {
        loop {
            if let Some(it) = flow::publish_log(&app).await? {
                println!("\npublished {}", it.size);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let all: (Result<(), Failure>, _, Result<(), Failure>) = tokio::join!(writes, releases, publishes);
    all.0.and(all.1).and(all.2)
}

async fn application(app: &App, resource: ResourceId) -> Result<testkit::platform::sharing::Application, Failure> {
    use testkit::platform::{
        sharing::{Application, Basis},
        vocab::{GrantedItem, Mask, RowRule},
    };
    let version = flow::show_resource(app, resource).await?;
    let now = app.now();
    Ok(Application {
        basis: Basis::Duty,
        basis_text: "部门职责".to_owned(),
        scenario: "核对".to_owned(),
        purpose: Purpose::Service,
        items: version
            .content
            .items
            .iter()
            .map(|it| GrantedItem {
                item: it.name.clone(),
                mask: Mask::Clear,
            })
            .collect(),
        rows: RowRule::All,
        modes: vec![SharingMode::Interface],
        from: now,
        until: now + chrono::TimeDelta::days(30),
        quota_per_day: Some(10),
    })
}

/// What a child told before it was killed.
#[derive(Default)]
struct Told {
    requests: Vec<RequestId>,
    /// Key, the number of the receipt's entry, and the release.
    releases: Vec<(String, u64, ReleaseId)>,
    published: u64,
    other: Vec<String>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("request", id)) if id.parse::<RequestId>().is_ok() => self.requests.extend(id.parse::<RequestId>()),
            Some(("release", told)) => match released(told) {
                Some(it) => self.releases.push(it),
                None => self.other.push(line.to_owned()),
            },
            Some(("published", size)) => self.published = self.published.max(size.parse().unwrap_or(0)),
            _ if line.is_empty() || line == "ready" => {}
            _ => self.other.push(line.to_owned()),
        }
    }
}

fn released(told: &str) -> Option<(String, u64, ReleaseId)> {
    let mut words = told.split(' ');
    let mut next = || words.next();
    Some((next()?.to_owned(), next()?.parse().ok()?, next()?.parse().ok()?))
}

/// Starts a child, lets it live for a while once it is ready, kills it, and hears what it told.
fn live_and_die(
    app: &TestApp,
    agreement: AgreementId,
    resource: ResourceId,
    life: Duration,
    told: &mut Told,
) -> Result<(), Failure> {
    let member = app.people.get("civil.officer").ok_or("nobody")?;
    let mut child: Child = Command::new(std::env::current_exe()?)
        .args(["--exact", "crash::a_node_until_it_is_killed", "--nocapture"])
        .env(TOLD[0], app.folder())
        .env(TOLD[1], &app.db_url)
        .env(TOLD[2], &member.token)
        .env(TOLD[3], agreement.to_string())
        .env(TOLD[4], resource.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let out = BufReader::new(child.stdout.take().ok_or("no output")?);
    let (ready, heard) = mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut lines = Vec::new();
        for line in out.lines().map_while(Result::ok) {
            if line == "ready" {
                let _gone = ready.send(());
            }
            lines.push(line);
        }
        lines
    });
    let is_ready = heard.recv_timeout(Duration::from_secs(60));
    std::thread::sleep(life);
    child.kill()?;
    child.wait()?;
    for line in listener.join().map_err(|_| "the listener fell")? {
        told.hear(&line);
    }
    is_ready.map_err(|_| format!("the child was never ready: {:?}", told.other).into())
}

/// Time passes for leases: the jobs of killed workers may be taken at once.
async fn leases_run_out(app: &TestApp) -> Result<(), Failure> {
    let sql = "update job set leased_until = '2020-01-01T00:00:00.000000Z' where done_at is null and leased_until is not null";
    match app.db_url.strip_prefix("sqlite:") {
        Some(path) => {
            let link = rusqlite::Connection::open(path)?;
            link.busy_timeout(Duration::from_secs(10))?;
            link.execute(sql, [])?;
        }
        None => {
            testkit::servers::postgres(&app.db_url).await?.execute(sql, &[]).await?;
        }
    }
    Ok(())
}

async fn all_entries(app: &TestApp) -> Result<Vec<Recorded>, Failure> {
    let auditor = app.actor("auditor")?;
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = flow::list_entries(&app.app, &auditor, Filter::default(), Page { before, limit: 500 }).await?;
        all.extend(page.all);
        before = page.next;
        if before.is_none() {
            // Oldest first: a release is opened before it is closed.
            all.sort_by_key(|it: &Recorded| it.index);
            return Ok(all);
        }
    }
}

/// Everything told is in the ledger once and can be proved; nothing is there that was not done.
async fn judge(app: &TestApp, agreement: AgreementId, told: &Told, run: &Run) -> Result<(), Failure> {
    let entries = all_entries(app).await?;
    let numbers: BTreeSet<u64> = entries.iter().map(|it| it.index).collect();
    assert_eq!(numbers.len(), entries.len());
    assert_eq!(numbers.last().map(|it| it + 1), Some(numbers.len() as u64), "no gap");
    let mut drafted: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_question: BTreeMap<String, u64> = BTreeMap::new();
    let mut opened = BTreeSet::new();
    let mut releases = BTreeMap::new();
    let mut delivered = Vec::new();
    for it in &entries {
        if it.entry.kind == "request-drafted" && drafted.insert(&it.entry.subject, it.index).is_some() {
            panic!("{} was drafted twice", it.entry.subject);
        }
        if it.entry.kind == "release-opened" {
            let receipt: Receipt = serde_json::from_value(it.entry.body.clone())?;
            assert!(opened.insert((receipt.release, receipt.agreement)), "opened twice");
        }
        for receipt in Receipt::all_of(it) {
            let key = (receipt.release, receipt.agreement);
            assert!(releases.insert(key, it.index).is_none(), "a receipt twice: {receipt:?}");
            if receipt.door == "delivery" {
                delivered.push(receipt);
            } else if !opened.contains(&key) && by_question.insert(receipt.query.clone(), it.index).is_some() {
                panic!("a question was answered twice: {receipt:?}");
            }
        }
    }
    assert!(!opened.is_empty(), "no large answer was under way");
    for it in &opened {
        assert!(releases.contains_key(it), "{it:?} was opened and never closed");
    }
    println!("{} releases were opened, each is closed by one receipt", opened.len());
    let mut proved = Vec::new();
    for id in &told.requests {
        proved.push(
            *drafted
                .get(id.to_string().as_str())
                .ok_or_else(|| format!("{id} was told and is not in the ledger"))?,
        );
    }
    let officer = app.actor("civil.officer")?;
    let sample = told.releases.len().div_ceil(40);
    for (no, (key, index, release)) in told.releases.iter().enumerate() {
        assert_eq!(
            releases.get(&(*release, agreement)),
            Some(index),
            "release {key} was told and has no receipt"
        );
        proved.push(*index);
        // The receipt commits to this question and to no other; every look is an entry, so not every one is looked at.
        if no % sample == 0 {
            let claim = |key: &str| -> Result<Claim, Failure> {
                Ok(Claim {
                    release: Some(*release),
                    question: Some(asked(key, agreement)?),
                    digest: None,
                })
            };
            let right = flow::open_receipt(&app.app, &officer, *index, &claim(key)?).await?;
            let wrong = flow::open_receipt(&app.app, &officer, *index, &claim("0")?).await?;
            assert_eq!((right.question, wrong.question), (Some(true), Some(false)), "{key}");
        }
    }
    for subject in drafted.keys() {
        flow::show_request(&app.app, &officer, subject.parse()?).await?;
    }
    let reconciled = run
        .report
        .as_ref()
        .and_then(|it| it.reconciliation.clone())
        .ok_or("no reconciliation")?;
    let complete: Vec<_> = delivered
        .iter()
        .filter(|it| it.outcome == ledger::Outcome::Complete)
        .collect();
    assert_eq!(complete.len(), 1, "one complete receipt of the delivery: {delivered:?}");
    assert_eq!(
        (complete[0].rows, &complete[0].digest),
        (reconciled.source.rows, &reconciled.source.digest)
    );

    let auditor = app.actor("auditor")?;
    let checkpoint = flow::publish_log_now(&app.app, &auditor)
        .await?
        .ok_or("no checkpoint")?;
    assert!(checkpoint.size >= told.published && checkpoint.size >= entries.len() as u64);
    let trust = Trust {
        keys: flow::log_keys(&app.app)
            .iter()
            .filter_map(|it| it.parse().ok())
            .collect(),
        ..Trust::default()
    };
    for part in proved.chunks(1000) {
        let bundle = flow::make_bundle(&app.app, &auditor, &Evidence::Entries(part.to_vec())).await?;
        ledger::verify(&bundle, &trust)?;
    }
    let checked = flow::check_log(&app.app, &auditor).await?;
    assert!(checked.fault.is_none(), "{checked:?}");
    println!(
        "{} requests and {} releases told before a kill, each once in the ledger and proved; {} entries, {} rows delivered",
        told.requests.len(),
        told.releases.len(),
        entries.len(),
        reconciled.target.rows
    );
    assert!(
        !told.requests.is_empty() && !told.releases.is_empty(),
        "{:?}",
        told.other
    );
    Ok(())
}

/// A table of numbered rows in an SQLite file.
fn numbered(app: &TestApp) -> Result<SourceSpec, Failure> {
    let path = app.files.join("numbered.db");
    let link = rusqlite::Connection::open(&path)?;
    link.execute_batch(&format!(
        "create table people (person_no text primary key, name text);
         with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {ROWS})
         insert into people select printf('%08d', i), case when i % 5 = 0 then null else '𠮷' || i end from n"
    ))?;
    Ok(SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string()))
}

async fn rounds(app: &TestApp, rounds: u64) -> Result<(), Failure> {
    let shelf = Shelf {
        provider: "police",
        spec: numbered(app)?,
        table: "people",
        name: "people",
        key: &["person_no"],
    };
    let resource = app.shelve(shelf).await?;
    let agreement = app
        .agree(
            resource,
            &Deal {
                quota: 10_000_000,
                ..Deal::default()
            },
        )
        .await?;
    let server = Database::postgres().await?;
    let target = match &server {
        Some(server) => server.spec.clone(),
        None => SourceSpec::new(SourceKind::Sqlite).with("path", app.files.join("copy.db").display().to_string()),
    };
    let sink = SinkSpec {
        target: target.clone(),
        table: "people_copy".to_owned(),
    };
    let officer = app.actor("civil.officer")?;
    let new = NewDelivery {
        agreement,
        name: "送达".to_owned(),
        sink,
        refresh: Refresh::Full,
        replace: false,
        error_limit: 0,
    };
    let delivery = flow::create_delivery(&app.app, &officer, new).await?;
    let run = flow::start_run(&app.app, &officer, delivery.id).await?;
    let mut told = Told::default();
    let mut seed = u64::from(std::process::id());
    let mut interrupted = 0;
    for _ in 0..rounds {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        live_and_die(
            app,
            agreement,
            resource,
            Duration::from_millis(50 + (seed >> 33) % 900),
            &mut told,
        )?;
        leases_run_out(app).await?;
        if let Some(path) = app.db_url.strip_prefix("sqlite:") {
            let link = rusqlite::Connection::open(path)?;
            link.busy_timeout(Duration::from_secs(10))?;
            let sound: String = link.query_row("pragma integrity_check", [], |row| row.get(0))?;
            assert_eq!(sound, "ok");
        }
        let (_, now) = flow::show_run(&app.app, &officer, run.id).await?;
        interrupted += u64::from(now.state == RunState::Running || now.state == RunState::Verifying);
    }
    // A try that failed beside a dying predecessor is made again a little later.
    let patience = std::time::Instant::now() + Duration::from_secs(120);
    let run = loop {
        app.work().await?;
        let (_, now) = flow::show_run(&app.app, &officer, run.id).await?;
        if !matches!(now.state, RunState::Queued | RunState::Running | RunState::Verifying)
            || std::time::Instant::now() > patience
        {
            break now;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    let failure = run.report.as_ref().and_then(|it| it.failure.as_ref());
    assert_eq!(run.state, RunState::Done, "{failure:?}");
    println!("{rounds} kills, {interrupted} of them in the middle of the delivery");
    if let Some(server) = &server {
        let counted = server
            .rows("select count(*)::text, count(distinct person_no)::text, count(name)::text from people_copy")
            .await?;
        let whole = |it: usize| Some(it.to_string());
        assert_eq!(counted, [[whole(ROWS), whole(ROWS), whole(ROWS - ROWS.div_ceil(5))]]);
    }
    // The node starts once more, later than any answer may take.
    let later = app.app.now() + chrono::TimeDelta::hours(1);
    drop(App::open_still(config(app.folder(), &app.db_url), later).await?);
    judge(app, agreement, &told, &run).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment() -> Result<(), Failure> {
    for (app, kills) in TestApp::each().await?.iter().zip([12, 4]) {
        rounds(app, kills).await?;
    }
    Ok(())
}
