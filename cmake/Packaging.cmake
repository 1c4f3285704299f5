# What `cmake --install` puts where: the program, and what programs that embed a node need.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(LANCHAT_PROGRAM)
  install(CODE "set(CMAKE_INSTALL_DO_STRIP TRUE)")
  install(TARGETS lanchat RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES examples/localhost.json examples/office-lan.json
          DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lanchat)
set_target_properties(lanchat_proto PROPERTIES EXPORT_NAME proto)
install(TARGETS lanchat_node lanchat_keep lanchat_link lanchat_store lanchat_controller
                lanchat_discover lanchat_config lanchat_message lanchat_proto
        EXPORT lanchat COMPONENT development
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT lanchat NAMESPACE lanchat:: FILE lanchatTargets.cmake
        DESTINATION ${package_dir} COMPONENT development)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lanchatConfigVersion.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES cmake/lanchatConfig.cmake ${PROJECT_BINARY_DIR}/lanchatConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT development)
install(FILES cmake/Dependencies.cmake RENAME lanchatDependencies.cmake
        DESTINATION ${package_dir} COMPONENT development)
