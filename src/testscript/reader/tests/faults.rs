//! What is wrong with a script, fault by fault.

use super::{problems, with_assert, xml};

#[test]
fn every_fault_has_its_problem_at_its_place() {
    let operation = |inside: &str| xml(&format!("<test><action><operation>{inside}</operation></action></test>"));
    let search = "<type><code value='search'/></type>";
    let table = [
        // The vocabulary.
        (
            xml("<tset/><url value='u'/>"),
            vec![
                "W1014 [<tset/>] `tset` is empty",
                "E1010 [tset] `TestScript` has no element `tset` (expected `test`)",
            ],
        ),
        (
            with_assert("<expresion value='a'/><resource value='P'/>"),
            vec!["E1010 [expresion] `assert` has no element `expresion` (expected `expression`)"],
        ),
        (
            xml("<name value='a'/><name value='b'/>"),
            vec!["E1013 [<name value='b'/>] `TestScript` has more than one `name`"],
        ),
        (
            with_assert("<resource value='P'/><warningOnly value='yes'/>"),
            vec!["E1012 [yes] `warningOnly` of `assert` takes `true` or `false`, not `yes`"],
        ),
        (
            operation(&format!("{search}<origin value='one'/>")),
            vec!["E1012 [one] `origin` of `operation` takes a whole number, not `one`"],
        ),
        (
            xml("<setup value='x'><action><assert><resource value='P'/></assert></action></setup>"),
            vec!["E1012 [x] `setup` of `TestScript` takes elements, not `x`"],
        ),
        // What is missing.
        (xml("<test/>"), vec!["W1014 [<test/>] `test` is empty", "E1011 [test] `test` has no `action`"]),
        (
            xml("<test><action/></test>"),
            vec!["W1014 [<action/>] `action` is empty", "E1011 [action] `action` has no `operation` or `assert`"],
        ),
        (operation("<resource value='P'/>"), vec!["E1011 [operation] `operation` has no `type` or `method`"]),
        (
            operation(&format!("{search}<requestHeader><field value='A'/></requestHeader>")),
            vec!["E1011 [requestHeader] `requestHeader` has no `value`"],
        ),
        (xml("<variable><defaultValue value='a'/></variable>"), vec!["E1011 [variable] `variable` has no `name`"]),
        (
            xml("<fixture id='f'><resource/></fixture>"),
            vec!["E1011 [fixture] `fixture` has no `resource.reference`", "W1014 [<resource/>] `resource` is empty"],
        ),
        (xml("<profile value='http://p'/>"), vec!["E1011 [profile] `profile` has no `id`"]),
        (xml("<origin><url value='u'/></origin>"), vec!["E1011 [origin] `origin` has no `index`"]),
        // Names that mean nothing.
        (
            operation(&format!("{search}<params value='?a=${{x}}&amp;b=${{x}}'/>")),
            vec!["E1020 [${x}] variable `x` is not declared"],
        ),
        (
            operation(&format!("{search}<params value='?a=&lt;&amp;${{DATE, T, D, 1}}'/>")),
            vec!["E1020 [${DATE, T, D, 1}] variable `T` is not declared"],
        ),
        (
            xml(
                "<variable><name value='task-id'/></variable><test><action><assert><expression value='id = &apos;${taskid}&apos;'/></assert></action></test>",
            ),
            vec!["E1020 [${taskid}] variable `taskid` is not declared (expected `task-id`)"],
        ),
        (
            with_assert("<sourceId value='r'/><resource value='P'/>"),
            vec!["E1021 [r] there is no fixture, request or response with id `r`"],
        ),
        (with_assert("<minimumId value='f'/>"), vec!["E1021 [f] there is no fixture, request or response with id `f`"]),
        (
            xml(
                "<profile id='Bundle' value='http://b'/><test><action><assert><validateProfileId value='bundle'/></assert></action></test>",
            ),
            vec!["E1022 [bundle] there is no profile with id `bundle` (expected `Bundle`)"],
        ),
        (
            operation(&format!("{search}<destination value='2'/>")),
            vec!["E1025 [2] there is no destination with index `2`"],
        ),
        (
            xml("<fixture id='f'><resource><reference value='no.xml'/></resource></fixture>"),
            vec!["E1024 [no.xml] fixture `f`: `no.xml` does not exist"],
        ),
        (
            xml("<variable><name value='v'/></variable><variable><name value='v'/></variable>"),
            vec!["E1013 [variable] there is more than one variable called `v`"],
        ),
        // Codes.
        (
            operation("<type><code value='serach'/></type>"),
            vec!["W1030 [serach] keur does not know operation `serach` (expected `search`)"],
        ),
        (
            operation("<type><system value='http://x'/><code value='read'/></type>"),
            vec!["W1030 [read] keur does not know operation `read` of `http://x` (expected `read`)"],
        ),
        (
            operation("<method value='FETCH'/><type><code value='read'/></type>"),
            vec!["E1012 [FETCH] `method` takes an HTTP method, not `FETCH`"],
        ),
        (
            with_assert("<resource value='P'/><operator value='equal'/>"),
            vec!["E1031 [equal] there is no operator `equal` (expected `equals`)"],
        ),
        (
            with_assert("<resource value='P'/><direction value='respons'/>"),
            vec!["E1012 [respons] `direction` has no code `respons` (expected `response`)"],
        ),
        (with_assert("<response value='ok'/>"), vec!["E1012 [ok] `response` has no code `ok`"]),
        // Checks.
        (with_assert("<value value='a'/>"), vec!["W1033 [assert] `assert` checks nothing"]),
        (
            with_assert("<resource value='P'/><responseCode value='200'/>"),
            vec!["E1034 [assert] `assert` has both `responseCode` and `resource`"],
        ),
        (with_assert("<path value='/a'/>"), vec!["W1035 [/a] keur does not evaluate `path`"]),
        (
            with_assert("<compareToSourceId value='f'/><compareToSourceExpression value='a'/><expression value='b'/>"),
            vec!["W1035 [f] keur does not evaluate `compareToSourceId`"],
        ),
        (with_assert("<navigationLinks value='false'/><resource value='P'/>"), vec![]),
        // Extensions.
        (
            with_assert("<extension url='http://x'><valueBoolean value='true'/></extension><resource value='P'/>"),
            vec!["W1041 [http://x] keur does not know extension `http://x` on `assert`"],
        ),
        (
            xml("<modifierExtension url='http://x'/>"),
            vec![
                "E1042 [<modifierExtension url='http://x'/>] `TestScript` has a modifier extension keur does not know: `http://x`",
            ],
        ),
    ];
    let mut differ = vec![];
    for (text, wanted) in table {
        let found = problems(&[("s.xml", &text)]);
        if found != wanted {
            differ.push(format!("{text}\n  found {found:#?}\n  wanted {wanted:#?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
