// The convolutional network as Python sees it: made for one kernel, run over windows, freed.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "dilated.hpp"
#include "processor.hpp"
#include "stretches.hpp"
#include "work.hpp"

namespace tracktools {
namespace {

constexpr int64_t LEAST_POSITIONS = 4096;  // of one piece of work: the rows around it, which its neighbours make, too,
constexpr int64_t MOST_POSITIONS = 32768;  // are at most a fiftieth (of the shipped network); more would idle threads
constexpr int PIECES_PER_THREAD = 4;
constexpr int64_t MOST_CHANGED_OUTPUTS = 512;  // of changes that share what the sequence gives as it is: kept in the caches
constexpr size_t MOST_CHANGES = 64;

struct Dilated {
  const DilatedKernel* kernel;
  std::vector<int> dilations;
  DilatedShape shape;
  std::vector<Memory> members;
  float bias;
};

struct Choice {
  const DilatedKernel* kernel;
  bool (*runs_here)();
};

const Choice* find_kernel(const char* name) {
  static const std::vector<Choice> choices = {
#ifdef TRACKTOOLS_AMX
      {&dilated_amx_bf16, has_amx},
      {&dilated_amx_bf16x3, has_amx},
#endif
#ifdef TRACKTOOLS_AVX512_BF16
      {&dilated_avx512_bf16, has_avx512_bf16},
#endif
#ifdef TRACKTOOLS_AVX512
      {&dilated_avx512, has_avx512},
#endif
#ifdef TRACKTOOLS_AVX2
      {&dilated_avx2, has_avx2},
#endif
#ifdef TRACKTOOLS_NEON
      {&dilated_neon, has_neon},
#endif
#ifdef TRACKTOOLS_GENERIC
      {&dilated_generic, runs_anywhere},
#endif
  };
  for (const Choice& choice : choices)
    if (!std::strcmp(choice.kernel->name, name)) return &choice;
  return nullptr;
}

struct Window {
  const uint8_t* codes;
  int64_t length, first, last;
  float* answers;
};

std::vector<Window> cut(const uint8_t* codes, const int64_t* lengths, const int64_t* firsts, const int64_t* lasts,
                        int64_t n_windows, float* answers, int n_threads) {
  int64_t total = 0;
  for (int64_t n = 0; n < n_windows; n++) total += lasts[n] - firsts[n];
  const int64_t most =
      std::clamp(total / (int64_t(n_threads) * PIECES_PER_THREAD), LEAST_POSITIONS, MOST_POSITIONS);
  std::vector<Window> pieces;
  for (int64_t n = 0; n < n_windows; codes += lengths[n], n++)
    for (int64_t first = firsts[n], last; first < lasts[n]; first = last) {
      last = std::min(first + most, lasts[n]);
      pieces.push_back({codes, lengths[n], first, last, answers});
      answers += last - first;
    }
  return pieces;
}

void to_probabilities(float* log_odds, int64_t n) {
  for (int64_t i = 0; i < n; i++) log_odds[i] = float(1 / (1 + std::exp(-double(log_odds[i]))));
}

void answer(const Dilated& net, const Window& w, void* scratch) {
  const int64_t n = w.last - w.first;
  std::fill_n(w.answers, n, net.bias);
  for (const Memory& member : net.members)
    net.kernel->run(net.shape, member.get(), w.codes, w.length, w.first, w.last, w.answers, scratch);
  to_probabilities(w.answers, n);
}

// Changes of one window that are made by one thread.
struct ChangedPiece {
  const uint8_t* codes;
  int64_t length, first, last;  // of the window; of all their outputs
  const int64_t *places, *firsts, *lasts;
  size_t n;
  float* answers;
};

std::vector<ChangedPiece> cut_changes(const uint8_t* codes, const int64_t* lengths, const int64_t* counts, int64_t n_windows,
                                      const int64_t* places, const int64_t* firsts, const int64_t* lasts, float* answers) {
  std::vector<ChangedPiece> pieces;
  for (int64_t w = 0; w < n_windows; codes += lengths[w], w++) {
    size_t n = 0;
    for (int64_t i = 0; i < counts[w]; i++, places++, firsts++, lasts++) {
      ChangedPiece* open = n ? &pieces.back() : nullptr;
      const int64_t first = n ? std::min(open->first, *firsts) : 0, last = n ? std::max(open->last, *lasts) : 0;
      if (!n || n == MOST_CHANGES || last - first > MOST_CHANGED_OUTPUTS) {
        pieces.push_back({codes, lengths[w], *firsts, *lasts, places, firsts, lasts, 1, answers});
        n = 1;
      } else {
        open->first = first, open->last = last, open->n = ++n;
      }
      answers += N_LETTERS * (*lasts - *firsts);
    }
  }
  return pieces;
}

void answer_changes(const Dilated& net, const ChangedPiece& p, int64_t most_outputs, void* scratch) {
  const int64_t begin = std::max<int64_t>(p.first - halo(net.shape), 0), end = std::min(p.last + halo(net.shape), p.length);
  std::vector<uint8_t> codes(p.codes + begin, p.codes + end);  // this thread's own, with all that the outputs need
  Stretches spans;
  std::vector<int> counts;
  std::vector<Stretches> needed;
  for (size_t i = 0; i < p.n; i++) {
    if (!i || p.firsts[i] != p.firsts[i - 1] || p.lasts[i] != p.lasts[i - 1])
      needed = needed_for(net.shape, p.firsts[i] - begin, p.lasts[i] - begin, end - begin);
    add_reached(net.shape, needed, p.places[i] - begin, spans, counts);
  }
  std::vector<Change> changes;
  float* answers = p.answers;
  const Stretch* next = spans.data();
  for (size_t i = 0; i < p.n; i++) {
    const int* n_spans = counts.data() + i * (net.shape.n_layers + 1);
    changes.push_back({p.places[i] - begin, p.firsts[i] - begin, p.lasts[i] - begin, next, n_spans, answers});
    for (int n = 0; n <= net.shape.n_layers; n++) next += n_spans[n];
    answers += N_LETTERS * (p.lasts[i] - p.firsts[i]);
  }
  std::fill(p.answers, answers, net.bias);
  const Changes all = {codes.data(), end - begin, p.first - begin, p.last - begin, most_outputs, changes.data(), changes.size()};
  for (const Memory& member : net.members) net.kernel->change(net.shape, member.get(), all, scratch);
  to_probabilities(p.answers, answers - p.answers);
}

}  // namespace
}  // namespace tracktools

using namespace tracktools;

#pragma GCC visibility push(default)
extern "C" {

// 0: the kernel was not compiled; 1: this processor, or its operating system, cannot run it; 2: it runs here.
int tracktools_dilated_usable(const char* kernel) {
  const Choice* choice = find_kernel(kernel);
  return !choice ? 0 : choice->runs_here() ? 2 : 1;
}

// Make a network of members; null if memory is short. The kernel must be usable. Of each weight, member stands after
// member (see `DilatedWeights`); the bias is that of the log-odds of all together.
void* tracktools_dilated_make(const char* kernel, int n_members, int n_channels, int stem_width, int conv_width,
                              int n_layers, const int* dilations, const float* stem, const float* stem_bias,
                              const float* conv, const float* conv_bias, const float* mix, const float* mix_bias,
                              const float* output, float bias) {
  const Choice* choice = find_kernel(kernel);
  if (!choice) return nullptr;
  try {
    auto net = std::make_unique<Dilated>();
    net->kernel = choice->kernel;
    net->dilations.assign(dilations, dilations + n_layers);
    net->shape = {n_channels, stem_width, conv_width, n_layers, net->dilations.data()};
    net->bias = bias;
    const ptrdiff_t n = n_channels, layers = n_layers;
    for (ptrdiff_t m = 0; m < n_members; m++) {
      net->members.push_back(allocate(net->kernel->packed_bytes(net->shape)));
      const DilatedWeights weights = {stem + m * n * N_LETTERS * stem_width, stem_bias + m * n,
                                      conv + m * layers * n * n * conv_width, conv_bias + m * layers * n,
                                      mix + m * layers * n * n, mix_bias + m * layers * n, output + m * n};
      net->kernel->pack(net->shape, weights, net->members.back().get());
    }
    return net.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// Probabilities of positions firsts[n] ... lasts[n] - 1 of windows that stand one after the other in `codes` (each code
// 0 to 4), one after the other. 0: done; 1: memory was short.
int tracktools_dilated_run(const void* network, const uint8_t* codes, const int64_t* lengths, const int64_t* firsts,
                           const int64_t* lasts, int64_t n_windows, float* probabilities, int n_threads) {
  try {
    const Dilated& net = *static_cast<const Dilated*>(network);
    const std::vector<Window> pieces = cut(codes, lengths, firsts, lasts, n_windows, probabilities, n_threads);
    std::vector<Memory> scratch;
    for (int i = 0; i < n_threads; i++) scratch.push_back(allocate(net.kernel->scratch_bytes(net.shape)));
    share(pieces.size(), n_threads, [&](size_t piece, int thread) { answer(net, pieces[piece], scratch[thread].get()); });
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

// Probabilities with each of the four letters in places of windows, one place at a time: counts[n] places of window n, in
// any order, each of a known letter and within reach of its outputs firsts[i] ... lasts[i] - 1. Of each place [letter][output],
// one after the other. 0: done; 1: memory was short.
int tracktools_dilated_change(const void* network, const uint8_t* codes, const int64_t* lengths, const int64_t* counts,
                              int64_t n_windows, const int64_t* places, const int64_t* firsts, const int64_t* lasts,
                              float* probabilities, int n_threads) {
  try {
    const Dilated& net = *static_cast<const Dilated*>(network);
    const std::vector<ChangedPiece> pieces =
        cut_changes(codes, lengths, counts, n_windows, places, firsts, lasts, probabilities);
    int64_t most = 0;
    for (const ChangedPiece& piece : pieces) most = std::max(most, piece.last - piece.first);
    std::vector<Memory> scratch;
    for (int i = 0; i < n_threads; i++) scratch.push_back(allocate(net.kernel->change_scratch_bytes(net.shape, most)));
    share(pieces.size(), n_threads,
          [&](size_t piece, int thread) { answer_changes(net, pieces[piece], most, scratch[thread].get()); });
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

// What a thread needs to change places, if no place has more outputs than 512 [bytes].
int64_t tracktools_dilated_change_scratch(const void* network) {
  const Dilated& net = *static_cast<const Dilated*>(network);
  return int64_t(net.kernel->change_scratch_bytes(net.shape, MOST_CHANGED_OUTPUTS));
}

// What a thread needs to run it [bytes].
int64_t tracktools_dilated_scratch(const void* network) {
  const Dilated& net = *static_cast<const Dilated*>(network);
  return int64_t(net.kernel->scratch_bytes(net.shape));
}

void tracktools_dilated_free(void* network) { delete static_cast<Dilated*>(network); }

}  // extern "C"
#pragma GCC visibility pop
