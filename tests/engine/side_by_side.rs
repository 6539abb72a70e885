//! Scripts side by side: never more than asked for, those that write by themselves, and a log that replays.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keur::definitions::Definitions;
use keur::engine::{Call, Plan, PlanSettings, RunSettings, Sending, Transport, plan, run};
use keur::evidence;
use keur::exchange::{Exchange, Request, Response};
use keur::record::{Event, MemoryRecord, Record};
use keur::report::fold;
use keur::testscript::source::Carried;
use keur::testscript::{Interaction, Operation, TestScript};

use super::script::{a, op, script, search, status};

/// Answers late, and watches who is there at the same time.
#[derive(Default)]
struct Watched {
    now: AtomicUsize,
    most: AtomicUsize,
    beside_a_writer: AtomicUsize,
}

impl Transport for Watched {
    fn send<'t>(&'t self, request: Request, _: Call<'t>) -> Sending<'t> {
        Box::pin(async move {
            let others = self.now.fetch_add(1, Ordering::SeqCst);
            self.most.fetch_max(others + 1, Ordering::SeqCst);
            if request.method != "GET" && others > 0 {
                self.beside_a_writer.fetch_add(1, Ordering::SeqCst);
            }
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            if request.method != "GET" && self.now.load(Ordering::SeqCst) > 1 {
                self.beside_a_writer.fetch_add(1, Ordering::SeqCst);
            }
            self.now.fetch_sub(1, Ordering::SeqCst);
            let response = Response { status: 200, headers: Default::default(), body: Default::default() };
            let started = jiff::Timestamp::UNIX_EPOCH;
            Exchange { request, result: Ok(response), started, elapsed: Default::default(), refused: None }
        })
    }
}

/// Nine scripts; the fifth creates something.
fn nine() -> Plan {
    let one = |number: usize| {
        let operation = match number {
            4 => Operation { interaction: Interaction::Create, ..search("Patient", "") },
            _ => search("Patient", ""),
        };
        let more = (0..number % 3).map(|_| op(search("Flag", "")));
        let actions = [op(operation), a(status("200"))].into_iter().chain(more).collect();
        Arc::new(TestScript { path: format!("{number}.xml").into(), ..script(actions) })
    };
    let scripts: Vec<_> = (0..9).map(one).collect();
    let settings = PlanSettings { target: "http://localhost/fhir".into(), ..PlanSettings::default() };
    plan(&scripts, &Carried::default(), &|version| Some(Definitions::embedded(version).types()), &settings)
}

fn ran(plan: &Plan, jobs: usize) -> (Watched, Record) {
    let (watched, memory) = (Watched::default(), MemoryRecord::new());
    let settings = RunSettings { jobs: NonZeroUsize::new(jobs).expect("some"), ..RunSettings::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(run(plan, &watched, &memory, &settings)).expect("recorded");
    (watched, memory.into_record())
}

#[test]
fn as_many_as_asked_for_run_at_once_and_a_writer_by_itself() {
    let plan = nine();
    for (jobs, most) in [(1, 1), (3, 3), (16, 4)] {
        let (watched, record) = ran(&plan, jobs);
        assert_eq!(watched.most.load(Ordering::SeqCst), most, "{jobs} jobs");
        assert_eq!(watched.beside_a_writer.load(Ordering::SeqCst), 0, "{jobs} jobs");
        let report = fold(record.events());
        let paths: Vec<String> = report.scripts.iter().map(|script| script.path.clone()).collect();
        assert_eq!(paths, (0..9).map(|number| format!("{number}.xml")).collect::<Vec<_>>(), "{jobs} jobs");
    }
}

#[test]
fn what_ran_side_by_side_is_replayed_event_by_event() {
    let plan = nine();
    let (_, record) = ran(&plan, 16);
    let order: Vec<u32> = record.events().iter().filter_map(started).collect();
    assert_ne!(order, (0..9).collect::<Vec<_>>(), "the longest begin first");
    let again = evidence::replay::replay(&record, &plan, &RunSettings::default(), true).expect("replayed");
    let lines = |events: &[Event]| -> Vec<String> {
        events.iter().map(|event| serde_json::to_string(event).expect("JSON")).collect()
    };
    assert_eq!(lines(&again), lines(record.events()));
}

fn started(event: &Event) -> Option<u32> {
    if let Event::ScriptStarted(script) = event { Some(script.script) } else { None }
}
