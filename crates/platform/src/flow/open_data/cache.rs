//! What was opened a moment ago, so that thousands of questions a second need not each ask the database who may what.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use vocab::{ActorId, AgreementId, Purpose, SharingMode, Via};

use super::Ready;

/// How long an opened agreement is remembered. A change inside this process forgets it at once; another process's
/// revocation takes at most this long.
const REMEMBERED: Duration = Duration::from_secs(2);
/// From this age on the first who asks opens it anew, while the others go on with what is remembered: so they never all
/// miss together.
const RENEWED: Duration = Duration::from_millis(1500);
/// The most that are remembered; what is too old goes first.
const MOST: usize = 10_000;

/// Each token and session opens for itself: it has its own roles, and what it opened ends with it.
pub(super) type Key = (
    ActorId,
    Option<Via>,
    Vec<(AgreementId, Option<String>)>,
    Option<Purpose>,
    SharingMode,
);

/// Whose turn it is to open what is not remembered.
type Turn = Arc<tokio::sync::Mutex<()>>;

#[derive(Default)]
struct Place {
    kept: Option<(Instant, Arc<Ready>)>,
    renewing: bool,
    turn: Turn,
}

#[derive(Default)]
struct Places {
    /// How often everything was forgotten.
    generation: u64,
    by_key: HashMap<Key, Place>,
}

/// What was opened a moment ago.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Places>);

pub(super) enum Found {
    /// It is remembered.
    Ready(Arc<Ready>),
    /// It is to be opened, by one at a time.
    Turn(Turn),
}

impl Cache {
    /// After any change of agreements, resources, sources or people. What somebody is opening at this moment, with what
    /// the database said before, is not remembered either.
    pub(crate) fn forget_all(&self) {
        let mut places = self.0.lock();
        places.generation += 1;
        places.by_key.clear();
    }

    pub(super) fn generation(&self) -> u64 {
        self.0.lock().generation
    }

    pub(super) fn find(&self, key: &Key) -> Found {
        let mut places = self.0.lock();
        if let Some(place) = places.by_key.get_mut(key) {
            if let Some((since, ready)) = &place.kept {
                let age = since.elapsed();
                if age < RENEWED || (age < REMEMBERED && std::mem::replace(&mut place.renewing, true)) {
                    return Found::Ready(Arc::clone(ready));
                }
            }
            return Found::Turn(Arc::clone(&place.turn));
        }
        trim(&mut places.by_key);
        let place = places.by_key.entry(key.clone()).or_default();
        Found::Turn(Arc::clone(&place.turn))
    }

    /// Remembers what was opened since `generation`, unless everything was forgotten meanwhile.
    pub(super) fn keep(&self, key: Key, generation: u64, ready: Arc<Ready>) {
        let mut places = self.0.lock();
        if places.generation == generation {
            let place = places.by_key.entry(key).or_default();
            place.kept = Some((Instant::now(), ready));
            place.renewing = false;
        }
    }

    /// It could not be opened any more: nobody goes on with what is remembered.
    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().by_key.remove(key);
    }
}

/// Makes room for one more.
fn trim(by_key: &mut HashMap<Key, Place>) {
    if by_key.len() < MOST {
        return;
    }
    by_key.retain(|_, it| it.kept.as_ref().is_some_and(|(since, _)| since.elapsed() < REMEMBERED));
    if by_key.len() >= MOST {
        by_key.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(of: AgreementId) -> Key {
        (ActorId::new(), None, vec![(of, None)], None, SharingMode::Interface)
    }

    async fn ready() -> Arc<Ready> {
        let engine = engine::Engine::new(engine::Limits::default());
        Arc::new(Ready {
            grants: Arc::default(),
            opened: engine.open(Vec::new()).await.unwrap(),
            names: Vec::new(),
        })
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let cache = Cache::default();
        let key = key(AgreementId::new());
        assert!(matches!(cache.find(&key), Found::Turn(_)));
        let generation = cache.generation();
        cache.forget_all(); // a revocation, between reading and remembering
        cache.keep(key.clone(), generation, ready().await);
        assert!(matches!(cache.find(&key), Found::Turn(_)));
        cache.keep(key.clone(), cache.generation(), ready().await);
        assert!(matches!(cache.find(&key), Found::Ready(_)));
    }

    #[tokio::test]
    async fn one_renews_and_the_others_go_on() {
        let cache = Cache::default();
        let key = key(AgreementId::new());
        cache.keep(key.clone(), 0, ready().await);
        let age = |by: Duration| {
            let mut places = cache.0.lock();
            let kept = places.by_key.get_mut(&key).unwrap().kept.as_mut().unwrap();
            kept.0 = Instant::now().checked_sub(by).unwrap();
        };
        assert!(matches!(cache.find(&key), Found::Ready(_)));
        age(RENEWED);
        assert!(matches!(cache.find(&key), Found::Turn(_)), "the first renews");
        assert!(matches!(cache.find(&key), Found::Ready(_)), "the second goes on");
        age(REMEMBERED);
        assert!(matches!(cache.find(&key), Found::Turn(_)), "nothing older is used");
    }

    #[test]
    fn the_memory_is_bounded() {
        let cache = Cache::default();
        for _ in 0..=MOST {
            drop(cache.find(&key(AgreementId::new())));
        }
        assert!(cache.0.lock().by_key.len() <= MOST);
    }
}
