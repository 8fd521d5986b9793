//! What happens when: case by case, each with the test that proves it.
//!
//! The tests are in the workspace's `tests/integration/tests`, one file a subject: `one_refresh::a_cancelled…` is
//! in `one_refresh.rs`. They run against the crate `wechat-simulator`, on its clock. What to do about an error is
//! told in [when a call fails](crate::when_a_call_fails).
//!
//! # Coming by a token
//!
//! | when | then | proved by |
//! |---|---|---|
//! | 500 callers begin cold, and again at expiry | one fetch each time | `one_refresh::five_hundred_callers_cold_and_at_expiry_cost_one_fetch_each` |
//! | 10,000 callers | one fetch each time | `one_refresh::ten_thousand_callers_cold_and_at_expiry_cost_one_fetch_each` |
//! | the token is of the classic kind | one fetch each time; the stable line is not touched | `one_refresh::classic_tokens_are_fetched_once_too` |
//! | 500 callers share one binding | the storage is read once, and once more before WeChat is asked | `sharing::five_hundred_callers_of_one_binding_read_the_storage_once` |
//! | a token was read before | the local copy is served, the storage left alone | `sharing::what_was_read_is_kept_from_call_to_call` |
//! | a token is in its last five minutes | it is served, and one refresh runs behind the callers' backs | `one_refresh::an_ageing_token_is_served_while_one_refresh_runs`, `one_refresh::an_ageing_token_is_replaced_behind_the_callers_backs` |
//! | that refresh fails | the token is served on; the next attempt waits | `sharing::while_refreshing_fails_an_ageing_token_is_served_and_the_storage_left_alone`, `storage_trouble::a_failed_refresh_leaves_a_live_token_in_place` |
//! | a refresh fails that callers wait for | all of them get its error | `storage_trouble::a_failed_refresh_is_shared_by_all_who_wait` |
//! | the caller who began a refresh is cancelled | the others get its token | `one_refresh::a_cancelled_leader_costs_nobody_anything` |
//! | the async runtime of a refresh goes away | a waiter begins anew: one fetch more | `one_refresh::a_leader_whose_runtime_is_dropped_costs_nobody_anything` |
//! | the async runtime of a refresh is not driven | another takes over after the lease, and the late one changes nothing | `one_refresh::a_leader_in_a_runtime_that_nobody_drives_holds_nobody_past_its_lease` |
//! | the token endpoint hangs | the callers get `Timeout` within the lease | `sharing::a_refresh_takes_no_longer_than_the_lease` |
//! | something panics in a refresh | a typed error; the next refresh runs | `sharing::a_panic_in_a_refresh_is_a_typed_error_and_wedges_nothing` |
//! | WeChat grants for 0 s, or `expires_in` caps to 0 s | one fetch a minute at most, not one for each call | `one_refresh::a_short_grant_does_not_cause_a_fetch_per_call` |
//! | the token endpoint answers without a token | `Body`; nothing is saved, the call is not sent | `answers::a_token_endpoint_that_lies_gives_a_typed_error_and_no_token` |
//! | the token endpoint answers with a failing status, or more than 64 KiB | a typed error; nothing is saved | `wire::a_token_endpoint_is_believed_only_with_success_and_within_its_size` |
//! | the stored token is of the other kind | it counts as none | `refused::a_stored_token_of_the_other_kind_counts_as_none` |
//! | the declaration caps lifetimes by `expires_in` | tokens end early; the stored record keeps WeChat's word | `refused::a_declared_lifetime_shortens_and_the_record_keeps_wechats_own` |
//! | processes' clocks are ten minutes off | no storm of refreshes, no failed call | `one_refresh::clocks_that_are_off_by_ten_minutes_cause_no_storm_and_no_failed_call` |
//! | a stored record is stamped in the future | it lives from now on, and no longer | `limits::a_record_stamped_in_the_future_is_looked_up_again_when_its_time_is_over` |
//!
//! # A token is refused
//!
//! | when | then | proved by |
//! |---|---|---|
//! | WeChat answers 40001, 40014 or 42001 | one refresh, and the call is sent once more with the new token | `refused::a_refused_token_is_refreshed_once_and_the_call_sent_again_with_the_new_one`, `refused::each_refusing_errcode_is_a_refusal_and_no_other_is` |
//! | 500 callers are refused at once | one new token | `injection::five_hundred_callers_cost_one_token_when_cold_and_one_when_it_is_refused` |
//! | the call had a body | the same bytes are sent again | `refused::the_resent_request_has_the_same_body_byte_for_byte`, `refused::form_and_byte_bodies_are_sent_again_too` |
//! | the body was a stream | it is sent once; the error says so, and the token is fresh for the next call | `injection::a_stream_is_sent_once_and_the_token_is_fresh_for_the_next` |
//! | the new token is refused, too | `TokenRejected` after two sends | `refused::refused_for_ever_ends_after_two_sends` |
//! | 100 callers are refused for ever | one refresh per 30 s, and every caller gets `TokenRejected` | `refused::a_hundred_callers_refused_for_ever_cost_one_refresh_per_gap` |
//! | the refused token is younger than 30 s | it is not replaced; `retry_after` says when | `refused::a_token_younger_than_the_gap_is_not_replaced` |
//! | `stable_token` brings the refused token back | it is forced, once | `refused::a_stable_token_is_forced_only_after_the_refused_value_came_back` |
//! | the refused token comes back after forcing | `TokenRejected`; the call is not sent again | `refused::the_same_token_after_forcing_is_an_error` |
//! | the day's refreshes, or the forced ones, are used up | `TokenRejected` until midnight in Beijing | `refused::the_days_budgets_are_kept_and_start_anew_at_midnight_in_beijing` |
//! | the storage holds a newer token | it is used; WeChat is not asked | `refused::a_storage_that_holds_a_newer_token_costs_no_fetch` |
//! | another process fetches tokens for this appid | one refresh, and no call fails | `refused::something_else_that_rotates_the_token_costs_one_refresh` |
//! | the refresh after a refusal fails | the caller gets its error; neither the gap nor the day's budget is spent | `refused::an_attempt_that_brought_nothing_spends_neither_the_gap_nor_the_budget` |
//! | callers of two paths are refused at once | each is told of its own refusal | `refused::each_who_is_refused_is_told_of_the_own_refusal` |
//! | the call carries the caller's own token | it is neither looked up nor refreshed; the refusal is the answer | `refused::a_callers_own_token_is_neither_looked_up_nor_refreshed` |
//! | `refresh_access_token` is called with an old token | the current one is the answer; WeChat is not asked | `refused::refresh_access_token_compares_before_it_refreshes` |
//! | the storage refreshes by itself | it is obeyed, and its token saved | `refused::a_storage_that_refreshes_by_itself_is_obeyed_and_its_token_saved` |
//!
//! # WeChat grants no token
//!
//! | when | then | proved by |
//! |---|---|---|
//! | it is busy, fails, or talks nonsense | one call per pause of 1 s, doubling to 30 s; a success ends it | `cool_downs::transient_trouble_pauses_from_one_second_to_thirty_and_a_success_ends_it` |
//! | it does not answer, or no connection is made | the same | `cool_downs::no_answer_and_no_connection_are_transient_trouble` |
//! | the appid or the secret is wrong | one call per pause of 60 s, doubling to 10 min | `cool_downs::a_wrong_configuration_pauses_from_one_minute_to_ten` |
//! | the storage then has another secret | it is tried at once | `cool_downs::another_secret_from_the_adapter_ends_a_wrong_configuration` |
//! | two callers have two wrong secrets | one call each, and the right secret is not held back | `cool_downs::two_wrong_secrets_cost_one_call_each` |
//! | the address is not on the whitelist | one call per pause of 60 s, doubling to 10 min | `cool_downs::an_address_that_is_not_allowed_pauses_from_one_minute_to_ten_and_a_secret_changes_nothing` |
//! | the account is frozen, or waits for its administrator | pauses of 10 min, 60 s, 1 h or 24 h, by errcode | `cool_downs::what_an_administrator_must_see_to_pauses_for_its_own_time` |
//! | the minute's quota is used up | a pause to the next minute | `cool_downs::a_minutes_quota_pauses_to_the_next_minute` |
//! | the day's quota is used up | one call an hour until midnight in Beijing | `cool_downs::a_days_quota_is_probed_once_an_hour_until_midnight_in_beijing` |
//! | the quota is cleared through the client | the pause ends, for that account alone | `cool_downs::a_cleared_quota_ends_the_days_pause`, `limits::a_cleared_quota_ends_the_pauses_that_a_quota_caused_and_of_that_account_alone` |
//! | it is cleared by the secret, without any token | the pause ends | `cool_downs::a_quota_cleared_by_the_secret_ends_the_days_pause_without_any_token` |
//! | the answers change | each sort has pauses of its own | `limits::a_failure_of_another_kind_starts_its_own_pauses` |
//! | another account, or another platform, is called | it is not held back | `cool_downs::one_accounts_cool_down_is_not_anothers` |
//! | the clock is set back during a pause | the pause lasts no longer than it would have | `cool_downs::a_clock_set_back_does_not_lengthen_a_pause`, `limits::a_clock_set_back_ends_a_pause_after_its_length` |
//!
//! # The storage
//!
//! | when | then | proved by |
//! |---|---|---|
//! | it is down, and a live copy is at hand | the copy is served | `storage_trouble::a_live_copy_is_served_while_the_storage_is_down` |
//! | it is down, and there is no copy | `Storage` with its own error inside; WeChat is not asked; it recovers by itself | `storage_trouble::a_storage_that_cannot_be_read_causes_no_fetch_and_its_error_is_kept` |
//! | it is down, and the token is refused | `Storage`; WeChat is not asked | `storage_trouble::a_refusal_while_the_storage_is_down_causes_no_fetch` |
//! | it hangs or panics | `Storage`, in time | `storage_trouble::a_storage_that_hangs_or_panics_is_a_typed_error_in_time` |
//! | it takes so long that the lease nearly ends | `Storage`; WeChat is not asked | `storage_trouble::a_storage_too_slow_to_leave_time_for_asking_is_told_so_and_costs_no_fetch` |
//! | it cannot save | the token is served, and saved by the next who misses it | `storage_trouble::a_token_that_cannot_be_saved_is_served_and_not_fetched_again_by_each` |
//! | it does not show what it was given, as a replica that lags | one fetch for all | `storage_trouble::a_storage_that_does_not_show_what_it_was_given_costs_one_fetch` |
//! | it says that it has stored another token | that one is used | `limits::what_a_storage_says_it_has_stored_is_what_is_used` |
//! | a slow read ends after a refresh | it does not put the older token in place of the new one | `sharing::a_slow_read_does_not_put_an_older_token_over_a_refreshed_one` |
//! | it has no secret for the appid, or an empty one | `Configuration` | `storage_trouble::an_account_without_a_secret_is_told_so`, `limits::an_empty_secret_is_none` |
//! | its own refresh fails | `Storage`, and a pause as after WeChat's | `limits::a_storages_own_refresh_that_fails_pauses_like_wechats` |
//! | one of two storages fails | callers of the other do not notice | `storage_trouble::one_bindings_storage_trouble_is_not_anothers`, `sharing::a_storage_that_fails_one_leader_fails_no_waiter_on_another_storage` |
//! | it is a `storage::Client` | WeChat is never asked for a token | `storage_trouble::a_client_of_a_hub_never_asks_wechat_for_a_token` |
//! | the hub's token ages | it is looked up again; the hub is not hurried | `limits::an_ageing_token_of_a_hub_is_looked_up_again_and_the_hub_is_not_hurried` |
//! | the hub has a newer token than the refused one | it is used; the hub is not told to refresh | `limits::a_hub_that_has_a_newer_token_is_not_told_to_refresh` |
//! | the hub has only an expired token | `Storage`; it is not sent | `limits::an_expired_token_from_a_hub_is_an_error_and_is_not_sent` |
//! | you try the contract on your adapter | each fault is found by the check made for it | `contract::every_fault_is_found_by_its_own_check_and_no_report_tells_a_secret` |
//! | the same, and it is a `storage::ComponentHub` | nor does one get by that loses a refresh token | `contract_component::every_fault_that_any_storage_can_have_is_found_in_a_components_too`, `contract_component::every_fault_with_authorizers_is_found_by_its_own_check_and_no_report_tells_a_secret` |
//!
//! # Component applications
//!
//! | when | then | proved by |
//! |---|---|---|
//! | 500 callers need the component's token, cold and at expiry | one fetch each time, by the newest verify ticket | `component_tokens::five_hundred_callers_cold_and_at_expiry_cost_one_component_token_each`, `component_tokens::the_component_token_is_asked_for_with_the_newest_ticket_and_kept` |
//! | no verify ticket of the last twelve hours is kept | `NoVerifyTicket`, with the age of the last one; WeChat is not asked | `component_tokens::without_a_ticket_wechat_is_not_asked_and_the_age_of_the_last_one_is_told` |
//! | WeChat refuses the ticket | one call, and none before there is another ticket | `component_tokens::a_ticket_that_is_refused_is_shown_once_and_a_newer_one_ends_the_pause` |
//! | WeChat answers 40001, 40014 or 42001 to a call of the component's | its token is refreshed once, and the call sent once more | `component_tokens::each_refusing_errcode_on_a_call_of_the_components_refreshes_its_token_once`, `component_tokens::a_component_token_that_stays_refused_ends_the_call_without_a_loop` |
//! | an authorizer's token expires, or is refused | one refresh for all, by its refresh token | `component_tokens::an_authorizers_token_that_expires_is_bought_again_with_its_refresh_token`, `component_tokens::a_refused_authorizers_token_is_replaced_once_for_all_and_the_calls_sent_again` |
//! | the component's token is refused while it buys an authorizer's | it is replaced once, and the purchase made once more | `component_tokens::a_component_token_that_is_refused_while_it_buys_is_replaced_once_and_it_buys_then`, `component_tokens::a_component_token_that_stays_refused_while_it_buys_ends_it_and_is_not_tried_by_each_caller` |
//! | the component can get no token | an authorizer's that lives is served | `component_tokens::a_live_token_of_an_authorizer_is_served_while_the_component_can_buy_none` |
//! | 1,000 authorizers have expired, with 8 callers each | one refresh each, one component token, at most 256 connections | `component_crowd::a_thousand_expired_authorizers_and_eight_callers_each_cost_one_refresh_each`, `component_crowd::a_thousand_expired_authorizers_asked_for_at_once_by_eight_each_open_few_connections` |
//! | tickets, authorizers' tokens and the component's are wanted at once, by all | nobody waits for ever | `component_crowd::whoever_waits_for_tickets_authorizers_and_the_component_at_once_is_served` |
//! | the quota is used up, or the address not allowed | one call in each pause | `component_crowd::a_used_up_quota_or_an_address_that_is_not_allowed_costs_one_call_in_its_pause` |
//! | an answer has no refresh token, `null`, the same one, or another | the stored pair is right | `component_refresh_tokens::the_stored_pair_is_right_whatever_the_answer_says_of_the_refresh_token` |
//! | a refresh token is lost or refused | it is found again in the list of authorizers, page by page | `component_refresh_tokens::a_refresh_token_that_is_lost_or_refused_is_found_again_in_the_list`, `component_refresh_tokens::an_account_on_the_last_page_of_the_list_is_found` |
//! | all of them are lost | the list is read once, each token fetched once | `component_refresh_tokens::a_storage_that_lost_everything_has_each_token_fetched_once_and_the_list_read_once` |
//! | it is found nowhere | `ReauthorizationRequired`, and a pause of ten minutes, which another refresh token ends | `component_refresh_tokens::a_refresh_token_that_is_refused_and_found_nowhere_requires_authorization_anew`, `component_refresh_tokens::an_account_that_is_not_in_the_list_is_told_so_and_nobody_asks_again_for_a_while` |
//! | the account authorizes anew while a refresh is under way | the new refresh token stays | `component_refresh_tokens::an_account_that_authorizes_anew_during_a_refresh_keeps_its_new_refresh_token`, `component_refresh_tokens::an_authorization_that_comes_while_a_refresh_saves_is_saved_after_it` |
//! | a changed refresh token cannot be saved | `Storage`; the next refresh saves it | `component_refresh_tokens::nobody_is_told_of_success_before_a_new_refresh_token_is_saved_and_the_next_refresh_saves_it` |
//! | a storage says that it keeps another refresh token than the one just granted | `Storage`; the next refresh saves it once more | `component_trouble::a_storage_that_keeps_nothing_new_is_told_of_once_and_not_asked_without_end` |
//! | a caller is cancelled, wherever | the refresh goes on, and the next caller is served | `component_trouble::wherever_a_caller_is_cancelled_the_next_one_is_served_and_no_refresh_token_is_lost` |
//! | the caller is cancelled while it is saved | it is saved | `component_refresh_tokens::a_caller_who_is_cancelled_while_the_answer_is_saved_loses_nothing` |
//! | the call that exchanged an authorization ends while another save of the record is under way | it is kept all the same | `component_trouble::an_authorization_is_kept_though_its_call_ends_behind_another_save` |
//! | the process is killed between WeChat's answer and the save | an unchanged one is where it was; a changed one is found in the list | `component_killed::a_process_killed_before_it_saves_an_unchanged_refresh_token_loses_nothing`, `component_killed::a_process_killed_before_it_saves_a_rotated_refresh_token_has_it_found_again_in_the_list` |
//! | an account authorizes | the code is exchanged once, and calls can be made | `component_events::an_account_that_authorizes_can_be_called_for_with_nothing_done`, `component_events::the_same_event_twice_is_exchanged_once` |
//! | the tokens cannot be kept | WeChat pushes again, and they are found in the list | `component_events::an_event_whose_tokens_could_not_be_kept_is_pushed_again_and_found_in_the_list` |
//! | an account cancels | calls for it fail at once, without WeChat; its record stays | `component_events::an_account_that_cancels_is_called_for_no_more_and_its_record_stays` |
//! | events come in another order than they happened | what happened last counts | `component_events::a_cancellation_that_comes_after_a_newer_authorization_changes_nothing`, `component_events::a_ticket_that_comes_again_late_does_not_take_the_place_of_a_newer_one` |
//! | an event or an answer is for another component or account | it never lands in this one's record | `component_events::an_event_for_another_component_never_reaches_the_storage`, `component_events::tokens_are_kept_for_the_account_that_the_answer_names_and_not_for_the_one_of_the_event`, `component_routes::two_components_and_their_authorizers_never_see_each_others_tokens` |
//! | a path takes more than the caller has written | it is filled in; what the caller wrote wins, and the rest stays | `component_routes::a_components_own_path_gets_its_token_in_the_query_and_its_appid_in_the_body`, `component_routes::the_authorizer_is_filled_in_where_the_call_has_one_and_what_the_caller_wrote_wins` |
//! | a path that grants is called by name | its answer is kept, once for all who ask | `component_routes::a_component_token_asked_for_by_name_is_filled_in_kept_and_fetched_once`, `component_routes::an_authorizers_token_asked_for_by_name_is_filled_in_and_the_pair_is_kept` |
//! | a call is for no account, or of the other kind of application | `Request`; nothing is sent | `component_routes::a_call_that_is_for_nobody_or_of_the_other_kind_of_application_is_not_sent` |
//!
//! # A hub over HTTP
//!
//! | when | then | proved by |
//! |---|---|---|
//! | 64 clients, and 500, in other processes begin cold, at expiry, or are refused at once | one fetch each time, and nobody fails | `hub_processes::sixty_four_clients_at_expiry_and_at_a_refusal_cost_one_fetch_each`, `hub_processes::five_hundred_clients_at_expiry_and_at_a_refusal_cost_one_fetch_each` |
//! | 200 callers report the same token | one token for all | `hub_refresh::two_hundred_reports_of_one_token_by_different_callers_cost_one` |
//! | what is reported is not the current one, or null | the live one is the answer; WeChat is not asked | `hub_refresh::a_report_of_what_is_not_current_gets_the_live_one_and_costs_nothing` |
//! | what is reported was granted less than 30 s ago | 429, with a `Retry-After`; it is not replaced | `hub_refresh::one_that_was_granted_a_moment_ago_is_not_replaced_and_it_is_told_when` |
//! | the hub's client caps lifetimes by `expires_in` | that is what its clients are told | `hub_refresh::the_life_that_was_declared_is_the_one_that_clients_are_told_and_the_hub_keeps_to` |
//! | it is asked as `elixir_wechat` asks | it answers byte for byte as that library's hub | `hub_answers::success_is_answered_byte_for_byte`, `hub_answers::the_originals_client_is_served_on_a_connection_that_it_keeps` |
//! | WeChat refuses it | errcode, errmsg and status reach the client whole, and the `Retry-After` of the pause | `hub_failures::what_wechat_refuses_reaches_the_client_whole`, `hub_failures::what_is_left_of_a_cool_down_is_what_a_client_is_told` |
//! | WeChat hangs, or what answers is not WeChat | 504, or 502 | `hub_failures::wechat_that_hangs_is_a_gateway_timeout_whoever_gives_up_first`, `hub_failures::what_is_no_answer_of_wechats_is_a_bad_gateway` |
//! | its storage is down | 503; WeChat is not asked | `hub_failures::a_storage_that_is_down_is_no_service_and_causes_no_call` |
//! | it has no secret for the appid | 404, `invalid_config`, and errcode 40013, as WeChat would say | `hub_answers::an_account_without_a_secret_is_wechats_invalid_appid_and_the_hubs_invalid_config` |
//! | a question is no question, or of another path or method | 400, 404, 405, in JSON | `hub_questions::a_query_that_asks_nothing_is_an_invalid_request`, `hub_questions::a_path_or_a_method_that_is_none_of_the_protocols_says_so` |
//! | a body is too long, breaks off, or never comes | 413, 400, 408 | `hub_questions::a_body_that_is_too_long_is_413_however_it_comes`, `hub_questions::a_body_that_never_comes_is_408_within_the_time_out` |
//! | whatever else it is asked | an answer in JSON, and nothing secret in it | `hub_properties::the_router_answers_whatever_it_is_asked`, `hub_properties::the_server_answers_whatever_is_written_to_it` |
//! | nobody is listed in `Access`, or the bearer token is wrong | 401 | `hub_access::nobody_may_ask_by_default`, `hub_access::the_bearer_token_is_the_whole_of_it_in_one_header_of_its_own` |
//! | one asks for an account or an operation that it is not listed for | 403 | `hub_access::one_may_ask_about_the_accounts_that_one_is_listed_for`, `hub_access::one_may_ask_for_what_one_is_listed_for` |
//! | one reports more tokens than it may in a minute | 429, with a `Retry-After` | `hub_rates::a_minutes_reports_may_come_at_once_and_one_more_is_told_when_to_come` |
//! | it is served where others can reach it, and nobody is listed | an error that says what to do; nothing is served | `hub_serve::what_others_can_reach_is_not_served_to_nobody_in_particular` |
//! | it is stopped | the questions under way are answered, within bounds | `hub_serve::a_question_under_way_is_answered_and_an_idle_connection_holds_nothing`, `hub_serve::it_ends_in_bounded_time_and_cuts_off_what_hangs` |
//! | a caller asks, and never reads the answers | it is cut off | `hub_serve::who_asks_and_never_reads_is_cut_off` |
//! | its storage is a client of another hub | that hub's words are passed on | `hub_relay::wechats_errors_and_the_words_for_them_are_passed_on` |
//! | it is asked about a component application, or an account that authorizes one | it answers as `elixir_wechat`'s hub does, byte for byte, each by the clock of its own client | `hub_component::success_is_answered_byte_for_byte_in_every_form`, `hub_component::a_hub_serves_common_applications_beside_components_each_by_its_own_client` |
//! | 200 callers report one account's token, or the component's | one token for all, also where the one that buys it is refused, too | `hub_component_refresh::two_hundred_reports_of_one_accounts_token_cost_one_call`, `hub_component_refresh::two_hundred_reports_of_a_components_token_cost_one_call`, `hub_component_refresh::two_hundred_reports_of_an_accounts_token_where_the_components_is_refused_too_cost_one_of_each` |
//! | 64 clients for an account, in other processes, begin cold, at expiry, or are refused at once | one refresh each time, and nobody fails | `hub_processes::sixty_four_clients_for_an_account_that_authorizes_a_component_cost_one_refresh_each_time` |
//! | the account does not authorize the component, or has taken that back | 404, `invalid_authorizer_appid` | `hub_component_refusals::an_account_that_does_not_authorize_the_component_is_an_invalid_authorizer_appid`, `hub_component_refusals::an_account_that_has_taken_its_authorization_back_is_an_invalid_authorizer_appid` |
//! | WeChat refuses the account's refresh token | 502, `invalid_component_refresh_token` | `hub_component_refusals::a_refresh_token_that_wechat_refuses_for_good_is_an_invalid_component_refresh_token` |
//! | no verify ticket was pushed, or none for twelve hours | 503, `verify_ticket_not_found`; WeChat is not asked | `hub_component_refusals::without_a_verify_ticket_it_is_told_so_and_wechat_is_not_asked` |
//! | one is held to a component, or to some of the accounts that authorize it | all of them are answered, or these alone | `hub_component_access::a_components_appid_stands_for_all_accounts_that_authorize_it_and_an_accounts_for_that_one` |
//!
//! # Several processes on one storage
//!
//! | when | then | proved by |
//! |---|---|---|
//! | 200 callers in four processes begin cold, or report one token | one fetch for all | `coordinated::two_hundred_callers_in_four_processes_cost_one_fetch_cold_and_one_for_a_refused_token` |
//! | another process has refreshed already | what it has stored is the answer | `coordinated::what_another_process_has_stored_answers_a_refusal_without_a_fetch` |
//! | another process refreshes now | it is waited for | `coordinated::who_wants_a_turn_waits_for_the_leader_and_costs_nothing` |
//! | another process has replaced a refused token a moment ago, or the day's refreshes are used up by all together | `TokenRejected`; `retry_after` says when | `coordinated_pauses::the_gap_between_two_refusals_is_that_of_all_processes`, `coordinated_pauses::the_days_budget_of_refusals_is_that_of_all_processes` |
//! | WeChat grants nothing | one call per pause for all; who clears the quota ends the pause of all | `coordinated_pauses::a_cool_down_costs_one_call_over_all_processes_and_all_are_told_the_same` |
//! | the secret is wrong in one of them | those that have the right one are not held back | `coordinated_pauses::another_secret_ends_a_pause_in_the_process_that_has_it_and_in_no_other` |
//! | the process that refreshes goes away | another takes over when its lease is over | `coordinated::a_leader_that_goes_away_is_taken_over_by_one_when_its_lease_is_over` |
//! | it comes back after its lease, with an older token | that is not stored; its callers get the newer one | `coordinated_stored::a_late_result_never_overwrites_a_newer_one` |
//! | it comes back, and nobody has taken over | its token is stored | `coordinated_stored::what_is_not_taken_over_is_stored_also_after_the_lease` |
//! | the storage cannot be asked | a live copy is served; otherwise `Storage`, and WeChat is not asked | `coordinated_stored::a_coordinator_that_is_down_costs_no_fetch_and_no_token_that_lives` |
//! | what was granted cannot be stored | it is used, and stored as soon as it can be | `coordinated_stored::what_could_not_be_stored_is_used_and_stored_as_soon_as_it_can_be`, `coordinated_stored::an_answer_to_the_commit_that_is_lost_costs_nothing` |
//! | the same, with an authorizer's rotated refresh token | `Storage`, until it is stored | `coordinated_authorizers::nobody_is_told_of_success_before_a_rotated_refresh_token_is_stored` |
//! | an account authorizes anew while another process refreshes its token | the new refresh token stays | `coordinated_authorizers::an_authorization_during_a_refresh_in_another_process_is_what_stays` |
//! | another process stores a note on the account meanwhile, or leads already | a rotated refresh token is stored all the same | `coordinated_authorizers::what_was_bought_is_stored_also_where_something_else_of_the_record_was_meanwhile`, `coordinated_authorizers::a_rotated_refresh_token_is_not_dropped_because_another_leads` |
//! | an event on an account is noted while another process stores its refresh token | the refresh token stays | `coordinated_authorizers::what_an_event_notes_takes_no_refresh_token_back`, `coordinated_authorizers::one_authorization_pushed_to_two_processes_keeps_its_refresh_token` |
//! | an account's token is refused just after it has authorized | `TokenRejected` in all processes; `retry_after` says when | `coordinated_authorizers::what_an_authorization_has_just_brought_is_not_replaced` |
//! | WeChat's last answer came too late to be stored | what is stored is refreshed once more, when the lease is over | `coordinated_stored::what_is_stored_after_a_refused_commit_is_current_in_the_end` |
//! | nothing can be stored for long | the gap and the day's budget hold | `coordinated_stored::the_gap_holds_also_where_no_commit_succeeds` |
//! | the storage gives turns, and refuses all that is bought | `Storage`, and a pause | `coordinated_stored::a_coordinator_that_refuses_each_commit_costs_no_storm` |
//! | a component clears its quota | its accounts' pauses end in all processes | `coordinated_pauses::a_components_cleared_quota_ends_its_accounts_pauses_in_all_processes` |
//! | one process has no way to WeChat | the others are not held back | `coordinated_pauses::a_process_without_a_network_keeps_no_other_from_its_token` |
//! | a process has a later version | what is noted is known as far as can be | `coordinated_pauses::an_error_of_a_later_version_takes_no_count_along` |
//! | the storage's clock jumps an hour | nobody waits longer than a lease, and there is no storm | `coordinated_pauses::a_clock_that_jumps_an_hour_back_leaves_nobody_waiting_longer_than_a_lease`, `coordinated_pauses::a_clock_that_jumps_back_and_forth_costs_no_storm` |
//! | processes have leases of different lengths | each lease is as long as who leads has it | `coordinated::a_process_with_a_shorter_lease_takes_nothing_from_one_with_a_longer`, `coordinated::a_lease_is_as_long_as_it_was_granted_for_whoever_waits_for_it` |
//! | two storages of one type are used in one process | what is stored in one is no answer for who uses the other | `coordinated::what_is_stored_in_one_storage_is_no_answer_for_who_is_bound_to_another` |
//! | the storage's `begin` fails, hangs or makes everybody wait | `Storage` or `Timeout`, in time; WeChat is not asked | `coordinated_oddly::a_coordinator_that_gives_no_turn_costs_no_fetch_and_holds_nobody_for_long` |
//! | Redis hears a question of which nobody had the answer | its lease goes to the next who asks there, with all its time | `redis::who_is_given_a_lease_that_was_granted_before_has_all_of_it`, `redis::a_lease_granted_to_a_question_that_was_dropped_goes_to_the_next_who_asks` |
//! | the answer to a save is lost, and another process has led since | what has come since stays | `redis::a_save_whose_answer_is_lost_is_not_done_again_over_what_has_come_since` |
//! | the user in Redis may not do all that is needed | `Storage`, which says what to do; no refresh token is stored that expires | `redis::a_script_that_is_refused_half_way_leaves_no_refresh_token_that_expires` |
//!
//! The same with separate hub processes, a real Redis, and what can happen to either:
//!
//! | when | then | proved by |
//! |---|---|---|
//! | the process that refreshes is killed, or stopped past its lease | another takes over; what the stopped one stores is refused | `faults::fault_04_a_leader_that_is_killed_in_mid_call_is_followed_within_its_lease`, `faults::fault_05_a_leader_that_stood_still_past_its_lease_commits_nothing` |
//! | an older answer arrives last | it is not stored | `faults::fault_03_an_older_answer_that_arrives_last_overwrites_nothing` |
//! | WeChat hangs | each caller has an answer within its own deadline | `faults::fault_06_who_waits_for_a_platform_that_hangs_is_answered_within_its_own_deadline` |
//! | Redis is down, frozen, slow, or comes and goes | no fetch while a copy lives; otherwise `Storage`; it recovers by itself | `faults::fault_07_a_store_that_is_down_frozen_slow_or_flapping_causes_no_fetch_while_a_copy_lives` |
//! | Redis and all processes are restarted | nothing is fetched | `faults::fault_08_what_is_stored_is_lost_or_restarted_and_each_token_is_fetched_once` |
//! | Redis loses all it had | each token is fetched once; refresh tokens are found in WeChat's list | `faults::fault_08_what_is_stored_is_lost_or_restarted_and_each_token_is_fetched_once` |
//! | processes' clocks are ten minutes off | no storm, and no dead token is served for longer than one refused call | `faults::fault_12_clocks_that_are_off_and_grants_of_no_time_cause_no_storm` |
//! | WeChat acts on a POST, and its answer is lost | it is sent once | `faults::fault_14_a_post_of_which_the_answer_is_lost_is_seen_once` |
//!
//! # A client of a hub over HTTP
//!
//! | when | then | proved by |
//! |---|---|---|
//! | it asks | as `elixir_wechat` asks, byte for byte | `hub_client::a_token_and_tickets_are_asked_for_as_the_original_asks`, `hub_client::a_refresh_is_written_as_the_original_writes_it` |
//! | 500 callers of one process have no copy | one question | `hub_processes::five_hundred_callers_whose_cache_is_empty_ask_the_hub_once` |
//! | each of them brings a `HubClient` of its own | one question | `hub_processes::five_hundred_calls_that_bring_a_client_of_the_hub_of_their_own_ask_it_once` |
//! | a token is in its last five minutes | it is served, while the hub is asked behind | `hub_copies::in_the_last_five_minutes_the_old_one_is_served_while_the_hub_is_asked_once_behind` |
//! | the hub is killed and restarted under load | who has a live token notices nothing; others get `Storage` in time, and recover by themselves | `hub_processes::a_hub_killed_and_restarted_under_load_costs_nothing_while_a_token_lives_and_then_a_typed_error` |
//! | the hub answers what is no hub's answer | `Storage`, in time; WeChat is not asked | `hub_client::an_answer_that_is_no_grant_is_a_typed_error_and_wechat_is_not_asked` |
//! | it never ends its answer, or gives none | `Storage`, in time | `hub_client::an_answer_that_never_ends_is_a_typed_error_when_the_time_is_up` |
//! | the connection breaks | a question is asked once more; a report is not | `hub_client::a_connection_that_breaks_is_a_typed_error_where_a_question_is_asked_twice_and_a_refresh_once`, `hub_client::a_refresh_is_sent_once_whatever_breaks_after_it_may_have_arrived` |
//! | WeChat refused it to the hub | the caller's error has WeChat's errcode | `hub_client::the_originals_errors_under_200_are_the_callers_in_full` |
//! | the hub answers a word | the error's kind goes by it, and `reason()` repeats it | `hub_client::each_word_of_the_original_for_a_reason_has_its_kind_and_is_repeated` |
//! | the hub's clock is minutes or days off | a token lives as long as it has to, by the hub's `Date` | `hub_copies::a_token_lives_as_long_as_it_has_to_whatever_the_hubs_clock_says` |
//! | it asks about a component application | as `elixir_wechat` asks, byte for byte | `hub_component_client::tokens_and_tickets_are_asked_for_as_the_original_asks`, `hub_component_client::a_refresh_is_written_as_the_original_writes_it` |
//! | one account's token is refused | it is reported once, with both appids, and the call sent again | `hub_component_client::a_refused_token_is_reported_once_and_the_call_succeeds_with_the_hubs_other_one` |
//! | a common application asks the same hub, with the same appid | it is told its own, and never a component's | `hub_component_client::what_is_kept_of_one_account_is_not_told_another_nor_a_common_application` |
//! | the hub's timestamps are in milliseconds | a token does not live for ever | `hub_copies::a_timestamp_in_milliseconds_or_of_the_end_of_time_does_not_make_a_token_live_for_ever` |
//! | a token is refused that many callers have | one report, and the hub's answer is used | `hub_copies::a_token_that_many_callers_find_refused_is_reported_once` |
//! | the hub gives the refused one back | `TokenRejected`; no loop, and one report in 30 s | `hub_copies::a_hub_that_gives_the_refused_token_back_ends_the_call_without_a_loop` |
//! | a report is not answered | whoever waits for it does not send it again | `hub_waiting::a_report_that_is_not_answered_is_not_sent_again_by_those_who_wait_for_it` |
//! | callers of different patience wait for one answer | those who have more do not fail with the others | `hub_waiting::whoever_has_more_patience_does_not_fail_with_those_who_have_less` |
//! | two hubs, or two bearer tokens, are used at once | neither sees the other's tokens | `hub_copies::two_hubs_are_never_mixed_up`, `hub_copies::who_asks_by_another_bearer_token_has_another_copy` |
//! | a path that grants is called by name | the hub's ticket, or `Request`; WeChat is not asked | `hub_client::paths_that_grant_are_answered_by_the_hub_or_not_at_all` |
//!
//! # Accounts and overrides
//!
//! | when | then | proved by |
//! |---|---|---|
//! | a call names an account, the client has one, the query has one | the first of these counts | `declared::a_call_is_for_its_own_account_then_the_declared_one_then_the_querys` |
//! | there is none, or an empty one | `Request`; nothing is sent | `declared::a_call_is_for_its_own_account_then_the_declared_one_then_the_querys`, `wire::a_call_with_two_tokens_or_for_an_empty_appid_is_not_sent` |
//! | two accounts and two storages are used at once | none sees another's token | `declared::two_accounts_and_two_storages_used_at_once_never_see_each_others_tokens` |
//! | 500 calls each bring an adapter of their own | one fetch when cold, none when warm; each reads its storage | `one_refresh::five_hundred_unbound_overrides_cost_one_fetch_cold_and_none_warm` |
//! | a call brings a `Bound` | its copy is kept from call to call | `one_refresh::a_bound_override_keeps_its_copy_from_call_to_call` |
//! | a declared type is made several times | all values share storage, copies and refreshes | `declared::every_value_of_a_declared_type_shares_storage_copies_and_refresh` |
//! | a declaration is wrong in a way that only shows at run time | its calls fail, and so does `build` | `declared::what_is_wrong_with_a_declaration_at_run_time_is_the_error_of_its_calls` |
//! | two platforms have the same account | they share neither refreshes nor copies | `one_refresh::two_platforms_and_two_accounts_do_not_share_a_refresh`, `sharing::a_local_copy_is_of_one_platform` |
//!
//! # On the wire
//!
//! | when | then | proved by |
//! |---|---|---|
//! | the answer to a POST is lost | `Transport`; WeChat has seen it once | `transport::a_post_whose_answer_is_dropped_was_seen_once` |
//! | the same with `retry_unsafe` | it is sent again: WeChat sees it twice | `transport::a_post_with_retry_unsafe_is_seen_twice` |
//! | a POST is not answered in time, or by 502 | it is not repeated | `transport::a_post_that_was_not_answered_in_time_or_got_a_502_is_not_repeated` |
//! | a GET, HEAD, PUT or DELETE fails on its way | three attempts in all | `transport::what_may_be_sent_twice_is_tried_three_times_in_all` |
//! | no connection can be made | three attempts, whatever the method; then `Connect` | `transport::a_connection_that_cannot_be_made_is_tried_again_for_every_method` |
//! | making a connection takes too long | `Connect`, in its own time | `wire::a_connection_that_takes_too_long_is_given_up_in_its_own_time` |
//! | a certificate is not trusted | `Connect`; nothing is sent | `tls::an_untrusted_certificate_is_a_typed_error_and_nothing_is_sent` |
//! | your HTTP client has a retry policy | it is switched off: nothing is sent twice | `transport::a_retry_policy_of_the_users_http_client_sends_nothing_twice` |
//! | WeChat hangs | `Timeout` within the call's own time, with a token at hand or without | `transport::a_platform_that_hangs_never_holds_a_caller_past_its_deadline` |
//! | one attempt hangs | it is given up; what may be repeated is | `wire::an_attempt_that_hangs_is_given_up_and_what_may_be_repeated_is` |
//! | the answer is a redirect | `Status`; it is not followed | `transport::a_redirect_is_an_error_and_nothing_follows_it` |
//! | the answer has a failing status | `Status`; with an errcode in it, an answer | `answers::a_status_without_an_errcode_is_an_error_and_with_one_an_answer` |
//! | the status is below 500 | it is not tried again | `wire::a_status_that_is_not_the_servers_fault_is_not_tried_again` |
//! | the answer has an errcode | it is part of the answer until it is read as a success | `answers::an_answer_with_an_errcode_is_an_answer_until_it_is_read_as_success` |
//! | any errcode of the table | its kind, its path, its account, its advice | `answers::every_code_of_the_table_gives_its_kind` |
//! | the answer's Content-Type is wrong | the body decides what is JSON | `answers::json_is_known_by_the_body_whatever_the_header_says` |
//! | the answer is empty, cut off, not UTF-8, not JSON | `Body`, and which | `answers::a_body_that_cannot_be_used_is_a_typed_error` |
//! | the answer is longer than 10 MiB | `Body`; no more of it is read | `answers::an_answer_past_the_limit_is_a_typed_error`, `wire::an_answer_that_announces_too_much_is_refused_before_it_is_read` |
//! | a call goes to a foreign host, in clear to WeChat, or to an odd path | `Request`; nothing is sent | `transport::a_token_goes_to_no_foreign_url` |
//! | a call's URL has a query | it is kept in its order, behind the token | `transport::a_url_may_be_a_path_or_absolute_and_keeps_its_query`, `injection::the_token_comes_first_and_the_callers_query_keeps_its_order` |
//! | a call has a token in its query and another by `access_token` | `Request`; nothing is sent | `wire::a_call_with_two_tokens_or_for_an_empty_appid_is_not_sent` |
//! | a POST has no body | it goes out with a length of 0 | `transport::a_body_always_has_a_length` |
//! | a body comes from a reader, whose length is given | it goes out with that length, or not at all | `upload::a_body_of_its_own_may_come_from_a_reader` |
//!
//! # Paths with rules of their own
//!
//! | when | then | proved by |
//! |---|---|---|
//! | `/sns/*` is called | no token of the application goes there, and none is refreshed | `refused::an_oauth_path_gets_no_application_token` |
//! | `/sns/jscode2session` or `/sns/oauth2/access_token` is called | appid, secret and `grant_type` are filled in, unless the caller wrote them | `declared::special_paths_fill_in_what_the_caller_has_not_written`, `sns::a_user_logs_in_on_a_page`, `sns::a_user_logs_in_by_a_mini_program` |
//! | `/sns/oauth2/refresh_token` is called | appid and `grant_type` are filled in | `sns::a_user_logs_in_on_a_page` |
//! | a user's token is refused on `/sns/*` | `UserToken`; nothing is refreshed | `sns::a_users_token_that_is_refused_is_neither_refreshed_nor_replaced` |
//! | the app secret is refused on `/sns/*` | `Configuration` | `sns::a_secret_that_is_refused_there_is_a_configuration_and_no_users_fault` |
//! | `/cgi-bin/clear_quota/v2` is called | appid and appsecret are filled in | `sns::quotas_are_cleared_by_the_secret_in_the_query` |
//! | a path that takes the secret is called elsewhere than at `base_url`, or for an appid whose secret is not known | an error; nothing is sent | `transport::the_app_secret_goes_nowhere_but_to_base_url` |
//! | `/cgi-bin/token` is called by name | the token granted is saved, and calls use it | `by_name::a_token_asked_for_by_name_is_filled_in_and_saved` |
//! | it is called again | another token, but not within 30 s | `by_name::the_classic_token_is_another_one_each_time_but_not_sooner_than_the_gap` |
//! | `/cgi-bin/stable_token` is called by name | the token that lives, with the seconds it has left | `by_name::the_stable_token_is_the_one_that_lives_with_the_seconds_it_has_left` |
//! | it is called with `force_refresh` | a new token, which is saved | `by_name::a_forced_stable_token_is_a_new_one_and_is_saved` |
//! | more than 100 new tokens a day are asked for by `/cgi-bin/token` | `Quota`; refused tokens are still replaced | `by_name::renewals_by_name_have_a_budget_of_their_own` |
//! | more than 20 a day are forced | `Quota` | `by_name::the_days_forced_tokens_are_counted_and_the_next_is_an_error` |
//! | one is forced while the storage has another | it is forced all the same | `by_name::a_forced_token_is_forced_whatever_the_storage_has` |
//! | 100 callers force one at once | one forced call | `by_name::a_hundred_who_force_at_once_force_once_and_leave_the_storage_alone` |
//! | such a call brings an app secret of its own | WeChat is asked with it, and nobody else fails by it | `by_name::a_secret_of_the_callers_own_is_tried_though_a_token_lives`, `by_name::a_wrong_secret_of_one_caller_fails_nobody_else` |
//! | both kinds of token are asked for, and the storage has one record | one token of each within 30 s, and a warning | `by_name::two_kinds_in_one_record_cost_one_token_of_each_within_the_gap` |
//! | the answer to a call that spends a user's code is lost | `Transport`; the code is sent once | `sns::a_code_is_sent_once_unless_the_caller_says_otherwise` |
//! | 500 callers call `/cgi-bin/token` by name | one token | `by_name::five_hundred_who_ask_by_name_cost_one_token` |
//! | a pause holds | it holds for who asks by name, too | `by_name::a_cool_down_holds_for_who_asks_by_name` |
//! | such a call makes no sense to WeChat | `Request`; nothing is sent | `by_name::what_makes_no_sense_is_an_error_before_anything_is_sent` |
//! | it is made through a `storage::Client` | `Request`; the hub's tickets are answered | `by_name::a_client_of_a_hub_asks_for_no_token_and_has_the_hubs_tickets` |
//! | a path of component applications is called | `Request`; nothing is sent | `injection::what_leads_elsewhere_is_an_error_before_anything_is_sent` |
//!
//! # Tickets and signatures
//!
//! | when | then | proved by |
//! |---|---|---|
//! | a ticket is asked for, and asked for again | it is bought with the token, saved with its type, then read | `tickets::a_ticket_is_bought_with_the_token_saved_with_its_type_and_then_read` |
//! | 500 callers want a cold ticket | one call | `tickets::five_hundred_callers_for_a_cold_ticket_cost_one_call` |
//! | tickets and the token are cold, or refused, at once | one call for each; none waits for another for ever | `tickets::tickets_and_tokens_refreshed_at_once_do_not_wait_for_each_other` |
//! | the token is refused when a ticket is bought | it is refreshed, and the ticket bought | `tickets::a_refused_token_is_refreshed_for_the_ticket_too` |
//! | it stays refused | `TokenRejected`, and not a call by each caller | `tickets::a_token_that_stays_refused_ends_it_and_is_not_tried_by_each_caller` |
//! | WeChat grants no ticket | a pause for the ticket; the token is left alone | `tickets::a_refused_ticket_cools_down_and_the_token_is_left_alone` |
//! | the token cannot be had | its error, and no pause for the ticket | `tickets::what_keeps_the_token_away_is_not_held_against_the_ticket` |
//! | a ticket is in its last five minutes | it is served, and replaced meanwhile | `tickets::an_expired_ticket_is_replaced_and_an_ageing_one_is_served_meanwhile` |
//! | a ticket is empty | from WeChat, `Body`, and none is saved; from the storage, it counts as none | `tickets::an_empty_ticket_is_none_wherever_it_comes_from` |
//! | a ticket cannot be saved | it is served, and not bought by each caller | `tickets::a_ticket_that_cannot_be_saved_is_not_bought_by_each_caller` |
//! | the storage is down | `Storage`; WeChat is not asked | `tickets::a_storage_that_is_down_is_not_a_missing_ticket` |
//! | the caller's own token buys a ticket | it is the caller's; it is not saved | `tickets::the_callers_own_token_buys_a_ticket_that_is_the_callers_own` |
//! | the caller who buys is cancelled | the others get the ticket | `tickets::a_caller_who_goes_away_leaves_the_ticket_to_the_others` |
//! | a page or a card is signed | as in WeChat's own examples | `signatures::every_page_of_the_vectors_is_signed_as_wechat_signs_it`, `signatures::every_card_of_the_vectors_is_signed_as_wechat_signs_it` |
//! | a page's address is none that a browser has, a card has no id | `Request`; no ticket is fetched | `signatures::nothing_is_fetched_for_what_cannot_be_signed` |
//! | a value has `</script>` in it | `to_script` escapes it | `signatures::what_a_page_is_given_ends_no_script` |
//! | an empty ticket, or no page, is to be signed | `Request` | `signatures::nothing_is_signed_with_an_empty_ticket_or_for_no_page` |
//!
//! # Uploads
//!
//! | when | then | proved by |
//! |---|---|---|
//! | a file comes from a path, from bytes, from a reader | it arrives the same | `upload::a_file_arrives_from_a_path_from_bytes_and_from_a_reader` |
//! | a file's name is hostile | it stays within its quotes, in raw UTF-8 | `upload::no_file_name_breaks_out_of_its_header` |
//! | the token is refused | the form is sent again, byte for byte | `upload::a_refused_upload_is_sent_again_byte_for_byte` |
//! | the same, and the file is a reader | it is sent once; the error says so, and the token is fresh for the next call | `upload::what_is_read_from_a_reader_is_sent_once_and_the_next_call_has_a_fresh_token` |
//! | the answer is lost | `Transport`; it is sent once | `upload::an_upload_whose_answer_is_lost_is_sent_once` |
//! | a reader gives more or less than was said | `File`; it never arrives | `upload::what_is_not_as_long_as_it_was_said_to_be_is_an_error_and_never_arrives` |
//! | a file changes between two attempts | `File`; it never arrives | `upload::a_file_that_changes_between_two_attempts_is_not_sent_half` |
//! | a file is missing, or a directory | `File`; nothing is sent | `upload::what_cannot_be_uploaded_is_an_error_before_anything_is_sent` |
//! | another file takes its place between two attempts | `File`; it is not sent for it | `upload::a_file_that_another_takes_the_place_of_is_not_sent_for_it` |
//! | an upload moves, but takes longer than an attempt | it is not broken off | `upload::an_upload_that_moves_may_take_longer_than_an_attempt`, `upload::bytes_that_move_slowly_may_take_longer_than_an_attempt_and_progress_is_theirs` |
//! | the listener to its progress panics | `File`; the client works on | `upload::a_listener_that_panics_is_a_typed_error_and_no_hang` |
//! | an upload stands still | `Timeout` | `upload::an_upload_that_stands_still_ends_in_its_time` |
//! | 200 MB are uploaded, and downloaded | less than 8 MB of memory each | `memory::two_hundred_megabytes_cost_less_than_eight` |
//!
//! # Downloads
//!
//! | when | then | proved by |
//! |---|---|---|
//! | an error comes in place of the file | it is that error, whatever its Content-Type | `download::an_error_is_told_from_a_file_whatever_its_content_type` |
//! | a file begins like JSON | it is a file | `download::a_file_that_begins_like_json_is_a_file` |
//! | WeChat answers with a description in JSON, as for a film | `json` reads it; `save` fails with `Body` | `download::what_is_described_in_place_of_a_file_is_json` |
//! | a part comes that was not asked for, or something packed | `Status` | `download::what_is_no_whole_file_is_an_error` |
//! | the token is refused | it is refreshed, and the file asked for again | `download::a_refused_download_is_asked_for_again_with_a_fresh_token` |
//! | the connection breaks | nothing is left of the file; one that was there before stays | `download::a_download_that_breaks_off_leaves_nothing_under_the_name_nor_beside_it` |
//! | the future is dropped | nothing is left of the file | `download::a_download_that_is_dropped_leaves_nothing` |
//! | the file cannot be written | `File`, with the system's error inside | `download::a_file_that_cannot_be_written_is_an_error_that_says_so` |
//! | the file is too long for memory | `Body`, before it is there | `download::a_file_too_long_for_memory_is_an_error_before_it_is_there` |
//! | a download stands still, or takes longer than the call may | `Timeout` | `download::a_download_that_stands_still_ends_in_its_time` |
//! | WeChat's name for the file leads elsewhere | its last part, or none | `download::no_name_that_is_sent_leads_out_of_a_directory` |
//!
//! # In a stack of `reqwest_middleware`
//!
//! | when | then | proved by |
//! |---|---|---|
//! | a call is made through `TokenInjection` | what holds for the client's own calls holds, too | `injection::a_refused_token_is_refreshed_and_the_same_sent_again`, `injection::no_token_goes_to_sns_and_what_its_paths_need_is_filled_in` |
//! | another middleware is outside of it | it never sees the token | `middleware::what_is_outside_of_the_injection_never_sees_the_token` |
//! | another inside of it fails | the error tells its words, without the token | `middleware::what_fails_further_inside_is_told_without_the_token` |
//! | the HTTP client has followed a redirect | `Status`, with what to change | `middleware::a_redirect_that_was_followed_is_an_error` |
//! | the answer is a redirect | `Status`, without the token | `injection::a_redirect_is_an_error_whose_text_has_no_token` |
//! | the answer has any other status | it is handed on, for a retry policy to see | `middleware::any_status_is_passed_on_by_the_middleware` |
//! | the request has a time-out | it holds for obtaining the token, too | `middleware::a_requests_own_time_holds_while_its_token_is_obtained` |
//! | the answer is long | it streams | `middleware::a_file_streams_through_the_middleware` |
//!
//! # Secrets
//!
//! | when | then | proved by |
//! |---|---|---|
//! | anything of this goes wrong with all logs on | no token, ticket, secret or body is in a log, an error, a panic or a `Debug` | `canaries::no_canary_is_seen_anywhere` |
//! | reqwest's own logs of the wire are on | nor in these | `log_records::a_user_who_asks_for_wire_logs_gets_no_token_secret_or_body_in_them` |
//! | WeChat's errmsg repeats the secret | it is taken out, and the errmsg cut to 300 characters | `wire::a_token_endpoint_that_repeats_the_secret_is_not_quoted`, `wire::an_errmsg_is_cut_short_and_repeats_no_secret_that_was_filled_in` |
//!
//! # WeChat pushes something
//!
//! | when | then | proved by |
//! |---|---|---|
//! | a user writes, or does something else | an async function gets it, typed, and WeChat gets what it returns, encrypted where the push was | `callback_dialogue::whatever_users_do_arrives_typed_in_every_mode_and_format`, `callback_dialogue::wechat_understands_every_reply_and_it_is_encrypted_where_the_push_was` |
//! | the function takes longer than 4.5 s | `success`; it goes on to its end, once | `callback_once::a_slow_handler_is_answered_for_at_the_limit_and_goes_on_to_its_end` |
//! | the same push comes again, or fifty at once | it is handled once | `callback_once::a_retry_while_the_handler_is_under_way_does_not_run_it_again`, `callback_once::fifty_of_the_same_push_at_once_are_handled_once` |
//! | the function fails or panics | 500; it is handled when it comes again | `callback_once::a_push_whose_handler_fails_or_panics_is_pushed_again_and_handled_then` |
//! | WeChat hangs up in the middle | the function goes on, and the retry runs nothing again | `callback_once::a_caller_that_hangs_up_ends_nothing_and_its_retry_runs_nothing_again` |
//! | several processes take pushes of one account | each is handled once, in one of them | `callback_seen::processes_that_share_a_memory_handle_a_push_once` |
//! | what is remembered cannot be asked | 503, and nothing is handled | `callback_seen::a_memory_that_cannot_tell_whether_a_push_came_before_lets_nothing_be_handled` |
//! | anything was changed on the way | 403, which does not say why | `callback_refusals::whatever_is_changed_on_the_way_the_push_is_refused_and_the_answer_says_nothing`, `callback_refusals::what_is_signed_and_cannot_be_decrypted_is_refused_like_everything_else` |
//! | a push is plain where encrypted ones are due | 403 | `callback_refusals::a_plain_push_is_refused_where_encrypted_ones_are_due` |
//! | a push is replayed | `success` and no handling while it is fresh, 403 after that | `callback_replays::a_replay_within_the_window_is_success_and_not_handled_and_refused_after_it` |
//! | an old push is signed anew | the same | `callback_replays::an_old_push_signed_anew_is_a_duplicate_within_the_window_and_refused_after_it`, `callback_replays::an_old_push_that_never_came_is_refused_when_it_is_signed_anew` |
//! | a body has 10 MB | 413, before it is read | `callback_bodies::ten_megabytes_are_refused_before_they_are_read` |
//! | a body is made to grow when it is read | it is refused, and costs no more than eight times its length | `callback_bodies::what_is_made_to_grow_is_refused`, `callback_memory::no_body_of_a_stranger_costs_more_than_eight_times_its_length` |
//! | 2,000 pushes come at once | all are answered within 5 s | `callback_load::two_thousand_pushes_at_once_are_answered_within_five_seconds` |
//! | a component's ticket comes | `success` when it is kept, and not before | `callback_tickets::success_is_answered_when_the_ticket_is_kept_and_not_before`, `callback_tickets::a_process_that_is_killed_after_success_has_kept_the_ticket` |
//! | it cannot be kept, or not in time | 500 or 503; it is kept when it comes again | `callback_tickets::a_ticket_that_could_not_be_kept_is_pushed_again_and_kept_then`, `callback_tickets::a_store_has_as_long_again_as_the_limit_and_what_is_late_is_not_success` |
//! | another component's ticket comes, or a plain one | 403; nothing is kept | `callback_component::what_is_another_components_never_reaches_the_store`, `callback_component::plain_pushes_are_refused_whatever_the_keys_take` |
