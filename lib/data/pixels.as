/**
 * Pixel loops in 128-bit SIMD, in AssemblyScript: bench/build_pixels.ts makes pixels.wasm of it. Sums are of
 * whole numbers, so every machine gives the same bytes. Pointers are byte offsets in the module's memory; pixels are
 * RGB, a byte each. Loads and stores may reach 32 bytes past a buffer, or one row past the last: the caller leaves room.
 */

/**
 * Weighted sums along rows: `[rows, widthPx, 3]` int16, 64 times the values.
 *
 * @param image The first row's first byte.
 * @param stride Bytes a row of the image.
 * @param first `[widthPx]` int32: the first source pixel's byte in a row.
 * @param weights `[widthPx, pairs, 2]` int16, of sum 16384.
 */
export function resampleRows(
  image: usize,
  stride: usize,
  first: usize,
  weights: usize,
  pairs: i32,
  widthPx: i32,
  rows: i32,
  out: usize,
): void {
  const zero = i8x16.splat(0);
  for (let y = 0; y < rows; y++, image += stride) {
    let weight = weights;
    for (let x = 0; x < widthPx; x++, out += 6) {
      let from = image + <usize>load<i32>(first + (<usize>x << 2));
      let sum = i32x4.splat(128);
      for (let k = 0; k < pairs; k++, from += 6, weight += 4) {
        // Bytes r0 g0 b0 r1 g1 b1 become int16 pairs (r0, r1), (g0, g1), (b0, b1).
        const two = v128.load64_zero(from);
        const paired = i8x16.shuffle(two, zero, 0, 16, 3, 16, 1, 16, 4, 16, 2, 16, 5, 16, 16, 16, 16, 16);
        sum = i32x4.add(sum, i32x4.dot_i16x8_s(paired, v128.load32_splat(weight)));
      }
      const values = i32x4.shr_s(sum, 8);
      v128.store64_lane(out, i16x8.narrow_i32x4_s(values, values), 0); // the next pixel overwrites the fourth value
    }
  }
}

/**
 * Weighted sums of rows: `[heightPx, count]` bytes, rounded to nearest.
 *
 * @param rows `[…, count]` int16, 64 times the values.
 * @param first `[heightPx]` int32: the first row.
 * @param weights `[heightPx, pairs, 2]` int16, of sum 16384.
 */
export function resampleColumns(
  rows: usize,
  first: usize,
  weights: usize,
  pairs: i32,
  count: i32,
  heightPx: i32,
  out: usize,
): void {
  const stride = <usize>count << 1;
  const half = i32x4.splat(1 << 19);
  for (let y = 0; y < heightPx; y++, weights += <usize>pairs << 2, out += <usize>count) {
    const top = rows + <usize>load<i32>(first + (<usize>y << 2)) * stride;
    for (let i = 0; i < count; i += 16) {
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let from = top + (<usize>i << 1);
      let weight = weights;
      for (let k = 0; k < pairs; k++, weight += 4) {
        const both = v128.load32_splat(weight);
        const upper = v128.load(from);
        const lower = v128.load(from + stride);
        const upperNext = v128.load(from, 16);
        const lowerNext = v128.load(from + stride, 16);
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shuffle(upper, lower, 0, 8, 1, 9, 2, 10, 3, 11), both));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.shuffle(upper, lower, 4, 12, 5, 13, 6, 14, 7, 15), both));
        c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.shuffle(upperNext, lowerNext, 0, 8, 1, 9, 2, 10, 3, 11), both));
        d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.shuffle(upperNext, lowerNext, 4, 12, 5, 13, 6, 14, 7, 15), both));
        from += stride << 1;
      }
      const first8 = i16x8.narrow_i32x4_s(i32x4.shr_s(a, 20), i32x4.shr_s(b, 20));
      const last8 = i16x8.narrow_i32x4_s(i32x4.shr_s(c, 20), i32x4.shr_s(d, 20));
      v128.store(out + <usize>i, i8x16.narrow_i16x8_u(first8, last8));
    }
  }
}

/** Blends each byte with a level: factor times it, and an addend; clipped and truncated. */
export function blendWithLevel(data: usize, count: i32, factor: f32, addend: f32): void {
  const share = f32x4.splat(factor);
  const level = f32x4.splat(addend);
  for (let i = 0; i < count; i += 16) {
    const bytes = v128.load(data + <usize>i);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    const a = blended(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)), share, level);
    const b = blended(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)), share, level);
    const c = blended(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)), share, level);
    const d = blended(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)), share, level);
    v128.store(data + <usize>i, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d)));
  }
}

/** The sum of all pixels' greys; the count is a multiple of 4. */
export function greySum(data: usize, pixels: i32): f64 {
  let sum = i32x4.splat(0); // a lane holds 8 million white pixels
  for (let i = 0; i < pixels; i += 4, data += 12) sum = i32x4.add(sum, grey(v128.load(data)));
  return (
    <f64>i32x4.extract_lane(sum, 0) + <f64>i32x4.extract_lane(sum, 1) +
    <f64>i32x4.extract_lane(sum, 2) + <f64>i32x4.extract_lane(sum, 3)
  );
}

/** Blends each pixel with its grey: factor times it, and 1 - factor times the grey. The count is a multiple of 4. */
export function blendWithGrey(data: usize, pixels: i32, factor: f32): void {
  const rest = f32x4.splat(<f32>1 - factor);
  const share = f32x4.splat(factor);
  for (let i = 0; i < pixels; i += 4, data += 12) {
    const four = v128.load(data);
    const level = f32x4.mul(rest, f32x4.convert_i32x4_s(grey(four)));
    const r = blended(red(four), share, level);
    const g = i32x4.shl(blended(green(four), share, level), 8);
    const b = i32x4.shl(blended(blue(four), share, level), 16);
    const all = v128.or(r, v128.or(g, b));
    const packed = i8x16.swizzle(all, i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 16, 16, 16));
    v128.store64_lane(data, packed, 0);
    v128.store32_lane(data, packed, 2, 8);
  }
}

@inline
function blended(value: v128, share: v128, level: v128): v128 {
  const sum = f32x4.add(f32x4.mul(share, value), level);
  return i32x4.trunc_sat_f32x4_s(f32x4.max(f32x4.min(sum, f32x4.splat(255)), f32x4.splat(0)));
}

/** Luma of ITU-R BT.601 of four pixels, truncated, as int32. */
@inline
function grey(four: v128): v128 {
  const r = f32x4.mul(f32x4.splat(0.2989), red(four));
  const g = f32x4.mul(f32x4.splat(0.587), green(four));
  const b = f32x4.mul(f32x4.splat(0.114), blue(four));
  return i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.add(r, g), b));
}

@inline
function red(four: v128): v128 {
  return f32x4.convert_i32x4_s(i8x16.swizzle(four, i8x16(0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16)));
}

@inline
function green(four: v128): v128 {
  return f32x4.convert_i32x4_s(i8x16.swizzle(four, i8x16(1, 16, 16, 16, 4, 16, 16, 16, 7, 16, 16, 16, 10, 16, 16, 16)));
}

@inline
function blue(four: v128): v128 {
  return f32x4.convert_i32x4_s(i8x16.swizzle(four, i8x16(2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16)));
}
