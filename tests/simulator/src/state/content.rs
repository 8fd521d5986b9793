//! What an account holds besides files.

use std::cell::OnceCell;

use super::AccountState;
use crate::app::App;
use crate::content::{self, Follower, Material};
use crate::errcode::Refusal;

/// Users, materials and templates.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) followers: Vec<Follower>,
    pub(crate) materials: Vec<Material>,
    pub(crate) templates: Vec<String>,
}

impl Content {
    fn of(app: &App) -> Self {
        let appid = &app.appid;
        Self {
            followers: app.followers.clone().unwrap_or_else(|| content::followers(appid)),
            materials: app.materials.clone().unwrap_or_else(|| content::materials(appid)),
            templates: app.templates.clone().unwrap_or_else(|| content::templates(appid)),
        }
    }
}

impl AccountState {
    /// What the account holds.
    pub(crate) fn content(&self) -> &Content {
        self.content.get_or_init(|| Content::of(&self.app))
    }

    /// Changes what the account holds.
    pub(crate) fn change_content<T>(&mut self, change: impl FnOnce(&mut Content) -> T) -> T {
        let mut content = self.content.take().unwrap_or_else(|| Content::of(&self.app));
        let changed = change(&mut content);
        self.content = OnceCell::from(content);
        changed
    }

    pub(crate) fn follower(&self, openid: &str) -> Result<&Follower, Refusal> {
        let found = self.content().followers.iter().find(|follower| follower.openid == openid);
        found.ok_or_else(|| Refusal::new(40003))
    }
}
