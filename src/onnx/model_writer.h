// Writes an ONNX model whose weights need not fit in memory. Internal to onnx/.
//
// protobuf's own serialiser would hold every weight twice. Messages are length-prefixed fields one after the other, so
// the small parts are serialised by protobuf and the weights are streamed between them.
#pragma once

#include <filesystem>
#include <functional>

#include "base/bytes.h"
#include "base/error.h"
#include "onnx/graph.h"

namespace samcache {

struct OnnxModel {
  onnx::ModelProto header;  // all but the graph
  Graph::Built built;
};

// The bytes of one stored tensor, asked for once each, in order.
using StoredReader = std::function<Result<SharedBytes>(const StoredTensor& tensor)>;
using ByteSink = std::function<Status(ByteSpan bytes)>;

// The size of the model with all weights in it.
std::uint64_t inline_size_bytes(const OnnxModel& model);

// The model with all weights in it.
Status write_inline(const OnnxModel& model, const StoredReader& read, const ByteSink& sink);

// The model with weights elsewhere: `sink` gets the model, `data_sink` the weights, to be kept as a file `data_name`
// beside it. Small tensors stay in the model, because shape inference reads them there.
Status write_external(const OnnxModel& model, const std::string& data_name, const StoredReader& read,
                      const ByteSink& sink, const ByteSink& data_sink);

}  // namespace samcache
