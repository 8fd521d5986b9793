//! A process that is killed between WeChat's answer and the save of it: what is promised then.
//!
//! An unchanged refresh token is where it was. A rotated one, and one that a code was exchanged for, are in WeChat's list of
//! authorizers, where the next process finds them.

use wechat_integration_tests::orders::AuthorizerSettings;
use wechat_integration_tests::process::Process;
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, AuthorizerFile, QUERY_AUTH, new_appid,
};
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{AuthorizerToken, Token, TokenKind, VerifyTicket};
use wechat_simulator::RefreshTokens;

/// A component that is on a disk, and one account of it.
struct OnDisk {
    agency: Agency,
    authorizer: String,
    directory: tempfile::TempDir,
}

impl OnDisk {
    async fn new() -> Self {
        let (agency, directory) = (Agency::new().await, tempfile::tempdir().unwrap());
        let this = Self { agency, authorizer: new_appid(), directory };
        let ticket = VerifyTicket::new(this.agency.component().verify_ticket(), this.agency.now());
        this.file().save_component_verify_ticket("", ticket, &()).await.unwrap();
        this
    }

    /// The same, whose account has authorized it, with an access token that has expired.
    async fn expired(refresh_tokens: RefreshTokens) -> Self {
        let this = Self::new().await;
        this.agency.component().authorize(&this.authorizer);
        let shop = this.agency.component().authorizer(&this.authorizer).unwrap();
        shop.set_refresh_tokens(Some(refresh_tokens));
        let access = Token::new(TokenKind::Classic, "expired", this.agency.now() - 7200, 7200);
        let record = AuthorizerToken::new().with_access(access).with_refresh_token(shop.refresh_token());
        this.file().save_access_token("", &this.authorizer, record, &()).await.unwrap();
        this
    }

    fn file(&self) -> AuthorizerFile {
        AuthorizerFile::new(self.directory.path().join("kept.json"), None)
    }

    fn process(&self, never_saves: bool, code: Option<&str>) -> Process {
        let settings = AuthorizerSettings {
            base_url: self.agency.sim.base_url().to_owned(),
            component: self.agency.appid.clone(),
            authorizer: self.authorizer.clone(),
            code: code.map(str::to_owned),
            file: self.directory.path().join("kept.json"),
            never_saves,
            unix: self.agency.now(),
        };
        Process::start(env!("CARGO_BIN_EXE_authorizer_keeper"), &settings)
    }

    /// Has a process killed after WeChat's answer and before it is saved.
    async fn killed_before_the_save(&self, code: Option<&str>) {
        let mut process = self.process(true, code);
        assert_eq!(process.says::<String>().await, "saving");
        process.kill();
    }

    /// Has another process call for the account, and tells how often WeChat was asked: for the list, and for a token.
    async fn assert_called_by_another(&self) -> (usize, usize) {
        let mut process = self.process(false, None);
        assert_eq!(process.says::<String>().await, "done");
        let kept = self.file().fetch_access_token("", &self.authorizer, &()).await.unwrap().unwrap();
        let shop = self.agency.component().authorizer(&self.authorizer).unwrap();
        assert_eq!(kept.refresh_token().map(|token| token.expose().to_owned()), Some(shop.refresh_token()));
        let access = kept.access().map(|access| access.access_token().expose().to_owned());
        assert_eq!(access, shop.current_token());
        (self.agency.calls(AUTHORIZER_LIST), self.agency.calls(AUTHORIZER_TOKEN))
    }
}

#[tokio::test]
async fn a_process_killed_before_it_saves_an_unchanged_refresh_token_loses_nothing() {
    let disk = OnDisk::expired(RefreshTokens::Unchanged).await;
    disk.killed_before_the_save(None).await;
    assert_eq!(
        disk.assert_called_by_another().await,
        (0, 2),
        "one fetch more, and nothing to be found again"
    );
}

#[tokio::test]
async fn a_process_killed_before_it_saves_a_rotated_refresh_token_has_it_found_again_in_the_list() {
    let disk = OnDisk::expired(RefreshTokens::Rotated).await;
    disk.killed_before_the_save(None).await;
    assert_eq!(disk.assert_called_by_another().await, (1, 3), "refused once, and then found");
}

#[tokio::test]
async fn a_process_killed_before_it_saves_an_authorization_has_it_found_again_in_the_list() {
    let disk = OnDisk::new().await;
    let code = disk.agency.component().authorize(&disk.authorizer).authorization_code().to_owned();
    disk.killed_before_the_save(Some(&code)).await;
    assert_eq!(disk.assert_called_by_another().await, (1, 1));
    assert_eq!(disk.agency.calls(QUERY_AUTH), 1);
}
