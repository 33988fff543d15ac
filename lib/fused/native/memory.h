// Memory for activations. A training step asks for the same few sizes again and again; memory that came fresh from the
// system each time would cost a page fault every 4 KiB, which takes longer than filling it. But which sizes depends on the
// path, so that lists of free pieces by size would hold, of each size, what the greediest path ever needed.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace detnas {

constexpr size_t alignment = 64;  // what TensorFlow asks of a tensor's memory

static inline void* aligned_memory(size_t bytes) {
  const size_t whole = (bytes + alignment - 1) / alignment * alignment;
#if defined(_WIN32)
  return _aligned_malloc(whole, alignment);
#else
  void* memory = nullptr;
  return posix_memalign(&memory, whole >= (2u << 20) ? (2u << 20) : alignment, whole) == 0 ? memory : nullptr;
#endif
}

static inline void free_aligned(void* memory) {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  free(memory);
#endif
}

// A large piece of memory, of which parts are taken and given back. A part begins as low as it can, and free neighbours
// become one: so what a step needs at once is what it touches, however its sizes differ from those of the step before.
class Slab {
 public:
  explicit Slab(size_t bytes) : base_(static_cast<char*>(aligned_memory(bytes))), bytes_(bytes) {
#if defined(__linux__)
    if (base_ != nullptr) madvise(base_, bytes, MADV_HUGEPAGE);  // fewer page faults
#endif
    free_[0] = bytes;
  }
  ~Slab() { free_aligned(base_); }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  size_t bytes() const { return bytes_; }
  bool exists() const { return base_ != nullptr; }
  bool is_free() const { return free_.size() == 1 && free_.begin()->second == bytes_; }
  bool holds(const void* memory) const { return memory >= base_ && memory < base_ + bytes_; }

  // The first free part that is large enough; null if none is.
  void* take(size_t size) {
    const auto part =
        std::find_if(free_.begin(), free_.end(), [size](auto& entry) { return entry.second >= size; });
    if (part == free_.end()) return nullptr;
    const auto [offset, bytes] = *part;
    free_.erase(part);
    if (bytes > size) free_[offset + size] = bytes - size;
    return base_ + offset;
  }

  void give(const void* memory, size_t size) {
    const size_t offset = static_cast<const char*>(memory) - base_;
    auto part = free_.emplace(offset, size).first;
    const auto next = std::next(part);
    if (next != free_.end() && next->first == offset + size) {
      part->second += next->second;
      free_.erase(next);
    }
    if (part == free_.begin()) return;
    const auto before = std::prev(part);
    if (before->first + before->second != offset) return;
    before->second += part->second;
    free_.erase(part);
  }

 private:
  char* base_;
  size_t bytes_;
  std::map<size_t, size_t> free_;  // from offset to bytes
};

// Gives memory back only when asked to. Small pieces, which would cut the slabs up, lie elsewhere.
class MemoryPool {
 public:
  ~MemoryPool() { trim(); }

  // Aligned, not initialised; null if the system has no more.
  void* take(size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    return bytes < small_limit ? take_small(size_class(bytes)) : take_large(whole_pages(bytes));
  }

  // What was taken for so many bytes.
  void give(void* memory, size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (bytes < small_limit) return free_[size_class(bytes)].push_back(memory);
    for (auto& slab : slabs_) {
      if (slab->holds(memory)) return slab->give(memory, whole_pages(bytes));
    }
  }

  // What it has from the system, but for small pieces.
  size_t slab_bytes() {
    std::lock_guard<std::mutex> lock(mutex_);
    size_t sum = 0;
    for (auto& slab : slabs_) sum += slab->bytes();
    return sum;
  }

  // Small pieces that nobody has, and slabs of which nobody has any, go back to the system.
  void trim() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [size, list] : free_) {
      for (void* memory : list) free_aligned(memory);
      list.clear();
    }
    slabs_.erase(std::remove_if(slabs_.begin(), slabs_.end(), [](auto& slab) { return slab->is_free(); }),
                 slabs_.end());
  }

 private:
  static constexpr size_t small_limit = 64u << 10;
  static constexpr size_t usual_slab = 512u << 20;  // the system provides what is touched of it
  static constexpr size_t page = 4096;

  void* take_small(size_t size) {
    auto& free_list = free_[size];
    if (free_list.empty()) return aligned_memory(size);
    void* memory = free_list.back();
    free_list.pop_back();
    return memory;
  }

  void* take_large(size_t size) {
    for (auto& slab : slabs_) {
      if (void* memory = slab->take(size)) return memory;
    }
    for (size_t bytes :
         {std::max(size, usual_slab), size}) {  // where memory is short, no more than is asked for
      auto slab = std::make_unique<Slab>(bytes);
      if (!slab->exists()) continue;
      slabs_.push_back(std::move(slab));
      return slabs_.back()->take(size);
    }
    return nullptr;
  }

  static size_t whole_pages(size_t bytes) { return (bytes + page - 1) / page * page; }

  // Eighths of powers of two, so that nearly equal sizes share.
  static size_t size_class(size_t bytes) {
    size_t step = alignment;
    while (step * 16 < bytes) step *= 2;
    return std::max(step, (bytes + step - 1) / step * step);
  }

  std::mutex mutex_;
  std::map<size_t, std::vector<void*>> free_;
  std::vector<std::unique_ptr<Slab>> slabs_;
};

// Where buffers come from: as malloc, but what is given back stays at hand, and with it its pages.
static inline MemoryPool& buffer_memory() {
  static MemoryPool pool;
  return pool;
}

// Whether an address sanitizer watches: then each buffer is a piece of its own, so that it sees where one ends.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

// A pass's own buffer; uninitialised, or zeros.
class Buffer {
 public:
  explicit Buffer(size_t floats)
      : bytes_(sizeof(float) * floats),
        values_(static_cast<float*>(sanitized ? aligned_memory(bytes_) : buffer_memory().take(bytes_))) {}
  ~Buffer() {
    if (values_ == nullptr) return;
    sanitized ? free_aligned(values_) : buffer_memory().give(values_, bytes_);
  }
  static Buffer zeros(size_t floats) {
    Buffer buffer(floats);
    memset(buffer.values_, 0, buffer.bytes_);
    return buffer;
  }
  Buffer(Buffer&& other) noexcept : bytes_(other.bytes_), values_(other.values_) { other.values_ = nullptr; }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(bytes_, other.bytes_), std::swap(values_, other.values_);
    return *this;
  }
  Buffer& operator=(const Buffer&) = delete;
  float* data() { return values_; }
  const float* data() const { return values_; }

 private:
  size_t bytes_;
  float* values_;
};

}  // namespace detnas
