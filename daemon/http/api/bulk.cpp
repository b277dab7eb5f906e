// SPDX-License-Identifier: MIT
// POST /api/jobs/bulk: a job from each line of NDJSON, any number of them, stored a chunk at a
// time. Answered when all has been read, since many clients read nothing before they have sent all.
#include <mutex>

#include "http/api/api.hpp"
#include "http/api/arguments.hpp"
#include "http/api/idempotency.hpp"
#include "http/api/lines.hpp"
#include "http/api/outcomes.hpp"
#include "http/api/submit_body.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

constexpr std::size_t kLinesPerChunk = 1000;
constexpr std::size_t kBytesPerChunk = std::size_t{4} * 1024 * 1024;    // or what one line has more
constexpr std::size_t kProblemBytesMax = std::size_t{8} * 1024 * 1024;  // then the rest is refused

const Error kTooManyProblems{
    Code::invalid, "Too many lines before this one were refused: mend those, and send them again."};

// What all lines of a request share.
struct Common {
  std::string group, key;
  std::size_t line_bytes_max;
};

Result<spool::Submission> submission_of(const Line& line, const Common& common) {
  if (line.too_long)
    return fail(Code::too_large, "The line is longer than " +
                                     std::to_string(common.line_bytes_max) +
                                     " bytes, which server.body_bytes_max allows.");
  LLMSPOOL_TRY(body, submission_body(line.text, "The line"));
  LLMSPOOL_TRY(submission, submission_from_json(body));
  if (submission.job.group.empty()) submission.job.group = common.group;
  if (!common.key.empty()) {
    // No header can hold a line feed, so this is no key of a single submit.
    submission.idempotency_key = common.key + "\n" + std::to_string(line.number);
    body["group"] = submission.job.group;
    submission.fingerprint = fingerprint(json::value(std::move(body)));
  }
  return submission;
}

// A chunk on its way into the store.
struct Chunk {
  using Stored = std::vector<Result<store::Submitted>>;

  std::vector<Line> lines;
  std::size_t bytes = 0;                      // of these
  std::vector<std::optional<Error>> refused;  // of each line; none: it was handed to the store
  std::mutex mutex;
  std::optional<Result<Stored>> stored;

  void record(const Result<Stored>& all, Outcomes& outcomes) const {
    std::size_t next = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::int64_t line = lines[i].number;
      if (const auto& error = refused[i]; error) {
        outcomes.refused(line, *error);
      } else if (!all) {
        outcomes.refused(line, all.error());
      } else if (const auto& one = (*all)[next++]; one) {
        outcomes.accepted(line, one->applied.job.id, one->replayed);
      } else {
        outcomes.refused(line, one.error());
      }
    }
  }
};
using ChunkPtr = std::shared_ptr<Chunk>;

// Reads the chunk's lines and hands them on; the signal tells when they are stored.
void begin(const Services& services, const spool::Caller& caller, const Common& common,
           const ChunkPtr& chunk, const std::shared_ptr<Signal>& signal) {
  std::vector<spool::Submission> submissions;
  for (std::size_t i = 0; i < chunk->lines.size(); ++i) {
    auto submission = submission_of(chunk->lines[i], common);
    chunk->lines[i].text = {};
    if (submission)
      submissions.push_back(*std::move(submission));
    else
      chunk->refused[i] = std::move(submission).error();
  }
  services.spool.submit_all(caller, std::move(submissions),
                            [chunk, signal](Result<Chunk::Stored> stored) {
                              {
                                const std::scoped_lock lock(chunk->mutex);
                                chunk->stored = std::move(stored);
                              }
                              signal->notify();
                            });
}

class Bulk {
 public:
  Bulk(const Services& services, const Request& request, Common common)
      : services_(services),
        request_(request),
        common_(std::move(common)),
        splitter_(common_.line_bytes_max),
        outcomes_(std::make_shared<Outcomes>()) {}

  asio::awaitable<Result<std::shared_ptr<Outcomes>>> run() {
    std::optional<Error> unread;  // why what follows is not there
    for (bool more = true; more;) {
      auto piece = co_await request_.stream->read();
      if (!piece && piece.error().code != Code::unavailable) {
        co_await settle();
        co_return std::unexpected(piece.error());
      }
      if (!piece) unread = piece.error();
      more = piece && !piece->empty() && !(ended_ && !services_.spool.ready());
      if (piece) co_await take(*piece);
    }
    if (!unread) splitter_.finish();
    if (splitter_.lines() > 0) co_await submit();
    co_await settle();
    if (unread) end_at(splitter_.number(), *unread);
    co_return outcomes_;
  }

 private:
  asio::awaitable<void> take(std::string_view piece) {
    while (!piece.empty() && !ended_) {
      piece.remove_prefix(splitter_.add(piece));
      if (splitter_.lines() >= kLinesPerChunk || splitter_.bytes() >= kBytesPerChunk)
        co_await submit();
      auto kept = keep();
      if (!kept) {  // the chunk on its way leaves soon
        co_await settle();
        kept = keep();
      }
      if (!kept) end_at(splitter_.first_number(), kept.error());
    }
  }

  Result<void> keep() const {
    return request_.stream->keep(splitter_.kept() + (under_way_ ? under_way_->bytes : 0));
  }

  // One chunk is read while the one before it is being stored.
  asio::awaitable<void> submit() {
    if (ended_) co_return;
    const std::size_t bytes = splitter_.bytes();
    auto lines = splitter_.take();
    if (outcomes_->problem_bytes() > kProblemBytesMax) {
      co_await settle();
      co_return end_at(lines.front().number, kTooManyProblems);
    }
    auto chunk = std::make_shared<Chunk>();
    chunk->bytes = bytes;
    chunk->refused.resize(lines.size());
    chunk->lines = std::move(lines);
    auto work = [this, chunk]() -> Result<bool> {
      begin(services_, request_.caller, common_, chunk, request_.signal);
      return true;
    };
    const auto begun = co_await services_.read(std::move(work));
    if (!begun) chunk->stored = std::unexpected(begun.error());
    co_await settle();
    under_way_ = std::move(chunk);
  }

  asio::awaitable<void> settle() {
    while (under_way_) {
      std::optional<Result<Chunk::Stored>> stored;
      {
        const std::scoped_lock lock(under_way_->mutex);
        stored.swap(under_way_->stored);
      }
      if (!stored) {
        co_await request_.signal->wait();
        continue;
      }
      // Not the lines were refused, but all: the daemon stops.
      if (!*stored && stored->error().code == Code::unavailable)
        end_at(under_way_->lines.front().number, stored->error());
      if (!ended_) under_way_->record(*stored, *outcomes_);
      under_way_.reset();
      std::ignore = keep();
    }
  }

  void end_at(std::int64_t line, Error why) {
    if (ended_) return;
    splitter_.clear();
    std::ignore = keep();
    why.message += " This line and all that follow it were not looked at.";
    outcomes_->refused(line, why);
    ended_ = true;
  }

  const Services& services_;
  const Request& request_;
  const Common common_;
  LineSplitter splitter_;
  ChunkPtr under_way_;
  bool ended_ = false;  // the rest is passed over
  const std::shared_ptr<Outcomes> outcomes_;
};

asio::awaitable<Result<Response>> bulk(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {"group"}));
  LLMSPOOL_CO_TRY(group, argument(request, "group"));
  LLMSPOOL_CO_TRY(key, idempotency_key(request.headers));
  if (group && (group->empty() || group->size() > limits::kNameBytesMax))
    co_return fail(Code::invalid, "The parameter 'group' is wrong: it must have 1 to " +
                                      std::to_string(limits::kNameBytesMax) + " bytes.");
  Bulk bulk(services, request, {group.value_or(""), key, services.settings.body_bytes_max});
  LLMSPOOL_CO_TRY(outcomes, co_await bulk.run());
  Response response;
  response.headers.add("Content-Type", "application/x-ndjson");
  response.stream = [outcomes](BodyWriter& body) -> asio::awaitable<void> {
    for (std::string text = outcomes->take(); !text.empty(); text = outcomes->take()) {
      const bool taken = co_await body.write(std::move(text));
      if (!taken) co_return;
    }
  };
  co_return response;
}

}  // namespace

void add_bulk_routes(Router& router, const Services& services) {
  router.add_streamed("POST", "/api/jobs/bulk",
                      [&services](const Request& request) { return bulk(services, request); });
}

}  // namespace llmspool::http
