//! Requests, agreements, tasks, corrections.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, filled, given};
use crate::{
    client::{Client, api::part, command::raw::body},
    exit::Failure,
};

/// Which of a list.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Only in this state.
    #[arg(long)]
    state: Option<String>,
    /// consumer or provider: only where your organisation is that side.
    #[arg(long)]
    side: Option<String>,
    /// Only of this resource, res_….
    #[arg(long)]
    resource: Option<String>,
    #[command(flatten)]
    page: Page,
}

impl Which {
    fn query(self) -> Vec<(&'static str, String)> {
        let mut query = given([("state", self.state), ("side", self.side), ("resource", self.resource)]);
        query.extend(self.page.query());
        query
    }
}

/// Terms that may be narrowed.
#[derive(Debug, clap::Args)]
pub(crate) struct Wish {
    /// An item, or ITEM=MASK: phone=keep-ends(3,4); as often as needed. Masks: clear, keep-ends(3,4), name,
    /// address-to-county, year-of-birth, pseudonym, null, sql(…).
    #[arg(short, long = "item", value_name = "ITEM[=MASK]")]
    items: Vec<String>,
    /// Row rule: division_code LIKE '3301%'.
    #[arg(long, value_name = "RULE")]
    rows: Option<String>,
    /// interface, batch or file; as often as needed.
    #[arg(long = "mode", value_name = "MODE")]
    modes: Vec<String>,
    /// Releases a day.
    #[arg(long, value_name = "N")]
    quota: Option<u64>,
    /// First day.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
}

impl Wish {
    /// The members that were given.
    fn members(&self) -> Value {
        let items: Vec<Value> = self.items.iter().map(|it| item(it)).collect();
        filled(json!({
            "items": (!items.is_empty()).then_some(items),
            "rows": self.rows,
            "modes": (!self.modes.is_empty()).then_some(&self.modes),
            "quota_per_day": self.quota,
            "from": self.from,
            "until": self.until,
        }))
    }
}

/// `item` or `item=mask`.
fn item(text: &str) -> Value {
    match text.split_once('=') {
        Some((item, mask)) => json!({ "item": item, "mask": mask }),
        None => json!({ "item": text }),
    }
}

fn merged(mut all: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (all.as_object_mut(), more) {
        members.extend(more);
    }
    all
}

/// Requests.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum RequestCommand {
    /// List requests of your organisation and to it.
    List(Which),
    /// Show one with its clocks.
    Show {
        /// req_…
        id: String,
    },
    /// Ask for a resource; with --warrant it is submitted at once, else it is a draft.
    New {
        /// The resource, res_….
        resource: String,
        /// law or duty.
        #[arg(long, default_value = "duty")]
        basis: String,
        /// Which law and article, which duty.
        #[arg(long, value_name = "TEXT")]
        basis_text: String,
        /// For what exactly.
        #[arg(long, value_name = "TEXT")]
        scenario: String,
        /// service, supervision, governance, statistics, credit, emergency or verification.
        #[arg(long)]
        purpose: String,
        #[command(flatten)]
        wish: Wish,
        /// You warrant that the request is truthful, lawful and necessary.
        #[arg(long)]
        warrant: bool,
    },
    /// Change a draft: members are laid over the application.
    Change {
        /// req_…
        id: String,
        /// The members to change, JSON text or @FILE.
        #[arg(short, long, value_name = "JSON|@FILE")]
        data: String,
    },
    /// Submit a draft; you warrant that it is truthful, lawful and necessary.
    Submit {
        /// req_…
        id: String,
        /// The warrant.
        #[arg(long, required = true)]
        warrant: bool,
    },
    /// Supplement what was asked for.
    Supplement {
        /// req_…
        id: String,
        /// The members to change, JSON text or @FILE.
        #[arg(short, long, value_name = "JSON|@FILE", default_value = "{}")]
        data: String,
        /// What was supplemented.
        #[arg(long)]
        note: String,
    },
    /// Withdraw one.
    Withdraw {
        /// req_…
        id: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Conformity check: pass it on to the provider.
    Accept {
        /// req_…
        id: String,
        /// What is thought of it.
        #[arg(long, default_value = "")]
        opinion: String,
    },
    /// Conformity check: ask for a supplement, once and for everything.
    AskSupplement {
        /// req_…
        id: String,
        /// What is missing; as often as needed.
        #[arg(long = "missing", required = true)]
        missing: Vec<String>,
    },
    /// Preview live rows as they are and as they would leave.
    Preview {
        /// req_…
        id: String,
        /// An item, or ITEM=MASK; as often as needed.
        #[arg(short, long = "item", value_name = "ITEM[=MASK]")]
        items: Vec<String>,
        /// Row rule, in addition to the asked one.
        #[arg(long, value_name = "RULE")]
        rows: Option<String>,
    },
    /// Grant: the agreement is made at once. What is not given is as it was asked.
    Grant {
        /// req_…
        id: String,
        #[command(flatten)]
        wish: Wish,
        /// What is thought of it.
        #[arg(long, default_value = "")]
        opinion: String,
    },
    /// Refuse, with reasons.
    Refuse {
        /// req_…
        id: String,
        /// withheld, no-basis, not-necessary, not-held or other.
        #[arg(long)]
        kind: String,
        /// Why.
        #[arg(long)]
        reasons: String,
        /// The law; must be named for withheld.
        #[arg(long)]
        law: Option<String>,
    },
    /// Ask for more time to decide.
    Extend {
        /// req_…
        id: String,
        /// Working days more.
        days: u32,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Answer whether more time is given.
    AnswerExtension {
        /// req_…
        id: String,
        /// true or false.
        #[arg(action = clap::ArgAction::Set)]
        consent: bool,
        /// Why; must be said where it is declined.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// Does one of them.
pub(crate) async fn request(command: RequestCommand, client: &Client) -> Result<(), Failure> {
    use RequestCommand as C;
    let at = |id: &str, rest: &str| format!("/requests/{}{rest}", part(id));
    let warrant = json!({ "truthful": true, "lawful": true, "necessary": true });
    let deed = async |id: String, rest: &str, body: Value| client.show(&client.post(&at(&id, rest), &body).await?);
    let changed = async |id: &str, data: &str| {
        let now = client.get(&at(id, ""), &[]).await?;
        Ok::<_, Failure>(merged(now.get("application").cloned().unwrap_or_default(), body(data)?))
    };
    match command {
        C::List(which) => {
            let columns = [
                ("id", "id"),
                ("number", "no"),
                ("state", "state"),
                ("resource", "resource"),
                ("consumer", "consumer"),
                ("submitted", "submitted_at"),
            ];
            client.show_list(&client.get("/requests", &which.query()).await?, &columns)
        }
        C::Show { id } => client.show(&client.get(&at(&id, ""), &[]).await?),
        C::New {
            resource,
            basis,
            basis_text,
            scenario,
            purpose,
            wish,
            warrant: is_warranted,
        } => {
            let asked = json!({
                "basis": basis, "basis_text": basis_text, "scenario": scenario, "purpose": purpose, "items": [], "modes": ["interface"],
            });
            let new = filled(json!({
                "resource": resource, "application": merged(asked, wish.members()), "warrant": is_warranted.then_some(warrant),
            }));
            client.show(&client.post("/requests", &new).await?)
        }
        C::Change { id, data } => {
            let application = changed(&id, &data).await?;
            client.show(&client.call(Method::PUT, &at(&id, ""), Some(&application)).await?)
        }
        C::Submit { id, .. } => deed(id, "/submit", warrant).await,
        C::Supplement { id, data, note } => {
            let application = changed(&id, &data).await?;
            deed(id, "/supplement", json!({ "application": application, "note": note })).await
        }
        C::Withdraw { id, reason } => deed(id, "/withdraw", json!({ "reason": reason })).await,
        C::Accept { id, opinion } => deed(id, "/accept", json!({ "opinion": opinion })).await,
        C::AskSupplement { id, missing } => deed(id, "/ask-supplement", json!({ "missing": missing })).await,
        C::Preview { id, items, rows } => {
            let items: Vec<Value> = items.iter().map(|it| item(it)).collect();
            deed(
                id,
                "/preview",
                filled(json!({ "items": (!items.is_empty()).then_some(items), "rows": rows })),
            )
            .await
        }
        C::Grant { id, wish, opinion } => {
            deed(id, "/grant", merged(wish.members(), json!({ "opinion": opinion }))).await
        }
        C::Refuse { id, kind, reasons, law } => {
            deed(
                id,
                "/refuse",
                filled(json!({ "kind": kind, "reasons": reasons, "law": law })),
            )
            .await
        }
        C::Extend { id, days, reason } => deed(id, "/extension", json!({ "days": days, "reason": reason })).await,
        C::AnswerExtension { id, consent, reason } => {
            let body = json!({ "consent": consent, "reason": reason });
            client.show(&client.call(Method::PUT, &at(&id, "/extension"), Some(&body)).await?)
        }
    }
}

/// Agreements.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AgreementCommand {
    /// List agreements of your organisation.
    List(Which),
    /// Show one with its terms and steps.
    Show {
        /// agr_…
        id: String,
    },
    /// Change the terms of one on your data.
    Change {
        /// agr_…
        id: String,
        #[command(flatten)]
        wish: Wish,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Show how many releases each day used.
    Usage {
        /// agr_…
        id: String,
        /// First day.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
    },
    /// Stop its use for a while.
    Suspend(Because),
    /// Let it be used again.
    Resume(Because),
    /// End it.
    Revoke(Because),
    /// Tell that the data was provided.
    Provided {
        /// agr_…
        id: String,
    },
    /// Prove that the data obtained was disposed of.
    Disposal {
        /// agr_…
        id: String,
        /// deleted, destroyed or none-kept.
        #[arg(long)]
        how: String,
        /// The day it was done.
        #[arg(long, value_name = "DATE")]
        on: String,
        /// What is stated.
        #[arg(long)]
        statement: String,
    },
}

/// A thing and a reason.
#[derive(Debug, clap::Args)]
pub(crate) struct Because {
    /// Its identifier.
    id: String,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
}

/// Does one of them.
pub(crate) async fn agreement(command: AgreementCommand, client: &Client) -> Result<(), Failure> {
    use AgreementCommand as C;
    let at = |id: &str, rest: &str| format!("/agreements/{}{rest}", part(id));
    let deed = async |id: String, rest: &str, body: Value| client.show(&client.post(&at(&id, rest), &body).await?);
    match command {
        C::List(which) => {
            let columns = [
                ("id", "id"),
                ("number", "no"),
                ("state", "state"),
                ("resource", "resource"),
                ("consumer", "consumer"),
                ("until", "terms.until"),
            ];
            client.show_list(&client.get("/agreements", &which.query()).await?, &columns)
        }
        C::Show { id } => client.show(&client.get(&at(&id, ""), &[]).await?),
        C::Change { id, wish, reason } => {
            let change = merged(wish.members(), json!({ "reason": reason }));
            client.show(&client.call(Method::PATCH, &at(&id, ""), Some(&change)).await?)
        }
        C::Usage { id, from } => {
            let usage = client.get(&at(&id, "/usage"), &given([("from", from)])).await?;
            client.show_list(&usage, &[("day", "day"), ("used", "used")])
        }
        C::Suspend(it) => deed(it.id, "/suspend", json!({ "reason": it.reason })).await,
        C::Resume(it) => deed(it.id, "/resume", json!({ "reason": it.reason })).await,
        C::Revoke(it) => deed(it.id, "/revoke", json!({ "reason": it.reason })).await,
        C::Provided { id } => client.show(&client.call(Method::POST, &at(&id, "/provided"), None).await?),
        C::Disposal { id, how, on, statement } => {
            deed(id, "/disposal", json!({ "how": how, "on": on, "statement": statement })).await
        }
    }
}

/// What waits for me.
pub(crate) async fn tasks(client: &Client) -> Result<(), Failure> {
    let columns = [
        ("task", "kind"),
        ("subject", "subject"),
        ("number", "no"),
        ("title", "title"),
        ("last day", "last_day"),
        ("overdue", "overdue"),
        ("escalated", "escalated"),
    ];
    client.show_list(&client.get("/tasks", &[]).await?, &columns)
}

/// Corrections.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CorrectionCommand {
    /// List corrections.
    List(Which),
    /// Show one.
    Show {
        /// cor_…
        id: String,
    },
    /// Say that shared data is wrong.
    Ask {
        /// The resource, res_….
        resource: String,
        /// The item, when it is one.
        #[arg(long)]
        item: Option<String>,
        /// Which records, without their values.
        #[arg(long, value_name = "TEXT")]
        which: String,
        /// What is wrong.
        #[arg(long, value_name = "TEXT")]
        problem: String,
        /// What shows it.
        #[arg(long, value_name = "TEXT", default_value = "")]
        evidence: String,
    },
    /// Answer one about your data.
    Answer {
        /// cor_…
        id: String,
        /// The finding: corrected, no-error, ….
        #[arg(long)]
        finding: String,
        /// What was found.
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Close an answered one.
    Close {
        /// cor_…
        id: String,
    },
    /// Withdraw one.
    Withdraw(Because),
    /// Dispute the answer.
    Dispute(Because),
}

/// Does one of them.
pub(crate) async fn correction(command: CorrectionCommand, client: &Client) -> Result<(), Failure> {
    use CorrectionCommand as C;
    let at = |id: &str, rest: &str| format!("/corrections/{}{rest}", part(id));
    let deed = async |id: String, rest: &str, body: Option<Value>| {
        client.show(&client.call(Method::POST, &at(&id, rest), body.as_ref()).await?)
    };
    match command {
        C::List(which) => {
            let columns = [
                ("id", "id"),
                ("number", "no"),
                ("state", "state"),
                ("resource", "resource"),
                ("item", "item"),
                ("problem", "problem"),
            ];
            client.show_list(&client.get("/corrections", &which.query()).await?, &columns)
        }
        C::Show { id } => client.show(&client.get(&at(&id, ""), &[]).await?),
        C::Ask {
            resource,
            item,
            which,
            problem,
            evidence,
        } => {
            let new = filled(
                json!({ "resource": resource, "item": item, "which": which, "problem": problem, "evidence": evidence }),
            );
            client.show(&client.post("/corrections", &new).await?)
        }
        C::Answer { id, finding, text } => deed(id, "/answer", Some(json!({ "finding": finding, "text": text }))).await,
        C::Close { id } => deed(id, "/close", None).await,
        C::Withdraw(it) => deed(it.id, "/withdraw", Some(json!({ "reason": it.reason }))).await,
        C::Dispute(it) => deed(it.id, "/dispute", Some(json!({ "reason": it.reason }))).await,
    }
}

/// Disputes between two departments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum DisputeCommand {
    /// List disputes of your organisation; all for the authority.
    List(Page),
    /// Show one with its way up the ladder.
    Show {
        /// dsp_…
        id: String,
    },
    /// Raise one over a refused request or a suspended or revoked agreement.
    Raise {
        /// req_… or agr_…
        subject: String,
        /// What it is about.
        #[arg(long, value_name = "TEXT")]
        claim: String,
    },
    /// Propose a settlement to the other department.
    Propose(InWords),
    /// No agreement: up to the next rung.
    Climb(InWords),
    /// Agree to what the other department proposed; above the first rung, record the outcome.
    Settle(InWords),
    /// Take back one that your department raised.
    Withdraw(InWords),
}

/// A dispute and what is said.
#[derive(Debug, clap::Args)]
pub(crate) struct InWords {
    /// dsp_…
    id: String,
    /// What was tried, proposed or agreed.
    #[arg(long, default_value = "")]
    text: String,
}

/// Does one of them.
pub(crate) async fn dispute(command: DisputeCommand, client: &Client) -> Result<(), Failure> {
    use DisputeCommand as C;
    let at = |id: &str, rest: &str| format!("/disputes/{}{rest}", part(id));
    let deed = async |it: InWords, rest: &str| {
        let words = json!({ "text": it.text });
        client.show(&client.post(&at(&it.id, rest), &words).await?)
    };
    match command {
        C::List(page) => {
            let columns = [
                ("id", "id"),
                ("number", "no"),
                ("state", "state"),
                ("subject", "subject"),
                ("raised by", "raiser"),
                ("against", "other"),
            ];
            client.show_list(&client.get("/disputes", &page.query()).await?, &columns)
        }
        C::Show { id } => client.show(&client.get(&at(&id, ""), &[]).await?),
        C::Raise { subject, claim } => {
            let new = json!({ "subject": subject, "claim": claim });
            client.show(&client.post("/disputes", &new).await?)
        }
        C::Propose(it) => deed(it, "/propose").await,
        C::Climb(it) => deed(it, "/climb").await,
        C::Settle(it) => deed(it, "/settle").await,
        C::Withdraw(it) => deed(it, "/withdraw").await,
    }
}
