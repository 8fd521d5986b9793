//! Which permission set an account has to grant for a third-party platform to call a path.

/// One permission set, a `func_scope` of the documentation.
struct Permission {
    id: u32,
    /// Paths begin with these.
    prefixes: &'static [&'static str],
}

const fn permission(id: u32, prefixes: &'static [&'static str]) -> Permission {
    Permission { id, prefixes }
}

/// The permission sets of Official Accounts. Those without a prefix open nothing that the simulator serves.
static PERMISSIONS: &[Permission] = &[
    permission(1, &[]),
    permission(2, &["/cgi-bin/user/"]),
    permission(3, &["/cgi-bin/qrcode/"]),
    permission(4, &["/cgi-bin/ticket/", "/sns/oauth2/component/"]),
    permission(5, &[]),
    permission(6, &[]),
    permission(7, &["/cgi-bin/message/template/"]),
    permission(8, &[]),
    permission(9, &[]),
    permission(10, &[]),
    permission(11, &["/cgi-bin/material/", "/cgi-bin/media/"]),
    permission(12, &[]),
    permission(13, &[]),
    permission(15, &["/cgi-bin/menu/"]),
];

/// The permission set that a path needs, if it needs one.
pub(crate) fn of(path: &str) -> Option<u32> {
    let opens = |permission: &&Permission| permission.prefixes.iter().any(|prefix| path.starts_with(prefix));
    PERMISSIONS.iter().find(opens).map(|permission| permission.id)
}

/// Every permission set there is.
pub(crate) fn all() -> impl Iterator<Item = u32> {
    PERMISSIONS.iter().map(|permission| permission.id)
}
