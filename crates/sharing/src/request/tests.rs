#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::Expect;
use vocab::{Mask, SharingMode};

use super::*;
use crate::{
    Command, Notice, Who,
    clock::tests::{at, clocks},
};

pub(crate) struct Cast {
    pub consumer: OrgId,
    pub provider: OrgId,
    pub applicant: ActorId,
    pub colleague: ActorId,
    pub checker: ActorId,
    pub approver: ActorId,
}

pub(crate) fn cast() -> Cast {
    Cast {
        consumer: OrgId::new(),
        provider: OrgId::new(),
        applicant: ActorId::new(),
        colleague: ActorId::new(),
        checker: ActorId::new(),
        approver: ActorId::new(),
    }
}

pub(crate) fn application() -> Application {
    let item = |item: &str, mask| GrantedItem {
        item: item.to_owned(),
        mask,
    };
    Application {
        basis: Basis::Law,
        basis_text: "居住证暂行条例第九条".to_owned(),
        scenario: "居住证签注时核验社保缴纳".to_owned(),
        purpose: Purpose::Service,
        items: vec![item("姓名", Mask::Name), item("缴费状态", Mask::Clear)],
        rows: RowRule::StartsWith {
            item: "区划".to_owned(),
            prefix: "3301".to_owned(),
        },
        modes: vec![SharingMode::Interface, SharingMode::Batch],
        from: at("2026-04-01T00:00"),
        until: at("2027-04-01T00:00"),
        quota_per_day: Some(1000),
    }
}

pub(crate) fn draft(cast: &Cast, class: SharingClass) -> Request {
    let new = NewRequest {
        no: "GX-2026-000001".to_owned(),
        applicant: Party {
            org: cast.consumer,
            actor: cast.applicant,
        },
        provider: cast.provider,
        division: None,
        resource: ResourceId::new(),
        resource_version: 3,
        class,
        application: application(),
    };
    Request::draft(new, at("2026-03-09T09:00"))
}

pub(crate) fn short(command: &Command, consumer: OrgId, provider: OrgId) -> String {
    let name = |org: OrgId| match org {
        it if it == consumer => "consumer",
        it if it == provider => "provider",
        _ => "somebody",
    };
    match command {
        Command::StartTimer { clock, due } => {
            format!(
                "start {clock} until {}",
                due.with_timezone(&vocab::calendar::shanghai()).format("%m-%d")
            )
        }
        Command::PauseTimer { clock } => format!("pause {clock}"),
        Command::StopTimer { clock } => format!("stop {clock}"),
        Command::Notify { who, kind } => {
            let who = match who {
                Who::Org { org, role } => format!("{} {role}", name(*org)),
                Who::Authority => "authority".to_owned(),
                Who::Actor { .. } => "person".to_owned(),
            };
            match kind {
                Notice::DueSoon { clock } => format!("tell {who}: {clock} due soon"),
                Notice::Overdue { clock } => format!("tell {who}: {clock} overdue"),
                kind => format!("tell {who}: {kind:?}"),
            }
        }
        Command::Escalate { clock, late } => format!("escalate {clock}, late is {}", name(*late)),
        Command::MakeAgreement { grant } => format!("make agreement on {} items", grant.items.len()),
    }
}

/// Plays a story: `DAY event` per line; what came of each.
fn play(class: SharingClass, story: &str, expected: Expect) {
    let cast = cast();
    let clocks = clocks();
    let mut request = draft(&cast, class);
    let mut told = String::new();
    for line in story.split(", ") {
        let (day, word) = line.split_once(' ').unwrap();
        let now = at(&format!("2026-{day}T10:00"));
        let outcome = apply(request.clone(), event(&cast, word), now, &clocks);
        let text = match outcome {
            Ok((next, commands)) => {
                let commands: Vec<_> = commands
                    .iter()
                    .map(|it| short(it, cast.consumer, cast.provider))
                    .collect();
                request = next;
                format!("{} [{}]", request.state, commands.join("; "))
            }
            Err(refused) => format!("refused, {refused}"),
        };
        told.push_str(&format!("{line}: {text}\n"));
    }
    expected.assert_eq(&told);
}

fn event(cast: &Cast, word: &str) -> Event {
    let grant = |change: fn(&mut Grant)| {
        let mut grant = Grant::as_asked(&application());
        grant.rows = RowRule::All;
        change(&mut grant);
        Event::Grant {
            by: cast.approver,
            grant: Box::new(grant),
            opinion: "同意".to_owned(),
        }
    };
    let refuse = |kind, reasons: &str, law: Option<&str>| Event::Refuse {
        by: cast.approver,
        kind,
        reasons: reasons.to_owned(),
        law: law.map(str::to_owned),
    };
    let changed = |change: fn(&mut Application)| {
        let mut it = application();
        change(&mut it);
        Box::new(it)
    };
    match word {
        "edit-empty" => Event::Edit {
            application: changed(|it| {
                it.basis_text.clear();
                it.scenario.clear();
                it.items.clear();
                it.modes.clear();
                it.until = it.from;
                it.quota_per_day = Some(0);
            }),
        },
        "edit" => Event::Edit {
            application: changed(|_| {}),
        },
        "submit" => Event::Submit {
            by: cast.applicant,
            warrant: Warrant::WHOLE,
        },
        "submit-as-colleague" => Event::Submit {
            by: cast.colleague,
            warrant: Warrant::WHOLE,
        },
        "accept-as-colleague" => Event::Accept {
            by: cast.colleague,
            opinion: String::new(),
        },
        "supplement-as-colleague" => Event::Supplement {
            by: cast.colleague,
            application: changed(|_| {}),
            note: "已补".to_owned(),
        },
        "submit-unwarranted" => Event::Submit {
            by: cast.applicant,
            warrant: Warrant {
                necessary: false,
                ..Warrant::WHOLE
            },
        },
        "accept" => Event::Accept {
            by: cast.checker,
            opinion: "材料齐全".to_owned(),
        },
        "accept-own" => Event::Accept {
            by: cast.applicant,
            opinion: String::new(),
        },
        "ask" => Event::AskSupplement {
            by: cast.checker,
            missing: vec!["缺少使用依据文号".to_owned(), "缺少安全责任人".to_owned()],
        },
        "ask-nothing" => Event::AskSupplement {
            by: cast.checker,
            missing: vec![" ".to_owned()],
        },
        "supplement" => Event::Supplement {
            by: cast.applicant,
            application: changed(|_| {}),
            note: "已补".to_owned(),
        },
        "supplement-badly" => Event::Supplement {
            by: cast.applicant,
            application: changed(|it| it.scenario.clear()),
            note: String::new(),
        },
        "ask-time" => Event::AskExtension {
            by: cast.approver,
            days: 10,
            reason: "需核对历史数据".to_owned(),
        },
        "ask-too-much-time" => Event::AskExtension {
            by: cast.approver,
            days: 11,
            reason: "需核对历史数据".to_owned(),
        },
        "give-time" => Event::AnswerExtension {
            by: cast.checker,
            consent: true,
            reason: String::new(),
        },
        "give-own-time" => Event::AnswerExtension {
            by: cast.approver,
            consent: true,
            reason: String::new(),
        },
        "give-no-time" => Event::AnswerExtension {
            by: cast.checker,
            consent: false,
            reason: "理由不充分".to_owned(),
        },
        "give-no-time-silently" => Event::AnswerExtension {
            by: cast.checker,
            consent: false,
            reason: " ".to_owned(),
        },
        "grant" => grant(|_| {}),
        "grant-own" => match grant(|_| {}) {
            Event::Grant { grant, opinion, .. } => Event::Grant {
                by: cast.applicant,
                grant,
                opinion,
            },
            other => other,
        },
        "grant-less" => grant(|it| {
            it.items.truncate(1);
            it.modes.truncate(1);
            it.quota_per_day = Some(100);
        }),
        "grant-more" => grant(|it| {
            it.items[0].mask = Mask::Clear;
            it.items.push(GrantedItem {
                item: "身份证号".to_owned(),
                mask: Mask::Clear,
            });
            it.modes.push(SharingMode::File);
            it.quota_per_day = None;
            it.until = at("2028-01-01T00:00");
        }),
        "grant-nothing" => grant(|it| it.items.clear()),
        "refuse" => refuse(RefusalKind::NoBasis, "依据与职责不符", None),
        "refuse-silently" => refuse(RefusalKind::NoBasis, " ", None),
        "refuse-withheld" => refuse(RefusalKind::Withheld, "涉及未成年人", None),
        "refuse-by-law" => refuse(
            RefusalKind::Withheld,
            "涉及未成年人",
            Some("未成年人保护法第一百零三条"),
        ),
        "withdraw" => Event::Withdraw {
            by: cast.colleague,
            reason: "不再需要".to_owned(),
        },
        "time" => Event::TimePasses,
        other => panic!("no such event {other}"),
    }
}

mod stories;
