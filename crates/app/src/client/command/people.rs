//! Organisations, people, tokens.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, filled, given};
use crate::{
    client::{Client, api::part, command::raw::body},
    exit::Failure,
};

/// Organisations.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum OrgCommand {
    /// List the tree.
    List,
    /// Show one.
    Show {
        /// org_…
        id: String,
    },
    /// Add one.
    Add(OrgArgs),
    /// Act for another organisation in which you have a role, for the rest of the session.
    ActFor {
        /// org_…
        id: String,
    },
    /// Change one; what is not given stays.
    Change {
        /// org_…
        id: String,
        /// The members to change, JSON text or @FILE: {"name_en": "…"}.
        #[arg(short, long, value_name = "JSON|@FILE")]
        data: String,
    },
    /// Record that law or duties have changed for its whole catalogue: the update is due from that day on (T1).
    LawChanged(super::notice::LawChange),
}

/// A new organisation.
#[derive(Debug, clap::Args)]
pub(crate) struct OrgArgs {
    /// Unified social credit code (GB 32100).
    #[arg(long)]
    code: String,
    /// Full name.
    #[arg(long)]
    name: String,
    /// Name in English.
    #[arg(long, default_value = "")]
    name_en: String,
    /// Short name.
    #[arg(long, default_value = "")]
    short_name: String,
    /// The organisation it stands below, org_….
    #[arg(long)]
    parent: Option<String>,
    /// nation, province, city, county or township.
    #[arg(long)]
    level: String,
    /// Division code (GB/T 2260).
    #[arg(long)]
    division: String,
    /// department, authority, authorised or government.
    #[arg(long, default_value = "department")]
    kind: String,
}

/// Does one of them.
pub(crate) async fn org(command: OrgCommand, client: &Client) -> Result<(), Failure> {
    match command {
        OrgCommand::List => {
            let columns = [
                ("id", "id"),
                ("name", "name"),
                ("level", "level"),
                ("division", "division"),
                ("kind", "kind"),
                ("code", "code"),
            ];
            client.show_list(&client.get("/orgs", &[]).await?, &columns)
        }
        OrgCommand::Show { id } => client.show(&client.get(&format!("/orgs/{}", part(&id)), &[]).await?),
        OrgCommand::Add(it) => {
            let body = filled(json!({
                "code": it.code, "name": it.name, "name_en": it.name_en, "short_name": it.short_name,
                "parent": it.parent, "level": it.level, "division": it.division, "kind": it.kind,
            }));
            client.show(&client.post("/orgs", &body).await?)
        }
        OrgCommand::LawChanged(it) => super::notice::law_change("orgs", it, client).await,
        OrgCommand::ActFor { id } => {
            client.post("/me/organisation", &json!({ "org": id })).await?;
            client.show(&client.get("/me", &[]).await?)
        }
        OrgCommand::Change { id, data } => {
            let path = format!("/orgs/{}", part(&id));
            let mut org = client.get(&path, &[]).await?;
            if let (Some(members), Value::Object(changes)) = (org.as_object_mut(), body(&data)?) {
                members.remove("id");
                members.extend(changes);
            }
            client.show(&client.call(Method::PUT, &path, Some(&filled(org))).await?)
        }
    }
}

/// People.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum PersonCommand {
    /// List people.
    List {
        /// Only of this organisation.
        #[arg(long)]
        org: Option<String>,
        /// Part of a name.
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show one.
    Show {
        /// act_…
        id: String,
    },
    /// Register somebody; the first password is made and shown once.
    Add {
        /// Sign-in name.
        login: String,
        /// Name in Chinese.
        #[arg(long)]
        name: String,
        /// Name in Latin letters.
        #[arg(long, default_value = "")]
        name_en: String,
        /// Organisation, org_….
        #[arg(long)]
        org: String,
        /// A role there: data-officer, approver, authority, system-admin, security-admin, auditor, leader, service.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// A program that uses tokens and never signs in.
        #[arg(long)]
        program: bool,
    },
    /// Change somebody's names or organisation; what is not given stays.
    Change {
        /// act_…
        id: String,
        /// Name in Chinese.
        #[arg(long)]
        name: Option<String>,
        /// Name in Latin letters.
        #[arg(long)]
        name_en: Option<String>,
        /// Organisation, org_….
        #[arg(long)]
        org: Option<String>,
    },
    /// Replace somebody's roles.
    Posts {
        /// act_…
        id: String,
        /// ORG=ROLE, as often as needed: org_…=approver.
        #[arg(value_name = "ORG=ROLE")]
        posts: Vec<String>,
    },
    /// Switch somebody off, with every session and token.
    Disable {
        /// act_…
        id: String,
    },
    /// Switch somebody on again.
    Enable {
        /// act_…
        id: String,
    },
    /// Open a sign-in lock before its time.
    Unlock {
        /// act_…
        id: String,
    },
    /// Make a new first password, shown once.
    ResetPassword {
        /// act_…
        id: String,
    },
}

/// Does one of them.
pub(crate) async fn person(command: PersonCommand, client: &Client) -> Result<(), Failure> {
    let deed = async |id: String, deed: &str| {
        client.show(
            &client
                .call(Method::POST, &format!("/people/{}/{deed}", part(&id)), None)
                .await?,
        )
    };
    match command {
        PersonCommand::List { org, text, page } => {
            let mut query = given([("org", org), ("text", text)]);
            query.extend(page.query());
            let columns = [
                ("id", "id"),
                ("login", "login"),
                ("name", "name_zh"),
                ("org", "org"),
                ("state", "state"),
            ];
            client.show_list(&client.get("/people", &query).await?, &columns)
        }
        PersonCommand::Show { id } => client.show(&client.get(&format!("/people/{}", part(&id)), &[]).await?),
        PersonCommand::Add {
            login,
            name,
            name_en,
            org,
            roles,
            program,
        } => {
            let posts: Vec<Value> = roles.iter().map(|role| json!({ "org": org, "role": role })).collect();
            let body = json!({
                "login": login, "name_zh": name, "name_en": name_en, "org": org, "posts": posts, "without_password": program,
            });
            client.show(&client.post("/people", &body).await?)
        }
        PersonCommand::Change { id, name, name_en, org } => {
            let path = format!("/people/{}", part(&id));
            let now = client.get(&path, &[]).await?;
            let kept = |given: Option<String>, member: &str| {
                given.map_or_else(|| now.get(member).cloned().unwrap_or_default(), Value::from)
            };
            let body = json!({
                "name_zh": kept(name, "name_zh"), "name_en": kept(name_en, "name_en"), "org": kept(org, "org"),
            });
            client.show(&client.call(Method::PUT, &path, Some(&body)).await?)
        }
        PersonCommand::Posts { id, posts } => {
            let posts = posts.iter().map(|it| {
                let (org, role) = it
                    .split_once('=')
                    .ok_or_else(|| Failure::usage(format!("`{it}`: write ORG=ROLE")))?;
                Ok(json!({ "org": org, "role": role }))
            });
            let body = json!({ "posts": posts.collect::<Result<Vec<_>, Failure>>()? });
            client.show(
                &client
                    .call(Method::PUT, &format!("/people/{}/posts", part(&id)), Some(&body))
                    .await?,
            )
        }
        PersonCommand::Disable { id } => deed(id, "disable").await,
        PersonCommand::Enable { id } => deed(id, "enable").await,
        PersonCommand::Unlock { id } => deed(id, "unlock").await,
        PersonCommand::ResetPassword { id } => deed(id, "password").await,
    }
}

/// Tokens.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum TokenCommand {
    /// List your tokens, or those of a program.
    List {
        /// A program, act_….
        #[arg(long, value_name = "ACT")]
        of: Option<String>,
    },
    /// Issue one for yourself or for a program; its secret is shown once.
    Issue {
        /// A program, act_…; the system administrator issues its tokens.
        #[arg(long = "for", value_name = "ACT", conflicts_with = "roles")]
        program: Option<String>,
        /// What it is for.
        name: String,
        /// Days until it ends.
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// Some of your roles; all when absent.
        #[arg(long = "role")]
        roles: Vec<String>,
    },
    /// Revoke one.
    Revoke {
        /// tok_…
        id: String,
        /// Whose it is, act_…; yours when absent.
        #[arg(long, value_name = "ACT")]
        of: Option<String>,
    },
}

/// The tokens of somebody, or one's own.
fn tokens(of: Option<&str>) -> String {
    of.map_or_else(|| "/tokens".to_owned(), |of| format!("/people/{}/tokens", part(of)))
}

/// Limits on passwords, sessions and tokens.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum LimitCommand {
    /// List them with their national values.
    List,
    /// Make one stricter than the national value, or equal to it again.
    Set {
        /// lock-after-failures, lock-minutes, session-idle-minutes, ….
        name: String,
        /// The value.
        value: u64,
        /// The rule it comes from.
        #[arg(long, value_name = "TEXT")]
        basis: String,
    },
}

/// Does one of them.
pub(crate) async fn limit(command: LimitCommand, client: &Client) -> Result<(), Failure> {
    match command {
        LimitCommand::List => {
            let columns = [
                ("name", "name"),
                ("value", "value"),
                ("national", "national"),
                ("unit", "unit"),
                ("stricter", "stricter"),
                ("basis", "legal_basis"),
            ];
            client.show_list(&client.get("/limits", &[]).await?, &columns)
        }
        LimitCommand::Set { name, value, basis } => {
            let body = json!({ "value": value, "basis": basis });
            let path = format!("/limits/{}", part(&name));
            client.show(&client.call(Method::PUT, &path, Some(&body)).await?)
        }
    }
}

/// Does one of them.
pub(crate) async fn token(command: TokenCommand, client: &Client) -> Result<(), Failure> {
    match command {
        TokenCommand::List { of } => {
            let columns = [
                ("id", "id"),
                ("name", "name"),
                ("hint", "hint"),
                ("roles", "roles"),
                ("expires", "expires_at"),
                ("alive", "alive"),
            ];
            client.show_list(&client.get(&tokens(of.as_deref()), &[]).await?, &columns)
        }
        TokenCommand::Issue {
            program,
            name,
            days,
            roles,
        } => {
            let new = json!({ "name": name, "days": days, "roles": roles });
            client.show(&client.post(&tokens(program.as_deref()), &new).await?)
        }
        TokenCommand::Revoke { id, of } => {
            let path = format!("{}/{}", tokens(of.as_deref()), part(&id));
            client.show(&client.call(Method::DELETE, &path, None).await?)
        }
    }
}

/// Your sessions.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum SessionCommand {
    /// List the places where you are signed in.
    List,
    /// End one, or with --others every one but this.
    End {
        /// ses_…
        #[arg(required_unless_present = "others")]
        id: Option<String>,
        /// Every session but this one.
        #[arg(long, conflicts_with = "id")]
        others: bool,
    },
}

/// Does one of them.
pub(crate) async fn session(command: SessionCommand, client: &Client) -> Result<(), Failure> {
    match command {
        SessionCommand::List => client.show(&client.get("/me/sessions", &[]).await?),
        SessionCommand::End { id: Some(id), .. } => client.show(
            &client
                .call(Method::DELETE, &format!("/me/sessions/{}", part(&id)), None)
                .await?,
        ),
        SessionCommand::End { id: None, .. } => client.show(&client.call(Method::DELETE, "/me/sessions", None).await?),
    }
}
