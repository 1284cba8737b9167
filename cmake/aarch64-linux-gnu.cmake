# Cross-compiling for 64-bit Arm on Debian: gcc-aarch64-linux-gnu, the libraries of arm64 unpacked in a
# folder of their own (tools/arm64_sysroot makes it), and qemu to run what comes out.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

set(KMSEG_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/arm64-sysroot" CACHE PATH "Libraries of arm64")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KMSEG_SYSROOT)
get_filename_component(CMAKE_SYSROOT "${KMSEG_SYSROOT}" ABSOLUTE)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(libraries "${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${libraries}/pkgconfig:${libraries}/openblas-openmp/pkgconfig")

# h5cc of the machine that compiles would name its own libraries.
set(HDF5_C_COMPILER_EXECUTABLE HDF5_C_COMPILER_EXECUTABLE-NOTFOUND)
set(HDF5_C_INCLUDE_DIR "${CMAKE_SYSROOT}/usr/include/hdf5/serial")
set(HDF5_ROOT "${libraries}/hdf5/serial")

set(CMAKE_CROSSCOMPILING_EMULATOR
    "qemu-aarch64-static;-L;${CMAKE_SYSROOT};-E;LD_LIBRARY_PATH=${libraries}/openblas-openmp")
