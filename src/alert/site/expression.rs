//! A condition: an expression of CEL (Common Expression Language) over the fields, parsed, checked and evaluated.
//!
//! Comes in: text from the configuration, later facts. Goes out: what is wrong with the text, or whether the condition holds;
//! for each of the parts that `&&` joins if that is asked for. What is not known makes neither true nor false.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::ast::{Expr, IdedExpr, SelectExpr, operators};
use cel::parser::Parser;
use cel::{Context, Value};

use super::facts::{Facts, PRESENCE};
use super::fields::Field;
use super::functions::environment;
use super::outline::{Slip, check_bounds, conjuncts};
use super::type_check::check;

/// Most slips of the parser that are told: one leads to the next.
const MAX_TOLD: usize = 3;

/// A condition that is well typed.
#[derive(Debug)]
pub(super) struct Condition {
    parts: Vec<Part>,
}

/// One of the parts that `&&` joins.
#[derive(Debug)]
struct Part {
    text: String,
    expression: IdedExpr,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::alert) enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// A field that decides has no value, or cannot be computed with.
    Unknown,
}

impl Condition {
    /// Parses and checks an expression; gives the fields that it names too.
    pub(super) fn compile(source: &str) -> Result<(Self, Vec<&'static Field>), Vec<Slip>> {
        check_bounds(source).map_err(|slip| vec![slip])?;
        if source.trim().is_empty() {
            return Err(vec![Slip::new(0, "is empty")]);
        }
        let (expression, places) = parse(source)?;
        let fields = check(&expression, &places)?;
        let mut expressions = Vec::new();
        take_apart(expression, &mut expressions);
        let texts = conjuncts(source);
        let is_matched = texts.len() == expressions.len();
        let text = |index: usize| match texts.get(index) {
            Some(text) if is_matched => one_line(text),
            Some(_) | None => format!("part {} of `{}`", index + 1, one_line(source)),
        };
        let parts = expressions
            .into_iter()
            .enumerate()
            .map(|(index, expression)| Part { text: text(index), expression: flat(expression) });
        Ok((Self { parts: parts.collect() }, fields))
    }

    /// Tells whether it holds; the first part that does not decides.
    pub(super) fn judge(&self, facts: &Facts) -> Verdict {
        let mut all = Verdict::Holds;
        for part in &self.parts {
            match part.judge(facts) {
                Verdict::Holds => {}
                Verdict::Fails => return Verdict::Fails,
                Verdict::Unknown => all = Verdict::Unknown,
            }
        }
        all
    }

    /// The parts with what each comes to.
    pub(super) fn parts(&self, facts: &Facts) -> Vec<(String, Verdict)> {
        self.parts.iter().map(|part| (part.text.clone(), part.judge(facts))).collect()
    }
}

impl Part {
    fn judge(&self, facts: &Facts) -> Verdict {
        let evaluate = || {
            let mut context = Context::with_env(environment());
            context.set_variable_resolver(facts);
            Value::resolve(&self.expression, &context)
        };
        // The analysis does not end with a mistake of a library.
        match catch_unwind(AssertUnwindSafe(evaluate)) {
            Ok(Ok(Value::Bool(true))) => Verdict::Holds,
            Ok(Ok(Value::Bool(false))) => Verdict::Fails,
            Ok(Ok(_) | Err(_)) | Err(_) => Verdict::Unknown,
        }
    }
}

/// Where each node of an expression begins, in bytes.
pub(super) type Places = cel::common::ast::SourceInfo;

fn parse(source: &str) -> Result<(IdedExpr, Places), Vec<Slip>> {
    let parsed = catch_unwind(|| Parser::new().parse_with_source_info(source));
    let Ok(parsed) = parsed else {
        return Err(vec![Slip::new(0, "cannot be read")]);
    };
    parsed.map_err(|errors| {
        let slip = |error: &cel::ParseError| Slip {
            at: byte_of(source, error.pos),
            problem: shorter(&error.msg),
        };
        let slips: Vec<_> = errors.errors.iter().take(MAX_TOLD).map(slip).collect();
        if slips.is_empty() { vec![Slip::new(0, "cannot be read")] } else { slips }
    })
}

/// The parser names a line and a column, both from 1.
fn byte_of(source: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let column = usize::try_from(column).unwrap_or(1).max(1);
    let before: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let text = source.split_inclusive('\n').nth(line - 1).unwrap_or_default();
    before + text.char_indices().nth(column - 1).map_or(text.len(), |(at, _)| at)
}

/// The parser lists every token that it could have read; who reads that learns nothing.
fn shorter(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let head = message.split(" expecting ").next().unwrap_or(message);
    let head = head.replace("'<EOF>'", "the end").replace("<EOF>", "the end");
    crate::net::printable(&format!("cannot be read: {head}"), 160)
}

/// The parts that `&&` joins, in their order.
fn take_apart(expression: IdedExpr, parts: &mut Vec<IdedExpr>) {
    let is_and = matches!(&expression.expr, Expr::Call(call)
        if call.func_name == operators::LOGICAL_AND && call.target.is_none());
    match expression {
        IdedExpr { expr: Expr::Call(call), .. } if is_and => {
            for argument in call.args {
                take_apart(argument, parts);
            }
        }
        part => parts.push(part),
    }
}

/// Puts one name in the place of each field, as the facts know them: `flow.country`, `?flow.country` for `has(flow.country)`.
fn flat(expression: IdedExpr) -> IdedExpr {
    let IdedExpr { id, expr } = expression;
    let each = |list: Vec<IdedExpr>| list.into_iter().map(flat).collect();
    let expr = match expr {
        Expr::Select(select) => match field_name(&select) {
            Some(name) if select.test => Expr::Ident(format!("{PRESENCE}{name}")),
            Some(name) => Expr::Ident(name),
            None => Expr::Select(select),
        },
        Expr::Call(mut call) => {
            call.target = call.target.map(|target| Box::new(flat(*target)));
            call.args = each(call.args);
            Expr::Call(call)
        }
        Expr::List(mut list) => {
            list.elements = each(list.elements);
            Expr::List(list)
        }
        Expr::Comprehension(mut looped) => {
            looped.iter_range = flat(looped.iter_range);
            looped.loop_step = flat(looped.loop_step);
            Expr::Comprehension(looped)
        }
        kept @ (Expr::Unspecified
        | Expr::Ident(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_)) => kept,
    };
    IdedExpr { id, expr }
}

/// `flow.country` of the two names that a dot joins.
pub(super) fn field_name(select: &SelectExpr) -> Option<String> {
    let Expr::Ident(family) = &select.operand.expr else { return None };
    Some(format!("{family}.{}", select.field))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test measures how long something takes")]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;
    use crate::alert::scene::{Cue, Scene};
    use crate::alert::site::fields::FIELDS;
    use crate::alert::site::site_time::SiteTime;
    use crate::device::{DeviceId, DeviceProfile};
    use crate::net::Timestamp;

    /// Nothing takes longer, on any machine that runs tests.
    const LONGEST: Duration = Duration::from_secs(5);

    fn device() -> Arc<DeviceProfile> {
        let mut device = DeviceProfile::new(DeviceId("d-1".into()), Timestamp::ZERO);
        device.identity.vendor = Some("ezviz".into());
        device.identity.confidence = 80;
        device.hostname = Some("Haustür".to_owned());
        device.addresses = vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, 64))];
        Arc::new(device)
    }

    /// The condition judged for a device that has no model, on a Thursday at 01:30.
    fn judge(source: &str) -> Verdict {
        let (condition, fields) =
            Condition::compile(source).unwrap_or_else(|slips| panic!("{source}: {slips:?}"));
        condition.judge(&facts(&fields))
    }

    fn facts(fields: &[&'static Field]) -> Facts {
        let device = device();
        let now = Timestamp::from_parts(5_400, 0);
        let scene = Scene { now, device: &device, cue: Cue::Profile };
        Facts::read(fields, &scene, SiteTime::new(now, 0))
    }

    #[test]
    fn conditions_hold_by_what_is_known() {
        for holds in [
            "device.vendor == 'ezviz'",
            "device.confidence >= 80 && device.confidence < 80.5",
            "device.name.startsWith('Haus') && size(device.name) == 7 && device.name.size() > 6",
            "device.ip.within('192.0.2.0/24') && !device.ip.within('2001:db8::/32')",
            "'192.0.2.64' in device.addresses && device.addresses[0] == device.ip",
            "device.addresses.exists(a, a.within('192.0.2.0/24'))",
            "['a', 'b'].all(x, !device.name.contains(x) || x == 'a')",
            "time.hour == 1 && time.minute == 30 && time.weekday == 4",
            "(time.hour + 23) % 24 == 0 && -time.hour < 0",
            "double(device.confidence) / 100.0 > 0.5",
            "device.is_online ? device.age > 5000 : device.confidence > 90",
            "!has(device.model) && has(device.name)",
            "device.kind in ['camera', 'unknown'] && device.id != ''",
            "device.model == 'x' || device.is_online",
            "'x' + device.vendor == \"xezviz\"",
        ] {
            assert_eq!(judge(holds), Verdict::Holds, "{holds}");
        }
        for fails in ["device.vendor == 'EZVIZ'", "time.hour > 5 && device.model == 'x'"] {
            assert_eq!(judge(fails), Verdict::Fails, "{fails}");
        }
    }

    #[test]
    fn what_is_not_known_or_cannot_be_computed_makes_nothing_true_and_nothing_false() {
        for unknown in [
            "device.model == 'x'",
            "device.model != 'x'",
            "!(device.model == 'x')",
            "device.is_online && device.model.contains('x')",
            "device.confidence / (time.hour - 1) == 1",
            "device.confidence + 9223372036854775807 > 0",
            "device.addresses[5] == 'x'",
            "device.name.within('192.0.2.0/24')",
        ] {
            assert_eq!(judge(unknown), Verdict::Unknown, "{unknown}");
        }
    }

    #[test]
    fn the_parts_of_a_condition_are_told_as_they_were_written() {
        let source = "device.is_online\n  && (time.hour > 5 || device.vendor == '&&') && device.model == 'x'";
        let (condition, fields) = Condition::compile(source).unwrap();

        assert_eq!(
            condition.parts(&facts(&fields)),
            [
                ("device.is_online".to_owned(), Verdict::Holds),
                ("time.hour > 5 || device.vendor == '&&'".to_owned(), Verdict::Fails),
                ("device.model == 'x'".to_owned(), Verdict::Unknown),
            ]
        );
    }

    #[test]
    fn what_is_within_the_bounds_is_done_in_no_time_however_it_is_built() {
        let deep = format!("{}device.is_online{}", "(".repeat(16), ")".repeat(16));
        let wide = format!("device.name in [{}'x']", "'x',".repeat(120));
        let long = vec!["time.hour>1"; 75].join("||");
        let chained = format!("time.hour{} > 5", "+1".repeat(90));
        let negated = format!("{}device.is_online", "!".repeat(90));
        let looped = format!("[{}'x'].all(x, device.name != x)", "'x',".repeat(120));
        for source in [deep, wide, long, chained, negated, looped] {
            let start = Instant::now();
            let _verdict = judge(&source);
            assert!(start.elapsed() < LONGEST, "{source} took {:?}", start.elapsed());
        }
    }

    /// Pieces of expressions, some of which make no sense.
    fn pieces() -> impl Strategy<Value = String> {
        let names: Vec<String> = FIELDS.iter().map(|field| field.name.to_owned()).collect();
        let signs = [
            "&&",
            "||",
            "!",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "==",
            "!=",
            "<",
            ">=",
            "+",
            "-",
            "*",
            "/",
            "%",
            ".",
            ",",
            "?",
            ":",
            " in ",
            "'x'",
            "\"",
            "'",
            "'''",
            "r'",
            "b'x'",
            "5",
            "5u",
            "1e9",
            "0x7f",
            "9223372036854775807",
            "null",
            "true",
            "has(",
            "size(",
            ".exists(a,",
            ".all(a,",
            ".map(a,",
            ".below(",
            ".within('192.0.2.0/24')",
            ".startsWith(",
            "int(",
            "double(",
            "a",
            "@result",
            "`",
            "//",
            "\n",
            "\\",
            "\u{0}",
            "é",
            "\u{202e}",
            "type(",
            "dyn(",
            "optional.of(",
            ".?x",
            "[?0]",
        ];
        prop_oneof![
            proptest::sample::select(names),
            proptest::sample::select(signs.map(str::to_owned).to_vec()),
            "\\PC{0,3}",
        ]
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_think_for_long(list in prop::collection::vec(pieces(), 0..60)) {
            let source = list.concat();
            let start = Instant::now();
            if let Ok((condition, fields)) = Condition::compile(&source) {
                condition.judge(&facts(&fields));
                condition.judge(&Facts::default());
                prop_assert!(!condition.parts(&Facts::default()).is_empty());
            }
            prop_assert!(start.elapsed() < LONGEST, "{} took {:?}", source, start.elapsed());
        }

        #[test]
        fn what_is_well_typed_is_evaluated_whatever_the_values_are(
            left in proptest::sample::select(FIELDS.iter().map(|field| field.name).collect::<Vec<_>>()),
            sign in proptest::sample::select(vec!["==", "!=", "<", ">", "in", "&&", "||", "+", "%"]),
            right in proptest::sample::select(FIELDS.iter().map(|field| field.name).collect::<Vec<_>>()),
        ) {
            let source = format!("{left} {sign} {right}");
            if let Ok((condition, fields)) = Condition::compile(&source) {
                let verdict = condition.judge(&facts(&fields));
                let is_known = fields.iter().all(|field| facts(&[field]).get(field.name).is_some());
                if is_known && sign != "%" {
                    prop_assert_ne!(verdict, Verdict::Unknown, "{}", source);
                }
            }
        }
    }
}
