// The kernel in NEON, float32 throughout: Apple Silicon, Graviton, and every other 64-bit ARM processor.
#include <arm_neon.h>

#include "changed.hpp"

namespace tracktools {
namespace {

struct NeonFloats {
  using Vector = float32x4_t;
  using Operand = float32x4_t;
  static constexpr int LANES = 4;
  static constexpr int PER_WORD = 1, PARTS = 1;  // numbers in a 32-bit operand; operands that make up a number
  struct Session {};                             // nothing to set up

  static Vector load(const float* p) { return vld1q_f32(p); }
  static void store(float* p, Vector v) { vst1q_f32(p, v); }
  static Vector broadcast(float x) { return vdupq_n_f32(x); }
  static Vector add(Vector a, Vector b) { return vaddq_f32(a, b); }
  static Vector mul(Vector a, Vector b) { return vmulq_f32(a, b); }
  static Vector min(Vector a, Vector b) { return vminq_f32(a, b); }  // NaN if either is
  static Vector max(Vector a, Vector b) { return vmaxq_f32(a, b); }
  static Vector multiply_add_floats(Vector a, Vector b, Vector c) { return vfmaq_f32(c, a, b); }

  static Operand load_operand(const Word* p) { return load(reinterpret_cast<const float*>(p)); }
  static Operand broadcast_operand(const Word* p) { return vld1q_dup_f32(reinterpret_cast<const float*>(p)); }
  static Vector multiply_add(Operand a, Operand b, Vector c) { return vfmaq_f32(c, a, b); }
  static Word word(int, const float* first, ptrdiff_t) { return *reinterpret_cast<const Word*>(first); }
};

struct NeonPanels : NeonFloats, PanelsInRegisters<NeonPanels> {
  static constexpr int POSITIONS = 6, PANEL_VECTORS = 4, TILE_BLOCKS = 10;  // 24 sums, of 32 registers
  static constexpr const auto& PHI = PHI_EXACT;
};

}  // namespace

const DilatedKernel dilated_neon = Changed<NeonPanels>::kernel("neon");

}  // namespace tracktools
