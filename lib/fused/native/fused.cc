// Convolution layers with batch norm, fused so that each pass reads and writes every activation once. The caller, which
// knows the block, calls the passes in order, and does what lies between them: batch norm's statistics, over one process
// or many. Plain C functions; see `lib/fused` for the other side.
#include "backward.h"
#include "dense.h"
#include "infer.h"
#include "resize.h"

#if defined(_WIN32)
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

using namespace detnas;

// Whether this processor has the instructions that this was compiled for.
EXPORT int32_t detnas_runs_here() {
#if defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") ? 1 : 0;
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
#else
  return 1;
#endif
}

EXPORT int32_t detnas_lanes() {
  return lanes;
}

EXPORT void* detnas_threads_new(int32_t count) {
  return new Threads(count);
}
EXPORT void detnas_threads_delete(void* threads) {
  delete static_cast<Threads*>(threads);
}

EXPORT void* detnas_pool_new() {
  return new MemoryPool;
}
EXPORT void* detnas_pool_take(void* pool, uint64_t bytes) {
  return static_cast<MemoryPool*>(pool)->take(bytes);
}
EXPORT void detnas_pool_trim(void* pool) {
  static_cast<MemoryPool*>(pool)->trim();
}
// A tensor's deallocator, as TF_NewTensor takes it.
EXPORT void detnas_pool_give(void* memory, size_t bytes, void* pool) {
  static_cast<MemoryPool*>(pool)->give(memory, bytes);
}

EXPORT void* detnas_pool_deallocator() {
  return reinterpret_cast<void*>(&detnas_pool_give);
}

// What passes over one weight, forward or backward, share: `prepared` of a pass.
EXPORT void* detnas_prepared_new() {
  return new PreparedWeight;
}
EXPORT void detnas_prepared_delete(void* prepared) {
  delete static_cast<PreparedWeight*>(prepared);
}

EXPORT void detnas_forward(const void* pass, void* threads) {
  const Pass& layer = *static_cast<const Pass*>(pass);
  (is_dense(layer)     ? dense_forward
   : is_product(layer) ? pointwise_forward
                       : depthwise_forward)(layer, *static_cast<Threads*>(threads));
}

EXPORT void detnas_join(const void* pass, void* threads) {
  join(*static_cast<const Pass*>(pass), *static_cast<Threads*>(threads));
}

EXPORT void detnas_gradient_sums(const void* pass, void* threads) {
  gradient_sums(*static_cast<const Pass*>(pass), *static_cast<Threads*>(threads));
}

EXPORT void detnas_backward(const void* pass, void* threads) {
  const Pass& layer = *static_cast<const Pass*>(pass);
  (is_dense(layer)     ? dense_backward
   : is_product(layer) ? pointwise_backward
                       : depthwise_backward)(layer, *static_cast<Threads*>(threads));
}

EXPORT void detnas_add_enlarged(const void* pass, void* threads) {
  add_enlarged(*static_cast<const Pass*>(pass), *static_cast<Threads*>(threads));
}

EXPORT void detnas_add_reduced(const void* pass, void* threads) {
  add_reduced(*static_cast<const Pass*>(pass), *static_cast<Threads*>(threads));
}

EXPORT void detnas_take_every_other(const void* pass, void* threads) {
  take_every_other(*static_cast<const Pass*>(pass), *static_cast<Threads*>(threads));
}

EXPORT void detnas_give_every_other(const void* pass, void* threads) {
  give_every_other(*static_cast<const Pass*>(pass), *static_cast<Threads*>(threads));
}

// `count` layers of one branch, from the first on.
EXPORT void detnas_infer(const void* passes, int64_t count, void* threads) {
  const Pass* layers = static_cast<const Pass*>(passes);
  const bool any_dense = std::any_of(layers, layers + count, is_dense);
  (any_dense ? infer_by_layers : infer)(layers, count, *static_cast<Threads*>(threads));
}
