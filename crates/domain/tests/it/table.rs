//! Reads the aligned text tables of `tests/tables`. Lines that are empty or begin with `#` are
//! for people; the first other line names the columns, which `|` separates.

/// A table as written: the names of its columns, and its rows of as many cells.
pub(crate) struct Table {
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads `text`, whose columns must be exactly `columns`.
    pub(crate) fn read(text: &str, columns: &[&str]) -> Self {
        let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
        let header: Vec<String> = lines.next().map(cells).unwrap_or_default();
        assert_eq!(header, columns, "the columns of the table");
        let rows: Vec<Vec<String>> = lines.map(cells).collect();
        for row in &rows {
            assert_eq!(row.len(), columns.len(), "a cell for each column: {row:?}");
        }
        Self { rows }
    }
}

/// Rows aligned as the tables have them, to be pasted there once they have been thought about.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
    };
    let line = |row: &Vec<String>| {
        let padded = row.iter().enumerate().map(|(n, cell)| format!("{cell:0$}", width(n)));
        padded.collect::<Vec<_>>().join(" | ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
