# What libkmseg links. Debian: libopenblas-openmp-dev libhdf5-dev zlib1g-dev libjansson-dev
# libnlopt-dev libsodium-dev; `./run setup` installs them.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
set(HDF5_PREFER_PARALLEL OFF)
find_package(HDF5 REQUIRED COMPONENTS C)
if(KMSEG_BLAS)
    pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
endif()
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
# NLopt: linked dynamically; of its algorithms only ones under the MIT and BSD licences are called.
pkg_check_modules(NLOPT IMPORTED_TARGET nlopt>=2.6)
if(NOT NLOPT_FOUND)
    message(FATAL_ERROR "NLopt is missing: kmseg fits customer lifetime value with it. "
                        "On Debian: apt-get install libnlopt-dev, or ./run setup for everything.")
endif()
pkg_check_modules(SODIUM IMPORTED_TARGET libsodium>=1.0.15)
if(NOT SODIUM_FOUND)
    message(FATAL_ERROR "libsodium is missing: kmseg makes pseudonyms with it. "
                        "On Debian: apt-get install libsodium-dev, or ./run setup for everything.")
endif()
