//! Attributes by name, and guesses taken back.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Error,
    resource::{Attribute, Content, Item, Why},
};

impl Item {
    /// The value of an attribute, as JSON.
    #[must_use]
    pub fn attribute(&self, what: Attribute) -> Value {
        let value = match what {
            Attribute::Name => serde_json::to_value(&self.name),
            Attribute::Title => serde_json::to_value(&self.title),
            Attribute::DataType => serde_json::to_value(self.data_type),
            Attribute::Length => serde_json::to_value(self.length),
            Attribute::Meaning => serde_json::to_value(self.meaning),
            Attribute::Sensitivity => serde_json::to_value(self.sensitivity),
            Attribute::Mask => serde_json::to_value(&self.mask),
            Attribute::Sharing => serde_json::to_value(&self.sharing),
            Attribute::Key => serde_json::to_value(self.key),
            Attribute::Nullable => serde_json::to_value(self.nullable),
        };
        value.unwrap_or_default()
    }

    /// Sets an attribute; `None`, and nothing changes, when the value is not one of its kind.
    pub fn set_attribute(&mut self, what: Attribute, value: Value) -> Option<()> {
        fn put<T: DeserializeOwned>(place: &mut T, value: Value) -> Option<()> {
            *place = serde_json::from_value(value).ok()?;
            Some(())
        }
        match what {
            Attribute::Name => put(&mut self.name, value),
            Attribute::Title => put(&mut self.title, value),
            Attribute::DataType => put(&mut self.data_type, value),
            Attribute::Length => put(&mut self.length, value),
            Attribute::Meaning => put(&mut self.meaning, value),
            Attribute::Sensitivity => put(&mut self.sensitivity, value),
            Attribute::Mask => put(&mut self.mask, value),
            Attribute::Sharing => put(&mut self.sharing, value),
            Attribute::Key => put(&mut self.key, value),
            Attribute::Nullable => put(&mut self.nullable, value),
        }
    }

    /// Undoes the guess of one attribute. Undoing what a column means also undoes what followed from the meaning. A
    /// value that somebody has set by hand since the guess stays.
    ///
    /// # Errors
    /// [`Error::NoGuess`] when it has none.
    pub fn undo(&mut self, what: Attribute) -> Result<(), Error> {
        let at = self
            .evidence
            .iter()
            .rposition(|it| it.what == what)
            .ok_or_else(|| Error::NoGuess(self.name.clone()))?;
        let evidence = self.evidence.remove(at);
        if self.attribute(what) == evidence.after {
            self.set_attribute(what, evidence.before)
                .ok_or_else(|| Error::NoGuess(self.name.clone()))?;
        }
        if what == Attribute::Meaning {
            let followers: Vec<Attribute> = self
                .evidence
                .iter()
                .filter(|it| matches!(it.why, Why::FollowsMeaning))
                .map(|it| it.what)
                .collect();
            for follower in followers {
                self.undo(follower)?;
            }
        }
        Ok(())
    }
}

impl Content {
    /// Undoes one guess of one item.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such an item; [`Error::NoGuess`].
    pub fn undo(&mut self, item: &str, what: Attribute) -> Result<(), Error> {
        self.items
            .iter_mut()
            .find(|it| it.name == item)
            .ok_or_else(|| Error::NotFound {
                kind: "item",
                id: item.to_owned(),
            })?
            .undo(what)
    }
}
