//! Address blocks of makers, as the IEEE assigned them.
//!
//! Comes in: a source of numbers. Goes out: hardware addresses. The vendor's blocks are those of the registry in
//! the state of 2026-08; a few of other makers stand for the rest.

use crate::net::MacAddr;
use crate::simulate::prng::Prng;

/// Hangzhou Hikvision Digital Technology (IEEE).
pub(crate) const HIKVISION: [u32; 84] = [
    0x0000_bc99,
    0x0004_0312,
    0x0004_eecd,
    0x0008_3bc1,
    0x0008_5411,
    0x0008_a189,
    0x0008_cc81,
    0x000c_75d2,
    0x0010_12fb,
    0x0018_68cb,
    0x0018_8025,
    0x0024_0f9b,
    0x0024_28fd,
    0x0024_32ae,
    0x0024_4845,
    0x0028_57be,
    0x002c_a59c,
    0x0034_0962,
    0x003c_1bf8,
    0x0040_acbf,
    0x0040_b570,
    0x0044_19b6,
    0x0044_47cc,
    0x0044_a642,
    0x0048_785b,
    0x004c_1f86,
    0x004c_62df,
    0x004c_bd8f,
    0x004c_f5dc,
    0x0050_e538,
    0x0054_8c81,
    0x0054_c415,
    0x0058_03fb,
    0x0058_50ed,
    0x005c_345b,
    0x0064_db8b,
    0x0068_6dbc,
    0x0074_3fc2,
    0x0080_489f,
    0x0080_7c62,
    0x0080_beaf,
    0x0080_f5ae,
    0x0084_9459,
    0x0084_9a40,
    0x0088_de39,
    0x008c_22d2,
    0x008c_e748,
    0x0094_e1ac,
    0x0098_8b0a,
    0x0098_9de5,
    0x0098_df82,
    0x0098_f112,
    0x00a0_ff0c,
    0x00a4_1437,
    0x00a4_2902,
    0x00a4_4bd9,
    0x00a4_a459,
    0x00a4_d5c2,
    0x00ac_b92f,
    0x00ac_cb51,
    0x00b0_ff0d,
    0x00b4_a382,
    0x00bc_5e33,
    0x00bc_9b5e,
    0x00bc_ad28,
    0x00bc_bac2,
    0x00c0_517e,
    0x00c0_56e3,
    0x00c0_6ded,
    0x00c4_2f90,
    0x00c8_a702,
    0x00cc_13f3,
    0x00d4_e853,
    0x00dc_07f8,
    0x00dc_d26a,
    0x00e0_baad,
    0x00e0_ca3c,
    0x00e0_df13,
    0x00e4_d58b,
    0x00e8_a0ed,
    0x00ec_a971,
    0x00ec_c89c,
    0x00f8_4dfc,
    0x00fc_9ffd,
];

/// Hangzhou Ezviz Software (IEEE).
pub(crate) const EZVIZ: [u32; 15] = [
    0x000c_a64c,
    0x0020_bbbc,
    0x0034_c6dd,
    0x0038_f25d,
    0x0054_d60d,
    0x0058_8fcf,
    0x0064_244d,
    0x0064_f2fb,
    0x0078_a6a0,
    0x0078_c1ae,
    0x0094_ec13,
    0x00ac_1c26,
    0x00ec_97e0,
    0x00f4_7018,
    0x00fc_2422,
];

/// Prama Hikvision India, Prama India (IEEE).
pub(crate) const PRAMA: [u32; 3] = [0x0024_b105, 0x00bc_2978, 0x00e4_28a4];
/// Hangzhou Microimage Software, the company of HIKMICRO (IEEE).
pub(crate) const HIKMICRO: [u32; 2] = [0x00a4_4c62, 0x00ec_dfc9];
/// Pyronix (IEEE).
pub(crate) const PYRONIX: [u32; 1] = [0x0000_19eb];
/// `AzureWave` (seen on an EZVIZ-made `VistaCam` 1200) and Sichuan iLink (seen on an EZVIZ C2C Mini O Plus):
/// makers of Wi-Fi modules, whose blocks ordinary machines have as well.
pub(crate) const MODULE: [u32; 2] = [0x0080_9133, 0x00bc_1c81];
/// Apple; a widely used tool calls it Hikvision.
pub(crate) const FALSE_HIKVISION: [u32; 1] = [0x00a4_5e60];
/// Begins like Wuhan Hikstorage's company identifier, which is locally administered: random addresses may too.
pub(crate) const HIKSTORAGE: [u32; 1] = [0x004a_c03f];
/// Makers of ordinary machines: Intel, Apple, HP, Google, Espressif, Supermicro, Xiaomi, Sonos.
pub(crate) const ORDINARY: [u32; 10] = [
    0x0000_1b21,
    0x00f0_1898,
    0x0000_1e0b,
    0x003c_5ab4,
    0x0024_0ac4,
    0x0030_aea4,
    0x0000_2590,
    0x0078_11dc,
    0x0034_7e5c,
    0x008c_8590,
];
/// Raspberry Pi.
pub(crate) const RASPBERRY: [u32; 2] = [0x00b8_27eb, 0x00dc_a632];

/// An address in one of the blocks.
pub(crate) fn address_in(prng: &mut Prng, blocks: &[u32]) -> MacAddr {
    let at = usize::try_from(prng.below(blocks.len() as u64)).unwrap_or(0);
    let [_, a, b, c] = blocks.get(at).copied().unwrap_or(0x0200_0000).to_be_bytes();
    let [d, e, f, ..] = prng.next_u64().to_be_bytes();
    MacAddr([a, b, c, d, e, f])
}

/// A random address as phones have it: locally administered, of one station.
pub(crate) fn random_address(prng: &mut Prng) -> MacAddr {
    let [first, b, c, d, e, f, ..] = prng.next_u64().to_be_bytes();
    MacAddr([(first | 0x02) & 0xfe, b, c, d, e, f])
}

/// Tells whether the address lies in a block of the vendor's group.
pub(crate) fn is_vendors(mac: MacAddr) -> bool {
    let [a, b, c, ..] = mac.0;
    let block = u32::from_be_bytes([0, a, b, c]);
    [&HIKVISION[..], &EZVIZ, &PRAMA, &HIKMICRO, &PYRONIX].concat().contains(&block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_block_and_a_random_one_is_locally_administered() {
        let mut prng = Prng::new(1);

        for _ in 0..100 {
            assert!(is_vendors(address_in(&mut prng, &EZVIZ)));
            assert!(!is_vendors(address_in(&mut prng, &MODULE)));
            let random = random_address(&mut prng);
            assert!(random.is_locally_administered() && random.is_station());
        }
    }
}
