//! Notices, the record that law or duties have changed, and the updates that are owed then.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, given};
use crate::{
    client::{Client, api::part},
    exit::Failure,
};

/// Notices.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum NoticeCommand {
    /// List what you were told in your roles, the newest first.
    List {
        /// Only those that nobody has read.
        #[arg(long)]
        unread: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Mark one, or all, as read.
    Read {
        /// ntc_…
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Everything you were told.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// Does one of them.
pub(crate) async fn notice(command: NoticeCommand, client: &Client) -> Result<(), Failure> {
    match command {
        NoticeCommand::List { unread, page } => {
            let columns = [
                ("id", "id"),
                ("kind", "kind"),
                ("at", "at"),
                ("read", "read_at"),
                ("text", "text_zh"),
            ];
            let mut query = given([("unread", unread.then(|| "true".to_owned()))]);
            query.extend(page.query());
            client.show_list(&client.get("/notices", &query).await?, &columns)
        }
        NoticeCommand::Read { id: Some(id), .. } => {
            let path = format!("/notices/{}/read", part(&id));
            client.show(&client.call(Method::POST, &path, None).await?)
        }
        NoticeCommand::Read { id: None, .. } => client.show(&client.call(Method::POST, "/notices/read", None).await?),
    }
}

/// What has changed.
#[derive(Debug, clap::Args)]
pub(crate) struct LawChange {
    /// Its identifier.
    id: String,
    /// The day of the change, from which the limit runs.
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Which law or duty, and how.
    #[arg(long)]
    reason: String,
}

/// Records that law or duties have changed; `things` is `resources` or `orgs`.
pub(crate) async fn law_change(things: &str, it: LawChange, client: &Client) -> Result<(), Failure> {
    let path = format!("/{things}/{}/law-change", part(&it.id));
    let body: Value = json!({ "on": it.on, "reason": it.reason });
    client.show(&client.post(&path, &body).await?)
}

/// Updates of the catalogue.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum UpdateCommand {
    /// Show what an entry or a department owes, with its clock.
    Show {
        /// res_… or org_…
        subject: String,
    },
    /// Ask the authority for more time.
    Extend {
        /// res_… or org_…
        subject: String,
        /// Working days more.
        days: u32,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Answer whether more time is given.
    AnswerExtension {
        /// res_… or org_…
        subject: String,
        /// true or false.
        #[arg(action = clap::ArgAction::Set)]
        consent: bool,
        /// Why; must be said where it is declined.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// Does one of them.
pub(crate) async fn update(command: UpdateCommand, client: &Client) -> Result<(), Failure> {
    use UpdateCommand as C;
    let at = |subject: &str, rest: &str| format!("/catalog-updates/{}{rest}", part(subject));
    match command {
        C::Show { subject } => client.show(&client.get(&at(&subject, ""), &[]).await?),
        C::Extend { subject, days, reason } => {
            let body = json!({ "days": days, "reason": reason });
            client.show(&client.post(&at(&subject, "/extension"), &body).await?)
        }
        C::AnswerExtension {
            subject,
            consent,
            reason,
        } => {
            let body = json!({ "consent": consent, "reason": reason });
            client.show(
                &client
                    .call(Method::PUT, &at(&subject, "/extension"), Some(&body))
                    .await?,
            )
        }
    }
}
