//! What a hostile body costs before it is refused, in memory and in time: counted by the allocator, for each that a stranger
//! may send, because the `Encrypt` is read before its signature can be checked.

use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use wechat_runtime::callback::crypto::{Keys, Query};
use wechat_runtime::callback::{ComponentEvent, Error, Fields, Incoming};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What [`Settings::body_limit`](wechat_runtime::callback::Settings::body_limit) is by default.
const BODY: usize = 1024 * 1024;

/// What reading may cost, in bytes: a copy of the body, and 10,000 objects of less than 700 bytes, which is what one of one
/// entry takes in `serde_json`. They are the dearest there is: elements of XML and lists cost a tenth.
const MOST: usize = 8 * BODY;

/// A reader that is linear takes milliseconds; one that is not, hours.
const LONGEST: Duration = Duration::from_secs(20);

/// As many times the piece as a body has room for, between these.
fn filled(before: &str, piece: &str, after: &str) -> String {
    let times = (BODY - before.len() - after.len()) / piece.len();
    [before, &piece.repeat(times), after].concat()
}

fn numbered(before: &str, piece: impl Fn(usize) -> String, after: &str) -> String {
    let mut body = before.to_owned();
    for piece in (0..BODY).map(piece) {
        if body.len() + piece.len() + after.len() > BODY {
            break;
        }
        body.push_str(&piece);
    }
    body.push_str(after);
    body
}

fn made(before: &str, piece: &str, times: usize, after: &str) -> String {
    [before, &piece.repeat(times), after].concat()
}

/// Bodies that are refused.
fn refused() -> Vec<(&'static str, String)> {
    let lol = |n: usize| format!("<!ENTITY lol{} \"{}\">", n + 1, format!("&lol{n};").repeat(10));
    let lols: String = (0..9).map(lol).collect();
    let bomb = format!("<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">{lols}]>");
    vec![
        ("an entity bomb", format!("{bomb}<xml><Encrypt>&lol9;</Encrypt></xml>")),
        ("a long DOCTYPE", filled("<!DOCTYPE a [", "<!ENTITY b 'c'>", "]><xml/>")),
        ("an entity that nobody has", filled("<xml><a>", "&lol;", "</a></xml>")),
        ("nothing but <a>", filled("", "<a>", "")),
        ("deep elements", format!("{}{}", "<xml>".repeat(BODY / 11), "</xml>".repeat(BODY / 11))),
        ("a name that does not end", filled("<", "a", "")),
        ("a long name in many elements", filled("<xml>", &format!("<{}/>", "a".repeat(40)), "</xml>")),
        ("many elements", filled("<xml>", "<a/>", "</xml>")),
        ("many elements of texts", filled("<xml>", "<a>b</a>", "</xml>")),
        ("a comment that does not end", filled("<xml><!--", "-", "")),
        ("a CDATA section that does not end", filled("<xml><a><![CDATA[", "]]", "")),
        ("many references that do not end", filled("<xml><a>", "&", "</a></xml>")),
        ("a reference that does not end", filled("<xml><a>&", "#", "</a></xml>")),
        ("many ends", filled("<xml>", "</a>", "</xml>")),
        ("deep lists", filled("{\"a\":", "[", "")),
        ("deep objects", filled("", "{\"a\":", "")),
        ("a list of numbers", filled("{\"a\":[", "0,", "0]}")),
        ("a list of lists", filled("{\"a\":[", "[],", "[]]}")),
        ("a list of objects", filled("{\"a\":[", "{\"\":0},", "0]}")),
        ("objects that are counted late", made("{\"a\":[", "{\"\":0},", 9_990, "0]}")),
        ("a list of empty objects", filled("{\"a\":[", "{},", "0]}")),
        ("a list of short texts", filled("{\"a\":[", "\"b\",", "0]}")),
        ("an object of numbers", numbered("{", |n| format!("\"{n}\":0,"), "\"a\":0}")),
        ("an object of objects", numbered("{", |n| format!("\"{n}\":{{\"\":0}},"), "\"a\":0}")),
        ("an object of one name", filled("{", "\"a\":0,", "\"a\":0}")),
        ("a number that does not end", filled("{\"a\":", "9", "")),
        ("spaces", filled("", " ", "")),
        ("zero bytes", filled("", "\0", "")),
    ]
}

/// Bodies that are read, and cost as much as any that are.
fn read() -> Vec<(&'static str, String)> {
    vec![
        ("one long text", filled("<xml><a>", "b", "</a></xml>")),
        ("one long CDATA section", filled("<xml><a><![CDATA[", "]>", "]]></a></xml>")),
        ("many CDATA sections", filled("<xml><a>", "<![CDATA[b]]>", "</a></xml>")),
        ("many references", filled("<xml><a>", "&#98;", "</a></xml>")),
        ("many comments", filled("<xml><a>", "<!---->", "</a></xml>")),
        ("many attributes", filled("<xml", " a='b'", "/>")),
        ("layout", filled("<xml><a/>", "layout ", "</xml>")),
        ("as many elements as may be", made("<xml>", &format!("<{}/>", "a".repeat(100)), 9_999, "</xml>")),
        ("one long text in JSON", filled("{\"a\":\"", "b", "\"}")),
        ("one long text of escapes", filled("{\"a\":\"", "\\u0062", "\"}")),
        ("as many numbers as may be", made("{\"a\":[", "0,", 9_998, "0]}")),
        ("as many objects as may be", made("{\"a\":[", "{\"\":0},", 4_999, "0]}")),
    ]
}

/// What reading costs at most at once, beside the body itself.
fn cost<T>(read: impl FnOnce() -> T) -> (T, usize) {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let began = Instant::now();
    let outcome = read();
    assert!(began.elapsed() < LONGEST, "it took {:?}", began.elapsed());
    (outcome, HEAP.peak_usage().saturating_sub(before))
}

/// All of it in one test: the allocator counts for the whole process.
#[test]
fn no_body_of_a_stranger_costs_more_than_eight_times_its_length() {
    let keys =
        Keys::encrypted("wx1", "token", &"A".repeat(43)).unwrap().previous_key(&"B".repeat(43)).unwrap();
    let query = Query::parse("timestamp=1&nonce=2&msg_signature=3").unwrap();
    for (what, body) in refused() {
        let (refused, cost) = cost(|| keys.open(&query, body.as_bytes()).unwrap_err());
        assert_eq!(refused, Error::Malformed, "{what}");
        assert!(cost < MOST, "{what} costs {cost}");
    }
    for (what, body) in read() {
        let (refused, cost) = cost(|| keys.open(&query, body.as_bytes()).unwrap_err());
        assert_eq!(refused, Error::Plaintext, "{what}");
        assert!(cost < MOST, "{what} costs {cost}");
    }
    let long = filled("<xml><Encrypt>", "A", "</Encrypt></xml>");
    let (unsigned, signed) = cost(|| keys.open(&query, long.as_bytes()).unwrap_err());
    assert_eq!(unsigned, Error::Signature);
    assert!(signed < MOST, "a long `Encrypt` costs {signed}");

    // One who knows the `Token` pays for no more.
    for (what, body) in refused().into_iter().chain(read()) {
        let (_, of_fields) = cost(|| Fields::parse(&body));
        let (_, of_incoming) = cost(|| Incoming::parse(&body));
        let (_, of_event) = cost(|| ComponentEvent::parse(&body));
        let most = of_fields.max(of_incoming).max(of_event);
        assert!(most < MOST, "{what} costs {most}");
    }

    // The count itself, tried on what is known to be in memory.
    let (_, known) = cost(|| std::hint::black_box(vec![1_u8; MOST]));
    assert!(known >= MOST);
}
