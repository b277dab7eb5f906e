// SPDX-License-Identifier: MIT
// A spool with plugins that do what a test says, in virtual time and on a database in memory: for
// what takes hours, or must happen in one order.
#pragma once

#include <gmock/gmock.h>

#include "simulated_store.hpp"
#include "spool/local_spool.hpp"

namespace llmspool::simulation {

// Commits each change alone, a moment later.
class MemoryStore final : public sqlite::SqliteStore {
 public:
  explicit MemoryStore(VirtualTime& time);

  Result<std::shared_ptr<std::ifstream>> backup(const std::stop_token&) override;
  // The next change that is asked for comes to nothing, which takes so long.
  void fail_next(Milliseconds time = kCommitTime) { fails_in_ = time; }
  // The next is made at once, and answered so much later.
  void answer_next_after(Milliseconds time) { answers_after_ = time; }

 private:
  static constexpr Milliseconds kCommitTime{1};

  void push(std::unique_ptr<sqlite::Task> task) override;
  void with_database(const std::function<void(sqlite::Database&)>& work) override;
  void commit(sqlite::Task& task);

  VirtualTime& time_;
  Disk disk_;
  sqlite::Changes changes_;
  std::optional<Milliseconds> fails_in_;
  Milliseconds answers_after_{0};
};

class ScriptedBackend final : public plugin::Backend {
 public:
  using Script = std::function<plugin::Ending(const plugin::GenerateRequest&, plugin::Sink&)>;
  using Models = std::function<Result<std::vector<plugin::Model>>()>;

  ScriptedBackend(std::string id, int concurrency, Models models, Script script)
      : id_(std::move(id)),
        concurrency_(concurrency),
        models_(std::move(models)),
        script_(std::move(script)) {}
  const std::string& id() const override { return id_; }
  const std::string& name() const override { return id_; }
  const std::string& description() const override { return id_; }
  int concurrency() const override { return concurrency_; }
  const std::vector<plugin::Parameter>& params() const override { return params_; }
  Result<std::vector<plugin::Model>> models() const override { return models_(); }
  plugin::Ending generate(const plugin::GenerateRequest& request, plugin::Sink& sink) override {
    sink.begin_request();
    return script_(request, sink);
  }

 private:
  const std::string id_;
  const int concurrency_;
  const Models models_;
  const Script script_;
  const std::vector<plugin::Parameter> params_ = plugin::common_params();
};

class ScriptedOptimizer final : public plugin::Optimizer {
 public:
  using Script =
      std::function<plugin::Ending(const plugin::Generate& generate, plugin::OptimizeResult&)>;

  explicit ScriptedOptimizer(Script script) : script_(std::move(script)) {}
  const std::string& id() const override { return id_; }
  const std::string& name() const override { return id_; }
  const std::string& description() const override { return id_; }
  const std::vector<plugin::Parameter>& params() const override { return params_; }
  plugin::Ending process(const plugin::OptimizeRequest&, plugin::Sink&,
                         const plugin::Generate& generate,
                         plugin::OptimizeResult& result) override {
    return script_(generate, result);
  }

 private:
  const std::string id_ = "opt";
  const Script script_;
  const std::vector<plugin::Parameter> params_{};
};

class Scenario : public testing::Test {
 protected:
  ~Scenario() override;

  // Before start(). What backend "x" (and others of these names) does, what optimizer "opt" does.
  // The first of a backend's models is its default.
  void have_backend(ScriptedBackend::Script script, int concurrency = 1,
                    const std::string& id = "x", const std::vector<std::string>& models = {});
  // One that answers each prompt with say().
  void have_answering_backend(const std::string& id = "x");
  void have_optimizer(ScriptedOptimizer::Script script);
  void start(std::map<std::string, config::Backend> rules = {});
  // In the place of all others, as after a reload.
  void have_pipeline(std::string_view toml);

  // A prompt for backend "x", changed as the test likes, through the spool's front door.
  job::JobId submit(const std::function<void(spool::Submission&)>& change = {},
                    const std::string& owner = "alice");
  // The same for "x" or, where that does not run it, "other".
  job::JobId submit_to_both();
  job::JobId submit_to_pipeline(const std::string& name,
                                const std::function<void(spool::Submission&)>& change = {});
  // For the pipeline "chain", whose first two steps run side by side.
  job::JobId submit_chain(const std::function<void(spool::Submission&)>& change = {}) {
    return submit_to_pipeline("chain", change);
  }
  // A job that is there before the start, of whatever backends.
  job::JobId store_job(std::vector<std::string> backends, std::optional<Time> not_before = {});

  job::Job job(job::JobId id) { return store_.get(id).value(); }
  job::Status status(job::JobId id) { return job(id).status; }
  // Of a backend, or of the whole queue where none is named.
  void set_switch(spool::Switch what, const std::string& of, bool on);
  // What backends have been asked for, in order.
  struct Asked {
    Milliseconds at;  // on the uptime
    std::string backend;
    plugin::GenerateRequest request;
  };
  std::vector<job::JobId> asked_jobs() const;
  std::vector<std::string> asked_backends() const;
  // What the spool tells of a backend.
  spool::QueueState::Backend backend(const std::string& id = "x");
  // Answers after a moment, or not until it is cancelled.
  plugin::Ending say(plugin::Sink& sink, std::string_view text = "Hello");
  plugin::Ending fall_silent(plugin::Sink& sink);
  static plugin::Ending failure(plugin::Verdict verdict = plugin::Verdict::failed);
  // For an optimizer: the backend's text becomes its own.
  static plugin::Ending generate_with(const plugin::Generate& generate,
                                      plugin::OptimizeResult& result);
  // Of a backend whose circuit the first failure opens for five seconds.
  static config::Backend fragile();

  VirtualTime time_;
  MemoryStore store_{time_};
  // Whether a backend that is asked for its models knows them; it may take its time.
  std::function<bool()> knows_models_ = [] { return true; };
  std::vector<Asked> asked_;
  store::Retention retention_;  // before start()

 private:
  // Until a submit has been answered.
  job::JobId answer_of(const std::function<void(spool::Done<store::Submitted>)>& ask);

  std::vector<std::shared_ptr<plugin::Backend>> backends_;
  std::vector<std::shared_ptr<plugin::Optimizer>> optimizers_;
  std::unique_ptr<plugin::Registry> plugins_;
  pipeline::Current pipelines_{
      pipeline::Library::load({LLMSPOOL_SOURCE_DIR "/tests/simulation/pipelines"}, {"opt"})
          .value()};
  std::map<std::string, config::Backend> rules_;

 protected:
  std::unique_ptr<spool::LocalSpool> spool_;
};

}  // namespace llmspool::simulation
