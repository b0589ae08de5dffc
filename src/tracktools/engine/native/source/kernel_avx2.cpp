// The kernel in AVX2 and FMA, float32 throughout.
#include <immintrin.h>

#include "changed.hpp"
#include "observe.hpp"

namespace tracktools {
namespace {

struct Avx2Floats {
  using Vector = __m256;
  using Operand = __m256;
  static constexpr int LANES = 8;
  static constexpr int PER_WORD = 1, PARTS = 1;  // numbers in a 32-bit operand; operands that make up a number
  struct Session {};                             // nothing to set up

  static Vector load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Vector v) { _mm256_storeu_ps(p, v); }
  static Vector broadcast(float x) { return _mm256_set1_ps(x); }
  static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector mul(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector div(Vector a, Vector b) { return _mm256_div_ps(a, b); }
  static Vector sqrt(Vector a) { return _mm256_sqrt_ps(a); }
  static Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  static Vector min(Vector a, Vector b) { return _mm256_min_ps(a, b); }
  static Vector multiply_add_floats(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }

  static Operand load_operand(const Word* p) { return load(reinterpret_cast<const float*>(p)); }
  static Operand broadcast_operand(const Word* p) { return _mm256_broadcast_ss(reinterpret_cast<const float*>(p)); }
  static Vector multiply_add(Operand a, Operand b, Vector c) { return _mm256_fmadd_ps(a, b, c); }

  static Word word(int, const float* first, ptrdiff_t) { return *reinterpret_cast<const Word*>(first); }
};

struct Avx2 : Avx2Floats, InRegisters<Avx2> {
  static constexpr int ROWS = 4, KEY_ROWS = ROWS, VECTORS = 2;  // 4 rows x 2 vectors = 8 accumulators, of 16 registers
  static constexpr int KEYS = STRIP;                            // that are left out together where they cannot be seen
  static constexpr bool BY_ROW = false;

  // `seen` in the lanes whose distance (that of lane 0 plus the lane) is 0 ... window - 1, `hidden` in the others.
  static Vector where_seen(int distance, int window, Vector seen, Vector hidden) {
    const __m256i lanes = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    const __m256i distances = _mm256_add_epi32(lanes, _mm256_set1_epi32(distance));
    const __m256i is_seen = _mm256_and_si256(_mm256_cmpgt_epi32(distances, _mm256_set1_epi32(-1)),
                                             _mm256_cmpgt_epi32(_mm256_set1_epi32(window), distances));
    return _mm256_blendv_ps(hidden, seen, _mm256_castsi256_ps(is_seen));
  }

  // 2^x for x in -126 ... 127, others count as these: 2^round(x) times a minimax polynomial of degree 5, relative error
  // below 2.2e-7. Adding 1.5 * 2^23 rounds to an integer that then stands in the low bits, ready to be added to the exponent.
  static Vector exp2(Vector x) {
    const Vector magic = broadcast(12582912.0f);
    x = _mm256_min_ps(broadcast(127), _mm256_max_ps(broadcast(-126), x));  // NaN stays: of two, the second is returned
    const Vector rounded = add(x, magic);
    const Vector f = sub(x, sub(rounded, magic));
    Vector p = broadcast(0x1.5c08e6p-10f);
    p = _mm256_fmadd_ps(p, f, broadcast(0x1.3d0c52p-7f));
    p = _mm256_fmadd_ps(p, f, broadcast(0x1.c6b6e4p-5f));
    p = _mm256_fmadd_ps(p, f, broadcast(0x1.ebf918p-3f));
    p = _mm256_fmadd_ps(p, f, broadcast(0x1.62e428p-1f));
    p = _mm256_fmadd_ps(p, f, broadcast(0x1.000002p+0f));
    const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(rounded), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
  }

  static void store_bins(int32_t* to, Vector weights, int shift, int first, int n_bins) {
    const __m256i shifted = _mm256_srl_epi32(_mm256_castps_si256(weights), _mm_cvtsi32_si128(shift));
    const __m256i bins = _mm256_max_epi32(_mm256_sub_epi32(shifted, _mm256_set1_epi32(first)), _mm256_setzero_si256());
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_min_epi32(bins, _mm256_set1_epi32(n_bins - 1)));
  }

  static void store_rows(Word* to, ptrdiff_t, const float* rows, ptrdiff_t, int n) {
    for (int i = 0; i < n; i++) to[i] = word(0, rows + i, 0);
  }

  template <int N_ROWS, int VECTORS>
  static void store_block(Word* to, ptrdiff_t stride, ptrdiff_t, const Vector (&rows)[N_ROWS][VECTORS]) {
    for (int r = 0; r < N_ROWS; r++)
      for (int v = 0; v < VECTORS; v++) store_narrow(to + r * stride + v * LANES, 0, rows[r][v]);
  }

  static void store_narrow(Word* to, ptrdiff_t, Vector v) { store(reinterpret_cast<float*>(to), v); }
};

struct Avx2Panels : Avx2Floats, PanelsInRegisters<Avx2Panels> {
  static constexpr int POSITIONS = 6, PANEL_VECTORS = 2, TILE_BLOCKS = 10;  // 12 sums, of 16 registers
  static constexpr const auto& PHI = PHI_EXACT;
};

}  // namespace

const Kernel kernel_avx2 = Observer<Avx2>::kernel("avx2");
const DilatedKernel dilated_avx2 = Changed<Avx2Panels>::kernel("avx2");

}  // namespace tracktools
