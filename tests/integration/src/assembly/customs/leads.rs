//! Coordinators that err about who leads, and where.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::yield_now;
use wechat_runtime::storage::{self, Begun, Notes, Record, Slot, Turn};

use super::WELL;
use crate::assembly::{Row, Rows};
use crate::custom;

// Where nothing is.

begins!(LetsTheFirstWait: |row, now, lease| match row.fence {
    0 => {
        row.fence = 1;
        row.begun(Turn::Wait { at_most: lease }, now)
    }
    _ => row.begin(now, lease),
});

begins!(EmptyNotesForNone: |row, now, lease| {
    let begun = row.begin(now, lease);
    Begun { notes: Some(begun.notes.unwrap_or_default()), ..begun }
});

custom!(pub ErrForAFreshSlot {
    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        if rows.row(&slot.name()).fence == 0 {
            return Err(storage::Error::msg("no rows returned"));
        }
        WELL.begin(rows, slot, lease).await
    }
});

custom!(pub HangsBeginning {
    async fn begin(&self, _: &Rows, _: &Slot, _: Duration) -> storage::Result<Begun> {
        pending().await
    }
});

custom!(pub PanicsBeginning {
    async fn begin(&self, _: &Rows, _: &Slot, _: Duration) -> storage::Result<Begun> {
        panic!("the table is missing")
    }
});

custom!(pub PanicsForACoordinator {
    fn coordinates(&self) -> bool {
        panic!("not connected")
    }
});

custom!(pub HasNoCoordinator {
    fn coordinates(&self) -> bool {
        false
    }
});

leads_in!(OneLeadForAll: |_| "all".to_owned());

// The clock.

begins!(ItsClockStandsStill: |row, now, lease| {
    Begun { now: UNIX_EPOCH + Duration::from_secs(1_795_357_423), ..row.begin(now, lease) }
});

custom!(pub ItsClockGoesBack(AtomicU64) {
    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        let begun = WELL.begin(rows, slot, lease).await?;
        let back = Duration::from_secs(self.0.fetch_add(1, Ordering::SeqCst));
        Ok(Begun { now: begun.now - back, ..begun })
    }
});

/// How far the clock of a process is off.
pub struct Skew(Duration);

impl Default for Skew {
    fn default() -> Self {
        Self(Duration::from_micros(fastrand::u64(..600_000_000)))
    }
}

custom!(pub EachTellsItsOwnTime(Skew) {
    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        let begun = WELL.begin(rows, slot, lease).await?;
        Ok(Begun { now: begun.now + self.0.0, ..begun })
    }
});

// Who leads.

begins!(LetsAllLead: |row, now, lease| {
    let turn = row.lead(now, lease);
    row.begun(turn, now)
});

fn told(begun: Begun, at_most: Duration) -> Begun {
    match begun.turn {
        Turn::Wait { .. } => Begun { turn: Turn::Wait { at_most }, ..begun },
        Turn::Lead { .. } => begun,
    }
}

begins!(TellsTheLeaseThatIsAskedFor: |row, now, lease| told(row.begin(now, lease), lease));

begins!(TellsNoTimeToWait: |row, now, lease| told(row.begin(now, lease), Duration::ZERO));

begins!(WhoWaitsProlongsTheLease: |row, now, lease| {
    let begun = row.begin(now, lease);
    row.leased_until = row.leased_until.max(Some(now + lease));
    begun
});

custom!(pub LooksAndLeadsApart {
    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        let is_led = rows.change(&slot.name(), |row, now| row.left(now).is_some());
        yield_now().await;
        Ok(rows.change(&slot.name(), |row, now| {
            if is_led {
                return row.begin(now, lease);
            }
            let turn = row.lead(now, lease);
            row.begun(turn, now)
        }))
    }
});

custom!(
    /// One leads, as long as all go through one process.
    pub LeadsInItsOwnProcess(Mutex<HashMap<String, u64>>) {
        async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
            yield_now().await;
            let mut own = self.0.lock().unwrap();
            Ok(rows.change(&slot.name(), |row, now| {
                // Another's lease is none of its business.
                if own.get(&slot.name()) != Some(&row.fence) {
                    row.leased_until = None;
                }
                let begun = row.begin(now, lease);
                own.insert(slot.name(), row.fence);
                begun
            }))
        }
    }
);

// Slots.

fn parts(slot: &Slot) -> Vec<String> {
    slot.name().split(':').map(str::to_owned).collect()
}

leads_in!(OneLeadForAnAccount: |slot| {
    let is_of_authorizer = matches!(slot, Slot::AuthorizerToken { .. } | Slot::AuthorizerTicket { .. });
    parts(slot)[1..2 + usize::from(is_of_authorizer)].join(":")
});

leads_in!(OneLeadForAllTickets: |slot| match slot {
    Slot::Ticket { appid, .. } => format!("tickets:{appid}"),
    Slot::AuthorizerTicket { component_appid, authorizer_appid, .. } => {
        format!("tickets:{component_appid}:{authorizer_appid}")
    }
    _ => slot.name(),
});

leads_in!(OneLeadForAllAuthorizers: |slot| match slot {
    Slot::AuthorizerToken { component_appid, .. } => format!("authorizers:{component_appid}"),
    _ => slot.name(),
});

leads_in!(OneLeadForAnAuthorizerOfManyComponents: |slot| match slot {
    Slot::AuthorizerToken { authorizer_appid, .. } => format!("authorizer:{authorizer_appid}"),
    _ => slot.name(),
});

leads_in!(KeysJoinedByAColon: |slot| match slot {
    Slot::Ticket { appid, ticket_type } => format!("{appid}:{ticket_type}"),
    Slot::AuthorizerTicket { component_appid, authorizer_appid, ticket_type } => {
        format!("{component_appid}:{authorizer_appid}:{ticket_type}")
    }
    _ => slot.name(),
});

custom!(pub ASaveEndsAllLeadsOfTheAccount {
    async fn save(&self, rows: &Rows, slot: &Slot, record: Record) -> storage::Result<Record> {
        let kept = WELL.save(rows, slot, record).await?;
        let account = format!(":{}", parts(slot)[1]);
        let mut all = rows.all();
        all.iter_mut().filter(|(name, _)| name.contains(&account)).for_each(|(_, row)| row.leased_until = None);
        Ok(kept)
    }
});
