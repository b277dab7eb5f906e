// SPDX-License-Identifier: MIT
// How long an attempt may take, and a backend be silent: up to the last millisecond, and no longer.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::Status;
using plugin::Ending;
using plugin::GenerateRequest;
using plugin::Sink;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kTimeout{10};
// A request is noticed so late at the most, and a text within a quarter of what may pass until the
// next.
constexpr Milliseconds kRequestNoticed{100};
constexpr Milliseconds kTextNoticed = Milliseconds(kTimeout) / 4;
constexpr Milliseconds kStored{1};

struct Case {
  std::string name;
  std::function<void(job::Job&)> limit_job = [](job::Job&) {};
  std::function<void(config::Backend&)> limit_backend = [](config::Backend&) {};
  bool amid_answer = false;  // the time counts from the first text, not from the request
  Milliseconds noticed_in{0};
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.name;
}

const std::vector<Case> kCases{
    {.name = "OfTheAttempt",
     .limit_job = [](auto& job) { job.timeout_seconds = kTimeout.count(); }},
    {.name = "OfAStep",
     .limit_job = [](auto& job) { job.step_timeout_seconds = kTimeout.count(); }},
    {.name = "OfTheBackendForAStep",
     .limit_backend = [](auto& backend) { backend.step_timeout = kTimeout; }},
    {.name = "UntilTheFirstText",
     .limit_job = [](auto& job) { job.first_token_timeout_seconds = kTimeout.count(); },
     .noticed_in = kRequestNoticed},
    {.name = "OfTheBackendUntilTheFirstText",
     .limit_backend = [](auto& backend) { backend.first_token_timeout = kTimeout; },
     .noticed_in = kRequestNoticed},
    {.name = "UntilTheNextText",
     .limit_job = [](auto& job) { job.token_timeout_seconds = kTimeout.count(); },
     .amid_answer = true,
     .noticed_in = kTextNoticed},
    {.name = "OfTheBackendUntilTheNextText",
     .limit_backend = [](auto& backend) { backend.token_timeout = kTimeout; },
     .amid_answer = true,
     .noticed_in = kTextNoticed},
};

class Timeouts : public Scenario, public testing::WithParamInterface<Case> {
 protected:
  // For a backend that is silent for so long.
  job::JobId submit_to_one_silent_for(Milliseconds time) {
    have_backend([this, time](const GenerateRequest&, Sink& sink) {
      if (GetParam().amid_answer) say(sink);
      silent_since_ = time_.uptime();
      time_.sleep(time);
      sink.emit(" world");
      return Ending{};
    });
    config::Backend rules;
    GetParam().limit_backend(rules);
    start({{"x", rules}});
    return submit([](auto& submission) {
      submission.job.max_attempts = 1;
      GetParam().limit_job(submission.job);
    });
  }

  Milliseconds silent_since_{0};
};

TEST_P(Timeouts, LeaveTimeUpToTheLastMillisecond) {
  const auto id = submit_to_one_silent_for(kTimeout - Milliseconds(1));
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_P(Timeouts, EndAnAttemptNoLaterThanTheyAreNoticed) {
  const auto id = submit_to_one_silent_for(minutes(1));
  time_.pass(seconds(1));
  time_.pass(silent_since_ + kTimeout + GetParam().noticed_in + kStored - time_.uptime());
  ASSERT_EQ(status(id), Status::failed);
  EXPECT_EQ(job(id).failure->code, "timeout");
}

INSTANTIATE_TEST_SUITE_P(All, Timeouts, testing::ValuesIn(kCases),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace llmspool::simulation
