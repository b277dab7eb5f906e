// SPDX-License-Identifier: MIT
// The compiled part of Asio and Beast, once for the whole daemon.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
