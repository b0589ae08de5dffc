// Numbers below 2^-126 count as 0 while a NoDenormals is there: some processors take a hundred times as long for them.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tracktools {
namespace {

class NoDenormals {
 public:
  NoDenormals() : before_(get()) { set(before_ | FLUSH); }
  ~NoDenormals() { set(before_); }
  NoDenormals(const NoDenormals&) = delete;
  NoDenormals& operator=(const NoDenormals&) = delete;

 private:
#if defined(__x86_64__)
  using Control = unsigned;
  static constexpr Control FLUSH = _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON;
  static Control get() { return _mm_getcsr(); }
  static void set(Control control) { _mm_setcsr(control); }
#elif defined(__aarch64__)
  using Control = uint64_t;
  static constexpr Control FLUSH = Control(1) << 24;  // FZ of FPCR
  static Control get() {
    Control control;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    return control;
  }
  static void set(Control control) { asm volatile("msr fpcr, %0" ::"r"(control)); }
#else
  using Control = unsigned;
  static constexpr Control FLUSH = 0;
  static Control get() { return 0; }
  static void set(Control) {}
#endif
  const Control before_;
};

}  // namespace
}  // namespace tracktools
