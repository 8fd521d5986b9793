//! The nearest known word to one that is not known.

/// The word of `known` that was probably meant by `written`, if any is near enough.
pub(crate) fn nearest(written: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let written = normal(written);
    known
        .into_iter()
        .filter_map(|word| Some((distance_within_reach(&written, word)?, word)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Letters only, in lower case: `AppId` and `app-id` are `appid`.
fn normal(word: &str) -> Vec<char> {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The distance of two words, or nothing where one cannot have been meant by the other.
fn distance_within_reach(written: &[char], word: &str) -> Option<usize> {
    let whole = normal(word);
    // one edit in three letters: nearer than any two keys are to each other
    let reach = (whole.len().max(written.len()) / 3).max(1);
    let distance = edits(written, &whole);
    if distance <= reach {
        return Some(distance);
    }
    // half of a key, such as `adapter` or `storage` or `url`, ranks behind every misspelling
    let is_part = word.contains('_') && word.split('_').any(|part| normal(part) == written);
    is_part.then_some(whole.len())
}

/// How many insertions, removals, replacements and swaps of neighbours lead from `a` to `b`.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{edits, nearest};

    const KEYS: [&str; 9] = [
        "adapter_storage",
        "args",
        "appid",
        "component",
        "authorizer_appid",
        "token",
        "base_url",
        "expires_in",
        "crate",
    ];

    fn meant(written: &str) -> Option<&'static str> {
        nearest(written, KEYS)
    }

    #[test]
    fn a_misspelt_key_finds_its_key() {
        assert_eq!(meant("adaptor_storage"), Some("adapter_storage"));
        assert_eq!(meant("toekn"), Some("token"));
        assert_eq!(meant("app_id"), Some("appid"));
        assert_eq!(meant("AppId"), Some("appid"));
        assert_eq!(meant("expire_in"), Some("expires_in"));
        assert_eq!(meant("arg"), Some("args"));
        assert_eq!(meant("krate"), Some("crate"));
        assert_eq!(meant("authorizer_appId"), Some("authorizer_appid"));
    }

    #[test]
    fn half_of_a_key_finds_its_key() {
        assert_eq!(meant("storage"), Some("adapter_storage"));
        assert_eq!(meant("adapter"), Some("adapter_storage"));
        assert_eq!(meant("url"), Some("base_url"));
    }

    #[test]
    fn a_strange_word_finds_nothing() {
        for word in ["timeout", "x", "_", "proxy", "redirect_policy", "微信"] {
            assert_eq!(meant(word), None, "{word}");
        }
    }

    #[test]
    fn edits_are_counted() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        let count = |a: &str, b: &str| edits(&letters(a), &letters(b));
        assert_eq!(count("", ""), 0);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", "abc"), 0);
        assert_eq!(count("abc", "acb"), 1);
        assert_eq!(count("kitten", "sitting"), 3);
    }
}
