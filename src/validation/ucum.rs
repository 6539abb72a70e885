//! The form of UCUM codes (<https://ucum.org/ucum#section-Syntax-Rules>): terms of units with exponents and
//! annotations. Which units there are is not asked: a well-formed code may still name none.

/// Why a text has not the form of a UCUM code; None when it has.
pub(super) fn fault(code: &str) -> Option<&'static str> {
    if code.is_empty() {
        return Some("it is empty");
    }
    if let Some(stray) = code.chars().find(|c| !c.is_ascii_graphic()) {
        return Some(if stray.is_whitespace() { "it holds white space" } else { "it holds a character outside ASCII" });
    }
    let mut rest = code.strip_prefix('/').unwrap_or(code);
    match term(&mut rest, 0) {
        Err(why) => Some(why),
        Ok(()) if rest.is_empty() => None,
        Ok(()) => Some("a bracket is closed that was not opened"),
    }
}

/// Brackets within each other; deeper is no unit anybody measures in.
const DEEPEST: usize = 16;

/// Components with `.` or `/` between them.
fn term(rest: &mut &str, depth: usize) -> Result<(), &'static str> {
    if depth > DEEPEST {
        return Err("its brackets go too deep");
    }
    loop {
        component(rest, depth)?;
        match rest.as_bytes().first() {
            Some(b'.' | b'/') => *rest = &rest[1..],
            _ => return Ok(()),
        }
    }
}

/// A unit with its exponent and annotation, a term in brackets, or a number.
fn component(rest: &mut &str, depth: usize) -> Result<(), &'static str> {
    if let Some(inner) = rest.strip_prefix('(') {
        *rest = inner;
        term(rest, depth + 1)?;
        *rest = rest.strip_prefix(')').ok_or("a bracket is not closed")?;
        return annotation(rest).map(drop);
    }
    let length = symbol(rest)?;
    *rest = &rest[length..];
    if !annotation(rest)? && length == 0 {
        return Err("a unit is missing");
    }
    Ok(())
}

/// Bytes of a unit symbol with its exponent: up to an operator, a bracket or an annotation, but whatever is
/// in square brackets (`mm[Hg]`, `[in_i]`).
fn symbol(text: &str) -> Result<usize, &'static str> {
    let mut square = false;
    for (at, c) in text.char_indices() {
        match c {
            '[' if square => return Err("square brackets stand in each other"),
            '[' => square = true,
            ']' if !square => return Err("a square bracket is closed that was not opened"),
            ']' => square = false,
            _ if square => {}
            '.' | '/' | '(' | ')' | '{' => return Ok(at),
            '}' => return Err("an annotation is closed that was not opened"),
            '"' | '=' => return Err("it holds a character that no unit has"),
            _ => {}
        }
    }
    if square { Err("a square bracket is not closed") } else { Ok(text.len()) }
}

/// True when there was one.
fn annotation(rest: &mut &str) -> Result<bool, &'static str> {
    let Some(inner) = rest.strip_prefix('{') else { return Ok(false) };
    let end = inner.find('}').ok_or("an annotation is not closed")?;
    if inner[..end].contains('{') {
        return Err("annotations stand in each other");
    }
    *rest = &inner[end + 1..];
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn codes_have_the_form_of_the_grammar() {
        for code in [
            "1",
            "%",
            "mmol/L",
            "mm[Hg]",
            "kg/m2",
            "10*9/L",
            "/min",
            "{tablet}",
            "mL/min/{1.73_m2}",
            "[IU]/L",
            "Cel",
            "mg/(24.h)",
            "m/s2",
            "ug/kg/h",
            "a",
            "{score}/{total}",
            "10*-3",
            "kg.m/s2",
            "g{creat}",
        ] {
            assert_eq!(fault(code), None, "{code}");
        }
        for code in
            ["", "mm Hg", "mmol//L", "kg/", "°C", "mg/(24.h", "mg)", "[IU", "IU]", "{tablet", "tablet}", ".m", "µg"]
        {
            assert!(fault(code).is_some(), "{code}");
        }
    }

    #[test]
    fn deep_brackets_are_no_crash() {
        assert!(fault(&"(".repeat(100_000)).is_some());
    }
}
