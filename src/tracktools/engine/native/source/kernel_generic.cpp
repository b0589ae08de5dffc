// The kernel for any processor, float32 throughout: vectors of four as GCC and Clang offer them everywhere.
#include "changed.hpp"

namespace tracktools {
namespace {

struct GenericFloats {
  typedef float Vector __attribute__((vector_size(16)));
  typedef float Unaligned __attribute__((vector_size(16), aligned(4)));
  typedef int32_t Mask __attribute__((vector_size(16)));
  using Operand = Vector;
  static constexpr int LANES = 4;
  static constexpr int PER_WORD = 1, PARTS = 1;  // numbers in a 32-bit operand; operands that make up a number
  struct Session {};                             // nothing to set up

  static Vector load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static void store(float* p, Vector v) { *reinterpret_cast<Unaligned*>(p) = v; }
  static Vector broadcast(float x) { return Vector{x, x, x, x}; }
  static Vector add(Vector a, Vector b) { return a + b; }
  static Vector mul(Vector a, Vector b) { return a * b; }
  static Vector choose(Mask mask, Vector a, Vector b) { return Vector((mask & Mask(a)) | (~mask & Mask(b))); }
  static Vector min(Vector a, Vector b) { return choose(a < b, a, b); }  // of two, the second if one is NaN
  static Vector max(Vector a, Vector b) { return choose(a > b, a, b); }
  static Vector multiply_add_floats(Vector a, Vector b, Vector c) { return a * b + c; }

  static Operand load_operand(const Word* p) { return load(reinterpret_cast<const float*>(p)); }
  static Operand broadcast_operand(const Word* p) { return broadcast(*reinterpret_cast<const float*>(p)); }
  static Vector multiply_add(Operand a, Operand b, Vector c) { return a * b + c; }
  static Word word(int, const float* first, ptrdiff_t) { return *reinterpret_cast<const Word*>(first); }
};

struct GenericPanels : GenericFloats, PanelsInRegisters<GenericPanels> {
  static constexpr int POSITIONS = 4, PANEL_VECTORS = 2, TILE_BLOCKS = 16;  // 8 sums: processors have 16 registers or more
  static constexpr const auto& PHI = PHI_EXACT;
};

}  // namespace

const DilatedKernel dilated_generic = Changed<GenericPanels>::kernel("generic");

}  // namespace tracktools
