//! Deeds, one file each: `<verb>_<noun>.rs`.

pub mod change_own_password;
pub mod change_person;
pub mod check_log;
pub mod check_request;
pub(crate) mod close_releases;
pub mod connect_source;
pub mod correct_data;
pub mod count_figures;
pub mod count_rows;
pub mod create_delivery;
pub mod decide_request;
mod do_job;
pub mod draft_request;
pub mod draft_resource;
pub mod edit_resource;
pub mod explain_policy;
pub mod fit_terms;
pub mod found_node;
pub mod greet_reader;
pub(crate) mod guard_files;
pub mod issue_token;
pub mod keep_clocks;
pub mod keep_limits;
pub mod know_actor;
pub mod list_deliveries;
pub mod list_entries;
pub mod list_own_sessions;
pub mod list_people;
pub mod list_requests;
pub mod list_tables;
pub mod list_tasks;
pub mod list_users;
pub mod make_bundle;
pub mod manage_agreement;
pub(crate) mod mark_provided;
pub mod move_request;
pub mod open_data;
pub mod open_receipt;
pub mod preview_request;
pub mod profile_source;
pub mod publish_log;
pub mod query_data;
pub mod raise_dispute;
pub mod rebuild_index;
pub mod register_org;
pub mod register_person;
pub mod remind_clocks;
pub mod review_resource;
pub(crate) mod run_delivery;
pub mod search_catalog;
pub(crate) mod seed_limits;
pub mod serve_log;
pub mod show_resource;
pub mod sign_in;
pub mod sign_out;
pub mod start_run;
pub mod sweep_staff;
pub mod switch_org;
pub mod tell_notices;
pub mod time_catalog;
pub mod touch_agreements;
pub mod update_catalog;
pub mod watch_node;

#[cfg(test)]
mod tests;

pub use change_own_password::change_own_password;
pub use change_person::{change_person, disable_person, enable_person, reset_password, set_posts, unlock_person};
pub use check_log::{Checked, check_log};
pub use check_request::{accept_request, ask_supplement};
pub use connect_source::{
    change_source, connect_source, list_sources, own_source, remove_source, test_source, try_change, try_source,
};
pub use correct_data::{
    CorrectionWish, answer_correction, ask_correction, close_correction, dispute_correction, show_correction,
    withdraw_correction,
};
pub use count_figures::{Figures, count_figures};
pub use count_rows::{count_and_page, count_and_stream};
pub use create_delivery::{NewDelivery, SinkReport, create_delivery, mode_of, test_delivery, test_sink};
pub use decide_request::{answer_extension, extend_request, grant_request, refuse_request};
pub(crate) use do_job::do_job;
pub use draft_request::{
    change_request, draft_request, request_data, submit_request, supplement_request, withdraw_request,
};
pub use draft_resource::{blank_entry, draft_resource, keep_draft, keep_proposed, propose_resource};
pub use edit_resource::{
    declare_not_secret, delete_resource, discard_change, edit_resource, reopen_resource, submit_resource,
    take_back_resource, undo_guess,
};
pub use explain_policy::{DryRun, explain_policy};
pub use fit_terms::{GrantWish, stricter};
pub use found_node::{Administrator, FirstAdmin, FirstOrg, found_node, found_node_with};
pub use greet_reader::{Greeting, Named, greet_reader, list_own_posts, name_orgs, name_people, role_matrix};
pub use issue_token::{
    TokenWish, issue_service_token, issue_token, list_tokens, list_tokens_of, revoke_token, revoke_token_of, token_end,
};
pub use keep_clocks::{drop_clock, drop_day, list_clocks, list_days, put_clock, put_day};
pub use keep_limits::{list_limits, put_limit};
pub use know_actor::{Proof, know_actor};
pub use list_deliveries::{ListedDelivery, list_deliveries, list_runs, show_delivery, show_run};
pub use list_entries::{Entries, Inclusion, ShownEntry, find_actor, list_entries, reads_whole_ledger, show_entry};
pub use list_own_sessions::{end_other_sessions, end_session, list_own_sessions};
pub use list_people::{People, list_people, show_person};
pub use list_requests::{
    Listed, agreement_of, agreement_usage, list_agreements, list_corrections, list_disputes, list_requests,
};
pub use list_tables::{UsableTable, list_tables, named_agreements, usable_agreements};
pub use list_tasks::{Deed, Waiting, list_tasks};
pub use list_users::{list_users, open_request};
pub use make_bundle::{Evidence, make_bundle, verify_bundle};
pub use manage_agreement::{
    AgreementWish, change_agreement, prove_disposal, provide_agreement, resume_agreement, revoke_agreement,
    show_agreement, suspend_agreement,
};
pub use move_request::{Decided, show_request};
pub use open_data::{Door, Ready, open_data};
pub use open_receipt::{Claim, Confirmed, open_receipt};
pub use preview_request::{preview_request, preview_resource};
pub use profile_source::{list_source_tables, profile_source};
pub use publish_log::{publish_log, publish_log_now};
pub use query_data::{Question, lookup_record, prepare_sql, query_data, query_page, query_sql};
pub use raise_dispute::{DisputeDeed, dispute_action, disputes_over, move_dispute, raise_dispute, show_dispute};
pub use rebuild_index::rebuild_index;
pub use register_org::{change_org, list_orgs, register_org};
pub use register_person::{FirstPassword, Registered, register_person};
pub use remind_clocks::remind_clocks;
pub use review_resource::{publish_resource, send_back_resource, withdraw_resource};
pub use run_delivery::path::algorithm_of;
pub use search_catalog::{search_catalog, search_is_whole};
pub use serve_log::{LogFile, LogFileKind, log_keys, serve_log};
pub use show_resource::{compare_versions, list_resources, list_versions, own_resource, show_resource};
pub use sign_in::{sign_in, unlock_login};
pub use sign_out::sign_out;
pub use start_run::{cancel_run, end_delivery, pause_delivery, resume_delivery, start_run};
pub(crate) use sweep_staff::sweep_staff;
pub use switch_org::switch_org;
pub use tell_notices::{Notices, ShownNotice, list_notices, read_all_notices, read_notice};
pub use time_catalog::list_catalog_clocks;
pub use touch_agreements::{TouchedAgreement, agreements_of_resource, touched_agreements};
pub use update_catalog::{Changed, answer_update, extend_update, record_law_change, show_update};
pub use watch_node::{NodeFigures, Overview, measure_node, watch_node};
