// SPDX-License-Identifier: MIT
// Removes what need not be kept any longer, now and then and a little at a time. Of the loop alone.
#pragma once

#include "spool/ledger.hpp"

namespace llmspool::spool {

class Caretaker {
 public:
  // All outlive it.
  Caretaker(Loop& loop, Ledger& ledger, store::Retention retention)
      : loop_(loop), ledger_(ledger), retention_(retention) {}

  void start();
  void stop() { stopped_ = true; }

 private:
  void clean();

  Loop& loop_;
  Ledger& ledger_;
  const store::Retention retention_;
  bool stopped_ = false;
};

}  // namespace llmspool::spool
