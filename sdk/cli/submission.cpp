// SPDX-License-Identifier: MIT
// From the options of `llmspool submit` to the body of POST /api/jobs; see submission.hpp.
#include "submission.hpp"

#include <cerrno>
#include <fstream>
#include <istream>
#include <system_error>

#include "exit_code.hpp"
#include "pairs.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{64} << 20;

std::string read_text(std::istream& stream, const std::string& name) {
  std::string text;
  std::string block(std::size_t{64} << 10, '\0');
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         stream.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kFileBytesMax)
      throw Failure(ExitCode::usage, name + " is larger than " + human_size(kFileBytesMax) + ".");
  }
  if (stream.bad()) throw Failure(ExitCode::usage, name + " cannot be read to its end.");
  if (const auto at = first_bad_byte(text))
    throw Failure(ExitCode::usage, name + " is no plain text: the byte at offset " +
                                       std::to_string(*at) +
                                       " belongs to no UTF-8 text. Convert it first.");
  return text;
}

// The text of a file, or of standard input for "-".
std::string read_text(const std::string& path, const Input& standard_input) {
  if (path == "-") return read_text(standard_input.stream, "Standard input");
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw Failure(ExitCode::usage, "The file '" + path + "' cannot be opened: " +
                                       std::generic_category().message(errno) + '.');
  return read_text(stream, "The file '" + path + '\'');
}

// What reads as JSON is meant as JSON: 0.7, true, ["a"]. Anything else is a text.
json::value param_value(const std::string& text) {
  boost::system::error_code failure;
  auto value = json::parse(text, failure);
  return failure ? json::value(text) : value;
}

// NAME, or NAME={"its": "params"}.
json::object optimizer(const std::string& text) {
  if (text.find('=') == std::string::npos) return {{"name", text}};
  const auto [name, params] = split_pair("--optimizer", text);
  const auto value = param_value(params);
  if (!value.is_object())
    throw Failure(ExitCode::usage, "--optimizer " + name + " wants its params as a JSON object.");
  return {{"name", name}, {"params", value}};
}

std::string find_prompt(const SubmitOptions& options, const Input& standard_input) {
  if (options.file) return read_text(*options.file, standard_input);
  if (options.prompt && *options.prompt != "-") return *options.prompt;
  if (!options.prompt && standard_input.terminal)
    throw Failure(ExitCode::usage,
                  "There is no prompt: give one as an argument, with --file, or through standard "
                  "input.");
  return read_text("-", standard_input);
}

std::string checked_prompt(const SubmitOptions& options, const Input& standard_input) {
  auto prompt = find_prompt(options, standard_input);
  if (first_bad_byte(prompt)) throw Failure(ExitCode::usage, "The prompt is not text in UTF-8.");
  if (prompt.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Failure(ExitCode::usage, "The prompt is empty.");
  return prompt;
}

void check_whole(const SubmitOptions& options) {
  if (options.prompt && options.file)
    throw Failure(ExitCode::usage, "Give the prompt or --file, not both.");
  if (options.pipeline && (options.prompt || options.file))
    throw Failure(ExitCode::usage,
                  "A pipeline takes no prompt: give its texts with --input NAME=VALUE.");
  if (!options.pipeline && !options.inputs.empty())
    throw Failure(ExitCode::usage, "--input belongs to a pipeline: name it with --pipeline.");
  if (options.delay_seconds && options.not_before)
    throw Failure(ExitCode::usage, "Give --delay or --not-before, not both.");
  if (options.watch && options.wait_seconds)
    throw Failure(ExitCode::usage, "Give --watch or --wait, not both.");
}

}  // namespace

void add_submit_options(CLI::App& command, SubmitOptions& options) {
  const auto text = [&](const char* name, std::optional<std::string>& value, const char* type,
                        const char* help) {
    command.add_option(name, value, help)->type_name(type);
  };
  const auto list = [&](const char* name, std::vector<std::string>& values, const char* type,
                        const char* help) {
    command.add_option(name, values, help)->type_name(type)->allow_extra_args(false);
  };
  const auto number = [&](const char* name, std::optional<std::int64_t>& value, std::int64_t least,
                          std::int64_t most, const char* type, const char* help) {
    command.add_option(name, value, help)
        ->type_name(type)
        ->check(CLI::Range(least, most).description(""));
  };
  constexpr std::int64_t kWaitSecondsMax = 300;

  text("prompt", options.prompt, "PROMPT", "The prompt; - or nothing: standard input");
  text("--file,-f", options.file, "FILE", "Read the prompt from a file; -: standard input");
  text("--pipeline,-p", options.pipeline, "NAME", "Run this pipeline instead of a prompt");
  list("--input,-i", options.inputs, kPairType,
       "An input of the pipeline; NAME=@FILE reads it from a file, NAME=@- from standard input");
  list("--backend,-b", options.backends, "NAME",
       "The backend; given several times, they are tried in this order");
  text("--model,-m", options.model, "NAME", "The model; else the backend's default");
  list("--param", options.params, kPairType,
       "A parameter of the generation: temperature=0.7, max_tokens=512, stop=[\"END\"] ...");
  list("--optimizer", options.optimizers, "NAME",
       "Work on the prompt with this optimizer first; NAME={...} gives it params");
  number("--priority", options.priority, 0, 100, "N", "0 to 100, higher first; else 50");
  list("--label,-l", options.labels, kPairType, "A label to find the job by");
  text("--group,-g", options.group, "NAME", "Put the job into this group of yours");
  text("--supersede", options.supersede, "KEY",
       "Cancel your job that has the same key, if it waits or runs");
  list("--after", options.after, "ID", "Start only once this job has completed");
  command.add_flag("--hold", options.hold, "Hold the job until it is released");
  number("--delay", options.delay_seconds, 0, kSecondsMax, "SECONDS", "Start no sooner than this");
  text("--not-before", options.not_before, "TIME",
       "Start no sooner than then, as 2026-12-01T08:00:00Z");
  text("--deadline", options.deadline, "TIME",
       "Give up if it has not ended by then, as 2030-01-31T12:00:00Z");
  number("--timeout", options.timeout_seconds, 1, kSecondsMax, "SECONDS",
         "How long one attempt may take");
  number("--first-token-timeout", options.first_token_timeout_seconds, 1, kSecondsMax, "SECONDS",
         "How long an attempt may take to begin its text");
  number("--token-timeout", options.token_timeout_seconds, 1, kSecondsMax, "SECONDS",
         "How long the text may pause");
  number("--step-timeout", options.step_timeout_seconds, 1, kSecondsMax, "SECONDS",
         "How long each step of a pipeline may take");
  number("--max-attempts", options.max_attempts, 1, 100, "N", "How often to try; else 3");
  text("--idempotency-key", options.idempotency_key, "KEY",
       "Submitting again with the same key gives the same job");
  command.add_flag("--watch,-w", options.watch, "Stay and watch the job");
  number("--wait", options.wait_seconds, 1, kWaitSecondsMax, "SECONDS",
         "Wait up to so long for the job to end, then print its text");
}

json::object submit_body(const SubmitOptions& options, const Input& standard_input) {
  check_whole(options);
  json::object body;
  if (options.pipeline) {
    body["pipeline"] = *options.pipeline;
    body["inputs"] = object_of_pairs("--input", options.inputs, [&](const std::string& text) {
      return json::value(text.starts_with('@') ? read_text(text.substr(1), standard_input) : text);
    });
  } else {
    body["prompt"] = checked_prompt(options, standard_input);
  }

  if (options.backends.size() == 1)
    body["backend"] = options.backends.front();
  else if (!options.backends.empty())
    body["backend"] = json::value_from(options.backends);
  if (!options.params.empty())
    body["params"] = object_of_pairs("--param", options.params, param_value);
  if (!options.optimizers.empty()) {
    auto& optimizers = body["optimizers"].emplace_array();
    for (const auto& text : options.optimizers) optimizers.push_back(optimizer(text));
  }
  if (!options.labels.empty()) body["labels"] = object_of_pairs("--label", options.labels);
  if (!options.after.empty()) body["after"] = json::value_from(options.after);
  if (options.hold) body["hold"] = true;

  const auto put = [&](const char* name, const auto& value) {
    if (value) body[name] = *value;
  };
  put("model", options.model);
  put("priority", options.priority);
  put("delay_seconds", options.delay_seconds);
  put("not_before", options.not_before);
  put("deadline", options.deadline);
  put("timeout_seconds", options.timeout_seconds);
  put("first_token_timeout_seconds", options.first_token_timeout_seconds);
  put("token_timeout_seconds", options.token_timeout_seconds);
  put("step_timeout_seconds", options.step_timeout_seconds);
  put("group", options.group);
  put("supersede", options.supersede);
  put("max_attempts", options.max_attempts);
  return body;
}

}  // namespace llmspool::cli
