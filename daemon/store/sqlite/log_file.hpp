// SPDX-License-Identifier: MIT
// SQLite hands its write-ahead log to the kernel bit by bit: 24 bytes and a page of 4 KiB for every
// page that a transaction changed. Through this file system ("VFS") the bits of a transaction wait
// until SQLite syncs the log, and are then written in one piece: with some 20 pages a commit, the
// calls that it saves took a tenth of the writer's time.
//
// What waits is nobody else's yet: other connections read the log only up to the last commit, and a
// commit is one of `synchronous = FULL`, so that its sync comes before it is told to anybody. What
// still waits when a transaction is taken back is dropped: the next may be another program's.
// https://sqlite.org/vfs.html, https://sqlite.org/walformat.html
#pragma once

struct sqlite3;

namespace llmspool::store::sqlite {

// As sqlite3_open_v2(), for a connection that writes its log so. Any thread.
int open_database(const char* file, sqlite3** database, int flags);

}  // namespace llmspool::store::sqlite
