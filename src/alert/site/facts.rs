//! What is known of a scene, as far as a rule asks for it.
//!
//! Comes in: the fields that a rule names, a scene, the time at the site. Goes out: [`Facts`], owned, by which expressions are
//! evaluated now and later. A field that is not known is left out: CEL calls what depends on it an error, so that no rule fires
//! by what nobody knows.

use cel::common::types::{CelBool, CelInt, CelList, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;

use super::fields::Field;
use super::site_time::SiteTime;
use super::value::FieldValue;
use crate::alert::scene::Scene;

/// What stands before a field's name where an expression asks whether it is known: `has(flow.country)`.
pub(super) const PRESENCE: char = '?';

/// Values by the names of their fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::alert) struct Facts {
    values: Vec<(&'static str, FieldValue)>,
}

impl Facts {
    pub(super) fn read(fields: &[&'static Field], scene: &Scene<'_>, clock: SiteTime) -> Self {
        let value = |field: &&'static Field| Some((field.name, field.value(scene, clock)?));
        Self { values: fields.iter().filter_map(value).collect() }
    }

    /// Reads more fields.
    pub(super) fn add(&mut self, fields: &[&'static Field], scene: &Scene<'_>, clock: SiteTime) {
        let more = Self::read(fields, scene, clock);
        self.values.extend(more.values);
    }

    /// Reads again what is known of the device and of the time; the rest stays as it was seen.
    pub(super) fn refresh(
        &mut self,
        fields: &[&'static Field],
        scene: &Scene<'_>,
        clock: SiteTime,
    ) {
        let of_now = || fields.iter().filter(|field| field.family().is_always_there());
        self.values.retain(|(name, _)| of_now().all(|field| field.name != *name));
        self.values
            .extend(of_now().filter_map(|field| Some((field.name, field.value(scene, clock)?))));
    }

    pub(super) fn get(&self, name: &str) -> Option<&FieldValue> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// For a person: `flow.country CN, flow.port 443`.
    pub(super) fn told(&self) -> String {
        let parts: Vec<_> =
            self.values.iter().map(|(name, value)| format!("{name} {}", value.shown())).collect();
        parts.join(", ")
    }
}

impl VariableResolver for Facts {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(field) = name.strip_prefix(PRESENCE) {
            return Some(CowVal::owned(CelBool::from(self.get(field).is_some())));
        }
        Some(match self.get(name)? {
            FieldValue::Flag(flag) => CowVal::owned(CelBool::from(*flag)),
            FieldValue::Whole(number) => CowVal::owned(CelInt::from(*number)),
            FieldValue::Text(text) => CowVal::owned(CelString::from(&**text)),
            FieldValue::Texts(texts) => {
                let boxed =
                    |text: &'b str| -> Box<dyn Val + 'b> { Box::new(CelString::from(text)) };
                let texts: Vec<Box<dyn Val + 'b>> = texts.iter().map(|text| boxed(text)).collect();
                CowVal::owned(CelList::from(texts))
            }
        })
    }
}
