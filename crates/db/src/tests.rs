#![allow(clippy::unwrap_used, missing_docs)]

use vocab::{JobId, time};

use crate::{Arg, Db, Error, jobs, testing};

fn at(text: &str) -> vocab::Timestamp {
    time::parse(text).unwrap()
}

#[tokio::test]
async fn a_read_transaction_cannot_write() {
    for fresh in testing::each().await.unwrap() {
        let tx = fresh.db.read().await.unwrap();
        let refused = tx.run("delete from job", []).await;
        assert!(matches!(refused, Err(Error::Rule(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_read_transaction_cannot_write_in_the_guise_of_a_question() {
    for fresh in testing::each().await.unwrap() {
        let now = at("2026-03-09T01:00:00Z");
        let tx = fresh.db.write().await.unwrap();
        jobs::put(&tx, "kept", "{}", None, now, now).await.unwrap();
        tx.commit().await.unwrap();

        let sql = "update job set kind = 'changed' returning kind";
        let refused = fresh.db.read().await.unwrap().one(sql, []).await;
        assert!(matches!(refused, Err(Error::Db(_))), "{refused:?}");
        let refused = fresh.db.read().await.unwrap().opt(sql, []).await;
        assert!(matches!(refused, Err(Error::Db(_))), "{refused:?}");
        let refused = fresh.db.read().await.unwrap().all(sql, []).await;
        assert!(matches!(refused, Err(Error::Db(_))), "{refused:?}");
        let refused = fresh
            .db
            .read()
            .await
            .unwrap()
            .all_with("delete from job returning id", Vec::new())
            .await;
        assert!(matches!(refused, Err(Error::Db(_))), "{refused:?}");

        let row = fresh
            .db
            .read()
            .await
            .unwrap()
            .one("select kind from job", [])
            .await
            .unwrap();
        assert_eq!(row.text("kind").unwrap(), "kept");
        let tx = fresh.db.write().await.unwrap();
        assert_eq!(tx.one(sql, []).await.unwrap().text("kind").unwrap(), "changed");
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn old_history_of_jobs_is_forgotten_and_what_waits_is_kept() {
    for fresh in testing::each().await.unwrap() {
        let (long_ago, now) = (at("2026-01-01T01:00:00Z"), at("2026-03-09T01:00:00Z"));
        let tx = fresh.db.write().await.unwrap();
        let done = jobs::put(&tx, "done", "{}", None, long_ago, long_ago).await.unwrap();
        jobs::put(&tx, "waiting", "{}", None, long_ago, long_ago).await.unwrap();
        jobs::done(&tx, done, long_ago).await.unwrap();
        assert_eq!(jobs::forget_done(&tx, now).await.unwrap(), 1);
        assert_eq!(jobs::waiting(&tx).await.unwrap(), (1, 0));
    }
}

#[tokio::test]
async fn what_is_dropped_leaves_no_trace_and_what_is_committed_lasts() {
    for fresh in testing::each().await.unwrap() {
        let now = at("2026-03-09T01:00:00Z");
        let tx = fresh.db.write().await.unwrap();
        jobs::put(&tx, "dropped", "{}", None, now, now).await.unwrap();
        drop(tx);
        let tx = fresh.db.write().await.unwrap();
        jobs::put(&tx, "kept", "{}", None, now, now).await.unwrap();
        tx.commit().await.unwrap();

        let again = crate::Db::open(&fresh.url).await.unwrap();
        let rows = again
            .read()
            .await
            .unwrap()
            .all("select kind from job", [])
            .await
            .unwrap();
        let kinds: Vec<String> = rows.iter().map(|row| row.text("kind").unwrap()).collect();
        assert_eq!(kinds, ["kept"]);
    }
}

#[tokio::test]
async fn a_job_is_taken_once_and_comes_back_when_its_lease_runs_out() {
    for fresh in testing::each().await.unwrap() {
        let now = at("2026-03-09T01:00:00Z");
        let tx = fresh.db.write().await.unwrap();
        let first = jobs::put(&tx, "deliver", "{}", Some("only"), now, now).await.unwrap();
        jobs::put(&tx, "deliver", "{}", Some("only"), now, now).await.unwrap();
        assert!(jobs::waits(&tx, "only").await.unwrap() && !jobs::waits(&tx, "other").await.unwrap());
        tx.commit().await.unwrap();

        let take = async |worker: &str, now: &str, until: &str| {
            let tx = fresh.db.write().await.unwrap();
            let job = jobs::take(&tx, worker, at(now), at(until)).await.unwrap();
            tx.commit().await.unwrap();
            job
        };
        let job = take("a", "2026-03-09T01:00:01Z", "2026-03-09T01:01:00Z").await.unwrap();
        assert_eq!((job.id, job.attempts), (first, 1));
        assert_eq!(take("b", "2026-03-09T01:00:02Z", "2026-03-09T01:01:00Z").await, None);
        let job = take("b", "2026-03-09T01:01:01Z", "2026-03-09T01:02:00Z").await.unwrap();
        assert_eq!(
            (job.id, job.attempts),
            (first, 1),
            "a worker that died is no failure of the job"
        );

        let tx = fresh.db.write().await.unwrap();
        assert!(
            !jobs::renew(&tx, first, "a", at("2026-03-09T02:00:00Z")).await.unwrap(),
            "the lease was lost"
        );
        assert!(jobs::waits(&tx, "only").await.unwrap(), "it is being done");
        jobs::done(&tx, first, now).await.unwrap();
        assert_eq!(jobs::waiting(&tx).await.unwrap(), (0, 0));
        assert!(!jobs::waits(&tx, "only").await.unwrap());
        jobs::put(&tx, "deliver", "{}", Some("only"), now, now).await.unwrap();
        assert_eq!(jobs::waiting(&tx).await.unwrap(), (1, 0));
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_second_row_of_a_unique_key_is_named_as_such() {
    for fresh in testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let insert = "insert into job (id, kind, body, due, created_at) values ($1, 'k', '{}', 'now', 'now')";
        let id = Arg::text(JobId::new());
        tx.run(insert, [id.clone()]).await.unwrap();
        assert!(matches!(tx.run(insert, [id]).await, Err(Error::Unique(_))));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_with_its_column() {
    for fresh in testing::each().await.unwrap() {
        let tx = fresh.db.read().await.unwrap();
        let row = tx.one("select 'x' as id", []).await.unwrap();
        assert!(matches!(row.parse::<JobId>("id"), Err(Error::Column { column, .. }) if column == "id"));
    }
}

#[tokio::test]
async fn a_look_for_work_sees_what_would_be_taken() {
    for fresh in testing::each().await.unwrap() {
        let (before, due, later) = (
            at("2026-03-09T00:59:59Z"),
            at("2026-03-09T01:00:00Z"),
            at("2026-03-09T01:00:10Z"),
        );
        let is_due = async |but: &str, now| {
            let tx = fresh.db.read().await.unwrap();
            jobs::is_due(&tx, but, now).await.unwrap()
        };
        assert!(!is_due("", due).await);
        let tx = fresh.db.write().await.unwrap();
        jobs::put(&tx, "long", "{}", None, due, before).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!is_due("", before).await && is_due("", due).await);
        assert!(!is_due("long", due).await, "it is left to others");
        let tx = fresh.db.write().await.unwrap();
        let taken = jobs::take(&tx, "w", due, later).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert!(!is_due("", due).await, "somebody holds it");
        assert!(is_due("", at("2026-03-09T01:00:11Z")).await, "the lease ran out");
        let tx = fresh.db.write().await.unwrap();
        jobs::done(&tx, taken.id, due).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!is_due("", at("2026-03-09T01:00:11Z")).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_may_start_at_the_same_time() {
    let Some(fresh) = testing::postgres().await.unwrap() else {
        return;
    };
    for _ in 0..3 {
        let tx = fresh.db.write().await.unwrap();
        tx.run("drop schema public cascade", []).await.unwrap();
        tx.run("create schema public", []).await.unwrap();
        tx.commit().await.unwrap();
        let starts = (0..4).map(|_| {
            let url = fresh.url.clone();
            tokio::spawn(async move { Db::open(&url).await.map(drop) })
        });
        for start in starts.collect::<Vec<_>>() {
            start.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_deadlock_is_known_as_one() {
    let Some(fresh) = testing::postgres().await.unwrap() else {
        return;
    };
    let now = at("2026-03-09T01:00:00Z");
    let tx = fresh.db.write().await.unwrap();
    for kind in ["a", "b"] {
        jobs::put(&tx, kind, "{}", None, now, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let both = async |first: &'static str, second: &'static str| {
        let tx = fresh.db.write().await?;
        let sql = "update job set attempts = attempts + 1 where kind = $1";
        tx.run(sql, [first.into()]).await?;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        tx.run(sql, [second.into()]).await?;
        tx.commit().await
    };
    let (one, other) = tokio::join!(both("a", "b"), both("b", "a"));
    let failed = [one, other].into_iter().find_map(Result::err).unwrap();
    assert!(failed.is_crossed(), "{failed:?}");
    assert!(!Error::NoRow.is_crossed());
}
