//! Sources, catalogue entries, search.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Page, filled, given,
    notice::{LawChange, law_change},
};
use crate::{
    client::{Client, api::part, ask, command::raw::body},
    exit::Failure,
};

/// Sources.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum SourceCommand {
    /// List your department's sources.
    List,
    /// Show one.
    Show {
        /// src_…
        id: String,
    },
    /// Connect one; it is tried first.
    Add(SourceArgs),
    /// Change one; what is not given stays, the password too. It is tried first.
    Change {
        /// src_…
        id: String,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        /// An option NAME=VALUE, or NAME= to take it away.
        #[arg(short, long = "option", value_name = "NAME=VALUE")]
        options: Vec<String>,
        /// Ask for a new password, or read it from standard input.
        #[arg(long)]
        secret: bool,
    },
    /// Try one without keeping it.
    Try(SourceArgs),
    /// Test a connected one.
    Test {
        /// src_…
        id: String,
    },
    /// List its tables.
    Tables {
        /// src_…
        id: String,
    },
    /// Look into a table: types, empty values, ranges, codes.
    Profile {
        /// src_…
        id: String,
        /// The table.
        table: String,
        /// Rows to look at.
        #[arg(long, value_name = "N")]
        sample: Option<u64>,
    },
    /// Remove one that no entry uses.
    Remove {
        /// src_…
        id: String,
    },
}

/// How a source is reached.
#[derive(Debug, clap::Args)]
pub(crate) struct SourceArgs {
    /// Its name.
    name: String,
    /// postgres, mysql, sqlite, csv, xlsx, jsonl or parquet.
    #[arg(long)]
    kind: String,
    /// An option NAME=VALUE: host, port, database, user, sslmode; or path, delimiter, encoding, sheet.
    #[arg(short, long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
    /// Ask for the password, or read it from standard input.
    #[arg(long)]
    secret: bool,
}

/// `NAME=VALUE`, several.
fn pairs(all: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut pairs = Map::new();
    for it in all {
        let (name, value) = it
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("`{it}`: write NAME=VALUE")))?;
        pairs.insert(name.to_owned(), value.into());
    }
    Ok(pairs)
}

impl SourceArgs {
    fn body(self) -> Result<Value, Failure> {
        let options = pairs(&self.options)?;
        let secret = if self.secret {
            Some(ask::secret("password of the source: ")?)
        } else {
            None
        };
        Ok(filled(json!({
            "name": self.name, "kind": self.kind, "options": options, "secret": secret.as_ref().map(|it| it.expose()),
        })))
    }
}

/// Does one of them.
pub(crate) async fn source(command: SourceCommand, client: &Client) -> Result<(), Failure> {
    let at = |id: &str, rest: &str| format!("/sources/{}{rest}", part(id));
    match command {
        SourceCommand::List => {
            let columns = [("id", "id"), ("name", "name"), ("kind", "kind"), ("state", "state")];
            client.show_list(&client.get("/sources", &[]).await?, &columns)
        }
        SourceCommand::Show { id } => client.show(&client.get(&at(&id, ""), &[]).await?),
        SourceCommand::Add(it) => client.show(&client.post("/sources", &it.body()?).await?),
        SourceCommand::Change {
            id,
            name,
            options,
            secret,
        } => {
            let now = client.get(&at(&id, ""), &[]).await?;
            let mut all = now
                .get("options")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default();
            for (name, value) in pairs(&options)? {
                match value.as_str() {
                    Some("") => drop(all.remove(&name)),
                    _ => drop(all.insert(name, value)),
                }
            }
            let secret = secret.then(|| ask::secret("password of the source: ")).transpose()?;
            let name = name.map_or_else(|| now.get("name").cloned().unwrap_or_default(), Value::from);
            let body = filled(json!({
                "name": name, "kind": now.get("kind"), "options": all, "secret": secret.as_ref().map(|it| it.expose()),
            }));
            client.show(&client.call(Method::PUT, &at(&id, ""), Some(&body)).await?)
        }
        SourceCommand::Try(it) => client.show(&client.post("/sources/try", &it.body()?).await?),
        SourceCommand::Test { id } => client.show(&client.call(Method::POST, &at(&id, "/test"), None).await?),
        SourceCommand::Tables { id } => client.show(&client.get(&at(&id, "/tables"), &[]).await?),
        SourceCommand::Profile { id, table, sample } => {
            let query = given([("table", Some(table)), ("sample", sample.map(|it| it.to_string()))]);
            client.show(&client.get(&at(&id, "/profile"), &query).await?)
        }
        SourceCommand::Remove { id } => client.show(&client.call(Method::DELETE, &at(&id, ""), None).await?),
    }
}

/// Catalogue entries.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ResourceCommand {
    /// List your department's entries.
    List {
        /// Only in this state: draft, in-review, published, withdrawn.
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show one with what is still missing.
    Show {
        /// res_…
        id: String,
    },
    /// Show a published one as everybody sees it.
    Published {
        /// res_…
        id: String,
    },
    /// Draft one from a table of a source (it fills itself), or from JSON.
    Draft {
        /// The source, src_….
        #[arg(long, requires = "table", required_unless_present = "content")]
        source: Option<String>,
        /// The table in it.
        #[arg(long, requires = "source")]
        table: Option<String>,
        /// The category's code.
        #[arg(long)]
        category: Option<String>,
        /// The whole entry, JSON text or @FILE.
        #[arg(long, value_name = "JSON|@FILE", conflicts_with = "source")]
        content: Option<String>,
    },
    /// Change a draft: members are laid over the entry. Items that would be shared more freely than the entry follow it.
    Edit {
        /// res_…
        id: String,
        /// The members to change, JSON text or @FILE.
        #[arg(short, long, value_name = "JSON|@FILE")]
        data: String,
    },
    /// Undo a guess of the draft.
    UndoGuess {
        /// res_…
        id: String,
        /// The item.
        item: String,
        /// The attribute: title, type, sensitivity, mask, key, ….
        attribute: String,
    },
    /// Declare that the data is neither state nor work secret.
    DeclareNotSecret {
        /// res_…
        id: String,
    },
    /// Submit for review.
    Submit {
        /// res_…
        id: String,
    },
    /// Take a submission back before it is reviewed.
    TakeBack {
        /// res_…
        id: String,
    },
    /// Give up the change beside a published version.
    DiscardChange {
        /// res_…
        id: String,
    },
    /// Forget a draft that was never published.
    Remove {
        /// res_…
        id: String,
    },
    /// List the agreements that its newest entry, once published, takes something from.
    Touched {
        /// res_…
        id: String,
        /// Those that a withdrawal would end.
        #[arg(long)]
        withdrawal: bool,
    },
    /// Publish a submitted one.
    Publish {
        /// res_…
        id: String,
    },
    /// Send a submitted one back.
    SendBack {
        /// res_…
        id: String,
        /// Why; as often as needed.
        #[arg(long = "reason", required = true)]
        reasons: Vec<String>,
    },
    /// Take a published one out of the catalogue.
    Withdraw {
        /// res_…
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Record that law or duties have changed: its update is due from that day on (T1).
    LawChanged(LawChange),
    /// Open a withdrawn one to be written anew.
    Reopen {
        /// res_…
        id: String,
    },
    /// First rows without and with the default masks.
    Preview {
        /// res_…
        id: String,
    },
    /// List its published versions.
    Versions {
        /// res_…
        id: String,
    },
    /// Compare two versions.
    Diff {
        /// res_…
        id: String,
        /// The earlier version.
        before: u32,
        /// The later version.
        after: u32,
    },
}

/// Does one of them.
pub(crate) async fn resource(command: ResourceCommand, client: &Client) -> Result<(), Failure> {
    use ResourceCommand as C;
    let at = |id: &str, rest: &str| format!("/resources/{}{rest}", part(id));
    let deed = async |id: String, rest: &str, body: Option<Value>| {
        client.show(&client.call(Method::POST, &at(&id, rest), body.as_ref()).await?)
    };
    match command {
        C::List { state, page } => {
            let mut query = given([("state", state)]);
            query.extend(page.query());
            let columns = [
                ("id", "id"),
                ("title", "content.name|content.title"),
                ("state", "state"),
                ("version", "published_version"),
                ("updated", "updated_at"),
            ];
            client.show_list(&client.get("/resources", &query).await?, &columns)
        }
        C::Show { id } => client.show(&client.get(&at(&id, ""), &[]).await?),
        C::Published { id } => client.show(&client.get(&format!("/catalog/{}", part(&id)), &[]).await?),
        C::Draft {
            source,
            table,
            category,
            content,
        } => {
            let content = content.as_deref().map(body).transpose()?;
            let new = filled(json!({ "source": source, "table": table, "category": category, "content": content }));
            client.show(&client.post("/resources", &new).await?)
        }
        C::Edit { id, data } => {
            let now = client.get(&at(&id, ""), &[]).await?;
            let mut content = now.get("content").cloned().unwrap_or_default();
            if let (Some(members), Value::Object(changes)) = (content.as_object_mut(), body(&data)?) {
                let tighten = changes.contains_key("sharing") && !changes.contains_key("items");
                members.extend(changes);
                if tighten {
                    follow(members);
                }
            }
            let edit = json!({ "revision": now.get("revision"), "content": content });
            client.show(&client.call(Method::PUT, &at(&id, ""), Some(&edit)).await?)
        }
        C::UndoGuess { id, item, attribute } => {
            deed(id, "/undo-guess", Some(json!({ "item": item, "attribute": attribute }))).await
        }
        C::DeclareNotSecret { id } => deed(id, "/declare-not-secret", None).await,
        C::Submit { id } => deed(id, "/submit", None).await,
        C::TakeBack { id } => deed(id, "/take-back", None).await,
        C::DiscardChange { id } => deed(id, "/discard-change", None).await,
        C::Remove { id } => client.show(&client.call(Method::DELETE, &at(&id, ""), None).await?),
        C::Touched { id, withdrawal } => {
            let query = [("withdrawal", withdrawal.to_string())];
            let columns = [
                ("agreement", "agreement"),
                ("consumer", "consumer_name"),
                ("purpose", "purpose"),
                ("items", "items"),
            ];
            client.show_list(&client.get(&at(&id, "/touched-agreements"), &query).await?, &columns)
        }
        C::Publish { id } => deed(id, "/publish", None).await,
        C::SendBack { id, reasons } => deed(id, "/send-back", Some(json!({ "reasons": reasons }))).await,
        C::Withdraw { id, reason } => deed(id, "/withdraw", Some(json!({ "reason": reason }))).await,
        C::LawChanged(it) => law_change("resources", it, client).await,
        C::Reopen { id } => deed(id, "/reopen", None).await,
        C::Preview { id } => client.show(&client.get(&at(&id, "/preview"), &[]).await?),
        C::Versions { id } => {
            let versions = client.get(&format!("/catalog/{}/versions", part(&id)), &[]).await?;
            client.show_list(
                &versions,
                &[
                    ("version", "version"),
                    ("at", "at"),
                    ("title", "content.name|content.title"),
                ],
            )
        }
        C::Diff { id, before, after } => {
            let query = [("before", before.to_string()), ("after", after.to_string())];
            client.show(&client.get(&format!("/catalog/{}/diff", part(&id)), &query).await?)
        }
    }
}

/// Gives the entry's sharing to every item that would be looser than it.
fn follow(entry: &mut Map<String, Value>) {
    let strict = |it: Option<&Value>| match it.and_then(|it| it.get("class")).and_then(Value::as_str) {
        Some("withheld") => 2,
        Some("conditional") => 1,
        _ => 0,
    };
    let sharing = entry.get("sharing").cloned();
    let items = entry.get_mut("items").and_then(Value::as_array_mut);
    for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
        if strict(item.get("sharing")) < strict(sharing.as_ref())
            && let Some(sharing) = &sharing
        {
            item.insert("sharing".to_owned(), sharing.clone());
        }
    }
}

/// Search the catalogue: Chinese, pinyin, initials, English, codes.
#[derive(Debug, clap::Args)]
pub(crate) struct SearchArgs {
    /// Words; everything when absent.
    words: Vec<String>,
    /// facet:value, as often as wished.
    #[arg(long, value_name = "FACET:VALUE")]
    only: Vec<String>,
    /// relevance, newest or name.
    #[arg(long)]
    sort: Option<String>,
    /// Results to skip.
    #[arg(long, value_name = "N")]
    offset: Option<u64>,
    /// Results wanted.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Your department's drafts too.
    #[arg(long)]
    drafts: bool,
}

/// Searches.
pub(crate) async fn search(it: SearchArgs, client: &Client) -> Result<(), Failure> {
    let number = |it: Option<u64>| it.map(|it| it.to_string());
    let mut query = given([
        ("q", Some(it.words.join(" "))),
        ("sort", it.sort),
        ("offset", number(it.offset)),
        ("limit", number(it.limit)),
    ]);
    query.extend(it.only.into_iter().map(|it| ("only", it)));
    if it.drafts {
        query.push(("drafts", "true".to_owned()));
    }
    let columns = [
        ("id", "id"),
        ("name", "name"),
        ("provider", "provider_name"),
        ("sharing", "sharing"),
        ("format", "format"),
        ("updated", "at"),
    ];
    client.show_list(&client.get("/catalog", &query).await?, &columns)
}
