// SPDX-License-Identifier: MIT
// The daemon's API as the commands use it: JSON in, JSON out, and a Failure for every refusal.
#pragma once

#include <chrono>
#include <functional>
#include <llmspool/client.hpp>
#include <string>
#include <string_view>

#include "exit_code.hpp"
#include "json.hpp"

namespace llmspool::cli {

// The daemon's "no", with the problem object that it sent, for --json.
class Refusal : public Failure {
 public:
  Refusal(ExitCode code, const std::string& fact, bool may_pass, const std::string& advice,
          json::value problem)
      : Failure(code, fact, may_pass, advice), problem_(std::move(problem)) {}
  const json::value& problem() const { return problem_; }

 private:
  json::value problem_;
};

// A problem object in words: its detail and what else its errors tell; empty if it is none.
std::string problem_text(const json::object& problem);

// An answer that is no 2xx, in words.
Refusal refusal(const client::Response& response);

class Api {
 public:
  explicit Api(client::Client client) : client_(std::move(client)) {}

  // Each throws Failure where the daemon does not answer, or answers with a refusal.
  json::value get(std::string_view target) const;
  json::value send(std::string_view method, std::string_view target,
                   const client::Headers& headers = {}) const;
  client::Response call(std::string_view method, std::string_view target, std::string body = {},
                        const client::Headers& headers = {}) const;
  // PATCH.
  json::value change(std::string_view target, const json::object& fields) const;
  // Throws client::Error where the connection fails, so that a watch can go on.
  client::EventStream events(std::string_view target) const;

  // Takes an answer's body piece by piece.
  using Take = std::function<void(std::string_view piece)>;
  void download(std::string_view target, const Take& take) const;
  // POSTs what `body` gives, in chunks, and takes the answer likewise.
  void upload(std::string_view target, const client::BodySource& body,
              const client::Headers& headers, const Take& take) const;

  // The same for calls that may take so much longer.
  Api patient(std::chrono::seconds extra) const;
  // The same for a person who watches and wants to know soon that the daemon is silent.
  Api impatient() const;
  std::string address() const { return client_.address(); }

 private:
  // What goes wrong in `work`, as a Failure.
  template <class Work>
  auto in_words(Work work) const;

  client::Client client_;
};

// The body of a 2xx answer; null if it is empty.
json::value parse_answer(const client::Response& response);

// "/api/jobs/42" and what follows.
std::string job_target(std::string_view job_id, std::string_view rest = {});

}  // namespace llmspool::cli
