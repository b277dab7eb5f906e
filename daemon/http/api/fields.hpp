// SPDX-License-Identifier: MIT
// The fields of a JSON object from a client, read strictly: what is wrong is collected, so that a
// client learns it at once.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace llmspool::http {

// The JSON object in a request's body. Code::invalid with the place where it is wrong.
Result<boost::json::object> parse_json_object(std::string_view body,
                                              std::string_view what = "The body");

// As people write it: not 5E-1, nor 1e+05.
std::string number_text(const boost::json::value& number);

// Why `text` is no document for a language model, in the words of a person who sent a binary file;
// nothing if it is one.
std::optional<std::string> not_a_document(std::string_view text);

// Reads each field that is asked for; a null counts as not given. `object` outlives it.
class Fields {
 public:
  // `prefix` stands before the names in errors: "messages[0]."
  explicit Fields(const boost::json::object& object, std::string prefix = {})
      : object_(object), prefix_(std::move(prefix)) {
    known_.reserve(object.size() + kFieldsOfAJob);
  }

  bool has(std::string_view name) const;
  const boost::json::value* value(std::string_view name);  // null: not given

  // Nothing where the field is not given or wrong.
  std::optional<std::string> text(std::string_view name, std::size_t bytes_max);
  std::optional<std::string> document(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t minimum,
                                      std::int64_t maximum);
  std::optional<bool> boolean(std::string_view name);
  std::optional<Time> time(std::string_view name);
  const boost::json::object* object(std::string_view name);
  const boost::json::array* array(std::string_view name, std::size_t items_max);

  void wrong(std::string_view name, std::string detail);
  // Takes over what was wrong in an object inside of this one.
  void add(const Fields& inner);
  // Counts each field that was not asked for as wrong.
  void refuse_others();
  // Code::invalid with what was wrong, the first kErrorsTold of it.
  Result<void> check() const;

 private:
  const boost::json::value* of_kind(std::string_view name, boost::json::kind kind,
                                    std::string_view expected);

  static constexpr std::size_t kFieldsOfAJob = 32;  // or so

  const boost::json::object& object_;
  const std::string prefix_;
  std::vector<std::string> known_;  // some may stand there twice
  std::vector<FieldError> wrong_;
};

}  // namespace llmspool::http
