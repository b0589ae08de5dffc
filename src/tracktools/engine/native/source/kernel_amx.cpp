// The kernels with products on AMX tiles: bfloat16, or bfloat16 in two parts ("bf16x3": three products for one).
//
// A product C [16 rows][16 positions] += A [16 rows][32 summed] B [32 summed][16 positions] is one instruction. The
// operands lie in memory as it wants them: A by row, B by pairs. Of the eight tile registers:
//
//                    B, 16 positions   16 more
//                         [ 6 ]         [ 7 ]          32 summed each
//   A, 16 rows  [ 4 ]     [ 0 ]         [ 1 ]
//      16 more  [ 5 ]     [ 2 ]         [ 3 ]  C       a product has 16 or 32 rows, and 16 or 32 positions
#include <immintrin.h>

#include "bf16.hpp"
#include "changed.hpp"

namespace tracktools {
namespace {

constexpr int TILE_ROWS = 16, TILE_WORDS = 16;

// Compilers do not know what tile instructions read and write: let all stores to memory be done.
inline void finish_writing(const void* p) { asm volatile("" ::"r"(p) : "memory"); }

#define ZERO_TILE(tile) _tile_zero(tile)
#define LOAD_TILE(tile, from, stride) _tile_loadd(tile, from, (stride) * sizeof(Word))
#define STORE_TILE(tile, to, stride) _tile_stored(tile, to, (stride) * sizeof(Word))
#define DOT_TILES(c, a, b) _tile_dpbf16ps(c, a, b)

struct TileSession {  // all eight tiles: 16 rows of 64 bytes
  TileSession() {
    struct alignas(64) {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {};
      uint8_t rows[16] = {};
    } config;
    for (int tile = 0; tile < 8; tile++) config.row_bytes[tile] = TILE_WORDS * sizeof(Word), config.rows[tile] = TILE_ROWS;
    finish_writing(&config);
    _tile_loadconfig(&config);
  }
  ~TileSession() { _tile_release(); }
};

// For each C that there is of a product of BLOCKS x 16 rows and VECTORS x 16 positions. The number of a tile must be a
// literal, which templates cannot give.
#define FOR_C(DO, at, stride)                                                                \
  do {                                                                                       \
    DO(0, at, stride);                                                                       \
    if constexpr (VECTORS == 2) DO(1, (at) + TILE_WORDS, stride);                            \
    if constexpr (BLOCKS == 2) DO(2, (at) + TILE_ROWS * (stride), stride);                   \
    if constexpr (BLOCKS == 2 && VECTORS == 2) DO(3, (at) + TILE_ROWS * (stride) + TILE_WORDS, stride); \
  } while (0)

#define CLEAR(c, at, stride) ZERO_TILE(c)

#define LOAD_A(a, stride)                                                  \
  do {                                                                     \
    LOAD_TILE(4, a, stride);                                               \
    if constexpr (BLOCKS == 2) LOAD_TILE(5, (a) + TILE_ROWS * (stride), stride); \
  } while (0)

#define LOAD_B(b, stride)                                             \
  do {                                                                \
    LOAD_TILE(6, b, stride);                                          \
    if constexpr (VECTORS == 2) LOAD_TILE(7, (b) + TILE_WORDS, stride); \
  } while (0)

#define ADD_PRODUCTS()                                          \
  do {                                                          \
    DOT_TILES(0, 4, 6);                                         \
    if constexpr (VECTORS == 2) DOT_TILES(1, 4, 7);             \
    if constexpr (BLOCKS == 2) DOT_TILES(2, 5, 6);              \
    if constexpr (BLOCKS == 2 && VECTORS == 2) DOT_TILES(3, 5, 7); \
  } while (0)

template <int N_PARTS>
struct Amx : Bf16Pairs<N_PARTS> {
  using Base = Bf16Pairs<N_PARTS>;
  using typename Base::Vector;
  using Base::LANES, Base::PARTS;
  using Session = TileSession;
  static constexpr int VECTORS = 2, ROWS = 2 * TILE_ROWS;  // all four C
  static constexpr int KEYS = 2 * TILE_WORDS;              // summed over in one instruction
  static constexpr bool BY_ROW = true;
  // A product is a while on its way from the tiles to memory: the scores of the next keys are made before these are used.
  // Both have 4 KB together, because a load waits for a store before it to the same place in any other 4 KB.
  static constexpr bool AHEAD = true;
  static constexpr int KEY_ROWS = TILE_ROWS;

  template <int VECTORS, int N_ROWS, class Pairs>
  static ALWAYS_INLINE void multiply(Block<Amx, VECTORS, N_ROWS>& acc, int n_pairs, Pairs pairs, const Strides& strides,
                                     int n_words) {
    constexpr int BLOCKS = N_ROWS / TILE_ROWS;
    Word* c = reinterpret_cast<Word*>(&acc);
    finish_writing(c);
    FOR_C(CLEAR, c, 0);
    for (int i = 0; i < n_pairs; i++) accumulate<VECTORS, BLOCKS>(pairs(i), strides, n_words);
    FOR_C(STORE_TILE, c, VECTORS * TILE_WORDS);
    finish_writing(c);
  }

  template <int VECTORS>
  static ALWAYS_INLINE void add_product(float* to, Pair pair, const Strides& strides, int n_words) {
    constexpr int BLOCKS = ROWS / TILE_ROWS;
    Word* c = reinterpret_cast<Word*>(to);
    finish_writing(c);
    FOR_C(LOAD_TILE, c, TILE);
    accumulate<VECTORS, BLOCKS>(pair, strides, n_words);
    FOR_C(STORE_TILE, c, TILE);
    finish_writing(c);
  }

  template <int VECTORS, int BLOCKS>
  static ALWAYS_INLINE void accumulate(Pair pair, const Strides& strides, int n_words) {
    auto [a, b] = pair;
    for (int k = 0; k < n_words; k += TILE_WORDS, a += TILE_WORDS, b += TILE_WORDS * strides.b_step) {
      LOAD_A(a, strides.a_row);
      if constexpr (PARTS == 2) {
        LOAD_B(b + strides.b_part, strides.b_step);
        ADD_PRODUCTS();
        LOAD_B(b, strides.b_step);
        ADD_PRODUCTS();
        LOAD_A(a + strides.a_part, strides.a_row);
        ADD_PRODUCTS();
      } else {
        LOAD_B(b, strides.b_step);
        ADD_PRODUCTS();
      }
    }
  }

  // Columns of 16 words, `stride` apart, to rows of 16 words.
  static void transpose(const Word* from, ptrdiff_t stride, Word* to) {
    const __m512i rows = _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                                            _mm512_set1_epi32(int(stride)));
    for (int i = 0; i < TILE_WORDS; i++)
      _mm512_storeu_si512(to + i * TILE_WORDS, _mm512_i32gather_epi32(rows, from + i, sizeof(Word)));
  }
};

// The convolutional network's products: 32 positions, whose rows of states are A as they lie, and 32 channels.
template <int N_PARTS>
struct AmxPanels : Bf16Pairs<N_PARTS> {
  using Base = Bf16Pairs<N_PARTS>;
  using typename Base::Vector;
  using Base::PARTS, Base::PER_WORD;
  using Session = TileSession;
  static constexpr int POSITIONS = 2 * TILE_ROWS, LEAST_POSITIONS = TILE_ROWS, PANEL_VECTORS = 2, TILE_BLOCKS = 2;
  static constexpr int WORD_STEP = TILE_WORDS;
  static constexpr const auto& PHI = [] () -> const auto& {
    if constexpr (N_PARTS == 1) return PHI_COARSE;
    else return PHI_EXACT;
  }();

  template <int ROWS, int VECTORS>
  static ALWAYS_INLINE void multiply(Vector (&acc)[ROWS][VECTORS], const Word* x, const Reach& reach, const Word* w) {
    constexpr int BLOCKS = ROWS / TILE_ROWS, STRIDE = CHUNK / PER_WORD, PANEL = VECTORS * TILE_WORDS;
    Word* c = reinterpret_cast<Word*>(&acc);
    finish_writing(c);
    FOR_C(LOAD_TILE, c, PANEL);
    for (int tap = 0; tap < reach.n_taps; tap++)
      for (int chunk = 0; chunk < reach.n_chunks; chunk++) {
        const Word* a = x + tap * reach.tap + chunk * reach.chunk;
        const int n_words = chunk + 1 < reach.n_chunks ? STRIDE : reach.last_words;
        for (int k = 0; k < n_words; k += TILE_WORDS, a += TILE_WORDS, w += TILE_WORDS * PANEL) {
          if constexpr (PARTS == 2) {
            LOAD_A(a, STRIDE);
            LOAD_B(w + reach.weights_part, PANEL);
            ADD_PRODUCTS();
            LOAD_B(w, PANEL);
            ADD_PRODUCTS();
            LOAD_A(a + reach.part, STRIDE);
            ADD_PRODUCTS();
          } else {
            LOAD_A(a, STRIDE);
            LOAD_B(w, PANEL);
            ADD_PRODUCTS();
          }
        }
      }
    FOR_C(STORE_TILE, c, PANEL);
    finish_writing(c);
  }
};

}  // namespace

const DilatedKernel dilated_amx_bf16 = Changed<AmxPanels<1>>::kernel("amx_bf16");
const DilatedKernel dilated_amx_bf16x3 = Changed<AmxPanels<2>>::kernel("amx_bf16x3");

const Kernel kernel_amx_bf16 = Layer<Amx<1>>::kernel("amx_bf16");
const Kernel kernel_amx_bf16x3 = Layer<Amx<2>>::kernel("amx_bf16x3");

}  // namespace tracktools
