// Operands of bfloat16 pairs, for the kernels that multiply them: with AVX512-BF16 or with AMX tiles.
#pragma once

#include "avx512.hpp"
#include "dilated.hpp"
#include "layer.hpp"

namespace tracktools {
namespace {

// N_PARTS = 1: a number is its nearest bfloat16 (8 bits of mantissa). N_PARTS = 2: that, and the nearest bfloat16 of what
// it left (16 bits): products of both with each other, but for the two small ones, are nearly those of float32.
template <int N_PARTS>
struct Bf16Pairs : Avx512Floats {
  static constexpr int PER_WORD = 2, PARTS = N_PARTS;  // the earlier number in the low half of a word

  static Vector exp2(Vector x) { return PARTS == 1 ? exp2_coarse(x) : exp2_exact(x); }

  static Vector nearest(Vector x) {
    const __m512i rounded = _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
    return _mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32(int(0xFFFF0000))));
  }

  static __m512i pair(Vector low, Vector high) {  // of the nearest bfloat16
    const __m512i half = _mm512_set1_epi32(0x8000);
    const __m512i a = _mm512_add_epi32(_mm512_castps_si512(low), half);
    const __m512i b = _mm512_add_epi32(_mm512_castps_si512(high), half);
    return _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(a, 16), b);
  }

  static void store_pair(Word* to, ptrdiff_t part, Vector low, Vector high) {
    _mm512_storeu_si512(to, pair(low, high));
    if constexpr (PARTS == 2) _mm512_storeu_si512(to + part, pair(sub(low, nearest(low)), sub(high, nearest(high))));
  }

  // `which` part of the pair that stands at `first` and `stride` further on.
  static Word word(int which, const float* first, ptrdiff_t stride) {
    return half_word(which, *first) >> 16 | half_word(which, first[stride]);
  }

  static Word half_word(int which, float x) {
    Word bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    const Word rounded = (bits + 0x8000) & 0xFFFF0000;
    if (which == 0) return rounded;
    float near;
    __builtin_memcpy(&near, &rounded, sizeof near);
    return half_word(0, x - near);
  }

  // Two rows of floats, n positions (or up to a vector more), as one row of words.
  static void store_rows(Word* to, ptrdiff_t part, const float* rows, ptrdiff_t stride, int n) {
    for (int i = 0; i < n; i += LANES) store_pair(to + i, part, load(rows + i), load(rows + stride + i));
  }

  template <int N_ROWS, int VECTORS>
  static void store_block(Word* to, ptrdiff_t stride, ptrdiff_t part, const Vector (&rows)[N_ROWS][VECTORS]) {
    for (int r = 0; r < N_ROWS; r += 2)
      for (int v = 0; v < VECTORS; v++) store_pair(to + r / 2 * stride + v * LANES, part, rows[r][v], rows[r + 1][v]);
  }

  // A row of states as operands of the next product: neighbouring channels paired.
  static void store_operands(Word* to, ptrdiff_t part, const float* row) {
    for (int c = 0; c < CHUNK; c += LANES) store_narrow(to + c / PER_WORD, part, load(row + c));
  }

  // 16 positions of one row as 8 words.
  static void store_narrow(Word* to, ptrdiff_t part, Vector v) {
    const Vector near = nearest(v);
    narrow(to, near);
    if constexpr (PARTS == 2) narrow(to + part, nearest(sub(v, near)));
  }

  static void narrow(Word* to, Vector v) {  // the upper halves of 16 floats
    const __m512i upper = _mm512_srli_epi32(_mm512_castps_si512(v), 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(upper));
  }
};

}  // namespace
}  // namespace tracktools
