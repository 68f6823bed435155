//! May a delivery bring only what has changed? Rows are told apart by their key, so the key must be there, whole and clear.

use db::Tx;
use exchange::Refresh;
use sharing::Agreement;
use vocab::{DataType, GrantedItem, SharingMode, SinkSpec};

use super::mode_of;
use crate::{Error, error::Fault};

const FIELD: &str = "refresh";

/// Everything that stands in the way of the wish; nothing where everything is copied each time.
///
/// # Errors
/// [`Error::Catalog`] when the resource is not published any more.
pub(super) async fn refresh_faults(
    tx: &Tx,
    agreement: &Agreement,
    sink: &SinkSpec,
    refresh: Refresh,
) -> Result<Vec<Fault>, Error> {
    if refresh == Refresh::Full {
        return Ok(Vec::new());
    }
    if mode_of(sink.target.kind) != SharingMode::Batch {
        let detail = "a file is always written whole; only a table can have its changes brought";
        return Ok(vec![Fault::new(FIELD, "changes-into-file", detail)]);
    }
    let terms = agreement.terms();
    let version = catalog::store::published(tx, terms.resource).await?;
    let keys = version.content.items.iter().filter(|it| it.key);
    let keys: Vec<_> = keys.map(|it| (it.name.as_str(), it.data_type)).collect();
    Ok(key_faults(&keys, &terms.items))
}

/// What keeps rows from being told apart by the key's items.
fn key_faults(keys: &[(&str, DataType)], granted: &[GrantedItem]) -> Vec<Fault> {
    if keys.is_empty() {
        let detail = "the resource has no key, so its rows cannot be told apart";
        return vec![Fault::new(FIELD, "changes-without-key", detail)];
    }
    let fault = |(name, data_type): &(&str, DataType)| {
        let name = *name;
        let fault = match granted.iter().find(|it| it.item == name) {
            None => Fault::new(
                FIELD,
                "changes-key-not-granted",
                format!("`{name}` is part of the key, and the agreement does not grant it"),
            ),
            Some(it) if !it.mask.is_clear() => Fault::new(
                FIELD,
                "changes-key-masked",
                format!("`{name}` is part of the key, and masked: rows that differ may look alike"),
            ),
            Some(_) if !tells_apart(*data_type) => Fault::new(
                FIELD,
                "changes-key-type",
                format!("`{name}` is part of the key, and no table has a key of its type"),
            ),
            Some(_) => return None,
        };
        Some(fault.about(name))
    };
    keys.iter().filter_map(fault).collect()
}

/// Types that a table can have in its key.
const fn tells_apart(data_type: DataType) -> bool {
    !matches!(data_type, DataType::Json | DataType::Bytes | DataType::Double)
}

#[cfg(test)]
mod tests {
    use vocab::Mask;

    use super::*;

    #[test]
    fn a_key_must_be_granted_clear_and_of_a_type_that_tells_apart() {
        let granted =
            [("id", Mask::Clear), ("name", Mask::Name), ("rate", Mask::Clear)].map(|(item, mask)| GrantedItem {
                item: item.to_owned(),
                mask,
            });
        let told = |keys: &[(&str, DataType)]| -> Vec<String> {
            let faults = key_faults(keys, &granted);
            faults.iter().map(|it| format!("{} {}", it.code, it.about)).collect()
        };
        assert_eq!(told(&[("id", DataType::Text)]), Vec::<String>::new());
        assert_eq!(told(&[]), ["changes-without-key "]);
        let all = [
            ("id", DataType::Integer),
            ("name", DataType::Text),
            ("rate", DataType::Double),
            ("area", DataType::Text),
        ];
        assert_eq!(
            told(&all),
            [
                "changes-key-masked name",
                "changes-key-type rate",
                "changes-key-not-granted area"
            ]
        );
    }
}
