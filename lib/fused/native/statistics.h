// Sums over pixels, a channel each. A tile is summed up in float, tiles in double; statistics are taken about a first
// guess of the mean, so that nothing cancels out where the mean is large against the deviation.
#pragma once
#include <vector>

#include "pixels.h"

namespace detnas {

// Count, mean and M2 (the sum of squared deviations) of the rows that one thread made.
class Moments {
 public:
  explicit Moments(int64_t channels) : guess(channels), sums_(channels), squares_(channels) {}

  void add(const float* rows, int64_t count, int64_t channels) {
    if (count_ == 0) guess_from(rows, count, channels);
    int64_t c = 0;
    for (; c + 2 * lanes <= channels; c += 2 * lanes) add_columns<2>(rows, count, channels, c);
    if (c < channels) add_columns<1>(rows, count, channels, c);
    count_ += count;
  }

  int64_t count() const { return count_; }
  double mean(int64_t c) const { return guess[c] + sums_[c] / count_; }
  double squares(int64_t c) const { return std::max(0.0, squares_[c] - sums_[c] * sums_[c] / count_); }

 private:
  // Two vectors at a time are a whole cache line with AVX2.
  template <int Vecs>
  void add_columns(const float* rows, int64_t count, int64_t channels, int64_t c) {
    Vec about[Vecs], sum[Vecs], square[Vecs];
    for (int v = 0; v < Vecs; v++) about[v] = load(guess.data() + c + v * lanes), sum[v] = square[v] = Vec{};
    for (int64_t p = 0; p < count; p++) {
      for (int v = 0; v < Vecs; v++) {
        const Vec deviation = load(rows + p * channels + c + v * lanes) - about[v];
        sum[v] += deviation;
        square[v] += deviation * deviation;
      }
    }
    for (int v = 0; v < Vecs; v++) {
      add_as_doubles(&sums_[c + v * lanes], sum[v]);
      add_as_doubles(&squares_[c + v * lanes], square[v]);
    }
  }

  void guess_from(const float* rows, int64_t count, int64_t channels) {
    for (int64_t c = 0; c < channels; c += lanes) {
      Vec sum{};
      for (int64_t p = 0; p < count; p++) sum += load(rows + p * channels + c);
      store(guess.data() + c, sum / splat(static_cast<float>(count)));
    }
  }

  std::vector<float> guess;
  std::vector<double> sums_, squares_;
  int64_t count_ = 0;
};

// Merges the threads' moments in their order (Chan, Golub and LeVeque 1979) into means and M2s.
static inline void merge_moments(const std::vector<Moments>& parts, int64_t channels,
                                 double* means_and_squares) {
  for (int64_t c = 0; c < channels; c++) {
    double count = 0, mean = 0, squares = 0;
    for (const Moments& part : parts) {
      if (part.count() == 0) continue;
      const double n = static_cast<double>(part.count()), total = count + n, delta = part.mean(c) - mean;
      mean += delta * n / total;
      squares += part.squares(c) + delta * delta * count * n / total;
      count = total;
    }
    means_and_squares[c] = mean;
    means_and_squares[channels + c] = squares;
  }
}

// Sum of g and of g (z - mean).
class GradientSums {
 public:
  explicit GradientSums(int64_t channels) : g_(channels), gz_(channels) {}

  void add(int64_t c, Vec g, Vec gz) {
    add_as_doubles(&g_[c], g);
    add_as_doubles(&gz_[c], gz);
  }

  static void merge(const std::vector<GradientSums>& parts, int64_t channels, double* sums) {
    for (int64_t c = 0; c < channels; c++) {
      sums[c] = sums[channels + c] = 0;
      for (const GradientSums& part : parts) sums[c] += part.g_[c], sums[channels + c] += part.gz_[c];
    }
  }

 private:
  std::vector<double> g_, gz_;
};

}  // namespace detnas
