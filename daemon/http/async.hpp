// SPDX-License-Identifier: MIT
// From blocking calls and callbacks to coroutines. The coroutine goes on on its own strand.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/result.hpp"

// LLMSPOOL_CO_TRY(name, expression): LLMSPOOL_TRY for coroutines.
#define LLMSPOOL_CO_TRY(name, expression)                                              \
  auto name##_or_error = (expression);                                                 \
  if (!name##_or_error) co_return std::unexpected(std::move(name##_or_error).error()); \
  auto name = *std::move(name##_or_error)
// The same for a Result<void>.
#define LLMSPOOL_CO_CHECK(expression) \
  if (auto checked = (expression); !checked) co_return std::unexpected(std::move(checked).error())

namespace llmspool::http {

namespace asio = boost::asio;

template <class T>
using Callback = std::function<void(Result<T>)>;

// Calls `start` with a callback, which must be called once, from any thread; gives what it is
// given.
template <class T>
asio::awaitable<Result<T>> called_back(std::function<void(Callback<T>)> start) {
  auto initiate = [start = std::move(start)](auto handler) {
    struct Call {
      decltype(handler) goes_on;
      std::optional<Result<T>> result{};  // what comes can be heavy to move about
    };
    auto call = std::make_shared<Call>(std::move(handler));
    start([call](Result<T> result) {
      call->result = std::move(result);
      auto executor = asio::get_associated_executor(call->goes_on);
      asio::post(executor, [call] { std::move(call->goes_on)(*std::move(call->result)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
      std::move(initiate), asio::use_awaitable);
}

// `start` for called_back(), but called on a thread of `pool`.
template <class T>
std::function<void(Callback<T>)> started_on(asio::thread_pool& pool,
                                            std::function<void(Callback<T>)> start) {
  return [&pool, start = std::move(start)](Callback<T> done) {
    asio::post(pool, [start, done = std::move(done)] {
      try {
        start(done);
      } catch (const std::exception& bug) {
        done(fail(Code::internal, bug.what()));
      }
    });
  };
}

// Does `work`, which may block and gives a Result, on a thread of `pool`.
template <class Work>
asio::awaitable<std::invoke_result_t<Work&>> offloaded(asio::thread_pool& pool, Work work) {
  using T = std::invoke_result_t<Work&>::value_type;
  std::function<void(Callback<T>)> start = [work = std::move(work)](const Callback<T>& done) {
    done(work());
  };
  return called_back<T>(started_on(pool, std::move(start)));
}

}  // namespace llmspool::http
