//! Which kind of application is declared, and the keys that only one of the two kinds has.

use syn::Expr;

use super::{Keyed, Mistakes, mistake, values};
use crate::args::Setting;

/// The two kinds of application.
pub(crate) enum Application {
    /// One Official Account or Mini Program.
    Common { token: Option<Keyed<TokenKind>> },
    /// A third-party platform, which calls for the accounts that have authorized it.
    Component { authorizer_appid: Option<Keyed<Expr>> },
}

/// WeChat's two kinds of access token of a common application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Stable,
    Classic,
}

/// The application, or nothing where either kind may be meant.
pub(super) fn check(
    mistakes: &mut Mistakes,
    component: Option<&Setting>,
    authorizer_appid: Option<&Setting>,
    token: Option<&Setting>,
) -> Option<Application> {
    match (component, authorizer_appid) {
        (Some(_), _) => {
            mistakes.forbid(
                token,
                "a component application and its authorizers have one kind of access token: remove `token`",
            );
            let authorizer_appid = mistakes.check(authorizer_appid, values::authorizer_appid);
            Some(Application::Component { authorizer_appid })
        }
        (None, Some(_)) => {
            mistakes.forbid(
                authorizer_appid,
                "only a component application has authorizers: \
                 write `component` beside `authorizer_appid`, or remove it",
            );
            None
        }
        (None, None) => Some(Application::Common { token: mistakes.check(token, values::token) }),
    }
}

impl Mistakes {
    /// Refuses a key that has no place here.
    fn forbid(&mut self, setting: Option<&Setting>, message: &str) {
        let Some(Setting { key, value: _, refused }) = setting else { return };
        self.keep(*refused, mistake::<Option<()>>(key, message));
    }
}

#[cfg(test)]
mod tests {
    use super::{Application, Mistakes, TokenKind, check};
    use crate::args::Args;

    fn checked(tokens: &str) -> (Option<Application>, Vec<String>) {
        let args = Args::parse(tokens.parse().unwrap());
        let mut mistakes = Mistakes(args.mistakes);
        let application = check(
            &mut mistakes,
            args.component.as_ref(),
            args.authorizer_appid.as_ref(),
            args.token.as_ref(),
        );
        (application, mistakes.0.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_flag_decides_which_application_it_is() {
        let (application, mistakes) = checked("token = classic");
        assert!(mistakes.is_empty());
        let Some(Application::Common { token: Some(token) }) = application else {
            panic!("not a common application");
        };
        assert_eq!(token.value, TokenKind::Classic);

        let (application, mistakes) = checked("authorizer_appid = \"wx1\", component");
        assert!(mistakes.is_empty());
        assert!(matches!(application, Some(Application::Component { authorizer_appid: Some(_) })));
    }

    #[test]
    fn a_key_of_the_other_kind_is_one_mistake() {
        for (tokens, message) in [
            ("component, token = stable", "remove `token`"),
            ("component, token = no, authorizer_appid = \"wx1\"", "remove `token`"),
            ("authorizer_appid = \"wx1\"", "write `component`"),
            ("authorizer_appid = 7, token = stable", "write `component`"),
            ("autorizer_appid = \"wx1\"", "write `authorizer_appid`"),
            ("component = true, token", "takes no value"),
            ("component, authorizer_appid = 7", "`authorizer_appid = \""),
        ] {
            let (_, mistakes) = checked(tokens);
            assert!(mistakes[0].contains(message), "{tokens}: {mistakes:?}");
            let expected = if tokens.ends_with("token") { 2 } else { 1 };
            assert_eq!(mistakes.len(), expected, "{tokens}: {mistakes:?}");
        }
    }

    #[test]
    fn an_authorizer_alone_leaves_open_which_application_it_is() {
        assert!(checked("authorizer_appid = \"wx1\"").0.is_none());
        assert!(checked("autorizer_appid = \"wx1\"").0.is_none());
        assert!(matches!(checked("componnet").0, Some(Application::Component { .. })));
    }
}
