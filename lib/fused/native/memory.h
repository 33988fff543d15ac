// Memory for activations. A training step asks for the same few sizes again and again; memory that came fresh from the
// system each time would cost a page fault every 4 KiB, which takes longer than filling it.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
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

// Gives memory back only when asked to.
class MemoryPool {
 public:
  ~MemoryPool() { trim(); }

  void* take(size_t bytes) {
    const size_t size = size_class(bytes);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      auto& free_list = free_[size];
      if (!free_list.empty()) {
        void* memory = free_list.back();
        free_list.pop_back();
        return memory;
      }
    }
    void* memory = aligned_memory(size);
#if defined(__linux__)
    if (memory != nullptr && size >= (2u << 20)) madvise(memory, size, MADV_HUGEPAGE);  // fewer page faults
#endif
    return memory;
  }

  void give(void* memory, size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    free_[size_class(bytes)].push_back(memory);
  }

  void trim() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [size, list] : free_) {
      for (void* memory : list) free_aligned(memory);
      list.clear();
    }
  }

 private:
  // Eighths of powers of two, so that nearly equal sizes share.
  static size_t size_class(size_t bytes) {
    size_t step = alignment;
    while (step * 16 < bytes) step *= 2;
    return std::max(step, (bytes + step - 1) / step * step);
  }

  std::mutex mutex_;
  std::map<size_t, std::vector<void*>> free_;
};

// Where buffers come from: as malloc, but what is given back stays at hand, and with it its pages.
static inline MemoryPool& buffer_memory() {
  static MemoryPool pool;
  return pool;
}

// A pass's own buffer; uninitialised, or zeros.
class Buffer {
 public:
  explicit Buffer(size_t floats)
      : bytes_(sizeof(float) * floats), values_(static_cast<float*>(buffer_memory().take(bytes_))) {}
  ~Buffer() {
    if (values_ != nullptr) buffer_memory().give(values_, bytes_);
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
