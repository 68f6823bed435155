//! Administration: organisations, people, clocks, calendar, policy.

use askama::Template;
use chrono::NaiveDate;
use vocab::{Role, Timestamp};

use super::{Choice, Errors, Tag, Ui, form::form};

/// An organisation in a list.
#[derive(Debug, Clone)]
pub struct OrgRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Unified social credit code.
    pub code: String,
    /// Level: 国家, 省, 市, 县, in the page's language.
    pub level: String,
    /// Division: code and name.
    pub division: String,
    /// Depth below the top, 0 to 6.
    pub depth: u8,
    /// Published resources.
    pub resources: u64,
    /// People.
    pub people: u64,
}

form! {
    /// `POST /admin/organisations` or `POST /admin/organisations/{id}`.
    OrgForm {
        /// Name.
        name: one "name",
        /// English name.
        name_en: one "name_en",
        /// Short name.
        short_name: one "short_name",
        /// What it is.
        kind: one "kind",
        /// Unified social credit code.
        code: one "code",
        /// Level.
        level: one "level",
        /// Division code.
        division: one "division",
        /// Parent.
        parent: one "parent",
    }
}

/// `GET /admin/organisations`; `?edit={id}` fills the form.
#[derive(Debug, Clone, Template)]
#[template(path = "admin_orgs.html")]
pub struct OrgsPage {
    /// Frame.
    pub ui: Ui,
    /// The organisations, in tree order.
    pub rows: Vec<OrgRow>,
    /// The one being edited.
    pub editing: Option<String>,
    /// Levels.
    pub levels: Vec<Choice>,
    /// Kinds.
    pub kinds: Vec<Choice>,
    /// Possible parents.
    pub parents: Vec<Choice>,
    /// What was typed.
    pub form: OrgForm,
    /// What was wrong.
    pub errors: Errors,
}

/// A person in a list.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// Identifier.
    pub id: String,
    /// Sign-in name.
    pub login: String,
    /// Name.
    pub name: String,
    /// Organisation.
    pub org: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// State: active, locked, left.
    pub state: Tag,
    /// Locked after failed sign-ins or by hand.
    pub locked: bool,
    /// Last sign-in.
    pub seen: Option<Timestamp>,
}

form! {
    /// `POST /admin/people` or `POST /admin/people/{id}`; the first password is read raw (`password`).
    PersonForm {
        /// Sign-in name.
        login: one "login",
        /// Name.
        name: one "name",
        /// Organisation.
        org: one "org",
        /// Roles.
        roles: all "roles",
        /// Posts in other organisations that stay: `org_…=role`.
        elsewhere: all "elsewhere",
        /// Another organisation in which the person gets posts.
        more_org: one "more-org",
        /// The roles there.
        more_roles: all "more-roles",
    }
}

/// `GET /admin/people`; `?edit={id}` fills the form. `POST /admin/people/{id}/lock`, `/unlock`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin_people.html")]
pub struct PeoplePage {
    /// Frame.
    pub ui: Ui,
    /// People.
    pub rows: Vec<PersonRow>,
    /// The one being edited.
    pub editing: Option<String>,
    /// The one being edited is a program: its tokens are issued here.
    pub program: bool,
    /// Organisations.
    pub orgs: Vec<Choice>,
    /// Posts that the one being edited holds in other organisations.
    pub elsewhere: Vec<Choice>,
    /// What was typed.
    pub form: PersonForm,
    /// What was wrong.
    pub errors: Errors,
}

/// A limit on passwords, sessions or tokens.
#[derive(Debug, Clone)]
pub struct StaffLimitRow {
    /// Its name, `lock-after-failures`.
    pub code: String,
    /// What holds here.
    pub value: u64,
    /// The national value.
    pub national: u64,
    /// A smaller number is stricter.
    pub lower: bool,
    /// The rule it comes from.
    pub basis: String,
}

form! {
    /// `POST /admin/limits`.
    StaffLimitForm {
        /// Which limit.
        name: one "name",
        /// The value.
        value: one "value",
        /// The rule it comes from.
        basis: one "basis",
    }
}

/// `GET /admin/limits`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin_limits.html")]
pub struct StaffLimitsPage {
    /// Frame.
    pub ui: Ui,
    /// The limits.
    pub rows: Vec<StaffLimitRow>,
    /// What was typed.
    pub form: StaffLimitForm,
    /// What was wrong.
    pub errors: Errors,
}

impl StaffLimitsPage {
    /// The limits to choose from.
    #[must_use]
    pub fn names(&self) -> Vec<Choice> {
        let choice = |it: &StaffLimitRow| Choice::new(&it.code, self.ui.tk("limit-", &it.code));
        self.rows.iter().map(choice).collect()
    }
}

/// A limit as a row: law is data.
#[derive(Debug, Clone)]
pub struct LimitRow {
    /// Code: `T4`.
    pub code: String,
    /// What it limits, in the page's language.
    pub name: String,
    /// The national legal basis.
    pub basis: String,
    /// National limit, working days.
    pub days: u32,
    /// Possible extension, working days.
    pub extension: u32,
    /// This node's shorter limit.
    pub local_days: Option<u32>,
    /// Its basis.
    pub local_basis: String,
}

form! {
    /// `POST /admin/clocks`.
    LimitForm {
        /// Code.
        code: one "code",
        /// Working days; empty goes back to the national limit.
        days: one "days",
        /// Basis of the shorter limit.
        basis: one "basis",
    }
}

/// `GET /admin/clocks`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin_clocks.html")]
pub struct ClocksPage {
    /// Frame.
    pub ui: Ui,
    /// The limits.
    pub rows: Vec<LimitRow>,
    /// What was typed.
    pub form: LimitForm,
    /// What was wrong.
    pub errors: Errors,
}

/// A day that is not what its weekday says.
#[derive(Debug, Clone)]
pub struct SpecialDay {
    /// The day.
    pub day: NaiveDate,
    /// `holiday` or `workday`.
    pub kind: String,
    /// Name: 春节.
    pub name: String,
    /// Notice it comes from.
    pub basis: String,
}

form! {
    /// `POST /admin/calendar`; `POST /admin/calendar/remove` with `day`.
    DayForm {
        /// The day (fields `day-year`, …).
        day: date "day",
        /// `holiday` or `workday`.
        kind: one "kind",
        /// Name.
        name: one "name",
        /// Notice.
        basis: one "basis",
    }
}

/// `GET /admin/calendar?year=`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin_calendar.html")]
pub struct CalendarPage {
    /// Frame.
    pub ui: Ui,
    /// The year.
    pub year: i32,
    /// Working days in the year.
    pub working_days: u32,
    /// Days that differ from their weekday.
    pub days: Vec<SpecialDay>,
    /// What was typed.
    pub form: DayForm,
    /// What was wrong.
    pub errors: Errors,
}

form! {
    /// `GET /admin/policy`.
    PolicyForm {
        /// Who (sign-in name).
        who: one "who",
        /// What (action code).
        action: one "action",
        /// On what (identifier of a resource, request or agreement; may be empty).
        about: one "about",
        /// Purpose; may be empty.
        purpose: one "purpose",
    }
}

/// What the policy would say.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Allowed?
    pub allowed: bool,
    /// The exact rule.
    pub rule: String,
    /// Its text.
    pub rule_text: String,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// One line of the role × action matrix.
#[derive(Debug, Clone)]
pub struct MatrixRow {
    /// Action, in the page's language.
    pub action: String,
    /// For each role of [`PolicyPage::roles`]: allowed?
    pub cells: Vec<bool>,
}

/// `GET /admin/policy`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin_policy.html")]
pub struct PolicyPage {
    /// Frame.
    pub ui: Ui,
    /// People to choose from.
    pub people: Vec<Choice>,
    /// What was asked.
    pub form: PolicyForm,
    /// The answer.
    pub verdict: Option<Verdict>,
    /// Roles, the columns of the matrix.
    pub roles: Vec<Role>,
    /// The matrix.
    pub matrix: Vec<MatrixRow>,
    /// What was wrong.
    pub errors: Errors,
}
