//! What a packet was wrapped in.
//!
//! Plain values; nothing here reads bytes.

use std::net::IpAddr;

/// How often a packet may be wrapped and still be unwrapped. Real mirrors nest two or three times;
/// the limit keeps a made-up frame from being read again and again.
pub(super) const MAX_WRAPPINGS: u8 = 4;

/// The outermost wrapping of a packet, and how many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tunnel {
    /// The outermost wrapping.
    pub kind: TunnelKind,
    /// How many wrappings were taken off, 1 to 4.
    pub depth: u8,
    /// What the outermost wrapping tells apart its insides by: VXLAN and GENEVE network identifier,
    /// GRE key, ERSPAN session, PPPoE session, MPLS label, GTP tunnel endpoint, PPTP call,
    /// L2TP tunnel (high 16 bits) and session, I-SID; 0 where there is none.
    pub id: u32,
    /// Source and destination of the outermost IP header that was taken off; `None` when all
    /// wrappings stand on the link layer, such as PPPoE.
    pub outer: Option<(IpAddr, IpAddr)>,
    /// Source and destination port behind that header, for tunnels over UDP.
    pub ports: Option<(u16, u16)>,
}

/// The wrappings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TunnelKind {
    /// Generic Routing Encapsulation, RFC 2784, RFC 2890 and RFC 1701; NVGRE, RFC 7637.
    Gre,
    /// PPTP's enhanced GRE, RFC 2637.
    Pptp,
    /// Encapsulated Remote SPAN of types I, II and III (draft-foschiano-erspan).
    Erspan,
    /// VXLAN, RFC 7348.
    Vxlan,
    /// Generic Protocol Extension for VXLAN (draft-ietf-nvo3-vxlan-gpe).
    VxlanGpe,
    /// GENEVE, RFC 8926.
    Geneve,
    /// TaZmen Sniffer Protocol over UDP.
    Tzsp,
    /// IPv4 in IPv4, RFC 2003.
    IpInIp,
    /// IPv6 in IPv4, RFC 4213.
    SixInFour,
    /// IPv4 in IPv6, RFC 2473.
    FourInSix,
    /// IPv6 in IPv6, RFC 2473.
    SixInSix,
    /// Teredo, RFC 4380.
    Teredo,
    /// GTP-U, 3GPP TS 29.281.
    Gtp,
    /// L2TP version 2, RFC 2661.
    L2tp,
    /// PPP over Ethernet, RFC 2516.
    Pppoe,
    /// MPLS, RFC 3032, with IP or an Ethernet pseudowire (RFC 4448) inside.
    Mpls,
    /// Provider backbone bridging, IEEE 802.1Q-2018, clause 9.7 (I-TAG).
    Pbb,
    /// Cisco FabricPath.
    FabricPath,
}

/// The wrappings whose inside is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TunnelTrust {
    /// All.
    Every,
    /// All but those over UDP, to whose ports any stranger can send: they stay datagrams.
    NotOverUdp,
}

impl Tunnel {
    /// What tells the insides of tunnels apart in keys: the same addresses may live in several. The same for both
    /// directions, and 0 without an outer IP header, where VLAN tags do that.
    #[must_use]
    pub fn segment(&self) -> u32 {
        let Some((source, destination)) = self.outer else { return 0 };
        // Other kinds may number each direction for itself.
        let is_shared =
            matches!(self.kind, TunnelKind::Vxlan | TunnelKind::VxlanGpe | TunnelKind::Geneve);
        let id = if is_shared { self.id } else { 0 };
        // Multiplying spreads each bit of the number over the others (Knuth, "The Art of Computer Programming", 6.4).
        folded(source) ^ folded(destination) ^ id.wrapping_mul(0x9e37_79b1)
    }
}

/// The XOR of an address's words.
fn folded(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(address) => address.to_bits(),
        IpAddr::V6(address) => {
            let octets = address.octets();
            let (words, _) = octets.as_chunks::<4>();
            words.iter().fold(0, |folded, word| folded ^ u32::from_be_bytes(*word))
        }
    }
}

impl TunnelKind {
    /// Every kind, for counters that exist from the start.
    pub const ALL: [Self; 18] = [
        Self::Gre,
        Self::Pptp,
        Self::Erspan,
        Self::Vxlan,
        Self::VxlanGpe,
        Self::Geneve,
        Self::Tzsp,
        Self::IpInIp,
        Self::SixInFour,
        Self::FourInSix,
        Self::SixInSix,
        Self::Teredo,
        Self::Gtp,
        Self::L2tp,
        Self::Pppoe,
        Self::Mpls,
        Self::Pbb,
        Self::FabricPath,
    ];

    /// The label in metrics and events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Gre => "gre",
            Self::Pptp => "pptp",
            Self::Erspan => "erspan",
            Self::Vxlan => "vxlan",
            Self::VxlanGpe => "vxlan-gpe",
            Self::Geneve => "geneve",
            Self::Tzsp => "tzsp",
            Self::IpInIp => "ipip",
            Self::SixInFour => "6in4",
            Self::FourInSix => "4in6",
            Self::SixInSix => "6in6",
            Self::Teredo => "teredo",
            Self::Gtp => "gtp",
            Self::L2tp => "l2tp",
            Self::Pppoe => "pppoe",
            Self::Mpls => "mpls",
            Self::Pbb => "pbb",
            Self::FabricPath => "fabricpath",
        }
    }
}
