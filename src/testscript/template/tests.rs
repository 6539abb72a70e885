use super::*;
use crate::testscript::scope::{Circumstances, Variables, Why};

fn clock() -> Circumstances {
    let now = "2026-03-31T23:15:30+02:00[+02:00]".parse().expect("a date");
    Circumstances::fixed(now, 7)
}

fn only(text: &str) -> Placeholder {
    match &Template::parse(text).parts[..] {
        [Part::Placeholder(placeholder, _)] => placeholder.clone(),
        parts => panic!("{text}: {parts:?}"),
    }
}

#[test]
fn every_spelling_of_a_placeholder_is_read() {
    let relative = |time, offsets: &[(TimeUnit, i64)]| Placeholder::Relative {
        time,
        variable: "T".to_owned(),
        offsets: offsets.to_vec(),
    };
    let random = |length, letters, digits, per_run| Placeholder::Random { length, letters, digits, per_run };
    let table = [
        ("${task-id}", Placeholder::Variable("task-id".into())),
        ("${ T }", Placeholder::Variable("T".into())),
        ("${CURRENTDATE}", Placeholder::Current { time: false, offsets: vec![] }),
        ("${CURRENTDATETIME}", Placeholder::Current { time: true, offsets: vec![] }),
        ("${CURRENTDATE,M,-14}", Placeholder::Current { time: false, offsets: vec![(TimeUnit::Month, -14)] }),
        (
            "${CURRENTDATETIME, yy, 1, mm, -30}",
            Placeholder::Current { time: true, offsets: vec![(TimeUnit::Year, 1), (TimeUnit::Minute, -30)] },
        ),
        ("${DATE, T, D,-21}", relative(false, &[(TimeUnit::Day, -21)])),
        ("${DATE,T, d, 25}", relative(false, &[(TimeUnit::Day, 25)])),
        ("${DATE, T, D, -0}", relative(false, &[(TimeUnit::Day, 0)])),
        ("${DATE, T, Y, +3}", relative(false, &[(TimeUnit::Year, 3)])),
        ("${DATE, T, y, - 3}", relative(false, &[(TimeUnit::Year, -3)])),
        ("${DATE, T}", relative(false, &[])),
        ("${DATETIME, T, H, 2}", relative(true, &[(TimeUnit::Hour, 2)])),
        ("${UUID}", Placeholder::Uuid { st: false, dashes: true }),
        ("${UUID-ST}", Placeholder::Uuid { st: true, dashes: true }),
        ("${UUID-ST-NODASH}", Placeholder::Uuid { st: true, dashes: false }),
        ("${CD6}", random(6, true, true, true)),
        ("${C1}", random(1, true, false, true)),
        ("${D20}", random(20, false, true, true)),
        ("${RANDOM-10}", random(10, true, true, false)),
        // None of these is a built-in.
        ("${D21}", Placeholder::Variable("D21".into())),
        ("${CD0}", Placeholder::Variable("CD0".into())),
        ("${D}", Placeholder::Variable("D".into())),
        ("${C+1}", Placeholder::Variable("C+1".into())),
        ("${uuid}", Placeholder::Variable("uuid".into())),
        ("${DATE}", Placeholder::Variable("DATE".into())),
        ("${DATE, T, W, 1}", Placeholder::Variable("DATE, T, W, 1".into())),
        ("${DATE, T, D}", Placeholder::Variable("DATE, T, D".into())),
        ("${DATE, T, D, 99999999999999999999}", Placeholder::Variable("DATE, T, D, 99999999999999999999".into())),
    ];
    for (text, wanted) in table {
        assert_eq!(only(text), wanted, "{text}");
    }
}

#[test]
fn parts_cover_the_text_whatever_it_is() {
    for text in ["", "a", "${a}", "a${b}c${d}", "${", "${}", "${a", "$ {a}", "é${x}é", "${}${x}", "$${x}}"] {
        let template = Template::parse(text);
        let covered: String = template
            .parts
            .iter()
            .map(|part| match part {
                Part::Literal(span) | Part::Placeholder(_, span) => &text[span.range()],
            })
            .collect();
        assert_eq!(covered, text);
    }
    assert!(Template::parse("${} and ${ open").is_literal());
}

#[test]
fn dates_are_counted_with_the_month_clamped() {
    let circumstances = clock();
    let mut scope = Variables::new(&circumstances);
    scope.set("T", "2024-01-31");
    scope.set("now", "2024-02-29T08:00:00+01:00");
    scope.set("local", "2024-02-29T08:00:00");
    let table = [
        ("${CURRENTDATE}", "2026-03-31"),
        ("${CURRENTDATETIME}", "2026-03-31T23:15:30+02:00"),
        ("${CURRENTDATE,H,1}", "2026-04-01"),
        ("${CURRENTDATE,M,-1}", "2026-02-28"),
        ("${CURRENTDATE,M,-1,D,1}", "2026-03-01"),
        ("${DATE, T, D,-31}", "2023-12-31"),
        ("${DATE, T, M,+1}", "2024-02-29"),
        ("${DATE, T, Y, 1}", "2025-01-31"),
        // Without an offset the value is used as it is.
        ("${DATE, T}", "2024-01-31"),
        ("${DATE, now}", "2024-02-29T08:00:00+01:00"),
        ("${DATE, T, D, -4}T08:00:00+02:00", "2024-01-27T08:00:00+02:00"),
        ("${DATE, now, y, 1}", "2025-02-28"),
        ("${DATETIME, now, D, -0}", "2024-02-29T08:00:00+01:00"),
        ("${DATETIME, local, m, -1}", "2024-02-29T07:59:00+02:00"),
        ("${DATETIME, T, D, 1}", "2024-02-01T00:00:00+02:00"),
    ];
    for (text, wanted) in table {
        assert_eq!(Template::parse(text).resolve(&scope).as_deref(), Ok(wanted), "{text}");
    }
}

#[test]
fn everything_without_a_value_is_named_with_its_place() {
    let circumstances = clock();
    let mut scope = Variables::new(&circumstances);
    scope.set("year", "2024");
    scope.set("T", "2024-01-31");
    let text = "a ${x} ${DATE, year, D, 1} ${T} ${DATE, y, D, 1} ${DATE, T, Y, 9000000}";
    let unresolved = Template::parse(text).resolve(&scope).expect_err("values are missing");
    let found: Vec<_> = unresolved.missing.iter().map(|m| (&text[m.span.range()], m.name.as_str(), &m.why)).collect();
    assert_eq!(
        found,
        [
            ("${x}", "x", &Why::NoValue),
            ("${DATE, year, D, 1}", "year", &Why::NotADate("2024".into())),
            ("${DATE, y, D, 1}", "y", &Why::NoValue),
            ("${DATE, T, Y, 9000000}", "T", &Why::OutOfRange),
        ]
    );
    assert!(unresolved.to_string().starts_with("variable `x` has no value; variable `year` holds `2024`"));
}

#[test]
fn chance_is_new_each_time_or_kept_through_the_run_and_can_be_repeated() {
    let resolve = |c: &Circumstances, text: &str| {
        Template::parse(text).resolve(&Variables::new(c)).expect("nothing is missing").into_owned()
    };
    let (one, other) = (clock(), clock());
    let uuid = resolve(&one, "${UUID}");
    assert_eq!(uuid.len(), 36);
    assert_eq!(uuid.as_bytes()[14], b'4', "version 4");
    assert_ne!(uuid, resolve(&one, "${UUID}"));
    assert_eq!(uuid, resolve(&other, "${UUID}"), "same seed, same values");
    assert!(resolve(&one, "${UUID-ST}").starts_with("urn:uuid:"));
    assert_eq!(resolve(&one, "${UUID-NODASH}").len(), 32);
    assert_eq!(resolve(&one, "${CD6}"), resolve(&one, "${CD6}"));
    assert_ne!(resolve(&one, "${RANDOM-10}"), resolve(&one, "${RANDOM-10}"));
    assert!(resolve(&one, "${D12}").bytes().all(|b| b.is_ascii_digit()));
    assert!(resolve(&one, "${C12}").bytes().all(|b| b.is_ascii_alphabetic()));
    assert_ne!(Circumstances::live().uuid(), Circumstances::live().uuid());
}

#[test]
fn a_text_without_placeholders_is_borrowed() {
    let circumstances = clock();
    let template = Template::parse("Bundle.entry");
    assert!(matches!(template.resolve(&Variables::new(&circumstances)), Ok(Cow::Borrowed("Bundle.entry"))));
}
