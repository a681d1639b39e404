//! Cameras and recorders of other makers.
//!
//! Comes in: nothing. Goes out: constants. Address blocks are the IEEE's; realms, scopes and names are as such
//! devices commonly have them (background knowledge, not measured). They are to be mistaken by none for the
//! vendor's: some share ports, weak server names and realms with it.

/// A model of another maker.
#[derive(Debug)]
pub(crate) struct OtherModel {
    /// Maker, as ONVIF's `name` scope has it.
    pub(crate) label: &'static str,
    /// Model.
    pub(crate) model: &'static str,
    /// Address blocks.
    pub(crate) blocks: &'static [u32],
    /// HTTP `Server` line; empty for none.
    pub(crate) server: &'static str,
    /// Realm of HTTP and RTSP; `#` stands for the serial.
    pub(crate) realm: &'static str,
    /// RTSP path of the first stream.
    pub(crate) path: &'static str,
    /// Name of its cloud.
    pub(crate) cloud: &'static str,
    /// Last octet of the cloud's address.
    pub(crate) cloud_host: u8,
    /// A TCP port of its own that is open.
    pub(crate) port: u16,
    /// Service that it announces over multicast DNS; empty for none.
    pub(crate) service: &'static str,
}

/// Cameras of other makers.
pub(crate) static OTHER_MODELS: [OtherModel; 10] = [
    OtherModel {
        label: "Dahua",
        model: "IPC-HDW1431T1-S4",
        blocks: &[0x003c_ef8c, 0x0090_02a9, 0x00e0_508b, 0x004c_11bf],
        server: "Webs",
        realm: "Login to #",
        path: "/cam/realmonitor?channel=1&subtype=0",
        cloud: "www.easy4ipcloud.com",
        cloud_host: 160,
        port: 37_777,
        service: "",
    },
    OtherModel {
        label: "AXIS",
        model: "P3245-V",
        blocks: &[0x0000_408c, 0x00ac_cc8e, 0x00b8_a44f],
        server: "Apache",
        realm: "AXIS_#",
        path: "/axis-media/media.amp",
        cloud: "dispatchse1.connect.axis.com",
        cloud_host: 161,
        port: 443,
        service: "_axis-video._tcp.local",
    },
    OtherModel {
        label: "Reolink",
        model: "RLC-810A",
        blocks: &[0x00ec_71db],
        server: "nginx",
        realm: "BC Streaming Media",
        path: "/h264Preview_01_main",
        cloud: "p2p.reolink.com",
        cloud_host: 162,
        port: 9_000,
        service: "",
    },
    OtherModel {
        label: "UNIVIEW",
        model: "IPC3614SR3",
        blocks: &[0x0048_ea63, 0x00c4_7905],
        server: "webserver",
        realm: "#",
        path: "/media/video1",
        cloud: "ezcloud.uniview.com",
        cloud_host: 142,
        port: 8_080,
        service: "",
    },
    OtherModel {
        label: "Hanwha",
        model: "QNV-8080R",
        blocks: &[0x0000_0918, 0x00e4_3022],
        server: "",
        realm: "iPolis_#",
        path: "/profile2/media.smp",
        cloud: "ddns.hanwha-security.com",
        cloud_host: 163,
        port: 4_520,
        service: "",
    },
    OtherModel {
        label: "Amcrest",
        model: "IP8M-2496E",
        blocks: &[0x009c_8ecd],
        server: "Webs",
        realm: "Login to #",
        path: "/cam/realmonitor?channel=1&subtype=0",
        cloud: "p2p.amcrestview.com",
        cloud_host: 164,
        port: 37_777,
        service: "",
    },
    OtherModel {
        label: "Bosch",
        model: "DINION-IP-5000",
        blocks: &[0x0000_0131],
        server: "VCS-VideoJet-Webserver",
        realm: "Bosch",
        path: "/rtsp_tunnel",
        cloud: "downloadstore.boschsecurity.com",
        cloud_host: 165,
        port: 1_756,
        service: "",
    },
    OtherModel {
        label: "VIVOTEK",
        model: "FD8369A",
        blocks: &[0x0000_02d1],
        server: "Vivotek-Network-Camera",
        realm: "streaming_server",
        path: "/live.sdp",
        cloud: "iotc.vivotek.com",
        cloud_host: 166,
        port: 8_000,
        service: "_rtsp._tcp.local",
    },
    OtherModel {
        label: "TP-IPC",
        model: "C200",
        blocks: &[0x0050_c7bf],
        server: "gSOAP/2.8",
        realm: "TP-LINK IP-Camera",
        path: "/stream1",
        cloud: "n-device-api.tplinkcloud.com",
        cloud_host: 167,
        port: 2_020,
        service: "",
    },
    OtherModel {
        label: "H264DVR",
        model: "NVT",
        blocks: &[0x0080_9133, 0x00bc_1c81, 0x0024_0ac4],
        server: "web",
        realm: "IP Camera",
        path: "/h264/ch1/main/av_stream",
        cloud: "p2p.example.net",
        cloud_host: 168,
        port: 8_000,
        service: "",
    },
];

/// Recorders of other makers that view cameras of any maker.
pub(crate) static OTHER_RECORDER: OtherModel = OtherModel {
    label: "Synology",
    model: "Surveillance Station",
    blocks: &[0x0000_1132],
    server: "nginx",
    realm: "SurveillanceStation",
    path: "/",
    cloud: "global.quickconnect.to",
    cloud_host: 169,
    port: 5_000,
    service: "_http._tcp.local",
};
