//! The attribute's tokens as raw [`Args`]: which keys were written, where, and with what value.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Expr, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use crate::suggest;

/// Every key, with an example of its use for the messages.
const KEYS: [(&str, &str); 9] = [
    ("adapter_storage", "adapter_storage = MyHub"),
    ("args", "args = Region::Shanghai"),
    ("appid", "appid = \"wx1f2e3d4c5b6a7988\""),
    (FLAG, FLAG),
    ("authorizer_appid", "authorizer_appid = \"wx99aa88bb77cc66dd\""),
    ("token", "token = stable"),
    ("base_url", "base_url = \"https://api.weixin.qq.com\""),
    ("expires_in", "expires_in = 7000"),
    ("crate", "crate = wechat"),
];

/// The key that stands alone.
const FLAG: &str = "component";

/// What was written between the parentheses of the attribute, and what is wrong with its form.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "one of the keys is called `args`")]
pub(crate) struct Args {
    pub(crate) adapter_storage: Option<Setting>,
    pub(crate) args: Option<Setting>,
    pub(crate) appid: Option<Setting>,
    pub(crate) component: Option<Setting>,
    pub(crate) authorizer_appid: Option<Setting>,
    pub(crate) token: Option<Setting>,
    pub(crate) base_url: Option<Setting>,
    pub(crate) expires_in: Option<Setting>,
    pub(crate) krate: Option<Setting>,
    pub(crate) mistakes: Vec<syn::Error>,
    /// Some tokens could not be read, so a key that is not here may have been written all the same.
    pub(crate) incomplete: bool,
}

/// One key and what follows it.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    /// Nothing where the key stands alone, or where its value could not be read.
    pub(crate) value: Option<Expr>,
    /// A mistake was reported already: nothing more is to be said, but what can be used serves the stub.
    pub(crate) refused: bool,
}

/// The expression inside the invisible group that a `macro_rules!` puts around its `$value:expr`.
pub(crate) fn ungrouped(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}

impl Args {
    /// Reads all there is, past every mistake.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let mut args = Self::default();
        let reading = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(mistake) = args.parse_setting(input) {
                    args.mistakes.push(mistake);
                    args.incomplete |= skip_to_next_key(input)?;
                }
            }
            Ok(())
        };
        let read = reading.parse2(tokens);
        args.mistakes.extend(read.err());
        args
    }

    /// Reads one `key = value` with the comma behind it.
    fn parse_setting(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected a key: write `key = value`, such as `adapter_storage = MyHub`"));
        }
        let key = input.call(Ident::parse_any)?;
        let of_key = self.check_key(&key);
        let (value, of_value) = match parse_value(&key, input) {
            Ok(value) => (value, None),
            Err(mistake) => (None, Some(mistake)),
        };
        let refused = of_key.is_some() || of_value.is_some();
        if let Some(slot @ None) = self.slot_nearest(&key.to_string()) {
            *slot = Some(Setting { key, value, refused });
        }
        self.mistakes.extend(of_key);
        if let Some(mistake) = of_value {
            return Err(mistake);
        }
        if input.is_empty() {
            return Ok(());
        }
        if !input.peek(Token![,]) {
            let mistake = input.error("expected `,`: write a comma between two keys");
            if starts_setting(input, false) {
                self.mistakes.push(mistake);
                return Ok(());
            }
            return Err(mistake);
        }
        input.parse::<Token![,]>().map(drop)
    }

    /// What is wrong with the key itself.
    fn check_key(&mut self, key: &Ident) -> Option<syn::Error> {
        let name = key.to_string();
        if let Some(slot) = self.slot(&name) {
            let twice = slot.as_ref().is_some_and(|earlier| earlier.key == name);
            return twice.then(|| {
                syn::Error::new(key.span(), format!("`{name}` is given twice: remove one of the two"))
            });
        }
        let message = if let Some(near) = nearest_key(&name) {
            format!("unknown key `{name}`: write `{near}`")
        } else if name.contains("secret") {
            format!(
                "unknown key `{name}`: a secret is never declared; \
                 the storage adapter hands it over in `fetch_secret_key`"
            )
        } else {
            let known: Vec<_> = KEYS.iter().map(|(known, _)| format!("`{known}`")).collect();
            format!("unknown key `{name}`: remove it; the keys are {}", known.join(", "))
        };
        Some(syn::Error::new(key.span(), message))
    }

    /// The slot of the key of this name, or of the one that was probably meant.
    fn slot_nearest(&mut self, name: &str) -> Option<&mut Option<Setting>> {
        let name = if is_key(name) { name } else { nearest_key(name)? };
        self.slot(name)
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<Setting>> {
        Some(match name {
            "adapter_storage" => &mut self.adapter_storage,
            "args" => &mut self.args,
            "appid" => &mut self.appid,
            "component" => &mut self.component,
            "authorizer_appid" => &mut self.authorizer_appid,
            "token" => &mut self.token,
            "base_url" => &mut self.base_url,
            "expires_in" => &mut self.expires_in,
            "crate" => &mut self.krate,
            _ => return None,
        })
    }
}

fn is_key(name: &str) -> bool {
    KEYS.iter().any(|(key, _)| *key == name)
}

fn nearest_key(name: &str) -> Option<&'static str> {
    suggest::nearest(name, KEYS.iter().map(|(key, _)| *key))
}

fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// Reads the `= value` behind a key.
fn parse_value(key: &Ident, input: ParseStream<'_>) -> syn::Result<Option<Expr>> {
    let name = key.to_string();
    if name == FLAG {
        return parse_no_value(input).map(|()| None);
    }
    let example = KEYS.iter().find(|(key, _)| *key == name).map_or("key = value", |(_, example)| example);
    if at_end(input) {
        // unknown keys have their own message
        if !is_key(&name) {
            return Ok(None);
        }
        return Err(syn::Error::new(key.span(), format!("`{name}` needs a value: write `{example}`")));
    }
    if !input.peek(Token![=]) {
        return Err(input.error(format!("expected `=`: write `{example}`")));
    }
    let equals = input.parse::<Token![=]>()?;
    if at_end(input) {
        return Err(syn::Error::new_spanned(equals, format!("`{name}` needs a value: write `{example}`")));
    }
    input.parse().map(Some).map_err(|mistake: syn::Error| {
        let message = mistake.to_string();
        if message == "expected an expression" {
            return syn::Error::new(mistake.span(), format!("{message}: write `{example}`"));
        }
        mistake
    })
}

/// Reads nothing behind the flag, or what should not be there.
fn parse_no_value(input: ParseStream<'_>) -> syn::Result<()> {
    // before another word, a comma is missing
    if at_end(input) || input.peek(Ident::peek_any) {
        return Ok(());
    }
    let message = format!("`{FLAG}` takes no value: write `{FLAG}` alone");
    if !input.peek(Token![=]) {
        return Err(syn::Error::new_spanned(input.fork().parse::<TokenTree>()?, message));
    }
    let equals = input.parse::<Token![=]>()?;
    if at_end(input) {
        return Err(syn::Error::new_spanned(equals, message));
    }
    let value = input.span();
    Err(input.parse().map_or_else(
        |_| syn::Error::new(value, &message),
        |value: Expr| syn::Error::new_spanned(value, &message),
    ))
}

/// Skips what could not be read, up to the next known key, and says whether there was anything.
fn skip_to_next_key(input: ParseStream<'_>) -> syn::Result<bool> {
    let mut skipped = false;
    let mut behind_comma = false;
    while !input.is_empty() && !starts_setting(input, behind_comma) {
        behind_comma = input.peek(Token![,]);
        skipped |= !behind_comma;
        input.parse::<TokenTree>()?;
    }
    Ok(skipped)
}

/// A comma or a word alone may belong to the value that could not be read; a known key with its `=` hardly does.
fn starts_setting(input: ParseStream<'_>, behind_comma: bool) -> bool {
    let ahead = input.fork();
    let known = ahead.call(Ident::parse_any).is_ok_and(|key| is_key(&key.to_string()));
    known && (ahead.peek(Token![=]) || behind_comma && (ahead.is_empty() || ahead.peek(Token![,])))
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn parse(tokens: &str) -> Args {
        Args::parse(tokens.parse().unwrap())
    }

    fn mistakes(args: &Args) -> Vec<String> {
        args.mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn commas_inside_a_value_are_its_own() {
        let args = parse("args = Pair::<u8, u16>::new(1, 2), token = stable,");
        assert!(mistakes(&args).is_empty());
        assert!(args.args.is_some() && args.token.is_some());
    }

    #[test]
    fn an_unreadable_value_hides_no_later_key() {
        for tokens in [
            "appid = , adapter_storage = MyHub",
            "appid = \"wx1\"; adapter_storage = MyHub",
            "appid = \"wx1\" adapter_storage = MyHub",
            "appid(\"wx1\") adapter_storage = MyHub",
            "appid = Pair::<u8, +, u16>::new(), adapter_storage = MyHub",
            "\"wx1\", adapter_storage = MyHub",
            "= = =, adapter_storage = MyHub",
        ] {
            let args = parse(tokens);
            assert_eq!(args.mistakes.len(), 1, "{tokens}: {:?}", mistakes(&args));
            assert!(args.adapter_storage.is_some(), "{tokens}");
        }
    }

    #[test]
    fn what_may_be_hidden_is_not_called_missing() {
        assert!(parse("+ MyHub").incomplete);
        assert!(!parse("appid =").incomplete);
        assert!(!parse("").incomplete);
    }

    #[test]
    fn a_misspelt_key_stands_for_the_right_one() {
        let args = parse("adaptor_storage = MyHub");
        assert_eq!(mistakes(&args), ["unknown key `adaptor_storage`: write `adapter_storage`"]);
        assert!(args.adapter_storage.is_some_and(|setting| setting.refused));
    }

    #[test]
    fn the_flag_takes_no_value() {
        for tokens in ["component", "component,", "component, appid = \"wx1\"", "appid = \"wx1\", component"]
        {
            let args = parse(tokens);
            assert!(mistakes(&args).is_empty(), "{tokens}: {:?}", mistakes(&args));
            assert!(args.component.is_some_and(|setting| !setting.refused), "{tokens}");
        }
        for tokens in [
            "component = true",
            "component = MyComponentHub::new(1, 2)",
            "component =",
            "component = , appid = \"wx1\"",
            "component = ;",
            "component(\"wx1\")",
            "component: true",
        ] {
            let args = parse(tokens);
            assert_eq!(mistakes(&args), ["`component` takes no value: write `component` alone"], "{tokens}");
            assert!(args.component.is_some_and(|setting| setting.refused), "{tokens}");
        }
    }

    #[test]
    fn behind_the_flag_a_comma_may_be_missing() {
        let args = parse("component appid = \"wx1\"");
        assert_eq!(mistakes(&args), ["expected `,`: write a comma between two keys"]);
        assert!(args.component.is_some() && args.appid.is_some());
    }

    #[test]
    fn every_key_has_its_slot() {
        for (key, _) in super::KEYS {
            assert!(Args::default().slot(key).is_some(), "{key}");
        }
    }
}
