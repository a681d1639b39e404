//! Whether an expression is well typed: every field, function and word in it exists, and operators get what they can work with.
//!
//! Comes in: a parsed expression. Goes out: the fields that it names, or all that is wrong with it. What is left after this is a
//! small part of CEL: no maps, no structures, no unbounded loops. So the work of an evaluation is bounded.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators,
};

use super::expression::{Places, field_name};
use super::fields::{Family, Field};
use super::functions::{GLOBALS, MACROS, MEMBERS, parse_block};
use super::naming::{cut, fields_of, meant};
use super::outline::Slip;
use super::types::Type;
use crate::net::nearest;

/// Most entries of a list that is written in an expression.
const MAX_ENTRIES: usize = 128;

/// Most slips that are told.
const MAX_SLIPS: usize = 8;

/// Checks a condition; gives the fields that it names, each once.
pub(super) fn check(
    expression: &IdedExpr,
    places: &Places,
) -> Result<Vec<&'static Field>, Vec<Slip>> {
    let mut checker = Checker { places, slips: Vec::new(), fields: Vec::new(), entry: None };
    let found = checker.type_of(expression);
    if !found.fits(&Type::Flag) {
        checker.slip(expression, format!("must be true or false, is {}", found.told()));
    }
    if checker.slips.is_empty() && checker.fields.is_empty() {
        checker.slip(expression, "names no field, so it is always the same".to_owned());
    }
    checker.slips.sort_by_key(|slip| slip.at);
    checker.slips.truncate(MAX_SLIPS);
    if checker.slips.is_empty() { Ok(checker.fields) } else { Err(checker.slips) }
}

/// The walk over one expression.
pub(super) struct Checker<'a> {
    places: &'a Places,
    slips: Vec<Slip>,
    fields: Vec<&'static Field>,
    /// The name of a list's entry within `all` or `exists`, and its type.
    entry: Option<(&'a str, Type)>,
}

impl<'a> Checker<'a> {
    pub(super) fn slip(&mut self, expression: &IdedExpr, problem: String) -> Type {
        // A field's place is where its name begins, not the dot in it.
        let mut first = expression;
        while let Expr::Select(select) = &first.expr {
            first = &select.operand;
        }
        let at = self.places.offset_for(first.id).map_or(0, |(start, _)| start);
        self.slips.push(Slip::new(usize::try_from(at).unwrap_or(0), problem));
        Type::Any
    }

    pub(super) fn type_of(&mut self, expression: &'a IdedExpr) -> Type {
        match &expression.expr {
            Expr::Literal(literal) => self.literal(expression, literal),
            Expr::Ident(name) => self.name(expression, name),
            Expr::Select(select) => self.field(expression, select),
            Expr::Call(call) => self.call(expression, call),
            Expr::List(list) => {
                if list.elements.len() > MAX_ENTRIES {
                    let problem = format!("a list has at most {MAX_ENTRIES} entries");
                    return self.slip(expression, problem);
                }
                let mut entry = Type::Any;
                for element in &list.elements {
                    let found = self.type_of(element);
                    if !found.fits(&entry) {
                        let told = format!("is {} in a list of {}", found.told(), entry.told());
                        self.slip(element, told);
                    } else if entry == Type::Any {
                        entry = found;
                    }
                }
                Type::List(Box::new(entry))
            }
            Expr::Comprehension(looped) => self.looped(expression, looped),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.slip(expression, "maps and structures are not known here".to_owned())
            }
        }
    }

    fn literal(&mut self, expression: &IdedExpr, literal: &LiteralValue) -> Type {
        match literal {
            LiteralValue::Boolean(_) => Type::Flag,
            LiteralValue::Int(_) => Type::Whole,
            LiteralValue::Double(_) => Type::Number,
            LiteralValue::String(_) => Type::Text,
            LiteralValue::UInt(_) => {
                self.slip(expression, "write whole numbers without `u`".to_owned())
            }
            LiteralValue::Bytes(_) => {
                self.slip(expression, "write text without `b` before it".to_owned())
            }
            LiteralValue::Null => {
                let problem = "nothing is `null`; has(...) tells whether a field is known";
                self.slip(expression, problem.to_owned())
            }
        }
    }

    fn name(&mut self, expression: &IdedExpr, name: &str) -> Type {
        if let Some((known, kind)) = &self.entry
            && *known == name
        {
            return kind.clone();
        }
        let family = Family::ALL.into_iter().find(|family| family.as_label() == name);
        let problem = match family {
            Some(family) => format!("`{name}` needs a field: {}", fields_of(family)),
            None => format!("unknown name `{}`{}", cut(name), meant(name)),
        };
        self.slip(expression, problem)
    }

    fn field(&mut self, expression: &'a IdedExpr, select: &'a SelectExpr) -> Type {
        let Some(name) = field_name(select) else {
            let has_fields = matches!(select.operand.expr, Expr::Select(_));
            let field = if has_fields { "a field" } else { "this" };
            let problem = format!("{field} has nothing below it called `{}`", cut(&select.field));
            return self.slip(expression, problem);
        };
        let Some(field) = Field::find(&name) else {
            let problem = format!("unknown field `{}`{}", cut(&name), meant(&name));
            return self.slip(expression, problem);
        };
        if !self.fields.iter().any(|known| known.name == field.name) {
            self.fields.push(field);
        }
        if select.test { Type::Flag } else { Type::of(field.kind) }
    }

    fn call(&mut self, expression: &'a IdedExpr, call: &'a CallExpr) -> Type {
        let name = call.func_name.as_str();
        match (&call.target, call.args.as_slice()) {
            (None, [one]) => match name {
                operators::LOGICAL_NOT => self.want(one, &Type::Flag, "!", Type::Flag),
                operators::NEGATE => {
                    let found = self.type_of(one);
                    self.numbers(expression, "-", &[(one, found)])
                }
                "size" => self.size(one),
                "int" => self.want(one, &Type::Number, "int()", Type::Whole),
                "double" => self.want(one, &Type::Number, "double()", Type::Number),
                _ => self.unknown_function(expression, name),
            },
            (None, [left, right]) => self.operator(expression, name, left, right),
            (None, [condition, yes, no]) if name == operators::CONDITIONAL => {
                self.want(condition, &Type::Flag, "? :", Type::Flag);
                let (yes, other) = (self.type_of(yes), self.type_of(no));
                if !yes.fits(&other) {
                    let problem = format!("gives {} or {}", yes.told(), other.told());
                    return self.slip(expression, problem);
                }
                yes
            }
            (Some(target), []) if name == "size" => self.size(target),
            (Some(target), [argument]) => match name {
                "startsWith" | "endsWith" | "contains" | "below" | "within" => {
                    let told = format!("{name}()");
                    self.want(target, &Type::Text, &told, Type::Flag);
                    self.want(argument, &Type::Text, &told, Type::Flag);
                    if name == "within" && !is_block(argument) {
                        let problem =
                            "within() needs a block of addresses, such as \"192.168.1.0/24\"";
                        return self.slip(argument, problem.to_owned());
                    }
                    Type::Flag
                }
                _ => self.unknown_function(expression, name),
            },
            _ => self.unknown_function(expression, name),
        }
    }

    pub(super) fn unknown_function(&mut self, expression: &IdedExpr, name: &str) -> Type {
        let all = || MEMBERS.into_iter().chain(GLOBALS).chain(MACROS);
        let problem = if all().any(|known| known == name) {
            format!("`{name}` is called with something else: see the list of functions")
        } else {
            match nearest(name, all()) {
                Some(known) => format!("unknown function `{}`; did you mean `{known}`?", cut(name)),
                None => {
                    let mut known: Vec<_> = all().collect();
                    known.sort_unstable();
                    known.dedup();
                    format!("unknown function `{}`; there are: {}", cut(name), known.join(", "))
                }
            }
        };
        self.slip(expression, problem)
    }

    /// Checks what an operator or function works on; gives what it makes of it.
    fn want(&mut self, of: &'a IdedExpr, wanted: &Type, by: &str, gives: Type) -> Type {
        let found = self.type_of(of);
        if !found.fits(wanted) {
            let problem = format!("`{by}` needs {}, this is {}", wanted.told(), found.told());
            self.slip(of, problem);
        }
        gives
    }

    fn size(&mut self, of: &'a IdedExpr) -> Type {
        let found = self.type_of(of);
        if !matches!(found, Type::Text | Type::List(_) | Type::Any) {
            let problem = format!("`size()` needs text or a list, this is {}", found.told());
            self.slip(of, problem);
        }
        Type::Whole
    }

    /// `all` and `exists`, one within no other.
    fn looped(&mut self, expression: &'a IdedExpr, looped: &'a ComprehensionExpr) -> Type {
        let is_known = matches!(looped.accu_init.expr, Expr::Literal(LiteralValue::Boolean(_)))
            && looped.iter_var2.is_none();
        if !is_known {
            let problem = "of what looks at each entry of a list there are all() and exists()";
            return self.slip(expression, problem.to_owned());
        }
        if self.entry.is_some() {
            let problem = "all() and exists() do not stand within each other";
            return self.slip(expression, problem.to_owned());
        }
        let list = self.type_of(&looped.iter_range);
        let entry = match list {
            Type::List(entry) => *entry,
            Type::Any => Type::Any,
            Type::Flag | Type::Whole | Type::Number | Type::Text => {
                let problem = format!("all() and exists() need a list, this is {}", list.told());
                return self.slip(&looped.iter_range, problem);
            }
        };
        if Family::ALL.iter().any(|family| family.as_label() == looped.iter_var) {
            let problem = format!("call the entry otherwise than `{}`", looped.iter_var);
            return self.slip(expression, problem);
        }
        self.entry = Some((&looped.iter_var, entry));
        // What the macro made of it: the result so far, and the condition on the entry.
        if let Expr::Call(step) = &looped.loop_step.expr
            && let [_, condition] = step.args.as_slice()
        {
            self.want(condition, &Type::Flag, "all() and exists()", Type::Flag);
        } else {
            self.slip(expression, "cannot be read".to_owned());
        }
        self.entry = None;
        Type::Flag
    }
}

fn is_block(argument: &IdedExpr) -> bool {
    let Expr::Literal(LiteralValue::String(text)) = &argument.expr else { return false };
    parse_block(text.inner()).is_some()
}
