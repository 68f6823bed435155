//! Whose file is it? A department reaches its own files and nobody else's.

use serde_json::{Value, json};
use testkit::{
    Failure, TestApp,
    platform::{
        App, Config,
        vocab::{AgreementId, SharingMode},
    },
    story::{Deal, Shelf},
};

use crate::people;

async fn shelved(app: &TestApp) -> Result<AgreementId, Failure> {
    let resource = app
        .shelve(Shelf {
            provider: "police",
            spec: people::in_file(&app.files, "people.db")?,
            table: "people",
            name: "people",
            key: &["person_no"],
        })
        .await?;
    let deal = Deal {
        modes: &[SharingMode::Interface, SharingMode::Batch, SharingMode::File],
        ..Deal::default()
    };
    app.agree(resource, &deal).await
}

/// What is wrong with what somebody sends: its status and the codes of its faults.
async fn faults(app: &TestApp, who: &str, line: &str, body: &Value) -> Result<(u16, Vec<String>), Failure> {
    let answer = app.talk(who, line, &body.to_string()).await?;
    let json: Value = answer.json().unwrap_or_default();
    let codes = json["faults"].as_array().cloned().unwrap_or_default();
    let codes = codes
        .iter()
        .map(|it| it["code"].as_str().unwrap_or_default().to_owned());
    Ok((answer.status.as_u16(), codes.collect()))
}

fn source(kind: &str, path: &str) -> Value {
    json!({ "name": "x", "kind": kind, "options": { "path": path } })
}

#[tokio::test]
async fn a_department_does_not_mount_anothers_file() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let agreement = shelved(&app).await?;
    let held = app.files.join("people.db");
    let held = held.to_str().ok_or("path")?;
    std::fs::write(format!("{held}-wal"), "not yet in the database")?;
    std::os::unix::fs::symlink(held, app.files.join("link.db"))?;
    std::fs::hard_link(held, app.files.join("hard.db"))?;
    let own = people::in_file(&app.files, "own.db")?;
    let own = own.option("path").ok_or("path")?.to_owned();
    for (path, code) in [
        (held.to_owned(), "path-held"),
        (app.files.join("./people.db").display().to_string(), "path-held"),
        (app.files.join("link.db").display().to_string(), "path-held"),
        (app.files.join("hard.db").display().to_string(), "path-held"),
        (format!("{held}-wal"), "path-held"),
        (
            app.folder().join("node/jutong.db").display().to_string(),
            "path-outside",
        ),
        ("/etc/passwd".to_owned(), "path-outside"),
    ] {
        for kind in ["sqlite", "csv"] {
            for line in ["POST /api/v1/sources", "POST /api/v1/sources/try"] {
                let refused = faults(&app, "civil.officer", line, &source(kind, &path)).await?;
                assert_eq!(refused, (422, vec![code.to_owned()]), "{line} {kind} {path}");
            }
        }
    }
    // A source of one's own does not become another's by a change.
    let body = source("sqlite", &own).to_string();
    let made = app.talk("civil.officer", "POST /api/v1/sources", &body).await?;
    let id = made.ok()?.at("/id")?;
    let line = format!("PUT /api/v1/sources/{id}");
    let refused = faults(&app, "civil.officer", &line, &source("sqlite", held)).await?;
    assert_eq!(refused, (422, vec!["path-held".to_owned()]));
    // Nor is a delivery written over one, or into the place where another writes.
    let delivery = |name: &str, kind: &str, path: &str, table: &str| {
        json!({ "agreement": agreement.to_string(), "name": name,
            "sink": { "kind": kind, "options": { "path": path }, "table": table } })
    };
    let line = "POST /api/v1/deliveries";
    for (kind, path, code) in [
        ("sqlite", held.to_owned(), "path-held"),
        ("sqlite", own.clone(), "path-held"),
        ("csv", format!("{held}.jutong"), "path-held"),
        (
            "csv",
            app.folder().join("node/keys/vault.key").display().to_string(),
            "path-outside",
        ),
    ] {
        let refused = faults(&app, "civil.officer", line, &delivery("a", kind, &path, "t")).await?;
        assert_eq!(refused, (422, vec![code.to_owned()]), "{kind} {path}");
    }
    let target = app.files.join("out.db").display().to_string();
    let made = delivery("first", "sqlite", &target, "copy");
    app.talk("civil.officer", line, &made.to_string()).await?.ok()?;
    let again = app.files.join("../files/out.db").display().to_string();
    let refused = faults(
        &app,
        "civil.officer",
        line,
        &delivery("second", "sqlite", &again, "COPY"),
    )
    .await?;
    assert_eq!(refused, (422, vec!["target-taken".to_owned()]));
    let beside = delivery("third", "sqlite", &again, "other");
    app.talk("civil.officer", line, &beside.to_string()).await?.ok()?;
    // What is delivered to one department is not another's source, also when the delivery has ended.
    let csv = app.files.join("out.csv").display().to_string();
    let body = delivery("file", "csv", &csv, "").to_string();
    let id = app.talk("civil.officer", line, &body).await?.ok()?.at("/id")?;
    std::fs::write(&csv, "a\n1\n")?;
    let refused = faults(&app, "police.officer", "POST /api/v1/sources", &source("csv", &csv)).await?;
    assert_eq!(refused, (422, vec!["path-held".to_owned()]));
    app.talk("civil.officer", &format!("DELETE /api/v1/deliveries/{id}"), "")
        .await?
        .ok()?;
    let refused = faults(&app, "police.officer", "POST /api/v1/sources", &source("csv", &csv)).await?;
    assert_eq!(refused, (422, vec!["path-held".to_owned()]));
    let mut own = source("csv", &csv);
    own["name"] = json!("y");
    app.talk("civil.officer", "POST /api/v1/sources", &own.to_string())
        .await?
        .ok()?;
    Ok(())
}

#[tokio::test]
async fn a_private_folder_is_one_departments() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let orgs = app.talk("civil.officer", "GET /api/v1/orgs", "").await?.ok()?.json()?;
    let orgs = orgs
        .as_array()
        .or_else(|| orgs["all"].as_array())
        .cloned()
        .ok_or("no orgs")?;
    let police = app.orgs.get("police").ok_or("no police")?.to_string();
    let code = orgs.iter().find(|it| it["id"] == police.as_str()).ok_or("no police")?["code"].clone();
    let private = app.files.join("police");
    std::fs::create_dir_all(&private)?;
    people::in_file(&private, "people.db")?;
    let config = Config {
        private_roots: [(code.as_str().ok_or("no code")?.to_owned(), vec![private.clone()])].into(),
        ..testkit::config(app.folder(), &app.db_url)
    };
    // Another process of the same node, with the folders told.
    let node = App::open(config).await?;
    let path = private.join("people.db").display().to_string();
    let spec =
        testkit::platform::vocab::SourceSpec::new(testkit::platform::vocab::SourceKind::Sqlite).with("path", path);
    let connect = async |who: &str| {
        let actor = app.actor(who).unwrap();
        testkit::platform::flow::connect_source(&node, &actor, "x", spec.clone()).await
    };
    let refused = connect("civil.officer").await;
    assert!(
        matches!(&refused, Err(testkit::platform::Error::Faults(all)) if all[0].code == "path-outside"),
        "{refused:?}"
    );
    connect("police.officer").await?;
    Ok(())
}
