//! Ledger, policy, clocks, calendar.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, filled, given};
use crate::{
    client::{Client, api::part, command::raw::body, show},
    exit::Failure,
    out,
};

/// The ledger.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum LedgerCommand {
    /// List entries.
    List {
        /// Only of this kind.
        #[arg(long)]
        kind: Option<String>,
        /// Only of this subject.
        #[arg(long)]
        subject: Option<String>,
        /// Only what names this identifier.
        #[arg(long, value_name = "ID")]
        mentions: Option<String>,
        /// Only by this person, act_….
        #[arg(long)]
        actor: Option<String>,
        /// First day.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// Last day.
        #[arg(long, value_name = "DATE")]
        to: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show one entry with its proof.
    Show {
        /// Its number.
        index: u64,
    },
    /// Make an evidence bundle for `jutong verify`.
    Bundle {
        #[command(flatten)]
        of: BundleOf,
        /// The file; standard output when absent.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the public keys of the node's log, for `jutong verify --vkey`.
    Keys,
    /// Publish a checkpoint now.
    Publish,
    /// Compare the whole ledger with every checkpoint ever published.
    Check,
}

/// Of what a bundle is made.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct BundleOf {
    /// Numbers of entries, with commas between.
    #[arg(long, value_delimiter = ',', value_name = "N,N")]
    entries: Option<Vec<u64>>,
    /// Everything done to one subject.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Everything that names an identifier.
    #[arg(long, value_name = "ID")]
    mentions: Option<String>,
    /// The receipts of a release, rel_….
    #[arg(long, value_name = "ID")]
    release: Option<String>,
    /// Everything about an agreement, agr_….
    #[arg(long, value_name = "ID")]
    agreement: Option<String>,
}

/// Does one of them.
pub(crate) async fn ledger(command: LedgerCommand, client: &Client) -> Result<(), Failure> {
    match command {
        LedgerCommand::List {
            kind,
            subject,
            mentions,
            actor,
            from,
            to,
            page,
        } => {
            let mut query = given([
                ("kind", kind),
                ("subject", subject),
                ("mentions", mentions),
                ("actor", actor),
                ("from", from),
                ("to", to),
            ]);
            query.extend(page.query());
            let columns = [
                ("number", "index"),
                ("at", "at"),
                ("kind", "kind"),
                ("actor", "actor"),
                ("subject", "subject"),
            ];
            client.show_list(&client.get("/ledger", &query).await?, &columns)
        }
        LedgerCommand::Show { index } => client.show(&client.get(&format!("/ledger/{index}"), &[]).await?),
        LedgerCommand::Bundle { of, output } => bundle(of, output, client).await,
        LedgerCommand::Keys => {
            let keys = client.get("/ledger/keys", &[]).await?;
            if client.as_json {
                return Ok(out::json(&keys)?);
            }
            let lines: Vec<String> = keys.as_array().into_iter().flatten().map(show::text).collect();
            Ok(out::line(&lines.join("\n"))?)
        }
        LedgerCommand::Publish => client.show(&client.call(Method::POST, "/ledger/publish", None).await?),
        LedgerCommand::Check => client.show(&client.call(Method::POST, "/ledger/check", None).await?),
    }
}

/// Makes a bundle and writes it where it is wanted.
async fn bundle(of: BundleOf, output: Option<PathBuf>, client: &Client) -> Result<(), Failure> {
    let wanted = filled(json!({
        "entries": of.entries, "subject": of.subject, "mentions": of.mentions, "release": of.release, "agreement": of.agreement,
    }));
    let response = client
        .send(Method::POST, "/ledger/bundle", &[], Some(&wanted), None)
        .await?;
    let bytes = response
        .bytes()
        .await
        .map_err(|error| Failure::because("the answer broke off", &error.without_url()))?;
    match output {
        Some(path) => {
            std::fs::write(&path, &bytes).map_err(|error| Failure::because(&path.display().to_string(), &error))?;
            client.wrote(&path, bytes.len() as u64)
        }
        None => Ok(out::bytes(&bytes)?),
    }
}

/// The policy.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum PolicyCommand {
    /// Would X be allowed Y on Z, and by which rule, or why not?
    Explain {
        /// The deed: use-data, decide-request, ….
        action: String,
        /// What it is about: res_…, req_…, agr_…, org_…; the platform when absent.
        subject: Option<String>,
        /// Who, act_…; you when absent.
        #[arg(long, value_name = "ID")]
        who: Option<String>,
        /// For use-data: the purpose.
        #[arg(long)]
        purpose: Option<String>,
        /// For use-data: interface, batch or file.
        #[arg(long)]
        mode: Option<String>,
        /// For manage-agreement: change, suspend, resume or revoke.
        #[arg(long)]
        deed: Option<String>,
    },
}

/// Does one of them.
pub(crate) async fn policy(command: PolicyCommand, client: &Client) -> Result<(), Failure> {
    let PolicyCommand::Explain {
        action,
        subject,
        who,
        purpose,
        mode,
        deed,
    } = command;
    let question = filled(json!({
        "action": action, "subject": subject, "who": who, "purpose": purpose, "mode": mode, "deed": deed,
    }));
    client.show(&client.post("/policy/explain", &question).await?)
}

/// Time limits.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ClockCommand {
    /// List every limit with its legal basis.
    List,
    /// Set a limit; a region's may only be stricter.
    Set {
        /// The clock: T1 to T8.
        clock: String,
        /// Its members, JSON text or @FILE: {"region":"530100","basis_zh":"…","value":5}.
        #[arg(short, long, value_name = "JSON|@FILE")]
        data: String,
    },
    /// Remove a region's limit.
    Remove {
        /// The clock.
        clock: String,
        /// The region's division code.
        region: String,
    },
}

/// Does one of them.
pub(crate) async fn clock(command: ClockCommand, client: &Client) -> Result<(), Failure> {
    match command {
        ClockCommand::List => {
            let columns = [
                ("clock", "clock"),
                ("name", "name_en"),
                ("region", "region"),
                ("value", "value"),
                ("unit", "unit"),
                ("basis", "basis_zh"),
            ];
            client.show_list(&client.get("/clocks", &[]).await?, &columns)
        }
        ClockCommand::Set { clock, data } => client.show(
            &client
                .call(Method::PUT, &format!("/clocks/{}", part(&clock)), Some(&body(&data)?))
                .await?,
        ),
        ClockCommand::Remove { clock, region } => {
            let path = format!("/clocks/{}/{}", part(&clock), part(&region));
            client.show(&client.call(Method::DELETE, &path, None).await?)
        }
    }
}

/// The calendar.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CalendarCommand {
    /// List the days that differ from their weekday.
    List {
        /// Only of this year.
        #[arg(long)]
        year: Option<i32>,
    },
    /// Set a day.
    Set {
        /// The day, 2026-04-06.
        date: String,
        /// holiday or workday.
        #[arg(long)]
        kind: String,
        /// Its name in Chinese.
        #[arg(long)]
        name: String,
        /// Its name in English.
        #[arg(long, default_value = "")]
        name_en: String,
        /// The notice it follows.
        #[arg(long, default_value = "")]
        basis: String,
    },
    /// Let a day be what its weekday is.
    Remove {
        /// The day.
        date: String,
    },
}

/// Does one of them.
pub(crate) async fn calendar(command: CalendarCommand, client: &Client) -> Result<(), Failure> {
    let at = |date: &str| format!("/calendar/{}", part(date));
    match command {
        CalendarCommand::List { year } => {
            let columns = [
                ("date", "date"),
                ("kind", "kind"),
                ("name", "name_zh"),
                ("in English", "name_en"),
                ("basis", "basis"),
            ];
            let query = given([("year", year.map(|it| it.to_string()))]);
            client.show_list(&client.get("/calendar", &query).await?, &columns)
        }
        CalendarCommand::Set {
            date,
            kind,
            name,
            name_en,
            basis,
        } => {
            let day: Value = json!({ "kind": kind, "name_zh": name, "name_en": name_en, "basis": basis });
            client.show(&client.call(Method::PUT, &at(&date), Some(&day)).await?)
        }
        CalendarCommand::Remove { date } => client.show(&client.call(Method::DELETE, &at(&date), None).await?),
    }
}
