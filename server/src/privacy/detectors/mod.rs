//! The detectors, a file for each family. Each reads a [`Scan`] and adds findings; the redactor
//! merges them. All of them take linear time: every look ahead or back has a fixed bound.

mod address;
mod card;
mod checks;
mod date;
mod document;
mod domains;
mod email;
mod given_names;
mod iban;
mod ids_anglo;
mod ids_north;
mod ids_south_east;
mod ids_west;
mod ids_world;
mod link;
mod name;
mod network;
mod phone;
mod scheme;
mod secret;
mod vat;
mod wallet;

#[cfg(test)]
mod ids_tests;

pub(super) use phone::Regions;
pub(super) use scheme::Schemes;

use super::redact::Finding;
use super::scan::Scan;
use super::settings::RedactionSettings;

/// The tables of identifiers, by part of the world.
fn tables() -> [&'static [scheme::Scheme]; 6] {
    [
        ids_north::TABLE,
        ids_west::TABLE,
        ids_south_east::TABLE,
        ids_anglo::TABLE,
        ids_world::TABLE,
        vat::TABLE,
    ]
}

/// Runs every built-in detector over a text.
pub(super) fn find_all(
    scan: &Scan<'_>,
    schemes: &Schemes,
    regions: &Regions,
    settings: &RedactionSettings,
) -> Vec<Finding> {
    let mut found = Vec::new();
    email::find(scan, &mut found);
    link::find(scan, &settings.allow_hosts, &mut found);
    secret::find(scan, &mut found);
    wallet::find(scan, &mut found);
    if scan.has_digit {
        iban::find(scan, &mut found);
        card::find(scan, &mut found);
        schemes.find(scan, &mut found);
        phone::find(scan, regions, &mut found);
        document::find(scan, &mut found);
        date::find(scan, &mut found);
    }
    network::find(scan, &mut found);
    if settings.addresses && scan.has_digit {
        address::find(scan, &mut found);
    }
    if settings.names {
        name::find(scan, &mut found);
    }
    found
}
