// Memory, and work that threads share; for the files that are compiled for any processor.
#pragma once

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace tracktools {

constexpr int ALIGNMENT = 64;

struct Free {
  void operator()(void* p) const { std::free(p); }
};
using Memory = std::unique_ptr<void, Free>;

inline Memory allocate(size_t bytes) {
  void* p = nullptr;
  if (posix_memalign(&p, ALIGNMENT, bytes) != 0) throw std::bad_alloc();
  std::memset(p, 0, bytes);
  return Memory(p);
}

// Threads take pieces from a counter until none is left.
template <class Work>
void share(size_t n_pieces, int n_threads, Work work) {
  std::atomic<size_t> next(0);
  auto take = [&](int thread) {
    for (size_t piece; (piece = next++) < n_pieces;) work(piece, thread);
  };
  std::vector<std::thread> others;
  try {
    for (int thread = 1; thread < n_threads && size_t(thread) < n_pieces; thread++) others.emplace_back(take, thread);
  } catch (const std::system_error&) {
    // the system grants no more threads: those that there are do all the work
  }
  take(0);
  for (std::thread& other : others) other.join();
}

}  // namespace tracktools
