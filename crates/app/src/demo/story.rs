//! What has happened in the city so far: who works where, what is on the shelf, who asked whom for what.

use std::path::Path;

use chrono::TimeDelta;
use platform::{
    App, Error,
    catalog::{Category, Organisation},
    engine::{Filter, FilterOp, Select},
    flow::{self, Door, FirstPassword, GrantWish, Proof, Question, TokenWish},
    sharing::{Application, Basis, RefusalKind, Warrant},
    staff::{Known, Login, NewPerson, Post},
    vocab::{
        Actor, AgreementId, GrantedItem, Mask, OrgId, Purpose, RequestId, ResourceId, Role, RowRule, SharingMode,
        Timestamp,
        org::{Level, OrgKind},
    },
};
use serde::Serialize;

use super::{
    chapter, codes,
    sources::{Place, Places},
};

/// The password of every account of the demo.
pub(crate) const PASSWORD: &str = "Yunzhou-2026!";

/// An account to try things with.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Account {
    pub role: String,
    pub org: String,
    pub user: String,
    pub password: String,
    pub token: String,
    #[serde(skip)]
    pub actor: Option<Actor>,
}

/// The agreement that is ready to be used.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ready {
    pub agreement: String,
    pub table: String,
    pub resource: String,
    pub request: String,
    pub key_item: String,
    pub key_value: String,
    pub consumer: String,
    pub second_agreement: String,
    pub second_table: String,
}

/// What was told.
pub(crate) struct Told {
    pub accounts: Vec<Account>,
    pub ready: Ready,
}

pub(super) struct Teller<'a> {
    pub(super) app: &'a App,
    accounts: Vec<Account>,
    root: OrgId,
}

/// Bureaus: short name for accounts, Chinese and English name, body of the credit code.
const BUREAUS: &[(&str, &str, &str, &str)] = &[
    ("police", "云州市公安局", "Yunzhou Public Security Bureau", "00200001"),
    (
        "market",
        "云州市市场监督管理局",
        "Yunzhou Market Regulation Bureau",
        "00200002",
    ),
    (
        "insurance",
        "云州市人力资源和社会保障局",
        "Yunzhou Human Resources and Social Security Bureau",
        "00200003",
    ),
    ("civil", "云州市民政局", "Yunzhou Civil Affairs Bureau", "00200004"),
    (
        "housing",
        "云州市规划和自然资源局",
        "Yunzhou Planning and Natural Resources Bureau",
        "00200005",
    ),
    ("education", "云州市教育局", "Yunzhou Education Bureau", "00200006"),
];

/// Tells the whole story into an empty node whose clock stands, and may be turned, until `today`.
pub(crate) async fn tell(app: &App, places: &Places, out: &Path, today: Timestamp) -> Result<Told, Error> {
    let authority = Organisation::of_demo(
        "云州市数据局",
        "Yunzhou Data Administration",
        "00200000",
        None,
        OrgKind::Authority,
        app.now(),
    );
    let root = authority.id;
    let founders = flow::found_node(app, authority).await?;
    let mut teller = Teller {
        app,
        accounts: Vec::new(),
        root,
    };
    for founder in founders {
        let old = founder.password.expose_text().unwrap_or_default().to_owned();
        teller
            .keep(founder.role, root, &founder.login.to_string(), &old)
            .await?;
    }
    let orgs = teller.people().await?;
    teller.stricter_limit().await?;
    let shelf = teller.shelf(&orgs, places).await?;
    teller.turn_to(today - chapter::AGO + TimeDelta::days(5));
    teller.long_ago(&shelf).await?;
    teller.turn_to(today - TimeDelta::days(30));
    teller.left_lying(&shelf).await?;
    teller.turn_to(today);
    let ready = teller.requests(&shelf, out).await?;
    Ok(Told {
        accounts: teller.accounts,
        ready,
    })
}

/// The resources on the shelf.
pub(super) struct Shelf {
    pub(super) person: ResourceId,
    pub(super) enterprise: ResourceId,
    pub(super) insurance: ResourceId,
    pub(super) assistance: ResourceId,
    pub(super) property: ResourceId,
    pub(super) school: ResourceId,
}

impl Teller<'_> {
    pub(super) fn actor(&self, user: &str) -> Result<&Actor, Error> {
        let found = self
            .accounts
            .iter()
            .find(|it| it.user == user)
            .and_then(|it| it.actor.as_ref());
        found.ok_or(Error::NotFound("account"))
    }

    /// Signs somebody in, changes a first password into the demo's, issues a token.
    async fn keep(&mut self, role: Role, org: OrgId, user: &str, first: &str) -> Result<(), Error> {
        let app = self.app;
        let mut signed_in = flow::sign_in(app, user, first, "demo").await?;
        if signed_in.must_change_password {
            let known = self.known(signed_in.secret.expose()).await?;
            signed_in = flow::change_own_password(app, &known, first, PASSWORD, "demo").await?;
        }
        let known = self.known(signed_in.secret.expose()).await?;
        let wish = TokenWish {
            name: "demo".to_owned(),
            roles: Vec::new(),
            expires_at: app.now() + chapter::AGO + TimeDelta::days(180),
        };
        let token = match flow::issue_token(app, &known, wish).await {
            Ok((_, secret)) => secret.expose().to_owned(),
            Err(Error::Denied(_)) => String::new(), // some offices act in person only
            Err(other) => return Err(other),
        };
        flow::sign_out(app, &known).await?;
        let org = flow::list_orgs(app)
            .await?
            .get(org)
            .map_or_else(String::new, |it| it.name.clone());
        self.accounts.push(Account {
            role: role.code().to_owned(),
            org,
            user: user.to_owned(),
            password: PASSWORD.to_owned(),
            token,
            actor: Some(known.actor),
        });
        Ok(())
    }

    async fn known(&self, session: &str) -> Result<Known, Error> {
        flow::know_actor(self.app, Proof::Session(session))
            .await?
            .ok_or(Error::NotFound("session"))
    }

    async fn person(&mut self, user: &str, zh: &str, en: &str, org: OrgId, roles: &[Role]) -> Result<(), Error> {
        let admin = self.actor("sysadmin")?.clone();
        let person = NewPerson {
            login: user.parse::<Login>().map_err(Error::internal)?,
            name_zh: zh.to_owned(),
            name_en: en.to_owned(),
            org,
            posts: roles.iter().map(|role| Post { org, role: *role }).collect(),
        };
        flow::register_person(self.app, &admin, person, FirstPassword::Kept(PASSWORD.to_owned())).await?;
        let role = roles.first().copied().unwrap_or(Role::DataOfficer);
        self.keep(role, org, user, PASSWORD).await
    }

    async fn people(&mut self) -> Result<Vec<OrgId>, Error> {
        self.person("data.operator", "沈思远", "Shen Siyuan", self.root, &[Role::Authority])
            .await?;
        self.person("leader", "顾明德", "Gu Mingde", self.root, &[Role::Leader])
            .await?;
        let names = [
            ("林晓", "Lin Xiao", "高建国", "Gao Jianguo"),
            ("陈㛃", "Chen Jie", "吴秀英", "Wu Xiuying"),
            ("周堃", "Zhou Kun", "何丽", "He Li"),
            ("阿依古丽·买买提", "Ayigul Memet", "马志强", "Ma Zhiqiang"),
            ("徐𠮷", "Xu Ji", "唐敏", "Tang Min"),
            ("许婧", "Xu Jing", "曹博文", "Cao Bowen"),
        ];
        let mut orgs = Vec::new();
        for ((short, zh, en, code), (officer, officer_en, approver, approver_en)) in BUREAUS.iter().zip(names) {
            let org = Organisation::of_demo(zh, en, code, Some(self.root), OrgKind::Department, self.app.now());
            let id = org.id;
            flow::register_org(self.app, self.actor("sysadmin")?, org).await?;
            self.person(
                &format!("{short}.officer"),
                officer,
                officer_en,
                id,
                &[Role::DataOfficer],
            )
            .await?;
            self.person(
                &format!("{short}.approver"),
                approver,
                approver_en,
                id,
                &[Role::Approver],
            )
            .await?;
            orgs.push(id);
        }
        Ok(orgs)
    }

    /// The city answers in fewer days than the regulation allows, as its own rule says: a region may only shorten.
    async fn stricter_limit(&self) -> Result<(), Error> {
        let rules = platform::sharing::seed::regional_example("330100");
        let answer = rules.into_iter().find(|it| it.clock == platform::sharing::ClockId::T4);
        let rule = answer.ok_or(Error::NotFound("clock"))?;
        flow::put_clock(self.app, self.actor("data.operator")?, rule).await?;
        Ok(())
    }

    /// Connects a bureau's source, drafts from its table, completes, submits, publishes.
    async fn publish(
        &self,
        bureau: &str,
        category: &str,
        place: &Place,
        edit: impl FnOnce(&mut platform::catalog::Content),
    ) -> Result<ResourceId, Error> {
        let app = self.app;
        let officer = self.actor(&format!("{bureau}.officer"))?;
        let operator = self.actor("data.operator")?;
        let sources = flow::list_sources(app, officer).await?;
        let source = match sources.into_iter().find(|it| it.spec.options == place.spec.options) {
            Some(it) => it,
            None => flow::connect_source(app, officer, "业务库", place.spec.clone()).await?,
        };
        let category = category.parse::<Category>().map_err(Error::internal)?;
        let draft = flow::draft_resource(app, officer, source.id, &place.table, category).await?;
        let mut content = draft.content.clone();
        for item in &mut content.items {
            if let Some(column) = place.columns.iter().find(|it| it.0 == item.column) {
                column.2.clone_into(&mut item.title); // what the source's comment says where a source can have one
            }
        }
        edit(&mut content);
        if content.key().next().is_none()
            && let Some(first) = content.items.first_mut()
        {
            first.key = true; // a file declares no key; the register's own number is one
        }
        content.tighten_items();
        let draft = flow::edit_resource(app, officer, draft.id, draft.revision, content).await?;
        flow::declare_not_secret(app, officer, draft.id).await?;
        flow::submit_resource(app, officer, draft.id).await?;
        flow::publish_resource(app, operator, draft.id).await?;
        Ok(draft.id)
    }

    async fn shelf(&self, _orgs: &[OrgId], places: &Places) -> Result<Shelf, Error> {
        let conditional = |condition: &str| platform::catalog::Sharing::conditional(condition);
        let described =
            |content: &mut platform::catalog::Content, zh: &str, en: &str, summary: &str, summary_en: &str| {
                zh.clone_into(&mut content.name);
                en.clone_into(&mut content.name_en);
                summary.clone_into(&mut content.summary);
                summary_en.clone_into(&mut content.summary_en);
                content.modes = vec![SharingMode::Interface, SharingMode::Batch, SharingMode::File];
            };
        Ok(Shelf {
            person: self
                .publish("police", "101001", &places.police, |it| {
                    described(
                        it,
                        "常住人口基本信息",
                        "Population",
                        "全市常住人口的身份、住址与联系方式，按日更新。",
                        "Identity, address and contact of residents, updated daily.",
                    );
                    it.sharing = conditional("用于政务服务、社会救助核对，限本部门职责范围");
                    it.theme = Some("公共服务".to_owned());
                    it.keywords = vec!["人口".to_owned(), "户籍".to_owned(), "身份证".to_owned()];
                })
                .await?,
            enterprise: self
                .publish("market", "102001", &places.market, |it| {
                    described(
                        it,
                        "市场主体登记信息",
                        "Enterprises",
                        "企业、个体工商户登记与变更信息。",
                        "Registration of enterprises and their changes.",
                    );
                    it.sharing = conditional("用于监管执法与信用核查");
                    it.theme = Some("信用体系".to_owned());
                    it.keywords = vec!["企业".to_owned(), "法人".to_owned(), "营业执照".to_owned()];
                })
                .await?,
            insurance: self
                .publish("insurance", "203001", &places.insurance, |it| {
                    described(
                        it,
                        "社会保险参保缴费信息",
                        "Social insurance",
                        "职工与居民社会保险参保、缴费记录。",
                        "Social insurance membership and payments.",
                    );
                    it.sharing = conditional("用于待遇资格核验、社会救助核对");
                    it.theme = Some("社会保障".to_owned());
                })
                .await?,
            assistance: self
                .publish("civil", "203002", &places.civil, |it| {
                    described(
                        it,
                        "社会救助对象信息",
                        "Social assistance",
                        "最低生活保障、特困供养与临时救助对象。",
                        "People who receive social assistance.",
                    );
                    it.sharing = conditional("用于惠民政策落实，不得对外提供");
                    it.theme = Some("社会保障".to_owned());
                })
                .await?,
            property: self
                .publish("housing", "103001", &places.housing, |it| {
                    described(
                        it,
                        "不动产登记信息",
                        "Property",
                        "房屋坐落、面积与权利人。",
                        "Location, area and owner of property.",
                    );
                    it.sharing = conditional("用于入学资格与住房保障核验");
                    it.theme = Some("城乡建设".to_owned());
                })
                .await?,
            school: self
                .publish("education", "201001", &places.schools, |it| {
                    described(
                        it,
                        "学校名录",
                        "Schools",
                        "全市中小学、幼儿园名录，来自年度统计报表。",
                        "Schools and kindergartens, from the yearly report.",
                    );
                    it.sharing = platform::catalog::Sharing::unconditional();
                    it.theme = Some("公共服务".to_owned());
                })
                .await?,
        })
    }

    /// What one department asks another for.
    pub(super) async fn wish(
        &self,
        resource: ResourceId,
        scenario: &str,
        purpose: Purpose,
        leave_out: &[&str],
        rows: &str,
    ) -> Result<Application, Error> {
        let version = flow::show_resource(self.app, resource).await?;
        let items = version
            .content
            .items
            .iter()
            .filter(|it| !leave_out.contains(&it.name.as_str()));
        let now: Timestamp = self.app.now();
        Ok(Application {
            basis: Basis::Law,
            basis_text: "《政务数据共享条例》第二十条；本部门“三定”规定职责".to_owned(),
            scenario: scenario.to_owned(),
            purpose,
            items: items
                .map(|it| {
                    // Registers are compared by identity number, so it is asked for as it is; the provider decides.
                    let mask = if it.name == "id_card" {
                        Mask::Clear
                    } else {
                        it.mask.clone()
                    };
                    GrantedItem {
                        item: it.name.clone(),
                        mask,
                    }
                })
                .collect(),
            rows: if rows.is_empty() {
                RowRule::All
            } else {
                rows.parse().map_err(Error::internal)?
            },
            modes: vec![SharingMode::Interface, SharingMode::Batch],
            from: now,
            until: now + TimeDelta::days(365),
            quota_per_day: Some(1_000_000),
        })
    }

    pub(super) async fn ask(&self, who: &str, resource: ResourceId, wish: Application) -> Result<RequestId, Error> {
        let actor = self.actor(&format!("{who}.officer"))?;
        Ok(flow::request_data(self.app, actor, resource, wish, Warrant::WHOLE)
            .await?
            .id)
    }

    pub(super) async fn accept(&self, id: RequestId) -> Result<Option<AgreementId>, Error> {
        let decided = flow::accept_request(
            self.app,
            self.actor("data.operator")?,
            id,
            "材料齐全，予以受理".to_owned(),
        )
        .await?;
        Ok(decided.agreement.map(|it| it.id))
    }

    pub(super) async fn grant(
        &self,
        bureau: &str,
        id: RequestId,
        masks: &[(&str, Mask)],
        rows: &str,
    ) -> Result<AgreementId, Error> {
        let request = flow::show_request(self.app, self.actor(&format!("{bureau}.approver"))?, id).await?;
        let items = request.application.items.iter().map(|it| {
            let mask = masks
                .iter()
                .find(|(name, _)| *name == it.item)
                .map(|(_, mask)| mask.clone());
            (it.item.clone(), mask)
        });
        let wish = GrantWish {
            items: Some(items.collect()),
            rows: if rows.is_empty() {
                RowRule::All
            } else {
                rows.parse().map_err(Error::internal)?
            },
            modes: None,
            quota_per_day: None,
            from: None,
            until: None,
        };
        let approver = self.actor(&format!("{bureau}.approver"))?;
        let decided = flow::grant_request(self.app, approver, id, wish, "同意按最小必要范围共享".to_owned()).await?;
        decided.agreement.map(|it| it.id).ok_or(Error::NotFound("agreement"))
    }

    async fn requests(&self, shelf: &Shelf, out: &Path) -> Result<Ready, Error> {
        let keep = |head, tail| Mask::KeepEnds { head, tail };
        // In use: civil affairs checks who applies for assistance.
        let wish = self
            .wish(
                shelf.person,
                "社会救助申请家庭信息核对",
                Purpose::Service,
                &["registered_at"],
                "",
            )
            .await?;
        let first = self.ask("civil", shelf.person, wish).await?;
        self.accept(first).await?;
        let masks = [
            ("name", Mask::Name),
            ("phone", keep(3, 4)),
            ("address", Mask::AddressToCounty),
            ("id_card", Mask::Clear),
        ];
        let person = self
            .grant(
                "police",
                first,
                &masks,
                "division_code LIKE '3301%' AND birth_date < '2008-01-01'",
            )
            .await?;
        let wish = self
            .wish(shelf.insurance, "社会救助申请家庭收入核对", Purpose::Service, &[], "")
            .await?;
        let second = self.ask("civil", shelf.insurance, wish).await?;
        self.accept(second).await?;
        let insurance = self
            .grant("insurance", second, &[("id_card", Mask::Clear)], "status_code = '1'")
            .await?;
        self.use_them(person, insurance).await?;
        self.others(shelf).await?;
        self.lately(shelf, person, out).await?;

        self.ready(shelf, first, person, insurance).await
    }

    /// What is ready to be tried.
    async fn ready(
        &self,
        shelf: &Shelf,
        first: RequestId,
        person: AgreementId,
        insurance: AgreementId,
    ) -> Result<Ready, Error> {
        let consumer = self.actor("civil.officer")?;
        let named = flow::named_agreements(self.app, consumer).await?;
        let name_of = |id: AgreementId| {
            named
                .iter()
                .find(|it| it.0 == id)
                .map_or_else(String::new, |it| it.1.clone())
        };
        Ok(Ready {
            agreement: person.to_string(),
            table: name_of(person),
            resource: shelf.person.to_string(),
            request: first.to_string(),
            key_item: "person_no".to_owned(),
            key_value: self.some_key(person).await?,
            consumer: "civil.officer".to_owned(),
            second_agreement: insurance.to_string(),
            second_table: name_of(insurance),
        })
    }

    /// A key that the row rule lets out.
    async fn some_key(&self, agreement: AgreementId) -> Result<String, Error> {
        let select = Select {
            items: vec!["person_no".to_owned()],
            limit: Some(1),
            ..Select::default()
        };
        let question = Question {
            agreement,
            purpose: None,
            select,
        };
        let (page, _) = flow::query_page(self.app, self.actor("civil.officer")?, Door::Rest, &question).await?;
        let mut text = Vec::new();
        let shape = platform::engine::shape::Shape::of(&page.rows.schema(), &[]).map_err(Error::internal)?;
        let format = platform::engine::encode::Format::NdJson;
        let mut encoder =
            platform::engine::encode::Encoder::new(shape, format, Default::default()).map_err(Error::internal)?;
        encoder.rows(&page.rows, &mut text).map_err(Error::internal)?;
        let row: serde_json::Value = serde_json::from_slice(&text).map_err(Error::internal)?;
        Ok(row
            .get("person_no")
            .and_then(|it| it.as_str())
            .unwrap_or_default()
            .to_owned())
    }

    /// Receipts in the ledger: some structured questions and an SQL question over two departments.
    async fn use_them(&self, person: AgreementId, insurance: AgreementId) -> Result<(), Error> {
        let consumer = self.actor("civil.officer")?;
        for district in ["330102", "330106", "330110"] {
            let filter = Filter {
                item: "division_code".to_owned(),
                op: FilterOp::Eq,
                values: vec![district.to_owned()],
            };
            let select = Select {
                filters: vec![filter],
                limit: Some(20),
                ..Select::default()
            };
            let question = Question {
                agreement: person,
                purpose: None,
                select,
            };
            flow::query_page(self.app, consumer, Door::Rest, &question).await?;
        }
        let sql = "select p.division_code, count(*) as people, avg(i.months_paid) as months from population p \
                   join social_insurance i on i.id_card = p.id_card group by p.division_code order by 1";
        let release = flow::query_sql(self.app, consumer, Door::Sql, &[person, insurance], sql, None).await?;
        futures::pin_mut!(release);
        while let Some(batch) = futures::StreamExt::next(&mut release).await {
            batch?;
        }
        Ok(())
    }

    /// Requests and agreements in every other state.
    async fn others(&self, shelf: &Shelf) -> Result<(), Error> {
        let app = self.app;
        // Granted at once: unconditional data.
        let wish = self
            .wish(shelf.school, "制作便民服务地图", Purpose::Service, &[], "")
            .await?;
        let at_once = self.ask("housing", shelf.school, wish).await?;
        self.accept(at_once).await?;
        // A draft.
        let wish = self
            .wish(shelf.enterprise, "欠薪预警", Purpose::Supervision, &[], "")
            .await?;
        flow::draft_request(app, self.actor("insurance.officer")?, shelf.enterprise, wish).await?;
        // Submitted, waiting for the authority.
        let wish = self
            .wish(shelf.property, "入学资格核验", Purpose::Service, &[], "")
            .await?;
        self.ask("education", shelf.property, wish).await?;
        // A supplement was asked.
        let wish = self
            .wish(shelf.assistance, "教育资助", Purpose::Service, &[], "")
            .await?;
        let unclear = self.ask("education", shelf.assistance, wish).await?;
        let missing = vec![
            "请写明所依据的法规条款".to_owned(),
            "请说明为何需要月救助金额".to_owned(),
        ];
        flow::ask_supplement(app, self.actor("data.operator")?, unclear, missing).await?;
        // Accepted, waiting for the provider's decision.
        let wish = self
            .wish(
                shelf.person,
                "新生入学户籍核验",
                Purpose::Service,
                &["phone"],
                "division_code LIKE '3301%'",
            )
            .await?;
        let waiting = self.ask("education", shelf.person, wish).await?;
        self.accept(waiting).await?;
        // Refused with reasons.
        let wish = self
            .wish(shelf.person, "短信营销", Purpose::Governance, &[], "")
            .await?;
        let refused = self.ask("market", shelf.person, wish).await?;
        self.accept(refused).await?;
        let reasons = "申请用途超出本部门职责范围，非履职所必需".to_owned();
        flow::refuse_request(
            app,
            self.actor("police.approver")?,
            refused,
            RefusalKind::NotNecessary,
            reasons,
            None,
        )
        .await?;
        // Withdrawn by the applicant.
        let wish = self
            .wish(shelf.insurance, "试点调研", Purpose::Statistics, &[], "")
            .await?;
        let withdrawn = self.ask("market", shelf.insurance, wish).await?;
        flow::withdraw_request(app, self.actor("market.officer")?, withdrawn, "试点方案调整".to_owned()).await?;
        // Granted and suspended; granted and revoked.
        let wish = self
            .wish(
                shelf.enterprise,
                "企业参保稽核",
                Purpose::Supervision,
                &["legal_person_id"],
                "",
            )
            .await?;
        let suspended = self.ask("insurance", shelf.enterprise, wish).await?;
        self.accept(suspended).await?;
        let suspended = self.grant("market", suspended, &[], "status_code = '01'").await?;
        let approver = self.actor("market.approver")?;
        flow::suspend_agreement(app, approver, suspended, "库表升级维护".to_owned()).await?;
        let wish = self
            .wish(shelf.assistance, "住房保障资格核验", Purpose::Service, &[], "")
            .await?;
        let revoked = self.ask("housing", shelf.assistance, wish).await?;
        self.accept(revoked).await?;
        let revoked = self.grant("civil", revoked, &[], "").await?;
        flow::revoke_agreement(
            app,
            self.actor("civil.approver")?,
            revoked,
            "试点结束，目的已实现".to_owned(),
        )
        .await?;
        Ok(())
    }
}

/// The demo's organisations.
trait OfDemo {
    fn of_demo(
        name: &str,
        name_en: &str,
        code: &str,
        parent: Option<OrgId>,
        kind: OrgKind,
        now: Timestamp,
    ) -> Organisation;
}

impl OfDemo for Organisation {
    fn of_demo(
        name: &str,
        name_en: &str,
        code: &str,
        parent: Option<OrgId>,
        kind: OrgKind,
        now: Timestamp,
    ) -> Organisation {
        Organisation {
            id: OrgId::new(),
            revision: 0,
            code: codes::department_code(code),
            name: name.to_owned(),
            name_en: name_en.to_owned(),
            short_name: name.trim_start_matches("云州市").to_owned(),
            parent,
            level: Level::City,
            division: "330100".to_owned(),
            kind,
            created_at: now,
        }
    }
}
