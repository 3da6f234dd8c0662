// Reads what `torch.save` wrote: PyTorch's zip checkpoint, without PyTorch and without running anything.
//
// The file is mapped; tensors are slices of the mapping (zero-copy) unless their strides are not contiguous, in which
// case the elements are copied into row-major order. Nothing that a pickle asks for is ever executed: the reader knows
// dict, OrderedDict, list, tuple, str, int, float, bool, None, storages and the rebuilding of tensors and parameters,
// and refuses every other global and opcode by name. Entries that are not tensors (an epoch, a learning rate) are
// skipped.
//
// Everything read is hostile until checked: archive offsets, pickle stack and memo, storage sizes, strides. The
// archive's CRCs are not checked: PyTorch can be told not to write true ones, and gigabytes of weights are not read at
// open.
//
// Fails with one line that names the file: kCorrupt for a broken archive or pickle; kUnsupported for files from before
// PyTorch 1.6, compressed entries, big-endian data and foreign globals; kTooLarge over the limits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "tensors/tensor.h"

namespace samcache {

struct PtLimits {
  std::uint64_t pickle_bytes = 4u << 20;  // of data.pkl (SAM 3: 0.3 MB); a hostile one takes 200 times as much memory
  std::uint64_t archive_entries = 100'000;
  std::uint64_t copied_bytes = std::uint64_t{1} << 30;  // in all, for tensors that are not contiguous
};

// The tensors of the saved state dict, in its order, named by their keys. Accepts a flat dict, and a dict whose "model"
// or "state_dict" entry is one.
Result<std::vector<Tensor>> open_pt(const std::filesystem::path& path, const PtLimits& limits = {});

// The same from bytes in memory; `source` stands in messages where the path would.
Result<std::vector<Tensor>> parse_pt(const SharedBytes& file, const std::string& source, const PtLimits& limits = {});

}  // namespace samcache
