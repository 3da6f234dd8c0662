// Real encodings through a store that flips and cuts them: nothing wrong may come out, whatever goes on inside.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "store/memory/memory_store.h"
#include "store/testing/fault_store.h"
#include "store/verified_store.h"
#include "tensors/encoding_file.h"

namespace samcache {
namespace {

constexpr std::uint64_t kDamages = 100'000;

Tensor tensor_of(const std::string& name, std::vector<std::int64_t> shape) {
  std::vector<std::byte> bytes(tensor_size_bytes(DType::kBF16, shape).value());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte{static_cast<unsigned char>(i * 37 + 11)};
  return {name, DType::kBF16, std::move(shape), SharedBytes(std::move(bytes))};
}

SharedBytes encoding_file(Profile profile, const std::string& image_id, const std::string& model) {
  const std::vector<std::string>& names = profile_tensor_names(profile);
  Encoding encoding{{.image_sha256 = std::string(64, 'a'),
                     .image_id = image_id,
                     .model = model,
                     .model_fingerprint = "0123456789abcdef0123456789abcdef",
                     .preprocess = "1",
                     .profile = profile,
                     .original_height = 427,
                     .original_width = 640,
                     .created_at = "2025-01-31T23:59:59Z"},
                    {}};
  if (profile == Profile::kTrunk) {
    encoding.tensors = {tensor_of(names[0], {1, 16, 6, 6})};
  } else {
    encoding.tensors = {tensor_of(names[0], {1, 4, 12, 12}), tensor_of(names[1], {1, 4, 6, 6}),
                        tensor_of(names[2], {1, 4, 3, 3})};
  }
  return SharedBytes(serialize_encoding(encoding).value());
}

Status check_content(const std::string& name, const SharedBytes& bytes) { return check_encoding_file(bytes, name); }

struct Totals {
  std::uint64_t loads = 0;
  std::uint64_t right = 0;
  std::uint64_t misses = 0;
  std::uint64_t errors = 0;
  std::uint64_t undetected = 0;
};

TEST(VerifiedStoreFaults, NoDamageOfAnEncodingGoesUnnoticed) {
  const Deadline deadline = Deadline::never();
  const std::string id = "7f0c9a4e-0000-4000-8000-000000000001";
  const SharedBytes files[] = {encoding_file(Profile::kTrunk, id, "facebook/sam3"),
                               encoding_file(Profile::kInteractive, "", "größer \"quoted\" \\ model"),
                               encoding_file(Profile::kDetector, id, "m")};
  const auto faults = std::make_shared<FaultStore>(std::make_shared<MemoryStore>(1 << 20), 20250131);
  VerifiedStore store(faults, check_content);
  faults->set_probability(Operation::kLoad, Fault::kFlip, 0.55);
  faults->set_probability(Operation::kLoad, Fault::kCut, 0.1);
  faults->set_probability(Operation::kSave, Fault::kFlip, 0.2);
  faults->set_probability(Operation::kSave, Fault::kCut, 0.1);

  const auto injected = [&] { return faults->injected(Fault::kFlip) + faults->injected(Fault::kCut); };
  Totals totals;
  for (std::size_t i = 0; injected() < kDamages; ++i) {
    const SharedBytes& file = files[i % std::size(files)];
    const std::string name = "object/" + std::to_string(i % std::size(files));
    const auto loaded = store.load(name, deadline);
    ++totals.loads;
    if (!loaded) {
      ++totals.errors;
    } else if (!loaded->has_value()) {
      ++totals.misses;
      ASSERT_TRUE(store.save(name, file, SaveMode::kKeep, deadline).value());  // made anew
    } else if (std::ranges::equal((*loaded)->span(), file.span())) {
      ++totals.right;
    } else {
      ++totals.undetected;
    }
  }
  const VerifiedStoreCounts counts = store.counts();
  std::printf(
      "%zu flips, %zu cuts; %zu loads: %zu right, %zu misses, %zu errors, %zu undetected; "
      "%zu mismatches, %zu recovered, %zu quarantined\n",
      faults->injected(Fault::kFlip), faults->injected(Fault::kCut), totals.loads, totals.right, totals.misses,
      totals.errors, totals.undetected, counts.mismatches, counts.recovered, counts.quarantined);
  EXPECT_EQ(totals.undetected, 0U);
  EXPECT_EQ(totals.errors, 0U);
  EXPECT_GT(totals.right, kDamages / 10);
  EXPECT_EQ(counts.mismatches, counts.recovered + counts.quarantined);
}

}  // namespace
}  // namespace samcache
