//! What every page has in common: language, who looks, where they are, and the small parts that pages are built of.

use chrono::NaiveDate;
use vocab::{Action, Timestamp};

use crate::{
    locale::{self, FluentValue, Lang},
    page::form::Choice,
    static_files,
};

/// The frame of a page. Every page struct has one as its field `ui`; templates and macros reach it by that name.
#[derive(Debug, Clone)]
pub struct Ui {
    /// The language.
    pub lang: Lang,
    /// Path and query of this page, without `lang`: where the language switch comes back to.
    pub path: String,
    /// Who is signed in.
    pub who: Option<Who>,
    /// The part of the navigation this page belongs to: `catalog`, `tasks`, `requests`, `agreements`, `sources`,
    /// `deliveries`, `ledger`, `corrections`, `admin`, or nothing.
    pub section: &'static str,
    /// Messages of the deed just done.
    pub flash: Vec<Flash>,
    /// The time the page is made.
    pub now: Timestamp,
    /// The node's name, as its operator configured it: 云州市.
    pub node: String,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Who {
    /// Their name.
    pub name: String,
    /// The organisation they act for.
    pub org: String,
    /// Could they act for another organisation as well?
    pub several: bool,
    /// What they may do; decides which links and buttons are shown (the policy decides again on the deed).
    pub may: Vec<Action>,
    /// How many tasks wait for them.
    pub tasks: u32,
    /// How many notices to them nobody has read.
    pub notices: u32,
}

/// How a message, tag or clock looks. The word always says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Grey.
    #[default]
    Calm,
    /// Blue.
    Info,
    /// Green.
    Good,
    /// Amber.
    Warn,
    /// Red.
    Bad,
}

impl Tone {
    /// The last part of the class name.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Info => "info",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A message above the page.
#[derive(Debug, Clone)]
pub struct Flash {
    /// Its look.
    pub tone: Tone,
    /// Its text, in the page's language.
    pub text: String,
}

/// A word on a coloured ground.
#[derive(Debug, Clone, Default)]
pub struct Tag {
    /// Its look.
    pub tone: Tone,
    /// Its text, in the page's language.
    pub text: String,
}

impl Tag {
    /// A tag.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }
}

/// Pages of a long list.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// How many there are in all, when that is known.
    pub total: Option<u64>,
    /// The first one shown, from 1; 0 when there is none.
    pub from: u64,
    /// The last one shown.
    pub to: u64,
    /// Address of the page before.
    pub prev: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

/// A clock that runs on somebody (T1-T8 of the regulation, see `sharing`).
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// What must be done: `答复共享申请`, in the page's language.
    pub name: String,
    /// The last day on which it is in time.
    pub due: Option<NaiveDate>,
    /// Working days left; negative when it is late.
    pub left: i64,
    /// Stopped: the clock does not run now (supplement awaited, or done).
    pub stopped: bool,
    /// How the day was computed, one sentence per step, in the page's language.
    pub explained: Vec<String>,
    /// Which rule: `政务数据共享条例 第十四条`.
    pub basis: String,
}

impl Clock {
    /// Red when late, amber when two days are left, green otherwise, grey when stopped.
    #[must_use]
    pub const fn tone(&self) -> Tone {
        match self {
            it if it.stopped => Tone::Calm,
            it if it.left < 0 => Tone::Bad,
            it if it.left <= 2 => Tone::Warn,
            _ => Tone::Good,
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// Who, when it is known.
    pub who: String,
    /// What, in the page's language.
    pub text: String,
    /// Words that were added: a reason, an opinion.
    pub note: String,
    /// The ledger entry that proves it.
    pub entry: Option<u64>,
}

/// Anything with a Chinese and an English name: the closed lists of `vocab`.
pub trait Word: Copy {
    /// The machine code.
    fn code(self) -> &'static str;
    /// Chinese.
    fn zh(self) -> &'static str;
    /// English.
    fn en(self) -> &'static str;
}

macro_rules! words {
    ($($name:path),+ $(,)?) => { $(
        impl Word for $name {
            fn code(self) -> &'static str { <$name>::code(self) }
            fn zh(self) -> &'static str { <$name>::zh(self) }
            fn en(self) -> &'static str { <$name>::en(self) }
        }
    )+ };
}
impl<W: Word> Word for &W {
    fn code(self) -> &'static str {
        (*self).code()
    }
    fn zh(self) -> &'static str {
        (*self).zh()
    }
    fn en(self) -> &'static str {
        (*self).en()
    }
}

words!(
    vocab::Action,
    vocab::Role,
    vocab::SharingClass,
    vocab::SharingMode,
    vocab::UpdateCycle,
    vocab::ResourceFormat,
    vocab::Classification,
    vocab::Sensitivity,
    vocab::Openness,
    vocab::Purpose,
    vocab::SourceKind,
    vocab::profile::Meaning,
    vocab::Level,
    vocab::org::OrgKind,
    platform::sharing::TaskKind,
    platform::sharing::ClockId,
    platform::sharing::Basis,
    platform::sharing::RefusalKind,
    platform::sharing::RequestState,
    platform::sharing::CorrectionState,
    platform::sharing::correction::Finding,
    platform::sharing::DisputeState,
    vocab::AgreementState,
);

impl Ui {
    /// A text without arguments.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        locale::t(self.lang, key, &[])
    }

    /// A text with one argument, `$n` (a number, which also chooses the plural).
    #[must_use]
    pub fn n(&self, key: &str, n: impl std::fmt::Display) -> String {
        let n: i64 = n.to_string().parse().unwrap_or_default();
        locale::t(self.lang, key, &[("n", FluentValue::from(n))])
    }

    /// A text with one argument, `$a` (a text).
    #[must_use]
    pub fn a(&self, key: &str, a: impl AsRef<str>) -> String {
        locale::t(self.lang, key, &[("a", FluentValue::from(a.as_ref()))])
    }

    /// A text with two arguments, `$a` and `$b`.
    #[must_use]
    pub fn ab(&self, key: &str, a: impl AsRef<str>, b: impl AsRef<str>) -> String {
        locale::t(
            self.lang,
            key,
            &[
                ("a", FluentValue::from(a.as_ref())),
                ("b", FluentValue::from(b.as_ref())),
            ],
        )
    }

    /// A text chosen by a code: the key is `prefix` and `code`; without such a key the code itself.
    #[must_use]
    pub fn tk(&self, prefix: &str, code: impl AsRef<str>) -> String {
        let code = code.as_ref();
        let key: String = format!("{prefix}{code}")
            .chars()
            .map(|it| if it == '.' || it == '_' { '-' } else { it })
            .collect();
        locale::find(self.lang, &key, &[]).unwrap_or_else(|| code.to_owned())
    }

    /// The name of a member of a closed list.
    #[must_use]
    pub fn w<W: Word>(&self, word: &W) -> &'static str {
        match self.lang {
            Lang::Zh => word.zh(),
            Lang::En => word.en(),
        }
    }

    /// Several members, one after the other.
    #[must_use]
    pub fn ws<W: Word>(&self, words: &[W]) -> String {
        let names: Vec<&str> = words.iter().map(|it| self.w(it)).collect();
        names.join(match self.lang {
            Lang::Zh => "、",
            Lang::En => ", ",
        })
    }

    /// A name in the page's language; the Chinese one where there is no English one.
    #[must_use]
    pub fn name<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.name(zh, en)
    }

    /// A name that a flow gives in both languages.
    #[must_use]
    pub fn named(&self, it: &platform::flow::Named) -> String {
        self.name(&it.zh, &it.en).to_owned()
    }

    /// An organisation's name, the short one in Chinese.
    #[must_use]
    pub fn org(&self, it: &platform::catalog::Organisation) -> String {
        self.name(it.label(), &it.name_en).to_owned()
    }

    /// A resource's name.
    #[must_use]
    pub fn title(&self, it: &platform::catalog::Content) -> String {
        self.name(&it.name, &it.name_en).to_owned()
    }

    /// What speaks for a guess, in the page's language.
    #[must_use]
    pub fn evidence(&self, text: impl AsRef<str>) -> String {
        super::why::evidence(self, text.as_ref())
    }

    /// A closed list as choices.
    #[must_use]
    pub fn choices<W: Word>(&self, words: &[W]) -> Vec<Choice> {
        words.iter().map(|it| Choice::new(it.code(), self.w(it))).collect()
    }

    /// A number in groups of three.
    #[must_use]
    pub fn num(&self, n: impl std::fmt::Display) -> String {
        locale::grouped(&n.to_string())
    }

    /// Day and time in Beijing, in full.
    #[must_use]
    pub fn moment(&self, at: &Timestamp) -> String {
        locale::moment(self.lang, *at)
    }

    /// Day and time in Beijing, for tables.
    #[must_use]
    pub fn short(&self, at: &Timestamp) -> String {
        locale::short(self.lang, *at)
    }

    /// A day in full.
    #[must_use]
    pub fn day(&self, day: &NaiveDate) -> String {
        locale::day(self.lang, *day)
    }

    /// A day, for tables.
    #[must_use]
    pub fn short_day(&self, day: &NaiveDate) -> String {
        locale::short_day(self.lang, *day)
    }

    /// The instant for `<time datetime>`.
    #[must_use]
    pub fn iso(&self, at: &Timestamp) -> String {
        vocab::time::to_text(*at)
    }

    /// A mask in words, from its text form: `keep-ends(6,4)` → 保留前 6 位、后 4 位.
    #[must_use]
    pub fn mask(&self, mask: impl AsRef<str>) -> String {
        let mask = mask.as_ref();
        let inside = |name: &str| mask.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some((head, tail)) = inside("keep-ends").and_then(|it| it.split_once(',')) {
            return self.ab("mask-ends", head.trim(), tail.trim());
        }
        if let Some(expr) = inside("sql") {
            return self.a("mask-sql", expr);
        }
        self.tk("mask-", mask)
    }

    /// The masks that a form offers.
    #[must_use]
    pub fn masks(&self) -> Vec<Choice> {
        [
            "clear",
            "keep-ends(6,4)",
            "keep-ends(3,4)",
            "keep-ends(1,1)",
            "name",
            "address-to-county",
            "year-of-birth",
            "pseudonym",
            "null",
        ]
        .into_iter()
        .map(|it| Choice::new(it, self.mask(it)))
        .collect()
    }

    /// The masks that a form offers, and the one that is set, if it is none of them.
    #[must_use]
    pub fn masks_with(&self, mask: impl AsRef<str>) -> Vec<Choice> {
        let mask = mask.as_ref();
        let mut masks = self.masks();
        if !mask.is_empty() && !masks.iter().any(|it| it.value == mask) {
            masks.push(Choice::new(mask, self.mask(mask)));
        }
        masks
    }

    /// What a clock says: 剩 3 个工作日, 超期 2 个工作日.
    #[must_use]
    pub fn left(&self, clock: &Clock) -> String {
        match clock.left {
            _ if clock.stopped => self.t("clock-stopped"),
            0 => self.t("clock-today"),
            n if n < 0 => self.n("clock-late", n.saturating_neg()),
            n => self.n("clock-left", n),
        }
    }

    /// May the reader do this? Only decides what is offered.
    #[must_use]
    pub fn may(&self, action: &str) -> bool {
        self.who
            .as_ref()
            .is_some_and(|it| it.may.iter().any(|known| known.code() == action))
    }

    /// May the reader do anything on the administration pages?
    #[must_use]
    pub fn may_admin(&self) -> bool {
        ["manage-orgs", "manage-people", "manage-clocks", "test-policy"]
            .iter()
            .any(|it| self.may(it))
    }

    /// The address of this page in the other language.
    #[must_use]
    pub fn switch(&self) -> String {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        format!("{}{sign}lang={}", self.path, self.lang.other().code())
    }

    /// The address of a style, script or picture.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        static_files::url(name)
    }

    /// The tag of a state: the text is `state-{kind}-{code}` in the locale, the look follows from the code.
    #[must_use]
    pub fn state(&self, kind: &str, code: impl AsRef<str>) -> Tag {
        let code = code.as_ref();
        let tone = match code {
            "published" | "granted" | "active" | "good" | "done" | "answered" | "corrected" | "upheld" => Tone::Good,
            "refused" | "revoked" | "failed" | "bad" | "locked" => Tone::Bad,
            "supplement" | "suspended" | "partly" | "expired" => Tone::Warn,
            "submitted" | "in-review" | "change-in-review" | "in-decision" | "accepted" | "asked" | "open"
            | "pending" | "queued" | "running" => Tone::Info,
            _ => Tone::Calm,
        };
        Tag::new(tone, self.tk(&format!("state-{kind}-"), code))
    }

    /// The first administration page that the reader may open.
    #[must_use]
    pub fn admin_href(&self) -> &'static str {
        match () {
            () if self.may("manage-orgs") => "/admin/organisations",
            () if self.may("manage-people") => "/admin/people",
            () if self.may("manage-clocks") => "/admin/clocks",
            () => "/admin/policy",
        }
    }

    /// A text as a fragment for `id` attributes: letters and digits of any script stay, the rest becomes `-`.
    #[must_use]
    pub fn slug(&self, text: impl AsRef<str>) -> String {
        text.as_ref()
            .chars()
            .map(|it| if it.is_alphanumeric() || it == '-' { it } else { '-' })
            .collect()
    }
}
