// SPDX-License-Identifier: MIT
// The lines in which claimable jobs wait, one for each backend, owner and model. Memory holds only
// the first few jobs of each; the rest is the index jobs_lines.
#pragma once

#include <deque>
#include <map>

#include "job/turn.hpp"
#include "store/sqlite/database.hpp"

namespace llmspool::store::sqlite {

// Backends that claimable jobs wait for.
std::vector<std::string> awaited_backends(Database& database);

// Of every line of the backend the first `per_line` jobs, or as many as memory is spent on, in
// their order.
struct FirstOfLines {
  std::vector<job::Head> heads{};
  std::size_t per_line = 0;
};
FirstOfLines first_of_lines(Database& database, const std::string& backend, std::size_t per_line);

// Of the last jobs of the lines the one that stands furthest back.
std::optional<job::Head> last_of_lines(Database& database, const std::string& backend);

class Lines {
 public:
  explicit Lines(job::TurnRules rules) : rules_(rules) {}

  // The job whose turn it is.
  std::optional<job::Head> next(Database& database, const std::string& backend,
                                const job::Models& models, Time now);
  // It is being started.
  void take(const std::string& backend, const job::Head& head, Time now);

  // A job stands in its line now, or in one no longer.
  void joined(const job::Job& job);
  void left(const job::Job& job) { lose(job.backend, {job.owner, job.model}); }
  void lose(const std::string& backend, const std::pair<std::string, std::string>& line);

  void forget() { backends_.clear(); }
  const job::TurnRules& rules() const { return rules_; }

 private:
  using Line = std::deque<job::Head>;               // empty: not looked at
  using Key = std::pair<std::string, std::string>;  // owner and model
  struct Backend {
    std::map<Key, Line> lines;
    job::Turns turns;
    bool found = false;  // all its lines are in `lines`
  };

  const job::TurnRules rules_;
  std::map<std::string, Backend, std::less<>> backends_;
};

}  // namespace llmspool::store::sqlite
