// A fixed number of threads that all run the same function: the caller is the first of them. Which thread does what
// depends on nothing but their number, so that results are the same to the bit from run to run.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "simd.h"

namespace detnas {

class Threads {
 public:
  explicit Threads(int count) : count_(count) {
    for (int i = 1; i < count; i++) threads_.emplace_back([this, i] { serve(i); });
  }
  ~Threads() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      round_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return count_; }

  // Calls body(thread) once in each thread, and returns when all are done, streamed stores too.
  void run(const std::function<void(int)>& body) {
    if (count_ == 1) return finish(body, 0);
    body_ = &body;
    working_.store(count_ - 1, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      round_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    finish(body, 0);
    for (int spins = 0; working_.load(std::memory_order_acquire) > 0; spins++) {
      if (spins > spin_limit) std::this_thread::yield();
    }
  }

 private:
  // Passes follow each other within some tens of microseconds, which is what waking up takes: so a thread waits a while
  // before it sleeps.
  static constexpr int spin_limit = 4000;

  static void finish(const std::function<void(int)>& body, int index) {
    body(index);
    finish_streams();
  }

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }

  void serve(int index) {
    for (int64_t seen = 0;;) {
      for (int spins = 0; round_.load(std::memory_order_acquire) == seen && spins < spin_limit; spins++)
        pause();
      if (round_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
      }
      seen = round_.load(std::memory_order_acquire);
      if (stopping_) return;
      finish(*body_, index);
      working_.fetch_sub(1, std::memory_order_release);
    }
  }

  const int count_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<int64_t> round_{0};
  std::atomic<int> working_{0};
  const std::function<void(int)>* body_ = nullptr;
  bool stopping_ = false;
};

}  // namespace detnas
