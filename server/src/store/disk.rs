//! How much room is left where the data are, and which errors say that there is none.

use std::error::Error;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};

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

/// Whether this error, or one beneath it, says that nothing can be written: the disk is full, or read-only.
pub fn is_out_of_room(error: &(dyn Error + 'static)) -> bool {
    let mut at = Some(error);
    while let Some(error) = at {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| FULL.contains(&error.kind()))
        {
            return true;
        }
        let database = error
            .downcast_ref::<sqlx::Error>()
            .and_then(sqlx::Error::as_database_error);
        if database
            .and_then(|error| error.code())
            .is_some_and(|code| FULL_CODES.contains(&&*code))
        {
            return true;
        }
        at = error.source();
    }
    false
}

/// As [`is_out_of_room`]; what the database's library said is wrapped so that its source does not show.
pub fn database_is_out_of_room(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => is_out_of_room(&**error),
        _ => false,
    }
}

const FULL: [io::ErrorKind; 3] = [
    io::ErrorKind::StorageFull,
    io::ErrorKind::QuotaExceeded,
    io::ErrorKind::ReadOnlyFilesystem,
];
/// SQLite: SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR_WRITE, _FSYNC, _TRUNCATE, _SHMSIZE; PostgreSQL: disk_full, read_only_sql_transaction.
const FULL_CODES: [&str; 8] = ["13", "8", "778", "1034", "1546", "4874", "53100", "25006"];

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

    #[test]
    fn a_full_and_a_read_only_disk_are_told_from_other_faults() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(is_out_of_room(&full));
        assert!(is_out_of_room(&crate::store::blob::Error::Store(
            object_store::Error::Generic {
                store: "files",
                source: Box::new(io::Error::from(io::ErrorKind::ReadOnlyFilesystem)),
            }
        )));
        assert!(!is_out_of_room(&io::Error::from(io::ErrorKind::NotFound)));
        assert!(!database_is_out_of_room(&DbErr::Custom("x".into())));
    }
}
