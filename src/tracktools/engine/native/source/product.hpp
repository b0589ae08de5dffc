// The small product of matrices that all of a layer is made of.
#pragma once

#include "network.hpp"

namespace tracktools {
namespace {

#ifndef ALWAYS_INLINE
#define ALWAYS_INLINE inline __attribute__((always_inline))
#endif

#define PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define UNROLL(times) PRAGMA(clang loop unroll_count(times))
#else
#define UNROLL(times) PRAGMA(GCC unroll times)
#endif

// Operands of products are 32-bit words: one float, or (Isa::PER_WORD = 2) two bf16 that follow each other along the
// summed axis. With Isa::PARTS = 2 every operand is there twice, a part's distance apart: rounded, and what that left.
using Word = uint32_t;

// A product: N_ROWS x VECTORS, in registers if there are few.
//
//              vector 0   vector 1   vector 2   vector 3        b: a row of 64 positions
//     row 0   [ acc 00 ] [ acc 01 ] [ acc 02 ] [ acc 03 ]
//     row 1   [ acc 10 ] [ acc 11 ] [ acc 12 ] [ acc 13 ]       a: one number a row, for all lanes
//       ...
template <class Isa, int VECTORS, int N_ROWS = Isa::ROWS>
struct Block {
  typename Isa::Vector at[N_ROWS][VECTORS];
};

// How the factors of a product lie: a at [r * a_row + k * a_step], b at [k * b_step + v * lanes]; second parts further on.
struct Strides {
  ptrdiff_t a_row, a_step, a_part, b_step, b_part;
};
struct Pair {
  const Word *a, *b;
};

// A number for each row, added to all its positions.
template <class Isa, int VECTORS>
ALWAYS_INLINE void add_to_rows(Block<Isa, VECTORS>& acc, const float* numbers) {
  for (int r = 0; r < Isa::ROWS; r++)
    for (int v = 0; v < VECTORS; v++) acc.at[r][v] = Isa::add(acc.at[r][v], Isa::broadcast(numbers[r]));
}

template <class Isa, int VECTORS>
ALWAYS_INLINE void store(float* to, const Block<Isa, VECTORS>& acc) {
  for (int r = 0; r < Isa::ROWS; r++)
    for (int v = 0; v < VECTORS; v++) Isa::store(to + r * TILE + v * Isa::LANES, acc.at[r][v]);
}

// Products for instruction sets that make them in vector registers, from a row of b and single numbers of a.
template <class Isa>
struct InRegisters {
  static constexpr bool AHEAD = false;  // computing the next product before this one is used would need more registers

  // acc[r][v] = sum over pairs and k < n_words of a[r][k] * b[k][v]
  template <int VECTORS, int N_ROWS, class Pairs>
  static ALWAYS_INLINE void multiply(Block<Isa, VECTORS, N_ROWS>& acc, int n_pairs, Pairs pairs, const Strides& strides,
                                     int n_words) {
    acc = {};
    for (int i = 0; i < n_pairs; i++) accumulate(acc, pairs(i), strides, n_words);
  }

  // The same of one pair and Isa::ROWS rows, added to numbers in memory: to[r * TILE + v * lanes].
  template <int VECTORS>
  static ALWAYS_INLINE void add_product(float* to, Pair pair, const Strides& strides, int n_words) {
    Block<Isa, VECTORS> acc;
    for (int r = 0; r < Isa::ROWS; r++)
      for (int v = 0; v < VECTORS; v++) acc.at[r][v] = Isa::load(to + r * TILE + v * Isa::LANES);
    accumulate(acc, pair, strides, n_words);
    store(to, acc);
  }

 private:
  template <int VECTORS, int N_ROWS>
  static ALWAYS_INLINE void accumulate(Block<Isa, VECTORS, N_ROWS>& acc, Pair pair, const Strides& strides, int n_words) {
    static_assert(Isa::PARTS == 1, "one product for each pair");
    auto [a, b] = pair;
UNROLL(2)
    for (int k = 0; k < n_words; k++, a += strides.a_step, b += strides.b_step) {
      typename Isa::Operand row[VECTORS];
      for (int v = 0; v < VECTORS; v++) row[v] = Isa::load_operand(b + v * Isa::LANES);
      for (int r = 0; r < N_ROWS; r++) {
        const typename Isa::Operand factor = Isa::broadcast_operand(a + r * strides.a_row);
        for (int v = 0; v < VECTORS; v++) acc.at[r][v] = Isa::multiply_add(factor, row[v], acc.at[r][v]);
      }
    }
  }
};

}  // namespace
}  // namespace tracktools
