//! What can go wrong with metrics.

/// Why metrics cannot be declared.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// A family contradicts itself or another one.
    #[error("a metric family cannot be declared: {0}")]
    Declaration(prometheus::Error),
}
