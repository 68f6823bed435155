//! One sample of each page, with the content of an ordinary day.

use askama::Template;
use chrono::NaiveDate;
use vocab::{
    Action, Classification, Openness, Purpose, ResourceFormat, Role, Sensitivity, SharingClass, SharingMode,
    SourceKind, Timestamp, UpdateCycle, profile::Meaning,
};

use crate::{
    locale::Lang,
    page::{
        Choice, Clock, Errors, Flash, Happening, Link, Pager, Sheet, Tag, Tone, Ui, account, admin, agreement, catalog,
        correction, data, delivery, failure, ledger, notice, request, source, task, update,
    },
};

fn s(text: &str) -> String {
    text.to_owned()
}

fn at(text: &str) -> Timestamp {
    vocab::time::parse(text).unwrap()
}

fn day(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap()
}

pub(super) fn ui(lang: Lang, section: &'static str) -> Ui {
    Ui {
        lang,
        path: s("/here?a=1"),
        who: Some(crate::page::ui::Who {
            name: s("林晓"),
            org: s("云州市自然资源局"),
            several: true,
            may: Action::ALL.to_vec(),
            tasks: 3,
            notices: 2,
        }),
        section,
        flash: vec![],
        now: at("2026-03-20T08:00:00Z"),
        node: s("云州市"),
    }
}

fn clock(ui: &Ui, left: i64) -> Clock {
    Clock {
        name: ui.tk("clock-name-", "T4"),
        due: Some(day(2026, 3, 24)),
        left,
        stopped: false,
        explained: vec![
            s("自 3 月 9 日起 10 个工作日；当日不计。"),
            s("跳过 3 月 14–15 日、21–22 日（周末）。"),
        ],
        basis: s("政务数据共享条例（国务院令第 809 号）"),
    }
}

fn tasks(ui: &Ui) -> Vec<task::TaskRow> {
    vec![
        task::TaskRow {
            href: s("/requests/req_1/decide"),
            title: s("共享申请：不动产登记信息"),
            deed: ui.tk("task-deed-", "decide"),
            from: s("云州市教育局"),
            since: at("2026-03-09T02:00:00Z"),
            clock: Some(clock(ui, -2)),
            escalated: true,
        },
        task::TaskRow {
            href: s("/corrections/cor_1"),
            title: s("校核：村级行政区划代码"),
            deed: ui.tk("task-deed-", "answer"),
            from: s("云州市民政局"),
            since: at("2026-03-19T02:00:00Z"),
            clock: Some(clock(ui, 2)),
            escalated: false,
        },
    ]
}

fn hits(ui: &Ui) -> Vec<catalog::Hit> {
    vec![
        catalog::Hit {
            id: s("res_1"),
            title: catalog::Marked::find("村级行政区划代码", &[s("区划")]),
            summary: catalog::Marked::find(
                "全国村（居）委会的统计用区划代码和名称，12 位代码，含城乡分类。",
                &[s("区划")],
            ),
            org: s("云州市统计局"),
            class: SharingClass::Unconditional,
            cycle: UpdateCycle::Yearly,
            items: 5,
            found_items: vec![s("区划代码")],
            changed: Some(at("2026-03-02T01:30:00Z")),
            state: None,
        },
        catalog::Hit {
            id: s("res_2"),
            title: catalog::Marked::plain("不动产登记信息"),
            summary: catalog::Marked::plain("不动产权利人、坐落、面积和登记时间。"),
            org: s("云州市自然资源局"),
            class: SharingClass::Conditional,
            cycle: UpdateCycle::Daily,
            items: 18,
            found_items: vec![],
            changed: Some(at("2026-02-11T01:30:00Z")),
            state: Some(ui.state("resource", "change-in-review")),
        },
        catalog::Hit {
            id: s("res_3"),
            title: catalog::Marked::plain("婚姻登记信息"),
            summary: catalog::Marked::plain(""),
            org: s("云州市民政局"),
            class: SharingClass::Withheld,
            cycle: UpdateCycle::RealTime,
            items: 9,
            found_items: vec![],
            changed: None,
            state: None,
        },
    ]
}

fn pager() -> Pager {
    Pager {
        total: Some(1234),
        from: 21,
        to: 40,
        prev: Some(s("?page=1")),
        next: Some(s("?page=3")),
    }
}

fn facets() -> Vec<catalog::Facet> {
    let option = |value: &str, text: &str, count, picked| catalog::FacetOption {
        value: s(value),
        text: s(text),
        count,
        picked,
    };
    vec![
        catalog::Facet {
            name: s("org"),
            title: s("提供部门"),
            options: vec![
                option("org_1", "云州市统计局", 812, true),
                option("org_2", "云州市自然资源局", 64, false),
            ],
        },
        catalog::Facet {
            name: s("class"),
            title: s("共享类型"),
            options: vec![
                option("unconditional", "无条件共享", 700, false),
                option("conditional", "有条件共享", 500, false),
            ],
        },
    ]
}

fn items() -> Vec<catalog::ItemRow> {
    let item = |name: &str, note: &str, ty: &str, national, sensitivity, mask: &str, key| catalog::ItemRow {
        name: s(name),
        note: s(note),
        data_type: s(ty),
        national,
        class: SharingClass::Conditional,
        condition: s(""),
        openness: Openness::Closed,
        sensitivity,
        classification: Classification::General,
        mask: s(mask),
        key,
    };
    let mut rows = vec![
        item(
            "权证号",
            "不动产权证书号",
            "text",
            "C",
            Sensitivity::None,
            "clear",
            true,
        ),
        item("权利人", "", "text", "C", Sensitivity::Personal, "name", false),
        item(
            "证件号码",
            "公民身份号码或统一社会信用代码",
            "text",
            "C",
            Sensitivity::Sensitive,
            "keep-ends(6,4)",
            false,
        ),
        item(
            "坐落",
            "",
            "text",
            "C",
            Sensitivity::Personal,
            "address-to-county",
            false,
        ),
        item(
            "建筑面积",
            "平方米",
            "decimal(12,2)",
            "N",
            Sensitivity::None,
            "clear",
            false,
        ),
    ];
    let mut withheld = item("家庭关系", "", "text", "C", Sensitivity::Sensitive, "null", false);
    withheld.class = SharingClass::Withheld;
    withheld.condition = s("《中华人民共和国个人信息保护法》第二十八条");
    rows.push(withheld);
    rows
}

fn resource(ui: &Ui) -> catalog::ResourceView {
    catalog::ResourceView {
        id: s("res_2"),
        category: s("部门信息资源 / 自然资源"),
        title: s("不动产登记信息"),
        title_en: s("Real estate register"),
        code: s("3301XZ/000018"),
        national_code: s("307011/000018"),
        provider: s("云州市自然资源局"),
        provider_code: s("11330100MB0000000X"),
        summary: s("全市不动产登记的权利人、坐落、面积和登记时间，自 2015 年起，不含涉密军事设施。"),
        summary_en: s(""),
        theme: s("公共服务"),
        keywords: vec![s("不动产"), s("登记")],
        row_scope: s("division LIKE '3301%'"),
        no_key_reason: s(""),
        format: ResourceFormat::Database,
        format_detail: s("PostgreSQL"),
        items: items(),
        class: SharingClass::Conditional,
        condition: s("仅限履行入学资格、公积金和税务核验职责的部门使用。"),
        modes: vec![SharingMode::Interface, SharingMode::Batch],
        openness: Openness::Closed,
        open_condition: s(""),
        cycle: UpdateCycle::Daily,
        published: Some(day(2026, 2, 11)),
        related: vec![Link::new("3301XZ/000019", "/resources/res_9")],
        classification: Classification::Important,
        state: ui.state("resource", "published"),
        version: 2,
        source: Some(Link::new("不动产库 · realty.right", "/sources/src_1")),
        not_secret: s("林晓，2026年2月9日"),
    }
}

fn happenings() -> Vec<Happening> {
    vec![
        Happening {
            at: at("2026-03-10T03:12:00Z"),
            who: s("周敏 · 云州市数据局"),
            text: s("受理申请"),
            note: s("材料齐全，符合要求。"),
            entry: Some(1042),
        },
        Happening {
            at: at("2026-03-09T02:00:00Z"),
            who: s("陈晨 · 云州市教育局"),
            text: s("提交申请"),
            note: s(""),
            entry: Some(1038),
        },
    ]
}

fn sheet(masked: bool) -> Sheet {
    let cell = |a: &str| Some(s(a));
    let columns = vec![s("权证号"), s("权利人"), s("证件号码"), s("坐落"), s("建筑面积")];
    let rows = if masked {
        vec![
            vec![
                cell("浙(2021)云州市不动产权第0012345号"),
                cell("欧阳**"),
                cell("330106********0017"),
                cell("浙江省云州市西城区****"),
                cell("89.35"),
            ],
            vec![
                cell("浙(2022)云州市不动产权第0098765号"),
                cell("张*"),
                cell("330106********2024"),
                cell("浙江省云州市西城区****"),
                None,
            ],
        ]
    } else {
        vec![
            vec![
                cell("浙(2021)云州市不动产权第0012345号"),
                cell("欧阳明远"),
                cell("330106199001010017"),
                cell("浙江省云州市西城区湖滨路1号2单元301室"),
                cell("89.35"),
            ],
            vec![
                cell("浙(2022)云州市不动产权第0098765号"),
                cell("张三"),
                cell("330106198502022024"),
                cell("浙江省云州市西城区龙井路8号"),
                None,
            ],
        ]
    };
    Sheet {
        columns,
        rows,
        masked: if masked { vec![1, 2, 3] } else { vec![] },
        total: Some(if masked { 41_203 } else { 620_573 }),
    }
}

fn asked() -> Vec<request::AskedItem> {
    items()
        .into_iter()
        .take(4)
        .map(|it| request::AskedItem {
            name: it.name,
            mask: it.mask,
            sensitivity: it.sensitivity,
            class: it.class,
        })
        .collect()
}

fn request_view(ui: &Ui) -> request::RequestView {
    request::RequestView {
        id: s("req_1"),
        no: s("GX-2026-000001"),
        resource: Link::new("不动产登记信息", "/resources/res_2"),
        class: SharingClass::Conditional,
        consumer: s("云州市教育局"),
        provider: s("云州市自然资源局"),
        applicant: s("陈晨"),
        state: ui.state("request", "in-decision"),
        basis: s("《中华人民共和国义务教育法》第十二条；云州市义务教育入学管理办法第八条"),
        scenario: s("入学报名时核验监护人在学区内的不动产，由招生科经办人员使用。"),
        purpose: Purpose::Service,
        items: asked(),
        rows: s("坐落 LIKE '浙江省云州市西城区%'"),
        modes: vec![SharingMode::Interface],
        from: day(2026, 4, 1),
        until: day(2027, 3, 31),
        quota: Some(5000),
        submitted: Some(at("2026-03-09T02:00:00Z")),
    }
}

fn checks() -> Vec<catalog::Check> {
    let check = |good, text: &str, basis: &str| catalog::Check {
        good,
        text: s(text),
        basis: s(basis),
    };
    vec![
        check(
            true,
            "使用依据、场景、范围、方式、期限齐全",
            "政务数据共享条例 第二十条",
        ),
        check(true, "使用目的在共享条件范围内", "rule: purpose-within-condition"),
        check(false, "敏感个人信息“证件号码”未设置脱敏", "个人信息保护法 第二十九条"),
    ]
}

fn errors(pairs: &[(&str, &str)]) -> Errors {
    let mut errors = Errors::default();
    for (field, text) in pairs {
        errors.add(*field, *text);
    }
    errors
}

pub(super) fn search(ui: Ui) -> catalog::SearchPage {
    let hits = hits(&ui);
    catalog::SearchPage {
        ui,
        form: catalog::SearchForm {
            q: s("区划"),
            sort: s(""),
        },
        facets: facets(),
        hits,
        pager: pager(),
        took_ms: 4,
        tries: vec![],
        complete: true,
    }
}

pub(super) fn run(ui: Ui, running: bool) -> delivery::RunPage {
    delivery::RunPage {
        ui,
        delivery: Link::new("区划代码每日入库", "/deliveries/dlv_1"),
        href: s("/deliveries/dlv_1/runs/run_1"),
        at: at("2026-03-20T07:58:00Z"),
        live: delivery::Live {
            phase: s(if running { "copying" } else { "done" }),
            percent: Some(if running { 46 } else { 100 }),
            rows: if running { 285_000 } else { 620_573 },
            expected: Some(620_573),
            rate: 91_200,
            chunks_done: if running { 29 } else { 63 },
            chunks: 63,
            seconds: 7,
            running,
            path: Some(s("按列解码传输：目标不是 PostgreSQL。")),
            refreshed: Some(s("只写入有变化的行：已与目标表逐行比对。")),
            failed: None,
        },
        report: (!running).then(|| delivery::Report {
            source_rows: 620_573,
            target_rows: 620_573,
            bytes: Some((71_204_118, 71_204_118)),
            algorithm: "sha256-mset-add/jutong-rows-1",
            source_digest: s("sm3:9f2c51d0c4b1e4bd1f27d3f6a0f1f2a6b5a1f6d7c8e9fa0b1c2d3e4f5a6b7c8d"),
            target_digest: s("sm3:9f2c51d0c4b1e4bd1f27d3f6a0f1f2a6b5a1f6d7c8e9fa0b1c2d3e4f5a6b7c8d"),
            equal: true,
            receipt: Some(2077),
            target: s("mysql://db.edu.example:3306/school · villages"),
            changed: Some((12, 340, 5, 620_221)),
            reading: Some(s("each-chunk")),
            noticed: Some((12, 3)),
        }),
        can_cancel: running,
    }
}

/// Renders every sample and hands it on with its name.
pub(super) fn each(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    shared(lang, out);
    catalogue(lang, out);
    sources(lang, out);
    requests(lang, out);
    agreements(lang, out);
    deliveries(lang, out);
    proofs(lang, out);
    administration(lang, out);
}

fn shared(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let nobody = || Ui {
        who: None,
        ..ui(lang, "")
    };
    let mut page = account::SignInPage {
        ui: nobody(),
        form: account::SignInForm {
            login: s(""),
            next: s("/tasks"),
        },
        errors: Errors::default(),
    };
    out("sign-in", page.render().unwrap());
    page.errors = errors(&[("login", "用户名或密码不正确")]);
    page.form.login = s("linxiao");
    out("sign-in-wrong", page.render().unwrap());
    out(
        "password",
        account::PasswordPage {
            ui: ui(lang, ""),
            must: true,
            errors: Errors::default(),
        }
        .render()
        .unwrap(),
    );
    let row = |name: &str, used, dead| account::TokenRow {
        id: s("tok_1"),
        name: s(name),
        made: at("2026-01-05T02:00:00Z"),
        expires: at("2026-07-05T02:00:00Z"),
        used,
        dead,
    };
    let page = account::TokensPage {
        ui: ui(lang, ""),
        base: s("/tokens"),
        whose: String::new(),
        rows: vec![
            row("不动产系统每日取数", Some(at("2026-03-20T00:10:00Z")), false),
            row("旧系统", None, true),
        ],
        fresh: Some(s("jt_9c1f…")),
        form: account::TokenForm {
            name: s(""),
            days: s("180"),
        },
        errors: Errors::default(),
    };
    out("tokens", page.render().unwrap());
    let page = account::OrganisationPage {
        ui: ui(lang, ""),
        orgs: vec![
            Choice::new("org_1", "云州市自然资源局"),
            Choice::new("org_2", "云州市民政局"),
        ],
        org: s("org_1"),
        errors: Errors::default(),
    };
    out("organisation", page.render().unwrap());
    let u = ui(lang, "tasks");
    let rows = tasks(&u);
    let groups = vec![
        task::TaskGroup {
            code: s("overdue"),
            rows: rows[..1].to_vec(),
        },
        task::TaskGroup {
            code: s("soon"),
            rows: rows[1..].to_vec(),
        },
    ];
    out("tasks", task::TasksPage { ui: u, groups }.render().unwrap());
    out(
        "tasks-empty",
        task::TasksPage {
            ui: ui(lang, "tasks"),
            groups: vec![],
        }
        .render()
        .unwrap(),
    );
    let notices = |rows: Vec<notice::NoticeRow>| notice::NoticesPage {
        ui: ui(lang, "notices"),
        unread: rows.iter().filter(|it| it.unread).count() as u64,
        rows,
        pager: Pager::default(),
    };
    let told = |id: &str, unread| notice::NoticeRow {
        id: s(id),
        text: s("“答复有条件共享申请”已超期：不动产登记信息 GX-2026-000003"),
        href: s("/requests/req_1"),
        at: at("2026-03-24T02:00:00Z"),
        unread,
    };
    out(
        "notices",
        notices(vec![told("ntc_2", true), told("ntc_1", false)])
            .render()
            .unwrap(),
    );
    out("notices-empty", notices(vec![]).render().unwrap());
    for status in [403_u16, 404, 422, 500] {
        let page = failure::FailurePage {
            ui: ui(lang, ""),
            status,
            code: s("denied"),
            told: s("没有权限"),
            rule: (status == 403).then(|| s("people-by-system-admin")),
        };
        out(&format!("failure-{status}"), page.render().unwrap());
    }
}

fn catalogue(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let u = ui(lang, "");
    let figure = |code: &str, value| catalog::Figure {
        code: s(code),
        value,
        href: s("/search"),
    };
    let page = catalog::HomePage {
        figures: vec![
            figure("resources", 1234),
            figure("orgs", 42),
            figure("agreements", 310),
            figure("rows", 98_412_337),
        ],
        waiting: tasks(&u),
        newest: hits(&u),
        shelves: facets(),
        ui: u,
    };
    out("home", page.render().unwrap());
    out("search", search(ui(lang, "catalog")).render().unwrap());
    let empty = catalog::SearchPage {
        hits: vec![],
        pager: Pager::default(),
        tries: vec![s("区划"), s("village")],
        complete: false,
        ..search(ui(lang, "catalog"))
    };
    out("search-empty", empty.render().unwrap());
    let u = ui(lang, "ours");
    out(
        "resources",
        catalog::ResourcesPage {
            rows: hits(&u),
            pager: Pager::default(),
            changed_on: String::new(),
            changed_what: String::new(),
            errors: Errors::default(),
            ui: u,
        }
        .render()
        .unwrap(),
    );
    let u = ui(lang, "catalog");
    let version = |number, diff: &str| catalog::VersionRow {
        number,
        at: at("2026-02-11T01:30:00Z"),
        who: s("林晓"),
        note: s("增加建筑面积"),
        diff: s(diff),
    };
    let page = catalog::ResourcePage {
        it: resource(&u),
        users: vec![catalog::UserRow {
            org: s("云州市税务局"),
            purpose: Purpose::Supervision,
            since: day(2025, 9, 1),
        }],
        versions: vec![version(2, "/resources/res_2/versions/2"), version(1, "")],
        access: catalog::Access::Ask,
        can_edit: true,
        can_submit: true,
        can_review: true,
        can_withdraw: true,
        ways_back: catalog::WaysBack {
            take_back: true,
            discard: true,
            delete: true,
            reopen: true,
        },
        can_record: true,
        clocks: vec![clock(&u, 3)],
        owes_update: true,
        changed_on: String::new(),
        changed_what: String::new(),
        errors: Errors::default(),
        ui: u,
    };
    out("resource", page.render().unwrap());
    let diff = vec![
        catalog::DiffRow {
            what: s("更新周期"),
            before: s("每周"),
            after: s("每日"),
        },
        catalog::DiffRow {
            what: s("信息项 建筑面积"),
            before: s(""),
            after: s("decimal(12,2)"),
        },
    ];
    let page = catalog::VersionPage {
        ui: ui(lang, "catalog"),
        resource: Link::new("不动产登记信息", "/resources/res_2"),
        from: 1,
        to: 2,
        made: version(2, ""),
        rows: diff.clone(),
    };
    out("version", page.render().unwrap());
    let u = ui(lang, "tasks");
    let page = catalog::ReviewPage {
        it: resource(&u),
        checks: checks(),
        diff,
        note: s("增加建筑面积"),
        touched: vec![
            catalog::TouchedRow {
                agreement: Link::new("云州市税务局", "/agreements/agr_1"),
                purpose: Purpose::Supervision,
                items: s("坐落, 面积"),
            },
            catalog::TouchedRow {
                agreement: Link::new("云州市教育局", "/agreements/agr_2"),
                purpose: Purpose::Service,
                items: s(""),
            },
        ],
        clock: Some(clock(&u, 1)),
        form: catalog::ReviewForm::default(),
        errors: errors(&[("verdict", "请选择一项")]),
        ui: u,
    };
    out("resource-review", page.render().unwrap());
    out("resource-form", resource_form(lang).render().unwrap());
}

fn resource_form(lang: Lang) -> catalog::ResourceFormPage {
    use catalog::Guessed;
    let item = |name: &str, column: &str, ty: &str, mask: &str, guesses| catalog::ItemForm {
        name: s(name),
        title: s(name),
        description: s(""),
        column: s(column),
        data_type: s(ty),
        class: s("conditional"),
        condition: s(""),
        openness: s("closed"),
        sensitivity: s("none"),
        classification: s("general"),
        mask: s(mask),
        key: column == "cert_no",
        nullable: column != "cert_no",
        leave_out: false,
        guesses,
    };
    let guess = |attribute, why, value, fitting, evidence: &str| catalog::GuessView {
        attribute,
        value,
        why,
        fitting,
        looked_at: if fitting > 0 { 20_000 } else { 0 },
        evidence: s(evidence),
    };
    let check_digit = "GB 11643 check digit";
    catalog::ResourceFormPage {
        ui: ui(lang, "ours"),
        id: None,
        drawn_from: s("不动产库 · realty.right"),
        rows_read: 20_000,
        form: catalog::ResourceForm {
            title: s("不动产登记信息"),
            class: s("conditional"),
            openness: s("closed"),
            cycle: s("daily"),
            format: s("database"),
            modes: vec![s("interface")],
            national_code: s("307011/000018"),
            source: s("src_1"),
            table: s("realty.right"),
            ..Default::default()
        },
        items: vec![
            item(
                "权证号",
                "cert_no",
                "text",
                "clear",
                vec![
                    guess("key", "source-declares", Guessed::Yes, 0, "primary key"),
                    guess("length", "longest-value", Guessed::Text(s("18")), 20_000, ""),
                ],
            ),
            item(
                "证件号码",
                "holder_id",
                "text",
                "keep-ends(6,4)",
                vec![
                    guess(
                        "meaning",
                        "values-fit",
                        Guessed::Meaning(Meaning::CitizenId),
                        19_871,
                        check_digit,
                    ),
                    guess(
                        "mask",
                        "follows-meaning",
                        Guessed::Mask(s("keep-ends(6,4)")),
                        19_871,
                        "",
                    ),
                    guess(
                        "sensitivity",
                        "follows-meaning",
                        Guessed::Sensitivity(vocab::Sensitivity::Sensitive),
                        19_871,
                        "",
                    ),
                ],
            ),
            item("区划代码", "division", "text", "sql(substr(value,1,6))", vec![]),
        ],
        errors: errors(&[
            ("summary", "此项必须填写"),
            ("not_secret", "请声明该数据不涉及国家秘密和工作秘密"),
        ]),
        categories: vec![
            Choice::new("307000", "省、自治区、直辖市"),
            Choice::new("101000", "人口"),
        ],
        formats: vec![Choice::new("xlsx", "电子表格")],
        themes: vec![Choice::new("公共服务", "公共服务")],
        left_out: vec![Choice::new("remark", "remark · 备注")],
    }
}

fn sources(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let row = |u: &Ui, state: &str| source::SourceRow {
        id: s("src_1"),
        name: s("不动产库"),
        kind: SourceKind::Postgres,
        place: s("db.land.example:5432/realty"),
        state: u.state("source", state),
        tested: Some(at("2026-03-20T01:00:00Z")),
        resources: 3,
    };
    let u = ui(lang, "sources");
    out(
        "sources",
        source::SourcesPage {
            rows: vec![row(&u, "good"), row(&u, "bad")],
            ui: u,
        }
        .render()
        .unwrap(),
    );
    let kinds = |u: &Ui| u.choices(SourceKind::ALL);
    let u = ui(lang, "sources");
    let mut page = source::SourceFormPage {
        id: None,
        kind: None,
        kinds: kinds(&u),
        form: source::SourceForm::default(),
        has_secret: false,
        test: None,
        errors: Errors::default(),
        ui: u,
    };
    out("source-kind", page.render().unwrap());
    page.kind = Some(SourceKind::Postgres);
    page.form.kind = s("postgres");
    page.test = Some(source::TestView {
        good: false,
        text: s("connection refused"),
        took_ms: 31,
    });
    page.errors = errors(&[("host", "此项必须填写")]);
    out("source-form", page.render().unwrap());
    page.kind = Some(SourceKind::Csv);
    page.form.kind = s("csv");
    page.test = None;
    page.errors = Errors::default();
    out("source-form-csv", page.render().unwrap());
    let u = ui(lang, "sources");
    let table = |name: &str, comment: &str, resource| source::TableRow {
        name: s(name),
        comment: s(comment),
        rows: Some(620_573),
        columns: 18,
        resource,
    };
    let page = source::SourcePage {
        it: row(&u, "good"),
        test: Some(source::TestView {
            good: true,
            text: s("PostgreSQL 15.8"),
            took_ms: 12,
        }),
        tables: vec![
            table(
                "realty.right",
                "不动产权利",
                Some(Link::new("不动产登记信息", "/resources/res_2")),
            ),
            table("realty.land", "", None),
        ],
        ui: u,
    };
    out("source", page.render().unwrap());
    let column = |name: &str, guesses, zeros| source::ColumnRow {
        name: s(name),
        comment: s(""),
        source_type: s("varchar(18)"),
        data_type: s("text"),
        missing: 12,
        distinct: 19_800,
        distinct_exact: true,
        range: Some((s("110101190001010011"), s("659004202001010029"))),
        lengths: Some((15, 18)),
        leading_zeros: zeros,
        guesses,
    };
    let guess = source::GuessRow {
        meaning: Meaning::CitizenId,
        fitting: 19_871,
        looked_at: 19_988,
        evidence: s("GB 11643 check digit"),
    };
    let mut page = source::ProfilePage {
        ui: ui(lang, "sources"),
        source: Link::new("不动产库", "/sources/src_1"),
        source_id: s("src_1"),
        table: s("realty.right"),
        progress: None,
        failed: None,
        rows_read: 20_000,
        complete: false,
        columns: vec![column("holder_id", vec![guess], 0), column("postcode", vec![], 311)],
    };
    out("profile", page.render().unwrap());
    page.progress = Some(source::Progress {
        percent: Some(40),
        rows: 8000,
    });
    out("profile-running", page.render().unwrap());
}

fn requests(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let u = ui(lang, "requests");
    let row = |u: &Ui, state: &str, left| request::RequestRow {
        id: s("req_1"),
        title: s("不动产登记信息"),
        consumer: s("云州市教育局"),
        provider: s("云州市自然资源局"),
        state: u.state("request", state),
        at: at("2026-03-09T02:00:00Z"),
        clock: Some(clock(u, left)),
    };
    let page = request::RequestsPage {
        tab: s("to-us"),
        rows: vec![row(&u, "in-decision", 2), row(&u, "submitted", 8)],
        pager: pager(),
        ui: u,
    };
    out("requests", page.render().unwrap());
    let page = request::RequestFormPage {
        ui: ui(lang, "requests"),
        id: None,
        resource: Link::new("不动产登记信息", "/resources/res_2"),
        resource_id: s("res_2"),
        provider: s("云州市自然资源局"),
        class: SharingClass::Conditional,
        condition: s("仅限履行入学资格、公积金和税务核验职责的部门使用。"),
        modes: vec![SharingMode::Interface, SharingMode::Batch],
        items: items(),
        supplement: vec![s("请写明使用依据的具体条款")],
        form: request::RequestForm {
            items: vec![s("权证号"), s("权利人")],
            masks: vec![(s("权利人"), s("name"))],
            from: s("2026-04-01"),
            until: s("2027-03-31"),
            ..Default::default()
        },
        errors: errors(&[
            ("basis", "此项必须填写"),
            ("rows", "行级规则有误：第 5 个字符"),
            ("until", "请填写有效日期"),
            ("warrant", "请作出承诺"),
        ]),
        preview: Some(sheet(true)),
    };
    out("request-form", page.render().unwrap());
    let u = ui(lang, "requests");
    let page = request::RequestPage {
        it: request_view(&u),
        clocks: vec![clock(&u, 2)],
        happenings: happenings(),
        opinions: vec![request::Opinion {
            who: s("周敏 · 云州市数据局"),
            at: at("2026-03-10T03:12:00Z"),
            verdict: Tag::new(Tone::Good, "受理"),
            text: s("材料齐全，符合要求。"),
        }],
        supplement: vec![s("请写明使用依据的具体条款")],
        disputes: vec![Link::new("ZY-2026-000001", "/disputes/dsp_1")],
        can_dispute: true,
        agreement: Some(Link::new("agr_1", "/agreements/agr_1")),
        checks: checks(),
        can_edit: true,
        can_submit: true,
        can_withdraw: true,
        can_check: true,
        can_decide: true,
        more_time: update::MoreTime::Ask(10),
        form: request::CheckForm::default(),
        errors: Errors::default(),
        ui: u,
    };
    out("request", page.render().unwrap());
    let u = ui(lang, "tasks");
    let page = request::DecisionPage {
        it: request_view(&u),
        clock: Some(clock(&u, 2)),
        items: items()
            .into_iter()
            .take(5)
            .map(|it| request::DecisionItem {
                asked_mask: if it.key { String::new() } else { it.mask.clone() },
                name: it.name,
                class: it.class,
                condition: it.condition,
                sensitivity: it.sensitivity,
                default_mask: it.mask,
            })
            .collect(),
        checks: checks(),
        before: sheet(false),
        after: sheet(true),
        form: request::DecisionForm {
            items: vec![s("权证号"), s("权利人"), s("证件号码")],
            masks: items().into_iter().map(|it| (it.name, it.mask)).collect(),
            rows: s("坐落 LIKE '浙江省云州市西城区%'"),
            modes: vec![s("interface")],
            quota: s("5000"),
            until: s("2027-03-31"),
            ..Default::default()
        },
        errors: errors(&[("verdict", "请选择一项")]),
        ui: u,
    };
    out("decision", page.render().unwrap());
}

fn agreements(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let u = ui(lang, "agreements");
    let row = agreement::AgreementRow {
        id: s("agr_1"),
        title: s("不动产登记信息"),
        other: s("云州市自然资源局"),
        purpose: Purpose::Service,
        state: u.state("agreement", "active"),
        until: at("2027-03-31T16:00:00Z"),
        used_today: 1204,
        quota: Some(5000),
    };
    out(
        "agreements",
        agreement::AgreementsPage {
            tab: s("use"),
            rows: vec![row],
            pager: Pager::default(),
            ui: u,
        }
        .render()
        .unwrap(),
    );
    let u = ui(lang, "agreements");
    let page = agreement::AgreementPage {
        it: agreement::AgreementView {
            id: s("agr_1"),
            no: s("SQ-2026-000001"),
            version: 1,
            resource: Link::new("不动产登记信息", "/resources/res_2"),
            request: Link::new("req_1", "/requests/req_1"),
            provider: s("云州市自然资源局"),
            consumer: s("云州市教育局"),
            state: u.state("agreement", "active"),
            purpose: Purpose::Service,
            scenario: s("入学报名时核验监护人在学区内的不动产。"),
            items: asked(),
            rows: s("坐落 LIKE '浙江省云州市西城区%'"),
            modes: vec![SharingMode::Interface, SharingMode::Batch],
            quota: Some(5000),
            from: at("2026-03-31T16:00:00Z"),
            until: at("2027-03-31T16:00:00Z"),
            table: s("realty_right"),
            used_today: 1204,
            why: s("提供部门因系统升级暂停：预计 3 月 21 日恢复。"),
        },
        usage: vec![agreement::UsageDay {
            day: day(2026, 3, 20),
            releases: 1204,
        }],
        ways: Some(agreement::Ways {
            rest: s(
                "curl -H \"Authorization: Bearer $TOKEN\" -H \"Accept: text/csv\" \\\n  \"http://127.0.0.1:8080/api/v1/agreements/agr_1/rows?limit=100\"",
            ),
            sql: s("SELECT * FROM realty_right LIMIT 10"),
            flight: s("import adbc_driver_flightsql.dbapi as fs\nconn = fs.connect(\"grpc://127.0.0.1:8081\")"),
        }),
        deliveries: vec![Link::new("每日入库", "/deliveries/dlv_1")],
        happenings: happenings(),
        disposal: Some(agreement::DisposalView {
            at: at("2026-03-20T01:00:00Z"),
            who: s("陈晨"),
            method: s("deleted"),
            note: s("备份一并删除"),
        }),
        can_use: true,
        can_deliver: true,
        can_correct: true,
        can_change: true,
        can_manage: true,
        can_provide: true,
        clocks: vec![clock(&u, 2)],
        suspended: true,
        can_dispose: true,
        choices: vec![request::DecisionItem {
            name: s("权利人"),
            class: SharingClass::Conditional,
            condition: s("用于入学报名核验"),
            sensitivity: Sensitivity::Personal,
            default_mask: s("name"),
            asked_mask: s("clear"),
        }],
        modes: vec![SharingMode::Interface, SharingMode::Batch],
        disputes: vec![Link::new("ZY-2026-000001", "/disputes/dsp_1")],
        can_dispute: true,
        form: agreement::ChangeForm {
            quota: s("5000"),
            until: s("2027-03-31"),
            ..Default::default()
        },
        errors: Errors::default(),
        ui: u,
    };
    out("agreement", page.render().unwrap());
    let columns = vec![
        data::Column {
            name: s("权利人"),
            data_type: s("text"),
            mask: s("name"),
        },
        data::Column {
            name: s("建筑面积"),
            data_type: s("decimal(12,2)"),
            mask: s("clear"),
        },
    ];
    let page = data::DataPage {
        ui: ui(lang, "agreements"),
        agreement: Link::new("不动产登记信息", "/agreements/agr_1"),
        title: s("不动产登记信息"),
        columns: columns.clone(),
        form: data::DataForm {
            filter: s(""),
            sort: s("-建筑面积"),
            limit: s("20"),
        },
        error: None,
        sheet: sheet(true),
        next: Some(s("?after=abc")),
        receipt: Some(2078),
        downloads: vec![Link::new("CSV", "#"), Link::new("Parquet", "#")],
        took_ms: 23,
    };
    out("data", page.render().unwrap());
    let page = data::SqlPage {
        masked: Vec::new(),
        ui: ui(lang, "sql"),
        tables: vec![data::SqlTable {
            name: s("realty_right"),
            title: s("不动产登记信息"),
            href: s("/agreements/agr_1"),
            columns,
        }],
        form: data::SqlForm {
            sql: s("SELECT 权利人, 建筑面积 FROM realty_right LIMIT 10"),
        },
        error: None,
        sheet: Some(sheet(true)),
        cut: true,
        receipts: vec![2079, 2080],
        took_ms: 41,
    };
    out("sql", page.render().unwrap());
}

fn deliveries(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let row = |u: &Ui| delivery::DeliveryRow {
        id: s("dlv_1"),
        name: s("区划代码每日入库"),
        title: s("村级行政区划代码"),
        target: s("mysql://db.edu.example:3306/school · villages"),
        refresh: "changes",
        state: Some(u.state("run", "done")),
        last: Some(at("2026-03-20T07:58:00Z")),
        rows: 620_573,
    };
    let u = ui(lang, "deliveries");
    out(
        "deliveries",
        delivery::DeliveriesPage {
            rows: vec![row(&u)],
            pager: Pager::default(),
            ui: u,
        }
        .render()
        .unwrap(),
    );
    let u = ui(lang, "deliveries");
    let mut page = delivery::DeliveryFormPage {
        agreements: vec![Choice::new("agr_1", "村级行政区划代码")],
        kind: None,
        kinds: u.choices(SourceKind::ALL),
        refreshes: ["full", "changes"].map(|it| Choice::new(it, it)).to_vec(),
        form: delivery::DeliveryForm::default(),
        test: None,
        errors: Errors::default(),
        ui: u,
    };
    out("delivery-kind", page.render().unwrap());
    page.kind = Some(SourceKind::Mysql);
    page.form.kind = s("mysql");
    out("delivery-form", page.render().unwrap());
    let u = ui(lang, "deliveries");
    let run_row = |u: &Ui, state: &str| delivery::RunRow {
        id: s("run_1"),
        state: u.state("run", state),
        at: at("2026-03-20T07:58:00Z"),
        seconds: 7,
        rows: 620_573,
    };
    let page = delivery::DeliveryPage {
        it: row(&u),
        agreement: Link::new("村级行政区划代码", "/agreements/agr_2"),
        runs: vec![run_row(&u, "done"), run_row(&u, "failed")],
        can_manage: true,
        ui: u,
    };
    out("delivery", page.render().unwrap());
    out("run-live", run(ui(lang, "deliveries"), true).render().unwrap());
    out("run-done", run(ui(lang, "deliveries"), false).render().unwrap());
    let mut failed = run(ui(lang, "deliveries"), true);
    failed.live.running = false;
    failed.live.phase = s("failed");
    failed.live.failed = Some(s("the target closed the connection"));
    failed.can_cancel = false;
    out("run-failed", failed.render().unwrap());
}

fn proofs(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let entry = |kind: &str, who: &str| ledger::EntryRow {
        index: 1042,
        at: at("2026-03-10T03:12:00Z"),
        kind: s(kind),
        who: s(who),
        subject: s("req_0198c5d2f00077a0b3c1d2e3f4a5b6c7"),
        hash: s("5f1d0c9b8a7e6f5d4c3b2a190807060504030201f0e0d0c0b0a0908070605040"),
    };
    let checkpoint = s(
        "yunzhou.example/jutong\n1043\nX0Y8m2b0pQ3b9Cw5o1l0cH8Yt6q7hR2d4m3f0J8c5bE=\n\n— yunzhou.example/jutong Az3gr…",
    );
    let page = ledger::LedgerPage {
        ui: ui(lang, "ledger"),
        form: ledger::LedgerForm::default(),
        kinds: vec![Choice::new("request-accepted", "受理申请")],
        rows: vec![entry("request-accepted", "周敏"), entry("rows-released", "")],
        pager: pager(),
        size: 1043,
        checkpoint: Some(checkpoint.clone()),
    };
    out("ledger", page.render().unwrap());
    let page = ledger::EntryPage {
        ui: ui(lang, "ledger"),
        it: entry("request-accepted", "周敏"),
        subject_href: s("/requests/req_1"),
        body: s("{\n  \"verdict\": \"accept\",\n  \"opinion\": \"材料齐全，符合要求。\"\n}"),
        proof: Some(ledger::Proof {
            size: 1043,
            root: entry("", "").hash,
            path: vec![entry("", "").hash, entry("", "").hash],
            checkpoint,
        }),
        outcome: ui(lang, "ledger").tk("outcome-", "unknown"),
        answers: [20, 0]
            .map(|rows| ledger::Answer {
                release: s("rel_0198f3a07c6e7d3c9f1e2a4b5c6d7e8f"),
                rows,
                bytes: (rows > 0).then_some(1_234),
                digest: entry("", "").hash,
                ended: entry("", "").at,
            })
            .to_vec(),
    };
    out("entry", page.render().unwrap());
    let mut page = ledger::VerifyPage {
        ui: ui(lang, "ledger"),
        result: None,
    };
    out("verify", page.render().unwrap());
    page.result = Some(ledger::Verified {
        good: false,
        fault: s("the leaf hash does not match the entry"),
        facts: vec![(s("index"), s("1042"))],
    });
    out("verify-bad", page.render().unwrap());
    let u = ui(lang, "corrections");
    let row = |u: &Ui| correction::CorrectionRow {
        id: s("cor_1"),
        title: s("村级行政区划代码"),
        doubt: s("某村已于 2025 年并入邻村，代码仍在表中"),
        asker: s("云州市民政局"),
        state: u.state("correction", "open"),
        clock: Some(clock(u, 5)),
    };
    out(
        "corrections",
        correction::CorrectionsPage {
            tab: s("to-us"),
            rows: vec![row(&u)],
            pager: Pager::default(),
            ui: u,
        }
        .render()
        .unwrap(),
    );
    let page = correction::CorrectionFormPage {
        ui: ui(lang, "corrections"),
        agreements: vec![Choice::new("agr_2", "村级行政区划代码")],
        items: vec![Choice::new("区划代码", "区划代码")],
        form: correction::CorrectionForm::default(),
        errors: errors(&[("doubt", "此项必须填写")]),
    };
    out("correction-form", page.render().unwrap());
    let u = ui(lang, "corrections");
    let page = correction::CorrectionPage {
        it: row(&u),
        resource: Link::new("村级行政区划代码", "/resources/res_1"),
        sent: correction::CorrectionForm {
            doubt: s("某村已并入邻村"),
            key: s("330106001201"),
            ..Default::default()
        },
        answer: s(""),
        happenings: happenings(),
        dispute: Some(Link::new("ZY-2026-000001", "/disputes/dsp_1")),
        can_answer: true,
        can_close: true,
        can_withdraw: true,
        form: correction::AnswerForm::default(),
        errors: Errors::default(),
        ui: u,
    };
    out("correction", page.render().unwrap());
    let u = ui(lang, "tasks");
    let page = correction::DisputePage {
        id: s("dsp_1"),
        no: s("ZY-2026-000001"),
        state: Tag::new(Tone::Info, "部门协商"),
        raiser: s("云州市教育局"),
        other: s("云州市民政局"),
        subject: Link::new("JH-2026-000001", "/corrections/cor_1"),
        claim: s("区划代码已于去年变更"),
        happenings: happenings(),
        proposal: s("云州市民政局 · 本周内更正区划代码"),
        clock: Some(clock(&u, 5)),
        deeds: vec![Choice::new("settle", "已协商一致"), Choice::new("climb", "协商不成")],
        form: correction::DisputeForm::default(),
        errors: errors(&[("text", "此项必须填写")]),
        ui: u,
    };
    out("dispute", page.render().unwrap());
    let u = ui(lang, "tasks");
    let page = update::UpdatePage {
        subject: s("res_2"),
        what: Link::new("不动产登记信息", "/resources/res_2"),
        provider: s("云州市自然资源局"),
        on: Some(day(2026, 3, 9)),
        reason: s("《不动产登记暂行条例》修改"),
        clock: clock(&u, 2),
        more_time: update::MoreTime::Answer(update::Wish {
            who: s("林晓"),
            at: at("2026-03-19T02:00:00Z"),
            days: 5,
            reason: s("需要核对历史档案"),
        }),
        happenings: happenings(),
        errors: errors(&[("reason", "此项必须填写")]),
        ui: u,
    };
    out("update", page.render().unwrap());
}

fn administration(lang: Lang, out: &mut dyn FnMut(&str, String)) {
    let org = |name: &str, depth| admin::OrgRow {
        id: s("org_1"),
        name: s(name),
        code: s("11330100MB0000000X"),
        level: s("市"),
        division: s("330100 云州市"),
        depth,
        resources: 64,
        people: 7,
    };
    let page = admin::OrgsPage {
        ui: Ui {
            flash: vec![Flash {
                tone: Tone::Good,
                text: s("已保存"),
            }],
            ..ui(lang, "admin")
        },
        rows: vec![org("云州市人民政府", 0), org("云州市统计局", 1)],
        editing: None,
        levels: vec![Choice::new("city", "市")],
        kinds: vec![Choice::new("department", "政府部门")],
        parents: vec![Choice::new("org_1", "云州市人民政府")],
        form: admin::OrgForm::default(),
        errors: errors(&[("code", "代码格式或校验码不正确")]),
    };
    out("admin-orgs", page.render().unwrap());
    let u = ui(lang, "admin");
    let person = |u: &Ui, login: &str, locked| admin::PersonRow {
        id: s("act_1"),
        login: s(login),
        name: s("林晓"),
        org: s("云州市自然资源局"),
        roles: vec![Role::DataOfficer, Role::Approver],
        state: u.state("person", if locked { "locked" } else { "active" }),
        locked,
        seen: None,
    };
    let page = admin::PeoplePage {
        rows: vec![person(&u, "linxiao", false), person(&u, "zhoumin", true)],
        editing: Some(s("act_1")),
        program: true,
        orgs: vec![Choice::new("org_1", "云州市自然资源局")],
        elsewhere: vec![Choice::new("org_2=approver", "云州市民政局 · 审批人")],
        form: admin::PersonForm {
            elsewhere: vec![s("org_2=approver")],
            more_org: s("org_1"),
            roles: vec![s("approver")],
            ..Default::default()
        },
        errors: Errors::default(),
        ui: u,
    };
    out("admin-people", page.render().unwrap());
    let page = admin::StaffLimitsPage {
        ui: ui(lang, "admin"),
        rows: vec![admin::StaffLimitRow {
            code: s("lock-minutes"),
            value: 30,
            national: 15,
            lower: false,
            basis: s("本市网络安全管理办法第八条"),
        }],
        form: admin::StaffLimitForm::default(),
        errors: errors(&[("value", "此项必须填写")]),
    };
    out("admin-limits", page.render().unwrap());
    let u = ui(lang, "admin");
    let limit = |u: &Ui, code: &str, local| admin::LimitRow {
        code: s(code),
        name: u.tk("clock-name-", code),
        basis: s("政务数据共享条例 第二十一条"),
        days: 10,
        extension: 10,
        local_days: local,
        local_basis: s("云州市政务数据共享实施细则 第十条"),
    };
    let page = admin::ClocksPage {
        rows: vec![limit(&u, "T4", Some(5)), limit(&u, "T8", None)],
        form: admin::LimitForm {
            code: s("T4"),
            days: s("5"),
            basis: s(""),
        },
        errors: Errors::default(),
        ui: u,
    };
    out("admin-clocks", page.render().unwrap());
    let special = |m, d, kind: &str, name: &str| admin::SpecialDay {
        day: day(2026, m, d),
        kind: s(kind),
        name: s(name),
        basis: s("国办发明电〔2025〕7号"),
    };
    let page = admin::CalendarPage {
        ui: ui(lang, "admin"),
        year: 2026,
        working_days: 248,
        days: vec![special(2, 17, "holiday", "春节"), special(2, 28, "workday", "春节调休")],
        form: admin::DayForm::default(),
        errors: Errors::default(),
    };
    out("admin-calendar", page.render().unwrap());
    let u = ui(lang, "admin");
    let page = admin::PolicyPage {
        people: vec![Choice::new("linxiao", "林晓")],
        form: admin::PolicyForm {
            who: s("linxiao"),
            action: s("decide-request"),
            ..Default::default()
        },
        verdict: Some(admin::Verdict {
            allowed: false,
            rule: s("decide-by-approver-of-provider"),
            rule_text: s("permit (principal, action == Action::\"decide-request\", resource)\nwhen { … };"),
            reasons: vec![s("需要角色：审批人")],
        }),
        roles: Role::ALL.to_vec(),
        matrix: Action::ALL
            .iter()
            .map(|it| admin::MatrixRow {
                action: u.w(it).to_owned(),
                cells: Role::ALL.iter().map(|role| *role == Role::DataOfficer).collect(),
            })
            .collect(),
        errors: Errors::default(),
        ui: u,
    };
    out("admin-policy", page.render().unwrap());
}
