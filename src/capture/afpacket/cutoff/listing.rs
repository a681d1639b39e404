//! The program as text, in the notation of the kernel's own verifier log.
//!
//! Comes in: operations. Goes out: a line each, with the number of the instruction, so that what `bpftool prog dump
//! xlated` shows before the kernel rewrites it can be compared.

use std::fmt;

use super::assembler::{Alu, Op, Operand, Reg, Routine, When, Width, slots};

/// A program, to be written as text.
pub(super) struct Listing<'a>(pub(super) &'a [Op]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = 0;
        for op in self.0 {
            match slots(op) {
                0 => writeln!(f, "{op}")?,
                taken => {
                    writeln!(f, "{number:4}: {op}")?;
                    number += taken;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Remark(text) => write!(f, "      ; {text}"),
            Self::Place(label) => write!(f, "{label:?}:"),
            Self::Wide(reg, value) => write!(f, "{reg} = 0x{value:x} ll"),
            Self::Map(reg, _) => write!(f, "{reg} = map"),
            Self::Alu(alu, reg, operand) => write!(f, "{reg} {} {operand}", sign(alu)),
            Self::FromNetwork(reg, Width::Half) => write!(f, "{reg} = be16 {reg}"),
            Self::FromNetwork(reg, Width::Word) => write!(f, "{reg} = be32 {reg}"),
            Self::FromNetwork(reg, _) => write!(f, "{reg} = be64 {reg}"),
            Self::Load(reg, width, base, offset) => {
                write!(f, "{reg} = *({width} *)({base} {offset:+})")
            }
            Self::Store(width, base, offset, operand) => {
                write!(f, "*({width} *)({base} {offset:+}) = {operand}")
            }
            Self::AddTo(base, offset, reg) => {
                write!(f, "lock *(u64 *)({base} {offset:+}) += {reg}")
            }
            Self::If(when, reg, operand, label) => {
                write!(f, "if {reg} {} {operand} goto {label:?}", comparison(when))
            }
            Self::Goto(label) => write!(f, "goto {label:?}"),
            Self::Call(routine) => write!(f, "call {}", routine_name(routine)),
            Self::Exit => f.write_str("exit"),
        }
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", *self as u8)
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Byte => "u8",
            Self::Half => "u16",
            Self::Word => "u32",
            Self::Double => "u64",
        })
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reg(reg) => reg.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

const fn sign(alu: Alu) -> &'static str {
    match alu {
        Alu::Move => "=",
        Alu::Add => "+=",
        Alu::Subtract => "-=",
        Alu::Multiply => "*=",
        Alu::Divide => "/=",
        Alu::Or => "|=",
        Alu::And => "&=",
        Alu::ShiftRight => ">>=",
        Alu::Xor => "^=",
    }
}

const fn comparison(when: When) -> &'static str {
    match when {
        When::Equal => "==",
        When::NotEqual => "!=",
        When::Below => "<",
        When::AtMost => "<=",
        When::Above => ">",
        When::AnyBit => "&",
    }
}

const fn routine_name(routine: Routine) -> &'static str {
    match routine {
        Routine::MapLookup => "bpf_map_lookup_elem",
        Routine::ClockNanos => "bpf_ktime_get_ns",
        Routine::LoadBytes => "bpf_skb_load_bytes",
        Routine::ClockCoarseNanos => "bpf_ktime_get_coarse_ns",
    }
}
