//! Playing a matrix from beginning to end: journal, cells, board, reports.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::connectathon::{
    Asked, CellOutcome, CellVerdict, Findings, Gate, GateSettings, Hands, Journal, JournalError, Key, MatrixReport,
    Progress, Shard, Tournament, board, code,
};
use crate::diagnostic::{Diagnostic, NoteKind, Words};
use crate::engine::Interrupt;
use crate::exchange::AccessToken;

use super::super::console::Console;
use super::super::destination;
use super::super::exit::Exit;
use super::super::problem;
use super::super::serve::address;
use super::super::settings::{Checked, ReportKind};
use super::super::stop::Stop;
use super::Flags;
use super::bundle::REPORT;

const RESUMED: Words = Words::new("{} cells are finished already", "{} cellen zijn al klaar");

/// The part of the matrix that is to be played.
///
/// # Errors
/// When it is none.
pub fn shard(flags: &Flags) -> Result<Option<Shard>, Box<Diagnostic>> {
    // An indexed job of Kubernetes numbers its pods from 0.
    let index = std::env::var("JOB_COMPLETION_INDEX").ok().and_then(|index| index.parse::<u32>().ok());
    let Some(text) = &flags.shard else { return Ok(None) };
    let of = text.strip_prefix('/').or(Some(text.as_str()).filter(|text| !text.contains('/')));
    let numbered = match (of, index) {
        (Some(of), Some(index)) => format!("{}/{of}", index + 1),
        _ => text.clone(),
    };
    Shard::parse(&numbered).map(Some).ok_or_else(|| {
        let wrong = problem::error(problem::SETTING_VALUE, format!("`shard` cannot be `{text}`"));
        Box::new(wrong.note(NoteKind::Expected, "`1/4`, or `/4` where JOB_COMPLETION_INDEX tells which"))
    })
}

/// What a matrix is put on with.
pub struct Stage<'s> {
    /// Who plays what.
    pub tournament: Arc<Tournament>,
    /// How it stands.
    pub progress: Arc<Progress>,
    /// Of the board, if there is one.
    pub board: board::Settings,
    /// Where clients ask that come themselves.
    pub gate: Option<GateSettings>,
    /// The flags.
    pub flags: &'s Flags,
    /// Settings of keur.
    pub checked: &'s Checked,
    /// Where keur speaks.
    pub console: &'s Console,
}

/// What a played matrix came to.
pub struct Played {
    /// Every cell that is finished.
    pub cells: Vec<CellOutcome>,
    /// The report.
    pub report: MatrixReport,
    /// It was stopped.
    pub interrupted: bool,
}

/// Cells that are asked for again.
type Again = mpsc::UnboundedSender<Asked>;

impl Stage<'_> {
    /// Plays what is open and writes the reports.
    ///
    /// # Errors
    /// How keur ends; what is wrong has been said.
    pub async fn play(&self, hands: &Hands<'_>, beside: impl Future<Output = ()>) -> Result<Played, Exit> {
        let Stage { tournament, progress, flags, console, .. } = self;
        let shard = shard(flags).map_err(|problem| self.usage(*problem))?;
        if let Some(name) = flags.only.iter().find(|name| !tournament.knows(name)) {
            return Err(self.usage(code::error(code::PARTY, format!("there is no party or scenario `{name}`"))));
        }
        let journal = |error: JournalError| self.usage(code::error(code::JOURNAL, error.to_string()));
        let (book, known) = Journal::open(&tournament.folder).map_err(journal)?;
        let concerned = |place: &usize| tournament.concerns(*place, &flags.only);
        let mut open = tournament.open(&known, shard);
        open.retain(concerned);
        let in_shard = |place: &usize| shard.is_none_or(|shard| shard.has(*place));
        let places: Vec<usize> = (0..tournament.cells.len()).filter(in_shard).filter(concerned).collect();
        self.resume(places.iter().filter(|place| !open.contains(place)), &known);
        let (again, asked) = mpsc::unbounded_channel();
        let findings = Arc::new(Findings::open(&tournament.folder).map_err(journal)?);
        let gate = self.open_gate(hands, &again, &places).await?;
        let board = self.open_board(&findings, &gate, &again).await?;
        let interrupt = Interrupt::default();
        let running = tournament.run(open, hands, (&book, progress), asked, &interrupt);
        let stopping = async {
            let mut stop = Stop::listen();
            stop.asked().await;
            interrupt.raise();
            stop.asked().await;
        };
        let telling = super::progress::tell(progress, &findings, places.len(), console);
        let beside = async {
            beside.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ran = running => ran.map_err(journal)?,
            () = stopping => {}
            () = telling => {}
            () = beside => {}
        }
        drop(board);
        console.error(&format!("{}\n", super::progress::line(progress, places.len(), console).1));
        let cells = progress.outcomes();
        let whole = if flags.only.is_empty() { tournament.cells.len() } else { places.len() };
        let report = MatrixReport::new(cells.clone(), whole, shard);
        findings.of(&cells);
        if let Some(error) = findings.fault() {
            return Err(journal(error));
        }
        self.write(&report, &findings)?;
        Ok(Played { cells, report, interrupted: interrupt.is_raised() })
    }

    fn usage(&self, problem: Diagnostic) -> Exit {
        self.console.tell(problem);
        Exit::Usage
    }

    /// What was finished before is not played again.
    fn resume<'p>(&self, finished: impl Iterator<Item = &'p usize>, known: &HashMap<Key, CellOutcome>) {
        let mut resumed = 0;
        for place in finished {
            let outcome = self.tournament.key(*place).and_then(|key| known.get(&key).cloned());
            resumed += usize::from(outcome.is_some());
            self.progress.over(*place, outcome);
        }
        if resumed > 0 {
            let words = RESUMED.get(self.console.language);
            self.console.error(&format!("{}\n", words.replace("{}", &resumed.to_string())));
        }
    }

    async fn open_gate(&self, hands: &Hands<'_>, again: &Again, places: &[usize]) -> Result<Option<Arc<Gate>>, Exit> {
        let Some(settings) = self.gate.clone() else { return Ok(None) };
        let persons = hands.persons.persons().into_iter().map(|(token, _)| AccessToken::new(token)).collect();
        let opened = Gate::open(settings, &self.tournament, &self.progress, persons, again.clone()).await;
        let opened = opened.map_err(|error| self.usage(code::error(code::LISTEN, error.to_string())))?;
        self.console.error(&addresses(&opened, &self.tournament, places));
        Ok(Some(Arc::new(opened)))
    }

    async fn open_board(
        &self,
        findings: &Arc<Findings>,
        gate: &Option<Arc<Gate>>,
        again: &Again,
    ) -> Result<Option<board::Board>, Exit> {
        let Some(text) = &self.flags.board else { return Ok(None) };
        let listen = address(text).map_err(|problem| self.usage(*problem))?;
        let (tournament, progress) = (self.tournament.clone(), self.progress.clone());
        let (findings, again, gate) = (findings.clone(), again.clone(), gate.clone());
        let stage = board::Stage { tournament, progress, findings, again, gate };
        let started = board::Board::start(listen, stage, self.board.clone()).await;
        let board = started
            .map_err(|error| self.usage(code::error(code::LISTEN, format!("cannot listen on {listen}: {error}"))))?;
        // The line that others wait for.
        let _ = self.console.output(format!("http://{}/\n", board.address).as_bytes());
        Ok(Some(board))
    }

    fn write(&self, report: &MatrixReport, findings: &Findings) -> Result<(), Exit> {
        let Stage { tournament, checked, console, .. } = self;
        let closed = !self.board.parties.is_empty();
        let mut problems: Vec<Diagnostic> = vec![];
        // A part is merged by its folder.
        let own = serde_json::to_vec_pretty(report).unwrap_or_default();
        problems.extend(destination::write(&tournament.folder.join(REPORT), &own).err().map(|problem| *problem));
        for destination in &checked.reports {
            let bytes = match destination.kind {
                ReportKind::Json => serde_json::to_vec_pretty(report).map_err(|error| error.to_string()),
                ReportKind::Html => Ok(board::export(report, tournament, findings, (console.language, closed))),
                _ => Err("a matrix is reported as `json` or `html`".to_owned()),
            };
            let written: Result<(), Box<Diagnostic>> = match (bytes, &destination.path) {
                (Err(reason), _) => Err(Box::new(problem::error(problem::REPORT, reason))),
                (Ok(bytes), Some(path)) => destination::write(path, &bytes),
                (Ok(bytes), None) => {
                    console.output(&bytes).map_err(|e| Box::new(problem::error(problem::REPORT, e.to_string())))
                }
            };
            problems.extend(written.err().map(|problem| *problem));
        }
        let wrong = !problems.is_empty();
        console.tell_all(problems);
        if wrong { Err(Exit::Usage) } else { Ok(()) }
    }
}

/// The addresses of clients that come themselves, a line each.
fn addresses(gate: &Gate, tournament: &Tournament, places: &[usize]) -> String {
    let line = |place: &usize| {
        let (base, key) = (gate.base(*place)?, tournament.key(*place)?);
        Some(format!("{}, {}, {}: {base}\n", key.client, key.server, key.scenario))
    };
    places.iter().filter_map(line).collect()
}

/// How keur ends with this verdict.
pub fn exit(played: &Played) -> Exit {
    match played.report.verdict {
        _ if played.interrupted && played.report.cells.len() < played.report.total => Exit::Interrupted,
        CellVerdict::Passed => Exit::Passed,
        CellVerdict::Failed => Exit::Failed,
        CellVerdict::Incomplete => Exit::Incomplete,
    }
}
