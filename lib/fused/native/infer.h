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
      filter_ =
          std::make_unique<PaddedFilter>(pass.weight, pass.kernel * pass.kernel, n, factor, offset_.data());
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

// Rows of a layer's result from `origin` on, in so many slots that are taken in turn.
struct ResultRows {
  float* first;  // the first pixel in the first slot
  int64_t slots, row_floats, origin;
  float* row(int64_t y) const { return first + (y - origin) % slots * row_floats; }
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
  ResultRows pixels() { return {values_.data() + pad_ * channels_, slots_, row_floats_, 0}; }
  const float* zeros() const { return values_.data() + slots_ * row_floats_; }

  // The image whose rows are held, and the row after the last of them.
  int64_t image = -1, end = 0;

 private:
  const int64_t slots_, pad_, channels_, row_floats_;
  Buffer values_;
};

// What is left of a layer's norm, and its ReLU: as a kernel's sums leave the registers.
struct Finish {
  const float* offset;
  float floor;
  Finish(const Pass& layer, const FoldedLayer& folded)
      : offset(folded.offset()), floor(layer.relu != 0 ? 0 : no_floor) {}
  template <int Rows, int Vecs, typename Put>
  void each(int64_t c, const Vec (&sum)[Rows][Vecs], const Put& put) const {
    Vec offsets[Vecs];
#pragma GCC unroll 2
    for (int v = 0; v < Vecs; v++) offsets[v] = load(offset + c + v * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++)
#pragma GCC unroll 2
      for (int v = 0; v < Vecs; v++) put(r, v, at_least(splat(floor), sum[r][v] + offsets[v]));
  }
};

// Sink of a product whose result the next layer reads: rows of the image from `begin` on.
struct ToRows {
  const Finish finish;
  const ResultRows rows;
  int64_t begin, width, channels;
  template <int Rows, int Vecs>
  void put(int64_t pixel, int64_t c, const Vec (&sum)[Rows][Vecs]) const {
    int64_t y = begin + pixel / width, x = pixel % width;
    float* to = rows.row(y) + x * channels + c;
    finish.each(c, sum, [&](int, int v, Vec value) {
      store(to + v * lanes, value);
      if (v + 1 < Vecs) return;
      if (++x == width) {
        x = 0, to = rows.row(++y) + c;
      } else {
        to += channels;
      }
    });
  }
};

// Sink of a branch's last product: the block's output from pixel `first` on. Lines go to memory between products, not all
// at once.
struct ToJoined {
  const Finish finish;
  float* to;
  int64_t stride, outputs;
  bool streams;
  ToJoined(const Pass& pass, const Finish& finish, int64_t first)
      : finish(finish),
        to(pass.joined + first * pass.joined_channels + pass.joined_first),
        stride(pass.joined_channels),
        outputs(pass.outputs),
        streams(streams_joined(pass, pass.joined_first, pass.outputs)) {}
  template <int Rows, int Vecs>
  void put(int64_t pixel, int64_t c, const Vec (&sum)[Rows][Vecs]) const {
    float* at = to + pixel * stride + c;
    const int64_t left = outputs - c;
    if (streams) {
      finish.each(c, sum, [&](int r, int v, Vec value) { stream(at + r * stride + v * lanes, value); });
    } else if (left >= Vecs * lanes) {
      finish.each(c, sum, [&](int r, int v, Vec value) { store(at + r * stride + v * lanes, value); });
    } else {
      finish.each(c, sum, [&](int r, int v, Vec value) {
        store_first(at + r * stride + v * lanes, left - v * lanes, value);
      });
    }
  }
};

// One thread's way through a branch.
class BranchRun {
 public:
  // `band`: output rows at a time.
  BranchRun(const Pass* layers, int64_t count, const std::vector<FoldedLayer>& folded, int64_t band)
      : layers_(layers),
        last_(count - 1),
        folded_(folded),
        made_(is_product(layers[last_]) ? 0 : layers[last_].out_width * padded(layers[last_].outputs)) {
    std::vector<int64_t> bands(count + 1, band);  // rows that a layer makes at a time
    for (int64_t i = count - 1; i >= 0; i--)
      bands[i] = (bands[i + 1] - 1) * layers[i].stride + layers[i].kernel;
    for (int64_t i = 0; i < count; i++) {
      const Pass& layer = layers[i];
      const bool product = is_product(layer);
      slots_.emplace_back(product ? 0 : bands[i] + layer.kernel, product ? 0 : layer.kernel / 2, layer.width,
                          padded(layer.inputs));
      inputs_.emplace_back(product ? bands[i + 1] * layer.out_width * padded(layer.inputs) : 0);
    }
  }

  // Output rows [begin, end) of one image, into the block's output.
  void run(int64_t image, int64_t begin, int64_t end) {
    const Pass& last = layers_[last_];
    const int64_t first = (image * last.out_height + begin) * last.out_width;
    if (is_product(last)) {
      multiply(last_, image, begin, end, ToJoined(last, Finish(last, folded_[last_]), first));
    } else {
      const ResultRows made{made_.data(), 1, 0, begin};
      convolve(last_, image, begin, end, made, [&](int64_t y) {
        write_joined(last, first + (y - begin) * last.out_width, last.out_width, made.first);
      });
    }
  }

 private:
  // Makes rows [begin, end) of a layer's result.
  void compute(int64_t i, int64_t image, int64_t begin, int64_t end, const ResultRows& to) {
    const Pass& layer = layers_[i];
    if (is_product(layer)) {
      const Finish finish(layer, folded_[i]);
      multiply(i, image, begin, end, ToRows{finish, to, begin, layer.out_width, padded(layer.outputs)});
    } else {
      convolve(i, image, begin, end, to, [](int64_t) {});
    }
  }

  template <typename Sink>
  void multiply(int64_t i, int64_t image, int64_t begin, int64_t end, const Sink& sink) {
    const Pass& layer = layers_[i];
    const float* pixels = input_pixels(i, image, begin, end);
    const int64_t count = (end - begin) * layer.out_width;
    Ahead ahead;
    ahead.begin(product_steps(count, padded(layer.inputs), padded(layer.outputs)));
    if (i == 0) {  // the others' lie in the caches
      const int64_t next = (image * layer.out_height + end) * layer.out_width;
      add_input(ahead, layer, next, std::min(count, pixels_out(layer) - next));
    }
    product_into(count, pixels, padded(layer.inputs), folded_[i].pointwise(), sink, ahead);
  }

  // `done(y)` follows each row.
  template <typename Done>
  void convolve(int64_t i, int64_t image, int64_t begin, int64_t end, const ResultRows& to,
                const Done& done) {
    const Pass& layer = layers_[i];
    const int64_t pad = layer.kernel / 2, channels = padded(layer.outputs);
    const DepthwiseRows kernels = depthwise_rows(layer.kernel, layer.stride);
    Ahead none;  // the rows lie in the caches
    ensure_rows(i, image, begin * layer.stride - pad, (end - 1) * layer.stride + pad + 1);
    for (int64_t y = begin; y < end; y++) {
      const float* window[7];
      for (int64_t ky = 0; ky < layer.kernel; ky++) {
        const int64_t above = y * layer.stride - pad + ky;
        window[ky] = above < 0 || above >= layer.height ? slots_[i].zeros() : slots_[i].row(above);
      }
      kernels.convolve(window, folded_[i].filter(), channels, layer.out_width, to.row(y), none);
      if (layer.relu != 0) relu_floats(to.row(y), layer.out_width * channels);
      done(y);
    }
  }

  // The pixels that a pointwise layer reads, one after the other.
  const float* input_pixels(int64_t i, int64_t image, int64_t begin, int64_t end) {
    const Pass& layer = layers_[i];
    float* to = inputs_[i].data();
    const int64_t first = (image * layer.out_height + begin) * layer.out_width;
    if (i == 0) return input_rows(layer, first, (end - begin) * layer.out_width, to);
    compute(i - 1, image, begin, end, {to, end - begin, layer.out_width * padded(layer.inputs), begin});
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
    if (i > 0) return compute(i - 1, image, from, end, slots.pixels());
    for (int64_t y = from; y < end; y++) {
      load_input(layer, (image * layer.height + y) * layer.width, layer.width, slots.pixels().row(y));
    }
  }

  static void relu_floats(float* values, int64_t count) {
    for (int64_t i = 0; i < count; i += lanes) store(values + i, relu(load(values + i)));
  }

  const Pass* layers_;
  const int64_t last_;
  const std::vector<FoldedLayer>& folded_;
  Buffer made_;                  // a row of a last layer that is depthwise
  std::vector<RowSlots> slots_;  // of what a depthwise layer reads
  std::vector<Buffer> inputs_;   // of what a pointwise layer reads
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
