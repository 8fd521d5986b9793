//! The two pages of documentation that could fall behind the code: what they name is there, and nothing is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const KINDS_PAGE: &str = include_str!("../../../wechat-runtime/src/when_a_call_fails.rs");
const CASES_PAGE: &str = include_str!("../../../wechat-runtime/src/what_happens_when.rs");
const ERRCODES: &str = include_str!("../../../wechat-runtime/src/errcode.rs");
const COOL_DOWNS: &str = include_str!("../../../wechat-runtime/src/credentials/cool_down.rs");

/// The errcodes of each kind.
type Kinds<'a> = BTreeMap<&'a str, BTreeSet<i64>>;

/// What stands between `from` and `to`.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from:?}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to:?} after {from:?}")).0
}

fn numbers(text: &str) -> impl Iterator<Item = i64> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '-')).filter_map(|word| word.parse().ok())
}

/// The lines of a page of documentation, without its examples.
fn lines(page: &str) -> impl Iterator<Item = &str> {
    let texts = page.split("//! ```").step_by(2);
    let lines = texts.flat_map(str::lines).filter(|line| !line.is_empty());
    lines.map(|line| line.strip_prefix("//!").expect("the page is documentation alone").trim())
}

/// The cells of a table's row; none for its head and its rule.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.strip_prefix('|')?.strip_suffix('|').expect("a row ends as it begins");
    let cells: Vec<_> = inside.split('|').map(str::trim).collect();
    let is_head = ["", "when", "errcode", "answer"].contains(&cells[0]);
    (!is_head && !cells[0].starts_with("---")).then_some(cells)
}

/// The errcodes by kind, as the code has them.
fn kinds_of_the_code() -> Kinds<'static> {
    let mut kinds: Kinds<'_> = between(ERRCODES, "pub enum ErrorKind {", "\n}")
        .lines()
        .filter_map(|line| Some((line.trim().strip_suffix(',')?, BTreeSet::new())))
        .filter(|(name, _)| name.chars().all(char::is_alphabetic))
        .collect();
    let table = between(ERRCODES, "const KINDS: &[(ErrorKind, &[i64])] = &[", "\n];");
    for row in table.split("(ErrorKind::").skip(1) {
        let (kind, codes) = row.split_once(',').unwrap();
        kinds.get_mut(kind).unwrap().extend(numbers(codes));
    }
    let refused = between(ERRCODES, "const TOKEN_REFUSED: &[i64] = &[", "];");
    kinds.get_mut("TokenRejected").unwrap().extend(numbers(refused));
    for row in ERRCODES.split("(Origin::Grant, ").skip(1) {
        let (code, kind) = row.split_once(" => ").unwrap();
        let kind = kind.strip_prefix("ErrorKind::").unwrap_or_default().split(',').next().unwrap();
        if let (Ok(code), Some(codes)) = (code.trim_end_matches(')').parse(), kinds.get_mut(kind)) {
            codes.insert(code);
        }
    }
    kinds
}

/// The errcodes by kind, as the page's sections have them.
fn kinds_of_the_page() -> Kinds<'static> {
    let mut kinds = Kinds::new();
    let mut section = None;
    for line in lines(KINDS_PAGE) {
        if line.starts_with("# ") {
            section = None;
        } else if let Some(kind) = line.strip_prefix("## `").and_then(|kind| kind.strip_suffix('`')) {
            assert!(kinds.insert(kind, BTreeSet::new()).is_none(), "{kind} has two sections");
            section = Some(kind);
        } else if let (Some(kind), Some(cells)) = (section, cells(line)) {
            let code = numbers(cells[0]).next().unwrap_or_else(|| panic!("no errcode in {line}"));
            assert!(kinds.get_mut(kind).unwrap().insert(code), "{code} has two rows in {kind}");
        }
    }
    kinds
}

#[test]
fn every_kind_has_a_section_and_every_errcode_a_row_in_it() {
    let code = kinds_of_the_code();
    assert!(code.len() >= 19 && code.values().map(BTreeSet::len).sum::<usize>() >= 60, "{code:?}");
    assert_eq!(kinds_of_the_page(), code);
}

#[test]
fn every_kind_tells_what_is_done_already_and_what_to_do() {
    for section in KINDS_PAGE.split("\n//! ## ").skip(1) {
        let kind = section.lines().next().unwrap();
        for part in ["*Done already:*", "*To do:*"] {
            assert_eq!(section.matches(part).count(), 1, "{part} in {kind}");
        }
    }
}

#[test]
fn every_errcode_that_causes_a_pause_has_a_row() {
    let rules = between(COOL_DOWNS, "const RULES: &[Rule] = &[", "\n];");
    let mut code: Vec<BTreeSet<i64>> = rules
        .split("codes: &[")
        .skip(1)
        .map(|rule| numbers(rule.split_once(']').unwrap().0).collect())
        .collect();
    // Everything that the rules do not name: of the errcodes, the one of a busy WeChat is named on the page.
    code.push(BTreeSet::from([-1]));
    let table = between(KINDS_PAGE, "# When no token is granted", "\n//! # ");
    let mut page: Vec<BTreeSet<i64>> = table
        .lines()
        .filter_map(|line| cells(line.strip_prefix("//!")?.trim()))
        .map(|row| numbers(row[0]).collect())
        .collect();
    code.sort();
    page.sort();
    assert_eq!(page, code);
}

/// The tests of a file, by name.
fn tests_in(source: &str) -> BTreeSet<&str> {
    let mut tests = BTreeSet::new();
    let mut is_test = false;
    for line in source.lines() {
        let code = line.trim_start_matches("async ");
        if let Some(signature) = code.strip_prefix("fn ") {
            if is_test {
                tests.insert(signature.split('(').next().unwrap());
            }
            is_test = false;
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        }
    }
    tests
}

#[test]
fn every_case_names_its_tests_and_each_of_them_is_there() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // A directory holds the modules of the file of its name, or of the one in it.
        let files = if path.is_dir() {
            std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect()
        } else {
            vec![path]
        };
        for source in files {
            sources.entry(file.clone()).or_default().push_str(&std::fs::read_to_string(source).unwrap());
        }
    }
    let tests: BTreeMap<_, _> = sources.iter().map(|(file, source)| (&**file, tests_in(source))).collect();
    let (mut cases, mut wrong) = (0, Vec::new());
    for row in lines(CASES_PAGE).filter_map(cells) {
        cases += 1;
        assert_eq!(row.len(), 3, "{row:?}");
        // In backticks, with commas between: every second piece is a name.
        let names: Vec<_> = row[2].split('`').skip(1).step_by(2).collect();
        let known = |name: &&str| {
            name.split_once("::")
                .is_some_and(|(file, test)| tests.get(file).is_some_and(|of| of.contains(test)))
        };
        if names.is_empty() || !names.iter().all(known) {
            wrong.push(row.join(" | "));
        }
    }
    assert!(wrong.is_empty(), "these cases name no test, or one that is not there:\n{}", wrong.join("\n"));
    assert!(cases > 100, "{cases} cases");
}
