// SPDX-License-Identifier: MIT
// A spool in memory for tests of the API: jobs change by the real table, as the test says.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

#include "http/server.hpp"
#include "spool/spool.hpp"

namespace llmspool::http {

class FakeSpool final : public spool::Spool, private store::Store {
 public:
  FakeSpool() : hub_(*this, [this](const job::Job&) { return expected; }) {}

  // What a runner would do.
  void change(job::JobId id, const job::Command& command) {
    job::Transition made;
    {
      const std::lock_guard lock(mutex_);
      Entry& entry = jobs_.at(id);
      made = job::apply(entry.job, command, Time(Milliseconds(2000))).value();
      keep(entry, made);
      if (const auto* step = std::get_if<job::FinishStep>(&command)) {
        for (const job::File& file : step->files) entry.files[file.name] = file;
      }
    }
    hub_.publish(made.job, made.events);
  }
  job::JobId add(const std::string& owner, const std::string& group = {}) {
    spool::Submission submission;
    submission.job.group = group;
    submission.request.messages.push_back({"user", "Hello"});
    job::JobId id = 0;
    submit({owner, false}, std::move(submission),
           [&](const Result<store::Submitted>& made) { id = made->applied.job.id; });
    return id;
  }
  job::Seq seq(job::JobId id) { return get(id)->seq; }
  void discard(job::JobId id) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.erase(id);
    }
    hub_.removed(id);
  }

  void damage(job::JobId id) {  // its events are lost
    const std::lock_guard lock(mutex_);
    jobs_.at(id).events.clear();
  }

  job::Outlook expected;  // of every job
  spool::QueueState state;
  std::vector<store::Group> all_groups;
  std::string backup_content = "all of it";

  // Who asks for events waits while a test holds the gate.
  std::mutex event_gate;
  std::atomic<int> event_reads_begun = 0, event_reads_ended = 0;

  std::optional<Error> refuse_submits, refuse_chunks, refuse_events;
  std::atomic<bool> is_ready = true;
  std::vector<spool::Submission> submissions;

  void submit(const spool::Caller& caller, spool::Submission submission,
              spool::Done<store::Submitted> done) override {
    if (refuse_submits) return done(std::unexpected(*refuse_submits));
    store::Submitted submitted;
    {
      const std::lock_guard lock(mutex_);
      submissions.push_back(submission);
      const std::string key = caller.owner + "/" + submission.idempotency_key;
      if (const auto known = keys_.find(key);
          !submission.idempotency_key.empty() && known != keys_.end()) {
        if (known->second.second != submission.fingerprint) {
          return done(fail(Code::unprocessable, "The key was used for another request."));
        }
        submitted.applied.job = jobs_.at(known->second.first).job;
        submitted.replayed = true;
        return done(submitted);
      }
      job::Job job = submission.job;
      job.id = static_cast<job::JobId>(jobs_.size()) + 1;
      job.owner = caller.owner;
      auto made = job::create(std::move(job), submission.hold, Time(Milliseconds(1000)));
      keep(jobs_[made.job.id], made);
      keys_[key] = {made.job.id, submission.fingerprint};
      submitted.applied.job = made.job;
    }
    done(submitted);
  }
  void submit_all(const spool::Caller& caller, std::vector<spool::Submission> all,
                  spool::Done<std::vector<Result<store::Submitted>>> done) override {
    ++chunks;
    if (!is_ready) return done(fail(Code::unavailable, "It stops."));
    if (refuse_chunks) return done(std::unexpected(*refuse_chunks));
    std::vector<Result<store::Submitted>> results;
    for (spool::Submission& each : all) {
      submit(caller, std::move(each),
             [&](Result<store::Submitted> submitted) { results.push_back(std::move(submitted)); });
    }
    done(std::move(results));
  }
  void cancel_group(const spool::Caller& caller, const std::string& owner, const std::string& name,
                    spool::Done<void> done) override {
    store::Group* known = visible_group(caller, owner, name);
    if (!known) return done(no_group(name));
    known->jobs.cancelled += std::exchange(known->jobs.pending, 0);
    done({});
  }
  void set_switch(const spool::Caller& caller, spool::Switch what, const std::string& backend,
                  bool on, spool::Done<void> done) override {
    if (!caller.admin) return done(fail(Code::forbidden, "Only admins may."));
    if (!backend.empty()) return done(fail(Code::not_found, "There is no such backend."));
    if (what == spool::Switch::paused)
      state.paused = on;
    else
      state.accepting = !on;
    done({});
  }
  void command(const spool::Caller& caller, job::JobId id, job::Command command,
               spool::Done<job::Job> done) override {
    auto job = get(caller, id);
    if (!job) return done(std::unexpected(job.error()));
    auto made = job::apply(*job, command, Time(Milliseconds(3000)));
    if (!made) return done(std::unexpected(made.error()));
    change(id, command);
    done(get(id));
  }
  void remove(const spool::Caller& caller, job::JobId id, spool::Done<void> done) override {
    const auto job = get(caller, id);
    if (!job) return done(std::unexpected(job.error()));
    discard(id);
    done({});
  }

  Result<job::Job> get(const spool::Caller& caller, job::JobId id) override {
    LLMSPOOL_TRY(job, get(id));
    if (caller.admin || job.owner == caller.owner) return job;
    return missing(id);
  }
  Result<std::vector<job::Job>> list(const spool::Caller&, store::Filter filter) override {
    return list(filter);
  }
  Result<std::vector<store::FileInfo>> files(const spool::Caller& caller, job::JobId id) override {
    LLMSPOOL_CHECK(get(caller, id));
    return files(id);
  }
  Result<job::File> file(const spool::Caller& caller, job::JobId id,
                         const std::string& name) override {
    LLMSPOOL_CHECK(get(caller, id));
    return file(id, name);
  }
  Result<store::Counts> counts() override { return store::Counts{.pending = 2}; }
  spool::Hub& hub() override { return hub_; }
  const plugin::Registry& plugins() const override { return registry_; }
  std::shared_ptr<const pipeline::Library> pipelines() const override { return library_; }
  Result<std::vector<store::Group>> groups(const spool::Caller& caller,
                                           std::optional<std::string> owner,
                                           std::size_t limit) override {
    std::vector<store::Group> result;
    for (const store::Group& each : all_groups) {
      if (!caller.admin && each.owner != caller.owner) continue;
      if (owner && each.owner != *owner) continue;
      if (result.size() < limit) result.push_back(each);
    }
    return result;
  }
  Result<store::Group> group(const spool::Caller& caller, const std::string& owner,
                             const std::string& name) override {
    const store::Group* known = visible_group(caller, owner, name);
    if (!known) return no_group(name);
    return *known;
  }
  Result<spool::QueueState> queue() override { return state; }
  Result<std::vector<job::Job>> upcoming(const spool::Caller&, std::size_t limit) override {
    return list(store::Filter{.limit = limit});
  }
  Result<std::shared_ptr<std::ifstream>> backup(const spool::Caller& caller) override {
    if (!caller.admin) return fail(Code::forbidden, "Only admins may.");
    const std::string path = testing::TempDir() + "backup-" + std::to_string(getpid());
    std::ofstream(path) << backup_content;
    auto file = std::make_shared<std::ifstream>(path);
    std::filesystem::remove(path);
    return file;
  }
  job::Outlook outlook(const job::Job&) const override { return expected; }
  std::vector<spool::QueueState::Backend> backends() const override { return {}; }
  bool ready() const override { return is_ready; }
  bool paused() const override { return false; }
  Result<void> takes_jobs() override {
    if (!is_ready) return fail(Code::unavailable, "It is starting.");
    return {};
  }

 private:
  struct Entry {
    job::Job job;
    std::vector<job::Event> events;
    std::map<std::string, job::File> files;
  };

  static std::unexpected<Error> missing(job::JobId id) {
    return fail(Code::not_found, "There is no job '" + std::to_string(id) + "'.");
  }
  static std::unexpected<Error> no_group(const std::string& name) {
    return fail(Code::not_found, "There is no group '" + name + "'.");
  }
  store::Group* visible_group(const spool::Caller& caller, const std::string& owner,
                              const std::string& name) {
    const auto found = std::ranges::find_if(all_groups, [&](const store::Group& each) {
      return each.owner == owner && each.name == name && (caller.admin || caller.owner == owner);
    });
    return found == all_groups.end() ? nullptr : &*found;
  }
  static void keep(Entry& entry, const job::Transition& made) {
    entry.job = made.job;
    entry.events.insert(entry.events.end(), made.events.begin(), made.events.end());
  }

  Result<job::Job> get(job::JobId id) override {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return missing(id);
    return found->second.job;
  }
  Result<std::vector<job::Job>> list(const store::Filter& filter) override {
    const std::lock_guard lock(mutex_);
    last_filter = filter;
    std::vector<job::Job> matching, result;
    for (const auto& [id, entry] : jobs_) {
      if (filter.before && id >= *filter.before) continue;
      if (filter.after && id <= *filter.after) continue;
      if (filter.group && entry.job.group != *filter.group) continue;
      if (filter.owner && entry.job.owner != *filter.owner) continue;
      matching.push_back(entry.job);
    }
    if (!filter.after) std::ranges::reverse(matching);
    std::size_t bytes = 0;
    for (const job::Job& job : matching) {
      if (result.size() == filter.limit || bytes >= filter.bytes_max) break;
      result.push_back(job);
      bytes += job.output ? job.output->size() : 0;
    }
    return result;
  }
  Result<std::vector<job::Event>> events(job::JobId id, job::Seq after,
                                         std::size_t limit) override {
    ++event_reads_begun;
    const std::lock_guard let_in(event_gate);
    const std::lock_guard lock(mutex_);
    if (refuse_events) return std::unexpected(*refuse_events);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return missing(id);
    std::vector<job::Event> result;
    for (const job::Event& event : found->second.events) {
      if (event.seq > after && result.size() < limit) result.push_back(event);
    }
    ++event_reads_ended;
    return result;
  }
  Result<std::vector<store::FileInfo>> files(job::JobId id) override {
    const std::lock_guard lock(mutex_);
    std::vector<store::FileInfo> result;
    for (const auto& [name, file] : jobs_.at(id).files) {
      result.push_back(
          {name, file.role, file.media_type, static_cast<std::int64_t>(file.content.size())});
    }
    return result;
  }
  Result<job::File> file(job::JobId id, const std::string& name) override {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.at(id).files.find(name);
    if (found == jobs_.at(id).files.end()) {
      return fail(Code::not_found, "The job has no file '" + name + "'.");
    }
    return found->second;
  }

  // Of the store's changes the hub needs none.
  void submit(store::Submission, store::Done<store::Submitted>) override {}
  void apply(job::JobId, std::optional<job::Fence>, std::vector<job::Command>,
             store::Done<store::Applied>) override {}
  void submit_all(std::vector<store::Submission>,
                  store::Done<std::vector<Result<store::Submitted>>>) override {}
  void claim(store::Claim, store::Done<std::vector<store::Claimed>>) override {}
  void divert(std::string, std::vector<std::string>, job::JobId,
              store::Done<store::Batch>) override {}
  void cancel_group(std::string, std::string, job::JobId, store::Done<store::Batch>) override {}
  void retain(store::Retention, store::Done<Retained>) override {}
  void set_switch(std::string, bool, store::Done<void>) override {}
  void renew(std::string, Time, store::Done<void>) override {}
  void recover(std::string, store::Done<Recovered>) override {}
  void wake(store::Done<Woken>) override {}
  void remove(job::JobId, store::Done<void>) override {}

  // Nor these reads.
  Result<std::vector<store::Group>> groups(const std::optional<std::string>&,
                                           std::size_t) override {
    return {};
  }
  Result<store::Group> group(const std::string&, const std::string&) override { return {}; }
  Result<store::Queue> queue(const std::string&, std::size_t) override { return {}; }
  Result<std::optional<std::pair<job::Job, std::string>>> known_key(const std::string&,
                                                                    const std::string&) override {
    return std::nullopt;
  }
  Result<std::set<std::string>> switches() override { return {}; }
  Result<void> room() override { return {}; }
  Result<std::shared_ptr<std::ifstream>> backup(const std::stop_token&) override {
    return fail(Code::internal, "The spool's own is asked for.");
  }

  std::mutex mutex_;
  std::map<job::JobId, Entry> jobs_;
  std::map<std::string, std::pair<job::JobId, std::string>> keys_;
  plugin::Registry registry_;
  std::shared_ptr<const pipeline::Library> library_ = std::make_shared<pipeline::Library>();
  spool::Hub hub_;

 public:
  store::Filter last_filter;
  std::atomic<int> chunks = 0;  // of bulk submits
};

}  // namespace llmspool::http
