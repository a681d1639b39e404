//! The services that are told, against the real thing where it runs here: Debian's prometheus-alertmanager, mosquitto, nfcapd with
//! nfdump, tshark and systemd-journald; each as a process of its own on loopback. Web services are played by the test: well, badly and not at all.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot set itself up has to fail, and services run by the real clock"
)]

mod alertmanager;
mod bench;
mod ipfix;
mod journal;
mod mqtt;
mod webhook;
mod webhook_tls;
