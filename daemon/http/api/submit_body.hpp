// SPDX-License-Identifier: MIT
// From what a client sends to a submission. Types and shapes are checked here; whether names exist
// and inputs fit is the spool's to say.
#pragma once

#include <boost/json.hpp>
#include <vector>

#include "http/multipart.hpp"
#include "spool/spool.hpp"

namespace llmspool::http {

// The object in `text`, without what is null, which counts as not given. `what` names it in errors.
Result<boost::json::object> submission_body(std::string_view text,
                                            std::string_view what = "The body");
Result<spool::Submission> submission_from_json(const boost::json::object& body);

// A form's fields by name. A file field that was left empty is as if it were not there.
Result<std::map<std::string, std::string>> form_fields(const std::vector<Part>& parts);
// Fields that bear the name of one of a JSON body's plain fields mean the same; all others are
// inputs of the pipeline.
Result<spool::Submission> submission_from_form(std::map<std::string, std::string> fields);

}  // namespace llmspool::http
