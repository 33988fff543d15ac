// Dense 3 x 3 convolutions by Winograd's tiles: tiles of the map are transformed block by block into 36 matrices, each is
// multiplied with its own of the filter's, and the products are transformed back.
#pragma once
#include "neighbours.h"
#include "transforms.h"

namespace detnas {

// A map as tiles, row by row of each image; those at its right and lower edges reach over them.
struct Tiles {
  int64_t height, width, rows, columns, count;
  explicit Tiles(const Pass& pass)
      : height(pass.height),
        width(pass.width),
        rows((height + tile_side - 1) / tile_side),
        columns((width + tile_side - 1) / tile_side),
        count(pass.images * rows * columns) {}

  // Where a tile begins: its pixel, and that pixel's row and column.
  struct Corner {
    int64_t pixel, y, x;
  };
  Corner corner(int64_t tile) const {
    const int64_t x = tile % columns * tile_side, y = tile / columns % rows * tile_side;
    return {(tile / (rows * columns) * height + y) * width + x, y, x};
  }

  // Calls body(first, count) for each run of pixels in tiles [begin, end).
  template <typename Body>
  void runs(int64_t begin, int64_t end, const Body& body) const {
    for (int64_t tile = begin; tile < end;) {
      const int64_t beside = std::min(end - tile, columns - tile % columns);
      const Corner at = corner(tile);
      const int64_t length = std::min(beside * tile_side, width - at.x);
      for (int64_t dy = 0; dy < std::min<int64_t>(tile_side, height - at.y); dy++)
        body(at.pixel + dy * width, length);
      tile += beside;
    }
  }

  // One vector of channels of a square of pixels from (dy, dx) off a tile's corner; zeros outside of the map.
  template <int Side, typename Source>
  void load_square(const Corner& at, int64_t offset, int64_t c, const Source& source, Vec* to) const {
    const int64_t top = at.y + offset, left = at.x + offset, first = at.pixel + offset * width + offset;
    if (top >= 0 && left >= 0 && top + Side <= height && left + Side <= width) {
      for (int y = 0; y < Side; y++)
#pragma GCC unroll 8
        for (int x = 0; x < Side; x++) to[y * Side + x] = source(first + y * width + x, c);
      return;
    }
    for (int64_t y = 0; y < Side; y++)
      for (int64_t x = 0; x < Side; x++) {
        const bool is_inside = top + y >= 0 && top + y < height && left + x >= 0 && left + x < width;
        to[y * Side + x] = is_inside ? source(first + y * width + x, c) : Vec{};
      }
  }
};

// Values at the points of some tiles: a matrix [tiles, channels] a position. Matrices lie a vector further apart than they
// need to, as distances of whole pages would fall into the same few sets of a cache.
class Points {
 public:
  // Not initialised.
  Points(int64_t tiles, int64_t channels)
      : channels_(channels), distance_(tiles * channels + lanes), values_(positions * distance_) {}
  float* at(int position) { return values_.data() + position * distance_; }
  int64_t channels() const { return channels_; }

  void put(int64_t tile, int64_t c, const Vec* values) {
    float* to = values_.data() + tile * channels_ + c;
    for (int p = 0; p < positions; p++) store(to + p * distance_, values[p]);
  }
  void get(int64_t tile, int64_t c, Vec* values) const {
    const float* from = values_.data() + tile * channels_ + c;
    for (int p = 0; p < positions; p++) values[p] = load(from + p * distance_);
  }

 private:
  int64_t channels_, distance_;
  Buffer values_;
};

// Patches around tiles [begin, end) at the points, to rows 0 on.
template <typename Source>
static inline void patches_to_points(const Tiles& tiles, int64_t begin, int64_t end, const Source& source,
                                     int64_t row, Points& to) {
  for (int64_t tile = begin; tile < end; tile++, row++) {
    const Tiles::Corner at = tiles.corner(tile);
    for (int64_t c = 0; c < to.channels(); c += lanes) {
      Vec patch[positions], points[positions];
      tiles.load_square<patch_side>(at, -1, c, source, patch);
      transform<ToPoints>(patch, points);
      to.put(row, c, points);
    }
  }
}

// Tiles [begin, end) of the output's gradient at the points.
template <typename Gradient>
static inline void tiles_to_points(const Tiles& tiles, int64_t begin, int64_t end, const Gradient& gradient,
                                   int64_t row, Points& to) {
  for (int64_t tile = begin; tile < end; tile++, row++) {
    const Tiles::Corner at = tiles.corner(tile);
    for (int64_t c = 0; c < to.channels(); c += lanes) {
      Vec square[tile_side * tile_side], points[positions];
      tiles.load_square<tile_side>(at, 0, c, gradient, square);
      transform<TileToPoints>(square, points);
      to.put(row, c, points);
    }
  }
}

// A panel of a filter's outputs at the points, packed for products: a matrix [inputs, width] a position.
class FilterPanel {
 public:
  explicit FilterPanel(int64_t rows) : rows_(rows), values_(positions * (rows * panel + lanes)) {}
  int64_t rows() const { return rows_; }
  int64_t width() const { return width_; }
  const float* at(int position) const { return values_.data() + position * distance(); }

  // Takes the outputs from `first` on.
  void pack(const TapWeights& filter, int64_t first) {
    width_ = std::min<int64_t>(panel, padded(filter.outputs) - first);
    for (int64_t row = 0; row < rows_; row++) {
      for (int64_t c = 0; c < width_; c += lanes) {
        const int left = static_cast<int>(std::min<int64_t>(lanes, filter.outputs - first - c));
        Vec weights[taps], points[positions];
        for (int t = 0; t < taps; t++) weights[t] = load_first(filter.at(t, row) + first + c, left);
        transform<FilterToPoints>(weights, points);
        float* to = values_.data() + row * width_ + c;
        for (int p = 0; p < positions; p++) store(to + p * distance(), points[p]);
      }
    }
  }

 private:
  int64_t distance() const { return rows_ * width_ + lanes; }  // a vector more, as between points

  int64_t rows_, width_ = 0;
  Buffer values_;
};

// Floats of a block's points, about what the second cache holds beside the filter's matrices that pass by.
constexpr int64_t block_floats = 216 * 1024;
static inline int64_t tiles_a_block(int64_t channels) {
  const int64_t kernels = block_floats / (positions * channels * kernel_rows);
  return std::max<int64_t>(1, kernels) * kernel_rows;
}

// Multiplies `count` tiles' points with a panel of the filter.
static inline void multiply(Points& patches, int64_t count, const FilterPanel& filter, Points& products) {
  const int64_t rows = filter.rows();
  const auto kernels = filter.width() == panel ? product_rows<kernel_rows, 2, ProductRows>
                                               : product_rows<kernel_rows, 1, ProductRows>;
  Ahead none;
  for (int p = 0; p < positions; p++)
    kernels(0, count, patches.at(p), rows, filter.at(p), rows, 0, {products.at(p), panel}, none);
}

// Writes `width` channels from `first` on of the outputs of tiles [begin, end), as far as they lie in the map.
template <typename Sink>
static inline void tiles_from_points(const Tiles& tiles, int64_t begin, int64_t end, const Points& products,
                                     int64_t first, int64_t width, const Sink& sink) {
  for (int64_t tile = begin; tile < end; tile++) {
    const Tiles::Corner at = tiles.corner(tile);
    const int64_t height = std::min<int64_t>(tile_side, tiles.height - at.y);
    const int64_t across = std::min<int64_t>(tile_side, tiles.width - at.x);
    for (int64_t c = 0; c < width; c += lanes) {
      Vec points[positions], square[tile_side * tile_side];
      products.get(tile - begin, c, points);
      transform<FromPoints>(points, square);
      for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < across; x++)
          sink(at.pixel + y * tiles.width + x, first + c, square[y * tile_side + x]);
    }
  }
}

// A filter's panels, which threads share to pack them.
static inline std::vector<FilterPanel> packed_panels(const TapWeights& filter, Threads& threads) {
  std::vector<FilterPanel> panels;
  for (int64_t first = 0; first < filter.outputs; first += panel) panels.emplace_back(filter.inputs);
  threads.run([&](int thread) {
    const Range own(panels.size(), thread, threads.count());
    for (int64_t i = own.begin; i < own.end; i++) panels[i].pack(filter, i * panel);
  });
  return panels;
}

// Convolves what `source` gives into `sink`: threads share the tiles.
template <typename Source, typename Sink, typename Finish>
static inline void convolve_many_tiles(const Tiles& tiles, int64_t block,
                                       const std::vector<FilterPanel>& panels, const Source& source,
                                       const Sink& sink, const Finish& finish, Threads& threads) {
  threads.run([&](int thread) {
    const Range own(tiles.count, thread, threads.count());
    Points patches(block, panels[0].rows()), products(block, panel);
    for (int64_t begin = own.begin; begin < own.end; begin += block) {
      const int64_t count = std::min(block, own.end - begin);
      patches_to_points(tiles, begin, begin + count, source, 0, patches);
      for (size_t i = 0; i < panels.size(); i++) {
        multiply(patches, count, panels[i], products);
        tiles_from_points(tiles, begin, begin + count, products, i * panel, panels[i].width(), sink);
      }
      tiles.runs(begin, begin + count, [&](int64_t first, int64_t n) { finish(thread, first, n); });
    }
  });
}

// The same for tiles that are one block: threads share the filter. `panel_at(thread, i)`: a thread's own, which then never
// leave the second cache, or those that are packed already.
template <typename PanelAt, typename Source, typename Sink, typename Finish>
static inline void convolve_few_tiles(const Tiles& tiles, const TapWeights& filter, const PanelAt& panel_at,
                                      const Source& source, const Sink& sink, const Finish& finish,
                                      Threads& threads) {
  const int64_t panels = (filter.outputs + panel - 1) / panel;
  Points patches(tiles.count, filter.inputs);
  threads.run([&](int thread) {
    const Range own(tiles.count, thread, threads.count());
    patches_to_points(tiles, own.begin, own.end, source, own.begin, patches);
  });
  threads.run([&](int thread) {
    const Range own(panels, thread, threads.count());
    Points products(tiles.count, panel);
    for (int64_t i = own.begin; i < own.end; i++) {
      const FilterPanel& weights = panel_at(thread, i);
      multiply(patches, tiles.count, weights, products);
      tiles_from_points(tiles, 0, tiles.count, products, i * panel, weights.width(), sink);
    }
  });
  threads.run([&](int thread) {
    const Range own(tiles.count, thread, threads.count());
    tiles.runs(own.begin, own.end, [&](int64_t first, int64_t n) { finish(thread, first, n); });
  });
}

// A dense layer's filter: its taps, and as products and tiles take it, each made when it is first asked for.
struct DenseFilter {
  TapWeights weights;
  std::unique_ptr<PackedWeight> product;
  std::vector<FilterPanel> panels;

  explicit DenseFilter(TapWeights taps) : weights(std::move(taps)) {}
  const PackedWeight& packed(Threads& threads) {
    if (product == nullptr)
      product = std::make_unique<PackedWeight>(weights.data(), taps * weights.inputs, weights.outputs, false,
                                               threads);
    return *product;
  }
  const std::vector<FilterPanel>& packed_for_tiles(Threads& threads) {
    if (panels.empty()) panels = packed_panels(weights, threads);
    return panels;
  }
};

inline PreparedWeight::PreparedWeight() = default;
inline PreparedWeight::~PreparedWeight() = default;

template <typename Source, typename Sink, typename Finish>
static inline void convolve_tiles(const Pass& pass, DenseFilter& filter, const Source& source,
                                  const Sink& sink, const Finish& finish, Threads& threads) {
  const Tiles tiles(pass);
  const TapWeights& weights = filter.weights;
  const int64_t block = tiles_a_block(weights.inputs);
  if (tiles.count > block) {
    const std::vector<FilterPanel>& panels = filter.packed_for_tiles(threads);
    return convolve_many_tiles(tiles, block, panels, source, sink, finish, threads);
  }
  if (pass.prepared != nullptr) {
    const std::vector<FilterPanel>& panels = filter.packed_for_tiles(threads);
    const auto kept = [&](int, int64_t i) -> const FilterPanel& { return panels[i]; };
    return convolve_few_tiles(tiles, weights, kept, source, sink, finish, threads);
  }
  std::vector<FilterPanel> own;
  for (int i = 0; i < threads.count(); i++) own.emplace_back(weights.inputs);
  const auto packed = [&](int thread, int64_t i) -> const FilterPanel& {
    own[thread].pack(weights, i * panel);
    return own[thread];
  };
  convolve_few_tiles(tiles, weights, packed, source, sink, finish, threads);
}

// The filter's gradient from the points' sums, [inputs, outputs] each.
static inline void store_weight_gradient(const Pass& pass, const Points& sums, Threads& threads) {
  const int64_t tap = pass.inputs * pass.outputs;
  threads.run([&](int thread) {
    const Range range(pass.inputs, thread, threads.count());
    for (int64_t input = range.begin; input < range.end; input++) {
      for (int64_t c = 0; c < pass.outputs; c += lanes) {
        Vec points[positions], weights[taps];
        sums.get(input, c, points);
        transform<FilterFromPoints>(points, weights);
        const int n = static_cast<int>(std::min<int64_t>(lanes, pass.outputs - c));
        for (int t = 0; t < taps; t++) {
          float* to = pass.weight_gradient + t * tap + input * pass.outputs + c;
          store_first(to, n, pass.weight_gradient_adds != 0 ? load_first(to, n) + weights[t] : weights[t]);
        }
      }
    }
  });
}

// Tiles at a time whose outer products are added up, so many that the sums' way to and from memory counts little.
constexpr int64_t correlated_tiles = 192;

// The filter's gradient at the points: sums over tiles of what was read times the gradient; threads share the tiles to
// transform them, then the positions.
template <typename Source, typename Gradient>
static inline void correlate_tiles(const Pass& pass, const Source& source, const Gradient& gradient,
                                   Threads& threads) {
  const Tiles tiles(pass);
  const int64_t inputs = padded(pass.inputs), outputs = padded(pass.outputs);
  const int64_t block = std::min(correlated_tiles, tiles.count);
  Points patches(block, inputs), gradients(block, outputs), sums(inputs, outputs);
  for (int p = 0; p < positions; p++) memset(sums.at(p), 0, sizeof(float) * inputs * outputs);
  for (int64_t begin = 0; begin < tiles.count; begin += block) {
    const int64_t count = std::min(block, tiles.count - begin);
    threads.run([&](int thread) {
      const Range own(count, thread, threads.count());
      patches_to_points(tiles, begin + own.begin, begin + own.end, source, own.begin, patches);
      tiles_to_points(tiles, begin + own.begin, begin + own.end, gradient, own.begin, gradients);
    });
    threads.run([&](int thread) {
      const Range own(positions, thread, threads.count());
      Ahead none;
      for (int64_t p = own.begin; p < own.end; p++)
        add_outer(count, inputs, patches.at(p), inputs, outputs, gradients.at(p), outputs, sums.at(p), none);
    });
  }
  store_weight_gradient(pass, sums, threads);
}

}  // namespace detnas
