// SPDX-License-Identifier: MIT
#include "pipeline/definition.hpp"

#include "pipeline/draft.hpp"

namespace llmspool::pipeline {

Result<Definition> parse_definition(std::string_view source, const std::string& file_name,
                                    const std::set<std::string>* optimizers) {
  LLMSPOOL_TRY(document, toml::parse(source, file_name));
  Draft draft = read_draft(document);
  link(draft, optimizers);
  if (!draft.problems.empty()) return std::unexpected(draft.problems.error());
  return std::move(draft.definition);
}

Definition prompt_definition() {
  Step answer;
  answer.name = "answer";
  answer.label = "Generating";
  answer.kind = Step::Kind::messages;
  Definition definition;
  definition.steps.push_back(std::move(answer));
  definition.outputs.push_back(
      {"answer.txt", "other", "text/plain", *Template::parse("{{ steps.answer.text }}")});
  return definition;
}

}  // namespace llmspool::pipeline
