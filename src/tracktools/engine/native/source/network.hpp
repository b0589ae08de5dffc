// What the parts of the library share: shapes, layouts, and the table of functions that each instruction set offers.
//
// Only plain structs and C functions here. The files kernel_*.cpp are each compiled for one instruction set; a standard
// library template used in them could be the copy that the linker keeps for everyone, and would crash older processors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tracktools {

constexpr int TILE = 64;      // positions (queries, or keys) that are treated together
constexpr int STRIP = 16;     // granularity at which queries and keys that cannot see each other are left out
constexpr int STRIPS = TILE / STRIP;
constexpr int CHANNELS = 32;  // of a hidden state, a query, a key, a value; fewer are padded with zeros
constexpr int HALF = CHANNELS / 2;

struct Shape {
  int n_heads;
  int n_channels;  // true width of a hidden state, for LayerNorm; at most CHANNELS
  int conv_width;  // odd; at most 2 * TILE + 1
  int window;      // a base sees itself and window - 1 upstream
  int blocks() const { return (window - 1 + TILE - 1) / TILE + 1; }  // of keys that a tile of queries can see
};

// One layer as the caller gives it: float arrays, one after the other, all padded to CHANNELS.
//   projections [head][q, k, v][tap][channel in][channel out]
//   query_bias  [head][channel]
//   relative    [head][channel of q][channel of u]      u = relative^T (q without bias) + position_bias; sines, cosines
//   position_bias [head][channel of u]
//   out_bias, norm_weight, norm_bias [channel]
struct LayerWeights {
  const float *projections, *query_bias, *relative, *position_bias, *out_bias, *norm_weight, *norm_bias;
};

// Tiles first_tile ... first_tile + n_tiles - 1 hold `length` bases of one window; nothing is seen beyond its ends.
struct Span {
  int64_t first_tile, n_tiles, length;
};

// Hidden states of all tiles: [tile][CHANNELS][TILE], so that vector lanes run along the sequence.
constexpr int64_t STATE_FLOATS = int64_t(CHANNELS) * TILE;

// What of a layer's attention is wanted. Positions are counted over all tiles; distances stand the farthest first in
// sums, histograms and centres, the nearest first in weights.
struct Watch {
  const uint8_t* needed;   // [tile]: whether anything of it is
  int64_t n_rows;
  const int64_t* rows;     // positions whose weights are, ascending
  float* weights;          // [n_rows][head][window]
  const float* outputs;    // [position], NaN where it does not count; null: no sums
  const float* centres;    // [head][window]: near the mean weights
  const uint16_t* ranks;   // [position]
  int n_tracked;
  const int32_t* tracked;  // [head][n_tracked]: distances
  float* followed;         // [position][head][n_tracked]: their weights
  int bin_shift, first_bin, n_bins;  // bin of a weight: its bits shifted, less the first, at least 0 and below n_bins
  int rank_bits;           // of a cell of a histogram: count << rank_bits | sum of ranks
};

struct Kernel {
  const char* name;
  size_t (*packed_bytes)(const Shape&);                                     // of one layer
  void (*pack)(const Shape&, const LayerWeights&, void* packed);
  size_t (*table_bytes)(const Shape&);                                      // of the position tables
  void (*make_tables)(const Shape&, const float* key_table, const float* query_table, void* tables);
  size_t (*scratch_bytes)(const Shape&);                                    // of one thread
  // Next states y of tiles first ... last - 1 (counted within the window) from the states x of the layer before.
  void (*run)(const Shape&, const void* packed, const void* tables, const Span&, int64_t first, int64_t last,
              const float* x, float* y, void* scratch);
  // Attention of a layer from the states before it, sums [head][4][window] and histogram [head][window][bin] of one
  // thread; null for kernels whose operands are not floats.
  size_t (*observe_bytes)(const Shape&);
  void (*observe)(const Shape&, const void* packed, const void* tables, const Span&, int64_t first, int64_t last,
                  const float* x, const Watch&, double* sums, uint64_t* histogram, void* scratch);
};

// Those that the compiler could make: the build says so by TRACKTOOLS_AVX2 ...
extern const Kernel kernel_avx2, kernel_avx512, kernel_avx512_bf16, kernel_amx_bf16, kernel_amx_bf16x3;

}  // namespace tracktools
