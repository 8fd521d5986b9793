//! The storage contract passes adapters that do what is asked of them, and finds each fault by the check
//! made for it.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::task::yield_now;
use tokio::time::Instant;
use wechat_integration_tests::Shelf;
use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::contract::{self, HubContract, Report, Verdict};
use wechat_runtime::{Secret, Ticket, TicketType, Token, async_trait, storage};

const APPID: &str = "wx1f2e3d4c5b6a7988";
const SECRET: &str = "s3cr3t-in-a-report";
const TENANT: &str = "a tenant";

/// What a store holds, as JSON by key, as adapters of databases do.
#[derive(Default)]
struct Store(Mutex<BTreeMap<String, Value>>);

impl Store {
    fn get(&self, key: &str) -> Option<Value> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn set(&self, key: &str, record: &Value) {
        self.0.lock().unwrap().insert(key.to_owned(), record.clone());
    }

    fn remove(&self, key: &str) -> Option<Value> {
        self.0.lock().unwrap().remove(key)
    }
}

/// How an adapter does its work: well, unless a method is written anew. `what` is `access_token` or the
/// ticket's type.
#[async_trait]
trait Manner: Default + Send + Sync + 'static {
    fn key(&self, account: &str, is_token: bool, what: &str) -> String {
        json!([account, is_token, what]).to_string()
    }

    fn secret(&self, appid: &str) -> storage::Result<Option<Secret>> {
        Ok((appid == APPID).then(|| SECRET.into()))
    }

    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        // Others get a turn here, as they do with a storage behind a network.
        yield_now().await;
        Ok(store.get(key))
    }

    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        yield_now().await;
        store.set(key, &record);
        Ok(record)
    }
}

/// An adapter of a store that works in this manner; or only for one kind of record, and in the other manner
/// for the rest.
struct Adapter<M, R> {
    store: Arc<Store>,
    manner: M,
    only: Option<&'static str>,
    rest: R,
}

impl<M: Manner, R: Manner> Adapter<M, R> {
    fn new(only: Option<&'static str>) -> Self {
        Self::of(Arc::default(), only)
    }

    fn of(store: Arc<Store>, only: Option<&'static str>) -> Self {
        Self { store, manner: M::default(), only, rest: R::default() }
    }

    fn is_rest(&self, what: &str) -> bool {
        self.only.is_some_and(|only| only != what)
    }

    fn key(&self, tenant: &str, appid: &str, is_token: bool, what: &str) -> String {
        assert_eq!(tenant, TENANT);
        if self.is_rest(what) {
            return self.rest.key(appid, is_token, what);
        }
        self.manner.key(appid, is_token, what)
    }

    async fn get(&self, what: &str, key: &str) -> storage::Result<Option<Value>> {
        if self.is_rest(what) {
            return self.rest.get(&self.store, key).await;
        }
        self.manner.get(&self.store, key).await
    }

    async fn put(&self, what: &str, key: &str, record: Value) -> storage::Result<Value> {
        if self.is_rest(what) {
            return self.rest.put(&self.store, key, record).await;
        }
        self.manner.put(&self.store, key, record).await
    }
}

#[async_trait]
impl<M: Manner, R: Manner> storage::Hub for Adapter<M, R> {
    type Args = &'static str;

    async fn fetch_secret_key(&self, appid: &str, _: &&'static str) -> storage::Result<Option<Secret>> {
        self.manner.secret(appid)
    }

    async fn fetch_access_token(&self, appid: &str, args: &&'static str) -> storage::Result<Option<Token>> {
        let record = self.get("access_token", &self.key(args, appid, true, "access_token")).await?;
        Ok(record.map(serde_json::from_value).transpose()?)
    }

    async fn save_access_token(
        &self,
        appid: &str,
        token: Token,
        args: &&'static str,
    ) -> storage::Result<Token> {
        let key = self.key(args, appid, true, "access_token");
        let stored = self.put("access_token", &key, serde_json::to_value(token)?).await?;
        Ok(serde_json::from_value(stored)?)
    }

    async fn fetch_ticket(
        &self,
        appid: &str,
        ticket_type: &TicketType,
        args: &&'static str,
    ) -> storage::Result<Option<Ticket>> {
        let what = ticket_type.as_str();
        let record = self.get(what, &self.key(args, appid, false, what)).await?;
        Ok(record.map(serde_json::from_value).transpose()?)
    }

    async fn save_ticket(&self, appid: &str, ticket: Ticket, args: &&'static str) -> storage::Result<Ticket> {
        let what = ticket.ticket_type().to_string();
        let key = self.key(args, appid, false, &what);
        let stored = self.put(&what, &key, serde_json::to_value(ticket)?).await?;
        Ok(serde_json::from_value(stored)?)
    }
}

/// Writes an adapter down by what it does otherwise than a sound one.
macro_rules! manner {
    ($(#[$doc:meta])* $name:ident { $($body:tt)* }) => {
        manner!($(#[$doc])* $name() { $($body)* });
    };
    ($(#[$doc:meta])* $name:ident($($field:ty),*) { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        struct $name($($field),*);

        #[async_trait]
        impl Manner for $name { $($body)* }
    };
}

/// Does all that is asked of it.
#[derive(Default)]
struct Sound;

impl Manner for Sound {}

fn down() -> storage::Error {
    storage::Error::msg("connection refused")
}

// Reading where nothing is.

manner!(ErrForNone {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        store.get(key).map(Some).ok_or_else(|| storage::Error::msg("no rows returned"))
    }
});

manner!(AnEmptyRecordForNone {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let empty = json!({
            "access_token": "", "ticket": "", "kind": "stable", "type": "", "timestamp": 0, "expires_in": 0,
        });
        Ok(Some(store.get(key).unwrap_or(empty)))
    }
});

manner!(HangsReading {
    async fn get(&self, _: &Store, _: &str) -> storage::Result<Option<Value>> {
        pending().await
    }
});

manner!(PanicsReading {
    async fn get(&self, _: &Store, _: &str) -> storage::Result<Option<Value>> {
        panic!("the table is missing")
    }
});

// Saving and reading back.

manner!(LosesSaves {
    async fn put(&self, _: &Store, _: &str, record: Value) -> storage::Result<Value> {
        Ok(record)
    }
});

manner!(HangsSaving {
    async fn put(&self, _: &Store, _: &str, _: Value) -> storage::Result<Value> {
        pending().await
    }
});

manner!(PanicsSaving {
    async fn put(&self, _: &Store, _: &str, _: Value) -> storage::Result<Value> {
        panic!("the table is missing")
    }
});

manner!(FailsSavingAndTells {
    async fn put(&self, _: &Store, _: &str, record: Value) -> storage::Result<Value> {
        Err(storage::Error::msg(format!("read-only\ncannot write {record} with {SECRET}")))
    }
});

/// Stores a record, and whoever saved it is told that it is as they gave it.
fn store_altered(store: &Store, key: &str, record: Value, alter: impl Fn(&mut Value)) -> Value {
    let mut altered = record.clone();
    alter(&mut altered);
    store.set(key, &altered);
    record
}

fn alter_value(record: &mut Value, alter: impl Fn(&str) -> String) {
    let field = if record["ticket"].is_string() { "ticket" } else { "access_token" };
    record[field] = alter(record[field].as_str().unwrap()).into();
}

manner!(ForgetsTheKind {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| it["kind"] = "stable".into()))
    }
});

manner!(KeepsSecondsIn32Bits {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let most = u64::from(i32::MAX.unsigned_abs());
        let narrow = |it: &mut Value| {
            it["timestamp"] = it["timestamp"].as_u64().unwrap().min(most).into();
        };
        Ok(store_altered(store, key, record, narrow))
    }
});

manner!(CapsTheGrant {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let cap = |it: &mut Value| {
            it["expires_in"] = it["expires_in"].as_u64().unwrap().min(86_400).into();
        };
        Ok(store_altered(store, key, record, cap))
    }
});

manner!(KeepsNoMoreThan511Characters {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let cut = |value: &str| value.chars().take(511).collect();
        Ok(store_altered(store, key, record, |it| alter_value(it, cut)))
    }
});

manner!(LosesAQuote {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let unquoted = |value: &str| value.replace('\'', "");
        Ok(store_altered(store, key, record, |it| alter_value(it, unquoted)))
    }
});

// What a save answers, and what is old.

manner!(AnswersWithTheOneBefore {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let before = store.get(key);
        store.set(key, &record);
        Ok(before.unwrap_or(record))
    }
});

manner!(AnswersWithACappedGrant {
    async fn put(&self, store: &Store, key: &str, mut record: Value) -> storage::Result<Value> {
        store.set(key, &record);
        record["expires_in"] = 60.into();
        Ok(record)
    }
});

manner!(DropsExpired {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let ends =
            |it: &Value| it["timestamp"].as_u64().unwrap() + it["expires_in"].as_u64().unwrap();
        Ok(store.get(key).filter(|record| ends(record) > now))
    }
});

manner!(StoresNoGrantOfNothing {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        if record["expires_in"] != 0 {
            store.set(key, &record);
        }
        Ok(record)
    }
});

manner!(TheFirstStays {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store.0.lock().unwrap().entry(key.to_owned()).or_insert(record).clone())
    }
});

/// What has been read, for those who remember it.
type Remembered = Mutex<HashMap<String, Option<Value>>>;

manner!(RemembersWhatItRead(Remembered) {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        Ok(self.0.lock().unwrap().entry(key.to_owned()).or_insert_with(|| store.get(key)).clone())
    }
});

manner!(RemembersThatItFoundNone(Mutex<BTreeSet<String>>) {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let mut empty = self.0.lock().unwrap();
        let found = store.get(key).filter(|_| !empty.contains(key));
        if found.is_none() {
            empty.insert(key.to_owned());
        }
        Ok(found)
    }
});

manner!(
    /// A copy of its own, which is right as long as nobody else saves.
    EachConnectionRemembers(Remembered) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            Ok(self.0.lock().unwrap().entry(key.to_owned()).or_insert_with(|| store.get(key)).clone())
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            store.set(key, &record);
            self.0.lock().unwrap().insert(key.to_owned(), Some(record.clone()));
            Ok(record)
        }
    }
);

manner!(
    /// The same of what is not there.
    EachConnectionRemembersNone(Mutex<BTreeSet<String>>) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            let mut empty = self.0.lock().unwrap();
            let found = store.get(key).filter(|_| !empty.contains(key));
            if found.is_none() {
                empty.insert(key.to_owned());
            }
            Ok(found)
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            store.set(key, &record);
            self.0.lock().unwrap().remove(key);
            Ok(record)
        }
    }
);

// Keys.

manner!(OneRecordForAllAccounts {
    fn key(&self, _: &str, is_token: bool, what: &str) -> String {
        format!("{is_token} {what}")
    }
});

manner!(OneTicketForAllTypes {
    fn key(&self, appid: &str, is_token: bool, _: &str) -> String {
        format!("{appid} {is_token}")
    }
});

manner!(TicketTypesByTheirBeginning {
    fn key(&self, appid: &str, is_token: bool, what: &str) -> String {
        json!([appid, is_token, what.chars().take(5).collect::<String>()]).to_string()
    }
});

manner!(ATokenIsATicketOfItsType {
    fn key(&self, appid: &str, _: bool, what: &str) -> String {
        json!([appid, what]).to_string()
    }
});

manner!(ATicketStandsInForAToken {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let stand_in = || store.get(&key.replace("true", "false"));
        Ok(store.get(key).or_else(stand_in))
    }
});

manner!(KeysJoinedByAColon {
    fn key(&self, appid: &str, is_token: bool, what: &str) -> String {
        format!("{is_token}:{appid}:{what}")
    }
});

manner!(KeysJoinedByNothing {
    fn key(&self, appid: &str, is_token: bool, what: &str) -> String {
        format!("{is_token}{appid}{what}")
    }
});

manner!(AppidsOf18Characters {
    fn key(&self, appid: &str, is_token: bool, what: &str) -> String {
        json!([appid.chars().take(18).collect::<String>(), is_token, what]).to_string()
    }
});

manner!(AppidsByPattern {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let records = store.0.lock().unwrap();
        let found = match key.split_once('%') {
            None => records.get(key),
            Some((beginning, end)) => records
                .iter()
                .find(|(key, _)| key.starts_with(beginning) && key.ends_with(end))
                .map(|(_, record)| record),
        };
        Ok(found.cloned())
    }
});

// Many at once.

async fn put_field_by_field(store: &Store, key: &str, record: &Value) {
    for (name, field) in record.as_object().unwrap() {
        yield_now().await;
        let mut records = store.0.lock().unwrap();
        records.entry(key.to_owned()).or_insert_with(|| record.clone())[name] = field.clone();
    }
}

manner!(WritesFieldByField {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        put_field_by_field(store, key, &record).await;
        Ok(record)
    }
});

manner!(ReadsFieldByField {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let Some(mut record) = store.get(key) else { return Ok(None) };
        for (name, field) in record.as_object_mut().unwrap() {
            yield_now().await;
            *field = store.get(key).unwrap()[name].clone();
        }
        Ok(Some(record))
    }
});

manner!(DeletesThenWrites {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        store.remove(key);
        yield_now().await;
        store.set(key, &record);
        Ok(record)
    }
});

manner!(
    /// Whole as long as all go through one connection.
    LocksItsOwnConnection(tokio::sync::Mutex<()>) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            let _alone = self.0.lock().await;
            Ok(store.get(key))
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            let _alone = self.0.lock().await;
            put_field_by_field(store, key, &record).await;
            Ok(record)
        }
    }
);

manner!(
    /// A read that finds its cache empty may fill it with what has been replaced meanwhile.
    FillsItsCacheTooLate(Remembered) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            let cached = self.0.lock().unwrap().get(key).cloned();
            if let Some(found) = cached {
                return Ok(found);
            }
            let found = store.get(key);
            yield_now().await;
            self.0.lock().unwrap().insert(key.to_owned(), found.clone());
            Ok(found)
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            yield_now().await;
            store.set(key, &record);
            self.0.lock().unwrap().remove(key);
            Ok(record)
        }
    }
);

manner!(RewritesTheWholeFile {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let mut file = store.0.lock().unwrap().clone();
        yield_now().await;
        file.insert(key.to_owned(), record.clone());
        *store.0.lock().unwrap() = file;
        Ok(record)
    }
});

// Secrets.

manner!(OneSecretForAll {
    fn secret(&self, _: &str) -> storage::Result<Option<Secret>> {
        Ok(Some(SECRET.into()))
    }
});

manner!(FailsForAnUnknownAccount {
    fn secret(&self, appid: &str) -> storage::Result<Option<Secret>> {
        if appid == APPID { Ok(Some(SECRET.into())) } else { Err(down()) }
    }
});

manner!(KnowsNoSecret {
    fn secret(&self, _: &str) -> storage::Result<Option<Secret>> {
        Ok(None)
    }
});

manner!(KnowsAnOldSecret {
    fn secret(&self, appid: &str) -> storage::Result<Option<Secret>> {
        Ok((appid == APPID).then(|| "the one before".into()))
    }
});

// A storage that cannot be reached.

/// Writes down an adapter out of reach, by what it does otherwise than say so.
macro_rules! out_of_reach {
    ($name:ident: $secret:expr, $get:expr, $put:expr) => {
        manner!($name {
            fn secret(&self, _: &str) -> storage::Result<Option<Secret>> {
                $secret
            }

            async fn get(&self, _: &Store, _: &str) -> storage::Result<Option<Value>> {
                $get
            }

            async fn put(&self, _: &Store, _: &str, record: Value) -> storage::Result<Value> {
                let put: fn(Value) -> storage::Result<Value> = $put;
                put(record)
            }
        });
    };
}

out_of_reach!(OutOfReach: Err(down()), Err(down()), |_| Err(down()));
out_of_reach!(OutOfReachWithSecrets: Ok(Some(SECRET.into())), Err(down()), |_| Err(down()));
out_of_reach!(NoneForErr: Err(down()), Ok(None), |_| Err(down()));
out_of_reach!(HangsForErr: Err(down()), pending().await, |_| Err(down()));
out_of_reach!(OkForErr: Err(down()), Err(down()), Ok);
out_of_reach!(PanicsForErr: Err(down()), Err(down()), |_| panic!("not connected"));
out_of_reach!(NoSecretForErr: Ok(None), Err(down()), |_| Err(down()));
out_of_reach!(AnotherSecretForErr: Ok(Some("another".into())), Err(down()), |_| Err(down()));
out_of_reach!(TellsWhatItWasToSave: Err(down()), Err(down()), |record| {
    Err(storage::Error::msg(format!("cannot save {record}")))
});

/// The source of its error tells what the error itself does not.
struct Caused(std::io::Error);

impl std::fmt::Debug for Caused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Caused")
    }
}

impl std::fmt::Display for Caused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot save")
    }
}

impl std::error::Error for Caused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

out_of_reach!(TellsItInTheSource: Err(down()), Err(down()), |record| {
    Err(Caused(std::io::Error::other(record.to_string())).into())
});

/// An adapter with a fault, and the check that finds it.
struct Fault {
    check: &'static str,
    adapter: &'static str,
    /// Where else it is tried than in all records.
    only: &'static [&'static str],
    contract: fn(Option<&'static str>) -> HubContract,
}

const EACH: &[&str] = &["access_token", "jsapi", "wx_card"];
/// A storm over each would take too long on a slow disk.
const EITHER: &[&str] = &["access_token", "jsapi"];

fn alone<M: Manner>(check: &'static str, only: &'static [&'static str]) -> Fault {
    let contract = |only| contract::hub(Adapter::<M, Sound>::new(only), TENANT).with_secret(APPID, SECRET);
    Fault { check, adapter: type_name::<M>(), only, contract }
}

fn two<M: Manner>(check: &'static str, only: &'static [&'static str]) -> Fault {
    let contract = |only| {
        let store = Arc::<Store>::default();
        let [one, other] = [store.clone(), store].map(|store| Adapter::<M, Sound>::of(store, only));
        contract::hub(one, TENANT).also(other, TENANT)
    };
    Fault { check, adapter: type_name::<M>(), only, contract }
}

fn unreachable<M: Manner>(check: &'static str, only: &'static [&'static str]) -> Fault {
    // Where the fault is in one kind of record only, the others' storage is out of reach as well.
    let contract = |only: Option<&'static str>| {
        let whole = contract::hub(sound(), TENANT).with_secret(APPID, SECRET);
        whole.unreachable(Adapter::<M, OutOfReach>::new(only), TENANT)
    };
    Fault { check, adapter: type_name::<M>(), only, contract }
}

fn sound() -> Adapter<Sound, Sound> {
    Adapter::new(None)
}

fn faults() -> Vec<Fault> {
    vec![
        alone::<ErrForNone>("nothing_saved_is_none", EACH),
        alone::<AnEmptyRecordForNone>("nothing_saved_is_none", EACH),
        alone::<HangsReading>("nothing_saved_is_none", EACH),
        alone::<PanicsReading>("nothing_saved_is_none", EACH),
        alone::<LosesSaves>("a_saved_record_is_read_back_whole", EACH),
        alone::<HangsSaving>("a_saved_record_is_read_back_whole", EACH),
        alone::<PanicsSaving>("a_saved_record_is_read_back_whole", EACH),
        alone::<FailsSavingAndTells>("a_saved_record_is_read_back_whole", EACH),
        alone::<ForgetsTheKind>("a_saved_record_is_read_back_whole", &["access_token"]),
        alone::<KeepsSecondsIn32Bits>("a_saved_record_is_read_back_whole", EACH),
        alone::<CapsTheGrant>("a_saved_record_is_read_back_whole", EACH),
        alone::<KeepsNoMoreThan511Characters>("a_saved_record_is_read_back_whole", EACH),
        alone::<LosesAQuote>("a_saved_record_is_read_back_whole", EACH),
        alone::<AnswersWithTheOneBefore>("save_answers_with_what_is_stored", EACH),
        alone::<AnswersWithACappedGrant>("save_answers_with_what_is_stored", EACH),
        alone::<DropsExpired>("an_expired_record_is_answered", EACH),
        alone::<StoresNoGrantOfNothing>("an_expired_record_is_answered", EACH),
        alone::<TheFirstStays>("a_later_save_replaces_the_earlier", EACH),
        alone::<OneRecordForAllAccounts>("accounts_are_kept_apart", EACH),
        alone::<RemembersWhatItRead>("a_save_is_seen_by_the_next_read", EACH),
        alone::<RemembersThatItFoundNone>("a_save_is_seen_by_the_next_read", EACH),
        two::<EachConnectionRemembers>("another_adapter_reads_what_one_saved", EACH),
        two::<EachConnectionRemembersNone>("another_adapter_reads_what_one_saved", EACH),
        alone::<OneTicketForAllTypes>("ticket_types_are_kept_apart", &[]),
        alone::<TicketTypesByTheirBeginning>("ticket_types_are_kept_apart", &[]),
        alone::<ATokenIsATicketOfItsType>("tokens_and_tickets_are_kept_apart", &[]),
        alone::<ATicketStandsInForAToken>("tokens_and_tickets_are_kept_apart", &[]),
        alone::<KeysJoinedByAColon>("what_looks_alike_is_kept_apart", &[]),
        alone::<KeysJoinedByNothing>("what_looks_alike_is_kept_apart", &[]),
        alone::<AppidsOf18Characters>("what_looks_alike_is_kept_apart", EACH),
        alone::<AppidsByPattern>("what_looks_alike_is_kept_apart", EACH),
        alone::<WritesFieldByField>("no_record_is_torn", EITHER),
        alone::<ReadsFieldByField>("no_record_is_torn", EITHER),
        alone::<DeletesThenWrites>("no_record_is_torn", EITHER),
        two::<LocksItsOwnConnection>("no_record_is_torn", EITHER),
        alone::<FillsItsCacheTooLate>("what_was_replaced_never_comes_back", EITHER),
        alone::<RewritesTheWholeFile>("saves_at_once_of_many_accounts_are_all_kept", EACH),
        alone::<OneSecretForAll>("an_unknown_account_has_no_secret", &[]),
        alone::<FailsForAnUnknownAccount>("an_unknown_account_has_no_secret", &[]),
        alone::<KnowsNoSecret>("a_known_secret_is_answered", &[]),
        alone::<KnowsAnOldSecret>("a_known_secret_is_answered", &[]),
        unreachable::<NoneForErr>("out_of_reach_is_an_error_to_read", EACH),
        unreachable::<HangsForErr>("out_of_reach_is_an_error_to_read", EACH),
        unreachable::<OkForErr>("out_of_reach_is_an_error_to_save", EACH),
        unreachable::<PanicsForErr>("out_of_reach_is_an_error_to_save", EACH),
        unreachable::<NoSecretForErr>("a_secret_out_of_reach_is_not_none", &[]),
        unreachable::<AnotherSecretForErr>("a_secret_out_of_reach_is_not_none", &[]),
        unreachable::<TellsWhatItWasToSave>("an_error_does_not_tell_what_was_saved", EACH),
        unreachable::<TellsItInTheSource>("an_error_does_not_tell_what_was_saved", EACH),
    ]
}

fn failed(report: &Report) -> Vec<&'static str> {
    report.failed().map(contract::Checked::name).collect()
}

fn not_given(report: &Report) -> Vec<&'static str> {
    let checks = report.checks().iter();
    checks.filter(|it| matches!(it.verdict(), Verdict::NotGiven(_))).map(contract::Checked::name).collect()
}

/// Whether every check was made, and holds.
fn all_hold(report: &Report) -> bool {
    report.checks().iter().all(|it| *it.verdict() == Verdict::Held)
}

// The clock is paused, so that whoever hangs is found out at once; there is one thread, so that every run
// takes the same turns.
#[tokio::test(start_paused = true)]
async fn every_fault_is_found_by_its_own_check_and_no_report_tells_a_secret() {
    for Fault { check, adapter, only, contract } in faults() {
        for only in only.iter().copied().map(Some).chain([None]) {
            let report = contract(only).report().await;
            assert_eq!(failed(&report), [check], "{adapter}, only {only:?}: {report}");
            assert_eq!(report.to_string().lines().count(), 1 + report.checks().len(), "{report}");
            for words in [report.to_string(), format!("{report:?}")] {
                assert!(!words.contains("not-a-token-") && !words.contains(SECRET), "{adapter}: {words}");
            }
        }
    }
}

#[tokio::test]
async fn every_check_has_a_fault_that_it_finds() {
    let report = contract::hub(Memory::new(), ()).report().await;
    let checks: BTreeSet<_> = report.checks().iter().map(contract::Checked::name).collect();
    assert_eq!(checks, faults().iter().map(|fault| fault.check).collect());
}

fn whole_contract() -> HubContract {
    let store = Arc::<Store>::default();
    let [one, other] = [store.clone(), store].map(|store| Adapter::<Sound, Sound>::of(store, None));
    let whole = contract::hub(one, TENANT).also(other, TENANT).with_secret(APPID, SECRET);
    whole.unreachable(Adapter::<OutOfReach, Sound>::new(None), TENANT)
}

#[tokio::test]
async fn a_sound_adapter_passes_every_check_on_one_thread() {
    let report = whole_contract().report().await;
    assert!(all_hold(&report), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_adapter_passes_every_check_on_several_threads() {
    let report = whole_contract().report().await;
    assert!(all_hold(&report), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes() {
    let memory = Memory::new().with_secret(APPID, SECRET);
    let report = contract::hub(memory.clone(), ()).also(memory, ()).with_secret(APPID, SECRET).report().await;
    report.assert();
    let needs_one_out_of_reach = [
        "out_of_reach_is_an_error_to_read",
        "out_of_reach_is_an_error_to_save",
        "a_secret_out_of_reach_is_not_none",
        "an_error_does_not_tell_what_was_saved",
    ];
    assert_eq!(not_given(&report), needs_one_out_of_reach);
}

#[tokio::test]
async fn secrets_kept_apart_from_a_storage_out_of_reach_may_be_answered() {
    let contract = contract::hub(sound(), TENANT).with_secret(APPID, SECRET);
    let apart = Adapter::<OutOfReachWithSecrets, Sound>::new(None);
    contract.unreachable(apart, TENANT).check().await;
}

/// Keeps tokens, and lets tickets go.
struct TokensOnly(Memory);

#[async_trait]
impl storage::Hub for TokensOnly {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.0.fetch_secret_key(appid, &()).await
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.0.fetch_access_token(appid, &()).await
    }

    async fn save_access_token(&self, appid: &str, token: Token, (): &()) -> storage::Result<Token> {
        self.0.save_access_token(appid, token, &()).await
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, ticket: Ticket, (): &()) -> storage::Result<Ticket> {
        Ok(ticket)
    }
}

#[tokio::test]
async fn the_storage_of_the_other_tests_keeps_the_contract() {
    contract::hub(Shelf::default(), ()).check().await;
}

#[tokio::test]
async fn a_storage_of_tokens_only_is_told_that_it_keeps_no_tickets() {
    let report = contract::hub(TokensOnly(Memory::new()), ()).report().await;
    assert_eq!(failed(&report), ["a_saved_record_is_read_back_whole"]);
    assert!(report.to_string().contains("ticket `jsapi`: expected the record saved"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_again_and_at_once_on_the_same_storage() {
    let contract = whole_contract();
    let (one, other) = tokio::join!(contract.report(), contract.report());
    for report in [one, other, contract.report().await] {
        assert!(all_hold(&report), "{report}");
    }
}

#[tokio::test]
async fn a_check_that_was_not_run_says_what_it_wants() {
    let report = contract::hub(sound(), TENANT).report().await;
    report.assert();
    for call in ["`.also(adapter, args)`", "`.unreachable(adapter, args)`", "`.with_secret(appid, secret)`"] {
        assert!(report.to_string().contains(&format!("give {call}")), "{report}");
    }

    let report = contract::hub(Adapter::<LosesSaves, Sound>::new(None), TENANT).report().await;
    let first = "`a_saved_record_is_read_back_whole` has to hold first";
    assert!(report.to_string().contains(first), "{report}");
}

#[tokio::test]
async fn a_failed_check_panics_with_the_report() {
    let contract = contract::hub(Adapter::<ForgetsTheKind, Sound>::new(None), TENANT);
    let panicked = tokio::spawn(async move { contract.check().await }).await.unwrap_err().into_panic();
    let report = panicked.downcast::<String>().unwrap();
    assert!(report.contains("FAILED   a_saved_record_is_read_back_whole: "), "{report}");
    assert!(report.contains("found one with kind Stable for Classic"), "{report}");
    assert!(report.contains("ok       nothing_saved_is_none: "), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_hangs_costs_its_time_limit() {
    let began = Instant::now();
    let limit = Duration::from_millis(300);
    let hangs = Adapter::<HangsReading, Sound>::new(None);
    let report = contract::hub(hangs, TENANT).time_limit(limit).report().await;
    assert_eq!(failed(&report), ["nothing_saved_is_none"]);
    assert!(began.elapsed() < 2 * limit, "{:?}", began.elapsed());
    assert!(report.to_string().contains("none by fetch_access_token within 300ms"), "{report}");
}
