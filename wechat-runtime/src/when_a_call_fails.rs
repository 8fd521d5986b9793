//! When a call fails: every kind of error and every errcode that has one, and what to do about it.
//!
//! An [`Error`](crate::Error) prints all that is known: the path, the account, what went wrong, how long to
//! wait, what to do. Code asks it:
//!
//! | | |
//! |---|---|
//! | [`kind()`](crate::Error::kind) | what to do about it: match on this |
//! | [`errcode()`](crate::Error::errcode), [`errmsg()`](crate::Error::errmsg) | what WeChat answered, if it did |
//! | [`reason()`](crate::Error::reason) | a hub's word for what went wrong, if it was a hub that answered |
//! | [`retry_after()`](crate::Error::retry_after) | how long the client itself holds back, if it does: until then it does not ask WeChat for this token or ticket again |
//! | [`endpoint()`](crate::Error::endpoint) | which path failed: the one that was called, or the one that should have granted its token or ticket |
//! | [`appid()`](crate::Error::appid) | for which account |
//! | [`http_status()`](crate::Error::http_status) | the status of the answer, if there was one |
//! | [`source()`](std::error::Error::source) | the error beneath: the storage's, the HTTP client's, the file system's |
//!
//! An errcode in the answer to your call is part of the [`Response`](crate::Response), not an error, until
//! [`json`](crate::Response::json), [`value`](crate::Response::value) or
//! [`error_for_errcode`](crate::Response::error_for_errcode) makes it one;
//! [`download`](crate::RequestBuilder::download) does so itself. A refused access token is the exception: if it
//! cannot be replaced, [`send`](crate::RequestBuilder::send) fails.
//!
//! ```
//! use std::time::Duration;
//! use wechat_runtime::{Error, ErrorKind};
//!
//! /// What a background job does about its failed call.
//! enum Next {
//!     Again(Duration),
//!     LookFirst,
//!     LogInAgain,
//!     TellSomebody(String),
//! }
//!
//! fn next(error: &Error) -> Next {
//!     let wait = error.retry_after();
//!     match error.kind() {
//!         // Waiting helps; how long is known where the client itself holds back.
//!         ErrorKind::Busy
//!         | ErrorKind::Quota
//!         | ErrorKind::TokenRejected
//!         | ErrorKind::Storage
//!         | ErrorKind::Connect => Next::Again(wait.unwrap_or(Duration::from_secs(60))),
//!         // With a wait, it was the token that did not come. Without one, WeChat may have acted on the call: the text tells.
//!         ErrorKind::Timeout | ErrorKind::Transport => wait.map_or(Next::LookFirst, Next::Again),
//!         ErrorKind::UserToken => Next::LogInAgain,
//!         _ => Next::TellSomebody(error.to_string()),
//!     }
//! }
//! ```
//!
//! Below, *done already* is what the client has done by the time you see the error. What it never does: ask
//! WeChat for a token before a pause is over, send a POST again that may have arrived, or drop a token that
//! lives.
//!
//! # What WeChat answers to a call
//!
//! ## `TokenRejected`
//!
//! The access token is refused, and so was a fresh one, or no fresh one may be fetched yet.
//!
//! | errcode | meaning |
//! |---|---|
//! | 40001 | the token is unknown, or another has replaced it |
//! | 40014 | the token is malformed or another account's |
//! | 42001 | the token has reached the end of its life |
//!
//! *Done already:* the storage was read again, in case somebody has put a newer token there; else a new one was
//! fetched, once for all callers, and the call was sent once more with the same body. `stable_token` is asked in
//! its normal mode first and forced only when that brings the refused token back. Through a
//! [`storage::Client`](crate::storage::Client) the hub was told instead, and its token taken. When no new one
//! could be had for a reason of its own, the error is that reason, and not this kind.
//!
//! *To do:* it depends on the text and on `retry_after()`.
//!
//! * *So is a fresh one:* WeChat refuses good tokens. Make sure that nothing else fetches tokens for this appid,
//!   and that `base_url` is where the token is from.
//! * *Too young to be replaced*, *another was replaced a moment ago:* two replacements are at least
//!   [30 s](crate::RefreshSettings::gap) apart. Call again after `retry_after()`. When it happens often,
//!   something else fetches tokens for this appid: have it ask the same storage.
//! * *The day's replacements are used up:* [100 a day](crate::RefreshSettings::refusals_per_day), of which
//!   [20 forced](crate::RefreshSettings::forced_per_day). They start anew at midnight in Beijing.
//! * *Refreshing brings the same one back:* WeChat, the hub, or your own `refresh_access_token` answers with the
//!   refused value.
//! * *The body can be read only once:* a [reader](crate::UploadFile::reader), or a middleware's stream, was gone by
//!   then. The token is fresh now: make the call again.
//! * A token of your own is neither looked up nor refreshed, and its refusal is the answer as it came. On `/sns/*`,
//!   where an end user's token is meant, the same codes are of the kind `UserToken`.
//!
//! ## `Configuration`
//!
//! The appid, the secret or a setting is wrong. Without an errcode: `base_url` is none, the HTTP client cannot be
//! made, or the storage has no secret for the appid. Or a [hub](crate::adapters::HubClient) does not know this client's
//! bearer token, or does not allow it this account: `http_status()` is then 401 or 403.
//!
//! | errcode | meaning |
//! |---|---|
//! | 40001, where a token is granted | the secret is wrong |
//! | 40002 | the `grant_type` is not the one this path takes |
//! | 40013 | there is no such appid |
//! | 40125 | the secret is wrong |
//! | 41002 | the appid is missing |
//! | 41004 | the secret is missing or empty |
//! | 61011 | there is no such component |
//! | 61024 | the appid is a component's: declare the client with `component` |
//!
//! *Done already:* where a token should have been granted, a pause has begun (see
//! [below](#when-no-token-is-granted)).
//!
//! *To do:* correct it. No restart is needed: another secret from the storage ends the pause.
//!
//! ## `AddressNotAllowed`
//!
//! This machine's address is not on the account's whitelist. The errmsg of 40164 and 61004 says which address
//! WeChat saw.
//!
//! | errcode | meaning |
//! |---|---|
//! | 40164 | not on the account's whitelist |
//! | 61004 | not registered, as components are told |
//! | 89503 | unknown, and the administrator has been asked |
//!
//! *Done already:* where a token should have been granted, a pause has begun.
//!
//! *To do:* add the address in the account's console, or call from one that is there.
//!
//! ## `Frozen`
//!
//! The account or its secret is frozen, or waits for its administrator.
//!
//! | errcode | meaning |
//! |---|---|
//! | 40243 | the owner has frozen the secret |
//! | 50004 | the account may not use access tokens |
//! | 50007 | the account is frozen |
//! | 89501 | the administrator has been asked to confirm this machine's address |
//! | 89506 | the administrator has refused twice: nothing for 24 h |
//! | 89507 | the administrator has refused: nothing for 1 h |
//!
//! *Done already:* where a token should have been granted, a pause has begun.
//!
//! *To do:* see to it in the account's console.
//!
//! ## `Quota`
//!
//! A quota is used up. Without an errcode it is one of the client's own, for tokens asked for by name: 100 a day by
//! `/cgi-bin/token`, 20 forced ones, and none within 30 s of the last.
//!
//! | errcode | meaning |
//! |---|---|
//! | 45009 | the day's calls of this path; they start anew at midnight in Beijing |
//! | 45011 | the minute's calls of this path |
//! | 48006 | the month's resets of quotas |
//!
//! *Done already:* where a token should have been granted, a pause has begun; on any other path, nothing.
//!
//! *To do:* wait; or POST `{"appid": …}` to `/cgi-bin/clear_quota`, ten times a month at most. When it is the
//! token's own quota, POST to `/cgi-bin/clear_quota/v2`, which needs no token: appid and secret are filled in.
//! Either ends the pause that 45009 has begun, unless the call brought an access token of its own.
//!
//! ## `Busy`
//!
//! | errcode | meaning |
//! |---|---|
//! | -1 | WeChat is busy |
//!
//! *Done already:* where a token should have been granted, a pause has begun. Your own call is not repeated.
//!
//! *To do:* call again after a second or more.
//!
//! ## `PermissionDenied`
//!
//! The account may not use this interface.
//!
//! | errcode | meaning |
//! |---|---|
//! | 48001 | the account does not have this interface |
//! | 48004 | the account has lost this interface as a punishment |
//! | 50001 | the user has not allowed it |
//! | 50002 | the user is restricted |
//! | 61007 | the account has not granted this permission to the component |
//!
//! *Done already:* nothing.
//!
//! *To do:* apply for the interface in the account's console; on 61007, have the account authorize the component once
//! more, with this permission.
//!
//! ## `UserToken`
//!
//! An end user's own code or token (OAuth) is used up or expired. The runtime keeps none of them.
//!
//! | errcode | meaning |
//! |---|---|
//! | 40029 | the code is unknown |
//! | 40030 | the `refresh_token` is unknown |
//! | 40163 | the code has been used |
//! | 42002 | the `refresh_token` has expired |
//! | 42003 | the code has expired |
//! | 42007 | the user has changed the password |
//!
//! On `/sns/*`, the codes that refuse an access token belong here, too, where the call brought a user's.
//!
//! *Done already:* nothing.
//!
//! *To do:* send the user through the login again; a user's token of two hours can be refreshed by
//! `/sns/oauth2/refresh_token`.
//!
//! ## `Request`
//!
//! The request is wrong: WeChat says so, or the client before sending it.
//!
//! | errcode | meaning |
//! |---|---|
//! | 40003 | there is no such openid at this account |
//! | 40007 | there is no such `media_id` |
//! | 40020 | a button of the menu has no address, or too long a one |
//! | 40033 | a character that is not allowed, or a `\uXXXX` escape |
//! | 40037 | there is no such template |
//! | 40066 | there is no such path |
//! | 40113 | the file's name has no extension that this type takes |
//! | 40170 | `count` is outside of what is allowed |
//! | 41001 | there is no `access_token` in the query: WeChat sees none in a body |
//! | 41005 | no part named `media` with a file's name is in the form |
//! | 41008 | the code is missing |
//! | 41018 | `component_appid` is missing |
//! | 41021 | `component_access_token` is missing |
//! | 43001 | the path wants GET |
//! | 43002 | the path wants POST |
//! | 43004 | the receiver does not follow the account |
//! | 44002 | the body is empty |
//! | 45002 | the message is too long |
//! | 47001 | the body is not JSON of the shape this path takes |
//! | 47003 | a field of the template is empty or not allowed |
//! | 61009 | the authorization code is used or unknown |
//! | 61010 | the authorization code has expired |
//! | 61012 | there is no such option |
//! | 61013 | the option does not take this value |
//! | 61025 | the option cannot be changed |
//!
//! Without an errcode nothing was sent. The text says what was wrong: no account, a URL that leads elsewhere, two
//! access tokens, a header that is the transport's, a body that cannot be written, a middleware's stream of unknown length, a
//! form with nothing in it, a path of component applications, a path that needs the secret through a
//! [`storage::Client`](crate::storage::Client), an empty ticket to sign with.
//!
//! *Done already:* nothing.
//!
//! *To do:* correct the request.
//!
//! ## `VerifyTicket`
//!
//! Answered to a component application that asks for its access token.
//!
//! | errcode | meaning |
//! |---|---|
//! | 61005 | the component verify ticket has expired |
//! | 61006 | the component verify ticket is wrong |
//!
//! *Done already:* the ticket is not shown to WeChat again. [`verify_ticket_age`](crate::Error::verify_ticket_age) tells how
//! old it is.
//!
//! *To do:* wait for WeChat's next push, which comes every ten minutes, and make sure that it reaches
//! `callback::component_service`.
//!
//! ## `NoVerifyTicket`
//!
//! A component application has no verify ticket to ask for its access token with: none was pushed and kept, or the last
//! one is older than the twelve hours that it is good for
//! ([`verify_ticket_age`](crate::Error::verify_ticket_age) tells how old; where it is a hub over HTTP that has none, the
//! text alone does). WeChat was not asked.
//!
//! *Done already:* nothing.
//!
//! *To do:* see to it that WeChat's pushes reach `callback::component_service`, and that the client given to it has the
//! same storage. `/cgi-bin/component/api_start_push_ticket` has them begin, and one comes every ten minutes.
//!
//! ## `ReauthorizationRequired`
//!
//! An account does not authorize the component application, or no more.
//!
//! | errcode | meaning |
//! |---|---|
//! | 61003 | the account does not authorize the component |
//! | 61023 | the authorizer's `refresh_token` is wrong or revoked |
//!
//! There is no errcode where the account is not in WeChat's list of authorizers, and where it has told by the event
//! `unauthorized` that it takes its authorization back.
//!
//! *Done already:* where the account's token should have been granted, its refresh token was looked up in
//! `api_get_authorizer_list`, and a pause has begun.
//!
//! *To do:* ask the account to authorize the component again, by
//! [`preauth_url`](crate::Client::preauth_url).
//!
//! ## `Api`
//!
//! Every other errcode that is not 0.
//!
//! *Done already:* nothing.
//!
//! *To do:* look it up on the page of the path, or in WeChat's
//! [table](https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html).
//!
//! # When no token is granted
//!
//! What the paths that grant answer (`/cgi-bin/token`, `/cgi-bin/stable_token`,
//! `/cgi-bin/component/api_component_token`, `/cgi-bin/component/api_authorizer_token`, `/cgi-bin/ticket/getticket`)
//! means something else than on other paths: 40001 from the first three is a wrong secret. Whoever needs the
//! credential gets that answer as the error, [`endpoint()`](crate::Error::endpoint) naming the path that granted
//! nothing. Then nobody asks WeChat again for a while: everybody gets the same error, and its
//! [`retry_after()`](crate::Error::retry_after) is what is left of the pause. A token that lives is served
//! meanwhile.
//!
//! | answer | pause | ends early by | setting |
//! |---|---|---|---|
//! | -1, a status of failure, no connection, no answer in time, no JSON, a code that is not in this table | 1 s, doubling to 30 s; up to 20 % longer at random | | [`transient`](crate::CoolDowns::transient) |
//! | 40001, 40002, 40013, 40125, 41002, 41004 | 60 s, doubling to 10 min | another secret from the storage | [`configuration`](crate::CoolDowns::configuration) |
//! | 40164, 61004, 89503 | 60 s, doubling to 10 min | | [`address`](crate::CoolDowns::address) |
//! | 40243, 50004, 50007 | 10 min | | [`frozen`](crate::CoolDowns::frozen) |
//! | 89501 | 60 s | | [`confirmation_pending`](crate::CoolDowns::confirmation_pending) |
//! | 89507 | 1 h | | [`confirmation_refused`](crate::CoolDowns::confirmation_refused) |
//! | 89506 | 24 h | | [`confirmation_barred`](crate::CoolDowns::confirmation_barred) |
//! | 45009 | until midnight in Beijing, with one call an hour | a `clear_quota` through the client | [`quota_probe`](crate::CoolDowns::quota_probe) |
//! | 61003, 61023, an account that is not in the list of authorizers | 10 min | another refresh token that is saved | [`reauthorization`](crate::CoolDowns::reauthorization) |
//! | 61005, 61006 | until there is another verify ticket | that | |
//! | 45011 | to the next minute, and up to 12 s more at random | | [`jitter_percent`](crate::CoolDowns::jitter_percent) |
//!
//! A pause doubles while answers of the same row come one after the other, and a grant ends it. It is kept in this
//! process, for one credential of one account at one `base_url` through storages of one type: the other kind of
//! token, a ticket, another account are not held back by it. A storage that has no secret at all causes no pause,
//! and a `refresh_access_token` of your own that fails causes a transient one.
//!
//! # What goes wrong on this side of the wire
//!
//! What is repeated below is repeated at most [twice](crate::ClientBuilder::retries), after 0.1 s and 0.2 s and
//! up to half as much again at random, and never past the call's time. A call *may be sent twice* when its
//! method is GET, HEAD, PUT, DELETE, OPTIONS or TRACE, or after
//! [`retry_unsafe`](crate::RequestBuilder::retry_unsafe). Calls to the paths that grant are not repeated but
//! followed by a pause.
//!
//! ## `Storage`
//!
//! The storage adapter failed, panicked, did not answer within
//! [5 s](crate::RefreshSettings::storage_timeout), or has not what is needed: a hub elsewhere that has no token, or
//! an expired one; a `refresh_access_token` of your own that brings such a one, or one of the other kind. A
//! [hub over HTTP](crate::adapters::HubClient) that cannot be reached, is late, or answers with what is no hub's
//! answer is one, too; [`reason()`](crate::Error::reason) is its word for it, such as `fail_fetch_access_token`.
//!
//! *Done already:* while a live token is at hand that WeChat takes, it is used, and you see nothing of this.
//! Without one, WeChat was not asked: a storage that is down is not an empty one. A new token that could not be *saved* is no error: it is
//! used, the log says so, and the next one in this process who misses it in the storage saves it.
//!
//! *To do:* see to the storage; [`source()`](std::error::Error::source) is its own error. It recovers by itself. What a
//! hub was refused by WeChat is not of this kind: it is the errcode's own, here as there.
//!
//! ## `Connect`
//!
//! No connection could be made: no such host, nobody listening, a certificate that is not trusted, or no answer
//! within [3 s](crate::ClientBuilder::connect_timeout).
//!
//! *Done already:* repeated, whatever the method: nothing was sent.
//!
//! *To do:* check `base_url`, the network, the proxy. Sending again is safe.
//!
//! ## `Timeout`
//!
//! An attempt took longer than [15 s](crate::ClientBuilder::attempt_timeout), the whole call longer than
//! [30 s](crate::ClientBuilder::timeout), a file stood still for as long as an attempt may take, no token was granted in
//! time, or the async runtime is shutting down.
//!
//! *Done already:* an attempt that ran out of time was repeated if it may be sent twice. A refresh that the call
//! waited for goes on for the others.
//!
//! *To do:* the text says what was missing, and what follows from that. If it was the token, the call may be sent again. If
//! it was the answer, WeChat may have acted: look before sending a POST again. If it was what follows from an answer,
//! WeChat has acted: do not send it again. For a long file allow the call more [time](crate::RequestBuilder::timeout).
//!
//! ## `Transport`
//!
//! The connection broke after the request began.
//!
//! *Done already:* repeated, if it may be sent twice.
//!
//! *To do:* as after a [timeout](#timeout): WeChat may have acted.
//!
//! ## `Status`
//!
//! An HTTP status other than success, with no errcode in the body: WeChat answers errors of its own with 200, so
//! something between here and there has answered. A redirect is one, because following it would take the token
//! along. For a [download](crate::RequestBuilder::download), so is everything but a whole file: a part that was not
//! asked for, an answer that is packed.
//!
//! *Done already:* a status of 500 or more was repeated, if the call may be sent twice.
//!
//! *To do:* check `base_url`, proxies and gateways. 412 is what a body without a length gets.
//!
//! ## `Body`
//!
//! The answer cannot be used: empty, not JSON, not UTF-8, of another shape than the type it is read into, a page
//! of markup, or longer than [10 MiB](crate::ClientBuilder::body_limit). For [`save`](crate::Download::save), a
//! description in JSON, as WeChat sends it in place of a film.
//!
//! *Done already:* nothing; an answer that has come is not asked for again.
//!
//! *To do:* check that `base_url` is WeChat's API and that the path answers what you expect. What is long is
//! [downloaded](crate::RequestBuilder::download) and [saved](crate::Download::save).
//!
//! ## `File`
//!
//! A file to be uploaded cannot be read, is no file, or is not as long as it was said to be; a download cannot be
//! written.
//!
//! *Done already:* an upload was not begun, or broken off before its end, so that WeChat has no file; of a
//! download nothing is left, and a file that was there before is still there.
//!
//! *To do:* the text names the file and the system's reason. A directory to save in has to exist.
//!
//! What is behind these words, case by case and with its tests:
//! [what happens when](crate::what_happens_when).
