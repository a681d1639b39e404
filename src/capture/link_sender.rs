//! Sends frames on an interface, for the one command that asks.
//!
//! Comes in: whole Ethernet frames. Goes out: the same, through one interface. It makes no frame of its own, receives
//! nothing, and `run`, `replay` and `demo` never open it.

use std::io;
use std::time::Duration;

use pnet::datalink::{self, Channel, DataLinkSender};

use super::CaptureError;

/// How long a full queue of the interface is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The way out of an interface.
pub struct LinkSender {
    name: String,
    sender: Box<dyn DataLinkSender>,
}

impl LinkSender {
    /// Opens the interface called `name` for sending. Needs CAP_NET_RAW in the calling thread.
    ///
    /// # Errors
    /// The interface does not exist or carries no Ethernet frames; the capability is missing.
    pub fn open(name: &str) -> Result<Self, CaptureError> {
        let interface = datalink::interfaces().into_iter().find(|found| found.name == name);
        let interface = interface.ok_or_else(|| CaptureError::NotFound {
            what: format!("the interface {name}"),
            hint: "`hikwatch interfaces` lists what there is".into(),
        })?;
        let config = datalink::Config {
            write_timeout: Some(PATIENCE),
            promiscuous: false,
            ..datalink::Config::default()
        };
        match datalink::channel(&interface, config) {
            Ok(Channel::Ethernet(sender, _)) => Ok(Self { name: name.to_owned(), sender }),
            Ok(_) => Err(CaptureError::Unsupported {
                what: format!("sending on {name}"),
                hint: "it carries no Ethernet frames".into(),
            }),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(CaptureError::Permission {
                    what: name.to_owned(),
                    hint: "sending frames takes the capability CAP_NET_RAW; run as root, or give it by \
                           `setcap cap_net_raw+ep`"
                        .into(),
                })
            }
            Err(source) => {
                Err(CaptureError::Io { what: format!("open {name} for sending"), source })
            }
        }
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// The interface is down, or takes no frame of this length.
    pub fn send(&mut self, frame: &[u8]) -> Result<(), CaptureError> {
        let refused = || Err(io::Error::from(io::ErrorKind::InvalidInput));
        let sent = self.sender.send_to(frame, None).unwrap_or_else(refused);
        sent.map_err(|source| CaptureError::Io { what: format!("send on {}", self.name), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_that_does_not_exist_is_named() {
        let error = LinkSender::open("nosuchinterface").err().unwrap();

        assert!(error.to_string().contains("nosuchinterface does not exist"), "{error}");
    }
}
