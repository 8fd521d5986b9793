//! A mistake in what a `macro_rules!` was given is reported there.

use wechat_runtime::wechat_client;

macro_rules! declare {
    ($name:ident, $storage:expr, $token:ident, $seconds:expr) => {
        #[wechat_client(adapter_storage = $storage, token = $token, expires_in = $seconds)]
        pub struct $name;
    };
}

declare!(Wechat, "127.0.0.1:4000", stabel, 0);

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
