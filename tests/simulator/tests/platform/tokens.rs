//! The two token lines.

use wechat_simulator::{App, Cause, Line};

use crate::support::{APPID, Platform, SECRET, beijing_noon, errcode};

#[tokio::test]
async fn a_token_looks_like_those_on_the_wire_and_lives_two_hours() {
    let platform = Platform::start().await;
    let token = platform.classic().await;
    assert_eq!(token.expires_in, 7200);
    let (number, rest) = token.value.split_once('_').unwrap();
    assert!(number.parse::<u8>().is_ok());
    assert!((136..=157).contains(&token.value.len()));
    assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
}

#[tokio::test]
async fn the_two_token_lines_never_affect_each_other() {
    let platform = Platform::start().await;
    let classic = platform.classic().await;
    let stable = platform.stable().await;
    platform.forced().await;
    platform.advance(31);
    platform.forced().await;
    assert_eq!(platform.judge(&classic.value).await, 0);
    assert_eq!(platform.judge(&stable.value).await, 40001);
    let stable = platform.stable().await;
    for _ in 0..3 {
        platform.classic().await;
    }
    assert_eq!(platform.judge(&stable.value).await, 0);
    assert_eq!(platform.judge(&classic.value).await, 40001);
}

#[tokio::test]
async fn every_classic_fetch_makes_a_new_token() {
    let platform = Platform::start().await;
    assert_ne!(platform.classic().await, platform.classic().await);
    assert_eq!(platform.issued(Line::Classic), 2);
    assert_eq!(platform.issued(Line::Stable), 0);
}

#[tokio::test]
async fn a_replaced_classic_token_works_for_300_s_and_then_answers_40001() {
    let platform = Platform::start().await;
    let old = platform.classic().await;
    let new = platform.classic().await;
    platform.advance(299);
    assert_eq!(platform.judge(&old.value).await, 0);
    platform.advance(1);
    assert_eq!(platform.judge(&old.value).await, 40001);
    assert_eq!(platform.judge(&new.value).await, 0);
}

#[tokio::test]
async fn the_overlap_never_lengthens_a_life() {
    let platform = Platform::start().await;
    let old = platform.classic().await;
    platform.advance(7200 - 100);
    platform.classic().await;
    platform.advance(99);
    assert_eq!(platform.judge(&old.value).await, 0);
    platform.advance(1);
    assert_eq!(platform.judge(&old.value).await, 42001, "it aged out before it was cut off");
    platform.advance(10_000);
    platform.classic().await;
    assert_eq!(platform.judge(&old.value).await, 42001, "and what aged out stays so");
}

#[tokio::test]
async fn only_the_token_before_the_current_one_is_in_its_overlap() {
    let platform = Platform::start().await;
    let first = platform.classic().await;
    let second = platform.classic().await;
    platform.classic().await;
    assert_eq!(platform.judge(&first.value).await, 40001);
    assert_eq!(platform.judge(&second.value).await, 0);
}

#[tokio::test]
async fn an_aged_token_answers_42001() {
    let platform = Platform::start().await;
    let token = platform.classic().await;
    platform.advance(7199);
    assert_eq!(platform.judge(&token.value).await, 0);
    platform.advance(1);
    assert_eq!(platform.judge(&token.value).await, 42001);
}

#[tokio::test]
async fn stable_gives_the_same_token_until_its_last_300_s() {
    let platform = Platform::start().await;
    let first = platform.stable().await;
    assert_eq!(first.expires_in, 7200);
    platform.advance(6900);
    let same = platform.stable().await;
    assert_eq!((&same.value, same.expires_in), (&first.value, 300));
    platform.advance(1);
    let next = platform.stable().await;
    assert_ne!(next.value, first.value);
    assert_eq!(next.expires_in, 7200);
    assert_eq!(platform.judge(&first.value).await, 0, "both are good for the rest of the old one's life");
    assert_eq!(platform.issued(Line::Stable), 2);
}

#[tokio::test]
async fn one_forced_refresh_leaves_the_old_token_its_overlap_and_a_second_kills_it() {
    let platform = Platform::start().await;
    let leaked = platform.stable().await;
    let second = platform.forced().await;
    assert_ne!(second.value, leaked.value);
    assert_eq!(platform.judge(&leaked.value).await, 0);
    platform.advance(30);
    let third = platform.forced().await;
    assert_ne!(third.value, second.value);
    assert_eq!(platform.judge(&leaked.value).await, 40001);
    assert_eq!(platform.judge(&second.value).await, 0);
}

#[tokio::test]
async fn forced_refreshes_closer_than_30_s_refresh_once() {
    let platform = Platform::start().await;
    let first = platform.forced().await;
    platform.advance(29);
    let same = platform.forced().await;
    assert_eq!((&same.value, same.expires_in), (&first.value, 7171));
    platform.advance(1);
    assert_ne!(platform.forced().await.value, first.value);
    assert_eq!(platform.issued(Line::Stable), 2);
}

#[tokio::test]
async fn the_twenty_first_forced_refresh_of_a_day_answers_45009_and_midnight_helps() {
    let platform = Platform::start().await;
    platform.clock().set(beijing_noon());
    for _ in 0..20 {
        platform.forced().await;
        platform.forced().await; // within 30 s: refreshes nothing, counts nothing
        platform.advance(30);
    }
    assert_eq!(errcode(&platform.stable_answer(true).await), 45009);
    assert_eq!(errcode(&platform.stable_answer(false).await), 0, "the normal mode goes on");
    platform.advance(12 * 3600);
    platform.forced().await;
    assert_eq!(platform.issued(Line::Stable), 21);
}

#[tokio::test]
async fn a_granted_lifetime_of_300_or_0_is_obeyed() {
    let platform = Platform::with(App::new(APPID, SECRET).expires_in(300)).await;
    let token = platform.stable().await;
    assert_eq!(token.expires_in, 300);
    assert_eq!(platform.stable().await.value, token.value);
    platform.advance(1);
    assert_ne!(platform.stable().await.value, token.value);

    platform.sim.account(APPID).unwrap().set_expires_in(0);
    platform.advance(300);
    let dead = platform.classic().await;
    assert_eq!(dead.expires_in, 0);
    assert_eq!(platform.judge(&dead.value).await, 42001);
}

#[tokio::test]
async fn a_rotation_elsewhere_cuts_the_token_off_after_its_overlap() {
    let platform = Platform::start().await;
    let account = platform.sim.account(APPID).unwrap();
    for line in Line::ALL {
        let mine = match line {
            Line::Classic => platform.classic().await,
            _ => platform.stable().await,
        };
        assert_eq!(account.current_token(line).as_ref(), Some(&mine.value));
        let theirs = account.rotate_elsewhere(line);
        assert_eq!(platform.judge(&mine.value).await, 0);
        platform.advance(300);
        assert_eq!(platform.judge(&mine.value).await, 40001);
        assert_eq!(platform.judge(&theirs).await, 0);
    }
    let ledger = platform.sim.ledger();
    let elsewhere = ledger.issues().iter().filter(|issue| issue.cause == Cause::Elsewhere).count();
    assert_eq!(elsewhere, 2);
    assert_eq!(ledger.token_calls(APPID), 2);
}

#[tokio::test]
async fn a_revoked_token_answers_40001_at_once_and_the_next_fetch_makes_a_new_one() {
    let platform = Platform::start().await;
    let token = platform.stable().await;
    platform.sim.account(APPID).unwrap().revoke(Line::Stable);
    assert_eq!(platform.judge(&token.value).await, 40001);
    let next = platform.stable().await;
    assert_ne!(next.value, token.value);
    assert_eq!(platform.judge(&next.value).await, 0);
}

#[tokio::test]
async fn a_refused_current_token_comes_back_in_normal_mode_and_force_helps() {
    let platform = Platform::start().await;
    let token = platform.stable().await;
    platform.sim.account(APPID).unwrap().refuse_current(Line::Stable);
    assert_eq!(platform.judge(&token.value).await, 40001);
    assert_eq!(platform.stable().await.value, token.value);
    assert_eq!(platform.judge(&platform.forced().await.value).await, 0);
}
