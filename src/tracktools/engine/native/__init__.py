"""The network in C++, fused layer by layer, for x86-64 processors with AVX2 or AVX-512.

``source/``   the library; compiled when the package is installed, where there is a C++ compiler (``hatch_build.py``)
``library``   finds the compiled library and what this processor can run of it
``weights``   lays a network out as the library wants it
``engine``    `NativeEngine`, which behaves as every engine does
"""
