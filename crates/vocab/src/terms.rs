//! The terms of an agreement: what one department lets another have, for what, how, and until when.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    class::{SharingMode, list},
    id::{AgreementId, OrgId, ResourceId},
    mask::Mask,
    rule::RowRule,
};

list! {
    /// 使用目的, the broad class; the scenario is told in words beside it.
    Purpose: "purpose" {
        /// 政务服务.
        Service = "service", "政务服务", "Public services";
        /// 行政执法与监管.
        Supervision = "supervision", "执法监管", "Supervision and enforcement";
        /// 社会治理.
        Governance = "governance", "社会治理", "Social governance";
        /// 统计与决策分析.
        Statistics = "statistics", "统计与决策分析", "Statistics and decision analysis";
        /// 社会信用.
        Credit = "credit", "信用核查", "Credit checks";
        /// 应急处置.
        Emergency = "emergency", "应急处置", "Emergency response";
        /// 数据校核.
        Verification = "verification", "数据校核", "Data verification";
    }
}

list! {
    /// The state of an agreement. Only an active one opens a governed table.
    AgreementState: "agreement state" {
        /// In force.
        Active = "active", "有效", "Active";
        /// Use is stopped for a while.
        Suspended = "suspended", "已暂停", "Suspended";
        /// Ended by the provider or by security; the obtained data must be disposed of.
        Revoked = "revoked", "已撤销", "Revoked";
        /// Ended by its term; the obtained data must be disposed of.
        Expired = "expired", "已到期", "Expired";
        /// The proof of disposal was demanded and is awaited.
        DisposalDue = "disposal-due", "待销毁", "Disposal due";
        /// Disposal is proved.
        Closed = "closed", "已办结", "Closed";
    }
}

/// One item that is granted, and how it is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedItem {
    /// The item's name in the catalogue.
    pub item: String,
    /// The mask it leaves under.
    pub mask: Mask,
}

/// The terms of an agreement in force. Asked for in a request, decided by the provider, enforced by the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The agreement.
    pub agreement: AgreementId,
    /// Its version: a change of terms makes a new one.
    pub version: u32,
    /// The resource.
    pub resource: ResourceId,
    /// Who provides.
    pub provider: OrgId,
    /// Who uses.
    pub consumer: OrgId,
    /// For what.
    pub purpose: Purpose,
    /// The items, at least one.
    pub items: Vec<GrantedItem>,
    /// The rows.
    pub rows: RowRule,
    /// How it may be supplied.
    pub modes: Vec<SharingMode>,
    /// Releases allowed per calendar day of the node's zone; `None` is without limit.
    pub quota_per_day: Option<u64>,
    /// First instant of use.
    pub valid_from: Timestamp,
    /// Use must end before this instant.
    pub valid_until: Timestamp,
}
