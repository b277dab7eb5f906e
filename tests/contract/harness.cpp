// SPDX-License-Identifier: MIT
#include "harness.hpp"

#include <unistd.h>

#include <cstdlib>

#include "store/sqlite/store.hpp"

namespace llmspool::store {

TemporaryDirectory::TemporaryDirectory() {
  // In memory where that is possible: thousands of commits, each with a sync.
  const std::filesystem::path memory = "/dev/shm";
  const bool has_memory = access(memory.c_str(), W_OK) == 0;
  const auto parent = has_memory ? memory : std::filesystem::temp_directory_path();
  std::string path = (parent / "llmspool-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) std::abort();
  path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<Kind> kinds() {
  return {{"Sqlite",
           [](const std::filesystem::path& directory, const Bounds& bounds, const Clock& clock) {
             return sqlite::open({.directory = directory,
                                  .waiting_max = bounds.waiting_max,
                                  .owner_waiting_max = bounds.owner_waiting_max,
                                  .clock = clock});
           }}};
}

void StoreContract::open(const Bounds& bounds) {
  store_.reset();
  auto opened = GetParam().open(directory_.path() / "state", bounds, clock_);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  store_ = *std::move(opened);
}

Submission StoreContract::prompt(std::string owner) {
  Submission submission{.job = {.owner = std::move(owner), .backends = {"echo"}}};
  submission.request.messages = {{"user", "Hello"}};
  return submission;
}

Result<Submitted> StoreContract::try_submit(Submission submission) {
  return await<Submitted>(
      [&](auto done) { store_->submit(std::move(submission), std::move(done)); });
}

job::Job StoreContract::submit(Submission submission) {
  return try_submit(std::move(submission)).value().applied.job;
}

job::Job StoreContract::submit_after(std::vector<job::JobId> after) {
  Submission submission = prompt();
  submission.job.after = std::move(after);
  return submit(std::move(submission));
}

Result<Applied> StoreContract::try_apply(job::JobId id, job::Command command,
                                         std::optional<job::Fence> fence) {
  return await<Applied>([&](auto done) { store_->apply(id, fence, {command}, std::move(done)); });
}

Applied StoreContract::apply(job::JobId id, job::Command command) {
  return try_apply(id, std::move(command)).value();
}

std::optional<Claimed> StoreContract::claim(const std::string& backend, const std::string& node,
                                            Milliseconds lease) {
  auto claimed =
      claim_some({.backend = backend, .node = node, .lease_until = clock_.now() + lease});
  return claimed.empty() ? std::nullopt : std::optional(std::move(claimed.front()));
}

std::vector<Claimed> StoreContract::claim_some(Claim claim) {
  return await<std::vector<Claimed>>(
             [&](auto done) { store_->claim(std::move(claim), std::move(done)); })
      .value();
}

Store::Recovered StoreContract::recover_all(const std::string& node) {
  return await<Store::Recovered>([&](auto done) { store_->recover(node, std::move(done)); })
      .value();
}

std::vector<Applied> StoreContract::recover(const std::string& node) {
  return recover_all(node).interrupted;
}

Store::Woken StoreContract::wake() {
  return await<Store::Woken>([&](auto done) { store_->wake(std::move(done)); }).value();
}

Result<void> StoreContract::try_remove(job::JobId id) {
  return await<void>([&](auto done) { store_->remove(id, std::move(done)); });
}

std::vector<job::JobId> StoreContract::ids(const Filter& filter) {
  std::vector<job::JobId> ids;
  const auto jobs = store_->list(filter).value();
  for (const job::Job& job : jobs) ids.push_back(job.id);
  return ids;
}

std::vector<std::string> StoreContract::log(job::JobId id) {
  std::vector<std::string> types;
  const auto events = store_->events(id, 0, 1000).value();
  for (const job::Event& event : events) {
    types.push_back(event.type);
    EXPECT_EQ(event.job_id, id);
    EXPECT_EQ(event.seq, static_cast<job::Seq>(types.size()));
  }
  EXPECT_EQ(get(id).seq, static_cast<job::Seq>(types.size()));
  return types;
}

std::promise<void> StoreContract::stall() {
  std::promise<void> release;
  auto stalled = std::make_shared<std::promise<void>>();
  auto has_stalled = stalled->get_future();
  store_->renew("nobody", clock_.now(),
                [stalled, released = release.get_future().share()](const Result<void>&) {
                  stalled->set_value();
                  released.wait();
                });
  has_stalled.wait();
  return release;
}

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

INSTANTIATE_TEST_SUITE_P(Store, StoreContract, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace llmspool::store
