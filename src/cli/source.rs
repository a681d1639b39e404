//! What `--source` may name.
//!
//! Comes in: a text of the command line. Goes out: a source to open, or why there is none such. It opens
//! nothing, and looks no host up: a name that resolves elsewhere tomorrow must not open a port there.

use std::net::SocketAddr;
use std::str::FromStr;

/// What stands before the address of a TZSP source.
const TZSP: &str = "tzsp://";

/// Frames from elsewhere than an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A capture stream on standard input.
    StandardInput,
    /// TZSP datagrams that arrive at this address.
    Tzsp(SocketAddr),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::StandardInput);
        }
        let address = text.strip_prefix(TZSP).and_then(|address| address.parse().ok());
        address.map(Self::Tzsp).ok_or_else(|| {
            "write `-` (standard input) or tzsp://ADDR:PORT with an IP address of this machine, \
             such as tzsp://0.0.0.0:37008 or tzsp://[::]:37008"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_and_addresses_of_both_families_are_sources() {
        assert_eq!("-".parse(), Ok(Source::StandardInput));
        for address in ["0.0.0.0:37008", "[::]:37008", "[2001:db8::1]:9"] {
            let expected = Source::Tzsp(address.parse().unwrap());
            assert_eq!(format!("tzsp://{address}").parse(), Ok(expected));
        }
    }

    #[test]
    fn anything_else_is_told_the_form() {
        for wrong in [
            "",
            "eth0",
            "0.0.0.0:37008",
            "tzsp://",
            "tzsp://0.0.0.0",
            "tzsp://:37008",
            "tzsp://::37008",
            "tzsp://router.example:37008",
            "tzsp://0.0.0.0:70000",
            "tzsp://0.0.0.0:37008/",
            "udp://0.0.0.0:37008",
        ] {
            let refusal = wrong.parse::<Source>().unwrap_err();
            assert!(refusal.contains("tzsp://ADDR:PORT"), "{wrong}: {refusal}");
        }
    }
}
