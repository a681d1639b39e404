//! Fields that begin with their own length, as most binary protocols have them.
//!
//! Comes in: a buffer and what is to stand behind the length. Goes out: the buffer with both. It
//! never fails: a length that does not fit its field becomes the field's largest value, which no
//! message of this room comes near.

/// Appends what `body` writes, behind its length as one octet.
pub(crate) fn with_len8(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.push(0);
    body(out);
    let length = u8::try_from(out.len() - at - 1).unwrap_or(u8::MAX);
    if let Some(field) = out.get_mut(at) {
        *field = length;
    }
}

/// Appends what `body` writes, behind its length as two octets in network order.
pub(crate) fn with_len16(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend([0; 2]);
    body(out);
    let length = len16(out.len() - at - 2);
    put_at(out, at, length);
}

/// Appends what `body` writes, behind its length as three octets (TLS handshake messages).
pub(crate) fn with_len24(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(0);
    with_len16(out, body);
}

/// Appends a 16-bit number in network order.
pub(crate) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_be_bytes());
}

/// Overwrites two octets at `at`; does nothing when the buffer ends before.
pub(crate) fn put_at(out: &mut [u8], at: usize, value: u16) {
    if let Some(field) = out.get_mut(at..at.saturating_add(2)) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}

/// A length as 16 bits.
pub(crate) fn len16(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Appends a length as MQTT has it: seven bits an octet, low bits first (MQTT 3.1.1, 2.2.3).
pub(crate) fn put_varint(out: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    loop {
        let [low, ..] = (rest & 0x7f).to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_counts_what_stands_behind_it_only() {
        let mut out = Vec::new();

        with_len8(&mut out, |out| out.extend(b"abc"));
        with_len16(&mut out, |out| out.extend(b"de"));
        with_len24(&mut out, |out| out.push(b'f'));

        assert_eq!(out, b"\x03abc\x00\x02de\x00\x00\x01f");
    }

    #[test]
    fn a_varint_of_180_takes_two_octets() {
        let mut out = Vec::new();

        put_varint(&mut out, 180);
        put_varint(&mut out, 62);

        assert_eq!(out, [0xb4, 0x01, 0x3e]);
    }
}
