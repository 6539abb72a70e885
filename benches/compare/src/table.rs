//! The page of results.

use std::fmt::Write as _;
use std::time::Duration;

/// A peer beside keur.
struct Row {
    what: String,
    peer: String,
    keur: Duration,
    other: Duration,
    remark: String,
}

/// What was measured, and what could not be.
#[derive(Default)]
pub struct Results {
    rows: Vec<Row>,
    absent: Vec<String>,
}

impl Results {
    /// A figure of keur and one of a peer, for the same work; how many times as fast keur is.
    pub fn row(
        &mut self,
        what: &str,
        peer: &str,
        (keur, other): (Duration, Duration),
        remark: impl Into<String>,
    ) -> f64 {
        let row = Row { what: what.to_owned(), peer: peer.to_owned(), keur, other, remark: remark.into() };
        println!("{what}: keur {}, {peer} {} ({:.2}x)", shown(keur), shown(other), row.ratio());
        let ratio = row.ratio();
        self.rows.push(row);
        ratio
    }

    /// A peer that is not here.
    pub fn absent(&mut self, peer: &str, why: &str) {
        println!("{peer}: not measured, {why}");
        self.absent.push(format!("{peer}: {why}"));
    }

    /// The table in Markdown.
    pub fn page(&self) -> String {
        let mut page = String::from(
            "Medians; all had the same bytes.\n\n| what | peer | keur | peer | times as fast | remark |\n\
             |---|---|---:|---:|---:|---|\n",
        );
        for row in &self.rows {
            let Row { what, peer, keur, other, remark } = row;
            let _ = writeln!(
                page,
                "| {what} | {peer} | {} | {} | {:.2} | {remark} |",
                shown(*keur),
                shown(*other),
                row.ratio()
            );
        }
        if !self.absent.is_empty() {
            page.push_str("\nNot measured: ");
            page.push_str(&self.absent.join("; "));
            page.push_str(".\n");
        }
        page
    }
}

impl Row {
    fn ratio(&self) -> f64 {
        self.other.as_secs_f64() / self.keur.as_secs_f64().max(1e-12)
    }
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() * 1e6 {
        us if us < 10.0 => format!("{us:.2} µs"),
        us if us < 10_000.0 => format!("{us:.0} µs"),
        us => format!("{:.1} ms", us / 1000.0),
    }
}
