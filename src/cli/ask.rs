//! `hikwatch devices`, `flows`, `alerts`: what a running daemon answers.

use std::time::Duration;

use serde_json::Value;

use super::acknowledge::acknowledge;
use super::alert_arguments::AlertsCommand;
use super::arguments::{Alerts, Devices, DevicesCommand, Flows, Format, Query};
use super::device_page::device_page;
use super::device_table::device_table;
use super::failure::{Code, Failure};
use super::find_device::{find_device, is_identifier};
use super::json_field::{cell, entries, number};
use super::moment::exact;
use super::output::print;
use super::table::{Table, bytes};
use super::terminal;
use crate::daemon;
use crate::net::printable;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest answer that is read; guards against an address that belongs to something else.
const MAX_ANSWER: u64 = 64 << 20;

/// Entries that are asked for at once.
const PAGE: u64 = 1000;

/// Most pages of devices; guards against an answer that has no end.
const MAX_PAGES: u64 = 16;

pub(super) fn devices(devices: &Devices) -> Result<(), Failure> {
    match &devices.command {
        None => list_devices(&devices.query),
        Some(DevicesCommand::Show { id }) => show(&devices.query, id),
    }
}

/// The services that devices spoke to, and the live flows of concern; as JSON one of the two.
pub(super) fn flows(flows: &Flows) -> Result<(), Failure> {
    let query = &flows.query;
    if query.format == Format::Json {
        let what = if flows.live { "flows" } else { "destinations" };
        return list(query, what, service_table);
    }
    if !flows.live {
        list(query, "destinations", service_table)?;
        print("\nLive flows\n")?;
    }
    list(query, "flows", flow_table)
}

pub(super) fn alerts(alerts: &Alerts) -> Result<(), Failure> {
    match &alerts.command {
        None => list(&alerts.query, "alerts", alert_table),
        Some(AlertsCommand::Ack { id, token }) => acknowledge(&alerts.query, id, token),
    }
}

fn list(query: &Query, what: &str, table: fn(&[Value]) -> Table) -> Result<(), Failure> {
    let answer = ask(query, &format!("/api/v1/{what}?limit={PAGE}"))?;
    if query.format == Format::Json {
        return print_json(&answer);
    }
    let answer = parse(query, &answer)?;
    let items = answer.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let table = table(items);
    let mut text = match table.is_empty() {
        true => format!("no {what} yet\n"),
        false => table.render(),
    };
    let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
    if total > items.len() as u64 {
        text.push_str(&format!("... and {} more; see the API\n", total - items.len() as u64));
    }
    print(&text)
}

/// The devices in a table that fits the terminal.
fn list_devices(query: &Query) -> Result<(), Failure> {
    let answer = ask(query, &format!("/api/v1/devices?limit={PAGE}"))?;
    if query.format == Format::Json {
        return print_json(&answer);
    }
    print(&device_lines(&parse(query, &answer)?, "no devices yet"))
}

/// A list of devices for people; `none` stands there when it is empty.
pub(super) fn device_lines(answer: &Value, none: &str) -> String {
    let items = entries(answer, "items");
    let table = device_table(items, daemon::now());
    let mut text = match table.is_empty() {
        true => format!("{none}\n"),
        false => table.render(terminal::width(), terminal::has_colours()),
    };
    let more = number(answer, "total").saturating_sub(items.len() as u64);
    if more > 0 {
        text.push_str(&format!("... and {more} more; see the API\n"));
    }
    text
}

/// The identifier of the device that the user means: its identifier or the beginning of one, an address, a name.
fn identifier_of(query: &Query, wanted: &str) -> Result<String, Failure> {
    let id = match is_identifier(wanted) {
        true => wanted.to_owned(),
        false => find_device(&all_devices(query)?, wanted)?,
    };
    // The identifier may be the daemon's word, and goes into a path.
    if is_identifier(&id) {
        return Ok(id);
    }
    Err(Failure::new(
        Code::Unavailable,
        format!("{} does not answer as hikwatch does: no identifier", query.url),
    ))
}

fn show(query: &Query, wanted: &str) -> Result<(), Failure> {
    let id = identifier_of(query, wanted)?;
    let answer = ask(query, &format!("/api/v1/devices/{id}"))?;
    if query.format == Format::Json {
        return print_json(&answer);
    }
    print(&device_page(&parse(query, &answer)?, daemon::now(), terminal::width()))
}

/// Every device that the daemon knows, page by page.
fn all_devices(query: &Query) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for page in 0..MAX_PAGES {
        let offset = page * PAGE;
        let path = format!("/api/v1/devices?scope=all&limit={PAGE}&offset={offset}");
        let mut answer = parse(query, &ask(query, &path)?)?;
        let Some(Value::Array(items)) = answer.get_mut("items").map(Value::take) else { break };
        let is_last = (items.len() as u64) < PAGE;
        all.extend(items);
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// Each device with the services that it spoke to.
fn service_table(items: &[Value]) -> Table {
    let mut table = Table::new(&[
        "DEVICE", "SERVICE", "ROLE", "REGION", "COUNTRY", "NAME", "SURE", "BASIS", "SENT",
        "RECEIVED", "FIRST", "LAST",
    ]);
    for item in items {
        let cloud = item.get("cloud").unwrap_or(&Value::Null);
        table.row([
            cell(item, "device_id"),
            cell(cloud, "service"),
            cell(cloud, "role"),
            cell(cloud, "region"),
            cell(cloud, "country"),
            cell(cloud, "domain"),
            cell(cloud, "confidence"),
            basis_chain(cloud),
            size(item, "bytes_sent"),
            size(item, "bytes_received"),
            moment(item, "first_seen"),
            moment(item, "last_seen"),
        ]);
    }
    table
}

/// What a verdict rests on, step by step: `correlation > port`.
fn basis_chain(cloud: &Value) -> String {
    let mut chain: Vec<String> =
        entries(cloud, "steps").iter().map(|step| cell(step, "basis")).collect();
    chain.dedup();
    if chain.is_empty() {
        return cell(cloud, "basis");
    }
    chain.join(" > ")
}

fn flow_table(items: &[Value]) -> Table {
    let mut table = Table::new(&[
        "DEVICE", "FROM", "TO", "PROTO", "CLOUD", "ROLE", "COUNTRY", "NAME", "BASIS", "THERE",
        "BACK", "SINCE",
    ]);
    for item in items {
        let cloud = item.get("cloud").unwrap_or(&Value::Null);
        let end = |ip: &str, port: &str| format!("{}:{}", cell(item, ip), cell(item, port));
        table.row([
            cell(item, "device_id"),
            end("src_ip", "src_port"),
            end("dest_ip", "dest_port"),
            cell(item, "proto"),
            cell(cloud, "service"),
            cell(cloud, "role"),
            cell(cloud, "country"),
            cell(cloud, "domain"),
            basis_chain(cloud),
            size(item, "bytes_toserver"),
            size(item, "bytes_toclient"),
            moment(item, "start"),
        ]);
    }
    table
}

fn alert_table(items: &[Value]) -> Table {
    let mut table =
        Table::new(&["TIME", "STATE", "SEVERITY", "RULE", "DEVICE", "SUBJECT", "COUNT", "ID"]);
    for item in items {
        let acknowledged = item.get("acknowledged").and_then(Value::as_bool) == Some(true);
        let state = cell(item, "state");
        table.row([
            moment(item, "since"),
            if acknowledged { format!("{state}, known") } else { state },
            cell(item, "severity"),
            cell(item, "rule"),
            cell(item, "device_id"),
            cell(item, "subject"),
            cell(item, "count"),
            cell(item, "id"),
        ]);
    }
    table
}

fn ask(query: &Query, path: &str) -> Result<String, Failure> {
    let url = format!("{}{path}", query.url.trim_end_matches('/'));
    let response = agent().get(&url).call().map_err(|error| unreachable(query, &error))?;
    match read(query, response)? {
        (200, body) => Ok(body),
        (404, _) => Err(Failure::new(
            Code::NoInput,
            format!("{} knows nothing of {}", query.url, printable(path, 100)),
        )),
        (status, body) => Err(Failure::new(
            Code::Unavailable,
            format!("{} answers with status {status}: {}", query.url, printable(&body, 200)),
        )),
    }
}

pub(super) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .into()
}

/// Status and body of an answer.
pub(super) fn read(
    query: &Query,
    mut response: ureq::http::Response<ureq::Body>,
) -> Result<(u16, String), Failure> {
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string();
    Ok((status, body.map_err(|error| unreachable(query, &error))?))
}

pub(super) fn unreachable(query: &Query, error: &ureq::Error) -> Failure {
    Failure::new(
        Code::Unavailable,
        format!(
            "no daemon answers at {} ({error}); is `hikwatch run` running there? --url names another place",
            query.url
        ),
    )
}

fn parse(query: &Query, answer: &str) -> Result<Value, Failure> {
    serde_json::from_str(answer).map_err(|error| {
        Failure::new(
            Code::Unavailable,
            format!("{} does not answer as hikwatch does: {error}", query.url),
        )
    })
}

fn print_json(answer: &str) -> Result<(), Failure> {
    print(&format!("{}\n", answer.trim_end()))
}

fn size(value: &Value, key: &str) -> String {
    bytes(number(value, key))
}

fn moment(value: &Value, key: &str) -> String {
    exact(&cell(value, key))
}
