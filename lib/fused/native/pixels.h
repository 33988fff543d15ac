// How passes read and write pixels: the block's input as it is or as one of the two shuffles sees it, and activations
// before batch norm, which are normalised as they are read.
#pragma once
#include <algorithm>

#include "memory.h"
#include "simd.h"

namespace detnas {

// Which channels of the block's input a branch sees, see `channelShuffle`.
enum View : int64_t { whole = 0, interleaved = 1, alternating = 2 };

// One layer's pass; every field is eight bytes, in this order, for the caller fills it through a plain array.
// "Padded" arrays have rows of padded(channels) floats with zeros behind the channels.
struct Pass {
  int64_t images, height, width, out_height, out_width;
  int64_t kernel;  // 1: pointwise
  int64_t stride;
  int64_t inputs, outputs;  // channels of the layer
  // What the layer reads: activations of the layer before (input_norm set; padded), or the block's input (a view of it).
  const float* input;
  int64_t input_channels;   // floats a pixel of the block's input
  int64_t view;
  const float* input_norm;  // mean, factor, shift: padded rows; null for the block's input
  int64_t input_relu;
  const float* weight;      // [inputs, outputs], or [kernel, kernel, outputs]
  float* z;                 // the layer's result before batch norm, padded
  const float* norm;        // the layer's own mean, factor, shift (padded rows)
  int64_t relu;
  double* sums;             // forward: mean and M2 a channel; backward: sum of g, sum of g (z - mean)
  // The block's output or its gradient: `joined_channels` floats a pixel, this branch's from `joined_first` on. The
  // channels that pass untouched lie at 0.
  float* joined;
  int64_t joined_channels, joined_first;
  // Backward. The gradient of batch norm's output after the ReLU's mask, padded; null at a branch's last layer, which
  // reads the block's gradient and masks it.
  const float* gradient;
  const float* slope;       // dz = slope0 g + slope1 (z - mean) + slope2: padded rows
  float* input_gradient;    // padded, for activations; else the block's input gradient
  int64_t adds;             // whether the block's input gradient is added to
  float* weight_gradient;
  double* input_sums;       // as sums, of the layer before
};

static inline int64_t pixels_in(const Pass& pass) { return pass.images * pass.height * pass.width; }
static inline int64_t pixels_out(const Pass& pass) { return pass.images * pass.out_height * pass.out_width; }

// Two halves of h channels out of a pixel of 2 h, as the shuffle makes them, and back.
static inline void main_half(int64_t view, const float* __restrict x, int64_t h, float* __restrict main) {
  if (view == alternating) {
    for (int64_t c = 0; c < h; c++) main[c] = x[2 * c + 1];
    return;
  }
  const int64_t quarter = h / 2;
  for (int64_t c = 0; c < quarter; c++) main[2 * c] = x[quarter + c], main[2 * c + 1] = x[h + quarter + c];
}

static inline void passed_half(int64_t view, const float* __restrict x, int64_t h, float* __restrict passed) {
  if (view == alternating) {
    for (int64_t c = 0; c < h; c++) passed[c] = x[2 * c];
    return;
  }
  const int64_t quarter = h / 2;
  for (int64_t c = 0; c < quarter; c++) passed[2 * c] = x[c], passed[2 * c + 1] = x[h + c];
}

static inline void merge_pixel(int64_t view, const float* __restrict passed, const float* __restrict main, int64_t h, float* __restrict x) {
  if (view == alternating) {
    for (int64_t c = 0; c < h; c++) x[2 * c] = passed[c], x[2 * c + 1] = main[c];
    return;
  }
  const int64_t quarter = h / 2;
  for (int64_t c = 0; c < quarter; c++) x[c] = passed[2 * c];
  for (int64_t c = 0; c < quarter; c++) x[quarter + c] = main[2 * c];
  for (int64_t c = 0; c < quarter; c++) x[h + c] = passed[2 * c + 1];
  for (int64_t c = 0; c < quarter; c++) x[h + quarter + c] = main[2 * c + 1];
}

// Normalises padded pixels: (z - mean) factor + shift, and ReLU.
static inline void normalise(const float* z, int64_t count, int64_t channels, const float* norm, bool with_relu, float* to) {
  for (int64_t c = 0; c < channels; c += lanes) {
    const Vec mean = load(norm + c), factor = load(norm + channels + c), shift = load(norm + 2 * channels + c);
    for (int64_t p = 0; p < count; p++) {
      const Vec y = (load(z + p * channels + c) - mean) * factor + shift;
      store(to + p * channels + c, with_relu ? relu(y) : y);
    }
  }
}

// The layer's input for `count` pixels from `first` on, as padded rows.
static inline void load_input(const Pass& pass, int64_t first, int64_t count, float* to) {
  const int64_t channels = padded(pass.inputs);
  if (pass.input_norm != nullptr) {
    return normalise(pass.input + first * channels, count, channels, pass.input_norm, pass.input_relu != 0, to);
  }
  const int64_t tail = channels - pass.inputs;
  for (int64_t p = 0; p < count; p++) {
    const float* x = pass.input + (first + p) * pass.input_channels;
    float* row = to + p * channels;
    if (pass.view == whole) {
      memcpy(row, x, sizeof(float) * pass.inputs);
    } else {
      main_half(pass.view, x, pass.inputs, row);
    }
    if (tail > 0) memset(row + pass.inputs, 0, sizeof(float) * tail);
  }
}

// The same where it lies, if it can be used so; else in the buffer.
static inline const float* input_rows(const Pass& pass, int64_t first, int64_t count, float* buffer) {
  const bool as_it_is = pass.input_norm == nullptr && pass.view == whole && padded(pass.inputs) == pass.input_channels;
  if (as_it_is) return pass.input + first * pass.input_channels;
  load_input(pass, first, count, buffer);
  return buffer;
}

// Copies the channels that the branch does not see to the block's output, if there are any.
static inline void pass_on(const Pass& pass, int64_t first, int64_t count) {
  if (pass.view == whole || pass.input_norm != nullptr) return;
  for (int64_t p = first; p < first + count; p++) {
    passed_half(pass.view, pass.input + p * pass.input_channels, pass.inputs, pass.joined + p * pass.joined_channels);
  }
}

// The gradient of batch norm's output, after the ReLU's mask, of one vector of one output pixel.
static inline Vec output_gradient(const Pass& pass, int64_t pixel, int64_t c, Vec z) {
  const int64_t channels = padded(pass.outputs);
  if (pass.gradient != nullptr) return load(pass.gradient + pixel * channels + c);
  const float* joined = pass.joined + pixel * pass.joined_channels + pass.joined_first + c;
  const Vec g = load_first(joined, static_cast<int>(std::min<int64_t>(lanes, pass.outputs - c)));
  if (pass.relu == 0) return g;
  const Vec mean = load(pass.norm + c), factor = load(pass.norm + channels + c), shift = load(pass.norm + 2 * channels + c);
  return masked(g, passes_relu((z - mean) * factor + shift));
}

// The convolution's output gradient of `count` output pixels from `first` on, as padded rows.
static inline void load_output_gradient(const Pass& pass, int64_t first, int64_t count, float* to) {
  const int64_t channels = padded(pass.outputs);
  for (int64_t c = 0; c < channels; c += lanes) {
    const Vec mean = load(pass.norm + c);
    const Vec s0 = load(pass.slope + c), s1 = load(pass.slope + channels + c), s2 = load(pass.slope + 2 * channels + c);
    for (int64_t p = 0; p < count; p++) {
      const Vec z = load(pass.z + (first + p) * channels + c);
      const Vec g = output_gradient(pass, first + p, c, z);
      store(to + p * channels + c, s0 * g + (s1 * (z - mean) + s2));
    }
  }
}

}  // namespace detnas
