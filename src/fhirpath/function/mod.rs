//! The functions of FHIRPath and those that FHIR adds, one file a family, all in one table.

mod boundary;
mod combining;
mod conversion;
mod encoding;
mod existence;
mod fhir;
mod filtering;
mod math;
mod narrative;
mod navigation;
mod reference;
mod sorting;
mod string;
mod subsetting;
mod types;
mod utility;

use std::borrow::Cow;

use super::error::{ErrorKind, EvaluationError};
use super::evaluator::{Evaluator, Fallible, Flow, Scope, Sink, Stop, attempt, finish, push};
use super::item::{Collection, Item};
use super::pattern::Pattern;
use super::tree::{Argument, Call, Node, Operation, Slot};
use super::value::Value;

/// A function: name, parameters, implementation.
pub(super) struct Function {
    /// As it is called.
    pub name: &'static str,
    /// How its arguments are prepared.
    parameters: &'static [Parameter],
    /// How many of them must be given.
    required: usize,
    /// What it does.
    pub run: Run,
}

/// What kind of argument a parameter takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parameter {
    /// Evaluated once for a call, with the `$this` around the call.
    Value,
    /// Evaluated for each item of the input, which is its `$this`.
    Lambda,
    /// The name of a type.
    Type,
    /// A regular expression.
    Pattern {
        /// Whether it must match the whole text.
        whole: bool,
    },
}

/// The implementation, by what it gives.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// Items, one by one as its input comes in.
    Stream(for<'s, 'c, 'a> fn(&'s Invocation<'c, 'a>, Sink<'_, 'a>) -> Flow),
    /// True, false or nothing.
    Truth(for<'s, 'c, 'a> fn(&'s Invocation<'c, 'a>) -> Fallible<Option<bool>>),
    /// One item or nothing.
    Single(for<'s, 'c, 'a> fn(&'s Invocation<'c, 'a>) -> Fallible<Option<Item<'a>>>),
}

const V: Parameter = Parameter::Value;
const L: Parameter = Parameter::Lambda;
const T: Parameter = Parameter::Type;
const P: Parameter = Parameter::Pattern { whole: false };

const fn function(name: &'static str, parameters: &'static [Parameter], required: usize, run: Run) -> Function {
    Function { name, parameters, required, run }
}

/// Every function there is, by family in the order of the specification.
#[rustfmt::skip]
static TABLE: [Function; 98] = [
    function("empty", &[], 0, Run::Truth(existence::empty)),
    function("exists", &[L], 0, Run::Truth(existence::exists)),
    function("all", &[L], 1, Run::Truth(existence::all)),
    function("allTrue", &[], 0, Run::Truth(existence::all_true)),
    function("anyTrue", &[], 0, Run::Truth(existence::any_true)),
    function("allFalse", &[], 0, Run::Truth(existence::all_false)),
    function("anyFalse", &[], 0, Run::Truth(existence::any_false)),
    function("subsetOf", &[V], 1, Run::Truth(existence::subset_of)),
    function("supersetOf", &[V], 1, Run::Truth(existence::superset_of)),
    function("count", &[], 0, Run::Single(existence::count)),
    function("distinct", &[], 0, Run::Stream(existence::distinct)),
    function("isDistinct", &[], 0, Run::Truth(existence::is_distinct)),
    function("not", &[], 0, Run::Truth(existence::not)),

    function("where", &[L], 1, Run::Stream(filtering::where_)),
    function("select", &[L], 1, Run::Stream(filtering::select)),
    function("repeat", &[L], 1, Run::Stream(filtering::repeat)),
    function("ofType", &[T], 1, Run::Stream(types::of_type)),

    function("single", &[], 0, Run::Single(subsetting::single)),
    function("first", &[], 0, Run::Single(subsetting::first)),
    function("last", &[], 0, Run::Single(subsetting::last)),
    function("tail", &[], 0, Run::Stream(subsetting::tail)),
    function("skip", &[V], 1, Run::Stream(subsetting::skip)),
    function("take", &[V], 1, Run::Stream(subsetting::take)),
    function("intersect", &[V], 1, Run::Stream(subsetting::intersect)),
    function("exclude", &[V], 1, Run::Stream(subsetting::exclude)),

    function("union", &[V], 1, Run::Stream(combining::union)),
    function("combine", &[V], 1, Run::Stream(combining::combine)),

    function("iif", &[L, L, L], 2, Run::Stream(conversion::iif)),
    function("toBoolean", &[], 0, Run::Single(conversion::to_boolean)),
    function("convertsToBoolean", &[], 0, Run::Truth(conversion::converts_to_boolean)),
    function("toInteger", &[], 0, Run::Single(conversion::to_integer)),
    function("convertsToInteger", &[], 0, Run::Truth(conversion::converts_to_integer)),
    function("toDecimal", &[], 0, Run::Single(conversion::to_decimal)),
    function("convertsToDecimal", &[], 0, Run::Truth(conversion::converts_to_decimal)),
    function("toDate", &[], 0, Run::Single(conversion::to_date)),
    function("convertsToDate", &[], 0, Run::Truth(conversion::converts_to_date)),
    function("toDateTime", &[], 0, Run::Single(conversion::to_date_time)),
    function("convertsToDateTime", &[], 0, Run::Truth(conversion::converts_to_date_time)),
    function("toTime", &[], 0, Run::Single(conversion::to_time)),
    function("convertsToTime", &[], 0, Run::Truth(conversion::converts_to_time)),
    function("toQuantity", &[V], 0, Run::Single(conversion::to_quantity)),
    function("convertsToQuantity", &[V], 0, Run::Truth(conversion::converts_to_quantity)),
    function("toString", &[], 0, Run::Single(conversion::to_string)),
    function("convertsToString", &[], 0, Run::Truth(conversion::converts_to_string)),

    function("indexOf", &[V], 1, Run::Single(string::index_of)),
    function("lastIndexOf", &[V], 1, Run::Single(string::last_index_of)),
    function("substring", &[V, V], 1, Run::Single(string::substring)),
    function("startsWith", &[V], 1, Run::Truth(string::starts_with)),
    function("endsWith", &[V], 1, Run::Truth(string::ends_with)),
    function("contains", &[V], 1, Run::Truth(string::contains)),
    function("upper", &[], 0, Run::Single(string::upper)),
    function("lower", &[], 0, Run::Single(string::lower)),
    function("replace", &[V, V], 2, Run::Single(string::replace)),
    function("matches", &[P], 1, Run::Truth(string::matches)),
    function("matchesFull", &[Parameter::Pattern { whole: true }], 1, Run::Truth(string::matches)),
    function("replaceMatches", &[P, V], 2, Run::Single(string::replace_matches)),
    function("length", &[], 0, Run::Single(string::length)),
    function("toChars", &[], 0, Run::Stream(string::to_chars)),
    function("trim", &[], 0, Run::Single(string::trim)),
    function("split", &[V], 1, Run::Stream(string::split)),
    function("join", &[V], 0, Run::Single(string::join)),
    function("encode", &[V], 1, Run::Single(encoding::encode)),
    function("decode", &[V], 1, Run::Single(encoding::decode)),
    function("escape", &[V], 1, Run::Single(encoding::escape)),
    function("unescape", &[V], 1, Run::Single(encoding::unescape)),

    function("abs", &[], 0, Run::Single(math::abs)),
    function("ceiling", &[], 0, Run::Single(math::ceiling)),
    function("exp", &[], 0, Run::Single(math::exp)),
    function("floor", &[], 0, Run::Single(math::floor)),
    function("ln", &[], 0, Run::Single(math::ln)),
    function("log", &[V], 1, Run::Single(math::log)),
    function("power", &[V], 1, Run::Single(math::power)),
    function("round", &[V], 0, Run::Single(math::round)),
    function("sqrt", &[], 0, Run::Single(math::sqrt)),
    function("truncate", &[], 0, Run::Single(math::truncate)),

    function("children", &[], 0, Run::Stream(navigation::children)),
    function("descendants", &[], 0, Run::Stream(navigation::descendants)),

    function("trace", &[V, L], 1, Run::Stream(utility::trace)),
    function("now", &[], 0, Run::Single(utility::now)),
    function("today", &[], 0, Run::Single(utility::today)),
    function("timeOfDay", &[], 0, Run::Single(utility::time_of_day)),
    function("aggregate", &[L, V], 1, Run::Stream(utility::aggregate)),
    function("sort", &[L, L, L, L], 0, Run::Stream(sorting::sort)),

    function("is", &[T], 0, Run::Truth(types::is)),
    function("as", &[T], 1, Run::Stream(types::of_type)),
    function("type", &[], 0, Run::Single(types::type_)),

    function("lowBoundary", &[V], 0, Run::Single(boundary::low_boundary)),
    function("highBoundary", &[V], 0, Run::Single(boundary::high_boundary)),
    function("precision", &[], 0, Run::Single(boundary::precision)),
    function("comparable", &[V], 1, Run::Truth(boundary::comparable)),

    function("extension", &[V], 1, Run::Stream(fhir::extension)),
    function("hasValue", &[], 0, Run::Truth(fhir::has_value)),
    function("getValue", &[], 0, Run::Single(fhir::get_value)),
    function("memberOf", &[V], 1, Run::Truth(fhir::member_of)),
    function("conformsTo", &[V], 1, Run::Truth(fhir::conforms_to)),
    function("resolve", &[], 0, Run::Stream(reference::resolve)),
    function("htmlChecks", &[], 0, Run::Truth(narrative::html_checks)),
    // As STU3 spells it in its own invariant (txt-1).
    function("htmlchecks", &[], 0, Run::Truth(narrative::html_checks)),
];

impl Function {
    /// The function with this name, case as in the specification.
    pub(super) fn named(name: &str) -> Option<&'static Function> {
        TABLE.iter().find(|f| f.name == name)
    }

    /// A function that was probably meant: the same name but for case, or one that starts or ends alike.
    pub(super) fn nearest(name: &str) -> Option<&'static Function> {
        let lower = name.to_ascii_lowercase();
        let candidates = || TABLE.iter().map(|f| (f, f.name.to_ascii_lowercase()));
        let alike = |other: &str| lower.len() > 2 && (other.contains(&lower) || lower.contains(other));
        candidates()
            .find(|(_, other)| *other == lower)
            .or_else(|| candidates().find(|(_, other)| alike(other)))
            .map(|(function, _)| function)
    }

    /// The parameter at a position.
    pub(super) fn parameter(&self, at: usize) -> Option<Parameter> {
        self.parameters.get(at).copied()
    }

    /// Whether an argument is evaluated for each item of the input.
    pub(super) fn is_lambda(&self, at: usize) -> bool {
        self.parameter(at) == Some(Parameter::Lambda)
    }

    /// Whether it can be called with so many arguments.
    pub(super) fn takes(&self, count: usize) -> bool {
        (self.required..=self.parameters.len()).contains(&count)
    }

    /// How many arguments it takes, in words.
    pub(super) fn arity(&self) -> String {
        match (self.required, self.parameters.len()) {
            (0, 0) => "no arguments".into(),
            (1, 1) => "one argument".into(),
            (least, most) if least == most => format!("{most} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// One call of a function: its input, its arguments, and words for what goes wrong.
pub(super) struct Invocation<'c, 'a> {
    pub evaluator: &'c Evaluator<'c, 'a>,
    pub call: &'a Call,
    pub scope: Scope<'c, 'a>,
}

impl<'c, 'a> Invocation<'c, 'a> {
    /// The input where it is `$this`, which needs no walk.
    pub(super) fn this(&self) -> Option<&'c Item<'a>> {
        match &self.call.receiver {
            None | Some(Node { operation: Operation::This, .. }) => self.scope.this,
            Some(_) => None,
        }
    }

    /// Hands over the input, item by item.
    pub(super) fn each(&self, sink: Sink<'_, 'a>) -> Flow {
        match (&self.call.receiver, self.scope.this) {
            (Some(receiver), _) => self.evaluator.each(receiver, self.scope, sink),
            (None, Some(this)) => sink(this.clone()),
            (None, None) => Flow::Continue(()),
        }
    }

    /// The same where each item may fail and none is handed on.
    pub(super) fn try_each(&self, mut visit: impl FnMut(Item<'a>) -> Flow) -> Fallible<()> {
        finish(self.each(&mut visit))
    }

    /// The whole input.
    pub(super) fn input(&self) -> Fallible<Collection<'a>> {
        let mut items = Collection::default();
        self.try_each(|item| attempt(push(&mut items, item, self.call.span)))?;
        Ok(items)
    }

    /// The first item and how many there are, counting no further than two.
    pub(super) fn first_of(&self) -> Fallible<(Option<Item<'a>>, usize)> {
        let (mut first, mut count) = (None, 0);
        self.try_each(|item| {
            count += 1;
            if count > 1 {
                return Flow::Break(Stop::Enough);
            }
            first = Some(item);
            Flow::Continue(())
        })?;
        Ok((first, count))
    }

    /// The input where the function works on one item: none stays none, several are an error.
    pub(super) fn single(&self) -> Fallible<Option<Item<'a>>> {
        match self.first_of()? {
            (item, 0 | 1) => Ok(item),
            _ => Err(self.error(ErrorKind::Cardinality, "takes one item, and here are several")),
        }
    }

    /// An error of this call: the name of the function, then the message.
    pub(super) fn error(&self, kind: ErrorKind, message: &str) -> EvaluationError {
        let name = self.call.function.name;
        EvaluationError::new(kind, format!("`{name}` {message}"), self.call.span)
    }

    /// The error that an item is not of a type the function takes.
    pub(super) fn wrong_type(&self, item: &Item<'_>, wanted: &str) -> EvaluationError {
        let found = match item.type_name() {
            "" => "an element of unknown type".to_owned(),
            name => format!("`{name}`"),
        };
        self.error(ErrorKind::Type, &format!("takes {wanted}, not {found}"))
    }

    /// Whether an argument was given.
    pub(super) fn has_argument(&self, at: usize) -> bool {
        at < self.call.arguments.len()
    }

    fn argument_node(&self, at: usize) -> Option<&'a Node> {
        match self.call.arguments.get(at) {
            Some(Argument::Expression(node)) => Some(node),
            _ => None,
        }
    }

    /// The expression of an argument that is evaluated for each item.
    pub(super) fn lambda(&self, at: usize) -> Option<&'a Node> {
        self.argument_node(at)
    }

    /// All items of an argument.
    pub(super) fn argument(&self, at: usize) -> Fallible<Collection<'a>> {
        match self.argument_node(at) {
            Some(node) => self.evaluator.collect(node, self.scope),
            None => Ok(Collection::default()),
        }
    }

    /// The one value of an argument.
    pub(super) fn value_argument(&self, at: usize) -> Fallible<Option<Value<'a>>> {
        let Some(node) = self.argument_node(at) else { return Ok(None) };
        let what = format!("`{}`", self.call.function.name);
        Ok(self.evaluator.single(node, self.scope, &what)?.and_then(|item| item.value()))
    }

    /// The text of an argument.
    pub(super) fn text_argument(&self, at: usize) -> Fallible<Option<Cow<'a, str>>> {
        // The usual case without further ado.
        if let Some(Node { operation: Operation::Literal(Value::String(text)), .. }) = self.argument_node(at) {
            return Ok(Some(Cow::Borrowed(text)));
        }
        Ok(self.value_argument(at)?.map(Value::into_text))
    }

    /// The integer of an argument.
    pub(super) fn integer_argument(&self, at: usize) -> Fallible<Option<i64>> {
        match self.value_argument(at)? {
            None => Ok(None),
            Some(Value::Integer(integer)) => Ok(Some(integer)),
            Some(_) => Err(self.error(ErrorKind::Type, "takes an integer here")),
        }
    }

    /// The type an argument names.
    pub(super) fn type_argument(&self, at: usize) -> Slot {
        match self.call.arguments.get(at) {
            Some(Argument::Type(slot)) => *slot,
            // The parser makes type arguments for type parameters; there is always one.
            _ => 0,
        }
    }

    /// Calls `use_it` with the regular expression of an argument; None when the argument is empty.
    pub(super) fn with_pattern<R>(&self, at: usize, use_it: impl FnOnce(&Pattern) -> R) -> Fallible<Option<R>> {
        if let Some(Argument::Pattern(pattern)) = self.call.arguments.get(at) {
            return Ok(Some(use_it(pattern)));
        }
        let Some(text) = self.text_argument(at)? else { return Ok(None) };
        let whole = self.call.function.parameter(at) == Some(Parameter::Pattern { whole: true });
        match Pattern::new(&text, whole) {
            Ok(pattern) => Ok(Some(use_it(&pattern))),
            Err(reason) => Err(self.error(ErrorKind::Value, &format!("got what is {reason}"))),
        }
    }

    /// The scope in which `item` is `$this`.
    pub(super) fn scope_of<'s>(&self, item: &'s Item<'a>, index: usize) -> Scope<'s, 'a>
    where
        'c: 's,
    {
        Scope { this: Some(item), index, total: self.scope.total }
    }

    /// Whether a criterion holds for an item; empty is false.
    pub(super) fn holds(&self, criterion: &'a Node, item: &Item<'a>, index: usize) -> Fallible<bool> {
        Ok(self.evaluator.truth(criterion, self.scope_of(item, index))? == Some(true))
    }
}
