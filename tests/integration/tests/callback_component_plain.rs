//! A component application's events come encrypted: a plain one is nobody's, whatever its keys take otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;
use wechat_runtime::callback::crypto::{self, AesKey, Keys};
use wechat_runtime::callback::{ComponentEvent, ComponentEvents, Settings, component_service};
use wechat_runtime::{async_trait, storage};

const APPID: &str = "wx134c8103faa5a59e";
const TOKEN: &str = "AAAAA";
const NOW: &str = "1714112445";

/// How many events were kept.
#[derive(Clone, Default)]
struct Kept(Arc<AtomicUsize>);

#[async_trait]
impl ComponentEvents for Kept {
    async fn receive(&self, _: ComponentEvent) -> storage::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn status(router: &Router, query: String, body: String) -> u16 {
    let request = Request::post(format!("/?timestamp={NOW}&nonce=1&{query}")).body(Body::from(body)).unwrap();
    router.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_plain_ticket_is_refused_whatever_the_keys_take() {
    let key = "A".repeat(43);
    let ticket = format!(
        "<xml><AppId>{APPID}</AppId><CreateTime>{NOW}</CreateTime><InfoType>component_verify_ticket</InfoType>\
         <ComponentVerifyTicket>ticket@@@forged</ComponentVerifyTicket></xml>"
    );
    let safe = Keys::encrypted(APPID, TOKEN, &key).unwrap();
    for keys in [safe.clone(), safe.compat(), Keys::plain(TOKEN).unwrap()] {
        let kept = Kept::default();
        let clock = || UNIX_EPOCH + Duration::from_secs(NOW.parse().unwrap());
        let is_safe = keys.appid().is_some();
        let router =
            Router::new().route("/", component_service(Settings::new(keys).clock(clock), kept.clone()));

        // The signature of any push in the query is right for this one: its body is not part of what is signed.
        let signature = crypto::sign(&[TOKEN, NOW, "1"]);
        assert_eq!(status(&router, format!("signature={signature}"), ticket.clone()).await, 403);
        assert_eq!(kept.0.load(Ordering::SeqCst), 0);

        let encrypt = AesKey::new(&key).unwrap().encrypt(&ticket, APPID);
        let signature = crypto::sign(&[TOKEN, NOW, "1", &encrypt]);
        let query = format!("encrypt_type=aes&msg_signature={signature}");
        let body = format!("<xml><Encrypt>{encrypt}</Encrypt></xml>");
        assert_eq!(status(&router, query, body).await, if is_safe { 200 } else { 403 });
        assert_eq!(kept.0.load(Ordering::SeqCst), usize::from(is_safe));
    }
}
