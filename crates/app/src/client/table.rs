//! Aligned text: Chinese characters take two places.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// No cell of a table is wider than this; the rest is cut with `…`. The last column is never cut.
const WIDEST: usize = 48;

/// Rows under a head, each column as wide as its widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let last = head.len().saturating_sub(1);
    let cell = |text: &str, column: usize| {
        if column < last {
            cut(&flat(text), WIDEST)
        } else {
            flat(text)
        }
    };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(|(column, text)| cell(text, column))
                .collect()
        })
        .collect();
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let widest = rows.iter().filter_map(|row| row.get(column)).map(|it| it.width()).max();
            widest.unwrap_or(0).max(name.width())
        })
        .collect();
    let mut text = line(&widths, head.iter().map(|it| it.to_uppercase()));
    for row in rows {
        text.push('\n');
        text += &line(&widths, row.into_iter());
    }
    text
}

/// Names and values below each other; a value of several lines stays under its first.
pub(crate) fn list(pairs: &[(String, String)]) -> String {
    let widest = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            let value = value.trim_end().replace('\n', &format!("\n{}", " ".repeat(widest + 2)));
            format!("{}{}  {value}", name, " ".repeat(widest - name.width()))
                .trim_end()
                .to_owned()
        })
        .collect();
    lines.join("\n")
}

fn line(widths: &[usize], cells: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (width, cell) in widths.iter().zip(cells) {
        text += &cell;
        text += &" ".repeat(width.saturating_sub(cell.width()) + 2);
    }
    text.truncate(text.trim_end().len());
    text
}

/// Without line ends and control characters, which would break the lines or the terminal.
fn flat(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

fn cut(text: &str, widest: usize) -> String {
    if text.width() <= widest {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut width = 1;
    for it in text.chars() {
        width += it.width().unwrap_or(0);
        if width > widest {
            break;
        }
        out.push(it);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn chinese_takes_two_places() {
        let rows = [
            row(&["res_1", "\u{4f01}\u{4e1a}\u{767b}\u{8bb0}", "published"]),
            row(&["res_22", "Villages", "draft"]),
            row(&["r", "a\tb\nc", ""]),
        ];
        expect![[r#"
            ID      TITLE     STATE
            res_1   企业登记  published
            res_22  Villages  draft
            r       a b c"#]]
        .assert_eq(&table(&["id", "title", "state"], &rows));
    }

    #[test]
    fn long_cells_are_cut_by_width_except_the_last() {
        let long = "\u{9547}".repeat(60);
        let text = table(&["a", "b"], &[row(&[&long, &long])]);
        let cells: Vec<&str> = text.lines().nth(1).unwrap_or_default().split_whitespace().collect();
        let widths: Vec<usize> = cells.iter().map(|it| it.width()).collect();
        assert_eq!(widths, [47, 120]);
    }

    #[test]
    fn values_stay_under_their_first_line() {
        let pairs = [
            ("name".to_owned(), "one\ntwo".to_owned()),
            ("\u{540d}".to_owned(), "x".to_owned()),
        ];
        expect![[r#"
            name  one
                  two
            名    x"#]]
        .assert_eq(&list(&pairs));
    }
}
