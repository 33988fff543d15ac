// Products of a tile of pixels with a weight: C = A B, and the weight's gradient G += A^T D. Tiles are some tens of
// rows that lie in the first two caches; B is packed into panels of two vectors.
#pragma once
#include <algorithm>

#include "ahead.h"
#include "memory.h"
#include "simd.h"
#include "threads.h"

namespace detnas {

// Rows of C that one kernel call holds in registers: 12 of AVX2's 16, 24 of AVX-512's 32.
constexpr int kernel_rows = lanes == 16 ? 12 : lanes == 8 ? 6 : 4;
constexpr int panel = 2 * lanes;

// A weight [inputs, outputs] in panels: panel p holds outputs p * panel on, one row an input. Zeros fill up both sides.
class PackedWeight {
 public:
  // `transposed`: the weight's transpose is packed, [outputs, inputs]. `factor`: of each output, if it is not null.
  PackedWeight(const float* weight, int64_t inputs, int64_t outputs, bool transposed, Threads& threads,
               const float* factor = nullptr)
      : rows_(padded(transposed ? outputs : inputs)),
        columns_(padded(transposed ? inputs : outputs)),
        values_(Buffer::zeros(rows_ * columns_)) {
    const int64_t rows = transposed ? outputs : inputs, columns = transposed ? inputs : outputs;
    threads.run([&](int thread) {
      for (int64_t first = thread * panel; first < columns; first += threads.count() * panel) {
        const int64_t width = panel_width(first), count = std::min<int64_t>(width, columns - first);
        float* to = values_.data() + first * rows_;
        // Either way a row of the weight is read as it lies in memory.
        if (transposed) {
          for (int64_t i = 0; i < count; i++) {
            const float* from = weight + (first + i) * outputs;
            for (int64_t row = 0; row < rows; row++) to[row * width + i] = from[row];
          }
        } else {
          for (int64_t row = 0; row < rows; row++)
            pack_row(weight + row * outputs + first, factor ? factor + first : nullptr, count,
                     to + row * width);
        }
      }
    });
  }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  // The last panel may be one vector wide.
  int64_t panel_width(int64_t first) const { return std::min<int64_t>(panel, columns_ - first); }
  const float* at(int64_t first) const { return values_.data() + first * rows_; }

 private:
  static void pack_row(const float* from, const float* factor, int64_t count, float* to) {
    if (factor == nullptr) {
      memcpy(to, from, sizeof(float) * count);
    } else {
      for (int64_t i = 0; i < count; i++) to[i] = from[i] * factor[i];
    }
  }

  int64_t rows_, columns_;
  Buffer values_;
};

// A kernel asks for memory each time after so many rounds of its inner loop: all of a tile's at once would fill the few places
// that the first cache has for lines under way.
constexpr int64_t step_rounds = 16;

// Where a product goes as it is: rows of C. A sink takes what a kernel has in registers, rows from `row` and columns from
// `column` on.
struct ProductRows {
  float* c;
  int64_t stride;
  template <int Rows, int Vecs>
  void put(int64_t row, int64_t column, const Vec (&sum)[Rows][Vecs]) const {
    float* to = c + row * stride + column;
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++)
#pragma GCC unroll 2
      for (int v = 0; v < Vecs; v++) store(to + r * stride + v * lanes, sum[r][v]);
  }
};

// `a`: the first of the kernel's rows, which is `row` of all.
template <int Rows, int Vecs, typename Sink>
static inline void product_kernel(const float* a, int64_t a_stride, const float* b, int64_t inner,
                                  int64_t row, int64_t column, const Sink& sink, Ahead& ahead) {
  // A pointer for three rows each: one address takes a base and twice the stride at most, and more pointers than that don't fit
  // the registers.
  const float* rows[(Rows + 2) / 3];
#pragma GCC unroll 4
  for (int i = 0; i < (Rows + 2) / 3; i++) rows[i] = a + 3 * i * a_stride;
  Vec sum[Rows][Vecs];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < Vecs; v++) sum[r][v] = Vec{};
  for (int64_t k = 0; k < inner; k++) {
    if (k % step_rounds == 0) ahead.step();
    Vec bs[Vecs];
#pragma GCC unroll 2
    for (int v = 0; v < Vecs; v++) bs[v] = load(b + k * Vecs * lanes + v * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
      const Vec as = splat(rows[r / 3][r % 3 * a_stride]);
#pragma GCC unroll 2
      for (int v = 0; v < Vecs; v++) sum[r][v] += as * bs[v];
    }
#pragma GCC unroll 4
    for (int i = 0; i < (Rows + 2) / 3; i++) rows[i]++;
  }
  sink.put(row, column, sum);
}

// Rows [row, end). Fewer than a kernel's whole: halves, down to one.
template <int Rows, int Vecs, typename Sink>
static inline void product_rows(int64_t row, int64_t end, const float* a, int64_t a_stride, const float* b,
                                int64_t inner, int64_t column, const Sink& sink, Ahead& ahead) {
  for (; row + Rows <= end; row += Rows) {
    product_kernel<Rows, Vecs>(a + row * a_stride, a_stride, b, inner, row, column, sink, ahead);
  }
  if constexpr (Rows > 1) {
    if (row < end)
      product_rows<Rows == 12 ? 6 : (Rows + 1) / 2, Vecs>(row, end, a, a_stride, b, inner, column, sink,
                                                          ahead);
  }
}

// A [rows, inner] B, into the sink.
template <typename Sink>
static inline void product_into(int64_t rows, const float* a, int64_t a_stride, const PackedWeight& b,
                                const Sink& sink, Ahead& ahead) {
  for (int64_t first = 0; first < b.columns(); first += panel) {
    if (b.panel_width(first) == panel) {
      product_rows<kernel_rows, 2>(0, rows, a, a_stride, b.at(first), b.rows(), first, sink, ahead);
    } else {
      product_rows<kernel_rows, 1>(0, rows, a, a_stride, b.at(first), b.rows(), first, sink, ahead);
    }
  }
}

// C [rows, columns] = A [rows, inner] B.
static inline void product(int64_t rows, const float* a, int64_t a_stride, const PackedWeight& b, float* c,
                           int64_t c_stride, Ahead& ahead) {
  product_into(rows, a, a_stride, b, ProductRows{c, c_stride}, ahead);
}

template <int Rows, int Vecs>
static inline void outer_kernel(int64_t pixels, const float* a, int64_t a_stride, const float* d,
                                int64_t d_stride, float* g, int64_t g_stride, Ahead& ahead) {
  Vec sum[Rows][Vecs];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < Vecs; v++) sum[r][v] = load(g + r * g_stride + v * lanes);
  for (int64_t p = 0; p < pixels; p++) {
    if (p % step_rounds == 0) ahead.step();
    Vec ds[Vecs];
#pragma GCC unroll 2
    for (int v = 0; v < Vecs; v++) ds[v] = load(d + p * d_stride + v * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
      const Vec as = splat(a[p * a_stride + r]);
#pragma GCC unroll 2
      for (int v = 0; v < Vecs; v++) sum[r][v] += as * ds[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < Vecs; v++) store(g + r * g_stride + v * lanes, sum[r][v]);
}

// The same for `inputs` rows of G, whole vectors. What is left over of kernels' whole rows would be computed at the pace of their
// loads: kernels of two thirds of the rows take it, two of them in place of a whole one if it is a third.
template <int Vecs>
static inline void outer_rows(int64_t inputs, int64_t pixels, const float* a, int64_t a_stride,
                              const float* d, int64_t d_stride, float* g, int64_t g_stride, Ahead& ahead) {
  constexpr int some = lanes >= 8 ? kernel_rows / 3 * 2 : kernel_rows;
  const int64_t left = inputs % kernel_rows, last = left % some == 0 ? left : 2 * some;
  int64_t row = 0;
  for (; row < inputs - last; row += kernel_rows)
    outer_kernel<kernel_rows, Vecs>(pixels, a + row, a_stride, d, d_stride, g + row * g_stride, g_stride,
                                    ahead);
  for (; row < inputs; row += some)
    outer_kernel<some, Vecs>(pixels, a + row, a_stride, d, d_stride, g + row * g_stride, g_stride, ahead);
}

// G [inputs, outputs] += A^T D over a tile's pixels; inputs and outputs are whole vectors, and G's rows as long.
static inline void add_outer(int64_t pixels, int64_t inputs, const float* a, int64_t a_stride,
                             int64_t outputs, const float* d, int64_t d_stride, float* g, Ahead& ahead) {
  for (int64_t first = 0; first < outputs; first += panel) {
    if (outputs - first >= panel) {
      outer_rows<2>(inputs, pixels, a, a_stride, d + first, d_stride, g + first, outputs, ahead);
    } else {
      outer_rows<1>(inputs, pixels, a, a_stride, d + first, d_stride, g + first, outputs, ahead);
    }
  }
}

// Calls of Ahead::step() that a product of so many rows and columns makes: `inner` is what it sums over.
static inline int64_t product_steps(int64_t rows, int64_t inner, int64_t columns) {
  const int64_t calls = (rows + kernel_rows - 1) / kernel_rows * ((columns + panel - 1) / panel);
  return calls * ((inner + step_rounds - 1) / step_rounds);
}

}  // namespace detnas
