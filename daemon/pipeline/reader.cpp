// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "pipeline/draft.hpp"
#include "toml/json.hpp"

namespace llmspool::pipeline {
namespace {

using toml::Member;
using toml::Position;
using toml::Table;
using toml::Text;

const std::vector<std::string> kRoles{"cv",      "cover_letter", "ats_report",
                                      "answers", "metadata",     "other"};

// What stands beside hoisted results on the wire: the job object's own keys and those of lists and
// streams of jobs.
constexpr std::string_view kJobKeys =
    " job_id status progress current_step message pipeline backend backends model priority attempt"
    " max_attempts queue_position eta_seconds created_at not_before retry_at started_at"
    " completed_at deadline timeout_seconds owner labels after group supersede usage output"
    " contents_removed error error_info attempts seq files cursor type at folder_name job_name"
    " timestamp ";

bool is_job_key(std::string_view name) {
  return kJobKeys.contains(" " + std::string(name) + " ");
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::kNameBytesMax && !name.starts_with('.') &&
         !has_control_characters(name) && name.find_first_of("/\\") == std::string_view::npos;
}

bool is_media_type(std::string_view type) {
  return type.size() >= 3 && std::ranges::count(type, '/') == 1 && !type.starts_with('/') &&
         !type.ends_with('/') &&
         std::ranges::all_of(type, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

std::string media_type_of(std::string_view file) {
  if (file.ends_with(".md")) return "text/markdown";
  if (file.ends_with(".json")) return "application/json";
  return "text/plain";
}

// Says so if something is given a second time.
class Names {
 public:
  explicit Names(std::string what) : what_(std::move(what)) {}

  void add(Table& table, const Text& name) {
    const auto [known, is_new] = names_.emplace(name.value, name.at());
    if (!is_new)
      table.wrong(name.at(), "the " + what_ + " '" + name.value +
                                 "' is there twice, first on line " +
                                 std::to_string(known->second.line));
  }

 private:
  std::string what_;
  std::map<std::string, Position> names_;
};

std::optional<Text> read_required(Table& table, std::string_view key, std::string_view example,
                                  std::string_view why) {
  if (table.has(key)) return table.text(key, example);
  table.missing(key, why);
  return std::nullopt;
}

// The key 'name', which inputs, steps and pipelines have in common.
std::optional<Text> read_name(Table& table) {
  auto name = read_required(table, "name", "\"cover_letter\"", "others refer to it");
  if (name && !is_name(name->value))
    table.wrong(name->at(), table.called("name") + " cannot be '" + name->value +
                                "': it must be lower-case letters, digits, '_' and '-', at most "
                                "64, and begin with a letter");
  return name;
}

std::string read_text(Table& table, std::string_view key) {
  const auto text = table.text(key);
  return text ? text->value : "";
}

// A template; what it refers to is added to `mentions`.
std::optional<Template> read_template(Table& table, const Text& text,
                                      std::vector<Mention>& mentions) {
  const auto place = [&](std::size_t offset) {
    return table.document().inside(*text.source, offset);
  };
  auto parsed = Template::parse(text.value);
  if (!parsed) {
    table.wrong(place(parsed.error().offset), parsed.error().message);
    return std::nullopt;
  }
  for (const Reference& reference : parsed->references())
    mentions.push_back({reference, place(reference.offset)});
  return *std::move(parsed);
}

std::optional<Reference> read_reference(Table& table, std::string_view key, const Text& text,
                                        std::string_view forms, bool report_allowed,
                                        std::vector<Mention>& mentions) {
  const auto reference = parse_reference(text.value);
  if (!reference || (reference->kind == Reference::Kind::step_report && !report_allowed)) {
    table.wrong(text.at(), table.called(key) + " cannot be '" + text.value + "': it must be " +
                               std::string(forms));
    return std::nullopt;
  }
  mentions.push_back({*reference, text.at()});
  return *reference;
}

class Reader {
 public:
  Draft read(const toml::Document& document) {
    Table::read(document, draft_.problems, [&](Table& root) { read_root(root); });
    return std::move(draft_);
  }

 private:
  void read_root(Table& root);
  void read_input(Table& table);
  void read_step(Table& table);
  void read_generation(Table& table, Step& step, std::vector<Mention>& needs);
  void read_optimization(Table& table, Step& step, std::vector<Mention>& needs);
  void read_output(Table& table);
  void read_hoist(Table& table, const Member& member, const Text& from);

  Draft draft_;
  Names inputs_{"input"}, steps_{"step"}, files_{"file"};
};

void Reader::read_root(Table& root) {
  if (const auto name = read_name(root)) {
    draft_.definition.name = name->value;
    draft_.definition.named_at = name->at();
  }
  draft_.definition.description = read_text(root, "description");
  root.tables("inputs", [&](Table& table) { read_input(table); });
  if (!root.has("steps")) root.missing("steps", "a pipeline has at least one [[steps]]");
  root.tables("steps", [&](Table& table) { read_step(table); });
  root.tables("outputs", [&](Table& table) { read_output(table); });
  root.table("hoist", [&](Table& table) {
    table.each_text("\"inputs.company_name\"", [&](const Member& member, const Text& from) {
      read_hoist(table, member, from);
    });
  });
}

std::string read_default(Table& table, const Input& input) {
  const bool is_boolean = input.type == Input::Type::boolean;
  const toml::Value* value = table.any("default");
  if (value == nullptr) return is_boolean ? "false" : "";
  if (input.required)
    table.wrong(value->at, table.called("default") + " is of no use: the input is required");
  if (const auto* truth = std::get_if<bool>(&value->content); truth != nullptr && is_boolean)
    return *truth ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value->content); text != nullptr && !is_boolean)
    return *text;
  table.wrong(value->at, table.called("default") + " must be " +
                             (is_boolean ? "true or false" : "a text") +
                             ", as the input's type is");
  return {};
}

void Reader::read_input(Table& table) {
  Input input;
  if (const auto name = read_name(table)) {
    inputs_.add(table, *name);
    input.name = name->value;
  }
  for (const Text& alias : table.texts("aliases", "[\"cv_file\"]").value_or(std::vector<Text>{})) {
    if (alias.value.empty() || alias.value.size() > limits::kNameBytesMax)
      table.wrong(alias.at(), table.called("aliases") + " must have 1 to " +
                                  std::to_string(limits::kNameBytesMax) + " bytes each");
    inputs_.add(table, alias);
    input.aliases.push_back(alias.value);
  }
  const auto type = table.choice("type", {"text", "boolean"});
  input.type = type && type->value == "boolean" ? Input::Type::boolean : Input::Type::text;
  input.required = table.boolean("required").value_or(false);
  input.bytes_max = table.bytes("max_bytes", 1, std::size_t{1} << 30U).value_or(input.bytes_max);
  input.default_value = read_default(table, input);
  input.description = read_text(table, "description");
  draft_.definition.inputs.push_back(std::move(input));
}

void Reader::read_step(Table& table) {
  Step step;
  std::vector<Mention> needs;
  if (const auto name = read_name(table)) {
    steps_.add(table, *name);
    step.name = name->value;
    if (step.name == "inputs" || step.name == "steps")
      table.wrong(name->at(),
                  "a step cannot be called '" + step.name + "': references begin with that word");
  }
  const auto label = table.text("label");
  step.label = label ? label->value : step.name;
  for (const Text& need : table.texts("needs", "[\"match\"]").value_or(std::vector<Text>{}))
    needs.push_back({{Reference::Kind::step_text, need.value, ""}, need.at()});
  if (const auto when = table.text("when", "\"inputs.enable_ats\""))
    step.when =
        read_reference(table, "when", *when, "inputs.NAME or steps.NAME.text", false, needs);
  step.weight = static_cast<int>(table.integer("weight", 1, 1000).value_or(1));
  table.table("params",
              [&](Table& params) { step.params = toml::to_json(params.rest(), draft_.problems); });
  draft_.optimizer_at.push_back(table.at());
  if (table.has("generate") == table.has("optimizer")) {
    table.wrong(table.at(),
                "a step has either 'generate', a prompt for the model, or 'optimizer', "
                "the name of one");
    table.rest();
  } else if (table.has("generate")) {
    read_generation(table, step, needs);
  } else {
    read_optimization(table, step, needs);
  }
  draft_.definition.steps.push_back(std::move(step));
  draft_.needs.push_back(std::move(needs));
}

void Reader::read_generation(Table& table, Step& step, std::vector<Mention>& needs) {
  step.kind = Step::Kind::generate;
  if (const auto prompt = table.text("generate")) {
    if (prompt->value.empty())
      table.wrong(prompt->at(), table.called("generate") + " cannot be empty");
    step.prompt = read_template(table, *prompt, needs);
  }
  if (const auto system = table.text("system")) step.system = read_template(table, *system, needs);
}

void Reader::read_optimization(Table& table, Step& step, std::vector<Mention>& needs) {
  step.kind = Step::Kind::optimize;
  if (const auto optimizer = table.text("optimizer", "\"ats\"")) {
    step.optimizer = optimizer->value;
    if (step.optimizer.empty())
      table.wrong(optimizer->at(), table.called("optimizer") + " cannot be empty");
    draft_.optimizer_at.back() = optimizer->at();
  }
  table.table("documents", [&](Table& documents) {
    documents.each_text("\"{{ inputs.cv }}\"", [&](const Member& member, const Text& text) {
      if (auto document = read_template(documents, text, needs))
        step.documents.emplace(member.key, *std::move(document));
    });
  });
}

void Reader::read_output(Table& table) {
  Output output;
  if (const auto file = read_required(table, "file", "\"cv.md\"", "it is the output's name")) {
    files_.add(table, *file);
    output.file = file->value;
    if (!is_file_name(file->value))
      table.wrong(file->at(), table.called("file") + " cannot be '" + file->value +
                                  "': it must be a plain file name without slashes, at most " +
                                  std::to_string(limits::kNameBytesMax) +
                                  " bytes, that does not begin with a dot");
  }
  const auto role = table.choice("role", kRoles);
  output.role = role ? role->value : "other";
  const auto media_type = table.text("media_type", "\"text/markdown\"");
  output.media_type = media_type ? media_type->value : media_type_of(output.file);
  if (media_type && !is_media_type(media_type->value))
    table.wrong(media_type->at(), table.called("media_type") + " cannot be '" + media_type->value +
                                      "': it must be a media type, like text/markdown");
  if (const auto content = read_required(table, "content", "\"{{ steps.cv.text }}\"",
                                         "it is what the file will contain"))
    if (auto parsed = read_template(table, *content, draft_.others))
      output.content = *std::move(parsed);
  draft_.definition.outputs.push_back(std::move(output));
}

void Reader::read_hoist(Table& table, const Member& member, const Text& from) {
  if (!is_name(member.key) || is_job_key(member.key))
    table.wrong(member.at,
                table.called(member.key) +
                    (is_job_key(member.key)
                         ? " would hide the job's own field of that name; take another"
                         : " is no good name: it must be lower-case letters, digits, '_' and '-'"));
  if (const auto reference = read_reference(table, member.key, from,
                                            "inputs.NAME, STEP.KEY of a report or "
                                            "steps.NAME.text",
                                            true, draft_.others))
    draft_.definition.hoist.push_back({member.key, *reference});
}

}  // namespace

Draft read_draft(const toml::Document& document) {
  return Reader().read(document);
}

}  // namespace llmspool::pipeline
