//! Deliveries and their runs, for the department whose they are and for the provider of the data.

use exchange::{
    Delivery, Run,
    store::{self, Deliveries, Runs},
};
use policy::About;
use sharing::Agreement;
use vocab::{Action, Actor, AgreementId, DeliveryId, RunId};

use super::Named;
use crate::{App, Error};

/// A delivery as somebody may know it.
#[derive(Debug, Clone)]
pub struct ListedDelivery {
    /// The delivery; only its consumer may be shown where it writes.
    pub delivery: Delivery,
    /// Is the reader on the consumer's side?
    pub own: bool,
    /// The resource's name.
    pub title: Named,
    /// The agreement's number.
    pub no: String,
    /// The newest run.
    pub last: Option<Run>,
}

/// The deliveries of the reader's department; or those under one agreement, also for its provider. Newest first, the
/// next page begins `after` the last one.
///
/// # Errors
/// [`Error::Denied`]; [`Error::NotFound`] for an agreement between others.
pub async fn list_deliveries(
    app: &App,
    actor: &Actor,
    agreement: Option<AgreementId>,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<ListedDelivery>, Error> {
    let tx = app.read().await?;
    let which = match agreement {
        Some(id) => {
            let found = sharing::store::agreement(&tx, id).await;
            let found = super::fit_terms::there(found, "agreement")?;
            look(app, actor, &found)?;
            Deliveries {
                agreement,
                ..Deliveries::default()
            }
        }
        None => {
            look_own(app, actor)?;
            Deliveries {
                consumer: Some(actor.org),
                ..Deliveries::default()
            }
        }
    };
    let mut listed = Vec::new();
    for delivery in store::deliveries(&tx, which, after, limit).await? {
        listed.push(told(&tx, actor, delivery).await?);
    }
    Ok(listed)
}

/// A delivery that the actor may know of.
///
/// # Errors
/// [`Error::NotFound`] for others, [`Error::Denied`].
pub async fn show_delivery(app: &App, actor: &Actor, id: DeliveryId) -> Result<ListedDelivery, Error> {
    let tx = app.read().await?;
    let delivery = there(store::delivery(&tx, id).await)?;
    let agreement = sharing::store::agreement(&tx, delivery.agreement).await?;
    look(app, actor, &agreement).map_err(hidden)?;
    told(&tx, actor, delivery).await
}

/// The runs of a delivery, newest first.
///
/// # Errors
/// As [`show_delivery`].
pub async fn list_runs(
    app: &App,
    actor: &Actor,
    delivery: DeliveryId,
    after: Option<RunId>,
    limit: u32,
) -> Result<Vec<Run>, Error> {
    show_delivery(app, actor, delivery).await?;
    let which = Runs {
        delivery: Some(delivery),
        state: None,
    };
    Ok(store::runs(&app.read().await?, which, after, limit).await?)
}

/// A run with how far it is, and its delivery.
///
/// # Errors
/// As [`show_delivery`].
pub async fn show_run(app: &App, actor: &Actor, id: RunId) -> Result<(ListedDelivery, Run), Error> {
    let run = there(store::run(&app.read().await?, id).await)?;
    let delivery = show_delivery(app, actor, run.delivery).await.map_err(|it| match it {
        Error::NotFound(_) => Error::NotFound("run"),
        other => other,
    })?;
    Ok((delivery, run))
}

/// A delivery of the actor's own department; others do not exist for it.
pub(crate) async fn own_delivery(app: &App, actor: &Actor, id: DeliveryId) -> Result<Delivery, Error> {
    let found = there(store::delivery(&app.read().await?, id).await)?;
    if found.consumer == actor.org {
        Ok(found)
    } else {
        Err(Error::NotFound("delivery"))
    }
}

/// Not there, as the corridor says it.
pub(crate) fn there<T>(it: Result<T, exchange::Error>) -> Result<T, Error> {
    match it {
        Err(exchange::Error::NoDelivery(_)) => Err(Error::NotFound("delivery")),
        Err(exchange::Error::NoRun(_)) => Err(Error::NotFound("run")),
        other => Ok(other?),
    }
}

async fn told(tx: &db::Tx, actor: &Actor, delivery: Delivery) -> Result<ListedDelivery, Error> {
    let agreement = sharing::store::agreement(tx, delivery.agreement).await?;
    let resource = catalog::store::resource(tx, agreement.resource).await;
    Ok(ListedDelivery {
        last: store::last_run(tx, delivery.id).await?,
        own: delivery.consumer == actor.org,
        title: resource.map(|it| Named::from(it.content)).unwrap_or_default(),
        no: agreement.no,
        delivery,
    })
}

/// Who manages deliveries looks at them, and who watches the department's state.
fn look_own(app: &App, actor: &Actor) -> Result<(), Error> {
    let about = About::Delivery {
        id: None,
        owner: actor.org,
    };
    match policy::decide(&app.rules, actor, Action::ManageDelivery, &about) {
        Ok(_) => Ok(()),
        Err(denial) => policy::decide(&app.rules, actor, Action::ReadOperations, &About::Org(actor.org))
            .map(drop)
            .map_err(|_| denial.into()),
    }
}

fn look(app: &App, actor: &Actor, agreement: &Agreement) -> Result<(), Error> {
    if ![agreement.consumer, agreement.provider].contains(&actor.org) {
        return Err(Error::NotFound("agreement"));
    }
    look_own(app, actor)
}

fn hidden(error: Error) -> Error {
    match error {
        Error::NotFound(_) => Error::NotFound("delivery"),
        other => other,
    }
}
