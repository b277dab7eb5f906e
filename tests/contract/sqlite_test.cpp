// SPDX-License-Identifier: MIT
// What is particular to the store in an SQLite file: what it says of files and directories that it
// cannot use, how it bears a full disk, and that it gives space back.
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "harness.hpp"
#include "store/sqlite/changes.hpp"
#include "store/sqlite/state_directory.hpp"
#include "store/sqlite/store.hpp"

namespace llmspool::store {
namespace {

namespace fs = std::filesystem;
using job::JobId;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SqliteStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> open() { return open(state_); }
  Result<std::unique_ptr<Store>> open(const fs::path& directory) {
    return sqlite::open({.directory = directory, .clock = clock_});
  }

  static Submission prompt(std::string text = "Hello") {
    Submission submission{.job = {.owner = "alice", .backends = {"echo"}}};
    submission.request.messages = {{"user", std::move(text)}};
    return submission;
  }
  static Result<Submitted> submit(Store& store, Submission submission) {
    return await<Submitted>(
        [&](auto done) { store.submit(std::move(submission), std::move(done)); });
  }
  static Result<Submitted> submit(Store& store, std::string text = "Hello") {
    return submit(store, prompt(std::move(text)));
  }

  void run_sql(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((state_ / "llmspool.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  int count_rows(const std::string& table) const {
    int rows = -1;
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open((state_ / "llmspool.db").c_str(), &database), SQLITE_OK);
    const auto take = [](void* to, int, char** columns, char**) {
      *static_cast<int*>(to) = std::atoi(columns[0]);
      return 0;
    };
    EXPECT_EQ(
        sqlite3_exec(database, ("SELECT count(*) FROM " + table).c_str(), take, &rows, nullptr),
        SQLITE_OK);
    sqlite3_close(database);
    return rows;
  }

  // What the content of the store takes.
  std::int64_t bytes_used() const {
    sqlite::Database database(state_ / "llmspool.db");
    return sqlite::bytes_used(database);
  }
  // A store that has room for so many bytes more.
  std::unique_ptr<Store> open_with_room_for(std::int64_t bytes) {
    open().value().reset();
    return sqlite::open(
               {.directory = state_, .space = {.bytes_max = bytes_used() + bytes}, .clock = clock_})
        .value();
  }
  static std::int64_t size_of(Submission submission) {
    return std::ssize(sqlite::SubmissionRow(std::move(submission)).request);
  }

  ManualClock clock_;
  TemporaryDirectory directory_;
  const fs::path state_ = directory_.path() / "above" / "state";
};

TEST_F(SqliteStoreTest, MakesAPrivateDirectory) {
  const auto store = open();
  ASSERT_TRUE(store.has_value()) << store.error().message;
  ASSERT_TRUE(submit(**store).has_value());
  struct stat about{};
  ASSERT_EQ(stat(state_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
  for (const char* name : {"llmspool.db", "llmspool.db-wal", "llmspool.lock"}) {
    ASSERT_EQ(stat((state_ / name).c_str(), &about), 0) << name;
    EXPECT_EQ(about.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(SqliteStoreTest, CopiesIntoAPrivateFileOneAtATime) {
  fs::create_directories(state_);
  for (const char* rest : {"backup.partial", "backup.partial-journal"})
    std::ofstream(state_ / rest) << "of a daemon that died";
  const auto directory = sqlite::StateDirectory::take(state_);
  ASSERT_TRUE(directory.has_value()) << directory.error().message;
  EXPECT_FALSE(fs::exists(state_ / "backup.partial-journal"));
  {
    const auto copy = directory->begin_copy();
    ASSERT_TRUE(copy.has_value()) << copy.error().message;
    EXPECT_EQ(fs::status(copy->path()).permissions(), fs::perms(0600));
    EXPECT_EQ(directory->begin_copy().error().code, Code::unavailable);
  }
  EXPECT_TRUE(directory->begin_copy().has_value());
}

TEST_F(SqliteStoreTest, EndsALongStatementWhereItIsToStop) {
  fs::create_directories(state_);
  std::stop_source stop;
  stop.request_stop();
  const auto token = stop.get_token();
  sqlite::Database database(state_ / "llmspool.db");
  database.obey(token);
  EXPECT_THROW(database.run_once("WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL "
                                 "SELECT n + 1 FROM counted) SELECT count(*) FROM counted"),
               sqlite::DatabaseError);
}

TEST_F(SqliteStoreTest, KeepsASecondDaemonOut) {
  auto first = open();
  ASSERT_TRUE(first.has_value());
  const auto second = open();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_THAT(second.error().message,
              AllOf(HasSubstr("process " + std::to_string(getpid())), HasSubstr(state_.string())));
  first->reset();
  EXPECT_TRUE(open().has_value());
}

TEST_F(SqliteStoreTest, NamesADirectoryThatItCannotUse) {
  std::ofstream(directory_.path() / "file") << "no directory";
  for (const fs::path& path : {directory_.path() / "file", directory_.path() / "file" / "state"}) {
    const auto store = open(path);
    ASSERT_FALSE(store.has_value());
    EXPECT_THAT(store.error().message,
                AllOf(HasSubstr("'" + path.string() + "' cannot be used (Not a directory)"),
                      HasSubstr("[state] directory")));
  }
}

TEST_F(SqliteStoreTest, SaysWhoMustOwnADirectoryThatItCannotWrite) {
  constexpr uid_t kNobody = 65534;
  fs::create_directories(state_);
  chmod(directory_.path().c_str(), 0755);
  const bool am_root = geteuid() == 0;
  if (am_root) {
    ASSERT_EQ(seteuid(kNobody), 0);
  } else {
    chmod(state_.c_str(), 0555);
  }
  const auto store = open();
  const std::string me = std::to_string(geteuid());
  if (am_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr("'" + state_.string() + "' cannot be used (Permission denied)"),
                    HasSubstr("belongs to user " + me)));
}

TEST_F(SqliteStoreTest, RefusesADatabaseOfALaterVersion) {
  open().value().reset();
  run_sql("PRAGMA user_version = 1000");
  const auto store = open();
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error().message,
              AllOf(HasSubstr((state_ / "llmspool.db").string()), HasSubstr("later version"),
                    HasSubstr("format is 1000")));
}

TEST_F(SqliteStoreTest, TakesOverADatabaseOfTheFirstVersion) {
  fs::create_directories(state_);
  fs::copy(fs::path(LLMSPOOL_SOURCE_DIR) / "tests/fixtures/version-1.db", state_ / "llmspool.db");
  clock_.advance(24h * 365 * 20);  // after all that the file remembers
  const auto store = open().value();
  const Counts counts = store->counts().value();
  EXPECT_EQ(counts.held, 1);
  EXPECT_EQ(counts.pending, 4);
  EXPECT_EQ(counts.completed, 1);
  EXPECT_EQ(counts.cancelled, 1);

  const auto events = store->events(1, 0, 100).value();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().type, "created");
  EXPECT_EQ(events.back().type, "completed");
  for (std::size_t i = 0; i < events.size(); ++i)
    EXPECT_EQ(events[i].seq, static_cast<job::Seq>(i + 1));
  EXPECT_EQ(store->list({.labels = {{"batch", "spring"}}}).value().at(0).id, 2);

  const auto interrupted =
      await<Store::Recovered>([&](auto done) { store->recover("local", std::move(done)); })
          .value()
          .interrupted;
  ASSERT_THAT(interrupted, SizeIs(1));
  EXPECT_EQ(interrupted[0].job.id, 2);
  const auto claimed = await<std::vector<Claimed>>([&](auto done) {
                         store->claim({"echo", "local", clock_.now() + 1min, 10}, std::move(done));
                       }).value();
  std::vector<job::JobId> ids;
  for (const Claimed& each : claimed) ids.push_back(each.applied.job.id);
  EXPECT_THAT(ids, testing::ElementsAre(4, 2, 3));  // high, the one that ran, low
  EXPECT_EQ(submit(*store).value().applied.job.id, 9);
}

TEST_F(SqliteStoreTest, RanksTheWaitingAnewWhereTheRulesHaveChanged) {
  {
    auto store = open().value();
    Submission low{.job = {.owner = "alice", .backends = {"echo"}, .priority = 10}};
    ASSERT_TRUE(await<Submitted>([&](auto done) { store->submit(low, std::move(done)); }));
    clock_.advance(5min);
    ASSERT_TRUE(submit(*store).has_value());
  }
  const auto store =
      sqlite::open({.directory = state_, .turns = {.aging = 1s}, .clock = clock_}).value();
  const auto claimed = await<std::vector<Claimed>>([&](auto done) {
                         store->claim({"echo", "a", clock_.now() + 1min}, std::move(done));
                       }).value();
  EXPECT_EQ(claimed.at(0).applied.job.id, 1);
}

TEST_F(SqliteStoreTest, RefusesAJobForWhichThereIsNoRoom) {
  const auto full = sqlite::open({.directory = state_, .space = {.bytes_max = 1}, .clock = clock_});
  const auto refused = submit(**full);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::no_space);
  EXPECT_THAT(refused.error().message, HasSubstr("[state] bytes_max"));
  EXPECT_EQ((*full)->room().error().message, refused.error().message);
}

TEST_F(SqliteStoreTest, TakesAJobForWhichThereIsJustRoom) {
  const auto store = open_with_room_for(size_of(prompt()));
  EXPECT_TRUE(submit(*store).has_value());
}

TEST_F(SqliteStoreTest, RefusesAJobForWhichAByteOfRoomIsMissing) {
  const auto store = open_with_room_for(size_of(prompt()) - 1);
  EXPECT_EQ(submit(*store).error().code, Code::no_space);
}

TEST_F(SqliteStoreTest, HasRoomUntilItsLastByteIsTaken) {
  EXPECT_TRUE(open_with_room_for(1)->room().has_value());
  EXPECT_EQ(open_with_room_for(0)->room().error().code, Code::no_space);
}

TEST_F(SqliteStoreTest, RemovesNothingForSpaceWhileNoByteIsTooMany) {
  const auto store = open().value();
  for (JobId id = 1; id <= 2; ++id) {
    ASSERT_TRUE(submit(*store, std::string(std::size_t{64} * 1024, 'x')).has_value());
    ASSERT_TRUE(await<Applied>([&](auto done) {
                  store->apply(id, {}, {job::Cancel{}}, std::move(done));
                }).has_value());
  }
  const auto removed_at = [&](std::int64_t bytes_max) {
    return await<Store::Retained>(
               [&](auto done) { store->retain({.bytes_max = bytes_max}, std::move(done)); })
        .value()
        .removed;
  };
  const std::int64_t used = bytes_used();
  EXPECT_THAT(removed_at(used), IsEmpty());
  EXPECT_THAT(removed_at(used - 1), ElementsAre(1));
}

TEST_F(SqliteStoreTest, CountsTheRoomThatOneCommitTakes) {
  const auto store =
      sqlite::open({.directory = state_, .space = {.bytes_max = 1024 * 1024}, .clock = clock_});
  const std::string most(600 * 1024, 'x');
  const auto all = await<std::vector<Result<Submitted>>>([&](auto done) {
                     (*store)->submit_all({prompt(most), prompt(most)}, std::move(done));
                   }).value();
  EXPECT_TRUE(all[0].has_value());
  EXPECT_EQ(all[1].error().code, Code::no_space);
}

TEST_F(SqliteStoreTest, CountsNoRoomThatJobsNoLongerTake) {
  constexpr std::int64_t kMebibyte = std::int64_t{1024} * 1024;
  const auto store =
      sqlite::open({.directory = state_, .space = {.bytes_max = 4 * kMebibyte}, .clock = clock_})
          .value();
  for (JobId id = 1; id <= 5; ++id) {
    ASSERT_TRUE(submit(*store, std::string(kMebibyte, 'x')).has_value()) << id;
    ASSERT_TRUE(await<Applied>([&](auto done) {
                  store->apply(id, {}, {job::Cancel{}}, std::move(done));
                }).has_value());
    ASSERT_TRUE(await<void>([&](auto done) { store->remove(id, std::move(done)); }).has_value());
  }
}

TEST_F(SqliteStoreTest, ForgetsIdempotencyKeysThatAreTooOld) {
  const auto store = open().value();
  const auto submit_with = [&](const std::string& key) {
    auto submission = prompt();
    submission.idempotency_key = key;
    return submit(*store, std::move(submission));
  };
  ASSERT_TRUE(submit_with("first").has_value());
  clock_.advance(24h);
  ASSERT_TRUE(submit_with("second").has_value());
  EXPECT_EQ(count_rows("idempotency"), 1);
}

TEST_F(SqliteStoreTest, KeepsSomeOfItsDiskFree) {
  const auto full = sqlite::open(
      {.directory = state_, .space = {.free_bytes_min = std::int64_t{1} << 60}, .clock = clock_});
  const auto refused = submit(**full);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::no_space);
  EXPECT_THAT(refused.error().message, HasSubstr("[state] free_bytes_min"));
}

// A job is written twice, into the log first.
TEST_F(SqliteStoreTest, TakesAJobUntilTwiceItsSizeWouldTakeAByteThatIsToStayFree) {
  sqlite::Database database(directory_.path() / "any.db");
  const auto check = [&](std::int64_t bytes) {
    return sqlite::Space({.free_bytes_min = 1000}, [](const auto&) { return 1200; })
        .check(database, bytes);
  };
  EXPECT_TRUE(check(100).has_value());
  EXPECT_EQ(check(101).error().code, Code::no_space);
}

TEST_F(SqliteStoreTest, SaysWhenTheFileIsDamaged) {
  fs::create_directories(state_);
  std::ofstream(state_ / "llmspool.db") << std::string(4096, 'x');
  const auto store = open();
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, Code::internal);
  EXPECT_THAT(store.error().message, AllOf(HasSubstr((state_ / "llmspool.db").string()),
                                           HasSubstr("is damaged"), HasSubstr("backup")));
}

TEST_F(SqliteStoreTest, SaysWhenARowIsDamaged) {
  auto store = open().value();
  ASSERT_TRUE(submit(*store).has_value());
  store.reset();
  for (const char* body : {"'nonsense'", "'[]'", "'{\"attempt\":\"x\"}'"}) {
    run_sql((std::string("UPDATE jobs SET body = ") + body).c_str());
    store = open().value();
    const auto job = store->get(1);
    ASSERT_FALSE(job.has_value());
    EXPECT_THAT(job.error().message, HasSubstr("is damaged"));
    const auto cancelled =
        await<Applied>([&](auto done) { store->apply(1, {}, {job::Cancel{}}, std::move(done)); });
    EXPECT_FALSE(cancelled.has_value());
    EXPECT_TRUE(submit(*store).has_value());
    store.reset();
  }
}

// A job whose row cannot be read keeps nobody waiting.
class DamagedRow : public SqliteStoreTest {
 protected:
  void SetUp() override { store_ = open().value(); }

  JobId submit(Submission submission = prompt()) {
    return SqliteStoreTest::submit(*store_, std::move(submission)).value().applied.job.id;
  }
  std::vector<JobId> claim() {
    std::vector<JobId> ids;
    const Claim claim{
        .backend = "echo", .node = "a", .lease_until = clock_.now() + 1min, .limit = 10};
    const auto all =
        await<std::vector<Claimed>>([&](auto done) { store_->claim(claim, done); }).value();
    for (const Claimed& each : all) ids.push_back(each.applied.job.id);
    return ids;
  }
  void damage(JobId id) {
    store_.reset();
    run_sql(("UPDATE jobs SET body = 'nonsense' WHERE id = " + std::to_string(id)).c_str());
    store_ = open().value();
  }

  std::unique_ptr<Store> store_;
};

TEST_F(DamagedRow, IsPassedOverByAClaim) {
  const JobId damaged = submit(), good = submit();
  damage(damaged);
  EXPECT_THAT(claim(), ElementsAre(good));
}

TEST_F(DamagedRow, KeepsNoDeadlineFromBeingHeld) {
  Submission urgent = prompt();
  urgent.job.deadline = clock_.now() + 1s;
  const JobId damaged = submit(urgent), good = submit(urgent);
  damage(damaged);
  clock_.advance(2s);
  const auto woken = await<Store::Woken>([&](auto done) { store_->wake(done); }).value();
  ASSERT_THAT(woken.ended, SizeIs(1));
  EXPECT_EQ(woken.ended[0].job.id, good);
  EXPECT_EQ(woken.next, std::nullopt);
}

TEST_F(DamagedRow, LetsTheJobEndThatItWasToFollow) {
  const JobId first = submit();
  Submission follower = prompt();
  follower.job.after = {first};
  damage(submit(std::move(follower)));
  ASSERT_THAT(claim(), ElementsAre(first));
  const auto ended =
      await<Applied>([&](auto done) { store_->apply(first, {}, {job::Complete{"Hello"}}, done); });
  EXPECT_TRUE(ended.has_value()) << ended.error().message;
}

TEST_F(DamagedRow, LetsNobodyWaitForIt) {
  const JobId damaged = submit();
  Submission follower = prompt();
  follower.job.after = {damaged};
  const JobId waits = submit(std::move(follower));
  damage(damaged);
  ASSERT_THAT(claim(), IsEmpty());
  const auto woken = await<Store::Woken>([&](auto done) { store_->wake(done); }).value();
  ASSERT_THAT(woken.ended, SizeIs(1));
  EXPECT_EQ(woken.ended[0].job.id, waits);
  EXPECT_EQ(woken.ended[0].job.status, job::Status::failed);
}

TEST_F(DamagedRow, DoesNotKeepTheStoreFromRecovering) {
  const JobId damaged = submit(), good = submit();
  ASSERT_THAT(claim(), SizeIs(2));
  damage(damaged);
  const auto recovered =
      await<Store::Recovered>([&](auto done) { store_->recover("a", done); }).value();
  ASSERT_THAT(recovered.interrupted, SizeIs(1));
  EXPECT_EQ(recovered.interrupted[0].job.id, good);
}

TEST_F(DamagedRow, KeepsNoOtherFromBeingRemoved) {
  const JobId damaged = submit(), good = submit();
  for (const JobId id : {damaged, good})
    ASSERT_TRUE(await<Applied>(
        [&](auto done) { store_->apply(id, {}, {job::Cancel{}}, std::move(done)); }));
  damage(damaged);
  clock_.advance(1h);
  const auto retain = [&](const Retention& retention) {
    return await<Store::Retained>([&](auto done) { store_->retain(retention, std::move(done)); });
  };
  EXPECT_TRUE(retain({.content_age = 1min}).has_value());
  EXPECT_THAT(retain({.age = 1min}).value().removed, ElementsAre(good));
  EXPECT_FALSE(store_->get(good).has_value());
}

TEST_F(DamagedRow, IsListedWithWhatIsLeftOfIt) {
  const JobId damaged = submit(), good = submit();
  damage(damaged);
  const auto jobs = store_->list({}).value();
  ASSERT_THAT(jobs, SizeIs(2));
  EXPECT_EQ(jobs[0].id, good);
  EXPECT_EQ(jobs[1].id, damaged);
  EXPECT_EQ(jobs[1].owner, "alice");
  EXPECT_THAT(jobs[1].message, HasSubstr("is damaged"));
}

TEST_F(DamagedRow, DoesNotKeepAJobThatItReplacedFromRunningAgain) {
  Submission draft = prompt();
  draft.job.supersede = "draft";
  const JobId older = submit(draft);
  damage(submit(draft));
  const auto again = await<Applied>(
      [&](auto done) { store_->apply(older, {}, {job::Restart{}}, std::move(done)); });
  EXPECT_TRUE(again.has_value()) << again.error().message;
}

TEST_F(DamagedRow, DoesNotHideWhatHasBecomeReady) {
  const JobId first = submit();
  Submission follower = prompt();
  follower.job.after = {first};
  const JobId ready = submit(std::move(follower));
  ASSERT_THAT(claim(), ElementsAre(first));
  damage(submit());
  std::promise<void> stalled, release;
  store_->apply(first, {}, {job::Complete{"Hello"}}, [&](const auto&) {
    stalled.set_value();
    release.get_future().wait();
  });
  stalled.get_future().wait();
  // Both in one transaction, whose first try meets the damage.
  auto woken = std::make_shared<std::promise<Store::Woken>>();
  store_->wake([woken](Result<Store::Woken> result) { woken->set_value(result.value()); });
  store_->claim({.backend = "echo", .node = "a", .lease_until = clock_.now() + 1min, .limit = 10},
                [](const auto&) {});
  release.set_value();
  EXPECT_EQ(woken->get_future().get().ready.at("echo"), ready);
}

TEST_F(SqliteStoreTest, KeepsNoSupersedingKeyOfAJobThatFailsAtOnce) {
  auto store = open().value();
  const JobId first = submit(*store).value().applied.job.id;
  ASSERT_TRUE(await<Applied>(
      [&](auto done) { store->apply(first, {}, {job::Cancel{}}, std::move(done)); }));
  Submission hopeless = prompt();
  hopeless.job.after = {first};
  hopeless.job.supersede = "draft";
  ASSERT_EQ(submit(*store, hopeless).value().applied.job.status, job::Status::failed);
  store.reset();
  EXPECT_EQ(count_rows("superseding"), 0);
}

// A limit on the size of files stands for a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

// A text that fits into memory, and not into what a full disk has left: its transaction is made,
// and fails when it is to be committed.
const std::string kCommitFails(std::size_t{64} * 1024, 'x');

TEST_F(SqliteStoreTest, LosesNothingOnAFullDiskAndGoesOnWhenThereIsSpace) {
  const auto store = open().value();
  ASSERT_TRUE(submit(*store).has_value());
  {
    const FullDisk full(fs::file_size(state_ / "llmspool.db-wal") + 16 * 1024);
    const auto refused = submit(*store, std::string(1024 * 1024, 'x'));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::no_space);
    EXPECT_THAT(refused.error().message, HasSubstr((state_ / "llmspool.db").string()));
    EXPECT_TRUE(store->get(1).has_value());
    EXPECT_EQ(store->counts().value().pending, 1);
  }
  EXPECT_EQ(submit(*store, std::string(1024 * 1024, 'x')).value().applied.job.id, 2);
  EXPECT_EQ(store->counts().value().pending, 2);
  EXPECT_TRUE(store->get(2).has_value());
}

TEST_F(SqliteStoreTest, CountsNoJobOfACommitThatFailsAsWaiting) {
  const auto store =
      sqlite::open({.directory = state_, .owner_waiting_max = 2, .clock = clock_}).value();
  ASSERT_TRUE(submit(*store).has_value());
  {
    const FullDisk full(fs::file_size(state_ / "llmspool.db-wal") + 16 * 1024);
    ASSERT_FALSE(submit(*store, kCommitFails).has_value());
  }
  EXPECT_TRUE(submit(*store).has_value());
  EXPECT_EQ(submit(*store).error().code, Code::queue_full);
}

class FailedClaim : public SqliteStoreTest {
 protected:
  // Of one commit with what there is no room for.
  void fail_claim(Store& store) const {
    const FullDisk full(fs::file_size(state_ / "llmspool.db-wal") + 16 * 1024);
    std::promise<void> stalled, release;
    std::promise<bool> claimed;
    store.renew("nobody", clock_.now(), [&](const Result<void>&) {
      stalled.set_value();
      release.get_future().wait();
    });
    stalled.get_future().wait();
    store.claim({"echo", "a", clock_.now() + 1min},
                [&](const auto& result) { claimed.set_value(result.has_value()); });
    store.submit(prompt(kCommitFails), [](const auto&) {});
    release.set_value();
    EXPECT_FALSE(claimed.get_future().get());
  }
  Result<std::vector<Claimed>> claim(Store& store) const {
    return await<std::vector<Claimed>>(
        [&](auto done) { store.claim({"echo", "a", clock_.now() + 1min}, std::move(done)); });
  }
};

TEST_F(FailedClaim, LeavesTheJobFirstInItsLine) {
  const auto store = open().value();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(submit(*store).has_value());
  fail_claim(*store);
  EXPECT_EQ(claim(*store).value().at(0).applied.job.id, 1);
}

TEST_F(FailedClaim, KeepsNoJobThatIsClaimedThenFromBeingRecovered) {
  auto store = open().value();
  ASSERT_TRUE(submit(*store).has_value());
  fail_claim(*store);
  ASSERT_THAT(claim(*store).value(), SizeIs(1));
  store.reset();
  store = open().value();
  const auto recovered =
      await<Store::Recovered>([&](auto done) { store->recover("a", std::move(done)); });
  EXPECT_THAT(recovered.value().interrupted, SizeIs(1));
}

TEST_F(SqliteStoreTest, MakesAGroupAnewWhoseFirstJobFailed) {
  const auto store = open().value();
  ASSERT_TRUE(submit(*store).has_value());
  // Not even its transaction can be made.
  Submission grouped = prompt(std::string(std::size_t{1024} * 1024, 'x'));
  grouped.job.group = "letters";
  {
    const FullDisk full(fs::file_size(state_ / "llmspool.db-wal") + 16 * 1024);
    ASSERT_FALSE(submit(*store, grouped).has_value());
  }
  ASSERT_TRUE(submit(*store, grouped).has_value());
  EXPECT_EQ(store->group("alice", "letters").value().jobs.pending, 1);
}

TEST_F(SqliteStoreTest, KeepsNoStepsOfAJobThatHasEnded) {
  auto store = open().value();
  ASSERT_TRUE(submit(*store).has_value());
  ASSERT_TRUE(await<std::vector<Claimed>>([&](auto done) {
                store->claim({"echo", "a", clock_.now() + 1min}, std::move(done));
              }).has_value());
  job::FinishStep finish;
  finish.result = {.step = "answer"};
  for (const job::Command& command : {job::Command(finish), job::Command(job::Complete{})})
    ASSERT_TRUE(await<Applied>([&](auto done) {
                  store->apply(1, {}, {command}, std::move(done));
                }).has_value());
  store.reset();
  EXPECT_EQ(count_rows("steps"), 0);
}

TEST_F(SqliteStoreTest, FailsAllChangesOfACommitThatFails) {
  const auto store = open().value();
  ASSERT_TRUE(submit(*store).has_value());
  ASSERT_TRUE(submit(*store).has_value());
  ASSERT_TRUE(await<std::vector<Claimed>>([&](auto done) {
                store->claim({"echo", "a", clock_.now() + 1min}, std::move(done));
              }).has_value());
  std::vector<Code> codes;
  const auto note = [&](const auto& result) { codes.push_back(result.error().code); };
  {
    const FullDisk full(fs::file_size(state_ / "llmspool.db-wal") + 16 * 1024);
    std::promise<void> stalled, release;
    store->renew("nobody", clock_.now(), [&](const Result<void>&) {
      stalled.set_value();
      release.get_future().wait();
    });
    stalled.get_future().wait();
    store->apply(1, {}, {job::Append{"answer", "lost"}}, note);
    store->apply(2, {}, {job::Hold{}}, note);
    store->apply(7, {}, {job::Hold{}}, note);
    Submission big{.job = {.owner = "alice", .backends = {"echo"}}};
    big.request.messages = {{"user", std::string(1024 * 1024, 'x')}};
    store->submit(std::move(big), note);
    release.set_value();
    (void)submit(*store);  // comes after them
  }
  EXPECT_THAT(codes, AllOf(SizeIs(4), Each(Code::no_space)));
  EXPECT_EQ(store->get(2).value().status, job::Status::pending);

  const auto appended = await<Applied>(
      [&](auto done) { store->apply(1, {}, {job::Append{"answer", "kept"}}, std::move(done)); });
  ASSERT_TRUE(appended.has_value());
  const auto events = store->events(1, 0, 10).value();
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[2].seq, 3);
  EXPECT_EQ(events[2].data.at("text"), "kept");
}

TEST_F(SqliteStoreTest, LeavesNothingOfAJobThatIsRemoved) {
  auto store = open().value();
  Submission submission = prompt();
  submission.job.group = "letters";
  submission.job.labels = {{"batch", "spring"}};
  ASSERT_TRUE(submit(*store, std::move(submission)).has_value());
  ASSERT_TRUE(await<Applied>([&](auto done) {
                store->apply(1, {}, {job::Cancel{}}, std::move(done));
              }).has_value());
  ASSERT_TRUE(await<void>([&](auto done) { store->remove(1, std::move(done)); }).has_value());
  store.reset();
  for (const char* table : {"jobs", "requests", "events", "labels", "groups"})
    EXPECT_EQ(count_rows(table), 0) << table;
}

TEST_F(SqliteStoreTest, GivesSpaceBackWhenThereIsNothingElseToDo) {
  auto store = open().value();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(submit(*store, std::string(1024 * 1024, 'x')));
  store.reset();
  const fs::path file = state_ / "llmspool.db";
  EXPECT_GT(fs::file_size(file), 20U * 1024 * 1024);
  store = open().value();
  for (job::JobId id = 1; id <= 20; ++id) {
    ASSERT_TRUE(await<Applied>([&](auto done) {
                  store->apply(id, {}, {job::Cancel{}}, std::move(done));
                }).has_value());
    ASSERT_TRUE(await<void>([&](auto done) { store->remove(id, std::move(done)); }).has_value());
  }
  // There is nothing to wait for but the file itself.
  for (int i = 0; i < 1000 && fs::file_size(file) > 2U * 1024 * 1024; ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_LE(fs::file_size(file), 2U * 1024 * 1024);
  EXPECT_EQ(submit(*store).value().applied.job.id, 21);
}

}  // namespace
}  // namespace llmspool::store
