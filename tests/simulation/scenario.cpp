// SPDX-License-Identifier: MIT
#include "scenario.hpp"

#include "store/sqlite/task.hpp"

namespace llmspool::simulation {

using job::JobId;
using sqlite::Task;

MemoryStore::MemoryStore(VirtualTime& time)
    : SqliteStore(time),
      time_(time),
      changes_(disk_.database(), time, {.waiting_max = 100'000, .owner_waiting_max = 100'000}) {}

Result<std::shared_ptr<std::ifstream>> MemoryStore::backup(const std::stop_token&) {
  return fail(Code::internal, "A database in memory has no backup.");
}

void MemoryStore::push(std::unique_ptr<Task> task) {
  const auto fails_in = std::exchange(fails_in_, std::nullopt);
  const auto answers_after = std::exchange(answers_after_, Milliseconds(0));
  time_.after(fails_in.value_or(kCommitTime), [this, fails = fails_in.has_value(), answers_after,
                                               task = std::shared_ptr<Task>(std::move(task))] {
    if (fails)
      task->fail(Error{Code::internal, "The disk fails."});
    else
      commit(*task);
    time_.after(answers_after, [task] { task->answer(); });
  });
}

void MemoryStore::commit(Task& task) {
  do {
    try {
      disk_.database().run("BEGIN IMMEDIATE");
      changes_.begin();
      task.make(changes_);
      changes_.flush();
      return disk_.database().run("COMMIT");
    } catch (const sqlite::DatabaseError& failed) {
      changes_.forget();
      if (disk_.database().in_transaction()) disk_.database().run("ROLLBACK");
      task.fail(failed.error());
    }
  } while (changes_.take_learned());
}

void MemoryStore::with_database(const std::function<void(sqlite::Database&)>& work) {
  work(disk_.database());
}

Scenario::~Scenario() {
  time_.kill();
}

void Scenario::have_backend(ScriptedBackend::Script script, int concurrency, const std::string& id,
                            const std::vector<std::string>& models) {
  std::vector<plugin::Model> known;
  for (const auto& model : models)
    known.push_back({.id = model, .is_default = model == models.front()});
  auto recorded = [this, id, script = std::move(script)](const plugin::GenerateRequest& request,
                                                         plugin::Sink& sink) {
    asked_.push_back({time_.uptime(), id, request});
    return script(request, sink);
  };
  auto tell = [this, known = std::move(known)]() -> Result<std::vector<plugin::Model>> {
    if (!knows_models_()) return fail(Code::unavailable, "The models are not known.");
    return known;
  };
  backends_.push_back(
      std::make_shared<ScriptedBackend>(id, concurrency, std::move(tell), std::move(recorded)));
}

void Scenario::have_answering_backend(const std::string& id) {
  have_backend([this](const plugin::GenerateRequest&, plugin::Sink& sink) { return say(sink); }, 1,
               id);
}

void Scenario::have_optimizer(ScriptedOptimizer::Script script) {
  optimizers_.push_back(std::make_shared<ScriptedOptimizer>(std::move(script)));
}

void Scenario::start(std::map<std::string, config::Backend> rules) {
  rules_ = std::move(rules);
  plugins_ = plugin::Registry::of(backends_, optimizers_);
  spool_.reset(new spool::LocalSpool({.store = store_,
                                      .loop = time_,
                                      .workers = time_,
                                      .plugins = *plugins_,
                                      .pipelines = pipelines_,
                                      .clock = time_,
                                      .random = [] { return 0.5; },
                                      .rules = rules_,
                                      .retention = retention_}));
  spool_->start([](Result<void> started) { ASSERT_TRUE(started.has_value()); });
  time_.pass(Milliseconds(100));
}

JobId Scenario::submit(const std::function<void(spool::Submission&)>& change,
                       const std::string& owner) {
  spool::Submission submission;
  submission.job.backends = {"x"};
  submission.request.messages = {{"user", "Hello"}};
  if (change) change(submission);
  return answer_of(
      [&](auto done) { spool_->submit({owner}, std::move(submission), std::move(done)); });
}

JobId Scenario::submit_to_both() {
  return submit([](auto& submission) { submission.job.backends = {"x", "other"}; });
}

void Scenario::have_pipeline(std::string_view toml) {
  pipelines_.replace(
      pipeline::Library::of({pipeline::parse_definition(toml, "pipeline.toml").value()}));
}

JobId Scenario::submit_to_pipeline(const std::string& name,
                                   const std::function<void(spool::Submission&)>& change) {
  return submit([&](auto& submission) {
    submission.job.pipeline = name;
    submission.request.messages.clear();
    submission.request.inputs = {{"text", "Hello"}};
    if (change) change(submission);
  });
}

JobId Scenario::store_job(std::vector<std::string> backends, std::optional<Time> not_before) {
  store::Submission submission;
  submission.job = {.owner = "alice", .backends = std::move(backends), .not_before = not_before};
  submission.job.backend = submission.job.backends.front();
  submission.request.messages = {{"user", "Hello"}};
  return answer_of([&](auto done) { store_.submit(std::move(submission), std::move(done)); });
}

JobId Scenario::answer_of(const std::function<void(spool::Done<store::Submitted>)>& ask) {
  JobId id = 0;
  ask([&](const auto& submitted) { id = submitted.value().applied.job.id; });
  while (id == 0 && time_.step()) {
  }
  return id;
}

void Scenario::set_switch(spool::Switch what, const std::string& of, bool on) {
  spool_->set_switch({"root", true}, what, of, on, [](const auto&) {});
  time_.pass(std::chrono::seconds(1));
}

std::vector<JobId> Scenario::asked_jobs() const {
  std::vector<JobId> jobs;
  for (const Asked& asked : asked_) jobs.push_back(asked.request.job_id);
  return jobs;
}

std::vector<std::string> Scenario::asked_backends() const {
  std::vector<std::string> backends;
  for (const Asked& asked : asked_) backends.push_back(asked.backend);
  return backends;
}

spool::QueueState::Backend Scenario::backend(const std::string& id) {
  const auto all = spool_->queue().value().backends;
  return *std::ranges::find(all, id, &spool::QueueState::Backend::id);
}

plugin::Ending Scenario::say(plugin::Sink& sink, std::string_view text) {
  time_.sleep(Milliseconds(100));
  sink.emit(text);
  return {};
}

plugin::Ending Scenario::fall_silent(plugin::Sink& sink) {
  while (!sink.cancelled()) time_.sleep(std::chrono::seconds(1));
  return {.verdict = plugin::Verdict::cancelled};
}

plugin::Ending Scenario::generate_with(const plugin::Generate& generate,
                                       plugin::OptimizeResult& result) {
  std::string text;
  auto ending = generate("Say it better", [&](std::string_view piece) { text += piece; });
  result.documents["text"] = text;
  return ending;
}

config::Backend Scenario::fragile() {
  config::Backend rules;
  rules.circuit_failures = 1;
  rules.circuit_rest = std::chrono::seconds(5);
  return rules;
}

plugin::Ending Scenario::failure(plugin::Verdict verdict) {
  return {.verdict = verdict, .message = "It is down."};
}

}  // namespace llmspool::simulation
