// Inference: all layers of a branch in one pass over the block's input. Batch norm is folded into each layer's weight and
// an offset. A thread goes down its rows band by band; each layer keeps the few rows that the kernel of the layer after it
// still needs, so that activations between layers never leave the caches.
#pragma once
#include <memory>

#include "forward.h"

namespace detnas {

constexpr int64_t band_pixels = 96;  // enough rows for whole product kernels, few enough for the second cache

// A layer's weight times its batch norm's factor, and the offset that is left of the norm.
class FoldedLayer {
 public:
  FoldedLayer(const Pass& pass, Threads& threads) : offset_(Buffer::zeros(padded(pass.outputs))) {
    const int64_t n = pass.outputs, row = padded(n);
    const float *mean = pass.norm, *factor = mean + row, *shift = factor + row;
    for (int64_t c = 0; c < n; c++) offset_.data()[c] = shift[c] - mean[c] * factor[c];
    if (is_product(pass)) {
      pointwise_ = std::make_unique<PackedWeight>(pass.weight, pass.inputs, n, false, threads, factor);
    } else {
      filter_ = std::make_unique<PaddedFilter>(pass.weight, pass.kernel * pass.kernel, n, factor);
    }
  }
  const PackedWeight& pointwise() const { return *pointwise_; }
  const float* filter() const { return filter_->data(); }
  const float* offset() const { return offset_.data(); }

 private:
  Buffer offset_;
  std::unique_ptr<PackedWeight> pointwise_;
  std::unique_ptr<PaddedFilter> filter_;
};

// Rows of one layer's result (or of the block's input) that the layer after it needs, in slots taken in turn; each begins with
// the zero columns that a kernel of that layer's size needs.
class RowSlots {
 public:
  // `slots` rows, none for a layer that needs no window.
  RowSlots(int64_t slots, int64_t pad, int64_t width, int64_t channels)
      : slots_(slots),
        pad_(pad),
        channels_(channels),
        row_floats_((width + (pad > 0 ? row_slack(2 * pad + 1) : 0)) * channels),
        values_(Buffer::zeros((slots + 1) * row_floats_)) {}
  float* row(int64_t y) { return values_.data() + y % slots_ * row_floats_; }
  float* first_pixel(int64_t y) { return row(y) + pad_ * channels_; }
  const float* zeros() const { return values_.data() + slots_ * row_floats_; }

  // The image whose rows are held, and the row after the last of them.
  int64_t image = -1, end = 0;

 private:
  const int64_t slots_, pad_, channels_, row_floats_;
  Buffer values_;
};

// One thread's way through a branch.
class BranchRun {
 public:
  // `band`: output rows at a time.
  BranchRun(const Pass* layers, int64_t count, const std::vector<FoldedLayer>& folded, int64_t band)
      : layers_(layers), last_(count - 1), folded_(folded) {
    std::vector<int64_t> bands(count + 1, band);  // rows that a layer makes at a time
    for (int64_t i = count - 1; i >= 0; i--)
      bands[i] = (bands[i + 1] - 1) * layers[i].stride + layers[i].kernel;
    for (int64_t i = 0; i < count; i++) {
      const Pass& layer = layers[i];
      const bool product = is_product(layer);
      slots_.emplace_back(product ? 0 : bands[i] + layer.kernel, product ? 0 : layer.kernel / 2, layer.width,
                          padded(layer.inputs));
      inputs_.emplace_back(product ? bands[i + 1] * layer.out_width * padded(layer.inputs) : 0);
      results_.emplace_back((product ? bands[i + 1] : 1) * layer.out_width * padded(layer.outputs));
    }
  }

  // Output rows [begin, end) of one image, into the block's output.
  void run(int64_t image, int64_t begin, int64_t end) {
    const Pass& last = layers_[last_];
    compute(last_, image, begin, end, [&](int64_t y, float* z) {
      finish(last_, z, z);
      write_joined(last, (image * last.out_height + y) * last.out_width, last.out_width, z);
    });
  }

 private:
  // Makes the layer's result of rows [begin, end), before its offset; `take(y, z)` gets each.
  template <typename Take>
  void compute(int64_t i, int64_t image, int64_t begin, int64_t end, const Take& take) {
    const Pass& layer = layers_[i];
    const int64_t channels = padded(layer.outputs), row = layer.out_width * channels;
    float* z = results_[i].data();
    if (is_product(layer)) {
      const float* pixels = input_pixels(i, image, begin, end);
      const int64_t count = (end - begin) * layer.out_width;
      Ahead ahead;
      ahead.begin(product_steps(count, padded(layer.inputs), channels));
      if (i == 0) {  // the others' lie in the caches
        const int64_t next = (image * layer.out_height + end) * layer.out_width;
        add_input(ahead, layer, next, std::min(count, pixels_out(layer) - next));
      }
      product(count, pixels, padded(layer.inputs), folded_[i].pointwise(), z, channels, ahead);
      for (int64_t y = begin; y < end; y++) take(y, z + (y - begin) * row);
      return;
    }
    const int64_t pad = layer.kernel / 2;
    const DepthwiseRows kernels = depthwise_rows(layer.kernel, layer.stride);
    Ahead none;  // the rows lie in the caches
    ensure_rows(i, image, begin * layer.stride - pad, (end - 1) * layer.stride + pad + 1);
    for (int64_t y = begin; y < end; y++) {
      const float* window[7];
      for (int64_t ky = 0; ky < layer.kernel; ky++) {
        const int64_t above = y * layer.stride - pad + ky;
        window[ky] = above < 0 || above >= layer.height ? slots_[i].zeros() : slots_[i].row(above);
      }
      kernels.convolve(window, folded_[i].filter(), channels, layer.out_width, z, none);
      take(y, z);
    }
  }

  // The pixels that a pointwise layer reads, one after the other.
  const float* input_pixels(int64_t i, int64_t image, int64_t begin, int64_t end) {
    const Pass& layer = layers_[i];
    float* to = inputs_[i].data();
    const int64_t first = (image * layer.out_height + begin) * layer.out_width;
    if (i == 0) return input_rows(layer, first, (end - begin) * layer.out_width, to);
    const int64_t row = layer.out_width * padded(layer.inputs);
    compute(i - 1, image, begin, end,
            [&](int64_t y, const float* z) { finish(i - 1, z, to + (y - begin) * row); });
    return to;
  }

  // Fills the slots of a depthwise layer with rows [begin, end) of what it reads, so far as they are inside of the image.
  void ensure_rows(int64_t i, int64_t image, int64_t begin, int64_t end) {
    RowSlots& slots = slots_[i];
    const Pass& layer = layers_[i];
    begin = std::max<int64_t>(begin, 0), end = std::min(end, layer.height);
    const bool goes_on = slots.image == image && begin <= slots.end;
    const int64_t from = goes_on ? slots.end : begin;
    slots.image = image, slots.end = std::max(from, end);
    if (from >= end) return;
    if (i > 0)
      return compute(i - 1, image, from, end,
                     [&](int64_t y, const float* z) { finish(i - 1, z, slots.first_pixel(y)); });
    for (int64_t y = from; y < end; y++) {
      load_input(layer, (image * layer.height + y) * layer.width, layer.width, slots.first_pixel(y));
    }
  }

  // One row of a layer's result with its offset, and ReLU.
  void finish(int64_t i, const float* z, float* to) const {
    const Pass& layer = layers_[i];
    const int64_t channels = padded(layer.outputs);
    for (int64_t c = 0; c < channels; c += lanes) {
      const Vec offset = load(folded_[i].offset() + c);
      for (int64_t x = 0; x < layer.out_width; x++) {
        const Vec y = load(z + x * channels + c) + offset;
        store(to + x * channels + c, layer.relu != 0 ? relu(y) : y);
      }
    }
  }

  const Pass* layers_;
  const int64_t last_;
  const std::vector<FoldedLayer>& folded_;
  std::vector<RowSlots> slots_;  // of what a depthwise layer reads
  std::vector<Buffer> inputs_;   // of what a pointwise layer reads
  std::vector<Buffer> results_;
};

static inline void infer(const Pass* layers, int64_t count, Threads& threads) {
  std::vector<FoldedLayer> folded;
  for (int64_t i = 0; i < count; i++) folded.emplace_back(layers[i], threads);
  const Pass& last = layers[count - 1];
  const int64_t band = std::max<int64_t>(1, band_pixels / last.out_width);
  threads.run([&](int thread) {
    const Range range(last.images * last.out_height, thread, threads.count());
    BranchRun branch(layers, count, folded, band);
    for (int64_t row = range.begin; row < range.end;) {
      const int64_t image = row / last.out_height, y = row % last.out_height;
      const int64_t end = std::min({y + band, last.out_height, y + range.end - row});
      branch.run(image, y, end);
      if (sees_half(layers[0]))
        pass_on(layers[0], (image * last.out_height + y) * last.out_width, (end - y) * last.out_width);
      row += end - y;
    }
  });
}

}  // namespace detnas
