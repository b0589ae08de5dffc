// The library as Python sees it: networks are made for one kernel, run over windows, and freed.
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "network.hpp"
#include "processor.hpp"
#include "work.hpp"

namespace tracktools {
namespace {

constexpr int N_CODES = 5;
constexpr int64_t MOST_TILES = 256;  // of one piece of work; keys and values of `blocks()` more are computed for each
constexpr int64_t LEAST_TILES = 32;
constexpr int PIECES_PER_THREAD = 4;

// Hidden states, straight from the system and all zero. From malloc they would leave holes that the process keeps: more
// memory than is announced.
class States {
 public:
  explicit States(size_t bytes) : bytes_(bytes) {
    if (bytes_ == 0) return;
    p_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (p_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~States() {
    if (bytes_ != 0) munmap(p_, bytes_);
  }
  States(const States&) = delete;
  States& operator=(const States&) = delete;
  float* get() const { return static_cast<float*>(p_); }

 private:
  size_t bytes_;
  void* p_ = nullptr;
};

struct Network {
  const Kernel* kernel;
  Shape shape;
  std::vector<Memory> layers;
  Memory tables;
  std::vector<float> letters;  // [code][CHANNELS]
  std::vector<float> output;   // [CHANNELS], then the bias
};

struct Choice {
  const Kernel* kernel;
  bool (*runs_here)();
};

const Choice* find_kernel(const char* name) {
  static const std::vector<Choice> choices = {
#ifdef TRACKTOOLS_AMX
      {&kernel_amx_bf16, has_amx},
      {&kernel_amx_bf16x3, has_amx},
#endif
#ifdef TRACKTOOLS_AVX512_BF16
      {&kernel_avx512_bf16, has_avx512_bf16},
#endif
#ifdef TRACKTOOLS_AVX512
      {&kernel_avx512, has_avx512},
#endif
#ifdef TRACKTOOLS_AVX2
      {&kernel_avx2, has_avx2},
#endif
  };
  for (const Choice& choice : choices)
    if (!std::strcmp(choice.kernel->name, name)) return &choice;
  return nullptr;
}

LayerWeights split_weights(const Shape& s, const float* w) {
  const size_t matrix = CHANNELS * CHANNELS, heads = s.n_heads;
  auto take = [&w](size_t n) { const float* mine = w; w += n; return mine; };
  LayerWeights layer;
  layer.projections = take(heads * 3 * s.conv_width * matrix);
  layer.query_bias = take(heads * CHANNELS);
  layer.relative = take(heads * matrix);
  layer.position_bias = take(heads * CHANNELS);
  layer.out_bias = take(CHANNELS);
  layer.norm_weight = take(CHANNELS);
  layer.norm_bias = take(CHANNELS);
  return layer;
}

struct Piece {
  Span span;
  int64_t first, last;
};

std::vector<Piece> cut(const std::vector<Span>& spans, int64_t n_tiles, int n_threads) {
  int64_t most = n_tiles / (int64_t(n_threads) * PIECES_PER_THREAD);
  most = most < LEAST_TILES ? LEAST_TILES : most > MOST_TILES ? MOST_TILES : most;
  std::vector<Piece> pieces;
  for (const Span& span : spans)
    for (int64_t first = 0; first < span.n_tiles; first += most)
      pieces.push_back({span, first, first + most < span.n_tiles ? first + most : span.n_tiles});
  return pieces;
}

void embed(const Network& net, const Span& span, const uint8_t* codes, float* x) {
  for (int64_t i = 0; i < span.length; i++) {
    float* state = x + (span.first_tile + i / TILE) * STATE_FLOATS + i % TILE;
    for (int c = 0; c < CHANNELS; c++) state[c * TILE] = net.letters[codes[i] * CHANNELS + c];
  }
}

void read_out(const Network& net, const Span& span, const float* x, float* probabilities) {
  for (int64_t i = 0; i < span.length; i++) {
    const float* state = x + (span.first_tile + i / TILE) * STATE_FLOATS + i % TILE;
    double log_odds = net.output[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) log_odds += double(net.output[c]) * state[c * TILE];
    probabilities[i] = float(1 / (1 + std::exp(-log_odds)));
  }
}

// States that enter each layer are put into `kept` [layer][tile][CHANNELS][TILE], if that is given.
void run(const Network& net, const uint8_t* codes, const std::vector<Span>& spans, int64_t n_tiles, float* probabilities,
         float* kept, int n_threads) {
  const States first(n_tiles * STATE_FLOATS * sizeof(float)), second(n_tiles * STATE_FLOATS * sizeof(float));
  float *x = first.get(), *y = second.get();
  std::vector<Memory> scratch;
  for (int i = 0; i < n_threads; i++) scratch.push_back(allocate(net.kernel->scratch_bytes(net.shape)));
  const uint8_t* from = codes;
  for (const Span& span : spans) embed(net, span, from, x), from += span.length;
  const std::vector<Piece> pieces = cut(spans, n_tiles, n_threads);
  const int64_t n_floats = n_tiles * STATE_FLOATS;
  for (const Memory& layer : net.layers) {
    if (kept) std::memcpy(kept, x, n_floats * sizeof(float)), kept += n_floats;
    share(pieces.size(), n_threads, [&](size_t piece, int thread) {
      const Piece& p = pieces[piece];
      net.kernel->run(net.shape, layer.get(), net.tables.get(), p.span, p.first, p.last, x, y, scratch[thread].get());
    });
    std::swap(x, y);
  }
  for (const Span& span : spans) read_out(net, span, x, probabilities), probabilities += span.length;
}

std::vector<Span> lay_out(const int64_t* lengths, int64_t n_windows, int64_t& n_tiles) {
  std::vector<Span> spans;
  n_tiles = 0;
  for (int64_t n = 0; n < n_windows; n++) {
    spans.push_back({n_tiles, (lengths[n] + TILE - 1) / TILE, lengths[n]});
    n_tiles += spans.back().n_tiles;
  }
  return spans;
}

// Tiles that are observed as one work, whatever the number of threads: each has its own sums, added up in order.
constexpr int64_t OBSERVED_TILES = 128;

std::vector<std::vector<Piece>> cut_for_sums(const std::vector<Span>& spans) {
  std::vector<std::vector<Piece>> works;
  int64_t room = 0;
  for (const Span& span : spans)
    for (int64_t first = 0, last; first < span.n_tiles; first = last) {
      if (room == 0) works.emplace_back(), room = OBSERVED_TILES;
      last = std::min(first + room, span.n_tiles);
      works.back().push_back({span, first, last});
      room -= last - first;
    }
  return works;
}

void observe(const Network& net, const Memory& layer, const std::vector<Span>& spans, const float* x, const Watch& watch,
             double* sums, uint64_t* histogram, int n_threads) {
  const std::vector<std::vector<Piece>> works = cut_for_sums(spans);
  const size_t n_sums = size_t(net.shape.n_heads) * 4 * net.shape.window;
  const size_t n_cells = size_t(net.shape.n_heads) * net.shape.window * watch.n_bins;
  std::vector<std::vector<double>> own_sums(watch.outputs ? works.size() : 0);
  std::vector<std::vector<uint64_t>> own_cells(n_threads);
  std::vector<Memory> scratch;
  for (int i = 0; i < n_threads; i++) scratch.push_back(allocate(net.kernel->observe_bytes(net.shape)));
  if (watch.outputs)
    for (int i = 0; i < n_threads; i++) own_cells[i].resize(n_cells);
  for (std::vector<double>& own : own_sums) own.resize(n_sums);
  share(works.size(), n_threads, [&](size_t work, int thread) {
    double* to = watch.outputs ? own_sums[work].data() : nullptr;
    for (const Piece& p : works[work])
      net.kernel->observe(net.shape, layer.get(), net.tables.get(), p.span, p.first, p.last, x, watch, to,
                          own_cells[thread].data(), scratch[thread].get());
  });
  for (const std::vector<double>& own : own_sums)
    for (size_t i = 0; i < n_sums; i++)
      sums[i] = i / net.shape.window % 4 == 3 ? std::max(sums[i], own[i]) : sums[i] + own[i];
  for (const std::vector<uint64_t>& own : own_cells)
    for (size_t i = 0; i < own.size(); i++) histogram[i] += own[i];
}

}  // namespace
}  // namespace tracktools

using namespace tracktools;

#pragma GCC visibility push(default)
extern "C" {

// 0: the kernel was not compiled; 1: this processor, or its operating system, cannot run it; 2: it runs here.
int tracktools_usable(const char* kernel) {
  const Choice* choice = find_kernel(kernel);
  return !choice ? 0 : choice->runs_here() ? 2 : 1;
}

// Make a network; null if memory is short. The kernel must be usable. Tables are float arrays:
//   key_table [block][CHANNELS][TILE], query_table [CHANNELS][TILE], letters [5][CHANNELS], output [CHANNELS + 1];
//   layers: `n_layers` arrays as `split_weights` reads them.
void* tracktools_make(const char* kernel, int n_heads, int n_channels, int conv_width, int window, int n_layers,
                      const float* const* layers, const float* key_table, const float* query_table, const float* letters,
                      const float* output) {
  const Choice* choice = find_kernel(kernel);
  if (!choice) return nullptr;
  const Kernel* chosen = choice->kernel;
  try {
    auto net = std::make_unique<Network>();
    net->kernel = chosen;
    net->shape = {n_heads, n_channels, conv_width, window};
    for (int n = 0; n < n_layers; n++) {
      net->layers.push_back(allocate(chosen->packed_bytes(net->shape)));
      chosen->pack(net->shape, split_weights(net->shape, layers[n]), net->layers.back().get());
    }
    net->tables = allocate(chosen->table_bytes(net->shape));
    chosen->make_tables(net->shape, key_table, query_table, net->tables.get());
    net->letters.assign(letters, letters + N_CODES * CHANNELS);
    net->output.assign(output, output + CHANNELS + 1);
    return net.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// Probabilities of windows that stand one after the other in `codes` (each code 0 to 4), and the states that enter each
// layer, unless `states` is null. 0: done; 1: memory was short.
int tracktools_run(const void* network, const uint8_t* codes, const int64_t* lengths, int64_t n_windows,
                   float* probabilities, float* states, int n_threads) {
  try {
    int64_t n_tiles = 0;
    const std::vector<Span> spans = lay_out(lengths, n_windows, n_tiles);
    run(*static_cast<const Network*>(network), codes, spans, n_tiles, probabilities, states, n_threads);
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

// Attention of a layer, counted from 0, from the states that enter it; the kernel must be one of floats. `sums`
// [head][4][window] and `histogram` [head][window][n_bins] are added to. 0: done; 1: memory was short.
int tracktools_observe(const void* network, int layer, const int64_t* lengths, int64_t n_windows, const float* states,
                       const tracktools::Watch* watch, double* sums, uint64_t* histogram, int n_threads) {
  try {
    const Network& net = *static_cast<const Network*>(network);
    int64_t n_tiles = 0;
    const std::vector<Span> spans = lay_out(lengths, n_windows, n_tiles);
    observe(net, net.layers[layer], spans, states, *watch, sums, histogram, n_threads);
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

// What Python compares before it calls anything else: a digest of the sources, and the size of the struct both write.
const char* tracktools_sources() { return TRACKTOOLS_SOURCES; }
int tracktools_watch_bytes() { return int(sizeof(tracktools::Watch)); }

void tracktools_free(void* network) { delete static_cast<Network*>(network); }

}  // extern "C"
#pragma GCC visibility pop
