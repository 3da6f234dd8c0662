// HTTP over libcurl: sessions that drive several transfers at once on the thread that uses them.
//
// A HttpClient keeps idle sessions, and with them open connections; it may be used by any number of threads. A session
// belongs to one thread at a time: it starts transfers, and all of them move while it polls. The one returned last is
// handed out first, because its connections are the warmest. There are no threads of our own (name resolution, in
// libcurl, has some), and nobody waits for anything but in poll().
//
// Nothing is followed (no redirects), nothing is read from the environment (no proxies), and of an answer no more is
// taken than its receiver allows.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "store/azure/http_message.h"

namespace samcache {

struct HttpClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};  // name, connection and TLS
  std::string ca_file = {};                          // empty: the system's certificates
  std::string proxy = {};                            // empty: none
  long max_connections = 32;                         // that one session keeps open
};

// Takes an answer as it arrives, in calls from HttpSession::poll. An Error ends the transfer. It must not start or
// cancel transfers from within.
class HttpReceiver {
 public:
  virtual ~HttpReceiver() = default;
  virtual Status on_head(const HttpResponse& head) = 0;
  virtual Status on_body(ByteSpan bytes) = 0;
};

enum class HttpEnd {
  kComplete,      // the whole answer has been received
  kNotConnected,  // nothing was sent
  kLost,          // the connection broke, or the answer was cut off
  kMalformed,     // the answer is no HTTP, or goes beyond every limit
  kUntrusted,     // the certificate is not to be trusted
  kRejected,      // by the receiver
};

struct HttpFinished {
  std::uint64_t id = 0;
  HttpEnd end = HttpEnd::kComplete;
  std::string message = {};             // what happened, unless it is complete
  std::optional<Error> rejection = {};  // of kRejected
};

class HttpSession {
 public:
  using Clock = std::chrono::steady_clock;

  explicit HttpSession(const HttpClientOptions& options);  // which must outlive this
  ~HttpSession();

  // The receiver must stay valid until the transfer has ended or was cancelled.
  std::uint64_t start(HttpRequest request, HttpReceiver& receiver);
  // Ends it at once; it will not be reported. One that is not there (any more) is fine.
  void cancel(std::uint64_t id);
  void cancel_all();

  // Moves all transfers, waiting for one to move until then, and reports those that have ended. May return early, and
  // with nothing. What a receiver throws is thrown on.
  std::vector<HttpFinished> poll(Clock::time_point until);

  // When a byte last went either way (at first: when it was started).
  Clock::time_point last_progress(std::uint64_t id) const;

 private:
  struct Transfer;
  std::vector<HttpFinished> collect();
  void remove(Transfer& transfer);

  const HttpClientOptions& options_;
  void* multi_;  // CURLM
  std::map<std::uint64_t, std::unique_ptr<Transfer>> transfers_;
  std::uint64_t next_id_ = 1;
  std::exception_ptr thrown_;
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();

  // A session for this thread; goes back when the pointer dies, its transfers cancelled. The client must outlive it.
  struct Return {
    HttpClient* client;
    void operator()(HttpSession* session) const { client->give_back(session); }
  };
  using Lease = std::unique_ptr<HttpSession, Return>;
  Lease lease();

 private:
  void give_back(HttpSession* session);

  const HttpClientOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<HttpSession>> idle_;
};

struct HttpReply {
  HttpResponse head;
  std::string body;
};

// One request and its whole answer, whatever its status. kUnavailable: none came in time; kTooLarge: more than
// `max_body_bytes`. `what` is for messages: "the token endpoint of ...".
Result<HttpReply> http_exchange(HttpClient& client, HttpRequest request, std::size_t max_body_bytes,
                                const std::string& what, Deadline deadline);

}  // namespace samcache
