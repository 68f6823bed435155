//! Where a database of a bench is: its URL, taken apart. The servers of a bench ask for no password.

use serde_json::{Value, json};

use crate::Result;

/// `scheme://user@host:port/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `postgres` or `mysql`: also what Jutong calls the kind.
    pub scheme: String,
    /// Who asks.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
}

impl Address {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// When it is none of this form.
    pub fn parse(url: &str) -> Result<Self> {
        let parts = || {
            let (scheme, rest) = url.split_once("://")?;
            let (user, rest) = rest.split_once('@')?;
            let (host, rest) = rest.split_once(':')?;
            let (port, database) = rest.split_once('/')?;
            Some(Self {
                scheme: scheme.to_owned(),
                user: user.to_owned(),
                host: host.to_owned(),
                port: port.parse().ok()?,
                database: database.to_owned(),
            })
        };
        parts().ok_or_else(|| format!("`{url}` is no address like postgres://user@host:port/database").into())
    }

    /// Another database of the same server.
    #[must_use]
    pub fn beside(&self, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            ..self.clone()
        }
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> String {
        let Self {
            scheme,
            user,
            host,
            port,
            database,
        } = self;
        format!("{scheme}://{user}@{host}:{port}/{database}")
    }

    /// The options of a source or a target of Jutong.
    #[must_use]
    pub fn options(&self) -> Value {
        json!({ "host": self.host, "port": self.port.to_string(), "database": self.database, "user": self.user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_put_together() {
        let url = "postgres://postgres@127.0.0.1:6432/postgres";
        let it = Address::parse(url).unwrap();
        assert_eq!(it.url(), url);
        assert_eq!(it.beside("a").url(), "postgres://postgres@127.0.0.1:6432/a");
        assert_eq!(
            it.options(),
            json!({ "host": "127.0.0.1", "port": "6432", "database": "postgres", "user": "postgres" })
        );
        for wrong in [
            "postgres://127.0.0.1:1/x",
            "postgres://u@h/x",
            "postgres://u@h:many/x",
            "",
        ] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }
}
