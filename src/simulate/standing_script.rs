//! The conversation that stays open at home: the recorder's video.
//!
//! Comes in: the time of the next step. Goes out: frames into the outbox. It keeps the state of
//! one TCP conversation and nothing of what was said.

use std::time::Duration;

use super::outbox::Outbox;
use super::station::Station;
use super::tcp_conversation::{Side, TcpConversation};
use super::vendor_message::interleaved_rtp;
use crate::net::Timestamp;

/// Time between two steps of the video: a tenth of a second, four full packets.
pub(crate) const VIDEO_STEP: Duration = Duration::from_millis(100);
/// Noise in one video packet, so that the interleaved frame fills a segment of 1400 octets.
const VIDEO_PAYLOAD: usize = 1382;
/// Bursts of two packets in one step.
const BURSTS: u32 = 2;
/// Ticks of the 90 kHz RTP clock in one step (RFC 6184, 8.2.1).
const CLOCK_STEP: u32 = 9_000;
/// Steps between two keep-alives of the RTSP session: 30 s.
const KEEPALIVE_STEPS: u32 = 300;

/// RTSP over TCP with interleaved RTP, from a camera to a recorder (RFC 2326, 10.12).
#[derive(Debug)]
pub(crate) struct VideoStream {
    tcp: TcpConversation,
    camera: &'static Station,
    sequence: u16,
    clock: u32,
    steps: u32,
    next_cseq: u32,
}

impl VideoStream {
    /// The recorder describes, authenticates, sets up and plays.
    pub(crate) fn open(
        outbox: &mut Outbox,
        at: Timestamp,
        recorder: &Station,
        camera: &'static Station,
    ) -> Self {
        let client = recorder.end(outbox.port());
        let round_trip = Duration::from_micros(600);
        let mut this = Self {
            tcp: TcpConversation::open(outbox, at, client, camera.end(554), round_trip),
            camera,
            sequence: outbox.prng.next_u16(),
            clock: outbox.prng.next_u32(),
            steps: 0,
            next_cseq: 1,
        };
        let serial = camera.serial.unwrap_or_default();
        let realm = format!("IP Camera({})", serial.get(..5).unwrap_or(serial));
        let nonce = format!("{:016x}", outbox.prng.next_u64());
        let authorization = format!(
            "Authorization: Digest username=\"viewer\", realm=\"{realm}\", nonce=\"{nonce}\", \
             uri=\"/Streaming/Channels/101\", response=\"{:016x}{:016x}\"\r\n",
            outbox.prng.next_u64(),
            outbox.prng.next_u64()
        );
        let challenge =
            format!("WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\"\r\n");
        let description = format!(
            "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=Media Presentation\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
             m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n",
            camera.ip
        );
        let content =
            format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", description.len());
        let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
        let session = "Session: 1185348725;timeout=60\r\n";
        this.exchange(outbox, "OPTIONS", "", "200 OK", "Public: OPTIONS, DESCRIBE, PLAY\r\n", "");
        this.exchange(outbox, "DESCRIBE", "", "401 Unauthorized", &challenge, "");
        this.exchange(outbox, "DESCRIBE", &authorization, "200 OK", &content, &description);
        let request = format!("{authorization}{transport}");
        let response = format!("{session}{transport}");
        this.exchange(outbox, "SETUP", &request, "200 OK", &response, "");
        let request = format!("{authorization}{session}");
        this.exchange(outbox, "PLAY", &request, "200 OK", session, "");
        this
    }

    /// The camera sends what was recorded in [`VIDEO_STEP`].
    pub(crate) fn step(&mut self, outbox: &mut Outbox, at: Timestamp) {
        self.tcp.resume(at);
        for _ in 0..BURSTS {
            let mut burst = Vec::with_capacity(2 * (VIDEO_PAYLOAD + 18));
            for _ in 0..2 {
                let prng = &mut outbox.prng;
                burst.extend(interleaved_rtp(prng, self.sequence, self.clock, VIDEO_PAYLOAD));
                self.sequence = self.sequence.wrapping_add(1);
            }
            self.tcp.say(outbox, Side::Server, &burst);
            self.tcp.wait(Duration::from_millis(20));
        }
        self.clock = self.clock.wrapping_add(CLOCK_STEP);
        self.steps += 1;
        if self.steps >= KEEPALIVE_STEPS {
            self.steps = 0;
            self.exchange(outbox, "OPTIONS", "", "200 OK", "Public: OPTIONS, PLAY\r\n", "");
        }
    }

    /// The recorder has seen enough.
    pub(crate) fn close(self, outbox: &mut Outbox) {
        self.tcp.close(outbox);
    }

    fn exchange(
        &mut self,
        outbox: &mut Outbox,
        method: &str,
        request_lines: &str,
        status: &str,
        response_lines: &str,
        body: &str,
    ) {
        let cseq = self.next_cseq;
        self.next_cseq = cseq.wrapping_add(1);
        let request = format!(
            "{method} rtsp://{}:554/Streaming/Channels/101 RTSP/1.0\r\nCSeq: {cseq}\r\n\
             User-Agent: simulated\r\n{request_lines}\r\n",
            self.camera.ip
        );
        self.tcp.say(outbox, Side::Client, request.as_bytes());
        let response = format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{response_lines}\r\n{body}");
        self.tcp.say(outbox, Side::Server, response.as_bytes());
    }
}
