//! Whether the kernel counts flows for a source, and why not.

/// Why the kernel counts no flows for a source. Everything is captured then: results are the same, at a higher cost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CutoffUnavailable {
    /// What the source reads does not come through a packet socket of ours.
    #[error("the source is none that the kernel filters for us")]
    Source,
    /// The configuration gives no memory for it.
    #[error("switched off by capture.cutoff")]
    Disabled,
    /// The interface carries no Ethernet frames.
    #[error("the interface carries no Ethernet frames")]
    LinkType,
    /// A capability is missing, or a filter of system calls forbids bpf(2).
    #[error(
        "not allowed: needs the capability CAP_BPF (CAP_SYS_ADMIN before Linux 5.8) and the system call bpf"
    )]
    Forbidden,
    /// There is no memory for the table.
    #[error(
        "no memory for the table; before Linux 5.11 it counts as locked memory (LimitMEMLOCK=)"
    )]
    Memory,
    /// The kernel is too old, was built without it, or does not accept the program.
    #[error("the kernel refuses it (Linux 5.8 or later is needed): {explanation}")]
    Refused {
        /// What the kernel says.
        explanation: String,
    },
}

impl CutoffUnavailable {
    /// Its name in metrics and in the API.
    #[must_use]
    pub const fn as_label(&self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Disabled => "disabled",
            Self::LinkType => "link-type",
            Self::Forbidden => "forbidden",
            Self::Memory => "memory",
            Self::Refused { .. } => "refused",
        }
    }
}
