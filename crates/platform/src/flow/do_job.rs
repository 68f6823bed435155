//! What each kind of job means.

use db::jobs::Job;

use crate::{App, Error, rounds};

/// Does one job by its kind.
///
/// # Errors
/// Those of the deed; [`Error::State`] for a kind this program does not know.
pub(crate) async fn do_job(app: &App, job: &Job) -> Result<(), Error> {
    match job.kind.as_str() {
        rounds::PUBLISH => super::publish_log(app).await.map(drop),
        rounds::CHECK => super::check_log::check(app, None).await.map(drop),
        rounds::CLOSE => super::close_releases::close_releases(app).await.map(drop),
        rounds::SWEEP => super::sweep_staff(app).await.map(drop),
        super::mark_provided::KIND => super::mark_provided::mark_provided(app, job).await,
        super::run_delivery::KIND => super::run_delivery::run_delivery(app, job).await,
        super::run_delivery::TAKE_BACK => super::run_delivery::take_back_run(app, job).await,
        super::remind_clocks::KIND => super::remind_clocks::remind_again(app).await,
        super::remind_clocks::RECOUNT => super::remind_clocks::recount_clocks(app).await.map(drop),
        other => Err(Error::State(format!(
            "this program does not know jobs of kind `{other}`"
        ))),
    }
}
