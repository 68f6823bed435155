//! What else has happened: the states that need time to pass or a second look. Told while the clock stands in the past,
//! so that terms have run out and an answer is overdue when the doors open.

use chrono::{Days, TimeDelta};
use platform::{
    Error,
    exchange::Refresh,
    flow::{self, CorrectionWish, NewDelivery},
    sharing::correction::Finding,
    vocab::{AgreementId, GrantedItem, Purpose, RowRule, SinkSpec, SourceKind, SourceSpec, Timestamp},
};

use super::story::{Shelf, Teller};

/// How long ago the story began.
pub(super) const AGO: TimeDelta = TimeDelta::days(75);

impl Teller<'_> {
    /// Two months ago: an agreement whose term has run out since, and one whose data is disposed of.
    pub(super) async fn long_ago(&self, shelf: &Shelf) -> Result<(), Error> {
        let mut wish = self
            .wish(shelf.assistance, "年度惠民政策核查", Purpose::Supervision, &[], "")
            .await?;
        wish.until = wish.from + TimeDelta::days(30);
        let short = self.ask("insurance", shelf.assistance, wish).await?;
        self.accept(short).await?;
        self.grant("civil", short, &[], "").await?;

        let wish = self
            .wish(shelf.property, "救助家庭住房核对试点", Purpose::Service, &[], "")
            .await?;
        let pilot = self.ask("civil", shelf.property, wish).await?;
        self.accept(pilot).await?;
        let pilot = self.grant("housing", pilot, &[], "").await?;
        let approver = self.actor("housing.approver")?;
        flow::revoke_agreement(self.app, approver, pilot, "试点结束，目的已实现".to_owned()).await?;
        let today = self.app.today();
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        flow::prove_disposal(
            self.app,
            self.actor("civil.officer")?,
            pilot,
            "数据库表删除并覆写，备份介质清除".to_owned(),
            yesterday,
            "已由经办人与复核人共同确认".to_owned(),
        )
        .await?;
        Ok(())
    }

    /// A month ago: a request that its provider has not decided until today.
    pub(super) async fn left_lying(&self, shelf: &Shelf) -> Result<(), Error> {
        let wish = self
            .wish(shelf.enterprise, "校外培训机构核查", Purpose::Supervision, &[], "")
            .await?;
        let waiting = self.ask("education", shelf.enterprise, wish).await?;
        self.accept(waiting).await.map(drop)
    }

    /// Lately: a supplemented request, a second version, a correction that is disputed, a delivery.
    pub(super) async fn lately(&self, shelf: &Shelf, person: AgreementId, out: &std::path::Path) -> Result<(), Error> {
        let app = self.app;
        let mut wish = self
            .wish(shelf.insurance, "用工监测", Purpose::Statistics, &[], "")
            .await?;
        let unclear = self.ask("market", shelf.insurance, wish.clone()).await?;
        let missing = vec!["请缩小信息项范围，并写明所依据的条款".to_owned()];
        flow::ask_supplement(app, self.actor("data.operator")?, unclear, missing).await?;
        wish.items.retain(|it: &GrantedItem| it.item != "id_card");
        "《政务数据共享条例》第二十条；《市场主体登记管理条例》第三十五条".clone_into(&mut wish.basis_text);
        wish.rows = RowRule::All;
        let note = "已去掉身份证号，并写明条款".to_owned();
        flow::supplement_request(app, self.actor("market.officer")?, unclear, wish, note).await?;

        let officer = self.actor("education.officer")?;
        let now = flow::own_resource(app, officer, shelf.school).await?;
        let mut content = now.content.clone();
        "全市中小学、幼儿园名录，来自年度统计报表；自本版起按季度更新。".clone_into(&mut content.summary);
        "Schools and kindergartens, from the yearly report; updated quarterly from this version on."
            .clone_into(&mut content.summary_en);
        content.update_cycle = platform::vocab::UpdateCycle::Quarterly;
        flow::edit_resource(app, officer, shelf.school, now.revision, content).await?;
        flow::submit_resource(app, officer, shelf.school).await?;
        flow::publish_resource(app, self.actor("data.operator")?, shelf.school).await?;

        let asker = self.actor("civil.officer")?;
        let doubt = CorrectionWish {
            item: Some("address".to_owned()),
            which: "330106 辖区内登记地址为空的记录".to_owned(),
            problem: "地址为空，无法核对家庭住址".to_owned(),
            evidence: "与社会救助申请表比对".to_owned(),
        };
        let doubt = flow::ask_correction(app, asker, shelf.person, doubt).await?;
        let answer = "来源系统登记时未采集，数据无误".to_owned();
        flow::answer_correction(app, self.actor("police.officer")?, doubt.id, Finding::Right, answer).await?;
        let reason = "地址为法定登记事项，应当补采".to_owned();
        flow::dispute_correction(app, asker, doubt.id, reason).await?;

        let path = out.join("civil-population.db").display().to_string();
        let sink = SinkSpec {
            target: SourceSpec::new(SourceKind::Sqlite).with("path", path),
            table: "population".to_owned(),
        };
        let delivery = NewDelivery {
            agreement: person,
            name: "人口信息入库".to_owned(),
            sink,
            refresh: Refresh::Full,
            replace: false,
            error_limit: 0,
        };
        let delivery = flow::create_delivery(app, asker, delivery).await?;
        flow::start_run(app, asker, delivery.id).await.map(drop)
    }

    /// Lets time pass to an instant.
    pub(super) fn turn_to(&self, at: Timestamp) {
        self.app.set_now(at);
    }
}
