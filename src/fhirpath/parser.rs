//! Tokens to a tree, by operator precedence (<http://hl7.org/fhirpath/N1/#formal-specifications>).
//!
//! All that can be known without a document is settled here: functions exist and have the arguments
//! they need, dates are dates, literal regular expressions compile.

use std::sync::Arc;

use super::Expression;
use super::error::SyntaxError;
use super::function::{Function, Parameter};
use super::lexer::{Token, TokenKind, tokens, unquote};
use super::pattern::Pattern;
use super::tree::{
    Argument, BinaryOperator, Call, Node, Operation, SIGN_BINDING, Slot, TYPE_BINDING, TypeSpecifier, Variable,
};
use super::value::{CalendarUnit, Quantity, Temporal, TemporalKind, Unit, Value, parse_decimal};
use crate::fhir::Span;

/// Deepest nesting of an expression; the evaluator uses stack for each level.
const MAX_HEIGHT: u16 = 250;

pub(super) fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, names: vec![], types: vec![] };
    if parser.peek().kind == TokenKind::End {
        return Err(SyntaxError::new("the expression is empty", parser.peek().span));
    }
    let root = parser.expression(0)?;
    if parser.peek().kind != TokenKind::End {
        return Err(parser.unexpected("an operator or the end of the expression"));
    }
    Ok(Expression { text: Arc::from(text), root, names: parser.names, types: parser.types })
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    depth: u16,
    names: Vec<Box<str>>,
    types: Vec<TypeSpecifier>,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Token {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> Token {
        let end = Token { kind: TokenKind::End, span: Span::new(self.text.len(), self.text.len()) };
        self.tokens.get(self.at + count).copied().unwrap_or(end)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn source(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Symbol(s) if s == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<Token, SyntaxError> {
        if self.is_symbol(symbol) { Ok(self.next()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let token = self.peek();
        match token.kind {
            TokenKind::End => SyntaxError::new(format!("expected {wanted}, but the expression ends here"), token.span),
            _ => SyntaxError::new(format!("expected {wanted}, found `{}`", self.source(token.span)), token.span),
        }
    }

    fn node(&self, operation: Operation, span: Span) -> Result<Node, SyntaxError> {
        let below = match &operation {
            Operation::Step { receiver: Some(node), .. } | Operation::Sign { operand: node, .. } => node.height,
            Operation::Is(node, _) | Operation::As(node, _) => node.height,
            Operation::At(pair) | Operation::Binary(_, pair) => pair[0].height.max(pair[1].height),
            Operation::Call(call) => {
                let arguments =
                    call.arguments.iter().map(|a| if let Argument::Expression(n) = a { n.height } else { 0 });
                arguments.chain(call.receiver.iter().map(|r| r.height)).max().unwrap_or(0)
            }
            _ => 0,
        };
        match below + 1 {
            height if height > MAX_HEIGHT => Err(too_deep(span)),
            height => Ok(Node { operation, span, height }),
        }
    }

    /// An expression of operators that bind more strongly than `binding`.
    fn expression(&mut self, binding: u8) -> Result<Node, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_HEIGHT {
            return Err(too_deep(self.peek().span));
        }
        let mut left = self.signed()?;
        while let Some((operator, strength)) = self.operator() {
            if strength <= binding {
                break;
            }
            self.at += 1;
            left = match operator {
                Infix::Binary(operator) => {
                    let right = self.expression(strength)?;
                    let span = Span::new(left.span.start(), right.span.end());
                    self.node(Operation::Binary(operator, Box::new([left, right])), span)?
                }
                Infix::Is | Infix::As => {
                    let (slot, end) = self.type_specifier()?;
                    let span = Span::new(left.span.start(), end);
                    let left = Box::new(left);
                    let is = matches!(operator, Infix::Is);
                    self.node(if is { Operation::Is(left, slot) } else { Operation::As(left, slot) }, span)?
                }
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(Infix, u8)> {
        let token = self.peek();
        let text = match token.kind {
            TokenKind::Word => self.source(token.span),
            TokenKind::Symbol(symbol) => symbol,
            _ => return None,
        };
        match text {
            "is" => Some((Infix::Is, TYPE_BINDING)),
            "as" => Some((Infix::As, TYPE_BINDING)),
            _ => BinaryOperator::TABLE.iter().find(|(s, ..)| *s == text).map(|(_, o, b)| (Infix::Binary(*o), *b)),
        }
    }

    fn signed(&mut self) -> Result<Node, SyntaxError> {
        let negative = self.is_symbol("-");
        if !negative && !self.is_symbol("+") {
            return self.invocations();
        }
        let start = self.next().span.start();
        let operand = Box::new(self.expression(SIGN_BINDING)?);
        let span = Span::new(start, operand.span.end());
        self.node(Operation::Sign { negative, operand }, span)
    }

    /// A term and what follows it: `.name`, `.name(…)`, `[…]`.
    fn invocations(&mut self) -> Result<Node, SyntaxError> {
        let mut node = self.term()?;
        loop {
            if self.eat(".") {
                node = self.invocation(Some(node))?;
            } else if self.eat("[") {
                let index = self.expression(0)?;
                let end = self.expect("]")?.span.end();
                let span = Span::new(node.span.start(), end);
                node = self.node(Operation::At(Box::new([node, index])), span)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn term(&mut self) -> Result<Node, SyntaxError> {
        let Token { kind, span } = self.peek();
        match kind {
            TokenKind::Symbol("(") => {
                self.at += 1;
                let mut inner = self.expression(0)?;
                let end = self.expect(")")?.span.end();
                inner.span = Span::new(span.start(), end);
                Ok(inner)
            }
            TokenKind::Symbol("{") => {
                self.at += 1;
                let end = self.expect("}")?.span.end();
                self.node(Operation::Empty, Span::new(span.start(), end))
            }
            TokenKind::Symbol("%") => self.variable(),
            TokenKind::Special => {
                self.at += 1;
                let operation = match self.source(span) {
                    "$this" => Operation::This,
                    "$index" => Operation::Index,
                    "$total" => Operation::Total,
                    other => {
                        return Err(SyntaxError::new(format!("`{other}` does not exist"), span)
                            .remedy("there are `$this`, `$index` and `$total`"));
                    }
                };
                self.node(operation, span)
            }
            TokenKind::Word if matches!(self.source(span), "true" | "false") => {
                self.at += 1;
                self.node(Operation::Literal(Value::Boolean(self.source(span) == "true")), span)
            }
            TokenKind::Word | TokenKind::QuotedName => self.invocation(None),
            TokenKind::Text => {
                self.at += 1;
                let text = unquote(self.text, span)?;
                self.node(Operation::Literal(Value::String(text.into())), span)
            }
            TokenKind::Integer | TokenKind::Decimal => self.number(),
            TokenKind::DateTime | TokenKind::Time => self.temporal(),
            TokenKind::Symbol(_) | TokenKind::End => Err(self.unexpected("a value or a name")),
        }
    }

    fn variable(&mut self) -> Result<Node, SyntaxError> {
        let start = self.next().span.start();
        let token = self.next();
        let name = match token.kind {
            TokenKind::Word => self.source(token.span).to_owned(),
            TokenKind::QuotedName | TokenKind::Text => unquote(self.text, token.span)?,
            _ => {
                self.at -= 1;
                return Err(self.unexpected("the name of a variable"));
            }
        };
        let span = Span::new(start, token.span.end());
        self.node(Operation::Variable(Variable::named(&name)), span)
    }

    fn number(&mut self) -> Result<Node, SyntaxError> {
        let Token { kind, span } = self.next();
        let text = self.source(span);
        let too_long = || SyntaxError::new(format!("`{text}` has more digits than can be calculated with"), span);
        let unit = self.peek();
        let quantity = match unit.kind {
            TokenKind::Text => Some(Unit::Code(unquote(self.text, unit.span)?.into())),
            TokenKind::Word => {
                let word = self.source(unit.span);
                CalendarUnit::named(word).map(|u| Unit::Calendar(u, word.into()))
            }
            _ => None,
        };
        if let Some(unit_of) = quantity {
            self.at += 1;
            let value = parse_decimal(text).ok_or_else(too_long)?;
            let quantity = Box::new(Quantity { value, unit: unit_of });
            let span = Span::new(span.start(), unit.span.end());
            return self.node(Operation::Literal(Value::Quantity(quantity)), span);
        }
        let value = match kind {
            TokenKind::Integer => Value::Integer(text.parse().map_err(|_| too_long())?),
            _ => Value::Decimal(parse_decimal(text).ok_or_else(too_long)?),
        };
        self.node(Operation::Literal(value), span)
    }

    fn temporal(&mut self) -> Result<Node, SyntaxError> {
        let Token { kind, span } = self.next();
        let text = self.source(span).trim_start_matches('@');
        let (kind, text, example) = match kind {
            TokenKind::Time => (TemporalKind::Time, text.trim_start_matches('T'), "@T14:30:00"),
            _ if text.contains('T') => (TemporalKind::DateTime, text, "@2015-02-04T14:30:00+01:00"),
            _ => (TemporalKind::Date, text, "@2015-02-04"),
        };
        match Temporal::parse(kind, text) {
            Some(temporal) => self.node(Operation::Literal(Value::Temporal(temporal)), span),
            None => Err(SyntaxError::new(format!("`{}` is not a date or time", self.source(span)), span)
                .remedy(format!("write it like `{example}`"))),
        }
    }

    fn name(&mut self) -> Result<(String, Span), SyntaxError> {
        let token = self.peek();
        let name = match token.kind {
            TokenKind::Word => self.source(token.span).to_owned(),
            TokenKind::QuotedName => unquote(self.text, token.span)?,
            _ => return Err(self.unexpected("a name")),
        };
        self.at += 1;
        Ok((name, token.span))
    }

    /// A name or function call, of `receiver` where there is one.
    fn invocation(&mut self, receiver: Option<Node>) -> Result<Node, SyntaxError> {
        let special = self.peek();
        if special.kind == TokenKind::Special && receiver.is_some() {
            return Err(SyntaxError::new(format!("`{}` cannot follow a `.`", self.source(special.span)), special.span));
        }
        let (name, name_span) = self.name()?;
        let start = receiver.as_ref().map_or(name_span, |r| r.span).start();
        if self.is_symbol("(") {
            return self.call(receiver, &name, name_span);
        }
        let starts_upper = name.starts_with(|c: char| c.is_ascii_uppercase());
        let root_type =
            (receiver.is_none() && starts_upper).then(|| TypeSpecifier { namespace: None, name: name.as_str().into() });
        let root_type = root_type.map(|t| self.type_slot(t)).transpose()?;
        let name = self.name_slot(&name)?;
        let span = Span::new(start, name_span.end());
        self.node(Operation::Step { receiver: receiver.map(Box::new), name, root_type }, span)
    }

    fn call(&mut self, receiver: Option<Node>, name: &str, name_span: Span) -> Result<Node, SyntaxError> {
        let Some(function) = Function::named(name) else {
            let error = SyntaxError::new(format!("there is no function `{name}`"), name_span);
            return Err(match Function::nearest(name) {
                Some(near) => error.remedy(format!("did you mean `{}`?", near.name)),
                None => error,
            });
        };
        self.expect("(")?;
        let mut arguments = vec![];
        if !self.is_symbol(")") {
            loop {
                let parameter = function.parameter(arguments.len());
                arguments.push(self.argument(parameter, function)?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        let end = self.expect(")")?.span.end();
        let span = Span::new(name_span.start(), end);
        if !function.takes(arguments.len()) {
            let message = format!("`{name}` takes {}, not {}", function.arity(), arguments.len());
            return Err(SyntaxError::new(message, span));
        }
        let start = receiver.as_ref().map_or(name_span, |r| r.span).start();
        let call = Call { function, receiver, arguments, span };
        self.node(Operation::Call(Box::new(call)), Span::new(start, end))
    }

    fn argument(&mut self, parameter: Option<Parameter>, function: &Function) -> Result<Argument, SyntaxError> {
        if parameter == Some(Parameter::Type) {
            return Ok(Argument::Type(self.type_specifier()?.0));
        }
        let node = self.expression(0)?;
        match (parameter, &node.operation) {
            (Some(Parameter::Pattern { whole }), Operation::Literal(Value::String(text))) => {
                Pattern::new(text, whole).map(Argument::Pattern).map_err(|reason| {
                    SyntaxError::new(reason, node.span)
                        .remedy(format!("`{}` takes a regular expression without look-around", function.name))
                })
            }
            _ => Ok(Argument::Expression(node)),
        }
    }

    fn type_specifier(&mut self) -> Result<(Slot, usize), SyntaxError> {
        let (first, span) = self.name()?;
        let qualified = self.is_symbol(".")
            && matches!(self.ahead(1).kind, TokenKind::Word | TokenKind::QuotedName)
            && !matches!(self.ahead(2).kind, TokenKind::Symbol("("));
        if !qualified {
            return Ok((self.type_slot(TypeSpecifier { namespace: None, name: first.into() })?, span.end()));
        }
        self.at += 1;
        let (name, span) = self.name()?;
        let specifier = TypeSpecifier { namespace: Some(first.into()), name: name.into() };
        Ok((self.type_slot(specifier)?, span.end()))
    }

    fn name_slot(&mut self, name: &str) -> Result<Slot, SyntaxError> {
        let at = self.names.iter().position(|n| &**n == name).unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len() - 1
        });
        Slot::try_from(at).map_err(|_| too_deep(self.peek().span))
    }

    fn type_slot(&mut self, specifier: TypeSpecifier) -> Result<Slot, SyntaxError> {
        let at = self.types.iter().position(|t| *t == specifier).unwrap_or_else(|| {
            self.types.push(specifier);
            self.types.len() - 1
        });
        Slot::try_from(at).map_err(|_| too_deep(self.peek().span))
    }
}

enum Infix {
    Binary(BinaryOperator),
    Is,
    As,
}

fn too_deep(span: Span) -> SyntaxError {
    SyntaxError::new(format!("the expression nests deeper than {MAX_HEIGHT} levels"), span)
        .remedy("split it into several expressions")
}
