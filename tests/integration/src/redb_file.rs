//! What is kept of authorizers in a file of redb's, such that it can be seen to be whole.

use wechat_runtime::adapters::Redb;
use wechat_runtime::storage::{self, ComponentHub as _};
use wechat_runtime::{AuthorizerToken, Secret, Token, TokenKind};

use crate::orders::RedbSaved;

/// The component that they have authorized.
pub const COMPONENT: &str = "wxc0000000000000001";

pub fn appid(account: u64) -> String {
    format!("wxa{account:016}")
}

fn refresh_token(saved: RedbSaved) -> String {
    format!("canary-refresh-{}-{}", saved.account, saved.number)
}

/// What is saved as the refresh token of this number, from 1 on: all of it tells the number.
pub fn record(saved: RedbSaved) -> AuthorizerToken {
    let access = format!("canary-access-{}-{}", saved.account, saved.number);
    AuthorizerToken::new()
        .with_access(Token::new(TokenKind::Classic, access, saved.number, 7200))
        .with_refresh_token(refresh_token(saved))
        .with_authorized_at(saved.number)
}

pub async fn save(storage: &Redb, saved: RedbSaved) -> storage::Result<()> {
    storage.save_access_token(COMPONENT, &appid(saved.account), record(saved), &()).await.map(drop)
}

/// What is kept of an account, whatever it is.
pub async fn read(storage: &Redb, account: u64) -> storage::Result<Option<AuthorizerToken>> {
    storage::ComponentHub::fetch_access_token(storage, COMPONENT, &appid(account), &()).await
}

/// What is kept of an account, which has to be whole: each refresh token was saved after the one before.
pub async fn kept(storage: &Redb, account: u64) -> storage::Result<Option<RedbSaved>> {
    let Some(stored) = read(storage, account).await? else { return Ok(None) };
    let saved = RedbSaved { account, number: stored.authorized_at().expect("it was saved") };
    let mut whole = record(saved);
    if saved.number > 1 {
        whole =
            whole.with_previous_refresh_token(refresh_token(RedbSaved { number: saved.number - 1, account }));
    }
    let both = [&stored, &whole].map(|it| {
        [it.refresh_token(), it.previous_refresh_token()]
            .map(|token| token.map(Secret::expose).map(str::to_owned))
    });
    assert_eq!(both[0], both[1], "the refresh tokens of account {account}, number {}", saved.number);
    assert_eq!(stored, whole, "account {account}");
    Ok(Some(saved))
}
