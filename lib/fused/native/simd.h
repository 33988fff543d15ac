// Vectors of floats, in the compiler's own vector types: as wide as the instruction set that this file is compiled for.
// Nothing here is used across files compiled for different ones.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace detnas {

#if defined(__AVX2__) || defined(__AVX512F__)
constexpr bool can_stream = true;
#else
constexpr bool can_stream = false;
#endif

#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX2__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

constexpr int64_t line_floats = 16;  // of a cache line

typedef float Vec __attribute__((vector_size(4 * lanes)));
typedef int32_t Mask __attribute__((vector_size(4 * lanes)));
// The same values at any address, whatever type they were written as.
typedef float LooseVec __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

static inline Vec load(const float* p) {
  return *reinterpret_cast<const LooseVec*>(p);
}
static inline void store(float* p, Vec v) {
  *reinterpret_cast<LooseVec*>(p) = v;
}

// The same past the caches, if can_stream: a line that is stored to must otherwise be read first. The address is a whole
// vector's.
static inline void stream(float* p, Vec v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, v);
#elif defined(__AVX2__)
  _mm256_stream_ps(p, v);
#else
  store(p, v);
#endif
}
// Another thread that sees what is written after this sees what was streamed before it.
static inline void finish_streams() {
#if defined(__AVX512F__) || defined(__AVX2__)
  _mm_sfence();
#endif
}

static inline Vec splat(float x) {
  return x - Vec{};
}  // x + 0 would have to turn -0 into 0

typedef double Doubles __attribute__((vector_size(8 * lanes)));
typedef double LooseDoubles __attribute__((vector_size(8 * lanes), aligned(8), may_alias));
// sums[i] += v[i].
static inline void add_as_doubles(double* sums, const Vec& v) {
  *reinterpret_cast<LooseDoubles*>(sums) += __builtin_convertvector(v, Doubles);
}

// The first n values, zeros behind them.
static inline Vec load_first(const float* p, int n) {
  if (n >= lanes) return load(p);
  Vec v{};
  memcpy(&v, p, sizeof(float) * n);
  return v;
}

// Stores the first n values.
static inline void store_first(float* to, int64_t n, Vec v) {
  if (n >= lanes) return store(to, v);
  if (n > 0) memcpy(to, &v, sizeof(float) * n);
}

static inline void copy_floats(float* to, const float* from, int64_t n) {
  memcpy(to, from, sizeof(float) * n);
}
// The same past the caches, of whole vectors at whole vectors' addresses.
static inline void stream_copy(float* to, const float* from, int64_t n) {
  for (int64_t i = 0; i < n; i += lanes) stream(to + i, load(from + i));
}

// A mask of the places where ReLU lets through: all that is not below or at zero, so that NaN stays NaN.
static inline Mask passes_relu(Vec v) {
  return ~(Mask)(v <= splat(0));
}
static inline Vec masked(Vec v, Mask mask) {
  return (Vec)((Mask)v & mask);
}
static inline Vec relu(Vec v) {
  return masked(v, passes_relu(v));
}

// v, but no less than floor; NaN stays NaN. ReLU's floor is 0, and no_floor that of none.
static inline Vec at_least(Vec floor, Vec v) {
  return v <= floor ? floor : v;
}
constexpr float no_floor = -std::numeric_limits<float>::infinity();

// a0 b0 a1 b1 …, its first and its second vector; and back: the even and the odd values of two vectors.
#if defined(__AVX512F__)
static inline Vec interleave_low(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
static inline Vec interleave_high(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
static inline Vec evens(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
static inline Vec odds(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
#elif defined(__AVX2__)
static inline Vec interleave_low(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
static inline Vec interleave_high(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
static inline Vec evens(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}
static inline Vec odds(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
#else
static inline Vec interleave_low(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}
static inline Vec interleave_high(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
static inline Vec evens(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6);
}
static inline Vec odds(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7);
}
#endif

// Channels of a pixel, filled up to whole vectors.
static inline int64_t padded(int64_t channels) {
  return (channels + lanes - 1) / lanes * lanes;
}

}  // namespace detnas
