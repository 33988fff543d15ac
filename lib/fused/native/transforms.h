// Winograd's minimal filtering F(4 x 4, 3 x 3) (Lavin and Gray 2016), by the points 0, ±3/4, ±3/2 and infinity: 36 products
// make 16 outputs, which take 144 directly. Points this close to 1 in their powers keep the error near the direct sum's
// (Barabasz et al. 2018); their powers are exact. Each transform here is of one dimension, over vectors of channels.
#pragma once
#include "simd.h"

namespace detnas {

constexpr int tile_side = 4;                        // outputs
constexpr int patch_side = tile_side + 2;           // inputs
constexpr int positions = patch_side * patch_side;  // products

constexpr float a1 = 3.f / 4, a2 = a1 * a1, a3 = a2 * a1, b1 = 3.f / 2, b2 = b1 * b1, b3 = b2 * b1;

// A patch of the input to the points' products: B^T d.
struct ToPoints {
  static constexpr int from = patch_side, to = patch_side;
  static void apply(const Vec* d, int step, Vec* v, int v_step) {
    const Vec even_a = d[4 * step] - b2 * d[2 * step], odd_a = a1 * (d[3 * step] - b2 * d[step]);
    const Vec even_b = d[4 * step] - a2 * d[2 * step], odd_b = b1 * (d[3 * step] - a2 * d[step]);
    v[0] = a2 * b2 * d[0] - (a2 + b2) * d[2 * step] + d[4 * step];
    v[v_step] = even_a + odd_a, v[2 * v_step] = even_a - odd_a;
    v[3 * v_step] = even_b + odd_b, v[4 * v_step] = even_b - odd_b;
    v[5 * v_step] = a2 * b2 * d[step] - (a2 + b2) * d[3 * step] + d[5 * step];
  }
};

// Products at the points to a tile of the output: A^T m.
struct FromPoints {
  static constexpr int from = patch_side, to = tile_side;
  static void apply(const Vec* m, int step, Vec* y, int y_step) {
    const Vec even_a = m[step] + m[2 * step], odd_a = m[step] - m[2 * step];
    const Vec even_b = m[3 * step] + m[4 * step], odd_b = m[3 * step] - m[4 * step];
    y[0] = m[0] + even_a + even_b;
    y[y_step] = a1 * odd_a + b1 * odd_b;
    y[2 * y_step] = a2 * even_a + b2 * even_b;
    y[3 * y_step] = a3 * odd_a + b3 * odd_b + m[5 * step];
  }
};

// Its transpose, of a tile of the output's gradient: A y.
struct TileToPoints {
  static constexpr int from = tile_side, to = patch_side;
  static void apply(const Vec* y, int step, Vec* w, int w_step) {
    const Vec even_a = y[0] + a2 * y[2 * step], odd_a = a1 * y[step] + a3 * y[3 * step];
    const Vec even_b = y[0] + b2 * y[2 * step], odd_b = b1 * y[step] + b3 * y[3 * step];
    w[0] = y[0];
    w[w_step] = even_a + odd_a, w[2 * w_step] = even_a - odd_a;
    w[3 * w_step] = even_b + odd_b, w[4 * w_step] = even_b - odd_b;
    w[5 * w_step] = y[3 * step];
  }
};

// What divides a point's product: of the differences to the other points.
constexpr float at_zero = 1 / (a2 * b2), at_a = 1 / (2 * a2 * (a2 - b2)), at_b = 1 / (2 * b2 * (b2 - a2));

// Three weights to the points: G g.
struct FilterToPoints {
  static constexpr int from = 3, to = patch_side;
  static void apply(const Vec* g, int step, Vec* u, int u_step) {
    const Vec even_a = at_a * g[0] + at_a * a2 * g[2 * step], odd_a = at_a * a1 * g[step];
    const Vec even_b = at_b * g[0] + at_b * b2 * g[2 * step], odd_b = at_b * b1 * g[step];
    u[0] = at_zero * g[0];
    u[u_step] = even_a + odd_a, u[2 * u_step] = even_a - odd_a;
    u[3 * u_step] = even_b + odd_b, u[4 * u_step] = even_b - odd_b;
    u[5 * u_step] = g[2 * step];
  }
};

// Its transpose, to the weights' gradients: G^T u.
struct FilterFromPoints {
  static constexpr int from = patch_side, to = 3;
  static void apply(const Vec* u, int step, Vec* g, int g_step) {
    const Vec even_a = at_a * (u[step] + u[2 * step]), odd_a = at_a * (u[step] - u[2 * step]);
    const Vec even_b = at_b * (u[3 * step] + u[4 * step]), odd_b = at_b * (u[3 * step] - u[4 * step]);
    g[0] = at_zero * u[0] + even_a + even_b;
    g[g_step] = a1 * odd_a + b1 * odd_b;
    g[2 * g_step] = a2 * even_a + b2 * even_b + u[5 * step];
  }
};

// Down the columns, then along the rows: [from, from] to [to, to].
template <typename T>
static inline void transform(const Vec* from, Vec* to) {
  Vec half[T::to * T::from];
#pragma GCC unroll 8
  for (int x = 0; x < T::from; x++) T::apply(from + x, T::from, half + x, T::from);
#pragma GCC unroll 8
  for (int y = 0; y < T::to; y++) T::apply(half + y * T::from, 1, to + y * T::to, 1);
}

}  // namespace detnas
