//! Time that passes over many things at once, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{sync::Arc, time::Duration};

use sharing::{
    Application, Basis, Party, Request, Warrant,
    request::{Event, NewRequest},
};
use vocab::{ActorId, GrantedItem, Mask, OrgId, Purpose, ResourceId, RowRule, SharingClass, SharingMode};

use super::*;
use crate::Config;

fn at(text: &str) -> Timestamp {
    vocab::time::parse(&format!("{text}:00+08:00")).unwrap()
}

async fn node(url: String, folder: &std::path::Path, now: Timestamp) -> Arc<App> {
    let config = Config::delivered("云州市", url, folder.to_owned());
    App::open_still(config, now).await.unwrap()
}

/// A request that was submitted and waits for the authority.
async fn submitted(app: &App, no: &str) -> Request {
    let now = app.now();
    let new = NewRequest {
        no: no.to_owned(),
        applicant: Party {
            org: OrgId::new(),
            actor: ActorId::new(),
        },
        provider: OrgId::new(),
        division: None,
        resource: ResourceId::new(),
        resource_version: 1,
        class: SharingClass::Conditional,
        application: Application {
            basis: Basis::Law,
            basis_text: "条例第二十条".to_owned(),
            scenario: "核对".to_owned(),
            purpose: Purpose::Service,
            items: vec![GrantedItem {
                item: "姓名".to_owned(),
                mask: Mask::Clear,
            }],
            rows: RowRule::All,
            modes: vec![SharingMode::Interface],
            from: now,
            until: now + TimeDelta::days(365),
            quota_per_day: None,
        },
    };
    let tx = app.db.write().await.unwrap();
    let clocks = sharing::store::clocks(&tx).await.unwrap();
    let warrant = Warrant::WHOLE;
    let by = ActorId::new();
    let it = Request::draft(new, now);
    sharing::store::insert_request(&tx, &it).await.unwrap();
    let (mut it, _) = request::apply(it, Event::Submit { by, warrant }, now, &clocks).unwrap();
    sharing::store::save_request(&tx, &mut it, now).await.unwrap();
    tx.commit().await.unwrap();
    it
}

async fn is_escalated(app: &App, id: RequestId) -> bool {
    let it = sharing::store::request(&app.read().await.unwrap(), id).await.unwrap();
    it.timers.iter().any(|it| it.escalated_at.is_some())
}

/// A deed holds the second request and goes to the ledger while time is on its way through both: each waits for the other
/// at most once. With the whole batch in one transaction PostgreSQL found a circle here and threw one of them out.
#[tokio::test]
async fn time_and_a_deed_wait_for_each_other_and_never_in_a_circle() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let app = node(fresh.url.clone(), folder.path(), at("2026-03-09T10:00")).await;
        let first = submitted(&app, "GX-2026-000001").await;
        let mut second = submitted(&app, "GX-2026-000002").await;
        app.set_now(at("2026-04-20T10:00"));
        let tx = app.db.write().await.unwrap();
        sharing::store::save_request(&tx, &mut second, app.now()).await.unwrap();
        let time = {
            let app = app.clone();
            tokio::spawn(async move { remind_clocks(&app).await })
        };
        // Until time has moved the first and stands before the second; SQLite lets nobody write beside the deed.
        for _ in 0..if tx.is_sqlite() { 0 } else { 50 } {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if is_escalated(&app, first.id).await {
                break;
            }
        }
        // Longer than PostgreSQL waits before it looks for a circle, so that the deed would be the one thrown out.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let matter = Matter::from(&second);
        let deed = log(&tx, app.now(), "request-changed", &matter, json!({})).await;
        deed.expect("the deed is not thrown out");
        tx.commit().await.unwrap();
        time.await.unwrap().expect("time is not thrown out");
        remind_clocks(&app).await.unwrap();
        for id in [first.id, second.id] {
            assert!(is_escalated(&app, id).await);
        }
    }
}

#[tokio::test]
async fn one_thing_that_cannot_be_moved_does_not_hold_the_others() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let app = node(fresh.url.clone(), folder.path(), at("2026-03-09T10:00")).await;
        let broken = submitted(&app, "GX-2026-000001").await;
        let sound = submitted(&app, "GX-2026-000002").await;
        let tx = app.db.write().await.unwrap();
        let sql = "update sharing_request set body = '{}' where id = $1";
        tx.run(sql, [db::Arg::text(broken.id)]).await.unwrap();
        tx.commit().await.unwrap();
        app.set_now(at("2026-04-20T10:00"));
        assert_eq!(remind_clocks(&app).await.unwrap(), 1);
        assert!(is_escalated(&app, sound.id).await);
        assert_eq!(remind_clocks(&app).await.unwrap(), 0, "and is not moved twice");
    }
}
