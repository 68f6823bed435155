#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use expect_test::expect;
use proptest::prelude::*;
use vocab::{
    ActorId, AgreementId, DeliveryId, OrgId, RowRule, SinkSpec, SourceKind, SourceSpec, Timestamp, Value, rule::Compare,
};

use crate::{
    Changed, Count, Delivery, DeliveryState, Error, Event, Pages, Phase, Plan, Progress, Reconciliation, Refresh,
    Refreshed, Report, Run, RunState, Way,
    plan::Facts,
    store::{self, Deliveries, Runs},
};

fn at(second: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap()
}

fn count(rows: u64, digest: &str) -> Count {
    Count {
        rows,
        bytes: 0,
        digest: digest.to_owned(),
    }
}

fn equal() -> Box<Report> {
    let reconciliation = Reconciliation::new(count(3, "a"), count(3, "a"), count(3, "a"), 0);
    Box::new(Report {
        reconciliation: Some(reconciliation),
        ..Report::default()
    })
}

fn story(events: Vec<Event>) -> String {
    let mut run = Run::queued(DeliveryId::new(), None, at(0));
    let mut told = String::new();
    for (second, event) in events.into_iter().enumerate() {
        match run.clone().after(event, at(second as i64)) {
            Ok(next) => {
                run = next;
                told += &format!("{} ({})\n", run.state, run.progress.phase);
            }
            Err(unfit) => told += &format!("refused: {unfit}\n"),
        }
    }
    told
}

#[test]
fn the_life_of_a_run() {
    expect![[r#"
        running (planning)
        verifying (finishing)
        running (planning)
        verifying (finishing)
        refused: a run that is verifying cannot finish
        done (over)
        refused: a run that is done cannot be cancelled
        refused: a run that is done cannot start
    "#]]
    .assert_eq(&story(vec![
        Event::Started,
        Event::Loaded,
        Event::Started, // the worker died and another goes on
        Event::Loaded,
        Event::Finished(Box::default()),
        Event::Finished(equal()),
        Event::Cancelled,
        Event::Started,
    ]));
    expect![[r#"
        refused: a run that is queued cannot finish
        running (planning)
        failed (over)
        queued (waiting)
        cancelled (over)
        refused: a run that is cancelled cannot be tried again
    "#]]
    .assert_eq(&story(vec![
        Event::Finished(equal()),
        Event::Started,
        Event::Failed(Box::default()),
        Event::Retried,
        Event::Cancelled,
        Event::Retried,
    ]));
}

#[test]
fn differences_are_told() {
    let told = |source, expected, target, quarantined| {
        let it = Reconciliation::new(source, expected, target, quarantined);
        format!("{} {:?}", it.equal, it.differences)
    };
    let list = [
        told(count(3, "a"), count(3, "a"), count(3, "a"), 0),
        told(count(3, "a"), count(2, "b"), count(2, "b"), 1),
        told(count(3, "a"), count(3, "a"), count(2, "b"), 0),
        told(count(3, "a"), count(3, "a"), count(4, "b"), 0),
        told(count(3, "a"), count(3, "a"), count(3, "b"), 0),
        told(count(3, "a"), count(2, "b"), count(2, "b"), 0),
    ];
    expect![[r#"
        true []
        true [Quarantined { rows: 1 }]
        false [Missing { rows: 1 }]
        false [Surplus { rows: 1 }]
        false [Content]
        false [Missing { rows: 1 }]"#]]
    .assert_eq(&list.join("\n"));
}

/// Does a row with this key belong to the chunk? SQL's logic: NULL compares to nothing.
fn holds(rule: &RowRule, key: Option<i64>) -> bool {
    match rule {
        RowRule::All => true,
        RowRule::Or { of } => of.iter().any(|it| holds(it, key)),
        RowRule::And { of } => of.iter().all(|it| holds(it, key)),
        RowRule::IsNull { .. } => key.is_none(),
        RowRule::Compare {
            op,
            value: Value::Int(value),
            ..
        } => key.is_some_and(|key| match op {
            Compare::Ge => key >= *value,
            Compare::Lt => key < *value,
            _ => panic!("not made by the planner"),
        }),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn every_key_is_in_one_chunk(
        range in (any::<i64>(), any::<i64>()), rows in 0_u64..5_000_000, chunk in 1_u64..300_000,
        key in prop::option::of(any::<i64>()), near in 0_usize..2,
    ) {
        let (least, most) = (range.0.min(range.1), range.0.max(range.1));
        let facts = Facts { rows_estimate: Some(rows), item: Some("id".to_owned()), range: Some((least, most)), points: vec![] };
        let plan = Plan::new(&facts, chunk);
        let key = if near == 0 { key } else { plan.chunks.last().and_then(|it| match &it.bounds {
            RowRule::Compare { value: Value::Int(it), .. } => Some(*it),
            _ => key,
        }) };
        prop_assert_eq!(plan.chunks.iter().filter(|it| holds(&it.bounds, key)).count(), 1);
        prop_assert!(plan.chunks.len() <= 1000);
        prop_assert!(plan.chunks.iter().enumerate().all(|(at, it)| it.no == at as u64));
    }
}

#[test]
fn a_plan_cuts_where_it_can() {
    let mut facts = Facts {
        rows_estimate: Some(10),
        ..Facts::default()
    };
    assert_eq!(Plan::new(&facts, 4).way, Way::Stream { chunk_rows: 4 });
    facts.item = Some("区划代码".to_owned());
    assert_eq!(Plan::new(&facts, 4).chunks.len(), 1);
    facts.points = ["11", "33", "44"].map(|it| Value::Text(it.to_owned())).to_vec();
    let plan = Plan::new(&facts, 4);
    assert_eq!((plan.way, plan.chunks.len()), (Way::Ranges, 3));
    facts.points.clear();
    facts.range = Some((1, 2));
    assert_eq!(Plan::new(&facts, 1).chunks.len(), 2);
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

proptest! {
    #[test]
    fn every_page_is_in_one_chunk(pages in 0_u64..10_000_000, each in 0_u64..9000, page in 0_u64..20_000_000) {
        let plan = Plan::by_pages(pages, each, Some(pages * 30));
        let holds = |it: &Pages| page >= it.from && it.until.is_none_or(|until| page < until);
        prop_assert_eq!(plan.chunks.iter().filter(|it| it.pages.as_ref().is_some_and(holds)).count(), 1);
        prop_assert!(plan.chunks.len() <= 1000 && plan.way == Way::PassThrough);
        prop_assert!(plan.chunks.iter().enumerate().all(|(at, it)| it.no == at as u64));
    }
}

#[test]
fn a_pass_through_is_cut_by_pages_or_by_keys() {
    let pages = |it: &Plan| -> Vec<_> {
        it.chunks
            .iter()
            .filter_map(|it| it.pages)
            .map(|it| (it.from, it.until))
            .collect()
    };
    assert_eq!(
        pages(&Plan::by_pages(9, 4, None)),
        [(0, Some(4)), (4, Some(8)), (8, None)]
    );
    assert_eq!(
        pages(&Plan::by_pages(0, 4, None)),
        [(0, None)],
        "an empty table may have rows by the time it is read"
    );
    let facts = Facts {
        rows_estimate: Some(10),
        item: Some("id".to_owned()),
        range: Some((1, 10)),
        points: vec![],
    };
    let plan = Plan::by_keys(&facts, 5);
    assert_eq!(
        (plan.way, plan.chunks.len(), pages(&plan).len()),
        (Way::PassThrough, 2, 0)
    );
    assert_eq!(Plan::by_keys(&Facts::default(), 5).chunks.len(), 1);
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    let old =
        r#"{"way":{"way":"ranges"},"chunks":[{"no":0,"bounds":{"rule":"all"},"estimate":null}],"rows_estimate":null}"#;
    assert_eq!(
        serde_json::from_str::<Plan>(old).unwrap().chunks[0].pages,
        None,
        "plans of before go on"
    );
}

#[test]
fn progress_is_honest() {
    let mut progress = Progress {
        rows_estimate: Some(100),
        phase: Phase::Loading,
        ..Progress::default()
    };
    progress.add(50, 500, 1000);
    assert_eq!(
        (progress.permille(), progress.seconds_left(), progress.rows_per_second),
        (Some(500), Some(1), 50)
    );
    progress.add(80, 800, 0);
    assert_eq!((progress.permille(), progress.seconds_left()), (Some(999), Some(0)));
}

fn delivery(name: &str, consumer: OrgId) -> Delivery {
    Delivery {
        id: DeliveryId::new(),
        agreement: AgreementId::new(),
        consumer,
        name: name.to_owned(),
        sink: SinkSpec {
            target: SourceSpec::new(SourceKind::Postgres)
                .with("host", "db")
                .with("database", "民政"),
            table: "public.居民".to_owned(),
        },
        sealed_secret: Some("opaque".to_owned()),
        refresh: Refresh::Full,
        replace: false,
        error_limit: 1000,
        state: DeliveryState::Active,
        created_by: ActorId::new(),
        created_at: at(0),
    }
}

#[test]
fn what_a_run_brings_is_kept_and_told() {
    let json = serde_json::to_value(delivery("一", OrgId::new())).unwrap();
    assert_eq!(
        json["mode"], "full",
        "deliveries of before are read, and read by programs of before"
    );
    let mut with = json.clone();
    with["mode"] = "changes".into();
    assert_eq!(
        serde_json::from_value::<Delivery>(with).unwrap().refresh,
        Refresh::Changes
    );
    assert_eq!("changes".parse(), Ok(Refresh::Changes));
    assert!("delta".parse::<Refresh>().is_err());

    let report: Report = serde_json::from_str(r#"{"noticed":{"nulled":0,"set_aside":0}}"#).unwrap();
    assert_eq!(report.refreshed, None, "reports of before have none");
    let told = Refreshed {
        changed: Some(Changed::new(2, 3, 4, 100)),
        ..Refreshed::changes("b1".to_owned())
    };
    let report = Report {
        refreshed: Some(told.clone()),
        ..Report::default()
    };
    let read: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(read.refreshed, Some(told.clone()));
    assert_eq!(told.changed.unwrap().unchanged, 95);
    assert_eq!(
        Changed::new(2, 3, 4, 1).unchanged,
        0,
        "rows that were written twice, as the source went on, are no debt"
    );
    assert!(told.carries("b1") && !told.carries("b2"));
    assert!(
        !Refreshed::full("first").carries(""),
        "what is not known carries nothing"
    );
}

#[tokio::test]
async fn deliveries_are_kept() {
    for fresh in db::testing::each().await.unwrap() {
        let org = OrgId::new();
        let all: Vec<_> = ["一", "二", "三"].iter().map(|it| delivery(it, org)).collect();
        let tx = fresh.db.write().await.unwrap();
        for it in &all {
            store::insert_delivery(&tx, it).await.unwrap();
        }
        tx.commit().await.unwrap();
        let tx = fresh.db.write().await.unwrap();
        let taken = store::insert_delivery(&tx, &delivery("二", org)).await;
        assert!(matches!(taken, Err(Error::NameTaken(it)) if it == "二"));
        drop(tx);
        let tx = fresh.db.write().await.unwrap();
        let paused = all[1].clone().to(DeliveryState::Paused).unwrap();
        store::update_delivery(&tx, &paused, at(1)).await.unwrap();
        assert!(matches!(
            store::update_delivery(&tx, &delivery("四", org), at(1)).await,
            Err(Error::NoDelivery(_))
        ));
        assert_eq!(store::delivery(&tx, all[1].id).await.unwrap(), paused);
        let mine = Deliveries {
            consumer: Some(org),
            ..Deliveries::default()
        };
        let first = store::deliveries(&tx, mine, None, 2).await.unwrap();
        assert_eq!(first, vec![all[2].clone(), paused.clone()]);
        assert_eq!(
            store::deliveries(&tx, mine, Some(first[1].id), 2).await.unwrap(),
            vec![all[0].clone()]
        );
        let paused_only = Deliveries {
            state: Some(DeliveryState::Paused),
            ..mine
        };
        assert_eq!(
            store::deliveries(&tx, paused_only, None, 9).await.unwrap(),
            vec![paused]
        );
    }
    let ended = delivery("x", OrgId::new()).to(DeliveryState::Ended).unwrap();
    assert!(ended.to(DeliveryState::Active).is_err());
}

#[tokio::test]
async fn runs_are_kept_one_at_a_time() {
    for fresh in db::testing::each().await.unwrap() {
        let order = delivery("一", OrgId::new());
        let first = Run::queued(order.id, Some(ActorId::new()), at(0));
        let tx = fresh.db.write().await.unwrap();
        store::insert_delivery(&tx, &order).await.unwrap();
        store::insert_run(&tx, &first).await.unwrap();
        tx.commit().await.unwrap();
        let tx = fresh.db.write().await.unwrap();
        let second = store::insert_run(&tx, &Run::queued(order.id, None, at(1))).await;
        assert!(matches!(second, Err(Error::RunUnderWay(it)) if it == order.id));
        drop(tx);

        let tx = fresh.db.write().await.unwrap();
        let running = first.clone().after(Event::Started, at(2)).unwrap();
        store::update_run(&tx, &running, at(2)).await.unwrap();
        let mut now = running.progress.clone();
        now.add(10, 100, 10);
        assert!(!store::progress(&tx, first.id, &now, at(3)).await.unwrap());
        assert!(store::ask_cancel(&tx, first.id, at(3)).await.unwrap());
        assert!(store::progress(&tx, first.id, &now, at(4)).await.unwrap());
        let read = store::run(&tx, first.id).await.unwrap();
        assert_eq!(
            (read.progress.rows, read.cancel_asked, read.state),
            (10, true, RunState::Running)
        );
        let over = read.after(Event::Cancelled, at(5)).unwrap();
        store::update_run(&tx, &over, at(5)).await.unwrap();
        assert!(!store::ask_cancel(&tx, first.id, at(6)).await.unwrap());
        assert!(store::progress(&tx, first.id, &now, at(6)).await.unwrap());

        let next = Run::queued(order.id, None, at(7));
        store::insert_run(&tx, &next).await.unwrap();
        let mut done = next.clone();
        for event in [Event::Started, Event::Loaded, Event::Finished(equal())] {
            done = done.after(event, at(8)).unwrap();
            store::update_run(&tx, &done, at(8)).await.unwrap();
        }
        assert_eq!(store::last_run(&tx, order.id).await.unwrap(), Some(done.clone()));
        let of = Runs {
            delivery: Some(order.id),
            state: None,
        };
        assert_eq!(store::runs(&tx, of, None, 1).await.unwrap(), vec![done.clone()]);
        let rest = store::runs(&tx, of, Some(done.id), 5).await.unwrap();
        assert_eq!(rest.iter().map(|it| it.id).collect::<Vec<_>>(), vec![first.id]);
    }
}
