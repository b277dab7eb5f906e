// SPDX-License-Identifier: MIT
// Templates: text with {{ inputs.NAME }} and {{ steps.NAME.text }}, and nothing more.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace llmspool::pipeline {

// `inputs.NAME`, `steps.NAME.text`, or, where a value is hoisted, a key of a step's report:
// `NAME.KEY`.
struct Reference {
  enum class Kind { input, step_text, step_report };
  Kind kind = Kind::input;
  std::string name;        // of the input or the step
  std::string key;         // of the report
  std::size_t offset = 0;  // of the reference in the text it was read from
};

// Reads a reference; the error is the end of a sentence about it.
std::expected<Reference, std::string> parse_reference(std::string_view text);

class Template {
 public:
  // What is wrong is told with its offset in the text.
  struct Wrong {
    std::size_t offset;
    std::string message;
  };
  static std::expected<Template, Wrong> parse(std::string_view text);

  const std::vector<Reference>& references() const { return references_; }
  std::string render(const std::function<std::string_view(const Reference&)>& value) const;

 private:
  std::vector<std::variant<std::string, Reference>> pieces_;
  std::vector<Reference> references_;
};

}  // namespace llmspool::pipeline
