//! The limits on people's passwords, sessions and tokens: everybody reads them, and a node may make them stricter.

use policy::About;
use serde_json::json;
use staff::{Limit, LimitName};
use vocab::{Action, Actor};

use crate::{App, Change, Error, Event};

/// Every limit with its national value and its legal basis.
///
/// # Errors
/// When the database fails.
pub async fn list_limits(app: &App) -> Result<Vec<Limit>, Error> {
    Ok(staff::store::limits_listed(&app.read().await?).await?)
}

/// Makes a limit stricter than the national value, or equal to it again. It holds from the next sign-in, password or token
/// on.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Faults`] without a legal basis; [`Error::Staff`] for a value that is looser than the national
/// one.
pub async fn put_limit(
    app: &App,
    actor: &Actor,
    name: LimitName,
    value: u64,
    legal_basis: &str,
) -> Result<Limit, Error> {
    let permit = policy::decide(&app.rules, actor, Action::ManageClocks, &About::Platform)?;
    let legal_basis = legal_basis.trim();
    if legal_basis.is_empty() {
        return Err(Error::fault("basis", "missing", "a limit names its legal basis"));
    }
    let change = Change::begin(app, permit).await?;
    let all = staff::store::limits_listed(change.db()).await?;
    let was = all.iter().find(|it| it.name == name).map(|it| it.value);
    staff::store::set_limit(change.db(), name, value, legal_basis).await?;
    let body = json!({ "limit": name, "was": was, "value": value, "legal_basis": legal_basis });
    let all = staff::store::limits_listed(change.db()).await?;
    change
        .commit(&Event::new(Action::ManageClocks, "limit-put", name, &body))
        .await?;
    app.known.forget_all();
    all.into_iter()
        .find(|it| it.name == name)
        .ok_or(Error::NotFound("limit"))
}
