//! Typed identifiers: `org_0198c5d2…`, a kind prefix and a UUID version 7 (ordered by time).

/// An identifier's text did not have the form `<prefix>_<uuid>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an identifier of the form {prefix}_<uuid>")]
pub struct IdError {
    /// What was given.
    pub text: String,
    /// The prefix that was expected.
    pub prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// The kind prefix of the text form.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier; the first 48 bits are milliseconds since 1970, so identifiers sort by birth.
            #[must_use]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| uuid::Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.chars().take(80).collect(), prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

id!(/** A government department or other organisation. */ OrgId, "org");
id!(/** A person (or program) that acts. */ ActorId, "act");
id!(/** A server-side sign-in session. */ SessionId, "ses");
id!(/** An API token (not its secret). */ TokenId, "tok");
id!(/** A connected source: a database or a file. */ SourceId, "src");
id!(/** A data resource in the catalogue (信息资源). */ ResourceId, "res");
id!(/** A sharing request (共享申请). */ RequestId, "req");
id!(/** A sharing agreement: what was granted (共享授权). */ AgreementId, "agr");
id!(/** A correction request (校核申请). */ CorrectionId, "cor");
id!(/** A dispute over sharing (争议). */ DisputeId, "dsp");
id!(/** A notice to people (提醒). */ NoticeId, "ntc");
id!(/** A limit that runs on the catalogue (目录时限). */ CatalogClockId, "clk");
id!(/** A delivery: a standing order to copy governed rows into the consumer's own table or file. */ DeliveryId, "dlv");
id!(/** One run of a delivery. */ RunId, "run");
id!(/** A background job. */ JobId, "job");
id!(/** A release of rows: one answer that left the node. */ ReleaseId, "rel");
