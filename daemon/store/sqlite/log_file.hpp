// SPDX-License-Identifier: MIT
// SQLite hands its write-ahead log to the kernel bit by bit: 24 bytes and a page of 4 KiB for every
// page that a transaction changed. Through this file system ("VFS") the bits of a transaction wait
// until SQLite syncs the log, and are then written in one piece: with some 20 pages a commit, the
// calls that it saves took a tenth of the writer's time.
//
// What waits is nobody else's yet: other connections read the log only up to the last commit, and a
// commit is one of `synchronous = FULL`, so that its sync comes before it is told to anybody.
// https://sqlite.org/vfs.html, https://sqlite.org/walformat.html
#pragma once

namespace llmspool::store::sqlite {

// The name by which a connection asks for it. Any thread.
const char* whole_log_writes();

}  // namespace llmspool::store::sqlite
