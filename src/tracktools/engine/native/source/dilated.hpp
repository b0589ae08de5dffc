// The convolutional network: what the caller gives, and the table of functions that each instruction set offers.
//
// As in network.hpp, only plain structs and C functions here. Every number is summed in an order that depends on nothing
// but the network: not on where a stretch begins or ends. That is what makes answers the same bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>

#ifndef ALWAYS_INLINE  // so that no file leaves a copy, in its own instructions, for others to call
#define ALWAYS_INLINE inline __attribute__((always_inline))
#endif

namespace tracktools {

constexpr int CHUNK = 64;    // channels whose states lie together at a position; the last chunk is filled with zeros
constexpr int N_LETTERS = 4;
constexpr int UNKNOWN = 4;   // code of a letter that is none of these: a quarter of each
constexpr int OUTSIDE = 5;   // code of what lies beyond the ends: nothing

// One network (a member of several); all widths are odd.
struct DilatedShape {
  int n_channels, stem_width, conv_width, n_layers;
  const int* dilations;  // [layer]: distance between the taps
  ALWAYS_INLINE int chunks() const { return (n_channels + CHUNK - 1) / CHUNK; }
  ALWAYS_INLINE int row() const { return chunks() * CHUNK; }
  ALWAYS_INLINE int64_t reach(int layer) const { return int64_t(dilations[layer]) * (conv_width / 2); }
};

// Its weights, as torch keeps them: out first.
//   stem [channel][letter][tap], stem_bias [channel]
//   conv [layer][channel out][channel in][tap], conv_bias [layer][channel]
//   mix [layer][channel out][channel in], mix_bias [layer][channel]
//   output [channel]: of the log-odds
struct DilatedWeights {
  const float *stem, *stem_bias, *conv, *conv_bias, *mix, *mix_bias, *output;
};

struct Stretch {  // positions begin ... end - 1
  int64_t begin, end;
};

// A base that is changed, and what that changes of all that the outputs first ... last - 1 need.
struct Change {
  int64_t place, first, last;
  const Stretch* spans;    // of the states behind the stem, then behind each layer: ascending, apart
  const int* n_spans;   // [n_layers + 1]
  float* log_odds;      // [letter][output]: with each letter in that place
};

// Changes that are made one at a time in one sequence, and taken back. Their outputs lie in first ... last - 1, their spans
// in what these outputs need.
struct Changes {
  uint8_t* codes;
  int64_t length, first, last;
  int64_t most_outputs;  // for which the scratch was made: last - first at most
  const Change* changes;
  size_t n_changes;
};

struct DilatedKernel {
  const char* name;
  size_t (*packed_bytes)(const DilatedShape&);
  void (*pack)(const DilatedShape&, const DilatedWeights&, void* packed);
  size_t (*scratch_bytes)(const DilatedShape&);  // of one thread; all zero before it is used first
  // Add what the network says of positions first ... last - 1 of a sequence of `length` codes to `log_odds`.
  void (*run)(const DilatedShape&, const void* packed, const uint8_t* codes, int64_t length, int64_t first, int64_t last,
              float* log_odds, void* scratch);
  size_t (*change_scratch_bytes)(const DilatedShape&, int64_t most_outputs);  // all zero before it is used first
  // Add what the network says of each change to its `log_odds`.
  void (*change)(const DilatedShape&, const void* packed, const Changes&, void* scratch);
};

// Those that the compiler could make: the build says so by TRACKTOOLS_GENERIC ...
extern const DilatedKernel dilated_generic, dilated_neon, dilated_avx2, dilated_avx512, dilated_avx512_bf16,
    dilated_amx_bf16, dilated_amx_bf16x3;

}  // namespace tracktools
