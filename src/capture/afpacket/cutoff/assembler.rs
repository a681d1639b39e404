//! The instructions of eBPF that our filter is made of, as values.
//!
//! Comes in: a list of [`Op`]s with labels. Goes out: the words that the kernel loads. It resolves jumps and nothing
//! else: what is written is what is loaded, instruction by instruction.
//! Encoding: RFC 9669, "BPF Instruction Set Architecture"; Linux `include/uapi/linux/bpf.h`.

use std::os::fd::RawFd;

/// A register; r1 to r5 do not survive a call, r6 to r9 do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reg {
    /// Result of calls and of the program.
    R0 = 0,
    R1 = 1,
    R2 = 2,
    R3 = 3,
    R4 = 4,
    R6 = 6,
    R7 = 7,
    R8 = 8,
    R9 = 9,
    /// The end of the stack, read only.
    Stack = 10,
}

/// How wide an access is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Byte,
    Half,
    Word,
    Double,
}

/// The second operand: a register or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    Reg(Reg),
    Number(i32),
}

/// Arithmetic on 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alu {
    Move,
    Add,
    Subtract,
    Multiply,
    Divide,
    Or,
    And,
    ShiftRight,
    Xor,
}

/// When to jump; comparisons are of 64 bits without sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Equal,
    NotEqual,
    Below,
    AtMost,
    Above,
    /// Any bit of the second operand is set in the first.
    AnyBit,
}

/// A routine of the kernel, by its number in `enum bpf_func_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Routine {
    MapLookup = 1,
    ClockNanos = 5,
    LoadBytes = 26,
    /// Since Linux 5.11; to the tick, at a fraction of the cost.
    ClockCoarseNanos = 160,
}

/// A place in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Pass,
    Ipv6,
    Transport,
    Untagged,
    HasVlan,
    Tcp,
    Payload,
    Swap,
    Sorted,
    Look,
    Found,
    Count,
    NoTrailer,
    Merged,
    Counted,
    /// Behind the note of this flag.
    Flag(u8),
}

/// One instruction, or a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// Says what the following does; no instruction.
    Remark(&'static str),
    /// Where jumps lead to; no instruction.
    Place(Label),
    /// Loads a number of 64 bits; takes the space of two instructions.
    Wide(Reg, u64),
    /// Loads the address of a map; takes the space of two instructions.
    Map(Reg, RawFd),
    Alu(Alu, Reg, Operand),
    /// Turns the lowest 16, 32 or 64 bits from network order, and clears the rest.
    FromNetwork(Reg, Width),
    /// Register, width, base, offset.
    Load(Reg, Width, Reg, i16),
    /// Width, base, offset, value.
    Store(Width, Reg, i16, Operand),
    /// Adds the register to 64 bits of memory, in one step.
    AddTo(Reg, i16, Reg),
    If(When, Reg, Operand, Label),
    Goto(Label),
    Call(Routine),
    Exit,
}

/// Why a list of operations is no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AssembleError {
    /// A jump leads nowhere.
    #[error("a jump leads to {0:?}, which is no place in the program")]
    NoSuchPlace(Label),
    /// A jump is too long, or leads back: loops are not allowed here.
    #[error("the jump to {0:?} is too long or leads back")]
    NotAhead(Label),
}

const CLASS_LOAD_REG: u8 = 0x01;
const CLASS_STORE_NUMBER: u8 = 0x02;
const CLASS_STORE_REG: u8 = 0x03;
const CLASS_ALU32: u8 = 0x04;
const CLASS_JUMP: u8 = 0x05;
const CLASS_ALU64: u8 = 0x07;
const MODE_MEMORY: u8 = 0x60;
const MODE_ATOMIC: u8 = 0xc0;
const FROM_REGISTER: u8 = 0x08;
const WIDE: u8 = 0x18;
/// Source of a wide load that stands for a map (`BPF_PSEUDO_MAP_FD`).
const MAP_BY_DESCRIPTOR: u8 = 1;

/// Turns operations into the words that the kernel loads, one of 64 bits for each instruction.
///
/// # Errors
/// A jump leads nowhere or back.
pub(super) fn assemble(ops: &[Op]) -> Result<Vec<u64>, AssembleError> {
    let mut words = Vec::new();
    for (number, op) in ops.iter().enumerate() {
        let ahead = |label| distance(ops, number, label);
        match *op {
            Op::Remark(_) | Op::Place(_) => {}
            Op::Wide(reg, value) => {
                let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
                words.push(word(WIDE, reg as u8, 0, 0, i32::from_le_bytes([a, b, c, d])));
                words.push(word(0, 0, 0, 0, i32::from_le_bytes([e, f, g, h])));
            }
            Op::Map(reg, descriptor) => {
                words.push(word(WIDE, reg as u8, MAP_BY_DESCRIPTOR, 0, descriptor));
                words.push(0);
            }
            Op::Alu(operation, reg, operand) => {
                words.push(with_operand(alu(operation) | CLASS_ALU64, reg, operand, 0));
            }
            Op::FromNetwork(reg, width) => {
                let code = 0xd0 | FROM_REGISTER | CLASS_ALU32;
                words.push(word(code, reg as u8, 0, 0, bits(width)));
            }
            Op::Load(reg, width, base, offset) => {
                let code = MODE_MEMORY | size(width) | CLASS_LOAD_REG;
                words.push(word(code, reg as u8, base as u8, offset, 0));
            }
            Op::Store(width, base, offset, Operand::Reg(reg)) => {
                let code = MODE_MEMORY | size(width) | CLASS_STORE_REG;
                words.push(word(code, base as u8, reg as u8, offset, 0));
            }
            Op::Store(width, base, offset, Operand::Number(number)) => {
                let code = MODE_MEMORY | size(width) | CLASS_STORE_NUMBER;
                words.push(word(code, base as u8, 0, offset, number));
            }
            Op::AddTo(base, offset, reg) => {
                let code = MODE_ATOMIC | size(Width::Double) | CLASS_STORE_REG;
                words.push(word(code, base as u8, reg as u8, offset, 0));
            }
            Op::If(when, reg, operand, label) => {
                let code = condition(when) | CLASS_JUMP;
                words.push(with_operand(code, reg, operand, ahead(label)?));
            }
            Op::Goto(label) => words.push(word(CLASS_JUMP, 0, 0, ahead(label)?, 0)),
            Op::Call(routine) => words.push(word(0x80 | CLASS_JUMP, 0, 0, 0, routine as i32)),
            Op::Exit => words.push(word(0x90 | CLASS_JUMP, 0, 0, 0, 0)),
        }
    }
    Ok(words)
}

/// Instructions between operation `from` and a place further down.
fn distance(ops: &[Op], from: usize, label: Label) -> Result<i16, AssembleError> {
    let place = ops.iter().position(|op| *op == Op::Place(label));
    let place = place.ok_or(AssembleError::NoSuchPlace(label))?;
    let between = ops.get(from + 1..place).ok_or(AssembleError::NotAhead(label))?;
    let length: usize = between.iter().map(slots).sum();
    i16::try_from(length).map_err(|_| AssembleError::NotAhead(label))
}

/// Words that an operation takes.
pub(super) const fn slots(op: &Op) -> usize {
    match op {
        Op::Remark(_) | Op::Place(_) => 0,
        Op::Wide(..) | Op::Map(..) => 2,
        Op::Alu(..)
        | Op::FromNetwork(..)
        | Op::Load(..)
        | Op::Store(..)
        | Op::AddTo(..)
        | Op::If(..)
        | Op::Goto(_)
        | Op::Call(_)
        | Op::Exit => 1,
    }
}

fn with_operand(code: u8, reg: Reg, operand: Operand, offset: i16) -> u64 {
    match operand {
        Operand::Reg(source) => word(code | FROM_REGISTER, reg as u8, source as u8, offset, 0),
        Operand::Number(number) => word(code, reg as u8, 0, offset, number),
    }
}

/// `struct bpf_insn` in the byte order of this machine: its two register fields are bit fields, whose order differs.
fn word(code: u8, destination: u8, source: u8, offset: i16, number: i32) -> u64 {
    let registers = if cfg!(target_endian = "little") {
        source << 4 | destination
    } else {
        destination << 4 | source
    };
    let [o0, o1] = offset.to_ne_bytes();
    let [n0, n1, n2, n3] = number.to_ne_bytes();
    u64::from_ne_bytes([code, registers, o0, o1, n0, n1, n2, n3])
}

const fn alu(operation: Alu) -> u8 {
    match operation {
        Alu::Add => 0x00,
        Alu::Subtract => 0x10,
        Alu::Multiply => 0x20,
        Alu::Divide => 0x30,
        Alu::Or => 0x40,
        Alu::And => 0x50,
        Alu::ShiftRight => 0x70,
        Alu::Xor => 0xa0,
        Alu::Move => 0xb0,
    }
}

const fn condition(when: When) -> u8 {
    match when {
        When::Equal => 0x10,
        When::Above => 0x20,
        When::AnyBit => 0x40,
        When::NotEqual => 0x50,
        When::Below => 0xa0,
        When::AtMost => 0xb0,
    }
}

const fn size(width: Width) -> u8 {
    match width {
        Width::Word => 0x00,
        Width::Half => 0x08,
        Width::Byte => 0x10,
        Width::Double => 0x18,
    }
}

const fn bits(width: Width) -> i32 {
    match width {
        Width::Byte => 8,
        Width::Half => 16,
        Width::Word => 32,
        Width::Double => 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn instructions_are_encoded_as_the_standard_says() {
        let ops = [
            Op::Alu(Alu::Move, Reg::R6, Operand::Reg(Reg::R1)),
            Op::If(When::NotEqual, Reg::R0, Operand::Number(0), Label::Pass),
            Op::Wide(Reg::R7, 0x1122_3344_5566_7788),
            Op::Map(Reg::R1, 9),
            Op::Load(Reg::R1, Width::Half, Reg::Stack, -98),
            Op::AddTo(Reg::R7, 8, Reg::R8),
            Op::FromNetwork(Reg::R1, Width::Half),
            Op::Call(Routine::LoadBytes),
            Op::Place(Label::Pass),
            Op::Exit,
        ];

        assert_eq!(
            assemble(&ops).unwrap().iter().map(|word| word.to_le_bytes()).collect::<Vec<_>>(),
            [
                [0xbf, 0x16, 0, 0, 0, 0, 0, 0],
                [0x55, 0x00, 8, 0, 0, 0, 0, 0],
                [0x18, 0x07, 0, 0, 0x88, 0x77, 0x66, 0x55],
                [0, 0, 0, 0, 0x44, 0x33, 0x22, 0x11],
                [0x18, 0x11, 0, 0, 9, 0, 0, 0],
                [0; 8],
                [0x69, 0xa1, 0x9e, 0xff, 0, 0, 0, 0],
                [0xdb, 0x87, 8, 0, 0, 0, 0, 0],
                [0xdc, 0x01, 0, 0, 16, 0, 0, 0],
                [0x85, 0, 0, 0, 26, 0, 0, 0],
                [0x95, 0, 0, 0, 0, 0, 0, 0],
            ]
        );
    }

    #[test]
    fn jumps_lead_ahead_to_places_that_exist() {
        let nowhere = [Op::Goto(Label::Pass), Op::Exit];
        assert_eq!(assemble(&nowhere), Err(AssembleError::NoSuchPlace(Label::Pass)));

        let back = [Op::Place(Label::Pass), Op::Goto(Label::Pass), Op::Exit];
        assert_eq!(assemble(&back), Err(AssembleError::NotAhead(Label::Pass)));
    }
}
