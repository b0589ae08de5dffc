// The kernel with products of bfloat16 pairs (VDPBF16PS), sums in float32: twice the arithmetic, 8 bits of mantissa.
#include <immintrin.h>

#include "avx512.hpp"
#include "layer.hpp"

namespace tracktools {
namespace {

struct Avx512Bf16 : Avx512Floats {
  static constexpr int PER_WORD = 2;  // numbers in a 32-bit operand: the earlier one in the low half
  using Operand = __m512bh;

  static Operand load_operand(const Word* p) { return (__m512bh)_mm512_loadu_si512(p); }
  static Operand broadcast_operand(const Word* p) { return (__m512bh)_mm512_set1_epi32(int(*p)); }
  static Vector multiply_add(Operand a, Operand b, Vector c) { return _mm512_dpbf16_ps(c, a, b); }

  // 2^x as 2^round(x) times a polynomial of degree 3: relative error 1e-4, a twentieth of what bfloat16 keeps.
  static Vector exp2(Vector x) {
    return power_of_two(x, [](Vector f) {
      Vector p = broadcast(0.05550411f);
      p = _mm512_fmadd_ps(p, f, broadcast(0.24022651f));
      p = _mm512_fmadd_ps(p, f, broadcast(0.69314718f));
      return _mm512_fmadd_ps(p, f, broadcast(1));
    });
  }

  static __m512i pair(Vector low, Vector high) {  // to the nearest bfloat16 each
    const __m512i half = _mm512_set1_epi32(0x8000);
    const __m512i a = _mm512_add_epi32(_mm512_castps_si512(low), half), b = _mm512_add_epi32(_mm512_castps_si512(high), half);
    return _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(a, 16), b);
  }

  static Word word(const float* first, ptrdiff_t stride) {
    const Word* low = reinterpret_cast<const Word*>(first);
    const Word* high = reinterpret_cast<const Word*>(first + stride);
    return (*low + 0x8000) >> 16 | ((*high + 0x8000) & 0xFFFF0000);
  }

  static void store_rows(Word* to, const float* rows, ptrdiff_t stride, int n) {
    for (int i = 0; i < n; i++) to[i] = word(rows + i, stride);
  }

  template <int VECTORS>
  static void store_block(Word* to, ptrdiff_t stride, const Vector (&rows)[ROWS][VECTORS]) {
    for (int r = 0; r < ROWS; r += 2)
      for (int v = 0; v < VECTORS; v++) _mm512_storeu_si512(to + r / 2 * stride + v * LANES, pair(rows[r][v], rows[r + 1][v]));
  }

  static void store_narrow(Word* to, Vector v) { _mm256_storeu_si256((__m256i*)to, (__m256i)_mm512_cvtneps_pbh(v)); }
};

}  // namespace

const Kernel kernel_avx512_bf16 = Layer<Avx512Bf16>::kernel("avx512_bf16");

}  // namespace tracktools
