// SPDX-License-Identifier: MIT
// llmspool bulk: hands in many jobs at once; see bulk.hpp.
#include "bulk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

#include "interrupt.hpp"
#include "lines.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

// The daemon answers once it has stored every job.
constexpr std::chrono::minutes kStoringMax{10};

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

// The file, or standard input, read as its bytes come.
class Input {
 public:
  explicit Input(const std::string& file)
      : name_(file),
        descriptor_(file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) refuse("cannot be opened");
    if (std::error_code unknown; std::filesystem::is_directory(file, unknown))
      throw Failure(ExitCode::usage, "'" + file + "' is a directory: name a file in it.");
  }
  ~Input() {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // What there is, so that a slow producer's lines do not wait for each other; empty at the end.
  std::string read_some() {
    std::string block(std::size_t{64} << 10, '\0');
    ssize_t size = 0;
    do size = ::read(descriptor_, block.data(), block.size());
    while (size < 0 && errno == EINTR);
    if (size < 0) refuse("cannot be read to its end");
    block.resize(static_cast<std::size_t>(size));
    return block;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure(ExitCode::usage, "The file '" + name_ + "' " + why + ": " +
                                       std::generic_category().message(errno) + '.');
  }

  const std::string name_;
  const int descriptor_;
};

class Upload {
 public:
  Upload(const Context& context, const BulkOptions& options)
      : context_(context), options_(options) {}

  ExitCode run(Input& input) {
    client::Headers headers{{"Content-Type", "application/x-ndjson"}};
    if (options_.idempotency_key)
      headers.emplace_back("Idempotency-Key", *options_.idempotency_key);
    std::string target = "/api/jobs/bulk";
    if (options_.group) target += "?group=" + percent_encoded(*options_.group);

    Lines lines([this](std::string_view line) { take(line); });
    context_.api.patient(kStoringMax)
        .upload(
            target,
            [&] {
              auto some = input.read_some();
              begun_ = true;
              return some;
            },
            headers, [&](std::string_view piece) { lines.feed(piece); });
    lines.finish();

    (context_.json ? std::cerr : std::cout)
        << counted(accepted_, "job") << (accepted_ == 1 ? " was" : " were") << " accepted, "
        << (replayed_ == 0
                ? ""
                : "of which " + std::to_string(replayed_) + " had been submitted before, ")
        << counted(refused_, "line") << " refused.\n";
    return refused_ == 0 ? ExitCode::ok : ExitCode::refused;
  }

  bool begun() const { return begun_; }

 private:
  // {"line", "job_id"}, with "replayed" where the key was known, or {"line", "error"}.
  void take(std::string_view line) {
    boost::system::error_code failure;
    const auto answer = json::parse(line, failure);
    if (failure)
      throw Failure(ExitCode::server_error,
                    "The daemon's answer is no JSON: " + failure.message() + ".");
    if (context_.json) std::cout << json_line(answer) << '\n';
    const auto& fields = as_object(answer);
    if (!fields.contains("error")) {
      ++accepted_;
      if (text_field(fields, "replayed") == "true") ++replayed_;
      return;
    }
    ++refused_;
    std::cerr << harmless("Line " + text_field(fields, "line") + ": " +
                          problem_text(object_field(fields, "error")))
              << '\n';
  }

  const Context& context_;
  const BulkOptions& options_;
  bool begun_ = false;  // some of the file may have been sent
  std::size_t accepted_ = 0, replayed_ = 0, refused_ = 0;
};

}  // namespace

ExitCode bulk(const Context& context, const BulkOptions& options) {
  const std::string what_then =
      "Some of the jobs may have been accepted. " +
      std::string(options.idempotency_key
                      ? "Send the same again with the same --idempotency-key: no job is made twice."
                      : "With --idempotency-key it is safe to send the same again.");
  Input input(options.file);
  Upload upload(context, options);
  try {
    const InterruptHint hint(what_then);
    return upload.run(input);
  } catch (const Refusal&) {
    throw;
  } catch (const Failure& failure) {
    if (!upload.begun()) throw;
    throw Failure(failure.code(), failure.fact() + '\n' + what_then);
  }
}

void add_bulk_command(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<BulkOptions>();
  auto* command = app.add_subcommand(
      "bulk", "Hand in many jobs: a file with a JSON object a line, as POST /api/jobs takes it");
  command->add_option("file", options->file, "The file; -: standard input")
      ->type_name("FILE")
      ->required();
  command->add_option("--group,-g", options->group, "Put the jobs into this group of yours")
      ->type_name("NAME");
  command
      ->add_option("--idempotency-key", options->idempotency_key,
                   "Sending the same again with the same key gives the same jobs")
      ->type_name("KEY");
  command->callback([&chosen, options] {
    chosen = [options](const Context& context) { return bulk(context, *options); };
  });
}

}  // namespace llmspool::cli
