//! The governed tables a caller may ask.

use std::collections::BTreeMap;

use catalog::Content;
use db::Tx;
use engine::Described;
use sharing::Agreement;
use vocab::{Actor, AgreementId, AgreementState, SharingMode};

use super::open_data::{name_beside, open_named};
use crate::{App, Error};

/// Agreements read at once.
const PAGE: u64 = 500;

/// A governed table of a caller.
#[derive(Debug, Clone)]
pub struct UsableTable {
    /// The agreement that opens it.
    pub agreement: AgreementId,
    /// Name, items after masks, key.
    pub table: Described,
}

/// The agreements in force of the caller's organisation that may be used through an interface, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn usable_agreements(app: &App, actor: &Actor) -> Result<Vec<Agreement>, Error> {
    let now = app.now();
    let tx = app.read().await?;
    let filter = sharing::store::AgreementFilter {
        consumer: Some(actor.org),
        state: Some(AgreementState::Active),
        ..Default::default()
    };
    let mut all: Vec<Agreement> = Vec::new();
    for page in 0.. {
        let found = sharing::store::agreements(&tx, filter, page * PAGE, PAGE).await?;
        let last = (found.len() as u64) < PAGE;
        all.extend(found);
        if last {
            break;
        }
    }
    all.retain(|it| {
        let terms = it.terms();
        it.consumer == actor.org
            && it.state == AgreementState::Active
            && terms.modes.contains(&SharingMode::Interface)
            && terms.valid_from <= now
            && now < terms.valid_until
    });
    all.sort_by_key(|it| it.id);
    Ok(all)
}

/// The usable agreements with the SQL names of their tables. A name is given once, is no other agreement's of the
/// organisation, and stays: also when the agreements around it end.
///
/// # Errors
/// When the database fails.
pub async fn named_agreements(app: &App, actor: &Actor) -> Result<Vec<(AgreementId, String)>, Error> {
    let agreements = usable_agreements(app, actor).await?;
    let mut names = sharing::store::agreement_names(&app.read().await?, actor.org).await?;
    if agreements.iter().any(|it| !names.contains_key(&it.id)) {
        names = name_the_rest(app, actor, &agreements).await?;
    }
    let named = agreements.iter().filter_map(|it| Some((it.id, names.remove(&it.id)?)));
    Ok(named.collect())
}

/// Names agreements that were made before names were kept, oldest first.
async fn name_the_rest(
    app: &App,
    actor: &Actor,
    agreements: &[Agreement],
) -> Result<BTreeMap<AgreementId, String>, Error> {
    let tx = app.db.write().await?;
    for agreement in agreements {
        match catalog::store::published(&tx, agreement.terms().resource).await {
            Ok(version) => give_name(&tx, agreement, &version.content).await?,
            Err(catalog::Error::NotFound { .. }) => {} // withdrawn: it opens nothing
            Err(other) => return Err(other.into()),
        }
    }
    let names = sharing::store::agreement_names(&tx, actor.org).await?;
    tx.commit().await?;
    Ok(names)
}

/// Gives an agreement's table its SQL name, if it has none.
pub(crate) async fn give_name(tx: &Tx, agreement: &Agreement, content: &Content) -> Result<(), Error> {
    let names = sharing::store::agreement_names(tx, agreement.consumer).await?;
    if names.contains_key(&agreement.id) {
        return Ok(());
    }
    let taken: Vec<&str> = names.values().map(String::as_str).collect();
    let name = name_beside(content, &taken);
    Ok(sharing::store::name_agreement(tx, agreement.id, &name).await?)
}

/// The governed tables a caller may ask now, with names that are unique among them. A table whose source does not
/// answer, or that the policy refuses, is left out and logged: one broken department must not silence the others.
///
/// # Errors
/// When the database fails.
pub async fn list_tables(app: &App, actor: &Actor) -> Result<Vec<UsableTable>, Error> {
    let mut tables = Vec::new();
    for (agreement, name) in named_agreements(app, actor).await? {
        match open_named(app, actor, &[(agreement, Some(name))], None, SharingMode::Interface).await {
            Ok(ready) => {
                let described = ready.opened.tables().into_iter();
                tables.extend(described.map(|table| UsableTable { agreement, table }));
            }
            Err(Error::Catalog(catalog::Error::NotFound { .. })) => {} // withdrawn: it opens nothing
            Err(error) => tracing::warn!(agreement.id = %agreement, error = %error, "a table cannot be opened"),
        }
    }
    Ok(tables)
}
