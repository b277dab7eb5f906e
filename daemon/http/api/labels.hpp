// SPDX-License-Identifier: MIT
// A job's labels in a request's body.
#pragma once

#include <map>

#include "http/api/fields.hpp"

namespace llmspool::http {

// The field "labels"; what is wrong with it is counted in `fields`.
void read_labels(Fields& fields, std::map<std::string, std::string>& labels);

}  // namespace llmspool::http
