//! The media shell: shard threads, batched UDP, demux, mailboxes.
