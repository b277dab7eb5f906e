// SPDX-License-Identifier: MIT
#include "plugin/table.hpp"

#include <llmspool/plugin.hpp>

namespace llmspool::plugin {
namespace {

namespace json = boost::json;

std::string_view view(llmspool_str_t text) {
  return {text.data, text.size};
}

}  // namespace

Table::Table(const json::object& object) : object_(object), json_(json::serialize(object)) {
  static constexpr auto find = [](const llmspool_table_t* self, llmspool_str_t key) {
    const auto& table = *static_cast<const Table*>(self->host_data);
    return table.object_.if_contains(view(key));
  };
  abi_ = {
      .struct_size = sizeof abi_,
      .host_data = this,
      .json = to_str(json_),
      .text =
          [](const llmspool_table_t* self, llmspool_str_t key, llmspool_str_t* out) {
            const auto* value = find(self, key);
            if (value == nullptr || !value->is_string()) return false;
            *out = to_str(value->get_string());
            return true;
          },
      .number =
          [](const llmspool_table_t* self, llmspool_str_t key, double* out) {
            const auto* value = find(self, key);
            if (value == nullptr || !value->is_number()) return false;
            *out = value->to_number<double>();
            return true;
          },
      .boolean =
          [](const llmspool_table_t* self, llmspool_str_t key, bool* out) {
            const auto* value = find(self, key);
            if (value == nullptr || !value->is_bool()) return false;
            *out = value->get_bool();
            return true;
          },
      .item =
          [](const llmspool_table_t* self, llmspool_str_t key, std::size_t index,
             llmspool_str_t* out) {
            const auto* value = find(self, key);
            if (value != nullptr && value->is_array())
              value = index < value->get_array().size() ? &value->get_array()[index] : nullptr;
            else if (index > 0)
              value = nullptr;
            if (value == nullptr || !value->is_string()) return false;
            *out = to_str(value->get_string());
            return true;
          },
      .value =
          [](const llmspool_table_t* self, llmspool_str_t key, llmspool_str_t* out) {
            const auto* value = find(self, key);
            if (value == nullptr) return false;
            const auto& table = *static_cast<const Table*>(self->host_data);
            *out = to_str(table.serialized(std::string(view(key)), *value));
            return true;
          },
  };
}

const std::string& Table::serialized(const std::string& key, const json::value& value) const {
  const std::scoped_lock lock(mutex_);
  auto [at, is_new] = serialized_.try_emplace(key);
  if (is_new) at->second = json::serialize(value);
  return at->second;
}

}  // namespace llmspool::plugin
