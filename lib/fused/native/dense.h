// Dense 3 x 3 convolutions over a map's pixels, at stride 1 and with one pixel of zeros around it: forward, backward and in
// inference.
#pragma once
#include "direct.h"
#include "infer.h"
#include "winograd.h"

namespace detnas {

// What a filter's transform takes, and that of its gradient's sums, in products of each of its weights: measured.
constexpr int64_t filter_transform = 600, gradient_transform = 1200;

// Whether tiles take less than a product a tap: not on small maps, most of whose tiles reach over the edges.
static inline bool pays_off(const Pass& pass, int64_t transform) {
  return positions * Tiles(pass).count + transform < taps * pixels_out(pass);
}

template <typename Source, typename Sink, typename Finish>
static inline void convolve(const Pass& pass, DenseFilter& filter, const Source& source, const Sink& sink,
                            const Finish& finish, Threads& threads) {
  if (pays_off(pass, filter_transform)) return convolve_tiles(pass, filter, source, sink, finish, threads);
  convolve_directly(pass, filter.packed(threads), source, sink, finish, threads);
}

static inline DenseFilter& forward_filter(const Pass& pass, PreparedWeight& prepared, Threads& threads) {
  if (prepared.filter == nullptr)
    prepared.filter = std::make_unique<DenseFilter>(TapWeights::forward(pass, threads));
  return *prepared.filter;
}

static inline DenseFilter& backward_filter(const Pass& pass, PreparedWeight& prepared, Threads& threads) {
  if (prepared.filter == nullptr)
    prepared.filter = std::make_unique<DenseFilter>(TapWeights::backward(pass, threads));
  return *prepared.filter;
}

static inline void dense_forward(const Pass& pass, Threads& threads) {
  const int64_t channels = padded(pass.outputs);
  std::vector<Moments> moments(threads.count(), Moments(channels));
  const auto finish = [&](int thread, int64_t first, int64_t count) {
    if (pass.sums != nullptr) moments[thread].add(pass.z + first * channels, count, channels);
  };
  PreparedWeight own;
  DenseFilter& filter = forward_filter(pass, prepared_of(pass, own), threads);
  with_input(pass, [&](const auto& source) {
    convolve(pass, filter, source, PaddedRows{pass.z, channels}, finish, threads);
  });
  if (pass.sums != nullptr) merge_moments(moments, pass.outputs, pass.sums);
}

// The gradient of activations: convolved into its place, and masked and summed up there run by run.
template <typename Gradient>
static inline void dense_activation_gradient(const Pass& pass, const Gradient& gradient, Threads& threads) {
  const int64_t channels = padded(pass.inputs);
  std::vector<GradientSums> sums(threads.count(), GradientSums(channels));
  std::vector<Buffer> inputs;
  for (int i = 0; i < threads.count(); i++) inputs.emplace_back(tile_pixels * channels);
  const auto finish = [&](int thread, int64_t first, int64_t count) {
    for (const int64_t end = first + count; first < end; first += tile_pixels) {
      const int64_t some = std::min(tile_pixels, end - first);
      if (pass.input_relu != 0) load_input(pass, first, some, inputs[thread].data());
      store_input_gradient(pass, first, some, pass.input_gradient + first * channels, inputs[thread].data(),
                           sums[thread]);
    }
  };
  PreparedWeight own;
  convolve(pass, backward_filter(pass, prepared_of(pass, own), threads), gradient,
           PaddedRows{pass.input_gradient, channels}, finish, threads);
  if (pass.input_sums != nullptr) GradientSums::merge(sums, pass.inputs, pass.input_sums);
}

template <bool Adds, typename Gradient>
static inline void dense_unit_gradient(const Pass& pass, const Gradient& gradient, Threads& threads) {
  const InputGradient<Adds> sink{pass.input_gradient, pass.input_channels, pass.inputs};
  const auto finish = [](int, int64_t, int64_t) {};
  PreparedWeight own;
  convolve(pass, backward_filter(pass, prepared_of(pass, own), threads), gradient, sink, finish, threads);
}

template <typename Gradient>
static inline void dense_input_gradient(const Pass& pass, const Gradient& gradient, Threads& threads) {
  if (pass.input_gradient == nullptr) return;
  if (pass.input_norm != nullptr) return dense_activation_gradient(pass, gradient, threads);
  (pass.adds != 0 ? dense_unit_gradient<true, Gradient>
                  : dense_unit_gradient<false, Gradient>)(pass, gradient, threads);
}

template <typename Gradient>
static inline void dense_weight_gradient(const Pass& pass, const Gradient& gradient, Threads& threads) {
  with_input(pass, [&](const auto& source) {
    if (pays_off(pass, gradient_transform)) return correlate_tiles(pass, source, gradient, threads);
    const Buffer sum = correlate_directly(pass, source, gradient, threads);
    store_tap_gradients(pass, sum.data(), threads);
  });
}

static inline void dense_backward(const Pass& pass, Threads& threads) {
  with_convolution_gradient(pass, [&](const auto& gradient) {
    dense_weight_gradient(pass, gradient, threads);
    dense_input_gradient(pass, gradient, threads);
  });
}

// One layer in inference, into `joined`.
static inline void infer_dense(const Pass& pass, Threads& threads) {
  const int64_t row = padded(pass.outputs);
  const float *mean = pass.norm, *factor = mean + row, *shift = factor + row;
  Buffer offset = Buffer::zeros(row);
  for (int64_t c = 0; c < pass.outputs; c++) offset.data()[c] = shift[c] - mean[c] * factor[c];
  PreparedWeight own;
  DenseFilter& filter = forward_filter(pass, prepared_of(pass, own), threads);
  float* to = pass.joined + pass.joined_first;
  const auto finish = [](int, int64_t, int64_t) {};
  with_input(pass, [&](const auto& source) {
    if (pass.relu != 0) {
      const FinishedRows<true> sink{factor, offset.data(), to, pass.joined_channels, pass.outputs};
      return convolve(pass, filter, source, sink, finish, threads);
    }
    const FinishedRows<false> sink{factor, offset.data(), to, pass.joined_channels, pass.outputs};
    convolve(pass, filter, source, sink, finish, threads);
  });
}

// A branch with dense layers: each reads all that the one before has made.
static inline void infer_by_layers(const Pass* layers, int64_t count, Threads& threads) {
  Buffer before(0);
  for (int64_t i = 0; i < count; i++) {
    Pass layer = layers[i];
    if (i > 0) layer.input = before.data(), layer.input_channels = layer.inputs, layer.input_norm = nullptr;
    Buffer result(i + 1 < count ? pixels_out(layer) * layer.outputs : 0);
    if (i + 1 < count)
      layer.joined = result.data(), layer.joined_channels = layer.outputs, layer.joined_first = 0;
    if (is_dense(layer)) {
      infer_dense(layer, threads);
    } else {
      infer(&layer, 1, threads);
    }
    before = std::move(result);
  }
}

}  // namespace detnas
