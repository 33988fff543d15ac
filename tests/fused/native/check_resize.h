// The passes that make a pyramid's maps twice or half as large, on odd sizes, against plain loops.
#pragma once
#include <functional>
#include <vector>

#include "../../../lib/fused/native/resize.h"

namespace detnas {

// `compare(what, is, should)`, `draw(n)` gives n numbers.
static inline void check_resize(int64_t n, int64_t h, int64_t w, int64_t channels, bool adds,
                                const std::function<void(const char*, double, double)>& compare,
                                const std::function<std::vector<float>(size_t)>& draw, Threads& threads) {
  const int64_t half_h = (h + 1) / 2, half_w = (w + 1) / 2;
  const std::vector<float> large = draw(n * h * w * channels), small = draw(n * half_h * half_w * channels);
  std::vector<float> sum = large, reduced = small, taken(small.size()), given = large;
  std::vector<double> reduced_should(small.size()), given_should(large.size());
  for (size_t i = 0; i < small.size() && adds; i++) reduced_should[i] = small[i];
  for (size_t i = 0; i < large.size() && adds; i++) given_should[i] = large[i];

  Pass pass{};
  pass.images = n, pass.inputs = channels, pass.adds = adds;
  pass.height = half_h, pass.width = half_w, pass.out_height = h, pass.out_width = w;
  pass.input = small.data(), pass.joined = sum.data();
  add_enlarged(pass, threads);
  std::vector<float> gradient = large;
  pass.joined = gradient.data(), pass.input_gradient = reduced.data();
  add_reduced(pass, threads);

  pass.height = h, pass.width = w, pass.out_height = half_h, pass.out_width = half_w;
  pass.input = large.data(), pass.joined = taken.data();
  take_every_other(pass, threads);
  gradient = small;
  pass.joined = gradient.data(), pass.input_gradient = given.data();
  give_every_other(pass, threads);

  for (int64_t i = 0; i < n; i++)
    for (int64_t y = 0; y < h; y++)
      for (int64_t x = 0; x < w; x++)
        for (int64_t c = 0; c < channels; c++) {
          const int64_t at = ((i * h + y) * w + x) * channels + c;
          const int64_t half = ((i * half_h + y / 2) * half_w + x / 2) * channels + c;
          compare("sum", sum[at], large[at] + double(small[half]));
          reduced_should[half] += large[at];
          if (y % 2 != 0 || x % 2 != 0) continue;
          compare("every other", taken[half], large[at]);
          given_should[at] += small[half];
        }
  for (size_t i = 0; i < small.size(); i++) compare("reduced", reduced[i], reduced_should[i]);
  for (size_t i = 0; i < large.size(); i++) compare("given", given[i], given_should[i]);
}

}  // namespace detnas
