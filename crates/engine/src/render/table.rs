//! Rows side by side. On a terminal the columns that matter least are left out until a row fits, and no word is
//! broken over two lines.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

/// Between two columns.
const GAP: usize = 2;
/// A cell is never cut to less than this.
const MIN_CELL: usize = 8;

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    title: String,
    /// Columns with a higher number are left out first; with 0 never.
    rank: u8,
    alignment: Alignment,
}

/// A column of text.
pub(crate) fn text(title: &str, rank: u8) -> Column {
    Column { title: title.to_owned(), rank, alignment: Alignment::Left }
}

/// A column of numbers.
pub(crate) fn number(title: &str, rank: u8) -> Column {
    Column { alignment: Alignment::Right, ..text(title, rank) }
}

/// A table with a heading.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A row has a cell for each column.
    pub(crate) fn new(columns: Vec<Column>, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        Self { columns, rows: rows.into_iter().collect() }
    }

    /// The lines, in a width if there is one.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let all = (0..self.columns.len()).map(|index| (index, self.natural_width(index))).collect();
        let shown = match width {
            Some(width) => self.fit(all, width),
            None => all,
        };
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.clone()).collect();
        std::iter::once(&titles).chain(&self.rows).map(|row| self.line(row, &shown)).collect()
    }

    /// The lines as one text.
    pub(crate) fn text(&self, width: Option<usize>) -> String {
        self.lines(width).join("\n")
    }

    fn natural_width(&self, index: usize) -> usize {
        let cells = self.rows.iter().map(|row| measure_text_width(&row[index]));
        cells.chain([measure_text_width(&self.columns[index].title)]).max().unwrap_or(0)
    }

    /// Leaves out columns, and shortens the widest cells if the others are still too wide.
    fn fit(&self, mut shown: Vec<(usize, usize)>, width: usize) -> Vec<(usize, usize)> {
        while total(&shown) > width {
            let rank = |(index, _): &(usize, usize)| self.columns[*index].rank;
            let last = shown.iter().enumerate().max_by_key(|(_, column)| rank(column));
            match last {
                Some((place, column)) if rank(column) > 0 => {
                    shown.remove(place);
                }
                _ => break,
            }
        }
        while total(&shown) > width {
            match shown.iter_mut().max_by_key(|(_, width)| *width) {
                Some((_, widest)) if *widest > MIN_CELL => *widest -= 1,
                _ => break,
            }
        }
        shown
    }

    fn line(&self, row: &[String], shown: &[(usize, usize)]) -> String {
        let cells = shown.iter().map(|(index, width)| {
            let cell = truncate_str(&row[*index], *width, "…");
            pad_str(&cell, *width, self.columns[*index].alignment, None).into_owned()
        });
        cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
    }
}

fn total(shown: &[(usize, usize)]) -> usize {
    shown.iter().map(|(_, width)| width + GAP).sum::<usize>().saturating_sub(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let columns = vec![text("ID", 0), number("AMOUNT", 2), text("NOTE", 1)];
        Table::new(columns, [row(["abcdefgh", "1.5", "fine"]), row(["ijklmnop", "20", "a long remark"])])
    }

    #[test]
    fn without_a_terminal_everything_is_shown() {
        assert_eq!(
            table().lines(None),
            ["ID        AMOUNT  NOTE", "abcdefgh     1.5  fine", "ijklmnop      20  a long remark"]
        );
    }

    #[test]
    fn a_narrow_terminal_shows_what_matters_most() {
        assert_eq!(table().lines(Some(80)), table().lines(None));
        assert_eq!(table().lines(Some(25))[2], "ijklmnop  a long remark");
        assert_eq!(table().lines(Some(10)), ["ID", "abcdefgh", "ijklmnop"]);
    }

    #[test]
    fn what_must_be_shown_is_shortened() {
        let wide = Table::new(vec![text("A", 0), text("B", 0)], [vec!["x".repeat(30), "y".repeat(9)]]);
        assert_eq!(wide.lines(Some(30))[1], format!("{}…  yyyyyyyyy", "x".repeat(18)));
    }
}
