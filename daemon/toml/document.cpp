// SPDX-License-Identifier: MIT
#include "toml/document.hpp"

#define TOML_EXCEPTIONS 0
// Some of its assertions do not hold for a table's name that is wrong, which it then reports.
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "base/text.hpp"

namespace llmspool::toml {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

Position position(const ::toml::source_region& region, const std::string& file) {
  return {file, region.begin.line, region.begin.column};
}

template <class T>
Date date(const ::toml::value<T>& value) {
  std::ostringstream text;
  text << value.get();
  return {std::move(text).str()};
}

Value convert(const ::toml::node& node, const std::string& file);

List convert_list(const ::toml::array& array, const std::string& file) {
  List list;
  list.reserve(array.size());
  for (const ::toml::node& element : array) list.push_back(convert(element, file));
  return list;
}

Members convert_table(const ::toml::table& table, const std::string& file) {
  Members members;
  members.reserve(table.size());
  for (const auto& [key, node] : table)
    members.push_back({std::string(key.str()), position(key.source(), file), convert(node, file)});
  return members;
}

Value convert(const ::toml::node& node, const std::string& file) {
  Value value;
  value.at = position(node.source(), file);
  switch (node.type()) {
    case ::toml::node_type::string:
      value.content = node.as_string()->get();
      break;
    case ::toml::node_type::integer:
      value.content = node.as_integer()->get();
      break;
    case ::toml::node_type::floating_point:
      value.content = node.as_floating_point()->get();
      break;
    case ::toml::node_type::boolean:
      value.content = node.as_boolean()->get();
      break;
    case ::toml::node_type::date:
      value.content = date(*node.as_date());
      break;
    case ::toml::node_type::time:
      value.content = date(*node.as_time());
      break;
    case ::toml::node_type::date_time:
      value.content = date(*node.as_date_time());
      break;
    case ::toml::node_type::array:
      value.content = convert_list(*node.as_array(), file);
      break;
    case ::toml::node_type::table:
    case ::toml::node_type::none:
      value.content = convert_table(*node.as_table(), file);
      break;
  }
  return value;
}

// The parser's own words, without its preamble and on one line.
std::string reason(std::string_view description) {
  constexpr std::string_view kPreamble = "Error while ";
  if (description.starts_with(kPreamble)) description.remove_prefix(kPreamble.size());
  return escaped_controls(description);
}

}  // namespace

std::string to_string(const Position& position) {
  return position.file + ":" + std::to_string(position.line) + ":" +
         std::to_string(position.column);
}

Result<Document> parse(std::string_view source, const std::string& file) {
  const auto parsed = ::toml::parse(source, file);
  if (!parsed) {
    const auto& error = parsed.error();
    return fail(Code::invalid, to_string(position(error.source(), file)) +
                                   ": this is no valid TOML: " + reason(error.description()));
  }
  return Document{std::string(source), convert(parsed.table(), file)};
}

Result<std::string> read_file(const std::filesystem::path& file) {
  const auto wrong = [&](const std::string& why) {
    return fail(Code::invalid, "The file '" + file.string() + "' cannot be read: " + why);
  };
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return wrong(error.message() + ".");
  if (size > kFileBytesMax) return wrong("it is larger than 1 MiB.");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return wrong(std::generic_category().message(errno) + ".");
  return text;
}

}  // namespace llmspool::toml
