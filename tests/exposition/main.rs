//! What `/metrics` promises: two formats that strict readers take, a bounded number of series, counters that never fall,
//! and files for Prometheus and Grafana that fit it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "what a test builds by hand is there; sums are far below 2^53"
)]

mod budget;
mod chain;
mod events;
mod lab;
mod monotony;
mod openmetrics;
mod oracles;
mod shipped;
mod tools;
