"""The networks in C++: the transformer on x86-64 with AVX2 or AVX-512, the convolutional one on any processor.

``source/``   the library; compiled when the package is installed, where there is a C++ compiler (``CMakeLists.txt``)
``library``   finds the compiled library and what this processor can run of it
``weights``   lays a network out as the library wants it
``engine``    `NativeEngine`, which behaves as every engine does: the transformer
``dilated``   `NativeDilatedEngine`: the convolutional network
"""
