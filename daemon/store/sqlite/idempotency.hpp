// SPDX-License-Identifier: MIT
// Which request a client has sent before, by the key that it gave to it.
#pragma once

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

struct KeyUse {
  job::JobId job_id = 0;
  std::string fingerprint;
};

// A few keys that are too old: with each new one, so they never pile up and nobody waits for it.
void remove_old_keys(Database& database, Time now);
std::optional<KeyUse> find_key(Database& database, const std::string& owner, const std::string& key,
                               Time now);
void keep_key(Database& database, const std::string& owner, const std::string& key,
              const KeyUse& use, Time now);

}  // namespace llmspool::store::sqlite
