#include "onnx/model_writer.h"

#include <google/protobuf/io/coded_stream.h>

namespace samcache {
namespace {

using google::protobuf::io::CodedOutputStream;

constexpr std::uint64_t kExternalFromBytes = 1024;  // ONNX's own converter draws the line here
constexpr std::uint64_t kExternalAlignment = 4096;  // a page: what mapping the data file needs

// Field tags: (number << 3) | length-delimited.
constexpr char kLengthDelimited = 2;
constexpr char kModelGraph = (onnx::ModelProto::kGraphFieldNumber << 3) | kLengthDelimited;
constexpr char kGraphInitializer = (onnx::GraphProto::kInitializerFieldNumber << 3) | kLengthDelimited;
constexpr char kTensorRawData = (onnx::TensorProto::kRawDataFieldNumber << 3) | kLengthDelimited;

// A length-delimited field's tag and length.
std::string field_start(char tag, std::uint64_t length) {
  std::uint8_t varint[10];
  const std::uint8_t* end = CodedOutputStream::WriteVarint64ToArray(length, varint);
  std::string start(1, tag);
  start.append(reinterpret_cast<const char*>(varint), static_cast<std::size_t>(end - varint));
  return start;
}

std::string serialized(const google::protobuf::MessageLite& message) { return message.SerializeAsString(); }

// A tensor without its data.
std::string tensor_header(const StoredTensor& tensor) {
  onnx::TensorProto proto;
  proto.set_name(tensor.name);
  proto.set_data_type(onnx_type(tensor.dtype));
  proto.mutable_dims()->Assign(tensor.shape.begin(), tensor.shape.end());
  return serialized(proto);
}

// A GraphProto's initializer field up to where the data begins.
std::string inline_start(const StoredTensor& tensor) {
  const std::string header = tensor_header(tensor);
  const std::string data_start = field_start(kTensorRawData, tensor.size_bytes());
  return field_start(kGraphInitializer, header.size() + data_start.size() + tensor.size_bytes()) + header + data_start;
}

std::string external_field(const StoredTensor& tensor, const std::string& data_name, std::uint64_t offset) {
  onnx::TensorProto proto;
  proto.ParseFromString(tensor_header(tensor));
  proto.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto entry = [&proto](const char* key, const std::string& value) {
    onnx::StringStringEntryProto& added = *proto.add_external_data();
    added.set_key(key);
    added.set_value(value);
  };
  entry("location", data_name);
  entry("offset", std::to_string(offset));
  entry("length", std::to_string(tensor.size_bytes()));
  const std::string bytes = serialized(proto);
  return field_start(kGraphInitializer, bytes.size()) + bytes;
}

bool goes_outside(const StoredTensor& tensor) { return tensor.size_bytes() >= kExternalFromBytes; }

Status write_data(const StoredTensor& tensor, const StoredReader& read, const ByteSink& sink) {
  const Result<SharedBytes> bytes = read(tensor);
  if (!bytes) return bytes.error();
  check(bytes->size() == tensor.size_bytes(), "write_data: " + tensor.name + " has not the size it declared");
  return sink(*bytes);
}

// Everything before the initializers, which are `initializer_bytes` in all.
std::string model_start(const OnnxModel& model, std::uint64_t initializer_bytes) {
  const std::string graph = serialized(model.built.graph);
  return serialized(model.header) + field_start(kModelGraph, graph.size() + initializer_bytes) + graph;
}

std::uint64_t inline_initializer_bytes(const OnnxModel& model) {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : model.built.initializers)
    total += inline_start(tensor).size() + tensor.size_bytes();
  return total;
}

}  // namespace

std::uint64_t inline_size_bytes(const OnnxModel& model) {
  const std::uint64_t initializers = inline_initializer_bytes(model);
  return model_start(model, initializers).size() + initializers;
}

Status write_inline(const OnnxModel& model, const StoredReader& read, const ByteSink& sink) {
  if (Status status = sink(bytes_of(model_start(model, inline_initializer_bytes(model)))); !status) return status;
  for (const StoredTensor& tensor : model.built.initializers) {
    if (Status status = sink(bytes_of(inline_start(tensor))); !status) return status;
    if (Status status = write_data(tensor, read, sink); !status) return status;
  }
  return {};
}

Status write_external(const OnnxModel& model, const std::string& data_name, const StoredReader& read,
                      const ByteSink& sink, const ByteSink& data_sink) {
  const std::vector<std::byte> padding(kExternalAlignment);
  std::uint64_t offset = 0;
  std::string fields;
  for (const StoredTensor& tensor : model.built.initializers) {
    if (goes_outside(tensor)) {
      fields += external_field(tensor, data_name, offset);
      if (Status status = write_data(tensor, read, data_sink); !status) return status;
      const std::uint64_t end = offset + tensor.size_bytes();
      offset = (end + kExternalAlignment - 1) / kExternalAlignment * kExternalAlignment;
      if (Status status = data_sink(ByteSpan(padding).first(offset - end)); !status) return status;
    } else {
      fields += inline_start(tensor);
      const ByteSink to_fields = [&fields](ByteSpan bytes) {
        fields += text_of(bytes);
        return Status{};
      };
      if (Status status = write_data(tensor, read, to_fields); !status) return status;
    }
  }
  return sink(bytes_of(model_start(model, fields.size()) + fields));
}

}  // namespace samcache
