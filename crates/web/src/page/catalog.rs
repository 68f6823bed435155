//! Catalogue: home, search, resource, its draft, review and versions.

use askama::Template;
use chrono::NaiveDate;
use vocab::{
    Classification, Openness, ResourceFormat, Sensitivity, SharingClass, SharingMode, Timestamp, UpdateCycle,
    profile::Meaning,
};

use super::{Choice, Clock, Errors, Fields, Link, Pager, Tag, Ui, form::form, task::TaskRow};

/// Text with the found words marked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked(pub Vec<(String, bool)>);

impl Marked {
    /// Nothing marked.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![(text.into(), false)])
    }

    /// Marks every place where one of the terms stands, without regard to case.
    #[cfg(test)]
    pub fn find(text: &str, terms: &[String]) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let lower: Vec<char> = chars.iter().map(|it| it.to_lowercase().next().unwrap_or(*it)).collect();
        let mut hit = vec![false; chars.len()];
        for term in terms.iter().filter(|it| !it.trim().is_empty()) {
            let term: Vec<char> = term
                .trim()
                .chars()
                .map(|it| it.to_lowercase().next().unwrap_or(it))
                .collect();
            for (at, window) in lower.windows(term.len()).enumerate() {
                if window == term.as_slice() {
                    hit.iter_mut().skip(at).take(term.len()).for_each(|it| *it = true);
                }
            }
        }
        let mut parts: Vec<(String, bool)> = Vec::new();
        for (char, hit) in chars.into_iter().zip(hit) {
            match parts.last_mut() {
                Some((part, known)) if *known == hit => part.push(char),
                _ => parts.push((char.to_string(), hit)),
            }
        }
        Self(parts)
    }
}

/// A resource in a list.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: Marked,
    /// Summary, shortened.
    pub summary: Marked,
    /// Provider.
    pub org: String,
    /// Sharing class.
    pub class: SharingClass,
    /// Update cycle.
    pub cycle: UpdateCycle,
    /// How many items.
    pub items: usize,
    /// Items that were found by name.
    pub found_items: Vec<String>,
    /// Published or changed.
    pub changed: Option<Timestamp>,
    /// Its state, when it is not simply published.
    pub state: Option<Tag>,
}

/// A figure of the node: its text is `figure-{code}` in the locale (`resources`, `orgs`, `agreements`, `rows`).
#[derive(Debug, Clone)]
pub struct Figure {
    /// Code.
    pub code: String,
    /// Value.
    pub value: u64,
    /// Where its rows are; empty when there is no page.
    pub href: String,
}

/// `GET /`.
#[derive(Debug, Clone, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// Frame.
    pub ui: Ui,
    /// Figures of the node.
    pub figures: Vec<Figure>,
    /// The most urgent tasks of the reader (five at most).
    pub waiting: Vec<TaskRow>,
    /// The newest resources.
    pub newest: Vec<Hit>,
    /// Ways into the catalogue (provider, class, …).
    pub shelves: Vec<Facet>,
}

/// One way to narrow a search.
#[derive(Debug, Clone)]
pub struct Facet {
    /// Field name in the query: `org`, `class`, `cycle`, `format`, `openness`.
    pub name: String,
    /// Title, in the page's language.
    pub title: String,
    /// Its values.
    pub options: Vec<FacetOption>,
}

/// One value of a facet.
#[derive(Debug, Clone)]
pub struct FacetOption {
    /// Value in the query.
    pub value: String,
    /// Text.
    pub text: String,
    /// How many resources.
    pub count: u64,
    /// Is it picked?
    pub picked: bool,
}

form! {
    /// `GET /search`.
    SearchForm {
        /// Words.
        q: one "q",
        /// Order: empty for relevance, `newest`, `title`.
        sort: one "sort",
    }
}

/// `GET /search?q=&org=&class=…&page=`. `as_results()` is the part that changes as one types.
#[derive(Debug, Clone, Template)]
#[template(path = "search.html", blocks = ["results"])]
pub struct SearchPage {
    /// Frame.
    pub ui: Ui,
    /// What was asked.
    pub form: SearchForm,
    /// Facets with counts.
    pub facets: Vec<Facet>,
    /// What was found.
    pub hits: Vec<Hit>,
    /// Pages.
    pub pager: Pager,
    /// Milliseconds it took.
    pub took_ms: u64,
    /// Words to try, when nothing was found.
    pub tries: Vec<String>,
    /// Is everything found that is there? Not while the index is being made.
    pub complete: bool,
}

/// One proposal under the search box.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// Title.
    pub title: Marked,
    /// Provider.
    pub org: String,
    /// Address.
    pub href: String,
}

/// `GET /search/suggest?q=`: a list for the search box of the home page.
#[derive(Debug, Clone, Template)]
#[template(path = "part/suggestions.html")]
pub struct Suggestions {
    /// Frame.
    pub ui: Ui,
    /// The words.
    pub q: String,
    /// The proposals; empty shows nothing.
    pub rows: Vec<Suggestion>,
}

/// An item of a resource.
#[derive(Debug, Clone)]
pub struct ItemRow {
    /// Item name.
    pub name: String,
    /// What it means, in words.
    pub note: String,
    /// Type: `text`, `decimal(12,2)`.
    pub data_type: String,
    /// The national letter.
    pub national: &'static str,
    /// Sharing class.
    pub class: SharingClass,
    /// Condition or legal basis.
    pub condition: String,
    /// Openness.
    pub openness: Openness,
    /// Personal information?
    pub sensitivity: Sensitivity,
    /// Grade.
    pub classification: Classification,
    /// Default mask, text form.
    pub mask: String,
    /// Part of the key.
    pub key: bool,
}

/// A resource in full: the 13 national fields and what the platform adds.
#[derive(Debug, Clone)]
pub struct ResourceView {
    /// Identifier.
    pub id: String,
    /// 1 信息资源分类.
    pub category: String,
    /// 2 信息资源名称.
    pub title: String,
    /// The same in English; may be empty.
    pub title_en: String,
    /// 3 信息资源代码, local.
    pub code: String,
    /// 3 信息资源代码, national, when it has one.
    pub national_code: String,
    /// 4 信息资源提供方.
    pub provider: String,
    /// 5 信息资源提供方代码.
    pub provider_code: String,
    /// 6 信息资源摘要.
    pub summary: String,
    /// The same in English; may be empty.
    pub summary_en: String,
    /// Theme; may be empty.
    pub theme: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Rows a consumer gets when nothing else is agreed; empty for all.
    pub row_scope: String,
    /// Why it has no key.
    pub no_key_reason: String,
    /// 7 信息资源格式, first level.
    pub format: ResourceFormat,
    /// 7 second level: `PostgreSQL`, `CSV`.
    pub format_detail: String,
    /// 8 信息项信息.
    pub items: Vec<ItemRow>,
    /// 9 共享类型.
    pub class: SharingClass,
    /// 9 共享条件, or the law for 不予共享.
    pub condition: String,
    /// 9 共享方式.
    pub modes: Vec<SharingMode>,
    /// 10 是否向社会开放.
    pub openness: Openness,
    /// 10 开放条件.
    pub open_condition: String,
    /// 11 更新周期.
    pub cycle: UpdateCycle,
    /// 12 发布日期.
    pub published: Option<NaiveDate>,
    /// 13 关联资源.
    pub related: Vec<Link>,
    /// Grade.
    pub classification: Classification,
    /// State.
    pub state: Tag,
    /// Version.
    pub version: u32,
    /// The source's table, for its own department.
    pub source: Option<Link>,
    /// Who declared that it is no secret, and when.
    pub not_secret: String,
}

/// A department that uses a resource.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// Department.
    pub org: String,
    /// For what.
    pub purpose: vocab::Purpose,
    /// Since.
    pub since: NaiveDate,
}

/// A published version.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Number.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What was changed.
    pub note: String,
    /// Address of the comparison with the one before; empty for the first.
    pub diff: String,
}

/// How the reader can get a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// By a request.
    Ask,
    /// At once after a request (unconditional).
    AskAtOnce,
    /// There is an agreement: its address.
    Have(String),
    /// A request is on its way: its address.
    Asked(String),
    /// It is the reader's own department's.
    Own,
    /// Not shared; the law is in the condition.
    Withheld,
    /// The reader's role does not ask for data.
    NotByRole,
}

/// `GET /resources/{id}`. Deeds: `POST /resources/{id}/submit`, `/take-back`, `/discard`, `/delete`, `/reopen`, `/withdraw`
/// (`reason`), `/law-change` (`on`, `reason`).
#[derive(Debug, Clone, Template)]
#[template(path = "resource.html")]
pub struct ResourcePage {
    /// Frame.
    pub ui: Ui,
    /// The resource.
    pub it: ResourceView,
    /// Who uses it.
    pub users: Vec<UserRow>,
    /// Versions, newest first.
    pub versions: Vec<VersionRow>,
    /// How the reader gets it.
    pub access: Access,
    /// May it be edited now?
    pub can_edit: bool,
    /// May it be submitted now?
    pub can_submit: bool,
    /// May it be reviewed now?
    pub can_review: bool,
    /// May it be withdrawn now?
    pub can_withdraw: bool,
    /// What else may be done now.
    pub ways_back: WaysBack,
    /// May a change of law or duties be recorded for it?
    pub can_record: bool,
    /// The limits that run on it, for its department and the authority.
    pub clocks: Vec<Clock>,
    /// Is its update owed because law or duties have changed?
    pub owes_update: bool,
    /// The day of a change of law, as it was typed.
    pub changed_on: String,
    /// What has changed, as it was typed.
    pub changed_what: String,
    /// What was wrong with the last deed.
    pub errors: Errors,
}

/// The ways back on the page of a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaysBack {
    /// Take the submission back.
    pub take_back: bool,
    /// Give up the change beside the published version.
    pub discard: bool,
    /// Forget the draft.
    pub delete: bool,
    /// Open the withdrawn one to be written anew.
    pub reopen: bool,
}

impl WaysBack {
    /// Is there one?
    #[must_use]
    pub const fn any(&self) -> bool {
        self.take_back || self.discard || self.delete || self.reopen
    }
}

/// An agreement that a next version takes something from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedRow {
    /// Who uses it, and where the agreement is.
    pub agreement: Link,
    /// For what.
    pub purpose: vocab::Purpose,
    /// The items it loses or gets otherwise; empty: the whole.
    pub items: String,
}

/// One difference.
#[derive(Debug, Clone)]
pub struct DiffRow {
    /// Which field or item.
    pub what: String,
    /// Before; empty when it was added.
    pub before: String,
    /// After; empty when it was removed.
    pub after: String,
}

/// `GET /resources/{id}/versions/{n}`.
#[derive(Debug, Clone, Template)]
#[template(path = "version.html")]
pub struct VersionPage {
    /// Frame.
    pub ui: Ui,
    /// The resource.
    pub resource: Link,
    /// The older version.
    pub from: u32,
    /// The newer version.
    pub to: u32,
    /// When and by whom.
    pub made: VersionRow,
    /// The differences.
    pub rows: Vec<DiffRow>,
}

form! {
    /// `POST /resources` and `POST /resources/{id}`; buttons `do=save|submit`, and `undo={index}.{attribute}` for a guess.
    ResourceForm {
        /// Title.
        title: one "title",
        /// Category.
        category: one "category",
        /// English title.
        title_en: one "title_en",
        /// National code: shown, never typed.
        national_code: one "",
        /// The region's own code.
        local_code: one "local_code",
        /// Summary.
        summary: one "summary",
        /// English summary.
        summary_en: one "summary_en",
        /// Theme.
        theme: one "theme",
        /// Keywords, comma separated.
        keywords: one "keywords",
        /// Rule of the rows a consumer gets when nothing else is agreed; empty for all.
        row_scope: one "row_scope",
        /// Why it has no key.
        no_key_reason: one "no_key_reason",
        /// Columns that were left out and come back.
        restore: all "restore",
        /// Format.
        format: one "format",
        /// Format, second level.
        format_detail: one "format_detail",
        /// Sharing class.
        class: one "class",
        /// Condition or law.
        condition: one "condition",
        /// Modes.
        modes: all "modes",
        /// Openness.
        openness: one "openness",
        /// Condition of openness.
        open_condition: one "open_condition",
        /// Cycle.
        cycle: one "cycle",
        /// Grade.
        classification: one "classification",
        /// Codes of related resources, comma separated.
        related: one "related",
        /// What was changed and why.
        note: one "note",
        /// `yes` when declared.
        not_secret: one "not_secret",
        /// Source identifier.
        source: one "source",
        /// Table in the source.
        table: one "table",
        /// The revision that was read; somebody else's later change is not overwritten.
        revision: one "revision",
    }
}

/// A guess about an item, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuessView {
    /// Which attribute was guessed: `meaning`, `mask`.
    pub attribute: &'static str,
    /// What it was given.
    pub value: Guessed,
    /// Why: `values-fit`, `source-declares`.
    pub why: &'static str,
    /// Values that fit.
    pub fitting: u64,
    /// Values looked at; 0 when none was.
    pub looked_at: u64,
    /// Which test, or the source's word.
    pub evidence: String,
}

/// What an attribute was guessed to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guessed {
    /// What the values mean.
    Meaning(Meaning),
    /// Is it personal?
    Sensitivity(Sensitivity),
    /// A mask, text form.
    Mask(String),
    /// Anything else, as text.
    Text(String),
    /// The attribute says it all: it is a key, it is never empty.
    Yes,
}

/// One item of the form; its fields are `item.{index}.name`, `.column`, `.type`, `.class`, `.condition`, `.openness`,
/// `.sensitivity`, `.classification`, `.mask`, `.title`, `.description`, `.key` (`yes`), `.nullable` (`yes`), `.leave_out` (`yes`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemForm {
    /// Item name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// In words.
    pub description: String,
    /// Column.
    pub column: String,
    /// Type.
    pub data_type: String,
    /// Sharing class code.
    pub class: String,
    /// Condition or law.
    pub condition: String,
    /// Openness code.
    pub openness: String,
    /// Sensitivity code.
    pub sensitivity: String,
    /// Grade code.
    pub classification: String,
    /// Mask text.
    pub mask: String,
    /// Key.
    pub key: bool,
    /// May it be empty?
    pub nullable: bool,
    /// Leave it out of the resource.
    pub leave_out: bool,
    /// The guesses that still stand (not sent by the form).
    pub guesses: Vec<GuessView>,
}

impl ItemForm {
    /// Reads all items of the form, in order.
    #[must_use]
    pub fn from_fields(fields: &Fields) -> Vec<Self> {
        (0..10_000)
            .map_while(|at| {
                let part = fields.under(&format!("item.{at}."));
                if part.is_empty() {
                    return None;
                }
                let one = |name: &str| {
                    part.iter()
                        .find(|(it, _)| it == name)
                        .map(|(_, it)| it.clone())
                        .unwrap_or_default()
                };
                Some(Self {
                    name: one("name"),
                    title: one("title"),
                    description: one("description"),
                    column: one("column"),
                    data_type: one("type"),
                    class: one("class"),
                    condition: one("condition"),
                    openness: one("openness"),
                    sensitivity: one("sensitivity"),
                    classification: one("classification"),
                    mask: one("mask"),
                    key: one("key") == "yes",
                    nullable: one("nullable") == "yes",
                    leave_out: one("leave_out") == "yes",
                    guesses: Vec::new(),
                })
            })
            .collect()
    }
}

/// `GET /resources/new?source=&table=` and `GET /resources/{id}/edit`.
#[derive(Debug, Clone, Template)]
#[template(path = "resource_form.html")]
pub struct ResourceFormPage {
    /// Frame.
    pub ui: Ui,
    /// The resource, when it exists already.
    pub id: Option<String>,
    /// Where the draft comes from: `人口库 · resident`; empty when by hand.
    pub drawn_from: String,
    /// Rows that were read for the draft.
    pub rows_read: u64,
    /// What was typed or guessed.
    pub form: ResourceForm,
    /// Items.
    pub items: Vec<ItemForm>,
    /// What was wrong; item fields by their names.
    pub errors: Errors,
    /// Categories to choose from.
    pub categories: Vec<Choice>,
    /// Formats that the national catalogue names.
    pub formats: Vec<Choice>,
    /// Themes to choose from.
    pub themes: Vec<Choice>,
    /// Columns that are left out and may come back.
    pub left_out: Vec<Choice>,
}

form! {
    /// `POST /resources/{id}/review`.
    ReviewForm {
        /// `publish` or `return`.
        verdict: one "verdict",
        /// Opinion; must be there when it goes back.
        opinion: one "opinion",
    }
}

/// Something that was checked.
#[derive(Debug, Clone)]
pub struct Check {
    /// Right or not.
    pub good: bool,
    /// What, in the page's language.
    pub text: String,
    /// Which rule or law.
    pub basis: String,
}

/// `GET /resources/{id}/review`.
#[derive(Debug, Clone, Template)]
#[template(path = "resource_review.html")]
pub struct ReviewPage {
    /// Frame.
    pub ui: Ui,
    /// The resource as submitted.
    pub it: ResourceView,
    /// What the machine checked.
    pub checks: Vec<Check>,
    /// Differences from the published version.
    pub diff: Vec<DiffRow>,
    /// What was changed and why, as the department says.
    pub note: String,
    /// Agreements that it takes something from.
    pub touched: Vec<TouchedRow>,
    /// The reviewer's clock.
    pub clock: Option<Clock>,
    /// What was typed.
    pub form: ReviewForm,
    /// What was wrong.
    pub errors: Errors,
}

/// `GET /resources`: what the reader's own department has, in every state.
#[derive(Debug, Clone, Template)]
#[template(path = "resources.html")]
pub struct ResourcesPage {
    /// Frame.
    pub ui: Ui,
    /// The resources.
    pub rows: Vec<Hit>,
    /// Pages.
    pub pager: Pager,
    /// The day of a change of law or duties, as it was typed.
    pub changed_on: String,
    /// What has changed, as it was typed.
    pub changed_what: String,
    /// What was wrong with it.
    pub errors: Errors,
}
