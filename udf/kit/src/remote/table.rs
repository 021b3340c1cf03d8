//! Columns of text, each as wide as its widest entry.

/// A table to be printed.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// One with a heading.
    pub(super) fn new(heading: &[&str]) -> Self {
        let heading = heading.iter().map(|word| (*word).to_owned()).collect();
        Table {
            rows: vec![heading],
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Prints it; `empty` when it has no rows.
    pub(super) fn print(&self, empty: &str) {
        if self.rows.len() == 1 {
            return println!("{empty}");
        }
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        for row in &self.rows {
            let cells = row.iter().enumerate();
            let padded: Vec<String> = cells
                .map(|(at, cell)| format!("{cell:<0$}", width(at)))
                .collect();
            println!("{}", padded.join("  ").trim_end());
        }
    }
}
