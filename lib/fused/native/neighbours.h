// What dense 3 x 3 convolutions over a map's pixels read and write, one vector of channels of one pixel at a time: sources
// are read where a tile is loaded, sinks written where it is done. The input's gradient is such a convolution as well, of
// the output's gradient with the filter turned around; so both ways share everything.
#pragma once
#include "backward.h"

namespace detnas {

constexpr int64_t taps = 9;

// The layer's input: activations of the layer before, normalised.
template <bool WithRelu>
struct NormalisedInput {
  const float *z, *norm;
  int64_t channels;
  explicit NormalisedInput(const Pass& pass)
      : z(pass.input), norm(pass.input_norm), channels(padded(pass.inputs)) {}
  Vec operator()(int64_t pixel, int64_t c) const {
    const Vec y = (load(z + pixel * channels + c) - load(norm + c)) * load(norm + channels + c) +
                  load(norm + 2 * channels + c);
    return WithRelu ? relu(y) : y;
  }
};

// The unit's input as it is.
struct PlainInput {
  const float* x;
  int64_t stride, inputs;
  explicit PlainInput(const Pass& pass) : x(pass.input), stride(pass.input_channels), inputs(pass.inputs) {}
  Vec operator()(int64_t pixel, int64_t c) const {
    return load_first(x + pixel * stride + c, static_cast<int>(std::min<int64_t>(lanes, inputs - c)));
  }
};

template <typename Body>
static inline void with_input(const Pass& pass, const Body& body) {
  if (pass.input_norm == nullptr) return body(PlainInput(pass));
  if (pass.input_relu != 0) return body(NormalisedInput<true>(pass));
  body(NormalisedInput<false>(pass));
}

// The convolution's output gradient, through its batch norm, from a gradient of pixels.h.
template <typename Gradient>
struct ThroughNorm {
  const Gradient gradient;
  const float *z, *norm, *slope;
  int64_t channels;
  ThroughNorm(const Pass& pass, const Gradient& of)
      : gradient(of), z(pass.z), norm(pass.norm), slope(pass.slope), channels(padded(pass.outputs)) {}
  Vec operator()(int64_t pixel, int64_t c) const {
    const Vec value = load(z + pixel * channels + c);
    const Vec rest = load(slope + channels + c) * (value - load(norm + c)) + load(slope + 2 * channels + c);
    return load(slope + c) * gradient(pixel, c, value) + rest;
  }
};

// The same where there is no norm, whose slope is 1, 0, 0: z is not read, but for a mask.
template <typename Gradient>
struct AsItIs {
  const Gradient gradient;
  const float* z;
  int64_t channels;
  AsItIs(const Pass& pass, const Gradient& of) : gradient(of), z(pass.z), channels(padded(pass.outputs)) {}
  Vec operator()(int64_t pixel, int64_t c) const {
    return gradient(pixel, c, Gradient::reads_z ? load(z + pixel * channels + c) : Vec{});
  }
};

static inline bool has_norm(const Pass& pass) {
  const int64_t channels = padded(pass.outputs);
  for (int64_t c = 0; c < pass.outputs; c++) {
    if (pass.slope[c] != 1 || pass.slope[channels + c] != 0 || pass.slope[2 * channels + c] != 0) return true;
  }
  return false;
}

template <typename Body>
static inline void with_convolution_gradient(const Pass& pass, const Body& body) {
  const bool through_norm = has_norm(pass);
  with_output_gradient(pass, [&](const auto& gradient) {
    using Gradient = std::decay_t<decltype(gradient)>;
    if (through_norm) return body(ThroughNorm<Gradient>(pass, gradient));
    body(AsItIs<Gradient>(pass, gradient));
  });
}

// Whole vectors of padded rows.
struct PaddedRows {
  float* to;
  int64_t channels;
  void operator()(int64_t pixel, int64_t c, Vec v) const { store(to + pixel * channels + c, v); }
};

template <bool Adds>
struct InputGradient {
  float* to;
  int64_t stride, inputs;
  void operator()(int64_t pixel, int64_t c, Vec v) const {
    float* at = to + pixel * stride + c;
    const int64_t n = std::min<int64_t>(lanes, inputs - c);
    store_first(at, n, Adds ? v + load_first(at, static_cast<int>(n)) : v);
  }
};

// A layer's result in inference: its norm's factor, the offset that is left of it, and ReLU.
template <bool WithRelu>
struct FinishedRows {
  const float *factor, *offset;
  float* to;
  int64_t stride, outputs;
  void operator()(int64_t pixel, int64_t c, Vec v) const {
    const Vec y = v * load(factor + c) + load(offset + c);
    store_first(to + pixel * stride + c, std::min<int64_t>(lanes, outputs - c), WithRelu ? relu(y) : y);
  }
};

// A filter as one matrix a tap: [taps, padded inputs, outputs], zeros behind the inputs.
struct TapWeights {
  int64_t inputs, outputs;  // the inputs filled up
  Buffer values;
  const float* in_place = nullptr;  // where they lie, if not in `values`

  const float* data() const { return in_place != nullptr ? in_place : values.data(); }
  const float* at(int64_t tap, int64_t input) const { return data() + (tap * inputs + input) * outputs; }

  static TapWeights forward(const Pass& pass, Threads& threads) {
    if (pass.inputs == padded(pass.inputs)) return {pass.inputs, pass.outputs, Buffer(0), pass.weight};
    TapWeights to{padded(pass.inputs), pass.outputs,
                  Buffer::zeros(taps * padded(pass.inputs) * pass.outputs)};
    threads.run([&](int thread) {
      const Range range(taps * pass.inputs, thread, threads.count());
      for (int64_t row = range.begin; row < range.end; row++) {
        const float* from = pass.weight + row * pass.outputs;
        float* at = to.values.data() + (row / pass.inputs * to.inputs + row % pass.inputs) * pass.outputs;
        memcpy(at, from, sizeof(float) * pass.outputs);
      }
    });
    return to;
  }

  // Turned around, from outputs to inputs; some inputs at a time, so that both sides' cache lines are used while they
  // are there.
  static TapWeights backward(const Pass& pass, Threads& threads) {
    TapWeights to{padded(pass.outputs), pass.inputs,
                  Buffer::zeros(taps * padded(pass.outputs) * pass.inputs)};
    constexpr int64_t some = 16;
    const int64_t groups = (pass.inputs + some - 1) / some;
    threads.run([&](int thread) {
      const Range range(taps * groups, thread, threads.count());
      for (int64_t i = range.begin; i < range.end; i++) {
        const int64_t tap = i / groups, first = i % groups * some, n = std::min(some, pass.inputs - first);
        const float* from = pass.weight + (tap * pass.inputs + first) * pass.outputs;
        float* at = to.values.data() + (taps - 1 - tap) * to.inputs * to.outputs + first;
        for (int64_t c = 0; c < pass.outputs; c++)
          for (int64_t k = 0; k < n; k++) at[c * to.outputs + k] = from[k * pass.outputs + c];
      }
    });
    return to;
  }
};

// Writes the filter's gradient, or adds it, from [taps, padded inputs, padded outputs].
static inline void store_tap_gradients(const Pass& pass, const float* gradient, Threads& threads) {
  const int64_t inputs = padded(pass.inputs), outputs = padded(pass.outputs);
  threads.run([&](int thread) {
    const Range range(taps * pass.inputs, thread, threads.count());
    for (int64_t row = range.begin; row < range.end; row++) {
      const float* from = gradient + (row / pass.inputs * inputs + row % pass.inputs) * outputs;
      float* to = pass.weight_gradient + row * pass.outputs;
      for (int64_t c = 0; c < pass.outputs; c++)
        to[c] = pass.weight_gradient_adds != 0 ? to[c] + from[c] : from[c];
    }
  });
}

}  // namespace detnas
