//! A platform that does nothing but answer: one token for everybody, and the same to each call.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{any, get, post};
use wechat_integration_tests::orders::orders;

use super::listening;
use crate::sides::{GET_PATH, POST_PATH, TOKEN};

/// A user, as `user/info` answers one.
const USER: &str = r#"{"subscribe":1,"openid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","language":"zh_CN","subscribe_time":1382694957,"unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL","remark":"","groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":""}"#;
/// What `message/template/send` answers.
const SENT: &str = r#"{"errcode":0,"errmsg":"ok","msgid":200228332}"#;

pub(super) fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the async runtime starts").block_on(async {
        let ((), mut orders) = orders::<(), ()>();
        let json = |body: &'static str| move || async move { ([(CONTENT_TYPE, "application/json")], body) };
        let token = format!(r#"{{"access_token":"{TOKEN}","expires_in":7200}}"#);
        let router = Router::new()
            .route("/cgi-bin/stable_token", any(json(token.leak())))
            .route(GET_PATH, get(json(USER)))
            .route(POST_PATH, post(json(SENT)));
        let listener = listening().await;
        let over = async move { while orders.recv().await.is_some() {} };
        axum::serve(listener, router).with_graceful_shutdown(over).await.expect("it serves");
    });
}
