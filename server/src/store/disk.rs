//! How much room is left where the data are.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The room of a file system, as an ordinary user may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// The room where `folder` is (POSIX statvfs).
///
/// # Errors
/// When there is no such folder.
pub fn room(folder: &Path) -> io::Result<Room> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with a zero, and the kernel fills the structure where it answers 0.
    let found = unsafe {
        if libc::statvfs(path.as_ptr(), found.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        found.assume_init()
    };
    Ok(Room {
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_room_and_none_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let found = room(folder.path()).unwrap();
        assert!(found.free_bytes <= found.total_bytes && found.total_bytes > 0);
        assert!(room(&folder.path().join("none")).is_err());
    }
}
