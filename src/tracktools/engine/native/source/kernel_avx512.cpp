// The kernel in AVX-512, float32 throughout.
#include <immintrin.h>

#include "avx512.hpp"
#include "layer.hpp"

namespace tracktools {
namespace {

struct Avx512 : Avx512Floats {
  static constexpr int PER_WORD = 1;  // numbers in a 32-bit operand
  using Operand = __m512;

  static Operand load_operand(const Word* p) { return _mm512_loadu_ps(p); }
  static Operand broadcast_operand(const Word* p) { return _mm512_set1_ps(*reinterpret_cast<const float*>(p)); }
  static Vector multiply_add(Operand a, Operand b, Vector c) { return _mm512_fmadd_ps(a, b, c); }

  // 2^x as 2^round(x) times a polynomial of degree 6 (Cephes, exp2f): relative error below 2e-7.
  static Vector exp2(Vector x) {
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

  static Word word(const float* first, ptrdiff_t) { return *reinterpret_cast<const Word*>(first); }

  static void store_rows(Word* to, const float* rows, ptrdiff_t, int n) {
    for (int i = 0; i < n; i++) to[i] = word(rows + i, 0);
  }

  template <int VECTORS>
  static void store_block(Word* to, ptrdiff_t stride, const Vector (&rows)[ROWS][VECTORS]) {
    for (int r = 0; r < ROWS; r++)
      for (int v = 0; v < VECTORS; v++) _mm512_storeu_ps(to + r * stride + v * LANES, rows[r][v]);
  }

  static void store_narrow(Word* to, Vector v) { _mm512_storeu_ps(to, v); }
};

}  // namespace

const Kernel kernel_avx512 = Layer<Avx512>::kernel("avx512");

}  // namespace tracktools
