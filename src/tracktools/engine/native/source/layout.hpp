// How a layer's weights, its tables and the working memory of a thread lie in memory, for any instruction set.
#pragma once

#include "product.hpp"

namespace tracktools {
namespace {

template <class Isa>
struct Layout {
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
  static constexpr Strides KEYS_BY_ROW = {CHANNEL_WORDS, 1, X_WORDS, CHANNELS, MATRIX_WORDS};
  static constexpr Strides CONVOLUTION = {a_row(), a_step(CHANNELS), MATRIX_WORDS, X_ROW, X_WORDS};
  static constexpr Strides POSITION = {a_row(), a_step(CHANNELS), MATRIX_WORDS, TILE, STATE_WORDS};
  static constexpr Strides SCORE = {a_row(), a_step(TILE), STATE_WORDS, TILE, STATE_WORDS};
  static constexpr Strides VALUE = {VALUE_ROW, 1, VALUE_WORDS, TILE, WEIGHT_WORDS};

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

  // [in][out] each, as factor a, or as factor b: [in, paired][out].
  static void pack_matrices(const float* from, Word* to, int n, bool as_b = false) {
    for (int m = 0; m < n; m++, from += CHANNELS * CHANNELS)
      for (int part = 0; part < PARTS; part++, to += MATRIX_WORDS)
        for (int in = 0; in < CHANNELS; in += PER_WORD)
          for (int out = 0; out < CHANNELS; out++) {
            const ptrdiff_t word = as_b ? in / PER_WORD * CHANNELS + out : a_word(out, in / PER_WORD, CHANNELS);
            to[word] = Isa::word(part, from + in * CHANNELS + out, CHANNELS);
          }
  }

  static void copy(const float* from, float* to, int n) {
    for (int i = 0; i < n; i++) to[i] = from[i];
  }

  static size_t packed_bytes(const Shape& s) { return Packed::words(s) * sizeof(Word); }

  static void pack(const Shape& s, const LayerWeights& w, void* memory) {
    const Packed to(s, memory);
    for (int i = 0; i < s.n_heads * 3; i++)
      pack_matrices(w.projections + size_t(i) * s.conv_width * CHANNELS * CHANNELS,
                    to.projections + size_t(i) * s.conv_width * PARTS * MATRIX_WORDS, s.conv_width,
                    Isa::BY_ROW && i % 3 == 1);  // of the keys
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
    float *x, *update, *u, *attended, *sums, *shift;
    Word *neighbours, *rows, *q, *unbiased, *rotated, *weights, *keys, *values;
    static size_t words(const Shape& s) {
      const size_t ring = size_t(s.blocks()) * s.n_heads;
      return CHANNELS * X_ROW + 3 * STATE_FLOATS + 2 * TILE +
             PARTS * (2 * X_WORDS + 3 * STATE_WORDS + WEIGHT_WORDS + ring * (STATE_WORDS + VALUE_WORDS));
    }
    Scratch(const Shape& s, void* memory) {
      Word* next = static_cast<Word*>(memory);
      auto take = [&next](size_t words) { Word* mine = next; next += words; return mine; };
      auto take_floats = [&take](size_t n) { return reinterpret_cast<float*>(take(n)); };
      x = take_floats(CHANNELS * X_ROW);
      update = take_floats(STATE_FLOATS);
      u = take_floats(STATE_FLOATS);
      attended = take_floats(STATE_FLOATS);
      sums = take_floats(TILE);
      shift = take_floats(TILE);
      neighbours = take(PARTS * X_WORDS);  // x as factor b: [channels, paired][positions]
      rows = take(PARTS * X_WORDS);        // and as factor a: [positions][channels, paired]
      q = take(PARTS * STATE_WORDS);
      unbiased = take(PARTS * STATE_WORDS);  // q for the position term, which has a bias of its own
      rotated = take(PARTS * STATE_WORDS);
      weights = take(PARTS * WEIGHT_WORDS);
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
};

}  // namespace
}  // namespace tracktools
