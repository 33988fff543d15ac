// Rows of pixels with zeros around them, made when they are first needed and kept while the kernel's window passes over
// them: as many as the kernel has rows.
#pragma once
#include <vector>

#include "depthwise.h"
#include "pixels.h"

namespace detnas {

// A ring of rows of one image after the other.
class RowRing {
 public:
  RowRing(int64_t kernel, int64_t height, int64_t width, int64_t channels)
      : kernel_(kernel),
        height_(height),
        width_(width),
        channels_(channels),
        row_floats_((width + row_slack(static_cast<int>(kernel))) * channels),
        values_(Buffer::zeros((kernel + 1) * row_floats_)),
        held_(kernel, -1) {}

  // Row y of an image, its first pixel after kernel / 2 columns of zeros; rows outside of the image are zeros.
  // `fill(first_pixel, to)` makes a row that is not there yet.
  template <typename Fill>
  const float* row(int64_t image, int64_t y, const Fill& fill) {
    if (y < 0 || y >= height_) return values_.data() + kernel_ * row_floats_;
    const int64_t slot = y % kernel_, wanted = image * height_ + y;
    float* row = values_.data() + slot * row_floats_;
    if (held_[slot] != wanted) {
      fill(wanted * width_, row + kernel_ / 2 * channels_);
      held_[slot] = wanted;
    }
    return row;
  }

 private:
  const int64_t kernel_, height_, width_, channels_, row_floats_;
  Buffer values_;
  std::vector<int64_t> held_;
};

// The rows that a depthwise layer reads.
class InputRows {
 public:
  explicit InputRows(const Pass& pass)
      : pass_(pass), ring_(pass.kernel, pass.height, pass.width, padded(pass.inputs)) {}

  const float* row(int64_t image, int64_t y) {
    return ring_.row(image, y, [&](int64_t first, float* to) { load_input(pass_, first, pass_.width, to); });
  }

  void window(int64_t image, int64_t top, int64_t count, const float** rows) {
    for (int64_t i = 0; i < count; i++) rows[i] = row(image, top + i);
  }

 private:
  const Pass& pass_;
  RowRing ring_;
};

// The gradient rows of a depthwise layer's result.
class OutputGradientRows {
 public:
  explicit OutputGradientRows(const Pass& pass)
      : pass_(pass), ring_(pass.kernel, pass.out_height, pass.out_width, padded(pass.outputs)) {}

  const float* row(int64_t image, int64_t y) {
    return ring_.row(
        image, y, [&](int64_t first, float* to) { load_output_gradient(pass_, first, pass_.out_width, to); });
  }

 private:
  const Pass& pass_;
  RowRing ring_;
};

// A depthwise filter [taps, channels], its channels filled up to whole vectors, and behind it the offsets that its sums
// begin with.
class PaddedFilter {
 public:
  // `factor`, `offset`: of each channel, if they are not null.
  PaddedFilter(const float* weight, int64_t taps, int64_t channels, const float* factor, const float* offset)
      : values_(Buffer::zeros((taps + 1) * padded(channels))) {
    for (int64_t tap = 0; tap < taps; tap++) {
      float* to = values_.data() + tap * padded(channels);
      for (int64_t c = 0; c < channels; c++)
        to[c] = weight[tap * channels + c] * (factor == nullptr ? 1 : factor[c]);
    }
    if (offset != nullptr) copy_floats(values_.data() + taps * padded(channels), offset, channels);
  }
  explicit PaddedFilter(const Pass& pass)
      : PaddedFilter(pass.weight, pass.kernel * pass.kernel, pass.outputs, nullptr, nullptr) {}
  const float* data() const { return values_.data(); }

 private:
  Buffer values_;
};

}  // namespace detnas
