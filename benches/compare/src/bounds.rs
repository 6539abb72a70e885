//! Bounds that keur is held to, and the figures that were seen.

use std::fmt::Write as _;
use std::time::Duration;

/// One thing that is measured: what, the bound in words, the figure in words, and whether it is within.
struct Row {
    what: String,
    bound: String,
    seen: String,
    met: bool,
}

/// All of them, and what could not be measured.
#[derive(Default)]
pub struct Bounds {
    rows: Vec<Row>,
    absent: Vec<String>,
}

impl Bounds {
    /// A time that may not be longer.
    pub fn time(&mut self, what: &str, seen: Option<Duration>, most: Duration) {
        self.most(what, seen.map(|time| time.as_secs_f64() * 1e3), most.as_secs_f64() * 1e3, "ms");
    }

    /// Bytes of memory that may not be more, in megabytes.
    pub fn memory(&mut self, what: &str, seen: Option<u64>, most: u64) {
        self.most(what, seen.map(|bytes| bytes as f64 / 1e6), most as f64, "MB");
    }

    /// A figure that may not be larger.
    pub fn most(&mut self, what: &str, seen: Option<f64>, bound: f64, unit: &str) {
        self.row(what, seen, format!("at most {} {unit}", shown(bound)), unit, |seen| seen <= bound);
    }

    /// A figure that may not be smaller.
    pub fn least(&mut self, what: &str, seen: Option<f64>, bound: f64, unit: &str) {
        self.row(what, seen, format!("at least {} {unit}", shown(bound)), unit, |seen| seen >= bound);
    }

    fn row(&mut self, what: &str, seen: Option<f64>, bound: String, unit: &str, met: impl Fn(f64) -> bool) {
        match seen {
            None => {
                println!("{what}: not measured");
                self.absent.push(what.to_owned());
            }
            Some(figure) => {
                let (met, seen) = (met(figure), format!("{} {unit}", shown(figure)));
                println!("{what}: {seen}, {bound}{}", if met { "" } else { ": NOT MET" });
                self.rows.push(Row { what: what.to_owned(), bound, seen, met });
            }
        }
    }

    /// The table in Markdown.
    pub fn page(&self) -> String {
        let mut page = String::from("| what | bound | seen | |\n|---|---|---:|---|\n");
        for Row { what, bound, seen, met } in &self.rows {
            let _ = writeln!(page, "| {what} | {bound} | {seen} | {} |", if *met { "" } else { "**not met**" });
        }
        if !self.absent.is_empty() {
            let _ =
                write!(page, "\nNot measured, for want of the material or of a tool: {}.\n", self.absent.join("; "));
        }
        page
    }
}

fn shown(figure: f64) -> String {
    match figure.abs() {
        large if large >= 100.0 => format!("{figure:.0}"),
        middle if middle >= 1.0 => format!("{figure:.1}"),
        _ => format!("{figure:.3}"),
    }
}
