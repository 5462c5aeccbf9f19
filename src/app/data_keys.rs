//! The file of data keys: read, made, added to; and the randomness that keys and their sessions are drawn from. No word
//! of a key is ever said.

use super::business_date_now;
use crate::cipher::{DataKeys, Key, KeyRing, Suite};
use crate::domain::DayStart;
use anyhow::{Context, anyhow, bail, ensure};
use rand::TryRngCore;
use rand::rngs::OsRng;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The keys that the file holds.
///
/// # Errors
/// What is wrong, with the file and the line; also if everybody on the machine may read it.
pub fn read(path: &Path) -> anyhow::Result<KeyRing> {
    let shown = path.display();
    let meta = std::fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?;
    ensure!(
        meta.permissions().mode() & 0o007 == 0,
        "{shown} may be read by everybody on this machine: take that away (chmod o-rwx)"
    );
    let text =
        Zeroizing::new(std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?);
    KeyRing::parse(&text).map_err(|wrong| anyhow!("{shown}: {wrong}"))
}

/// Makes a file with one new key; never over one that is there.
pub fn create(path: &Path, suite: Suite) -> anyhow::Result<KeyRing> {
    ensure!(
        !path.exists(),
        "{} is there: a new key is added to it by `wagewatch keys rotate`",
        path.display()
    );
    let ring = KeyRing::new(draw_key(suite)?);
    write(path, &ring)?;
    Ok(ring)
}

/// Adds a new key to the file: what is new is encrypted with it from then on.
pub fn rotate(path: &Path, suite: Option<Suite>) -> anyhow::Result<KeyRing> {
    let mut ring = read(path)?;
    let suite = suite.unwrap_or(ring.current().suite);
    if !ring.add(draw_key(suite)?) {
        bail!("the name of the new key stands in {} already: run this again", path.display());
    }
    write(path, &ring)?;
    Ok(ring)
}

/// Replaces the file, whole or not at all, durable, for its owner alone.
pub fn write(path: &Path, ring: &KeyRing) -> anyhow::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let done = || -> std::io::Result<()> {
        // One that was left by an interrupted change.
        if new.exists() {
            std::fs::remove_file(&new)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        if let Ok(old) = std::fs::metadata(path) {
            // Whoever may read it now, such as the group of the service, may read it then.
            file.set_permissions(old.permissions())?;
        }
        file.write_all(ring.text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    done().with_context(|| format!("write {}", path.display()))
}

/// Keys in use, with a session of their own.
pub fn open(ring: KeyRing) -> anyhow::Result<DataKeys> {
    Ok(DataKeys::new(ring, draw()?))
}

fn draw_key(suite: Suite) -> anyhow::Result<Key> {
    loop {
        if let Some(key) = Key::new(suite, business_date_now(DayStart(0)), draw()?) {
            return Ok(key);
        }
    }
}

/// Bits from the system's randomness.
pub(super) fn draw<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bits = [0; N];
    OsRng.try_fill_bytes(&mut bits).context("the system gives no randomness")?;
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_keys_is_made_added_to_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.keys");
        let first = create(&path, Suite::Sm4Gcm).unwrap();
        assert!(create(&path, Suite::Sm4Gcm).is_err());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let second = rotate(&path, None).unwrap();
        let third = rotate(&path, Some(Suite::Aes256GcmSiv)).unwrap();
        assert_eq!(read(&path).unwrap(), third);
        assert_eq!(second.current().suite, Suite::Sm4Gcm);
        let ids: Vec<_> = third.iter().map(|key| key.id).collect();
        assert_eq!(ids, [first.current().id, second.current().id, third.current().id]);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("everybody"));
        assert!(read(&dir.path().join("none")).is_err());
    }
}
