// Vectors of floats, in the compiler's own vector types: as wide as the instruction set that this file is compiled for.
// Nothing here is used across files compiled for different ones.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace detnas {

#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX2__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

typedef float Vec __attribute__((vector_size(4 * lanes)));
typedef int32_t Mask __attribute__((vector_size(4 * lanes)));
// The same values at any address, whatever type they were written as.
typedef float LooseVec __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

static inline Vec load(const float* p) { return *reinterpret_cast<const LooseVec*>(p); }
static inline void store(float* p, Vec v) { *reinterpret_cast<LooseVec*>(p) = v; }
static inline Vec splat(float x) { return Vec{} + x; }

// The first n values, zeros behind them.
static inline Vec load_first(const float* p, int n) {
  if (n >= lanes) return load(p);
  Vec v{};
  memcpy(&v, p, sizeof(float) * n);
  return v;
}

// A mask of the places where ReLU lets through: all that is not below or at zero, so that NaN stays NaN.
static inline Mask passes_relu(Vec v) { return ~(Mask)(v <= splat(0)); }
static inline Vec masked(Vec v, Mask mask) { return (Vec)((Mask)v & mask); }
static inline Vec relu(Vec v) { return masked(v, passes_relu(v)); }

// Channels of a pixel, filled up to whole vectors.
static inline int64_t padded(int64_t channels) { return (channels + lanes - 1) / lanes * lanes; }

}  // namespace detnas
