#include "tensors/pt_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "base/mapped_file.h"
#include "tensors/pt_file_pickle.h"

namespace samcache {
namespace {

using namespace std::string_literals;

const std::string kTinyCheckpoint = std::string(SAMCACHE_TEST_DATA) + "/tiny_meta/sam3_tiny.pt";

std::string le(std::uint64_t value, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i) result += static_cast<char>(value >> (8 * i));
  return result;
}

// A zip archive of stored entries, as PyTorch writes them but for the padding.
struct ZipMaker {
  std::string file;
  std::string directory;
  int entries = 0;
  int method = 0;

  ZipMaker& add(const std::string& name, const std::string& data) {
    const std::string sizes = le(0, 4) + le(data.size(), 4) + le(data.size(), 4);
    const std::string common = le(0, 2) + le(method, 2) + le(0, 4) + sizes + le(name.size(), 2) + le(0, 2);
    directory += "PK\1\2"s + le(0, 2) + le(0, 2) + common + le(0, 2) + le(0, 2) + le(0, 2) + le(0, 4) +
                 le(file.size(), 4) + name;
    file += "PK\3\4"s + le(0, 2) + common + name + data;
    ++entries;
    return *this;
  }
  SharedBytes finish() const {
    const std::string all = file + directory + "PK\5\6"s + le(0, 4) + le(entries, 2) + le(entries, 2) +
                            le(directory.size(), 4) + le(file.size(), 4) + le(0, 2);
    return SharedBytes::copy_of(bytes_of(all));
  }
};

// Pickle snippets.
std::string text(const std::string& s) { return "X" + le(s.size(), 4) + s; }
std::string number(std::int64_t n) { return "\x8a\x08"s + le(static_cast<std::uint64_t>(n), 8); }
std::string global(const std::string& module, const std::string& name) { return "c" + module + "\n" + name + "\n"; }
std::string numbers(const std::vector<std::int64_t>& values) {
  std::string result = "(";
  for (const std::int64_t v : values) result += number(v);
  return result + "t";
}
std::string storage(const std::string& type, const std::string& key, std::int64_t elements) {
  const std::string module = type == "UntypedStorage" ? "torch.storage" : "torch";
  return "(" + text("storage") + global(module, type) + text(key) + text("cpu") + number(elements) + "tQ";
}
std::string ordered_dict() { return global("collections", "OrderedDict") + ")R"; }
std::string tensor(const std::string& storage_code, std::int64_t offset, const std::vector<std::int64_t>& shape,
                   const std::vector<std::int64_t>& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") + "(" + storage_code + number(offset) + numbers(shape) +
         numbers(strides) + "\x89" + ordered_dict() + "tR";
}
std::string state_dict(const std::string& items) { return "\x80\x02}("s + items + "u."; }

// 0, 1, 2, …, 11 as float32.
std::string twelve_floats() {
  std::string data;
  for (int i = 0; i < 12; ++i) {
    const float value = static_cast<float>(i);
    data.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return data;
}

Result<std::vector<Tensor>> parse_with(const std::string& pickle, const PtLimits& limits = {}) {
  return parse_pt(ZipMaker().add("m/data.pkl", pickle).add("m/data/0", twelve_floats()).finish(), "test.pt", limits);
}

std::vector<float> floats(const Tensor& t) {
  std::vector<float> result(t.data.size() / sizeof(float));
  if (!result.empty()) std::memcpy(result.data(), t.data.data(), t.data.size());
  return result;
}

TEST(PtFile, ReadsWhatPyTorchWroteWithoutCopying) {
  const auto tensors = open_pt(kTinyCheckpoint);
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  EXPECT_EQ(tensors->size(), 623u);
  const Tensor& first = tensors->front();
  EXPECT_EQ(first.name, "detector.backbone.vision_backbone.trunk.pos_embed");
  EXPECT_EQ(first.shape, (std::vector<std::int64_t>{1, 17, 64}));
  int complex_tables = 0;
  for (const Tensor& t : *tensors) {
    EXPECT_EQ(t.data.owner(), first.data.owner());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t.data.data()) % 64, 0u) << t.name;
    if (t.dtype == DType::kC64) ++complex_tables;
  }
  EXPECT_EQ(complex_tables, 4);
}

TEST(PtFile, ReadsWrappedDictsAndParametersAndSkipsTheRest) {
  const std::string parameter = global("torch._utils", "_rebuild_parameter") + "(" +
                                tensor(storage("FloatStorage", "0", 12), 0, {12}, {1}) + "\x88" + ordered_dict() + "tR";
  for (const std::string wrapper : {"model", "state_dict"}) {
    const std::string inner = ordered_dict() + "(" + text("w") + parameter + "u" + "}" + "b";
    const auto tensors = parse_with(
        state_dict(text("epoch") + number(3) + text(wrapper) + inner + text("lr") + "G" + std::string(8, '\0')));
    ASSERT_TRUE(tensors.ok()) << tensors.error().message;
    ASSERT_EQ(tensors->size(), 1u);
    EXPECT_EQ(tensors->front().name, "w");
    EXPECT_EQ(floats(tensors->front()).back(), 11.f);
  }
}

TEST(PtFile, HonoursOffsetsAndStrides) {
  const std::string shared = storage("FloatStorage", "0", 12);
  const auto tensors = parse_with(state_dict(text("tail") + tensor(shared, 8, {2, 2}, {2, 1}) + text("transposed") +
                                             tensor(shared, 0, {3, 4}, {1, 3}) + text("repeated") +
                                             tensor(shared, 5, {3}, {0}) + text("scalar") + tensor(shared, 7, {}, {}) +
                                             text("empty") + tensor(shared, 0, {0, 4}, {4, 1})));
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  EXPECT_EQ(floats((*tensors)[0]), (std::vector<float>{8, 9, 10, 11}));
  EXPECT_EQ(floats((*tensors)[1]), (std::vector<float>{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));
  EXPECT_EQ(floats((*tensors)[2]), (std::vector<float>{5, 5, 5}));
  EXPECT_EQ(floats((*tensors)[3]), (std::vector<float>{7}));
  EXPECT_EQ((*tensors)[4].data.size(), 0u);
}

TEST(PtFile, ReadsUntypedStoragesWithTheirElementType) {
  const std::string code = global("torch._utils", "_rebuild_tensor_v3") + "(" + storage("UntypedStorage", "0", 48) +
                           number(1) + numbers({2}) + numbers({1}) + "\x89" + ordered_dict() +
                           global("torch", "float32") + "tR";
  const auto tensors = parse_with(state_dict(text("w") + code));
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  EXPECT_EQ(floats(tensors->front()), (std::vector<float>{1, 2}));
}

TEST(PtFile, RefusesToRunAnything) {
  const std::pair<std::string, std::string> programs[] = {
      {"\x80\x02"
       "cposix\nsystem\n(" +
           text("touch /tmp/owned") + "tR.",
       "posix.system"},
      {"\x80\x02"
       "cbuiltins\neval\n(" +
           text("1") + "tR.",
       "builtins.eval"},
      {"\x80\x04"s + text("os") + text("system") + "\x93(" + text("id") + "tR.", "os.system"},
      {"\x80\x02"
       "cargparse\nNamespace\n)\x81.",
       "argparse.Namespace"},
      {"\x80\x02"
       "(ios\nsystem\n.",
       "0x69"},
      {"\x80\x02\x82\x01.", "0x82"},  // EXT1: a registered extension
      {"\x80\x02"
       "ctorch\nload\n(tR.",
       "torch.load"},
  };
  for (const auto& [pickle, named] : programs) {
    const auto tensors = parse_with(pickle);
    ASSERT_FALSE(tensors.ok()) << named;
    EXPECT_EQ(tensors.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(tensors.error().message.find(named), std::string::npos) << tensors.error().message;
    EXPECT_EQ(tensors.error().message.find('\n'), std::string::npos);
  }
}

TEST(PtFile, RefusesTensorsThatDoNotFitTheirStorage) {
  const std::int64_t huge = std::int64_t{1} << 62;
  const std::string twelve = storage("FloatStorage", "0", 12);
  const std::string cases[] = {
      tensor(twelve, 1, {12}, {1}),
      tensor(twelve, 0, {3, 4}, {5, 1}),
      tensor(twelve, -1, {2}, {1}),
      tensor(twelve, 0, {-2}, {1}),
      tensor(twelve, 11, {2}, {-1}),
      tensor(twelve, 0, {huge, 4}, {1, 1}),
      tensor(twelve, 0, {huge, huge, 4}, {0, 0, 0}),
      tensor(twelve, huge, {2}, {huge}),
      tensor(twelve, 0, {3, 3}, {huge, huge}),
      tensor(twelve, 0, {2, 2}, {1}),
      tensor(twelve, 0, std::vector<std::int64_t>(17, 1), std::vector<std::int64_t>(17, 1)),
      tensor(storage("FloatStorage", "0", 13), 0, {12}, {1}),
      tensor(storage("DoubleStorage", "0", 12), 0, {12}, {1}),
      tensor(storage("FloatStorage", "0", huge), 0, {12}, {1}),
      tensor(storage("FloatStorage", "0", -12), 0, {12}, {1}),
      tensor(storage("FloatStorage", "1", 12), 0, {12}, {1}),
      tensor(storage("FloatStorage", "../data.pkl", 12), 0, {12}, {1}),
  };
  int index = 0;
  for (const std::string& code : cases) {
    const auto tensors = parse_with(state_dict(text("w") + code));
    EXPECT_FALSE(tensors.ok()) << "case " << index;
    ++index;
  }
  const auto broadcast = parse_with(state_dict(text("w") + tensor(twelve, 0, {1 << 30, 4}, {0, 1})));
  ASSERT_FALSE(broadcast.ok());
  EXPECT_EQ(broadcast.error().code, ErrorCode::kTooLarge);
  // A stride that is never taken may be anything.
  EXPECT_TRUE(parse_with(state_dict(text("w") + tensor(twelve, 0, {1, 3, 1, 4}, {huge, 1, huge, 3}))).ok());
}

TEST(PtFile, RefusesBrokenPickles) {
  const std::string cases[] = {
      "",
      ".",
      "\x80\x02",
      "\x80\x09}.",
      "}}.",
      "(.",
      "K\x01.",
      "}.",
      "a.",
      "u.",
      "}(K\x01u.",
      "h\x05.",
      "q\x01.",
      "R.",
      "0.",
      "X\xff\xff\xff\xff"
      "abc.",
      "\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
      "ctorch",
      "\x8a\x09"
      "123456789.",
      "t.",
      state_dict(text("w") + tensor(storage("FloatStorage", "0", 12), 0, {12}, {1}) + text("w") +
                 tensor(storage("FloatStorage", "0", 12), 0, {12}, {1})),
      "]q\x01h\x01"
      "a.",  // a list inside itself
  };
  for (const std::string& pickle : cases) {
    const auto tensors = parse_with(pickle);
    ASSERT_FALSE(tensors.ok()) << testing::PrintToString(pickle);
    EXPECT_EQ(tensors.error().message.rfind("test.pt: ", 0), 0u) << tensors.error().message;
  }
}

TEST(PtFile, SaysWhatOtherFilesAre) {
  const auto message = [](const SharedBytes& file) {
    const auto tensors = parse_pt(file, "test.pt");
    return tensors.ok() ? "no error"s : tensors.error().message;
  };
  const auto bytes = [](const std::string& s) { return SharedBytes::copy_of(bytes_of(s)); };
  EXPECT_NE(message(bytes("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20")).find("before PyTorch 1.6"), std::string::npos);
  EXPECT_NE(message(bytes("")).find("not a PyTorch checkpoint"), std::string::npos);
  EXPECT_NE(message(bytes("GIF89a")).find("not a PyTorch checkpoint"), std::string::npos);
  EXPECT_NE(message(ZipMaker().add("word/document.xml", "x").finish()).find("data.pkl"), std::string::npos);
  ZipMaker deflated;
  deflated.method = 8;
  EXPECT_NE(message(deflated.add("m/data.pkl", "x").finish()).find("compressed"), std::string::npos);
  EXPECT_NE(message(ZipMaker().add("m/data.pkl", "}.").add("m/byteorder", "big").finish()).find("big-endian"),
            std::string::npos);
  EXPECT_NE(message(ZipMaker().add("m/data.pkl", "}.").add("m/constants.pkl", ").").finish()).find("TorchScript"),
            std::string::npos);
  EXPECT_NE(message(ZipMaker().add("m/data.pkl", "}.").add("m/data.pkl", "}.").finish()).find("same name"),
            std::string::npos);
  ZipMaker overlapping;
  overlapping.add("m/data.pkl", "}.");
  const std::string first = overlapping.directory;
  overlapping.directory += first;
  ++overlapping.entries;
  EXPECT_NE(message(overlapping.finish()).find("share bytes"), std::string::npos);
}

TEST(PtFile, EveryTruncationIsRefused) {
  const auto file = map_file(kTinyCheckpoint);
  ASSERT_TRUE(file.ok());
  for (std::size_t size = 0; size < file->size(); size = size < 300 ? size + 1 : size * 21 / 20)
    EXPECT_FALSE(parse_pt(file->slice(0, size), "cut.pt").ok()) << size;
  for (std::size_t cut = 1; cut < 400; ++cut)
    EXPECT_FALSE(parse_pt(file->slice(0, file->size() - cut), "cut.pt").ok()) << cut;
}

// Reads every byte that the tensors claim, so that a sanitizer sees a slice that is out of place.
std::uint64_t touch(const std::vector<Tensor>& tensors) {
  std::uint64_t sum = 0;
  for (const Tensor& t : tensors)
    for (std::size_t i = 0; i < t.data.size(); i += 511) sum += std::to_integer<std::uint64_t>(t.data.data()[i]);
  return sum;
}

TEST(PtFile, SurvivesFlippedBytes) {
  const auto original = read_file(kTinyCheckpoint, 1 << 28);
  ASSERT_TRUE(original.ok());
  const std::string_view whole = text_of(*original);
  const std::size_t directory = whole.find("PK\1\2");
  const std::size_t pickle = whole.find("\x80\x02}");
  const std::size_t pickle_size = 88753;
  ASSERT_NE(directory, std::string_view::npos);
  // The head (local header and pickle) and the tail (directory) with the tensors' bytes in between, never changed.
  AlignedBuffer buffer(original->size());
  std::memcpy(buffer.data(), original->data(), original->size());
  std::byte* const bytes = buffer.data();
  const SharedBytes mutated(nullptr, {bytes, original->size()});
  std::mt19937_64 random(20240611);
  int refused = 0;
  std::uint64_t sum = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::size_t> places;
    for (std::uint64_t i = 0; i < 1 + random() % 3; ++i) {
      const bool in_pickle = random() % 2 == 0;
      places.push_back(in_pickle ? random() % 8 == 0 ? pickle + random() % 400 : pickle + random() % pickle_size
                                 : directory + random() % (whole.size() - directory));
      bytes[places.back()] = static_cast<std::byte>(random());
    }
    const auto tensors = parse_pt(mutated, "mutated.pt");
    if (tensors.ok()) {
      sum += touch(*tensors);
    } else {
      ++refused;
      EXPECT_EQ(tensors.error().message.find('\n'), std::string::npos);
    }
    for (const std::size_t place : places) bytes[place] = original->data()[place];
  }
  EXPECT_GT(refused, 1000);
  EXPECT_TRUE(parse_pt(mutated, "restored.pt").ok());
  EXPECT_NE(sum, 0u);
}

}  // namespace
}  // namespace samcache
