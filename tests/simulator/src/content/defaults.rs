//! What an account holds when the test does not say: enough for every answer to be rich.
//!
//! Ids are derived from the appid, so that they are the same in every run and differ between accounts.

use super::{Follower, Material, MaterialKind};

/// The addresses that pushes come from.
pub(crate) const IP_LIST: [&str; 3] = ["127.0.0.1", "127.0.0.2", "101.226.103.0/25"];

/// Nickname, and whether the user follows. One does not: messages to that user fail with 43004.
const FOLLOWERS: [(&str, bool); 4] = [("小明", true), ("李雷", true), ("韩梅梅", true), ("路人甲", false)];

const MATERIALS: [(MaterialKind, &str); 7] = [
    (MaterialKind::Image, "封面图.png"),
    (MaterialKind::Image, "春节海报.jpg"),
    (MaterialKind::Image, "logo.png"),
    (MaterialKind::Voice, "早安问候.mp3"),
    (MaterialKind::Video, "产品介绍.mp4"),
    (MaterialKind::News, "新品上市：春季系列"),
    (MaterialKind::News, "致用户的一封信"),
];

pub(crate) fn followers(appid: &str) -> Vec<Follower> {
    let follower = |(nickname, following): (&str, bool)| {
        Follower::new(id("o", appid, nickname, 28)).nickname(nickname).following(following)
    };
    FOLLOWERS.into_iter().map(follower).collect()
}

pub(crate) fn materials(appid: &str) -> Vec<Material> {
    let material = |(kind, name): (MaterialKind, &str)| Material::new(kind, id("", appid, name, 43), name);
    MATERIALS.into_iter().map(material).collect()
}

pub(crate) fn templates(appid: &str) -> Vec<String> {
    vec![id("", appid, "template", 43)]
}

/// An id of `length` characters that only ever depends on the account and the name of the thing.
pub(super) fn id(prefix: &str, appid: &str, name: &str, length: usize) -> String {
    // FNV-1a: stable over releases, which the standard library's hasher is not.
    let bytes = appid.bytes().chain([0]).chain(name.bytes());
    let seed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = fastrand::Rng::with_seed(seed);
    let tail = std::iter::repeat_with(|| random.alphanumeric());
    prefix.chars().chain(tail).take(length).collect()
}
