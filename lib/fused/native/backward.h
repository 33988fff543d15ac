// Backward passes: one that sums up a branch's incoming gradient, and one over each layer, from the last to the first,
// which finishes batch norm's gradient as it reads it, and gives the gradients of the weight and of what the layer read,
// with the sums that batch norm's gradient of the layer before needs.
#pragma once
#include "forward.h"

namespace detnas {

// Sums of `count` pixels' gradients, which `gradient(pixel, channel, z)` gives and `keep(pixel, channel, g)` gets.
template <int Vecs, typename Gradient, typename Keep>
static inline void sum_columns(const float* z, const float* mean, int64_t channels, int64_t c, int64_t first,
                               int64_t count, const Gradient& gradient, const Keep& keep,
                               GradientSums& sums) {
  Vec about[Vecs], sum[Vecs], product[Vecs];
  for (int v = 0; v < Vecs; v++) about[v] = load(mean + c + v * lanes), sum[v] = product[v] = Vec{};
  for (int64_t p = first; p < first + count; p++) {
    for (int v = 0; v < Vecs; v++) {
      const Vec value = load(z + p * channels + c + v * lanes), g = gradient(p, c + v * lanes, value);
      keep(p, c + v * lanes, g);
      sum[v] += g;
      product[v] += g * (value - about[v]);
    }
  }
  for (int v = 0; v < Vecs; v++) sums.add(c + v * lanes, sum[v], product[v]);
}

template <typename Gradient, typename Keep>
static inline void sum_gradients(const float* z, const float* mean, int64_t channels, int64_t first,
                                 int64_t count, const Gradient& gradient, const Keep& keep,
                                 GradientSums& sums) {
  int64_t c = 0;
  for (; c + 2 * lanes <= channels; c += 2 * lanes)
    sum_columns<2>(z, mean, channels, c, first, count, gradient, keep, sums);
  if (c < channels) sum_columns<1>(z, mean, channels, c, first, count, gradient, keep, sums);
}

// Whether the gradient of what the layer read is streamed, in whole lines. The block's is read again where the other branch
// adds to it.
static inline bool streams_input_gradient(const Pass& pass) {
  return pixels_in(pass) * input_stride(pass) >= streamed_floats && input_stride(pass) % line_floats == 0 &&
         (pass.input_norm != nullptr || sees_half(pass));
}

// Writes the gradient of `count` pixels of activations, after their ReLU's mask (`inputs` are what the layer read), with its
// sums.
template <bool WithRelu>
static inline void store_activation_gradient(const Pass& pass, int64_t first, int64_t count,
                                             const float* gradient, const float* inputs, GradientSums& sums) {
  const int64_t channels = padded(pass.inputs);
  float* to = pass.input_gradient;
  const auto own = [=](int64_t p, int64_t c, Vec) {
    const Vec g = load(gradient + (p - first) * channels + c);
    return WithRelu ? masked(g, ~(Mask)(load(inputs + (p - first) * channels + c) == splat(0))) : g;
  };
  const auto sum = [&](const auto& keep) {
    sum_gradients(pass.input, pass.input_norm, channels, first, count, own, keep, sums);
  };
  if (streams_input_gradient(pass))
    return sum([=](int64_t p, int64_t c, Vec g) { stream(to + p * channels + c, g); });
  sum([=](int64_t p, int64_t c, Vec g) { store(to + p * channels + c, g); });
}

// Writes the gradient of `count` pixels of the block's input: in its view, with the gradient of the channels that passed
// untouched.
static inline void store_merged_gradient(const Pass& pass, int64_t first, int64_t count,
                                         const float* gradient) {
  const bool streams = streams_input_gradient(pass);
  Buffer pixel(streams ? pass.input_channels : 0);
  for (int64_t p = 0; p < count; p++) {
    const float* passed = pass.joined + (first + p) * pass.joined_channels;
    float* to = pass.input_gradient + (first + p) * pass.input_channels;
    const float* own = gradient + p * padded(pass.inputs);
    merge_halves(pass.view, passed, own, pass.inputs, streams ? pixel.data() : to);
    if (streams) stream_copy(to, pixel.data(), pass.input_channels);
  }
}

// The same in any view: where the branch sees all channels, as it is or added to the other branch's.
static inline void store_block_gradient(const Pass& pass, int64_t first, int64_t count,
                                        const float* gradient) {
  if (sees_half(pass)) return store_merged_gradient(pass, first, count, gradient);
  const int64_t channels = padded(pass.inputs), inputs = pass.inputs;
  for (int64_t p = 0; p < count; p++) {
    float* to = pass.input_gradient + (first + p) * pass.input_channels;
    const float* from = gradient + p * channels;
    if (pass.adds != 0) {
      for (int64_t c = 0; c < inputs; c++) to[c] += from[c];
    } else {
      memcpy(to, from, sizeof(float) * inputs);
    }
  }
}

static inline void store_input_gradient(const Pass& pass, int64_t first, int64_t count, const float* gradient,
                                        const float* inputs, GradientSums& sums) {
  if (pass.input_norm == nullptr) return store_block_gradient(pass, first, count, gradient);
  (pass.input_relu != 0 ? store_activation_gradient<true>
                        : store_activation_gradient<false>)(pass, first, count, gradient, inputs, sums);
}

// Adds up the threads' gradients of a weight of `rows` rows of `columns` channels, in their order; `adds`: to what is there.
static inline void merge_weight_gradients(const std::vector<Buffer>& parts, int64_t rows, int64_t columns,
                                          int64_t stride, bool adds, float* to, Threads& threads) {
  threads.run([&](int thread) {
    const Range range(rows, thread, threads.count());
    for (int64_t row = range.begin; row < range.end; row++) {
      float* __restrict sum = to + row * columns;
      if (!adds) memcpy(sum, parts[0].data() + row * stride, sizeof(float) * columns);
      for (size_t part = adds ? 0 : 1; part < parts.size(); part++) {
        const float* __restrict more = parts[part].data() + row * stride;
        for (int64_t c = 0; c < columns; c++) sum[c] += more[c];
      }
    }
  });
}

// Asks for what a product's backward pass reads of `count` pixels for its output gradient. Of narrow layers whole pixels of
// the block's gradient, not just the branch's channels: one run of memory comes faster than many short ones.
static inline void add_output_gradient(Ahead& ahead, const Pass& pass, int64_t first, int64_t count) {
  const int64_t channels = padded(pass.outputs);
  ahead.add(pass.z + first * channels, count * channels);
  if (pass.gradient != nullptr) ahead.add(pass.gradient + first * channels, count * channels);
  const float* joined = pass.joined + first * pass.joined_channels;
  if (pass.gradient != nullptr && !passes_on(pass)) return;
  if (channels < wide) return ahead.add(joined, count * pass.joined_channels);
  if (pass.gradient == nullptr)
    ahead.add_rows(joined + pass.joined_first, count, pass.outputs, pass.joined_channels);
  if (passes_on(pass)) ahead.add_rows(joined, count, pass.inputs, pass.joined_channels);
}

// Sums of a branch's incoming gradient, after the last layer's ReLU.
static inline void gradient_sums(const Pass& pass, Threads& threads) {
  const int64_t channels = padded(pass.outputs);
  std::vector<GradientSums> parts(threads.count(), GradientSums(channels));
  const auto forget = [](int64_t, int64_t, Vec) {};
  threads.run([&](int thread) {
    const Range range(pixels_out(pass), thread, threads.count());
    with_output_gradient(pass, [&](const auto& gradient) {
      for (int64_t first = range.begin; first < range.end; first += tile_pixels) {
        const int64_t count = std::min(tile_pixels, range.end - first);
        sum_gradients(pass.z, pass.norm, channels, first, count, gradient, forget, parts[thread]);
      }
    });
  });
  GradientSums::merge(parts, pass.outputs, pass.sums);
}

// Asks for what store_input_gradient() writes.
static inline void add_input_gradient(Ahead& ahead, const Pass& pass, int64_t first, int64_t count) {
  if (pass.input_gradient == nullptr || streams_input_gradient(pass)) return;
  ahead.add(pass.input_gradient + first * input_stride(pass), count * input_stride(pass));
}

static inline void pointwise_backward(const Pass& pass, Threads& threads) {
  PreparedWeight own;
  const PackedWeight& transposed = packed_weight(pass, true, prepared_of(pass, own), threads);
  const int64_t inputs = padded(pass.inputs), outputs = padded(pass.outputs);
  std::vector<GradientSums> sums(threads.count(), GradientSums(inputs));
  std::vector<Buffer> weight_gradients;
  for (int i = 0; i < threads.count(); i++) weight_gradients.emplace_back(inputs * outputs);
  threads.run([&](int thread) {
    memset(weight_gradients[thread].data(), 0, sizeof(float) * inputs * outputs);
    const Range range(pixels_out(pass), thread, threads.count());
    Buffer input_buffer(tile_pixels * inputs), dz(tile_pixels * outputs), gradient(tile_pixels * inputs);
    Ahead ahead;
    for (int64_t first = range.begin; first < range.end; first += tile_pixels) {
      const int64_t count = std::min(tile_pixels, range.end - first), next = first + count;
      const int64_t more = std::min(tile_pixels, range.end - next);
      ahead.begin(product_steps(inputs, count, outputs) + product_steps(count, outputs, inputs));
      add_output_gradient(ahead, pass, next, more);
      add_input(ahead, pass, next, more);
      if (outputs >= wide) add_input_gradient(ahead, pass, next, more);
      load_output_gradient(pass, first, count, dz.data());
      const float* rows = input_rows(pass, first, count, input_buffer.data());
      add_outer(count, inputs, rows, inputs, outputs, dz.data(), outputs, weight_gradients[thread].data(),
                ahead);
      if (pass.input_gradient == nullptr) continue;
      product(count, dz.data(), outputs, transposed, gradient.data(), inputs, ahead);
      store_input_gradient(pass, first, count, gradient.data(), rows, sums[thread]);
    }
  });
  if (pass.input_norm != nullptr) GradientSums::merge(sums, pass.inputs, pass.input_sums);
  merge_weight_gradients(weight_gradients, pass.inputs, pass.outputs, outputs, pass.weight_gradient_adds != 0,
                         pass.weight_gradient, threads);
}

// Asks for what a depthwise layer's backward pass needs for the first time after row y of an image.
static inline void add_rows_after(Ahead& ahead, const Pass& pass, int64_t image, int64_t y) {
  const int64_t after = y + pass.kernel / 2 + 1;
  add_input_rows(ahead, pass, image * pass.height + after, 1);
  const int64_t next = image * pass.height + y + 1;
  if (next < pass.images * pass.height) add_input_gradient(ahead, pass, next * pass.width, pass.width);
  const int64_t row = image * pass.out_height + after / pass.stride;
  if (after % pass.stride != 0 || row >= pass.images * pass.out_height) return;
  add_output_gradient(ahead, pass, row * pass.out_width, pass.out_width);
}

static inline void depthwise_backward(const Pass& pass, Threads& threads) {
  const int64_t channels = padded(pass.outputs), kernel = pass.kernel, pad = kernel / 2, stride = pass.stride;
  const PaddedFilter filter(pass);
  const DepthwiseRows rows = depthwise_rows(kernel, stride);
  std::vector<GradientSums> sums(threads.count(), GradientSums(channels));
  std::vector<Buffer> weight_gradients;
  for (int i = 0; i < threads.count(); i++)
    weight_gradients.push_back(Buffer::zeros(kernel * kernel * channels));
  threads.run([&](int thread) {
    const Range range(pass.images * pass.height, thread, threads.count());
    InputRows inputs(pass);
    OutputGradientRows gradients(pass);
    Buffer gradient(pass.width * channels);
    Ahead ahead;
    for (int64_t row = range.begin; row < range.end; row++) {
      const int64_t image = row / pass.height, y = row % pass.height;
      const bool is_seen = y % stride == 0;  // by the middle of a window
      ahead.begin(row_steps(pass.width + (is_seen ? pass.out_width : 0), channels));
      add_rows_after(ahead, pass, image, y);
      const float* window[7];
      for (int64_t ky = 0; ky < kernel; ky++) {
        const int64_t above = y + pad - ky;  // the output row times the stride
        const bool is_one = above >= 0 && above % stride == 0 && above / stride < pass.out_height;
        window[ky] = is_one ? gradients.row(image, above / stride) : nullptr;
      }
      rows.transpose(window, filter.data(), channels, pass.width, gradient.data(), ahead);
      if (is_seen) {
        const float* dz = gradients.row(image, y / stride) + pad * channels;
        inputs.window(image, y - pad, kernel, window);
        rows.correlate(window, dz, channels, pass.out_width, weight_gradients[thread].data(), ahead);
      }
      const float* own = inputs.row(image, y) + pad * channels;
      store_input_gradient(pass, row * pass.width, pass.width, gradient.data(), own, sums[thread]);
    }
  });
  if (pass.input_norm != nullptr) GradientSums::merge(sums, pass.inputs, pass.input_sums);
  merge_weight_gradients(weight_gradients, kernel * kernel, pass.outputs, channels,
                         pass.weight_gradient_adds != 0, pass.weight_gradient, threads);
}

}  // namespace detnas
