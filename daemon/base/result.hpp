// SPDX-License-Identifier: MIT
// How a call of the daemon fails: a code that decides what happens next and a sentence for a
// person.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace llmspool {

enum class Code {
  invalid,            // the request is wrong; no repetition helps
  unprocessable,      // it contradicts an earlier one (an idempotency key used for another body)
  not_found,          // no such thing, or not yours
  conflict,           // the job's state forbids it
  forbidden,          // you may not
  too_large,          // over a configured limit
  unsupported_media,  // a media type that nobody here reads
  queue_full,         // come back later
  no_space,           // the disk is full
  unavailable,        // not now
  stale,              // the claim it speaks for has been given to another
  internal,           // a bug or a broken environment
};

// A field of a request and what is wrong with it.
struct FieldError {
  std::string field, detail;
};

struct [[nodiscard]] Error {
  Code code;
  std::string message;
  std::vector<FieldError> fields = {};
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
// One sentence for each; at least one.
inline std::unexpected<Error> fail_fields(std::vector<FieldError> wrong) {
  std::string message;
  for (const FieldError& each : wrong) {
    message += message.empty() ? "The field '" : " The field '";
    message += each.field + "' is wrong: " + each.detail;
  }
  return std::unexpected(Error{Code::invalid, std::move(message), std::move(wrong)});
}
inline std::unexpected<Error> fail_field(std::string field, std::string detail) {
  return fail_fields({{std::move(field), std::move(detail)}});
}

}  // namespace llmspool

// LLMSPOOL_TRY(name, expression): gives `name` the value, or returns the error from this function.
#define LLMSPOOL_TRY(name, expression)                                              \
  auto name##_or_error = (expression);                                              \
  if (!name##_or_error) return std::unexpected(std::move(name##_or_error).error()); \
  auto name = *std::move(name##_or_error)
// The same for a Result<void>.
#define LLMSPOOL_CHECK(expression) \
  if (auto checked = (expression); !checked) return std::unexpected(std::move(checked).error())
