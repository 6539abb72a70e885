//! A parsed expression: what the parser makes, the analysis reads and the evaluator walks.
//!
//! Names of elements and types are numbers here (slots), so that an evaluation looks each of them up
//! once, however often the expression meets it.

use super::function::Function;
use super::value::Value;
use crate::fhir::Span;

/// An expression or a part of one.
#[derive(Debug)]
pub(super) struct Node {
    pub operation: Operation,
    /// All of its text.
    pub span: Span,
    /// How deep it nests, itself included.
    pub height: u16,
}

/// An index into [`super::Expression`]'s names or types.
pub(super) type Slot = u16;

/// What a node does.
#[derive(Debug)]
pub(super) enum Operation {
    /// `{}`.
    Empty,
    /// A literal.
    Literal(Value<'static>),
    /// `$this`.
    This,
    /// `$index`.
    Index,
    /// `$total`.
    Total,
    /// `%name`.
    Variable(Variable),
    /// A name: an element of the receiver, or a type where an expression starts with it.
    Step { receiver: Option<Box<Node>>, name: Slot, root_type: Option<Slot> },
    /// `name(…)`.
    Call(Box<Call>),
    /// `receiver[index]`.
    At(Box<[Node; 2]>),
    /// `-x`, `+x`.
    Sign { negative: bool, operand: Box<Node> },
    /// `x is T`.
    Is(Box<Node>, Slot),
    /// `x as T`.
    As(Box<Node>, Slot),
    /// `x + y` and its like.
    Binary(BinaryOperator, Box<[Node; 2]>),
}

/// A function called.
#[derive(Debug)]
pub(super) struct Call {
    pub function: &'static Function,
    /// None where it works on `$this`.
    pub receiver: Option<Node>,
    pub arguments: Vec<Argument>,
    /// From the function's name to its closing parenthesis.
    pub span: Span,
}

/// An argument, as prepared as it can be.
#[derive(Debug)]
pub(super) enum Argument {
    /// Evaluated at each call.
    Expression(Node),
    /// A type.
    Type(Slot),
    /// A regular expression that was a literal.
    Pattern(super::pattern::Pattern),
}

/// What stands after `%`.
#[derive(Debug)]
pub(super) enum Variable {
    /// The element the evaluation started with.
    Context,
    /// The resource that holds it.
    Resource,
    /// The resource that holds that resource, if it is a contained one.
    RootResource,
    /// One whose value the specification gives.
    Constant(Box<str>),
    /// One that the caller must give.
    Named(Box<str>),
}

/// Operators between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BinaryOperator {
    Implies,
    Or,
    Xor,
    And,
    In,
    Contains,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Union,
    Add,
    Subtract,
    Concatenate,
    Multiply,
    Divide,
    Div,
    Mod,
}

impl BinaryOperator {
    /// Every operator as it is written, and how strongly it binds
    /// (<http://hl7.org/fhirpath/N1/#operator-precedence>).
    pub(super) const TABLE: [(&'static str, BinaryOperator, u8); 22] = [
        ("implies", BinaryOperator::Implies, 1),
        ("or", BinaryOperator::Or, 2),
        ("xor", BinaryOperator::Xor, 2),
        ("and", BinaryOperator::And, 3),
        ("in", BinaryOperator::In, 4),
        ("contains", BinaryOperator::Contains, 4),
        ("=", BinaryOperator::Equal, 5),
        ("!=", BinaryOperator::NotEqual, 5),
        ("~", BinaryOperator::Equivalent, 5),
        ("!~", BinaryOperator::NotEquivalent, 5),
        ("<", BinaryOperator::Less, 6),
        ("<=", BinaryOperator::LessOrEqual, 6),
        (">", BinaryOperator::Greater, 6),
        (">=", BinaryOperator::GreaterOrEqual, 6),
        ("|", BinaryOperator::Union, 7),
        ("+", BinaryOperator::Add, TYPE_BINDING + 1),
        ("-", BinaryOperator::Subtract, TYPE_BINDING + 1),
        ("&", BinaryOperator::Concatenate, TYPE_BINDING + 1),
        ("*", BinaryOperator::Multiply, TYPE_BINDING + 2),
        ("/", BinaryOperator::Divide, TYPE_BINDING + 2),
        ("div", BinaryOperator::Div, TYPE_BINDING + 2),
        ("mod", BinaryOperator::Mod, TYPE_BINDING + 2),
    ];

    /// As it is written.
    pub(super) fn symbol(self) -> &'static str {
        BinaryOperator::TABLE.iter().find(|(_, o, _)| *o == self).map_or("", |(s, ..)| s)
    }
}

/// How strongly `is` and `as` bind.
pub(super) const TYPE_BINDING: u8 = 8;
/// How strongly a sign binds.
pub(super) const SIGN_BINDING: u8 = TYPE_BINDING + 3;

/// A type as an expression names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TypeSpecifier {
    /// `FHIR` or `System`, where it is stated.
    pub namespace: Option<Box<str>>,
    pub name: Box<str>,
}

impl std::fmt::Display for TypeSpecifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
