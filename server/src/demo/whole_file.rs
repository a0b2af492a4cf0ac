//! Files that are there whole or not at all, whenever the process is killed.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes `content` at `path`, readable by its owner alone (tempfile's files have mode 0600).
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}
