// How far Winograd's tiles are from exact sums, against how far plain sums in float are: forward and both gradients, over 256
// channels.
#pragma once
#include <cmath>
#include <vector>

#include "../../../lib/fused/native/dense.h"

namespace detnas {

struct TileErrors {
  double forward, input_gradient, weight_gradient;
};

// Root mean square of the differences.
template <typename A, typename B>
static double deviation(const std::vector<A>& a, const std::vector<B>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum += std::pow(double(a[i]) - double(b[i]), 2);
  return std::sqrt(sum / a.size());
}

// One map of `h` x `w` pixels with its dense convolution, by tiles, directly, and in double.
class TileErrorCheck {
 public:
  template <typename Normals>
  TileErrorCheck(int64_t h, int64_t w, int64_t inputs, int64_t outputs, const Normals& normals)
      : h_(h), w_(w), inputs_(inputs), outputs_(outputs) {
    x_ = normals(h * w * inputs), weight_ = normals(taps * inputs * outputs);
    dy_ = normals(h * w * outputs), slope_.resize(3 * outputs), norm_.resize(3 * outputs);
    std::fill_n(slope_.begin(), outputs, 1.f);
    pass_.images = 1, pass_.height = pass_.out_height = h, pass_.width = pass_.out_width = w;
    pass_.kernel = 3, pass_.stride = 1, pass_.view = neighbours;
    pass_.inputs = pass_.input_channels = inputs, pass_.outputs = outputs;
    pass_.input = x_.data(), pass_.weight = weight_.data(), pass_.gradient = dy_.data();
    pass_.slope = slope_.data(), pass_.norm = norm_.data();
  }

  TileErrors run(Threads& threads) {
    return {forward(threads), input_gradient(threads), weight_gradient(threads)};
  }

 private:
  // Calls each(output pixel, input pixel, tap).
  template <typename Each>
  void visit(const Each& each) const {
    for (int64_t p = 0; p < h_ * w_; p++)
      for (int64_t tap = 0; tap < taps; tap++) {
        const int64_t y = p / w_ + tap / 3 - 1, x = p % w_ + tap % 3 - 1;
        if (y >= 0 && x >= 0 && y < h_ && x < w_) each(p, y * w_ + x, tap);
      }
  }

  template <typename Source>
  double ratio(DenseFilter filter, const Source& source, int64_t channels, const std::vector<double>& exact,
               Threads& threads) const {
    std::vector<float> tiles(exact.size()), direct(exact.size());
    const auto finish = [](int, int64_t, int64_t) {};
    convolve_tiles(pass_, filter, source, PaddedRows{tiles.data(), channels}, finish, threads);
    convolve_directly(pass_, filter.packed(threads), source, PaddedRows{direct.data(), channels}, finish,
                      threads);
    return deviation(tiles, exact) / deviation(direct, exact);
  }

  double forward(Threads& threads) const {
    std::vector<double> exact(h_ * w_ * outputs_);
    visit([&](int64_t out, int64_t in, int64_t tap) {
      for (int64_t i = 0; i < inputs_; i++)
        for (int64_t o = 0; o < outputs_; o++)
          exact[out * outputs_ + o] +=
              double(x_[in * inputs_ + i]) * weight_[(tap * inputs_ + i) * outputs_ + o];
    });
    return ratio(DenseFilter(TapWeights::forward(pass_, threads)), PlainInput(pass_), outputs_, exact,
                 threads);
  }

  double input_gradient(Threads& threads) const {
    std::vector<double> exact(h_ * w_ * inputs_);
    visit([&](int64_t out, int64_t in, int64_t tap) {
      for (int64_t i = 0; i < inputs_; i++)
        for (int64_t o = 0; o < outputs_; o++)
          exact[in * inputs_ + i] +=
              double(dy_[out * outputs_ + o]) * weight_[(tap * inputs_ + i) * outputs_ + o];
    });
    const AsItIs<InnerGradient> source(pass_, InnerGradient(pass_));
    return ratio(DenseFilter(TapWeights::backward(pass_, threads)), source, inputs_, exact, threads);
  }

  double weight_gradient(Threads& threads) {
    std::vector<double> exact(weight_.size());
    visit([&](int64_t out, int64_t in, int64_t tap) {
      for (int64_t i = 0; i < inputs_; i++)
        for (int64_t o = 0; o < outputs_; o++)
          exact[(tap * inputs_ + i) * outputs_ + o] += double(x_[in * inputs_ + i]) * dy_[out * outputs_ + o];
    });
    const PlainInput source(pass_);
    const AsItIs<InnerGradient> gradient(pass_, InnerGradient(pass_));
    std::vector<float> tiles(weight_.size());
    pass_.weight_gradient = tiles.data();
    correlate_tiles(pass_, source, gradient, threads);
    const Buffer direct = correlate_directly(pass_, source, gradient, threads);
    const std::vector<float> sums(direct.data(), direct.data() + weight_.size());
    return deviation(tiles, exact) / deviation(sums, exact);
  }

  int64_t h_, w_, inputs_, outputs_;
  std::vector<float> x_, weight_, dy_, slope_, norm_;
  Pass pass_{};
};

}  // namespace detnas
