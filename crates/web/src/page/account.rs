//! Sign-in, and the reader's own tokens.

use askama::Template;
use vocab::Timestamp;

use super::{Choice, Errors, Ui, form::form};

form! {
    /// `POST /sign-in`; the password is read raw by the handler (`password`).
    SignInForm {
        /// Sign-in name.
        login: one "login",
        /// Where to go afterwards: a path of this site.
        next: one "next",
    }
}

/// `GET /sign-in`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Frame.
    pub ui: Ui,
    /// What was typed.
    pub form: SignInForm,
    /// What was wrong (fields `login`, `password`).
    pub errors: Errors,
}

form! {
    /// `POST /tokens`.
    TokenForm {
        /// What it is for.
        name: one "name",
        /// Days until it expires.
        days: one "days",
    }
}

/// One token.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// Identifier.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it expires.
    pub expires: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// Expired or revoked.
    pub dead: bool,
}

/// `GET /tokens`, or `GET /admin/people/{id}/tokens` of a program; issued by `POST` to the same address, revoked by
/// `POST …/{id}/revoke`.
#[derive(Debug, Clone, Template)]
#[template(path = "tokens.html")]
pub struct TokensPage {
    /// Frame.
    pub ui: Ui,
    /// Where it stands: `/tokens`, or `/admin/people/{id}/tokens`.
    pub base: String,
    /// Whose they are, when not the reader's.
    pub whose: String,
    /// The tokens.
    pub rows: Vec<TokenRow>,
    /// The new token, shown once.
    pub fresh: Option<String>,
    /// What was typed.
    pub form: TokenForm,
    /// What was wrong.
    pub errors: Errors,
}

/// `GET /organisation` and `POST /organisation` (`org`): for which organisation the reader acts.
#[derive(Debug, Clone, Template)]
#[template(path = "organisation.html")]
pub struct OrganisationPage {
    /// Frame.
    pub ui: Ui,
    /// The organisations in which the reader has posts, with the roles there.
    pub orgs: Vec<Choice>,
    /// The one that is acted for now.
    pub org: String,
    /// What was wrong.
    pub errors: Errors,
}

/// `GET /password` and `POST /password` (fields `old`, `new`, `again`, all read raw).
#[derive(Debug, Clone, Template)]
#[template(path = "password.html")]
pub struct PasswordPage {
    /// Frame.
    pub ui: Ui,
    /// It must be changed before anything else.
    pub must: bool,
    /// What was wrong.
    pub errors: Errors,
}
