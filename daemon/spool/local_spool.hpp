// SPDX-License-Identifier: MIT
// The spool of this machine: wires intake, ledger, dispatcher and hub together.
#pragma once

#include "pipeline/current.hpp"
#include "spool/dispatcher.hpp"
#include "spool/spool.hpp"

namespace llmspool::spool {

class LocalSpool final : public Spool {
 public:
  struct Parts {  // all outlive the spool
    store::Store& store;
    Loop& loop;
    Workers& workers;
    const plugin::Registry& plugins;
    const pipeline::Current& pipelines;
    const Clock& clock;
    std::function<void()> changed = [] {};  // some job's state has changed; called on the loop
  };
  explicit LocalSpool(const Parts& parts);

  // Takes up what an earlier life left; jobs run from here on. `ready` is called on the loop.
  void start(std::function<void(Result<void>)> ready);
  // Refuses new jobs and brings running ones to rest; `at_rest` is called on the loop.
  void stop(Milliseconds grace, std::function<void()> at_rest);
  // Backends that were stopped by a plugin's answer take jobs again.
  void resume();

  void submit(const Caller& caller, Submission submission, Done<store::Submitted> done) override;
  void command(const Caller& caller, job::JobId id, job::Command command,
               Done<job::Job> done) override;
  void remove(const Caller& caller, job::JobId id, Done<void> done) override;
  Result<job::Job> get(const Caller& caller, job::JobId id) override;
  Result<std::vector<job::Job>> list(const Caller& caller, store::Filter filter) override;
  Result<std::vector<store::FileInfo>> files(const Caller& caller, job::JobId id) override;
  Result<job::File> file(const Caller& caller, job::JobId id, const std::string& name) override;
  Result<store::Counts> counts() override { return parts_.store.counts(); }
  Hub& hub() override { return hub_; }
  const plugin::Registry& plugins() const override { return parts_.plugins; }
  std::shared_ptr<const pipeline::Library> pipelines() const override {
    return parts_.pipelines.get();
  }
  int running(const std::string& backend) const override { return dispatcher_.running(backend); }
  std::string stopped_reason(const std::string& backend) const override {
    return dispatcher_.stopped_reason(backend);
  }
  bool ready() const override { return ready_; }

 private:
  const Parts parts_;
  Hub hub_;
  Ledger ledger_;
  RunContext context_;
  Dispatcher dispatcher_;
  std::atomic<bool> ready_ = false, stopping_ = false;
};

}  // namespace llmspool::spool
