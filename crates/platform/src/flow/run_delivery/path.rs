//! Which path the rows take: the pass-through of PostgreSQL's own tuples where every condition of it holds, else batches of
//! columns. Decided at a run's first start, kept, and told with its reason.

use engine::{
    Opened, Part, Pipe, Why, digest,
    shape::Shape,
    sink::{self, Preflight, Sink, fit},
};
use exchange::{Chunk, Path, Refresh, Taken};
use vocab::SinkSpec;

use super::{Course, Stop};
use crate::Error;

/// The path that rows of a table would take into a target now, and why.
///
/// # Errors
/// Those of the target and of the source, where one does not answer.
pub(crate) async fn path_to(opened: &Opened, table: &str, spec: &SinkSpec) -> Result<Result<Pipe, Why>, engine::Error> {
    match sink::takes_tuples(spec).await? {
        Some(why) => Ok(Err(why)),
        None => opened.pipe(table).await,
    }
}

/// As a report tells it.
pub(crate) fn taken(path: &Result<Pipe, Why>) -> Taken {
    match path {
        Ok(pipe) => Taken {
            path: Path::PassThrough,
            why: "tuples".to_owned(),
            item: None,
            lanes: pipe.lanes(usize::MAX) as u64,
        },
        Err(why) => Taken {
            path: Path::Columnar,
            why: why.code().to_owned(),
            item: why.item().map(str::to_owned),
            lanes: 1,
        },
    }
}

/// What each column becomes in the target on the path.
pub(crate) fn preflight_on(path: &Result<Pipe, Why>, spec: &SinkSpec, shape: &Shape) -> Preflight {
    match path {
        Ok(pipe) => sink::piped_preflight(spec, shape, pipe),
        Err(_) => fit::preflight(spec, shape),
    }
}

/// How the digests of a path are made.
#[must_use]
pub fn algorithm_of(path: Option<Path>) -> &'static str {
    match path {
        Some(Path::PassThrough) => digest::TUPLES,
        Some(Path::Columnar) | None => digest::ALGORITHM,
    }
}

/// A chunk as the engine is told.
pub(super) fn part(chunk: &Chunk) -> Part {
    Part {
        no: chunk.no,
        bounds: chunk.bounds.clone(),
        pages: chunk.pages.map(|it| (it.from, it.until)),
    }
}

impl Course<'_> {
    /// The pass-through, or none. What had to be given up, by this start or an earlier one, is not tried again. Where changes
    /// are to be brought into it later, the table has the house's own types.
    pub(super) async fn choose(&mut self, opened: &Opened, table: &str, spec: &SinkSpec) -> Result<Option<Pipe>, Stop> {
        if self.delivery.refresh == Refresh::Changes {
            self.report.path = Some(taken(&Err(Why::Changes)));
            return Ok(None);
        }
        let by_columns = |it: &Taken| it.path == Path::Columnar;
        let refused = |it: &Taken| by_columns(it) && it.why == Why::TargetRefused.code();
        let path = self.report.path.as_ref();
        if path.is_some_and(refused) || (self.report.plan.is_some() && path.is_none_or(by_columns)) {
            return Ok(None);
        }
        let refused = sink::takes_tuples(spec).await.map_err(sink::Error::Target)?;
        let path = match refused {
            Some(why) => Err(why),
            None => opened.pipe(table).await?,
        };
        self.report.path = Some(taken(&path));
        Ok(path.ok())
    }

    /// The target does not take the tuples as they are. Row by row the bad ones can be told: the run begins anew by columns.
    pub(super) async fn by_columns(&mut self) -> Result<(), Stop> {
        tracing::warn!(run = %self.run.id, "the target refused tuples; the run begins anew by columns");
        self.report.path = Some(taken(&Err(Why::TargetRefused)));
        self.report.plan = None;
        self.report.basis = None;
        self.discard();
        self.keep().await
    }

    /// Opens the target for the path.
    pub(super) async fn open(&self, spec: &SinkSpec, shape: &Shape, pipe: Option<&Pipe>) -> Result<Sink, sink::Error> {
        let (run, options) = (self.run.id.to_string(), self.options());
        match pipe {
            Some(pipe) => Sink::open_piped(spec, shape.clone(), pipe, &run, options).await,
            None => Sink::open(spec, shape.clone(), &run, options).await,
        }
    }

    /// Lets the receipts of the open release say how the run's digests are made by now.
    pub(super) fn tell_algorithm(&mut self) -> Result<(), Error> {
        let mut receipts = self.opened_receipts();
        for it in &mut receipts {
            self.algorithm().clone_into(&mut it.algorithm);
        }
        self.report.opening = Some(serde_json::to_value(receipts).map_err(Error::internal)?);
        Ok(())
    }

    /// How the run's digests are made.
    pub(super) fn algorithm(&self) -> &'static str {
        algorithm_of(self.report.path.as_ref().map(|it| it.path))
    }
}
