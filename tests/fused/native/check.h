// Random values, and a comparison that ends the program.
#pragma once
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "../../../lib/fused/native/simd.h"

namespace detnas {

static std::mt19937 source(1);

static std::vector<float> normals(size_t n) {
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(source);
  return values;
}

static double worst = 0;

static void compare(const char* what, double is, double should, double scale) {
  const double error = std::abs(is - should) / (scale + 1e-30);
  if (!(error < 1e-4)) {
    printf("%s is %g, should be %g\n", what, is, should);
    exit(1);
  }
  worst = std::max(worst, error);
}

// Rows of channels, filled up.
static std::vector<float> filled(const std::vector<float>& rows, int64_t channels) {
  const int64_t count = rows.size() / channels, wide = padded(channels);
  std::vector<float> to(count * wide);
  for (int64_t p = 0; p < count; p++) std::copy_n(&rows[p * channels], channels, &to[p * wide]);
  return to;
}

}  // namespace detnas
