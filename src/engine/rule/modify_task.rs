//! A new Task from the one that was answered, to be sent back.

use super::{Applied, Call};
use crate::definitions::Typed;
use crate::engine::code;
use crate::engine::content::{Document, write};
use crate::engine::finding::Finding;
use crate::engine::state::Source;
use crate::fhir::{Builder, Format, NodeRef};
use crate::testscript::Direction;

/// `modifyTask`: the Task without its narrative and with `status` set to `newStatus`, in the format it
/// was answered in, kept as `fixtureId`.
pub(super) fn apply(call: &Call<'_>) -> Applied {
    let status = call.param("newStatus")?;
    rewritten(call, status, |_| {})
}

/// `taskWithAlternativeDate`: put on hold, with an output that proposes `newDate`
/// (SNOMED CT 146851000146105).
pub(super) fn apply_alternative_date(call: &Call<'_>) -> Applied {
    let date = call.param("newDate")?;
    rewritten(call, "on-hold", |task| {
        task.open("output").array_item().open("type").open("coding").array_item();
        task.text("system", "http://snomed.info/sct").text("code", "146851000146105").close().close();
        task.text("valueDateTime", date).close();
    })
}

fn rewritten(call: &Call<'_>, status: &str, extend: impl FnOnce(&mut Builder)) -> Applied {
    let fixture = call.param("fixtureId")?.to_owned();
    let content = match call.optional("responseId") {
        Some(id) => match call.state.source(id)? {
            Source::Exchange(kept, _) => kept.content(Direction::Response).clone()?,
            Source::Document(document, name) => document.content(&name, &call.state.planned.types).clone()?,
            Source::Missing(absence) => return Err(absence),
        },
        None => (call.subject)()?.content()?,
    };
    let task = match only_task(&content) {
        Ok(task) => task,
        Err(found) => {
            let message = format!("the rule `{}` needs one Task, and the answer has {found}", call.call.rule_id);
            return Ok((Finding::fail(code::TASK, message).expected("one Task").found(found), None));
        }
    };
    let format = match content.format() {
        Format::Yaml => Format::Json,
        format => format,
    };
    let text = copy(task, status, format, extend, &content);
    Ok((Finding::pass(), Some((fixture, Document::new(text, format)))))
}

/// The Task itself, or the only one in a Bundle; else what there is.
fn only_task(content: &Typed) -> Result<NodeRef<'_>, String> {
    let root = content.root();
    if root.resource_type() == Some("Task") {
        return Ok(root);
    }
    if root.resource_type() != Some("Bundle") {
        return Err(format!("a {}", root.resource_type().unwrap_or("thing without type")));
    }
    let resources = root.children_named("entry").filter_map(|e| e.child("resource"));
    let mut tasks = resources.filter(|r| r.resource_type() == Some("Task"));
    match (tasks.next(), tasks.count()) {
        (Some(task), 0) => Ok(task),
        (None, _) => Err("none".to_owned()),
        (Some(_), more) => Err(format!("{} of them", more + 1)),
    }
}

fn copy(task: NodeRef<'_>, status: &str, format: Format, extend: impl FnOnce(&mut Builder), content: &Typed) -> String {
    let mut copy = Builder::resource("Task", format);
    for child in task.children().filter(|c| c.name() != "text" && c.name() != "status") {
        copy.graft(child.name(), child);
    }
    copy.text("status", status);
    extend(&mut copy);
    // The types put every element in its place.
    let typed = Typed::new(copy.finish(), content.shared_table());
    write(&typed, format)
}
