//! Answers under way, so that their caller can stop them.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{Stream, StreamExt, stream::AbortHandle, stream::Abortable};
use parking_lot::Mutex;
use platform::vocab::ActorId;
use tonic::Status;

type Place = (ActorId, Vec<u8>);
/// The answers of one place, by a number of their own.
type Answers = Vec<(u64, AbortHandle)>;

/// The answers under way of this process, by their caller and ticket.
#[derive(Debug, Default, Clone)]
pub(crate) struct Running(Arc<Mutex<HashMap<Place, Answers>>>);

impl Running {
    /// The same answer, stoppable. When it ends or its receiver goes away, it is forgotten.
    pub(crate) fn watch<S>(&self, actor: ActorId, ticket: &[u8], answer: S) -> Watched<S>
    where
        S: Stream,
    {
        let (handle, registration) = AbortHandle::new_pair();
        let place = (actor, ticket.to_vec());
        let mut all = self.0.lock();
        let beside = all.entry(place.clone()).or_default();
        let number = beside.last().map_or(0, |(it, _)| it + 1);
        beside.push((number, handle));
        drop(all);
        Watched {
            answer: Abortable::new(answer, registration),
            told: false,
            _entry: Entry {
                running: self.clone(),
                place,
                number,
            },
        }
    }

    /// Stops the answers of a ticket of this caller; were there any?
    pub(crate) fn cancel(&self, actor: ActorId, ticket: &[u8]) -> bool {
        let found = self.0.lock().remove(&(actor, ticket.to_vec()));
        let found = found.unwrap_or_default();
        for (_, handle) in &found {
            handle.abort();
        }
        !found.is_empty()
    }
}

/// An answer that can be stopped.
pub(crate) struct Watched<S> {
    answer: Abortable<S>,
    told: bool,
    _entry: Entry,
}

struct Entry {
    running: Running,
    place: Place,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut all = self.running.0.lock();
        if let Some(beside) = all.get_mut(&self.place) {
            beside.retain(|(it, _)| *it != self.number);
            if beside.is_empty() {
                all.remove(&self.place);
            }
        }
    }
}

impl<S, T> Stream for Watched<S>
where
    S: Stream<Item = Result<T, Status>> + Unpin,
{
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(self.answer.poll_next_unpin(cx));
        // A stopped answer ends with an error: its rows never look whole.
        if next.is_none() && self.answer.is_aborted() && !self.told {
            self.told = true;
            return Poll::Ready(Some(Err(Status::cancelled("the answer was stopped"))));
        }
        Poll::Ready(next)
    }
}
