//! What a page tells about its reader: for whom they act, what they may do at all, how much waits for them.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;
use vocab::{Action, Actor, ActorId, OrgId, Role};

use crate::{App, Error};

/// A name in both languages; the English one may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Chinese.
    pub zh: String,
    /// English, or Latin letters.
    pub en: String,
}

impl From<&catalog::Organisation> for Named {
    fn from(it: &catalog::Organisation) -> Self {
        Self {
            zh: it.label().to_owned(),
            en: it.name_en.clone(),
        }
    }
}

impl From<catalog::Content> for Named {
    fn from(it: catalog::Content) -> Self {
        Self {
            zh: it.name,
            en: it.name_en,
        }
    }
}

/// What a page tells about its reader.
#[derive(Debug, Clone, Default)]
pub struct Greeting {
    /// Their name.
    pub name: Named,
    /// Name of the organisation they act for.
    pub org: Named,
    /// Could they act for another organisation as well?
    pub several: bool,
    /// What their roles allow for something; the policy decides again on each deed.
    pub may: Vec<Action>,
    /// How many tasks wait for them.
    pub tasks: u32,
    /// How many notices to them nobody has read.
    pub notices: u32,
}

/// What a page tells about its reader.
///
/// # Errors
/// When the database fails.
pub async fn greet_reader(app: &App, actor: &Actor) -> Result<Greeting, Error> {
    let tx = app.read().await?;
    let org = match catalog::store::org(&tx, actor.org).await {
        Ok(org) => Named::from(&org),
        Err(catalog::Error::NotFound { .. }) => Named::default(),
        Err(other) => return Err(other.into()),
    };
    let mut tasks = sharing::store::tasks_for(&tx, actor.org, &actor.roles, app.now())
        .await?
        .len() as u64;
    if actor.is(Role::Authority) {
        let waiting = vec![catalog::State::InReview, catalog::State::ChangeInReview];
        let filter = catalog::store::Filter {
            states: waiting,
            ..Default::default()
        };
        tasks += catalog::store::count(&tx, &filter).await?;
    }
    let notices = sharing::store::count_unread(&tx, &sharing::Who::audiences(actor)).await?;
    let name = match staff::store::person(&tx, actor.id).await {
        Ok(it) => Named {
            zh: it.name_zh,
            en: it.name_en,
        },
        Err(staff::Error::NotFound(_)) => Named {
            zh: actor.name.clone(),
            en: String::new(),
        },
        Err(other) => return Err(other.into()),
    };
    Ok(Greeting {
        name,
        org,
        several: own_posts(&tx, actor).await?.len() > 1,
        may: may(app, actor),
        tasks: u32::try_from(tasks).unwrap_or(u32::MAX),
        notices: u32::try_from(notices).unwrap_or(u32::MAX),
    })
}

/// The organisations in which the actor has posts, with their names and the roles there: for whom one may act.
///
/// # Errors
/// When the database fails.
pub async fn list_own_posts(app: &App, actor: &Actor) -> Result<Vec<(OrgId, Named, Vec<Role>)>, Error> {
    let tx = app.read().await?;
    let posts = own_posts(&tx, actor).await?;
    drop(tx);
    let ids: Vec<_> = posts.keys().copied().collect();
    let names = name_orgs(app, &ids).await?;
    let named = |(org, roles)| (org, names.get(&org).cloned().unwrap_or_default(), roles);
    Ok(posts.into_iter().map(named).collect())
}

async fn own_posts(tx: &db::Tx, actor: &Actor) -> Result<BTreeMap<OrgId, Vec<Role>>, Error> {
    let mut posts: BTreeMap<OrgId, Vec<Role>> = BTreeMap::new();
    match staff::store::person(tx, actor.id).await {
        Ok(person) => {
            for post in person.posts {
                posts.entry(post.org).or_default().push(post.role);
            }
        }
        Err(staff::Error::NotFound(_)) => {}
        Err(other) => return Err(other.into()),
    }
    Ok(posts)
}

type Matrix = BTreeMap<Action, Vec<Role>>;

/// Which roles may do an action for something at all, as the rules in force say.
#[must_use]
pub fn role_matrix(app: &App) -> Arc<Matrix> {
    // The rules of a digest never change, so what was found once stays true.
    static FOUND: OnceLock<Mutex<BTreeMap<String, Arc<Matrix>>>> = OnceLock::new();
    let mut found = FOUND.get_or_init(Mutex::default).lock();
    let digest = app.rules.digest().to_owned();
    found
        .entry(digest)
        .or_insert_with(|| Arc::new(read(&policy::matrix(&app.rules))))
        .clone()
}

/// What the actor's roles allow for something.
fn may(app: &App, actor: &Actor) -> Vec<Action> {
    let matrix = role_matrix(app);
    let allowed = matrix.iter().filter(|(_, roles)| roles.iter().any(|it| actor.is(*it)));
    allowed.map(|(action, _)| *action).collect()
}

/// Reads the text table: a name (`action` or `action: deed`), then a cell for each role in order, `·` where nothing is.
fn read(table: &str) -> Matrix {
    let mut matrix = Matrix::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let Some(start) = cells.len().checked_sub(Role::ALL.len()) else {
            continue;
        };
        let name = cells.first().map_or("", |it| it.trim_end_matches(':'));
        let Ok(action) = name.parse::<Action>() else { continue };
        let roles = matrix.entry(action).or_default();
        for (role, cell) in Role::ALL.iter().zip(cells.iter().skip(start)) {
            if *cell != "·" && !roles.contains(role) {
                roles.push(*role);
            }
        }
    }
    matrix
}

/// The names of people; nothing where nobody is known.
///
/// # Errors
/// When the database fails.
pub async fn name_people(app: &App, ids: &[ActorId]) -> Result<BTreeMap<ActorId, Named>, Error> {
    let tx = app.read().await?;
    let mut names = BTreeMap::new();
    for id in ids {
        if names.contains_key(id) {
            continue;
        }
        match staff::store::person(&tx, *id).await {
            Ok(person) => names.insert(
                *id,
                Named {
                    zh: person.name_zh,
                    en: person.name_en,
                },
            ),
            Err(staff::Error::NotFound(_)) => None,
            Err(other) => return Err(other.into()),
        };
    }
    Ok(names)
}

/// The short names of organisations.
///
/// # Errors
/// When the database fails.
pub async fn name_orgs(app: &App, ids: &[OrgId]) -> Result<BTreeMap<OrgId, Named>, Error> {
    let tx = app.read().await?;
    let mut names = BTreeMap::new();
    for id in ids {
        if names.contains_key(id) {
            continue;
        }
        match catalog::store::org(&tx, *id).await {
            Ok(org) => names.insert(*id, Named::from(&org)),
            Err(catalog::Error::NotFound { .. }) => None,
            Err(other) => return Err(other.into()),
        };
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_matrix_is_read_back() {
        let matrix = read(&policy::matrix(&policy::Rules::embedded().unwrap()));
        assert_eq!(matrix.len(), Action::ALL.len());
        assert!(matrix[&Action::ManageOrgs].contains(&Role::SystemAdmin));
        assert!(!matrix[&Action::UseData].contains(&Role::SystemAdmin));
        assert!(matrix[&Action::ManageAgreement].contains(&Role::SecurityAdmin));
    }
}
