//! 我的待办: what waits for whom, with its clock.

use db::{Arg, Tx};
use serde::Serialize;
use vocab::{AgreementState, OrgId, ResourceId, Role, Timestamp};

use super::{agreement::to_agreement, correction::to_correction, dispute::to_dispute, request::to_request};
use crate::{
    Error,
    clock::{ClockId, Extension, Timer},
    correction::CorrectionState,
    dispute::DisputeState,
    request::{Request, RequestState},
};

mod oversee;

vocab::list! {
    /// What is to be done.
    TaskKind: "task" {
        /// Finish or drop a draft.
        FinishDraft = "finish-draft", "完成申请草稿", "Finish the draft";
        /// Supplement a request.
        Supplement = "supplement", "补正申请", "Supplement the request";
        /// Check a request.
        CheckRequest = "check-request", "合规性审查", "Check the request";
        /// Answer a wish for more time.
        AnswerExtension = "answer-extension", "答复延期", "Answer the extension";
        /// Decide a request.
        DecideRequest = "decide-request", "审批申请", "Decide the request";
        /// Provide the data of an agreement.
        ProvideData = "provide-data", "提供数据", "Provide the data";
        /// Prove disposal.
        ProveDisposal = "prove-disposal", "提交销毁证明", "Prove disposal";
        /// Answer a correction request.
        AnswerCorrection = "answer-correction", "处理校核", "Answer the correction";
        /// Read the answer to one's correction request.
        ConfirmCorrection = "confirm-correction", "确认校核结果", "Confirm the correction";
        /// Negotiate a dispute.
        Negotiate = "negotiate", "协商争议", "Negotiate the dispute";
        /// Mediate a dispute.
        Mediate = "mediate", "协调争议", "Mediate the dispute";
        /// Update the catalogue after law or duties have changed.
        UpdateCatalog = "update-catalog", "更新目录", "Update the catalogue";
        /// Step in where somebody is late: 督办.
        Oversee = "oversee", "督办超期事项", "Step in: overdue";
    }
}

/// The clock of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskClock {
    /// Which limit.
    pub clock: ClockId,
    /// The first instant that is too late; `None` while it stands still.
    pub due: Option<Timestamp>,
    /// The last day in time.
    pub last_day: Option<chrono::NaiveDate>,
    /// Is it too late already?
    pub overdue: bool,
    /// Was it handed up to the authority?
    pub escalated: bool,
    /// How the limit was counted, Chinese.
    pub explain_zh: String,
    /// How the limit was counted, English.
    pub explain_en: String,
}

/// Something that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// What is to be done.
    pub kind: TaskKind,
    /// With what: the identifier's text (`req_…`, `agr_…`, `cor_…`, `dsp_…`, `res_…`, `org_…`).
    pub subject: String,
    /// Its human number.
    pub no: String,
    /// The resource it is about.
    pub resource: Option<ResourceId>,
    /// The other side; who is late, where the authority steps in.
    pub other: OrgId,
    /// Since when.
    pub since: Timestamp,
    /// Its clock.
    pub clock: Option<TaskClock>,
}

/// The most things of one kind that a task list looks at.
const MOST: u64 = 500;

/// What waits for somebody with these roles in this organisation: overdue first, then by due day, then the oldest.
///
/// # Errors
/// [`Error::Db`].
pub async fn tasks_for(tx: &Tx, org: OrgId, roles: &[Role], now: Timestamp) -> Result<Vec<Task>, Error> {
    let mut tasks = Vec::new();
    request_tasks(tx, org, roles, now, &mut tasks).await?;
    agreement_tasks(tx, org, roles, now, &mut tasks).await?;
    correction_tasks(tx, org, roles, now, &mut tasks).await?;
    dispute_tasks(tx, org, roles, now, &mut tasks).await?;
    oversee::update_tasks(tx, org, roles, now, &mut tasks).await?;
    if roles.contains(&Role::Authority) {
        oversee::oversee_tasks(tx, now, &mut tasks).await?;
    }
    tasks.sort_by_key(|it| {
        (
            it.clock.as_ref().and_then(|it| it.due).unwrap_or(Timestamp::MAX_UTC),
            it.since,
        )
    });
    Ok(tasks)
}

fn clock_of(timers: &[Timer], which: &[ClockId], now: Timestamp) -> Option<TaskClock> {
    let timer = timers
        .iter()
        .filter(|it| it.is_open() && which.contains(&it.clock()))
        .min_by_key(|it| it.due())?;
    Some(TaskClock::of(timer, now))
}

impl TaskClock {
    /// The clock of a timer.
    #[must_use]
    pub fn of(timer: &Timer, now: Timestamp) -> Self {
        Self {
            clock: timer.clock(),
            due: timer.due(),
            last_day: timer.deadline.last_day,
            overdue: timer.is_overdue(now),
            escalated: timer.is_open() && timer.escalated_at.is_some(),
            explain_zh: timer.deadline.explain_zh(),
            explain_en: timer.deadline.explain_en(),
        }
    }
}

fn of_request(kind: TaskKind, it: &Request, other: OrgId, clocks: &[ClockId], now: Timestamp) -> Task {
    Task {
        kind,
        subject: it.id.to_string(),
        no: it.no.clone(),
        resource: Some(it.resource),
        other,
        since: it.submitted_at.unwrap_or(it.created_at),
        clock: clock_of(&it.timers, clocks, now),
    }
}

/// The open requests in a state, of one side where one is given, oldest first.
async fn in_state(tx: &Tx, state: RequestState, side: Option<(&str, OrgId)>) -> Result<Vec<Request>, Error> {
    let open = "select body, revision from sharing_request where state = $1";
    let order = "order by created_at, id limit $2";
    let rows = match side {
        None => {
            tx.all(&format!("{open} {order}"), [Arg::text(state), MOST.into()])
                .await?
        }
        Some((column, org)) => {
            let sql = format!("{open} and {column} = $3 {order}");
            tx.all(&sql, [Arg::text(state), MOST.into(), Arg::text(org)]).await?
        }
    };
    rows.iter().map(to_request).collect()
}

async fn request_tasks(
    tx: &Tx,
    org: OrgId,
    roles: &[Role],
    now: Timestamp,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    if roles.contains(&Role::Authority) {
        for state in [RequestState::Submitted, RequestState::Supplemented] {
            for it in in_state(tx, state, None).await? {
                tasks.push(of_request(
                    TaskKind::CheckRequest,
                    &it,
                    it.applicant.org,
                    &[ClockId::T5, ClockId::T3, ClockId::T4],
                    now,
                ));
            }
        }
        for it in in_state(tx, RequestState::Accepted, None).await? {
            if it.extension.as_ref().is_some_and(Extension::is_open) {
                tasks.push(of_request(
                    TaskKind::AnswerExtension,
                    &it,
                    it.provider,
                    &[ClockId::T4],
                    now,
                ));
            }
        }
    }
    if roles.contains(&Role::Approver) {
        for it in in_state(tx, RequestState::Accepted, Some(("provider", org))).await? {
            tasks.push(of_request(
                TaskKind::DecideRequest,
                &it,
                it.applicant.org,
                &[ClockId::T4],
                now,
            ));
        }
    }
    if roles.contains(&Role::DataOfficer) {
        let mine = [
            (RequestState::Draft, TaskKind::FinishDraft),
            (RequestState::SupplementAsked, TaskKind::Supplement),
        ];
        for (state, kind) in mine {
            for it in in_state(tx, state, Some(("consumer", org))).await? {
                tasks.push(of_request(kind, &it, it.provider, &[], now));
            }
        }
    }
    Ok(())
}

async fn agreement_tasks(
    tx: &Tx,
    org: OrgId,
    roles: &[Role],
    now: Timestamp,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    let officer = roles.contains(&Role::DataOfficer);
    if !officer && !roles.contains(&Role::Approver) {
        return Ok(());
    }
    let sql = "select body, revision from agreement
                where (state = $1 and provider = $2 and not provided)
                   or (state in ($3, $4, $5) and consumer = $2)
                order by created_at, id limit $6";
    let args = [
        Arg::text(AgreementState::Active),
        Arg::text(org),
        Arg::text(AgreementState::Revoked),
        Arg::text(AgreementState::Expired),
        Arg::text(AgreementState::DisposalDue),
        MOST.into(),
    ];
    for row in tx.all(sql, args).await? {
        let it = to_agreement(&row)?;
        let (kind, other, since, clock) = if it.owes_disposal() && !officer {
            continue;
        } else if it.owes_disposal() {
            (
                TaskKind::ProveDisposal,
                it.provider,
                it.ended_at.unwrap_or(it.created_at),
                ClockId::T10,
            )
        } else {
            (TaskKind::ProvideData, it.consumer, it.created_at, ClockId::T7)
        };
        tasks.push(Task {
            kind,
            subject: it.id.to_string(),
            no: it.no.clone(),
            resource: Some(it.resource),
            other,
            since,
            clock: clock_of(&it.timers, &[clock], now),
        });
    }
    Ok(())
}

async fn correction_tasks(
    tx: &Tx,
    org: OrgId,
    roles: &[Role],
    now: Timestamp,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    let officer = roles.contains(&Role::DataOfficer);
    if !officer && !roles.contains(&Role::Approver) {
        return Ok(());
    }
    let sql = "select body, revision from correction
                where (state = $1 and provider = $2) or (state = $3 and consumer = $2)
                order by created_at, id limit $4";
    let args = [
        Arg::text(CorrectionState::Asked),
        Arg::text(org),
        Arg::text(CorrectionState::Answered),
        MOST.into(),
    ];
    for row in tx.all(sql, args).await? {
        let it = to_correction(&row)?;
        let (kind, other) = match it.state {
            CorrectionState::Asked => (TaskKind::AnswerCorrection, it.asker.org),
            _ if officer => (TaskKind::ConfirmCorrection, it.provider),
            _ => continue,
        };
        tasks.push(Task {
            kind,
            subject: it.id.to_string(),
            no: it.no.clone(),
            resource: Some(it.resource),
            other,
            since: it.created_at,
            clock: clock_of(&it.timers, &[ClockId::T8], now),
        });
    }
    Ok(())
}

async fn dispute_tasks(
    tx: &Tx,
    org: OrgId,
    roles: &[Role],
    now: Timestamp,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    let task = |kind, it: &crate::dispute::Dispute, other| Task {
        kind,
        subject: it.id.to_string(),
        no: it.no.clone(),
        resource: None,
        other,
        since: it.created_at,
        clock: clock_of(&it.timers, ClockId::ALL, now),
    };
    if roles.contains(&Role::DataOfficer) || roles.contains(&Role::Approver) {
        let sql = "select body, revision from dispute where state = $1 and (raiser = $2 or other = $2)
                    order by created_at, id limit $3";
        for row in tx
            .all(sql, [Arg::text(DisputeState::Negotiating), Arg::text(org), MOST.into()])
            .await?
        {
            let it = to_dispute(&row)?;
            let other = if it.other == org { it.raiser.org } else { it.other };
            tasks.push(task(TaskKind::Negotiate, &it, other));
        }
    }
    if roles.contains(&Role::Authority) {
        let sql = "select body, revision from dispute where state in ($1, $2, $3) order by created_at, id limit $4";
        let open = [
            DisputeState::Mediating,
            DisputeState::CommonSuperior,
            DisputeState::Government,
        ];
        let args = [Arg::text(open[0]), Arg::text(open[1]), Arg::text(open[2]), MOST.into()];
        for row in tx.all(sql, args).await? {
            let it = to_dispute(&row)?;
            tasks.push(task(TaskKind::Mediate, &it, it.raiser.org));
        }
    }
    Ok(())
}
