//! Files with secrets: made once, whole or not at all, readable by the owner only.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{Error, random};

/// Reads a secret file, or makes it with `fresh` when there is none. Of several processes that make it at the same
/// time one wins and all read the winner's.
pub(crate) fn open_or_create(
    path: &Path,
    fresh: impl FnOnce() -> Result<Zeroizing<String>, Error>,
) -> Result<Zeroizing<String>, Error> {
    match read(path) {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    if let Some(folder) = parent(path) {
        fs::create_dir_all(folder)?;
    }
    let content = fresh()?;
    let temporary = write_beside(path, &content)?;
    // A hard link, not a rename: it cannot replace a file that another process has made meanwhile.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    sync_folder(path)?;
    read(path)
}

/// Reads a secret file; refuses one that others can read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, Error> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::Exposed(path.display().to_string()));
    }
    Ok(Zeroizing::new(fs::read_to_string(path)?))
}

/// Replaces a secret file, whole or not at all.
pub(crate) fn replace(path: &Path, content: &str) -> Result<(), Error> {
    let temporary = write_beside(path, content)?;
    fs::rename(&temporary, path)?;
    sync_folder(path)
}

fn write_beside(path: &Path, content: &str) -> Result<PathBuf, Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", hex::encode(random::<8>()?)));
    let temporary = path.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    Ok(temporary)
}

fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = parent(path).unwrap_or_else(|| Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent().filter(|it| !it.as_os_str().is_empty())
}
