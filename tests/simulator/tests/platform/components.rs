//! Third-party platforms.

mod accounts;
mod authorizations;
mod control;
mod logins;
mod pushes;
mod tokens;

use serde_json::{Value, json};
use wechat_simulator::{Authorizer, Component, ComponentAccount, Simulator};

use crate::support::{Platform, errcode};

const COMPONENT: &str = "wx3e0f8a7c5d2b1946";
const COMPONENT_SECRET: &str = "fedcba9876543210fedcba9876543210";
const AUTHORIZER: &str = "wx99aa88bb77cc66dd";

/// A simulator with one third-party platform.
struct Third {
    platform: Platform,
    component: ComponentAccount,
}

impl Third {
    /// One that an account authorizes.
    async fn start() -> Self {
        Self::with(Component::new(COMPONENT, COMPONENT_SECRET).authorizer(AUTHORIZER)).await
    }

    async fn with(component: Component) -> Self {
        Self::over(Simulator::builder().with_component(component).start().await.unwrap())
    }

    fn over(sim: Simulator) -> Self {
        let component = sim.component(COMPONENT).unwrap();
        Self { platform: Platform::over(sim), component }
    }

    fn authorizer(&self) -> Authorizer {
        self.component.authorizer(AUTHORIZER).unwrap()
    }

    /// What `api_component_token` answers to the right credentials.
    async fn token_answer(&self) -> Value {
        self.token_by(&self.component.verify_ticket()).await
    }

    async fn token_by(&self, ticket: &str) -> Value {
        let body = json!({
            "component_appid": COMPONENT,
            "component_appsecret": COMPONENT_SECRET,
            "component_verify_ticket": ticket,
        });
        self.platform.post("/cgi-bin/component/api_component_token", &body).await
    }

    async fn token(&self) -> String {
        text(&self.token_answer().await, "component_access_token")
    }

    /// What a path of the component's answers to its token.
    async fn ask(&self, token: &str, path: &str, body: Value) -> Value {
        let mut body = body;
        body["component_appid"] = json!(COMPONENT);
        self.platform.post(&format!("/cgi-bin/component/{path}?component_access_token={token}"), &body).await
    }

    /// The errcode of a path that only names the component.
    async fn judge(&self, token: &str) -> i64 {
        errcode(&self.ask(token, "api_create_preauthcode", json!({})).await)
    }

    async fn query_auth(&self, token: &str, code: &str) -> Value {
        self.ask(token, "api_query_auth", json!({ "authorization_code": code })).await
    }

    /// What `api_authorizer_token` answers.
    async fn refresh(&self, token: &str, appid: &str, refresh_token: &str) -> Value {
        let body = json!({ "authorizer_appid": appid, "authorizer_refresh_token": refresh_token });
        self.ask(token, "api_authorizer_token", body).await
    }

    /// A new access token of the account that authorizes.
    async fn authorizer_token(&self) -> String {
        let answer = self.refresh(&self.token().await, AUTHORIZER, &self.authorizer().refresh_token()).await;
        text(&answer, "authorizer_access_token")
    }
}

/// A text in an answer.
fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}
