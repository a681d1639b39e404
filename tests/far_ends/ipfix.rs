//! IPFIX collectors: nfcapd with nfdump, and tshark.

use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use hikwatch::export::{Deliver, IpfixConfig, IpfixSink, IpfixTransport, Letter};

use crate::bench::{Service, ended, eventually, free_port, goes_on, output};

fn sink(transport: IpfixTransport, port: u16) -> IpfixSink {
    let config = IpfixConfig { transport, ..IpfixConfig::default() };
    IpfixSink::new(config, format!("127.0.0.1:{port}"))
}

/// Flows 1 (told in between and at its end) and 2 (over IPv6).
fn letters() -> [Letter; 3] {
    [goes_on(1, 1000, 5000), ended(1, 1500, 9000), ended(2, 70, 80)]
}

#[test]
fn nfdump_adds_up_both_directions() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let folder = directory.path().to_str().unwrap();
    let service = Service::start(
        "nfcapd",
        &["-b", "127.0.0.1", "-p", &port.to_string(), "-w", folder, "-t", "3600"],
    );
    let Some(service) = service else { return };
    // It has its socket when nobody else can have it.
    eventually("nfcapd", || UdpSocket::bind(("127.0.0.1", port)).is_err().then_some(()));
    std::thread::sleep(Duration::from_millis(500));
    sink(IpfixTransport::Udp, port).deliver(&letters()).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    service.terminate();

    let format = "fmt:%sa %da %sp %dp %pr %ibyt %obyt %ipkt %opkt";
    let Some(text) = output("nfdump", &["-R", folder, "-q", "-6", "-N", "-o", format]) else {
        return;
    };
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row.len() == 9)
        .collect();
    let sums = |address: &str, column: usize| -> u64 {
        let of = rows.iter().filter(|row| row[0] == address);
        of.map(|row| row[column].parse::<u64>().unwrap()).sum()
    };
    assert_eq!(rows.len(), 3, "{text}");
    assert_eq!((sums("192.0.2.10", 5), sums("192.0.2.10", 6)), (1500, 9000), "{text}");
    assert_eq!((sums("2001:db8::10", 5), sums("2001:db8::10", 6)), (70, 80), "{text}");
    let is_right =
        |row: &Vec<&str>| row[2..4] == ["49152", "8666"] && ["TCP", "6"].contains(&row[4]);
    assert!(rows.iter().all(is_right), "{text}");
}

#[test]
fn tshark_reads_every_message_over_udp_and_tcp() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    sink(IpfixTransport::Udp, udp.local_addr().unwrap().port()).deliver(&letters()).unwrap();
    let datagrams: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            let mut buffer = vec![0; 2000];
            let length = udp.recv(&mut buffer).unwrap();
            buffer.truncate(length);
            buffer
        })
        .collect();

    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut over_tcp = sink(IpfixTransport::Tcp, tcp.local_addr().unwrap().port());
    over_tcp.deliver(&letters()).unwrap();
    drop(over_tcp);
    let mut stream = Vec::new();
    tcp.accept().unwrap().0.read_to_end(&mut stream).unwrap();

    for (protocol, payloads) in [(17, datagrams), (6, vec![stream])] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ipfix.pcap");
        std::fs::write(&path, pcap(protocol, &payloads)).unwrap();
        let filter = if protocol == 17 { "udp.port==4739,cflow" } else { "tcp.port==4739,cflow" };
        let Some(text) = output("tshark", &["-r", path.to_str().unwrap(), "-V", "-d", filter])
        else {
            return;
        };
        for wrong in ["Malformed", "No template", "Unknown"] {
            assert!(!text.contains(wrong), "{protocol}: {wrong}\n{text}");
        }
        assert_eq!(text.matches("SrcAddr: 192.0.2.10").count(), 2, "{protocol}:\n{text}");
        assert_eq!(text.matches("SrcAddr: 2001:db8::10").count(), 1, "{protocol}:\n{text}");
        for right in ["Octets: 1000", "Octets: 500", "Reverse", "SrcPort: 49152", "DstPort: 8666"] {
            assert!(text.contains(right), "{protocol}: {right}\n{text}");
        }
    }
}

/// A capture of IPv4 packets from port 4739 to port 4739 with these payloads.
fn pcap(protocol: u8, payloads: &[Vec<u8>]) -> Vec<u8> {
    const RAW_IPV4: u32 = 228;
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend([2, 0, 4, 0]);
    file.extend([0; 8]);
    file.extend(65_535_u32.to_le_bytes());
    file.extend(RAW_IPV4.to_le_bytes());
    for payload in payloads {
        let port = 4739_u16.to_be_bytes();
        let mut transport = [port, port].concat();
        if protocol == 17 {
            transport.extend(u16::try_from(8 + payload.len()).unwrap().to_be_bytes());
            transport.extend([0, 0]);
        } else {
            transport.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        }
        let total = 20 + transport.len() + payload.len();
        let mut packet = vec![0x45, 0];
        packet.extend(u16::try_from(total).unwrap().to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, protocol, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        packet.extend(transport);
        packet.extend(payload);
        let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
        file.extend([0; 8]);
        file.extend(length);
        file.extend(length);
        file.extend(packet);
    }
    file
}
