// SPDX-License-Identifier: MIT
#include "toml/table.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "toml/nearest.hpp"

namespace llmspool::toml {
namespace {

struct KindName {
  std::string operator()(const std::string& text) const {
    constexpr std::size_t kShownMax = 40;
    return text.size() > kShownMax || text.find('\n') != std::string::npos ? "a long text"
                                                                           : "'" + text + "'";
  }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double) const { return "a number with a fraction"; }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(const Date&) const { return "a date or time"; }
  std::string operator()(const List&) const { return "a list"; }
  std::string operator()(const Members&) const { return "a table"; }
};

std::string shown(const Value& value) {
  return std::visit(KindName{}, value.content);
}

// "16MB", "512 KiB", "100"; nothing if it is none, or too large for 64 bits.
std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  std::string unit;
  for (const char c : std::string_view(end, text.data() + text.size()))
    if (c != ' ') unit += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  constexpr std::string_view kPrefixes = "KMGT";
  unsigned shift = 0;
  if (const auto at = kPrefixes.find(unit.empty() ? '?' : unit.front()); at != kPrefixes.npos) {
    shift = 10 * (static_cast<unsigned>(at) + 1);
    unit.erase(0, 1);
    if (unit == "IB") unit.clear();
  }
  if (!unit.empty() && unit != "B") return std::nullopt;
  if (number > (UINT64_MAX >> shift)) return std::nullopt;
  return number << shift;
}

}  // namespace

void Problems::add(Position at, std::string_view sentence) {
  sentences_.emplace(std::move(at), escaped_controls(sentence));
}

Error Problems::error() const {
  std::string message;
  for (const auto& [at, sentence] : sentences_) {
    if (!message.empty()) message += '\n';
    message += to_string(at) + ": " + sentence;
  }
  return {Code::invalid, std::move(message)};
}

void Table::read(const Document& document, Problems& problems, const Use& use) {
  Table root(document, document.root, problems, "", false);
  use(root);
  root.report_rest();
}

std::optional<Text> Table::text(std::string_view key, std::string_view example) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&value->content)) return Text{*text, value};
  mistyped(key, *value, "a text", example);
  return std::nullopt;
}

std::optional<std::vector<Text>> Table::texts(std::string_view key, std::string_view example) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto* list = std::get_if<List>(&value->content);
  if (list == nullptr) {
    mistyped(key, *value, "a list of texts", example);
    return std::nullopt;
  }
  std::vector<Text> texts;
  for (const Value& element : *list) {
    if (const auto* text = std::get_if<std::string>(&element.content)) {
      texts.push_back({*text, &element});
    } else {
      mistyped(key, element, "a list of texts", example);
      return std::nullopt;
    }
  }
  return texts;
}

std::optional<Text> Table::choice(std::string_view key, const std::vector<std::string>& choices) {
  auto chosen = text(key, "\"" + choices.front() + "\"");
  if (!chosen || std::ranges::find(choices, chosen->value) != choices.end()) return chosen;
  wrong(chosen->at(), called(key) + " cannot be '" + chosen->value + "'" +
                          suggestion(chosen->value, choices, "Accepted"));
  return std::nullopt;
}

std::optional<bool> Table::boolean(std::string_view key) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* truth = std::get_if<bool>(&value->content)) return *truth;
  mistyped(key, *value, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Table::integer(std::string_view key, std::int64_t minimum,
                                           std::int64_t maximum) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto* number = std::get_if<std::int64_t>(&value->content);
  if (number != nullptr && *number >= minimum && *number <= maximum) return *number;
  mistyped(key, *value,
           "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  return std::nullopt;
}

std::optional<std::size_t> Table::bytes(std::string_view key, std::size_t minimum,
                                        std::size_t maximum) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  std::optional<std::uint64_t> size;
  if (const auto* number = std::get_if<std::int64_t>(&value->content); number && *number >= 0)
    size = static_cast<std::uint64_t>(*number);
  if (const auto* text = std::get_if<std::string>(&value->content)) size = parse_bytes(*text);
  if (size && *size >= minimum && *size <= maximum) return static_cast<std::size_t>(*size);
  mistyped(key, *value,
           "a size from " + std::to_string(minimum) + " to " + std::to_string(maximum) + " bytes",
           "16777216 or \"16MB\"");
  return std::nullopt;
}

const Value* Table::any(std::string_view key) {
  return take(key);
}

void Table::table(std::string_view key, const Use& use) {
  const Value* value = take(key);
  if (value == nullptr) return;
  if (std::holds_alternative<Members>(value->content))
    use_table(key, *value, false, use);
  else
    mistyped(key, *value, "a table", "{ name = \"…\" }");
}

void Table::tables(std::string_view key, const Use& use) {
  const Value* value = take(key);
  if (value == nullptr) return;
  const std::string example = "[[" + path_of(key) + "]]";
  const auto* list = std::get_if<List>(&value->content);
  if (list == nullptr) return mistyped(key, *value, "a list of tables", example);
  for (const Value& element : *list) {
    if (std::holds_alternative<Members>(element.content))
      use_table(key, element, true, use);
    else
      mistyped(key, element, "a list of tables", example);
  }
}

void Table::each_table(const std::function<void(const Member&, Table&)>& use) {
  for (const Member& member : members()) {
    asked_.insert(member.key);
    if (std::holds_alternative<Members>(member.value.content))
      use_table(member.key, member.value, false, [&](Table& table) { use(member, table); });
    else
      mistyped(member.key, member.value, "a table", "[" + path_of(member.key) + "]");
  }
}

void Table::each_text(std::string_view example,
                      const std::function<void(const Member&, const Text&)>& use) {
  for (const Member& member : members())
    if (const auto found = text(member.key, example)) use(member, *found);
}

Members Table::rest() {
  Members rest;
  for (const Member& member : members())
    if (asked_.insert(member.key).second) rest.push_back(member);
  return rest;
}

void Table::missing(std::string_view key, std::string_view why) {
  asked_.emplace(key);
  wrong(at(), called(key) + " is missing: " + std::string(why));
}

std::string Table::called(std::string_view key) const {
  return "'" + std::string(key) + "'" +
         (path_.empty() ? ""
          : in_list_    ? " in [[" + path_ + "]]"
                        : " in [" + path_ + "]");
}

const Member* Table::find(std::string_view key) const {
  const auto found = std::ranges::find(members(), key, &Member::key);
  return found == members().end() ? nullptr : &*found;
}

const Value* Table::take(std::string_view key) {
  asked_.emplace(key);
  const Member* member = find(key);
  return member == nullptr ? nullptr : &member->value;
}

void Table::mistyped(std::string_view key, const Value& value, std::string_view wanted,
                     std::string_view example) {
  std::string sentence = called(key) + " must be " + std::string(wanted);
  if (!example.empty()) sentence += ", like " + std::string(example);
  wrong(value.at, sentence + ", not " + shown(value));
}

void Table::use_table(std::string_view key, const Value& value, bool in_list, const Use& use) {
  Table table(document_, value, problems_, path_of(key), in_list);
  use(table);
  table.report_rest();
}

void Table::report_rest() {
  const std::vector<std::string> accepted(asked_.begin(), asked_.end());
  for (const Member& member : rest())
    wrong(member.at,
          "unknown key " + called(member.key) + suggestion(member.key, accepted, "Accepted"));
}

std::string Table::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

}  // namespace llmspool::toml
