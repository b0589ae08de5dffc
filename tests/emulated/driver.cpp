// Runs the convolutional network as Python's engine does, for processors that the tests have to emulate.
//
//   driver KERNEL < case > probabilities
//
// The case, in little-endian words of 4 bytes: members, channels, width of the stem, width of the convolutions, layers,
// threads, windows; the dilations; of each window length, first and last position; the floats of the weights as
// `tracktools_dilated_make` takes them; then the codes, a byte each.
#include <cstdint>
#include <cstdio>
#include <vector>

extern "C" {
int tracktools_dilated_usable(const char*);
void* tracktools_dilated_make(const char*, int, int, int, int, int, const int*, const float*, const float*, const float*,
                              const float*, const float*, const float*, const float*, float);
int tracktools_dilated_run(const void*, const uint8_t*, const int64_t*, const int64_t*, const int64_t*, int64_t, float*, int);
void tracktools_dilated_free(void*);
}

template <class T>
std::vector<T> take(size_t n) {
  std::vector<T> values(n);
  if (std::fread(values.data(), sizeof(T), n, stdin) != n) std::fprintf(stderr, "the case is cut short\n");
  return values;
}

int main(int, char** arguments) {
  const char* kernel = arguments[1];
  if (tracktools_dilated_usable(kernel) != 2) return std::fprintf(stderr, "no kernel %s here\n", kernel), 1;
  const auto sizes = take<int32_t>(7);
  const int members = sizes[0], channels = sizes[1], stem = sizes[2], conv = sizes[3], layers = sizes[4];
  const auto dilations = take<int32_t>(layers);
  const auto windows = take<int32_t>(size_t(3) * sizes[6]);
  std::vector<int64_t> lengths, firsts, lasts;
  size_t bases = 0, asked = 0;
  for (int n = 0; n < sizes[6]; n++) {
    lengths.push_back(windows[3 * n]), firsts.push_back(windows[3 * n + 1]), lasts.push_back(windows[3 * n + 2]);
    bases += lengths.back(), asked += lasts.back() - firsts.back();
  }
  const size_t all = size_t(members) * channels, square = all * channels;
  const auto stem_weight = take<float>(all * 4 * stem), stem_bias = take<float>(all);
  const auto conv_weight = take<float>(layers * square * conv), conv_bias = take<float>(layers * all);
  const auto mix_weight = take<float>(layers * square), mix_bias = take<float>(layers * all);
  const auto output = take<float>(all), bias = take<float>(1);
  const auto codes = take<uint8_t>(bases);
  void* network = tracktools_dilated_make(kernel, members, channels, stem, conv, layers, dilations.data(), stem_weight.data(),
                                          stem_bias.data(), conv_weight.data(), conv_bias.data(), mix_weight.data(),
                                          mix_bias.data(), output.data(), bias[0]);
  std::vector<float> answers(asked);
  if (!network || tracktools_dilated_run(network, codes.data(), lengths.data(), firsts.data(), lasts.data(), sizes[6],
                                         answers.data(), sizes[5]))
    return std::fprintf(stderr, "no memory\n"), 1;
  std::fwrite(answers.data(), sizeof(float), asked, stdout);
  tracktools_dilated_free(network);
}
