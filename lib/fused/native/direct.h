// Dense 3 x 3 convolutions as products: a tile's pixels with the values around each of them as one row, times the filter.
#pragma once
#include "neighbours.h"

namespace detnas {

// The values around `count` pixels from `first` on: [count, taps, channels], zeros outside of the map.
template <typename Source>
static inline void gather(const Pass& pass, int64_t first, int64_t count, int64_t channels,
                          const Source& source, float* to) {
  for (int64_t p = first; p < first + count; p++) {
    const int64_t x = p % pass.width, y = p / pass.width % pass.height;
    for (int64_t tap = 0; tap < taps; tap++, to += channels) {
      const int64_t dy = tap / 3 - 1, dx = tap % 3 - 1;
      const bool is_inside = y + dy >= 0 && y + dy < pass.height && x + dx >= 0 && x + dx < pass.width;
      const int64_t from = p + dy * pass.width + dx;
      for (int64_t c = 0; c < channels; c += lanes) store(to + c, is_inside ? source(from, c) : Vec{});
    }
  }
}

// Convolves what `source` gives into `sink`; `finish(thread, first, count)` gets each run of pixels that is done.
template <typename Source, typename Sink, typename Finish>
static inline void convolve_directly(const Pass& pass, const PackedWeight& weight, const Source& source,
                                     const Sink& sink, const Finish& finish, Threads& threads) {
  const int64_t row = weight.rows(), columns = weight.columns();
  threads.run([&](int thread) {
    const Range range(pixels_out(pass), thread, threads.count());
    Buffer rows(tile_pixels * row), result(tile_pixels * columns);
    Ahead none;
    for (int64_t first = range.begin; first < range.end; first += tile_pixels) {
      const int64_t count = std::min(tile_pixels, range.end - first);
      gather(pass, first, count, row / taps, source, rows.data());
      product(count, rows.data(), row, weight, result.data(), columns, none);
      for (int64_t p = 0; p < count; p++) {
        for (int64_t c = 0; c < columns; c += lanes)
          sink(first + p, c, load(result.data() + p * columns + c));
      }
      finish(thread, first, count);
    }
  });
}

// The filter's gradient, [taps, padded inputs, padded outputs].
template <typename Source, typename Gradient>
static inline Buffer correlate_directly(const Pass& pass, const Source& source, const Gradient& gradient,
                                        Threads& threads) {
  const int64_t inputs = padded(pass.inputs), outputs = padded(pass.outputs), row = taps * inputs;
  std::vector<Buffer> parts;
  for (int i = 0; i < threads.count(); i++) parts.push_back(Buffer::zeros(row * outputs));
  threads.run([&](int thread) {
    const Range range(pixels_out(pass), thread, threads.count());
    Buffer rows(tile_pixels * row), dz(tile_pixels * outputs);
    Ahead none;
    for (int64_t first = range.begin; first < range.end; first += tile_pixels) {
      const int64_t count = std::min(tile_pixels, range.end - first);
      gather(pass, first, count, inputs, source, rows.data());
      for (int64_t p = 0; p < count; p++) {
        for (int64_t c = 0; c < outputs; c += lanes)
          store(dz.data() + p * outputs + c, gradient(first + p, c));
      }
      add_outer(count, row, rows.data(), row, outputs, dz.data(), outputs, parts[thread].data(), none);
    }
  });
  Buffer sum(row * outputs);
  merge_weight_gradients(parts, row, outputs, outputs, false, sum.data(), threads);
  return sum;
}

}  // namespace detnas
