// SPDX-License-Identifier: MIT
// A configured optimizer as the spool sees it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin/backend.hpp"

namespace llmspool::plugin {

struct OptimizeRequest {
  job::JobId job_id = 0;
  std::string step;
  std::map<std::string, std::string> documents;
  boost::json::object params;
};

struct OptimizeResult {
  std::map<std::string, std::string> documents;  // those it set, by name; "text" is the step's text
  std::optional<double> score;
  boost::json::object report;
};

// Generates for the optimizer with the job's backend; gives the text's pieces to `append`.
using Generate = std::function<Ending(const std::string& prompt,
                                      const std::function<void(std::string_view)>& append)>;

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual const std::string& id() const = 0;
  virtual const std::string& name() const = 0;
  virtual const std::string& description() const = 0;
  virtual const std::vector<Parameter>& params() const = 0;
  // Blocks until the work has ended; any thread.
  virtual Ending process(const OptimizeRequest& request, Sink& sink, const Generate& generate,
                         OptimizeResult& result) = 0;
};

}  // namespace llmspool::plugin
