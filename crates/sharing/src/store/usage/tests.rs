#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use super::*;
use crate::{request::tests::cast, store::tests::put_agreement};

#[tokio::test]
async fn of_many_at_once_exactly_the_quota_succeeds() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let id = put_agreement(&tx, &cast()).await.id;
        tx.commit().await.unwrap();
        let db = Arc::new(fresh.db);
        let tries: Vec<_> = (0..24)
            .map(|n| {
                let db = Arc::clone(&db);
                tokio::spawn(async move {
                    let tx = db.write().await.unwrap();
                    let got = if n % 3 == 0 {
                        use_up_to(&tx, id, "2026-04-02", Some(10), 2).await.unwrap()
                    } else {
                        u64::from(matches!(
                            use_once(&tx, id, "2026-04-02", Some(10)).await.unwrap(),
                            Used::Counted(_)
                        ))
                    };
                    tx.commit().await.unwrap();
                    got
                })
            })
            .collect();
        let mut granted = 0;
        for it in tries {
            granted += it.await.unwrap();
        }
        assert_eq!(granted, 10);
        let tx = db.write().await.unwrap();
        assert_eq!(used(&tx, id, "2026-04-02").await.unwrap(), 10);
        assert_eq!(used(&tx, id, "2026-04-03").await.unwrap(), 0);
        assert_eq!(
            use_once(&tx, id, "2026-04-03", Some(10)).await.unwrap(),
            Used::Counted(1),
            "a new day"
        );
        assert_eq!(use_once(&tx, id, "2026-04-03", Some(0)).await.unwrap(), Used::OverQuota);
        assert_eq!(use_once(&tx, id, "2026-04-03", None).await.unwrap(), Used::Counted(2));
        assert_eq!(use_up_to(&tx, id, "2026-04-03", None, 5).await.unwrap(), 5);
        assert_eq!(use_up_to(&tx, id, "2026-04-03", Some(9), 5).await.unwrap(), 2);
        assert_eq!(use_up_to(&tx, id, "2026-04-03", Some(9), 5).await.unwrap(), 0);
        let days = [("2026-04-02".to_owned(), 10), ("2026-04-03".to_owned(), 9)];
        assert_eq!(usage_by_day(&tx, id, "2026-04-01").await.unwrap(), days);
    }
}

#[tokio::test]
async fn uses_at_once_are_counted_all_or_break_a_rule() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let id = put_agreement(&tx, &cast()).await.id;
        tx.commit().await.unwrap();
        let day = "2026-04-02";
        let step = |quota, wished| use_step(id, day, quota, wished);
        let cases = [
            (Some(10), 4, 4, true),
            (Some(10), 6, 10, true),
            (Some(9), 1, 10, false),
            (None, 5, 15, true),
            (Some(15), 1, 15, false),
        ];
        for (quota, wished, counted, allowed) in cases {
            let done = fresh.db.at_once(vec![step(quota, wished).unwrap()]).await;
            let now = used(&fresh.db.read().await.unwrap(), id, day).await.unwrap();
            assert_eq!(now, counted, "{quota:?} {wished}: {done:?}");
            assert_eq!(done.is_ok(), allowed, "{done:?}");
            assert!(matches!(done, Ok(()) | Err(db::Error::Rule(_))), "{done:?}");
        }
        assert!(step(Some(0), 1).is_none() && step(Some(2), 3).is_none());
    }
}
