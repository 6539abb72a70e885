//! Walks an expression over a document.
//!
//! Collections are not built where nobody keeps them: each part of an expression hands its items, one
//! by one, to whoever consumes them, and the consumer says when it has seen enough. So
//! `Bundle.descendants().where(…).exists()` visits elements until the first hit and allocates nothing.

use std::cell::OnceCell;
use std::ops::ControlFlow;

use super::context::Context;
use super::error::{ErrorKind, EvaluationError};
use super::function::{Invocation, Run};
use super::item::{Collection, Element, Item};
use super::lookup::{Lookups, NameLookup, ResolvedType};
use super::tree::{BinaryOperator, Node, Operation, Slot, Variable};
use super::value::Value;
use super::{Expression, operator};
use crate::fhir::{NodeRef, Span};

/// A result or the reason why there is none.
pub(super) type Fallible<T> = Result<T, EvaluationError>;

/// Whether a walk goes on. A break travels up to the consumer that asked for it.
pub(super) type Flow = ControlFlow<Stop>;

/// Why a walk ends early.
pub(super) enum Stop {
    /// The consumer has seen enough.
    Enough,
    /// The evaluation fails.
    Failed(EvaluationError),
}

/// Takes the items of a walk.
pub(super) type Sink<'s, 'a> = &'s mut dyn FnMut(Item<'a>) -> Flow;

/// An error inside a walk becomes its end.
pub(super) fn attempt<T>(result: Fallible<T>) -> ControlFlow<Stop, T> {
    match result {
        Ok(value) => ControlFlow::Continue(value),
        Err(error) => ControlFlow::Break(Stop::Failed(error)),
    }
}

/// The end of a walk, for the consumer that started it.
pub(super) fn finish(flow: Flow) -> Fallible<()> {
    match flow {
        ControlFlow::Break(Stop::Failed(error)) => Err(error),
        _ => Ok(()),
    }
}

/// What `$this`, `$index` and `$total` stand for.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    pub this: Option<&'s Item<'a>>,
    pub index: usize,
    pub total: Option<&'s Collection<'a>>,
}

/// Where a step leads from an item.
enum Destination<'a> {
    /// To a value or to nothing.
    Value(Option<Item<'a>>),
    /// To those children of this element that have the name.
    Children(Element<'a>),
}

/// One evaluation of one expression.
pub(super) struct Evaluator<'e, 'a> {
    pub context: &'e Context<'a>,
    pub(super) expression: &'a Expression,
    pub(super) names: Lookups<NameLookup>,
    pub(super) types: Lookups<Option<ResolvedType>>,
    now: OnceCell<jiff::Zoned>,
}

/// Most items of one collection and most bytes of one text: more than any document gives cause for, and
/// little enough that doubling in a loop ends as an error.
const MAX_ITEMS: usize = 4_000_000;
pub(super) const MAX_TEXT: usize = 64_000_000;

impl<'e, 'a> Evaluator<'e, 'a> {
    pub(super) fn new(expression: &'a Expression, context: &'e Context<'a>) -> Self {
        Evaluator {
            context,
            expression,
            names: Lookups::new(expression.names.len(), NameLookup::Pending),
            types: Lookups::new(expression.types.len(), None),
            now: OnceCell::new(),
        }
    }

    /// The moment of this evaluation: the same wherever the expression asks.
    pub(super) fn now(&self) -> &jiff::Zoned {
        self.now.get_or_init(|| self.context.now().cloned().unwrap_or_else(jiff::Zoned::now))
    }

    /// Hands the items of `node` to `sink`.
    pub(super) fn each(&self, node: &'a Node, scope: Scope<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
        match &node.operation {
            Operation::Empty => Flow::Continue(()),
            Operation::Literal(value) => sink(Item::Value(value.borrowed())),
            Operation::This => scope.this.map_or(Flow::Continue(()), |this| sink(this.clone())),
            Operation::Index => sink(Item::Value(Value::Integer(scope.index as i64))),
            Operation::Total => scope.total.into_iter().flat_map(Collection::iter).try_for_each(|i| sink(i.clone())),
            Operation::Variable(variable) => self.variable(variable, node, sink),
            Operation::Step { receiver: None, root_type: Some(slot), .. } => match scope.this {
                Some(Item::Element(element)) if self.is_root(*element, *slot) => sink(Item::Element(*element)),
                _ => Flow::Continue(()),
            },
            Operation::Step { receiver: None, name, .. } => match scope.this {
                Some(this) => self.step(this, *name, sink),
                None => Flow::Continue(()),
            },
            Operation::Step { receiver: Some(receiver), name, .. } => {
                self.each(receiver, scope, &mut |item| self.step(&item, *name, sink))
            }
            Operation::Call(call) => {
                let invocation = Invocation { evaluator: self, call, scope };
                match call.function.run {
                    Run::Stream(run) => run(&invocation, sink),
                    Run::Truth(run) => emit(attempt(run(&invocation))?.map(Item::boolean), sink),
                    Run::Single(run) => emit(attempt(run(&invocation))?, sink),
                }
            }
            Operation::At(pair) => self.at(&pair[0], &pair[1], scope, sink),
            Operation::Sign { negative, operand } => {
                let operand_value = attempt(self.single(operand, scope, "a sign"))?;
                emit(attempt(operator::signed(operand_value, *negative, node.span))?, sink)
            }
            Operation::As(operand, slot) => {
                attempt(self.demand_known(*slot, node.span))?;
                self.each(operand, scope, &mut |item| {
                    if self.has_type(&item, *slot) { sink(item) } else { Flow::Continue(()) }
                })
            }
            Operation::Binary(operator, operands) => match operator::family(*operator) {
                operator::Family::Truth => emit(attempt(self.truth(node, scope))?.map(Item::boolean), sink),
                operator::Family::Union => {
                    let union = attempt(operator::union(self, operands, scope))?;
                    union.into_iter().try_for_each(sink)
                }
                operator::Family::Arithmetic => {
                    let result = operator::arithmetic(self, *operator, operands, node.span, scope);
                    emit(attempt(result)?, sink)
                }
            },
            Operation::Is(..) => emit(attempt(self.truth(node, scope))?.map(Item::boolean), sink),
        }
    }

    /// The truth value of `node` where one is wanted (criteria, operands of `and` …): None when it is
    /// empty, a boolean itself, anything else true — also more than one item, as in the engines that
    /// run the official scripts.
    pub(super) fn truth(&self, node: &'a Node, scope: Scope<'_, 'a>) -> Fallible<Option<bool>> {
        match &node.operation {
            Operation::Literal(Value::Boolean(value)) => Ok(Some(*value)),
            Operation::Call(call) => match call.function.run {
                Run::Truth(run) => run(&Invocation { evaluator: self, call, scope }),
                _ => self.truth_of_items(node, scope),
            },
            Operation::Binary(operator, operands) => match operator {
                BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor | BinaryOperator::Implies => {
                    operator::logic(self, *operator, operands, scope)
                }
                _ => match operator::family(*operator) {
                    operator::Family::Truth => operator::comparison(self, *operator, operands, node.span, scope),
                    _ => self.truth_of_items(node, scope),
                },
            },
            Operation::Is(operand, slot) => self.operator_is(operand, *slot, scope),
            _ => self.truth_of_items(node, scope),
        }
    }

    fn truth_of_items(&self, node: &'a Node, scope: Scope<'_, 'a>) -> Fallible<Option<bool>> {
        let mut truth = None;
        finish(self.each(node, scope, &mut |item| {
            if truth.is_some() {
                truth = Some(true);
                return Flow::Break(Stop::Enough);
            }
            truth = Some(item.truth());
            Flow::Continue(())
        }))?;
        Ok(truth)
    }

    /// `is` as an operator: empty stays empty, several items are not of any one type.
    fn operator_is(&self, operand: &'a Node, slot: Slot, scope: Scope<'_, 'a>) -> Fallible<Option<bool>> {
        let mut result = None;
        finish(self.each(operand, scope, &mut |item| {
            if result.is_some() {
                result = Some(false);
                return Flow::Break(Stop::Enough);
            }
            result = Some(self.is_type(&item, slot));
            Flow::Continue(())
        }))?;
        Ok(result)
    }

    /// All items of `node`.
    pub(super) fn collect(&self, node: &'a Node, scope: Scope<'_, 'a>) -> Fallible<Collection<'a>> {
        let mut items = Collection::default();
        finish(self.each(node, scope, &mut |item| attempt(push(&mut items, item, node.span))))?;
        Ok(items)
    }

    /// The one item of `node`, if it has any; more are an error.
    pub(super) fn single(&self, node: &'a Node, scope: Scope<'_, 'a>, what: &str) -> Fallible<Option<Item<'a>>> {
        let mut found = None;
        finish(self.each(node, scope, &mut |item| match found {
            Some(_) => Flow::Break(Stop::Failed(EvaluationError::new(
                ErrorKind::Cardinality,
                format!("{what} takes one item, and here are several"),
                node.span,
            ))),
            None => {
                found = Some(item);
                Flow::Continue(())
            }
        }))?;
        Ok(found)
    }

    /// How many items `node` has. What a step leads to is counted where it is, for nobody wants to see it.
    pub(super) fn number(&self, node: &'a Node, scope: Scope<'_, 'a>) -> Fallible<usize> {
        let mut number = 0;
        finish(match &node.operation {
            Operation::Step { receiver: Some(receiver), name, .. } => self.each(receiver, scope, &mut |item| {
                match self.destination(&item, *name) {
                    Destination::Value(value) => number += usize::from(value.is_some()),
                    Destination::Children(of) => self.each_named(of, *name, |_| {
                        number += 1;
                        Flow::Continue(())
                    })?,
                }
                Flow::Continue(())
            }),
            _ => self.each(node, scope, &mut |_| {
                number += 1;
                Flow::Continue(())
            }),
        })?;
        Ok(number)
    }

    /// The children of an item with this name. A primitive has its value as `value`.
    fn step(&self, item: &Item<'a>, slot: Slot, sink: Sink<'_, 'a>) -> Flow {
        match self.destination(item, slot) {
            Destination::Value(value) => emit(value, sink),
            Destination::Children(of) => self.each_named(of, slot, |child| sink(Item::Element(child))),
        }
    }

    fn destination(&self, item: &Item<'a>, slot: Slot) -> Destination<'a> {
        let name = || &*self.expression.names[usize::from(slot)];
        match item {
            Item::Value(value) => Destination::Value(operator::member(value, name()).map(Item::Value)),
            Item::Element(element) if element.node().value().is_some() && name() == "value" => {
                Destination::Value(element.value().map(Item::Value))
            }
            Item::Element(element) => Destination::Children(*element),
        }
    }

    /// The children of an element with this name.
    fn each_named(&self, of: Element<'a>, slot: Slot, mut visit: impl FnMut(Element<'a>) -> Flow) -> Flow {
        let (typed, as_written) = (of.typed(), self.context.written_names());
        let Some(name) = self.name_id(typed, slot) else { return Flow::Continue(()) };
        let mut visit = |child: NodeRef<'a>| visit(Element::new(typed, child.id()));
        if of.is_root() && !as_written {
            return typed.steps_of_root(name).try_for_each(visit);
        }
        for child in of.node().children() {
            let is_named = typed.node_type(child.id()).step == name || (as_written && child.name_id() == name);
            if is_named && !child.is_placeholder() {
                visit(child)?;
            }
        }
        Flow::Continue(())
    }

    fn at(&self, receiver: &'a Node, index: &'a Node, scope: Scope<'_, 'a>, sink: Sink<'_, 'a>) -> Flow {
        let wanted = match attempt(self.single(index, scope, "an index"))?.and_then(|i| i.value()) {
            None => return Flow::Continue(()),
            Some(Value::Integer(wanted)) => wanted,
            Some(_) => {
                let error = EvaluationError::new(ErrorKind::Type, "an index must be an integer", index.span);
                return Flow::Break(Stop::Failed(error));
            }
        };
        let (mut at, mut found) = (0, None);
        attempt(finish(self.each(receiver, scope, &mut |item| {
            if at == wanted {
                found = Some(item);
                return Flow::Break(Stop::Enough);
            }
            at += 1;
            Flow::Continue(())
        })))?;
        emit(found, sink)
    }

    fn variable(&self, variable: &'a Variable, node: &Node, sink: Sink<'_, 'a>) -> Flow {
        let element = |found: Option<Element<'a>>, sink: Sink<'_, 'a>| emit(found.map(Item::Element), sink);
        match variable {
            Variable::Context => element(self.context.element(), sink),
            Variable::Resource => element(self.context.resource(), sink),
            Variable::RootResource => element(self.context.root_resource(), sink),
            Variable::Constant(text) => sink(Item::Value(Value::text(&**text))),
            Variable::Named(name) => match self.context.variable(name) {
                Some(items) => items.iter().try_for_each(|item| sink(item.clone())),
                None => {
                    let message = format!("the variable `%{name}` is not defined");
                    Flow::Break(Stop::Failed(EvaluationError::new(ErrorKind::Value, message, node.span)))
                }
            },
        }
    }
}

/// Adds to a collection that is being built, within bounds.
pub(super) fn push<'a>(items: &mut Collection<'a>, item: Item<'a>, span: Span) -> Fallible<()> {
    if items.len() >= MAX_ITEMS {
        let message = format!("a collection of more than {MAX_ITEMS} items is too large");
        return Err(EvaluationError::new(ErrorKind::Value, message, span));
    }
    items.push(item);
    Ok(())
}

/// Refuses to put together a text that is too long.
pub(super) fn admit_text(length: usize, span: Span) -> Fallible<()> {
    if length <= MAX_TEXT {
        return Ok(());
    }
    let message = format!("a text of more than {MAX_TEXT} bytes is too large");
    Err(EvaluationError::new(ErrorKind::Value, message, span))
}

/// Hands over an item, if there is one.
pub(super) fn emit<'a>(item: Option<Item<'a>>, sink: Sink<'_, 'a>) -> Flow {
    match item {
        Some(item) => sink(item),
        None => Flow::Continue(()),
    }
}
