// Maps of a pyramid made twice or half as large, and the gradients of that. A pass's `inputs` are the channels; what is read
// forward has height and width, what is written out_height and out_width. Each row is written by one thread.
#pragma once
#include "forward.h"

namespace detnas {

// Where a row of the map that is read forward begins, or of the one that is written.
template <typename Float>
static inline Float* row_read(const Pass& pass, Float* map, int64_t image, int64_t y) {
  return map + (image * pass.height + y) * pass.width * pass.inputs;
}
template <typename Float>
static inline Float* row_written(const Pass& pass, Float* map, int64_t image, int64_t y) {
  return map + (image * pass.out_height + y) * pass.out_width * pass.inputs;
}

// Calls body(image, y) for every row of every image, each thread for its part.
template <typename Body>
static inline void each_row(int64_t images, int64_t height, Threads& threads, const Body& body) {
  threads.run([&](int thread) {
    const Range range(images * height, thread, threads.count());
    for (int64_t row = range.begin; row < range.end; row++) body(row / height, row % height);
  });
}

static inline void add_values(const float* __restrict from, int64_t count, float* __restrict to) {
  for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

// joined[y, x] += input[y / 2, x / 2].
static inline void add_enlarged(const Pass& pass, Threads& threads) {
  const int64_t channels = pass.inputs;
  each_row(pass.images, pass.out_height, threads, [&](int64_t image, int64_t y) {
    const float* from = row_read(pass, pass.input, image, y / 2);
    float* to = row_written(pass, pass.joined, image, y);
    for (int64_t x = 0; x < pass.out_width; x++)
      add_values(from + x / 2 * channels, channels, to + x * channels);
  });
}

// The gradient of add_enlarged's input: the sum over the two by two pixels that a pixel went into.
static inline void add_reduced(const Pass& pass, Threads& threads) {
  const int64_t channels = pass.inputs;
  each_row(pass.images, pass.height, threads, [&](int64_t image, int64_t y) {
    float* to = row_read(pass, pass.input_gradient, image, y);
    if (pass.adds == 0) memset(to, 0, sizeof(float) * pass.width * channels);
    for (int64_t below = 2 * y; below < std::min(2 * y + 2, pass.out_height); below++) {
      const float* from = row_written(pass, pass.joined, image, below);
      for (int64_t x = 0; x < pass.out_width; x++)
        add_values(from + x * channels, channels, to + x / 2 * channels);
    }
  });
}

// joined[y, x] = input[2 y, 2 x].
static inline void take_every_other(const Pass& pass, Threads& threads) {
  const int64_t channels = pass.inputs;
  each_row(pass.images, pass.out_height, threads, [&](int64_t image, int64_t y) {
    const float* from = row_read(pass, pass.input, image, 2 * y);
    float* to = row_written(pass, pass.joined, image, y);
    for (int64_t x = 0; x < pass.out_width; x++)
      memcpy(to + x * channels, from + 2 * x * channels, sizeof(float) * channels);
  });
}

// The gradient of take_every_other's input.
static inline void give_every_other(const Pass& pass, Threads& threads) {
  const int64_t channels = pass.inputs;
  each_row(pass.images, pass.height, threads, [&](int64_t image, int64_t y) {
    float* to = row_read(pass, pass.input_gradient, image, y);
    if (pass.adds == 0) memset(to, 0, sizeof(float) * pass.width * channels);
    if (y % 2 != 0) return;
    const float* from = row_written(pass, pass.joined, image, y / 2);
    for (int64_t x = 0; x < pass.out_width; x++)
      add_values(from + x * channels, channels, to + 2 * x * channels);
  });
}

}  // namespace detnas
