//! Value sets, code systems and concept maps: codes only, no displays.
//!
//! ```text
//! value-set http://decor.nictiz.nl/fhir/ValueSet/example
//! include http://snomed.info/sct codes 1 2
//! include http://loinc.org
//! include http://snomed.info/sct where concept is-a 71388002
//! include - from http://hl7.org/fhir/ValueSet/other
//! exclude http://loinc.org codes 8867-4
//!
//! code-system http://hl7.org/fhir/example
//! content complete
//! codes red blue
//! below red pink
//!
//! concept-map http://nictiz.nl/fhir/ConceptMap/example
//! group http://hl7.org/fhir/v3/AddressUse http://hl7.org/fhir/address-type
//! map PST equal postal
//! ```
//!
//! A package has one file of each kind, its blocks sorted by their first lines: one is found without looking
//! at the others. It becomes the resource it was, as far as that decides anything.

use std::fmt::Write as _;

use super::FactsError;
use super::syntax::{self, Line};
use crate::fhir::{Builder, Document, Format, NodeRef};

/// The kinds of block: resource type, keyword, file.
const KINDS: [(&str, &str, &str); 3] = [
    ("ValueSet", "value-set", "value-sets.facts"),
    ("CodeSystem", "code-system", "code-systems.facts"),
    ("ConceptMap", "concept-map", "concept-maps.facts"),
];

/// The terminology of a package while it is written down.
#[derive(Debug, Default)]
pub struct TerminologyFacts {
    blocks: [Vec<String>; 3],
    only_expansions: bool,
}

impl TerminologyFacts {
    /// Nothing yet. With `only_expansions` a value set is left out when its expansion decides nothing more.
    pub fn new(only_expansions: bool) -> TerminologyFacts {
        TerminologyFacts { only_expansions, ..TerminologyFacts::default() }
    }

    /// Takes a ValueSet, CodeSystem or ConceptMap in; others are not looked at.
    pub fn add(&mut self, resource: NodeRef<'_>) {
        let Some(at) = KINDS.iter().position(|(ty, ..)| resource.resource_type() == Some(ty)) else { return };
        let Some(url) = resource.child_value("url") else { return };
        let mut out = header(at, url);
        out.push('\n');
        match at {
            0 => write_value_set(&mut out, resource),
            1 => write_code_system(&mut out, resource),
            _ => write_concept_map(&mut out, resource),
        }
        if !self.only_expansions || out.contains("\nexpansion ") {
            self.blocks[at].push(out);
        }
    }

    /// The files: name and text. None of a kind that nothing is of.
    pub fn files(mut self) -> Vec<(String, String)> {
        let mut files = vec![];
        for (blocks, (.., file)) in self.blocks.iter_mut().zip(KINDS) {
            // What counts first among those with one url stays first.
            blocks.sort_by(|a, b| a.lines().next().cmp(&b.lines().next()));
            if !blocks.is_empty() {
                files.push((file.to_owned(), blocks.join("\n")));
            }
        }
        files
    }

    /// The file that has the resources of a type.
    pub fn file_of(resource_type: &str) -> Option<&'static str> {
        KINDS.iter().find(|(ty, ..)| *ty == resource_type).map(|(.., file)| *file)
    }

    /// The resources of a type with this url in the text of their file, as they were.
    pub fn find(resource_type: &str, text: &str, url: &str) -> Result<Vec<Document>, FactsError> {
        let Some(at) = KINDS.iter().position(|(ty, ..)| *ty == resource_type) else { return Ok(vec![]) };
        let read = |block: &str| {
            read_block(at, url, block).map_err(|(line, message)| FactsError {
                file: format!("{} of {url}", KINDS[at].2),
                line,
                message,
            })
        };
        blocks(text, &header(at, url)).into_iter().map(read).collect()
    }
}

fn header(at: usize, url: &str) -> String {
    let mut out = format!("{} ", KINDS[at].1);
    syntax::name(&mut out, url);
    out
}

/// The blocks with this first line. The file is sorted: they are found by halving.
fn blocks<'t>(text: &'t str, header: &str) -> Vec<&'t str> {
    let bytes = text.as_bytes();
    let next = |from: usize| {
        let gap = bytes.get(from..).and_then(|rest| rest.windows(2).position(|w| w == b"\n\n"));
        gap.map_or(text.len(), |at| from + at + 2)
    };
    let first_line = |from: usize| text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        // The block in which the middle is; its start is in between.
        let before = bytes.get(low..middle).and_then(|part| part.windows(2).rposition(|w| w == b"\n\n"));
        let start = before.map_or(low, |at| low + at + 2);
        match first_line(start) < header {
            true => low = next(start),
            false => high = start,
        }
    }
    let mut found = vec![];
    while low < text.len() && first_line(low) == header {
        let end = next(low);
        found.extend(text.get(low..end).map(str::trim_end));
        low = end;
    }
    found
}

fn names<'n>(out: &mut String, keyword: &str, names: impl Iterator<Item = &'n str>) {
    for (i, name) in names.enumerate() {
        if i == 0 && !keyword.is_empty() {
            out.push(' ');
            out.push_str(keyword);
        }
        out.push(' ');
        syntax::name(out, name);
    }
}

fn write_value_set(out: &mut String, resource: NodeRef<'_>) {
    for (keyword, part) in resource.child("compose").into_iter().flat_map(|c| c.children()).map(|c| (c.name(), c)) {
        match keyword {
            "include" | "exclude" => out.push_str(keyword),
            // DSTU2 left `import` in some files.
            "import" => {
                out.push_str("include -");
                names(out, "from", part.value().into_iter());
                out.push('\n');
                continue;
            }
            _ => continue,
        }
        out.push(' ');
        match part.child_value("system") {
            Some(system) => syntax::name(out, system),
            None => out.push('-'),
        }
        for filter in part.children_named("filter") {
            let fields = ["property", "op", "value"].map(|n| filter.child_value(n).unwrap_or_default());
            names(out, "where", fields.into_iter());
        }
        names(out, "from", part.children_named("valueSet").filter_map(NodeRef::value));
        names(out, "codes", part.children_named("concept").filter_map(|c| c.child_value("code")));
        out.push('\n');
    }
    let Some(expansion) = resource.child("expansion").filter(|_| has_no_list(resource)) else { return };
    let mut by_system: Vec<(&str, Vec<&str>)> = vec![];
    expanded(expansion, &mut by_system);
    // One that is cut off decides nothing: it is left out.
    let count: usize = by_system.iter().map(|(_, codes)| codes.len()).sum();
    let total = expansion.child_value("total").and_then(|t| t.parse::<usize>().ok());
    if count == 0 || count >= LONGEST || total.is_some_and(|t| t > count) {
        return;
    }
    for (system, codes) in by_system {
        out.push_str("expansion ");
        syntax::name(out, system);
        names(out, "codes", codes.into_iter());
        out.push('\n');
    }
}

/// Longer expansions are left out: they are the content of a terminology rather than a list, and servers cut
/// them off, often without saying so.
const LONGEST: usize = 400;

/// True when something other than lists of codes and FHIR's own code systems is taken in: only then does an
/// expansion say more.
fn has_no_list(resource: NodeRef<'_>) -> bool {
    const OWN: &str = "http://hl7.org/fhir/";
    let include = resource.child("compose").into_iter().flat_map(|c| c.children_named("include"));
    let mut parts = include.map(|part| {
        part.child("concept").is_none() && !part.child_value("system").is_none_or(|system| system.starts_with(OWN))
    });
    parts.any(|outside| outside)
}

fn expanded<'n>(node: NodeRef<'n>, by_system: &mut Vec<(&'n str, Vec<&'n str>)>) {
    for contains in node.children_named("contains") {
        if let (Some(system), Some(code)) = (contains.child_value("system"), contains.child_value("code"))
            && contains.child_value("abstract") != Some("true")
        {
            match by_system.iter_mut().find(|(s, _)| *s == system) {
                Some((_, codes)) => codes.push(code),
                None => by_system.push((system, vec![code])),
            }
        }
        expanded(contains, by_system);
    }
}

fn write_code_system(out: &mut String, resource: NodeRef<'_>) {
    let _ = writeln!(out, "content {}", resource.child_value("content").unwrap_or("fragment"));
    if resource.child_value("caseSensitive") == Some("false") {
        out.push_str("case-insensitive\n");
    }
    let mut tops = vec![];
    let mut below: Vec<(&str, Vec<&str>)> = vec![];
    collect(resource, None, &mut tops, &mut below);
    if !tops.is_empty() {
        out.push_str("codes");
        names(out, "", tops.into_iter());
        out.push('\n');
    }
    for (parent, children) in below {
        out.push_str("below ");
        syntax::name(out, parent);
        names(out, "", children.into_iter());
        out.push('\n');
    }
}

fn collect<'n>(
    node: NodeRef<'n>,
    parent: Option<&'n str>,
    tops: &mut Vec<&'n str>,
    below: &mut Vec<(&'n str, Vec<&'n str>)>,
) {
    for concept in node.children_named("concept") {
        let Some(code) = concept.child_value("code") else { continue };
        let subsumed = concept.children_named("property").filter_map(|property| {
            matches!(property.child_value("code"), Some("subsumedBy" | "parent"))
                .then(|| property.children().find(|c| c.name().starts_with("value"))?.value())?
        });
        let parents: Vec<&str> = parent.into_iter().chain(subsumed).collect();
        if parents.is_empty() {
            tops.push(code);
        }
        for parent in parents {
            match below.iter_mut().find(|(p, _)| *p == parent) {
                Some((_, children)) if children.contains(&code) => {}
                Some((_, children)) => children.push(code),
                None => below.push((parent, vec![code])),
            }
        }
        collect(concept, Some(code), tops, below);
    }
}

fn write_concept_map(out: &mut String, resource: NodeRef<'_>) {
    for group in resource.children_named("group") {
        out.push_str("group");
        let fields = ["source", "target"].map(|n| group.child_value(n).unwrap_or_default());
        names(out, "", fields.into_iter());
        out.push('\n');
        for element in group.children_named("element") {
            for target in element.children_named("target") {
                let Some(code) = element.child_value("code") else { continue };
                out.push_str("map ");
                syntax::name(out, code);
                let equivalence = target.child_value("equivalence").unwrap_or("equivalent");
                names(out, equivalence, target.child_value("code").into_iter());
                if target.child_value("code").is_none() {
                    let _ = write!(out, " {equivalence}");
                }
                out.push('\n');
            }
        }
    }
}

fn read_block(at: usize, url: &str, block: &str) -> Result<Document, (usize, String)> {
    let mut builder = Builder::resource(KINDS[at].0, Format::Json);
    builder.text("url", url);
    let mut open = Open::default();
    for (i, text) in block.lines().enumerate().skip(1) {
        let mut line = Line::new(text);
        let read = match at {
            0 => read_value_set(&mut builder, &mut open, &mut line),
            1 => read_code_system(&mut builder, &mut line),
            _ => read_concept_map(&mut builder, &mut open, &mut line),
        };
        read.map_err(|message| (i + 1, message))?;
    }
    open.enter(&mut builder, "");
    Ok(builder.finish())
}

/// The element in which lines of one kind stand together.
#[derive(Default)]
struct Open(&'static str);

impl Open {
    fn enter(&mut self, builder: &mut Builder, name: &'static str) {
        if self.0 != name {
            self.again(builder, name);
        }
    }

    fn again(&mut self, builder: &mut Builder, name: &'static str) {
        if !self.0.is_empty() {
            builder.close();
        }
        if !name.is_empty() {
            builder.open(name);
        }
        self.0 = name;
    }
}

fn read_value_set(builder: &mut Builder, open: &mut Open, line: &mut Line<'_>) -> Result<(), String> {
    let keyword = line.word().ok_or("a line begins with a space")?;
    let system = match line.skip('-') {
        true => None,
        false => Some(line.name()?),
    };
    if keyword == "expansion" {
        open.enter(builder, "expansion");
        let _ = line.skip(' ');
        let system = system.unwrap_or_default();
        for code in line.names()?.iter().skip(1) {
            builder.open("contains").text("system", &system).text("code", code).close();
        }
        return Ok(());
    }
    let keyword = match keyword {
        "include" | "exclude" => keyword,
        other => return Err(format!("unknown keyword `{other}`")),
    };
    open.enter(builder, "compose");
    builder.open(keyword);
    if let Some(system) = &system {
        builder.text("system", system);
    }
    while line.more()? {
        match line.word() {
            Some("where") => {
                builder.open("filter");
                for (i, field) in ["property", "op", "value"].into_iter().enumerate() {
                    if i > 0 && !line.skip(' ') {
                        return Err("a filter has three parts".to_owned());
                    }
                    builder.text(field, &line.name()?);
                }
                builder.close();
            }
            Some("from") => {
                loop {
                    builder.text("valueSet", &line.name()?);
                    // What follows is another url, or the codes.
                    if line.is_done() || line.starts_with(" codes ") || !line.skip(' ') {
                        break;
                    }
                }
            }
            Some("codes") => {
                for code in line.names()? {
                    builder.open("concept").text("code", &code).close();
                }
            }
            other => return Err(format!("unexpected `{}`", other.unwrap_or_default())),
        }
    }
    builder.close();
    Ok(())
}

fn read_code_system(builder: &mut Builder, line: &mut Line<'_>) -> Result<(), String> {
    match line.word() {
        Some("content") => {
            builder.text("content", &line.value()?);
        }
        Some("case-insensitive") => {
            builder.primitive("caseSensitive", crate::fhir::Kind::Boolean, "false");
        }
        Some("codes") => {
            for code in line.names()? {
                builder.open("concept").text("code", &code).close();
            }
        }
        Some("below") => {
            let names = line.names()?;
            let (parent, children) = names.split_first().ok_or("the code above is missing")?;
            for code in children {
                builder.open("concept").text("code", code);
                builder.open("property").text("code", "parent").text("valueCode", parent).close();
                builder.close();
            }
        }
        other => return Err(format!("unknown keyword `{}`", other.unwrap_or_default())),
    }
    Ok(())
}

fn read_concept_map(builder: &mut Builder, open: &mut Open, line: &mut Line<'_>) -> Result<(), String> {
    let names = line.names()?;
    match &*names {
        [keyword, source, target] if keyword == "group" => {
            open.again(builder, "group");
            builder.text("source", source).text("target", target);
        }
        [keyword, code, equivalence, target @ ..] if keyword == "map" && !open.0.is_empty() => {
            builder.open("element").text("code", code).open("target");
            if let [target] = target {
                builder.text("code", target);
            }
            builder.text("equivalence", equivalence).close().close();
        }
        _ => return Err("a group, or a code with its equivalence, was expected".to_owned()),
    }
    Ok(())
}
