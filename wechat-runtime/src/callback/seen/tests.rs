use super::*;

const LEASE: Duration = Duration::from_secs(5);
const KEEP: Duration = Duration::from_secs(600);

fn push(nth: u32) -> Fingerprint {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&nth.to_be_bytes());
    Fingerprint(hash)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Claims as [`SeenInMemory`] does, at this time.
fn begin(memory: &mut Memory, nth: u32, lease: Duration, now: Instant) -> Begun {
    let state = memory.state(&push(nth), now);
    if state == Begun::Now {
        memory.keep(push(nth), Begun::Running, lease, now);
    }
    state
}

#[tokio::test]
async fn a_push_is_claimed_once_until_it_is_done_with() {
    let seen = SeenInMemory::default();
    let (one, other) = (push(1), push(2));
    assert_eq!(seen.begin(&one, LEASE).await.unwrap(), Begun::Now);
    assert_eq!(seen.begin(&one, LEASE).await.unwrap(), Begun::Running);
    assert_eq!(seen.begin(&other, LEASE).await.unwrap(), Begun::Now, "another is claimed by itself");
    seen.done(&one, KEEP).await.unwrap();
    assert_eq!(seen.begin(&one, LEASE).await.unwrap(), Begun::Done);
    seen.failed(&other).await.unwrap();
    assert_eq!(seen.begin(&other, LEASE).await.unwrap(), Begun::Now, "what failed may be claimed again");
    assert_eq!(seen.begin(&other, LEASE).await.unwrap(), Begun::Running);
}

#[test]
fn of_many_at_once_one_gets_the_push() {
    let seen = SeenInMemory::default();
    let claim = || futures_util::FutureExt::now_or_never(seen.begin(&push(1), LEASE)).unwrap().unwrap();
    let claims: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(claim)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(claims.iter().filter(|&&begun| begun == Begun::Now).count(), 1, "{claims:?}");
}

#[test]
fn a_claim_is_over_with_its_lease() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    assert_eq!(begin(&mut memory, 1, LEASE, now), Begun::Now);
    let end = now + LEASE;
    assert_eq!(memory.state(&push(1), now + LEASE.mul_f64(0.999)), Begun::Running);
    assert_eq!(memory.state(&push(1), end), Begun::Now);
    assert_eq!(begin(&mut memory, 1, LEASE, end), Begun::Now, "another claims it");
    assert_eq!(begin(&mut memory, 1, LEASE, end), Begun::Running);
}

#[test]
fn what_is_done_is_remembered_as_long_as_it_is_to_be() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    begin(&mut memory, 1, LEASE, now);
    memory.keep(push(1), Begun::Done, KEEP, now + seconds(1));
    // Others come and go, and generations with them.
    for second in 1..601 {
        begin(&mut memory, 1000 + second, LEASE, now + seconds(second.into()));
        assert_eq!(memory.state(&push(1), now + seconds(second.into())), Begun::Done, "after {second} s");
    }
    assert_eq!(memory.state(&push(1), now + seconds(601)), Begun::Now);
}

#[test]
fn what_is_over_takes_no_memory_for_long() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    for second in 0..10_000 {
        memory.keep(push(second), Begun::Done, KEEP, now + seconds(second.into()));
        let remembered = memory.young.len() + memory.old.len();
        assert!(remembered <= 1202, "{remembered} after {second} s, of 600 that are not over");
    }
}

#[test]
fn of_too_many_the_oldest_are_forgotten_and_the_newest_are_not() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    let most = u32::try_from(MOST).unwrap();
    for nth in 0..=2 * most {
        memory.keep(push(nth), Begun::Done, KEEP, now);
    }
    assert!(memory.young.len() <= MOST && memory.old.len() <= MOST);
    assert_eq!(memory.state(&push(0), now), Begun::Now);
    for nth in most..=2 * most {
        assert_eq!(memory.state(&push(nth), now), Begun::Done, "{nth}");
    }
}

#[test]
fn no_time_is_too_long() {
    let (mut memory, now) = (Memory::default(), Instant::now());
    memory.keep(push(1), Begun::Done, Duration::MAX, now);
    assert_eq!(memory.state(&push(1), now + KEEP), Begun::Done);
    memory.keep(push(1), Begun::Done, Duration::ZERO, now);
    assert_eq!(memory.state(&push(1), now), Begun::Now);
}

#[test]
fn a_fingerprint_is_good_as_a_key() {
    let fingerprint = Fingerprint([0xab; 32]);
    assert_eq!(fingerprint.to_string(), "ab".repeat(32));
    assert_eq!(format!("{fingerprint:?}"), "ab".repeat(32));
}
