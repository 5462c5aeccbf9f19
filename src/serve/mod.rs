//! The doors by which alerts, ledgers and metrics go out.
