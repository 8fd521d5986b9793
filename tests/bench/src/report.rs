//! What a scenario has found: tables to read, and figures by name with what each must reach.

use std::fmt;

use serde_json::{Map, Number, Value};

/// What is found by one scenario, or by several.
#[derive(Default)]
pub(crate) struct Report {
    tables: Vec<Table>,
    figures: Vec<Figure>,
}

/// A named number.
struct Figure {
    name: String,
    value: f64,
    must: Must,
    /// Whether it depends on how fast the machine is, and on what else it does.
    is_timed: bool,
}

/// What a figure must be.
#[derive(Clone, Copy)]
pub(crate) enum Must {
    /// It is reported.
    Tell,
    Be(f64),
    Reach(f64),
    StayWithin(f64),
}

impl Must {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Tell => true,
            #[allow(clippy::float_cmp, reason = "counts are whole")]
            Self::Be(count) => value == count,
            Self::Reach(least) => value >= least,
            Self::StayWithin(most) => value <= most,
        }
    }
}

impl fmt::Display for Must {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tell => f.write_str("-"),
            Self::Be(count) => write!(f, "= {count}"),
            Self::Reach(least) => write!(f, ">= {least}"),
            Self::StayWithin(most) => write!(f, "<= {most}"),
        }
    }
}

impl Report {
    pub(crate) fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    pub(crate) fn figure(&mut self, name: &str, value: f64, must: Must) {
        self.figures.push(Figure { name: name.to_owned(), value: rounded(value), must, is_timed: false });
    }

    /// A number that was found by the time something took, its own or a processor's.
    pub(crate) fn timed(&mut self, name: &str, value: f64, must: Must) {
        self.figures.push(Figure { name: name.to_owned(), value: rounded(value), must, is_timed: true });
    }

    /// A number that is whole.
    pub(crate) fn count(&mut self, name: &str, count: usize, must: Must) {
        self.figure(name, whole(count), must);
    }

    /// Without what times have told.
    pub(crate) fn untimed(mut self) -> Self {
        self.figures.retain(|figure| !figure.is_timed);
        self
    }

    /// Adds what another scenario has found, its figures by its name.
    pub(crate) fn add(&mut self, scenario: &str, other: Self) {
        self.tables.extend(other.tables);
        let named = |figure: Figure| Figure { name: format!("{scenario}.{}", figure.name), ..figure };
        self.figures.extend(other.figures.into_iter().map(named));
    }

    pub(crate) fn misses_something(&self) -> bool {
        self.figures.iter().any(|figure| !figure.must.holds(figure.value))
    }

    /// Prints the tables, what the figures must be and are, and as the last line the figures as JSON.
    pub(crate) fn print(&self) {
        for table in &self.tables {
            println!("{table}");
        }
        let mut verdicts = Table::new("Figures", &["figure", "found", "must be", ""]);
        for Figure { name, value, must, .. } in &self.figures {
            let verdict = if must.holds(*value) { "" } else { "MISSED" };
            verdicts.row([name.clone(), value.to_string(), must.to_string(), verdict.to_owned()]);
        }
        println!("{verdicts}");
        let number = |value: f64| {
            #[allow(clippy::cast_possible_truncation, reason = "whole, and far below 2^53")]
            let whole = (value.fract() == 0.0).then(|| Number::from(value as i64));
            whole.or_else(|| Number::from_f64(value)).map_or(Value::Null, Value::Number)
        };
        let figures: Map<_, _> =
            self.figures.iter().map(|figure| (figure.name.clone(), number(figure.value))).collect();
        println!("{}", Value::Object(figures));
    }
}

/// To four significant digits after the point: what is further behind is noise.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// A count as a number that can be divided.
pub(crate) fn whole(count: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
    let number = count as f64;
    number
}

/// Lines of cells below a title.
pub(crate) struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { title: title.to_owned(), rows: vec![columns] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// As Markdown, each column as wide as it has to be.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.rows[0].len()).map(width).collect();
        writeln!(f, "{}\n", self.title)?;
        for (number, row) in self.rows.iter().enumerate() {
            write!(f, "|")?;
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, " {cell:<width$} |")?,
                    _ => write!(f, " {cell:>width$} |")?,
                }
            }
            writeln!(f)?;
            if number == 0 {
                write!(f, "|")?;
                for (column, width) in widths.iter().enumerate() {
                    let (dashes, end) = if column == 0 { (width + 2, "|") } else { (width + 1, ":|") };
                    write!(f, "{}{end}", "-".repeat(dashes))?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
