//! What the user may write on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::alert_arguments::AlertsCommand;
use super::source::Source;
use crate::catalogue::UpdateKey;
use crate::config::LogLevel;

/// Finds Hikvision and EZVIZ devices on a network and names the clouds they talk to, by listening only.
#[derive(Debug, Parser)]
#[command(
    name = "hikwatch",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  hikwatch demo                              a simulated household, nothing is captured
  hikwatch replay capture.pcapng             what is in a capture file
  sudo hikwatch run --interface br-lan       watch an interface
  hikwatch devices                           ask the running daemon
  sudo hikwatch discover --interface eth0    ACTIVE: ask the devices themselves
  hikwatch catalogue lookup dev.ezviz7.com   what a name would be taken for, and why"
)]
pub(crate) struct Arguments {
    /// How much is logged: error, warn, info, debug or trace.
    #[arg(long, global = true, value_name = "LEVEL", value_parser = log_level)]
    pub(crate) log_level: Option<LogLevel>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The daemon: captures, identifies, classifies, alerts, serves metrics and the API.
    Run(Run),
    /// The same engine over capture files.
    Replay(Replay),
    /// A simulated household with cameras through the whole daemon, on loopback.
    Demo(Demo),
    /// Devices that a running daemon knows.
    Devices(Devices),
    /// ACTIVE: asks the devices on the local segment who they are, and lists those that answer.
    ///
    /// An inquiry of SADP over UDP multicast and over Ethernet, and a Probe of WS-Discovery, three times each: 9 packets
    /// in all, which are announced on standard error before any is sent. The answers are read as `run` reads them.
    /// Needs CAP_NET_RAW.
    Discover(Discover),
    /// Which services each device spoke to, why we think so, and the live flows of concern.
    #[command(
        after_help = "Examples:\n  hikwatch flows\n  hikwatch flows --live\n  hikwatch flows --format json | jq .items"
    )]
    Flows(Flows),
    /// Latest alerts of a running daemon.
    #[command(
        after_help = "Examples:\n  hikwatch alerts\n  hikwatch alerts --url http://127.0.0.1:19855\n  sudo hikwatch alerts ack 0123456789abcdef        with the write token of the configuration"
    )]
    Alerts(Alerts),
    /// What is known of the vendors, with sources.
    Catalogue(Catalogue),
    /// Reads a configuration and tells every problem at once.
    #[command(after_help = "Example:\n  hikwatch check-config /etc/hikwatch/hikwatch.toml")]
    CheckConfig {
        /// The file.
        #[arg(default_value = DEFAULT_CONFIG)]
        file: PathBuf,
    },
    /// Interfaces that can be captured on, with their addresses.
    #[command(after_help = "Example:\n  hikwatch interfaces")]
    Interfaces,
}

/// Where the daemon looks for its configuration when none is named.
pub(crate) const DEFAULT_CONFIG: &str = "/etc/hikwatch/hikwatch.toml";

#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  sudo hikwatch run --interface br-lan
  sudo hikwatch run --config /etc/hikwatch/hikwatch.toml
  ssh router tcpdump -i br-lan -U -s 0 -w - 'not port 22' | hikwatch run --source -
  hikwatch run --source tzsp://192.168.1.5:37008      a MikroTik router streams to this machine;
      on it: /tool sniffer set streaming-enabled=yes streaming-server=192.168.1.5:37008
             /tool sniffer start")]
pub(crate) struct Run {
    /// Configuration file; /etc/hikwatch/hikwatch.toml when that exists and none is named.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Interface to capture on, instead of those in the configuration; may be repeated.
    #[arg(long, short, value_name = "IF")]
    pub(crate) interface: Vec<String>,
    /// What opens interfaces.
    #[arg(long)]
    pub(crate) backend: Option<Backend>,
    /// Filter expression of pcap-filter(7); libpcap backend only.
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<String>,
    /// A stream instead of the interfaces in the configuration: `-` is a capture on standard input,
    /// tzsp://ADDR:PORT takes what a MikroTik router's sniffer sends to that address; may be repeated.
    ///
    /// TZSP knows no password: whoever can reach the port can feed frames. Name the address that the router
    /// sends to rather than 0.0.0.0 or [::], and let the firewall admit the router only.
    #[arg(long, value_name = "-|tzsp://ADDR:PORT")]
    pub(crate) source: Vec<Source>,
    /// Address of the HTTP server.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// File that events are appended to, as EVE JSON.
    #[arg(long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Backend {
    /// A TPACKET_V3 ring of our own (Linux).
    Afpacket,
    /// libpcap; needs a build with that feature.
    Libpcap,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hikwatch replay capture.pcapng
  hikwatch replay day1.pcap.gz day2.pcap.zst --output events.json
  hikwatch replay - --scope all --events all --output - < capture.pcap | jq .
  hikwatch replay capture.pcap --explain")]
pub(crate) struct Replay {
    /// Capture files (pcap, pcapng, snoop; plain, gzip or zstd), in the order of time; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Where events are written, as EVE JSON, one a line; `-` is standard output. None without it.
    #[arg(long, short, value_name = "PATH|-")]
    pub(crate) output: Option<PathBuf>,
    /// Only what concerns a camera or a vendor cloud, or everything.
    #[arg(long, value_enum, default_value_t = Scope::Cameras)]
    pub(crate) scope: Scope,
    /// Event types, comma-separated: device,alert,flow,stats and dns,mdns,llmnr,tls,http,dhcp,sadp; or all.
    #[arg(long, value_name = "LIST", default_value = "device,alert,flow,stats")]
    pub(crate) events: String,
    /// Worker threads; the events are the same for any number.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: u16,
    /// What is told at the end: on standard output, or on standard error when events go to standard output.
    #[arg(long, value_enum)]
    pub(crate) summary: Option<Summary>,
    /// Shows the evidence behind each device, the steps behind each destination, and which alert rules fired, were not told, or
    /// nearly fired.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Configuration file, for local networks and limits; built-in defaults without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    Cameras,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Summary {
    Text,
    Json,
    None,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hikwatch demo
  hikwatch demo --duration 30s --speed 10
  curl -s http://127.0.0.1:19855/metrics | grep hikwatch_cloud_bytes_total")]
pub(crate) struct Demo {
    /// Address of the HTTP server.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:19855")]
    pub(crate) listen: SocketAddr,
    /// Simulated seconds in one real second, 1 to 100.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) speed: u32,
    /// Ends by itself after this time, such as 30s or 5m; until interrupted without it.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Starts the simulation from this number; the same number gives the same household.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// File that events are appended to, as EVE JSON.
    #[arg(long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hikwatch devices
  hikwatch devices --format json
  hikwatch devices show d-0a1b2c3d4e5f
  hikwatch devices show 'Front door'
  sudo hikwatch devices --forget d-0a1b2c3d4e5f        with the write token of the configuration")]
pub(crate) struct Devices {
    #[command(flatten)]
    pub(crate) query: Query,
    /// Forget the device with this whole identifier: what is known of it, its totals and its series. Seen again, it is a new one.
    #[arg(long, value_name = "ID")]
    pub(crate) forget: Option<String>,
    /// File with the write token; that of the configuration without it.
    #[arg(long, value_name = "FILE", requires = "forget")]
    pub(crate) token_file: Option<PathBuf>,
    /// Configuration file that names the write token; /etc/hikwatch/hikwatch.toml without it.
    #[arg(long, value_name = "FILE", requires = "forget")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<DevicesCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DevicesCommand {
    /// One device, with each piece of evidence.
    #[command(after_help = "\
Examples:
  hikwatch devices show d-0a1b2c3d4e5f
  hikwatch devices show 0a1b
  hikwatch devices show 44:a6:42:01:02:03
  hikwatch devices show 192.168.1.64
  hikwatch devices show 'Front door'")]
    Show {
        /// Its identifier or the beginning of it, a MAC or IP address of it, or the name of its label.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Alerts {
    #[command(flatten)]
    pub(crate) query: Query,
    #[command(subcommand)]
    pub(crate) command: Option<AlertsCommand>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hikwatch discover --interface eth0 --dry-run     only says what it would send
  sudo hikwatch discover --interface eth0
  sudo hikwatch discover --interface eth0 --wait 15s --format json | jq '.items[].model'")]
pub(crate) struct Discover {
    /// Interface whose segment is asked.
    #[arg(long, short, value_name = "IF")]
    pub(crate) interface: String,
    /// How long is listened for answers, 2s to 60s.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s")]
    pub(crate) wait: Duration,
    /// A table for people, or JSON.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Says what would be sent, and sends nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Configuration file, for names, local networks and capture settings; /etc/hikwatch/hikwatch.toml when that exists.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Flows {
    /// Only the flows that live now; as JSON these instead of the services.
    #[arg(long)]
    pub(crate) live: bool,
    #[command(flatten)]
    pub(crate) query: Query,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Query {
    /// Where the daemon answers.
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:19855")]
    pub(crate) url: String,
    /// A table for people, or JSON.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hikwatch catalogue lookup litedev.ezvizlife.com
  hikwatch catalogue lookup 44:a6:42:01:02:03 119.29.29.29
  hikwatch catalogue list
  hikwatch catalogue check my-entries.toml")]
pub(crate) struct Catalogue {
    #[command(subcommand)]
    pub(crate) command: CatalogueCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueCommand {
    /// What a name, an address, a port or a framing would be taken for, and why.
    #[command(
        after_help = "Example:\n  hikwatch catalogue lookup litedev.ezvizlife.com 44:a6:42:01:02:03 8666/tcp das-mqtt"
    )]
    Lookup {
        /// Names, MAC and IP addresses, ports such as 6000/udp, framings such as lbs.
        #[arg(required = true, value_name = "NAME|MAC|IP|PORT")]
        queries: Vec<String>,
        /// A text for people, or JSON.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Every entry.
    #[command(after_help = "Example:\n  hikwatch catalogue list | grep storage")]
    List,
    /// Checks the signature of a catalogue file, and then its entries. Asks nobody.
    ///
    /// Exit code 0: signed for the key, and well formed. 65: not signed for the key. 66: no such file. 78: the entries
    /// are wrong, or there is no key.
    #[command(
        after_help = "Example:\n  hikwatch catalogue verify update.toml --config /etc/hikwatch/hikwatch.toml"
    )]
    Verify {
        /// The catalogue file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The file with its signature; that name with .sig added when none is named.
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// The public key: 32 bytes in base64.
        #[arg(long, value_name = "BASE64", conflicts_with = "config", value_parser = update_key)]
        key: Option<UpdateKey>,
        /// The configuration that has the key, catalogue.update_key; the default one when neither is named.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Reads catalogue files and tells every problem at once.
    #[command(after_help = "Example:\n  hikwatch catalogue check /etc/hikwatch/catalogue/*.toml")]
    Check {
        /// Catalogue files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Reads the name of a level, as in the configuration.
fn log_level(text: &str) -> Result<LogLevel, String> {
    let known = LogLevel::NAMES.iter().find(|(name, _)| *name == text);
    known.map(|(_, level)| *level).ok_or_else(|| {
        format!("`{text}` is no level; there are error, warn, info, debug and trace")
    })
}

/// Reads a public key.
fn update_key(text: &str) -> Result<UpdateKey, String> {
    UpdateKey::parse(text).map_err(|error| error.to_string())
}

/// Reads `30s`, `5m`, `1h` or `250ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let problem = || format!("`{text}` is no time; write a number and ms, s, m or h, such as 30s");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| problem())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err(problem()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed_and_every_command_has_an_example() {
        let mut command = Arguments::command();
        command.build();
        command.clone().debug_assert();
        assert_examples(&command);
    }

    #[test]
    fn times_need_a_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("30").is_err() && duration("s").is_err() && duration("1d").is_err());
    }

    fn assert_examples(command: &clap::Command) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let help = sub.clone().render_long_help().to_string();
            let examples = help.split_once("Example").map(|(_, examples)| examples);
            assert!(examples.is_some_and(|examples| examples.contains("hikwatch ")), "{help}");
            assert_examples(sub);
        }
    }
}
