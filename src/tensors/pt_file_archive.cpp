#include "tensors/pt_file_archive.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace samcache {
namespace {

// Sizes and signatures of PKWARE's APPNOTE.TXT, sections 4.3.7 to 4.3.16.
constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEndOfDirectory = 0x06054b50;
constexpr std::uint32_t kZip64EndOfDirectory = 0x06064b50;
constexpr std::uint32_t kZip64Locator = 0x07064b50;
constexpr std::size_t kLocalHeaderSize = 30;
constexpr std::size_t kCentralHeaderSize = 46;
constexpr std::size_t kEndOfDirectorySize = 22;
constexpr std::size_t kZip64EndOfDirectorySize = 56;
constexpr std::size_t kZip64LocatorSize = 20;
constexpr std::size_t kMaxCommentSize = 65535;
constexpr std::uint16_t kZip64ExtraField = 1;

Error corrupt(const std::string& what) { return {ErrorCode::kCorrupt, "broken zip archive: " + what}; }

template <class T>
T load(ByteSpan bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(bytes[offset + i]) << (8 * i)));
  return value;
}

bool inside(std::uint64_t offset, std::uint64_t size, std::uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

// The end record is the last thing in the file but for a comment of unknown length.
std::optional<std::size_t> find_end_record(ByteSpan file) {
  if (file.size() < kEndOfDirectorySize) return std::nullopt;
  const std::size_t last = file.size() - kEndOfDirectorySize;
  const std::size_t first = last > kMaxCommentSize ? last - kMaxCommentSize : 0;
  for (std::size_t at = last + 1; at-- > first;)
    if (load<std::uint32_t>(file, at) == kEndOfDirectory &&
        load<std::uint16_t>(file, at + 20) == file.size() - at - kEndOfDirectorySize)
      return at;
  return std::nullopt;
}

Result<Directory> read_end_record(ByteSpan file) {
  const std::optional<std::size_t> end = find_end_record(file);
  if (!end) return corrupt("no end-of-directory record; the file is cut short");
  Directory directory{.offset = load<std::uint32_t>(file, *end + 16),
                      .size = load<std::uint32_t>(file, *end + 12),
                      .entries = load<std::uint16_t>(file, *end + 10)};
  std::uint64_t directory_limit = *end;
  std::uint64_t disks = load<std::uint16_t>(file, *end + 4) | load<std::uint16_t>(file, *end + 6);
  if (*end >= kZip64LocatorSize && load<std::uint32_t>(file, *end - kZip64LocatorSize) == kZip64Locator) {
    const std::uint64_t at = load<std::uint64_t>(file, *end - kZip64LocatorSize + 8);
    if (!inside(at, kZip64EndOfDirectorySize, *end - kZip64LocatorSize) ||
        load<std::uint32_t>(file, at) != kZip64EndOfDirectory)
      return corrupt("the zip64 end record is not where the locator says");
    directory = {.offset = load<std::uint64_t>(file, at + 48),
                 .size = load<std::uint64_t>(file, at + 40),
                 .entries = load<std::uint64_t>(file, at + 32)};
    disks = load<std::uint32_t>(file, at + 16) | load<std::uint32_t>(file, at + 20);
    directory_limit = at;
  }
  if (disks != 0) return corrupt("it spans several disks");
  if (!inside(directory.offset, directory.size, directory_limit)) return corrupt("the directory lies past the end");
  return directory;
}

struct Entry {
  std::string_view name;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;
  std::uint64_t data_offset = 0;
};

// Replaces the 32-bit fields that say "see the zip64 extra field", in the order the format fixes.
bool apply_zip64(ByteSpan extra, std::uint64_t& size, std::uint64_t& packed_size, std::uint64_t& header_offset) {
  constexpr std::uint64_t kElsewhere = 0xffffffff;
  if (size != kElsewhere && packed_size != kElsewhere && header_offset != kElsewhere) return true;
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const std::size_t length = load<std::uint16_t>(extra, at + 2);
    if (length > extra.size() - at - 4) return false;
    if (load<std::uint16_t>(extra, at) == kZip64ExtraField) {
      ByteSpan fields = extra.subspan(at + 4, length);
      for (std::uint64_t* field : {&size, &packed_size, &header_offset}) {
        if (*field != kElsewhere) continue;
        if (fields.size() < 8) return false;
        *field = load<std::uint64_t>(fields, 0);
        fields = fields.subspan(8);
      }
      return true;
    }
    at += 4 + length;
  }
  return false;
}

// One header of the central directory at the front of `rest`, which is moved past it.
Result<Entry> read_central_header(ByteSpan& rest) {
  if (rest.size() < kCentralHeaderSize || load<std::uint32_t>(rest, 0) != kCentralHeader)
    return corrupt("the directory ends in the middle of an entry");
  const std::size_t name_size = load<std::uint16_t>(rest, 28);
  const std::size_t extra_size = load<std::uint16_t>(rest, 30);
  const std::size_t whole = kCentralHeaderSize + name_size + extra_size + load<std::uint16_t>(rest, 32);
  if (whole > rest.size()) return corrupt("a directory entry is longer than the directory");
  Entry entry{.name = text_of(rest.subspan(kCentralHeaderSize, name_size)),
              .size = load<std::uint32_t>(rest, 24),
              .header_offset = load<std::uint32_t>(rest, 42)};
  std::uint64_t packed_size = load<std::uint32_t>(rest, 20);
  if (!apply_zip64(rest.subspan(kCentralHeaderSize + name_size, extra_size), entry.size, packed_size,
                   entry.header_offset))
    return corrupt("a zip64 extra field is missing or cut short");
  if ((load<std::uint16_t>(rest, 8) & 1) != 0)
    return Error{ErrorCode::kUnsupported, "encrypted zip archive: not something torch.save writes"};
  if (load<std::uint16_t>(rest, 10) != 0)
    return Error{ErrorCode::kUnsupported,
                 "compressed zip archive: torch.save stores its tensors uncompressed; save "
                 "it again instead of zipping it"};
  if (packed_size != entry.size) return corrupt("a stored entry has two sizes");
  rest = rest.subspan(whole);
  return entry;
}

// Where the entry's bytes start: its local header has a name and extra field of its own.
Status locate_data(ByteSpan file, std::uint64_t limit, Entry& entry) {
  if (!inside(entry.header_offset, kLocalHeaderSize, limit) ||
      load<std::uint32_t>(file, entry.header_offset) != kLocalHeader)
    return corrupt("an entry's header is not where the directory says");
  const std::uint64_t name_size = load<std::uint16_t>(file, entry.header_offset + 26);
  const std::uint64_t name_offset = entry.header_offset + kLocalHeaderSize;
  entry.data_offset = name_offset + name_size + load<std::uint16_t>(file, entry.header_offset + 28);
  if (!inside(entry.data_offset, entry.size, limit)) return corrupt("an entry's data lies past the end");
  if (text_of(file.subspan(name_offset, name_size)) != entry.name)
    return corrupt("an entry is called differently in its header and in the directory");
  return {};
}

}  // namespace

Result<ZipEntries> read_zip_entries(const SharedBytes& file, std::uint64_t max_entries) {
  const Result<Directory> directory = read_end_record(file);
  if (!directory) return directory.error();
  if (directory->entries > max_entries)
    return Error{ErrorCode::kTooLarge, "the zip archive claims " + std::to_string(directory->entries) +
                                           " entries, more than the limit of " + std::to_string(max_entries)};
  ByteSpan rest = file.span().subspan(directory->offset, directory->size);
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < directory->entries; ++i) {
    Result<Entry> entry = read_central_header(rest);
    if (!entry) return entry.error();
    if (const Status located = locate_data(file, directory->offset, *entry); !located) return located.error();
    entries.push_back(*entry);
  }
  if (!rest.empty()) return corrupt("the directory holds more than it counts");

  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.header_offset < b.header_offset; });
  ZipEntries result;
  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.header_offset < end) return corrupt("two entries share bytes");
    end = entry.data_offset + entry.size;
    if (!result.emplace(entry.name, file.slice(entry.data_offset, entry.size)).second)
      return corrupt("two entries have the same name");
  }
  return result;
}

}  // namespace samcache
