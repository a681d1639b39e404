//! How far a TCP conversation got.

use super::{ConnState, Role};
use crate::decode::TcpFlags;

/// What both sides of a TCP conversation have shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TcpProgress(u8);

impl TcpProgress {
    const INITIATOR_SYN: u8 = 1;
    const RESPONDER_SYN_ACK: u8 = 1 << 1;
    const INITIATOR_FIN: u8 = 1 << 2;
    const RESPONDER_FIN: u8 = 1 << 3;
    const INITIATOR_RST: u8 = 1 << 4;
    const RESPONDER_RST: u8 = 1 << 5;
    const RESPONDER_SPOKE: u8 = 1 << 6;

    /// Takes in the flags of a segment sent by `sender`.
    pub(super) const fn observe(&mut self, sender: Role, flags: TcpFlags) {
        let syn = flags.contains(TcpFlags::SYN);
        let ack = flags.contains(TcpFlags::ACK);
        match sender {
            Role::Initiator => {
                self.set(syn && !ack, Self::INITIATOR_SYN);
                self.set(flags.contains(TcpFlags::FIN), Self::INITIATOR_FIN);
                self.set(flags.contains(TcpFlags::RST), Self::INITIATOR_RST);
            }
            Role::Responder => {
                self.set(true, Self::RESPONDER_SPOKE);
                self.set(syn && ack, Self::RESPONDER_SYN_ACK);
                self.set(flags.contains(TcpFlags::FIN), Self::RESPONDER_FIN);
                self.set(flags.contains(TcpFlags::RST), Self::RESPONDER_RST);
            }
        }
    }

    /// Tells whether the initiator's SYN was seen, so that its first byte's number is known.
    pub(super) const fn saw_syn(self) -> bool {
        self.has(Self::INITIATOR_SYN)
    }

    /// Tells whether the answer to a SYN was seen.
    pub(super) const fn saw_syn_ack(self) -> bool {
        self.has(Self::RESPONDER_SYN_ACK)
    }

    /// Tells whether nothing more is to come: both sides closed, or one aborted.
    pub(super) const fn is_closed(self) -> bool {
        self.0 & (Self::INITIATOR_RST | Self::RESPONDER_RST) != 0
            || self.has(Self::INITIATOR_FIN) && self.has(Self::RESPONDER_FIN)
    }

    /// Tells whether an attempt was made that nobody has answered.
    pub(super) const fn is_half_open(self) -> bool {
        self.has(Self::INITIATOR_SYN) && !self.has(Self::RESPONDER_SPOKE)
    }

    /// The outcome in Zeek's words (Zeek documentation, `base/protocols/conn/main.zeek`, `conn_state`).
    pub(super) const fn conn_state(self) -> ConnState {
        let initiator_rst = self.has(Self::INITIATOR_RST);
        let responder_rst = self.has(Self::RESPONDER_RST);
        let initiator_fin = self.has(Self::INITIATOR_FIN);
        let responder_fin = self.has(Self::RESPONDER_FIN);
        match (self.has(Self::INITIATOR_SYN), self.has(Self::RESPONDER_SYN_ACK)) {
            (true, true) if initiator_rst => ConnState::Rsto,
            (true, true) if responder_rst => ConnState::Rstr,
            (true, true) => match (initiator_fin, responder_fin) {
                (true, true) => ConnState::SF,
                (true, false) => ConnState::S2,
                (false, true) => ConnState::S3,
                (false, false) => ConnState::S1,
            },
            (true, false) if responder_rst => ConnState::Rej,
            (true, false) if initiator_rst => ConnState::Rstos0,
            (true, false) if initiator_fin => ConnState::Sh,
            (true, false) if self.has(Self::RESPONDER_SPOKE) => ConnState::Oth,
            (true, false) => ConnState::S0,
            (false, true) if responder_rst => ConnState::Rstrh,
            (false, true) if responder_fin => ConnState::Shr,
            (false, true | false) => ConnState::Oth,
        }
    }

    const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    const fn set(&mut self, seen: bool, bit: u8) {
        if seen {
            self.0 |= bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `S` SYN, `H` SYN-ACK, `A` ACK, `F` FIN, `R` RST; upper case from the initiator, lower case from the responder.
    fn outcome(history: &str) -> ConnState {
        let mut progress = TcpProgress::default();
        for letter in history.chars() {
            let sender =
                if letter.is_ascii_uppercase() { Role::Initiator } else { Role::Responder };
            let flags = match letter.to_ascii_uppercase() {
                'S' => 0x02,
                'H' => 0x12,
                'A' => 0x10,
                'F' => 0x11,
                'R' => 0x04,
                other => panic!("no segment is called {other}"),
            };
            progress.observe(sender, TcpFlags(flags));
        }
        progress.conn_state()
    }

    #[test]
    fn each_outcome_has_zeeks_name() {
        for (history, expected) in [
            ("S", ConnState::S0),
            ("ShA", ConnState::S1),
            ("ShAFfA", ConnState::SF),
            ("Sr", ConnState::Rej),
            ("ShAF", ConnState::S2),
            ("ShAf", ConnState::S3),
            ("ShAR", ConnState::Rsto),
            ("ShAr", ConnState::Rstr),
            ("SR", ConnState::Rstos0),
            ("hr", ConnState::Rstrh),
            ("SF", ConnState::Sh),
            ("hf", ConnState::Shr),
            ("Aa", ConnState::Oth),
        ] {
            assert_eq!(outcome(history), expected, "{history}");
        }
    }
}
