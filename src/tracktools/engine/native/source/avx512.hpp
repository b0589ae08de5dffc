// Vectors of 16 floats, for the kernels that are compiled for AVX-512.
#pragma once

#include <immintrin.h>

namespace tracktools {
namespace {

struct Avx512Floats {
  using Vector = __m512;
  static constexpr int LANES = 16;
  static constexpr int VECTORS = 4;  // 64 positions, a whole tile
  struct Session {};                 // nothing to set up

  static Vector load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, Vector v) { _mm512_storeu_ps(p, v); }
  static Vector broadcast(float x) { return _mm512_set1_ps(x); }
  static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector mul(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector div(Vector a, Vector b) { return _mm512_div_ps(a, b); }
  static Vector sqrt(Vector a) { return _mm512_sqrt_ps(a); }
  static Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  static Vector min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  static Vector multiply_add_floats(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }

  // `seen` in the lanes whose distance (that of lane 0 plus the lane) is 0 ... window - 1, `hidden` in the others.
  static Vector where_seen(int distance, int window, Vector seen, Vector hidden) {
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i distances = _mm512_add_epi32(lanes, _mm512_set1_epi32(distance));
    return _mm512_mask_mov_ps(hidden, _mm512_cmplt_epu32_mask(distances, _mm512_set1_epi32(window)), seen);
  }

  // 2^x: `polynomial` gives 2^f for f in -0.5 ... 0.5. What is too large becomes infinite, what is too small 0.
  template <class Polynomial>
  static Vector power_of_two(Vector x, Polynomial polynomial) {
    const Vector whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_scalef_ps(polynomial(sub(x, whole)), whole);
  }

  // Degree 5, minimax: relative error below 2.2e-7, most of it rounding.
  static Vector exp2_exact(Vector x) {
    return power_of_two(x, [](Vector f) {
      Vector p = broadcast(0x1.5c08e6p-10f);
      p = _mm512_fmadd_ps(p, f, broadcast(0x1.3d0c52p-7f));
      p = _mm512_fmadd_ps(p, f, broadcast(0x1.c6b6e4p-5f));
      p = _mm512_fmadd_ps(p, f, broadcast(0x1.ebf918p-3f));
      p = _mm512_fmadd_ps(p, f, broadcast(0x1.62e428p-1f));
      return _mm512_fmadd_ps(p, f, broadcast(0x1.000002p+0f));
    });
  }

  // Degree 3, minimax: relative error 7.5e-5, a twenty-fifth of what bfloat16 keeps.
  static Vector exp2_coarse(Vector x) {
    return power_of_two(x, [](Vector f) {
      Vector p = broadcast(0x1.c3f760p-5f);
      p = _mm512_fmadd_ps(p, f, broadcast(0x1.f0de1ap-3f));
      p = _mm512_fmadd_ps(p, f, broadcast(0x1.62f31ap-1f));
      return _mm512_fmadd_ps(p, f, broadcast(0x1.fff692p-1f));
    });
  }
};

}  // namespace
}  // namespace tracktools
