//! What may be set about the services that are told: Alertmanager, web services, an MQTT broker, an IPFIX collector.

use super::alertmanager::AlertmanagerConfig;
use super::ipfix::IpfixConfig;
use super::mqtt::MqttConfig;
use super::webhook::WebhookConfig;

/// The services that are told; by default none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FarEnds {
    /// Prometheus' Alertmanager.
    pub alertmanager: AlertmanagerConfig,
    /// Web services, each with a name of its own.
    pub webhooks: Vec<WebhookConfig>,
    /// Home Assistant by way of a broker.
    pub mqtt: MqttConfig,
    /// A collector of flow records.
    pub ipfix: IpfixConfig,
}
