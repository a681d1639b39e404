//! Totals of each device: by perimeter, and by cloud service.
//!
//! Comes in: what a flow moved since it was last told. Goes out: cumulative [`Tally`]s. A total never falls
//! while its device is known.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ahash::RandomState;

use super::{CountryTally, Tallies, Tally};
use crate::catalogue::{CloudRole, Region};
use crate::classify::Destination;
use crate::device::DeviceRef;
use crate::geo::CountryCode;
use crate::net::Perimeter;

/// Most cloud services that one device has totals for; services come from the catalogue, so this guards
/// against a catalogue without measure.
const MAX_CLOUDS_PER_DEVICE: usize = 256;

/// What is added to a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Amount {
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) flows: u64,
}

/// The totals of all devices.
#[derive(Debug)]
pub(super) struct Ledger {
    accounts: HashMap<DeviceRef, Account, RandomState>,
    /// Of all vendor devices; there are no more countries than ISO 3166-1 has codes.
    countries: BTreeMap<Option<CountryCode>, Tally>,
}

#[derive(Debug, Default)]
struct Account {
    inbound: Tally,
    outbound: Tally,
    internal: Tally,
    transit: Tally,
    clouds: Vec<(CloudKey, Tally)>,
}

#[derive(Debug, PartialEq, Eq)]
struct CloudKey {
    vendor: Arc<str>,
    service: Arc<str>,
    role: CloudRole,
    region: Region,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { accounts: HashMap::with_hasher(RandomState::new()), countries: BTreeMap::new() }
    }

    /// Adds to the totals of a device, and of the service when there is one; gives the new totals.
    pub(super) fn credit(
        &mut self,
        device: DeviceRef,
        perimeter: Perimeter,
        amount: Amount,
        cloud: Option<(&Destination, Amount)>,
    ) -> Tallies {
        let account = self.accounts.entry(device).or_default();
        let tally = match perimeter {
            Perimeter::Inbound => &mut account.inbound,
            Perimeter::Outbound => &mut account.outbound,
            Perimeter::Internal => &mut account.internal,
            Perimeter::Transit => &mut account.transit,
        };
        add(tally, amount);
        let device = *tally;
        let cloud = cloud.map_or_else(Tally::default, |(destination, amount)| {
            account.cloud(destination).map_or_else(Tally::default, |tally| {
                add(tally, amount);
                *tally
            })
        });
        Tallies { device, cloud }
    }

    /// Adds to the totals of a country; gives the new ones. They outlive the devices that moved them.
    pub(super) fn credit_country(
        &mut self,
        country: Option<CountryCode>,
        sent: u64,
        received: u64,
    ) -> CountryTally {
        let tally = self.countries.entry(country).or_default();
        add(tally, Amount { sent, received, flows: 0 });
        CountryTally { country, tally: *tally }
    }

    /// Drops the totals of a device that was forgotten.
    pub(super) fn forget(&mut self, device: DeviceRef) {
        self.accounts.remove(&device);
    }
}

impl Account {
    fn cloud(&mut self, destination: &Destination) -> Option<&mut Tally> {
        let found = self.clouds.iter().position(|(key, _)| {
            key.service == destination.service
                && key.vendor == destination.vendor
                && key.role == destination.role
                && key.region == destination.region
        });
        let index = match found {
            Some(index) => index,
            None if self.clouds.len() < MAX_CLOUDS_PER_DEVICE => {
                let key = CloudKey {
                    vendor: Arc::clone(&destination.vendor),
                    service: Arc::clone(&destination.service),
                    role: destination.role,
                    region: destination.region,
                };
                self.clouds.push((key, Tally::default()));
                self.clouds.len() - 1
            }
            None => return None,
        };
        self.clouds.get_mut(index).map(|(_, tally)| tally)
    }
}

const fn add(tally: &mut Tally, amount: Amount) {
    tally.sent = tally.sent.saturating_add(amount.sent);
    tally.received = tally.received.saturating_add(amount.received);
    tally.flows = tally.flows.saturating_add(amount.flows);
}
