// SPDX-License-Identifier: MIT
// The Store's promises on what can be read: lists, events, files, counts, and what is removed.
#include <thread>

#include "base/limits.hpp"
#include "harness.hpp"

namespace llmspool::store {
namespace {

using job::Job;
using job::JobId;
using job::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoreContract, GivesJustTheEventsThatAreAskedFor) {
  const JobId id = submit().id;
  claim();
  const job::Append text{"answer", "Hello"};
  await<Applied>([&](auto done) { store_->apply(id, {}, {text, text, text}, std::move(done)); });
  const auto events = store_->events(id, 3, 1).value();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].seq, 4);
}

TEST_P(StoreContract, ListsNewestFirstWithACursor) {
  for (int i = 0; i < 5; ++i) submit();
  EXPECT_THAT(ids({.limit = 2}), ElementsAre(5, 4));
  EXPECT_THAT(ids({.limit = 2, .before = 4}), ElementsAre(3, 2));
  EXPECT_THAT(ids({.before = 2}), ElementsAre(1));
  EXPECT_THAT(ids({.before = 1}), IsEmpty());
  EXPECT_THAT(ids({.owner = "alice", .limit = 2, .before = 4}), ElementsAre(3, 2));
  EXPECT_THAT(ids({.limit = 0}), IsEmpty());
}

TEST_P(StoreContract, ListsNoFurtherJobOnceThereAreSoManyBytes) {
  for (int i = 1; i <= 4; ++i) {
    submit();
    claim();
    if (i > 1) apply(i, job::Complete{std::string(10'000, 'x')});
  }
  EXPECT_THAT(ids({.bytes_max = 15'000}), ElementsAre(4, 3));
  EXPECT_THAT(ids({.bytes_max = 1, .before = 3}), ElementsAre(2));
  EXPECT_THAT(ids({.bytes_max = 15'000, .before = 3}), ElementsAre(2, 1));
}

TEST_P(StoreContract, ListsWhatAFilterAsksFor) {
  for (int i = 1; i <= 6; ++i) {
    Submission submission = prompt(i % 2 == 0 ? "alice" : "bob");
    if (i > 3) submission.job.pipeline = "application";
    if (i == 4) submission.job.model = "tiny-cv";
    submission.job.backends = {i == 5 ? "ollama" : "echo"};
    submit(submission);
  }
  apply(6, job::Hold{});
  apply(1, job::Cancel{});
  apply(2, job::Cancel{});
  claim();  // job 3

  EXPECT_THAT(ids({.owner = "alice"}), ElementsAre(6, 4, 2));
  EXPECT_THAT(ids({.statuses = {Status::cancelled}}), ElementsAre(2, 1));
  EXPECT_THAT(ids({.statuses = {Status::cancelled, Status::held, Status::processing}}),
              ElementsAre(6, 3, 2, 1));
  EXPECT_THAT(ids({.statuses = {Status::held, Status::cancelled}, .owner = "alice"}),
              ElementsAre(6, 2));
  EXPECT_THAT(ids({.statuses = {Status::held, Status::cancelled, Status::processing}, .limit = 2}),
              ElementsAre(6, 3));
  EXPECT_THAT(ids({.statuses = {Status::held, Status::cancelled, Status::held}}),
              ElementsAre(6, 2, 1));
  EXPECT_THAT(ids({.pipeline = "application"}), ElementsAre(6, 5, 4));
  EXPECT_THAT(ids({.pipeline = ""}), ElementsAre(3, 2, 1));
  EXPECT_THAT(ids({.backend = "ollama"}), ElementsAre(5));
  EXPECT_THAT(ids({.model = "tiny-cv"}), ElementsAre(4));
  EXPECT_THAT(ids({.pipeline = "application", .owner = "bob"}), ElementsAre(5));
  EXPECT_THAT(ids({.owner = "carol"}), IsEmpty());
}

TEST_P(StoreContract, ListsByLabels) {
  for (int i = 1; i <= 4; ++i) {
    Submission submission = prompt(i == 4 ? "bob" : "alice");
    submission.job.labels = {{"batch", i == 2 ? "autumn" : "spring"}, {"n", std::to_string(i % 2)}};
    submit(submission);
  }
  EXPECT_THAT(ids({.labels = {{"batch", "spring"}}}), ElementsAre(4, 3, 1));
  EXPECT_THAT(ids({.labels = {{"batch", "spring"}, {"n", "1"}}}), ElementsAre(3, 1));
  EXPECT_THAT(ids({.labels = {{"batch", "spring"}}, .limit = 1, .before = 4}), ElementsAre(3));
  EXPECT_THAT(ids({.owner = "bob", .labels = {{"batch", "spring"}}}), ElementsAre(4));
  EXPECT_THAT(ids({.labels = {{"spring", "batch"}}}), IsEmpty());

  job::Change change;
  change.labels = std::map<std::string, std::string>{{"batch", "winter"}};
  apply(3, change);
  apply(1, job::Cancel{});
  EXPECT_THAT(ids({.labels = {{"batch", "winter"}}}), ElementsAre(3));
  EXPECT_THAT(ids({.statuses = {Status::pending}, .labels = {{"batch", "spring"}}}),
              ElementsAre(4));
  EXPECT_TRUE(try_remove(1).has_value());
  EXPECT_THAT(ids({.labels = {{"batch", "spring"}}}), ElementsAre(4));
}

TEST_P(StoreContract, GivesEventsInOrderAfterANumber) {
  const JobId id = submit().id;
  claim();
  for (int i = 0; i < 5; ++i) apply(id, job::Append{"answer", std::to_string(i)});
  reopen();
  apply(id, job::Append{"answer", "5"});
  const auto events = store_->events(id, 2, 4).value();
  ASSERT_THAT(events, SizeIs(4));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(events[i].seq, static_cast<job::Seq>(i + 3));
    EXPECT_EQ(events[i].type, "delta");
    EXPECT_EQ(events[i].at, clock_.now());
    EXPECT_EQ(events[i].data,
              (boost::json::object{{"step", "answer"}, {"text", std::to_string(i)}}));
  }
  EXPECT_THAT(store_->events(id, 6, 100).value(), SizeIs(2));
  EXPECT_THAT(store_->events(id, 8, 100).value(), IsEmpty());
  EXPECT_THAT(log(id), SizeIs(8));
}

TEST_P(StoreContract, GivesFewerEventsAtOnceWhereTheyAreLong) {
  const JobId id = submit().id;
  claim();
  const std::string text(limits::kEventBytesPerRead / 2, 'x');
  for (int i = 0; i < 5; ++i) apply(id, job::Append{"answer", text});
  EXPECT_THAT(store_->events(id, 2, 100).value(), SizeIs(2));
  EXPECT_THAT(store_->events(id, 6, 100).value(), SizeIs(1));
}

TEST_P(StoreContract, KeepsFilesAsTheyAre) {
  const JobId id = submit().id;
  claim();
  const std::string binary("%PDF\0\xff\n", 7);
  job::FinishStep finish;
  finish.result.step = "render";
  finish.files = {{"z.pdf", "cv", "application/pdf", binary},
                  {"a.md", "other", "text/markdown", ""}};
  apply(id, finish);
  const auto files = store_->files(id).value();
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].name, "z.pdf");
  EXPECT_EQ(files[0].role, "cv");
  EXPECT_EQ(files[0].media_type, "application/pdf");
  EXPECT_EQ(files[0].size, 7);
  EXPECT_EQ(files[1].size, 0);
  EXPECT_EQ(store_->file(id, "z.pdf").value().content, binary);
  EXPECT_EQ(store_->file(id, "a.md").value().content, "");

  finish.files = {{"z.pdf", "cv", "application/pdf", "new"}};
  apply(id, finish);
  EXPECT_THAT(store_->files(id).value(), SizeIs(2));
  EXPECT_EQ(store_->file(id, "z.pdf").value().content, "new");

  apply(id, job::Cancel{});
  EXPECT_THAT(store_->files(id).value(), SizeIs(2));
  apply(id, job::Restart{});
  EXPECT_THAT(store_->files(id).value(), IsEmpty());
}

TEST_P(StoreContract, SaysWhatIsNotThere) {
  const JobId id = submit().id;
  EXPECT_THAT(store_->files(id).value(), IsEmpty());
  EXPECT_THAT(store_->file(id, "cv.md").error().message, HasSubstr("no file 'cv.md'"));
  EXPECT_EQ(store_->file(id, "cv.md").error().code, Code::not_found);
  EXPECT_EQ(store_->get(7).error().code, Code::not_found);
  EXPECT_EQ(store_->get(7).error().message, "There is no job 7.");
  EXPECT_EQ(store_->events(7, 0, 1).error().code, Code::not_found);
  EXPECT_EQ(store_->files(7).error().code, Code::not_found);
  EXPECT_EQ(store_->file(7, "cv.md").error().code, Code::not_found);
}

TEST_P(StoreContract, CountsJobsByStatus) {
  for (int i = 0; i < 8; ++i) submit();
  claim();
  claim();
  apply(1, job::Complete{});
  apply(3, job::Cancel{});
  apply(4, job::Hold{});
  apply(2, job::Fail{});
  claim();
  for (int opened = 0; opened < 2; ++opened) {
    const Counts counts = store_->counts().value();
    EXPECT_EQ(counts.held, 1);
    EXPECT_EQ(counts.pending, 3);
    EXPECT_EQ(counts.processing, 1);
    EXPECT_EQ(counts.completed, 1);
    EXPECT_EQ(counts.failed, 1);
    EXPECT_EQ(counts.cancelled, 1);
    reopen();
  }
  EXPECT_TRUE(try_remove(1).has_value());
  EXPECT_EQ(store_->counts().value().completed, 0);
}

TEST_P(StoreContract, RemovesAnEndedJobWithAllThatBelongsToIt) {
  const JobId id = submit().id;
  EXPECT_EQ(try_remove(id).error().code, Code::conflict);
  claim();
  EXPECT_THAT(try_remove(id).error().message, HasSubstr("Job 1 is processing"));
  job::FinishStep finish;
  finish.result.step = "answer";
  finish.files = {{"a.md", "other", "text/markdown", "A"}};
  apply(id, finish);
  apply(id, job::Complete{});
  EXPECT_TRUE(try_remove(id).has_value());
  EXPECT_EQ(store_->get(id).error().code, Code::not_found);
  EXPECT_EQ(store_->events(id, 0, 1).error().code, Code::not_found);
  EXPECT_EQ(store_->file(id, "a.md").error().code, Code::not_found);
  EXPECT_EQ(try_remove(id).error().code, Code::not_found);
  EXPECT_THAT(ids({}), IsEmpty());
}

TEST_P(StoreContract, NeverGivesAnIdTwice) {
  submit();
  const JobId last = submit().id;
  apply(last, job::Cancel{});
  EXPECT_TRUE(try_remove(last).has_value());
  reopen();
  EXPECT_EQ(submit().id, last + 1);
}

TEST_P(StoreContract, ReadsWhileItWrites) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto jobs = store_->list({.statuses = {Status::pending, Status::processing}});
        ASSERT_TRUE(jobs.has_value()) << jobs.error().message;
        for (const Job& job : *jobs) EXPECT_TRUE(store_->events(job.id, 0, 10).has_value());
        EXPECT_TRUE(store_->counts().has_value());
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    submit();
    apply(claim_job().id, job::Complete{});
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(store_->counts().value().completed, 50);
}

}  // namespace
}  // namespace llmspool::store
