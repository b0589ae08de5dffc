// Attention of one layer, computed again from the states that enter it: for chosen queries, and reduced over all.
//
// Only for instruction sets whose operands are plain floats (PER_WORD = 1): there the factors a and b of a product lie
// alike, [channel][64 positions], so that queries can be rows and keys lanes, against the order of layer.hpp:
//
//   band [64 queries][blocks of 64 keys]                   query q sees its own key in column LAST + q
//        . . x x x x x x x x x x x x x x . . . .           distance d upstream stands in column LAST - d + q:
//        . . . x x x x x x x x x x x x x x . . .           the same distance of the next query is one float further,
//        . . . . x x x x x x x x x x x x x x . .           so a vector of distances walks down the queries in
//                                                          registers, and its sums are stored once a tile
//
// Sums are floats within a tile and doubles beyond; every piece of work has its own, so that threads change nothing.
#pragma once

#include "layer.hpp"

namespace tracktools {
namespace {

template <class Isa>
struct Observer : Layer<Isa> {
  using Base = Layer<Isa>;
  using typename Base::Packed, typename Base::Scratch, typename Base::Vector;
  using Base::a_word, Base::phi_words, Base::gather, Base::make_keys, Base::make_queries;
  using Base::AT_ONCE, Base::LANES, Base::ROWS, Base::CHANNEL_WORDS, Base::PARTS, Base::STATE_WORDS, Base::SCORE;
  static_assert(Isa::PER_WORD == 1 && PARTS == 1 && !Isa::BY_ROW, "operands must be plain floats, by channel");

  static constexpr int TOGETHER = AT_ONCE * LANES;  // keys whose scores are computed at once

  // The band, and what is known of its queries.
  struct Band {
    float* weights;      // [TILE][row], 2^score; divided by its total: the attention
    float share[TILE];   // 1 / total
    int sees[TILE];      // distances of each query, at most the window
    int row, last;       // floats from query to query; column of the own key of query 0
    Band(const Shape& s, float* memory)
        : weights(memory), row(s.blocks() * TILE + LANES), last((s.blocks() - 1) * TILE) {}
    static size_t floats(const Shape& s) { return size_t(TILE + 1) * (s.blocks() * TILE + 2 * LANES); }
    // The weight of the farthest distance of a query; nearer ones follow.
    float* farthest(const Shape& s, int query) const { return weights + query * (row + 1) + last - (s.window - 1); }
    float at(int query, int distance) const { return weights[query * (row + 1) + last - distance] * share[query]; }
  };

  static size_t scratch_bytes(const Shape& s) { return Base::scratch_bytes(s) + Band::floats(s) * sizeof(float); }

  // Scores of all queries of a tile and 64 keys that stand `before` bases upstream of them.
  static void score(const Shape& s, const Word* keys, const Word* phi, int before, const Scratch& m, float* to, int row) {
    for (int key = 0; key < TILE; key += TOGETHER)
      for (int query = 0; query < TILE; query += ROWS) {
        const int farthest = before + query + ROWS - 1 - key, nearest = before + query - (key + TOGETHER - 1);
        if (farthest < 0 || nearest >= s.window) continue;
        Block<Isa, AT_ONCE> acc;
        const Pair content = {m.q + query, keys + key}, position = {m.rotated + query, phi + key};
        Isa::multiply(acc, 2, [&](int i) { return i ? position : content; }, SCORE, CHANNEL_WORDS);
        for (int r = 0; r < ROWS; r++)
          for (int v = 0; v < AT_ONCE; v++) Isa::store(to + (query + r) * row + key + v * LANES, acc.at[r][v]);
      }
  }

  // From scores to 2^(score - largest), and their total; what a query cannot see is 0.
  static void weigh(const Shape& s, Band& band, int query) {
    float* scores = band.farthest(s, query);
    const int hidden = s.window - band.sees[query];
    float largest = NONE, total = 0;
    int i = hidden;
    Vector most = Isa::broadcast(NONE), sum = Isa::broadcast(0);
    for (; i + LANES <= s.window; i += LANES) most = Isa::max(most, Isa::load(scores + i));
    float lanes[LANES];
    Isa::store(lanes, most);
    for (int lane = 0; lane < LANES; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
    for (; i < s.window; i++) largest = scores[i] > largest ? scores[i] : largest;
    const Vector shift = Isa::broadcast(largest);
    for (i = hidden; i + LANES <= s.window; i += LANES) {
      const Vector weight = Isa::exp2(Isa::sub(Isa::load(scores + i), shift));
      Isa::store(scores + i, weight);
      sum = Isa::add(sum, weight);
    }
    Isa::store(lanes, sum);
    for (int lane = 0; lane < LANES; lane++) total += lanes[lane];
    if (i < s.window) {  // fewer than a vector are left: the others, of the future, are not to be touched
      float rest[LANES] = {};
      for (int lane = 0; i + lane < s.window; lane++) rest[lane] = scores[i + lane];
      Isa::store(rest, Isa::exp2(Isa::sub(Isa::load(rest), shift)));
      for (int lane = 0; i + lane < s.window; lane++) total += scores[i + lane] = rest[lane];
    }
    for (int far = 0; far < hidden; far++) scores[far] = 0;
    band.share[query] = 1 / total;
  }

  static void attend(const Shape& s, const Word* phi, int64_t tile, int head, const Scratch& m, Band& band) {
    const int n = s.blocks();
    for (int block = 0; block < n; block++) {
      const int64_t from = tile - (n - 1) + block;
      if (from < 0) continue;  // before the window there is nothing
      score(s, m.keys_of(s, from, head), phi + block * STATE_WORDS, (n - 1 - block) * TILE, m,
            band.weights + block * TILE, band.row);
    }
    for (int query = 0; query < TILE; query++) {
      const int64_t sees = tile * TILE + query + 1;
      band.sees[query] = sees < s.window ? int(sees) : s.window;
      weigh(s, band, query);
    }
  }

  // ---- what is kept ------------------------------------------------------------------------------------------------

  struct Counted {  // queries of a tile that count
    int n = 0, query[TILE];
    bool whole = true;  // all see the whole window
  };

  static Counted counted(const Shape& s, const Watch& w, int64_t tile, const Band& band) {
    Counted c;
    if (!w.outputs) return c;
    for (int query = 0; query < TILE; query++) {
      const float output = w.outputs[tile * TILE + query];
      if (output != output) continue;  // NaN
      c.query[c.n++] = query;
      c.whole &= band.sees[query] == s.window;
    }
    return c;
  }

  // Count LANES weights, of distances from place `i` (farthest first) on.
  static void count(const Shape& s, const Watch& w, const Band& band, int query, int i, Vector weights, uint64_t cell,
                    bool whole, uint64_t* histogram) {
    int32_t bins[LANES];
    Isa::store_bins(bins, weights, w.bin_shift, w.first_bin, w.n_bins);
    uint64_t* cells = histogram + size_t(i) * w.n_bins;
    if (whole && i + LANES <= s.window) {
      for (int lane = 0; lane < LANES; lane++) cells[lane * w.n_bins + bins[lane]] += cell;
      return;
    }
    for (int lane = 0; lane < LANES && i + lane < s.window; lane++)
      if (i + lane >= s.window - band.sees[query]) cells[lane * w.n_bins + bins[lane]] += cell;
  }

  // Add a head's weights in a tile to its sums [total, with output, squares, largest][window], and to its histogram.
  // Products and squares are those of weights less their centres: that is what keeps correlations exact.
  static void reduce(const Shape& s, const Watch& w, int64_t tile, int head, const Band& band, const Counted& c,
                     double* sums, uint64_t* histogram) {
    for (int i = 0; i < s.window; i += LANES) {
      float centres[LANES] = {};
      for (int lane = 0; lane < LANES && i + lane < s.window; lane++) centres[lane] = w.centres[head * s.window + i + lane];
      const Vector centre = Isa::load(centres);
      Vector total = Isa::broadcast(0), with_output = total, squares = total, largest = total;
      for (int n = 0; n < c.n; n++) {
        const int query = c.query[n];
        const Vector weights = Isa::mul(Isa::load(band.farthest(s, query) + i), Isa::broadcast(band.share[query]));
        total = Isa::add(total, weights);
        largest = Isa::max(largest, weights);
        Vector centred = Isa::sub(weights, centre);
        if (!c.whole) {  // what is not there is no deviation, either
          const int hidden = s.window - band.sees[query];
          centred = Isa::where_seen(i - hidden, s.window, centred, Isa::broadcast(0));
        }
        squares = Isa::multiply_add_floats(centred, centred, squares);
        with_output = Isa::multiply_add_floats(centred, Isa::broadcast(w.outputs[tile * TILE + query]), with_output);
        const uint64_t cell = uint64_t(1) << w.rank_bits | w.ranks[tile * TILE + query];
        count(s, w, band, query, i, weights, cell, c.whole, histogram);
      }
      float lanes[4][LANES];
      Isa::store(lanes[0], total);
      Isa::store(lanes[1], with_output);
      Isa::store(lanes[2], squares);
      Isa::store(lanes[3], largest);
      for (int lane = 0; lane < LANES && i + lane < s.window; lane++) {
        for (int k = 0; k < 3; k++) sums[k * s.window + i + lane] += double(lanes[k][lane]);
        double& most = sums[3 * s.window + i + lane];
        most = lanes[3][lane] > most ? double(lanes[3][lane]) : most;
      }
    }
  }

  static void keep(const Shape& s, const Watch& w, int64_t tile, int head, const Band& band, const Counted& c,
                   int64_t& row) {
    for (; row < w.n_rows && w.rows[row] < (tile + 1) * TILE; row++) {
      float* to = w.weights + (row * s.n_heads + head) * s.window;
      for (int d = 0; d < s.window; d++) to[d] = band.at(int(w.rows[row] - tile * TILE), d);
    }
    for (int n = 0; n < c.n; n++)
      for (int k = 0; k < w.n_tracked; k++)
        w.followed[((tile * TILE + c.query[n]) * s.n_heads + head) * w.n_tracked + k] =
            band.at(c.query[n], w.tracked[head * w.n_tracked + k]);
  }

  // ---- the layer ---------------------------------------------------------------------------------------------------

  static void observe(const Shape& s, const void* packed, const void* tables, const Span& span, int64_t first,
                      int64_t last, const float* x, const Watch& w, double* sums, uint64_t* histogram, void* scratch) {
    const Packed weights(s, const_cast<void*>(packed));
    const Scratch m(s, scratch);
    const NoDenormals fast;
    Band band(s, reinterpret_cast<float*>(static_cast<char*>(scratch) + Base::scratch_bytes(s)));
    const Word* phi = static_cast<const Word*>(tables);
    const float* query_table = reinterpret_cast<const float*>(phi + phi_words(s));
    const int64_t earliest = first - (s.blocks() - 1);
    int64_t row = 0;
    while (row < w.n_rows && w.rows[row] < (span.first_tile + first) * TILE) row++;
    for (int64_t tile = earliest > 0 ? earliest : 0; tile < last; tile++) {
      const int64_t seen_by = tile + s.blocks() < last ? tile + s.blocks() : last;  // tiles up to that one see its keys
      if (!wanted(w, span, tile > first ? tile : first, seen_by)) continue;
      gather(s, span, tile, x, m);
      for (int head = 0; head < s.n_heads; head++) make_keys(s, weights, head, m, m.keys_of(s, tile, head));
      if (tile < first || !w.needed[span.first_tile + tile]) continue;
      int64_t next = row;  // the rows of this tile are kept for each head
      for (int head = 0; head < s.n_heads; head++) {
        make_queries(s, weights, query_table, head, m);
        attend(s, phi, tile, head, m, band);
        const Counted c = counted(s, w, span.first_tile + tile, band);
        if (c.n)
          reduce(s, w, span.first_tile + tile, head, band, c, sums + size_t(head) * 4 * s.window,
                 histogram + size_t(head) * s.window * w.n_bins);
        next = row;
        keep(s, w, span.first_tile + tile, head, band, c, next);
      }
      row = next;
    }
  }

  static bool wanted(const Watch& w, const Span& span, int64_t from, int64_t until) {
    for (int64_t tile = from; tile < until; tile++)
      if (w.needed[span.first_tile + tile]) return true;
    return false;
  }

  static constexpr Kernel kernel(const char* name) {
    Kernel kernel = Base::kernel(name);
    kernel.observe_bytes = scratch_bytes;
    kernel.observe = observe;
    return kernel;
  }
};

}  // namespace
}  // namespace tracktools
