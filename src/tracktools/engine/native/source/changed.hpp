// What single changes of a sequence do: only the rows of states that a change reaches, and that an answer needs, are made
// again. Two sets of all rows are kept: those of the sequence as it is, and a copy in which a change is followed from
// layer to layer. What a change made is then put back. A row is summed as it always is, so that the answers have the bits of
// a run over the changed sequence.
#pragma once

#include "residual.hpp"

namespace tracktools {
namespace {

template <class Isa>
struct Changed : Residual<Isa> {
  using Base = Residual<Isa>;
  using typename Base::Packed, typename Base::Rows, typename Base::Scratch;
  using Base::ROWS, Base::POSITIONS, Base::ROW_WORDS, Base::APART, Base::PARTS;

  // Positions on which the outputs depend, of states behind the stem.
  static int64_t all_rows(const DilatedShape& s, int64_t most_outputs) {
    int64_t n = most_outputs;
    for (int layer = 0; layer < s.n_layers; layer++) n += 2 * s.reach(layer);
    return n;
  }

  static size_t scratch_words(const DilatedShape& s, int64_t most_outputs) {
    return (Scratch::words(s, all_rows(s, most_outputs)) + CHUNK - 1) / CHUNK * CHUNK;
  }

  static size_t change_scratch_bytes(const DilatedShape& s, int64_t most_outputs) {
    return 2 * scratch_words(s, most_outputs) * sizeof(Word);
  }

  // The rows of the sequence as it is.
  static void make_all(const DilatedShape& s, const Packed& w, const Changes& of, const Scratch& m) {
    Base::set_out(s, m.rows, of.length, of.first, of.last);
    while (m.rows[0].made < m.rows[0].end) Base::advance_stem(s, w, of.codes, of.length, m);
    for (int layer = 0; layer < s.n_layers; layer++)
      while (m.rows[layer + 1].made < m.rows[layer + 1].end) Base::run_layer(s, w, layer, m);
  }

  static void copy(const DilatedShape& s, const Rows& from, const Rows& to, int64_t begin, int64_t end) {
    const size_t n = end - begin;
    for (int chunk = 0; chunk < s.chunks(); chunk++)
      __builtin_memcpy(to.state(begin, chunk), from.state(begin, chunk), n * CHUNK * sizeof(float));
    for (int plane = 0; APART && plane < s.chunks() * PARTS; plane++)
      __builtin_memcpy(to.operand(begin, plane), from.operand(begin, plane), n * ROW_WORDS * sizeof(Word));
  }

  static void copy_all(const DilatedShape& s, const Scratch& from, const Scratch& to) {
    for (int n = 0; n <= s.n_layers; n++) {
      Rows& own = to.rows[n];
      const Rows& other = from.rows[n];
      own.base = other.base, own.begin = other.begin, own.made = other.made, own.end = other.end;
      copy(s, other, own, own.base, own.end + own.reach);
    }
  }

  // Call make(layer, span) for the spans of a change, from the stem on.
  template <class Make>
  static void for_spans(const DilatedShape& s, const Change& change, Make make) {
    const Stretch* span = change.spans;
    for (int n = 0; n <= s.n_layers; n++)
      for (int i = 0; i < change.n_spans[n]; i++) make(n, *span++);
  }

  static void follow(const DilatedShape& s, const Packed& w, const uint8_t* codes, int64_t length, const Change& change,
                     const Scratch& m) {
    for_spans(s, change, [&](int n, Stretch span) {
      Rows& y = m.rows[n];
      for (y.made = span.begin; y.made < span.end;) {
        const int rows = int(span.end - y.made < ROWS ? span.end - y.made : ROWS);
        if (n) Base::make_rows(s, w, n - 1, m.rows[n - 1], y, rows, m);
        else Base::run_stem(s, w, codes, length, m, rows);
      }
    });
  }

  static void read(const DilatedShape& s, const Packed& w, const Change& change, int letter, const Scratch& m) {
    float* to = change.log_odds + letter * (change.last - change.first);
    for (int64_t at = change.first; at < change.last; at++)
      *to++ += Base::read_out(s, w.output, m.rows[s.n_layers], at);
  }

  static void change(const DilatedShape& s, const void* packed, const Changes& of, void* scratch) {
    const Packed w(s, const_cast<void*>(packed));
    const int64_t whole = all_rows(s, of.most_outputs);
    const Scratch before(s, scratch, whole), after(s, static_cast<Word*>(scratch) + scratch_words(s, of.most_outputs), whole);
    const NoDenormals fast;
    [[maybe_unused]] const typename Isa::Session session;  // what the instructions need set up, and released
    make_all(s, w, of, before);
    copy_all(s, before, after);
    for (size_t i = 0; i < of.n_changes; i++) {
      const Change& change = of.changes[i];
      uint8_t* code = of.codes + change.place;
      const uint8_t present = *code;
      for (int letter = 0; letter < N_LETTERS; letter++) {
        if (letter != present) {
          *code = uint8_t(letter);
          follow(s, w, of.codes, of.length, change, after);
          *code = present;
        }
        read(s, w, change, letter, letter == present ? before : after);
      }
      for_spans(s, change, [&](int n, Stretch span) { copy(s, before.rows[n], after.rows[n], span.begin, span.end); });
    }
  }

  static constexpr DilatedKernel kernel(const char* name) {
    return {name, Base::packed_bytes, Base::pack, Base::scratch_bytes, Base::run, change_scratch_bytes, change};
  }
};

}  // namespace
}  // namespace tracktools
