//! Files of the published log: whole or not at all, on the disk before the next step.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Holds the folder for one publisher; the operating system lets go when the process ends, however it ends.
pub(crate) struct Held(#[allow(dead_code)] File);

/// Waits until no other publisher works in the folder.
pub(crate) fn hold(folder: &Path) -> io::Result<Held> {
    fs::create_dir_all(folder)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(".lock"))?;
    file.lock()?;
    Ok(Held(file))
}

/// Reads a file; `None` when there is none.
pub(crate) fn read(folder: &Path, path: &str) -> io::Result<Option<Vec<u8>>> {
    match fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes files: each is written beside its place, synced, renamed into it; at the end the folders are synced.
pub(crate) fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    let mut touched = BTreeSet::new();
    for (path, bytes) in files {
        if read(folder, path)?.as_ref() == Some(bytes) {
            continue;
        }
        let place = folder.join(path);
        let parent = place.parent().unwrap_or(folder).to_owned();
        make_folders(&parent, &mut touched)?;
        let beside = place.with_added_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&beside, &place)?;
        touched.insert(parent);
    }
    touched.iter().try_for_each(|it| File::open(it)?.sync_all())
}

/// Makes a folder and its parents; each parent that got a new name in it will be synced.
fn make_folders(folder: &Path, touched: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folders(parent, touched)?;
        touched.insert(parent.to_owned());
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Drops a folder of partial tiles that a full tile has replaced.
pub(crate) fn drop_folder(folder: &Path, path: &str) -> io::Result<()> {
    match fs::remove_dir_all(folder.join(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
