// SPDX-License-Identifier: MIT
#include "store/sqlite/idempotency.hpp"

#include "base/limits.hpp"

namespace llmspool::store::sqlite {

void remove_old_keys(Database& database, Time now) {
  database.run(
      "DELETE FROM idempotency WHERE id IN "
      "(SELECT id FROM idempotency WHERE created_at <= ? ORDER BY created_at LIMIT 16)",
      now - limits::kIdempotencyKept);
}

std::optional<KeyUse> find_key(Database& database, const std::string& owner, const std::string& key,
                               Time now) {
  const Time oldest = now - limits::kIdempotencyKept;
  Query row = database.query(
      "SELECT job_id, fingerprint FROM idempotency WHERE owner = ? AND key = ? AND created_at > ?",
      owner, key, oldest);
  if (!row.next()) return std::nullopt;
  return KeyUse{row.number(0), std::string(row.text(1))};
}

void keep_key(Database& database, const std::string& owner, const std::string& key,
              const KeyUse& use, Time now) {
  database.run(
      "INSERT OR REPLACE INTO idempotency(owner, key, fingerprint, job_id, created_at) "
      "VALUES (?, ?, ?, ?, ?)",
      owner, key, use.fingerprint, use.job_id, now);
}

}  // namespace llmspool::store::sqlite
