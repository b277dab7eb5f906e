// SPDX-License-Identifier: MIT
#include "store/sqlite/rows.hpp"

namespace llmspool::store::sqlite {
namespace {

namespace json = boost::json;
using job::Job;

// Clients may nest as deep as limits::kJsonDepthMax, and we put that into objects of our own. Text
// is taken as it was stored: its check is the matter of those who accepted it.
constexpr json::parse_options kParseOptions{.max_depth = 256, .allow_invalid_utf8 = true};

// Writes only what differs from a fresh job, since most of a million waiting jobs does not.
class BodyWriter {
 public:
  void put_if(bool differs, std::string_view key, json::value value) {
    if (differs) object_.emplace(key, std::move(value));
  }
  void put(std::string_view key, const std::string& text) {
    put_if(!text.empty(), key, json::value(text));
  }
  void put(std::string_view key, std::integral auto number) { put_if(number != 0, key, number); }
  void put(std::string_view key, std::optional<std::int64_t> number) {
    if (number) object_.emplace(key, *number);
  }
  void put(std::string_view key, std::optional<Time> time) {
    if (time) object_.emplace(key, time->time_since_epoch().count());
  }
  std::string text() const { return json::serialize(object_); }

 private:
  unsigned char buffer_[4 * 1024];  // for values that live no longer than this
  json::monotonic_resource memory_{buffer_, sizeof buffer_};
  json::object object_{&memory_};
};

class BodyReader {
 public:
  explicit BodyReader(const json::object& object) : object_(object) {}

  const json::value* find(std::string_view key) const { return object_.if_contains(key); }
  void take(std::string_view key, std::string& text) const {
    if (const auto* value = find(key)) text = value->as_string();
  }
  template <std::integral Number>
  void take(std::string_view key, Number& number) const {
    if (const auto* value = find(key)) number = value->to_number<Number>();
  }
  void take(std::string_view key, bool& truth) const {
    if (const auto* value = find(key)) truth = value->as_bool();
  }
  void take(std::string_view key, Time& time) const {
    if (const auto* value = find(key)) time = Time(Milliseconds(value->as_int64()));
  }
  template <class T>
  void take(std::string_view key, std::optional<T>& optional) const {
    if (find(key) != nullptr) take(key, optional.emplace());
  }

 private:
  const json::object& object_;
};

json::value parse(std::string_view text) {
  return json::parse(text, {}, kParseOptions);
}

// Reads what was stored; that it cannot be read is damage, not an error of the caller.
template <class Read>
auto undamaged(const Database& database, Read read) {
  try {
    return read();
  } catch (const std::exception& wrong) {
    database.fail_damaged(wrong.what());
  }
}

void read_job_body(const json::object& body, Job& job) {
  const BodyReader reader(body);
  if (const auto* backends = reader.find("backends"))
    job.backends = json::value_to<std::vector<std::string>>(*backends);
  if (const auto* labels = reader.find("labels"))
    job.labels = json::value_to<std::map<std::string, std::string>>(*labels);
  if (const auto* after = reader.find("after"))
    job.after = json::value_to<std::vector<job::JobId>>(*after);
  reader.take("max_attempts", job.max_attempts);
  reader.take("timeout_seconds", job.timeout_seconds);
  reader.take("first_token_timeout_seconds", job.first_token_timeout_seconds);
  reader.take("token_timeout_seconds", job.token_timeout_seconds);
  reader.take("step_timeout_seconds", job.step_timeout_seconds);
  reader.take("group", job.group);
  reader.take("supersede", job.supersede);
  reader.take("not_before", job.not_before);
  reader.take("deadline", job.deadline);
  if (reader.find("paused_from") != nullptr) {
    job::Pause& pause = job.pause.emplace();
    reader.take("paused_from", pause.from);
    reader.take("paused_until", pause.until);
  }
  reader.take("progress", job.progress);
  reader.take("current_step", job.current_step);
  reader.take("message", job.message);
  reader.take("attempt", job.attempt);
  reader.take("resuming", job.resuming);
  reader.take("interruptions", job.interruptions);
  reader.take("fence", job.fence);
  reader.take("prompt_tokens", job.usage.prompt_tokens);
  reader.take("completion_tokens", job.usage.completion_tokens);
  if (const auto* failure = reader.find("failure"))
    job.failure = job::failure_from_json(failure->as_object());
  if (const auto* failures = reader.find("failures"))
    for (const json::value& failure : failures->as_array())
      job.failures.push_back(job::failure_from_json(failure.as_object()));
  if (const auto* hoisted = reader.find("hoisted")) job.hoisted = hoisted->as_object();
  reader.take("contents_removed", job.contents_removed);
  reader.take("created_at", job.created_at);
  reader.take("started_at", job.started_at);
  reader.take("completed_at", job.completed_at);
}

// All of a job but what is in its body.
Job read_columns(const Query& row) {
  Job job{.id = row.number(0), .status = static_cast<job::Status>(row.number(1))};
  job.owner = row.text(2);
  job.pipeline = row.text(3);
  job.backend = row.text(4);
  job.model = row.text(5);
  job.priority = static_cast<int>(row.number(6));
  job.seq = row.number(7);
  if (!row.is_null(kOutputColumn)) job.output = row.text(kOutputColumn);
  job.queued_at = row.time(10);
  job.claimable = row.number(11) != 0;
  return job;
}

}  // namespace

std::string job_body(const Job& job) {
  BodyWriter writer;
  writer.put_if(!job.backends.empty(), "backends", json::value_from(job.backends));
  writer.put_if(!job.labels.empty(), "labels", json::value_from(job.labels));
  writer.put_if(!job.after.empty(), "after", json::value_from(job.after));
  writer.put_if(job.max_attempts != job::kAttemptsUsual, "max_attempts", job.max_attempts);
  writer.put("timeout_seconds", job.timeout_seconds);
  writer.put("first_token_timeout_seconds", job.first_token_timeout_seconds);
  writer.put("token_timeout_seconds", job.token_timeout_seconds);
  writer.put("step_timeout_seconds", job.step_timeout_seconds);
  writer.put("group", job.group);
  writer.put("supersede", job.supersede);
  writer.put("not_before", job.not_before);
  writer.put("deadline", job.deadline);
  if (job.pause) {
    writer.put("paused_from", std::optional(job.pause->from));
    writer.put("paused_until", std::optional(job.pause->until));
  }
  writer.put("progress", job.progress);
  writer.put("current_step", job.current_step);
  writer.put("message", job.message);
  writer.put("attempt", job.attempt);
  writer.put_if(job.resuming, "resuming", true);
  writer.put("interruptions", job.interruptions);
  writer.put("fence", job.fence);
  writer.put("prompt_tokens", job.usage.prompt_tokens);
  writer.put("completion_tokens", job.usage.completion_tokens);
  if (job.failure) writer.put_if(true, "failure", to_json(*job.failure));
  writer.put_if(!job.failures.empty(), "failures", to_json(job.failures));
  writer.put_if(!job.hoisted.empty(), "hoisted", job.hoisted);
  writer.put_if(job.contents_removed, "contents_removed", true);
  writer.put("created_at", std::optional(job.created_at));
  writer.put("started_at", job.started_at);
  writer.put("completed_at", job.completed_at);
  return writer.text();
}

Job read_job(const Database& database, const Query& row) {
  Job job = read_columns(row);
  undamaged(database, [&] {
    read_job_body(parse(row.text(kBodyColumn)).as_object(), job);
    return 0;
  });
  return job;
}

Job read_listed_job(const Database& database, const Query& row) {
  try {
    return read_job(database, row);
  } catch (const DamageError& damage) {
    Job rest = read_columns(row);
    rest.message = damage.what();
    return rest;
  }
}

std::optional<Job> find_job(Database& database, job::JobId id) {
  static const std::string sql = "SELECT " + std::string(kJobColumns) + " FROM jobs WHERE id = ?";
  Query row = database.query(sql, id);
  if (!row.next()) return std::nullopt;
  return read_job(database, row);
}

std::string request_body(const job::Request& request) {
  unsigned char buffer[4 * 1024];
  json::monotonic_resource memory(buffer, sizeof buffer);
  json::array messages(&memory), optimizers(&memory);
  for (const auto& [role, content] : request.messages)
    messages.push_back({{"role", role}, {"content", content}});
  for (const auto& [name, params] : request.optimizers)
    optimizers.push_back({{"name", name}, {"params", params}});
  return json::serialize(json::object({{"messages", std::move(messages)},
                                       {"inputs", json::value_from(request.inputs)},
                                       {"params", request.params},
                                       {"optimizers", std::move(optimizers)}},
                                      &memory));
}

job::Request read_request(const Database& database, std::string_view body) {
  return undamaged(database, [&] {
    job::Request request;
    const json::value root = parse(body);
    for (const auto& message : root.at("messages").as_array()) {
      request.messages.push_back({json::value_to<std::string>(message.at("role")),
                                  json::value_to<std::string>(message.at("content"))});
    }
    request.inputs = json::value_to<std::map<std::string, std::string>>(root.at("inputs"));
    request.params = root.at("params").as_object();
    for (const auto& optimizer : root.at("optimizers").as_array()) {
      request.optimizers.push_back(
          {json::value_to<std::string>(optimizer.at("name")), optimizer.at("params").as_object()});
    }
    return request;
  });
}

json::array read_array(const Database& database, std::string_view text) {
  return undamaged(database, [&] { return std::move(parse(text).as_array()); });
}

json::object read_object(const Database& database, std::string_view text) {
  return undamaged(database, [&] { return std::move(parse(text).as_object()); });
}

}  // namespace llmspool::store::sqlite
