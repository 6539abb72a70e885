//! What is and is not an expression, and where errors point.

use super::check;
use crate::fhirpath::Expression;

#[test]
fn errors_point_into_the_expression() {
    let table = [
        ("", "the expression is empty", ""),
        ("Bundle.", "expected a name, but the expression ends here", ""),
        ("Bundle.entry.wher(id = 'a')", "there is no function `wher`", "wher"),
        ("a = 'x", "the string is not closed", "'x"),
        ("a b", "expected an operator or the end of the expression, found `b`", "b"),
        ("a.where()", "`where` takes one argument, not 0", "where()"),
        ("a.substring(1, 2, 3)", "`substring` takes 1 to 2 arguments, not 3", "substring(1, 2, 3)"),
        ("a = @2020-13-01", "`@2020-13-01` is not a date or time", "@2020-13-01"),
        ("a = 'b\\x'", "`\\x` is not an escape of FHIRPath", "\\x"),
        ("a.matches('[')", "not a regular expression: unclosed character class", "'['"),
        ("a $ b", "expected an operator or the end of the expression, found `$`", "$"),
        ("$that", "`$that` does not exist", "$that"),
        ("/* a", "the comment is not closed", "/* a"),
        ("a = \"b\"", "`\"` does not start anything in FHIRPath", "\""),
        ("é.a", "`é` has no meaning in FHIRPath", "é"),
        ("(a", "expected `)`, but the expression ends here", ""),
        ("a[0", "expected `]`, but the expression ends here", ""),
    ];
    for (text, message, part) in table {
        match Expression::parse(text) {
            Ok(_) => panic!("`{text}` should be wrong"),
            Err(error) => {
                assert_eq!(error.message, message, "{text}");
                assert_eq!(text.get(error.span.range()), Some(part), "{text}");
            }
        }
    }
}

#[test]
fn a_misspelt_function_is_recognised() {
    let remedy = |text: &str| Expression::parse(text).err().and_then(|e| e.remedy);
    assert_eq!(remedy("a.startswith('b')").as_deref(), Some("did you mean `startsWith`?"));
    assert_eq!(remedy("a.exist()").as_deref(), Some("did you mean `exists`?"));
    assert_eq!(remedy("a.zzz()"), None);
}

#[test]
fn operators_bind_as_the_specification_says() {
    check(&[
        ("1 + 2 * 3", "[7]"),
        ("-1 + 2", "[1]"),
        ("-1.toString()", "Type: a sign does not go with `string`"),
        ("1 | 2 = 1 | 2", "[true]"),
        ("true or false and false", "[true]"),
        ("false implies false or false", "[true]"),
        ("1 + 1 is Integer", "[true]"),
        ("(1 | 1 is Integer).count()", "[2]"),
        ("7 div 2 & 'x'", "[3x]"),
        ("4 > 3 = true", "[true]"),
    ]);
}

#[test]
fn keywords_are_names_where_no_operator_can_stand() {
    check(&[
        ("Bundle.entry[0].resource.text.div.exists()", "[true]"),
        ("Bundle.contains", "[]"),
        ("contains.in.is.as.div.mod", "[]"),
        ("`Bundle`.`type`", "[searchset]"),
    ]);
}

#[test]
fn comments_and_spaces_do_not_count() {
    check(&[("Bundle /* a * b */ . // c\n type", "[searchset]"), ("1+/**/1", "[2]")]);
}

#[test]
fn strings_resolve_their_escapes() {
    check(&[("'a\\'b\\\\c\\/d'", "[a'b\\c/d]"), ("'\\u0041\\t'.length()", "[2]"), ("'P\\u00e9'", "[Pé]")]);
}

#[test]
fn nesting_is_limited_and_not_by_a_crash() {
    // Threads of tests have less room than the threads that scripts are loaded in.
    let room = std::thread::Builder::new().stack_size(8 << 20);
    room.spawn(deep_nesting).expect("a thread").join().expect("no panic");
}

fn deep_nesting() {
    let chains = [
        "(".repeat(10_000),
        format!("{}a", "-".repeat(10_000)),
        format!("a{}", ".a".repeat(10_000)),
        format!("a{}", "[0]".repeat(10_000)),
        vec!["a"; 10_000].join(" and "),
        format!("{}a{}", "a.where(".repeat(10_000), ")".repeat(10_000)),
        format!("a{}", " is A".repeat(10_000)),
    ];
    for text in chains {
        let error = Expression::parse(&text).err().map(|e| e.message);
        assert_eq!(error.as_deref(), Some("the expression nests deeper than 250 levels"));
    }
    assert!(Expression::parse(&vec!["a.b = 'c'"; 200].join(" and ")).is_ok());
}
