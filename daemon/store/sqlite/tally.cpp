// SPDX-License-Identifier: MIT
#include "store/sqlite/tally.hpp"

namespace llmspool::store::sqlite {

void Tally::read(Database& database) {
  Query row = database.query("SELECT status, jobs FROM counts");
  while (row.next()) now_.at(static_cast<std::size_t>(row.number(0))) = row.number(1);
  written_ = now_;
}

void Tally::write(Database& database) {
  for (std::size_t status = 0; status < now_.size(); ++status) {
    if (now_[status] != written_[status])
      database.run("UPDATE counts SET jobs = ? WHERE status = ?", now_[status], status);
  }
  written_ = now_;
}

Counts Tally::counts() const {
  using job::Status;
  return {of(Status::held),      of(Status::pending), of(Status::processing),
          of(Status::completed), of(Status::failed),  of(Status::cancelled)};
}

}  // namespace llmspool::store::sqlite
