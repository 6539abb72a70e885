//! The outermost structure of a FHIRPath text, so that a failing expression can be taken apart.
//!
//! This is no parser: it finds where the last operator to be applied stands, or the last function
//! called, and says `Other` when in doubt. Whatever it finds is compiled and evaluated on its own.

/// What an expression does last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outline<'t> {
    /// `left operator right`.
    Binary(&'t str, &'t str, &'t str),
    /// `receiver.name(argument)`; the receiver is empty for a function on `$this`.
    Call(&'t str, &'t str, &'t str),
    /// Anything else.
    Other,
}

/// Operators with how strongly they bind, weakest first
/// (<http://hl7.org/fhirpath/N1/#operator-precedence>); those that are not taken apart bind strongest.
const OPERATORS: [(&str, u8); 24] = [
    ("implies", 1),
    ("or", 2),
    ("xor", 2),
    ("and", 3),
    ("in", 4),
    ("contains", 4),
    ("!=", 5),
    ("!~", 5),
    ("<=", 6),
    (">=", 6),
    ("=", 5),
    ("~", 5),
    ("<", 6),
    (">", 6),
    ("|", 7),
    ("is", 8),
    ("as", 8),
    ("+", 9),
    ("-", 9),
    ("&", 9),
    ("*", 10),
    ("/", 10),
    ("div", 10),
    ("mod", 10),
];

/// Operators from here on are not taken apart.
const STRONG: u8 = 7;

/// Finds the outline; parentheses around the whole are looked through.
pub fn outline(text: &str) -> Outline<'_> {
    let text = text.trim();
    let Some(scan) = Scan::of(text) else { return Outline::Other };
    if let Some((0, close)) = scan.first_group
        && close + 1 == text.len()
        && text.starts_with('(')
    {
        return outline(&text[1..close]);
    }
    if let Some((at, operator, binding)) = scan.operator {
        if binding >= STRONG {
            return Outline::Other;
        }
        let (left, right) = (text[..at].trim(), text[at + operator.len()..].trim());
        return if left.is_empty() || right.is_empty() {
            Outline::Other
        } else {
            Outline::Binary(left, operator, right)
        };
    }
    let Some((open, close)) = scan.last_group else { return Outline::Other };
    if close + 1 != text.len() || !text[open..].starts_with('(') {
        return Outline::Other;
    }
    let before = text[..open].trim_end();
    let receiver = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    let name = &before[receiver.len()..];
    let receiver = receiver.trim_end();
    match receiver.strip_suffix('.') {
        _ if name.is_empty() => Outline::Other,
        Some(receiver) => Outline::Call(receiver.trim(), name, text[open + 1..close].trim()),
        None if receiver.is_empty() => Outline::Call("", name, text[open + 1..close].trim()),
        None => Outline::Other,
    }
}

/// What a walk over the text finds outside all brackets.
#[derive(Default)]
struct Scan {
    /// The weakest operator, of equal ones the last: where, which, how strong.
    operator: Option<(usize, &'static str, u8)>,
    first_group: Option<(usize, usize)>,
    last_group: Option<(usize, usize)>,
}

impl Scan {
    /// None when brackets or quotes do not match.
    fn of(text: &str) -> Option<Scan> {
        let mut scan = Scan::default();
        let mut opened: Vec<usize> = vec![];
        // Whether what stands before is something an operator can follow.
        let mut operand = false;
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let next = at + c.len_utf8();
            match c {
                '\'' | '`' | '"' => {
                    at = after_quoted(text, next, c)?;
                    operand = true;
                    continue;
                }
                '(' | '[' | '{' => {
                    opened.push(at);
                    operand = false;
                }
                ')' | ']' | '}' => {
                    let open = opened.pop()?;
                    if opened.is_empty() {
                        scan.first_group.get_or_insert((open, at));
                        scan.last_group = Some((open, at));
                    }
                    operand = true;
                }
                '/' if text[at..].starts_with("//") || text[at..].starts_with("/*") => return None,
                c if c.is_whitespace() => {}
                '.' | ',' => operand = false,
                c if c.is_alphanumeric() || "_$@%".contains(c) => {
                    let word = text[at..].find(|c: char| !c.is_alphanumeric() && !"_$@%".contains(c));
                    let end = word.map_or(text.len(), |w| at + w);
                    let is_operator = operand && scan.note(&text[at..end], at, opened.is_empty());
                    operand = !is_operator;
                    at = end;
                    continue;
                }
                _ => {
                    let symbol = OPERATORS.iter().find(|(o, _)| text[at..].starts_with(o));
                    let (symbol, _) = symbol?;
                    // A sign is no operator between two operands.
                    if operand {
                        scan.note(symbol, at, opened.is_empty());
                    }
                    operand = false;
                    at += symbol.len();
                    continue;
                }
            }
            at = next;
        }
        opened.is_empty().then_some(scan)
    }

    /// Notes an operator; false when the word is none.
    fn note(&mut self, word: &str, at: usize, outermost: bool) -> bool {
        let Some((operator, binding)) = OPERATORS.iter().find(|(o, _)| *o == word) else { return false };
        if outermost && self.operator.is_none_or(|(.., weakest)| *binding <= weakest) {
            self.operator = Some((at, operator, *binding));
        }
        true
    }
}

/// The byte after the closing quote.
fn after_quoted(text: &str, from: usize, quote: char) -> Option<usize> {
    let mut chars = text[from..].char_indices();
    while let Some((i, c)) = chars.next() {
        if c == '\\' {
            chars.next()?;
        } else if c == quote {
            return Some(from + i + c.len_utf8());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outline::*;

    #[test]
    fn the_last_thing_an_expression_does_is_found() {
        for (text, expected) in [
            ("Bundle.entry.all(resource.exists())", Call("Bundle.entry", "all", "resource.exists()")),
            ("(a and b)", Binary("a", "and", "b")),
            ("((a) or (b and c))", Binary("(a)", "or", "(b and c)")),
            ("a and b or c implies d", Binary("a and b or c", "implies", "d")),
            ("a or b and c", Binary("a", "or", "b and c")),
            ("a and b and c", Binary("a and b", "and", "c")),
            ("x.where(code = 'a and b').count() = 3", Binary("x.where(code = 'a and b').count()", "=", "3")),
            ("x.count() >= 3", Binary("x.count()", ">=", "3")),
            ("x.count() in (1 | 2)", Binary("x.count()", "in", "(1 | 2)")),
            ("where(is(Patient).not()).exists()", Call("where(is(Patient).not())", "exists", "")),
            ("exists()", Call("", "exists", "")),
            ("a.contains('x')", Call("a", "contains", "'x'")),
            ("a.contains('x') = false", Binary("a.contains('x')", "=", "false")),
            ("a.matches('it\\'s (')", Call("a", "matches", "'it\\'s ('")),
            ("a + b.toString()", Other),
            ("a is Patient", Other),
            ("a.b[0]", Other),
            ("a and(b)", Binary("a", "and", "(b)")),
            ("(a", Other),
            ("'a", Other),
            ("", Other),
            ("a // b = c", Other),
            ("-1 < x", Binary("-1", "<", "x")),
            ("→exists()", Other),
            ("é.exists()", Call("é", "exists", "")),
        ] {
            assert_eq!(outline(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}", more in "[()\\[\\]'`a-zé→=. /*+-]{0,30}") {
            outline(&text);
            outline(&more);
        }
    }
}
