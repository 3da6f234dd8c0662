#include "tensors/pt_file_pickle.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "base/text.h"

namespace samcache {
namespace {

enum class Kind : std::uint8_t {
  kNone,
  kBool,
  kInt,
  kFloat,  // its value is never needed
  kString,
  kTuple,
  kList,
  kDict,  // items: key, value, key, value, …
  kOrderedDictType,
  kRebuildTensor,
  kRebuildParameter,
  kSizeType,
  kStorageType,  // number: the DType, or kUntyped
  kElementType,  // number: the DType
  kStorage,
  kTensor,
};

constexpr std::int64_t kUntyped = -1;

struct Value {
  Kind kind = Kind::kNone;
  std::uint32_t node = 0;      // kTuple, kList, kDict: in containers_; kStorage, kTensor: in their arrays
  std::int64_t number = 0;     // kBool, kInt, kStorageType, kElementType
  std::string_view text = {};  // kString
};

struct Storage {
  std::string_view key;
  std::int64_t element_type = kUntyped;
  std::uint64_t size_bytes = 0;
};

struct NamedType {
  std::string_view name;
  DType dtype;
};
constexpr NamedType kStorageTypes[] = {
    {"FloatStorage", DType::kF32},  {"HalfStorage", DType::kF16},         {"BFloat16Storage", DType::kBF16},
    {"DoubleStorage", DType::kF64}, {"LongStorage", DType::kI64},         {"IntStorage", DType::kI32},
    {"ShortStorage", DType::kI16},  {"CharStorage", DType::kI8},          {"ByteStorage", DType::kU8},
    {"BoolStorage", DType::kBool},  {"ComplexFloatStorage", DType::kC64},
};
constexpr NamedType kElementTypes[] = {
    {"float32", DType::kF32},        {"float16", DType::kF16},   {"bfloat16", DType::kBF16},
    {"float64", DType::kF64},        {"int64", DType::kI64},     {"int32", DType::kI32},
    {"int16", DType::kI16},          {"int8", DType::kI8},       {"uint8", DType::kU8},
    {"uint16", DType::kU16},         {"uint32", DType::kU32},    {"uint64", DType::kU64},
    {"bool", DType::kBool},          {"complex64", DType::kC64}, {"float8_e4m3fn", DType::kF8E4M3},
    {"float8_e5m2", DType::kF8E5M2},
};

Error corrupt(const std::string& what) { return {ErrorCode::kCorrupt, "broken pickle: " + what}; }

std::optional<Value> known_global(std::string_view module, std::string_view name) {
  if (module == "collections" && name == "OrderedDict") return Value{Kind::kOrderedDictType};
  if (module == "torch" && name == "Size") return Value{Kind::kSizeType};
  if (module == "torch._utils") {
    if (name == "_rebuild_tensor_v2" || name == "_rebuild_tensor_v3") return Value{Kind::kRebuildTensor};
    if (name == "_rebuild_parameter") return Value{Kind::kRebuildParameter};
  }
  if ((module == "torch.storage" || module == "torch") && name == "UntypedStorage")
    return Value{.kind = Kind::kStorageType, .number = kUntyped};
  if (module == "torch") {
    for (const NamedType& type : kStorageTypes)
      if (type.name == name) return Value{.kind = Kind::kStorageType, .number = static_cast<int>(type.dtype)};
    for (const NamedType& type : kElementTypes)
      if (type.name == name) return Value{.kind = Kind::kElementType, .number = static_cast<int>(type.dtype)};
  }
  return std::nullopt;
}

class Machine {
 public:
  explicit Machine(ByteSpan pickle) : rest_(pickle) {}

  Result<std::vector<PickledEntry>> run() {
    while (!stopped_ && !failure_) step();
    if (failure_) return *failure_;
    return state_dict();
  }

 private:
  // --- input ---------------------------------------------------------------------------------------------------
  void fail(Error error) {
    if (!failure_) failure_ = std::move(error);
  }

  ByteSpan take(std::uint64_t count) {
    if (count > rest_.size()) {
      fail(corrupt("it ends in the middle of an operation"));
      return {};
    }
    const ByteSpan taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  // A little-endian number of `count` <= 8 bytes; 0 after a failure.
  std::uint64_t take_number(std::size_t count) {
    const ByteSpan bytes = take(count);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    return value;
  }

  // Two's complement in `count` <= 8 bytes.
  std::int64_t take_signed(std::size_t count) {
    const std::uint64_t value = take_number(count);
    if (count == 0) return 0;
    const int unused_bits = static_cast<int>(64 - 8 * count);
    return static_cast<std::int64_t>(value << unused_bits) >> unused_bits;
  }

  std::string_view take_line() {
    const std::string_view text = text_of(rest_);
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      fail(corrupt("it ends in the middle of a name"));
      return {};
    }
    take(end + 1);
    return text.substr(0, end);
  }

  // --- stack ---------------------------------------------------------------------------------------------------
  void push(Value value) { stack_.push_back(value); }
  void push(Kind kind, std::int64_t number = 0) { push(Value{.kind = kind, .number = number}); }
  void push_text(std::string_view text) { push(Value{.kind = Kind::kString, .text = text}); }

  // Values above the innermost mark belong to what is being built; those below are out of reach.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Value pop() {
    if (stack_.size() <= floor()) {
      fail(corrupt("it takes from an empty stack"));
      return {};
    }
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }

  std::vector<Value> pop_last(std::size_t count) {
    if (stack_.size() - floor() < count) {
      fail(corrupt("it takes from an empty stack"));
      return {};
    }
    std::vector<Value> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return values;
  }

  std::vector<Value> pop_to_mark() {
    if (marks_.empty()) {
      fail(corrupt("it closes what it did not open"));
      return {};
    }
    std::vector<Value> values = pop_last(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }

  void push_container(Kind kind, std::vector<Value> items) {
    push(Value{.kind = kind, .node = static_cast<std::uint32_t>(containers_.size())});
    containers_.push_back(std::move(items));
  }

  void extend_top(Kind kind, const std::vector<Value>& items) {
    if (failure_) return;
    if (stack_.size() <= floor() || stack_.back().kind != kind || (kind == Kind::kDict && items.size() % 2 != 0))
      return fail(corrupt("it adds items to what cannot hold them"));
    std::vector<Value>& container = containers_[stack_.back().node];
    container.insert(container.end(), items.begin(), items.end());
  }

  void put(std::uint64_t index) {
    if (failure_) return;
    if (stack_.size() <= floor()) return fail(corrupt("it remembers a value that is not there"));
    memo_[index] = stack_.back();
  }

  void get(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) return fail(corrupt("it recalls a value it never remembered"));
    push(found->second);
  }

  // --- operations ----------------------------------------------------------------------------------------------
  void step() {
    const auto opcode = static_cast<unsigned char>(take_number(1));
    if (failure_) return;
    if (!scalar(opcode) && !container(opcode) && !object(opcode))
      fail({ErrorCode::kUnsupported, std::string("its pickle uses operation 0x") + hex(opcode) +
                                         ", which no checkpoint of plain tensors needs: refused"});
  }

  static std::string hex(unsigned char byte) {
    const char* digits = "0123456789abcdef";
    return {digits[byte >> 4], digits[byte & 15]};
  }

  bool scalar(unsigned char opcode) {
    switch (opcode) {
      case 0x80: {  // PROTO
        if (const std::uint64_t protocol = take_number(1); protocol > 5)
          fail(corrupt("protocol " + std::to_string(protocol) + " does not exist"));
        return true;
      }
      case 0x95: take(8); return true;  // FRAME: a hint for buffering
      case 'N': push(Kind::kNone); return true;
      case 0x88: push(Kind::kBool, 1); return true;
      case 0x89: push(Kind::kBool, 0); return true;
      case 'J': push(Kind::kInt, take_signed(4)); return true;
      case 'K': push(Kind::kInt, take_signed(1) & 0xff); return true;
      case 'M': push(Kind::kInt, take_signed(2) & 0xffff); return true;
      case 0x8a: {  // LONG1
        const std::uint64_t size = take_number(1);
        if (size > 8) fail(corrupt("an integer does not fit 64 bits"));
        if (!failure_) push(Kind::kInt, take_signed(size));
        return true;
      }
      case 'G':
        take(8);
        push(Kind::kFloat);
        return true;
      case 'X': push_text(text_of(take(take_number(4)))); return true;
      case 0x8c: push_text(text_of(take(take_number(1)))); return true;
      case 0x8d: push_text(text_of(take(take_number(8)))); return true;
      case 'U': push_text(text_of(take(take_number(1)))); return true;
      case '.': stopped_ = true; return true;
      default: return false;
    }
  }

  bool container(unsigned char opcode) {
    switch (opcode) {
      case '(': marks_.push_back(stack_.size()); return true;
      case '}': push_container(Kind::kDict, {}); return true;
      case ']': push_container(Kind::kList, {}); return true;
      case ')': push_container(Kind::kTuple, {}); return true;
      case 't': push_container(Kind::kTuple, pop_to_mark()); return true;
      case 0x85: push_container(Kind::kTuple, pop_last(1)); return true;
      case 0x86: push_container(Kind::kTuple, pop_last(2)); return true;
      case 0x87: push_container(Kind::kTuple, pop_last(3)); return true;
      case 'a': extend_top(Kind::kList, pop_last(1)); return true;
      case 'e': extend_top(Kind::kList, pop_to_mark()); return true;
      case 's': extend_top(Kind::kDict, pop_last(2)); return true;
      case 'u': extend_top(Kind::kDict, pop_to_mark()); return true;
      case '0': pop(); return true;
      case 'q': put(take_number(1)); return true;
      case 'r': put(take_number(4)); return true;
      case 0x94: put(memo_.size()); return true;
      case 'h': get(take_number(1)); return true;
      case 'j': get(take_number(4)); return true;
      default: return false;
    }
  }

  bool object(unsigned char opcode) {
    switch (opcode) {
      case 'c': {
        const std::string_view module = take_line();
        global(module, take_line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const Value name = pop();
        const Value module = pop();
        if (name.kind != Kind::kString || module.kind != Kind::kString) fail(corrupt("a global's name is not text"));
        global(module.text, name.text);
        return true;
      }
      case 'R': {
        const Value arguments = pop();
        const Value callable = pop();
        call(callable, arguments);
        return true;
      }
      case 'b': {  // the _metadata that state_dict() hangs on its OrderedDict; nothing here reads it
        pop();
        if (!failure_ && (stack_.size() <= floor() || stack_.back().kind != Kind::kDict))
          fail(corrupt("it sets the state of something that is not a dict"));
        return true;
      }
      case 'Q': persistent_storage(pop()); return true;
      default: return false;
    }
  }

  void global(std::string_view module, std::string_view name) {
    if (failure_) return;
    if (const std::optional<Value> known = known_global(module, name)) return push(*known);
    fail({ErrorCode::kUnsupported, "its pickle asks for " + in_quotes(std::string(module) + "." + std::string(name)) +
                                       ", which is not part of a tensor: refused, nothing was run. Save the plain "
                                       "state dict: torch.save(model.state_dict(), path)"});
  }

  // The items of a tuple or list; empty for anything else.
  const std::vector<Value>& items(const Value& value) const {
    static const std::vector<Value> kNothing;
    return value.kind == Kind::kTuple || value.kind == Kind::kList ? containers_[value.node] : kNothing;
  }

  void call(const Value& callable, const Value& arguments) {
    if (failure_) return;
    if (arguments.kind != Kind::kTuple) return fail(corrupt("a call without an argument tuple"));
    const std::vector<Value>& given = items(arguments);
    switch (callable.kind) {
      case Kind::kOrderedDictType:
        if (!given.empty())
          return fail({ErrorCode::kUnsupported,
                       "an OrderedDict made from a list: save it again with "
                       "a current Python"});
        return push_container(Kind::kDict, {});
      case Kind::kSizeType:
        if (given.size() != 1 || given[0].kind != Kind::kTuple) return fail(corrupt("a torch.Size without a tuple"));
        return push(given[0]);
      case Kind::kRebuildTensor: return rebuild_tensor(given);
      case Kind::kRebuildParameter:
        if (given.empty() || given[0].kind != Kind::kTensor) return fail(corrupt("a parameter without its tensor"));
        return push(given[0]);
      default: return fail(corrupt("it calls what cannot be called"));
    }
  }

  // ("storage", storage type, key, location, number of elements), or of bytes for the untyped kind.
  void persistent_storage(const Value& id) {
    if (failure_) return;
    const std::vector<Value>& given = items(id);
    if (given.size() < 5 || given[0].kind != Kind::kString || given[0].text != "storage" ||
        given[1].kind != Kind::kStorageType || given[2].kind != Kind::kString || given[4].kind != Kind::kInt ||
        given[4].number < 0)
      return fail(corrupt("a storage is not described as PyTorch does"));
    const std::int64_t type = given[1].number;
    const std::uint64_t element_bytes = type == kUntyped ? 1 : dtype_bits(static_cast<DType>(type)) / 8;
    std::uint64_t size_bytes = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(given[4].number), element_bytes, &size_bytes))
      return fail(corrupt("a storage's size overflows"));
    push(Value{.kind = Kind::kStorage, .node = static_cast<std::uint32_t>(storages_.size())});
    storages_.push_back({given[2].text, type, size_bytes});
  }

  bool integers(const Value& value, std::vector<std::int64_t>& result) const {
    if (value.kind != Kind::kTuple && value.kind != Kind::kList) return false;
    for (const Value& item : items(value)) {
      if (item.kind != Kind::kInt) return false;
      result.push_back(item.number);
    }
    return result.size() <= 64;
  }

  // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata]) and
  // _rebuild_tensor_v3(…, hooks, dtype[, metadata]), whose storage may be untyped.
  void rebuild_tensor(const std::vector<Value>& given) {
    PickledTensor tensor;
    if (given.size() < 4 || given[0].kind != Kind::kStorage || given[1].kind != Kind::kInt ||
        !integers(given[2], tensor.shape) || !integers(given[3], tensor.strides) ||
        tensor.shape.size() != tensor.strides.size())
      return fail(corrupt("a tensor is not described as PyTorch does"));
    const Storage& storage = storages_[given[0].node];
    std::int64_t type = storage.element_type;
    if (given.size() > 6 && given[6].kind == Kind::kElementType) type = given[6].number;
    if (type == kUntyped) return fail(corrupt("a tensor's element type is not given"));
    tensor.storage_key = storage.key;
    tensor.storage_bytes = storage.size_bytes;
    tensor.dtype = static_cast<DType>(type);
    tensor.offset = given[1].number;
    push(Value{.kind = Kind::kTensor, .node = static_cast<std::uint32_t>(tensors_.size())});
    tensors_.push_back(std::move(tensor));
  }

  // --- result --------------------------------------------------------------------------------------------------
  Result<std::vector<PickledEntry>> state_dict() {
    if (stack_.size() != 1 || !marks_.empty()) return corrupt("it stops with more or less than one object");
    if (stack_[0].kind != Kind::kDict)
      return Error{ErrorCode::kUnsupported,
                   "it holds no dict of tensors: save the state dict, "
                   "torch.save(model.state_dict(), path)"};
    const std::vector<Value>* dict = &containers_[stack_[0].node];
    for (const char* wrapper : {"model", "state_dict"})
      for (std::size_t i = 0; i + 1 < dict->size(); i += 2)
        if ((*dict)[i].kind == Kind::kString && (*dict)[i].text == wrapper && (*dict)[i + 1].kind == Kind::kDict)
          return tensors_of(containers_[(*dict)[i + 1].node]);
    return tensors_of(*dict);
  }

  Result<std::vector<PickledEntry>> tensors_of(const std::vector<Value>& dict) const {
    std::vector<PickledEntry> result;
    for (std::size_t i = 0; i + 1 < dict.size(); i += 2)
      if (dict[i].kind == Kind::kString && dict[i + 1].kind == Kind::kTensor)
        result.push_back({dict[i].text, tensors_[dict[i + 1].node]});
    if (result.empty()) return Error{ErrorCode::kUnsupported, "its dict holds no tensors: not a state dict"};
    return result;
  }

  ByteSpan rest_;
  bool stopped_ = false;
  std::optional<Error> failure_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;  // stack sizes at each open mark
  std::unordered_map<std::uint64_t, Value> memo_;
  std::vector<std::vector<Value>> containers_;
  std::vector<Storage> storages_;
  std::vector<PickledTensor> tensors_;
};

}  // namespace

Result<std::vector<PickledEntry>> read_state_dict(ByteSpan pickle) { return Machine(pickle).run(); }

}  // namespace samcache
