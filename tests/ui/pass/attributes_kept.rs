//! What stands on the struct stays there, and what decides whether it exists decides for all of it.

#![deny(warnings)]

use wechat_runtime::{adapters::Memory, wechat_client};

#[wechat_client(adapter_storage = Memory::new())]
#[cfg(any())]
struct Absent;

#[wechat_client(adapter_storage = Missing, args = _)]
#[cfg(any())]
struct AbsentToo;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", missing()))]
#[cfg(any())]
struct AbsentHub;

#[wechat_client(component, adapter_storage = Missing, args = _, authorizer_appid = missing())]
#[cfg(any())]
struct AbsentPlatform;

#[wechat_client(adapter_storage = Memory::new())]
#[deprecated = "for a reason"]
struct Deprecated;

#[wechat_client(adapter_storage = Memory::new())]
#[allow(non_camel_case_types)]
struct r#type;

#[wechat_client(adapter_storage = Memory::new())]
#[allow(dead_code)]
struct Unused;

#[wechat_client(component, adapter_storage = Memory::new())]
#[allow(dead_code)]
struct UnusedPlatform;

mod outer {
    pub mod inner {
        #[wechat_runtime::wechat_client(adapter_storage = Private, args = _)]
        pub(super) struct Restricted;

        #[wechat_runtime::wechat_client(adapter_storage = Private, args = _)]
        pub struct Public;

        struct Private;

        #[wechat_runtime::async_trait]
        impl wechat_runtime::storage::Client for Private {
            type Args = u8;

            async fn fetch_access_token(
                &self,
                _: &str,
                _: &u8,
            ) -> wechat_runtime::storage::Result<Option<wechat_runtime::Token>> {
                Ok(None)
            }

            async fn refresh_access_token(
                &self,
                _: &str,
                _: Option<&wechat_runtime::Secret>,
                _: &u8,
            ) -> wechat_runtime::storage::Result<Option<wechat_runtime::Token>> {
                Ok(None)
            }

            async fn fetch_ticket(
                &self,
                _: &str,
                _: &wechat_runtime::TicketType,
                _: &u8,
            ) -> wechat_runtime::storage::Result<Option<wechat_runtime::Ticket>> {
                Ok(None)
            }
        }
    }

    pub fn restricted() {
        let _ = inner::Restricted::new(3);
    }
}

fn main() {
    #[allow(deprecated)]
    let _ = Deprecated::new();
    assert!(format!("{:?}", r#type::new()).starts_with("type"));
    outer::restricted();
    let _ = outer::inner::Public::new(3);
}
