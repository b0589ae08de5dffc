// GELU, x Phi(x) with Phi the normal distribution (Hendrycks & Gimpel 2016, arXiv 1606.08415; torch's default): exact or
// coarse, for any instruction set.
#pragma once

#include "product.hpp"

namespace tracktools {
namespace {

// Phi(x) = 1/2 + c P(c^2 - centre), with c = x held within +- clamp and P a minimax polynomial (Lawson's iteration; the
// error is weighted as it enters x Phi). The shift keeps its terms small, and so rounding in float32. Beyond the clamp
// Phi is 0 or 1 to 1.2e-7 (coarse: 3e-5).
template <int N>
struct Phi {
  float clamp, centre, coefficients[N];  // highest power first
};

// Largest error of x Phi(x) for |x| < 8: 1.2e-6, rounding included, 1.4e-6 without fused multiply-add; torch's: 1.1e-6.
constexpr Phi<13> PHI_EXACT = {
    0x1.48f5c2p+2f, 0x1.a6b6aep+3f,
    {0x1.dd3352p-56f, -0x1.2394bcp-50f, 0x1.1f1a50p-46f, -0x1.339210p-42f, 0x1.0eeb3ap-37f, -0x1.86227cp-33f,
     0x1.cd73c2p-29f, -0x1.0309f0p-24f, 0x1.185f8ap-20f, -0x1.23f7bep-16f, 0x1.2f5b66p-12f, -0x1.53d0f0p-8f,
     0x1.19a9e2p-3f}};

// 2.3e-4 for |x| < 8: a tenth of what bfloat16 keeps of a number of that size.
constexpr Phi<8> PHI_COARSE = {
    0x1.0f5c28p+2f, 0x1.1fa440p+3f,
    {-0x1.f11d26p-31f, 0x1.85a79cp-26f, -0x1.31bbeep-22f, 0x1.edaaa8p-19f, -0x1.ba3812p-15f, 0x1.6abf12p-11f,
     -0x1.273f7cp-7f, 0x1.549c3cp-3f}};

// N vectors at once: each step of a polynomial waits for the one before it.
template <class Isa, int N, int TERMS>
ALWAYS_INLINE void gelu(typename Isa::Vector (&x)[N], const Phi<TERMS>& phi) {
  using Vector = typename Isa::Vector;
  Vector c[N], v[N], p[N];
  for (int i = 0; i < N; i++) {
    c[i] = Isa::max(Isa::broadcast(-phi.clamp), Isa::min(Isa::broadcast(phi.clamp), x[i]));  // NaN stays NaN
    v[i] = Isa::multiply_add_floats(c[i], c[i], Isa::broadcast(-phi.centre));
    p[i] = Isa::multiply_add_floats(v[i], Isa::broadcast(phi.coefficients[0]), Isa::broadcast(phi.coefficients[1]));
  }
UNROLL(16)
  for (int term = 2; term < TERMS; term++)
    for (int i = 0; i < N; i++) p[i] = Isa::multiply_add_floats(p[i], v[i], Isa::broadcast(phi.coefficients[term]));
  for (int i = 0; i < N; i++) x[i] = Isa::mul(x[i], Isa::multiply_add_floats(c[i], p[i], Isa::broadcast(0.5f)));
}

}  // namespace
}  // namespace tracktools
