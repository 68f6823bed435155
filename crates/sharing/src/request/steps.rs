//! What each event does to a request.

use vocab::{ActorId, Role, SharingClass, Timestamp};

use super::{
    Application, Decision, Grant, Opinion, RefusalKind, Request, RequestState as S, Supplement, Warrant,
    machine::Outcome,
};
use crate::{
    clock::{self, Answer, ClockId, Clocks, DueKind, Extension, due_notices},
    command::{Command, Notice},
    refused::{Lack, Refused},
};

pub(super) fn submit(mut request: Request, by: ActorId, warrant: Warrant, now: Timestamp, clocks: &Clocks) -> Outcome {
    let mut lacks = request.application.lacks(now);
    if !warrant.is_whole() {
        lacks.push(Lack::Warrant);
    }
    if !lacks.is_empty() {
        return Err(Refused::Incomplete(lacks));
    }
    request.warrant = Some(warrant);
    request.submitted_at = Some(now);
    request.submitted_by = Some(by);
    request.state = S::Submitted;
    let mut commands = start(&mut request, ClockId::T5, now, clocks)?;
    commands.extend(run_answer_clock(&mut request, now, clocks)?);
    commands.push(Command::tell_authority(Notice::RequestSubmitted));
    Ok((request, commands))
}

pub(super) fn ask_supplement(
    mut request: Request,
    by: ActorId,
    missing: Vec<String>,
    now: Timestamp,
    clocks: &Clocks,
) -> Outcome {
    not_own(&request, by)?;
    let missing: Vec<String> = missing.into_iter().filter(|it| !it.trim().is_empty()).collect();
    if missing.is_empty() {
        return Err(Refused::NothingNamed);
    }
    let mut commands = stop(&mut request, &[ClockId::T5], now);
    for timer in request.timers.iter_mut().filter(|it| it.is_open()) {
        clocks.pause(timer, now)?;
        commands.push(Command::PauseTimer { clock: timer.clock() });
    }
    request.supplement = Some(Supplement {
        asked_at: now,
        asked_by: by,
        missing,
        answered_at: None,
        answered_by: None,
        note: None,
    });
    request.state = S::SupplementAsked;
    commands.push(Command::tell(
        request.applicant.org,
        Role::DataOfficer,
        Notice::SupplementAsked,
    ));
    Ok((request, commands))
}

pub(super) fn supplement(
    mut request: Request,
    by: ActorId,
    application: Application,
    note: String,
    now: Timestamp,
    clocks: &Clocks,
) -> Outcome {
    let lacks = application.lacks(now);
    if !lacks.is_empty() {
        return Err(Refused::Incomplete(lacks));
    }
    request.application = application;
    if let Some(supplement) = &mut request.supplement {
        supplement.answered_at = Some(now);
        supplement.answered_by = Some(by);
        supplement.note = Some(note).filter(|it| !it.trim().is_empty());
    }
    request.state = S::Supplemented;
    let mut commands = start(&mut request, ClockId::T5, now, clocks)?;
    for timer in request
        .timers
        .iter_mut()
        .filter(|it| it.is_open() && it.deadline.is_paused())
    {
        clocks.resume(timer, now)?;
        commands.extend(timer.due().map(|due| Command::StartTimer {
            clock: timer.clock(),
            due,
        }));
    }
    commands.extend(run_answer_clock(&mut request, now, clocks)?);
    commands.push(Command::tell_authority(Notice::RequestSupplemented));
    Ok((request, commands))
}

pub(super) fn accept(request: Request, by: ActorId, opinion: String, now: Timestamp, clocks: &Clocks) -> Outcome {
    not_own(&request, by)?;
    let mut request = say(request, by, "accept", opinion, now);
    let mut commands = stop(&mut request, &[ClockId::T5], now);
    if request.class == SharingClass::Unconditional {
        let grant = Grant::as_asked(&request.application);
        let (request, more) = granted(request, by, grant, now)?;
        commands.extend(more);
        return Ok((request, commands));
    }
    request.state = S::Accepted;
    commands.extend(run_answer_clock(&mut request, now, clocks)?);
    // The reminder that the authority had is not the provider's.
    for timer in request.timers.iter_mut().filter(|it| it.is_open()) {
        timer.reminded_at = timer.reminded_at.filter(|_| timer.is_overdue(now));
    }
    commands.push(Command::tell(request.provider, Role::Approver, Notice::RequestAccepted));
    commands.push(Command::tell(
        request.applicant.org,
        Role::DataOfficer,
        Notice::RequestAccepted,
    ));
    Ok((request, commands))
}

pub(super) fn ask_extension(mut request: Request, by: ActorId, days: u32, reason: String, now: Timestamp) -> Outcome {
    let before = request.extension.as_ref();
    let asked = Extension::ask(before, &request.timers, ClockId::T4, by, (days, reason), now)?;
    request.extension = Some(asked);
    Ok((request, vec![Command::tell_authority(Notice::ExtensionAsked)]))
}

pub(super) fn answer_extension(mut request: Request, answer: Answer, clocks: &Clocks) -> Outcome {
    not_own(&request, answer.by)?;
    let consent = answer.consent;
    let mut commands = answer.give(request.extension.as_mut(), &mut request.timers, ClockId::T4, clocks)?;
    let (provider, consumer) = (request.provider, request.applicant.org);
    if consent {
        // The requester is told of an extension by law.
        commands.push(Command::tell(consumer, Role::DataOfficer, Notice::ExtensionConsented));
        commands.push(Command::tell(provider, Role::Approver, Notice::ExtensionConsented));
    } else {
        commands.push(Command::tell(provider, Role::Approver, Notice::ExtensionDeclined));
    }
    Ok((request, commands))
}

pub(super) fn granted(mut request: Request, by: ActorId, grant: Grant, now: Timestamp) -> Outcome {
    if request.class == SharingClass::Withheld {
        return Err(Refused::Withheld);
    }
    let checks = [
        (Lack::Items, grant.items.is_empty()),
        (Lack::Modes, grant.modes.is_empty()),
        (Lack::Period, grant.from >= grant.until || grant.until <= now),
        (Lack::Quota, grant.quota_per_day == Some(0)),
    ];
    let lacks: Vec<Lack> = checks
        .into_iter()
        .filter(|(_, lacking)| *lacking)
        .map(|(lack, _)| lack)
        .collect();
    if !lacks.is_empty() {
        return Err(Refused::Incomplete(lacks));
    }
    let mut commands = stop(&mut request, ClockId::ALL, now);
    request.decision = Some(Decision::Granted {
        at: now,
        by,
        grant: grant.clone(),
    });
    request.state = S::Granted;
    request.ended_at = Some(now);
    commands.push(Command::MakeAgreement { grant: Box::new(grant) });
    commands.push(Command::tell(
        request.applicant.org,
        Role::DataOfficer,
        Notice::RequestGranted,
    ));
    commands.push(Command::tell(
        request.provider,
        Role::DataOfficer,
        Notice::RequestGranted,
    ));
    Ok((request, commands))
}

pub(super) fn refuse(
    request: Request,
    by: ActorId,
    kind: RefusalKind,
    reasons: String,
    law: Option<String>,
    now: Timestamp,
) -> Outcome {
    not_own(&request, by)?;
    if reasons.trim().is_empty() {
        return Err(Refused::NoReasons);
    }
    let law = law.filter(|it| !it.trim().is_empty());
    if kind == RefusalKind::Withheld && law.is_none() {
        return Err(Refused::NoLaw);
    }
    let mut request = say(request, by, "refuse", reasons.clone(), now);
    let mut commands = stop(&mut request, ClockId::ALL, now);
    request.decision = Some(Decision::Refused {
        at: now,
        by,
        kind,
        reasons,
        law,
    });
    request.state = S::Refused;
    request.ended_at = Some(now);
    commands.push(Command::tell(
        request.applicant.org,
        Role::DataOfficer,
        Notice::RequestRefused,
    ));
    Ok((request, commands))
}

pub(super) fn withdraw(request: Request, by: ActorId, reason: String, now: Timestamp) -> Outcome {
    let was = request.state;
    let mut request = say(request, by, "withdraw", reason, now);
    let mut commands = stop(&mut request, ClockId::ALL, now);
    request.state = S::Withdrawn;
    request.ended_at = Some(now);
    match was {
        S::Submitted | S::SupplementAsked | S::Supplemented => {
            commands.push(Command::tell_authority(Notice::RequestWithdrawn));
        }
        S::Accepted => commands.push(Command::tell(
            request.provider,
            Role::Approver,
            Notice::RequestWithdrawn,
        )),
        S::Draft | S::Granted | S::Refused | S::Withdrawn => {}
    }
    Ok((request, commands))
}

pub(super) fn time_passes(mut request: Request, now: Timestamp) -> (Request, Vec<Command>) {
    let notices = due_notices(&request.timers, now);
    clock::mark(&mut request.timers, &notices, now);
    let with_provider = request.state == S::Accepted;
    let mut commands = Vec::new();
    for notice in notices {
        let clock = notice.clock;
        let kind = match notice.kind {
            DueKind::Soon => Notice::DueSoon { clock },
            DueKind::Overdue => Notice::Overdue { clock },
        };
        commands.push(match with_provider {
            true => Command::tell(request.provider, Role::Approver, kind),
            false => Command::tell_authority(kind),
        });
        if notice.kind == DueKind::Overdue && with_provider {
            commands.push(Command::Escalate {
                clock,
                late: request.provider,
            });
        }
        if notice.kind == DueKind::Overdue && matches!(clock, ClockId::T3 | ClockId::T4) {
            commands.push(Command::tell(request.applicant.org, Role::DataOfficer, kind));
        }
    }
    (request, commands)
}

pub(super) fn not_own(request: &Request, by: ActorId) -> Result<(), Refused> {
    if request.is_own(by) {
        Err(Refused::OwnRequest)
    } else {
        Ok(())
    }
}

pub(super) fn say(mut request: Request, by: ActorId, event: &str, text: String, at: Timestamp) -> Request {
    if !text.trim().is_empty() {
        request.opinions.push(Opinion {
            at,
            by,
            event: event.to_owned(),
            text,
        });
    }
    request
}

pub(super) fn start(
    request: &mut Request,
    clock: ClockId,
    now: Timestamp,
    clocks: &Clocks,
) -> Result<Vec<Command>, Refused> {
    let Some(timer) = clocks.start(clock, request.division.as_deref(), now)? else {
        return Ok(vec![]);
    };
    let due = timer.due();
    request.timers.push(timer);
    Ok(due.map(|due| Command::StartTimer { clock, due }).into_iter().collect())
}

/// The clock of the answer runs from the submission on, whoever has the request (T3 for unconditional data, T4 for the
/// rest), and stands still while a supplement is awaited. Where the class has changed since, the other one stops.
fn run_answer_clock(request: &mut Request, now: Timestamp, clocks: &Clocks) -> Result<Vec<Command>, Refused> {
    let (right, wrong) = match request.class {
        SharingClass::Unconditional => (ClockId::T3, ClockId::T4),
        SharingClass::Conditional | SharingClass::Withheld => (ClockId::T4, ClockId::T3),
    };
    let mut commands = stop(request, &[wrong], now);
    if request.timers.iter().any(|it| it.clock() == right && it.is_open()) {
        return Ok(commands);
    }
    let began = request.submitted_at.unwrap_or(now);
    let Some(mut timer) = clocks.start(right, request.division.as_deref(), began)? else {
        return Ok(commands);
    };
    if let Some(supplement) = &request.supplement {
        clocks.pause(&mut timer, supplement.asked_at)?;
        clocks.resume(&mut timer, supplement.answered_at.unwrap_or(now))?;
    }
    commands.extend(timer.due().map(|due| Command::StartTimer { clock: right, due }));
    request.timers.push(timer);
    Ok(commands)
}

pub(super) fn stop(request: &mut Request, which: &[ClockId], now: Timestamp) -> Vec<Command> {
    clock::meet(&mut request.timers, which, now)
}
