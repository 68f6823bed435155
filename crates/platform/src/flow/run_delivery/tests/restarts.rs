//! Runs whose terms change on their way, that begin anew, or whose target does not let go of what was loaded.

use db::jobs;

use super::*;

/// As [`QUICK`], but the mandate is not decided again while rows are loaded.
const UNASKED: Pace = Pace {
    chunk_rows: 20,
    decided: Duration::from_secs(3600),
    ..QUICK
};

impl Stage {
    /// Carries a run; as soon as some chunks stand, its agreement lets out fewer rows.
    async fn carry_while_changed(&self, id: RunId, pace: Pace, rows: &str) {
        let changes = async {
            while self.run(id).await.progress.chunks_done < 2 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let wish = flow::AgreementWish {
                rows: Some(rows.parse().unwrap()),
                ..flow::AgreementWish::default()
            };
            flow::change_agreement(&self.app, &self.approver, self.agreement, wish, "收窄".to_owned())
                .await
                .unwrap();
        };
        let (carried, ()) = tokio::join!(carry(&self.app, id, pace, false), changes);
        carried.unwrap();
    }

    /// Tables of a target in whose names this is.
    async fn tables(&self, target: &SourceSpec, name: &str) -> Vec<String> {
        let all = self.app.engine.tables(target).await.unwrap();
        let named = all.into_iter().map(|it| it.name).filter(|it| it.contains(name));
        named.collect()
    }

    /// Does the waiting job of a kind, whenever it is due.
    async fn do_waiting(&self, kind: &str) -> Result<(), Error> {
        let late = at() + TimeDelta::days(1);
        loop {
            let tx = self.app.db.write().await?;
            let job = jobs::take(&tx, "late", late, late + TimeDelta::days(1)).await?.unwrap();
            tx.commit().await?;
            if job.kind == kind {
                return flow::do_job(&self.app, &job).await;
            }
        }
    }

    /// A delivery into the file whose target has a password.
    async fn sealed_delivery(&self, table: &str) -> Delivery {
        let target = SourceSpec {
            secret: Some("Rain-on-7-roofs".to_owned()),
            ..self.file()
        };
        self.delivery(target, table).await
    }

    async fn has_secret(&self, delivery: vocab::DeliveryId) -> bool {
        let tx = self.app.read().await.unwrap();
        let kept = store::delivery(&tx, delivery).await.unwrap();
        kept.sealed_secret.is_some()
    }

    /// The job that takes back what a run has loaded, for so many times.
    async fn take_back(&self, run: RunId, attempts: u64) -> Result<(), Error> {
        let job = Job {
            id: vocab::JobId::new(),
            kind: TAKE_BACK.to_owned(),
            body: serde_json::to_string(&Wish { run }).unwrap(),
            attempts,
        };
        take_back_run(&self.app, &job).await
    }

    /// Asks a run to stop as soon as it has thrown something away; what it had thrown away then.
    async fn cancel_when_anew(&self, id: RunId) -> exchange::Discarded {
        loop {
            let report = self.run(id).await.report.unwrap_or_default();
            if report.discarded.rows > 0 {
                flow::cancel_run(&self.app, &self.officer, id).await.unwrap();
                return report.discarded;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test]
async fn changed_terms_stop_tuples_on_their_way_and_before_the_swap() {
    for (no, (stage, server)) in Stage::each_on_server(98).await.into_iter().enumerate() {
        let table = format!("jutong_terms_{}_{no}", std::process::id());
        let delivery = stage.delivery(server.clone(), &table).await;
        for (pace, rows) in [
            (QUICK, "area = '3302' AND id > 7"),
            (UNASKED, "area = '3302' AND id > 8"),
        ] {
            let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
            stage.carry_while_changed(run.id, pace, rows).await;
            let failed = stage.run(run.id).await;
            assert_eq!(failed.state, RunState::Failed, "{rows}: {:?}", failed.report);
            assert_eq!(failed.report.unwrap().failure.unwrap().code, "state", "{rows}");
            assert_eq!(stage.tables(&server, &table).await, Vec::<String>::new(), "{rows}");
            let (_, receipts) = stage.releases().await;
            assert_ne!(receipts[0].outcome, Outcome::Complete, "{rows}");
        }
        // Under the terms of now the same run begins anew.
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.carry_on(run.id).await;
        let done = stage.run(run.id).await;
        assert_eq!(done.state, RunState::Done, "{:?}", done.report);
        let expected = (9..=ROWS).filter(|it| it % 3 != 0).count() as u64;
        assert_eq!(done.report.unwrap().reconciliation.unwrap().target.rows, expected);
    }
}

#[tokio::test]
async fn changed_terms_stop_columns_before_the_swap() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery(stage.file(), "copy").await;
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        let rows = "area = '3302' AND name <> '张1'";
        stage.carry_while_changed(run.id, UNASKED, rows).await;
        let failed = stage.run(run.id).await;
        assert_eq!(failed.state, RunState::Failed, "{:?}", failed.report);
        assert_eq!(failed.report.unwrap().failure.unwrap().code, "state");
        assert_eq!(stage.tables(&stage.file(), "copy").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_a_target_refused_goes_by_columns() {
    for (no, (stage, server)) in Stage::each_on_server(97).await.into_iter().enumerate() {
        let table = format!("jutong_refused_{}_{no}", std::process::id());
        let delivery = stage.delivery(server.clone(), &table).await;
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 3).await;
        // One of the last rows.
        let check = format!("alter table {table}__new add check (id <> {}) not valid", ROWS - 1);
        engine::testing::postgres(&server, &check).await.unwrap();
        stage.carry_on(run.id).await;
        let told = stage.run(run.id).await;
        assert_eq!(told.state, RunState::Done, "{:?}", told.report);
        let report = told.report.unwrap();
        let path = report.path.unwrap();
        let refused = engine::Why::TargetRefused.code();
        assert_eq!((path.path, path.why.as_str(), path.lanes), (Path::Columnar, refused, 1));
        assert!(report.discarded.rows > 0, "tuples had left before");
        let (opened, receipts) = stage.releases().await;
        assert_eq!((opened, receipts.len()), (1, 1), "one release a run");
        assert_eq!(
            (receipts[0].outcome, receipts[0].rows),
            (Outcome::Complete, ROWS - ROWS / 3)
        );
        assert_eq!(receipts[0].algorithm, engine::digest::ALGORITHM);
    }
}

#[tokio::test]
async fn rows_that_left_before_a_new_beginning_are_not_forgotten() {
    for (no, (stage, server)) in Stage::each_on_server(96).await.into_iter().enumerate() {
        let table = format!("jutong_anew_{}_{no}", std::process::id());
        let delivery = stage.delivery(server.clone(), &table).await;
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 3).await;
        let source = format!("public.people_{}_{no}_96", std::process::id());
        let change = format!("update {source} set name = name || '变'");
        engine::testing::postgres(&server, &change).await.unwrap();
        // The run finds that its chunks have changed.
        let (discarded, ()) = tokio::join!(stage.cancel_when_anew(run.id), stage.carry_on(run.id));
        let cancelled = stage.run(run.id).await;
        assert_eq!(cancelled.state, RunState::Cancelled, "{:?}", cancelled.report);
        let (opened, receipts) = stage.releases().await;
        assert_eq!((opened, receipts.len()), (1, 1));
        let receipt = &receipts[0];
        assert_eq!(
            (receipt.outcome, receipt.algorithm.as_str(), receipt.digest.as_str()),
            (Outcome::Unknown, "unknown", "")
        );
        assert!(
            receipt.rows >= discarded.rows && receipt.bytes >= Some(discarded.bytes),
            "{discarded:?} {receipt:?}"
        );
        assert_eq!(stage.tables(&server, &table).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_a_target_does_not_let_go_is_taken_back_later() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery(stage.file(), "copy").await;
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 2).await;
        let [target, aside] = ["target.db", "aside.db"].map(|it| stage.folder.path().join(it));
        std::fs::rename(&target, &aside).unwrap();
        std::fs::create_dir(&target).unwrap();
        flow::cancel_run(&stage.app, &stage.officer, run.id).await.unwrap();
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);
        std::fs::remove_dir(&target).unwrap();
        std::fs::rename(&aside, &target).unwrap();
        assert_eq!(
            stage.tables(&stage.file(), "copy").await.len(),
            1,
            "what was loaded stands yet"
        );
        stage.do_waiting(TAKE_BACK).await.unwrap();
        assert_eq!(stage.tables(&stage.file(), "copy").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_ended_delivery_keeps_its_secret_until_all_is_taken_back_or_given_up() {
    for ended_first in [true, false] {
        for stage in Stage::each("integer", 100).await {
            let id = stage.sealed_delivery("copy").await.id;
            let run = flow::start_run(&stage.app, &stage.officer, id).await.unwrap();
            stage.kill_after(run.id, 2).await;
            let [target, aside] = ["target.db", "aside.db"].map(|it| stage.folder.path().join(it));
            std::fs::rename(&target, &aside).unwrap();
            std::fs::create_dir(&target).unwrap();
            let end = async || flow::end_delivery(&stage.app, &stage.officer, id).await.unwrap();
            if ended_first {
                end().await;
            } else {
                flow::cancel_run(&stage.app, &stage.officer, run.id).await.unwrap();
            }
            carry(&stage.app, run.id, QUICK, false).await.unwrap();
            assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);
            if !ended_first {
                end().await;
            }
            assert!(stage.has_secret(id).await, "what was loaded stands yet");
            assert!(stage.take_back(run.id, 1).await.is_err());
            assert!(stage.has_secret(id).await, "it is tried again");
            if ended_first {
                std::fs::remove_dir(&target).unwrap();
                std::fs::rename(&aside, &target).unwrap();
                stage.take_back(run.id, 2).await.unwrap();
                assert_eq!(stage.tables(&stage.file(), "copy").await, Vec::<String>::new());
            } else {
                assert!(stage.take_back(run.id, TRIES).await.is_err());
            }
            assert!(!stage.has_secret(id).await, "taken back, or given up");
        }
    }
}

#[tokio::test]
async fn an_ended_delivery_with_nothing_to_take_back_has_no_secret() {
    for stage in Stage::each("integer", 100).await {
        let id = stage.sealed_delivery("copy").await.id;
        let run = flow::start_run(&stage.app, &stage.officer, id).await.unwrap();
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        assert_eq!(stage.run(run.id).await.state, RunState::Done);
        assert!(stage.has_secret(id).await);
        flow::end_delivery(&stage.app, &stage.officer, id).await.unwrap();
        assert!(!stage.has_secret(id).await);

        let id = stage.sealed_delivery("other").await.id;
        let run = flow::start_run(&stage.app, &stage.officer, id).await.unwrap();
        stage.kill_after(run.id, 2).await;
        flow::end_delivery(&stage.app, &stage.officer, id).await.unwrap();
        assert!(stage.has_secret(id).await, "the run is to stop yet");
        carry(&stage.app, run.id, QUICK, false).await.unwrap();
        assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);
        assert!(!stage.has_secret(id).await);
        assert_eq!(stage.tables(&stage.file(), "other").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_a_later_run_loads_is_not_taken_back() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery(stage.file(), "copy").await;
        let first = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(first.id, 2).await;
        flow::cancel_run(&stage.app, &stage.officer, first.id).await.unwrap();
        carry(&stage.app, first.id, QUICK, false).await.unwrap();
        let second = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(second.id, 2).await;
        let tx = stage.app.db.write().await.unwrap();
        take_back::promise(&tx, first.id, at()).await.unwrap();
        tx.commit().await.unwrap();
        stage.do_waiting(TAKE_BACK).await.unwrap();
        assert_eq!(stage.tables(&stage.file(), "copy").await.len(), 1);
        carry(&stage.app, second.id, QUICK, false).await.unwrap();
        assert_eq!(stage.run(second.id).await.state, RunState::Done);
    }
}

#[test]
fn what_is_withheld_by_now_does_not_stay() {
    let withheld = Error::Withheld {
        what: "name".to_owned(),
        legal_basis: String::new(),
    };
    assert!(Stop::Refused(withheld).is_final());
    assert!(Stop::Refused(Error::NotFound("agreement")).is_final());
    assert!(!Stop::Refused(Error::NoReceipt).is_final());
    assert!(!Stop::NotEqual.is_final());
}
