// One layer of the network, fused, for any instruction set: include it in a file that is compiled for that set.
//
// For a tile of 64 bases and one head (everything stands channel by channel, lanes run along the sequence):
//
//   x [32][64 + conv_width - 1] --conv--> q, k, v [32][64]     q --relative, rotation--> u^ [32][64]
//   scores [64 keys][64 queries] = [k | phi]^T [q | u^]        per block of 64 keys, a few keys at a time
//   weights = 2^scores                                         never leaves the L1 cache
//   attended [32][64 queries] += v [32][64 keys] weights       v is projected back already, so heads just add up
//
// All products are the same small one, Isa::multiply: rows x (lanes along the sequence).
// Position is the dot product u^ . phi with a constant table phi (see `rotate` in transformer.py).
// Nothing here depends on where a tile stands, on its neighbours in memory or on threads: results are equal bit by bit.
#pragma once

#include "denormals.hpp"
#include "layout.hpp"

namespace tracktools {
namespace {

constexpr float LAYER_NORM_EPS = 1e-5f;
// Sums of weights within these need no subtraction of the largest score: sums of values fit below 2^127, and what the
// smallest float, 2^-126, cuts off is 2^-36 of a sum.
constexpr float MOST = 0x1p100f, LEAST = 0x1p-90f;
constexpr float NONE = -3e38f;

template <class Isa>
struct Layer : Layout<Isa> {
  using Base = Layout<Isa>;
  using typename Base::Packed, typename Base::Scratch, typename Base::Vector;
  using Base::a_word, Base::copy, Base::phi_words;
  using Base::AT_ONCE, Base::KEYS, Base::LANES, Base::PARTS, Base::PER_WORD, Base::PER_STRIP, Base::ROWS;
  using Base::CHANNEL_WORDS, Base::MATRIX_WORDS, Base::STATE_WORDS, Base::VALUE_ROW, Base::VALUE_WORDS;
  using Base::WEIGHT_WORDS, Base::X_ROW, Base::X_WORDS;
  using Base::CONVOLUTION, Base::KEYS_BY_ROW, Base::POSITION, Base::SCORE, Base::VALUE;
  static constexpr bool AHEAD = Isa::AHEAD;
  static constexpr int KEY_ROWS = Isa::KEY_ROWS;  // keys whose scores are computed at once

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
    if constexpr (Isa::BY_ROW)
      for (int part = 0; part < PARTS; part++)
        for (int i = 0; i < TILE + 2 * pad; i += STRIP)
          Isa::transpose(m.neighbours + part * X_WORDS + i, X_ROW, m.rows + part * X_WORDS + i * CHANNEL_WORDS);
  }

  // ROWS output channels of a convolution (the sum of its taps) of one part of a tile.
  static ALWAYS_INLINE void convolve(const Shape& s, const Word* matrices, int channel, const Word* x,
                                     Block<Isa, AT_ONCE>& acc) {
    const Word* rows = matrices + a_word(channel, 0, CHANNELS);
    Isa::multiply(
        acc, s.conv_width, [&](int tap) { return Pair{rows + tap * PARTS * MATRIX_WORDS, x + tap}; }, CONVOLUTION,
        CHANNEL_WORDS);
  }

  static const Word* projection(const Shape& s, const Packed& w, int head, int part) {
    return w.projections + size_t(head * 3 + part) * s.conv_width * PARTS * MATRIX_WORDS;
  }

  static void make_keys(const Shape& s, const Packed& w, int head, const Scratch& m, Word* keys) {
    if constexpr (Isa::BY_ROW) return make_keys_by_row(s, w, head, m, keys);
    for (int t = 0; t < TILE; t += AT_ONCE * LANES)
      for (int channel = 0; channel < CHANNELS; channel += ROWS) {
        Block<Isa, AT_ONCE> acc;
        convolve(s, projection(s, w, head, 1), channel, m.neighbours + t, acc);
        Isa::store_block(keys + channel / PER_WORD * TILE + t, TILE, STATE_WORDS, acc.at);
      }
  }

  // Rows are positions here, and lanes channels: this is how the scores want the keys.
  static void make_keys_by_row(const Shape& s, const Packed& w, int head, const Scratch& m, Word* keys) {
    constexpr int VECTORS = CHANNELS / LANES;
    const Word* matrices = projection(s, w, head, 1);
    for (int t = 0; t < TILE; t += ROWS) {
      Block<Isa, VECTORS> acc;
      const auto tap_of = [&](int tap) {
        return Pair{m.rows + (t + tap) * CHANNEL_WORDS, matrices + tap * PARTS * MATRIX_WORDS};
      };
      Isa::multiply(acc, s.conv_width, tap_of, KEYS_BY_ROW, CHANNEL_WORDS);
      for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++)
          Isa::store_narrow(keys + (t + r) * CHANNEL_WORDS + v * LANES / PER_WORD, STATE_WORDS, acc.at[r][v]);
    }
  }

  static void make_values(const Shape& s, const Packed& w, int head, const Scratch& m, Word* values) {
    for (int t = 0; t < TILE; t += AT_ONCE * LANES)
      for (int channel = 0; channel < CHANNELS; channel += ROWS) {
        Block<Isa, AT_ONCE> acc;
        convolve(s, projection(s, w, head, 2), channel, m.neighbours + t, acc);
        for (int r = 0; r < ROWS; r++)
          for (int v = 0; v < AT_ONCE; v++)
            Isa::store_narrow(values + (channel + r) * VALUE_ROW + (t + v * LANES) / PER_WORD, VALUE_WORDS, acc.at[r][v]);
      }
  }

  static void make_queries(const Shape& s, const Packed& w, const float* table, int head, const Scratch& m) {
    for (int t = 0; t < TILE; t += AT_ONCE * LANES) {
      Block<Isa, AT_ONCE> acc;
      for (int channel = 0; channel < CHANNELS; channel += ROWS) {
        convolve(s, projection(s, w, head, 0), channel, m.neighbours + t, acc);
        Isa::store_block(m.unbiased + channel / PER_WORD * TILE + t, TILE, STATE_WORDS, acc.at);
        add_to_rows(acc, w.query_bias + head * CHANNELS + channel);
        Isa::store_block(m.q + channel / PER_WORD * TILE + t, TILE, STATE_WORDS, acc.at);
      }
      const Word* relative = w.relative + head * PARTS * MATRIX_WORDS;
      for (int channel = 0; channel < CHANNELS; channel += ROWS) {
        Isa::multiply(
            acc, 1, [&](int) { return Pair{relative + a_word(channel, 0, CHANNELS), m.unbiased + t}; }, POSITION,
            CHANNEL_WORDS);
        add_to_rows(acc, w.position_bias + head * CHANNELS + channel);
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

  // What is made of scores: weights 2^score, only the largest score of each query, or weights 2^(score - shift).
  enum class Pass { PLAIN, LARGEST, SHIFTED };

  // Scores of KEY_ROWS keys and VECTORS vectors of queries.
  template <int VECTORS>
  static ALWAYS_INLINE void score(const Word* keys, const Word* phi, int query, const Scratch& m,
                                  Block<Isa, VECTORS, KEY_ROWS>& acc) {
    const Pair content = {keys, m.q + query}, position = {phi, m.rotated + query};
    Isa::multiply(acc, 2, [&](int i) { return i ? position : content; }, SCORE, CHANNEL_WORDS);
  }

  // Scores to weights, stored as a factor; their sums, or the largest scores, are kept up. `before`: distance of the first
  // key and query.
  template <Pass PASS, int VECTORS>
  static ALWAYS_INLINE void weigh(const Shape& s, int before, bool partly,
                                  const Block<Isa, VECTORS, KEY_ROWS>& scores, const Vector (&shift)[VECTORS],
                                  Vector (&sums)[VECTORS], Word* weights) {
    constexpr bool LARGEST = PASS == Pass::LARGEST;
    for (int row = 0; row < KEY_ROWS; row += PER_WORD) {
      Vector of_word[PER_WORD][VECTORS];
      for (int r = 0; r < PER_WORD; r++)
        for (int v = 0; v < VECTORS; v++) {
          Vector x = scores.at[row + r][v];
          if constexpr (PASS == Pass::SHIFTED) x = Isa::sub(x, shift[v]);
          if constexpr (!LARGEST) x = Isa::exp2(x);
          if (partly) x = Isa::where_seen(before + v * LANES - row - r, s.window, x, Isa::broadcast(LARGEST ? NONE : 0));
          sums[v] = LARGEST ? Isa::max(sums[v], x) : Isa::add(sums[v], x);
          of_word[r][v] = x;
        }
      if constexpr (!LARGEST) Isa::store_block(weights + row / PER_WORD * TILE, TILE, WEIGHT_WORDS, of_word);
    }
  }

  // Let VECTORS vectors of queries attend to n_keys keys. Not inlined: the registers of this loop are all that it needs,
  // and compilers spill them for the sake of what is around it.
  template <Pass PASS, int VECTORS>
  static __attribute__((noinline)) void attend_to_keys(const Shape& s, int query, bool partly, int before,
                                                       const Word* keys, const Word* phi, const Word* values, int n_keys,
                                                       const Scratch& m) {
    Vector sums[VECTORS], shift[VECTORS];
    for (int v = 0; v < VECTORS; v++) sums[v] = Isa::load(m.sums + query + v * LANES);
    for (int v = 0; v < VECTORS; v++) shift[v] = Isa::load(m.shift + query + v * LANES);
    Block<Isa, VECTORS, KEY_ROWS> scores[AHEAD + 1];
    const auto scores_of = [&](int key) -> auto& { return scores[AHEAD ? key / KEY_ROWS % 2 : 0]; };
    if constexpr (AHEAD) score(keys, phi, query, m, scores_of(0));
    for (int key = 0; key < n_keys; key += KEY_ROWS) {
      const int next = AHEAD ? key + KEY_ROWS : key;
      if (next < n_keys) score(keys + a_word(next, 0, TILE), phi + a_word(next, 0, TILE), query, m, scores_of(next));
      weigh<PASS>(s, before + query - key, partly, scores_of(key), shift, sums,
                  m.weights + key / PER_WORD * TILE + query);
    }
    for (int v = 0; v < VECTORS; v++) Isa::store(m.sums + query + v * LANES, sums[v]);
    if constexpr (PASS != Pass::LARGEST)  // attended [32][queries] += values [32][keys] weights [keys][queries]
      for (int channel = 0; channel < CHANNELS; channel += ROWS)
        Isa::template add_product<VECTORS>(m.attended + channel * TILE + query,
                                           Pair{values + channel * VALUE_ROW, m.weights + query}, VALUE, n_keys / PER_WORD);
  }

  template <int VECTORS>
  struct Count {
    static constexpr int N = VECTORS;
  };

  // Let the strips of queries that `reach` names attend to n_keys keys (all of the same reach).
  template <Pass PASS>
  static void attend_to(const Shape& s, const Reach& reach, int before, const Word* keys, const Word* phi,
                        const Word* values, int n_keys, const Scratch& m) {
    const auto attend = [&](auto vectors, int query) {
      constexpr int VECTORS = decltype(vectors)::N;
      attend_to_keys<PASS, VECTORS>(s, query, reach.partly, before, keys, phi, values, n_keys, m);
    };
    int query = reach.first * STRIP;
    const int last = reach.last * STRIP;
    for (; query + AT_ONCE * LANES <= last; query += AT_ONCE * LANES) attend(Count<AT_ONCE>(), query);
    const int left = (last - query) / STRIP;  // fewer strips than are treated at once
    if constexpr (AT_ONCE > 3 * PER_STRIP)
      if (left == 3) attend(Count<3 * PER_STRIP>(), query);
    if constexpr (AT_ONCE > 2 * PER_STRIP)
      if (left == 2) attend(Count<2 * PER_STRIP>(), query);
    if constexpr (AT_ONCE > PER_STRIP)
      if (left == 1) attend(Count<PER_STRIP>(), query);
  }

  template <Pass PASS>
  static void attend_once(const Shape& s, const Word* phi, int64_t tile, int head, const Scratch& m) {
    for (int i = 0; i < TILE; i++) m.sums[i] = PASS == Pass::LARGEST ? NONE : 0;
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
        attend_to<PASS>(s, first, before, keys, own, values, TILE, m);
        continue;
      }
      for (int key = 0; key < TILE; key += KEYS)
        attend_to<PASS>(s, Reach(s, before - key), before - key, keys + a_word(key, 0, TILE), own + a_word(key, 0, TILE),
                        values + key / PER_WORD, KEYS, m);
    }
  }

  // Softmax without subtracting the largest score; only where that leaves the range of float is it done again with it.
  static void attend(const Shape& s, const Word* phi, int64_t tile, int head, const Scratch& m) {
    attend_once<Pass::PLAIN>(s, phi, tile, head, m);
    bool within[TILE], all = true;
    for (int i = 0; i < TILE; i++) all &= within[i] = m.sums[i] >= LEAST && m.sums[i] <= MOST;
    if (!all) {
      attend_once<Pass::LARGEST>(s, phi, tile, head, m);
      for (int i = 0; i < TILE; i++) m.shift[i] = within[i] ? 0 : m.sums[i];
      attend_once<Pass::SHIFTED>(s, phi, tile, head, m);
    }
    for (int t = 0; t < TILE; t += LANES) {
      const Vector share = Isa::div(Isa::broadcast(1), Isa::load(m.sums + t));
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
        const Vector weight = Isa::broadcast(w.norm_weight[c]), bias = Isa::broadcast(w.norm_bias[c]);
        Isa::store(y + c * TILE + t, Isa::multiply_add_floats(normal, weight, bias));
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
    const NoDenormals fast;
    [[maybe_unused]] const typename Isa::Session session;  // what the instructions need set up, and released
    const int64_t earliest = first - (s.blocks() - 1);
    for (int64_t tile = earliest > 0 ? earliest : 0; tile < last; tile++) {
      gather(s, span, tile, x, m);
      for (int head = 0; head < s.n_heads; head++) {
        make_keys(s, w, head, m, m.keys_of(s, tile, head));
        make_values(s, w, head, m, m.values_of(s, tile, head));
      }
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
    return {name, Base::packed_bytes, Base::pack, Base::table_bytes, Base::make_tables, Base::scratch_bytes, run,
            nullptr, nullptr};
  }
};

}  // namespace
}  // namespace tracktools
