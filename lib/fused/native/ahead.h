// Memory that is asked for while the processor computes.
#pragma once
#include <algorithm>
#include <cstdint>

#include "simd.h"

namespace detnas {

// Memory that is needed next, asked for a few lines at a time while something is computed: a tile's loads
// would otherwise wait for memory, and memory for its products.
class Ahead {
 public:
  static constexpr int most_streams = 6;

  // `steps`: calls of step() until all is to be asked for; see `product_steps`.
  void begin(int64_t steps) { steps_ = std::max<int64_t>(steps, 1), count_ = next_ = 0, lines_ = 0; }
  void add(const float* from, int64_t floats) { add_rows(from, 1, floats, 0); }
  // `rows` rows of `floats`, each `stride` after the one before.
  void add_rows(const float* from, int64_t rows, int64_t floats, int64_t stride) {
    if (rows <= 0 || floats <= 0) return;
    streams_[count_++] = {from, from, rows, floats, stride};
    lines_ += rows * ((floats + line_floats - 1) / line_floats);
    each_ = lines_ / steps_ + 1;
  }
  // Inlined, as a call would cost the kernels their registers.
  __attribute__((always_inline)) void step() {
    for (int64_t asked = 0; asked < each_ && next_ < count_; asked++) {
      Stream& stream = streams_[next_];
      // Into the second cache: the first has few places for lines under way.
      __builtin_prefetch(stream.at, 0, 2);
      if ((stream.at += line_floats) < stream.row + stream.floats) continue;
      stream.at = stream.row += stream.stride;
      if (--stream.rows == 0) next_++;
    }
  }
  // The same as a call, for loops that hold nothing in registers there, and need many after.
  __attribute__((noinline)) void call_step() { step(); }

 private:
  struct Stream {
    const float *at, *row;
    int64_t rows, floats, stride;
  };
  Stream streams_[most_streams];
  int count_ = 0, next_ = 0;
  int64_t lines_ = 0, steps_ = 1, each_ = 0;
};

}  // namespace detnas
