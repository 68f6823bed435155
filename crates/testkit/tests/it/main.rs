//! The whole platform, alive: real HTTP, real Flight SQL, real databases where the environment names them.
//!
//! `JUTONG_TEST_POSTGRES`, `JUTONG_TEST_MYSQL` name servers, `JUTONG_TEST_AICS_TLOG` a verifier from outside,
//! `JUTONG_TEST_PYTHON` a Python with an ADBC driver; `docs/testing.md` lists them all. What is not there is skipped loudly
//! and replaced by SQLite where that still says something.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod adbc;
mod catalog;
mod cli;
mod clocks;
mod crash;
mod doors;
mod entry_pages;
mod files;
mod flight;
mod jdbc;
mod main_job;
mod pages;
mod people;
mod proof;
mod refusals;
mod shared_entry;
mod shelf;
mod strangers;
