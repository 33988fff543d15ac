// Runs every pass on odd shapes, in memory that ends where the tensors end, and compares with plain loops in double. Compiled by
// `sanitized_passes_test.ts` under sanitizers, for each set of instructions. Prints the largest relative error.
#include <array>

#include "../../../lib/fused/native/backward.h"
#include "../../../lib/fused/native/dense.h"
#include "../../../lib/fused/native/infer.h"
#include "check.h"
#include "check_resize.h"
#include "dense_branch.h"
#include "tile_error.h"

using namespace detnas;

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

// The slope of a layer without a norm.
static std::vector<float> ones_and_zeros(int64_t channels) {
  std::vector<float> slope(3 * channels);
  std::fill_n(slope.begin(), channels, 1.f);
  return slope;
}

struct Shape {
  int64_t images, height, width, inputs, outputs, kernel, stride;
  bool of_activations, is_last, relu;
  View view = whole;      // patches and neighbours are dense
  bool with_norm = true;  // of the layer itself
  bool adds = false;      // gradients to what is there
};

static void check(const Shape& shape, Threads& threads) {
  const auto [n, h, w, ci, co, k, s, of_activations, is_last, relu, view, with_norm, adds] = shape;
  const bool of_patches = view == patches, dense = of_patches || view == neighbours;
  const int64_t oh = (h + s - 1) / s, ow = (w + s - 1) / s, in_pixels = n * h * w, out_pixels = n * oh * ow,
                pad = k / 2;
  std::vector<float> x = normals(in_pixels * ci), weight = normals(dense    ? k * k * ci * co
                                                                   : k == 1 ? ci * co
                                                                            : k * k * co);
  std::vector<float> in_norm = filled(normals(3 * ci), ci), norm = filled(normals(3 * co), co),
                     slope = with_norm ? filled(normals(3 * co), co) : filled(ones_and_zeros(co), co);
  std::vector<float> input = of_activations ? filled(x, ci) : x, dy = normals(out_pixels * co),
                     gradient = filled(dy, co), dw(weight.size(), 2);
  AlignedFloats joined(out_pixels * co), z(out_pixels * padded(co)),
      dx(in_pixels * (of_activations ? padded(ci) : ci), 1);
  std::vector<double> sums(2 * co), in_sums(2 * ci);
  Pass pass{};
  pass.images = n, pass.height = h, pass.width = w, pass.out_height = oh, pass.out_width = ow;
  pass.kernel = k, pass.stride = s, pass.inputs = of_patches ? k * k * ci : ci, pass.outputs = co;
  pass.input = input.data(), pass.input_channels = ci, pass.view = view;
  pass.input_norm = of_activations ? in_norm.data() : nullptr, pass.input_relu = relu;
  pass.weight = weight.data(), pass.z = z.data(), pass.norm = norm.data(), pass.relu = 1,
  pass.sums = sums.data();
  pass.joined = is_last ? dy.data() : joined.data(), pass.joined_channels = co;
  pass.gradient = is_last ? nullptr : gradient.data(), pass.slope = slope.data();
  pass.input_gradient = of_patches ? nullptr : dx.data(), pass.weight_gradient = dw.data(),
  pass.input_sums = in_sums.data();
  pass.adds = pass.weight_gradient_adds = adds;

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
                      for (int64_t d = 0; d < ci; d++) each(out, c, in, d, ((ky * k + kx) * ci + d) * co + c);
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
  const auto forward = is_dense(pass)     ? dense_forward
                       : is_product(pass) ? pointwise_forward
                                          : depthwise_forward;
  forward(pass, threads);
  for (int64_t p = 0; p < out_pixels; p++)
    for (int64_t c = 0; c < co; c++) compare("z", z[p * padded(co) + c], z_should[p * co + c], 10);
  for (int64_t c = 0; c < co; c++) {
    double mean = 0, squares = 0;
    for (int64_t p = 0; p < out_pixels; p++) mean += z_should[p * co + c] / out_pixels;
    for (int64_t p = 0; p < out_pixels; p++) squares += std::pow(z_should[p * co + c] - mean, 2);
    compare("mean", sums[c], mean, 10);
    compare("M2", sums[co + c], squares, 10 * out_pixels);
  }

  // Passes that share what is made of the weight: the first makes it.
  PreparedWeight shared, turned;
  const AlignedFloats alone = z;
  pass.prepared = &shared;
  for (int i = 0; i < 2; i++) {
    forward(pass, threads);
    for (size_t k = 0; k < z.size(); k++) compare("shared", z[k], alone[k], 0);
  }
  pass.prepared = relu ? &turned : nullptr;  // half of what follows

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
  (is_dense(pass)     ? dense_backward
   : is_product(pass) ? pointwise_backward
                      : depthwise_backward)(pass, threads);
  const double z_scale = dense ? std::sqrt(double(k * k * ci)) : 1;  // of what the slope multiplies
  const double scale = 10 * z_scale * std::sqrt(double(k == 1 ? co : dense ? k * k * co : k * k));
  for (size_t i = 0; i < dw.size(); i++) {
    const double of_one_sign =
        std::abs(dw_should[i]) / 10;  // such a sum over a thousand pixels is rounded as often
    compare("dw", dw[i], dw_should[i] + (adds ? 2 : 0),
            30 * z_scale * std::sqrt(double(out_pixels)) + of_one_sign);
  }
  std::vector<double> g_sum(ci), gz_sum(ci);
  for (int64_t p = 0; p < in_pixels && !of_patches; p++)
    for (int64_t c = 0; c < ci; c++) {
      const bool lets_through = !of_activations || !relu || activation(p, c) > 0;
      const double there = adds && !of_activations ? 1 : 0;
      const double g = there + (lets_through ? dx_should[p * ci + c] : 0);
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
  pass.prepared = relu ? &shared : nullptr;
  if (!of_activations) {
    pass.joined = joined.data();
    (is_dense(pass) ? infer_by_layers : infer)(&pass, 1, threads);
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
          check({n, h, w, 3, 11, kernel, stride, false, true, false, patches}, pool), count++;
          check({n, h, w, 4, 20, kernel, stride, false, true, false, patches}, pool), count++;
        }
      for (const int64_t channels : {3, 16, 43}) {
        for (const bool of_activations : {false, true})
          for (const bool is_last : {false, true})
            for (const bool relu : {false, true}) {
              check({n, h, w, channels, 2 * channels + 1, 1, 1, of_activations, is_last, relu}, pool),
                  count++;
              for (const bool with_norm : {false, true})
                check({n, h, w, channels, 2 * channels + 1, 3, 1, of_activations, is_last, relu, neighbours,
                       with_norm, is_last},
                      pool),
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
  // Maps large enough, or so many, that a dense convolution goes by Winograd's tiles, of which the last few are more than a
  // block.
  for (const int threads : {1, 3}) {
    Threads pool(threads);
    for (const auto& [n, h, w] :
         std::vector<std::array<int64_t, 3>>{{1, 13, 19}, {1, 80, 3}, {1, 3, 80}, {2, 16, 12}, {310, 2, 3}})
      for (const auto& [inputs, outputs] : std::vector<std::array<int64_t, 2>>{{20, 9}, {9, 20}, {16, 36}})
        for (const bool of_activations : {false, true})
          for (const bool is_last : {false, true}) {
            check({n, h, w, inputs, outputs, 3, 1, of_activations, is_last, is_last, neighbours,
                   of_activations, is_last},
                  pool),
                count++;
          }
  }
  for (const int threads : {1, 3}) {
    Threads pool(threads);
    for (const auto& [n, h, w] :
         std::vector<std::array<int64_t, 3>>{{2, 1, 1}, {1, 7, 5}, {3, 8, 6}, {2, 3, 31}})
      for (const bool adds : {false, true})
        check_resize(
            n, h, w, 19, adds,
            [](const char* what, double is, double should) { compare(what, is, should, 10); }, normals, pool);
  }
  for (const int threads : {1, 3}) {
    Threads pool(threads);
    for (const auto& [n, h, w] : std::vector<std::array<int64_t, 3>>{{2, 1, 1}, {1, 7, 5}, {3, 9, 13}})
      check_dense_branch(n, h, w, pool);
  }
  // Sums over 256 channels forward and backward, and over 546 pixels.
  {
    Threads pool(2);
    const TileErrors wide = TileErrorCheck(13, 21, 256, 16, normals).run(pool);
    const TileErrors deep = TileErrorCheck(13, 21, 16, 256, normals).run(pool);
    const TileErrors large = TileErrorCheck(42, 13, 16, 16, normals).run(pool);
    printf(
        "error of tiles over that of direct sums: %.1f forward, %.1f input gradient, %.1f weight gradient\n",
        wide.forward, deep.input_gradient, large.weight_gradient);
    for (const double ratio : {wide.forward, deep.input_gradient, large.weight_gradient})
      if (!(ratio < 10)) exit(1);
  }
  // As large as what is streamed past the caches: narrow products' results, and what wide ones read
  {
    Threads pool(2);
    for (const bool of_activations : {false, true}) {
      check({1, 33, 32, 16, 512, 1, 1, of_activations, true, true}, pool), count++;
      check({1, 33, 32, 512, 16, 1, 1, of_activations, true, true}, pool), count++;
      check({1, 33, 32, 512, 512, 3, 1, of_activations, true, true}, pool), count++;
    }
  }
  printf("%d layers with vectors of %d, largest error %.1e\n", count, lanes, worst);
}
