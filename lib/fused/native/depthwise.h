// One row of a depthwise convolution and of its two gradients. Rows are [columns, channels] with channels filled up to
// whole vectors, and padded with columns of zeros. Some columns' sums stay in registers while the kernel's columns pass
// over them, so that an input is loaded once a kernel row.
#pragma once
#include "ahead.h"
#include "simd.h"

namespace detnas {

// Columns at a time: with the weights of one kernel row and an input, they fill AVX2's 16 registers at K = 7.
constexpr int block_columns = 7;

// Zero columns that a padded row needs behind its end: a block may begin with the last column.
constexpr int row_slack(int kernel) {
  return kernel + 2 * (block_columns + 1);
}

// `weight`: behind the kernel's taps, what the sums begin with.
template <int K, int S, int X>
static inline void convolve_block(const float* const* rows, const float* weight, int64_t channels,
                                  int64_t column, float* out, Ahead& ahead) {
  for (int64_t c = 0; c < channels; c += lanes) {
    ahead.call_step();
    Vec sum[X];
#pragma GCC unroll 16
    for (int x = 0; x < X; x++) sum[x] = load(weight + K * K * channels + c);
    for (int ky = 0; ky < K; ky++) {
      const float* row = rows[ky] + column * S * channels + c;
      Vec w[K];
#pragma GCC unroll 16
      for (int kx = 0; kx < K; kx++) w[kx] = load(weight + (ky * K + kx) * channels + c);
#pragma GCC unroll 32
      for (int j = 0; j < (X - 1) * S + K; j++) {
        const Vec value = load(row + j * channels);
#pragma GCC unroll 16
        for (int kx = 0; kx < K; kx++) {
          if (j >= kx && (j - kx) % S == 0 && (j - kx) / S < X) sum[(j - kx) / S] += value * w[kx];
        }
      }
    }
#pragma GCC unroll 16
    for (int x = 0; x < X; x++) store(out + (column + x) * channels + c, sum[x]);
  }
}

// An output row from K padded input rows: column x S - pad of the input is x S of a row.
template <int K, int S>
static inline void convolve_row(const float* const* rows, const float* weight, int64_t channels,
                                int64_t columns, float* out, Ahead& ahead) {
  int64_t x = 0;
  for (; x + block_columns <= columns; x += block_columns)
    convolve_block<K, S, block_columns>(rows, weight, channels, x, out, ahead);
  if (columns - x >= 4) convolve_block<K, S, 4>(rows, weight, channels, x, out, ahead), x += 4;
  if (columns - x >= 2) convolve_block<K, S, 2>(rows, weight, channels, x, out, ahead), x += 2;
  if (columns - x >= 1) convolve_block<K, S, 1>(rows, weight, channels, x, out, ahead);
}

// Input gradient of columns `column` on, a multiple of S: sum over output columns o of dz[o] w[column - o S + pad].
template <int K, int S, int X>
static inline void transpose_block(const float* const* rows, const float* weight, int64_t channels,
                                   int64_t column, float* out, Ahead& ahead) {
  constexpr int pad = K / 2, first = -(pad / S), last = (X - 1 + pad) / S;
  for (int64_t c = 0; c < channels; c += lanes) {
    ahead.call_step();
    Vec sum[X];
#pragma GCC unroll 16
    for (int x = 0; x < X; x++) sum[x] = Vec{};
    for (int ky = 0; ky < K; ky++) {
      if (rows[ky] == nullptr) continue;
      const float* row = rows[ky] + (column / S + pad) * channels + c;
      Vec w[K];
#pragma GCC unroll 16
      for (int kx = 0; kx < K; kx++) w[kx] = load(weight + (ky * K + kx) * channels + c);
#pragma GCC unroll 32
      for (int o = first; o <= last; o++) {
        const Vec value = load(row + o * channels);
#pragma GCC unroll 16
        for (int kx = 0; kx < K; kx++) {
          const int x = o * S + kx - pad;
          if (x >= 0 && x < X) sum[x] += value * w[kx];
        }
      }
    }
#pragma GCC unroll 16
    for (int x = 0; x < X; x++) store(out + (column + x) * channels + c, sum[x]);
  }
}

// An input row's gradient from the output gradient's rows, padded by pad columns: row ky is the one that the input row
// reached through the kernel's row ky; null where there is none.
template <int K, int S>
static inline void transpose_row(const float* const* rows, const float* weight, int64_t channels,
                                 int64_t columns, float* out, Ahead& ahead) {
  constexpr int X = S == 1 ? block_columns : 8;  // blocks begin at multiples of the stride
  int64_t x = 0;
  for (; x + X <= columns; x += X) transpose_block<K, S, X>(rows, weight, channels, x, out, ahead);
  if (columns - x >= 4) transpose_block<K, S, 4>(rows, weight, channels, x, out, ahead), x += 4;
  if (columns - x >= 2) transpose_block<K, S, 2>(rows, weight, channels, x, out, ahead), x += 2;
  if (columns - x >= 1) transpose_block<K, S, 1>(rows, weight, channels, x, out, ahead);
}

template <int K, int S, int X>
static inline void correlate_block(const float* const* rows, const float* dz, int64_t channels,
                                   int64_t column, float* weight_gradient, Ahead& ahead) {
  for (int64_t c = 0; c < channels; c += lanes) {
    ahead.call_step();
    Vec d[X];
#pragma GCC unroll 16
    for (int x = 0; x < X; x++) d[x] = load(dz + (column + x) * channels + c);
    for (int ky = 0; ky < K; ky++) {
      const float* row = rows[ky] + column * S * channels + c;
      float* g = weight_gradient + ky * K * channels + c;
      Vec sum[K];
#pragma GCC unroll 16
      for (int kx = 0; kx < K; kx++) sum[kx] = load(g + kx * channels);
#pragma GCC unroll 32
      for (int j = 0; j < (X - 1) * S + K; j++) {
        const Vec value = load(row + j * channels);
#pragma GCC unroll 16
        for (int kx = 0; kx < K; kx++) {
          if (j >= kx && (j - kx) % S == 0 && (j - kx) / S < X) sum[kx] += value * d[(j - kx) / S];
        }
      }
#pragma GCC unroll 16
      for (int kx = 0; kx < K; kx++) store(g + kx * channels, sum[kx]);
    }
  }
}

// Adds one output row's part of the filter's gradient: `rows` as in convolve_row, dz unpadded.
template <int K, int S>
static inline void correlate_row(const float* const* rows, const float* dz, int64_t channels, int64_t columns,
                                 float* weight_gradient, Ahead& ahead) {
  int64_t x = 0;
  for (; x + block_columns <= columns; x += block_columns)
    correlate_block<K, S, block_columns>(rows, dz, channels, x, weight_gradient, ahead);
  if (columns - x >= 4) correlate_block<K, S, 4>(rows, dz, channels, x, weight_gradient, ahead), x += 4;
  if (columns - x >= 2) correlate_block<K, S, 2>(rows, dz, channels, x, weight_gradient, ahead), x += 2;
  if (columns - x >= 1) correlate_block<K, S, 1>(rows, dz, channels, x, weight_gradient, ahead);
}

// The three for one kernel and stride.
struct DepthwiseRows {
  void (*convolve)(const float* const*, const float*, int64_t, int64_t, float*, Ahead&);
  void (*transpose)(const float* const*, const float*, int64_t, int64_t, float*, Ahead&);
  void (*correlate)(const float* const*, const float*, int64_t, int64_t, float*, Ahead&);
};

// Calls of Ahead::step() that a row's convolution or gradient makes at least.
static inline int64_t row_steps(int64_t columns, int64_t channels) {
  return (columns + block_columns - 1) / block_columns * (channels / lanes);
}

static inline DepthwiseRows depthwise_rows(int64_t kernel, int64_t stride) {
  if (kernel == 3 && stride == 1) return {convolve_row<3, 1>, transpose_row<3, 1>, correlate_row<3, 1>};
  if (kernel == 5 && stride == 1) return {convolve_row<5, 1>, transpose_row<5, 1>, correlate_row<5, 1>};
  if (kernel == 7 && stride == 1) return {convolve_row<7, 1>, transpose_row<7, 1>, correlate_row<7, 1>};
  if (kernel == 3) return {convolve_row<3, 2>, transpose_row<3, 2>, correlate_row<3, 2>};
  if (kernel == 5) return {convolve_row<5, 2>, transpose_row<5, 2>, correlate_row<5, 2>};
  return {convolve_row<7, 2>, transpose_row<7, 2>, correlate_row<7, 2>};
}

}  // namespace detnas
