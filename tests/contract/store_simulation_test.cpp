// SPDX-License-Identifier: MIT
// Random histories of a store beside a model of it in a few lines: whatever is asked in whatever
// order, with the daemon stopped and started in between, both agree. A failure prints how to run
// its history alone; LLMSPOOL_HISTORIES=5000 runs that many.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "harness.hpp"

namespace llmspool::store {
namespace {

using job::Job;
using job::JobId;
using job::Status;

struct Modelled {
  Job job{};
  std::vector<job::Event> events{};
  std::set<JobId> open{};  // what it still waits for
};

class StoreSimulation : public StoreContract {
 protected:
  void run(unsigned seed) {
    store_.reset();
    std::filesystem::remove_all(directory_.path() / "state");
    open();
    jobs_.clear();
    last_ = 0;
    random_.seed(seed);
    for (int step = 0; step < 200 && !HasFailure(); ++step) act();
    check_all();
  }

 private:
  int pick(int below) { return std::uniform_int_distribution(0, below - 1)(random_); }
  JobId some_id() { return 1 + pick(static_cast<int>(last_) + 1); }
  Modelled* find(JobId id) {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
  }

  void act() {
    switch (pick(16)) {
      case 0:
        return remove_some();
      case 1:
        return pick(3) == 0 ? start_again() : pass_time();
      case 2:
      case 3:
        return submit_some();
      case 4:
      case 5:
      case 6:
        return claim_some();
      default:
        return command_some();
    }
  }

  void submit_some() {
    Submission submission = prompt();
    submission.job.priority = 10 * pick(3);
    submission.job.backends = {pick(3) == 0 ? "other" : "echo"};
    submission.hold = pick(5) == 0;
    if (pick(4) == 0) submission.job.not_before = clock_.now() + Milliseconds(pick(3000));
    if (pick(6) == 0) submission.job.deadline = clock_.now() + Milliseconds(1 + pick(9000));
    for (int i = pick(4); i > 0; --i) {
      if (const JobId id = some_id(); find(id) != nullptr) submission.job.after.push_back(id);
    }
    const Applied applied = try_submit(submission).value().applied;
    EXPECT_GT(applied.job.id, last_);
    last_ = applied.job.id;
    EXPECT_EQ(applied.job.status == Status::failed, is_hopeless(applied.job));
    jobs_[last_].open = predecessors_to_wait_for(applied.job);
    expect(applied);
  }

  static std::int64_t place_of(const Job& job) {
    return job::rank(job.queued_at, job.priority, job::TurnRules());
  }

  void claim_some() {
    const std::string backend = pick(3) == 0 ? "other" : "echo";
    const Job* best = nullptr;
    for (const auto& [id, modelled] : jobs_) {
      const Job& job = modelled.job;
      if (job.status == Status::pending && job.backend == backend && modelled.open.empty() &&
          job::earliest_start(job, clock_.now()) <= clock_.now() &&
          (best == nullptr || place_of(job) < place_of(*best)))
        best = &job;
    }
    const auto claimed = claim(backend);
    ASSERT_EQ(claimed.has_value(), best != nullptr);
    if (claimed) expect_transition(best->id, {job::Start{backend}}, claimed->applied);
  }

  job::Command some_command() {
    switch (pick(15)) {
      case 0:
        return job::Report{pick(101), "answer", "Answering"};
      case 1:
        return job::Append{"answer", "word"};
      case 2:
        return job::FinishStep{.result = {.step = "answer"}, .progress = pick(101)};
      case 3:
      case 4:
      case 5:
        return job::Complete{"text"};
      case 6:
        return job::Fail{{"backend_failed", "Down."}};
      case 7:
        return job::Retry{{"timeout", "Slow."}, Milliseconds(pick(2000)), "echo"};
      case 8:
        return job::PutBack{};
      case 9:
        return job::HoldRunning{{"credentials", "Which key?"}};
      case 10:
        return job::Cancel{};
      case 11:
        return job::Hold{};
      case 12:
        return job::Release{};
      case 13:
        return job::Restart{};
      default:
        return some_change();
    }
  }

  job::Command some_change() {
    job::Change change;
    change.priority = 10 * pick(3);
    if (pick(2) == 0) change.not_before = clock_.now() + Milliseconds(pick(500));
    return change;
  }

  void command_some() {
    const JobId id = some_id();
    std::vector<job::Command> commands(static_cast<std::size_t>(1 + pick(2)));
    for (auto& command : commands) command = some_command();
    const auto applied =
        await<Applied>([&](auto done) { store_->apply(id, {}, commands, std::move(done)); });
    if (find(id) == nullptr) {
      EXPECT_EQ(applied.error().code, Code::not_found);
    } else {
      expect_transition(id, commands, applied);
    }
  }

  void pass_time() {
    clock_.advance(Milliseconds(pick(3000)));
    const auto woken = wake();
    for (const Applied& expired : woken.ended) {
      EXPECT_LE(expired.job.deadline, clock_.now());
      expect_transition(expired.job.id, {job::Expire{}}, expired);
    }
    std::optional<Time> next;
    const auto consider = [&](std::optional<Time> time) {
      if (time && (!next || *time < *next)) next = time;
    };
    for (const auto& [id, modelled] : jobs_) {
      const Job& job = modelled.job;
      if (job::ended(job.status)) continue;
      EXPECT_GT(job.deadline.value_or(Time::max()), clock_.now());
      consider(job.deadline);
      const auto start = job::earliest_start(job, clock_.now());
      if (job.status == Status::pending && modelled.open.empty() && start > clock_.now())
        consider(start);
    }
    EXPECT_EQ(woken.next, next);
  }

  void remove_some() {
    const JobId id = some_id();
    const Modelled* modelled = find(id);
    EXPECT_EQ(try_remove(id).has_value(), modelled != nullptr && job::ended(modelled->job.status));
    if (modelled != nullptr && job::ended(modelled->job.status)) jobs_.erase(id);
  }

  void start_again() {
    std::set<JobId> ran;
    for (const auto& [id, modelled] : jobs_)
      if (modelled.job.status == Status::processing) ran.insert(id);
    reopen();
    for (const Applied& interrupted : recover()) {
      EXPECT_EQ(ran.erase(interrupted.job.id), 1);
      expect_transition(interrupted.job.id, {job::Interrupt{}}, interrupted);
    }
    EXPECT_TRUE(ran.empty());
  }

  // The model -----------------------------------------------------------------------------------

  bool is_hopeless(const Job& job) {
    return std::any_of(job.after.begin(), job.after.end(), [&](JobId id) {
      const Modelled* modelled = find(id);
      return modelled != nullptr && job::ended(modelled->job.status) &&
             modelled->job.status != Status::completed;
    });
  }

  std::set<JobId> predecessors_to_wait_for(const Job& job) {
    std::set<JobId> open;
    for (const JobId id : job.after) {
      if (const Modelled* modelled = find(id);
          modelled != nullptr && !job::ended(modelled->job.status))
        open.insert(id);
    }
    return open;
  }

  // That the store did to the job what the state table says, and nothing where that refuses.
  void expect_transition(JobId id, const std::vector<job::Command>& commands,
                         const Result<Applied>& applied) {
    Modelled& modelled = jobs_.at(id);
    Job job = modelled.job;
    bool restarted = false;
    for (const job::Command& command : commands) {
      const auto transition = job::apply(job, command, clock_.now());
      const bool restarts = std::holds_alternative<job::Restart>(command);
      if (!transition || (restarts && is_hopeless(job))) {
        ASSERT_FALSE(applied.has_value());
        EXPECT_EQ(applied.error().code, Code::conflict);
        return;
      }
      restarted = restarted || restarts;
      job = transition->job;
    }
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
    EXPECT_EQ(to_json(applied->job), to_json(job));
    EXPECT_EQ(applied->job.fence, job.fence);
    if (restarted) modelled.open = predecessors_to_wait_for(job);
    expect(*applied);
  }

  // Takes a change into the model, with what it must have meant for other jobs.
  void expect(const Applied& applied) {
    record(applied);
    std::set<JobId> abandoned;
    if (job::ended(applied.job.status))
      end(applied.job.id, applied.job.status == Status::completed, abandoned);
    for (const Applied& other : applied.others) {
      EXPECT_EQ(other.job.failure.value().code, "dependency_failed");
      EXPECT_EQ(abandoned.erase(other.job.id), 1);
      record(other);
    }
    EXPECT_TRUE(abandoned.empty());
  }

  void end(JobId ended, bool completed, std::set<JobId>& abandoned) {
    jobs_.at(ended).open.clear();
    for (auto& [id, modelled] : jobs_) {
      if (modelled.open.erase(ended) == 0 || completed) continue;
      abandoned.insert(id);
      end(id, false, abandoned);
    }
  }

  void record(const Applied& applied) {
    Modelled& modelled = jobs_.at(applied.job.id);
    modelled.job = applied.job;
    for (const job::Event& event : applied.events) {
      modelled.events.push_back(event);
      EXPECT_EQ(event.seq, static_cast<job::Seq>(modelled.events.size()));
    }
    EXPECT_EQ(applied.job.seq, static_cast<job::Seq>(modelled.events.size()));
  }

  void check_all() {
    std::map<Status, std::vector<JobId>> newest_first;
    for (const auto& [id, modelled] : jobs_) {
      EXPECT_EQ(to_json(get(id)), to_json(modelled.job));
      const auto events = store_->events(id, 0, 1000).value();
      ASSERT_EQ(events.size(), modelled.events.size());
      for (std::size_t i = 0; i < events.size(); ++i)
        EXPECT_EQ(to_json(events[i]), to_json(modelled.events[i]));
      auto& of_status = newest_first[modelled.job.status];
      of_status.insert(of_status.begin(), id);
    }
    const auto count = [&](Status status) {
      EXPECT_EQ(ids({.statuses = {status}, .limit = 1000}), newest_first[status]);
      return static_cast<std::int64_t>(newest_first[status].size());
    };
    const Counts counts = store_->counts().value();
    EXPECT_EQ(counts.held, count(Status::held));
    EXPECT_EQ(counts.pending, count(Status::pending));
    EXPECT_EQ(counts.processing, count(Status::processing));
    EXPECT_EQ(counts.completed, count(Status::completed));
    EXPECT_EQ(counts.failed, count(Status::failed));
    EXPECT_EQ(counts.cancelled, count(Status::cancelled));
  }

  std::mt19937 random_;
  std::map<JobId, Modelled> jobs_;
  JobId last_ = 0;
};

TEST_P(StoreSimulation, AgreesWithTheModel) {
  const auto setting = [](const char* name, int usual) {
    const char* value = std::getenv(name);
    return value == nullptr ? usual : std::atoi(value);
  };
  const int first = setting("LLMSPOOL_SEED", 1);
  const int last = first + setting("LLMSPOOL_HISTORIES", 50) - 1;
  for (int seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE("LLMSPOOL_HISTORIES=1 LLMSPOOL_SEED=" + std::to_string(seed));
    run(static_cast<unsigned>(seed));
  }
}

INSTANTIATE_TEST_SUITE_P(Store, StoreSimulation, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace llmspool::store
