// SPDX-License-Identifier: MIT
// The spool of this machine: wires intake, ledger, dispatcher, forecast and hub together.
#pragma once

#include "pipeline/current.hpp"
#include "spool/caretaker.hpp"
#include "spool/dispatcher.hpp"
#include "spool/forecast.hpp"
#include "spool/spool.hpp"

namespace llmspool::spool {

class LocalSpool final : public Spool {
 public:
  struct Parts {  // what is referred to outlives the spool
    store::Store& store;
    Loop& loop;
    Workers& workers;
    const plugin::Registry& plugins;
    const pipeline::Current& pipelines;
    const Clock& clock;
    std::function<void()> changed = [] {};  // some job's state has changed; called on the loop
    std::function<double()> random = random_share;
    std::map<std::string, config::Backend> rules{};  // by the backends' names
    job::TurnRules turns{};
    store::Retention retention{};
    std::size_t input_bytes_max = std::size_t{16} << 20U;
  };
  explicit LocalSpool(const Parts& parts);

  // Takes up what an earlier life left; jobs run from here on. `ready` is called on the loop.
  void start(std::function<void(Result<void>)> ready);
  // Refuses new jobs and brings running ones to rest; `at_rest` is called on the loop.
  void stop(Milliseconds grace, std::function<void()> at_rest);
  // Backends that were stopped by a plugin's answer take jobs again.
  void resume();

  void submit(const Caller& caller, Submission submission, Done<store::Submitted> done) override;
  void submit_all(const Caller& caller, std::vector<Submission> submissions,
                  Done<std::vector<Result<store::Submitted>>> done) override;
  void command(const Caller& caller, job::JobId id, job::Command command,
               Done<job::Job> done) override;
  void remove(const Caller& caller, job::JobId id, Done<void> done) override;
  void cancel_group(const Caller& caller, const std::string& owner, const std::string& group,
                    Done<void> done) override;
  void set_switch(const Caller& caller, Switch what, const std::string& backend, bool on,
                  Done<void> done) override;

  Result<job::Job> get(const Caller& caller, job::JobId id) override;
  Result<std::vector<job::Job>> list(const Caller& caller, store::Filter filter) override;
  Result<std::vector<store::FileInfo>> files(const Caller& caller, job::JobId id) override;
  Result<job::File> file(const Caller& caller, job::JobId id, const std::string& name) override;
  Result<store::Counts> counts() override { return parts_.store.counts(); }
  Result<std::vector<store::Group>> groups(const Caller& caller, std::optional<std::string> owner,
                                           std::size_t limit) override;
  Result<store::Group> group(const Caller& caller, const std::string& owner,
                             const std::string& name) override;
  Result<QueueState> queue() override;
  Result<std::vector<job::Job>> upcoming(const Caller& caller, std::size_t limit) override;
  Result<std::shared_ptr<std::ifstream>> backup(const Caller& caller) override;

  job::Outlook outlook(const job::Job& job) const override { return forecast_.of(job); }
  Hub& hub() override { return hub_; }
  const plugin::Registry& plugins() const override { return parts_.plugins; }
  std::shared_ptr<const pipeline::Library> pipelines() const override {
    return parts_.pipelines.get();
  }
  std::vector<QueueState::Backend> backends() const override;
  bool ready() const override { return ready_ && !switches_.is_on(Switch::rejecting); }
  Result<void> takes_jobs() override;
  bool paused() const override { return switches_.is_on(Switch::paused); }

 private:
  static double random_share();
  void foresee(const plugin::Backend& backend);
  void resume_on_loop(const std::string& backend);
  void ask_default_model(const std::shared_ptr<plugin::Backend>& backend);
  void cancel_and_remove(job::JobId id, const Done<void>& done);

  void on_change(const job::Job& job);
  void accept(const Caller& caller, Submission submission, Done<store::Submitted> done);
  // What the store is to take, or why it is refused.
  Result<store::Submission> checked(const Caller& caller, Submission submission) const;
  std::optional<store::Submitted> replayed(const Caller& caller,
                                           const Submission& submission) const;  // blocks
  Result<std::string> first_accepting(const std::vector<std::string>& backends) const;
  Result<void> check_accepting(const std::string& backend) const;
  // The command as it is to be carried out.
  Result<job::Command> checked_command(const job::Job& job, job::Command command) const;
  Result<job::Command> checked_change(job::Job job, job::Change change) const;
  Result<void> add_those_not_ready(const Caller& caller, std::size_t limit,
                                   std::vector<job::Job>& jobs);
  void flip(Switch what, const std::string& backend, bool on, const Done<void>& done);
  void cancel_rest_of_group(const std::string& owner, const std::string& group, job::JobId before,
                            const Done<void>& done);
  // Looks at the queues soon, and tells followers what is expected now.
  void look_ahead();

  const Parts parts_;
  Forecast forecast_;
  Hub hub_;
  Ledger ledger_;
  RunContext context_;
  Switches switches_;
  Dispatcher dispatcher_;
  Caretaker caretaker_;
  std::stop_source stop_;
  std::atomic<bool> ready_ = false;
  // Of the loop:
  bool looking_ahead_ = false;
};

}  // namespace llmspool::spool
