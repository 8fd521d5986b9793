//! A source file with as many declared clients as wanted, in the forms that the attribute has.

use std::fmt::Write as _;

/// What the clients are declared with: an adapter with `args` of its own.
const ADAPTER: &str = r"//! Declared clients, and nothing that calls by them.

use wechat_runtime::storage::{Client, Result};
use wechat_runtime::{Secret, Ticket, TicketType, Token, adapters::Memory, async_trait, wechat_client};

pub struct Shelf;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Region {
    #[default]
    Shanghai,
    Beijing,
}

#[async_trait]
impl Client for Shelf {
    type Args = Region;

    async fn fetch_access_token(&self, _: &str, _: &Region) -> Result<Option<Token>> {
        Ok(None)
    }

    async fn refresh_access_token(&self, _: &str, _: Option<&Secret>, _: &Region) -> Result<Option<Token>> {
        Ok(None)
    }

    async fn fetch_ticket(&self, _: &str, _: &TicketType, _: &Region) -> Result<Option<Ticket>> {
        Ok(None)
    }
}
";

/// What stands between the parentheses of the attribute, by turns.
const FORMS: [&str; 10] = [
    r#"appid = "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new()"#,
    r#"appid = "wx1f2e3d4c5b6a7988", adapter_storage = Shelf, args = Region::Beijing"#,
    r"adapter_storage = (Shelf, Region::Shanghai), expires_in = 7000",
    r"adapter_storage = Shelf",
    r"adapter_storage = Shelf, args = _",
    r#"appid = "wx1f2e3d4c5b6a7988", adapter_storage = _"#,
    r"adapter_storage = _, args = _",
    r#"adapter_storage = Memory::new(), token = classic, base_url = "https://api2.weixin.qq.com""#,
    r#"appid = "wx1f2e3d4c5b6a7988", adapter_storage = ("http://127.0.0.1:4000", "the bearer")"#,
    r#"component, appid = "wx1f2e3d4c5b6a7988", authorizer_appid = "wx99aa88bb77cc66dd", adapter_storage = Memory::new()"#,
];

/// The source of a library that declares so many clients.
pub(super) fn source(clients: usize) -> String {
    let mut source = ADAPTER.to_owned();
    for (number, form) in FORMS.iter().cycle().take(clients).enumerate() {
        write!(source, "\n#[wechat_client({form})]\npub struct Wechat{number};\n")
            .expect("a text can be added to");
    }
    source
}
