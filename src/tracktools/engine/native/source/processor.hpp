// What this processor, and its operating system, can run.
#pragma once

namespace tracktools {

inline bool runs_anywhere() { return true; }
bool has_neon();
bool has_avx2();
bool has_avx512();
bool has_avx512_bf16();
bool has_amx();  // asks Linux for the memory of tiles, once for the process

}  // namespace tracktools
