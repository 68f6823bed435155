//! Who works here.

use policy::About;
use staff::{Login, Person, store::Filter};
use vocab::{Action, Actor, ActorId};

use crate::{App, Error};

/// A part of a list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// In the order of their sign-in names.
    pub all: Vec<Person>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<Login>,
}

/// People in the order of their sign-in names, at most `limit` (1 to 500). Who manages people or watches the platform
/// sees everybody, others see those of their own organisation.
///
/// # Errors
/// When the database fails.
pub async fn list_people(app: &App, actor: &Actor, filter: Filter, limit: u64) -> Result<People, Error> {
    let limit = limit.clamp(1, 500);
    let mut filter = filter;
    if !sees_all(app, actor) {
        if filter.org.is_some_and(|it| it != actor.org) {
            return Ok(People {
                all: Vec::new(),
                next: None,
            });
        }
        filter.org = Some(actor.org);
    }
    let mut all = staff::store::people(&app.read().await?, &filter, limit + 1).await?;
    let more = all.len() as u64 > limit;
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = all.last().filter(|_| more).map(|it| it.login.clone());
    Ok(People { all, next })
}

/// One person: oneself, a colleague, or anybody for those who manage people or watch the platform.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn show_person(app: &App, actor: &Actor, id: ActorId) -> Result<Person, Error> {
    let person = match staff::store::person(&app.read().await?, id).await {
        Ok(it) => it,
        Err(staff::Error::NotFound(_)) => return Err(Error::NotFound("person")),
        Err(other) => return Err(other.into()),
    };
    let near = person.id == actor.id || person.org == actor.org || !person.roles_in(actor.org).is_empty();
    if near || sees_all(app, actor) {
        Ok(person)
    } else {
        Err(Error::NotFound("person"))
    }
}

fn sees_all(app: &App, actor: &Actor) -> bool {
    [Action::ManagePeople, Action::ReadOperations]
        .into_iter()
        .any(|action| policy::decide(&app.rules, actor, action, &About::Platform).is_ok())
}
