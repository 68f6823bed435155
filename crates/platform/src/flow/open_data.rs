//! The one way to data: an agreement becomes a mandate, the mandate a governed table, the engine opens it.

mod cache;
mod name;

use std::{collections::BTreeSet, sync::Arc};

use catalog::Content;
use db::Tx;
use engine::Opened;
use ledger::receipt::{Outcome, Receipt, commitment_under};
use policy::{Mandate, Use};
use sharing::Agreement;
use vocab::{
    Actor, AgreementId, GovernedItem, GovernedTable, Mask, OrgId, Purpose, ReleaseId, RowRule, SharingClass,
    SharingMode, SourceSpec, Timestamp, Via,
};

pub(crate) use cache::Cache;
use cache::Found;
use name::numbered;
pub(crate) use name::{name_beside, unique_name};

use crate::{App, Error, receipts, release::Opening};

/// Through which door rows leave; the receipt tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A structured question over REST.
    Rest,
    /// An SQL question over REST.
    Sql,
    /// Arrow Flight SQL.
    Flight,
    /// A delivery.
    Delivery,
    /// A page of the console.
    Page,
}

impl Door {
    const fn code(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Sql => "sql",
            Self::Flight => "flight",
            Self::Delivery => "delivery",
            Self::Page => "page",
        }
    }
}

/// What one agreement lets out now, to whom.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    mandate: Mandate,
    table: GovernedTable,
    /// The published version of the resource.
    version: u32,
    /// Nothing was released under the agreement before.
    first: bool,
    /// The salt of what the agreement's receipts commit to.
    pub salted: seal::Hmac,
}

/// Governed tables, opened for one actor under mandates.
pub struct Ready {
    grants: Arc<Vec<Grant>>,
    /// The tables, for questions.
    pub opened: Opened,
    /// The SQL name of each agreement's table.
    pub names: Vec<(AgreementId, String)>,
}

impl Ready {
    async fn open(app: &App, grants: Vec<Grant>) -> Result<Self, Error> {
        let tables: Vec<GovernedTable> = grants.iter().map(|it| it.table.clone()).collect();
        Ok(Self {
            names: tables.iter().map(|it| (it.agreement, it.name.clone())).collect(),
            opened: app.engine.open(tables).await?,
            grants: Arc::new(grants),
        })
    }

    /// What it draws on.
    pub(crate) fn grants(&self) -> Arc<Vec<Grant>> {
        Arc::clone(&self.grants)
    }

    /// What the receipts of a release will say, without counts.
    pub(crate) fn opening(&self, app: &App, door: Door, question: &str) -> Opening {
        let now = app.now();
        let release = ReleaseId::new();
        let day = app.today().to_string();
        let receipts = self.grants.iter().map(|it| {
            let terms = it.mandate.terms();
            Receipt {
                release,
                agreement: terms.agreement,
                agreement_version: terms.version,
                resources: vec![terms.resource],
                resource_versions: vec![it.version],
                provider: terms.provider,
                consumer: terms.consumer,
                actor: it.mandate.actor().id,
                purpose: it.mandate.purpose(),
                door: door.code().to_owned(),
                query: commitment_under(&it.salted, question),
                policy: it.mandate.policy_digest().to_owned(),
                rows: 0,
                bytes: None,
                algorithm: engine::digest::ALGORITHM.to_owned(),
                digest: String::new(),
                started: now,
                ended: now,
                outcome: Outcome::Broken,
            }
        });
        let uses = self.grants.iter().map(|it| receipts::Use {
            agreement: it.mandate.terms().agreement,
            day: day.clone(),
            quota: it.mandate.terms().quota_per_day,
            first: it.first,
        });
        Opening {
            receipts: receipts.collect(),
            uses: uses.collect(),
            grants: Arc::clone(&self.grants),
        }
    }
}

/// The salt of what an agreement's receipts commit to; see `docs/receipts.md`.
pub(crate) fn receipt_key(app: &App, agreement: AgreementId) -> [u8; 32] {
    app.vault.derive("receipt", &agreement.to_string())
}

/// Opens the data of some agreements for an actor. Without a stated purpose each agreement's own is meant.
///
/// # Errors
/// [`Error::NotFound`] for an agreement that is not there or not of this actor's organisation; [`Error::Denied`] with
/// the exact rule; the source's and engine's errors.
pub async fn open_data(
    app: &App,
    actor: &Actor,
    agreements: &[AgreementId],
    purpose: Option<Purpose>,
    mode: SharingMode,
) -> Result<Arc<Ready>, Error> {
    let agreements: Vec<_> = agreements.iter().map(|it| (*it, None)).collect();
    open_named(app, actor, &agreements, purpose, mode).await
}

/// The same with chosen SQL names, where there are some.
pub(crate) async fn open_named(
    app: &App,
    actor: &Actor,
    agreements: &[(AgreementId, Option<String>)],
    purpose: Option<Purpose>,
    mode: SharingMode,
) -> Result<Arc<Ready>, Error> {
    let key = (actor.id, actor.via, agreements.to_vec(), purpose, mode);
    let turn = match app.open.find(&key) {
        Found::Ready(ready) => return Ok(ready),
        Found::Turn(turn) => turn,
    };
    // One of those who miss opens it, the others wait for that.
    let _mine = turn.lock().await;
    if let Found::Ready(ready) = app.open.find(&key) {
        return Ok(ready);
    }
    // What is forgotten from here on, while the database is read, is not remembered below.
    let generation = app.open.generation();
    let opened = Box::pin(open_new(app, actor, agreements, purpose, mode))
        .await
        .map(Arc::new);
    match &opened {
        Ok(ready) => app.open.keep(key, generation, Arc::clone(ready)),
        Err(_) => app.open.forget(&key),
    }
    opened
}

async fn open_new(
    app: &App,
    actor: &Actor,
    agreements: &[(AgreementId, Option<String>)],
    purpose: Option<Purpose>,
    mode: SharingMode,
) -> Result<Ready, Error> {
    let tx = app.read().await?;
    let mut grants: Vec<Grant> = Vec::new();
    for (id, name) in agreements {
        let agreement = visible(&tx, actor, *id).await?;
        let mut grant = grant_of(app, &tx, actor, &agreement, purpose, mode, 0).await?;
        let taken: Vec<&str> = grants.iter().map(|it| it.table.name.as_str()).collect();
        grant.table.name = match name {
            Some(name) => name.clone(),
            None => numbered(&grant.table.name, &taken),
        };
        grants.push(grant);
    }
    drop(tx);
    Ready::open(app, grants).await
}

/// The same for a run of a delivery. Never remembered: the agreement of this moment counts. `own_uses` of today's quota
/// are the run's own already.
pub(crate) async fn open_for_run(
    app: &App,
    actor: &Actor,
    agreement: AgreementId,
    mode: SharingMode,
    own_uses: u64,
) -> Result<Ready, Error> {
    let mut grant = grant_for_run(app, actor, agreement, mode, own_uses).await?;
    // A delivery marks its agreement as provided when its receipt is written.
    grant.first = true;
    Ready::open(app, vec![grant]).await
}

async fn grant_for_run(
    app: &App,
    actor: &Actor,
    agreement: AgreementId,
    mode: SharingMode,
    own_uses: u64,
) -> Result<Grant, Error> {
    let tx = app.read().await?;
    let agreement = visible(&tx, actor, agreement).await?;
    grant_of(app, &tx, actor, &agreement, None, mode, own_uses).await
}

/// May rows that are on their way go on? Decides every mandate of an open release again, with its own use of the quota
/// left out.
///
/// # Errors
/// As [`open_data`]; [`Error::State`] when the terms or rows are other ones by now, or the actor has left, or the token or
/// session has ended.
pub(crate) async fn decide_again(app: &App, grants: &[Grant]) -> Result<(), Error> {
    decide_with_own(app, grants, 1).await
}

/// The same where so many uses of today's quota are the rows' own.
///
/// # Errors
/// As [`decide_again`].
pub(crate) async fn decide_with_own(app: &App, grants: &[Grant], own_uses: u64) -> Result<(), Error> {
    let tx = app.read().await?;
    for before in grants {
        let mandate = &before.mandate;
        let actor = mandate.actor();
        still_here(&tx, actor, app.now()).await?;
        let agreement = visible(&tx, actor, mandate.terms().agreement).await?;
        let (purpose, mode) = (Some(mandate.purpose()), mandate.mode());
        let now = grant_of(app, &tx, actor, &agreement, purpose, mode, own_uses).await?;
        let same = now.mandate.policy_digest() == mandate.policy_digest()
            && now.table.items == before.table.items
            && now.table.rows == before.table.rows;
        if !same {
            return Err(Error::State(
                "the agreement or the resource was changed while its rows were on their way".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Is the actor still somebody with these roles here, whose token or session still opens? A lock is none of this: it
/// refuses to sign in, and whoever guesses passwords of others must not end their streams.
async fn still_here(tx: &Tx, actor: &Actor, now: Timestamp) -> Result<(), Error> {
    let opens = match actor.via {
        Some(Via::Token(id)) => staff::store::token(tx, id).await?.is_alive(now),
        Some(Via::Session(id)) => staff::store::sessions(tx, actor.id, now)
            .await?
            .iter()
            .any(|it| it.id == id),
        None => true,
    };
    let holds = match staff::store::person(tx, actor.id).await {
        Ok(it) => !it.disabled && actor.roles.iter().all(|role| it.roles_in(actor.org).contains(role)),
        Err(staff::Error::NotFound(_)) => true,
        Err(other) => return Err(other.into()),
    };
    if opens && holds {
        return Ok(());
    }
    Err(Error::State("who asked for the rows may not do so any more".to_owned()))
}

/// An agreement of the actor's organisation; of others it does not exist.
pub(crate) async fn visible(tx: &Tx, actor: &Actor, id: AgreementId) -> Result<Agreement, Error> {
    let found = sharing::store::agreement(tx, id).await;
    match found {
        Ok(it) if it.consumer == actor.org => Ok(it),
        Ok(_) | Err(sharing::Error::NotFound(_)) => Err(Error::NotFound("agreement")),
        Err(other) => Err(other.into()),
    }
}

/// What an agreement lets out by itself, by the entry that is published now: what the provider has withheld since the
/// agreement was made stays here, and the entry's own scope of rows holds beside the agreement's rule.
async fn grant_of(
    app: &App,
    tx: &Tx,
    actor: &Actor,
    agreement: &Agreement,
    purpose: Option<Purpose>,
    mode: SharingMode,
    own_uses: u64,
) -> Result<Grant, Error> {
    let terms = agreement.terms();
    let version = catalog::store::published(tx, terms.resource).await?;
    let content = &version.content;
    let day = app.today().to_string();
    let usage = Use {
        purpose: purpose.unwrap_or(terms.purpose),
        mode,
        now: app.now(),
        used_today: sharing::store::used(tx, terms.agreement, &day)
            .await?
            .saturating_sub(own_uses),
        division: division_of(tx, agreement.consumer).await?,
    };
    let items = super::fit_terms::row_items(content);
    let mandate = policy::mandate(&app.rules, actor, terms, agreement.state, &usage, &items)?;
    not_withheld(content, mandate.terms().items.iter().map(|it| it.item.as_str()))?;
    let spec = source_spec(app, tx, content).await?;
    let mount = content.mount.as_ref().ok_or(Error::NotFound("mount"))?;
    let granted = granted(
        content,
        mandate.terms().items.iter().map(|it| (it.item.as_str(), &it.mask)),
    )?;
    let rows = RowRule::and([content.row_scope.clone(), mandate.row_rule().clone()]);
    let table = GovernedTable {
        agreement: terms.agreement,
        resource: terms.resource,
        name: unique_name(content, &[]),
        source: spec,
        table: mount.table.clone(),
        hidden: hidden(content, &rows, &granted)?,
        items: granted,
        rows,
        pseudonym_key: app.vault.derive("pseudonym", &terms.agreement.to_string()).to_vec(),
    };
    Ok(Grant {
        salted: seal::Hmac::new(seal::Suite::National, &receipt_key(app, terms.agreement)),
        version: version.number,
        first: agreement.provided_at.is_none(),
        mandate,
        table,
    })
}

/// Neither the resource nor a granted item has become 不予共享.
fn not_withheld<'a>(content: &Content, mut items: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let refused = |what: &str, sharing: &catalog::Sharing| {
        Err(Error::Withheld {
            what: what.to_owned(),
            legal_basis: sharing.legal_basis.clone(),
        })
    };
    if content.sharing.class == SharingClass::Withheld {
        return refused(&content.name, &content.sharing);
    }
    let withheld = |name| {
        content
            .item(name)
            .filter(|it| it.sharing.class == SharingClass::Withheld)
    };
    match items.find_map(withheld) {
        Some(item) => refused(&item.name, &item.sharing),
        None => Ok(()),
    }
}

/// 行政区划代码 of an organisation, for standing row rules by region: the consumer's, wherever the node stands.
pub(crate) async fn division_of(tx: &Tx, org: OrgId) -> Result<Option<String>, Error> {
    let org = super::show_resource::found(catalog::store::org(tx, org).await)?;
    Ok(Some(org.division).filter(|it| !it.is_empty()))
}

/// How to reach the source of a resource, secret unsealed.
pub(crate) async fn source_spec(app: &App, tx: &Tx, content: &Content) -> Result<SourceSpec, Error> {
    let mount = content.mount.as_ref().ok_or(Error::NotFound("mount"))?;
    let source = catalog::store::source(tx, mount.source).await?;
    if source.org != content.provider {
        return Err(Error::NotFound("mount"));
    }
    super::connect_source::unsealed(app, &source)
}

/// The granted items as the engine is told.
///
/// # Errors
/// [`Error::State`] when the resource no longer has an item of the agreement: a changed column never silently becomes
/// something else.
pub(crate) fn granted<'a>(
    content: &Content,
    items: impl Iterator<Item = (&'a str, &'a Mask)>,
) -> Result<Vec<GovernedItem>, Error> {
    items
        .map(|(name, mask)| governed(content, name, mask.clone()))
        .collect()
}

/// Items that the row rule judges by but that are not granted.
pub(crate) fn hidden(content: &Content, rule: &RowRule, granted: &[GovernedItem]) -> Result<Vec<GovernedItem>, Error> {
    let names: BTreeSet<String> = rule.items().into_iter().map(|it| it.to_string()).collect();
    let needed = names.iter().filter(|name| !granted.iter().any(|it| it.name == **name));
    needed.map(|name| governed(content, name, Mask::Clear)).collect()
}

fn governed(content: &Content, name: &str, mask: Mask) -> Result<GovernedItem, Error> {
    let item = content.items.iter().find(|it| it.name == name).ok_or_else(|| {
        Error::State(format!(
            "the resource no longer has the item `{name}`; the agreement must be changed"
        ))
    })?;
    Ok(GovernedItem {
        name: item.name.clone(),
        column: item.column.clone(),
        data_type: item.data_type,
        mask,
        key: item.key,
    })
}
