//! An organisation joins the tree, or is changed in it.

use catalog::Organisation;
use policy::About;
use vocab::{Action, Actor};

use crate::{App, Change, Error, Event, error::Fault};

/// An organisation joins the tree.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Faults`] for a code, division or level that does not fit; [`Error::Catalog`] when its code
/// is taken.
pub async fn register_org(app: &App, actor: &Actor, org: Organisation) -> Result<Organisation, Error> {
    let permit = policy::decide(&app.rules, actor, Action::ManageOrgs, &About::Platform)?;
    let org = canonical(org)?;
    let change = Change::begin(app, permit).await?;
    catalog::store::insert_org(change.db(), &org).await?;
    change
        .commit(&Event::new(Action::ManageOrgs, "org-registered", org.id, &org))
        .await?;
    Ok(org)
}

/// An organisation is changed; `org` carries the revision that was read.
///
/// # Errors
/// As [`register_org`]; [`Error::Catalog`] when somebody else was faster or the tree would loop.
pub async fn change_org(app: &App, actor: &Actor, org: Organisation) -> Result<Organisation, Error> {
    let permit = policy::decide(&app.rules, actor, Action::ManageOrgs, &About::Org(org.id))?;
    let mut org = canonical(org)?;
    let change = Change::begin(app, permit).await?;
    catalog::store::update_org(change.db(), &mut org).await?;
    change
        .commit(&Event::new(Action::ManageOrgs, "org-changed", org.id, &org))
        .await?;
    Ok(org)
}

/// The organisation with canonical codes, or everything that is wrong with it.
pub(crate) fn canonical(org: Organisation) -> Result<Organisation, Error> {
    org.canonical().map_err(|all| {
        let faults = all.into_iter().map(|it| Fault::new(it.field, it.code, it.detail));
        Error::Faults(faults.collect())
    })
}

/// Every organisation, as a tree. Everybody may know who is who.
///
/// # Errors
/// When the database fails.
pub async fn list_orgs(app: &App) -> Result<catalog::OrgTree, Error> {
    Ok(catalog::store::tree(&app.read().await?).await?)
}
