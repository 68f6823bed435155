//! Deliveries and their runs.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Page, filled, given};
use crate::{
    client::{Client, api::part, ask, show},
    exit::{Exit, Failure},
    out,
};

/// Deliveries.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum DeliveryCommand {
    /// List your organisation's deliveries.
    List {
        /// Only under this agreement, agr_….
        #[arg(long)]
        agreement: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show one.
    Show {
        /// dlv_…
        id: String,
    },
    /// Make one.
    New {
        /// Its name.
        name: String,
        #[command(flatten)]
        to: SinkArgs,
        /// A table or file that no delivery made may be replaced.
        #[arg(long)]
        replace: bool,
        /// Rows that may be put into quarantine before a run fails.
        #[arg(long, value_name = "N")]
        error_limit: Option<u64>,
    },
    /// Try a target: what each item becomes there. Nothing is kept.
    Try(SinkArgs),
    /// Try the target of a delivery again.
    Preflight {
        /// dlv_…
        id: String,
    },
    /// Start a run; with --wait, follow it to its end.
    Run {
        /// dlv_…
        id: String,
        /// Wait for the end; 1 when the run fails.
        #[arg(long)]
        wait: bool,
    },
    /// List its runs.
    Runs {
        /// dlv_…
        id: String,
        #[command(flatten)]
        page: Page,
    },
    /// Pause it: no new runs.
    Pause {
        /// dlv_…
        id: String,
    },
    /// Let it run again.
    Resume {
        /// dlv_…
        id: String,
    },
    /// End it for good.
    End {
        /// dlv_…
        id: String,
    },
}

/// Where rows go.
#[derive(Debug, clap::Args)]
pub(crate) struct SinkArgs {
    /// The agreement, agr_….
    #[arg(long)]
    agreement: String,
    /// postgres, mysql, sqlite, csv, xlsx, jsonl or parquet.
    #[arg(long)]
    kind: String,
    /// An option NAME=VALUE: host, port, database, user, sslmode; or path.
    #[arg(short, long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
    /// The table, for databases.
    #[arg(long, default_value = "")]
    table: String,
    /// What a run brings: every row, or only the rows that differ from what stands in the table.
    #[arg(long, value_parser = ["full", "changes"])]
    refresh: Option<String>,
    /// Ask for the password, or read it from standard input.
    #[arg(long)]
    secret: bool,
}

impl SinkArgs {
    fn sink(&self) -> Result<Value, Failure> {
        let mut options = Map::new();
        for it in &self.options {
            let (name, value) = it
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("`{it}`: write NAME=VALUE")))?;
            options.insert(name.to_owned(), value.into());
        }
        let secret = if self.secret {
            Some(ask::secret("password of the target: ")?)
        } else {
            None
        };
        Ok(filled(json!({
            "kind": self.kind, "options": options, "table": self.table, "secret": secret.as_ref().map(|it| it.expose()),
        })))
    }
}

const RUN_COLUMNS: [show::Column; 5] = [
    ("run", "id"),
    ("state", "state"),
    ("rows", "progress.rows"),
    ("queued", "queued_at"),
    ("ended", "ended_at"),
];

/// Does one of them.
pub(crate) async fn delivery(command: DeliveryCommand, client: &Client) -> Result<(), Failure> {
    use DeliveryCommand as C;
    let at = |id: &str, rest: &str| format!("/deliveries/{}{rest}", part(id));
    let deed = async |id: String, rest: &str| client.show(&client.call(Method::POST, &at(&id, rest), None).await?);
    match command {
        C::List { agreement, page } => {
            let mut query = given([("agreement", agreement)]);
            query.extend(page.query());
            let columns = [
                ("id", "id"),
                ("name", "name"),
                ("state", "state"),
                ("agreement", "agreement"),
                ("target", "sink.kind"),
                ("refresh", "refresh"),
                ("last run", "last_run.state"),
            ];
            client.show_list(&client.get("/deliveries", &query).await?, &columns)
        }
        C::Show { id } => client.show(&client.get(&at(&id, ""), &[]).await?),
        C::New {
            name,
            to,
            replace,
            error_limit,
        } => {
            let new = filled(json!({
                "agreement": to.agreement, "name": name, "sink": to.sink()?, "refresh": to.refresh, "replace": replace,
                "error_limit": error_limit,
            }));
            client.show(&client.post("/deliveries", &new).await?)
        }
        C::Try(to) => {
            let attempt = filled(json!({ "agreement": to.agreement, "sink": to.sink()?, "refresh": to.refresh }));
            client.show(&client.post("/deliveries/preflight", &attempt).await?)
        }
        C::Preflight { id } => deed(id, "/preflight").await,
        C::Run { id, wait } => {
            let run = client.call(Method::POST, &at(&id, "/runs"), None).await?;
            match run.get("id").and_then(Value::as_str) {
                Some(run) if wait => follow(client, run).await,
                _ => client.show(&run),
            }
        }
        C::Runs { id, page } => client.show_list(&client.get(&at(&id, "/runs"), &page.query()).await?, &RUN_COLUMNS),
        C::Pause { id } => deed(id, "/pause").await,
        C::Resume { id } => deed(id, "/resume").await,
        C::End { id } => client.show(&client.call(Method::DELETE, &at(&id, ""), None).await?),
    }
}

/// Runs.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum RunCommand {
    /// Show one with its progress and report.
    Show {
        /// run_…
        id: String,
    },
    /// Follow one to its end.
    Wait {
        /// run_…
        id: String,
    },
    /// Stop one.
    Cancel {
        /// run_…
        id: String,
    },
}

/// Does one of them.
pub(crate) async fn run(command: RunCommand, client: &Client) -> Result<(), Failure> {
    match command {
        RunCommand::Show { id } => client.show(&client.get(&format!("/runs/{}", part(&id)), &[]).await?),
        RunCommand::Wait { id } => follow(client, &id).await,
        RunCommand::Cancel { id } => client.show(
            &client
                .call(Method::POST, &format!("/runs/{}/cancel", part(&id)), None)
                .await?,
        ),
    }
}

/// Looks every second until the run has ended; a run that did not succeed is a failure.
async fn follow(client: &Client, id: &str) -> Result<(), Failure> {
    let mut last = String::new();
    loop {
        let run = client.get(&format!("/runs/{}", part(id)), &[]).await?;
        let state = run.get("state").map(show::text).unwrap_or_default();
        let rows = run.pointer("/progress/rows").map(show::text).unwrap_or_default();
        let line = format!("{state}  {rows} rows");
        if line != last && !client.as_json {
            out::line(&line)?;
            last = line;
        }
        match state.as_str() {
            "done" | "succeeded" => return client.show(&run),
            "failed" | "cancelled" => {
                client.show(&run)?;
                return Err(Failure::new(Exit::Failed, format!("the run ended as {state}")));
            }
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}
