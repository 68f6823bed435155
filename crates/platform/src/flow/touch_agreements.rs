//! Whom a next version or a withdrawal would take something from: told before it is done, kept in the ledger when it is.

use std::collections::BTreeSet;

use catalog::{Resource, Touched, diff};
use db::Tx;
use sharing::Agreement;
use vocab::{Actor, AgreementState, ResourceId};

use super::show_resource::own_resource;
use crate::{App, Error};

/// Agreements read at a time.
const STEP: u64 = 200;

/// An agreement that a change takes something from.
#[derive(Debug, Clone, PartialEq)]
pub struct TouchedAgreement {
    /// The agreement, active or suspended.
    pub agreement: Agreement,
    /// Its items that are gone or become something else; none when it is the whole.
    pub items: Vec<String>,
}

/// The agreements that rest on what the newest entry of a resource changes.
///
/// # Errors
/// [`Error::NotFound`] for everybody but its department and the authority.
pub async fn touched_agreements(app: &App, actor: &Actor, id: ResourceId) -> Result<Vec<TouchedAgreement>, Error> {
    let resource = own_resource(app, actor, id).await?;
    touched_by(&app.read().await?, &resource).await
}

/// The agreements that a withdrawal would end in fact: all that stand on the resource.
///
/// # Errors
/// As [`touched_agreements`].
pub async fn agreements_of_resource(app: &App, actor: &Actor, id: ResourceId) -> Result<Vec<Agreement>, Error> {
    own_resource(app, actor, id).await?;
    agreements_on(&app.read().await?, id).await
}

pub(crate) async fn touched_by(tx: &Tx, resource: &Resource) -> Result<Vec<TouchedAgreement>, Error> {
    let published = match catalog::store::published(tx, resource.id).await {
        Ok(it) => it,
        Err(catalog::Error::NotFound { .. }) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let touched = diff(&published.content, &resource.content).touched();
    if matches!(&touched, Touched::Items(it) if it.is_empty()) {
        return Ok(Vec::new());
    }
    let all = agreements_on(tx, resource.id).await?;
    Ok(all.into_iter().filter_map(|it| taken_from(it, &touched)).collect())
}

fn taken_from(agreement: Agreement, touched: &Touched) -> Option<TouchedAgreement> {
    let items = match touched {
        Touched::Everything => Vec::new(),
        Touched::Items(items) => {
            let terms = agreement.terms();
            let mut used: BTreeSet<String> = terms.items.iter().map(|it| it.item.clone()).collect();
            used.extend(terms.rows.items().into_iter().map(|it| it.to_string()));
            let gone: Vec<String> = used.intersection(items).cloned().collect();
            if gone.is_empty() {
                return None;
            }
            gone
        }
    };
    Some(TouchedAgreement { agreement, items })
}

/// Every agreement on a resource that is active or suspended.
pub(crate) async fn agreements_on(tx: &Tx, id: ResourceId) -> Result<Vec<Agreement>, Error> {
    let filter = || sharing::store::AgreementFilter {
        resource: Some(id),
        ..Default::default()
    };
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let part = sharing::store::agreements(tx, filter(), from, STEP).await?;
        let more = part.len() as u64 == STEP;
        all.extend(
            part.into_iter()
                .filter(|it| matches!(it.state, AgreementState::Active | AgreementState::Suspended)),
        );
        if !more {
            return Ok(all);
        }
        from += STEP;
    }
}
