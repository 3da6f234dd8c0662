#include "http/body_sink.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/mapped_file.h"

namespace samcache::http {

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  check(state_->context != nullptr && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1,
        "Sha256: OpenSSL has no SHA-256");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(ByteSpan bytes) { EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()); }

std::string Sha256::finish_hex() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 32> digest;
  EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr);
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) hex.append({kDigits[byte >> 4], kDigits[byte & 15]});
  return hex;
}

Result<std::unique_ptr<TemporaryFile>> TemporaryFile::create(const std::filesystem::path& folder,
                                                             std::uint64_t max_bytes) {
  FileDescriptor file(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file.is_open()) return errno_error("cannot make a temporary file in " + folder.string(), errno);
  return std::unique_ptr<TemporaryFile>(new TemporaryFile(std::move(file), folder, max_bytes));
}

TemporaryFile::TemporaryFile(FileDescriptor file, std::filesystem::path folder, std::uint64_t max_bytes)
    : file_(std::move(file)), folder_(std::move(folder)), max_bytes_(max_bytes) {}

Status TemporaryFile::write(ByteSpan piece) {
  if (piece.size() > max_bytes_ - size_bytes_) {
    return Error{ErrorCode::kTooLarge, "the file is larger than " + std::to_string(max_bytes_) + " bytes"};
  }
  hash_.update(piece);
  size_bytes_ += piece.size();
  while (!piece.empty()) {
    const ssize_t written = ::write(file_.get(), piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("cannot write a temporary file in " + folder_.string(), errno);
    piece = piece.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status TemporaryFile::finish() {
  sha256_ = hash_.finish_hex();
  return {};
}

Result<SharedBytes> TemporaryFile::map() const {
  return map_file("/proc/self/fd/" + std::to_string(file_.get()), MapAdvice::kNone);
}

}  // namespace samcache::http
