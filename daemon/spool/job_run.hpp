// SPDX-License-Identifier: MIT
// One job while it runs: starts its steps, collects what they report, stores it, decides how it
// ends. Of the loop alone; its steps' work runs on workers' threads.
#pragma once

#include <map>
#include <memory>

#include "config/config.hpp"
#include "pipeline/plan.hpp"
#include "plugin/registry.hpp"
#include "spool/ledger.hpp"
#include "spool/loop.hpp"
#include "spool/slots.hpp"
#include "spool/step_work.hpp"

namespace llmspool::spool {

// What all runs share; outlives them.
struct RunContext {
  Loop& loop;
  Workers& workers;
  Ledger& ledger;
  const plugin::Registry& plugins;
  const Clock& clock;
  std::function<double()> random;  // 0 to 1, to spread what would else happen at once
};

class JobRun : public std::enable_shared_from_this<JobRun> {
 public:
  // How a step's work with the backend ended.
  struct Answered {
    plugin::Ending ending;
    std::int64_t more_requests = 0;  // than the one that its slot stands for
    std::int64_t tokens = 0;
  };
  struct Callbacks {
    std::function<void()> ended;  // once; its plugin calls have returned, its last word is stored
    std::function<void(const std::string& reason)> stop_backend;
    std::function<void(const Answered&)> answered;
    std::function<bool(const std::string& backend)> is_up;     // takes the jobs of another now
    std::function<bool(const std::string& backend)> may_take;  // or will, when it is up
  };

  JobRun(RunContext& context, store::Claimed claimed,
         std::shared_ptr<const pipeline::Definition> definition,
         std::shared_ptr<plugin::Backend> backend, Slots& slots, Callbacks callbacks,
         const config::Backend& rules);

  void begin();
  // In its place: the job is put back at once, with why for people.
  void decline(std::string why);
  // Someone else has ended the job or given it away: its calls are cancelled, nothing more is said.
  void abandon();
  // The daemon stops: no new step begins, and once the running ones have ended the job is put back.
  void drain();
  // The time for that is over: running steps are cancelled and the job is put back at once.
  void put_back();

 private:
  using CallPtr = std::shared_ptr<StepCall>;
  // A step that runs, or waits for its backend's slot.
  struct Running {
    CallPtr call;
    bool generates = false;
    std::optional<Milliseconds> began{};  // on the loop's uptime; none while it waits
    // Of the backend's last request: which it is, how often any has waited, when it and its last
    // text were seen.
    std::int64_t request = 0, waits = 0;
    Milliseconds asked{0};
    std::optional<Milliseconds> spoke{};
  };
  // Why the attempt ends before all is done.
  struct Trouble {
    plugin::Ending ending;
    std::string step;
    bool of_backend;  // else an optimizer's, for which no other backend is better
  };
  // Of each step.
  struct Timeout {
    Milliseconds time{0};  // zero: none
    bool own = false;      // of a job that is more impatient than its backend's rules are
  };
  struct Timeouts {
    Timeout first_token, token, step;
  };

  static Timeout timeout_of(const std::optional<std::int64_t>& own, std::chrono::seconds usual);
  // Starts what may start, or ends the job if all is done.
  void advance();
  void start(const pipeline::Work& work);
  StepWork work_for(const pipeline::Work& work) const;
  void on_step_begun(const std::string& step);
  void on_step_ended(const CallPtr& call, const pipeline::Step& step, StepOutcome outcome);
  void tell_answer(const Running& running, const StepOutcome& outcome) const;
  // Looks at a running step's timeouts now and again when the next may be over.
  void watch(const std::string& step, const CallPtr& call);
  void time_out(const std::string& step, const Timeout& timeout, std::string detail);
  void finish_step(StepCall& call, const pipeline::Step& step, StepOutcome outcome);
  void give_up(Trouble trouble);
  void conclude(const Trouble& trouble);
  void conclude_now(const Trouble& trouble);
  job::Command answer_to(const Trouble& trouble);
  job::Command stop_queue(const Trouble& trouble, job::Failure failure, std::string reason);
  std::string next_backend(bool gives_up) const;
  void cancel_calls();
  void withdraw_waiting();  // steps that have not begun
  void watch_timeout();
  void on_timeout();

  // The last command: nothing follows it.
  void close_with(job::Command command);
  void say(job::Command command) { to_store_.push_back(std::move(command)); }
  // Hands what has gathered to the store, unless it is still busy with what it got before.
  void flush();
  void flush_in(Milliseconds time);
  void collect_reports();
  void on_stored(const Result<store::Applied>& result);
  void end_if_over();

  RunContext& context_;
  job::Job job_;  // as last stored
  const job::Request request_;
  const std::shared_ptr<const pipeline::Definition> definition_;
  const std::shared_ptr<plugin::Backend> backend_;
  Slots& slots_;
  const Callbacks callbacks_;
  pipeline::Plan plan_;

  const Timeouts timeouts_;

  std::map<std::string, Running> calls_;  // running steps by name
  std::vector<std::string> started_;      // in the order of their starts
  std::optional<Trouble> failed_;
  bool draining_ = false;
  bool closed_ = false;  // the last command is said, or nothing may be said any more
  bool over_ = false;    // `ended` has been called

  std::vector<job::Command> to_store_, being_stored_;
  bool storing_ = false, flush_timed_ = false, store_failing_ = false;
  Milliseconds begun_{0}, last_append_{0}, last_report_{0};  // on the loop's uptime
  job::Report reported_{-1, {}, {}};
};

}  // namespace llmspool::spool
