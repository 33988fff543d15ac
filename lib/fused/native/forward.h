// Forward passes of training: one over each layer, which normalises what it reads, convolves, and takes the statistics of
// what it writes; and one that normalises a branch's last layer into the block's output.
#pragma once
#include "depthwise.h"
#include "prepared.h"
#include "rows.h"
#include "statistics.h"
#include "threads.h"

namespace detnas {

// A multiple of all kernel_rows; three tiles of 320 channels fit the second cache.
constexpr int64_t tile_pixels = 96;

// Channels that a product must sum over to have time for the lines that it writes, too; narrower ones wait for memory anyway.
constexpr int64_t wide = 64;

// A thread's part of n.
struct Range {
  int64_t begin, end;
  Range(int64_t n, int thread, int threads) : begin(n * thread / threads), end(n * (thread + 1) / threads) {}
};

// Asks for what the layer reads of `count` pixels. Patches overlap, and their few channels come fast enough.
static inline void add_input(Ahead& ahead, const Pass& pass, int64_t first, int64_t count) {
  if (pass.view != patches) ahead.add(input_at(pass, first), count * input_stride(pass));
}

// Asks for `count` rows of all images' from `first` on. After an image's last row comes the next one's first.
static inline void add_input_rows(Ahead& ahead, const Pass& pass, int64_t first, int64_t count) {
  add_input(ahead, pass, first * pass.width, std::min(count, pass.images * pass.height - first) * pass.width);
}

// Whether the layer's result is streamed. Wide products have time to ask for the lines that they write.
static inline bool streams_result(const Pass& pass) {
  return pixels_out(pass) * padded(pass.outputs) >= streamed_floats &&
         (!is_product(pass) || padded(pass.inputs) < wide);
}

// Asks for what the layer writes of `count` pixels: a store, too, has to wait until its line is there.
static inline void add_output(Ahead& ahead, const Pass& pass, int64_t first, int64_t count) {
  const int64_t channels = padded(pass.outputs);
  ahead.add(pass.z + first * channels, count * channels);
  if (passes_on(pass) && !streams_joined(pass, 0, pass.inputs))
    ahead.add_rows(pass.joined + first * pass.joined_channels, count, pass.inputs, pass.joined_channels);
}

// A pointwise layer, or a dense one over patches.
static inline void pointwise_forward(const Pass& pass, Threads& threads) {
  PreparedWeight own;
  const PackedWeight& weight = packed_weight(pass, false, prepared_of(pass, own), threads);
  const int64_t channels = padded(pass.outputs), inputs = padded(pass.inputs);
  std::vector<Moments> moments(threads.count(), Moments(channels));
  const bool streams = streams_result(pass);
  threads.run([&](int thread) {
    const Range range(pixels_out(pass), thread, threads.count());
    Buffer buffer(tile_pixels * inputs), tile(streams ? tile_pixels * channels : 0);
    Ahead ahead;
    for (int64_t first = range.begin; first < range.end; first += tile_pixels) {
      const int64_t count = std::min(tile_pixels, range.end - first), next = first + count;
      ahead.begin(product_steps(count, inputs, channels));
      const int64_t more = std::min(tile_pixels, range.end - next);
      add_input(ahead, pass, next, more);
      if (inputs >= wide) add_output(ahead, pass, next, more);
      const float* rows = input_rows(pass, first, count, buffer.data());
      pass_on(pass, first, count);
      float* z = pass.z + first * channels;
      float* result = streams ? tile.data() : z;
      product(count, rows, inputs, weight, result, channels, ahead);
      if (pass.sums != nullptr) moments[thread].add(result, count, channels);
      if (streams) stream_copy(z, result, count * channels);
    }
  });
  if (pass.sums != nullptr) merge_moments(moments, pass.outputs, pass.sums);
}

static inline void depthwise_forward(const Pass& pass, Threads& threads) {
  const int64_t channels = padded(pass.outputs);
  const PaddedFilter filter(pass);
  const DepthwiseRows rows = depthwise_rows(pass.kernel, pass.stride);
  std::vector<Moments> moments(threads.count(), Moments(channels));
  const bool streams = streams_result(pass);
  threads.run([&](int thread) {
    const Range range(pass.images * pass.out_height, thread, threads.count());
    InputRows inputs(pass);
    Buffer made(streams ? pass.out_width * channels : 0);
    Ahead ahead;
    for (int64_t row = range.begin; row < range.end; row++) {
      const int64_t image = row / pass.out_height, y = row % pass.out_height;
      const float* window[7];
      inputs.window(image, y * pass.stride - pass.kernel / 2, pass.kernel, window);
      ahead.begin(row_steps(pass.out_width, channels));
      add_input_rows(ahead, pass, image * pass.height + y * pass.stride + pass.kernel / 2 + 1, pass.stride);
      float* z = pass.z + row * pass.out_width * channels;
      float* result = streams ? made.data() : z;
      rows.convolve(window, filter.data(), channels, pass.out_width, result, ahead);
      pass_on(pass, row * pass.width, pass.width);
      if (pass.sums != nullptr) moments[thread].add(result, pass.out_width, channels);
      if (streams) stream_copy(z, result, pass.out_width * channels);
    }
  });
  if (pass.sums != nullptr) merge_moments(moments, pass.outputs, pass.sums);
}

// A branch's last layer, normalised, into its channels of the block's output.
static inline void join(const Pass& pass, Threads& threads) {
  const int64_t channels = padded(pass.outputs);
  threads.run([&](int thread) {
    const Range range(pixels_out(pass), thread, threads.count());
    Buffer buffer(tile_pixels * channels);
    for (int64_t first = range.begin; first < range.end; first += tile_pixels) {
      const int64_t count = std::min(tile_pixels, range.end - first);
      // Pixel by pixel, as they lie in memory: there is nothing to compute while they could be asked for.
      for (int64_t p = 0; p < count; p++)
        normalise(pass.z + (first + p) * channels, 1, channels, pass.norm, pass.relu != 0,
                  buffer.data() + p * channels);
      write_joined(pass, first, count, buffer.data());
    }
  });
}

}  // namespace detnas
