//! Tables as rows of text.
//!
//! Called by `blocks`. A row is `| a | b |`; a `|` inside a cell is written `\|`, as Markdown does. A
//! table that is too wide for a passage becomes several tables over groups of columns, each with the
//! first column in front as long as that is short.

use super::blocks::BlockKind;

/// Widest group of columns in characters of its header, and of its longest row.
const HEADER_CHARS: usize = 600;
const ROW_CHARS: usize = 1500;
/// A table whose rows and header are below needs no cutting.
const WHOLE_HEADER_CHARS: usize = 1000;
const WHOLE_ROW_CHARS: usize = 2500;
/// The first column is repeated when it is no wider. Characters.
const KEY_CHARS: usize = 80;

#[derive(Default)]
pub(super) struct Table {
    header: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
    row: Option<Vec<String>>,
    /// Whether the row at hand came as a header row, and whether all its cells are `<th>`.
    row_is_header: bool,
    all_heading_cells: bool,
    open_cell: bool,
}

impl Table {
    pub(super) fn in_cell(&self) -> bool {
        self.open_cell
    }

    pub(super) fn open_row(&mut self, header: bool) {
        self.close_row();
        self.row = Some(Vec::new());
        self.row_is_header = header;
        self.all_heading_cells = true;
    }

    pub(super) fn open_cell(&mut self, heading_cell: bool) {
        if self.row.is_none() {
            self.open_row(false);
        }
        self.all_heading_cells &= heading_cell;
        self.open_cell = true;
    }

    pub(super) fn close_cell(&mut self, text: String) {
        self.open_cell = false;
        if let Some(row) = &mut self.row {
            row.push(text);
        }
    }

    /// Tables (one, or several for a wide one) of header and rows in the format of a passage.
    pub(super) fn lay_out(mut self) -> Vec<Vec<(BlockKind, String)>> {
        self.close_row();
        let lines = || self.header.iter().chain(&self.rows);
        let longest_row = self.rows.iter().map(|r| width(r)).max().unwrap_or(0);
        let header_width = self.header.as_ref().map_or(0, |h| width(h));
        if header_width <= WHOLE_HEADER_CHARS && longest_row <= WHOLE_ROW_CHARS {
            return vec![self.part(format_row)];
        }
        let columns = lines().map(Vec::len).max().unwrap_or(0);
        let mut row_widths = vec![0_usize; columns];
        for row in &self.rows {
            for (cell, widest) in row.iter().zip(&mut row_widths) {
                *widest = (*widest).max(cell.chars().count());
            }
        }
        let header_of = |c: usize| {
            self.header.as_ref().and_then(|h| h.get(c)).map_or(0, |cell| cell.chars().count())
        };
        let key = columns > 1
            && row_widths.first().is_some_and(|w| *w <= KEY_CHARS)
            && header_of(0) <= KEY_CHARS;
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let (mut group, mut head, mut body) = (Vec::new(), 0, 0);
        for (c, widest) in row_widths.iter().enumerate().skip(usize::from(key)) {
            let (h, b) = (header_of(c) + 3, widest + 3);
            if !group.is_empty() && (head + h > HEADER_CHARS || body + b > ROW_CHARS) {
                groups.push(std::mem::take(&mut group));
                (head, body) = (0, 0);
            }
            group.push(c);
            (head, body) = (head + h, body + b);
        }
        groups.push(group);
        let parts = groups.iter().enumerate().map(|(g, group)| {
            self.part(|row| {
                let cells: Vec<&str> =
                    group.iter().filter_map(|c| row.get(*c)).map(String::as_str).collect();
                // A row of nothing but its first column stands in the first group only.
                if g > 0 && cells.iter().all(|c| c.is_empty()) {
                    return String::new();
                }
                let first = row.first().filter(|_| key).map(String::as_str);
                format_row(&first.into_iter().chain(cells).collect::<Vec<_>>())
            })
        });
        parts.collect()
    }

    fn part(&self, format: impl Fn(&[String]) -> String) -> Vec<(BlockKind, String)> {
        let header = self.header.iter().map(|h| (BlockKind::Header, format(h)));
        let rows = self.rows.iter().map(|r| (BlockKind::Row, format(r)));
        header.chain(rows).filter(|(_, text)| !text.is_empty()).collect()
    }

    fn close_row(&mut self) {
        self.open_cell = false;
        let Some(row) = self.row.take().filter(|r| r.iter().any(|c| !c.is_empty())) else {
            return;
        };
        let header = self.row_is_header || (self.all_heading_cells && row.len() > 1);
        if header && self.header.is_none() && self.rows.is_empty() {
            self.header = Some(row);
        } else {
            self.rows.push(row);
        }
    }
}

fn width(row: &[String]) -> usize {
    row.iter().map(|c| c.chars().count() + 3).sum()
}

fn format_row<S: AsRef<str>>(cells: &[S]) -> String {
    if cells.iter().all(|c| c.as_ref().is_empty()) {
        return String::new();
    }
    let mut out = String::from("|");
    for cell in cells {
        out.push(' ');
        out.push_str(&cell.as_ref().replace('|', "\\|"));
        out.push_str(" |");
    }
    out
}
