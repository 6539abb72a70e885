//! The state of reading one script: what is declared, what is referred to, what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use sha2::Digest;

use crate::diagnostic::{Code, NoteKind, Severity, nearest};
use crate::fhir::NodeRef;
use crate::testscript::model::{Place, Properties, TestScript};
use crate::testscript::problem::{self, problem};
use crate::testscript::template::Template;

use super::include::Includes;
use super::references::{Declared, Reference};
use super::sheet::Sheet;
use super::{Problems, ScriptReader, vocabulary};

/// One script being read.
pub(super) struct Reading<'r> {
    pub(super) reader: &'r ScriptReader<'r>,
    pub(super) path: &'r Path,
    pub(super) problems: Problems,
    pub(super) declared: Declared,
    pub(super) references: Vec<Reference>,
    pub(super) includes: Includes,
    /// Undeclared variables: where first, and how often.
    undefined: BTreeMap<String, (Place, usize)>,
}

impl<'r> Reading<'r> {
    pub(super) fn new(reader: &'r ScriptReader<'r>, path: &'r Path, problems: Problems) -> Self {
        Reading {
            reader,
            path,
            problems,
            declared: Declared::default(),
            references: vec![],
            includes: Includes::of(path),
            undefined: BTreeMap::new(),
        }
    }

    /// The whole script. Variables come first: every text after them may use them.
    pub(super) fn script(mut self, sheet: &Sheet<'_>, properties: Arc<Properties>) -> (TestScript, Problems) {
        let root = sheet.root();
        self.includes.hash.update(sheet.source().text.as_bytes());
        vocabulary::check(sheet, root, vocabulary::TEST_SCRIPT, super::TEST_SCRIPT, &mut self.problems);
        self.declare_variables(root);
        let (origins, destinations) = self.parties(sheet);
        let text = |name: &str| root.child_value(name).map(str::to_owned);
        let mut script = TestScript {
            path: self.path.to_owned(),
            sha256: String::new(),
            id: text("id"),
            url: text("url"),
            name: text("name"),
            title: text("title"),
            description: text("description"),
            properties,
            origins,
            destinations,
            fixtures: self.fixtures(sheet),
            profiles: self.profiles(sheet),
            variables: self.variables(sheet),
            rules: self.rules(sheet),
            setup: self.section(sheet, "setup"),
            tests: self.tests(sheet),
            teardown: self.section(sheet, "teardown"),
        };
        script.sha256 = std::mem::take(&mut self.includes.hash).finalize().iter().map(|b| format!("{b:02x}")).collect();
        self.check_references();
        self.report_undefined();
        (script, self.sorted(sheet))
    }

    /// The script's own problems first, each file in the order of its text.
    fn sorted(self, sheet: &Sheet<'_>) -> Problems {
        let mut problems = self.problems;
        problems.sort_by_cached_key(|p| {
            let label = p.labels.first();
            let name = label.map(|l| l.source.name.clone());
            let own = name.as_deref() == Some(&*sheet.source().name);
            (!own, name, label.map(|l| l.span.start()))
        });
        problems
    }

    /// Notes a problem at a node.
    pub(super) fn note(
        &mut self,
        sheet: &Sheet<'_>,
        severity: Severity,
        code: Code,
        node: NodeRef<'_>,
        message: String,
    ) {
        self.problems.push(problem(severity, code, message, &sheet.place(node.value_span())));
    }

    /// Notes that an element lacks a part.
    pub(super) fn lacks(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, part: &str) {
        let message = format!("`{}` has no {part}", node.name());
        let place = sheet.place(sheet.name_span(node));
        self.problems.push(problem(Severity::Error, problem::MISSING_PART, message, &place));
    }

    /// The text of a child, which may be empty.
    pub(super) fn text(node: NodeRef<'_>, name: &str) -> Option<String> {
        node.child_value(name).map(str::to_owned)
    }

    /// The text of a child, unless it is empty.
    pub(super) fn filled<'d>(node: NodeRef<'d>, name: &str) -> Option<NodeRef<'d>> {
        node.child(name).filter(|c| c.value().is_some_and(|v| !v.is_empty()))
    }

    /// A boolean child; what is no boolean has been noted already and counts as absent.
    pub(super) fn flag(node: NodeRef<'_>, name: &str) -> Option<bool> {
        match node.child_value(name)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The template in a child.
    pub(super) fn template(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>, name: &str) -> Option<Template> {
        let child = node.child(name)?;
        child.value()?;
        Some(self.template_of(sheet, child))
    }

    /// The template in a node; its variables must be declared.
    pub(super) fn template_of(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Template {
        let template = Template::parse(node.value().unwrap_or_default());
        for (name, span) in template.variables() {
            // A parameter without value has been noted where the group is included.
            let parameter = sheet.is_group() && name.starts_with("param:");
            if !parameter && !self.declared.variables.contains(name) {
                let place = || sheet.place(sheet.within(node, span));
                self.undefined.entry(name.to_owned()).or_insert_with(|| (place(), 0)).1 += 1;
            }
        }
        template
    }

    /// The FHIRPath expression in a node: a template whose text, values filled in, must parse.
    pub(super) fn expression_of(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Template {
        let template = self.template_of(sheet, node);
        if let Some(fault) = self.reader.expressions.fault(&template) {
            let place = sheet.place(sheet.within(node, fault.span));
            let message = format!("FHIRPath: {}", fault.message);
            let mut diagnostic = problem(Severity::Error, problem::EXPRESSION_SYNTAX, message, &place);
            if let Some(remedy) = &fault.remedy {
                diagnostic.notes = vec![(NoteKind::Remedy, remedy.clone())];
            }
            self.problems.push(diagnostic);
        }
        template
    }

    fn declare_variables(&mut self, root: NodeRef<'_>) {
        let names = root.children_named("variable").filter_map(|v| v.child_value("name"));
        self.declared.variables = names.map(str::to_owned).collect();
    }

    fn report_undefined(&mut self) {
        for (name, (place, times)) in std::mem::take(&mut self.undefined) {
            let known: &BTreeSet<String> = &self.declared.variables;
            let near = nearest(&name, known.iter().map(String::as_str));
            let message = format!("variable `{name}` is not declared");
            let mut diagnostic = problem(Severity::Error, problem::UNDEFINED_VARIABLE, message, &place);
            if let Some(near) = near {
                diagnostic = diagnostic.note(NoteKind::Expected, format!("`{near}`"));
            }
            if times > 1 {
                diagnostic = diagnostic.note(NoteKind::Note, format!("used {times} times"));
            }
            self.problems.push(diagnostic);
        }
    }
}
