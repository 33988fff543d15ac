// How passes read and write pixels: the block's input as it is, as one of the two shuffles sees it, or as the patches that a
// dense convolution multiplies; and activations before batch norm, which are normalised as they are read.
#pragma once
#include <algorithm>

#include "memory.h"
#include "simd.h"

namespace detnas {

// What a branch sees of the block's input: all, or the half of its channels that a shuffle leaves it (see `channelShuffle`), or
// of each output pixel the patch around it: a row of a dense convolution's product, with kernel x kernel x channels values.
// `neighbours`: all, by a dense 3 x 3 convolution at stride 1, of activations too (see dense.h).
enum View : int64_t { whole = 0, interleaved = 1, alternating = 2, patches = 3, neighbours = 4 };

struct PreparedWeight;

// One layer's pass; every field is eight bytes, in this order, for the caller fills it through a plain array.
// "Padded" arrays have rows of padded(channels) floats with zeros behind the channels. They, the block's output
// and its input's gradient begin at a cache line.
struct Pass {
  int64_t images, height, width, out_height, out_width;
  int64_t kernel;  // 1: pointwise; else depthwise, or dense over patches or neighbours
  int64_t stride;
  int64_t inputs, outputs;  // channels of the layer; over patches, a patch's values
  // What the layer reads: activations of the layer before (input_norm set; padded), or the block's input (a view of it).
  const float* input;
  int64_t input_channels;  // floats a pixel of the block's input
  int64_t view;
  const float* input_norm;  // mean, factor, shift: padded rows; null for the block's input
  int64_t input_relu;
  const float* weight;  // [inputs, outputs], [kernel, kernel, outputs], or [3, 3, inputs, outputs]
  float* z;             // the layer's result before batch norm, padded
  const float* norm;    // the layer's own mean, factor, shift (padded rows)
  int64_t relu;
  double* sums;  // forward: mean and M2 a channel, if not null; backward: sum of g, sum of g (z - mean)
  // The block's output or its gradient: `joined_channels` floats a pixel, this branch's from `joined_first` on. The
  // channels that pass untouched lie at 0.
  float* joined;
  int64_t joined_channels, joined_first;
  // Backward. The gradient of batch norm's output after the ReLU's mask, padded; null at a branch's last layer, which
  // reads the block's gradient and masks it.
  const float* gradient;
  const float* slope;     // dz = slope0 g + slope1 (z - mean) + slope2: padded rows
  float* input_gradient;  // padded, for activations; else the block's; null over patches, of images
  int64_t adds;           // whether the block's input gradient is added to
  float* weight_gradient;
  double* input_sums;            // as sums, of the layer before; may be null over neighbours
  int64_t weight_gradient_adds;  // whether the weight's gradient is added to
  PreparedWeight* prepared;  // of all passes over one weight, forward or backward; null for one pass alone
};

static inline int64_t pixels_in(const Pass& pass) {
  return pass.images * pass.height * pass.width;
}
static inline int64_t pixels_out(const Pass& pass) {
  return pass.images * pass.out_height * pass.out_width;
}

// Whether the layer is a product of its inputs' rows with its weight.
static inline bool is_product(const Pass& pass) {
  return pass.kernel == 1 || pass.view == patches;
}
// Whether the layer is a dense convolution over its pixels' neighbours.
static inline bool is_dense(const Pass& pass) {
  return pass.view == neighbours;
}
// Whether the branch sees a half of the block's input, and the other half passes.
static inline bool sees_half(const Pass& pass) {
  return pass.view == interleaved || pass.view == alternating;
}

// Floats from which on what a pass writes is streamed: 2 MiB are gone from a core's own caches before the next pass reads them.
// The last cache, which threads and processes share, is of more use to what is read than to lines that wait to be written.
constexpr int64_t streamed_floats = can_stream ? 1 << 19 : INT64_MAX;

// Whether channels of the block's output are: they must be whole lines, or the processor would put lines together in memory.
static inline bool streams_joined(const Pass& pass, int64_t first, int64_t channels) {
  return pixels_out(pass) * pass.joined_channels >= streamed_floats &&
         (pass.joined_channels | first | channels) % line_floats == 0;
}

// to[2 i] = a[i], to[2 i + 1] = b[i].
static inline void interleave(const float* a, const float* b, int64_t n, float* to) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Vec low = load(a + i), high = load(b + i);
    store(to + 2 * i, interleave_low(low, high));
    store(to + 2 * i + lanes, interleave_high(low, high));
  }
  for (; i < n; i++) to[2 * i] = a[i], to[2 * i + 1] = b[i];
}

// evens[i] = from[2 i], odds[i] = from[2 i + 1]; either may be null.
static inline void deinterleave(const float* from, int64_t n, float* to_evens, float* to_odds) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Vec first = load(from + 2 * i), second = load(from + 2 * i + lanes);
    if (to_evens != nullptr) store(to_evens + i, evens(first, second));
    if (to_odds != nullptr) store(to_odds + i, odds(first, second));
  }
  for (; i < n; i++) {
    if (to_evens != nullptr) to_evens[i] = from[2 * i];
    if (to_odds != nullptr) to_odds[i] = from[2 * i + 1];
  }
}

// Two halves of h channels out of a pixel of 2 h, as the shuffle makes them, and back.
static inline void main_half(int64_t view, const float* x, int64_t h, float* main) {
  if (view == alternating) return deinterleave(x, h, nullptr, main);
  interleave(x + h / 2, x + h + h / 2, h / 2, main);
}

static inline void passed_half(int64_t view, const float* x, int64_t h, float* passed) {
  if (view == alternating) return deinterleave(x, h, passed, nullptr);
  interleave(x, x + h, h / 2, passed);
}

static inline void merge_halves(int64_t view, const float* passed, const float* main, int64_t h, float* x) {
  if (view == alternating) return interleave(passed, main, h, x);
  deinterleave(passed, h / 2, x, x + h);
  deinterleave(main, h / 2, x + h / 2, x + h + h / 2);
}

// Normalises padded pixels: (z - mean) factor + shift, and ReLU. A vector of channels at a time, whose norm stays in registers.
template <bool WithRelu>
static inline void normalise(const float* z, int64_t count, int64_t channels, const float* norm, float* to) {
  for (int64_t c = 0; c < channels; c += lanes) {
    const Vec mean = load(norm + c), factor = load(norm + channels + c);
    const Vec shift = load(norm + 2 * channels + c);
    for (int64_t p = 0; p < count; p++) {
      const Vec y = (load(z + p * channels + c) - mean) * factor + shift;
      store(to + p * channels + c, WithRelu ? relu(y) : y);
    }
  }
}

static inline void normalise(const float* z, int64_t count, int64_t channels, const float* norm,
                             bool with_relu, float* to) {
  (with_relu ? normalise<true> : normalise<false>)(z, count, channels, norm, to);
}

// Floats that a pixel of the layer's input takes, and where a pixel lies.
static inline int64_t input_stride(const Pass& pass) {
  return pass.input_norm == nullptr ? pass.input_channels : padded(pass.inputs);
}
static inline const float* input_at(const Pass& pass, int64_t pixel) {
  return pass.input + pixel * input_stride(pass);
}

// One output pixel's patch: kernel row, kernel column, channel; zeros outside of the image.
static inline void load_patch(const Pass& pass, int64_t image, int64_t y, int64_t x, float* to) {
  const int64_t kernel = pass.kernel, channels = pass.input_channels;
  const int64_t top = y * pass.stride - kernel / 2, left = x * pass.stride - kernel / 2;
  const int64_t begin = std::max<int64_t>(0, -left), end = std::min(kernel, pass.width - left);
  for (int64_t ky = 0; ky < kernel; ky++, to += kernel * channels) {
    const bool is_inside = top + ky >= 0 && top + ky < pass.height;
    if (!is_inside || begin > 0 || end < kernel) memset(to, 0, sizeof(float) * kernel * channels);
    if (!is_inside) continue;
    const int64_t first = (image * pass.height + top + ky) * pass.width + left + begin;
    const float* from = pass.input + first * channels;
    memcpy(to + begin * channels, from, sizeof(float) * (end - begin) * channels);
  }
}

// The same for 3 x 3 pixels of RGB that are all inside, in a few instructions: nearly all of an image's. False if they
// are not.
static inline bool load_inner_patch(const Pass& pass, int64_t image, int64_t y, int64_t x, float* to) {
  const int64_t top = y * pass.stride - 1, left = x * pass.stride - 1;
  const bool is_inner = pass.kernel == 3 && pass.input_channels == 3 && top >= 0 && left >= 0 &&
                        top + 3 <= pass.height && left + 3 <= pass.width;
  if (!is_inner) return false;
  const float* from = pass.input + ((image * pass.height + top) * pass.width + left) * 3;
  for (int ky = 0; ky < 3; ky++) memcpy(to + 9 * ky, from + ky * pass.width * 3, sizeof(float) * 9);
  return true;
}

// The patches of `count` output pixels from `first` on, as padded rows.
static inline void load_patches(const Pass& pass, int64_t first, int64_t count, float* to) {
  const int64_t row = padded(pass.inputs);
  int64_t x = first % pass.out_width, y = first / pass.out_width % pass.out_height;
  int64_t image = first / (pass.out_width * pass.out_height);
  for (int64_t p = 0; p < count; p++, to += row) {
    store(to + row - lanes, Vec{});  // what fills the row up
    if (!load_inner_patch(pass, image, y, x, to)) load_patch(pass, image, y, x, to);
    if (++x < pass.out_width) continue;
    x = 0;
    if (++y == pass.out_height) y = 0, image++;
  }
}

// The layer's input for `count` pixels from `first` on, as padded rows.
static inline void load_input(const Pass& pass, int64_t first, int64_t count, float* to) {
  const int64_t channels = padded(pass.inputs);
  if (pass.input_norm != nullptr) {
    return normalise(pass.input + first * channels, count, channels, pass.input_norm, pass.input_relu != 0,
                     to);
  }
  if (pass.view == patches) return load_patches(pass, first, count, to);
  if (pass.view == whole && pass.input_channels == channels)
    return copy_floats(to, pass.input + first * channels, count * channels);
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
  const bool as_it_is =
      pass.input_norm == nullptr && pass.view == whole && padded(pass.inputs) == pass.input_channels;
  if (as_it_is) return pass.input + first * pass.input_channels;
  load_input(pass, first, count, buffer);
  return buffer;
}

// Whether the pass reads what passes the branch, and so copies it.
static inline bool passes_on(const Pass& pass) {
  return sees_half(pass) && pass.input_norm == nullptr;
}

// Copies the channels that the branch does not see to the block's output, if there are any.
static inline void pass_on(const Pass& pass, int64_t first, int64_t count) {
  if (!passes_on(pass)) return;
  const bool streams = streams_joined(pass, 0, pass.inputs);
  Buffer half(streams ? pass.inputs : 0);
  for (int64_t p = first; p < first + count; p++) {
    float* to = pass.joined + p * pass.joined_channels;
    passed_half(pass.view, pass.input + p * pass.input_channels, pass.inputs, streams ? half.data() : to);
    if (streams) stream_copy(to, half.data(), pass.inputs);
  }
}

// Writes `count` pixels of a branch's result, padded, into its channels of the block's output.
static inline void write_joined(const Pass& pass, int64_t first, int64_t count, const float* result) {
  const bool streams = streams_joined(pass, pass.joined_first, pass.outputs);
  const auto copy = streams ? stream_copy : copy_floats;
  float* to = pass.joined + first * pass.joined_channels + pass.joined_first;
  for (int64_t p = 0; p < count; p++)
    copy(to + p * pass.joined_channels, result + p * padded(pass.outputs), pass.outputs);
}

// The gradient of batch norm's output, after the ReLU's mask: one vector of one output pixel; `at` gives the same for pixels of
// one vector of channels, and keeps in registers what they share. From the layer after it, masked already:
struct InnerGradient {
  static constexpr bool reads_z = false;
  const float* gradient;
  int64_t channels;
  explicit InnerGradient(const Pass& pass) : gradient(pass.gradient), channels(padded(pass.outputs)) {}
  auto at(int64_t c) const {
    return [from = gradient + c, step = channels](int64_t pixel, Vec) { return load(from + pixel * step); };
  }
  Vec operator()(int64_t pixel, int64_t c, Vec z) const { return at(c)(pixel, z); }
};

// From the block's gradient, for a branch's last layer:
template <bool WithRelu>
struct JoinedGradient {
  static constexpr bool reads_z = WithRelu;
  const float *joined, *norm;
  int64_t stride, channels, outputs;
  explicit JoinedGradient(const Pass& pass)
      : joined(pass.joined + pass.joined_first),
        norm(pass.norm),
        stride(pass.joined_channels),
        channels(padded(pass.outputs)),
        outputs(pass.outputs) {}
  auto at(int64_t c) const {
    const Vec mean = load(norm + c), factor = load(norm + channels + c);
    const Vec shift = load(norm + 2 * channels + c);
    const int count = static_cast<int>(std::min<int64_t>(lanes, outputs - c));
    return [=, from = joined + c, step = stride](int64_t pixel, Vec z) {
      const Vec g = load_first(from + pixel * step, count);
      return WithRelu ? masked(g, passes_relu((z - mean) * factor + shift)) : g;
    };
  }
  Vec operator()(int64_t pixel, int64_t c, Vec z) const { return at(c)(pixel, z); }
};

// Calls body with the gradient that a pass reads: its loops are compiled for each kind.
template <typename Body>
static inline void with_output_gradient(const Pass& pass, const Body& body) {
  if (pass.gradient != nullptr) return body(InnerGradient(pass));
  if (pass.relu != 0) return body(JoinedGradient<true>(pass));
  body(JoinedGradient<false>(pass));
}

// The convolution's output gradient of `count` output pixels from `first` on, as padded rows.
static inline void load_output_gradient(const Pass& pass, int64_t first, int64_t count, float* to) {
  const int64_t channels = padded(pass.outputs);
  const float *z = pass.z, *mean = pass.norm, *slope = pass.slope;
  with_output_gradient(pass, [=](const auto& gradient) {
    for (int64_t c = 0; c < channels; c += lanes) {
      const Vec about = load(mean + c), of_gradient = load(slope + c), of_z = load(slope + channels + c),
                constant = load(slope + 2 * channels + c);
      const auto column = gradient.at(c);
      for (int64_t p = 0; p < count; p++) {
        const Vec value = load(z + (first + p) * channels + c);
        store(to + p * channels + c,
              of_gradient * column(first + p, value) + (of_z * (value - about) + constant));
      }
    }
  });
}

}  // namespace detnas
