// The kernel with products of bfloat16 pairs (VDPBF16PS), sums in float32: twice the arithmetic, 8 bits of mantissa.
#include <immintrin.h>

#include "bf16.hpp"
#include "changed.hpp"

namespace tracktools {
namespace {

struct Avx512Bf16Operands : Bf16Pairs<1> {
  using Operand = __m512bh;

  static Operand load_operand(const Word* p) { return (__m512bh)_mm512_loadu_si512(p); }
  static Operand broadcast_operand(const Word* p) { return (__m512bh)_mm512_set1_epi32(int(*p)); }
  static Vector multiply_add(Operand a, Operand b, Vector c) { return _mm512_dpbf16_ps(c, a, b); }
};

struct Avx512Bf16 : Avx512Bf16Operands, InRegisters<Avx512Bf16> {
  static constexpr int KEYS = STRIP;  // that are left out together where they cannot be seen
  static constexpr int ROWS = 4, KEY_ROWS = ROWS;  // 4 rows x 4 vectors = 16 accumulators, of 32 registers
  static constexpr bool BY_ROW = false;
};

struct Avx512Bf16Panels : Avx512Bf16Operands, PanelsInRegisters<Avx512Bf16Panels> {
  static constexpr int POSITIONS = 13, PANEL_VECTORS = 2, TILE_BLOCKS = 5;  // 26 sums, of 32 registers
  static constexpr const auto& PHI = PHI_COARSE;
};

}  // namespace

const Kernel kernel_avx512_bf16 = Layer<Avx512Bf16>::kernel("avx512_bf16");
const DilatedKernel dilated_avx512_bf16 = Changed<Avx512Bf16Panels>::kernel("avx512_bf16");

}  // namespace tracktools
