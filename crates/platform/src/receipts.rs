//! Group commit of receipts: many releases end at the same moment, one transaction takes them all.
//!
//! Each caller writes its entries down itself, outside the lock, and waits until they are on disk; nothing is released
//! before. One fsync serves everybody who came while the last one ran, which is what lets thousands of small answers a
//! second each have their receipt. The order of locks is the house's: quotas, jobs, what is owed, and the ledger last.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use db::{Db, Step, Tx};
use ledger::{Prepared, Receipt};
use tokio::sync::{mpsc, oneshot};
use vocab::{AgreementId, ReleaseId, Timestamp};

use crate::{Error, counts::Tally, flow::mark_provided};

/// The most receipts one transaction takes.
const BATCH: usize = 1024;

/// One use of an agreement's daily quota.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    /// Whose quota.
    pub agreement: AgreementId,
    /// The calendar day, `2026-11-22`, in the node's zone.
    pub day: String,
    /// The quota, or none.
    pub quota: Option<u64>,
    /// Nothing was released under it before: its provision clock is to be stopped.
    pub first: bool,
}

/// What the entries do to the duty of closing a release.
#[derive(Debug, Clone)]
pub(crate) enum Debt {
    /// Nothing: a whole answer's only receipts.
    None,
    /// They begin it: these receipts are owed from now on.
    Owes(Vec<Receipt>),
    /// They close it, once: who comes second writes nothing.
    Settles(ReleaseId),
}

/// The entries of one release.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Whose quota it takes.
    pub uses: Vec<Use>,
    /// What is written.
    pub entries: Vec<ledger::Entry>,
    /// What that means for the duty to close it.
    pub debt: Debt,
}

struct Wish {
    uses: Vec<Use>,
    at: Timestamp,
    text: Text,
    debt: Debt,
    answer: oneshot::Sender<Result<Range<u64>, Error>>,
}

/// What is written for a wish.
enum Text {
    /// Entries of its own.
    Entries(Vec<Prepared>),
    /// The one receipt of a whole answer, which may share an entry with others that end now.
    Receipt(Box<Receipt>),
}

/// The door to the writer task; cheap to clone.
#[derive(Clone)]
pub(crate) struct Receipts {
    wishes: mpsc::Sender<Wish>,
}

impl Receipts {
    /// Starts the writer. It ends when the last handle is dropped.
    pub(crate) fn start(db: Db) -> Self {
        let (wishes, inbox) = mpsc::channel(4 * BATCH);
        tokio::spawn(write(db, inbox));
        Self { wishes }
    }

    /// Writes the entries of one release and waits until they are on disk; their numbers in the ledger.
    ///
    /// # Errors
    /// [`Error::OverQuota`] when a quota is used up, [`Error::NoReceipt`] when the ledger cannot be written or the release
    /// was closed by somebody else; nothing is written then.
    pub(crate) async fn write(&self, it: Written) -> Result<Range<u64>, Error> {
        let at = it.entries.first().map(|it| it.at).ok_or(Error::NoReceipt)?;
        let told = crate::counts::tally(&it.entries);
        let entries = it.entries.iter().map(Prepared::new).collect::<Result<_, _>>()?;
        let numbers = self.wish(it.uses, at, Text::Entries(entries), it.debt).await?;
        crate::counts::released(told);
        Ok(numbers)
    }

    /// The same for a whole answer under one agreement. Like receipts of the same moment share an entry.
    ///
    /// # Errors
    /// As [`Receipts::write`].
    pub(crate) async fn answer(&self, uses: Vec<Use>, receipt: Receipt) -> Result<Range<u64>, Error> {
        let (at, rows) = (receipt.ended, receipt.rows);
        let text = Text::Receipt(Box::new(receipt));
        let numbers = self.wish(uses, at, text, Debt::None).await?;
        crate::counts::released(Tally::answer(rows));
        Ok(numbers)
    }

    async fn wish(&self, uses: Vec<Use>, at: Timestamp, text: Text, debt: Debt) -> Result<Range<u64>, Error> {
        let (answer, outcome) = oneshot::channel();
        let wish = Wish {
            uses,
            at,
            text,
            debt,
            answer,
        };
        self.wishes.send(wish).await.map_err(|_| Error::NoReceipt)?;
        outcome.await.map_err(|_| Error::NoReceipt)?
    }
}

async fn write(db: Db, mut inbox: mpsc::Receiver<Wish>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut next = None;
    while inbox.recv_many(&mut batch, BATCH).await > 0 {
        let wishes = std::mem::take(&mut batch);
        let outcomes = match commit(&db, &wishes, &mut next).await {
            Err(error) if error.is_crossed() => commit(&db, &wishes, &mut next).await,
            other => other,
        };
        match outcomes {
            Ok(outcomes) => {
                for (wish, outcome) in wishes.into_iter().zip(outcomes) {
                    let _gone = wish.answer.send(outcome);
                }
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no receipts could be written");
                for wish in wishes {
                    let _gone = wish.answer.send(Err(Error::NoReceipt));
                }
            }
        }
    }
}

/// What became of each wish of a batch.
type Outcomes = Vec<Result<Range<u64>, Error>>;

/// One transaction for the whole batch. Who is over the quota is told so and logs nothing.
///
/// `next` is the number of the next entry, where it is known: on SQLite a batch of whole answers then is one trip. Where
/// that fails, because another process wrote or a quota is short, it is done step by step.
async fn commit(db: &Db, wishes: &[Wish], next: &mut Option<u64>) -> Result<Outcomes, Error> {
    if let Some(first) = next.take()
        && let Some(it) = AtOnce::of(wishes, first)?
    {
        match db.at_once(it.steps).await {
            Ok(()) => {
                *next = Some(it.end);
                return Ok(it.numbers.into_iter().map(Ok).collect());
            }
            Err(db::Error::Unique(_) | db::Error::Rule(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (outcomes, end) = step_by_step(db, wishes).await?;
    *next = end.filter(|_| db.is_sqlite());
    Ok(outcomes)
}

/// A batch that is granted whole.
struct AtOnce {
    steps: Vec<Step>,
    /// The numbers that each wish's entries get.
    numbers: Vec<Range<u64>>,
    /// The number after them.
    end: u64,
}

impl AtOnce {
    /// When the next entry's number is `first`. `None` where something must be looked at before the next thing is written.
    fn of(wishes: &[Wish], first: u64) -> Result<Option<Self>, Error> {
        let simple = |it: &Wish| matches!(it.debt, Debt::None) && it.uses.iter().all(|it| !it.first);
        if !wishes.iter().all(simple) {
            return Ok(None);
        }
        let mut steps = Vec::new();
        for (it, wished) in wished(wishes) {
            match sharing::store::use_step(it.agreement, &it.day, it.quota, wished) {
                Some(step) => steps.push(step),
                None => return Ok(None),
            }
        }
        let laid = Laid::out(wishes, |_| true)?;
        let (logged, rest) = ledger::append_steps(first, &laid.entries());
        steps.extend(rest);
        Ok(Some(Self {
            steps,
            numbers: laid.numbers(first, wishes.len()),
            end: first + logged.len() as u64,
        }))
    }
}

async fn step_by_step(db: &Db, wishes: &[Wish]) -> Result<(Outcomes, Option<u64>), Error> {
    let tx = db.write().await?;
    let mut granted = within_quotas(&tx, wishes).await?;
    stop_clocks(&tx, wishes, &granted).await?;
    for (wish, granted) in wishes.iter().zip(&mut granted).filter(|(_, it)| it.is_ok()) {
        match &wish.debt {
            Debt::None => {}
            Debt::Owes(receipts) => {
                for it in receipts {
                    ledger::owe(&tx, it).await?;
                }
            }
            Debt::Settles(release) => {
                if !ledger::settle(&tx, *release).await? {
                    *granted = Err(Error::NoReceipt);
                }
            }
        }
    }
    let laid = Laid::out(wishes, |it| granted.get(it).is_some_and(Result::is_ok))?;
    let logged = ledger::append_prepared(&tx, &laid.entries()).await?;
    tx.commit().await?;
    let first = logged.first().map_or(0, |it| it.index);
    let numbered = granted.into_iter().zip(laid.numbers(first, wishes.len()));
    let outcomes = numbered.map(|(granted, numbers)| granted.map(|()| numbers));
    Ok((outcomes.collect(), logged.last().map(|it| it.index + 1)))
}

/// The entries of a batch in the order in which they are written.
struct Laid<'a> {
    entries: Vec<Cow<'a, Prepared>>,
    /// The wishes to which the next entries belong, and how many entries these are.
    spans: Vec<(Vec<usize>, u64)>,
}

impl<'a> Laid<'a> {
    /// Lays out what those wishes write which may, by their places.
    fn out(wishes: &'a [Wish], may: impl Fn(usize) -> bool) -> Result<Self, Error> {
        let (mut entries, mut spans, mut receipts) = (Vec::new(), Vec::new(), Vec::new());
        for (place, wish) in wishes.iter().enumerate().filter(|(place, _)| may(*place)) {
            match &wish.text {
                Text::Entries(own) => {
                    entries.extend(own.iter().map(Cow::Borrowed));
                    spans.push((vec![place], own.len() as u64));
                }
                Text::Receipt(receipt) => receipts.push((place, receipt.as_ref())),
            }
        }
        let (places, receipts): (Vec<usize>, Vec<&Receipt>) = receipts.into_iter().unzip();
        for (prepared, sharing) in ledger::receipt::written(&receipts)? {
            entries.push(Cow::Owned(prepared));
            let sharing = sharing.iter().filter_map(|it| places.get(*it)).copied();
            spans.push((sharing.collect(), 1));
        }
        Ok(Self { entries, spans })
    }

    fn entries(&self) -> Vec<&Prepared> {
        self.entries.iter().map(AsRef::as_ref).collect()
    }

    /// The numbers of each wish's entries when the first of all is `first`.
    fn numbers(&self, first: u64, wishes: usize) -> Vec<Range<u64>> {
        let mut numbers = vec![0..0; wishes];
        let mut next = first;
        for (places, entries) in &self.spans {
            let end = next + entries;
            for place in places {
                if let Some(it) = numbers.get_mut(*place) {
                    *it = next..end;
                }
            }
            next = end;
        }
        numbers
    }
}

/// Every quota that is wished for, and how often.
fn wished(wishes: &[Wish]) -> BTreeMap<Use, u64> {
    let mut all = BTreeMap::new();
    for quota in wishes.iter().flat_map(|it| &it.uses) {
        *all.entry(quota.clone()).or_insert(0) += 1;
    }
    all
}

/// Takes every quota that is wished for, each row once. Who gets only some of the quotas that it needs gets none, and
/// what it would have taken of the others goes back.
async fn within_quotas(tx: &Tx, wishes: &[Wish]) -> Result<Vec<Result<(), Error>>, Error> {
    let mut left = wished(wishes);
    for (quota, wished) in &mut left {
        *wished = sharing::store::use_up_to(tx, quota.agreement, &quota.day, quota.quota, *wished).await?;
    }
    let granted = wishes
        .iter()
        .map(|wish| take(&mut left, &wish.uses).then_some(()).ok_or(Error::OverQuota))
        .collect();
    for (quota, unused) in left.into_iter().filter(|(_, unused)| *unused > 0) {
        sharing::store::give_back(tx, quota.agreement, &quota.day, unused).await?;
    }
    Ok(granted)
}

/// Without an entry nothing was released, and no clock stops.
async fn stop_clocks(tx: &Tx, wishes: &[Wish], granted: &[Result<(), Error>]) -> Result<(), Error> {
    let mut firsts = BTreeMap::new();
    for (wish, _) in wishes.iter().zip(granted).filter(|(_, it)| it.is_ok()) {
        for it in wish.uses.iter().filter(|it| it.first) {
            firsts.entry(it.agreement).or_insert(wish.at);
        }
    }
    for (agreement, at) in firsts {
        stop_provision_clock(tx, agreement, at).await?;
    }
    Ok(())
}

/// The first release under an agreement provides its data; a job of its own says so.
pub(crate) async fn stop_provision_clock(tx: &Tx, agreement: AgreementId, now: Timestamp) -> Result<(), Error> {
    let at = Some(now);
    let body = serde_json::to_string(&mark_provided::Wish { agreement, at }).map_err(Error::internal)?;
    let key = format!("{}:{agreement}", mark_provided::KIND);
    db::jobs::put(tx, mark_provided::KIND, &body, Some(&key), now, now).await?;
    Ok(())
}

fn take(left: &mut BTreeMap<Use, u64>, uses: &[Use]) -> bool {
    let enough = uses.iter().all(|it| left.get(it).is_some_and(|left| *left > 0));
    if enough {
        for it in uses {
            if let Some(left) = left.get_mut(it) {
                *left -= 1;
            }
        }
    }
    enough
}
