//! What narrative may hold: the constraints txt-1 and txt-2 of
//! <http://hl7.org/fhir/STU3/narrative.html>, which FHIRPath knows as `htmlChecks()`.
//!
//! Basic formatting elements and attributes of HTML 4.0 (chapters 7 to 11 without section 4 of chapter 9,
//! and 15), `a` with `name` or `href`, images and `style` attributes; no scripts, forms, frames or
//! objects; and something to read.

use super::xml::XHTML;

/// Elements that may stand in narrative.
const ELEMENTS: [&str; 53] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// Attributes that may stand on any of them.
const ATTRIBUTES: [&str; 21] = [
    "abbr",
    "accesskey",
    "align",
    "axis",
    "char",
    "charoff",
    "class",
    "colspan",
    "dir",
    "headers",
    "id",
    "lang",
    "rowspan",
    "scope",
    "span",
    "style",
    "tabindex",
    "title",
    "valign",
    "width",
    "xmlns",
];

/// Attributes that belong to one element.
const OF_ELEMENT: [(&str, &[&str]); 8] = [
    ("a", &["charset", "coords", "href", "hreflang", "name", "rel", "rev", "shape", "type"]),
    ("area", &["alt", "coords", "href", "nohref", "shape"]),
    ("blockquote", &["cite"]),
    ("hr", &["noshade", "size"]),
    ("img", &["alt", "border", "height", "hspace", "ismap", "longdesc", "src", "usemap", "vspace"]),
    ("map", &["name"]),
    ("q", &["cite"]),
    ("table", &["border", "cellpadding", "cellspacing", "frame", "rules", "summary"]),
];

/// What is wrong with a narrative.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NarrativeFault {
    /// It is not well-formed XML: what the parser said.
    NotXml(String),
    /// The outermost element is not a `div` of the XHTML namespace.
    NotADiv,
    /// An element that may not stand there.
    Element(String),
    /// An attribute that may not stand there: element and attribute.
    Attribute(String, String),
    /// Nothing to read: no text and no image (txt-2).
    Empty,
}

impl std::fmt::Display for NarrativeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NarrativeFault::NotXml(said) => write!(f, "the narrative is not well-formed XHTML: {said}"),
            NarrativeFault::NotADiv => write!(f, "the narrative is not a `div` in the XHTML namespace"),
            NarrativeFault::Element(name) => write!(f, "`{name}` may not stand in narrative"),
            NarrativeFault::Attribute(element, name) => write!(f, "`{element}` may not have `{name}` in narrative"),
            NarrativeFault::Empty => write!(f, "the narrative holds nothing to read"),
        }
    }
}

/// Everything wrong with the markup of a `div`, in reading order.
pub fn faults(markup: &str) -> Vec<NarrativeFault> {
    let options = roxmltree::ParsingOptions { nodes_limit: 1_000_000, ..Default::default() };
    let parsed = match roxmltree::Document::parse_with_options(markup, options) {
        Ok(parsed) => parsed,
        Err(error) => return vec![NarrativeFault::NotXml(error.to_string())],
    };
    let root = parsed.root_element();
    let mut faults = vec![];
    if root.tag_name().name() != "div" || root.tag_name().namespace() != Some(XHTML) {
        faults.push(NarrativeFault::NotADiv);
    }
    let mut readable = false;
    for node in root.descendants() {
        readable |= node.is_text() && node.text().is_some_and(|t| !t.trim().is_empty());
        readable |= node.is_element() && node.tag_name().name() == "img";
        if node.is_element() {
            check_element(node, &mut faults);
        }
    }
    if !readable {
        faults.push(NarrativeFault::Empty);
    }
    faults
}

fn check_element(node: roxmltree::Node<'_, '_>, faults: &mut Vec<NarrativeFault>) {
    let element = node.tag_name().name();
    if !ELEMENTS.contains(&element) || node.tag_name().namespace() != Some(XHTML) {
        faults.push(NarrativeFault::Element(element.to_owned()));
        return;
    }
    let own = OF_ELEMENT.iter().find(|(name, _)| *name == element).map_or(&[][..], |(_, own)| own);
    for attribute in node.attributes() {
        let name = attribute.name();
        // The one namespaced attribute is xml:lang.
        let allowed = match attribute.namespace() {
            None => ATTRIBUTES.contains(&name) || own.contains(&name),
            Some(_) => name == "lang",
        };
        if !allowed {
            faults.push(NarrativeFault::Attribute(element.to_owned(), name.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NarrativeFault as F, faults};

    fn div(inner: &str) -> String {
        format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>")
    }

    #[test]
    fn what_may_and_may_not_stand_in_narrative() {
        for (markup, expected) in [
            (div("<p style=\"color: red\">text</p>"), vec![]),
            (div("<table border=\"1\"><tr><td colspan=\"2\">x</td></tr></table>"), vec![]),
            (div("<img src=\"#pic\" alt=\"picture\"/>"), vec![]),
            (div("<p xml:lang=\"nl\">tekst</p>"), vec![]),
            (div("<script>alert(1)</script>"), vec![F::Element("script".into())]),
            (div("<p onclick=\"x()\">a</p>"), vec![F::Attribute("p".into(), "onclick".into())]),
            (div("<p href=\"x\">a</p>"), vec![F::Attribute("p".into(), "href".into())]),
            (div("<p> </p>"), vec![F::Empty]),
            ("<div>text</div>".to_owned(), vec![F::NotADiv, F::Element("div".into())]),
        ] {
            assert_eq!(faults(&markup), expected, "{markup}");
        }
        assert!(matches!(&faults(&div("<p>"))[..], [F::NotXml(_)]));
    }
}
