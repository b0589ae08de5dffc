// What runs where AVX-512 and tiles are emulated: all of x86-64. In place of source/processor.cpp.
#include "processor.hpp"

namespace tracktools {

bool has_neon() { return false; }
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() { return true; }
bool has_avx512_bf16() { return true; }
bool has_amx() { return true; }

}  // namespace tracktools
