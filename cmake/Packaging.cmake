# What `cmake --install` puts where.
include(GNUInstallDirs)
install(CODE "set(CMAKE_INSTALL_DO_STRIP TRUE)")
install(TARGETS lanchat RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES examples/localhost.json examples/office-lan.json
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
