# What `cmake --install` puts where: libraries, headers, command, kmsegConfig.cmake, kmseg.pc.
include(CMakePackageConfigHelpers)

set_target_properties(kmseg PROPERTIES EXPORT_NAME kmseg)
set_target_properties(kmseg_static PROPERTIES EXPORT_NAME static)
add_library(kmseg::kmseg ALIAS kmseg)
add_library(kmseg::static ALIAS kmseg_static)

install(
    TARGETS kmseg
    EXPORT kmsegTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(SKBUILD) # the Python package (pyproject.toml) has the library beside its modules
    install(TARGETS kmseg LIBRARY DESTINATION kmseg COMPONENT python)
    if(KMSEG_BUNDLED)
        install(DIRECTORY ${KMSEG_BUNDLED}/licences DESTINATION kmseg COMPONENT python)
    endif()
endif()
# Apart, because users of the static library need what it links and users of the other do not.
install(
    TARGETS kmseg_static
    EXPORT kmsegStaticTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS kmseg_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(NOT CMAKE_CROSSCOMPILING)
    set(shell_folder ${PROJECT_BINARY_DIR}/cli/share)
    install(DIRECTORY ${shell_folder}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
    install(FILES ${shell_folder}/kmseg
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${shell_folder}/_kmseg DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
install(DIRECTORY lib/include/kmseg ${PROJECT_BINARY_DIR}/lib/include/kmseg
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/kmseg)
foreach(set kmsegTargets kmsegStaticTargets)
    install(
        EXPORT ${set}
        NAMESPACE kmseg::
        DESTINATION ${config_folder})
endforeach()
configure_package_config_file(cmake/kmsegConfig.cmake.in ${PROJECT_BINARY_DIR}/kmsegConfig.cmake
                              INSTALL_DESTINATION ${config_folder})
# Before 1.0 every minor version may break what the one before promised.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/kmsegConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/kmsegConfig.cmake ${PROJECT_BINARY_DIR}/kmsegConfigVersion.cmake
        DESTINATION ${config_folder})

# By path: openblas.pc and HDF5 name libraries that only their own static forms need.
set(pc_private "")
foreach(library IN LISTS OPENBLAS_LINK_LIBRARIES HDF5_C_LIBRARIES OpenMP_gomp_LIBRARY)
    string(APPEND pc_private " ${library}")
endforeach()
# The .pc file finds its prefix from where it lies, so that an installed tree can be moved.
file(RELATIVE_PATH pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_up "${pc_up}")
configure_file(cmake/kmseg.pc.in ${PROJECT_BINARY_DIR}/kmseg.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/kmseg.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
