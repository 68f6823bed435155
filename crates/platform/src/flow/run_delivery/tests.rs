#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! From one department's table into another's, whole, killed in the middle, refused, cancelled.

mod changes;
mod restarts;

use catalog::Sharing;
use chrono::TimeDelta;
use engine::testing::sqlite;
use exchange::{DeliveryState, Reading, Refresh};
use ledger::{Filter, Outcome, Page};
use sharing::{Application, Basis, Warrant};
use staff::{NewPerson, Post};
use vocab::{
    AgreementId, GrantedItem, Level, Mask, OrgId, Purpose, Role, SharingMode, SourceKind, SourceSpec, Timestamp,
};

use super::*;
use crate::{
    Config,
    flow::{self, FirstOrg, FirstPassword, GrantWish, NewDelivery},
};

const QUICK: Pace = Pace {
    chunk_rows: 200,
    chunk_pages: 1,
    part_rows: 200,
    told: Duration::ZERO,
    decided: Duration::ZERO,
};
const ROWS: u64 = 6000;

struct Stage {
    app: Arc<App>,
    officer: Actor,
    approver: Actor,
    agreement: AgreementId,
    folder: tempfile::TempDir,
    fresh: db::testing::Fresh,
}

fn at() -> Timestamp {
    vocab::time::parse("2026-03-09T01:00:00Z").unwrap()
}

fn org(name: &str, code: &str) -> catalog::Organisation {
    let code = vocab::codes::CreditCode::with_check("11", "330100", code)
        .unwrap()
        .to_string();
    let first = FirstOrg {
        name: name.to_owned(),
        name_en: name.to_owned(),
        code,
        division: "330100".to_owned(),
        level: Level::City,
    };
    first.organisation(at()).unwrap()
}

async fn person(app: &App, system: &Actor, login: &str, org: OrgId, role: Role) -> Actor {
    let new = NewPerson {
        login: login.parse().unwrap(),
        name_zh: login.to_owned(),
        name_en: login.to_owned(),
        org,
        posts: vec![Post { org, role }],
    };
    flow::register_person(app, system, new, FirstPassword::Kept("Rain-on-7-roofs".to_owned()))
        .await
        .unwrap();
    let login = login.parse().unwrap();
    staff::store::person_by_login(&app.read().await.unwrap(), &login)
        .await
        .unwrap()
        .actor(org)
}

fn people(path: &std::path::Path, key: &str) -> SourceSpec {
    let key = if key == "integer" {
        "id integer primary key"
    } else {
        "id text primary key"
    };
    let statements = format!(
        "create table people ({key}, name text, area text);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < {ROWS})
         insert into people select printf('%08d', i), '张' || i, case when i % 3 = 0 then '3301' else '3302' end from n"
    );
    sqlite(path, &statements).unwrap()
}

impl Stage {
    /// A stage on every database at hand.
    async fn each(key: &str, quota: u64) -> Vec<Self> {
        let mut all = Vec::new();
        for fresh in db::testing::each().await.unwrap() {
            all.push(Self::set(key, quota, fresh).await);
        }
        all
    }

    /// A stage on every database at hand whose people are in a PostgreSQL, with that server; none where the tests are told
    /// of no server.
    async fn each_on_server(quota: u64) -> Vec<(Self, SourceSpec)> {
        let mut all = Vec::new();
        let Some(spec) = server(SourceKind::Postgres, "JUTONG_TEST_POSTGRES") else {
            return all;
        };
        for (no, fresh) in db::testing::each().await.unwrap().into_iter().enumerate() {
            let table = format!("public.people_{}_{no}_{quota}", std::process::id());
            let statements = format!(
                "drop table if exists {table}; create table {table} (id integer primary key, name text, area char(4)) with (fillfactor = 10);
                 insert into {table} select i, '张' || i, case when i % 3 = 0 then '3301' else '3302' end from generate_series(1, {ROWS}) i;
                 analyze {table}"
            );
            engine::testing::postgres(&spec, &statements).await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            all.push((Self::on(spec.clone(), &table, quota, fresh, folder).await, spec.clone()));
        }
        all
    }

    async fn set(key: &str, quota: u64, fresh: db::testing::Fresh) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = people(&folder.path().join("source.db"), key);
        Self::on(spec, "people", quota, fresh, folder).await
    }

    /// An agreement with a mask on the name and a rule on the area: two rows of three.
    async fn on(
        spec: SourceSpec,
        table: &str,
        quota: u64,
        fresh: db::testing::Fresh,
        folder: tempfile::TempDir,
    ) -> Self {
        let config = Config {
            db_url: fresh.url.clone(),
            data_dir: folder.path().join("node"),
            node: "云州市".to_owned(),
            origin: "node.example.gov.cn/log".to_owned(),
            division: None,
            local_codes: None,
            limits: Limits::default(),
            local_rules: Vec::new(),
            https: false,
            file_roots: vec![folder.path().to_owned()],
            private_roots: std::collections::BTreeMap::new(),
        };
        let app = App::open_still(config, at()).await.unwrap();
        let bureau = org("数据局", "00300000");
        let founders = flow::found_node(&app, bureau.clone()).await.unwrap();
        let system = founders.iter().find(|it| it.role == Role::SystemAdmin).unwrap().id;
        let system = staff::store::person(&app.read().await.unwrap(), system)
            .await
            .unwrap()
            .actor(bureau.id);
        let (police, civil) = (org("公安局", "00300001"), org("民政局", "00300002"));
        for it in [&police, &civil] {
            flow::register_org(
                &app,
                &system,
                catalog::Organisation {
                    parent: Some(bureau.id),
                    ..it.clone()
                },
            )
            .await
            .unwrap();
        }
        let authority = person(&app, &system, "authority", bureau.id, Role::Authority).await;
        let provider = person(&app, &system, "provider", police.id, Role::DataOfficer).await;
        let approver = person(&app, &system, "approver", police.id, Role::Approver).await;
        let officer = person(&app, &system, "officer", civil.id, Role::DataOfficer).await;

        let source = flow::connect_source(&app, &provider, "业务库", spec).await.unwrap();
        let draft = flow::draft_resource(&app, &provider, source.id, table, "101001".parse().unwrap())
            .await
            .unwrap();
        let mut content = draft.content.clone();
        "人员".clone_into(&mut content.name);
        "people".clone_into(&mut content.name_en);
        "测试".clone_into(&mut content.summary);
        content.sharing = Sharing::conditional("用于政务服务");
        content.modes = vec![SharingMode::Interface, SharingMode::Batch, SharingMode::File];
        for item in &mut content.items {
            item.mask = Mask::Clear;
            item.key = item.column == "id";
        }
        content.tighten_items();
        let names: Vec<String> = content.items.iter().map(|it| it.name.clone()).collect();
        let draft = flow::edit_resource(&app, &provider, draft.id, draft.revision, content)
            .await
            .unwrap();
        flow::declare_not_secret(&app, &provider, draft.id).await.unwrap();
        flow::submit_resource(&app, &provider, draft.id).await.unwrap();
        flow::publish_resource(&app, &authority, draft.id).await.unwrap();
        let asked = Application {
            basis: Basis::Law,
            basis_text: "《政务数据共享条例》第二十条".to_owned(),
            scenario: "核对".to_owned(),
            purpose: Purpose::Service,
            items: names
                .iter()
                .map(|it| GrantedItem {
                    item: it.clone(),
                    mask: Mask::Clear,
                })
                .collect(),
            rows: vocab::RowRule::All,
            modes: vec![SharingMode::Batch],
            from: at(),
            until: at() + TimeDelta::days(300),
            quota_per_day: Some(quota),
        };
        let request = flow::request_data(&app, &officer, draft.id, asked, Warrant::WHOLE)
            .await
            .unwrap();
        flow::accept_request(&app, &authority, request.id, "受理".to_owned())
            .await
            .unwrap();
        let mask = |it: &String| if it == "name" { Mask::Name } else { Mask::Clear };
        let wish = GrantWish {
            items: Some(names.iter().map(|it| (it.clone(), Some(mask(it)))).collect()),
            rows: "area = '3302'".parse().unwrap(),
            ..GrantWish::default()
        };
        let decided = flow::grant_request(&app, &approver, request.id, wish, "同意".to_owned())
            .await
            .unwrap();
        Self {
            app,
            officer,
            approver,
            agreement: decided.agreement.unwrap().id,
            folder,
            fresh,
        }
    }

    fn file(&self) -> SourceSpec {
        SourceSpec::new(SourceKind::Sqlite).with("path", self.folder.path().join("target.db").display().to_string())
    }

    async fn delivery(&self, target: SourceSpec, table: &str) -> Delivery {
        self.delivery_of(target, table, Refresh::Full).await
    }

    async fn delivery_of(&self, target: SourceSpec, table: &str, refresh: Refresh) -> Delivery {
        let new = NewDelivery {
            agreement: self.agreement,
            name: table.to_owned(),
            sink: SinkSpec {
                target,
                table: table.to_owned(),
            },
            refresh,
            replace: false,
            error_limit: 0,
        };
        flow::create_delivery(&self.app, &self.officer, new).await.unwrap()
    }

    async fn run(&self, id: RunId) -> Run {
        store::run(&self.app.read().await.unwrap(), id).await.unwrap()
    }

    /// Carries the run until some chunks stand, and then lets it fall as a killed process would.
    async fn kill_after(&self, id: RunId, chunks: u64) {
        let seen = async {
            while self.run(id).await.progress.chunks_done < chunks {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            done = carry(&self.app, id, QUICK, false) => panic!("not killed in time: {done:?}"),
            () = seen => {}
        }
        assert_eq!(self.run(id).await.state, RunState::Running);
    }

    /// Kinds and outcomes of the ledger's entries about the agreement's releases.
    async fn releases(&self) -> (usize, Vec<Receipt>) {
        let tx = self.app.read().await.unwrap();
        let all = ledger::find(
            &tx,
            &Filter::default(),
            Page {
                before: None,
                limit: 500,
            },
        )
        .await
        .unwrap();
        let opened = all.iter().filter(|it| it.entry.kind == "release-opened").count();
        (opened, all.iter().flat_map(Receipt::all_of).collect())
    }

    /// As a worker does who is told to try again: a server needs a moment to see that its client is gone.
    async fn carry_on(&self, id: RunId) {
        for _ in 0..50 {
            match carry(&self.app, id, QUICK, false).await {
                Ok(()) => break,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// What stands in a target, under the digest that is the same for every kind of target.
    async fn stands(&self, target: &SourceSpec, table: &str) -> RowSum {
        let mode = SharingMode::Batch;
        let ready = flow::open_data(&self.app, &self.officer, &[self.agreement], None, mode)
            .await
            .unwrap();
        let described = ready.opened.tables().remove(0);
        let shape = Shape::of(&described.schema, &described.key).unwrap();
        let spec = SinkSpec {
            target: target.clone(),
            table: table.to_owned(),
        };
        sink::read_back(&spec, &shape).await.unwrap()
    }

    async fn whole(&self, id: RunId) {
        let run = self.run(id).await;
        assert_eq!(run.state, RunState::Done, "{:?}", run.report);
        let report = run.report.unwrap();
        let compared = report.reconciliation.unwrap();
        assert!(compared.equal && compared.source == compared.target, "{compared:?}");
        assert_eq!(compared.target.rows, ROWS - ROWS / 3);
        let (opened, receipts) = self.releases().await;
        assert_eq!((opened, receipts.len()), (1, 1), "one release a run");
        let receipt = &receipts[0];
        assert_eq!(
            (receipt.outcome, receipt.rows),
            (Outcome::Complete, compared.source.rows)
        );
        assert_eq!(
            (&receipt.digest, receipt.door.as_str()),
            (&compared.source.digest, "delivery")
        );
        assert_eq!(Some(receipt.release), report.release);
    }
}

#[tokio::test]
async fn a_killed_run_goes_on_with_nothing_twice_and_nothing_lost() {
    for key in ["integer", "text"] {
        for stage in Stage::each(key, 1).await {
            let delivery = stage.delivery(stage.file(), "copy").await;
            let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
            let second = flow::start_run(&stage.app, &stage.officer, delivery.id).await;
            assert!(
                matches!(second, Err(Error::Exchange(exchange::Error::RunUnderWay(_)))),
                "{second:?}"
            );
            stage.kill_after(run.id, 3).await;
            stage.kill_after(run.id, 6).await;
            carry(&stage.app, run.id, QUICK, false).await.unwrap();
            stage.whole(run.id).await;
            let told = stage.run(run.id).await;
            let (progress, reading) = (told.progress, told.report.unwrap().reading);
            if key == "integer" {
                // Ranges of keys: how many there are would tell how many rows the rule hides.
                assert_eq!(progress.chunks_total, None);
                assert_eq!(reading, Some(Reading::EachChunk));
            } else {
                assert_eq!(progress.chunks_total, Some((ROWS - ROWS / 3) / QUICK.chunk_rows));
                assert_eq!(reading, Some(Reading::OneMoment));
            }
            let copy = stage.app.engine.tables(&stage.file()).await.unwrap();
            assert!(
                copy.iter().any(|it| it.name == "copy") && !copy.iter().any(|it| it.name.contains("__new")),
                "{copy:?}"
            );
            // The quota of one a day is used: the next run says so and leaves what stands.
            let again = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
            carry(&stage.app, again.id, QUICK, false).await.unwrap();
            let again = stage.run(again.id).await;
            assert_eq!(again.state, RunState::Failed);
            assert_eq!(again.report.unwrap().failure.unwrap().code, "denied");
        }
    }
}

#[tokio::test]
async fn a_revoked_agreement_and_a_wish_stop_the_rows() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery(stage.file(), "copy").await;
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 2).await;
        flow::cancel_run(&stage.app, &stage.officer, run.id).await.unwrap();
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);
        let (opened, receipts) = stage.releases().await;
        assert_eq!(
            (opened, receipts.len(), receipts[0].outcome),
            (1, 1, Outcome::Cancelled)
        );
        assert!(
            stage
                .app
                .engine
                .tables(&stage.file())
                .await
                .unwrap()
                .iter()
                .all(|it| !it.name.starts_with("copy"))
        );

        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 2).await;
        flow::suspend_agreement(&stage.app, &stage.approver, stage.agreement, "检查".to_owned())
            .await
            .unwrap();
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        let failed = stage.run(run.id).await;
        assert_eq!(
            (failed.state, failed.report.unwrap().failure.unwrap().code.as_str()),
            (RunState::Failed, "denied")
        );
        let (_, receipts) = stage.releases().await;
        assert!(
            receipts[0].rows > 0 && !receipts[0].digest.is_empty(),
            "counted by the checkpoints of the start that was killed: {:?}",
            receipts[0]
        );
        let left = stage.app.engine.tables(&stage.file()).await.unwrap();
        assert!(
            left.iter().all(|it| !it.name.starts_with("copy")),
            "rows that are not let out any more do not stay: {left:?}"
        );
        flow::resume_agreement(&stage.app, &stage.approver, stage.agreement, "已查".to_owned())
            .await
            .unwrap();
        let again = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        assert_eq!(again.id, run.id, "a failed run goes on");
        carry(&stage.app, again.id, QUICK, false).await.unwrap();
        assert_eq!(stage.run(again.id).await.state, RunState::Done);
        let (_, receipts) = stage.releases().await;
        let outcomes: Vec<_> = receipts.iter().map(|it| it.outcome).collect();
        assert_eq!(
            outcomes,
            [Outcome::Complete, Outcome::Revoked, Outcome::Cancelled],
            "newest first"
        );
        let ended = flow::end_delivery(&stage.app, &stage.officer, delivery.id)
            .await
            .unwrap();
        assert_eq!(ended.state, DeliveryState::Ended);
        assert!(flow::start_run(&stage.app, &stage.officer, delivery.id).await.is_err());
    }
}

#[tokio::test]
async fn a_release_whose_checkpoints_are_gone_is_unknown() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery(stage.file(), "copy").await;
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 2).await;
        let noted = stage.run(run.id).await.progress.rows;
        let target = stage.folder.path().join("target.db");
        std::fs::remove_file(&target).unwrap();
        std::fs::create_dir(&target).unwrap();
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        assert_eq!(stage.run(run.id).await.state, RunState::Failed);
        let (_, receipts) = stage.releases().await;
        assert_eq!(receipts.len(), 1);
        assert_eq!(
            (receipts[0].outcome, receipts[0].rows, receipts[0].algorithm.as_str()),
            (Outcome::Unknown, noted, "unknown")
        );
    }
}

#[tokio::test]
async fn a_run_that_swapped_before_it_was_killed_is_done_whatever_came_after() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery(stage.file(), "copy").await;
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        // As the run stood between the swap and its end: its release is open, nothing of the end is written.
        let mut killed = stage.run(run.id).await;
        let (_, receipts) = stage.releases().await;
        killed.state = RunState::Verifying;
        killed.ended_at = None;
        killed.progress.phase = exchange::Phase::Swapping;
        let report = killed.report.as_mut().unwrap();
        report.opening = Some(serde_json::to_value(&receipts).unwrap());
        report.receipt = None;
        let tx = stage.app.db.write().await.unwrap();
        store::update_run(&tx, &killed, at()).await.unwrap();
        tx.commit().await.unwrap();
        flow::revoke_agreement(&stage.app, &stage.approver, stage.agreement, "试点结束".to_owned())
            .await
            .unwrap();
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        let done = stage.run(run.id).await;
        assert_eq!(done.state, RunState::Done, "{:?}", done.report);
        let (_, receipts) = stage.releases().await;
        assert_eq!(
            (receipts[0].outcome, receipts[0].rows),
            (Outcome::Complete, ROWS - ROWS / 3)
        );
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    for stage in Stage::each("integer", 100).await {
        let csv = |path: &str| SinkSpec {
            target: SourceSpec::new(SourceKind::Csv).with("path", path),
            table: String::new(),
        };
        let new = |sink| NewDelivery {
            agreement: stage.agreement,
            name: " ".to_owned(),
            sink,
            refresh: Refresh::Full,
            replace: false,
            error_limit: 0,
        };
        let codes = |it: Result<Delivery, Error>| match it {
            Err(Error::Faults(all)) => all.into_iter().map(|it| it.code).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let refused = flow::create_delivery(&stage.app, &stage.officer, new(csv("/etc/passwd"))).await;
        assert_eq!(codes(refused), ["path-outside", "missing", "mode-not-agreed"]);
        let source = SourceSpec::new(SourceKind::Sqlite)
            .with("path", stage.folder.path().join("source.db").display().to_string());
        let refused = flow::create_delivery(
            &stage.app,
            &stage.officer,
            new(SinkSpec {
                target: source,
                table: "t".to_owned(),
            }),
        )
        .await;
        assert_eq!(codes(refused), ["path-held", "missing"]);
        let other = flow::create_delivery(&stage.app, &stage.approver, new(csv("/etc/passwd"))).await;
        assert!(matches!(other, Err(Error::Denied(_))), "{other:?}");
        let delivery = stage.delivery(stage.file(), "copy").await;
        let report = flow::test_delivery(&stage.app, &stage.officer, delivery.id)
            .await
            .unwrap();
        assert_eq!(report.preflight.columns.len(), 3);
        assert!(
            flow::show_delivery(&stage.app, &stage.approver, delivery.id)
                .await
                .is_ok_and(|it| !it.own)
        );
    }
}

/// Servers of the environment: `postgres://user:password@host:port/database`.
fn server(kind: SourceKind, variable: &str) -> Option<SourceSpec> {
    let Ok(url) = std::env::var(variable) else {
        tracing::warn!("{variable} is not set: this target is not tried");
        return None;
    };
    let rest = url.split_once("://")?.1;
    let (login, rest) = rest.rsplit_once('@')?;
    let (address, database) = rest.split_once('/')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let standard = if kind == SourceKind::Postgres { "5432" } else { "3306" };
    let (host, port) = address.rsplit_once(':').unwrap_or((address, standard));
    let spec = SourceSpec::new(kind)
        .with("host", host)
        .with("port", port)
        .with("database", database)
        .with("user", user);
    Some(SourceSpec {
        secret: Some(password.to_owned()).filter(|it| !it.is_empty()),
        ..spec
    })
}

#[tokio::test]
async fn servers_are_filled_too() {
    let servers = [
        (SourceKind::Postgres, "JUTONG_TEST_POSTGRES"),
        (SourceKind::Mysql, "JUTONG_TEST_MYSQL"),
    ];
    for (kind, variable) in servers {
        let Some(target) = server(kind, variable) else { continue };
        for (no, stage) in Stage::each("integer", 1).await.into_iter().enumerate() {
            let target = target.clone();
            let table = format!("jutong_run_{}_{no}", std::process::id());
            let delivery = stage.delivery(target, &table).await;
            let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
            stage.kill_after(run.id, 3).await;
            stage.carry_on(run.id).await;
            stage.whole(run.id).await;
            let path = stage.run(run.id).await.report.unwrap().path.unwrap();
            assert_eq!((path.path, path.lanes), (Path::Columnar, 1), "{path:?}");
        }
    }
}

#[tokio::test]
async fn tuples_pass_from_server_to_server() {
    for (no, (stage, server)) in Stage::each_on_server(1).await.into_iter().enumerate() {
        let table = format!("jutong_tuples_{}_{no}", std::process::id());
        let delivery = stage.delivery(server.clone(), &table).await;
        let tested = flow::test_delivery(&stage.app, &stage.officer, delivery.id)
            .await
            .unwrap();
        assert_eq!(tested.path.path, Path::PassThrough);
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 3).await;
        stage.kill_after(run.id, 6).await;
        stage.carry_on(run.id).await;
        stage.whole(run.id).await;
        let told = stage.run(run.id).await;
        let report = told.report.unwrap();
        let path = report.path.unwrap();
        assert_eq!(
            (path.path, path.why.as_str(), path.lanes),
            (Path::PassThrough, "tuples", 2)
        );
        assert_eq!(report.reading, Some(Reading::OneMoment));
        assert_eq!(
            told.progress.chunks_total, None,
            "pages would tell of rows that the rule hides"
        );
        assert_eq!(
            told.progress.rows_estimate, None,
            "the planner's estimate is made of hidden rows too"
        );
        assert_eq!(report.key.as_deref(), Some("made"));
        let compared = report.reconciliation.unwrap();
        assert!(compared.source.bytes > 0 && compared.source.bytes == compared.target.bytes);
        let (_, receipts) = stage.releases().await;
        assert_eq!(receipts[0].algorithm, engine::digest::TUPLES);
        let types: Vec<_> = tested
            .preflight
            .columns
            .iter()
            .map(|it| it.target_type.as_str())
            .collect();
        assert_eq!(types, ["integer", "text", "character(4)"]);
    }
}

#[tokio::test]
async fn both_paths_bring_the_same_rows() {
    for (no, (stage, server)) in Stage::each_on_server(100).await.into_iter().enumerate() {
        let table = format!("jutong_both_{}_{no}", std::process::id());
        for (target, table) in [(server.clone(), table.as_str()), (stage.file(), "copy")] {
            let delivery = stage.delivery(target, table).await;
            let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
            carry(&stage.app, run.id, QUICK, false).await.unwrap();
            let run = stage.run(run.id).await;
            assert_eq!(run.state, RunState::Done, "{:?}", run.report);
        }
        let passed = stage.stands(&server, &table).await;
        assert_eq!(passed, stage.stands(&stage.file(), "copy").await);
        assert_eq!(passed.rows, ROWS - ROWS / 3);
    }
}

#[tokio::test]
async fn a_revoked_agreement_and_a_wish_stop_tuples_too() {
    for (no, (stage, server)) in Stage::each_on_server(99).await.into_iter().enumerate() {
        let table = format!("jutong_stop_{}_{no}", std::process::id());
        let delivery = stage.delivery(server.clone(), &table).await;
        let left = async || {
            let all = stage.app.engine.tables(&server).await.unwrap();
            all.into_iter()
                .map(|it| it.name)
                .filter(|it| it.contains(&table))
                .collect::<Vec<_>>()
        };
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 2).await;
        assert_eq!(left().await.len(), 1);
        flow::cancel_run(&stage.app, &stage.officer, run.id).await.unwrap();
        stage.carry_on(run.id).await;
        assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);
        assert_eq!(left().await, Vec::<String>::new());

        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        let revokes = async {
            while stage.run(run.id).await.progress.chunks_done < 2 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            flow::suspend_agreement(&stage.app, &stage.approver, stage.agreement, "检查".to_owned())
                .await
                .unwrap();
        };
        let (carried, ()) = tokio::join!(carry(&stage.app, run.id, QUICK, false), revokes);
        carried.unwrap();
        let failed = stage.run(run.id).await;
        assert_eq!(
            failed.state,
            RunState::Failed,
            "rows on their way are stopped: {:?}",
            failed.report
        );
        assert_eq!(failed.report.unwrap().failure.unwrap().code, "denied");
        assert_eq!(
            left().await,
            Vec::<String>::new(),
            "rows that are not let out any more do not stay"
        );
        flow::resume_agreement(&stage.app, &stage.approver, stage.agreement, "已查".to_owned())
            .await
            .unwrap();
        let again = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.carry_on(again.id).await;
        assert_eq!(stage.run(again.id).await.state, RunState::Done);
        let (_, receipts) = stage.releases().await;
        let outcomes: Vec<_> = receipts.iter().map(|it| it.outcome).collect();
        assert_eq!(
            outcomes,
            [Outcome::Complete, Outcome::Revoked, Outcome::Cancelled],
            "newest first"
        );
    }
}

fn noted(kind: &str) -> ledger::Entry {
    ledger::Entry {
        at: at(),
        kind: kind.to_owned(),
        actor: None,
        subject: "somebody".to_owned(),
        body: serde_json::Value::Null,
    }
}

/// Longer than PostgreSQL waits before it looks for a deadlock.
const MOMENT: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn who_holds_the_ledger_waits_for_nobody() {
    for stage in Stage::each("integer", 100).await {
        let app = &stage.app;
        if stage.fresh.db.is_sqlite() {
            continue; // one writes at a time, whole
        }
        // Who cancels holds the run's row and wants the ledger a moment later; the run's start wants both.
        let delivery = stage.delivery(stage.file(), "copy").await;
        let run = flow::start_run(app, &stage.officer, delivery.id).await.unwrap();
        let cancels = async {
            let tx = app.db.write().await.unwrap();
            assert!(store::ask_cancel(&tx, run.id, at()).await.unwrap());
            tokio::time::sleep(MOMENT).await;
            ledger::append(&tx, &noted("delivery-cancelled")).await.unwrap();
            tx.commit().await.unwrap();
        };
        let runs = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            carry(app, run.id, QUICK, false).await.unwrap();
        };
        tokio::join!(cancels, runs);
        assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);

        // Somebody's first release holds the job's key and wants the ledger; a receipt of the same agreement wants both.
        let provides = async {
            let tx = app.db.write().await.unwrap();
            crate::receipts::stop_provision_clock(&tx, stage.agreement, at())
                .await
                .unwrap();
            tokio::time::sleep(MOMENT).await;
            ledger::append(&tx, &noted("release")).await.unwrap();
            tx.commit().await.unwrap();
        };
        let releases = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let written = crate::receipts::Written {
                uses: vec![crate::receipts::Use {
                    agreement: stage.agreement,
                    day: "2026-03-09".to_owned(),
                    quota: None,
                    first: true,
                }],
                entries: vec![noted("release")],
                debt: crate::receipts::Debt::None,
            };
            app.receipts.write(written).await.unwrap();
        };
        tokio::join!(provides, releases);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deeds_and_receipts_at_the_same_time() {
    for stage in Stage::each("integer", 100_000).await {
        let app = &stage.app;
        let delivery = stage.delivery(stage.file(), "copy").await;
        let receipts = async {
            for _ in 0..60 {
                let written = |no: usize| crate::receipts::Written {
                    uses: vec![crate::receipts::Use {
                        agreement: stage.agreement,
                        day: "2026-03-09".to_owned(),
                        quota: Some(100_000),
                        first: no.is_multiple_of(2),
                    }],
                    entries: vec![noted("release")],
                    debt: crate::receipts::Debt::None,
                };
                let some = (0..8).map(|no| app.receipts.write(written(no)));
                for it in futures::future::join_all(some).await {
                    it.unwrap();
                }
            }
        };
        let deeds = async {
            for _ in 0..12 {
                let run = flow::start_run(app, &stage.officer, delivery.id).await.unwrap();
                let cancels = async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    match flow::cancel_run(app, &stage.officer, run.id).await {
                        Ok(_) | Err(Error::State(_)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                };
                let (carried, ()) = tokio::join!(carry(app, run.id, QUICK, false), cancels);
                carried.unwrap();
            }
        };
        tokio::join!(receipts, deeds);
    }
}
