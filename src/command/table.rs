//! A table for a terminal: two lines of headings, columns as wide as what stands in them. Knows that a Chinese
//! character is two cells wide, and no figure.

use super::client::one_line;
use unicode_width::UnicodeWidthStr;

/// What stands in a column.
pub struct Column {
    pub zh: &'static str,
    pub en: &'static str,
    /// Numbers stand right.
    pub right: bool,
}

/// Two spaces before each line and between columns; no space at a line's end.
pub fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let heads = [
        columns.iter().map(|column| column.zh.to_owned()).collect(),
        columns.iter().map(|column| column.en.to_owned()).collect::<Vec<_>>(),
    ];
    let all = || heads.iter().chain(&rows);
    let width = |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    for row in all() {
        let mut line = String::new();
        for ((cell, column), width) in row.iter().zip(columns).zip(&widths) {
            let space = " ".repeat(width - cell.width());
            line.push_str("  ");
            match column.right {
                true => line.extend([space.as_str(), cell]),
                false => line.extend([cell, space.as_str()]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_numbers_stand_in_their_columns() {
        let columns =
            [Column { zh: "名称", en: "name", right: false }, Column { zh: "元", en: "yuan", right: true }];
        let rows =
            vec![vec!["住建局\n".to_owned(), "7".to_owned()], vec!["x".to_owned(), "12.50".to_owned()]];
        let want = ["  名称       元", "  name     yuan", "  住建局      7", "  x       12.50"];
        assert_eq!(table(&columns, &rows).lines().collect::<Vec<_>>(), want);
    }
}
