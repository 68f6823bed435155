//! The node's first minute: its organisation and the three administrators, who are three people from the start.

use catalog::Organisation;
use db::Tx;
use ledger::Entry;
use serde_json::json;
use staff::{Login, NewPerson, Post};
use vocab::{ActorId, Level, OrgId, OrgKind, Role, Timestamp};

use super::register_person::{FirstPassword, Prepared, prepare};
use crate::{App, Error, error::Fault};

/// The sign-in names of the first three when nobody chose others (三权分立, GB/T 22239 level 3).
const ADMINISTRATORS: [(Role, &str); 3] = [
    (Role::SystemAdmin, "sysadmin"),
    (Role::SecurityAdmin, "secadmin"),
    (Role::Auditor, "auditor"),
];

/// What is said of the organisation that runs the node: the data-sharing authority of its level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstOrg {
    /// Full name in Chinese.
    pub name: String,
    /// Name in English; empty when there is none.
    pub name_en: String,
    /// 统一社会信用代码 (GB 32100), 18 characters.
    pub code: String,
    /// 行政区划代码 (GB/T 2260).
    pub division: String,
    /// Administrative level.
    pub level: Level,
}

impl FirstOrg {
    /// The organisation as the catalogue keeps it.
    ///
    /// # Errors
    /// [`Error::Faults`] for a name that is missing, a code that is none, a level that is not the division's.
    pub fn organisation(self, now: Timestamp) -> Result<Organisation, Error> {
        super::register_org::canonical(Organisation {
            id: OrgId::new(),
            revision: 0,
            code: self.code,
            name: self.name,
            name_en: self.name_en,
            short_name: String::new(),
            parent: None,
            level: self.level,
            division: self.division,
            kind: OrgKind::Authority,
            created_at: now,
        })
    }
}

/// One of the first three, before the node is founded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstAdmin {
    /// In which capacity: system administrator, security administrator or auditor.
    pub role: Role,
    /// Sign-in name.
    pub login: Login,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in Latin letters.
    pub name_en: String,
}

/// One of the first three, with the password that is told once.
#[derive(Debug)]
pub struct Administrator {
    /// Identifier.
    pub id: ActorId,
    /// In which capacity.
    pub role: Role,
    /// Sign-in name.
    pub login: Login,
    /// First password; it must be changed at the first sign-in.
    pub password: seal::Secret,
}

/// Founds the node with administrators called `sysadmin`, `secadmin` and `auditor`: nobody needs a permit for it, so it
/// works only while nobody is there.
///
/// # Errors
/// As [`found_node_with`].
pub async fn found_node(app: &App, org: Organisation) -> Result<Vec<Administrator>, Error> {
    let mut admins = Vec::new();
    for (role, login) in ADMINISTRATORS {
        let login = login.parse().map_err(Error::internal)?;
        admins.push(FirstAdmin {
            role,
            login,
            name_zh: role.zh().to_owned(),
            name_en: role.en().to_owned(),
        });
    }
    found_node_with(app, org, admins).await
}

/// Founds the node with administrators of one's choice: exactly one for each of the three administrations.
///
/// The one deed without a permit: there is nobody yet who could have one. It is refused on a node that has people or
/// organisations, also when two founders come at the same moment.
///
/// # Errors
/// [`Error::Faults`] unless there are three people for the three administrations; [`Error::State`] when the node was
/// founded before; [`Error::Catalog`] when the organisation is not fit.
pub async fn found_node_with(
    app: &App,
    org: Organisation,
    admins: Vec<FirstAdmin>,
) -> Result<Vec<Administrator>, Error> {
    three(&admins)?;
    must_be_empty(&app.read().await?).await?;
    let mut founders = Vec::new();
    for it in admins {
        let ready = prepare(app, &it.login, FirstPassword::Generated).await?;
        founders.push((it, ready));
    }

    let now = app.now();
    let tx = app.db.write().await?;
    catalog::store::insert_org(&tx, &org).await?;
    let mut made = Vec::new();
    for (it, Prepared { hash, secret, .. }) in founders {
        let posts = vec![Post {
            org: org.id,
            role: it.role,
        }];
        let new = NewPerson {
            login: it.login,
            name_zh: it.name_zh,
            name_en: it.name_en,
            org: org.id,
            posts,
        };
        let person = staff::store::insert(&tx, &new, hash.as_ref(), false, now).await?;
        let password = secret.map_or_else(|| seal::Secret::new(""), |it| seal::Secret::new(it.expose()));
        made.push(Administrator {
            id: person.id,
            role: it.role,
            login: person.login,
            password,
        });
    }
    let people: Vec<_> = made
        .iter()
        .map(|it| json!({ "person": it.id, "role": it.role }))
        .collect();
    let body = json!({ "org": org, "administrators": people });
    let entry = Entry {
        at: now,
        kind: "node-founded".to_owned(),
        actor: None,
        subject: org.id.to_string(),
        body,
    };
    // The ledger's head is the queue in which founders stand: behind it only one finds the node as it left it.
    ledger::append(&tx, &entry).await?;
    must_hold(&tx, 1, made.len()).await?;
    tx.commit().await?;
    app.known.forget_all();
    Ok(made)
}

fn three(admins: &[FirstAdmin]) -> Result<(), Error> {
    let mut faults = Vec::new();
    for (role, name) in ADMINISTRATORS {
        if admins.iter().filter(|it| it.role == role).count() != 1 {
            faults.push(Fault::new(
                name,
                "separation",
                format!("exactly one person must be {role}"),
            ));
        }
    }
    let logins: std::collections::BTreeSet<_> = admins.iter().map(|it| &it.login).collect();
    if admins.len() != ADMINISTRATORS.len() || logins.len() != admins.len() {
        faults.push(Fault::new(
            "administrators",
            "separation",
            "the three administrations are three separate people",
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Faults(faults))
    }
}

async fn must_be_empty(tx: &Tx) -> Result<(), Error> {
    must_hold(tx, 0, 0).await
}

/// Are there exactly so many organisations and people?
async fn must_hold(tx: &Tx, orgs: usize, people: usize) -> Result<(), Error> {
    let there = staff::store::people(tx, &staff::store::Filter::default(), 10)
        .await?
        .len();
    if there == people && catalog::store::orgs(tx).await?.len() == orgs {
        Ok(())
    } else {
        Err(Error::State("this node was founded before".to_owned()))
    }
}
