// One layer of the network, fused, for any instruction set: include it in a file that is compiled for that set.
//
// For a tile of 64 bases and one head (everything stands channel by channel, lanes run along the sequence):
//
//   x [32][64 + conv_width - 1] --conv--> q, k, v [32][64]     q --relative, rotation--> u^ [32][64]
//   scores [64 keys][64 queries] = [k | phi]^T [q | u^]        per block of 64 keys, a few keys at a time
//   weights = 2^(scores)                                       never leaves the L1 cache
//   attended [32][64 queries] += v [32][64 keys] weights       v is projected back already, so heads just add up
//
// All four products are the same small one, Isa::multiply: rows x (lanes along the sequence).
// Position is the dot product u^ . phi with a constant table phi (see `rotate` in transformer.py).
// Nothing here depends on where a tile stands, on its neighbours in memory or on threads: results are equal bit by bit.
#pragma once

#include "network.hpp"

namespace tracktools {
namespace {

// Operands of products are 32-bit words: one float, or (Isa::PER_WORD = 2) two bf16 that follow each other along the
// summed axis. With Isa::PARTS = 2 every operand is there twice, a part's distance apart: rounded, and what that left.
using Word = uint32_t;

// The accumulators of a product: Isa::ROWS x VECTORS, in registers if there are few.
//
//              vector 0   vector 1   vector 2   vector 3        b: a row of 64 positions
//     row 0   [ acc 00 ] [ acc 01 ] [ acc 02 ] [ acc 03 ]
//     row 1   [ acc 10 ] [ acc 11 ] [ acc 12 ] [ acc 13 ]       a: one number a row, for all lanes
//       ...
template <class Isa, int VECTORS>
struct Block {
  typename Isa::Vector at[Isa::ROWS][VECTORS];
};

// acc[r][v] += sum over pairs and k < n_words of a[r * a_row + k * a_step] * b[k * b_step + v * lanes]
struct Strides {
  ptrdiff_t a_row, a_step, a_part, b_step, b_part;
};
struct Pair {
  const Word *a, *b;
};

// For instruction sets whose products are made in vector registers, from a row of b and single numbers of a.
template <class Isa, int VECTORS, class Pairs>
inline __attribute__((always_inline)) void multiply_in_registers(Block<Isa, VECTORS>& acc, int n_pairs, Pairs pairs,
                                                                 const Strides& strides, int n_words) {
  static_assert(Isa::PARTS == 1, "one product for each pair");
  for (int i = 0; i < n_pairs; i++) {
    auto [a, b] = pairs(i);
#pragma GCC unroll 2
    for (int k = 0; k < n_words; k++, a += strides.a_step, b += strides.b_step) {
      typename Isa::Operand row[VECTORS];
      for (int v = 0; v < VECTORS; v++) row[v] = Isa::load_operand(b + v * Isa::LANES);
      for (int r = 0; r < Isa::ROWS; r++) {
        const typename Isa::Operand factor = Isa::broadcast_operand(a + r * strides.a_row);
        for (int v = 0; v < VECTORS; v++) acc.at[r][v] = Isa::multiply_add(factor, row[v], acc.at[r][v]);
      }
    }
  }
}

template <class Isa, int VECTORS>
inline __attribute__((always_inline)) void fill(Block<Isa, VECTORS>& acc, const float* rows) {
  for (int r = 0; r < Isa::ROWS; r++)
    for (int v = 0; v < VECTORS; v++) acc.at[r][v] = Isa::broadcast(rows[r]);
}

template <class Isa, int VECTORS>
inline __attribute__((always_inline)) void load(Block<Isa, VECTORS>& acc, const float* from) {
  for (int r = 0; r < Isa::ROWS; r++)
    for (int v = 0; v < VECTORS; v++) acc.at[r][v] = Isa::load(from + r * TILE + v * Isa::LANES);
}

template <class Isa, int VECTORS>
inline __attribute__((always_inline)) void store(float* to, const Block<Isa, VECTORS>& acc) {
  for (int r = 0; r < Isa::ROWS; r++)
    for (int v = 0; v < VECTORS; v++) Isa::store(to + r * TILE + v * Isa::LANES, acc.at[r][v]);
}

constexpr float LAYER_NORM_EPS = 1e-5f;
constexpr float MOST = 60, LEAST = -60;  // largest scores (log2) within these need no subtraction of the largest
constexpr float NONE = -3e38f;

template <class Isa>
struct Layer {
  using Vector = typename Isa::Vector;
  static constexpr int LANES = Isa::LANES, PER_WORD = Isa::PER_WORD, PARTS = Isa::PARTS;
  static constexpr int ROWS = Isa::ROWS, AT_ONCE = Isa::VECTORS, KEYS = Isa::KEYS;
  static constexpr int PER_STRIP = STRIP / LANES;                          // vectors in a strip
  static constexpr int STATE_WORDS = CHANNELS / PER_WORD * TILE;           // channels paired: q, k, u^, phi, weights
  static constexpr int MATRIX_WORDS = CHANNELS / PER_WORD * CHANNELS;      // [channels in, paired][channels out]
  static constexpr int VALUE_ROW = TILE / PER_WORD;                        // positions paired: v
  static constexpr int VALUE_WORDS = CHANNELS * VALUE_ROW;
  static constexpr int WEIGHT_WORDS = TILE / PER_WORD * TILE;              // keys paired
  static constexpr int X_ROW = TILE + 2 * TILE;                            // a tile between its neighbours
  static constexpr int X_WORDS = CHANNELS / PER_WORD * X_ROW;
  static constexpr int CHANNEL_WORDS = CHANNELS / PER_WORD;

  // The factor a of a product, n_rows x CHANNELS: [channels, paired][rows], or [rows][channels, paired].
  static constexpr ptrdiff_t a_row() { return Isa::BY_ROW ? CHANNEL_WORDS : 1; }
  static constexpr ptrdiff_t a_step(int n_rows) { return Isa::BY_ROW ? 1 : n_rows; }
  static constexpr ptrdiff_t a_word(int row, int pair, int n_rows) { return row * a_row() + pair * a_step(n_rows); }
  static constexpr Strides CONVOLUTION = {a_row(), a_step(CHANNELS), MATRIX_WORDS, X_ROW, X_WORDS};
  static constexpr Strides POSITION = {a_row(), a_step(CHANNELS), MATRIX_WORDS, TILE, STATE_WORDS};
  static constexpr Strides SCORE = {a_row(), a_step(TILE), STATE_WORDS, TILE, STATE_WORDS};
  static constexpr Strides VALUE = {VALUE_ROW, 1, VALUE_WORDS, TILE, WEIGHT_WORDS};

  // ---- what is kept ------------------------------------------------------------------------------------------------

  struct Packed {  // pointers into one allocation
    Word *projections, *relative;
    float *query_bias, *position_bias, *out_bias, *norm_weight, *norm_bias;
    static size_t words(const Shape& s) {
      return size_t(s.n_heads) * ((3 * s.conv_width + 1) * PARTS * MATRIX_WORDS + 2 * CHANNELS) + 3 * CHANNELS;
    }
    Packed(const Shape& s, void* memory) {
      projections = static_cast<Word*>(memory);
      relative = projections + size_t(s.n_heads) * 3 * s.conv_width * PARTS * MATRIX_WORDS;
      query_bias = reinterpret_cast<float*>(relative + s.n_heads * PARTS * MATRIX_WORDS);
      position_bias = query_bias + s.n_heads * CHANNELS;
      out_bias = position_bias + s.n_heads * CHANNELS;
      norm_weight = out_bias + CHANNELS;
      norm_bias = norm_weight + CHANNELS;
    }
  };

  static void pack_matrices(const float* from, Word* to, int n) {  // [in][out] each
    for (int m = 0; m < n; m++, from += CHANNELS * CHANNELS)
      for (int part = 0; part < PARTS; part++, to += MATRIX_WORDS)
        for (int in = 0; in < CHANNELS; in += PER_WORD)
          for (int out = 0; out < CHANNELS; out++)
            to[a_word(out, in / PER_WORD, CHANNELS)] = Isa::word(part, from + in * CHANNELS + out, CHANNELS);
  }

  static void copy(const float* from, float* to, int n) {
    for (int i = 0; i < n; i++) to[i] = from[i];
  }

  static size_t packed_bytes(const Shape& s) { return Packed::words(s) * sizeof(Word); }

  static void pack(const Shape& s, const LayerWeights& w, void* memory) {
    const Packed to(s, memory);
    pack_matrices(w.projections, to.projections, s.n_heads * 3 * s.conv_width);
    pack_matrices(w.relative, to.relative, s.n_heads);
    copy(w.query_bias, to.query_bias, s.n_heads * CHANNELS);
    copy(w.position_bias, to.position_bias, s.n_heads * CHANNELS);
    copy(w.out_bias, to.out_bias, CHANNELS);
    copy(w.norm_weight, to.norm_weight, CHANNELS);
    copy(w.norm_bias, to.norm_bias, CHANNELS);
  }

  // Tables: phi of all keys that a tile can see, [block][part], as factor a; for its queries [cos 16 | sin 16][64].
  static size_t phi_words(const Shape& s) { return size_t(s.blocks()) * PARTS * STATE_WORDS; }

  static size_t table_bytes(const Shape& s) { return (phi_words(s) + STATE_FLOATS) * sizeof(Word); }

  static void make_tables(const Shape& s, const float* keys, const float* queries, void* memory) {
    Word* phi = static_cast<Word*>(memory);
    copy(queries, reinterpret_cast<float*>(phi + phi_words(s)), STATE_FLOATS);
    for (int block = 0; block < s.blocks(); block++, keys += STATE_FLOATS)
      for (int part = 0; part < PARTS; part++, phi += STATE_WORDS)
        for (int c = 0; c < CHANNELS; c += PER_WORD)
          for (int t = 0; t < TILE; t++)
            phi[a_word(t, c / PER_WORD, TILE)] = Isa::word(part, keys + c * TILE + t, TILE);
  }

  struct Scratch {  // pointers into one allocation, of one thread
    float *x, *update, *u, *attended, *total, *largest, *shift;
    Word *neighbours, *q, *rotated, *weights, *columns, *keys, *values;
    static size_t words(const Shape& s) {
      const size_t ring = size_t(s.blocks()) * s.n_heads;
      return CHANNELS * X_ROW + 3 * STATE_FLOATS + 3 * TILE +
             PARTS * (X_WORDS + 3 * STATE_WORDS + WEIGHT_WORDS + ring * (STATE_WORDS + VALUE_WORDS));
    }
    Scratch(const Shape& s, void* memory) {
      Word* next = static_cast<Word*>(memory);
      auto take = [&next](size_t words) { Word* mine = next; next += words; return mine; };
      auto take_floats = [&take](size_t n) { return reinterpret_cast<float*>(take(n)); };
      x = take_floats(CHANNELS * X_ROW);
      update = take_floats(STATE_FLOATS);
      u = take_floats(STATE_FLOATS);
      attended = take_floats(STATE_FLOATS);
      total = take_floats(TILE);
      largest = take_floats(TILE);
      shift = take_floats(TILE);
      neighbours = take(PARTS * X_WORDS);
      q = take(PARTS * STATE_WORDS);
      rotated = take(PARTS * STATE_WORDS);
      weights = take(PARTS * WEIGHT_WORDS);
      columns = take(PARTS * STATE_WORDS);  // keys before they are turned
      keys = take(size_t(s.blocks()) * s.n_heads * PARTS * STATE_WORDS);
      values = take(size_t(s.blocks()) * s.n_heads * PARTS * VALUE_WORDS);
    }
    // Keys and values of the last blocks() tiles, head by head, in a ring.
    Word* keys_of(const Shape& s, int64_t tile, int head) const {
      return keys + ((tile % s.blocks()) * s.n_heads + head) * PARTS * STATE_WORDS;
    }
    Word* values_of(const Shape& s, int64_t tile, int head) const {
      return values + ((tile % s.blocks()) * s.n_heads + head) * PARTS * VALUE_WORDS;
    }
  };

  static size_t scratch_bytes(const Shape& s) { return Scratch::words(s) * sizeof(Word); }

  // ---- convolution -------------------------------------------------------------------------------------------------

  // Lay a tile out with conv_width / 2 positions of its neighbours on both sides; zeros beyond the window.
  static void gather(const Shape& s, const Span& span, int64_t tile, const float* x, const Scratch& m) {
    const int pad = s.conv_width / 2;
    const float* own = x + (span.first_tile + tile) * STATE_FLOATS;
    const float* left = tile > 0 ? own - STATE_FLOATS : nullptr;
    const float* right = tile + 1 < span.n_tiles ? own + STATE_FLOATS : nullptr;
    for (int c = 0; c < CHANNELS; c++) {
      float* row = m.x + c * X_ROW;
      for (int i = 0; i < pad; i++) {
        row[i] = left ? left[c * TILE + TILE - pad + i] : 0;
        row[pad + TILE + i] = right ? right[c * TILE + i] : 0;
      }
      copy(own + c * TILE, row + pad, TILE);
    }
    for (int c = 0; c < CHANNELS; c += PER_WORD)
      Isa::store_rows(m.neighbours + c / PER_WORD * X_ROW, X_WORDS, m.x + c * X_ROW, X_ROW, TILE + 2 * pad);
  }

  // ROWS output channels of a convolution (the sum of its taps) of one part of a tile.
  static inline __attribute__((always_inline)) void convolve(const Shape& s, const Word* matrices, int channel,
                                                             const Word* x, Block<Isa, AT_ONCE>& acc) {
    const Word* rows = matrices + a_word(channel, 0, CHANNELS);
    Isa::template multiply<AT_ONCE>(
        acc, s.conv_width, [&](int tap) { return Pair{rows + tap * PARTS * MATRIX_WORDS, x + tap}; }, CONVOLUTION,
        CHANNEL_WORDS);
  }

  static const Word* projection(const Shape& s, const Packed& w, int head, int part) {
    return w.projections + size_t(head * 3 + part) * s.conv_width * PARTS * MATRIX_WORDS;
  }

  static void make_keys_and_values(const Shape& s, const Packed& w, int head, const Scratch& m, Word* keys, Word* values) {
    Word* columns = Isa::BY_ROW ? m.columns : keys;
    for (int t = 0; t < TILE; t += AT_ONCE * LANES)
      for (int channel = 0; channel < CHANNELS; channel += ROWS) {
        Block<Isa, AT_ONCE> acc{};
        convolve(s, projection(s, w, head, 1), channel, m.neighbours + t, acc);
        Isa::template store_block<AT_ONCE>(columns + channel / PER_WORD * TILE + t, TILE, STATE_WORDS, acc.at);
        acc = {};
        convolve(s, projection(s, w, head, 2), channel, m.neighbours + t, acc);
        for (int r = 0; r < ROWS; r++)
          for (int v = 0; v < AT_ONCE; v++)
            Isa::store_narrow(values + (channel + r) * VALUE_ROW + (t + v * LANES) / PER_WORD, VALUE_WORDS, acc.at[r][v]);
      }
    if constexpr (Isa::BY_ROW)
      for (int part = 0; part < PARTS; part++)
        for (int t = 0; t < TILE; t += STRIP)
          Isa::transpose(columns + part * STATE_WORDS + t, TILE, keys + part * STATE_WORDS + t * CHANNEL_WORDS);
  }

  static void make_queries(const Shape& s, const Packed& w, const float* table, int head, const Scratch& m) {
    for (int t = 0; t < TILE; t += AT_ONCE * LANES) {
      Block<Isa, AT_ONCE> acc;
      for (int channel = 0; channel < CHANNELS; channel += ROWS) {
        fill(acc, w.query_bias + head * CHANNELS + channel);
        convolve(s, projection(s, w, head, 0), channel, m.neighbours + t, acc);
        Isa::template store_block<AT_ONCE>(m.q + channel / PER_WORD * TILE + t, TILE, STATE_WORDS, acc.at);
      }
      const Word* relative = w.relative + head * PARTS * MATRIX_WORDS;
      for (int channel = 0; channel < CHANNELS; channel += ROWS) {
        fill(acc, w.position_bias + head * CHANNELS + channel);
        Isa::template multiply<AT_ONCE>(
            acc, 1, [&](int) { return Pair{relative + a_word(channel, 0, CHANNELS), m.q + t}; }, POSITION, CHANNEL_WORDS);
        store(m.u + channel * TILE + t, acc);
      }
    }
    rotate(table, m);
  }

  // u = [a | b] -> [a sin + b cos | b sin - a cos], each query by its own position.
  static void rotate(const float* table, const Scratch& m) {
    for (int c = 0; c < HALF; c++)
      for (int t = 0; t < TILE; t += LANES) {
        float* a = m.u + c * TILE + t;
        float* b = a + HALF * TILE;
        const Vector sines = Isa::load(a), cosines = Isa::load(b);
        const Vector cos = Isa::load(table + c * TILE + t), sin = Isa::load(table + (HALF + c) * TILE + t);
        Isa::store(a, Isa::add(Isa::mul(sines, sin), Isa::mul(cosines, cos)));
        Isa::store(b, Isa::sub(Isa::mul(cosines, sin), Isa::mul(sines, cos)));
      }
    for (int c = 0; c < CHANNELS; c += PER_WORD)
      Isa::store_rows(m.rotated + c / PER_WORD * TILE, STATE_WORDS, m.u + c * TILE, TILE, TILE);
  }

  // ---- attention ---------------------------------------------------------------------------------------------------

  // Strips of queries first ... last - 1 of a tile that can see something of KEYS keys; `partly`: some not all of it.
  // `before`: how many bases the keys stand upstream of the tile's first query.
  struct Reach {
    int first, last;
    bool partly;
    Reach(const Shape& s, int before) : first(STRIPS), last(0), partly(false) {
      for (int strip = 0; strip < STRIPS; strip++) {
        const int nearest = before + strip * STRIP - (KEYS - 1), farthest = before + strip * STRIP + STRIP - 1;
        if (farthest < 0 || nearest >= s.window) continue;
        if (strip < first) first = strip;
        last = strip + 1;
        partly |= nearest < 0 || farthest >= s.window;
      }
    }
    bool whole() const { return !partly && first == 0 && last == STRIPS; }
  };

  // Weights of 16 keys for VECTORS vectors of queries from `query` on; sums and largest scores are kept up.
  template <int VECTORS>
  static inline __attribute__((always_inline)) void weigh(const Shape& s, const Word* keys, const Word* phi, int before,
                                                          int query, bool partly, const Scratch& m, Word* weights) {
    Vector total[VECTORS], largest[VECTORS], shift[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
      total[v] = Isa::broadcast(0);
      largest[v] = Isa::load(m.largest + query + v * LANES);
      shift[v] = Isa::load(m.shift + query + v * LANES);
    }
    for (int key = 0; key < STRIP; key += ROWS) {
      Block<Isa, VECTORS> acc{};
      const Pair content = {keys + a_word(key, 0, TILE), m.q + query};
      const Pair position = {phi + a_word(key, 0, TILE), m.rotated + query};
      Isa::template multiply<VECTORS>(acc, 2, [&](int i) { return i ? position : content; }, SCORE, CHANNEL_WORDS);
      for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) {
          Vector score = acc.at[r][v];
          Vector weight = Isa::exp2(Isa::sub(score, shift[v]));
          if (partly) {  // a hidden key may have the largest score of all: hide it before taking the maximum
            const int distance = before + query + v * LANES - key - r;  // of lane 0
            score = Isa::where_seen(distance, s.window, score, Isa::broadcast(NONE));
            weight = Isa::where_seen(distance, s.window, weight, Isa::broadcast(0));
          }
          largest[v] = Isa::max(largest[v], score);
          total[v] = Isa::add(total[v], weight);
          acc.at[r][v] = weight;
        }
      Isa::template store_block<VECTORS>(weights + key / PER_WORD * TILE + query, TILE, WEIGHT_WORDS, acc.at);
    }
    for (int v = 0; v < VECTORS; v++) {
      Isa::store(m.total + query + v * LANES, Isa::add(Isa::load(m.total + query + v * LANES), total[v]));
      Isa::store(m.largest + query + v * LANES, largest[v]);
    }
  }

  // attended [32][queries] += values [32][keys] weights [keys][queries]
  template <int VECTORS>
  static inline __attribute__((always_inline)) void gather_values(const Word* values, const Word* weights, int n_keys,
                                                                  int query, const Scratch& m) {
    for (int channel = 0; channel < CHANNELS; channel += ROWS) {
      Block<Isa, VECTORS> acc;
      float* attended = m.attended + channel * TILE + query;
      load(acc, attended);
      Isa::template multiply<VECTORS>(
          acc, 1, [&](int) { return Pair{values + channel * VALUE_ROW, weights + query}; }, VALUE, n_keys / PER_WORD);
      store(attended, acc);
    }
  }

  // Let the strips of queries that `reach` names attend to n_keys keys (all of the same reach).
  template <int VECTORS>
  static void attend_to_some(const Shape& s, const Reach& reach, int before, const Word* keys, const Word* phi,
                             const Word* values, int n_keys, const Scratch& m) {
    for (int query = reach.first * STRIP; query < reach.last * STRIP; query += VECTORS * LANES) {
      for (int key = 0; key < n_keys; key += STRIP)
        weigh<VECTORS>(s, keys + a_word(key, 0, TILE), phi + a_word(key, 0, TILE), before - key, query, reach.partly, m,
                       m.weights + key / PER_WORD * TILE);
      gather_values<VECTORS>(values, m.weights, n_keys, query, m);
    }
  }

  static void attend_to(const Shape& s, const Reach& reach, int before, const Word* keys, const Word* phi,
                        const Word* values, int n_keys, const Scratch& m) {
    const int strips = reach.last - reach.first;
    if (strips <= 0) return;
    if constexpr (AT_ONCE < STRIPS * PER_STRIP) {
      attend_to_some<AT_ONCE>(s, reach, before, keys, phi, values, n_keys, m);
    } else {
      static_assert(STRIPS == 4 && (AT_ONCE < 4 || PER_STRIP == 1), "one case below for each number of strips");
      if (strips == 4) attend_to_some<4>(s, reach, before, keys, phi, values, n_keys, m);
      if (strips == 3) attend_to_some<3>(s, reach, before, keys, phi, values, n_keys, m);
      if (strips == 2) attend_to_some<2>(s, reach, before, keys, phi, values, n_keys, m);
      if (strips == 1) attend_to_some<1>(s, reach, before, keys, phi, values, n_keys, m);
    }
  }

  static void attend_once(const Shape& s, const Word* phi, int64_t tile, int head, const Scratch& m) {
    for (int i = 0; i < TILE; i++) m.total[i] = 0, m.largest[i] = NONE;
    for (int i = 0; i < STATE_FLOATS; i++) m.attended[i] = 0;
    const int n = s.blocks();
    for (int block = 0; block < n; block++) {
      const int64_t from = tile - (n - 1) + block;
      if (from < 0) continue;  // before the window there is nothing
      const Word *keys = m.keys_of(s, from, head), *values = m.values_of(s, from, head);
      const Word* own = phi + block * PARTS * STATE_WORDS;
      const int before = (n - 1 - block) * TILE;
      const Reach first(s, before), last(s, before - (TILE - KEYS));
      if (first.whole() && last.whole()) {
        attend_to(s, first, before, keys, own, values, TILE, m);
        continue;
      }
      for (int key = 0; key < TILE; key += KEYS)
        attend_to(s, Reach(s, before - key), before - key, keys + a_word(key, 0, TILE), own + a_word(key, 0, TILE),
                  values + key / PER_WORD, KEYS, m);
    }
  }

  // Softmax without subtracting the largest score; only where that leaves the range of float is it done again with it.
  static void attend(const Shape& s, const Word* phi, int64_t tile, int head, const Scratch& m) {
    for (int i = 0; i < TILE; i++) m.shift[i] = 0;
    attend_once(s, phi, tile, head, m);
    bool again = false;
    for (int i = 0; i < TILE; i++)
      if (!(m.largest[i] >= LEAST && m.largest[i] <= MOST)) again = true, m.shift[i] = m.largest[i];
    if (again) attend_once(s, phi, tile, head, m);
    for (int t = 0; t < TILE; t += LANES) {
      const Vector share = Isa::div(Isa::broadcast(1), Isa::load(m.total + t));
      for (int c = 0; c < CHANNELS; c++) {
        float* update = m.update + c * TILE + t;
        Isa::store(update, Isa::multiply_add_floats(Isa::load(m.attended + c * TILE + t), share, Isa::load(update)));
      }
    }
  }

  // ---- the layer ---------------------------------------------------------------------------------------------------

  static void normalise(const Shape& s, const Packed& w, const Scratch& m, int n_bases, float* y) {
    const Vector per_channel = Isa::broadcast(1.0f / float(s.n_channels));
    for (int t = 0; t < TILE; t += LANES) {
      Vector mean = Isa::broadcast(0), variance = Isa::broadcast(0);
      for (int c = 0; c < s.n_channels; c++) mean = Isa::add(mean, Isa::load(m.update + c * TILE + t));
      mean = Isa::mul(mean, per_channel);
      for (int c = 0; c < s.n_channels; c++) {
        const Vector centred = Isa::sub(Isa::load(m.update + c * TILE + t), mean);
        variance = Isa::multiply_add_floats(centred, centred, variance);
      }
      variance = Isa::multiply_add_floats(variance, per_channel, Isa::broadcast(LAYER_NORM_EPS));
      const Vector scale = Isa::div(Isa::broadcast(1), Isa::sqrt(variance));
      for (int c = 0; c < s.n_channels; c++) {
        const Vector normal = Isa::mul(Isa::sub(Isa::load(m.update + c * TILE + t), mean), scale);
        Isa::store(y + c * TILE + t, Isa::multiply_add_floats(normal, Isa::broadcast(w.norm_weight[c]), Isa::broadcast(w.norm_bias[c])));
      }
    }
    for (int c = 0; c < s.n_channels; c++)
      for (int t = n_bases; t < TILE; t++) y[c * TILE + t] = 0;  // beyond the window's end there is nothing
  }

  static void run(const Shape& s, const void* packed, const void* tables, const Span& span, int64_t first, int64_t last,
                  const float* x, float* y, void* scratch) {
    const Packed w(s, const_cast<void*>(packed));
    const Scratch m(s, scratch);
    const Word* phi = static_cast<const Word*>(tables);
    const float* query_table = reinterpret_cast<const float*>(phi + phi_words(s));
    [[maybe_unused]] const typename Isa::Session session;  // what the instructions need set up, and released
    const int64_t earliest = first - (s.blocks() - 1);
    for (int64_t tile = earliest > 0 ? earliest : 0; tile < last; tile++) {
      gather(s, span, tile, x, m);
      for (int head = 0; head < s.n_heads; head++)
        make_keys_and_values(s, w, head, m, m.keys_of(s, tile, head), m.values_of(s, tile, head));
      if (tile < first) continue;
      const float* own = x + (span.first_tile + tile) * STATE_FLOATS;
      for (int c = 0; c < CHANNELS; c++)
        for (int t = 0; t < TILE; t++) m.update[c * TILE + t] = own[c * TILE + t] + w.out_bias[c];
      for (int head = 0; head < s.n_heads; head++) {
        make_queries(s, w, query_table, head, m);
        attend(s, phi, tile, head, m);
      }
      const int64_t left = span.length - tile * TILE;
      normalise(s, w, m, left < TILE ? int(left) : TILE, y + (span.first_tile + tile) * STATE_FLOATS);
    }
  }

  static constexpr Kernel kernel(const char* name) {
    return {name, packed_bytes, pack, table_bytes, make_tables, scratch_bytes, run};
  }
};

}  // namespace
}  // namespace tracktools
