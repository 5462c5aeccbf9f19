//! A disk of its own that a test fills to the brim. Needs the right to mount; where there is none, that is said.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory, unmounted when dropped.
pub struct Disk {
    pub folder: PathBuf,
}

impl Disk {
    pub fn mount(folder: &Path) -> Option<Disk> {
        fs::create_dir_all(folder).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(folder).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Disk { folder: folder.to_owned() }),
            _ => {
                println!("kafka: nothing may be mounted here: the full disk is passed over");
                None
            }
        }
    }

    /// Until nothing more can be written.
    pub fn fill(&self) {
        let mut file = File::create(self.folder.join("filler")).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: whoever was killed may hold it for a moment yet.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
