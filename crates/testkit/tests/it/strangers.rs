//! Nobody reaches anything without a name: every route of the description is tried by a stranger.

use expect_test::expect;
use serde_json::Value;
use testkit::{
    Failure, TestApp,
    platform::{
        flow,
        ledger::{Filter, Page},
    },
};

/// A path with something in every place.
fn filled(path: &str) -> String {
    let mut out = String::new();
    for part in path.split('/').skip(1) {
        out.push('/');
        out.push_str(if part.starts_with('{') { "x" } else { part });
    }
    out
}

/// Does a route answer a stranger, whatever is shown instead of a name? Others must refuse in the house's words.
async fn is_open(app: &TestApp, method: &str, path: &str) -> Result<bool, Failure> {
    let line = format!("{method} {}", filled(path));
    let body = if ["GET", "DELETE"].contains(&method) { "" } else { "{}" };
    let mut open = false;
    for shown in [None, Some("Bearer jt_wrong"), Some("Basic eDp5")] {
        let headers: Vec<_> = shown.iter().map(|it| ("authorization", *it)).collect();
        let answer = app.talk_with("", &line, body, &headers).await?;
        if [401, 403].contains(&answer.status.as_u16()) {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{line}");
        } else {
            open = true;
        }
    }
    Ok(open)
}

#[tokio::test]
async fn every_route_refuses_strangers() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let described: Value = serde_json::from_str(&web::openapi())?;
        let (mut open, mut tried) = (String::new(), 0);
        for (path, methods) in described["paths"].as_object().ok_or("no paths")? {
            for method in methods.as_object().ok_or("no methods")?.keys() {
                if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                    continue;
                }
                let method = method.to_uppercase();
                tried += 1;
                if is_open(&app, &method, path).await? {
                    open.push_str(&format!("{method} {path}\n"));
                }
            }
        }
        println!("{tried} routes tried by strangers");
        assert!(tried > 50);
        // The published catalogue is read by everybody; log and keys are for whoever checks them; and the door itself.
        expect![[r#"
        GET /api/v1/catalog
        GET /api/v1/catalog/{id}
        GET /api/v1/ledger/keys
        POST /api/v1/session
    "#]]
        .assert_eq(&open);
    }
    Ok(())
}

#[tokio::test]
async fn pages_send_strangers_to_the_door() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        flow::publish_log_now(&app.app, &app.actor("auditor")?).await?;
        let page = Page { before: None, limit: 1 };
        let size = flow::list_entries(&app.app, &app.actor("auditor")?, Filter::default(), page)
            .await?
            .published;
        let (hashes, entries) = (
            format!("/log/tile/0/000.p/{size}"),
            format!("/log/tile/entries/000.p/{size}"),
        );
        let mut answers = String::new();
        for path in [
            "/",
            "/tasks",
            "/requests",
            "/ledger",
            "/sql",
            "/sources",
            "/metrics",
            "/healthz",
            "/log/checkpoint",
            "/log/vkey",
            hashes.as_str(),
            entries.as_str(),
            "/log/tile/entries/000",
            "/log/../keys/vault.key",
        ] {
            let answer = app.talk("", &format!("GET {path}"), "").await?;
            let shown = path.replace(&format!(".p/{size}"), ".p/‹size›");
            answers.push_str(format!("{shown} {} {}", answer.status.as_u16(), answer.header("location")).trim_end());
            answers.push('\n');
            if path == entries {
                assert!(
                    !answer.text.contains("node-founded"),
                    "entries are for those who read them all"
                );
            }
        }
        expect![[r#"
            / 200
            /tasks 303 /sign-in?next=/tasks
            /requests 303 /sign-in?next=/requests
            /ledger 303 /sign-in?next=/ledger
            /sql 303 /sign-in?next=/sql
            /sources 303 /sign-in?next=/sources
            /metrics 200
            /healthz 200
            /log/checkpoint 200
            /log/vkey 200
            /log/tile/0/000.p/‹size› 200
            /log/tile/entries/000.p/‹size› 403
            /log/tile/entries/000 404
            /log/../keys/vault.key 404
        "#]]
        .assert_eq(&answers);
    }
    Ok(())
}
