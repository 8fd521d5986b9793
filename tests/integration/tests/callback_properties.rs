//! Whatever is pushed, it is read as what it is or refused as an [`Error`]; and what is written is read back.
//!
//! More than a million inputs are tried. What fails says its seed, and `CALLBACK_SEED=… cargo test` tries that one alone.

#[path = "callback_properties/ciphertexts.rs"]
mod ciphertexts;
#[path = "callback_properties/documents.rs"]
mod documents;
#[path = "callback_properties/pushes.rs"]
mod pushes;
#[path = "callback_properties/replies.rs"]
mod replies;
#[path = "callback_properties/texts.rs"]
mod texts;

use std::time::{Duration, Instant};

use fastrand::Rng;
use wechat_runtime::callback::{Error, Field, Fields};

/// How many inputs each property is tried on: quick ones more often.
const ENCRYPTS: u64 = 120_000;
const MUTATED: u64 = 120_000;
const HEADS: u64 = 120_000;
const OPENED: u64 = 100_000;
const QUERIES: u64 = 120_000;
const XML: u64 = 150_000;
const JSON: u64 = 150_000;
const TYPED: u64 = 120_000;
const ENCRYPTED: u64 = 60_000;
const RENDERED: u64 = 60_000;

const _: () = assert!(
    ENCRYPTS + MUTATED + HEADS + OPENED + QUERIES + XML + JSON + TYPED + ENCRYPTED + RENDERED >= 1_000_000
);

/// How long one input may take. None has more than a few thousand bytes: what takes longer is not linear.
const LONGEST: Duration = Duration::from_secs(10);

/// Says the seed of the input that fails.
struct Seeded(u64);

impl Drop for Seeded {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it fails again by CALLBACK_SEED={}", self.0);
        }
    }
}

/// Tries a property on so many inputs, others each time, or on the one whose seed is given.
fn holds(inputs: u64, property: impl Fn(&mut Rng)) {
    let given = std::env::var("CALLBACK_SEED").ok().map(|seed| seed.parse().unwrap());
    let (first, inputs) = given.map_or_else(|| (fastrand::u64(..), inputs), |seed| (seed, 1));
    for nth in 0..inputs {
        let seeded = Seeded(first.wrapping_add(nth));
        let began = Instant::now();
        property(&mut Rng::with_seed(seeded.0));
        assert!(began.elapsed() < LONGEST, "it took {:?}", began.elapsed());
    }
}

/// Fields, as a test can make them.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Text(String),
    Fields(Vec<(String, Tree)>),
}

impl Tree {
    fn of(fields: &Fields) -> Self {
        let field = |(name, field): (&str, &Field)| match field {
            Field::Text(text) => (name.to_owned(), Self::Text(text.clone())),
            Field::Fields(fields) => (name.to_owned(), Self::of(fields)),
        };
        Self::Fields(fields.iter().map(field).collect())
    }
}

/// What is read has fields that can be looked at, within the limits; what is not is malformed.
fn is_read_or_malformed(read: Result<Fields, Error>) -> bool {
    fn size(fields: &Fields, depth: usize) -> usize {
        assert!(depth <= 33, "it is too deep");
        let size = |(_, field): (&str, &Field)| match field {
            Field::Text(_) => 1,
            Field::Fields(fields) => 1 + size(fields, depth + 1),
        };
        fields.iter().map(size).sum()
    }
    match read {
        Ok(fields) => {
            assert!(size(&fields, 0) <= 10_000);
            assert!(
                fields.iter().all(|(name, _)| fields.text(name).is_some() != fields.fields(name).is_some())
            );
            true
        }
        Err(error) => {
            assert_eq!(error, Error::Malformed);
            false
        }
    }
}
