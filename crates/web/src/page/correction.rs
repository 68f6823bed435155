//! Corrections (校核): a consumer says that shared data is wrong, the provider answers in time.

use askama::Template;

use super::{Choice, Clock, Errors, Happening, Link, Pager, Tag, Ui, form::form};

/// A correction request in a list.
#[derive(Debug, Clone)]
pub struct CorrectionRow {
    /// Identifier.
    pub id: String,
    /// The resource's title.
    pub title: String,
    /// What is doubted, shortened.
    pub doubt: String,
    /// Who asks.
    pub asker: String,
    /// State.
    pub state: Tag,
    /// The clock.
    pub clock: Option<Clock>,
}

/// `GET /corrections?tab=ours|to-us`.
#[derive(Debug, Clone, Template)]
#[template(path = "corrections.html")]
pub struct CorrectionsPage {
    /// Frame.
    pub ui: Ui,
    /// `ours` or `to-us`.
    pub tab: String,
    /// The corrections.
    pub rows: Vec<CorrectionRow>,
    /// Pages.
    pub pager: Pager,
}

form! {
    /// `POST /corrections`.
    CorrectionForm {
        /// The agreement.
        agreement: one "agreement",
        /// The item; empty for the record as a whole.
        item: one "item",
        /// Key of the record.
        key: one "key",
        /// What is wrong.
        doubt: one "doubt",
        /// Evidence.
        evidence: one "evidence",
    }
}

/// `GET /corrections/new?agreement=`.
#[derive(Debug, Clone, Template)]
#[template(path = "correction_form.html")]
pub struct CorrectionFormPage {
    /// Frame.
    pub ui: Ui,
    /// Agreements to choose from.
    pub agreements: Vec<Choice>,
    /// Items of the chosen one.
    pub items: Vec<Choice>,
    /// What was typed.
    pub form: CorrectionForm,
    /// What was wrong.
    pub errors: Errors,
}

form! {
    /// `POST /corrections/{id}/answer`.
    AnswerForm {
        /// What was found: `corrected`, `right` or `elsewhere`.
        verdict: one "verdict",
        /// In words.
        text: one "text",
    }
}

/// `GET /corrections/{id}`. Deeds: `POST /corrections/{id}/answer`, `/close`, `/dispute` (`reason`), `/withdraw`.
#[derive(Debug, Clone, Template)]
#[template(path = "correction.html")]
pub struct CorrectionPage {
    /// Frame.
    pub ui: Ui,
    /// The correction.
    pub it: CorrectionRow,
    /// The resource.
    pub resource: Link,
    /// What was sent.
    pub sent: CorrectionForm,
    /// The provider's answer.
    pub answer: String,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// The dispute that it became.
    pub dispute: Option<Link>,
    /// May the reader answer?
    pub can_answer: bool,
    /// May the reader close it or disagree?
    pub can_close: bool,
    /// May the reader take it back?
    pub can_withdraw: bool,
    /// What was typed.
    pub form: AnswerForm,
    /// What was wrong.
    pub errors: Errors,
}

form! {
    /// `POST /disputes/{id}`.
    DisputeForm {
        /// `propose`, `settle`, `climb` or `withdraw`.
        deed: one "deed",
        /// What was tried, agreed or decided.
        text: one "text",
    }
}

/// `GET /disputes/{id}`; the deed is `POST` to the same address.
#[derive(Debug, Clone, Template)]
#[template(path = "dispute.html")]
pub struct DisputePage {
    /// Frame.
    pub ui: Ui,
    /// Identifier.
    pub id: String,
    /// The number people use.
    pub no: String,
    /// The rung.
    pub state: Tag,
    /// Who raised it.
    pub raiser: String,
    /// Against whom.
    pub other: String,
    /// What it is about.
    pub subject: Link,
    /// The claim.
    pub claim: String,
    /// The settlement that waits for the other department; empty where there is none.
    pub proposal: String,
    /// The clock of the rung.
    pub clock: Option<Clock>,
    /// The rungs so far, newest first.
    pub happenings: Vec<Happening>,
    /// What the reader may do.
    pub deeds: Vec<Choice>,
    /// What was typed.
    pub form: DisputeForm,
    /// What was wrong.
    pub errors: Errors,
}
