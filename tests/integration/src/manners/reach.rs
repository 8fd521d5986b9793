//! Adapters that err with secrets, or out of reach of their storage.

use std::future::pending;

use serde_json::Value;
use wechat_runtime::{Secret, storage};

use super::{APPID, SECRET, Store};
use crate::manner;

fn down() -> storage::Error {
    storage::Error::msg("connection refused")
}

manner!(pub OneSecretForAll {
    fn secret(&self, _: &str) -> storage::Result<Option<Secret>> {
        Ok(Some(SECRET.into()))
    }
});

manner!(pub FailsForAnUnknownAccount {
    fn secret(&self, appid: &str) -> storage::Result<Option<Secret>> {
        if appid == APPID { Ok(Some(SECRET.into())) } else { Err(down()) }
    }
});

manner!(pub KnowsNoSecret {
    fn secret(&self, _: &str) -> storage::Result<Option<Secret>> {
        Ok(None)
    }
});

manner!(pub KnowsAnOldSecret {
    fn secret(&self, appid: &str) -> storage::Result<Option<Secret>> {
        Ok((appid == APPID).then(|| "the one before".into()))
    }
});

/// Writes down an adapter out of reach, by what it does otherwise than say so.
macro_rules! out_of_reach {
    ($name:ident: $secret:expr, $get:expr, $put:expr) => {
        manner!(pub $name {
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
pub struct Caused(pub std::io::Error);

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
