//! What the readers and writers promise, as tables of small cases and as properties.

use proptest::prelude::*;

use super::shape::AsRead;
use super::{Builder, Document, Format, IrregularityKind, Kind, Limits, NodeRef, json, read, read_within, xml};

fn json_of(doc: &Document) -> String {
    json::write(doc.root(), &AsRead, json::Layout::Compact)
}

fn parsed(text: &str, format: Format) -> Document {
    read(text, format).unwrap_or_else(|e| panic!("{e} at {:?}: {text}", e.position))
}

/// The tree as lines: path, kind, value.
fn lines(doc: &Document) -> String {
    let line = |n: NodeRef<'_>| format!("{} {:?} {}\n", n.path(), n.kind(), n.value().unwrap_or("-"));
    doc.root().descendants_and_self().map(line).collect()
}

#[test]
fn json_and_xml_become_the_same_names_and_values() {
    let json = r#"{"resourceType":"Patient","id":"p","extension":[{"url":"u","valueCode":"c"}],
        "name":[{"given":["A","B"]}],"birthDate":"1970","_birthDate":{"id":"d","extension":[{"url":"v"}]},
        "contained":[{"resourceType":"Organization","id":"o"}]}"#;
    let xml = r#"<Patient xmlns="http://hl7.org/fhir"><id value="p"/><extension url="u"><valueCode value="c"/></extension>
        <name><given value="A"/><given value="B"/></name><birthDate id="d" value="1970"><extension url="v"/></birthDate>
        <contained><Organization><id value="o"/></Organization></contained></Patient>"#;
    let plain = |doc: &Document| {
        doc.root()
            .descendants_and_self()
            .map(|n| format!("{} {:?} {:?} {:?}", n.path().replace("[0]", ""), n.resource_type(), n.value(), n.name()))
            .collect::<Vec<_>>()
    };
    assert_eq!(plain(&parsed(json, Format::Json)), plain(&parsed(xml, Format::Xml)));
}

#[test]
fn underscore_properties_are_folded_into_what_they_extend() {
    let table = [
        (r#"{"a":"x","_a":{"id":"1"}}"#, " Complex -\n.a Text x\n.a.id Text 1\n"),
        // The order of the two does not matter.
        (r#"{"_a":{"id":"1"},"a":"x"}"#, " Complex -\n.a Text x\n.a.id Text 1\n"),
        (r#"{"_a":{"id":"1"}}"#, " Complex -\n.a Complex -\n.a.id Text 1\n"),
        (r#"{"a":["x",null],"_a":[null,{"id":"1"}]}"#, " Complex -\n.a[0] Text x\n.a[1] Complex -\n.a[1].id Text 1\n"),
        (r#"{"a":["x",null,"z"]}"#, " Complex -\n.a[0] Text x\n.a[1] Null -\n.a[2] Text z\n"),
        (r#"{"a":["x"],"_a":[null,{"id":"1"}]}"#, " Complex -\n.a[0] Text x\n.a[1] Complex -\n.a[1].id Text 1\n"),
        (r#"{"_":1}"#, " Complex -\n._ Number 1\n"),
    ];
    for (text, expected) in table {
        let doc = parsed(text, Format::Json);
        assert_eq!(lines(&doc), expected, "{text}");
        assert_eq!(parsed(&json_of(&doc), Format::Json), doc, "{text} became {}", json_of(&doc));
    }
}

#[test]
fn json_that_was_read_is_written_with_the_same_members() {
    for text in [
        r#"{"resourceType":"Patient"}"#,
        r#"{"a":["x"],"b":"y","c":1.50,"d":-0,"e":1E+5,"f":true,"g":{"h":[{"i":null}]}}"#,
        r#"{"a":["x",null],"_a":[null,{"id":"1"}]}"#,
        r#"{"_a":{"extension":[{"url":"u"}]}}"#,
        r#"{"_a":[{"id":"1"},{"id":"2"}]}"#,
        r#"{"a":"\" \\ \n \t \u0001 / é 𝄞"}"#,
        r#"{"a b":"","é":1}"#,
    ] {
        let doc = parsed(text, Format::Json);
        let value = |t: &str| serde_json::from_str::<serde_json::Value>(t).unwrap();
        assert_eq!(value(&json_of(&doc)), value(text), "{text} became {}", json_of(&doc));
        let pretty = json::write(doc.root(), &AsRead, json::Layout::Pretty);
        assert_eq!(value(&pretty), value(text));
    }
}

#[test]
fn numbers_and_text_keep_their_spelling() {
    let doc = parsed(r#"{"a":1.500,"b":1e2,"c":-0.0,"d":"\u00e9\ud834\udd1e\/\b"}"#, Format::Json);
    let values: Vec<_> = doc.root().children().map(|c| (c.kind(), c.value().unwrap())).collect();
    assert_eq!(
        values,
        [(Kind::Number, "1.500"), (Kind::Number, "1e2"), (Kind::Number, "-0.0"), (Kind::Text, "é𝄞/\u{8}")]
    );
}

#[test]
fn spans_positions_and_paths_lead_back_to_the_source() {
    let text = "{\n  \"é\": {\"b\": [ 10, {\"c\" : \"x\\ny\"} ]},\n  \"_d\": {\"id\": \"i\"}, \"d\": true\n}";
    let doc = parsed(text, Format::Json);
    let table = [
        (".é", "{\"b\": [ 10, {\"c\" : \"x\\ny\"} ]}", (2, 8)),
        (".é.b[0]", "10", (2, 16)),
        (".é.b[1]", "{\"c\" : \"x\\ny\"}", (2, 20)),
        (".é.b[1].c", "\"x\\ny\"", (2, 27)),
        (".d", "true", (3, 27)),
        (".d.id", "\"i\"", (3, 16)),
    ];
    for (path, written, (line, column)) in table {
        let node = doc.root().descendants_and_self().find(|n| n.path() == path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(&text[node.span().range()], written, "{path}");
        assert_eq!((node.position().line, node.position().column), (line, column), "{path}");
    }
    assert_eq!(&text[doc.root().span().range()], text);

    let text = "<Patient xmlns=\"http://hl7.org/fhir\">\n  <!-- é --><active  value = 'true'/>\n  <name><family value=\"a&amp;b\"/></name>\n</Patient>";
    let doc = parsed(text, Format::Xml);
    let active = doc.root().child("active").unwrap();
    assert_eq!(&text[active.span().range()], "<active  value = 'true'/>");
    assert_eq!(&text[active.value_span().range()], "true");
    assert_eq!((active.position().line, active.position().column), (2, 13));
    let family = doc.root().child("name").unwrap().child("family").unwrap();
    assert_eq!(family.value(), Some("a&b"));
    assert_eq!(family.value_span(), family.span(), "a decoded value has no bytes of its own");
}

#[test]
fn what_bends_the_rules_of_json_is_noted() {
    use IrregularityKind::*;
    let table: [(&str, &[(IrregularityKind, &str)]); 9] = [
        (r#"{"a":1,"a":2}"#, &[(DuplicateProperty, r#""a""#)]),
        (r#"{"b":1,"a":[]}"#, &[(EmptyArray, "[]")]),
        (r#"{"a":{}}"#, &[(EmptyObject, "{}")]),
        (r#"{"a":null}"#, &[(NullValue, "null")]),
        (r#"{"a":[[1]]}"#, &[(NestedArray, "[1]")]),
        (r#"{"a":["x"],"_a":{"id":"1"}}"#, &[(MisplacedExtensions, r#""_a""#)]),
        (r#"{"a":["x"],"_a":[null,null]}"#, &[(MisplacedExtensions, r#""_a""#)]),
        (r#"{"a":"x","_a":"y"}"#, &[(MisplacedExtensions, r#""_a""#)]),
        (r#"{"resourceType":"A","a":["x",null]}"#, &[]),
    ];
    for (text, expected) in table {
        let doc = parsed(text, Format::Json);
        let found: Vec<_> = doc.irregularities().iter().map(|i| (i.kind, &text[i.span.range()])).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_bends_the_rules_of_xml_is_noted() {
    use IrregularityKind::*;
    let table: [(&str, &[(IrregularityKind, &str)]); 9] = [
        ("<a value='1'>text</a>", &[(StrayText, "a")]),
        ("<a/>", &[(EmptyObject, "a")]),
        ("<a value='1' colour='2'/>", &[(UnknownAttribute, "colour")]),
        ("<a value='1' url='2'/>", &[(UnknownAttribute, "url")]),
        ("<extension url='2'/>", &[]),
        ("<a xmlns='urn:x' value='1'/>", &[(ForeignNamespace, "a")]),
        ("<contained><A id='1'/></contained>", &[(UnknownAttribute, "id")]),
        ("<contained><A/><B value='1'/></contained>", &[(DuplicateProperty, "B")]),
        ("<a id='1' value=''/><!-- c --><?p i?>", &[]),
    ];
    for (inner, expected) in table {
        let doc = parsed(&format!("<Patient xmlns='http://hl7.org/fhir'>{inner}</Patient>"), Format::Xml);
        let found: Vec<_> = doc.irregularities().iter().map(|i| (i.kind, &*i.name)).collect();
        assert_eq!(found, expected, "{inner}");
    }
}

#[test]
fn what_is_not_json_is_refused_where_it_goes_wrong() {
    let table = [
        ("", "expected a JSON object, but the text ends here", (1, 1)),
        ("[]", "expected a JSON object, found `[`", (1, 1)),
        ("{\"a\": 1,}", "expected a property name in double quotes, found `}`", (1, 9)),
        ("{\"a\" 1}", "expected `:`, found `1`", (1, 6)),
        ("{\"a\": 1 \"b\": 2}", "expected `,` or `}`, found `\"`", (1, 9)),
        ("{\"a\": [1 2]}", "expected `,` or `]`, found `2`", (1, 10)),
        ("{\"a\": 01}", "not a JSON number", (1, 7)),
        ("{\"a\": 1.}", "not a JSON number", (1, 7)),
        ("{\"a\": .5}", "expected a JSON value, found `.`", (1, 7)),
        ("{\"a\": TRUE}", "expected a JSON value, found `T`", (1, 7)),
        ("{\n\"a\": \"x\ny\"}", "control character in a string", (2, 8)),
        ("{\"a\": \"x", "the string does not end", (1, 7)),
        ("{\"a\": \"\\q\"}", "unknown escape in a string", (1, 8)),
        ("{\"a\": \"\\u12\"}", "`\\u` needs four hexadecimal digits", (1, 8)),
        ("{\"a\": \"\\u12é4\"}", "`\\u` needs four hexadecimal digits", (1, 8)),
        ("{\"a\": \"\\ud800\"}", "half of a surrogate pair", (1, 8)),
        ("{\"a\": \"\\ud800\\u0041\"}", "half of a surrogate pair", (1, 8)),
        ("{\"a\": \"\\udc00\"}", "half of a surrogate pair", (1, 8)),
        ("{} {}", "expected the end of the document, found `{`", (1, 4)),
    ];
    for (text, message, at) in table {
        let error = read(text, Format::Json).unwrap_err();
        assert_eq!((&*error.message, (error.position.line, error.position.column)), (message, at), "{text}");
    }
    assert!(read("\u{feff} {}", Format::Json).is_ok(), "a byte-order mark is not content");
}

#[test]
fn what_is_not_xml_is_refused_where_it_goes_wrong() {
    for (text, line) in [
        ("", 1),
        ("<a>", 1),
        ("<a>\n</b>", 2),
        ("<a x='1' x='2'/>", 1),
        ("<a>&nbsp;</a>", 1),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", 1),
        ("<a/><b/>", 1),
        ("<f:a/>", 1),
        ("{}", 1),
    ] {
        let error = read(text, Format::Xml).unwrap_err();
        assert!(error.message.starts_with("not well-formed XML: "), "{text}: {}", error.message);
        assert_eq!(error.position.line, line, "{text}");
    }
}

#[test]
fn nesting_and_size_are_bounded_without_using_the_stack() {
    let deep = 100_000;
    for (text, format) in [
        ("{\"a\":".repeat(deep), Format::Json),
        ("{\"a\":".repeat(deep) + "1" + &"}".repeat(deep), Format::Json),
        (String::from("{\"a\":") + &"[".repeat(deep), Format::Json),
        ("<a>".repeat(deep) + &"</a>".repeat(deep), Format::Xml),
        ("<a>".repeat(deep), Format::Xml),
        ("<a xmlns='http://www.w3.org/1999/xhtml'>".repeat(deep) + &"</a>".repeat(deep), Format::Xml),
        ("<contained><A>".repeat(deep), Format::Xml),
    ] {
        let error = read(text, format).unwrap_err();
        assert_eq!(error.message, "nested deeper than the limit of 200 levels");
    }
    let limits = Limits { bytes: 10, depth: 2 };
    assert!(read_within("{\"a\":{}}".into(), Format::Json, &limits).is_ok());
    let error = read_within("{\"a\": \"bcd\"}".into(), Format::Json, &limits).unwrap_err();
    assert_eq!(error.message, "12 bytes is more than the limit of 10 bytes");
    let limits = Limits { bytes: 1000, depth: 2 };
    assert!(read_within("{\"a\":{\"b\":{}}}".into(), Format::Json, &limits).is_err());
    assert!(read_within("<a><b/></a>".into(), Format::Xml, &limits).is_ok());
    assert!(read_within("<a><b><c/></b></a>".into(), Format::Xml, &limits).is_err());
    let attributes: String = (0..501).map(|i| format!(" a{i}='>'")).collect();
    let error = read(format!("<a{attributes}/>"), Format::Xml).unwrap_err();
    assert_eq!(error.message, "an element with more than 500 attributes");
}

#[test]
fn an_object_with_very_many_names_takes_linear_time() {
    let members: String = (0..60_000).map(|i| format!("\"_a{i}\":{{\"id\":\"i\"}},\"a{i}\":1,")).collect();
    let doc = parsed(&format!("{{{members}\"a0\":2}}"), Format::Json);
    assert_eq!(doc.irregularities().len(), 1, "the duplicate is still seen");
    assert_eq!(doc.root().children().count(), 60_001);
    let back = parsed(&json_of(&doc), Format::Json);
    assert_eq!(back.root().children().count(), 60_001);
}

#[test]
fn narrative_is_one_value_and_always_xml_when_written() {
    let xml_text = "<Patient xmlns=\"http://hl7.org/fhir\"><text><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a<br/>b</p></div></text></Patient>";
    let doc = parsed(xml_text, Format::Xml);
    let div = doc.root().child("text").unwrap().child("div").unwrap();
    assert_eq!(
        (div.kind(), div.value()),
        (Kind::Xhtml, Some("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a<br/>b</p></div>"))
    );
    assert_eq!(parsed(&xml::write(doc.root(), &AsRead), Format::Xml), doc);
    // A prefix is resolved: the value stands alone.
    let prefixed = "<Patient xmlns=\"http://hl7.org/fhir\" xmlns:h=\"http://www.w3.org/1999/xhtml\"><text><h:div><h:p class=\"x&quot;\">a &lt; b</h:p></h:div></text></Patient>";
    let doc = parsed(prefixed, Format::Xml);
    let div = doc.root().child("text").unwrap().child("div").unwrap();
    assert_eq!(
        div.value(),
        Some("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=\"x&quot;\">a &lt; b</p></div>")
    );
    for (markup, expected) in [
        ("<div>a</div>", "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"),
        ("<div>a<br></div>", "<div xmlns=\"http://www.w3.org/1999/xhtml\">&lt;div&gt;a&lt;br&gt;&lt;/div&gt;</div>"),
        ("plain & simple", "<div xmlns=\"http://www.w3.org/1999/xhtml\">plain &amp; simple</div>"),
    ] {
        let mut builder = Builder::resource("Patient", Format::Xml);
        builder.open("text").primitive("div", Kind::Xhtml, markup);
        let written = xml::write(builder.finish().root(), &AsRead);
        let back = parsed(&written, Format::Xml);
        assert_eq!(back.root().child("text").unwrap().child("div").unwrap().value(), Some(expected));
    }
}

/// A tree that every format can say: names, values and a shape that JSON and XML share.
#[derive(Clone, Debug)]
enum Part {
    Value(String, String),
    Extended(String, Option<String>, String),
    Object(String, Vec<Part>),
    Array(String, Vec<Vec<Part>>),
    Resource(String, String, Vec<Part>),
}

fn part() -> impl Strategy<Value = Part> {
    // Not `id` and `url`, which XML has as attributes.
    let name = "[a-h][a-zA-Z0-9]{0,6}";
    // Characters that XML can say; line ends and quotes among them.
    let value = "([ -~é€𝄞\n\t]|&amp;|\\r){0,12}";
    let leaf = prop_oneof![
        (name, value).prop_map(|(n, v)| Part::Value(n, v)),
        (name, proptest::option::of(value), "[a-z0-9]{1,5}").prop_map(|(n, v, id)| Part::Extended(n, v, id)),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let many = prop::collection::vec(inner, 1..5);
        prop_oneof![
            (name, many.clone()).prop_map(|(n, p)| Part::Object(n, p)),
            (name, prop::collection::vec(many.clone(), 1..4)).prop_map(|(n, p)| Part::Array(n, p)),
            (name, "[A-Z][a-z]{0,5}", many).prop_map(|(n, t, p)| Part::Resource(n, t, p)),
        ]
    })
}

/// Builds the parts below the open element; a name is used once, as a second use would be a repetition.
fn build(builder: &mut Builder, parts: &[Part], used: &mut Vec<String>) {
    for part in parts {
        let (Part::Value(name, _)
        | Part::Extended(name, ..)
        | Part::Object(name, _)
        | Part::Array(name, _)
        | Part::Resource(name, ..)) = part;
        if used.contains(name) {
            continue;
        }
        used.push(name.clone());
        let inside = |builder: &mut Builder, parts: &[Part]| build(builder, parts, &mut vec![]);
        match part {
            Part::Value(_, value) => {
                builder.text(name, value);
            }
            Part::Extended(_, value, id) => {
                match value {
                    Some(value) => {
                        let node = builder.push(name, Kind::Text, Default::default());
                        builder.set_decoded_value(node, Kind::Text, value);
                        builder.set_extended(node);
                    }
                    None => {
                        let node = builder.push(name, Kind::Complex, Default::default());
                        builder.set_extended(node);
                    }
                }
                builder.text("id", id);
                builder.close();
            }
            Part::Object(_, parts) => {
                builder.open(name);
                inside(builder, parts);
                builder.close();
            }
            Part::Array(_, items) => {
                for parts in items {
                    builder.open(name);
                    inside(builder, parts);
                    builder.close().array_item();
                }
            }
            Part::Resource(_, resource_type, parts) => {
                builder.open_resource(name, resource_type);
                inside(builder, parts);
                builder.close();
            }
        }
    }
}

proptest! {
    #[test]
    fn a_tree_that_is_written_reads_back_equal(parts in prop::collection::vec(part(), 0..6)) {
        for format in [Format::Json, Format::Xml] {
            let mut builder = Builder::resource("Patient", format);
            build(&mut builder, &parts, &mut vec![]);
            let doc = builder.finish();
            let text = match format {
                Format::Xml => xml::write(doc.root(), &AsRead),
                _ => json_of(&doc),
            };
            let back = read(text.clone(), format).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
            prop_assert_eq!(&back, &doc, "{}", text);
            if format == Format::Json {
                let pretty = json::write(doc.root(), &AsRead, json::Layout::Pretty);
                prop_assert_eq!(&read(pretty.clone(), Format::Json).map_err(|e| TestCaseError::fail(e.message))?, &doc);
                // JSON is YAML, but for the names it forbids in flow style: the two readers agree.
                let yaml = read(pretty.clone(), Format::Yaml).map_err(|e| TestCaseError::fail(format!("{e}: {pretty}")))?;
                prop_assert_eq!(&yaml, &doc, "{}", pretty);
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,80}") {
        for format in [Format::Json, Format::Xml, Format::Yaml] {
            let _ = read(text.clone(), format);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for format in [Format::Json, Format::Xml, Format::Yaml] {
            let _ = read(text.clone(), format);
        }
    }

    #[test]
    fn nothing_that_looks_like_json_makes_a_reader_panic(
        text in r#"\{("(_?[a-c]|resourceType|\\u[0-9a-fd]{2,4}|é)"|[\[\]{}:,]|null|true|-?[0-9.eE]{1,4}|[ \n'&*!|>#?%@`-]){0,40}"#
    ) {
        for format in [Format::Json, Format::Yaml] {
            if let Ok(doc) = read(text.clone(), format) {
                let back = read(json_of(&doc), Format::Json);
                prop_assert!(back.is_ok(), "{} became {}", text, json_of(&doc));
            }
        }
    }

    #[test]
    fn nothing_that_looks_like_yaml_makes_a_reader_panic(
        text in r#"([a-c]: |- |\? |\||>|\|[+-]?[0-9]|"|'|\\[xuUn0 \n]?|[{}\[\],:#&*!%@`~]|---|\.\.\.|é|\t|\n {0,4}|\r|[01.]){0,40}"#
    ) {
        if let Ok(doc) = read(text.clone(), Format::Yaml) {
            for node in doc.root().descendants_and_self() {
                let (span, value) = (node.span(), node.value_span());
                prop_assert!(doc.source().get(span.range()).is_some(), "{:?} in {:?}", span, text);
                prop_assert!(doc.source().get(value.range()).is_some(), "{:?} in {:?}", value, text);
            }
        }
    }

    #[test]
    fn nothing_that_looks_like_xml_makes_a_reader_panic(
        text in r#"<A xmlns="http://hl7.org/fhir">(</?[a-cA]( (value|id|url|xmlns)=['"][^<]{0,3}['"])?/?>|<!--|-->|<!\[CDATA\[|\]\]>|<\?|&(amp|#x41|lt);|[é a]){0,20}(</A>)?"#
    ) {
        if let Ok(doc) = read(text.clone(), Format::Xml) {
            let written = xml::write(doc.root(), &AsRead);
            prop_assert!(read(written.clone(), Format::Xml).is_ok(), "{} became {}", text, written);
        }
    }
}
