// SPDX-License-Identifier: MIT
// A JSON object as plugins read it through the ABI.
#pragma once

#include <llmspool/plugin.h>

#include <boost/json.hpp>
#include <map>
#include <mutex>
#include <string>

namespace llmspool::plugin {

// Keeps a reference to `object`, which outlives it. Pinned, since the ABI struct points back to it.
class Table {
 public:
  explicit Table(const boost::json::object& object);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const llmspool_table_t* abi() const { return &abi_; }

 private:
  // The value as JSON; kept, since what a plugin was given stays valid as long as the table.
  const std::string& serialized(const std::string& key, const boost::json::value& value) const;

  const boost::json::object& object_;
  const std::string json_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> serialized_;
  llmspool_table_t abi_;
};

}  // namespace llmspool::plugin
