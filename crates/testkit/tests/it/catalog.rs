//! The catalogue's whole life through its doors, and what nobody can write into it.

use serde_json::{Value, json};
use testkit::{
    Failure, TestApp,
    platform::{
        flow,
        ledger::{Filter, Page},
        vocab::{Mask, Role, SourceKind, SourceSpec, codes::CitizenId},
    },
    servers::Database,
    story::Deal,
    talk::Answer,
};

use crate::people;

/// One request with a JSON body.
async fn say(app: &TestApp, who: &str, line: &str, body: &Value) -> Result<Answer, Failure> {
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    app.talk(who, line, &text).await
}

/// The same, when it must be done.
async fn done(app: &TestApp, who: &str, line: &str, body: &Value) -> Result<Value, Failure> {
    let answer = say(app, who, line, body).await?.ok()?;
    if answer.text.is_empty() {
        return Ok(Value::Null);
    }
    answer.json()
}

fn item<'a>(view: &'a Value, name: &str) -> &'a Value {
    view["content"]["items"]
        .as_array()
        .and_then(|it| it.iter().find(|it| it["name"] == name))
        .unwrap_or_else(|| panic!("no {name} in {view}"))
}

/// The newest ledger entry of a kind, as text.
async fn told(app: &TestApp, kind: &str) -> Result<String, Failure> {
    let page = Page {
        before: None,
        limit: 50,
    };
    let found = flow::list_entries(&app.app, &app.actor("auditor")?, Filter::default(), page).await?;
    let entry = found.all.into_iter().find(|it| it.entry.kind == kind);
    Ok(entry.ok_or_else(|| format!("no {kind} in the ledger"))?.data)
}

/// What a resource still needs to be submitted.
fn completed(view: &Value, name: &str) -> Value {
    let mut content = view["content"].clone();
    content["name"] = json!(name);
    content["name_en"] = json!("people");
    content["summary"] = json!("测试用资源");
    content["sharing"] = json!({ "class": "conditional", "condition": "用于政务服务", "legal_basis": "" });
    for item in content["items"].as_array_mut().into_iter().flatten() {
        item["sharing"] = content_sharing();
    }
    content
}

fn content_sharing() -> Value {
    json!({ "class": "conditional", "condition": "用于政务服务", "legal_basis": "" })
}

async fn drafted(app: &TestApp, spec: &SourceSpec, table: &str) -> Result<Value, Failure> {
    let source = app.connect("police", spec).await?;
    let body = json!({ "source": source.to_string(), "table": table, "category": "101001" });
    done(app, "police.officer", "POST /api/v1/resources", &body).await
}

async fn edited(app: &TestApp, view: &Value, content: Value) -> Result<Answer, Failure> {
    let line = format!("PUT /api/v1/resources/{}", view["id"].as_str().unwrap_or_default());
    let body = json!({ "revision": view["revision"], "content": content });
    say(app, "police.officer", &line, &body).await
}

async fn deed(app: &TestApp, who: &str, view: &Value, deed: &str, body: &Value) -> Result<Answer, Failure> {
    let id = view["id"].as_str().unwrap_or_default();
    say(app, who, &format!("POST /api/v1/resources/{id}/{deed}"), body).await
}

/// Declared, submitted and published.
async fn published(app: &TestApp, view: &Value) -> Result<Value, Failure> {
    for (who, what) in [
        ("police.officer", "declare-not-secret"),
        ("police.officer", "submit"),
        ("operator", "publish"),
    ] {
        deed(app, who, view, what, &Value::Null).await?.ok()?;
    }
    shown(app, view).await
}

async fn shown(app: &TestApp, view: &Value) -> Result<Value, Failure> {
    let id = view["id"].as_str().unwrap_or_default();
    done(
        app,
        "police.officer",
        &format!("GET /api/v1/resources/{id}"),
        &Value::Null,
    )
    .await
}

#[tokio::test]
async fn the_whole_life_of_an_entry() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        life(&app).await?;
    }
    Ok(())
}

async fn life(app: &TestApp) -> Result<(), Failure> {
    let spec = people::in_file(&app.files, "people.db")?;
    // From a source: it fills itself, and a guess is taken back.
    let draft = drafted(app, &spec, "people").await?;
    assert_eq!(item(&draft, "phone")["meaning"], "phone");
    assert_eq!(item(&draft, "phone")["sensitivity"], "personal");
    let undo = json!({ "item": "phone", "attribute": "meaning" });
    let draft = deed(app, "police.officer", &draft, "undo-guess", &undo)
        .await?
        .ok()?
        .json()?;
    assert_eq!(item(&draft, "phone")["mask"], json!({ "mask": "clear" }));
    assert_eq!(item(&draft, "phone")["meaning"], Value::Null);
    let again = deed(app, "police.officer", &draft, "undo-guess", &undo).await?;
    assert_eq!((again.status.as_u16(), again.at("/code")?.as_str()), (422, "no-guess"));

    // Submitted, taken back, submitted, sent back, published.
    let early = deed(app, "police.officer", &draft, "submit", &Value::Null).await?;
    assert_eq!(early.at("/code")?, "findings");
    let mut content = completed(&draft, "人口");
    content["local_code"] = json!("");
    let draft = edited(app, &draft, content).await?.ok()?.json()?;
    deed(app, "police.officer", &draft, "declare-not-secret", &Value::Null)
        .await?
        .ok()?;
    deed(app, "police.officer", &draft, "submit", &Value::Null)
        .await?
        .ok()?;
    let back = deed(app, "police.officer", &draft, "take-back", &Value::Null)
        .await?
        .ok()?;
    assert_eq!(back.at("/state")?, "draft");
    deed(app, "police.officer", &draft, "submit", &Value::Null)
        .await?
        .ok()?;
    let reasons = json!({ "reasons": ["摘要过于简略"] });
    let back = deed(app, "operator", &draft, "send-back", &reasons).await?.ok()?;
    assert_eq!(back.at("/sent_back/reasons/0")?, "摘要过于简略");
    deed(app, "police.officer", &draft, "submit", &Value::Null)
        .await?
        .ok()?;
    deed(app, "operator", &draft, "publish", &Value::Null).await?.ok()?;
    let first = shown(app, &draft).await?;
    assert_eq!(first["content"]["national_code"], "101001/000001");
    assert_eq!(first["content"]["local_code"], "330100-101001-0001");
    change(app, &first).await
}

async fn change(app: &TestApp, first: &Value) -> Result<(), Failure> {
    let id = first["id"].as_str().unwrap_or_default().to_owned();
    let resource = id.parse()?;
    let deal = Deal {
        without: &["note"],
        ..Deal::default()
    };
    let agreement = app.agree(resource, &deal).await?.to_string();

    // A change beside the published version: a stale one is refused, a category is fixed, one is given up.
    let mut content = first["content"].clone();
    content["summary"] = json!("含常住人口");
    let changed: Value = edited(app, first, content.clone()).await?.ok()?.json()?;
    assert_eq!(changed["state"], "changed");
    let stale = edited(app, first, content.clone()).await?;
    assert_eq!((stale.status.as_u16(), stale.at("/code")?.as_str()), (409, "stale"));
    let mut moved = content.clone();
    moved["category"] = json!("102001");
    assert_eq!(edited(app, &changed, moved).await?.at("/code")?, "category-fixed");
    let given_up = deed(app, "police.officer", first, "discard-change", &Value::Null)
        .await?
        .ok()?;
    assert_eq!(given_up.at("/content/summary")?, "测试用资源");

    // Another change takes a column from the agreement: the reviewer sees it, the ledger keeps it.
    let now = shown(app, first).await?;
    let items = content["items"].as_array_mut().ok_or("items")?;
    items.retain(|it| it["name"] != "phone");
    content["change_note"] = json!("电话另行编目");
    let changed: Value = edited(app, &now, content).await?.ok()?.json()?;
    assert_eq!(changed["content"]["secrecy"]["secrecy"], "undeclared", "other columns");
    let line = format!("GET /api/v1/resources/{id}/touched-agreements");
    let touched = done(app, "operator", &line, &Value::Null).await?;
    assert_eq!(touched[0]["agreement"], agreement.as_str());
    assert_eq!(touched[0]["items"], json!(["phone"]));
    let second = published(app, &changed).await?;
    assert_eq!(second["published_version"], 2);
    assert!(told(app, "resource-published").await?.contains(&agreement));
    let diff = done(
        app,
        "civil.officer",
        &format!("GET /api/v1/catalog/{id}/diff?before=1&after=2"),
        &Value::Null,
    )
    .await?;
    assert_eq!(diff["removed"], json!(["phone"]));
    assert_eq!(diff["fields"][0]["path"], "summary");
    let versions = done(
        app,
        "civil.officer",
        &format!("GET /api/v1/catalog/{id}/versions"),
        &Value::Null,
    )
    .await?;
    assert_eq!(versions[0]["content"]["change_note"], "电话另行编目");
    assert_eq!(versions[1]["content"]["change_note"], "");
    assert!(versions[0]["content"].get("left_out").is_none());
    let national = &versions[0]["content"]["national"];
    assert_eq!((&national["sharing"], &national["format"]), (&json!("2"), &json!("3")));
    assert_eq!(national["item_types"]["name"], "C");
    end(app, &second).await
}

async fn end(app: &TestApp, second: &Value) -> Result<(), Failure> {
    // Withdrawn, written anew under the same codes; a draft that never was published is forgotten.
    let reason = json!({ "reason": "职责调整" });
    deed(app, "police.officer", second, "withdraw", &reason).await?.ok()?;
    let id = second["id"].as_str().unwrap_or_default();
    let gone = say(app, "civil.officer", &format!("GET /api/v1/catalog/{id}"), &Value::Null).await?;
    assert_eq!(gone.status.as_u16(), 404);
    let line = format!("DELETE /api/v1/resources/{id}");
    let open: Value = deed(app, "police.officer", second, "reopen", &Value::Null)
        .await?
        .ok()?
        .json()?;
    assert_eq!(
        (&open["state"], &open["content"]["national_code"]),
        (&json!("draft"), &json!("101001/000001"))
    );
    let kept = say(app, "police.officer", &line, &Value::Null).await?;
    assert_eq!((kept.status.as_u16(), kept.at("/code")?.as_str()), (409, "in-use"));
    let third = published(app, &open).await?;
    assert_eq!(third["published_version"], 3);

    let mut copy = json!({ "content": third["content"] });
    let taken = say(app, "police.officer", "POST /api/v1/resources", &copy).await?;
    assert_eq!(
        (taken.status.as_u16(), taken.at("/code")?.as_str()),
        (409, "taken"),
        "its own local code"
    );
    copy["content"]["local_code"] = json!("");
    let other = done(app, "police.officer", "POST /api/v1/resources", &copy).await?;
    let line = format!("DELETE /api/v1/resources/{}", other["id"].as_str().unwrap_or_default());
    assert_eq!(
        say(app, "civil.officer", &line, &Value::Null).await?.status.as_u16(),
        404
    );
    assert_eq!(
        say(app, "police.officer", &line, &Value::Null).await?.status.as_u16(),
        204
    );
    assert_eq!(
        say(app, "police.officer", &line, &Value::Null).await?.status.as_u16(),
        404
    );
    assert!(told(app, "resource-deleted").await?.contains("人口"));
    Ok(())
}

#[tokio::test]
async fn nobody_mounts_anothers_source_or_writes_what_is_found() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let draft = drafted(&app, &people::in_file(&app.files, "people.db")?, "people").await?;
    let foreign = app
        .connect("civil", &people::in_file(&app.files, "civil.db")?)
        .await?
        .to_string();
    let mut content = completed(&draft, "人口");
    content["mount"] = json!({ "source": foreign, "table": "people" });
    let refused = [
        say(
            &app,
            "police.officer",
            "POST /api/v1/resources",
            &json!({ "content": content }),
        )
        .await?,
        edited(&app, &draft, content.clone()).await?,
    ];
    for answer in refused {
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
        assert_eq!(answer.at("/faults/0/code")?, "mount-foreign");
    }
    content["mount"] = json!({ "source": "src_00000000-0000-7000-8000-000000000000", "table": "people" });
    let unknown = edited(&app, &draft, content.clone()).await?;
    assert_eq!(unknown.at("/faults/0/code")?, "mount-foreign", "the two look the same");

    // Forged: a declaration, a code, a provider, evidence.
    let by = app.actor("police.officer")?.id.to_string();
    content["mount"] = draft["content"]["mount"].clone();
    content["secrecy"] = json!({ "secrecy": "not-secret", "declared_by": by, "at": "2026-01-01T00:00:00Z" });
    content["national_code"] = json!("101001/000001");
    content["provider_name"] = json!("国务院办公厅");
    content["provider_code"] = json!("11100000000013338W");
    let forged = json!([{ "what": "key", "why": "source-declares", "from": "primary key", "fitting": 9,
        "looked_at": 9, "before": false, "after": true }]);
    let items = content["items"].as_array_mut().ok_or("items")?;
    items.iter_mut().for_each(|it| it["evidence"] = forged.clone());
    let new = done(
        &app,
        "police.officer",
        "POST /api/v1/resources",
        &json!({ "content": content }),
    )
    .await?;
    assert_eq!(item(&new, "note")["evidence"], json!([]));
    let edit: Value = edited(&app, &draft, content).await?.ok()?.json()?;
    assert_eq!(item(&edit, "note")["evidence"], item(&draft, "note")["evidence"]);
    for it in [&new, &edit] {
        assert_eq!(it["content"]["secrecy"]["secrecy"], "undeclared");
        assert_eq!(it["content"]["national_code"], Value::Null);
        assert_eq!(it["content"]["provider_name"], "云州市公安局");
        assert_eq!(it["content"]["provider_code"], draft["content"]["provider_code"]);
    }
    Ok(())
}

#[tokio::test]
async fn whoever_submits_does_not_review() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let draft = drafted(&app, &people::in_file(&app.files, "people.db")?, "people").await?;
    let draft: Value = edited(&app, &draft, completed(&draft, "人口")).await?.ok()?.json()?;
    deed(&app, "police.officer", &draft, "declare-not-secret", &Value::Null)
        .await?
        .ok()?;
    let id = draft["id"].as_str().unwrap_or_default().parse()?;
    let mut writer = app.actor("police.officer")?;
    let mut sender = app.actor("police.approver")?;
    sender.roles = vec![Role::DataOfficer, Role::Authority];
    writer.roles.push(Role::Authority);
    flow::submit_resource(&app.app, &sender, id).await?;
    let own = flow::publish_resource(&app.app, &sender, id).await;
    assert!(
        matches!(&own, Err(testkit::platform::Error::Denied(it)) if it.to_string().contains("nobody-reviews-the-own-resource")),
        "{own:?}"
    );
    assert_eq!(shown(&app, &draft).await?["submitted_by"], sender.id.to_string());
    flow::publish_resource(&app.app, &writer, id).await?;
    Ok(())
}

/// Codes that somebody keeps as numbers.
fn numbers() -> Result<Vec<String>, Failure> {
    let born = chrono::NaiveDate::from_ymd_opt(1980, 3, 9).ok_or("a day")?;
    let ids = (1..400)
        .map(|sequence| CitizenId::with_check("330102", born, sequence).map(|it| it.to_string()))
        .collect::<Result<Vec<_>, _>>()?;
    let numbers = ids.iter().filter(|it| !it.ends_with('X')).take(60);
    Ok(numbers
        .enumerate()
        .map(|(at, id)| {
            format!(
                "({}, {id}, 1380000{at:04}, 330102, {}, {})",
                at + 1,
                10_000 + at,
                at * 7
            )
        })
        .collect())
}

const NUMBERS: &str = "create table register (no int primary key, id_card bigint, phone bigint, division_code int, \
                       postcode int, amount int)";

async fn number_tables(app: &TestApp) -> Result<(Vec<SourceSpec>, Vec<Database>), Failure> {
    let insert = format!("insert into register values {}", numbers()?.join(","));
    let path = app.files.join("numbers.db");
    rusqlite::Connection::open(&path)?.execute_batch(&format!("{NUMBERS};{insert}"))?;
    let mut specs = vec![SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string())];
    let mut servers = Vec::new();
    for server in [Database::postgres().await?, Database::mysql().await?]
        .into_iter()
        .flatten()
    {
        server.run(NUMBERS).await?;
        server.run(&insert).await?;
        specs.push(server.spec.clone());
        servers.push(server);
    }
    Ok((specs, servers))
}

#[tokio::test]
async fn a_code_in_a_number_column_is_text_masked_and_conditional() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let (specs, _servers) = number_tables(&app).await?;
    for spec in specs {
        let draft = drafted(
            &app,
            &spec,
            if spec.kind == SourceKind::Postgres {
                "public.register"
            } else {
                "register"
            },
        )
        .await?;
        for (name, meaning, sensitivity) in [
            ("id_card", "citizen-id", "sensitive"),
            ("phone", "phone", "personal"),
            ("division_code", "division-code", "none"),
            ("postcode", "postcode", "none"),
        ] {
            let it = item(&draft, name);
            assert_eq!(it["meaning"], meaning, "{:?} {name}", spec.kind);
            assert_eq!(it["sensitivity"], sensitivity, "{:?} {name}", spec.kind);
            assert_eq!(it["data_type"]["type"], "text", "{:?} {name}", spec.kind);
            let why = it["evidence"].as_array().into_iter().flatten().map(|it| &it["why"]);
            assert!(why.clone().any(|it| it == "code-not-number"), "{:?} {name}", spec.kind);
        }
        assert_eq!(item(&draft, "id_card")["mask"]["mask"], "keep-ends");
        assert_eq!(item(&draft, "amount")["data_type"]["type"], "integer");
        assert_eq!(draft["content"]["sharing"]["class"], "conditional");
        assert_eq!(item(&draft, "id_card")["sharing"]["class"], "conditional");

        // And so it leaves: as text, under its mask.
        let draft: Value = edited(&app, &draft, completed(&draft, "登记")).await?.ok()?.json()?;
        let resource = published(&app, &draft).await?["id"]
            .as_str()
            .unwrap_or_default()
            .parse()?;
        let masks = [("id_card", Mask::KeepEnds { head: 6, tail: 4 })];
        let agreement = app
            .agree(
                resource,
                &Deal {
                    masks: &masks,
                    ..Deal::default()
                },
            )
            .await?;
        let line = format!("GET /api/v1/data/{agreement}?select=id_card,postcode&sort=no&limit=1");
        let answer = app.talk("civil.officer", &line, "").await?.ok()?;
        assert!(
            answer.text.contains("330102********"),
            "{:?} {}",
            spec.kind,
            answer.text
        );
        assert!(answer.text.contains("\"10000\""), "{:?} {}", spec.kind, answer.text);
    }
    Ok(())
}
