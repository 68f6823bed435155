//! A governed table: the exact columns and rows that an agreement lets out, as the engine is told.

use serde::{Deserialize, Serialize};

use crate::{
    data::DataType,
    id::{AgreementId, ResourceId},
    mask::Mask,
    rule::RowRule,
    source::SourceSpec,
};

/// One granted item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GovernedItem {
    /// The name the consumer sees (item name in the catalogue).
    pub name: String,
    /// The column in the source.
    pub column: String,
    /// The type in the catalogue (before the mask).
    pub data_type: DataType,
    /// The mask.
    pub mask: Mask,
    /// Is it part of the resource's key?
    pub key: bool,
}

/// What the engine opens. Made from a mandate by the corridor and by nobody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GovernedTable {
    /// The agreement that opens it.
    pub agreement: AgreementId,
    /// The resource.
    pub resource: ResourceId,
    /// The SQL name: lower-case resource name or alias, unique among a caller's agreements.
    pub name: String,
    /// Where the rows are.
    pub source: SourceSpec,
    /// Table, sheet or file in the source.
    pub table: String,
    /// The granted items, in order.
    pub items: Vec<GovernedItem>,
    /// Items that the row rule names but that are not granted: read, judged, never shown.
    pub hidden: Vec<GovernedItem>,
    /// The rows.
    pub rows: RowRule,
    /// Key material for [`Mask::Pseudonym`], 32 bytes, different for each agreement. Never serialised.
    #[serde(skip)]
    pub pseudonym_key: Vec<u8>,
}
