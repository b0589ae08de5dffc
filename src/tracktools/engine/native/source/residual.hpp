// The convolutional network for any instruction set: a stem by table look-up, then residual layers in a wave.
//
// States lie by position: a row of CHUNK channels, further chunks in planes of their own. A product takes a few
// positions and a panel of output channels, whose sums stay in registers from the first tap to the last:
//
//                          panel of output channels
//     position t      [ sums ] [ sums ]      += x[t + tap][in] * weight[tap][in][panel],  for all taps and channels in
//     position t + 1  [ sums ] [ sums ]
//       ...
//
// All layers advance together: the stem makes TILE more rows, the first layer as many as those allow, and so on. Each
// keeps the few rows that its taps still reach, so that a whole network works in the caches, and nothing is computed twice.
#pragma once

#include "denormals.hpp"
#include "dilated.hpp"
#include "gelu.hpp"

namespace tracktools {
namespace {

// Where the operands of a product lie [words]: taps, chunks of input channels, and second parts of states and weights
// (Isa::PARTS) this far apart.
struct Reach {
  int n_taps, n_chunks;
  ptrdiff_t tap, chunk, part, weights_part;
  int last_words;  // of the last chunk
};

// Products of rows of states and panels of weights, in vector registers. The instruction set says how many: POSITIONS x
// PANEL_VECTORS sums.
template <class Isa>
struct PanelsInRegisters {
  static constexpr int LEAST_POSITIONS = 1, WORD_STEP = 1;  // of a product; words of channels in that it takes at once

  // acc[n][v] += sum over taps and channels in of x[n][...] * w[...][v]
  template <int ROWS, int VECTORS, class Vector>
  static ALWAYS_INLINE void multiply(Vector (&acc)[ROWS][VECTORS], const Word* x, const Reach& reach, const Word* w) {
    static_assert(Isa::PARTS == 1, "one product for each pair");
    constexpr int STRIDE = CHUNK / Isa::PER_WORD;
    for (int tap = 0; tap < reach.n_taps; tap++)
      for (int chunk = 0; chunk < reach.n_chunks; chunk++) {
        const Word* from = x + tap * reach.tap + chunk * reach.chunk;
        const int n_words = chunk + 1 < reach.n_chunks ? STRIDE : reach.last_words;
UNROLL(2)
        for (int k = 0; k < n_words; k++, w += VECTORS * Isa::LANES) {
          typename Isa::Operand weights[VECTORS];
UNROLL(8)
          for (int v = 0; v < VECTORS; v++) weights[v] = Isa::load_operand(w + v * Isa::LANES);
UNROLL(16)
          for (int n = 0; n < ROWS; n++) {
            const typename Isa::Operand factor = Isa::broadcast_operand(from + n * STRIDE + k);
UNROLL(8)
            for (int v = 0; v < VECTORS; v++) acc[n][v] = Isa::multiply_add(factor, weights[v], acc[n][v]);
          }
        }
      }
  }
};

template <class Isa>
struct Residual {
  using Vector = typename Isa::Vector;
  static constexpr int LANES = Isa::LANES, PER_WORD = Isa::PER_WORD, PARTS = Isa::PARTS;
  static constexpr int POSITIONS = Isa::POSITIONS, VECTORS = Isa::PANEL_VECTORS;  // of a product
  static constexpr int PANEL = VECTORS * LANES, ROW_WORDS = CHUNK / PER_WORD;
  static constexpr bool APART = PER_WORD != 1;          // operands are not the states themselves
  static constexpr int ROWS = Isa::TILE_BLOCKS * POSITIONS;  // that a layer makes at once
  static constexpr int GROUP = 3, PLACES = 6 * 6 * 6;   // letters that the stem looks up at once, and their codes
  static constexpr int AT_ONCE = 4;                     // vectors of GELU
  static_assert(CHUNK % PANEL == 0, "panels fill a chunk");

  static int groups(const DilatedShape& s) { return (s.stem_width + GROUP - 1) / GROUP; }
  static int panels(const DilatedShape& s) { return (s.n_channels + PANEL - 1) / PANEL; }
  // Channels in, as operands; filled up with zeros to what a product takes at once.
  static int words_in(const DilatedShape& s) {
    const int words = (s.n_channels + PER_WORD - 1) / PER_WORD;
    return (words + Isa::WORD_STEP - 1) / Isa::WORD_STEP * Isa::WORD_STEP;
  }

  // ---- weights -----------------------------------------------------------------------------------------------------

  struct Packed {  // pointers into one allocation
    float *stem, *output;
    Word* layers;
    size_t conv_words, mix_words, layer_words;
    static size_t stem_floats(const DilatedShape& s) { return size_t(groups(s)) * PLACES * s.row(); }
    static size_t bytes(const DilatedShape& s) {
      const Packed sizes(s, nullptr);
      return (stem_floats(s) + s.row() + s.n_layers * sizes.layer_words) * sizeof(Word);
    }
    Packed(const DilatedShape& s, void* memory) {
      mix_words = size_t(panels(s)) * words_in(s) * PANEL * PARTS;
      conv_words = mix_words * s.conv_width;
      layer_words = conv_words + mix_words + 2 * s.row();
      if (!memory) return;
      stem = static_cast<float*>(memory);
      output = stem + stem_floats(s);
      layers = reinterpret_cast<Word*>(output + s.row());
    }
    Word* conv(int layer) const { return layers + layer * layer_words; }
    Word* mix(int layer) const { return conv(layer) + conv_words; }
    float* conv_bias(int layer) const { return reinterpret_cast<float*>(mix(layer) + mix_words); }
    float* mix_bias(const DilatedShape& s, int layer) const { return conv_bias(layer) + s.row(); }
  };

  static size_t packed_bytes(const DilatedShape& s) { return Packed::bytes(s); }

  // [out][in][tap] to [panel][part][tap][in, paired][PANEL]
  static void pack_panels(const DilatedShape& s, const float* from, int n_taps, Word* to) {
    const int n = s.n_channels;
    for (int panel = 0; panel < panels(s); panel++)
      for (int part = 0; part < PARTS; part++)
        for (int tap = 0; tap < n_taps; tap++)
          for (int word = 0; word < words_in(s); word++)
            for (int lane = 0; lane < PANEL; lane++, to++) {
              const int out = panel * PANEL + lane, in = word * PER_WORD;
              float pair[2] = {0, 0};
              for (int i = 0; i < PER_WORD && in + i < n; i++)
                if (out < n) pair[i] = from[(ptrdiff_t(out) * n + in + i) * n_taps + tap];
              *to = Isa::word(part, pair, 1);
            }
  }

  static double letter_weight(const DilatedShape& s, const DilatedWeights& w, int channel, int tap, int code) {
    if (code == OUTSIDE || tap >= s.stem_width) return 0;
    const float* of_letters = w.stem + (ptrdiff_t(channel) * N_LETTERS) * s.stem_width + tap;
    if (code < N_LETTERS) return of_letters[code * s.stem_width];
    double sum = 0;
    for (int letter = 0; letter < N_LETTERS; letter++) sum += of_letters[letter * s.stem_width];
    return sum / N_LETTERS;
  }

  static void pack(const DilatedShape& s, const DilatedWeights& w, void* memory) {
    const Packed to(s, memory);
    const int n = s.n_channels;
    for (int group = 0; group < groups(s); group++)
      for (int place = 0; place < PLACES; place++)
        for (int c = 0; c < n; c++) {
          const int tap = group * GROUP;
          const double sum = letter_weight(s, w, c, tap, place / 36) + letter_weight(s, w, c, tap + 1, place / 6 % 6) +
                             letter_weight(s, w, c, tap + 2, place % 6);
          to.stem[(ptrdiff_t(group) * PLACES + place) * s.row() + c] = float(group ? sum : sum + w.stem_bias[c]);
        }
    for (int c = 0; c < n; c++) to.output[c] = w.output[c];
    for (int layer = 0; layer < s.n_layers; layer++) {
      pack_panels(s, w.conv + ptrdiff_t(layer) * n * n * s.conv_width, s.conv_width, to.conv(layer));
      pack_panels(s, w.mix + ptrdiff_t(layer) * n * n, 1, to.mix(layer));
      for (int c = 0; c < n; c++) {
        to.conv_bias(layer)[c] = w.conv_bias[ptrdiff_t(layer) * n + c];
        to.mix_bias(s, layer)[c] = w.mix_bias[ptrdiff_t(layer) * n + c];
      }
    }
  }

  // ---- rows --------------------------------------------------------------------------------------------------------

  // The input of a layer (the last one is what is read out): rows of positions from `base` on.
  struct Rows {
    float* states;    // [chunk][capacity][CHUNK]
    Word* operands;   // [part, chunk][capacity][ROW_WORDS]; the states themselves if these are operands
    int64_t capacity, reach;
    int64_t base, begin, made, end;  // positions: of row 0; first and next to be made; behind the last
    float* state(int64_t position, int chunk = 0) const { return states + (chunk * capacity + position - base) * CHUNK; }
    Word* operand(int64_t position, int plane = 0) const {
      return operands + (plane * capacity + position - base) * ROW_WORDS;
    }
  };

  // Rows that a wave keeps; all those of `whole` positions, if that is given.
  static int64_t capacity(const DilatedShape& s, int n, int64_t whole) {
    const int64_t reach = n < s.n_layers ? s.reach(n) : 0;
    return whole ? whole + 2 * reach + 2 * POSITIONS : 3 * reach + 2 * ROWS + POSITIONS;
  }

  struct Scratch {
    Rows* rows;        // [n_layers + 1]
    float* inside;     // [chunk][ROWS][CHUNK]: what a layer's convolution gave
    Word* activated;   // [part, chunk][ROWS][ROW_WORDS]: GELU of it
    uint16_t* places;  // what the stem looks up
    static size_t inside_floats(const DilatedShape& s) { return size_t(s.chunks()) * (ROWS + POSITIONS) * CHUNK; }
    static size_t activated_words(const DilatedShape& s) { return APART ? inside_floats(s) / PER_WORD * PARTS : 0; }
    static size_t places_words(const DilatedShape& s) { return (ROWS + s.stem_width + GROUP) / 2 + 16; }
    static size_t words(const DilatedShape& s, int64_t whole) {
      size_t n = (s.n_layers + 1) * (sizeof(Rows) / sizeof(Word)) + inside_floats(s) + activated_words(s) + places_words(s) + 64;
      for (int layer = 0; layer <= s.n_layers; layer++)
        n += size_t(s.chunks()) * capacity(s, layer, whole) * (CHUNK + (APART ? PARTS * ROW_WORDS : 0));
      return n;
    }
    Scratch(const DilatedShape& s, void* memory, int64_t whole = 0) {
      Word* next = static_cast<Word*>(memory);
      auto take = [&next](size_t words) { Word* mine = next; next += words; return mine; };
      auto take_floats = [&take](size_t n) { return reinterpret_cast<float*>(take(n)); };
      inside = take_floats(inside_floats(s));
      activated = APART ? take(activated_words(s)) : reinterpret_cast<Word*>(inside);
      Rows* all = reinterpret_cast<Rows*>(take((s.n_layers + 1) * (sizeof(Rows) / sizeof(Word))));
      for (int n = 0; n <= s.n_layers; n++) {
        Rows& own = all[n];
        own.capacity = capacity(s, n, whole);
        own.reach = n < s.n_layers ? s.reach(n) : 0;
        own.states = take_floats(size_t(s.chunks()) * own.capacity * CHUNK);
        own.operands = APART ? take(size_t(s.chunks()) * PARTS * own.capacity * ROW_WORDS) : reinterpret_cast<Word*>(own.states);
      }
      rows = all;
      places = reinterpret_cast<uint16_t*>(take(places_words(s)));
    }
  };

  static size_t scratch_bytes(const DilatedShape& s) { return Scratch::words(s, 0) * sizeof(Word); }

  static void clear(const DilatedShape& s, const Rows& r, int64_t from, int64_t until) {
    const size_t n = until - from;
    for (int chunk = 0; chunk < s.chunks(); chunk++) __builtin_memset(r.state(from, chunk), 0, n * CHUNK * sizeof(float));
    for (int plane = 0; APART && plane < s.chunks() * PARTS; plane++)
      __builtin_memset(r.operand(from, plane), 0, n * ROW_WORDS * sizeof(Word));
  }

  // Keep the rows from position `from` on, and have room behind those that were made.
  static void make_room(const DilatedShape& s, Rows& r, int64_t from, int64_t n_more) {
    if (r.made + n_more + r.reach + POSITIONS - r.base <= r.capacity) return;
    const size_t n = r.made - from;
    for (int chunk = 0; chunk < s.chunks(); chunk++)
      __builtin_memmove(r.states + chunk * r.capacity * CHUNK, r.state(from, chunk), n * CHUNK * sizeof(float));
    for (int plane = 0; APART && plane < s.chunks() * PARTS; plane++)
      __builtin_memmove(r.operands + plane * r.capacity * ROW_WORDS, r.operand(from, plane), n * ROW_WORDS * sizeof(Word));
    r.base = from;
  }

  static void set_out(const DilatedShape& s, Rows* rows, int64_t length, int64_t first, int64_t last) {
    for (int n = s.n_layers; n >= 0; n--) {
      Rows& r = rows[n];
      first = first - r.reach, last = last + r.reach;
      first = first > 0 ? first : 0, last = last < length ? last : length;
      r.begin = r.made = first, r.end = last;
      r.base = first - r.reach;
      clear(s, r, r.base, first);  // before the first base there is nothing
    }
  }

  // ---- the stem ----------------------------------------------------------------------------------------------------

  static ALWAYS_INLINE void activate(Vector (&x)[AT_ONCE]) { gelu<Isa>(x, Isa::PHI); }

  // What a layer reads of states that were made.
  static void make_operands(const DilatedShape& s, const Rows& r, int64_t position, int chunk) {
    if constexpr (APART)
      Isa::store_operands(r.operand(position, chunk), s.chunks() * r.capacity * ROW_WORDS, r.state(position, chunk));
  }

  static void look_up(const DilatedShape& s, const uint8_t* codes, int64_t length, int64_t first, int n, uint16_t* places) {
    const int64_t from = first - s.stem_width / 2;
    int place = 0;
    for (int i = 0; i < n + s.stem_width + GROUP - 1; i++) {
      const int64_t at = from + i;
      place = (place * 6 + (at < 0 || at >= length ? OUTSIDE : codes[at])) % PLACES;
      if (i >= GROUP - 1) places[i - (GROUP - 1)] = uint16_t(place);
    }
  }

  static void run_stem(const DilatedShape& s, const Packed& w, const uint8_t* codes, int64_t length, const Scratch& m, int n) {
    Rows& r = m.rows[0];
    look_up(s, codes, length, r.made, n, m.places);
    const int row = s.row();
    for (int i = 0; i < n; i++)
      for (int chunk = 0; chunk < s.chunks(); chunk++) {
        float* to = r.state(r.made + i, chunk);
        for (int c = 0; c < CHUNK; c += AT_ONCE * LANES) {
          Vector sums[AT_ONCE];
          for (int v = 0; v < AT_ONCE; v++) sums[v] = Isa::broadcast(0);
          const float* table = w.stem + chunk * CHUNK + c;
          for (int group = 0; group < groups(s); group++, table += ptrdiff_t(PLACES) * row) {
            const float* found = table + ptrdiff_t(m.places[i + group * GROUP]) * row;
            for (int v = 0; v < AT_ONCE; v++) sums[v] = Isa::add(sums[v], Isa::load(found + v * LANES));
          }
          activate(sums);
          for (int v = 0; v < AT_ONCE; v++) Isa::store(to + c + v * LANES, sums[v]);
        }
        make_operands(s, r, r.made + i, chunk);
      }
    r.made += n;
  }

  // ---- a residual layer --------------------------------------------------------------------------------------------

  // N positions of a panel, from the bias; what they become is up to `finish`.
  template <int N, class Finish>
  static ALWAYS_INLINE void block(const Word* x, const Reach& reach, const Word* w, const float* bias, Finish finish) {
    Vector acc[N][VECTORS];
UNROLL(8)
    for (int v = 0; v < VECTORS; v++) {
      const Vector start = Isa::load(bias + v * LANES);
UNROLL(16)
      for (int n = 0; n < N; n++) acc[n][v] = start;
    }
    Isa::multiply(acc, x, reach, w);
UNROLL(16)
    for (int n = 0; n < N; n++)
UNROLL(8)
      for (int v = 0; v < VECTORS; v++) finish(n, v, acc[n][v]);
  }

  // n positions of a panel.
  template <int N = POSITIONS, class Store>
  static ALWAYS_INLINE void blocks(int from, int n, const Word* x, const Reach& reach, const Word* w, const float* bias,
                                   Store store) {
    for (; from + N <= n; from += N)
      block<N>(x + ptrdiff_t(from) * ROW_WORDS, reach, w, bias,
               [&](int i, int v, Vector sum) { store(from + i, v, sum); });
    if (from == n) return;
    if constexpr (N / 2 >= Isa::LEAST_POSITIONS) return blocks<N / 2>(from, n, x, reach, w, bias, store);
    block<N>(x + ptrdiff_t(from) * ROW_WORDS, reach, w, bias, [&](int i, int v, Vector sum) {
      if (from + i < n) store(from + i, v, sum);  // the rows behind are of no use
    });
  }

  static void convolve(const DilatedShape& s, const Packed& w, int layer, const Rows& x, int64_t first, int n, const Scratch& m) {
    const Reach reach = {s.conv_width, s.chunks(), ptrdiff_t(s.dilations[layer]) * ROW_WORDS,
                         ptrdiff_t(x.capacity) * ROW_WORDS,
                         ptrdiff_t(s.chunks() * x.capacity) * ROW_WORDS, ptrdiff_t(s.conv_width) * words_in(s) * PANEL,
                         words_in(s) - (s.chunks() - 1) * ROW_WORDS};
    const Word* weights = w.conv(layer);
    for (int panel = 0; panel < panels(s); panel++, weights += PARTS * reach.weights_part) {
      const int channel = panel * PANEL;
      float* to = m.inside + ptrdiff_t(channel / CHUNK) * (ROWS + POSITIONS) * CHUNK + channel % CHUNK;
      blocks(0, n, x.operand(first - x.reach), reach, weights, w.conv_bias(layer) + channel,
             [&](int i, int v, Vector sum) { Isa::store(to + i * CHUNK + v * LANES, sum); });
    }
  }

  static void activate_inside(const DilatedShape& s, int n, const Scratch& m) {
    for (int chunk = 0; chunk < s.chunks(); chunk++) {
      float* rows = m.inside + ptrdiff_t(chunk) * (ROWS + POSITIONS) * CHUNK;
      for (float* at = rows; at < rows + n * CHUNK; at += AT_ONCE * LANES) {
        Vector x[AT_ONCE];
        for (int v = 0; v < AT_ONCE; v++) x[v] = Isa::load(at + v * LANES);
        activate(x);
        for (int v = 0; v < AT_ONCE; v++) Isa::store(at + v * LANES, x[v]);
      }
      if constexpr (APART) {
        const ptrdiff_t part = ptrdiff_t(s.chunks()) * (ROWS + POSITIONS) * ROW_WORDS;
        Word* to = m.activated + ptrdiff_t(chunk) * (ROWS + POSITIONS) * ROW_WORDS;
        for (int i = 0; i < n; i++) Isa::store_operands(to + i * ROW_WORDS, part, rows + i * CHUNK);
      }
    }
  }

  static void mix(const DilatedShape& s, const Packed& w, int layer, const Rows& x, const Rows& y, int n, const Scratch& m) {
    const Reach reach = {1, s.chunks(), 0, ptrdiff_t(ROWS + POSITIONS) * ROW_WORDS,
                         ptrdiff_t(s.chunks()) * (ROWS + POSITIONS) * ROW_WORDS, ptrdiff_t(words_in(s)) * PANEL,
                         words_in(s) - (s.chunks() - 1) * ROW_WORDS};
    const Word* weights = w.mix(layer);
    for (int panel = 0; panel < panels(s); panel++, weights += PARTS * reach.weights_part) {
      const int channel = panel * PANEL, chunk = channel / CHUNK;
      const float* before = x.state(y.made, chunk) + channel % CHUNK;
      float* to = y.state(y.made, chunk) + channel % CHUNK;
      blocks(0, n, m.activated, reach, weights, w.mix_bias(s, layer) + channel, [&](int i, int v, Vector sum) {
        const ptrdiff_t at = i * CHUNK + v * LANES;
        Isa::store(to + at, Isa::add(Isa::load(before + at), sum));
      });
    }
    if (APART)
      for (int chunk = 0; chunk < s.chunks(); chunk++)
        for (int i = 0; i < n; i++) make_operands(s, y, y.made + i, chunk);
  }

  static void make_rows(const DilatedShape& s, const Packed& w, int layer, const Rows& x, Rows& y, int n, const Scratch& m) {
    convolve(s, w, layer, x, y.made, n, m);
    activate_inside(s, n, m);
    mix(s, w, layer, x, y, n, m);
    y.made += n;
  }

  static void run_layer(const DilatedShape& s, const Packed& w, int layer, const Scratch& m) {
    Rows &x = m.rows[layer], &y = m.rows[layer + 1];
    const int64_t possible = x.made == x.end ? y.end : x.made - x.reach < y.end ? x.made - x.reach : y.end;
    const int64_t left = possible - y.made;
    const int n = int(left < ROWS ? left : ROWS);
    if (n <= 0) return;
    make_room(s, y, layer + 1 < s.n_layers ? m.rows[layer + 2].made - y.reach : y.made, n);
    make_rows(s, w, layer, x, y, n, m);
    if (y.made == y.end) clear(s, y, y.end, y.end + y.reach);  // behind the last base there is nothing
  }

  // ---- the network -------------------------------------------------------------------------------------------------

  static float read_out(const DilatedShape& s, const float* output, const Rows& r, int64_t position) {
    Vector sum = Isa::broadcast(0);
    for (int chunk = 0; chunk < s.chunks(); chunk++)
      for (int c = 0; c < CHUNK; c += LANES)
        sum = Isa::multiply_add_floats(Isa::load(r.state(position, chunk) + c), Isa::load(output + chunk * CHUNK + c), sum);
    float lanes[LANES];
    Isa::store(lanes, sum);
    for (int half = LANES / 2; half; half /= 2)
      for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    return lanes[0];
  }

  static void advance_stem(const DilatedShape& s, const Packed& w, const uint8_t* codes, int64_t length, const Scratch& m) {
    Rows& stem = m.rows[0];
    if (stem.made == stem.end) return;
    const int n = int(stem.end - stem.made < ROWS ? stem.end - stem.made : ROWS);
    make_room(s, stem, s.n_layers ? m.rows[1].made - stem.reach : stem.made, n);
    run_stem(s, w, codes, length, m, n);
    if (stem.made == stem.end) clear(s, stem, stem.end, stem.end + stem.reach);
  }

  static void run(const DilatedShape& s, const void* packed, const uint8_t* codes, int64_t length, int64_t first,
                  int64_t last, float* log_odds, void* scratch) {
    const Packed w(s, const_cast<void*>(packed));
    const Scratch m(s, scratch);
    const NoDenormals fast;
    [[maybe_unused]] const typename Isa::Session session;  // what the instructions need set up, and released
    set_out(s, m.rows, length, first, last);
    Rows& top = m.rows[s.n_layers];
    for (int64_t read = first; read < last;) {
      advance_stem(s, w, codes, length, m);
      for (int layer = 0; layer < s.n_layers; layer++) run_layer(s, w, layer, m);
      for (; read < top.made; read++) log_odds[read - first] += read_out(s, w.output, top, read);
    }
  }
};

}  // namespace
}  // namespace tracktools
