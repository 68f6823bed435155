//! Appending and finding, on every database.

use serde_json::json;
use vocab::{ActorId, AgreementId, OrgId};

use super::{at, plain, receipt};
use crate::{Entry, Filter, Page, append, append_many, count, find, get, size};

const ALL: Page = Page {
    before: None,
    limit: 1000,
};

#[tokio::test]
async fn numbers_have_no_gaps_even_after_a_change_that_was_dropped() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        assert_eq!(append(&tx, &plain(0)).await.unwrap().index, 0);
        assert!(append_many(&tx, &[]).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let tx = fresh.db.write().await.unwrap();
        assert_eq!(append(&tx, &plain(1)).await.unwrap().index, 1);
        drop(tx);
        let tx = fresh.db.write().await.unwrap();
        let logged = append_many(&tx, &(0..1200).map(plain).collect::<Vec<_>>())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!((logged[0].index, logged[1199].index), (1, 1200));
        let tx = fresh.db.read().await.unwrap();
        assert_eq!(size(&tx).await.unwrap(), 1201);
        let recorded = get(&tx, 1200).await.unwrap().unwrap();
        assert_eq!(
            (recorded.entry, recorded.data.as_str()),
            (plain(1199), logged[1199].data.as_str())
        );
        assert_eq!(get(&tx, 1201).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_appenders_stand_in_one_queue() {
    for fresh in db::testing::each().await.unwrap() {
        let mut workers = Vec::new();
        for worker in 0..8_u64 {
            let db = fresh.db.clone();
            workers.push(tokio::spawn(async move {
                for round in 0..25 {
                    let tx = db.write().await.unwrap();
                    append_many(&tx, &[plain(worker), plain(round)]).await.unwrap();
                    // Every fourth changes its mind.
                    if round % 4 == 3 {
                        drop(tx)
                    } else {
                        tx.commit().await.unwrap()
                    }
                }
            }));
        }
        for worker in workers {
            worker.await.unwrap();
        }
        let tx = fresh.db.read().await.unwrap();
        let expected = 8 * 19 * 2;
        assert_eq!(size(&tx).await.unwrap(), expected);
        assert_eq!(
            crate::store::leaves(&tx, 0, expected).await.unwrap().len() as u64,
            expected
        );
    }
}

#[tokio::test]
async fn entries_are_found_by_all_that_is_asked() {
    for fresh in db::testing::each().await.unwrap() {
        let (agreement, provider, consumer, actor) = (AgreementId::new(), OrgId::new(), OrgId::new(), ActorId::new());
        let mut special = plain(50);
        (special.kind, special.actor) = ("request.decided".to_owned(), Some(actor));
        special.subject = "50% of a_b\0".to_owned();
        special.body = json!({"reason": "Weather DATA 天气"});
        let entries = [
            plain(0),
            receipt(agreement, provider, consumer).entry(),
            special.clone(),
            plain(100),
        ];
        let tx = fresh.db.write().await.unwrap();
        append_many(&tx, &entries).await.unwrap();
        tx.commit().await.unwrap();
        let tx = fresh.db.read().await.unwrap();
        let none = Filter::default();
        let cases: [(Filter, &[u64]); 14] = [
            (none.clone(), &[3, 2, 1, 0]),
            (
                Filter {
                    subject: Some("thing 0".into()),
                    ..none.clone()
                },
                &[0],
            ),
            (
                Filter {
                    subject: Some(special.subject.clone()),
                    ..none.clone()
                },
                &[2],
            ),
            (
                Filter {
                    kind: Some("release".into()),
                    ..none.clone()
                },
                &[1],
            ),
            (
                Filter {
                    kind: Some("request.".into()),
                    ..none.clone()
                },
                &[3, 2, 0],
            ),
            (
                Filter {
                    actor: Some(actor),
                    ..none.clone()
                },
                &[2],
            ),
            (
                Filter {
                    org: Some(consumer),
                    ..none.clone()
                },
                &[1],
            ),
            (
                Filter {
                    org: Some(OrgId::new()),
                    ..none.clone()
                },
                &[],
            ),
            (
                Filter {
                    org: Some(provider),
                    mentions: Some(agreement.to_string()),
                    ..none.clone()
                },
                &[1],
            ),
            (
                Filter {
                    from: Some(at(50)),
                    ..none.clone()
                },
                &[3, 2],
            ),
            (
                Filter {
                    from: Some(at(0)),
                    to: Some(at(50)),
                    ..none.clone()
                },
                &[1, 0],
            ),
            (
                Filter {
                    text: Some("weather data 天".into()),
                    ..none.clone()
                },
                &[2],
            ),
            (
                Filter {
                    text: Some("0% of a_".into()),
                    ..none.clone()
                },
                &[2],
            ),
            (
                Filter {
                    text: Some("0_ of".into()),
                    ..none.clone()
                },
                &[],
            ),
        ];
        for (filter, expected) in cases {
            let found: Vec<u64> = find(&tx, &filter, ALL)
                .await
                .unwrap()
                .iter()
                .map(|it| it.index)
                .collect();
            assert_eq!(found, expected, "{filter:?}");
            assert_eq!(count(&tx, &filter).await.unwrap(), expected.len() as u64, "{filter:?}");
        }
        let page = find(
            &tx,
            &none,
            Page {
                before: Some(3),
                limit: 2,
            },
        )
        .await
        .unwrap();
        assert_eq!(page.iter().map(|it| it.index).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(page[0].entry, special);
    }
}

#[tokio::test]
async fn an_altered_row_is_not_shown() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        append(&tx, &Entry { ..plain(0) }).await.unwrap();
        tx.run(
            "update ledger_entry set data = replace(data, '\"idx\":0', '\"idx\":7')",
            [],
        )
        .await
        .unwrap();
        assert!(get(&tx, 0).await.is_err());
        assert!(find(&tx, &Filter::default(), ALL).await.is_err());
    }
}
