//! Somebody begins to work here.

use catalog::OrgTree;
use policy::About;
use serde_json::json;
use staff::{Login, NewPerson, PasswordHash, Person, Post, Secret};
use vocab::{Action, Actor, OrgId};

use crate::{App, Change, Error, Event, error::Fault};

/// The first password of somebody who begins here.
#[derive(Clone, PartialEq, Eq)]
pub enum FirstPassword {
    /// None: a program, which uses tokens and never signs in.
    None,
    /// A random one, told once; it must be changed at the first sign-in.
    Generated,
    /// One that the administrator chose; it must be changed at the first sign-in.
    Chosen(String),
    /// One that stays: for a demonstration, where the passwords are printed for everybody.
    Kept(String),
}

/// Somebody who has just been registered.
#[derive(Debug)]
pub struct Registered {
    /// Who.
    pub person: Person,
    /// The generated password, told once.
    pub password: Option<Secret>,
}

/// Takes somebody in, with roles.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Faults`] for names that are missing or organisations that do not exist;
/// [`Error::Staff`] when the sign-in name is taken, the password too weak or two administrations meet in one person.
pub async fn register_person(
    app: &App,
    actor: &Actor,
    new: NewPerson,
    first: FirstPassword,
) -> Result<Registered, Error> {
    let permit = policy::decide(&app.rules, actor, Action::ManagePeople, &About::Org(new.org))?;
    let mut faults = named(&new.name_zh);
    faults.extend(placed(
        &catalog::store::tree(&app.read().await?).await?,
        new.org,
        &new.posts,
    ));
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    staff::separate(&new.posts)?;
    let ready = prepare(app, &new.login, first).await?;
    let change = Change::begin(app, permit).await?;
    let person = staff::store::insert(change.db(), &new, ready.hash.as_ref(), ready.keep, change.now()).await?;
    let body = json!({ "org": person.org, "posts": person.posts, "can_sign_in": ready.hash.is_some() });
    change
        .commit(&Event::new(Action::ManagePeople, "person-registered", person.id, &body))
        .await?;
    app.known.forget_all();
    Ok(Registered {
        person,
        password: ready.secret,
    })
}

/// A password that is ready to be kept.
pub(crate) struct Prepared {
    pub(crate) hash: Option<PasswordHash>,
    pub(crate) secret: Option<Secret>,
    pub(crate) keep: bool,
}

/// Hashes a first password off the async threads and outside any transaction.
pub(crate) async fn prepare(app: &App, login: &Login, first: FirstPassword) -> Result<Prepared, Error> {
    let limits = staff::store::limits(&app.read().await?).await?;
    let login = login.clone();
    let work = move || -> Result<Prepared, Error> {
        let (text, secret, keep) = match first {
            FirstPassword::None => {
                return Ok(Prepared {
                    hash: None,
                    secret: None,
                    keep: false,
                });
            }
            FirstPassword::Generated => {
                let secret = staff::generate_password(&login, &limits)?;
                (secret.expose().to_owned(), Some(secret), false)
            }
            FirstPassword::Chosen(text) => (text, None, false),
            FirstPassword::Kept(text) => (text, None, true),
        };
        Ok(Prepared {
            hash: Some(PasswordHash::new(&text, &login, &limits)?),
            secret,
            keep,
        })
    };
    app.hash(work).await?
}

/// Has the person a name?
pub(crate) fn named(name_zh: &str) -> Vec<Fault> {
    let fault = || Fault::new("name_zh", "missing", "a person needs a name");
    name_zh.trim().is_empty().then(fault).into_iter().collect()
}

/// Are the organisations there?
pub(crate) fn placed(tree: &OrgTree, org: OrgId, posts: &[Post]) -> Vec<Fault> {
    let missing = |field: String, id: OrgId| {
        tree.get(id)
            .is_none()
            .then(|| Fault::new(field, "no-such-org", "there is no such organisation"))
    };
    let posts = posts
        .iter()
        .enumerate()
        .filter_map(|(n, it)| missing(format!("posts[{n}].org"), it.org));
    missing("org".to_owned(), org).into_iter().chain(posts).collect()
}
