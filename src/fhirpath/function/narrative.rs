//! `htmlChecks`: what narrative may contain (<http://hl7.org/fhir/STU3/narrative.html#Narrative>).

use super::Invocation;
use crate::fhirpath::evaluator::Fallible;
use crate::fhirpath::item::Item;

const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// "Basic HTML formatting elements described in chapters 7-11 (except section 4 of chapter 9) and 15 of
/// the HTML 4.0 standard, `<a>` elements (either name or href), images".
const ELEMENTS: [&str; 56] = [
    "a",
    "abbr",
    "acronym",
    "address",
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
    "area",
    "map",
    "u",
    "s",
    "strike",
];

/// "and internally contained style attributes", with the attributes that HTML 4.0 gives to the elements
/// above; scripts and forms have none here.
const ATTRIBUTES: [&str; 41] = [
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "charset",
    "cite",
    "class",
    "colspan",
    "coords",
    "dir",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "id",
    "lang",
    "longdesc",
    "name",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "span",
    "src",
    "style",
    "summary",
    "tabindex",
    "title",
    "type",
    "usemap",
    "width",
];

/// Attributes of one element only.
const SPECIAL: [(&str, &str); 3] = [("td", "valign"), ("th", "valign"), ("tr", "valign")];

/// True when every `<div>` is markup that narrative may contain and has some content.
pub(super) fn html_checks(call: &Invocation<'_, '_>) -> Fallible<Option<bool>> {
    let input = call.input()?;
    if input.is_empty() {
        return Ok(None);
    }
    Ok(Some(input.iter().all(|item| match item {
        Item::Element(element) => element.node().value().is_some_and(is_narrative),
        Item::Value(_) => false,
    })))
}

fn is_narrative(markup: &str) -> bool {
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: 1_000_000, ..Default::default() };
    let Ok(document) = roxmltree::Document::parse_with_options(markup, options) else { return false };
    let root = document.root_element();
    root.tag_name().name() == "div"
        && root.descendants().filter(roxmltree::Node::is_element).all(is_allowed)
        && root.descendants().any(|n| n.text().is_some_and(|t| !t.trim().is_empty()) || n.has_tag_name("img"))
}

fn is_allowed(element: roxmltree::Node<'_, '_>) -> bool {
    let (namespace, name) = (element.tag_name().namespace(), element.tag_name().name());
    namespace.is_none_or(|n| n == NAMESPACE)
        && ELEMENTS.contains(&name)
        && element.attributes().all(|a| ATTRIBUTES.contains(&a.name()) || SPECIAL.contains(&(name, a.name())))
}
