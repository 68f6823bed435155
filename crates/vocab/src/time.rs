//! Instants. Time is an argument everywhere: only `app` and `platform::App` read the clock.

/// An instant in UTC. Stored as RFC 3339 text with six decimals and `Z`, which sorts as time does.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// The stored form: `2026-11-22T08:00:00.000000Z`.
#[must_use]
pub fn to_text(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Reads the stored form, or any RFC 3339 instant.
///
/// # Errors
/// When the text is no RFC 3339 instant.
pub fn parse(text: &str) -> Result<Timestamp, chrono::ParseError> {
    chrono::DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&chrono::Utc))
}
