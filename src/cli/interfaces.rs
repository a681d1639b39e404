//! `hikwatch interfaces`: what can be captured on.

use super::failure::Failure;
use super::output::print;
use super::table::Table;
use crate::capture;

pub(super) fn run() -> Result<(), Failure> {
    let mut table = Table::new(&["INTERFACE", "STATE", "MAC", "ADDRESSES"]);
    for interface in capture::list_interfaces()? {
        let state = match (interface.is_up, interface.is_loopback) {
            (true, true) => "up, loopback",
            (true, false) => "up",
            (false, _) => "down",
        };
        let mac = interface.mac.map(|mac| mac.to_string()).unwrap_or_default();
        let addresses: Vec<String> =
            interface.addresses.iter().map(|(ip, length)| format!("{ip}/{length}")).collect();
        table.row([interface.name.as_str(), state, &mac, &addresses.join(" ")]);
    }
    print(&table.render())
}
