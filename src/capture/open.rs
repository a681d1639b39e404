//! Opens an interface by the backend that the configuration names.
//!
//! Comes in: an interface and the configuration. Goes out: a source, whichever it is, or what to do
//! to get one. It decides nothing on its own: a wish that cannot be met is an error.

use super::{Backend, CaptureError, Config, FrameSource, InterfaceConfig};

/// Opens an interface for capture.
///
/// # Errors
/// The backend was not built in, does not know an option that is set, or cannot open the interface.
pub fn open_interface(
    interface: &InterfaceConfig,
    config: &Config,
) -> Result<Box<dyn FrameSource>, CaptureError> {
    match config.backend {
        Backend::AfPacket => open_afpacket(&interface.name, config),
        Backend::Libpcap => open_libpcap(&interface.name, config),
    }
}

/// Opens an interface for as many workers as the configuration says: each source has a share of its frames.
///
/// # Errors
/// As of [`open_interface`], and the backend cannot share an interface.
pub fn open_shared(
    interface: &InterfaceConfig,
    config: &Config,
) -> Result<Vec<Box<dyn FrameSource>>, CaptureError> {
    if config.workers <= 1 {
        return Ok(vec![open_interface(interface, config)?]);
    }
    match config.backend {
        Backend::AfPacket => share_afpacket(&interface.name, config),
        Backend::Libpcap => Err(CaptureError::Unsupported {
            what: "several workers with the backend libpcap".into(),
            hint: "set capture.workers = 1, or use `--backend afpacket`".into(),
        }),
    }
}

#[cfg(target_os = "linux")]
fn share_afpacket(name: &str, config: &Config) -> Result<Vec<Box<dyn FrameSource>>, CaptureError> {
    refuse_filter(config)?;
    let sources = super::AfPacketSource::open_shared(name, config)?;
    Ok(sources.into_iter().map(|source| Box::new(source) as Box<dyn FrameSource>).collect())
}

#[cfg(not(target_os = "linux"))]
fn share_afpacket(name: &str, config: &Config) -> Result<Vec<Box<dyn FrameSource>>, CaptureError> {
    Ok(vec![open_afpacket(name, config)?])
}

#[cfg(target_os = "linux")]
fn refuse_filter(config: &Config) -> Result<(), CaptureError> {
    match &config.filter {
        None => Ok(()),
        Some(filter) => Err(CaptureError::Unsupported {
            what: format!("filter `{filter}` with the backend afpacket"),
            hint: "filter expressions need `--backend libpcap`".into(),
        }),
    }
}

#[cfg(target_os = "linux")]
fn open_afpacket(name: &str, config: &Config) -> Result<Box<dyn FrameSource>, CaptureError> {
    refuse_filter(config)?;
    Ok(Box::new(super::AfPacketSource::open(name, config)?))
}

#[cfg(not(target_os = "linux"))]
fn open_afpacket(_name: &str, _config: &Config) -> Result<Box<dyn FrameSource>, CaptureError> {
    Err(CaptureError::Unsupported {
        what: "the backend afpacket on this system".into(),
        hint: "it is there on Linux only; use `--backend libpcap`".into(),
    })
}

#[cfg(feature = "libpcap")]
fn open_libpcap(name: &str, config: &Config) -> Result<Box<dyn FrameSource>, CaptureError> {
    Ok(Box::new(super::LibpcapSource::open(name, config)?))
}

#[cfg(not(feature = "libpcap"))]
fn open_libpcap(_name: &str, _config: &Config) -> Result<Box<dyn FrameSource>, CaptureError> {
    Err(CaptureError::Unsupported {
        what: "the backend libpcap".into(),
        hint: "this program was built without it; build with `cargo build --features libpcap`"
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::InterfaceRole;

    fn problem(config: &Config) -> String {
        let interface =
            InterfaceConfig { name: "nosuchinterface".into(), role: InterfaceRole::Lan };
        open_interface(&interface, config).err().unwrap().to_string()
    }

    #[test]
    fn a_filter_names_the_backend_that_knows_filters() {
        let config = Config { filter: Some("port 53".into()), ..Config::default() };

        assert!(problem(&config).contains("--backend libpcap"));
    }

    #[test]
    fn the_default_backend_opens_the_interface_by_its_name() {
        assert!(problem(&Config::default()).contains("nosuchinterface does not exist"));
    }

    #[test]
    fn libpcap_shares_no_interface() {
        let config = Config { backend: Backend::Libpcap, workers: 2, ..Config::default() };
        let interface = InterfaceConfig { name: "lo".into(), role: InterfaceRole::Lan };

        let problem = open_shared(&interface, &config).err().unwrap().to_string();
        assert!(problem.contains("--backend afpacket"), "{problem}");
    }

    #[cfg(not(feature = "libpcap"))]
    #[test]
    fn a_backend_that_was_not_built_in_says_how_to_build_it() {
        let config = Config { backend: Backend::Libpcap, ..Config::default() };

        assert!(problem(&config).contains("--features libpcap"));
    }
}
