//! The services that are told, as the configuration asks for them.
//!
//! Comes in: the configuration, and the one before at a reload. Goes out: orders to the dispatcher. Secrets and certificates are
//! read here, while their files are within reach; no far end is called: one that is away must not keep the program from starting.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::fanout::SinkOrder;
use crate::analyst::Event;
use crate::config::Config;
use crate::export::{
    AlertmanagerConfig, AlertmanagerSink, Deliver, HttpAddress, HttpSender, IpfixSink, MqttSink,
    Pseudonyms, Secret, SecretSource, Sink, Trust, WebhookConfig, WebhookShape, WebhookSink,
};

/// Alerts that may wait for a service: far more than the noise budget of a month.
const ALERT_CAPACITY: usize = 4096;
/// Events that may wait for what happens to flows.
const FLOW_CAPACITY: usize = 16_384;
/// How long an Alertmanager may take over an answer.
const ALERTMANAGER_PATIENCE: Duration = Duration::from_secs(5);

/// What there is to do so that the services are those of `config`.
pub(super) fn far_end_sinks(
    config: &Config,
    before: Option<&Config>,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<Vec<SinkOrder>> {
    let (far_ends, mut orders) = (&config.far_ends, Vec::new());
    let same_sensor = before.is_some_and(|before| before.export.sensor == config.export.sensor);
    let before = before.map(|before| &before.far_ends);
    let mut order = |name: String, is_as_before: bool, open: &dyn Fn(&str) -> Result<Sink>| {
        let order = if is_as_before {
            SinkOrder::Keep(name.into())
        } else {
            SinkOrder::Start(open(&name).with_context(|| name.clone())?)
        };
        orders.push(order);
        anyhow::Ok(())
    };
    let sensor = config.export.sensor.as_deref();

    if !far_ends.alertmanager.urls.is_empty() {
        let is_as_before =
            same_sensor && before.is_some_and(|old| old.alertmanager == far_ends.alertmanager);
        order("alertmanager".to_owned(), is_as_before, &|name| {
            alertmanager(name, &far_ends.alertmanager, sensor, pseudonyms)
        })?;
    }
    for webhook in &far_ends.webhooks {
        let is_as_before = same_sensor && before.is_some_and(|old| old.webhooks.contains(webhook));
        order(format!("webhook-{}", webhook.name), is_as_before, &|name| {
            web_service(name, webhook, sensor, pseudonyms)
        })?;
    }
    if let Some(broker) = &far_ends.mqtt.broker {
        let is_as_before = before.is_some_and(|old| old.mqtt == far_ends.mqtt);
        order("mqtt".to_owned(), is_as_before, &|name| {
            let config = far_ends.mqtt.clone();
            let password = secret(config.password.as_ref())?;
            let mqtt = MqttSink::new(config, broker.clone(), password, pseudonyms.cloned());
            Ok(sink(name, FLOW_CAPACITY, Box::new(MqttSink::wants), Box::new(mqtt)))
        })?;
    }
    if let Some(collector) = &far_ends.ipfix.collector {
        let is_as_before = before.is_some_and(|old| old.ipfix == far_ends.ipfix);
        order("ipfix".to_owned(), is_as_before, &|name| {
            let ipfix = IpfixSink::new(far_ends.ipfix.clone(), collector.clone());
            Ok(sink(name, FLOW_CAPACITY, Box::new(IpfixSink::wants), Box::new(ipfix)))
        })?;
    }
    Ok(orders)
}

fn alertmanager(
    name: &str,
    config: &AlertmanagerConfig,
    sensor: Option<&str>,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<Sink> {
    let trust = trust(config.urls.iter(), config.ca_file.as_deref())?;
    let sender = HttpSender::new(ALERTMANAGER_PATIENCE, trust.as_ref());
    let about = (secret(config.token.as_ref())?, sensor.map(str::to_owned));
    let deliver = AlertmanagerSink::new(config, about, sender, pseudonyms.cloned());
    let config = config.clone();
    let wants = move |event: &Event| AlertmanagerSink::wants(&config, event);
    Ok(sink(name, ALERT_CAPACITY, Box::new(wants), Box::new(deliver)))
}

fn web_service(
    name: &str,
    config: &WebhookConfig,
    sensor: Option<&str>,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<Sink> {
    let token = secret(config.token.as_ref())?;
    let shape = WebhookShape::new(config, token, sensor.map(str::to_owned))?;
    let trust = trust([shape.address()].into_iter(), config.ca_file.as_deref())?;
    let sender = HttpSender::new(config.timeout, trust.as_ref());
    let deliver = WebhookSink::new(shape, sender, pseudonyms.cloned());
    let config = config.clone();
    let wants = move |event: &Event| WebhookSink::wants(&config, event);
    Ok(sink(name, ALERT_CAPACITY, Box::new(wants), Box::new(deliver)))
}

fn sink(
    name: &str,
    capacity: usize,
    wants: Box<dyn Fn(&Event) -> bool + Send>,
    deliver: Box<dyn Deliver>,
) -> Sink {
    Sink { name: name.into(), wants, wants_stats: false, capacity, deliver }
}

/// The authorities, if any of the addresses needs them.
fn trust<'a>(
    mut addresses: impl Iterator<Item = &'a HttpAddress>,
    file: Option<&Path>,
) -> Result<Option<Trust>> {
    Ok(addresses.any(HttpAddress::is_tls).then(|| Trust::read(file)).transpose()?)
}

fn secret(source: Option<&SecretSource>) -> Result<Option<Secret>> {
    let credentials = env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    Ok(source.map(|source| source.read(credentials.as_deref())).transpose()?)
}
