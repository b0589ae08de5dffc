// The kernel in AVX-512, float32 throughout.
#include <immintrin.h>

#include "avx512.hpp"
#include "changed.hpp"
#include "observe.hpp"

namespace tracktools {
namespace {

struct Avx512Operands : Avx512Floats {
  static constexpr int PER_WORD = 1, PARTS = 1;  // numbers in a 32-bit operand; operands that make up a number
  using Operand = __m512;

  static Operand load_operand(const Word* p) { return _mm512_loadu_ps(p); }
  static Operand broadcast_operand(const Word* p) { return _mm512_set1_ps(*reinterpret_cast<const float*>(p)); }
  static Vector multiply_add(Operand a, Operand b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Word word(int, const float* first, ptrdiff_t) { return *reinterpret_cast<const Word*>(first); }
};

struct Avx512 : Avx512Operands, InRegisters<Avx512> {
  static constexpr int KEYS = STRIP;             // that are left out together where they cannot be seen
  static constexpr int ROWS = 4, KEY_ROWS = ROWS;  // 4 rows x 4 vectors = 16 accumulators, of 32 registers
  static constexpr bool BY_ROW = false;

  static Vector exp2(Vector x) { return exp2_exact(x); }

  static void store_bins(int32_t* to, Vector weights, int shift, int first, int n_bins) {
    const __m512i shifted = _mm512_srl_epi32(_mm512_castps_si512(weights), _mm_cvtsi32_si128(shift));
    const __m512i bins = _mm512_max_epi32(_mm512_sub_epi32(shifted, _mm512_set1_epi32(first)), _mm512_setzero_si512());
    _mm512_storeu_si512(to, _mm512_min_epi32(bins, _mm512_set1_epi32(n_bins - 1)));
  }

  static void store_rows(Word* to, ptrdiff_t, const float* rows, ptrdiff_t, int n) {
    for (int i = 0; i < n; i++) to[i] = word(0, rows + i, 0);
  }

  template <int N_ROWS, int VECTORS>
  static void store_block(Word* to, ptrdiff_t stride, ptrdiff_t, const Vector (&rows)[N_ROWS][VECTORS]) {
    for (int r = 0; r < N_ROWS; r++)
      for (int v = 0; v < VECTORS; v++) _mm512_storeu_ps(to + r * stride + v * LANES, rows[r][v]);
  }

  static void store_narrow(Word* to, ptrdiff_t, Vector v) { _mm512_storeu_ps(to, v); }
};

struct Avx512Panels : Avx512Operands, PanelsInRegisters<Avx512Panels> {
  static constexpr int POSITIONS = 13, PANEL_VECTORS = 2, TILE_BLOCKS = 5;  // 26 sums, of 32 registers
  static constexpr const auto& PHI = PHI_EXACT;
};

}  // namespace

const Kernel kernel_avx512 = Observer<Avx512>::kernel("avx512");
const DilatedKernel dilated_avx512 = Changed<Avx512Panels>::kernel("avx512");

}  // namespace tracktools
