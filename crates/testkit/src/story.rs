//! The story most tests begin with: a source on the shelf, a request, an agreement.

use chrono::TimeDelta;
use platform::{
    catalog::{Category, Sharing},
    flow::{self, GrantWish},
    sharing::{Application, Basis, Warrant},
    vocab::{
        AgreementId, GrantedItem, Mask, Purpose, RequestId, ResourceId, RowRule, SharingMode, SourceId, SourceSpec,
        Timestamp,
    },
};

use crate::{Failure, TestApp};

/// A table that is put on the shelf by a department's officer.
#[derive(Debug, Clone)]
pub struct Shelf<'a> {
    /// Whose: `police`.
    pub provider: &'a str,
    /// How to reach it.
    pub spec: SourceSpec,
    /// The table.
    pub table: &'a str,
    /// Its English name, which becomes the name in SQL.
    pub name: &'a str,
    /// The items of its key.
    pub key: &'a [&'a str],
}

/// What is asked for and granted as it was asked.
#[derive(Debug, Clone)]
pub struct Deal<'a> {
    /// Who provides: `police`.
    pub provider: &'a str,
    /// Who uses: `civil`.
    pub consumer: &'a str,
    /// What the provider masks.
    pub masks: &'a [(&'a str, Mask)],
    /// Items that are not asked for.
    pub without: &'a [&'a str],
    /// The rule of rows, or an empty text.
    pub rows: &'a str,
    /// Releases a day.
    pub quota: u64,
    /// How.
    pub modes: &'a [SharingMode],
    /// Until when; a year when nothing is said.
    pub until: Option<Timestamp>,
}

impl Default for Deal<'_> {
    fn default() -> Self {
        Self {
            provider: "police",
            consumer: "civil",
            masks: &[],
            without: &[],
            rows: "",
            quota: 100_000,
            modes: &[SharingMode::Interface, SharingMode::Batch],
            until: None,
        }
    }
}

impl TestApp {
    /// Connects a source, or finds it connected.
    ///
    /// # Errors
    /// Those of the flow.
    pub async fn connect(&self, provider: &str, spec: &SourceSpec) -> Result<SourceId, Failure> {
        let officer = self.actor(&format!("{provider}.officer"))?;
        let sources = flow::list_sources(&self.app, &officer).await?;
        if let Some(it) = sources.iter().find(|it| it.spec.options == spec.options) {
            return Ok(it.id);
        }
        let name = format!("业务库 {}", sources.len() + 1);
        Ok(flow::connect_source(&self.app, &officer, &name, spec.clone()).await?.id)
    }

    /// From a source to a published resource without masks: draft, edit, declare, submit, publish.
    ///
    /// # Errors
    /// Those of the flows.
    pub async fn shelve(&self, shelf: Shelf<'_>) -> Result<ResourceId, Failure> {
        let officer = self.actor(&format!("{}.officer", shelf.provider))?;
        let source = self.connect(shelf.provider, &shelf.spec).await?;
        let category: Category = "101001".parse()?;
        let draft = flow::draft_resource(&self.app, &officer, source, shelf.table, category).await?;
        let mut content = draft.content.clone();
        shelf.name.clone_into(&mut content.name);
        shelf.name.clone_into(&mut content.name_en);
        "测试用资源".clone_into(&mut content.summary);
        content.sharing = Sharing::conditional("用于政务服务");
        content.modes = vec![SharingMode::Interface, SharingMode::Batch, SharingMode::File];
        for item in &mut content.items {
            item.mask = Mask::Clear;
            item.key = shelf.key.contains(&item.name.as_str());
        }
        content.no_key_reason = if shelf.key.is_empty() {
            "统计表，没有主键".to_owned()
        } else {
            String::new()
        };
        content.tighten_items();
        let draft = flow::edit_resource(&self.app, &officer, draft.id, draft.revision, content).await?;
        flow::declare_not_secret(&self.app, &officer, draft.id).await?;
        flow::submit_resource(&self.app, &officer, draft.id).await?;
        flow::publish_resource(&self.app, &self.actor("operator")?, draft.id).await?;
        Ok(draft.id)
    }

    /// What a deal asks for.
    ///
    /// # Errors
    /// When the resource is not there or the rule is none.
    pub async fn application(&self, resource: ResourceId, deal: &Deal<'_>) -> Result<Application, Failure> {
        let version = flow::show_resource(&self.app, resource).await?;
        let now = self.app.now();
        let items = version
            .content
            .items
            .iter()
            .filter(|it| !deal.without.contains(&it.name.as_str()));
        Ok(Application {
            basis: Basis::Law,
            basis_text: "《政务数据共享条例》第二十条".to_owned(),
            scenario: "业务核对".to_owned(),
            purpose: Purpose::Service,
            items: items
                .map(|it| GrantedItem {
                    item: it.name.clone(),
                    mask: Mask::Clear,
                })
                .collect(),
            rows: RowRule::All,
            modes: deal.modes.to_vec(),
            from: now,
            until: deal.until.unwrap_or(now + TimeDelta::days(365)),
            quota_per_day: Some(deal.quota),
        })
    }

    /// Asks, and has it accepted by the authority.
    ///
    /// # Errors
    /// Those of the flows.
    pub async fn ask(&self, resource: ResourceId, deal: &Deal<'_>) -> Result<RequestId, Failure> {
        let officer = self.actor(&format!("{}.officer", deal.consumer))?;
        let application = self.application(resource, deal).await?;
        let request = flow::request_data(&self.app, &officer, resource, application, Warrant::WHOLE).await?;
        flow::accept_request(&self.app, &self.actor("operator")?, request.id, "予以受理".to_owned()).await?;
        Ok(request.id)
    }

    /// From a published resource to an agreement: request, check, decision with masks and a rule of rows.
    ///
    /// # Errors
    /// Those of the flows.
    pub async fn agree(&self, resource: ResourceId, deal: &Deal<'_>) -> Result<AgreementId, Failure> {
        let request = self.ask(resource, deal).await?;
        let approver = self.actor(&format!("{}.approver", deal.provider))?;
        let asked = flow::show_request(&self.app, &approver, request).await?.application;
        let mask = |name: &str| {
            deal.masks
                .iter()
                .find(|(it, _)| *it == name)
                .map_or(Mask::Clear, |it| it.1.clone())
        };
        let wish = GrantWish {
            items: Some(
                asked
                    .items
                    .iter()
                    .map(|it| (it.item.clone(), Some(mask(&it.item))))
                    .collect(),
            ),
            rows: if deal.rows.is_empty() {
                RowRule::All
            } else {
                deal.rows.parse()?
            },
            ..GrantWish::default()
        };
        let decided = flow::grant_request(&self.app, &approver, request, wish, "同意".to_owned()).await?;
        Ok(decided.agreement.ok_or("nothing was granted")?.id)
    }

    /// The name in SQL of an agreement's table.
    ///
    /// # Errors
    /// When the consumer has no such agreement.
    pub async fn table_of(&self, who: &str, agreement: AgreementId) -> Result<String, Failure> {
        let named = flow::named_agreements(&self.app, &self.actor(who)?).await?;
        Ok(named
            .into_iter()
            .find(|it| it.0 == agreement)
            .ok_or("no such agreement")?
            .1)
    }
}
