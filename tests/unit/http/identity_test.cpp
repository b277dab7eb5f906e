// SPDX-License-Identifier: MIT
#include "http/identity.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "few_descriptors.hpp"

namespace llmspool::http {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

constexpr std::string_view kHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

std::string row(const std::string& local, const std::string& remote, const std::string& state,
                const std::string& uid, const std::string& inode) {
  return "   0: " + local + " " + remote + " " + state +
         " 00000000:00000000 00:00000000 00000000 " + uid + " 0 " + inode + " 1 0 20 4 30 10 -1\n";
}

const tcp::endpoint kPeer(make_address("127.0.0.1"), 0xD431);
const tcp::endpoint kOurs(make_address("127.0.0.1"), 0x1E3D);

TEST(TcpUid, IsInTheRowOfThePeersEnd) {
  const std::string table = std::string(kHead) +
                            row("0100007F:1E3D", "00000000:0000", "0A", "0", "11") +
                            row("0100007F:1E3D", "0100007F:D431", "01", "0", "12") +
                            row("0100007F:D432", "0100007F:1E3D", "01", "7", "13") +
                            row("0100007F:D431", "0100007F:1E3E", "01", "8", "14") +
                            row("0100007F:D431", "0100007F:1E3D", "01", "1001", "15");
  EXPECT_EQ(find_tcp_uid(table, kPeer, kOurs), 1001U);
  EXPECT_EQ(find_tcp_uid(table, kOurs, kPeer), 0U);
  EXPECT_EQ(find_tcp_uid(kHead, kPeer, kOurs), std::nullopt);
}

// The kernel shows uid 0 for a socket whose process has closed it: nobody may become root so, nor
// have a job under another name than their own.
TEST(TcpUid, CannotBeToldOfAClosedSocket) {
  for (const auto* state : {"01", "04", "05", "06", "08"}) {
    const std::string table =
        std::string(kHead) + row("0100007F:D431", "0100007F:1E3D", state, "0", "0");
    const auto uid = find_tcp_uid(table, kPeer, kOurs);
    ASSERT_FALSE(uid) << state;
    EXPECT_EQ(uid.error().code, Code::unavailable) << state;
  }
}

TEST(TcpUid, IsFoundForIpv6AndForIpv4FromAnIpv6Socket) {
  const std::string loopback = "00000000000000000000000001000000";
  const std::string mapped = "0000000000000000FFFF00000100007F";
  const std::string table = std::string(kHead) +
                            row(loopback + ":D431", loopback + ":1E3D", "01", "1002", "15") +
                            row(mapped + ":D431", mapped + ":1E3D", "01", "1003", "16");
  const tcp::endpoint peer(make_address("::1"), 0xD431), ours(make_address("::1"), 0x1E3D);
  EXPECT_EQ(find_tcp_uid(table, peer, ours), 1002U);
  EXPECT_EQ(find_tcp_uid(table, kPeer, kOurs), 1003U);
}

TEST(TcpUid, IsNotTakenFromBrokenRows) {
  for (const auto& broken : {std::string("0: 0100007F:D431 0100007F:1E3D 01"),
                             row("0100007F:D431", "0100007F:1E3D", "01", "x", "15")})
    EXPECT_EQ(find_tcp_uid(broken, kPeer, kOurs), std::nullopt) << broken;
}

void expect_own_uid(const char* address) {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(make_address(address), 0));
  tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  tcp::socket server = acceptor.accept();
  EXPECT_EQ(peer_uid(server.native_handle()), geteuid());
  client.close();
  const auto uid = peer_uid(server.native_handle());
  ASSERT_FALSE(uid);
  EXPECT_EQ(uid.error().code, Code::unavailable);
}

TEST(PeerUid, IsTheUserAtTheOtherEnd) {
  expect_own_uid("127.0.0.1");
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_EQ(peer_uid(pair[0]), geteuid());
  close(pair[0]);
  close(pair[1]);
  EXPECT_FALSE(peer_uid(-1));
}

// The kernel names that one when it is asked for a connection that it does not know.
TEST(PeerUid, IsNotThatOfASocketThatListensInThePeersPlace) {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(make_address("127.0.0.1"), 0));
  tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  const tcp::endpoint place = client.local_endpoint();
  tcp::socket server = acceptor.accept();
  const int on = 1;
  if (setsockopt(client.native_handle(), IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0)
    GTEST_SKIP() << "only CAP_NET_ADMIN, which root has, lets a socket vanish without a word to "
                    "its peer";
  client.close();
  const tcp::acceptor other(io, place);
  EXPECT_EQ(peer_uid(server.native_handle()), std::nullopt);
}

TEST(PeerUid, IsNotGuessedWithoutADescriptor) {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(make_address("127.0.0.1"), 0));
  tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  tcp::socket server = acceptor.accept();
  const FewDescriptors none(0);
  const auto uid = peer_uid(server.native_handle());
  ASSERT_FALSE(uid);
  EXPECT_EQ(uid.error().code, Code::unavailable);
}

TEST(Caller, IsNotGuessedWithoutADescriptor) {
  const FewDescriptors none(0);
  const auto caller = caller_of(geteuid(), "");
  ASSERT_FALSE(caller);
  EXPECT_EQ(caller.error().code, Code::unavailable);
}

TEST(PeerUid, IsFoundForIpv6) {
  boost::asio::io_context io;
  boost::system::error_code missing;
  tcp::acceptor acceptor(io);
  acceptor.open(tcp::v6(), missing);
  if (!missing) acceptor.bind(tcp::endpoint(make_address("::1"), 0), missing);
  if (missing) GTEST_SKIP() << "no IPv6 here";
  acceptor.close();
  expect_own_uid("::1");
}

TEST(Caller, IsNamedAfterTheUser) {
  EXPECT_EQ(caller_of(0, "")->owner, "root");
  EXPECT_TRUE(caller_of(0, "")->admin);
  EXPECT_TRUE(caller_of(geteuid(), "")->admin);
  const auto unknown = caller_of(3999999999, "no-such-group").value();
  EXPECT_EQ(unknown.owner, "uid:3999999999");
  EXPECT_FALSE(unknown.admin);
  const auto nobody = caller_of(std::nullopt, "root").value();
  EXPECT_EQ(nobody.owner, "anonymous");
  EXPECT_FALSE(nobody.admin);
}

TEST(Caller, IsAnAdministratorAsAMemberOfTheGroup) {
  const passwd* user = getpwnam("daemon");  // NOLINT(concurrency-mt-unsafe): one thread
  if (!user || user->pw_uid == geteuid()) GTEST_SKIP() << "no user of another name here";
  const uid_t uid = user->pw_uid;
  const group* primary = getgrgid(user->pw_gid);  // NOLINT(concurrency-mt-unsafe)
  ASSERT_TRUE(primary);
  EXPECT_TRUE(caller_of(uid, primary->gr_name)->admin);
  EXPECT_FALSE(caller_of(uid, "root")->admin);
  EXPECT_FALSE(caller_of(uid, "no-such-group")->admin);
  EXPECT_FALSE(caller_of(uid, "")->admin);
}

}  // namespace
}  // namespace llmspool::http
