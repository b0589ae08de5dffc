// Which rows of states a change reaches, and which of them an output needs; for files that are compiled for any processor.
//
//                            change
//     behind the stem          ###
//     dilation 1              #####                a change reaches further with every layer,
//     dilation 4       #   # ####### #   #
//     dilation 2             #######               and outputs need less and less before them
//     outputs                   #
#pragma once

#include <algorithm>
#include <vector>

#include "dilated.hpp"

namespace tracktools {

using Stretches = std::vector<Stretch>;

inline int64_t halo(const DilatedShape& s) {
  int64_t n = s.stem_width / 2;
  for (int layer = 0; layer < s.n_layers; layer++) n += s.reach(layer);
  return n;
}

// What a layer reads for some rows of its output, of a sequence of `length`.
inline Stretches read_for(const DilatedShape& s, int layer, const Stretches& rows, int64_t length) {
  Stretches wanted, joined;
  for (int tap = -(s.conv_width / 2); tap <= s.conv_width / 2; tap++)
    for (const Stretch& span : rows) {
      const int64_t shift = int64_t(tap) * s.dilations[layer];
      const Stretch moved = {std::max<int64_t>(span.begin + shift, 0), std::min(span.end + shift, length)};
      if (moved.begin < moved.end) wanted.push_back(moved);
    }
  std::sort(wanted.begin(), wanted.end(), [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; });
  for (const Stretch& span : wanted)
    if (joined.empty() || span.begin > joined.back().end) joined.push_back(span);
    else joined.back().end = std::max(joined.back().end, span.end);
  return joined;
}

// Rows that outputs first ... last - 1 need: behind the stem, then behind each layer.
inline std::vector<Stretches> needed_for(const DilatedShape& s, int64_t first, int64_t last, int64_t length) {
  std::vector<Stretches> needed(s.n_layers + 1);
  if (first < last) needed[s.n_layers] = {{first, last}};
  for (int layer = s.n_layers; layer-- > 0;) needed[layer] = read_for(s, layer, needed[layer + 1], length);
  return needed;
}

// Add those of the needed rows that a change reaches to `spans`, and their numbers to `counts`.
inline void add_reached(const DilatedShape& s, const std::vector<Stretches>& needed, int64_t place, Stretches& spans,
                        std::vector<int>& counts) {
  int64_t reach = s.stem_width / 2;
  for (int n = 0; n <= s.n_layers; n++) {
    if (n) reach += s.reach(n - 1);
    const size_t before = spans.size();
    for (const Stretch& span : needed[n]) {
      const Stretch common = {std::max(span.begin, place - reach), std::min(span.end, place + reach + 1)};
      if (common.begin < common.end) spans.push_back(common);
    }
    counts.push_back(int(spans.size() - before));
  }
}

}  // namespace tracktools
