// Runs every pass on odd shapes, in memory that ends where the tensors end, and compares with plain loops in double. Compiled by
// `sanitized_passes_test.ts` under sanitizers, for each set of instructions. Prints the largest relative error.
#include <array>
#include <cmath>
#include <cstdio>
#include <random>

#include "../../../lib/fused/native/backward.h"
#include "../../../lib/fused/native/infer.h"

using namespace detnas;

static std::mt19937 source(1);

// Memory as the pool aligns it, which ends where the tensor ends.
template <typename T>
struct Aligned {
  using value_type = T;
  T* allocate(size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(alignment)));
  }
  void deallocate(T* memory, size_t) { ::operator delete(memory, std::align_val_t(alignment)); }
  bool operator==(const Aligned&) const { return true; }
  bool operator!=(const Aligned&) const { return false; }
};
typedef std::vector<float, Aligned<float>> AlignedFloats;

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

struct Shape {
  int64_t images, height, width, inputs, outputs, kernel, stride;
  bool of_activations, is_last, relu;
  bool dense = false;  // over patches of images
};

static void check(const Shape& shape, Threads& threads) {
  const auto [n, h, w, ci, co, k, s, of_activations, is_last, relu, dense] = shape;
  const int64_t oh = (h + s - 1) / s, ow = (w + s - 1) / s, in_pixels = n * h * w, out_pixels = n * oh * ow,
                pad = k / 2;
  std::vector<float> x = normals(in_pixels * ci), weight = normals(dense ? k * k * ci * co : k == 1 ? ci * co : k * k * co);
  std::vector<float> in_norm = filled(normals(3 * ci), ci), norm = filled(normals(3 * co), co),
                     slope = filled(normals(3 * co), co);
  std::vector<float> input = of_activations ? filled(x, ci) : x, dy = normals(out_pixels * co),
                     gradient = filled(dy, co), dw(weight.size());
  AlignedFloats joined(out_pixels * co), z(out_pixels * padded(co)), dx(in_pixels * (of_activations ? padded(ci) : ci));
  std::vector<double> sums(2 * co), in_sums(2 * ci);
  Pass pass{};
  pass.images = n, pass.height = h, pass.width = w, pass.out_height = oh, pass.out_width = ow;
  pass.kernel = k, pass.stride = s, pass.inputs = dense ? k * k * ci : ci, pass.outputs = co;
  pass.input = input.data(), pass.input_channels = ci, pass.view = dense ? patches : whole;
  pass.input_norm = of_activations ? in_norm.data() : nullptr, pass.input_relu = relu;
  pass.weight = weight.data(), pass.z = z.data(), pass.norm = norm.data(), pass.relu = 1,
  pass.sums = sums.data();
  pass.joined = is_last ? dy.data() : joined.data(), pass.joined_channels = co;
  pass.gradient = is_last ? nullptr : gradient.data(), pass.slope = slope.data();
  pass.input_gradient = dense ? nullptr : dx.data(), pass.weight_gradient = dw.data(), pass.input_sums = in_sums.data();

  // The plain way.
  const auto activation = [&](int64_t p, int64_t c) {
    if (!of_activations) return static_cast<double>(x[p * ci + c]);
    const int64_t wide = padded(ci);
    const double y = (x[p * ci + c] - double(in_norm[c])) * in_norm[wide + c] + in_norm[2 * wide + c];
    return relu ? std::max(0.0, y) : y;
  };
  const auto visit =
      [&](const auto& each) {  // (output pixel, output channel, input pixel, input channel, weight)
        for (int64_t i = 0; i < n; i++)
          for (int64_t y = 0; y < oh; y++)
            for (int64_t q = 0; q < ow; q++) {
              const int64_t out = (i * oh + y) * ow + q;
              for (int64_t ky = 0; ky < k; ky++)
                for (int64_t kx = 0; kx < k; kx++) {
                  const int64_t yy = y * s + ky - pad, xx = q * s + kx - pad;
                  if (yy < 0 || yy >= h || xx < 0 || xx >= w) continue;
                  const int64_t in = (i * h + yy) * w + xx;
                  for (int64_t c = 0; c < co; c++) {
                    if (dense)
                      for (int64_t d = 0; d < ci; d++)
                        each(out, c, in, d, ((ky * k + kx) * ci + d) * co + c);
                    else if (k > 1)
                      each(out, c, in, c, (ky * k + kx) * co + c);
                    else
                      for (int64_t d = 0; d < ci; d++) each(out, c, in, d, d * co + c);
                  }
                }
            }
      };
  std::vector<double> z_should(out_pixels * co), dx_should(in_pixels * ci), dw_should(weight.size());
  visit([&](int64_t out, int64_t c, int64_t in, int64_t d, int64_t at) {
    z_should[out * co + c] += activation(in, d) * weight[at];
  });

  // Forward
  (is_product(pass) ? pointwise_forward : depthwise_forward)(pass, threads);
  for (int64_t p = 0; p < out_pixels; p++)
    for (int64_t c = 0; c < co; c++) compare("z", z[p * padded(co) + c], z_should[p * co + c], 10);
  for (int64_t c = 0; c < co; c++) {
    double mean = 0, squares = 0;
    for (int64_t p = 0; p < out_pixels; p++) mean += z_should[p * co + c] / out_pixels;
    for (int64_t p = 0; p < out_pixels; p++) squares += std::pow(z_should[p * co + c] - mean, 2);
    compare("mean", sums[c], mean, 10);
    compare("M2", sums[co + c], squares, 10 * out_pixels);
  }

  // Backward
  const int64_t wide = padded(co);
  const auto passes = [&](int64_t p, int64_t c) {
    return (z[p * wide + c] - norm[c]) * norm[wide + c] + norm[2 * wide + c] > 0;
  };
  std::vector<double> dz(out_pixels * co);
  for (int64_t p = 0; p < out_pixels; p++)
    for (int64_t c = 0; c < co; c++) {
      const double g = is_last && !passes(p, c) ? 0 : dy[p * co + c];
      dz[p * co + c] =
          slope[c] * g + slope[wide + c] * (z[p * wide + c] - double(norm[c])) + slope[2 * wide + c];
    }
  visit([&](int64_t out, int64_t c, int64_t in, int64_t d, int64_t at) {
    dx_should[in * ci + d] += dz[out * co + c] * weight[at];
    dw_should[at] += dz[out * co + c] * activation(in, d);
  });
  (is_product(pass) ? pointwise_backward : depthwise_backward)(pass, threads);
  const double scale = 10 * std::sqrt(double(k == 1 ? co : k * k));
  for (size_t i = 0; i < dw.size(); i++)
    compare("dw", dw[i], dw_should[i], 30 * std::sqrt(double(out_pixels)));
  std::vector<double> g_sum(ci), gz_sum(ci);
  for (int64_t p = 0; p < in_pixels && !dense; p++)
    for (int64_t c = 0; c < ci; c++) {
      const bool lets_through = !of_activations || !relu || activation(p, c) > 0;
      const double g = lets_through ? dx_should[p * ci + c] : 0;
      compare("dx", dx[p * (of_activations ? padded(ci) : ci) + c], g, 3 * scale);
      g_sum[c] += g, gz_sum[c] += g * (x[p * ci + c] - double(in_norm[c]));
    }
  if (of_activations) {
    for (int64_t c = 0; c < ci; c++) {
      compare("sum g", in_sums[c], g_sum[c], 10 * scale * std::sqrt(double(in_pixels)));
      compare("sum gz", in_sums[ci + c], gz_sum[c], 20 * scale * std::sqrt(double(in_pixels)));
    }
  }
  if (is_last) {
    gradient_sums(pass, threads);
    for (int64_t c = 0; c < co; c++) {
      double g = 0;
      for (int64_t p = 0; p < out_pixels; p++) g += passes(p, c) ? dy[p * co + c] : 0;
      compare("sum dy", sums[c], g, 10 * std::sqrt(double(out_pixels)));
    }
    pass.joined = joined.data();
    join(pass, threads);
    for (int64_t p = 0; p < out_pixels; p++)
      for (int64_t c = 0; c < co; c++) {
        const double y = (z[p * wide + c] - double(norm[c])) * norm[wide + c] + norm[2 * wide + c];
        compare("joined", joined[p * co + c], std::max(0.0, y), 10);
      }
  }

  // Inference of the one layer, with the norm folded
  if (!of_activations) {
    pass.joined = joined.data();
    infer(&pass, 1, threads);
    for (int64_t p = 0; p < out_pixels; p++)
      for (int64_t c = 0; c < co; c++) {
        const double y = (z_should[p * co + c] - double(norm[c])) * norm[wide + c] + norm[2 * wide + c];
        compare("inferred", joined[p * co + c], std::max(0.0, y), 30);
      }
  }
}

int main() {
  int count = 0;
  for (const int threads : {1, 3}) {
    Threads pool(threads);
    for (const auto& [n, h, w] :
         std::vector<std::array<int64_t, 3>>{{2, 1, 1}, {1, 7, 5}, {3, 8, 6}, {2, 3, 31}}) {
      for (const int64_t kernel : {3, 5})
        for (const int64_t stride : {1, 2}) {
          check({n, h, w, 3, 11, kernel, stride, false, true, false, true}, pool), count++;
          check({n, h, w, 4, 20, kernel, stride, false, true, false, true}, pool), count++;
        }
      for (const int64_t channels : {3, 16, 43}) {
        for (const bool of_activations : {false, true})
          for (const bool is_last : {false, true})
            for (const bool relu : {false, true}) {
              check({n, h, w, channels, 2 * channels + 1, 1, 1, of_activations, is_last, relu}, pool),
                  count++;
              for (const int64_t kernel : {3, 5, 7})
                for (const int64_t stride : {1, 2}) {
                  check({n, h, w, channels, channels, kernel, stride, of_activations, is_last, relu}, pool),
                      count++;
                }
            }
      }
    }
  }
  // As large as what is streamed past the caches: narrow products' results, and what wide ones read
  Threads pool(2);
  for (const bool of_activations : {false, true}) {
    check({1, 33, 32, 16, 512, 1, 1, of_activations, true, true}, pool), count++;
    check({1, 33, 32, 512, 16, 1, 1, of_activations, true, true}, pool), count++;
    check({1, 33, 32, 512, 512, 3, 1, of_activations, true, true}, pool), count++;
  }
  printf("%d layers with vectors of %d, largest error %.1e\n", count, lanes, worst);
}
