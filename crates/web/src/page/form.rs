//! What a browser sends: names and values in order, names may repeat.

/// The fields of a posted form. `axum::Form<Vec<(String, String)>>` gives the pairs.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a name, trimmed; empty when it was not sent.
    #[must_use]
    pub fn one(&self, name: &str) -> String {
        self.0
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    }

    /// The first value of a name exactly as it was sent (passwords).
    #[must_use]
    pub fn raw(&self, name: &str) -> String {
        self.0
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// Every value of a name, in order.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(it, _)| it == name)
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    /// Names that start with `prefix`, without it, and their values: `mask.` gives (`姓名`, `name`).
    #[must_use]
    pub fn under(&self, prefix: &str) -> Vec<(String, String)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value.trim().to_owned())))
            .collect()
    }

    /// A date of three fields `name-year`, `name-month`, `name-day`, as `2026-03-09`; empty when all three are.
    #[must_use]
    pub fn date(&self, name: &str) -> String {
        let [year, month, day] = ["year", "month", "day"].map(|part| self.one(&format!("{name}-{part}")));
        if year.is_empty() && month.is_empty() && day.is_empty() {
            return String::new();
        }
        format!("{year:0>4}-{month:0>2}-{day:0>2}")
    }
}

/// One field that is wrong, in the reader's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form.
    pub field: String,
    /// The sentence, already in the page's language.
    pub text: String,
}

/// Everything that is wrong with a form; empty at first sight.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            text: text.into(),
        });
    }

    /// The first sentence about a field, or nothing.
    #[must_use]
    pub fn of(&self, field: impl AsRef<str>) -> &str {
        self.0
            .iter()
            .find(|it| it.field == field.as_ref())
            .map_or("", |it| it.text.as_str())
    }

    /// Is nothing wrong?
    #[must_use]
    pub fn none(&self) -> bool {
        self.0.is_empty()
    }
}

/// One of the things that can be picked in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The value that is sent.
    pub value: String,
    /// The text that is shown.
    pub text: String,
    /// A line of help below it.
    pub hint: String,
}

impl Choice {
    /// A choice without help.
    #[must_use]
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            text: text.into(),
            hint: String::new(),
        }
    }
}

/// Gives a form's struct its [`Fields`] reader: text fields by `one`, lists by `all`, dates by `date`.
macro_rules! form {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $how:ident $key:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$fdoc])* pub $field: $crate::page::form::form!(@type $how),)+ }

        impl $name {
            /// Reads the posted form.
            #[must_use]
            pub fn from_fields(fields: &$crate::page::form::Fields) -> Self {
                Self { $($field: fields.$how($key),)+ }
            }
        }
    };
    (@type one) => { String };
    (@type date) => { String };
    (@type all) => { Vec<String> };
    (@type under) => { Vec<(String, String)> };
}
pub(crate) use form;
