//! Masks in flight: what the source's SQL does not say with certainty, the house's own masks do to the values of a masked
//! column as its tuples pass. Everything else of a tuple passes as it is.

use bytes::{BufMut, BytesMut};

use crate::{
    digest::{Malformed, Piece, Tuples, fields},
    govern::mask::TextMask,
};

/// Tuples of one question on their way.
#[derive(Debug)]
pub(crate) struct Flight {
    /// For each column its mask; its values come as text then. None where no column has one.
    masks: Option<(Tuples, Vec<Option<TextMask>>)>,
}

impl Flight {
    /// Of a question with these columns.
    pub fn new(masks: &[Option<TextMask>]) -> Self {
        let masked = masks.iter().any(Option::is_some);
        Self {
            masks: masked.then(|| (Tuples::new(masks.len()), masks.to_vec())),
        }
    }

    /// Passes the next bytes of the stream on. Where something is masked, a row goes on when it is whole.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn pass(&mut self, bytes: &[u8], out: &mut BytesMut) -> Result<(), Malformed> {
        let Some((tuples, masks)) = &mut self.masks else {
            out.extend_from_slice(bytes);
            return Ok(());
        };
        tuples.feed(bytes, &mut |piece| match piece {
            Piece::Frame(it) => {
                out.extend_from_slice(it);
                Ok(())
            }
            Piece::Row(it) => row(it, masks, out),
        })
    }
}

fn row(row: &[u8], masks: &[Option<TextMask>], out: &mut BytesMut) -> Result<(), Malformed> {
    let mut passed = 0;
    for (field, mask) in fields(row).zip(masks) {
        let (Some(mask), Some(value)) = (mask, field.value) else {
            continue;
        };
        let text = std::str::from_utf8(value).map_err(|_| Malformed)?;
        out.extend_from_slice(row.get(passed..field.at).ok_or(Malformed)?);
        match mask.apply(text) {
            Some(masked) => {
                out.put_i32(i32::try_from(masked.len()).map_err(|_| Malformed)?);
                out.extend_from_slice(masked.as_bytes());
            }
            None => out.put_i32(-1),
        }
        passed = field.end();
    }
    out.extend_from_slice(row.get(passed..).ok_or(Malformed)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use vocab::{DataType, GovernedItem, Mask};

    use super::*;

    fn mask(mask: Mask) -> Option<TextMask> {
        let item = GovernedItem {
            name: "x".to_owned(),
            column: "x".to_owned(),
            data_type: DataType::Text,
            mask,
            key: false,
        };
        TextMask::new(&item, &[7; 32]).unwrap()
    }

    fn stream(rows: &[[Option<&str>; 3]]) -> Vec<u8> {
        let mut out = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        for row in rows {
            out.extend([0, 3]);
            for it in row {
                let length = it.map_or(-1, |it| i32::try_from(it.len()).unwrap());
                out.extend(length.to_be_bytes());
                out.extend(it.unwrap_or_default().bytes());
            }
        }
        out.extend([0xff, 0xff]);
        out
    }

    fn passed(masks: &[Option<TextMask>], bytes: &[u8], cut: usize) -> Vec<u8> {
        let mut flight = Flight::new(masks);
        let mut out = BytesMut::new();
        for piece in bytes.chunks(cut) {
            flight.pass(piece, &mut out).unwrap();
        }
        out.to_vec()
    }

    #[test]
    fn masked_columns_change_and_others_pass() {
        let bytes = stream(&[
            [Some("张三丰"), Some("不变"), Some("1990-05-01")],
            [None, None, Some("no date")],
            [Some(""), Some(""), None],
        ]);
        let masks = [mask(Mask::Name), None, mask(Mask::YearOfBirth)];
        let expected = stream(&[
            [Some("张**"), Some("不变"), Some("1990")],
            [None, None, None],
            [Some(""), Some(""), None],
        ]);
        for cut in [1, 7, 1000] {
            assert_eq!(passed(&masks, &bytes, cut), expected);
            assert_eq!(passed(&[None, None, None], &bytes, cut), bytes);
        }
        let key = seal::hmac_sm3(&[7; 32], b"x");
        let pseudonym = hex::encode(seal::hmac_sm3(&key, "张三丰".as_bytes()));
        let row = |it| stream(&[[Some(it), None, None]]);
        assert_eq!(
            passed(&[mask(Mask::Pseudonym), None, None], &row("张三丰"), 5),
            row(&pseudonym)
        );
    }

    #[test]
    fn other_streams_are_refused() {
        let masks = [mask(Mask::Name)];
        let pass = |bytes: &[u8]| Flight::new(&masks).pass(bytes, &mut BytesMut::new());
        assert_eq!(
            pass(&stream(&[[None, None, None]])),
            Err(Malformed),
            "another number of columns"
        );
        let mut latin = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        latin.extend([0, 1, 0, 0, 0, 1, 0xe9]);
        assert_eq!(pass(&latin), Err(Malformed), "no UTF-8");
    }
}
