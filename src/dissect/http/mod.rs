//! HTTP/1 (RFC 9112): requests and responses, and the few small bodies that name a device, a port mapping or addresses.
//!
//! Comes in: the first bytes of one side of a stream. Goes out: an [`HttpRequest`] or an [`HttpResponse`]. It keeps no
//! credentials, no cookies and no body, and leaves what only resembles HTTP (RTSP, SIP, ICY, HTTP/2) alone.

mod address_list;
mod body;
mod description;
mod fields;
mod port_mapping;
pub(crate) mod request;
pub(crate) mod response;
mod title;

pub use address_list::AddressList;
pub use description::{IsapiDevice, UpnpDevice};
pub use port_mapping::{MappingAction, PortMapping};
pub use request::HttpRequest;
pub use response::HttpResponse;
