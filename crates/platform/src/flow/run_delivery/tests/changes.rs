//! Runs that bring what has changed: counted, killed, under other terms, and refused.

use engine::sink::Whole;
use exchange::{Changed, Refreshed};

use super::*;
use crate::flow::AgreementWish;

/// What the row rule lets out of the people at first.
const VISIBLE: u64 = ROWS - ROWS / 3;

impl Stage {
    /// Changes the people in their source.
    fn edit(&self, statements: &str) {
        sqlite(&self.folder.path().join("source.db"), statements).unwrap();
    }

    /// A run of the delivery from its wish to its end.
    async fn carried(&self, delivery: &Delivery) -> Run {
        let run = flow::start_run(&self.app, &self.officer, delivery.id).await.unwrap();
        self.carry_on(run.id).await;
        let run = self.run(run.id).await;
        assert_eq!(run.state, RunState::Done, "{:?}", run.report);
        run
    }

    /// Rows of a table that tests have made in the target.
    async fn count(&self, table: &str) -> u64 {
        let engine = engine::Engine::new(Limits::none());
        let open = engine::testing::open_wide(&engine, &self.file(), table, table)
            .await
            .unwrap();
        let opened = engine.open_for_owner(vec![open]).await.unwrap();
        opened.count(table, &engine::Select::default()).await.unwrap()
    }
}

fn refreshed(run: &Run) -> Refreshed {
    run.report.clone().unwrap().refreshed.unwrap()
}

fn why(run: &Run) -> String {
    let it = refreshed(run);
    assert_eq!(it.changed.is_some(), it.refresh == Refresh::Changes);
    it.why
}

const LOG: &str = "create table written (id text);
    create trigger log_i after insert on copy begin insert into written values (new.id); end;
    create trigger log_u after update on copy begin insert into written values (new.id); end;
    create trigger log_d after delete on copy begin insert into written values (old.id); end;";

#[tokio::test]
async fn only_what_has_changed_is_written_and_counted() {
    for key in ["integer", "text"] {
        for stage in Stage::each(key, 100).await {
            let delivery = stage.delivery_of(stage.file(), "copy", Refresh::Changes).await;
            let first = stage.carried(&delivery).await;
            assert_eq!(why(&first), "first");
            let target = stage.folder.path().join("target.db");
            sqlite(&target, LOG).unwrap();
            // Two go, three are others, one comes; one comes into the rule and one leaves it; one is gone by hand.
            stage.edit(
                "delete from people where cast(id as integer) in (1, 2);
                 update people set name = '李' || id where cast(id as integer) in (4, 5, 7);
                 insert into people values ('90000001', '王一', '3302'), ('90000002', '王二', '3301');
                 update people set area = '3302' where cast(id as integer) = 3;
                 update people set area = '3301' where cast(id as integer) = 8;",
            );
            let by_hand = "delete from copy where cast(id as integer) = 10; delete from written";
            sqlite(&target, by_hand).unwrap();

            let second = stage.carried(&delivery).await;
            assert_eq!(why(&second), "compared");
            let standing = VISIBLE - 3 + 2;
            let expected = Changed {
                inserted: 3,
                updated: 3,
                deleted: 3,
                unchanged: standing - 6,
            };
            assert_eq!(refreshed(&second).changed, Some(expected));
            assert_eq!(
                stage.count("written").await,
                9,
                "the table stands, and nothing else was touched in it"
            );
            let report = second.report.unwrap();
            let compared = report.reconciliation.unwrap();
            assert!(compared.equal && compared.source == compared.target, "{compared:?}");
            let stands = stage.stands(&stage.file(), "copy").await;
            assert_eq!(
                (stands.rows, stands.to_hex()),
                (standing, compared.source.digest.clone())
            );
            assert_eq!(report.reading, Some(Reading::EachChunk));
            assert_eq!(report.path.unwrap().why, "changes");
            let (opened, receipts) = stage.releases().await;
            assert_eq!((opened, receipts.len()), (2, 2), "one release a run");
            assert_eq!(Some(receipts[0].release), report.release);
            assert_eq!(
                (receipts[0].outcome, receipts[0].rows, &receipts[0].digest),
                (Outcome::Complete, standing, &compared.source.digest),
                "the receipt is about every row that stands there by the agreement"
            );

            let third = stage.carried(&delivery).await;
            let nothing = Changed {
                unchanged: standing,
                ..Changed::default()
            };
            assert_eq!(refreshed(&third).changed, Some(nothing));
            assert_eq!(third.report.unwrap().reading, Some(Reading::OneMoment));
            assert_eq!(stage.count("written").await, 9);
        }
    }
}

#[tokio::test]
async fn a_killed_run_of_changes_goes_on_with_nothing_twice() {
    for stage in Stage::each("integer", 2).await {
        let delivery = stage.delivery_of(stage.file(), "copy", Refresh::Changes).await;
        stage.carried(&delivery).await;
        sqlite(&stage.folder.path().join("target.db"), LOG).unwrap();
        stage.edit("update people set name = '李' || id where id % 3 = 1 and id <= 1500");
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 1).await;
        stage.carry_on(run.id).await;
        let run = stage.run(run.id).await;
        assert_eq!(run.state, RunState::Done, "{:?}", run.report);
        let changed = refreshed(&run).changed.unwrap();
        assert_eq!(
            (changed.inserted, changed.updated, changed.deleted, changed.unchanged),
            (0, 500, 0, VISIBLE - 500)
        );
        assert_eq!(stage.count("written").await, 500, "every row once, whoever was killed");
        let (opened, receipts) = stage.releases().await;
        assert_eq!(
            (opened, receipts.len(), receipts[0].rows),
            (2, 2, VISIBLE),
            "one release a run"
        );
    }
}

#[tokio::test]
async fn under_another_basis_everything_is_copied_and_it_is_said_why() {
    for stage in Stage::each("integer", 100).await {
        let target = stage.folder.path().join("target.db");
        let delivery = stage.delivery_of(stage.file(), "copy", Refresh::Changes).await;
        stage.carried(&delivery).await;
        assert_eq!(why(&stage.carried(&delivery).await), "compared");
        let other = AgreementWish {
            rows: Some("area = '3301'".parse().unwrap()),
            ..AgreementWish::default()
        };
        flow::change_agreement(&stage.app, &stage.approver, stage.agreement, other, "改".to_owned())
            .await
            .unwrap();
        let run = stage.carried(&delivery).await;
        assert_eq!(why(&run), Whole::OtherBasis.code());
        assert_eq!(run.report.unwrap().reconciliation.unwrap().target.rows, ROWS / 3);
        assert_eq!(why(&stage.carried(&delivery).await), "compared");

        sqlite(&target, "alter table copy add column note text").unwrap();
        assert_eq!(why(&stage.carried(&delivery).await), Whole::OtherTable.code());
        stage.edit("update people set name = '李' || id");
        assert_eq!(why(&stage.carried(&delivery).await), Whole::MostlyChanged.code());
        sqlite(&target, "drop table copy").unwrap();
        assert_eq!(why(&stage.carried(&delivery).await), "first");
        let stands = stage.stands(&stage.file(), "copy").await;
        assert_eq!(stands.rows, ROWS / 3);
    }
}

#[tokio::test]
async fn a_suspended_agreement_stops_changes_and_leaves_what_was_written() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery_of(stage.file(), "copy", Refresh::Changes).await;
        stage.carried(&delivery).await;
        stage.edit("update people set name = '李' || id where id % 3 = 1 and id <= 1500");
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 1).await;
        let aside = format!(
            "insert into jutong_quarantine values ('{}', 0, 'copy', 0, '', '', '', '', '')",
            run.id
        );
        sqlite(&stage.folder.path().join("target.db"), &aside).unwrap();
        flow::suspend_agreement(&stage.app, &stage.approver, stage.agreement, "检查".to_owned())
            .await
            .unwrap();
        stage.carry_on(run.id).await;
        let failed = stage.run(run.id).await;
        assert_eq!(failed.state, RunState::Failed);
        assert_eq!(failed.report.unwrap().failure.unwrap().code, "denied");
        let tables = stage.app.engine.tables(&stage.file()).await.unwrap();
        let named = |name: &str| tables.iter().any(|it| it.name == name);
        assert!(named("copy") && !named("copy__new"), "{tables:?}");
        assert_eq!(
            stage.count("jutong_quarantine").await,
            1,
            "parts stay with their quarantine"
        );
        let (_, receipts) = stage.releases().await;
        assert!(
            receipts[0].outcome == Outcome::Revoked && receipts[0].rows > 0 && !receipts[0].digest.is_empty(),
            "counted by the parts of the start that was killed: {:?}",
            receipts[0]
        );
        flow::resume_agreement(&stage.app, &stage.approver, stage.agreement, "已查".to_owned())
            .await
            .unwrap();
        let again = stage.carried(&delivery).await;
        assert_eq!(again.id, run.id, "a failed run goes on");
        assert_eq!(refreshed(&again).changed.map(|it| it.updated), Some(500));
    }
}

#[tokio::test]
async fn what_parts_have_brought_is_not_forgotten_when_everything_is_copied_after_all() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery_of(stage.file(), "copy", Refresh::Changes).await;
        stage.carried(&delivery).await;
        stage.edit("update people set name = '李' || id where id % 3 = 1 and id <= 1500");
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 1).await;
        // Now the table is another one, and the copy breaks off at its first checkpoint.
        let by_hand = "create table brought as with recursive n(i) as (select 1 union all select i + 1 from n \
              where i < (select sum(json_extract(body, '$.source.rows')) from jutong_changes)) select i from n;
            alter table copy add column note text;
            create trigger stopped before insert on jutong_checkpoint begin select raise(abort, 'no'); end";
        sqlite(&stage.folder.path().join("target.db"), by_hand).unwrap();
        let brought = stage.count("brought").await;
        assert!(brought > QUICK.chunk_rows, "more than a chunk: {brought}");
        stage.carry_on(run.id).await;
        let failed = stage.run(run.id).await;
        assert_eq!(failed.state, RunState::Failed, "{:?}", failed.report);
        assert_eq!(why(&failed), Whole::OtherTable.code());
        let (opened, receipts) = stage.releases().await;
        assert_eq!((opened, receipts.len()), (2, 2), "one release a run");
        assert_eq!((receipts[0].outcome, receipts[0].rows), (Outcome::Broken, brought));
        assert!(receipts[0].bytes > Some(0) && !receipts[0].digest.is_empty());
    }
}

#[tokio::test]
async fn a_copy_after_all_that_is_cancelled_leaves_the_quarantine_of_the_parts() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery_of(stage.file(), "copy", Refresh::Changes).await;
        stage.carried(&delivery).await;
        stage.edit("update people set name = '李' || id where id % 3 = 1 and id <= 1500");
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 1).await;
        // A row of the first part lies in quarantine; then the table is another one, and the copy breaks off.
        let by_hand = format!(
            "insert into jutong_quarantine values ('{}', {}, 'copy', 0, '', '', '', '', '');
             alter table copy add column note text;
             create trigger stopped before insert on jutong_checkpoint begin select raise(abort, 'no'); end",
            run.id,
            1_u64 << 32
        );
        sqlite(&stage.folder.path().join("target.db"), &by_hand).unwrap();
        stage.carry_on(run.id).await;
        let failed = stage.run(run.id).await;
        assert_eq!(failed.state, RunState::Failed, "{:?}", failed.report);
        assert_eq!(why(&failed), Whole::OtherTable.code());
        flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        flow::cancel_run(&stage.app, &stage.officer, run.id).await.unwrap();
        stage.carry_on(run.id).await;
        assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);
        let tables = stage.app.engine.tables(&stage.file()).await.unwrap();
        assert!(!tables.iter().any(|it| it.name == "copy__new"), "{tables:?}");
        assert_eq!(stage.count("jutong_quarantine").await, 1, "the parts stand");
    }
}

#[tokio::test]
async fn a_failed_run_of_changes_that_is_stopped_while_it_waits_leaves_no_stage() {
    for stage in Stage::each("integer", 100).await {
        let delivery = stage.delivery_of(stage.file(), "copy", Refresh::Changes).await;
        stage.carried(&delivery).await;
        stage.edit("update people set name = '李' || id where id % 3 = 1 and id <= 1500");
        let run = flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        stage.kill_after(run.id, 1).await;
        let [source, away] = ["source.db", "away.db"].map(|it| stage.folder.path().join(it));
        std::fs::rename(&source, &away).unwrap();
        stage.carry_on(run.id).await;
        std::fs::rename(&away, &source).unwrap();
        assert_eq!(stage.run(run.id).await.state, RunState::Failed);
        let staged = async || {
            let tables = stage.app.engine.tables(&stage.file()).await.unwrap();
            tables.iter().any(|it| it.name == "copy__new")
        };
        assert!(staged().await, "it was to go on");
        flow::start_run(&stage.app, &stage.officer, delivery.id).await.unwrap();
        flow::cancel_run(&stage.app, &stage.officer, run.id).await.unwrap();
        stage.carry_on(run.id).await;
        assert_eq!(stage.run(run.id).await.state, RunState::Cancelled);
        assert!(!staged().await);
    }
}

#[tokio::test]
async fn servers_take_changes_too() {
    let servers = [
        (SourceKind::Postgres, "JUTONG_TEST_POSTGRES"),
        (SourceKind::Mysql, "JUTONG_TEST_MYSQL"),
    ];
    for (kind, variable) in servers {
        let Some(target) = server(kind, variable) else { continue };
        for (no, stage) in Stage::each("text", 100).await.into_iter().enumerate() {
            let table = format!("jutong_changes_run_{}_{no}", std::process::id());
            let delivery = stage.delivery_of(target.clone(), &table, Refresh::Changes).await;
            assert_eq!(why(&stage.carried(&delivery).await), "first");
            stage.edit(
                "delete from people where id = '00000001';
                 update people set name = '李' || id where id <= '00000300';
                 insert into people values ('99', '王一', '3302')",
            );
            let run = stage.carried(&delivery).await;
            assert_eq!(why(&run), "compared", "{kind}");
            let changed = refreshed(&run).changed.unwrap();
            assert_eq!(
                (changed.inserted, changed.updated, changed.deleted),
                (1, 199, 1),
                "{kind}"
            );
            assert_eq!(stage.stands(&target, &table).await.rows, VISIBLE, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_file_cannot_have_changes() {
    for stage in Stage::each("integer", 100).await {
        let (app, officer, agreement) = (&stage.app, &stage.officer, stage.agreement);
        let path = stage.folder.path().join("copy.csv").display().to_string();
        let file = SinkSpec {
            target: SourceSpec::new(SourceKind::Csv).with("path", path),
            table: String::new(),
        };
        let refused = flow::test_sink(app, officer, agreement, &file, Refresh::Changes).await;
        let Err(Error::Faults(faults)) = refused else {
            panic!("{refused:?}")
        };
        let codes: Vec<_> = faults.iter().map(|it| it.code).collect();
        assert_eq!(codes, ["changes-into-file"]);
        let table = SinkSpec {
            target: stage.file(),
            table: "copy".to_owned(),
        };
        let fits = flow::test_sink(app, officer, agreement, &table, Refresh::Changes)
            .await
            .unwrap();
        assert_eq!((fits.path.path, fits.path.why.as_str()), (Path::Columnar, "changes"));
    }
}
