//! What operators work with.
//!
//! Comes in: an operator and its two sides. Goes out: the type of what it gives, or what is wrong. A word that a field of a
//! closed set never holds is wrong too.

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};

use super::expression::field_name;
use super::fields::Field;
use super::naming::cut;
use super::type_check::Checker;
use super::types::Type;
use crate::net::nearest;

impl<'a> Checker<'a> {
    /// All have to be numbers of one kind: CEL does not mix them.
    pub(super) fn numbers(
        &mut self,
        expression: &IdedExpr,
        sign: &str,
        of: &[(&IdedExpr, Type)],
    ) -> Type {
        let mut kinds = Vec::new();
        for (operand, found) in of {
            if !found.is_number() {
                let problem = format!("`{sign}` needs numbers, this is {}", found.told());
                return self.slip(operand, problem);
            }
            kinds.push(found.clone());
        }
        kinds.retain(|kind| *kind != Type::Any);
        kinds.dedup();
        match kinds.as_slice() {
            [] => Type::Any,
            [one] => one.clone(),
            _ => {
                let problem =
                    format!("`{sign}` mixes whole numbers and others: use double() or int()");
                self.slip(expression, problem)
            }
        }
    }

    pub(super) fn operator(
        &mut self,
        expression: &'a IdedExpr,
        name: &str,
        left: &'a IdedExpr,
        right: &'a IdedExpr,
    ) -> Type {
        let sign = sign_of(name);
        // Each side once: the work must not double with each level.
        let (one, other) = (self.type_of(left), self.type_of(right));
        match name {
            operators::LOGICAL_AND | operators::LOGICAL_OR => {
                for (side, found) in [(left, one), (right, other)] {
                    if !found.fits(&Type::Flag) {
                        self.slip(
                            side,
                            format!("`{sign}` needs true or false, this is {}", found.told()),
                        );
                    }
                }
                Type::Flag
            }
            operators::EQUALS | operators::NOT_EQUALS => {
                if !one.fits(&other) {
                    let problem = format!("`{sign}` compares {} with {}", one.told(), other.told());
                    return self.slip(expression, problem);
                }
                self.check_words(left, right);
                self.check_words(right, left);
                Type::Flag
            }
            operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS => {
                let is_text = one.fits(&Type::Text) && other.fits(&Type::Text);
                let are_numbers = one.is_number() && other.is_number();
                if !is_text && !are_numbers {
                    let problem = format!("`{sign}` compares {} with {}", one.told(), other.told());
                    return self.slip(expression, problem);
                }
                Type::Flag
            }
            operators::IN => {
                if !other.fits(&Type::List(Box::new(one.clone()))) {
                    let problem = format!("`in` looks for {} in {}", one.told(), other.told());
                    return self.slip(expression, problem);
                }
                if let Expr::List(list) = &right.expr {
                    for entry in &list.elements {
                        self.check_words(left, entry);
                    }
                }
                Type::Flag
            }
            operators::ADD => {
                if one == Type::Text && other == Type::Text {
                    return Type::Text;
                }
                self.numbers(expression, sign, &[(left, one), (right, other)])
            }
            operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE => {
                self.numbers(expression, sign, &[(left, one), (right, other)])
            }
            operators::MODULO => {
                let found = self.numbers(expression, sign, &[(left, one), (right, other)]);
                if found == Type::Number {
                    return self.slip(expression, "`%` needs whole numbers".to_owned());
                }
                found
            }
            operators::INDEX => {
                if !matches!(other, Type::Whole | Type::Any) {
                    let problem = format!("`[ ]` needs a whole number, this is {}", other.told());
                    self.slip(right, problem);
                }
                match one {
                    Type::List(entry) => *entry,
                    Type::Any => Type::Any,
                    Type::Flag | Type::Whole | Type::Number | Type::Text => {
                        self.slip(left, format!("`[ ]` needs a list, this is {}", one.told()))
                    }
                }
            }
            _ => self.unknown_function(expression, name),
        }
    }

    /// A word that a field never holds.
    fn check_words(&mut self, field: &IdedExpr, word: &IdedExpr) {
        let (Expr::Select(select), Expr::Literal(LiteralValue::String(word_text))) =
            (&field.expr, &word.expr)
        else {
            return;
        };
        let known = field_name(select).and_then(|name| Field::find(&name));
        let Some(known) = known.filter(|known| !known.words.is_empty()) else { return };
        let text = word_text.inner();
        if !known.words.contains(&text) {
            let meant = match nearest(text, known.words.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there are: {}", known.words.join(", ")),
            };
            let problem = format!("{} is never \"{}\"; {meant}", known.name, cut(text));
            self.slip(word, problem);
        }
    }
}

/// `_==_` as it is written.
fn sign_of(name: &str) -> &str {
    name.trim_matches(['_', '@'])
}
