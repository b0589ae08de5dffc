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
  static Vector multiply_add_floats(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }

  // `seen` in the lanes whose distance (that of lane 0 plus the lane) is 0 ... window - 1, `hidden` in the others.
  static Vector where_seen(int distance, int window, Vector seen, Vector hidden) {
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i distances = _mm512_add_epi32(lanes, _mm512_set1_epi32(distance));
    return _mm512_mask_mov_ps(hidden, _mm512_cmplt_epu32_mask(distances, _mm512_set1_epi32(window)), seen);
  }

  // 2^x for x in -126 ... 127 (smaller ones count as -126): `polynomial` gives 2^f for f in -0.5 ... 0.5.
  // Adding 1.5 * 2^23 rounds to an integer that then stands in the low bits, ready to be added to the exponent.
  template <class Polynomial>
  static Vector power_of_two(Vector x, Polynomial polynomial) {
    const Vector magic = broadcast(12582912.0f);
    x = max(x, broadcast(-126));
    const Vector rounded = add(x, magic);
    const Vector p = polynomial(sub(x, sub(rounded, magic)));
    const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(rounded), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), exponent));
  }

  // Degree 6 (Cephes, exp2f): relative error below 2e-7.
  static Vector exp2_exact(Vector x) {
    return power_of_two(x, [](Vector f) {
      Vector p = broadcast(1.535336188319500e-4f);
      p = _mm512_fmadd_ps(p, f, broadcast(1.339887440266574e-3f));
      p = _mm512_fmadd_ps(p, f, broadcast(9.618437357674640e-3f));
      p = _mm512_fmadd_ps(p, f, broadcast(5.550332471162809e-2f));
      p = _mm512_fmadd_ps(p, f, broadcast(2.402264791363012e-1f));
      p = _mm512_fmadd_ps(p, f, broadcast(6.931472028550421e-1f));
      return _mm512_fmadd_ps(p, f, broadcast(1));
    });
  }

  // Degree 3: relative error 1e-4, a twentieth of what bfloat16 keeps.
  static Vector exp2_coarse(Vector x) {
    return power_of_two(x, [](Vector f) {
      Vector p = broadcast(0.05550411f);
      p = _mm512_fmadd_ps(p, f, broadcast(0.24022651f));
      p = _mm512_fmadd_ps(p, f, broadcast(0.69314718f));
      return _mm512_fmadd_ps(p, f, broadcast(1));
    });
  }
};

}  // namespace
}  // namespace tracktools
