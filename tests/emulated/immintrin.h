// Instructions that a processor may lack, in plain code, so that all kernels run on any x86-64: in front of the compiler's
// own header of this name (-I). EMULATE_VECTORS: AVX-512, as SIMDe's functions under the names of the intrinsics; what
// SIMDe 0.7.4 lacks is below, written down from the "Operation" of each instruction in Intel's manual. EMULATE_TILES:
// the tiles of AMX, as loops of the same meaning.
#pragma once
#include_next <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef EMULATE_VECTORS
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

namespace emulated {

template <class T>
struct Lanes {
  T at[64 / sizeof(T)];
  static constexpr int N = 64 / sizeof(T);
  Lanes() = default;
  template <class Register>
  explicit Lanes(const Register& from) {
    static_assert(sizeof from == sizeof at, "a whole register");
    std::memcpy(at, &from, sizeof at);
  }
  template <class Register>
  Register as() const {
    Register to;
    static_assert(sizeof to == sizeof at, "a whole register");
    std::memcpy(&to, at, sizeof at);
    return to;
  }
};

inline simde__mmask16 less(simde__m512i a, simde__m512i b) {
  const Lanes<uint32_t> x(a), y(b);
  unsigned mask = 0;
  for (int i = 0; i < x.N; i++) mask |= unsigned(x.at[i] < y.at[i]) << i;
  return simde__mmask16(mask);
}

inline simde__m512i gather(simde__m512i places, const void* base, int scale) {
  const Lanes<int32_t> at(places);
  Lanes<int32_t> to;
  for (int i = 0; i < to.N; i++) std::memcpy(&to.at[i], static_cast<const char*>(base) + ptrdiff_t(at.at[i]) * scale, 4);
  return to.as<simde__m512i>();
}

inline simde__m256i lower_halves(simde__m512i words) {
  const Lanes<int32_t> from(words);
  int16_t halves[16];
  for (int i = 0; i < from.N; i++) halves[i] = int16_t(from.at[i]);
  simde__m256i to;
  std::memcpy(&to, halves, sizeof to);
  return to;
}

inline float of_bfloat16(uint32_t upper) {
  float x;
  std::memcpy(&x, &upper, sizeof x);
  return x;
}

template <class Pairs>
simde__m512 dot_pairs(simde__m512 sums, Pairs a, Pairs b) {
  Lanes<float> to(sums);
  const Lanes<uint32_t> x(a), y(b);
  for (int i = 0; i < to.N; i++) {
    to.at[i] += of_bfloat16(x.at[i] & 0xFFFF0000) * of_bfloat16(y.at[i] & 0xFFFF0000);
    to.at[i] += of_bfloat16(x.at[i] << 16) * of_bfloat16(y.at[i] << 16);
  }
  return to.as<simde__m512>();
}

}  // namespace emulated

#undef _mm512_cmplt_epu32_mask
#undef _mm512_i32gather_epi32
#undef _mm512_cvtepi32_epi16
#undef _mm512_dpbf16_ps
#define _mm512_cmplt_epu32_mask emulated::less
#define _mm512_i32gather_epi32 emulated::gather
#define _mm512_cvtepi32_epi16 emulated::lower_halves
#define _mm512_dpbf16_ps emulated::dot_pairs
#endif  // EMULATE_VECTORS

#ifdef EMULATE_TILES
namespace emulated {

constexpr int TILE_ROWS = 16, TILE_WORDS = 16;
inline thread_local uint32_t tiles[8][TILE_ROWS][TILE_WORDS];

inline float as_float(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

inline void zero_tile(int tile) { std::memset(tiles[tile], 0, sizeof tiles[tile]); }

inline void load_tile(int tile, const void* memory, size_t stride) {
  for (int row = 0; row < TILE_ROWS; row++)
    std::memcpy(tiles[tile][row], static_cast<const char*>(memory) + row * stride, sizeof tiles[tile][row]);
}

inline void store_tile(int tile, void* memory, size_t stride) {
  for (int row = 0; row < TILE_ROWS; row++)
    std::memcpy(static_cast<char*>(memory) + row * stride, tiles[tile][row], sizeof tiles[tile][row]);
}

inline void dot_tiles(int c, int a, int b) {
  for (int row = 0; row < TILE_ROWS; row++)
    for (int column = 0; column < TILE_WORDS; column++) {
      float sum = as_float(tiles[c][row][column]);
      for (int k = 0; k < TILE_WORDS; k++) {
        const uint32_t x = tiles[a][row][k], y = tiles[b][k][column];
        sum += as_float(x << 16) * as_float(y << 16) + as_float(x & 0xFFFF0000) * as_float(y & 0xFFFF0000);
      }
      std::memcpy(&tiles[c][row][column], &sum, sizeof sum);
    }
}

}  // namespace emulated

#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbf16ps
#undef _tile_loadconfig
#undef _tile_release
#define _tile_zero emulated::zero_tile
#define _tile_loadd emulated::load_tile
#define _tile_stored emulated::store_tile
#define _tile_dpbf16ps emulated::dot_tiles
#define _tile_loadconfig(config) ((void)(config))
#define _tile_release() ((void)0)
#endif  // EMULATE_TILES
