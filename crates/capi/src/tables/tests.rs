use std::collections::HashSet;

use super::row::{Kind, OptionRow};
use super::*;
use easy_options::{EASY_ALIASES, EASY_OPTIONS};
use functions::FUNCTIONS;
use multi_options::MULTI_OPTIONS;

#[test]
fn a_number_lies_in_the_range_of_its_kind() {
    for row in EASY_OPTIONS.iter().chain(MULTI_OPTIONS) {
        let base = match row.kind {
            Kind::Long | Kind::Values => 0,
            Kind::Function => 20_000,
            Kind::OffT => 30_000,
            Kind::Blob => 40_000,
            _ => 10_000,
        };
        assert!((base + 1..base + 1000).contains(&row.id), "{row:?}");
    }
}

#[test]
fn every_number_is_there_once() {
    for rows in [EASY_OPTIONS, infos::INFOS, MULTI_OPTIONS, share_options::SHARE_OPTIONS] {
        let ids: HashSet<i32> = rows.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), rows.len());
    }
}

#[test]
fn easy_options_are_in_order_and_aliases_lead_to_them() {
    assert!(EASY_OPTIONS.is_sorted_by_key(|row: &OptionRow| row.name.to_bytes()));
    for (_, real) in EASY_ALIASES {
        assert!(EASY_OPTIONS.iter().any(|row| row.name.to_bytes() == real.as_bytes()), "{real}");
    }
}

#[test]
fn numbers_become_enums() {
    assert_eq!(EasyOption::try_from(opt::URL), Ok(EasyOption::Url));
    assert_eq!(EasyOption::try_from(9999), Err(9999));
    assert_eq!(Info::try_from(info::RESPONSE_CODE), Ok(Info::ResponseCode));
}

#[test]
fn there_are_a_hundred_functions() {
    let names: HashSet<_> =
        FUNCTIONS.iter().flat_map(|header| header.iter()).map(|f| f.name).collect();
    assert_eq!(names.len(), 100);
}

#[test]
fn features_are_in_order_and_have_a_bit_each() {
    let name = |feature: &features::Feature| feature.name.to_str().unwrap().to_lowercase();
    assert!(features::FEATURES.is_sorted_by_key(name));
    // The later ones have no bit, only a name.
    let with_bit = features::FEATURES.iter().map(|feature| feature.bit).filter(|bit| *bit != 0);
    let bits: HashSet<_> = with_bit.clone().collect();
    assert_eq!(bits.len(), with_bit.count());
}
