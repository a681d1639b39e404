//! ISUP (formerly EHome): a device registers with a platform of its owner's choice (port 7660).
//!
//! Comes in: a device and the platform. Goes out: two datagrams. The XML form, its root and its fields are those of
//! published clients (idx:926191419, idx:53180424430), grade B; version 5 is binary and is not constructed here.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::line::UdpTalk;
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;

/// Who registers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsupPlan<'a> {
    /// The number that the owner gave it.
    pub(crate) device_id: u32,
    /// Short serial.
    pub(crate) serial: &'a str,
    /// Version and build.
    pub(crate) firmware: &'a str,
    /// Its own address.
    pub(crate) address: Ipv4Addr,
}

/// A device registers, and is welcome.
pub(crate) fn register_isup(
    outbox: &mut Outbox,
    at: Timestamp,
    talk: &mut UdpTalk,
    plan: &IsupPlan<'_>,
) {
    let IsupPlan { device_id, serial, firmware, address } = plan;
    let sequence = talk.sent + 1;
    let request = format!(
        "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<PPVSPMessage>\r\n<Version>2.5</Version>\r\n\
         <Sequence>{sequence}</Sequence>\r\n<CommandType>REQUEST</CommandType>\r\n\
         <Command>REGISTER</Command>\r\n<Params>\r\n<DeviceID>{device_id}</DeviceID>\r\n\
         <SerialNumber>{serial}</SerialNumber>\r\n<FirmwareVersion>{firmware}</FirmwareVersion>\r\n\
         <LocalIP>{address}</LocalIP>\r\n<LocalPort>7660</LocalPort>\r\n</Params>\r\n</PPVSPMessage>\r\n"
    );
    talk.send(outbox, at, Side::Client, request.as_bytes());
    let response = format!(
        "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<PPVSPMessage>\r\n<Version>2.5</Version>\r\n\
         <Sequence>{sequence}</Sequence>\r\n<CommandType>RESPONSE</CommandType>\r\n\
         <Command>REGISTER</Command>\r\n<WhichCommand>REGISTER</WhichCommand>\r\n\
         <Status>200</Status>\r\n<Description>OK</Description>\r\n</PPVSPMessage>\r\n"
    );
    talk.send(outbox, at.plus(Duration::from_millis(20)), Side::Server, response.as_bytes());
}
