// A branch of two dense layers and a pointwise one in inference, into some channels of a wider output.
#pragma once
#include <vector>

#include "../../../lib/fused/native/dense.h"
#include "check.h"

namespace detnas {

// A layer the plain way: [pixels, inputs] to [pixels, outputs].
static std::vector<double> plain_layer(const Pass& pass, const std::vector<double>& x) {
  const int64_t h = pass.height, w = pass.width, reach = pass.kernel / 2, wide = padded(pass.outputs);
  std::vector<double> y(pixels_out(pass) * pass.outputs);
  for (int64_t p = 0; p < pixels_out(pass); p++) {
    for (int64_t dy = -reach; dy <= reach; dy++)
      for (int64_t dx = -reach; dx <= reach; dx++) {
        const int64_t row = p / w % h + dy, column = p % w + dx;
        if (row < 0 || row >= h || column < 0 || column >= w) continue;
        const int64_t tap = (dy + reach) * pass.kernel + dx + reach;
        for (int64_t i = 0; i < pass.inputs; i++)
          for (int64_t o = 0; o < pass.outputs; o++)
            y[p * pass.outputs + o] += x[(p + dy * w + dx) * pass.inputs + i] *
                                       pass.weight[(tap * pass.inputs + i) * pass.outputs + o];
      }
    for (int64_t o = 0; o < pass.outputs; o++) {
      double& value = y[p * pass.outputs + o];
      value = (value - pass.norm[o]) * pass.norm[wide + o] + pass.norm[2 * wide + o];
      if (pass.relu != 0) value = std::max(0.0, value);
    }
  }
  return y;
}

static void check_dense_branch(int64_t n, int64_t h, int64_t w, Threads& threads) {
  const int64_t channels[] = {20, 11, 16, 5}, kernels[] = {3, 3, 1}, joined_channels = 9, first = 3;
  const std::vector<float> x = normals(n * h * w * channels[0]);
  std::vector<std::vector<float>> weights, norms;
  std::vector<Pass> layers(3);
  for (int i = 0; i < 3; i++) {
    weights.push_back(normals(kernels[i] * kernels[i] * channels[i] * channels[i + 1]));
    norms.push_back(filled(normals(3 * channels[i + 1]), channels[i + 1]));
  }
  std::vector<float> joined(n * h * w * joined_channels, 7);
  for (int i = 0; i < 3; i++) {
    Pass& layer = layers[i];
    layer.images = n, layer.height = layer.out_height = h, layer.width = layer.out_width = w;
    layer.kernel = kernels[i], layer.stride = 1, layer.view = kernels[i] == 1 ? whole : neighbours;
    layer.inputs = channels[i], layer.outputs = channels[i + 1], layer.relu = i < 2;
    layer.input = x.data(), layer.input_channels = channels[0];
    layer.weight = weights[i].data(), layer.norm = norms[i].data();
    layer.joined = joined.data(), layer.joined_channels = joined_channels, layer.joined_first = first;
  }
  std::vector<double> should(x.begin(), x.end());
  for (const Pass& layer : layers) should = plain_layer(layer, should);
  infer_by_layers(layers.data(), 3, threads);
  for (int64_t p = 0; p < n * h * w; p++)
    for (int64_t c = 0; c < joined_channels; c++) {
      const bool is_own = c >= first && c < first + channels[3];
      compare("inferred", joined[p * joined_channels + c], is_own ? should[p * channels[3] + c - first] : 7,
              300);
    }
}

}  // namespace detnas
