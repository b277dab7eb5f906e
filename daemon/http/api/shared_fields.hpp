// SPDX-License-Identifier: MIT
// What a job and a change of one have in common in a request's body. What is wrong with it is
// counted in `fields`.
#pragma once

#include <map>

#include "http/api/fields.hpp"

namespace llmspool::http {

void read_labels(Fields& fields, std::map<std::string, std::string>& labels);
// The field "backend": a name or a list of them.
void read_backends(Fields& fields, std::vector<std::string>& backends);

}  // namespace llmspool::http
