#include "onnx/export.h"

#include <array>

#include "base/atomic_file.h"
#include "base/text.h"
#include "model/fingerprint.h"
#include "model/preprocess.h"
#include "onnx/model_writer.h"
#include "onnx/onnx_weights.h"
#include "onnx/parts.h"
#include "onnx/stored_data.h"

namespace samcache {
namespace {

constexpr std::array kParts = {OnnxPart::kVisionEncoder, OnnxPart::kTrunk,         OnnxPart::kNeck,
                               OnnxPart::kDetectorNeck,  OnnxPart::kPromptDecoder, OnnxPart::kPromptDecoderWithMask,
                               OnnxPart::kTextEncoder,   OnnxPart::kConceptDecoder};

void record_image_part(OnnxPart which, PartRecorder& part, const Sam3ImageModel& model) {
  switch (which) {
    case OnnxPart::kVisionEncoder: return record_vision_encoder(part, model);
    case OnnxPart::kTrunk: return record_trunk(part, model);
    case OnnxPart::kNeck: return record_neck(part, model);
    case OnnxPart::kDetectorNeck: return record_detector_neck(part, model);
    case OnnxPart::kPromptDecoder: return record_prompt_decoder(part, model, false);
    case OnnxPart::kPromptDecoderWithMask: return record_prompt_decoder(part, model, true);
    default: throw std::logic_error("record_image_part: no part of the image model");
  }
}

Graph::Built record(const Checkpoint& checkpoint, OnnxPart which, DType dtype) {
  Graph graph(onnx_part_name(which));
  OnnxOps ops(graph);
  OnnxWeights weights(graph, checkpoint, dtype);
  PartRecorder part{graph, ops, checkpoint.config(), dtype};
  if (which == OnnxPart::kTextEncoder) {
    record_text_encoder(part, ConceptDetector(ops, checkpoint.config(), weights));
  } else if (which == OnnxPart::kConceptDecoder) {
    record_concept_decoder(part, ConceptDetector(ops, checkpoint.config(), weights));
  } else {
    record_image_part(which, part, Sam3ImageModel(ops, checkpoint.config(), weights));
  }
  return std::move(graph).build();
}

onnx::ModelProto model_header(const Checkpoint& checkpoint, OnnxPart part, const OnnxExportOptions& options,
                              const std::string& fingerprint) {
  onnx::ModelProto header;
  header.set_ir_version(kOnnxIrVersion);
  header.set_producer_name("samcache");
  header.set_producer_version(SAMCACHE_VERSION);
  header.add_opset_import()->set_version(kOnnxOpset);
  const auto add = [&header](const char* key, const std::string& value) {
    onnx::StringStringEntryProto& entry = *header.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("format", "samcache.onnx");
  add("version", "1");
  add("part", onnx_part_name(part));
  add("dtype", options.dtype == DType::kF16 ? "fp16" : "fp32");
  add("model", options.model);
  add("model_fingerprint", fingerprint);
  add("preprocess", kPreprocessRevision);
  add("image_size", std::to_string(checkpoint.config().vit.image_size));
  return header;
}

Result<OnnxModel> make_model(const Checkpoint& checkpoint, OnnxPart part, const OnnxExportOptions& options) {
  check(options.dtype == DType::kF32 || options.dtype == DType::kF16, "export_onnx: dtype is neither fp32 nor fp16");
  Result<std::string> fingerprint = options.fingerprint;
  if (fingerprint->empty()) fingerprint = model_fingerprint(checkpoint);
  if (!fingerprint) return fingerprint.error();
  return OnnxModel{model_header(checkpoint, part, options, *fingerprint), record(checkpoint, part, options.dtype)};
}

// Reads weights out of the checkpoint and says how far it has come.
StoredReader reader_of(const Checkpoint& checkpoint, const OnnxModel& model, const OnnxExportOptions& options) {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : model.built.initializers) total += tensor.size_bytes();
  return [&checkpoint, &options, total, done = std::uint64_t{0}](const StoredTensor& tensor) mutable {
    if (options.progress && !options.progress(done, total)) {
      return Result<SharedBytes>(Error{ErrorCode::kCancelled, "the export was cancelled"});
    }
    done += tensor.size_bytes();
    return stored_bytes(tensor, checkpoint);
  };
}

ByteSink file_sink(AtomicFileWriter& file) {
  return [&file](ByteSpan bytes) { return file.append(bytes); };
}

// The data first: whoever sees a new model finds its weights.
Result<OnnxFiles> write_two_files(const OnnxModel& model, const StoredReader& read, OnnxFiles files) {
  files.data = files.model;
  files.data += "_data";
  Result<AtomicFileWriter> data_file = AtomicFileWriter::create(files.data);
  if (!data_file) return data_file.error();
  Result<AtomicFileWriter> model_file = AtomicFileWriter::create(files.model);
  if (!model_file) return model_file.error();
  if (Status status =
          write_external(model, files.data.filename().string(), read, file_sink(*model_file), file_sink(*data_file));
      !status) {
    return status.error();
  }
  files.data_bytes = data_file->size_bytes();
  files.model_bytes = model_file->size_bytes();
  if (Status status = data_file->commit(); !status) return status.error();
  if (Status status = model_file->commit(); !status) return status.error();
  return files;
}

Result<OnnxFiles> write_one_file(const OnnxModel& model, const StoredReader& read, OnnxFiles files) {
  Result<AtomicFileWriter> file = AtomicFileWriter::create(files.model);
  if (!file) return file.error();
  files.model_bytes = inline_size_bytes(model);
  if (Status status = file->reserve(files.model_bytes); !status) return status.error();
  if (Status status = write_inline(model, read, file_sink(*file)); !status) return status.error();
  if (Status status = file->commit(); !status) return status.error();
  return files;
}

}  // namespace

std::span<const OnnxPart> onnx_parts() { return kParts; }

const char* onnx_part_name(OnnxPart part) {
  switch (part) {
    case OnnxPart::kVisionEncoder: return "vision_encoder";
    case OnnxPart::kTrunk: return "trunk";
    case OnnxPart::kNeck: return "neck";
    case OnnxPart::kDetectorNeck: return "detector_neck";
    case OnnxPart::kPromptDecoder: return "prompt_encoder_mask_decoder";
    case OnnxPart::kPromptDecoderWithMask: return "prompt_encoder_mask_decoder_with_mask";
    case OnnxPart::kTextEncoder: return "text_encoder";
    case OnnxPart::kConceptDecoder: return "concept_decoder";
  }
  throw std::logic_error("onnx_part_name: unknown part");
}

Result<OnnxPart> parse_onnx_part(std::string_view name) {
  std::string known;
  for (const OnnxPart part : kParts) {
    if (name == onnx_part_name(part)) return part;
    known += (known.empty() ? "" : ", ") + std::string(onnx_part_name(part));
  }
  return Error{ErrorCode::kInvalidArgument, "the model has no part " + in_quotes(name) + ": there are " + known};
}

std::string onnx_file_name(OnnxPart part, DType dtype) {
  return onnx_part_name(part) + std::string(dtype == DType::kF16 ? "_fp16" : "") + ".onnx";
}

Result<OnnxFiles> export_onnx(const Checkpoint& checkpoint, OnnxPart part, const std::filesystem::path& folder,
                              const OnnxExportOptions& options) {
  const Result<OnnxModel> model = make_model(checkpoint, part, options);
  if (!model) return model.error();
  OnnxFiles files;
  files.model = folder / onnx_file_name(part, options.dtype);
  const StoredReader read = reader_of(checkpoint, *model, options);
  const bool outside = options.external_data || inline_size_bytes(*model) > options.max_inline_bytes;
  return outside ? write_two_files(*model, read, std::move(files)) : write_one_file(*model, read, std::move(files));
}

Result<SharedBytes> onnx_bytes(const Checkpoint& checkpoint, OnnxPart part, const OnnxExportOptions& options) {
  const Result<OnnxModel> model = make_model(checkpoint, part, options);
  if (!model) return model.error();
  const std::uint64_t size = inline_size_bytes(*model);
  if (size > options.max_inline_bytes) {
    return Error{ErrorCode::kTooLarge, std::string(onnx_part_name(part)) + " has " + std::to_string(size) +
                                           " bytes, more than one message may: export it to files"};
  }
  std::vector<std::byte> bytes;
  bytes.reserve(size);
  const ByteSink sink = [&bytes](ByteSpan more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return Status{};
  };
  if (Status status = write_inline(*model, reader_of(checkpoint, *model, options), sink); !status) {
    return status.error();
  }
  return SharedBytes(std::move(bytes));
}

}  // namespace samcache
