//! Watches the disk's free space: below the reserve nothing more is taken, senders are told why,
//! and all that stands goes on being served; with space made, taking goes on by itself.

use crate::engine::Engine;
use crate::log::free_bytes;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Looks every second until stopped, and tells `seen` how many bytes are free.
pub async fn watch(
    engine: Engine,
    path: PathBuf,
    needed_bytes: u64,
    seen: impl Fn(u64),
    stop: CancellationToken,
) {
    let mut short = false;
    loop {
        let free = free_bytes(&path);
        if let Ok(free) = free {
            seen(free);
        }
        match free {
            Ok(free) if free < needed_bytes => {
                if !short {
                    tracing::error!(
                        free_bytes = free,
                        needed_bytes,
                        "the disk is nearly full: records are refused"
                    );
                }
                short = true;
                engine.set_disk_shortage(Some((free, needed_bytes)));
            }
            Ok(free) => {
                if short {
                    tracing::warn!(free_bytes = free, "there is space again: records are taken");
                }
                short = false;
                engine.set_disk_shortage(None);
            }
            Err(error) => tracing::warn!(%error, "could not read the disk's free space"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}
