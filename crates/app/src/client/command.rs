//! Every client command, one file a noun.

pub(crate) mod catalog;
pub(crate) mod data;
pub(crate) mod moving;
pub(crate) mod notice;
pub(crate) mod people;
pub(crate) mod proof;
pub(crate) mod raw;
pub(crate) mod sharing;

use serde_json::Value;

use super::{Client, ask::LoginArgs};
use crate::{exit::Failure, out};

/// What can be asked of a node.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Login(LoginArgs),
    /// End the session of `jutong login` and forget it.
    Logout,
    /// Show who is signed in, where, and with which roles.
    Whoami,
    /// Change your own password.
    Password,
    /// Organisations: list, show, add, change.
    #[command(subcommand)]
    Org(people::OrgCommand),
    /// People and their roles.
    #[command(subcommand)]
    Person(people::PersonCommand),
    /// API tokens, yours or a program's: list, issue, revoke.
    #[command(subcommand)]
    Token(people::TokenCommand),
    /// Limits on passwords, sessions and tokens: list, set.
    #[command(subcommand)]
    Limit(people::LimitCommand),
    /// Your sessions: list, end.
    #[command(subcommand)]
    Session(people::SessionCommand),
    /// Sources of your department: connect, test, look into.
    #[command(subcommand)]
    Source(catalog::SourceCommand),
    /// Catalogue entries of your department, from draft to withdrawn.
    #[command(subcommand)]
    Resource(catalog::ResourceCommand),
    /// Updates of the catalogue that are owed because law or duties have changed (T1): show, ask for more time.
    #[command(subcommand)]
    CatalogUpdate(notice::UpdateCommand),
    Search(catalog::SearchArgs),
    /// Sharing requests: ask, check, decide.
    #[command(subcommand)]
    Request(sharing::RequestCommand),
    /// Agreements: look, change, suspend, revoke, prove disposal.
    #[command(subcommand)]
    Agreement(sharing::AgreementCommand),
    /// What waits for you, with its clocks.
    Task,
    /// What you were told: list, mark as read.
    #[command(subcommand)]
    Notice(notice::NoticeCommand),
    /// Corrections of shared data.
    #[command(subcommand)]
    Correction(sharing::CorrectionCommand),
    /// Disputes with another department: list, show, raise, propose, climb, settle, withdraw.
    #[command(subcommand)]
    Dispute(sharing::DisputeCommand),
    /// Deliveries into your own database or file.
    #[command(subcommand)]
    Delivery(moving::DeliveryCommand),
    /// Runs of deliveries.
    #[command(subcommand)]
    Run(moving::RunCommand),
    /// The ledger: entries, evidence bundles, keys.
    #[command(subcommand)]
    Ledger(proof::LedgerCommand),
    /// Would it be allowed, and why not?
    #[command(subcommand)]
    Policy(proof::PolicyCommand),
    /// Time limits with their legal basis.
    #[command(subcommand)]
    Clock(proof::ClockCommand),
    /// Holidays and make-up working days.
    #[command(subcommand)]
    Calendar(proof::CalendarCommand),
    /// Figures of the node: jobs, ledger, releases.
    Operations,
    /// Use data under agreements: tables, rows, one record, SQL.
    #[command(subcommand)]
    Data(data::DataCommand),
    Api(raw::ApiArgs),
}

/// Does one of them.
pub(crate) async fn run(command: Command, client: &Client) -> Result<(), Failure> {
    match command {
        Command::Login(_) | Command::Logout => Ok(()),
        Command::Whoami => {
            let me = client.get("/me", &[]).await?;
            if !client.as_json {
                out::line(&format!("node   {}", client.server()))?;
            }
            client.show(&me)
        }
        Command::Password => super::ask::password(client).await,
        Command::Org(it) => people::org(it, client).await,
        Command::Person(it) => people::person(it, client).await,
        Command::Token(it) => people::token(it, client).await,
        Command::Limit(it) => people::limit(it, client).await,
        Command::Session(it) => people::session(it, client).await,
        Command::Source(it) => catalog::source(it, client).await,
        Command::Resource(it) => catalog::resource(it, client).await,
        Command::CatalogUpdate(it) => notice::update(it, client).await,
        Command::Search(it) => catalog::search(it, client).await,
        Command::Request(it) => sharing::request(it, client).await,
        Command::Agreement(it) => sharing::agreement(it, client).await,
        Command::Task => sharing::tasks(client).await,
        Command::Notice(it) => notice::notice(it, client).await,
        Command::Correction(it) => sharing::correction(it, client).await,
        Command::Dispute(it) => sharing::dispute(it, client).await,
        Command::Delivery(it) => moving::delivery(it, client).await,
        Command::Run(it) => moving::run(it, client).await,
        Command::Ledger(it) => proof::ledger(it, client).await,
        Command::Policy(it) => proof::policy(it, client).await,
        Command::Clock(it) => proof::clock(it, client).await,
        Command::Calendar(it) => proof::calendar(it, client).await,
        Command::Operations => client.show(&client.get("/operations", &[]).await?),
        Command::Data(it) => data::run(it, client).await,
        Command::Api(it) => raw::run(it, client).await,
    }
}

/// What is said of a query's parts that were given.
pub(crate) fn given<const N: usize>(pairs: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// A JSON object without the members that were not given.
pub(crate) fn filled(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}

/// Which part of a list.
#[derive(Debug, clap::Args)]
pub(crate) struct Page {
    /// Go on where the last part ended.
    #[arg(long, value_name = "NEXT")]
    pub(crate) after: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

impl Page {
    pub(crate) fn query(self) -> Vec<(&'static str, String)> {
        given([("after", self.after), ("limit", self.limit.map(|it| it.to_string()))])
    }
}
