//! The pages of a catalogue entry in a browser without JavaScript: forms are read from the page and sent back.

use rusqlite::Connection;
use testkit::{
    Failure, PASSWORD, TestApp,
    platform::vocab::{SourceKind, SourceSpec},
    talk::client,
};

/// Somebody's browser.
struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
}

/// A form of a page: its address and what stands in it.
#[derive(Debug, Clone)]
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    fn set(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|it| it.0 != name);
        self.with(name, value)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.fields.retain(|it| it.0 != name);
        self
    }

    fn value(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|it| it.0 == name)
            .map_or("", |it| it.1.as_str())
    }

    /// The name of the item's field in the row of a column: `item.3.mask`.
    fn of(&self, column: &str, field: &str) -> String {
        let row = self
            .fields
            .iter()
            .find(|(name, value)| name.starts_with("item.") && name.ends_with(".column") && value == column);
        let row = row.unwrap_or_else(|| panic!("no row of {column}"));
        row.0.replace(".column", &format!(".{field}"))
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    rest.split_once('"').map(|it| it.0)
}

fn plain(text: &str) -> String {
    [
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What a browser would send of a form.
fn fields(html: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for part in html.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let Some(name) = attribute(tag, "name") else {
            continue;
        };
        let value = attribute(tag, "value").unwrap_or("on");
        let ticked = matches!(attribute(tag, "type"), Some("checkbox" | "radio"));
        if tag.starts_with("input ") && (!ticked || tag.contains(" checked")) {
            all.push((plain(name), plain(value)));
        } else if tag.starts_with("textarea ") {
            all.push((plain(name), plain(text)));
        } else if tag.starts_with("select ") {
            let from = html.find(&format!("<{tag}>")).unwrap_or_default();
            let options = html[from..].split("</select>").next().unwrap_or_default();
            let mut options = options.split("<option ").skip(1);
            let first = options.clone().next();
            let chosen = options.find(|it| it.split('>').next().unwrap_or_default().contains(" selected"));
            let chosen = chosen.or(first).unwrap_or_default();
            let value = attribute(&format!(" {chosen}"), "value").unwrap_or_default().to_owned();
            all.push((plain(name), plain(&value)));
        }
    }
    all
}

impl<'a> Browser<'a> {
    async fn of(app: &'a TestApp, who: &str) -> Result<Self, Failure> {
        let body = format!("{{\"login\":\"{who}\",\"password\":\"{PASSWORD}\"}}");
        let own = [("sec-fetch-site", "same-origin")];
        let answer = app.talk_with("", "POST /api/v1/session", &body, &own).await?.ok()?;
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default();
        let cookie = format!("{cookie}; jt-lang=en");
        Ok(Self { app, cookie })
    }

    async fn see(&self, path: &str) -> Result<String, Failure> {
        let answer = self
            .app
            .talk_with("", &format!("GET {path}"), "", &[("cookie", &self.cookie)])
            .await?;
        Ok(answer.ok()?.text)
    }

    /// The form of a page that is sent to an address which begins so.
    async fn form(&self, path: &str, action: &str) -> Result<Form, Failure> {
        let page = self.see(path).await?;
        let start = page
            .find(&format!("action=\"{action}"))
            .ok_or_else(|| format!("no form {action} on {path}"))?;
        let html = page[start..].split("</form>").next().unwrap_or_default();
        let action = html.split('"').nth(1).unwrap_or_default().to_owned();
        Ok(Form {
            action,
            fields: fields(html),
        })
    }

    /// Sends it; where the browser is sent then, or the page that says what is wrong.
    async fn send(&self, form: &Form) -> Result<Result<String, String>, Failure> {
        let answer = client()?
            .post(format!("{}{}", self.app.base, form.action))
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .form(&form.fields)
            .send()
            .await?;
        let to = answer.headers().get("location").and_then(|it| it.to_str().ok());
        match to {
            Some(to) => Ok(Ok(to.split('?').next().unwrap_or_default().to_owned())),
            None => Ok(Err(answer.text().await?)),
        }
    }

    async fn sent(&self, form: &Form) -> Result<String, Failure> {
        Ok(self.send(form).await?.map_err(|page| errors(&page))?)
    }
}

/// The list of errors of a page.
fn errors(page: &str) -> String {
    let list = page.split("govuk-error-summary__list").nth(1).unwrap_or(page);
    list.split("</ul>").next().unwrap_or_default().to_owned()
}

fn source(app: &TestApp) -> Result<SourceSpec, Failure> {
    let path = app.files.join("visits.db");
    Connection::open(&path)?.execute_batch(
        "create table visits (id_card bigint, phone varchar(20), day varchar(10), remark varchar(20));
         insert into visits values (911124198108030024, '13800000001', '2026-04-01', 'a'),
                                   (911124198108030024, '13800000001', '2026-04-01', null);",
    )?;
    Ok(SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string()))
}

fn filled(form: Form) -> Form {
    form.set("title", "来访登记")
        .set("title_en", "Visits")
        .set("summary", "各窗口的来访登记")
        .set("summary_en", "Visits to every counter")
        .set("condition", "用于政务服务")
        .set("category", "101002")
        .set("local_code", "")
        .set("theme", "公共服务")
        .set("keywords", "来访，登记")
        .set("row_scope", "day >= '2026-01-01'")
}

#[tokio::test]
async fn an_entry_is_written_in_a_browser_without_script() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let officer = Browser::of(&app, "police.officer").await?;
    let source = app.connect("police", &source(&app)?).await?;
    let new = officer
        .form(&format!("/resources/new?source={source}&table=visits"), "/resources")
        .await?;
    assert!(
        !new.fields.iter().any(|it| it.0 == "national_code"),
        "nobody types the national code"
    );
    let edit = officer.sent(&filled(new)).await?;

    // Every guess shows, each with its own way back; what was set by hand stays.
    let page = officer.see(&edit).await?;
    for words in [
        "a code, kept as text",
        "follows from the meaning",
        "2 of 2 values fit",
        "the longest value",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let it = officer.form(&edit, "/resources/").await?;
    let at = it.of("phone", "x").replace("item.", "").replace(".x", "");
    assert!(page.contains(&format!("value=\"{at}.mask\"")) && page.contains(&format!("value=\"{at}.length\"")));
    let by_hand = it
        .clone()
        .set(&it.of("phone", "mask"), "null")
        .with("undo", &format!("{at}.meaning"));
    officer.sent(&by_hand).await?;
    let it = officer.form(&edit, "/resources/").await?;
    assert_eq!(it.value(&it.of("phone", "mask")), "null");
    assert_eq!(
        it.value(&it.of("phone", "sensitivity")),
        "none",
        "undone with the meaning"
    );
    let undo_length = it.clone().with("undo", &format!("{at}.length"));
    officer.sent(&undo_length).await?;
    assert!(!officer.see(&edit).await?.contains(&format!("value=\"{at}.length\"")));

    // A column is left out and comes back; the fields are those that were typed.
    let it = officer.form(&edit, "/resources/").await?;
    officer
        .sent(&it.clone().with(&it.of("remark", "leave_out"), "yes"))
        .await?;
    let it = officer.form(&edit, "/resources/").await?;
    assert!(!it.fields.iter().any(|it| it.1 == "remark"));
    officer.sent(&it.clone().with("restore", "remark")).await?;
    let it = officer.form(&edit, "/resources/").await?;
    let title = it.of("remark", "title");
    officer
        .sent(
            &it.clone()
                .set(&title, "备注")
                .set(&it.of("remark", "description"), "自由填写"),
        )
        .await?;
    let it = officer.form(&edit, "/resources/").await?;
    assert_eq!(
        (it.value(&title), it.value(&it.of("remark", "description"))),
        ("备注", "自由填写")
    );
    for (name, value) in [
        ("title_en", "Visits"),
        ("summary_en", "Visits to every counter"),
        ("category", "101002"),
        ("theme", "公共服务"),
        ("keywords", "来访, 登记"),
        ("row_scope", "day >= '2026-01-01'"),
    ] {
        assert_eq!(it.value(name), value, "{name}");
    }
    publish(&app, &officer, &edit).await
}

async fn publish(app: &TestApp, officer: &Browser<'_>, edit: &str) -> Result<(), Failure> {
    let resource = edit.trim_end_matches("/edit").to_owned();
    let submit = |form: Form| form.set("do", "submit").set("not_secret", "yes");
    // Without a key it wants the reason, and says so where it is typed.
    let refused = officer.send(&submit(officer.form(edit, "/resources/").await?)).await?;
    let page = refused.err().ok_or("submitted without a key and a reason")?;
    assert!(page.contains("href=\"#no_key_reason\""), "{}", errors(&page));
    let it = officer.form(edit, "/resources/").await?;
    assert_eq!(
        officer
            .sent(&submit(it.set("no_key_reason", "登记流水没有主键")))
            .await?,
        resource
    );
    // Taken back and submitted again by the buttons of its page; published by the authority.
    officer
        .sent(&officer.form(&resource, &format!("{resource}/take-back")).await?)
        .await?;
    officer
        .sent(&officer.form(&resource, &format!("{resource}/submit")).await?)
        .await?;
    let operator = Browser::of(app, "operator").await?;
    let verdict = operator
        .form(&format!("{resource}/review"), &format!("{resource}/review"))
        .await?;
    operator.sent(&verdict.set("verdict", "publish")).await?;
    let page = officer.see(&resource).await?;
    for words in [
        "101002/000001",
        "330100-101002-0001",
        "登记流水没有主键",
        "公共服务",
        "Visits to every counter",
    ] {
        assert!(page.contains(words), "{words}");
    }

    // A note stands in the list of versions; with another column the declaration is made anew.
    let it = officer.form(edit, "/resources/").await?;
    assert_eq!(it.value("note"), "");
    let less = it
        .clone()
        .set("note", "备注不再共享")
        .with(&it.of("remark", "leave_out"), "yes");
    let refused = officer.send(&less.set("do", "submit").set("not_secret", "yes")).await?;
    let page = refused.err().ok_or("a declaration of other data was repeated")?;
    assert!(page.contains("href=\"#not_secret\""), "{}", errors(&page));
    officer
        .sent(&officer.form(&resource, &format!("{resource}/discard")).await?)
        .await?;
    let it = officer.form(edit, "/resources/").await?;
    let noted = it.set("note", "措辞调整").set("summary", "各窗口的来访登记，按日更新");
    officer.sent(&noted.set("do", "submit")).await?;
    let page = operator.see(&format!("{resource}/review")).await?;
    assert!(page.contains("措辞调整"));
    let verdict = operator
        .form(&format!("{resource}/review"), &format!("{resource}/review"))
        .await?;
    operator.sent(&verdict.set("verdict", "publish")).await?;
    assert!(officer.see(&resource).await?.contains("措辞调整"));

    // Withdrawn and written anew.
    let withdraw = officer.form(&resource, &format!("{resource}/withdraw")).await?;
    officer.sent(&withdraw.set("reason", "职责调整")).await?;
    officer
        .sent(&officer.form(&resource, &format!("{resource}/reopen")).await?)
        .await?;
    let it = officer.form(edit, "/resources/").await?;
    let moved = officer.send(&it.set("category", "102001")).await?;
    let page = moved.err().ok_or("the category of a given code changed")?;
    assert!(page.contains("href=\"#category\""), "{}", errors(&page));
    Ok(())
}

#[tokio::test]
async fn a_draft_is_deleted_by_its_button() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let officer = Browser::of(&app, "police.officer").await?;
    let new = officer.form("/resources/new", "/resources").await?;
    let new = new
        .set("title", "草稿")
        .set("item.0.name", "编号")
        .without("item.1.name");
    let edit = officer.sent(&new).await?;
    let resource = edit.trim_end_matches("/edit").to_owned();
    let delete = officer.form(&resource, &format!("{resource}/delete")).await?;
    assert_eq!(officer.sent(&delete).await?, "/resources");
    assert!(officer.see(&resource).await.is_err(), "it is gone");
    Ok(())
}
