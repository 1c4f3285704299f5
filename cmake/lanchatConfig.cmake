# What find_package(lanchat) reads where lanchat is installed: brings lanchat::node.
include(${CMAKE_CURRENT_LIST_DIR}/lanchatDependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/lanchatTargets.cmake)
