//! The words of the house: pure values that two or more rooms say.
//!
//! Everything here is parsed once and then valid for ever; nothing here reads a clock, a file, the
//! environment or the network. Identifiers and codes are text with a rule, never numbers, so that a
//! leading zero survives every path.

pub mod action;
pub mod actor;
pub mod calendar;
pub mod class;
pub mod codes;
pub mod data;
pub mod deadline;
pub mod detect;
pub mod divisions;
pub mod governed;
pub mod id;
pub mod iso7064;
pub mod mask;
pub mod org;
pub mod profile;
pub mod rule;
pub mod source;
pub mod terms;
pub mod time;

pub use action::{Action, Role};
pub use actor::{Actor, Via};
pub use calendar::{Calendar, CalendarDay, DayKind};
pub use class::{Classification, Openness, ResourceFormat, Sensitivity, SharingClass, SharingMode, UpdateCycle};
pub use data::{DataType, Value};
pub use deadline::{Consent, Deadline, Limit, Pause};
pub use divisions::{Divisions, divisions};
pub use governed::{GovernedItem, GovernedTable};
pub use id::*;
pub use mask::Mask;
pub use org::{Level, OrgKind};
pub use rule::RowRule;
pub use source::{SinkSpec, SourceKind, SourceSpec};
pub use terms::{AgreementState, GrantedItem, Purpose, Terms};
pub use time::Timestamp;
