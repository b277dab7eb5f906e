// SPDX-License-Identifier: MIT
// What the daemon says of itself.
#include "daemon_text.hpp"

#include <gtest/gtest.h>

namespace llmspool::cli {
namespace {

json::object object(const char* text) {
  return json::parse(text).as_object();
}

TEST(StatusText, SaysHowTheDaemonIs) {
  EXPECT_EQ(status_text(object(R"({"status":"ok","version":"0.1.0","uptime_seconds":11520,
                                   "backends":{"echo":true,"gemini":false},
                                   "jobs":{"pending":3,"processing":1}})"),
                        {}),
            "llmspoold 0.1.0 is ok, up for 3 h 12 min.\n"
            "Jobs: 3 pending, 1 processing.\n"
            "Backend echo is available.\n"
            "Backend gemini is not available: 'llmspool backends' or 'llmspool queue' says why.\n");
}

TEST(StatusText, SaysWhyNoNewJobsAreTaken) {
  EXPECT_EQ(status_text(object(R"({"status":"not_ready","reason":"The disk is full.",
                                   "version":"0.1.0","uptime_seconds":1})"),
                        {}),
            "llmspoold 0.1.0 is not_ready, up for 1 s.\n"
            "The disk is full.\n");
}

TEST(StatusText, SaysThatTheQueueIsPaused) {
  EXPECT_EQ(status_text(object(R"({"status":"ok","paused":true,"version":"0.1.0",
                                   "uptime_seconds":1})"),
                        {}),
            "llmspoold 0.1.0 is ok, up for 1 s.\n"
            "The queue is paused: no job starts until 'llmspool resume'.\n");
}

TEST(BackendsText, GivesTheReasonWhereOneIsNotAvailable) {
  EXPECT_EQ(backends_text(object(R"({"backends":[
                {"id":"echo","description":"Repeats","available":true,"models":["a","b"],
                 "concurrency":4,"running":1},
                {"id":"gemini","available":false,"unavailable_reason":"No key.","models":[],
                 "concurrency":2,"running":0}]})"),
                          {}),
            "BACKEND  AVAILABLE  RUNNING  MODELS  REMARK\n"
            "echo     yes        1 of 4   a, b    Repeats\n"
            "gemini   no         0 of 2           No key.\n");
}

TEST(PipelinesText, NamesTheInputs) {
  EXPECT_EQ(pipelines_text(object(R"({"pipelines":[{"name":"application","description":"Applies",
                                      "inputs":[{"name":"cv"},{"name":"job_description"}]}]})"),
                           {}),
            "PIPELINE     INPUTS               DESCRIPTION\n"
            "application  cv, job_description  Applies\n");
}

TEST(PluginsText, TellsWhyOneIsRefused) {
  EXPECT_EQ(plugins_text(object(R"({"plugins":[
                {"file":"/p/echo.so","id":"org.llmspool.echo","version":"1.0","loaded":true,
                 "reason":null,"backends":["echo"],"optimizers":[]},
                {"file":"/p/bad.so","id":"","loaded":false,"reason":"Wrong major."}]})"),
                         {}),
            "PLUGIN             VERSION  LOADED  BACKENDS  FILE        REMARK\n"
            "org.llmspool.echo  1.0      yes     echo      /p/echo.so\n"
            "                            no                /p/bad.so   Wrong major.\n");
}

}  // namespace
}  // namespace llmspool::cli
