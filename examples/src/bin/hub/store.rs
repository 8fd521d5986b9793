//! Where the hub keeps its tokens.

use std::path::PathBuf;

use wechat_runtime::adapters::{EncryptionKey, Memory, Redb, Redis};
use wechat_runtime::{Bound, Common, Error, Secret};

/// What `--store` names.
pub(crate) enum Store {
    Memory,
    /// A file of its own.
    Redb(PathBuf),
    /// A Redis that other processes of the hub may share. Its URL may have a password in it.
    Redis {
        url: Secret,
        key: Option<EncryptionKey>,
    },
}

impl Store {
    /// What is asked for, or what may be; a URL is not repeated.
    pub(crate) fn parse(text: String) -> Result<Self, &'static str> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("redb", path)) if !path.is_empty() => Ok(Self::Redb(path.into())),
            Some(("redis" | "rediss", _)) => Ok(Self::Redis { url: text.into(), key: None }),
            _ => Err("--store wants memory, redb:PATH, or a URL such as redis://127.0.0.1:6379"),
        }
    }

    /// The storage, which knows the account's secret.
    pub(crate) fn open(&self, appid: &str, secret: Secret) -> Result<Bound<Common>, Error> {
        Ok(match self {
            Self::Memory => Bound::new(Memory::new().with_secret(appid, secret), ()),
            Self::Redb(path) => Bound::new(Redb::open(path)?.with_secret(appid, secret), ()),
            Self::Redis { url, key } => {
                let redis = Redis::builder(url.clone()).with_secret(appid, secret);
                let redis = key.iter().fold(redis, |redis, key| redis.encryption_key(key.clone()));
                Bound::new(redis.build()?, ())
            }
        })
    }

    /// The same, encrypted by this key where it is Redis: 64 hexadecimal digits.
    pub(crate) fn encrypted_by(self, digits: Option<&str>) -> Result<Self, Error> {
        match (self, digits) {
            (Self::Redis { url, .. }, Some(digits)) => {
                Ok(Self::Redis { url, key: Some(EncryptionKey::from_hex(digits)?) })
            }
            (store, _) => Ok(store),
        }
    }

    /// Whether other processes may be hubs of the same account by it.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Redis { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_by_a_word_a_path_or_a_url() {
        let parsed = |text: &str| Store::parse(text.to_owned());
        assert!(matches!(parsed("memory"), Ok(Store::Memory)));
        assert!(matches!(parsed("redb:hub.redb"), Ok(Store::Redb(path)) if path.as_os_str() == "hub.redb"));
        for url in ["redis://127.0.0.1:6379/1", "rediss://user:a-password@redis.internal"] {
            assert!(matches!(parsed(url), Ok(Store::Redis { url: kept, .. }) if kept.expose() == url));
        }
        for wrong in ["", "redb", "redb:", "Memory", "a-password@redis.internal"] {
            let error = parsed(wrong).err().expect("it is not taken");
            assert!(!error.contains("a-password"), "{error}");
        }
    }
}
